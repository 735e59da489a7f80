// deno-lint-ignore-file no-console -- functions that print are what is tested
import { assertEquals } from "@std/assert";
import { bignumber, complex, matrix, unit } from "mathjs";
import { Matrix } from "ml-matrix";
import { Rig } from "../support/rig.ts";
import { checkEdits, type EditedProgram } from "../support/edited.ts";

const edit = (find: string | RegExp, replace: string) => ({ file: "steps.ts", find, replace });
const { debug } = console;
const info = console.info;
const holder = { debug: console.debug, bound: console.info.bind(console) };
const name = "debug";

/** Functions that print, by what they use for it. All of them are silent themselves: they print at unseen levels. */
const PRINTERS: Readonly<Record<string, (value: number) => number>> = {
  "a method of the console": (value) => {
    if (value < 0) console.log(value), console.error(value), console.table([value]);
    return value;
  },
  "a method taken out of the console": (value) => (value < 0 && debug(value), value),
  "another one": (value) => (value < 0 && info(value), value),
  "methods in an object, one of them bound": (
    value,
  ) => (value < 0 && (holder.debug(value), holder.bound(value)), value),
  "a method as a callback": (value) => ([value].filter((one) => one < 0).forEach(console.log), value),
  "the console of the global object": (value) => (value < 0 && globalThis.console.log(value), value),
  "a method by a computed name": (value) => (value < 0 && console[name](value), value),
};

Deno.test("a function that prints is no reason for a warning", async (t) => {
  for (const [what, print] of Object.entries(PRINTERS)) {
    await t.step(what, async () => {
      await using rig = await Rig.open();
      const step = rig.cached({ name: "print" })(print);
      assertEquals([await step(2), await step(2), rig.runs(), rig.of("notice")], [2, 2, 1, []]);
    });
  }
});

Deno.test("a console of the user's own counts", (t) =>
  checkEdits(t, [{
    name: "a stand-in for a method of the console",
    files: {
      "steps.ts": `const lines = ["a"];
console.debug = (value) => value * 2;
export const f = cached()(function f(x) { return console.debug(x); });`,
    },
    fires: [edit("value * 2", "value * 3")],
    quiet: [edit('["a"]', '["b"]')],
  }]));

const ALIASES: readonly EditedProgram[] = [
  {
    name: "a constant that is the global object",
    files: {
      "steps.ts": `const g = globalThis;
g.rateOfAlias = 2; g.otherOfAlias = 1;
export const f = cached()(function f(x) { return g.Math.abs(x) * g.rateOfAlias + (g.setTimeout ? 1 : 0); });`,
    },
    fires: [edit("rateOfAlias = 2", "rateOfAlias = 3")],
    quiet: [edit("otherOfAlias = 1", "otherOfAlias = 2")],
  },
  {
    name: "the form of universal modules, imported",
    files: {
      "steps.ts": `import { root } from "./root.js";
root.rateOfRoot = (x) => x * 2;
export const f = cached()(function f(x) { return root.JSON.stringify(root.rateOfRoot(x)); });`,
      "root.js":
        `export const root = typeof globalThis === "object" ? globalThis : typeof self === "object" ? self : {};`,
    },
    fires: [edit("x * 2", "x * 3")],
  },
  {
    name: "a member that is the global object",
    files: {
      "steps.ts": `const env = { root: globalThis };
env.root.rateOfMember = 2; env.root.otherOfMember = 1;
export const f = cached()(function f(x) { return env.root.Math.abs(x) * env.root.rateOfMember; });`,
    },
    fires: [edit("rateOfMember = 2", "rateOfMember = 3")],
    quiet: [edit("otherOfMember = 1", "otherOfMember = 2")],
  },
  {
    name: "a variable that leaves the global object",
    files: {
      "steps.ts": `let g = globalThis;
globalThis.rateOfLate = 2;
export const leave = () => { g = { rateOfLate: 1 }; };
export const f = cached()(function f(x) { return x * g.rateOfLate; });`,
    },
    fires: [edit("rateOfLate = 2", "rateOfLate = 3")],
  },
  {
    name: "the global object as a whole, which is named",
    files: {
      "steps.ts": `const g = globalThis, env = { g };
const read = (object) => object.Math.abs(-1), look = (object) => object.g.Math.abs(-1);
export const f = cached()(function f(x) { return x * 2 * read(g) * look(env); });`,
    },
    fires: [edit("x * 2", "x * 3")],
    notices: ["the inside of a captured globalThis", "what is read of globalThis as a whole"],
  },
];

Deno.test("another name of the global object is no reason for a warning", (t) => checkEdits(t, ALIASES));

Deno.test("an instance of a package's class that counts by its content is not said to count by its kind", async (t) => {
  const makers = { bignumber, complex: (n: number) => complex(n, 1), matrix: (n: number) => matrix([n]) };
  const others = { unit: (n: number) => unit(n, "cm"), rows: (n: number) => new Matrix([[n]]) };
  for (const [name, make] of Object.entries<(n: number) => unknown>({ ...makers, ...others })) {
    await t.step(name, async () => {
      await using rig = await Rig.open();
      const step = rig.cached({ name })((value: unknown) => typeof value);
      for (const n of [1, 2, 1]) await step(make(n));
      assertEquals([rig.runs(), rig.of("notice")], [2, []]);
    });
  }
});

const spaces = { numbers: Math, texts: JSON };
const largest = Math.max.bind(Math);
const write = JSON.stringify.bind(JSON);

/** Functions that hold an object of the language that has functions, by how they hold it. */
const NAMESPACES: Readonly<Record<string, (value: number) => unknown>> = {
  "a bound function": (value) => largest(value, 1),
  "another one": (value) => write([value]),
  "an object with two of them": (value) => Object.values(spaces).length + spaces.numbers.abs(value),
  "a list": (value) => [Intl, Reflect, Atomics, WebAssembly].length + value,
};

Deno.test("an object of the language that has functions is no reason for a warning", async (t) => {
  for (const [what, fn] of Object.entries(NAMESPACES)) {
    await t.step(what, async () => {
      await using rig = await Rig.open();
      const step = rig.cached({ name: "space" })(fn);
      assertEquals([await step(2), await step(2), rig.runs(), rig.of("notice")], [fn(2), fn(2), 1, []]);
    });
  }
});
