/** Methods of classes: those that reached code can name count, those that it cannot name cost nothing. */
import { assertEquals } from "@std/assert";
import { faultsOf, type ProgramPair } from "../support/program_pairs.ts";

/** Classes and bodies that never reach the member with `7`, which the edit makes `8`. */
const QUIET: readonly (readonly [name: string, members: string, body: string])[] = [
  ["a method", "one() { return 1; } two() { return 7; }", "new A().one()"],
  ["a static method", "one() { return 1; } static two() { return 7; }", "new A().one()"],
  ["an accessor", "one() { return 1; } get two() { return 7; }", "new A().one()"],
  ["a setter", "one() { return 1; } set two(x) { this.x = 7; }", "new A().one()"],
  [
    "a private method of such a method",
    "one() { return 1; } #two() { return 7; } three() { return this.#two(); }",
    "new A().one()",
  ],
  ["an accessor under a quoted name", 'one() { return 1; } get "two words"() { return 7; }', "new A().one()"],
  ["a method that calls itself", "one() { return 1; } two(n) { return n ? this.two(n - 1) : 7; }", "new A().one()"],
  ["a helper of such a method", "one() { return 1; } two() { return helper(); }", "new A().one()"],
  ["a generator", "one() { return 1; } *two() { yield 7; }", "new A().one()"],
  [
    "beside lists by index",
    "one(xs) { let s = 0; for (let i = 0; i < xs.length; i++) s += xs[i]; return s; } two() { return 7; }",
    "new A().one([1, 2])",
  ],
  [
    "beside counts in an object of its own",
    "one(xs) { const n = {}; for (const x of xs) n[x] = (n[x] ?? 0) + 1; return n; } two() { return 7; }",
    'new A().one(["a"])',
  ],
  ["beside a key of that name", "one() { return { two: 1 }; } two() { return 7; }", "new A().one()"],
  ["beside JSON, for a method", "one() { return 1; } two() { return 7; }", "JSON.stringify(new A())"],
  [
    "beside reads and logs",
    "one() { return 1; } two() { return 7; }",
    '(console.log("x"), Deno.readTextFileSync("deno.json").length > 0 && new A().one())',
  ],
];

/** Classes and bodies that reach that member, by every way that the language and the platform have. */
const FIRES: readonly (readonly [name: string, members: string, body: string])[] = [
  ["by its name", "two() { return 7; }", "new A().two()"],
  ["by another method", "one() { return this.two(); } two() { return 7; }", "new A().one()"],
  ["by a method of another class", "two() { return 7; }", "new B().of(new A())"],
  ["by a subclass", "two() { return 7; }", "new C().three()"],
  ["by a key in quotes", "two() { return 7; }", 'new A()["two"]()'],
  ["by a key that is computed", "two() { return 7; }", 'new A()[["t", "wo"].join("")]()'],
  ["by a key that is given", "two() { return 7; }", "new A()[key]()"],
  ["by a pattern", "two() { return 7; }", "(({ two }) => two())(new A())"],
  ["by a pattern with a key that is given", "two() { return 7; }", "(({ [key]: f }) => f())(new A())"],
  ["by being asked for", "two() { return 7; }", "(key in A.prototype) + A.prototype[key]()"],
  [
    "by a list of names",
    "two() { return 7; }",
    "Object.getOwnPropertyNames(A.prototype).map((k) => k.length + A.prototype.two())",
  ],
  ["by descriptors", "two() { return 7; }", "Object.values(Object.getOwnPropertyDescriptors(A.prototype))[1].value()"],
  ["by Reflect", "two() { return 7; }", "Reflect.get(new A(), key)()"],
  ["by its text", "two() { return 7; }", "String(A)"],
  ["by JSON", "toJSON() { return 7; }", "JSON.stringify(new A())"],
  ["by a list for JSON", "get two() { return 7; }", "JSON.stringify(new A(), [key])"],
  ["by a template", "toString() { return 7; }", "`${new A()}`"],
  ["by arithmetic", "valueOf() { return 7; }", "new A() + 1"],
  ["by a symbol", "*[Symbol.iterator]() { yield 7; }", "[...new A()]"],
  [
    "by iteration",
    "[Symbol.iterator]() { return this; } next() { return { done: this.d, value: (this.d = true, 7) }; }",
    "Array.from(new A())",
  ],
  ["by await", "then(f) { f(7); }", "Promise.resolve(new A())"],
  ["by an assignment that copies", "set two(x) { this.x = 7; }", "Object.assign(new A(), given).x"],
  [
    "by an assignment with a key",
    "set two(x) { this.x = 7; }",
    "(() => { const a = new A(); a[key] = 1; return a.x; })()",
  ],
  ["by options", "get maximumFractionDigits() { return 7; }", '(1.123456789).toLocaleString("en", new A())'],
  [
    "by the set that it is like",
    "get size() { return 7; } has() { return true; } keys() { return [][Symbol.iterator](); }",
    "[...new Set([1, 2, 3, 4, 5, 6, 7, 9]).difference(new A()), new A().size]",
  ],
  ["by its own name, private", "one() { return this.#two(); } #two() { return 7; }", "new A().one()"],
  ["by the class", "static two() { return 7; }", "A.two()"],
  ["by a static block", "static two() { return 7; } static { this.x = this.two(); }", "A.x"],
  ["by a field", "x = this.two(); two() { return 7; }", "new A().x"],
  ["by the constructor", "constructor() { this.x = this.two(); } two() { return 7; }", "new A().x"],
  ["by a captured instance", "two() { return 7; }", "kept.two()"],
  ["by a captured method", "two() { return 7; }", "method()"],
  ["by a callback that is captured", "two() { return 7; }", "apply(new A())"],
  ["by an object with a get trap", "two() { return 7; }", "new Proxy(new A(), { get: (a, k) => a[k] })[key]()"],
  ["by another name of a function that copies", "set two(x) { this.x = 7; }", "merge(new A(), given).x"],
  [
    "by another name of one that lists names",
    "two() { return 7; }",
    "namesOf(protoOf(new A())).map((k) => k + A.prototype.two())",
  ],
  [
    "by what for-in leaves out",
    "two() { return 7; }",
    "(() => { const all = []; for (const k in new A()) all.push(k); return [all, new A().two()]; })()",
  ],
  ["by a table whose prototype the module set", "two() { return 7; }", "table[key]()"],
  [
    "by a product of big integers",
    '"9007199254740993"() { return 7; }',
    "((a, k) => a[k * 1n]())(new A(), 9007199254740993n)",
  ],
  [
    "by the groups of a match",
    "get two() { return 7; }",
    '"b".replace({ [Symbol.replace]: (s, t) => RegExp.prototype[Symbol.replace].call(matcher(), s, t) }, "$<" + key + ">")',
  ],
  [
    "by options of bytes",
    "get alphabet() { return 7 > 7 ? 'base64url' : 'base64'; }",
    "new Uint8Array([251, 255]).toBase64(new A())",
  ],
  [
    "where not all is in sight",
    "one() { return 1; } two() { return 7; }",
    "new A().one() + 0 * crypto.randomUUID().length",
  ],
  ["by a number as text", 'get "0"() { return 7; }', "((a) => { for (let i = 0; i < 1; i++) return a[i]; })(new A())"],
  ["by its name in a list", "two() { return 7; }", '["two"].map((k) => new A()[k]())'],
  ["by a class of the platform that it extends", "", "new D([2, 1]).concat([3]).x"],
];

const SETUP = `
class B { of(a) { return a.two(); } }
class C extends A { three() { return super.two(); } }
class D extends Array { constructor(...all) { super(...all); this.x = this.two(); } two() { return 7; } }
const merge = Object.assign, namesOf = Object.getOwnPropertyNames, protoOf = Object.getPrototypeOf;
const table = {};
Object.setPrototypeOf(table, new A());
const matcher = () => ({ exec() { return { index: 0, length: 1, 0: "b", groups: new A() }; }, flags: "", global: false });
const key = "two", given = { two: 1 }, kept = new A(), method = A.prototype.two, apply = (a) => a.two();
`;

function programOf(members: string, body: string, given: string, setup: string): string {
  const helper = /helper/.test(members) ? "const helper = () => 7;" : "const helper = 0;";
  return `${helper}\nclass A { ${members} }\n${setup}\nawait t(cached(function f(${given}) { return ${body}; }));\n`;
}

Deno.test("a method that no code reached can name costs nothing", async () => {
  const pairs = QUIET.map(([name, members, body]): ProgramPair => ({
    name,
    text: programOf(members, body, "", ""),
    edits: [["7", "8"]],
    runs: 0,
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("a method that code reached can name counts", async () => {
  const pairs = FIRES.map(([name, members, body]): ProgramPair => ({
    name,
    text: programOf(members, body, "", SETUP),
    edits: name.includes("platform that it extends")
      ? [["this.two(); } two() { return 7", "this.two(); } two() { return 8"]]
      : [["7", "8"]],
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("a method counts where an input holds code, where a result holds instances, and in what is called with them", async () => {
  const A = "class A { one() { return 1; } two() { return 7; } }";
  const pairs: ProgramPair[] = [
    {
      name: "an argument that is a function",
      text: `${A}\nawait t(cached(function f(g) { return g(new A()); }), (a) => a.two());\n`,
      edits: [["7", "8"]],
    },
    {
      name: "a cached function that is given an instance",
      text: `${A}\nconst inner = cached(function inner(a) { return a.two(); });
await t(cached(async function f() { return await inner(new A()); }));\n`,
      edits: [["7", "8"]],
    },
    {
      name: "a cached function that is given an object with an instance",
      text: `${A}\nconst inner = cached(function inner(o) { return o.a.two(); });
await t(cached(async function f() { return await inner({ a: new A() }); }));\n`,
      edits: [["7", "8"]],
    },
    {
      name: "a cached function that is given a closure",
      text: `${A}\nconst inner = cached(function inner(make) { return make().two(); });
await t(cached(async function f() { return await inner(() => new A()); }));\n`,
      edits: [["7", "8"]],
    },
    {
      name: "an argument that holds one",
      text:
        `${A}\nawait t(cached(function f(o) { return o.list[0].g(new A()); }), { list: [{ g: (a) => a.two() }] });\n`,
      edits: [["7", "8"]],
    },
    {
      name: "an argument that is an instance",
      text:
        `${A}\nclass B { of(a) { return a.two(); } }\nawait t(cached(function f(b) { return b.of(new A()); }), new B());\n`,
      edits: [["7", "8"]],
    },
    {
      name: "a receiver",
      text: `${A}\nclass B { of(a) { return a.two(); } }\nconst f = cached(function f() { return this.of(new A()); });
const b = new B();\nawait t(Object.assign((...args) => f.apply(b, args), { original: () => b.of(new A()), why: () => f.why.call(b) }));\n`,
      edits: [["7", "8"]],
    },
    ...["new A()", "[{ a: new A() }]", "new Map([[1, new A()]])", "Object.assign(new Error('e'), { a: new A() })"].map((
      made,
    ): ProgramPair => ({
      name: `a result: ${made}`,
      text: `${A}\nconst find = (v) => v instanceof Map ? v.get(1) : v.one ? v : v.a ?? v[0].a;
const inner = cached(function inner() { return ${made}; });
await t(cached(async function f() { return find(await inner()).two(); }));\n`,
      edits: [["7", "8"]],
    })),
    {
      name: "an error that an inner call throws",
      text: `class E extends Error { two() { return 7; } }
const inner = cached(function inner() { throw new E("e"); });
await t(cached(async function f() { try { await inner(); } catch (e) { return e.two(); } }));\n`,
      edits: [["7", "8"]],
    },
    {
      name: "a captured object that is given back",
      text: `${A}\nconst kept = new A();\nconst inner = cached(function inner() { return kept; });
await t(cached(async function f() { return (await inner()).two(); }));\n`,
      edits: [["7", "8"]],
    },
  ];
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("calls that began before the first instance was handed out, and plain values beside them, are all stored by their first run", async () => {
  const pairs: ProgramPair[] = [{
    name: "at once",
    // The plain ones end after an instance was stored, and with it that the function hands out instances.
    text: `class A { constructor(n) { this.n = n; } one() { return 1; } two() { return 7; } }
const seen = cacheFile(new URL("./cache", import.meta.url).pathname, {
  onEvent: (event) => { onEvent(event); if (event.kind === "stored") performance.mark("stored"); },
});
const f = seen(async function f(n) {
  while (n % 2 === 0 && performance.getEntriesByName("stored").length === 0) await new Promise((go) => setTimeout(go, 5));
  return n % 2 ? new A(n) : n;
});
const all = await Promise.all(Array.from({ length: 10 }, (_, n) => f(n)));
for (const notice of (await f.why(0)).notices) shown.add(notice);
await t(cached(function g(n) { return n; }), all.filter((one) => one instanceof A).length);\n`,
    edits: [["while (n", "/* a comment */ while (n"]],
    named: "the marks of performance",
    runs: 0,
  }];
  assertEquals(await faultsOf(pairs), {});
});
