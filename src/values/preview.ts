/**
 * Shows values as short text in messages, without the secrets in it, and tells by its name which value is a secret.
 *
 * A file of its own, so that a program that only checks options need not load the codec.
 *
 * @module
 */
/** Length of the longest text shown, in UTF-16 units. */
const MAX_LENGTH = 80;
/** Length of the beginning of a text in which secrets are looked for, in UTF-16 units. */
const MAX_SEARCHED = 1000;

/**
 * Returns a text of at most 80 UTF-16 units for a value: a primitive in full where it fits, a container by its kind and
 * size. The description of a symbol is not shortened.
 *
 * Nested values are not looked into, so the text is made fast for large data too. Secrets that a text or a URL names
 * are left out; a value that is a secret as a whole can be told by its name alone, see {@linkcode looksSecret}.
 *
 * @param value Any value.
 */
export function previewOf(value: unknown): string {
  switch (typeof value) {
    case "string":
      return cut(JSON.stringify(maskSecrets(value).slice(0, MAX_LENGTH * 2)));
    case "bigint":
      return cut(`${value}n`);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "function":
      return cut(`function ${value.name || "(anonymous)"}`);
    case "object":
      return value === null ? "null" : cut(previewObject(value));
    default:
      return typeof value === "symbol" ? maskSecrets(String(value)) : String(value);
  }
}

function previewObject(value: object): string {
  if (Array.isArray(value)) return `Array(${value.length})`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? "Invalid Date" : value.toISOString();
  if (value instanceof RegExp) return maskSecrets(`/${value.source}/${value.flags}`);
  if (value instanceof Map) return `Map(${value.size})`;
  if (value instanceof Set) return `Set(${value.size})`;
  if (value instanceof URL) return maskSecrets(value.href);
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  if (ArrayBuffer.isView(value)) return `${tag}(${value.byteLength} bytes)`;
  return tag === "Object" ? `{…} (${Object.keys(value).length} properties)` : tag;
}

function cut(text: string): string {
  return text.length <= MAX_LENGTH ? text : `${text.slice(0, MAX_LENGTH - 1)}…`;
}

/** Words that name a secret, wherever they stand in a name. */
const SECRET_WORDS = new Set(
  ("password passwords passwd passphrase passphrases passcode passcodes pwd pw secret secrets credential credentials " +
    "creds auth oauth authorization authorisation authentication bearer jwt cookie cookies apikey apikeys dsn otp totp " +
    "token").split(" "),
);
/** Pairs of neighbouring words that name a secret. */
const SECRET_PAIRS =
  /\b(?:(?:api|access|private|signing|encryption|decryption|master|account|subscription|license|ssh|shared|service) keys?|(?:access|auth|refresh|api|bearer|session|csrf|xsrf|bot) tokens|session (?:id|key)|secret id|access signature|conn(?:ection)? str(?:ing)?s?|seed phrase|pass (?:word|phrase|code)s?)\b/;
/** Words that name a secret together with the words before them, which are written as one. */
const JOINED_WORDS =
  /^(?:password|passwd|passphrase)|(?:db|database|user|admin|root|login|smtp|mail|ftp|ssh|http|proxy|mysql|pg|postgres|redis)(?:pass|pw)$|(?:pwd|password|passwd|passphrase|secret|apikey|(?:access|private|secret|signing|encryption|account|auth)keys?|(?:access|auth|refresh|api|bearer|session|csrf|xsrf|bot)tokens?|sess(?:ion)?id|connectionstring|connstr)$/;
/** Name that ends in `pass`, alone or after the thing that the password is for. */
const PASS =
  /^pass$|\b(?:db|database|user|admin|root|login|smtp|mail|ftp|ssh|http|proxy|mysql|pg|postgres|redis) pass$/;
/** Last words that say that a name is that of a property of a secret, which is none itself. */
const OF_SECRET = new Set(
  ("length len count counts size num min max limit budget policy rule rules strength name names label type types kind " +
    "method methods mode url uri endpoint host file files path paths dir folder field column index indices provider " +
    "expiry expires expired ttl timeout age error status valid enabled required scope scopes issuer cost price usage " +
    "rate total pattern embedding embeddings frequency frequencies weight weights").split(" "),
);
/** First words of the name of a yes or no. */
const OF_QUESTION = new Set(["is", "has", "needs", "requires"]);
/** Words before or after `token` in the vocabulary of language models, where it names a piece of text. */
const PIECE_OF_TEXT = /^(?:pad|unk|eos|bos|cls|sep|mask|special|stop|start|end|blank|max|min) token$|^token ids?$/;
/** Length of the longest name whose words are looked at, in UTF-16 units; a longer one needs only to hold such a word. */
const LONGEST_NAME = 200;
const HOLDS_WORD = /pass|pwd|secret|cred|auth|token|cookie|bearer|jwt|key|session|dsn/i;
/** Largest number of names whose answers are remembered. */
const MAX_KNOWN = 2000;

const known = new Map<string, boolean>();

/**
 * True for a name that looks like that of a secret: `password`, `API_KEY`, `x-auth-token`, `db.credentials`.
 *
 * The words of the name decide, in camel case and with any separators, so that `author`, `keys`, `tokens` and `tokenizer`
 * are none. A name that looks like a secret by mistake costs a preview, and that an inner call cannot be made again without
 * its outer one.
 *
 * @param name Name of a variable, parameter, member or header, or a path of such names.
 */
export function looksSecret(name: string): boolean {
  const before = known.get(name);
  if (before !== undefined) return before;
  if (name.length > LONGEST_NAME) return HOLDS_WORD.test(name);
  if (known.size >= MAX_KNOWN) known.clear();
  const isSecret = name.split(/[.[\]]/).some(isNameOfSecret);
  known.set(name, isSecret);
  return isSecret;
}

function isNameOfSecret(name: string): boolean {
  const spaced = name.replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2").replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, "$1 $2");
  const words = spaced.toLowerCase().split(/[^\p{L}]+/u).filter((word) => word !== "");
  const text = words.join(" ");
  if (OF_QUESTION.has(words[0] ?? "") || PIECE_OF_TEXT.test(text)) return false;
  if (SECRET_PAIRS.test(text)) return true;
  if (OF_SECRET.has(words.at(-1) ?? "")) return false;
  return PASS.test(text) || words.some((word) => SECRET_WORDS.has(word) || JOINED_WORDS.test(word));
}

/** Name and password in a URL. One that is cut off, and longer than the name of a host, counts as a password. */
const USER_INFO = /:\/\/(?:[^\s/?#"']*@|[^\s/?#@:]*:(?!\d*(?:[/?#\s"']|$))[^\s"']*@|[^\s/?#"']{300,}$)/g;
/** What stands for a quote, a bracket or a sign in escaped text: `\"`, `\u0022`, `%22`, `&quot;`. */
const ESCAPED = String.raw`\\u00[23][\da-f]|%[2357][\da-f]|&(?:quot|apos|#\d+);`;
/** A name, and the beginning of the next word: where a name ends, a value may begin. */
const NAME = String.raw`(?:(?<=%[\da-f]{2}|\\u00[\da-f]{2})|(?<!\w))([a-z][\w.-]{0,80})`;
/**
 * A name before its value: in a query, a connection string, JSON, a header, an assignment, a list of pairs, an element of
 * XML, an option of a command. Between name and sign there may be quotes, brackets and spaces.
 */
const NAME_OF_VALUE = new RegExp(
  String.raw`${NAME}(?:${ESCAPED}|\\+[bdnrstw]|\[[\w-]{0,40}\]|[^\w\n]){0,8}?(?:[=:]{1,2}>?|%3[ad]|\\u003[ad])\s*` +
    String.raw`|(?<=[[{(,]\s*\\*["'\x60]-{0,2})([a-z][\w.-]{0,80})\\*["'\x60]\s*,\s*` +
    String.raw`|(?<=<(?:[\w.-]+:)?)([a-z][\w.-]{0,80})(?=[\s>])|(?<![\w-])--?([a-z][\w.-]{0,80})\s+`,
  "gi",
);
/** A value of a query, when another one or the fragment follows. */
const VALUE_IN_QUERY = /[^&#\s"'`<>\\]*(?=[&#])/y;
/** The name of a secret as a value itself: `{ name: "password", value: … }`. */
const NAMED = /(?<!\w)(?:name|key|header|field|variable)(?:\\*["'])?\s*[=:]>?\s*(?:\\*["'])?([a-z][\w.-]{0,80})/gi;
/** A member that has the value of what a {@linkcode NAMED} names. */
const VALUE_OF_NAMED = /(?<!\w)(?:values?|val|contents?|data|text)[\\"']*\s*[=:]/i;
/** What is hidden up to the end of the text: a private key, and the parts of an answer to a challenge. */
const HIDDEN_TO_END = /(-----BEGIN [A-Z\d ]*PRIVATE KEY)[^]+|\b(digest\s+)[a-z]+\s*=[^]+/i;
const KEY_OF_QUERY = /([?&](?:key|app_?(?:id|key)|sig|sas|signature|[\w-]*-(?:signature|credential))=)[^&#\s"']+/gi;
/** Secrets in the paths of URLs to which messages are sent: of Telegram's bots, and of hooks. */
const KEY_OF_PATH =
  /(\/\/api\.telegram\.org\/bot|\/\/hooks\.[\w.-]+\/(?:services|workflows|triggers)\/|\/api\/webhooks\/)[^\s"']+/gi;
/** User and password in an option of curl and its like. */
const USER_OPTION = /((?<![\w-])-(?:u|-user|-proxy-user|U)[\s=]*["']?)[^\s:"']*:[^\s"']+/g;
/** Keys that their makers begin with letters of their own, so that they are found where they should not be. */
const MARKED_KEY =
  /\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|sk-[\w-]{20,}|[sr]k_(?:live|test)_\w{10,}|whsec_\w{16,}|xox[abeoprs]-[\w-]{10,}|A[KS]IA[A-Z\d]{16}|AIza[\w-]{30,}|ya29\.[\w-]{20,}|eyJ[\w-]{8,}\.[\w-]{8,}(?:\.[\w-]*)?|npm_\w{20,}|pypi-[\w-]{20,}|hf_[A-Za-z\d]{20,}|do[opr]_v1_[\da-f]{20,}|SG\.[\w-]{16,}\.[\w-]{16,}|shp(?:at|ca|pa|ss)_[\da-f]{20,}|\d{8,10}:AA[\w-]{30,})/g;
const CREDENTIALS = /\b([Bb]earer)\s+[^\s"']{6,}|\b([Bb]asic)\s+(?=[a-z\d+/]*[A-Z\d=])[A-Za-z\d+/]{8,}={0,2}/g;

/**
 * Returns the beginning of a text, up to 1,000 UTF-16 units, with `…` in the place of secrets: name and password of a
 * URL, bearer tokens, private keys, and values after a name that looks like a secret (`Password=`, `"apiKey":`,
 * `--token `). Where such a value ends depends on what wrote the text, so that all that follows is left out, too; of a
 * query (`?token=…&rows=1`), the other values stay.
 */
export function maskSecrets(text: string): string {
  const begin = text.length > MAX_SEARCHED ? text.slice(0, MAX_SEARCHED) : text;
  if (!/[:=<"'`_-]|%3|bearer|basic|A[KS]IA|AIza|ya29|eyJ|SG\./i.test(begin)) return begin;
  return maskAssigned(maskNamed(begin.replace(USER_INFO, "://…@")))
    .replace(HIDDEN_TO_END, "$1$2…")
    .replace(KEY_OF_QUERY, "$1…")
    .replace(KEY_OF_PATH, "$1…")
    .replace(USER_OPTION, "$1…")
    .replace(MARKED_KEY, "…")
    .replace(CREDENTIALS, (_, bearer, basic) => `${bearer ?? basic} …`);
}

/** True for a text that holds what {@linkcode maskSecrets} leaves out, at any place. */
export function holdsSecret(text: string): boolean {
  for (let at = 0; at === 0 || at + MAX_SEARCHED / 2 < text.length; at += MAX_SEARCHED / 2) {
    const part = text.slice(at, at + MAX_SEARCHED);
    if (maskSecrets(part) !== part) return true;
  }
  return false;
}

/** Puts `…` in the place of each value after a name that looks like a secret. */
function maskAssigned(text: string): string {
  let [masked, from] = ["", 0];
  for (const { 0: all, 1: assigned, 2: listed, 3: element, 4: option, index } of text.matchAll(NAME_OF_VALUE)) {
    const at = index + all.length;
    if (index < from || at === text.length) continue;
    const name = assigned ?? listed ?? element ?? option ?? "";
    // Behind a backslash, the first letter may be that of a line break: `\ntoken=`.
    if (!looksSecret(name) && !(text[index - 1] === "\\" && looksSecret(name.slice(1)))) continue;
    masked += `${text.slice(from, at)}…`;
    VALUE_IN_QUERY.lastIndex = at;
    const inQuery = /[?&#]/.test(text[index - 1] ?? "") ? VALUE_IN_QUERY.exec(text) : null;
    if (inQuery === null) return masked;
    from = at + inQuery[0].length;
  }
  return masked + text.slice(from);
}

/** Leaves out the object in which the name of a secret stands as a value, since the value may stand before it. */
function maskNamed(text: string): string {
  if (!VALUE_OF_NAMED.test(text)) return text;
  for (const { 1: name = "", index } of text.matchAll(NAMED)) {
    if (looksSecret(name)) return `${text.slice(0, text.lastIndexOf("{", index) + 1)}…`;
  }
  return text;
}
