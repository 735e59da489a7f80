import { assertEquals } from "@std/assert";
import { holdsSecret, looksSecret, maskSecrets, previewOf } from "../../src/values/preview.ts";

/** Names of which the values must not be shown. */
const SECRET = `
password passwd pwd DB_PWD passphrase pass_phrase passWord passwords PGPASSWORD userpassword pass dbPass smtp_pass
passwordHash secret secrets clientSecret CLIENT_SECRET token accessToken token1 tokenProd GITHUB_TOKEN authtoken
accessTokens idToken nextToken apiKey APIKey api_key apikey API_KEYS x-api-key accessKey AWS_SECRET_ACCESS_KEY
accessKeyId private-key sshKey SharedAccessKey Ocp-Apim-Subscription-Key credential credentials awsCreds auth basicAuth
oauth OAuth Authorization proxy-authorization bearer cookie Set-Cookie sessionId session_id JSESSIONID sessionKey
connectionString connection_string connStr dsn SENTRY_DSN jwt otp secretId seedPhrase #apiKey auth.user db.password
config.db.password.value Client.static_token credentials[0] dbpwd DBPASS userpass oldpwd rootpw
${"very".repeat(100)}_password`;

/** Names of an analysis, of which the values stay readable. */
const READABLE = `
tokens tokenize tokenizer tokenCount token_count maxTokens promptTokens padToken eos_token tokenIds tokenId
tokenEmbeddings author authors authority authorId key keys primaryKey publicKey sortKey foreign_key keyboard monkey
secretary secretome secretory passwordLength passwordPolicy secretName hasToken isSecret tokenUrl tokenType cookieName
session sessions sessionLength connection accessLevel privateData bypass passRate passenger bandpass compass passage
apiVersion cookbook credit pin seed salt signature x rows alpha host user url`;

Deno.test("looksSecret() goes by the words of a name, in every way of writing it", () => {
  assertEquals(SECRET.trim().split(/\s+/).filter((name) => !looksSecret(name)), []);
});

Deno.test("looksSecret() leaves the names of an analysis readable: tokens, authors, keys", () => {
  assertEquals(READABLE.trim().split(/\s+/).filter(looksSecret), []);
  assertEquals(looksSecret(`${"x".repeat(1000)}ing`), false, "a long text");
});

Deno.test("maskSecrets() leaves out passwords of URLs and connection strings, tokens of queries and headers", () => {
  for (
    const [text, shown] of [
      ["https://user:hunter2@host/x?a=1", "https://…@host/x?a=1"],
      ["https://user:hu@nter2@host/x", "https://…@host/x"],
      ["postgres://u:hunter/2@h:5432/db", "postgres://…@h:5432/db"],
      ["https://hunter2@github.com/a", "https://…@github.com/a"],
      ["https://h/x?a=1&access_token=hunter2&b=2", "https://h/x?a=1&access_token=…&b=2"],
      ["https://h/x?key=hunter2&b=2#token=hunter2", "https://h/x?key=…&b=2#token=…"],
      ["Server=x;Password=hunter2 and more;Database=y", "Server=x;Password=…"],
      ['{"db":{"password":"hunter2, \\"x","port":1}}', '{"db":{"password":…'],
      ["Authorization: Bearer hunter2", "Authorization: …"],
      ["Cookie: a=hunter2; b=hunter2", "Cookie: …"],
      ["API_KEY=hunter2", "API_KEY=…"],
      ["psql --password=hunter2", "psql --password=…"],
      ["Bearer hunter2hunter2", "Bearer …"],
      ["Basic aHVudGVyMjpodW50ZXIy", "Basic …"],
      ['{"password":["hunter2","hunter2"]}', '{"password":…'],
      ['{"a":1,"credentials":{"user":"u","value":"hunter2"}}', '{"a":1,"credentials":…'],
      [JSON.stringify({ body: '{"password":"hunter2"}' }), '{"body":"{\\"password\\":…'],
      [JSON.stringify(JSON.stringify({ body: '{"token" : ["hunter2"]}' })), '"{\\"body\\":\\"{\\\\\\"token\\\\\\" : …'],
      [JSON.stringify({ env: "rows=1\ntoken=hunter2" }), '{"env":"rows=1\\ntoken=…'],
      ['Authorization: Digest username="u", response="hunter2"', "Authorization: …"],
      ['x Digest username="u", response="hunter2"', "x Digest …"],
      ["db.password=>'hunter2'", "db.password=>…"],
      ["{'password' => 'hunter2'}", "{'password' => …"],
      ["password := hunter2", "password := …"],
      ['headers["Authorization"] = "hunter2"', 'headers["Authorization"] = …'],
      ["a=1&auth[value]=hunter2&b=2", "a=1&auth[value]=…&b=2"],
      ["auth[user]=u&auth[value]=hunter2", "auth[user]=…"],
      ["psql --rows 5 --password hunter2", "psql --rows 5 --password …"],
      ["java -password hunter2", "java -password …"],
      ['["psql","--password","hunter2"]', '["psql","--password",…'],
      ['[["rows","5"],["Authorization","hunter2"]]', '[["rows","5"],["Authorization",…'],
      ['[{"rows":1},{"name":"password","value":"hunter2"}]', '[{"rows":1},{…'],
      ['[{"rows":1},{"value":"hunter2","name":"password"}]', '[{"rows":1},{…'],
      ["- value: hunter2\n  name: API_KEY", "…"],
      ['<add value="hunter2" key="password"/>', "…"],
      ["<a:password>hunter2</a:password>", "<a:password…"],
      ['login("password", "hunter2")', 'login("password", …'],
      ["<rows>5</rows><password>hunter2</password>", "<rows>5</rows><password…"],
      ["a=%7B%22password%22%3A%22hunter2%22%7D", "a=%7B%22password%22%3A…"],
      ["https://h/?to=%3Frows%3D5%26token%3Dhunter2", "https://h/?to=%3Frows%3D5%26token%3D…"],
      ["https://h/?token=hunter2 and hunter2", "https://h/?token=…"],
      ["-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----", "-----BEGIN RSA PRIVATE KEY…"],
      ["curl -u ada:hunter2 https://h/", "curl -u … https://h/"],
      ["curl --user=ada:hunter2 https://h/", "curl --user=… https://h/"],
      ["https://api.telegram.org/bot12:hunter2/send", "https://api.telegram.org/bot…"],
      ["https://hooks.slack.com/services/T0/B0/hunter2", "https://hooks.slack.com/services/…"],
      ["https://discord.com/api/webhooks/1/hunter2", "https://discord.com/api/webhooks/…"],
      ["https://h/x?appid=hunter2&app_key=hunter2&sas=hunter2&b=2", "https://h/x?appid=…&app_key=…&sas=…&b=2"],
      [`ghp_${"hunter2".repeat(4)} of Ada`, "… of Ada"],
      [`sk-proj-${"hunter2".repeat(4)}`, "…"],
      [`sk_live_${"hunter2".repeat(4)}`, "…"],
      [`xoxb-12-${"hunter2".repeat(4)}`, "…"],
      ["AKIAHUNTERHUNTERHUN2", "…"],
      [`AIza${"hunter2".repeat(5)}`, "…"],
      ["eyJhbGciOiJIUzI1NiJ9.eyJodW50ZXIyIjoxfQ.hunter2", "…"],
      [`npm_${"hunter2".repeat(4)}`, "…"],
      ["-----BEGIN PRIVATE KEY-----\\nhunter2", "-----BEGIN PRIVATE KEY…"],
    ] as const
  ) {
    assertEquals(maskSecrets(text), shown);
    assertEquals(holdsSecret(text), true, text);
    assertEquals(previewOf(text).includes("hunter"), false, previewOf(text));
  }
});

Deno.test("previewOf() leaves the secret in the source of a regular expression out", () => {
  assertEquals(previewOf(new RegExp("password=hunter2", "g")), "/password=…");
  assertEquals(previewOf(/password\s*=\s*hunter2/).includes("hunter2"), false);
  assertEquals(previewOf(/tokens=\d+/g), "/tokens=\\d+/g");
});

Deno.test("maskSecrets() leaves other texts as they are, up to 1,000 characters", () => {
  for (
    const text of [
      "https://host:8080/a/@scope/b?tokens=3&author=x",
      "basic statistics of the mean: 3",
      "author: Hunter",
      "a@b.org",
      "2026-01-01T00:00:00Z",
      "C:\\Users\\x",
      "tokens=5",
      "rows >= 5 && x == 3",
      "tokens: 5, author=Ada, keys: [1]",
      '{"tokens":["a","b"],"author":{"name":"Ada","value":3}}',
      '["rows","author","tokens"]',
      "run --tokens 5 --author Ada -n 3",
      "<tokens>5</tokens><author>Ada</author>",
      '{"name":"rows","value":5}',
      '{"name":"cookie-parser","version":"1.0.0"}',
      "the password is asked for",
      "a digest of rows",
      "-----BEGIN PUBLIC KEY-----\nabc",
      "%22author%22%3A5",
      "C:\\tokens\\author",
      "sk-learn and sk-image",
      "sort -u rows.txt",
      "https://h/x?id=3&application=x",
      "https://h/api/hooks/3",
      "snake_case_names_are_long_and_stay_readable",
      "1.2.3-beta.4",
    ]
  ) {
    assertEquals(maskSecrets(text), text);
    assertEquals(holdsSecret(text), false, text);
  }
  assertEquals(maskSecrets("x".repeat(3000)), "x".repeat(1000));
});

Deno.test("secrets are left out where the text is cut, and are found far behind its beginning", () => {
  const cut = `https://${"hunter2".repeat(40)}:${"hunter2".repeat(400)}@host/`;
  assertEquals(previewOf(cut).includes("hunter2"), false);
  assertEquals(previewOf(new URL(cut)).includes("hunter2"), false);
  for (const length of [0, 400, 900, 990, 1400, 1990, 5000]) {
    assertEquals(holdsSecret(`${"x ".repeat(length / 2)}token=hunter2`), true, String(length));
  }
  assertEquals(holdsSecret("x ".repeat(100_000)), false);
});

Deno.test("previewOf() takes a long hostile text in no noticeable time", () => {
  const beganMs = performance.now();
  for (
    const piece of [
      "://",
      "a:",
      "=",
      "://a:",
      'password="\\',
      "a".repeat(80) + ".",
      "Bearer ",
      "basic A",
      "<a",
      "<a.",
      "--a ",
      "a\\n",
      "a[",
      '["a',
      "( ",
      "%3d",
      "name:token ",
      "digest ",
    ]
  ) {
    previewOf(piece.repeat(1_000_000 / piece.length));
    holdsSecret(piece.repeat(100_000 / piece.length));
  }
  assertEquals(performance.now() - beganMs < 20_000, true);
});
