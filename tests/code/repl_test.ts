import { assert, assertEquals } from "@std/assert";
import { type Outcome, Project } from "../support/project.ts";

const SETUP = `import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("./cache", { verbose: true });`;

/** Pipes lines into `deno repl` in a project's folder, to their end. */
async function typeInto(project: Project, lines: string, flags: readonly string[] = ["-A"]): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["repl", "--no-lock", ...flags],
    cwd: project.folder,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(lines));
  await writer.close();
  const { code, stdout, stderr } = await child.output();
  const text = new TextDecoder().decode(stdout);
  return {
    code,
    stdout: text,
    stderr: new TextDecoder().decode(stderr),
    json: () => JSON.parse(text.trimEnd().split("\n").at(-1)!),
  };
}

/** What the cache said, without durations. */
function saidIn({ stderr }: Outcome): string[] {
  const lines = stderr.split("\n").filter((line) => line.startsWith("cachepy: "));
  return lines.map((line) => line.slice("cachepy: ".length).replace(/ in [\d.]+ m?s, saved .*/, ""));
}

Deno.test("lines of a REPL hit, miss when another line changed what they use, and keep their values", async () => {
  await using project = await Project.create({ "lib.ts": "export const scale = (x: number) => x * 10;\n" });
  const outcome = await typeInto(
    project,
    `${SETUP}
import { scale } from "./lib.ts";
let RATE = 2; function helper(x: number) { return scale(x) * RATE; }
const f = cached(function f(x: number) { return helper(x); });
const values = [];
values.push(await f(1))
values.push(await f(1))
RATE = 3;
values.push(await f(1))
RATE = 2;
values.push(await f(1))
function helper(x: number) { return scale(x) * RATE + 1; }
values.push(await f(1))
let RATE = 5
values.push(await f(1))
helper = (x) => x;
values.push(await f(1))
const f = cached(function f(x: number) { return helper(x); });
values.push(await f(1))
JSON.stringify(values)
`,
  );
  assertEquals(outcome.code, 0, outcome.stderr);
  assertEquals(saidIn(outcome), [
    "f: first execution",
    "f: hit",
    "f: miss: RATE @ (eval): 2 → 3",
    "f: hit",
    "f: miss: code changed: helper @ (eval)",
    "f: miss: RATE @ (eval): 2 → 5",
    "f: miss: code changed: helper @ (eval); code removed: RATE @ (eval), scale @ lib.ts",
    "f: hit",
  ]);
  assert(outcome.stdout.includes('"[20,20,30,20,21,51,1,1]"'), outcome.stdout);
});

Deno.test("a REPL outlives calls at once, calls that nobody waits for, questions, errors and timers", async () => {
  await using project = await Project.create({});
  const outcome = await typeInto(
    project,
    `${SETUP}
let RATE = 2;
const f = cached(function f(x: number) { return x * RATE; });
await Promise.all([f(1), f(2), f(1), f.key(1), f.has(1), f.why(1)]).then((all) => all.length)
for (let i = 0; i < 5; i++) await f(i)
const later = Array.from({ length: 10 }, (_, index) => f(index + 10));
f(1); f.why(2); f(3)
f(1); throw new Error("of the line")
let open; const gate = new Promise((resolve) => open = resolve);
const waits = cached(async function waits(x: number) { await gate; return await f(x); }); const waiting = waits(1);
open(); await waiting
setTimeout(() => f(1), 1); setTimeout(() => f.has(1), 2); await new Promise((resolve) => setTimeout(resolve, 70))
f(1).then(() => f(2)).then(() => f.with({ force: true })(3)).then(() => f.forget(3)); queueMicrotask(() => f(4))
await new Promise((resolve) => setTimeout(resolve, 70)); await f(1)
Deno.test("in the line", async () => { await f(1); await f(20); })
"sum " + (await Promise.all(later)).reduce((a, b) => a + b)
`,
  );
  assertEquals([outcome.code, /panic/.exec(outcome.stderr)], [0, null], outcome.stderr);
  assert(outcome.stdout.includes("Error: of the line"));
  assert(outcome.stdout.includes("1 passed"), outcome.stdout);
  assert(outcome.stdout.includes('"sum 290"'));
});

Deno.test("state in the line that declares it is left out and named; from another line the result is not stored", async () => {
  await using project = await Project.create({});
  const outcome = await typeInto(
    project,
    `${SETUP}
let count = 0; const here = cached(function here(x: number) { count += x; return x + count; });
await here(1)
await here(1)
let other = 0;
const there = cached(function there(x: number) { other += x; return x + other; });
await there(1)
await there(1)
`,
  );
  assertEquals(saidIn(outcome), [
    "warning: here: left out: count @ (eval), state that the code writes",
    "here: first execution",
    "here: hit",
    "there: first execution",
    "warning: there: a value that the function captures (other @ (eval)) changed while it ran; " +
    "the result is returned and not stored",
    "there: first execution",
  ]);
});

Deno.test("a reader that a line took out of node:fs is named; what is asked of fs itself is observed", async () => {
  await using project = await Project.create({ "data.txt": "one" });
  const outcome = await typeInto(
    project,
    `import fs, { readFileSync } from "node:fs";
${SETUP}
const taken = cached(function taken() { return readFileSync("data.txt", "utf8"); });
const asked = cached(function asked() { return fs.readFileSync("data.txt", "utf8"); });
await taken() + await asked()
await Deno.writeTextFile("data.txt", "two");
await asked()
`,
  );
  const said = saidIn(outcome);
  assertEquals(said.filter((line) => line.startsWith("warning: ")).length, 1);
  assert(said[0]?.startsWith("warning: taken: what it reads through readFileSync from node:fs cannot be observed"));
  assertEquals(said.slice(1), ["taken: first execution", "asked: first execution", "asked: miss: data.txt changed"]);
});

Deno.test("a debugger's console can call cached functions", async () => {
  await using project = await Project.create({
    "main.ts": `${SETUP}
let RATE = 2;
const f = cached(function f(x: number) { return x * RATE; });
Object.assign(globalThis, { f, setRate: (rate: number) => RATE = rate });
await f(1);
console.log("ready");
setInterval(() => {}, 1000);
`,
  });
  const child = project.command("main.ts", { flags: ["-A", `--inspect=127.0.0.1:${freePort()}`] }).spawn();
  const said = child.stderr.pipeThrough(new TextDecoderStream()).getReader();
  const printed = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const [, address] = await readUntil(said, /listening on (ws:\S+)/);
  await readUntil(printed, /ready/);
  const socket = new WebSocket(address!);
  await new Promise((resolve, reject) => [socket.onopen, socket.onerror] = [resolve, reject]);
  const answers = new Map<number, (result: { result?: { value: unknown } }) => void>();
  socket.onmessage = ({ data }) => {
    const { id, result } = JSON.parse(data);
    answers.get(id)?.(result);
  };
  const ask = (method: string, params: object = {}): Promise<{ result?: { value: unknown } }> => {
    const id = answers.size + 1;
    const answered = new Promise<{ result?: { value: unknown } }>((resolve, reject) => {
      answers.set(id, resolve);
      socket.onclose = () => reject(new Error(`The program ended at ${JSON.stringify(params)}`));
    });
    socket.send(JSON.stringify({ id, method, params }));
    return answered;
  };
  await ask("Runtime.enable");
  await ask("Debugger.enable");
  try {
    const values: unknown[] = [];
    for (
      const one of ["f(1)", "f(1)", "setRate(5), f(1)", "Promise.all([f(1), f(2), f.has(1)])", "f(1), f(3), 0"]
    ) {
      const { result } = await ask("Runtime.evaluate", { expression: one, awaitPromise: true, returnByValue: true });
      values.push(result?.value);
    }
    assertEquals(values, [2, 2, 5, [5, 10, true], 0]);
  } finally {
    socket.onclose = null;
    socket.close();
    child.kill();
    await Promise.all([child.status, said.cancel(), printed.cancel()]);
  }
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Reads a stream up to the first match. */
async function readUntil(reader: ReadableStreamDefaultReader<string>, pattern: RegExp): Promise<RegExpExecArray> {
  for (let text = "";;) {
    const { value, done } = await reader.read();
    const found = pattern.exec(text += value ?? "");
    if (found) return found;
    if (done) throw new Error(text);
  }
}

Deno.test("a function without a name is shown by the variable of its line", async () => {
  await using project = await Project.create({});
  const outcome = await typeInto(
    project,
    `${SETUP}
const load = cached(async (x) => x + 1);
await load(1);
const steps = { clean: cached((x) => x * 2) };
await steps.clean(4);
await steps.clean(5);
await load(1);
`,
  );
  assertEquals(saidIn(outcome), [
    "load: first execution",
    "clean: first execution",
    "clean: miss: args.x: 4 → 5",
    "load: hit",
  ]);
});
