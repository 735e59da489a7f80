import { assertEquals, assertThrows } from "@std/assert";
import { readFileSync } from "node:fs";
import { cacheInfo, CacheTypeError, ofClass } from "@bimsb/cachepy";
import { Project } from "../support/project.ts";
import { filesBelow, Rig } from "../support/rig.ts";

/** Paths of the leaves of a call, with the previews of those that are shown. */
async function shownOf(rig: Rig, key: string): Promise<Record<string, string | null>> {
  const { meta } = await cacheInfo(rig.cacheDir, key);
  return Object.fromEntries(meta.values.map(({ path, preview }) => [path, preview ?? null]));
}

Deno.test("secretArgs names a parameter, a member, a rest, the receiver and a member of it; the rest stays shown", async () => {
  await using rig = await Rig.open();
  const pay = rig.cached({ secretArgs: ["pin", "options.cards.first", "codes", "this.tan"] })(
    function pay(
      this: unknown,
      pin: unknown,
      options: { cards: Record<string, number>; to: string },
      { code = 5, rate }: { code?: number; rate: number },
      ...codes: number[]
    ) {
      return [pin, options, code, rate, codes.length, Object.keys(this as object).length];
    },
  );
  const receiver = { tan: 11, name: "ada" };
  const args = [[1234], { cards: { first: 71, second: 72 }, to: "eve" }, { rate: 3 }, 81, 82] as const;
  await pay.call(receiver, ...args as never as Parameters<typeof pay>);
  const events = rig.of("stored");
  assertEquals(await shownOf(rig, events[0]!.key!), {
    "this.tan": null,
    "this.name": '"ada"',
    "args.pin": null,
    "args.options.cards.first": null,
    "args.options.cards.second": "72",
    "args.options.to": '"eve"',
    "args.{code, rate}.code": "5",
    "args.{code, rate}.rate": "3",
    "args.codes": null,
    "args.4": null,
  });
});

Deno.test("secretArgs refuses a name that is no parameter, as ignoreArgs does; that of a configuration file may be foreign", async () => {
  await using rig = await Rig.open();
  const wrap = (secretArgs: string[]) => rig.cached({ secretArgs })((pin: string) => pin.length);
  const error = assertThrows(() => wrap(["pni"]), CacheTypeError, "did you mean pin?");
  assertEquals([error.code, error.path], ["ERR_OPTION_PARAMETER", "options.secretArgs[0]"]);
  assertThrows(() => wrap(["pin."]), CacheTypeError);
  assertThrows(() => wrap("pin" as never), CacheTypeError, "want an array");
  for (const fine of [["pin"], ["pin.code"], ["this"], ["this.pin"], []]) wrap(fine);

  await using project = await Project.create({
    "cachepy.yml": "secret_args: [pin, other]\nverbose: true\n",
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
const step = cacheFile("cache")(function step(x: number, pin: number) { return x + pin; });
await step(1, 1234);
await step(2, 5678);`,
  });
  const { stderr } = await project.run("main.ts");
  assertEquals(stderr.includes("step: miss: args.x: 1 → 2; args.pin changed"), true, stderr);
});

Deno.test("secretArgs changes no key: given later, it is a hit, and no earlier value is shown any more", async () => {
  await using rig = await Rig.open();
  const wrap = (options: object) =>
    rig.cached(options)(function step(pin: number) {
      return pin;
    });
  await wrap({})(1234);
  const step = wrap({ secretArgs: ["pin"] });
  await step(1234);
  assertEquals(rig.runs(), 1);
  assertEquals((await step.why(5678)).summary, "args.pin changed");
  assertEquals((await wrap({}).why(99)).summary, "args.pin: 1234 → 99");
  await wrap({}).forget(1234);
  await step(5678);
  assertEquals((await wrap({}).why(99)).summary, "args.pin changed", "nor a later one beside one that is hidden");
});

Deno.test("an outer call hits although the secret of its inner call is not stored, and is never stale", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "one");
  let rate = 1;
  const inner = rig.cached({ dependsOnVars: () => ({ rate }) })(async function inner(token: string) {
    return token.length * 0 + (await Deno.readTextFile(path)).length;
  });
  const outer = rig.cached()(async function outer(x: number, token: string) {
    return x + await inner(token);
  });
  const read = async () => await outer(1, "abc");
  assertEquals([await read(), await read()], [4, 4]);
  assertEquals(rig.ran(), ["inner", "outer"]);
  rig.forgetEvents();

  await rig.write("a.txt", "three");
  assertEquals(await read(), 6);
  assertEquals(rig.missed.includes("inner"), false);
  const { summary } = rig.of("miss").find(({ fname }) => fname === "outer")!;
  assertEquals(/^inner ← .*a\.txt changed$/.test(summary), true, summary);
  assertEquals(await read(), 6);
  rig.forgetEvents();
  await rig.write("a.txt", "one");
  assertEquals(await read(), 4, "the earlier state is a hit again");
  assertEquals(rig.ran(), []);
  rate = 2;
  await read();
  assertEquals(rig.ran(), ["inner", "outer"], "what the inner function declares has changed");
  rig.forgetEvents();
  await read();
  assertEquals(rig.ran(), []);
});

Deno.test("an outer call with an inner call that throws looks at the one with a secret by its record alone", async () => {
  await using rig = await Rig.open();
  let rate = 1;
  const boom = rig.cached()(function boom(x: number): number {
    throw new RangeError(`no ${x}`);
  });
  const login = rig.cached({ dependsOnVars: () => ({ rate }) })((password: string) => password.length);
  const outer = rig.cached()(async function outer(password: string) {
    const failed = await boom(1).catch(() => 0);
    return failed + await login(password);
  });
  assertEquals(await outer("abcd"), 4);
  rig.forgetEvents();
  assertEquals(await outer("abcd"), 4);
  assertEquals(rig.ran(), ["boom"], "only the call that threw is made again");
  rate = 2;
  rig.forgetEvents();
  assertEquals(await outer("abcd"), 4);
  assertEquals(rig.runs("outer"), 1);
});

Deno.test("an outer call runs again while its inner call with a secret throws, and gets what that throws now", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("state.txt", "down");
  const login = rig.cached()(function login(password: string) {
    if (Deno.readTextFileSync(path) === "down") throw new RangeError("down");
    return password.length;
  });
  const outer = rig.cached()(async (password: string) => await login(password).catch(() => -1));
  assertEquals([await outer("abcd"), await outer("abcd")], [-1, -1]);
  assertEquals(rig.runs("login"), 2);
  await rig.write("state.txt", "up");
  assertEquals([await outer("abcd"), await outer("abcd")], [4, 4]);
  assertEquals(rig.runs("login"), 3);
});

Deno.test("a secret in ignoreArgs and secretArgs leaves no digest, and another one is a hit, also of an inner call", async () => {
  await using rig = await Rig.open();
  const options = { ignoreArgs: ["pass_"], secretArgs: ["pass_"] };
  const inner = rig.cached(options)((pass_: string, x: number) => x + pass_.length * 0);
  const outer = rig.cached(options)(async (pass_: string, x: number) => await inner(pass_, x));
  await outer("hunter2hunter2", 1);
  await outer("another one", 1);
  assertEquals(rig.runs(), 2);
  const digestAfter = async (secret: string) => {
    await using rig = await Rig.open();
    await rig.cached(options)((pass_: string, x: number) => x + pass_.length * 0)(secret, 1);
    const { meta } = await cacheInfo(rig.cacheDir, rig.of("stored")[0]!.key!);
    return meta.values.find(({ path }) => path === "args.pass_")!.digest;
  };
  assertEquals(await digestAfter("one"), await digestAfter("another"), "the digest is that of no value");
  for (const name of await filesBelow(rig.cacheDir)) {
    const text = new TextDecoder("latin1").decode(await Deno.readFile(`${rig.cacheDir}/${name}`));
    for (const form of ["hunter2", btoa("unter2hunter"), btoa("nter2hunter2"), btoa("hunter2hunter2").slice(0, 12)]) {
      assertEquals(text.includes(form.slice(0, 12)), false, name);
    }
  }
});

Deno.test("an edited inner function with a secret makes its outer call run, also when only its ignoreArgs changed", async () => {
  const main = (options: string, body: string) => `
import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("cache", { verbose: true });
const login = cached(${options})(function login(password: string, mode: string) { return ${body}; });
const outer = cached(async function outer(password: string) { return await login(password, "b"); });
if (Deno.args[0] === "first") await login("pw", "a");
console.log(JSON.stringify(await outer("pw")));`;
  await using project = await Project.create({ "main.ts": main('{ ignoreArgs: ["mode"] }', "mode") });
  const run = async (...args: string[]) => (await project.run("main.ts", { args })).json<string>();
  assertEquals(await run("first"), "a", "mode is said not to matter");
  assertEquals(await run(), "a");
  await project.write("main.ts", main("{}", "mode"));
  assertEquals(await run(), "b");
  await project.write("main.ts", main("{}", 'mode + "!"'));
  assertEquals(await run(), "b!");
  const { stderr } = await project.run("main.ts");
  assertEquals(/outer: hit/.test(stderr) && !/login/.test(stderr), true, stderr);
});

Deno.test("an inner call with a secret is not taken for another one in another working directory", async () => {
  await using project = await Project.create({
    "one/a.txt": "one",
    "two/a.txt": "two",
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile(new URL("cache", import.meta.url));
const load = cached({ fileArgs: ["path"] })((path: string, password: string) => Deno.readTextFile(path));
const outer = cached(async function outer(password: string) { return await load("a.txt", password); });
const values = [];
for (const folder of ["one", "two", "one"]) {
  Deno.chdir(new URL(folder, import.meta.url));
  values.push(await outer("pw"));
}
console.log(JSON.stringify(values));`,
  });
  for (let time = 0; time < 2; time++) {
    assertEquals((await project.run("main.ts")).json<string[]>(), ["one", "two", "one"]);
  }
});

Deno.test("a blind inner call with a secret sees a file appear, at a path beside the secret and at one that is secret", async () => {
  await using rig = await Rig.open();
  const read = (path: string) => {
    try {
      return readFileSync(path, "utf8");
    } catch {
      return "none";
    }
  };
  const beside = rig.cached()(function beside(path: string, password: string) {
    return read(path) + password.length;
  });
  const besideOuter = rig.cached()(async function besideOuter(path: string, password: string) {
    return await beside(path, password);
  });
  const secret = rig.cached({ secretArgs: ["path"] })(function secret(path: string) {
    return read(path);
  });
  const secretOuter = rig.cached({ secretArgs: ["path"] })(async function secretOuter(path: string) {
    return await secret(path);
  });
  const [one, two] = [rig.path("one.txt"), rig.path("two.txt")];
  for (let time = 0; time < 2; time++) {
    assertEquals([await besideOuter(one, "pw"), await secretOuter(two)], ["none2", "none"]);
  }
  assertEquals([rig.runs("beside"), rig.runs("besideOuter"), rig.runs("secret")], [1, 1, 1]);
  await rig.write("one.txt", "1");
  await rig.write("two.txt", "2");
  assertEquals([await besideOuter(one, "pw"), await secretOuter(two)], ["12", "2"]);
});

Deno.test("the arguments of an inner call without a secret are stored: an inner call that gives the same costs no outer run", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "one");
  const inner = rig.cached()(async function inner(tokens: string[], author: string) {
    return (await Deno.readTextFile(path)).length + tokens.length + author.length;
  });
  const outer = rig.cached()(async function outer(x: number) {
    return x + await inner(["a", "b"], "Ada");
  });
  await outer(1);
  await rig.write("a.txt", "two");
  await outer(1);
  assertEquals([rig.runs("inner"), rig.runs("outer")], [2, 1]);
});

Deno.test("a default that is made of a secret is hidden, also in a part of an argument; the same place is shown when given", async () => {
  await using rig = await Rig.open();
  const options = { secretArgs: ["pin"] };
  const step = rig.cached(options)(
    function step(
      pin: string,
      copy = pin,
      opts = { header: "k " + pin, rows: 2 },
      { inner = copy, open = "open" } = {},
      [first = [pin]] = [] as string[][],
      mode = "plain",
    ) {
      return [pin, copy, opts, inner, open, first, mode].length;
    },
  );
  await step("s3cr3tzz1qq");
  await step("s3cr3tzz1qq", "given", { header: "h", rows: 1 }, { inner: "i", open: "o" }, [["f"]], "m");
  const [made, given] = await Promise.all(rig.of("stored").map(({ key }) => shownOf(rig, key!)));
  assertEquals(made, {
    "args.pin": null,
    "args.copy": null,
    "args.opts": null,
    "args.{inner, open}.inner": null,
    "args.{inner, open}.open": '"open"',
    "args.[first][0]": null,
    "args.mode": '"plain"',
  });
  assertEquals(given, {
    "args.pin": null,
    "args.copy": '"given"',
    "args.opts.header": '"h"',
    "args.opts.rows": "1",
    "args.{inner, open}.inner": '"i"',
    "args.{inner, open}.open": '"o"',
    "args.[first][0][0]": '"f"',
    "args.mode": '"m"',
  });

  const whole = rig.cached({ secretArgs: ["all.code"] })(
    function whole(all: { code: string }, copy = all, x = 1, twice = x) {
      return [all, copy, x, twice].length;
    },
  );
  rig.forgetEvents();
  await whole({ code: "s3cr3tzz1qq" });
  const shown = await shownOf(rig, rig.of("stored")[0]!.key!);
  assertEquals(shown, { "args.all.code": null, "args.copy": null, "args.x": "1", "args.twice": "1" });

  const url = rig.cached()(function url(at: string, note = "x" + at) {
    return at + note.length;
  });
  rig.forgetEvents();
  await url("token=s3cr3tzz1qq");
  assertEquals(await shownOf(rig, rig.of("stored")[0]!.key!), { "args.at": '"token=…"', "args.note": null });
});

Deno.test("a default that is made of a secret is in no line and no file, also of an inner call and of a path looked for", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
import { existsSync } from "node:fs";
const cached = cacheFile("cache", { verbose: true });
const login = cached(function login(password: string, confirm = password) { return password.length + confirm.length; });
const note = cached(function note(password: string, path = "dir/" + password) { return existsSync("main.ts") ? 1 : path.length; });
const outer = cached(async function outer(credentials: string) { return await login(credentials) + await note(credentials); });
for (const secret of ["s3cr3tzz1qq", "s3cr3tzz2qq"]) {
  await login(secret + "x");
  await outer(secret);
}
console.log((await login.why("s3cr3tzz3qq")).summary);`,
  });
  const { stdout, stderr, code } = await project.run("main.ts");
  assertEquals(code, 0, stderr);
  assertEquals(stderr.includes("login: miss: args.password changed; args.confirm changed"), true, stderr);
  assertEquals((stdout + stderr).includes("s3cr3tzz"), false, stderr);
  for (const name of await filesBelow(project.path("cache"))) {
    const text = new TextDecoder("latin1").decode(await Deno.readFile(project.path(`cache/${name}`)));
    for (const form of ["s3cr3tzz", ...["", "a", "ab"].map((before) => btoa(`${before}s3cr3tzz1`).slice(4, 12))]) {
      assertEquals(text.includes(form), false, name);
    }
  }
});

Deno.test("an argument of an inner call that hides a secret in what it is made of is in no file; one without is stored", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("cache");
const inner = cached(function inner(value: unknown) { return typeof value; });
const outer = cached(async function outer(text: string) {
  const under = (prototype: object, own: object = { x: 1 }) => Object.assign(Object.create(prototype), own);
  const values = [
    under({ [Deno.args[0]!]: text }),
    under(under({ [Deno.args[0]!]: { deep: text } }, {})),
    Object.setPrototypeOf([1], under({ [Deno.args[0]!]: text }, {})),
    Object(Deno.args[0] + "=" + text),
    [Object(Symbol.for(Deno.args[0] + "=" + text))],
    Symbol.for(Deno.args[0] + "=" + text),
    { r: new RegExp(Deno.args[0] + "=" + text) },
    Object.assign(new Uint8Array(2), { [Deno.args[0]!]: text }),
    Object.assign(new ArrayBuffer(2), { [Deno.args[0]!]: text }),
    Object.assign(/x/, { [Deno.args[0]!]: text }),
    new DOMException(Deno.args[0] + "=" + text),
  ];
  for (const value of values) await inner(value);
  return values.length;
});
await outer(["s3cr3", "tzz1qq"].join(""));`,
  });
  for (const [name, isStored] of [["password", false], ["rate", true]] as const) {
    const { code, stderr } = await project.run("main.ts", { args: [name] });
    assertEquals(code, 0, stderr);
    const found = new Set<string>();
    // Only what stands in the arguments of inner calls: the text is shown as the argument of the outer call.
    const forms = ["", "a", "ab"].map((before) => btoa(`${before}s3cr3tzz1qq`).slice(4, 12));
    for (const name of await filesBelow(project.path("cache"))) {
      const text = new TextDecoder("latin1").decode(await Deno.readFile(project.path(`cache/${name}`)));
      for (const form of forms) if (text.includes(form)) found.add(form);
    }
    assertEquals(found.size > 0, isStored, name);
  }
});

Deno.test("a method named like a secret is none: an inner call with its object is made again alone", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "one");
  class Tool {
    constructor(readonly y: number) {}
    token() {
      return this.y;
    }
  }
  const inner = rig.cached({ codecs: [ofClass(Tool)] })(async function inner(tool: object) {
    return (await Deno.readTextFile(path)).length + Object.keys(tool).length * 0;
  });
  const outer = rig.cached()(async function outer(x: number) {
    return x + await inner(Object.assign(Object.create({ rate: 2 }), { y: 1 })) + await inner(new Uint8Array(2)) +
      await inner(new Tool(1));
  });
  await outer(1);
  await rig.write("a.txt", "two");
  await outer(1);
  assertEquals([rig.runs("inner"), rig.runs("outer")], [6, 1]);
});

Deno.test("a value beside the name of a secret is hidden: in a pair, in an object that names it, after an option", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "one");
  const inner = rig.cached()(async function inner(given: unknown) {
    return (await Deno.readTextFile(path)).length + JSON.stringify(given).length * 0;
  });
  const outer = rig.cached()(async function outer(x: number, name: string, option: string) {
    const rows = { name, value: "v" };
    return x + await inner(rows) + await inner(["run", option, "v"]) + await inner([{ Value: "v", Key: name }]);
  });
  await outer(1, "password", "--password");
  const keys = rig.of("stored").filter(({ fname }) => fname === "inner").map(({ key }) => key!);
  assertEquals(await Promise.all(keys.map((key) => shownOf(rig, key))), [
    { "args.given.name": '"password"', "args.given.value": null },
    { "args.given[0]": '"run"', "args.given[1]": '"--password"', "args.given[2]": null },
    { "args.given[0].Key": '"password"', "args.given[0].Value": null },
  ]);
  rig.forgetEvents();
  await outer(1, "author", "--author");
  const open = rig.of("stored").filter(({ fname }) => fname === "inner").map(({ key }) => key!);
  assertEquals(await Promise.all(open.map((key) => shownOf(rig, key))), [
    { "args.given.name": '"author"', "args.given.value": '"v"' },
    { "args.given[0]": '"run"', "args.given[1]": '"--author"', "args.given[2]": '"v"' },
    { "args.given[0].Key": '"author"', "args.given[0].Value": '"v"' },
  ]);

  await rig.write("a.txt", "two");
  rig.forgetEvents();
  await outer(1, "author", "--author");
  assertEquals([rig.runs("inner"), rig.runs("outer")], [3, 0], "its arguments are stored");
  await outer(1, "password", "--password");
  assertEquals([rig.runs("inner"), rig.runs("outer")], [6, 1], "those with a secret are not");
});
