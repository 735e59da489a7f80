import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { checkEdits, type EditedProgram } from "../support/edited.ts";
import { Variants } from "../support/variants.ts";

const edit = (find: string | RegExp, replace: string, file = "steps.ts") => ({ file, find, replace });

const PROGRAMS: readonly EditedProgram[] = [
  {
    name: "`this` at the top level of a module is undefined",
    files: {
      "steps.ts":
        `import { scale } from "./lib.js";\nexport const f = cached()(function f(x) { return scale(x)(3); });`,
      "lib.js": `const call = (fn, self, x) => fn.call(self, x);
export const scale = (x) => (y) => call((a) => a * 2, this, x * y);`,
    },
    fires: [edit("a * 2", "a * 3", "lib.js")],
    quiet: [edit("export const scale", "// scales\nexport const scale", "lib.js")],
  },
  {
    name: "code that a compiler made asks for helpers of `this`",
    files: {
      "steps.ts": `import { lib } from "./lib.js";\nexport const f = cached()(function f(x) { return lib(x); });`,
      "lib.js": `export const lib = (x) => ((this && this.__twice) || ((y) => y * 2))(x);`,
    },
    fires: [edit("y * 2", "y * 3", "lib.js")],
  },
  {
    name: "`this` of a CommonJS script is its exports",
    files: {
      "steps.ts": `import { createRequire } from "node:module";
const lib = createRequire(import.meta.url)("./lib.cjs");
export const f = cached()(function f(x) { return lib.f(x); });`,
      "lib.cjs": `exports.rate = 2;\nexports.other = 1;\nexports.f = (x) => x * this.rate;`,
    },
    fires: [edit("rate = 2", "rate = 3", "lib.cjs")],
    quiet: [edit("other = 1", "other = 2", "lib.cjs")],
  },
  {
    name: "`this` in a field and in a constructor is the instance",
    files: {
      "steps.ts": `class Button {
  other = 1;
  handle = (x) => x * this.rate;
  constructor(rate) { this.rate = rate; this.late = (x) => x + this.rate; }
}
const button = new Button(2);
export const f = cached()(function f(x) { return button.handle(x) + button.late(x); });`,
    },
    fires: [edit("new Button(2)", "new Button(3)")],
  },
  {
    name: "`this` in a static field and in a static block is the class",
    files: {
      "steps.ts": `class Rates {
  static rate = 2;
  static other = 1;
  static times = (x) => x * this.rate;
  static plus;
  static { this.plus = (x) => x + this.rate; }
}
const { plus } = Rates;
export const f = cached()(function f(x) { return Rates.times(x) + plus(x); });`,
    },
    fires: [edit("static rate = 2", "static rate = 3")],
  },
  {
    name: "`this` in a function that makes an object is the object",
    files: {
      "steps.ts": `function Point(x) { this.x = x; this.norm = () => Math.abs(this.x); }
const p = new Point(-2);
export const f = cached()(function f(x) { return p.norm() * x; });`,
    },
    fires: [edit("new Point(-2)", "new Point(-3)")],
  },
];

Deno.test("`this` of an arrow function is what surrounds the function in its script", (t) => checkEdits(t, PROGRAMS));

/** Programs in which nobody can tell the receiver; each is run again in each process, and says so. */
const UNKNOWN: Readonly<Record<string, string>> = {
  "a method's arrow in a table of another object": `const maker = { rate: 2, make() { return (x) => x * this.rate; } };
const table = { f: maker.make() };
export const f = cached()(function f(x) { return table.f(x); });`,
  "a class's arrow in a table": `class A { rate = 2; make() { return (x) => x * this.rate; } }
const table = { f: new A().make() };
export const f = cached()(function f(x) { return table.f(x); });`,
  "an arrow of a plain function": `function make() { return (x) => x * this.rate; }
const g = make.call({ rate: 2 });
export const f = cached()(function f(x) { return g(x); });`,
  "an arrow of a class that is made twice":
    `const make = (rate) => class { static rate = rate; static f = (x) => x * this.rate; };
const one = make(1), { f: g } = make(2);
export const f = cached()(function f(x) { return g(x) + one.rate; });`,
};

Deno.test("a receiver that nobody can tell is named, and nothing old is returned", async (t) => {
  await using variants = await Variants.open();
  const cases = Object.values(UNKNOWN).map((text, index) => [`case-${index}`, { "steps.ts": text }] as const);
  await variants.add("base", Object.fromEntries(cases));
  const [base] = await variants.run(["base"]);
  for (const [index, text] of Object.values(UNKNOWN).entries()) {
    const change = /rate = 2|rate: 2|make\(2\)/.exec(text)![0];
    await variants.copy(`edit-${index}`, "base", `case-${index}`, [edit(change, change.replace("2", "3"))]);
  }
  const edited = await variants.run(Object.keys(cases).map((index) => `edit-${index}`));
  for (const [index, name] of Object.keys(UNKNOWN).entries()) {
    await t.step(name, () => {
      assertStringIncludes(base![`case-${index}`]!.notices.join("\n"), "not tracked: this in ");
      const { ran, stale } = edited[index]![`case-${index}`]!;
      assertNotEquals(ran, []);
      assertEquals(stale, []);
    });
  }
});

const inLib = (find: string | RegExp, replace: string) => edit(find, replace, "lib.js");

/** A library whose functions curry, as some libraries do, with more members than the step uses. */
const CURRY = `const curry = (fn) => function curried(a, b) {
  return arguments.length < 2 ? (c) => fn.call(this, a, c) : fn.apply(this, arguments);
};
`;
const STEP = `import * as lib from "./lib.js";\nexport const f = cached()(function f(x) { return lib.use(x, 3); });`;
const OTHER = `\nexport const other = curry((a, b) => a - b);\nexport const size = 1;\n`;

const CALLED: readonly EditedProgram[] = [
  {
    name: "a namespace whose functions hand `this` on to functions that do not read it",
    files: { "steps.ts": STEP, "lib.js": `${CURRY}export const use = curry((a, b) => a * b);${OTHER}` },
    fires: [inLib("a * b", "a * b + 1")],
    quiet: [inLib("a - b", "a - b + 1"), inLib("size = 1", "size = 2")],
  },
  {
    name: "a function that reads `this`, behind two that hand it on",
    files: {
      "steps.ts": STEP,
      "lib.js": `${CURRY}const inner = curry(function (a, b) { return a * b * this.size; });
export const use = curry(inner);${OTHER}`,
    },
    fires: [inLib("size = 1", "size = 2"), inLib("a * b", "a * b + 1")],
  },
  {
    name: "an object literal whose methods hand `this` on, also from an arrow function and in a circle",
    files: {
      "steps.ts":
        `import { lib } from "./lib.js";\nexport const f = cached()(function f(x) { return lib.use(x, 3); });`,
      "lib.js": `function even(a) { return a === 0 ? 0 : (() => odd.call(this, a - 1))(); }
function odd(a) { return a === 0 ? 1 : even.call(this, a - 1); }
export const lib = { size: 1, use(a) { return even.call(this, a); }, other: (a) => a };`,
    },
    fires: [inLib("? 1", "? 2"), inLib("? 0", "? 5")],
    quiet: [inLib("size: 1", "size: 2"), inLib("other: (a) => a", "other: (a) => a + 1")],
  },
  {
    name: "a function that hands `this` to a function that it is given",
    files: {
      "steps.ts": `import * as lib from "./lib.js";
export const f = cached()(function f(x) { return lib.use(function (a) { return a * this.size; }, x); });`,
      "lib.js": `${CURRY}export function use(fn, x) { return fn.call(this, x); }${OTHER}`,
    },
    fires: [inLib("size = 1", "size = 2")],
  },
  {
    name: "a member whose `call` is its own, and a receiver that goes elsewhere",
    files: {
      "steps.ts": `import * as lib from "./lib.js";
export const f = cached()(function f(x) { return lib.use(x) + lib.self(x); });`,
      "lib.js": `const fn = Object.assign(() => 1, { call: (self, a) => self.size * a });
const sizeOf = (one, a) => one.size + a;
export function use(a) { return fn.call(this, a); }
export function self(a) { const me = this; return sizeOf(me, a); }
export const size = 1;`,
    },
    fires: [inLib("size = 1", "size = 2")],
  },
  {
    name: "functions of a package and of the platform that are handed the receiver",
    files: {
      "steps.ts":
        `import { lib } from "./lib.js";\nexport const f = cached()(function f(x) { return lib.use(x) + lib.has("size"); });`,
      "lib.js": `const has = Object.prototype.hasOwnProperty, join = Array.prototype.join;
export const lib = {
  0: "a", length: 1, size: 1,
  use(x) { return join.call(this, x); },
  has(name) { return has.call(this, name); },
};`,
    },
    fires: [inLib('0: "a"', '0: "b"'), inLib("size: 1", "sizes: 1")],
  },
];

Deno.test("the object before the dot counts when the method, or what it hands `this` to, reads it", (t) =>
  checkEdits(t, CALLED));
