import { assert, assertEquals } from "@std/assert";
import { walk } from "@std/fs";
import { type Outcome, Project } from "../support/project.ts";
import { runCli } from "../support/run_cli.ts";

/** Texts that must be nowhere. Each way in which a program may give a secret has a text of its own. */
const SECRETS = {
  parameter: "Sz0-parameter-hunter",
  listed: "Sz1-listed-hunter",
  dotted: "Sz2-dotted-hunter",
  member: "Sz3-member-hunter",
  below: "Sz4-below-hunter",
  destructured: "Sz5-destructured-hunter",
  renamed: "Sz6-renamed-hunter",
  rest: "Sz7-rest-hunter",
  preset: "Sz8-preset-hunter",
  constant: "Sz9-constant-hunter",
  config: "Sz10-config-hunter",
  variable: "Sz11-variable-hunter",
  variableBelow: "Sz12-variable-below-hunter",
  environment: "Sz13-environment-hunter",
  observed: "Sz14-observed-hunter",
  mapValue: "Sz15-map-hunter",
  header: "Sz16-header-hunter",
  pair: "Sz17-pair-hunter",
  userInfo: "Sz18-userinfo-hunter",
  query: "Sz19-query-hunter",
  urlObject: "Sz20-url-hunter",
  version: "Sz21-version-hunter",
  field: "Sz22-field-hunter",
  hash: "Sz23-private-hunter",
  static: "Sz24-static-hunter",
  receiver: "Sz25-receiver-hunter",
  keyOfSecret: "Sz26-key-hunter",
  inBlob: "Sz27-blob-hunter",
  literal: "Sz28-literal-hunter",
  ignored: "Sz29-ignored-hunter",
  error: "Sz30-error-hunter",
  codec: "Sz31-codec-hunter",
  pathLike: "Sz32/path-like/hunter",
  listedReceiver: "Sz33-listed-receiver-hunter",
  global: "Sz34-global-hunter",
  capturedUrl: "Sz35-captured-url-hunter",
  optionMistake: "Sz36-mistake-hunter",
} as const;

/** Values that are no secrets, and are shown. */
const OPEN = {
  argument: "open-argument",
  member: "open-member",
  constant: "open-constant",
  variable: "open-variable",
  version: "open-version",
  tokens: "open-tokens",
  host: "open-host",
};

/** A program that gives its secrets to cached functions, in each way, from outside and from other cached functions. */
function programWith(secrets: Readonly<Record<keyof typeof SECRETS, string>>): string {
  const s = Object.fromEntries(Object.entries(secrets).map(([name, text]) => [name, JSON.stringify(text)])) as Record<
    keyof typeof SECRETS,
    string
  >;
  return `
import { readFileSync } from "node:fs";
import { type CacheEvent, cacheFile, ofClass, type CacheOptions } from "@bimsb/cachepy";

const API_KEY = ${s.constant};
const config = { db: { password: ${s.config}, host: "open-constant" } };
const DATABASE = "postgres://open-user:${secrets.capturedUrl}@open-host/db";
Object.assign(globalThis, { SERVICE_TOKEN: ${s.global} });
class Client {
  static token = ${s.static};
  #apiKey = ${s.hash};
  constructor(readonly password: string, readonly pin: string, readonly name: string) {}
  size(x: number) {
    return x + this.password.length + this.pin.length + this.#apiKey.length + this.name.length + Client.token.length;
  }
}
class Login {
  constructor(readonly user: string, readonly password: string) {}
}
const events: CacheEvent[] = [];
let runs = 0;
const with_ = (options: CacheOptions = {}) =>
  cacheFile("cache", { verbose: true, onEvent: (event) => void events.push(event), ...options });
/** Holds a function until the cache's folder was copied: also what lies there while functions run holds no secret. */
const paused: (() => void)[] = [];
const look = () => new Promise<void>((resolve) => void paused.push(resolve));
let copies = 0;
const copy = (from: string, to: string) => {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copy(from + "/" + name, to + "/" + name);
    else Deno.copyFileSync(from + "/" + name, to + "/" + name);
  }
};
const timer = setInterval(() => {
  if (paused.length > 0) copy("cache", "copies/" + copies++);
  for (const resume of paused.splice(0)) {
    runs++;
    resume();
  }
}, 1);
const shared = { ignoreCode: ["look"] };
const call = async (what: string, step: () => unknown) => {
  try {
    await step();
  } catch (error) {
    console.log("threw", what, String(error), JSON.stringify(error));
  }
};

const named = with_(shared)(async function named(password: string, what: string) {
  await look();
  return password.length + what.length;
});
const outer = with_(shared)(async function outer(credentials: string, what: string) {
  return await named(credentials, what) + await named(credentials + "!", what);
});
await call("parameter", () => outer(${s.parameter}, "open-argument"));
await call("parameter", () => named(${s.parameter} + "2", "open-argument"));

const listed = with_({ ...shared, secretArgs: ["pin", "options.code"] })(
  async function listed(pin: string, options: { code: string; rate: string }) {
    await look();
    return pin.length + options.code.length;
  },
);
const lists = with_({ ...shared, secretArgs: ["all"] })(async function lists(all: [string, { code: string; rate: string }]) {
  return await listed(...all);
});
await call("listed", () => lists([${s.listed}, { code: ${s.dotted}, rate: "open-member" }]));

const members = with_(shared)(async function members(options: object, { secret, ...others }: Record<string, unknown>) {
  await look();
  return JSON.stringify(options).length + String(secret).length + Object.keys(others).length;
});
const membersOuter = with_(shared)(async function membersOuter(a: object, b: Record<string, unknown>) {
  return await members(a, b);
});
await call("member", () =>
  membersOuter({ auth: { user: ${s.below} }, password: ${s.member}, who: "open-member", tokens: ["open-tokens"] }, {
    secret: ${s.destructured},
    plain: 1,
  }));

const renamed = with_(shared)(async function renamed({ p: password }: { p: string }, ...tokensAndKeys: string[]) {
  await look();
  return password.length + tokensAndKeys.length;
});
await call("renamed", () => renamed({ p: ${s.renamed} }));
const rest = with_({ ...shared, secretArgs: ["pins"] })(async function rest(x: number, ...pins: string[]) {
  await look();
  return pins.length + x;
});
const restOuter = with_(shared)(async function restOuter(secrets: string[]) {
  return await rest(1, ...secrets);
});
await call("rest", () => restOuter(["a", ${s.rest}]));
const preset = with_(shared)(async function preset(x: number, password = ${s.preset}, mode = "open-argument") {
  await look();
  return password.length + x + mode.length;
});
await call("preset", () => preset(1));

const plain = with_(shared)(async function plain(note: string) {
  await look();
  return note.length;
});
const plainOuter = with_(shared)(async function plainOuter(notes: number) {
  return await plain("open-inner") + notes;
});
await call("plain", () => plainOuter(1));

const captures = with_(shared)(async function captures(x: number) {
  await look();
  return x + API_KEY.length + config.db.password.length + config.db.host.length + DATABASE.length +
    (globalThis as unknown as { SERVICE_TOKEN: string }).SERVICE_TOKEN.length + Client.token.length +
    ${s.literal}.length;
});
await call("captures", () => captures(1));

const depends = with_({
  ...shared,
  version: "open-version https://u:${secrets.version}@h",
  envVars: ["GIVEN_SECRET"],
  dependsOnVars: () => ({ apiToken: ${s.variable}, all: { credentials: [${s.variableBelow}], rate: "open-variable" } }),
})(async function depends(x: number) {
  await look();
  return x + (Deno.env.get("READ_SECRET") ?? "").length;
});
await call("depends", () => depends(1));

const holds = with_(shared)(async function holds(map: Map<string, string>, headers: unknown, pairs: string[][]) {
  await look();
  return map.size + pairs.length + String(headers).length;
});
const holdsOuter = with_(shared)(async function holdsOuter(map: Map<string, string>, headers: Headers, pairs: string[][]) {
  return await holds(map, headers, pairs) + await holds(map, null, []) + await holds(new Map(), headers, []) +
    await holds(new Map(), null, pairs);
});
await call("holds", () =>
  holdsOuter(
    new Map([["apiKey", ${s.mapValue}]]),
    new Headers({ Authorization: "Bearer " + ${s.header} }),
    [["Authorization", ${s.pair}]],
  ));

const fetches = with_(shared)(async function fetches(url: string, at: URL, note: string) {
  await look();
  return url.length + at.href.length + note.length;
});
const fetchesOuter = with_(shared)(async function fetchesOuter(url: string, at: URL) {
  return await fetches(url, at, "x") + await fetches("x", at, "x") + await fetches(url, new URL("http://h"), "x") +
    await fetches("x", new URL("http://h"), "filler ".repeat(300) + "password=" + ${s.inBlob});
});
await call("fetches", () =>
  fetchesOuter(
    "https://open-user:${secrets.userInfo}@open-host/a?rows=1&token=${secrets.query}&x=1",
    new URL("https://h/a?api_key=${secrets.urlObject}"),
  ));

const uses = with_(shared)(async function uses(client: Client, x: number) {
  await look();
  return client.size(x);
});
const useOuter = with_({ ...shared, secretArgs: ["pin"] })(async function useOuter(password: string, pin: string) {
  const client = new Client(password, "p", "open-member");
  class Plain {
    constructor(readonly password: string, readonly pin: string) {}
  }
  const plain = Object.assign(Object.create(null), new Plain(password, pin));
  const size = await uses(client, 1);
  const own = await methods.call(plain as never, 2);
  return size + own;
});
const methods = with_({ ...shared, secretArgs: ["this.pin"] })(async function methods(this: Client, x: number) {
  await look();
  return x + this.password.length + this.pin.length;
});
await call("uses", () => useOuter(${s.field}, ${s.listedReceiver}));
await call("receiver", () => methods.call({ password: ${s.receiver}, pin: ${s.listedReceiver} } as never, 3));

const refuses = with_({ ...shared, secretArgs: ["byPin"] })(
  async function refuses(credentials: unknown, byPin: unknown) {
    await look();
    return 1;
  },
);
await call("refuses", () => refuses(new Map([[${s.keyOfSecret}, Promise.resolve(1)]]), 1));
await call("refuses", () => refuses(1, { [${s.keyOfSecret}]: { x: Promise.resolve(1) } }));
await call("key", () => refuses.key(new Map([[${s.keyOfSecret}, Promise.resolve(1)]]), 1));

const ignores = with_({ ...shared, ignoreArgs: ["password"] })(async function ignores(password: string, x: number) {
  await look();
  return x + Math.sign(password.length);
});
const ignoresOuter = with_({ ...shared, ignoreArgs: ["password"] })(
  async function ignoresOuter(password: string, x: number) {
    return await ignores(password, x);
  },
);
await call("ignores", () => ignoresOuter(${s.ignored}, 1));

const fails = with_(shared)(async function fails(options: { error: Error & { token?: string } }) {
  await look();
  return options.error.message.length;
});
const failsOuter = with_(shared)(async function failsOuter(token: string) {
  return await fails({ error: Object.assign(new Error("no"), { token }) });
});
await call("error", () => failsOuter(${s.error}));

const codes = with_({ ...shared, codecs: [ofClass(Login)] })(async function codes(login: Login) {
  await look();
  return login.user.length;
});
const codesOuter = with_(shared)(async function codesOuter(token: string) {
  return await codes(new Login("open", token));
});
await call("codec", () => codesOuter(${s.codec}));

const blind = with_(shared)(async function blind(password: string) {
  await look();
  return readFileSync("main.ts").length - readFileSync("main.ts").length + password.length;
});
const blindOuter = with_(shared)(async function blindOuter(password: string) {
  return await blind(password);
});
await call("path-like", () => blindOuter(${s.pathLike}));
await call("mistake", () => with_({ envVars: ["API_KEY=" + ${s.optionMistake}] }));
await call("mistake", () => with_({ version: new URL("https://u:${secrets.optionMistake}@h") as never }));

for (const [what, report] of Object.entries({
  named: await named.why(${s.parameter} + "3", "open-argument"),
  outer: await outer.why(${s.parameter} + "3", "open-argument"),
  listed: await listed.why(${s.listed} + "3", { code: ${s.dotted}, rate: "x" }),
  captures: await captures.why(2),
  depends: await depends.why(2),
  refuses: await refuses.why(1, { [${s.keyOfSecret}]: Promise.resolve(1) }),
})) console.log(what, JSON.stringify(report));
console.log(JSON.stringify(events));
clearInterval(timer);
console.log(JSON.stringify({ runs }));
`;
}

/** Every form in which a text may stand in bytes, a part of it in base64 included. */
function formsOf(text: string): Uint8Array[] {
  const bytes = new TextEncoder().encode(text);
  const wide = new Uint8Array(text.length * 2);
  for (let at = 0; at < text.length; at++) wide[2 * at] = text.charCodeAt(at);
  const inBase64 = [0, 1, 2].flatMap((shift) => {
    const shifted = new Uint8Array(shift + bytes.length);
    shifted.set(bytes, shift);
    // The first and the last characters depend on the bytes around.
    return [shifted.toBase64(), shifted.toBase64({ alphabet: "base64url" })].map((one) => one.slice(4, -4));
  });
  const escaped = [encodeURIComponent(text), text.replaceAll("/", "\\/")];
  const texts = [...inBase64, ...escaped, bytes.toHex(), [...text].reverse().join("")];
  return [bytes, wide, ...texts.map((one) => new TextEncoder().encode(one))];
}

/** Names of the secrets that are in bytes, in any form. */
function secretsIn(bytes: Uint8Array, secrets: Readonly<Record<string, string>>): string[] {
  const text = new TextDecoder("latin1").decode(bytes);
  return Object.entries(secrets).filter(([, secret]) =>
    formsOf(secret).some((form) => text.includes(new TextDecoder("latin1").decode(form)))
  ).map(([name]) => name);
}

async function secretsBelow(folder: string, secrets: Readonly<Record<string, string>>): Promise<string[]> {
  const found: string[] = [];
  let count = 0;
  for await (const { path, isFile } of walk(folder)) {
    found.push(
      ...secretsIn(new TextEncoder().encode(path.slice(folder.length)), secrets).map((one) => `${one}: ${path}`),
    );
    if (!isFile) continue;
    count++;
    found.push(...secretsIn(await Deno.readFile(path), secrets).map((one) => `${one} in ${path}`));
  }
  assert(count > 3, `${count} files in ${folder}`);
  return found;
}

function said({ stdout, stderr }: Outcome): Uint8Array {
  return new TextEncoder().encode(stdout + stderr);
}

/** What the lines about misses say. */
function missesOf({ stderr }: Outcome): string[] {
  return stderr.split("\n").flatMap((line) => /^cachepy: (.*miss: .*)$/.exec(line)?.[1] ?? []);
}

/** The program in a project, with what runs it. */
async function projectWith(secrets: Readonly<Record<keyof typeof SECRETS, string>>) {
  const project = await Project.create({ "main.ts": programWith(secrets) });
  const env = { GIVEN_SECRET: secrets.environment, READ_SECRET: secrets.observed };
  const run = async () => {
    const outcome = await project.run("main.ts", { env });
    assertEquals(outcome.code, 0, outcome.stderr);
    return { outcome, runs: outcome.json<{ runs: number }>().runs };
  };
  return { project, run };
}

/** A package that keeps what it is given under the names that it is given, in its own state and in its caller's. */
const KEEPER = {
  "node_modules/keeper/package.json":
    '{ "name": "keeper", "version": "1.0.0", "type": "module", "exports": "./index.js" }',
  "node_modules/keeper/index.js": `
const kept = {};
const seen = new Map();
export function keep(key) { kept[key] = { at: Object.keys(kept).length }; seen.set(key, 1); return 1; }
export function put(object, key) { object[key] = 1; return 2; }`,
  "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
import { keep, put } from "keeper";
const cached = cacheFile("cache", { verbose: true });
const table: Record<string, number> = {};
let runs = 0;
const own = cached({ ignoreCode: ["runs"] })(function own(token: string) { runs++; return keep(token); });
const others = cached({ ignoreCode: ["runs"] })(function others(token: string) { runs++; return put(table, token); });
const open = cached(function open(name: string) { return keep(name); });
await open("open-name");
for (const token of JSON.parse(Deno.args[0]!)) {
  await own(token);
  await others(token);
}
console.log(JSON.stringify([(await own.why("x")).notices, (await others.why("x")).notices]));
console.log(runs);`,
};

Deno.test("what a package or an object keeps under a secret is left out without naming the secret", async () => {
  await using project = await Project.create(KEEPER, {
    imports: { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0", keeper: "./node_modules/keeper/index.js" },
  });
  const secrets = {
    plain: "hunter2plain",
    dotted: "hunter2.dotted/x.y",
    spaced: 'hunter2 "spaced" z',
    keyed: "hunter2/keyed",
  };
  const args = [JSON.stringify(Object.values(secrets))];
  const outcomes = [];
  for (let time = 0; time < 3; time++) outcomes.push(await project.run("main.ts", { args }));
  for (const outcome of outcomes) {
    assertEquals(outcome.code, 0, outcome.stderr);
    const shown = new TextEncoder().encode(outcome.stdout + outcome.stderr);
    assertEquals(secretsIn(shown, { ...secrets, part: "hunter2" }), [], outcome.stderr);
  }
  assertEquals(outcomes.at(-1)!.json<number>(), 0, "all are hits in the end");
  assertEquals(await secretsBelow(project.path("cache"), { ...secrets, part: "hunter2" }), []);
  assertEquals(
    (await secretsBelow(project.path("cache"), { open: "open-name" })).length > 0,
    true,
    "other names are told",
  );
});

/** Runs each command that shows something of the entries, for people and for programs, and returns all that they say. */
async function commandsOn(project: Project): Promise<string> {
  const outputs: string[] = [];
  const run = async (...args: string[]) => {
    for (const json of [[], ["--json"]]) {
      const { out, err, code } = await runCli([...args, ...json], {
        cwd: project.folder,
        env: { CACHEPY_DIR: "cache" },
      });
      assert(code < 2, `${args}: ${err}`);
      outputs.push(out, err);
    }
    return outputs.at(-2)!;
  };
  const entries = JSON.parse(await run("list")) as { key: string; fname: string }[];
  const keysOf = (name: string) => entries.filter(({ fname }) => fname === name).map(({ key }) => key);
  for (const name of ["named", "members", "captures", "depends", "fetches", "outer", "plain"]) {
    await run("info", keysOf(name)[0]!);
    await run("why", name);
  }
  await run("diff", keysOf("named")[0]!, keysOf("named")[1]!);
  await run("diff", keysOf("fetches")[0]!, keysOf("fetches")[1]!);
  for (const command of ["stats", "verify", "changed", "files"]) await run(command);
  for (const format of ["dot", "html", "svg"]) {
    await run("tree", "--format", format, "--output", `graph.${format}`);
    outputs.push(await Deno.readTextFile(project.path(`graph.${format}`)));
  }
  await run("report");
  outputs.push(await Deno.readTextFile(project.path("cachepy-report.html")));
  return outputs.join("\n");
}

Deno.test("the search finds a text in each of its forms, and no other text", () => {
  const text = SECRETS.parameter;
  const [bytes, encoder] = [`some ${text} more`, new TextEncoder()];
  for (const before of ["", "a", "ab"]) {
    const wide = new Uint8Array(new Uint16Array([...before + bytes].map((one) => one.charCodeAt(0))).buffer);
    for (const form of [encoder.encode(before + bytes), wide, encoder.encode(btoa(before + bytes))]) {
      assertEquals(secretsIn(form, SECRETS), ["parameter"]);
    }
  }
  assertEquals(secretsIn(encoder.encode(btoa("Sz0-parameter-gather")), SECRETS), []);
});

Deno.test("a secret is in no file of the cache, no line, no event, no report and no command, however it is given", async () => {
  const { project, run } = await projectWith(SECRETS);
  await using _ = project;
  const first = await run();
  assertEquals(secretsIn(said(first.outcome), SECRETS), []);
  assertEquals(await secretsBelow(project.path("cache"), SECRETS), []);
  assertEquals(await secretsBelow(project.path("copies"), SECRETS), [], "while functions ran");
  const second = await run();
  assertEquals(second.runs, 2, "those that cannot be inputs run again, and nothing else: a secret costs no hit");
  assertEquals(secretsIn(said(second.outcome), SECRETS), []);
  const shown = await commandsOn(project);
  assertEquals(secretsIn(new TextEncoder().encode(shown), SECRETS), []);
  assertEquals(Object.values(OPEN).filter((text) => !shown.includes(text)), [], "what is no secret is shown");
  assertEquals(await secretsBelow(project.path("cache"), SECRETS), []);

  // The search finds what is there: an argument of an inner call is stored with the outer call.
  const open = { ...OPEN, inner: "open-inner" };
  const found = await secretsBelow(project.path("cache"), open);
  assertEquals(Object.keys(open).filter((name) => !found.some((one) => one.startsWith(`${name} in`))), []);
});

Deno.test("another secret is another input, and the miss names it without a value", async () => {
  const { project, run } = await projectWith(SECRETS);
  await using _ = project;
  const { runs } = await run();
  const others = Object.fromEntries(
    Object.entries(SECRETS).map(([name, text]) => [name, text.replace(/hunter$/, "gather")]),
  );
  await project.write("main.ts", programWith(others as typeof SECRETS));
  const changed = await project.run("main.ts", {
    env: { GIVEN_SECRET: others.environment!, READ_SECRET: others.observed! },
  });
  assertEquals(changed.code, 0, changed.stderr);
  // What has no secret, and a secret that is ignored, is a hit.
  assertEquals(changed.json<{ runs: number }>().runs, runs - 2);
  const misses = missesOf(changed);
  const reasons = [
    "outer: miss: args.credentials changed",
    "named: miss: args.password changed",
    "listed: miss: args.pin changed; args.options.code changed",
    "members: miss: args.options.auth changed; args.options.password changed; args.{secret, others}.secret changed",
    "renamed: miss: args.{password}.p changed",
    "rest: miss: args.2 changed",
    "depends: miss: version changed; environment variable GIVEN_SECRET changed; vars.apiToken changed; " +
    "vars.all.credentials changed",
    "holds: miss: args.pairs[0][1] changed",
    "uses: miss: args.client.password changed",
    "methods: miss: this.password changed; this.pin changed",
    "fails: miss: args.options.error changed",
    "blind: miss: args.password changed",
  ];
  assertEquals(reasons.filter((reason) => !misses.includes(reason)), [], misses.join("\n"));
  const captures = misses.find((one) => one.startsWith("captures: miss: code changed: ")) ?? "";
  const names = ["API_KEY", "Client.token", "config.db.password", "DATABASE", "globalThis.SERVICE_TOKEN"];
  assertEquals(names.filter((name) => !captures.includes(name)), [], captures);
  const all = {
    ...SECRETS,
    ...Object.fromEntries(Object.entries(others).map(([name, text]) => [`new ${name}`, text])),
  };
  assertEquals(secretsIn(said(changed), all), []);
  assertEquals(await secretsBelow(project.path("cache"), all), []);
});
