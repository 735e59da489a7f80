/** What an outer call depends on of an inner one whose result has classes, codecs and captured objects in it. */
import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";
import { Rig } from "../support/rig.ts";

/** Runs a script, and returns what it printed and the functions that ran. */
async function runOf(project: Project): Promise<{ value: unknown; ran: string[] }> {
  const { json } = await project.run("main.ts");
  return json<{ value: unknown; ran: string[] }>();
}

const BEGIN = `
import { cacheFile } from "@bimsb/cachepy";
const ran: string[] = [];
const cached = cacheFile("cache", { onEvent: (event) => void (event.kind === "run" && ran.push(event.fname)) });
`;

Deno.test("an edit of the class of an inner result runs the outer call again; an edit beside it does not", async () => {
  await using project = await Project.create({
    "main.ts": `${BEGIN}
class Money {
  constructor(public cents: number) {}
  format() { return (this.cents / 100).toFixed(2); }
}
const load = cached(function load() { const rate = 1; return new Money(1999 * rate); });
const report = cached(async function report() { return "total " + (await load()).format(); });
console.log(JSON.stringify({ value: await report(), ran }));`,
  });
  assertEquals(await runOf(project), { value: "total 19.99", ran: ["load", "report"] });
  assertEquals(await runOf(project), { value: "total 19.99", ran: [] });
  await project.edit("main.ts", "toFixed(2)", "toFixed(1)");
  assertEquals(await runOf(project), { value: "total 20.0", ran: ["load", "report"] });
  await project.edit("main.ts", "const rate = 1;", "const rate = 2 - 1;");
  assertEquals(await runOf(project), { value: "total 20.0", ran: ["load"] });
});

Deno.test("an edit of the codec of an inner result runs the outer call again", async () => {
  await using project = await Project.create({
    "main.ts": `${BEGIN}
class Secret {
  #x: number;
  constructor(x: number) { this.#x = x; }
  get x() { return this.#x; }
  get raw() { return this.#x; }
}
const codec = { name: "Secret", is: (v: unknown) => v instanceof Secret, encode: (s: Secret) => s.raw, decode: (x: number) => new Secret(x) };
const load = cached({ codecs: [codec] })(function load() { return new Secret(2); });
const report = cached(async function report() { return (await load()).x + 1; });
console.log(JSON.stringify({ value: await report(), ran }));`,
  });
  assertEquals(await runOf(project), { value: 3, ran: ["load", "report"] });
  assertEquals(await runOf(project), { value: 3, ran: [] });
  await project.edit("main.ts", "get x() { return this.#x;", "get x() { return this.#x * 2;");
  assertEquals(await runOf(project), { value: 5, ran: ["load", "report"] });
});

Deno.test("an inner call with an instance as argument can be made again", async () => {
  await using project = await Project.create({
    "main.ts": `${BEGIN}
class Table {
  constructor(public rows: number[]) {}
  above(least: number) { return new Table(this.rows.filter((row) => row > least)); }
}
const LEAST = 1;
const wet = cached(function wet(table: Table) { return new Table(table.above(LEAST).rows); });
const count = cached(async function count() { return (await wet(new Table([1, 2, 3]))).rows.length; });
console.log(JSON.stringify({ value: await count(), ran }));`,
  });
  assertEquals(await runOf(project), { value: 2, ran: ["wet", "count"] });
  assertEquals(await runOf(project), { value: 2, ran: [] });
  await project.edit("main.ts", "LEAST = 1", "LEAST = 0");
  assertEquals(await runOf(project), { value: 3, ran: ["wet", "count"] });
  await project.edit("main.ts", "LEAST = 0", "LEAST = 0.5");
  assertEquals(await runOf(project), { value: 3, ran: ["wet"] });
});

Deno.test("an object that the function captures comes back itself, so that what asks for it finds it", async () => {
  await using project = await Project.create({
    "main.ts": `${BEGIN}
class Color {
  static readonly RED = new Color("red");
  static readonly BLUE = new Color("blue");
  private constructor(readonly name: string) {}
  get isRed() { return this === Color.RED; }
}
const NIL = { nil: true };
class Node { next: object = NIL; get isLast() { return this.next === NIL; } }
const TABLE = [{ a: 1 }];
const pick = cached(function pick(hot: boolean) { return hot ? Color.RED : Color.BLUE; });
const paint = cached(function paint(color: Color) { return color === Color.RED ? "warm" : "cold"; });
const node = cached(function node() { return [new Node(), { color: Color.BLUE }] as const; });
const table = cached(function table() { return TABLE; });
const red = await pick(true);
const [last, { color }] = await node();
console.log(JSON.stringify({
  value: [red === Color.RED, red.isRed, await paint(red), last.isLast, color === Color.BLUE, await table() === TABLE],
  ran,
}));`,
  });
  const value = [true, true, "warm", true, true, true];
  assertEquals(await runOf(project), { value, ran: ["pick", "node", "paint", "table"] });
  assertEquals(await runOf(project), { value, ran: [] });
  await project.edit("main.ts", "{ a: 1 }", "{ a: 2 }");
  assertEquals(await runOf(project), { value, ran: ["table"] });
});

Deno.test("state that a function returns is a copy of what it was", async () => {
  await using rig = await Rig.open();
  const log: number[] = [];
  const note = rig.cached()(function note(n: number) {
    log.push(n);
    return log;
  });
  assertEquals((await note(1)).length, 1);
  log.push(7);
  assertEquals(await note(1), [1]);
});

Deno.test("concurrent callers of a result of which no copy can be made get one each", async () => {
  await using rig = await Rig.open();
  const page = rig.cached()(async function page() {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return new Response("body");
  });
  const texts = await Promise.all([page(), page(), page()].map(async (one) => await (await one).text()));
  assertEquals(texts, ["body", "body", "body"]);
  const table = rig.cached()(async function table() {
    await new Promise((resolve) => setTimeout(resolve, 20));
    return { rows: [1] };
  });
  rig.forgetEvents();
  const tables = await Promise.all([table(), table()]);
  assertEquals([rig.runs(), tables[0] === tables[1]], [1, false]);
});

Deno.test("an inner call whose argument cannot be stored is looked up by its record, and is made again when that is stale", async () => {
  await using project = await Project.create({
    "data.txt": "1",
    "main.ts": `${BEGIN}
class Table { constructor(readonly rows: number[]) {} }
const load = cached({ fileArgs: ["path"], filePattern: /x/ })(function load(path: string) {
  return new Table([Number(Deno.readTextFileSync(path))]);
});
const LEAST = 0;
const wet = cached({ version: "1" })(function wet(table: Table) {
  return table.rows.filter((row) => row > LEAST).length + Number(Deno.readTextFileSync("data.txt"));
});
const report = cached(async function report() { return await wet(await load("data.txt")); });
console.log(JSON.stringify({ value: await report(), ran }));`,
  });
  assertEquals(await runOf(project), { value: 2, ran: ["load", "wet", "report"] });
  for (let round = 0; round < 2; round++) assertEquals(await runOf(project), { value: 2, ran: [] });
  await project.edit("main.ts", "LEAST = 0", "LEAST = 1");
  assertEquals(await runOf(project), { value: 1, ran: ["wet", "report"] });
  assertEquals(await runOf(project), { value: 1, ran: [] });
  await project.edit("main.ts", 'version: "1"', 'version: "2"');
  assertEquals(await runOf(project), { value: 1, ran: ["wet", "report"] });
  await project.write("data.txt", "5");
  assertEquals(await runOf(project), { value: 6, ran: ["load", "wet", "report"] });
  assertEquals(await runOf(project), { value: 6, ran: [] });
});

Deno.test("a call around one whose result cannot be stored is not stored, which is said, and runs the inner one once", async () => {
  await using rig = await Rig.open();
  const inner = rig.cached()(function inner() {
    return { f: () => 1 };
  });
  const outer = rig.cached()(async function outer() {
    return (await inner()).f() + 1;
  });
  for (let round = 1; round < 3; round++) {
    assertEquals(await outer(), 2);
    assertEquals([rig.runs("inner"), rig.runs("outer")], [round, round]);
  }
  assertEquals(await outer.has(), false);
  assertEquals(rig.of("raced").at(-1)?.changed, [
    "nothing tells whether the result of inner, which cannot be stored,",
  ]);
});

Deno.test("a part of a captured table comes back itself, by whatever way the code gets at it", async () => {
  await using project = await Project.create({
    "main.ts": `${BEGIN}
const LEVELS = Object.freeze({ low: Object.freeze({ n: 1 }), high: Object.freeze({ n: 2 }) });
const ROWS = Array.from({ length: 3000 }, (_, at) => ({ at }));
const level = cached(function level(name: "low" | "high") { return LEVELS[name]; });
const even = cached(function even() { return ROWS.filter(({ at }) => at % 2 === 0); });
const listed = cached(function listed() { return Object.values(LEVELS); });
const view = new Float64Array(4);
const part = cached(function part() { return view.subarray(1); });
const which = cached(async function which(name: "low" | "high") {
  return (await level(name)) === LEVELS.high ? "high" : "low";
});
const rows = await even();
console.log(JSON.stringify({
  value: [await level("high") === LEVELS.high, rows.length, rows[7] === ROWS[14], (await listed())[0] === LEVELS.low,
    (await part()).buffer === view.buffer, await which("high")],
  ran,
}));`,
  });
  const value = [true, 1500, true, true, true, "high"];
  assertEquals(await runOf(project), { value, ran: ["even", "level", "listed", "part", "which"] });
  assertEquals(await runOf(project), { value, ran: [] });
});

Deno.test("where an inner call made an error that it returns does not count for the outer one", async () => {
  await using project = await Project.create({
    "main.ts": `${BEGIN}
const check = cached(function check(n: number) { return { n, errors: [new RangeError("row " + n)] }; });
const report = cached(async function report() { const { n, errors } = await check(1); return n + errors.length; });
console.log(JSON.stringify({ value: await report(), ran }));`,
  });
  assertEquals(await runOf(project), { value: 2, ran: ["check", "report"] });
  await project.edit("main.ts", "return { n, errors:", "const m = n;\n  return { n: m, errors:");
  assertEquals(await runOf(project), { value: 2, ran: ["check"] });
  await project.edit("main.ts", '"row "', '"line "');
  assertEquals(await runOf(project), { value: 2, ran: ["check", "report"] });
});
