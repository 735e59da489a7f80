import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { normalizeScript } from "../../src/code/syntax/code_unit.ts";
import { isGenerator } from "../../src/cache_file.ts";
import { fillDefaults, type ParameterList, parseParameters } from "../../src/code/syntax/parameters.ts";
import { parseCallable } from "../../src/code/syntax/parse.ts";
import { usesThis } from "../../src/code/syntax/uses.ts";

// deno-lint-ignore no-explicit-any
type Any = any;

function parametersOf(fn: object): ParameterList {
  const list = parseParameters(fn);
  assert(list !== null);
  return list;
}

/** Whether two pieces of code are the same to a fingerprint, names of what they take from outside aside. */
function isSameCode(a: string, b: string): boolean {
  const [one, other] = [normalizeScript(a), normalizeScript(b)];
  assert(one !== null && other !== null);
  return one.text === other.text;
}

Deno.test("parseParameters() reads every form in which a function can be written", () => {
  class Sample {
    static async *produce(a: number) {
      yield await Promise.resolve(a);
    }
    get total() {
      return 1;
    }
    ["computed" + 1](x: number) {
      return x;
    }
    constructor(readonly y: number) {}
  }
  const samples: [object, string[]][] = [
    [function (a: Any, b: Any) {
      return [a, b];
    }, ["a", "b"]],
    [function declared(a: Any) {
      return a;
    }, ["a"]],
    [async (x: Any) => await x, ["x"]],
    [(x: Any) => x, ["x"]],
    [
      {
        method(q: Any) {
          return q;
        },
      }.method,
      ["q"],
    ],
    [
      {
        async *method(q: Any) {
          yield await q;
        },
      }.method,
      ["q"],
    ],
    [
      {
        "quoted name"(q: Any) {
          return q;
        },
      }["quoted name"],
      ["q"],
    ],
    [Sample.produce, ["a"]],
    [Object.getOwnPropertyDescriptor(Sample.prototype, "total")?.get as object, []],
    [(Sample.prototype as Any).computed1, ["x"]],
    [({ a, b: [c] }: Any, ...rest: Any[]) => [a, c, rest], ["{a, c}", "rest"]],
  ];
  for (const [fn, labels] of samples) assertEquals(parametersOf(fn).labels, labels, String(fn));
});

Deno.test("parseParameters() answers null for classes, bound and native functions", () => {
  for (const fn of [class {}, Math.max, parametersOf.bind(null), Map]) assertEquals(parseParameters(fn), null);
});

Deno.test("parseParameters() tells where each bound name is in the arguments", () => {
  const list = parametersOf((
    x: Any,
    { a = 1, b: { c = 2 } = {}, ...others }: Any,
    [d]: Any,
    ...rest: Any[]
  ) => [x, a, c, others, d, rest]);
  assertEquals(list.names.map(({ name, index, path, isRest }) => [name, index, path.join("."), isRest]), [
    ["x", 0, "", false],
    ["a", 1, "a", false],
    ["c", 1, "b.c", false],
    ["others", 1, "", true],
    ["d", 2, "0", false],
    ["rest", 3, "", true],
  ]);
  assertEquals([list.count, list.rest], [4, true]);
});

Deno.test("parseParameters() tells whether arguments and the receiver can be seen", () => {
  assert(
    parametersOf(function () {
      return arguments.length;
    }).usesArguments,
  );
  assert(parametersOf((text: string) => eval(text)).usesArguments);
  assert(
    !parametersOf(function (a: Any) {
      return a;
    }).usesArguments,
  );
  assert(
    parametersOf(
      {
        m() {
          return () => this;
        },
      }.m,
    ).usesThis,
  );
  assert(
    !parametersOf(
      {
        m() {
          return function (this: Any) {
            return this;
          };
        },
      }.m,
    ).usesThis,
  );
  assert(
    !parametersOf(
      {
        m(a: Any) {
          return a;
        },
      }.m,
    ).usesThis,
  );
});

Deno.test("isGenerator() is true for generators, asynchronous or not", () => {
  assertEquals([function* () {}, async function* () {}, () => 1, async () => {}].map(isGenerator), [
    true,
    true,
    false,
    false,
  ]);
});

Deno.test("fillDefaults() gives calls that a function cannot tell apart one form", () => {
  const list = parametersOf((
    x: Any,
    y = -1.5,
    { a = 1, b: { c = [2, "z"] } = {} }: Any = {},
    z = x,
  ) => [x, y, a, c, z]);
  const full = [7, -1.5, { a: 1, b: { c: [2, "z"] } }, 7];
  assertEquals(fillDefaults(list, [7]), full);
  assertEquals(fillDefaults(list, [7, undefined]), full);
  assertEquals(fillDefaults(list, [7, -1.5, {}]), full);
  assertEquals(fillDefaults(list, [7, -1.5, { b: {} }]), full);
  assertEquals(fillDefaults(list, [7, -1.5, { b: { c: undefined }, a: undefined, unseen: 1 }, 7]), full);
  assertNotEquals(fillDefaults(list, [7, -1.5, { a: 2 }]), full);
  assertNotEquals(fillDefaults(list, [7, null]), full);
});

Deno.test("fillDefaults() leaves what only running the function could tell, and holes are undefined", () => {
  const list = parametersOf((x: Any, y = Date.now(), z = Math.PI, w = new Date(0)) => [x, y, z, w]);
  assertEquals(fillDefaults(list, []), [undefined, undefined, Math.PI]);
});

Deno.test("fillDefaults() keeps objects with a class or with accessors, and members collected by a rest", () => {
  class Options {
    a = 5;
  }
  const instance = new Options();
  const list = parametersOf(({ a = 1 }: Any) => a);
  assert(fillDefaults(list, [instance])[0] === instance);
  const accessor = {
    get a() {
      return 1;
    },
  };
  assert(fillDefaults(list, [accessor])[0] === accessor);
  const rest = parametersOf(({ a = 1, ...others }: Any) => [a, others]);
  assertEquals(fillDefaults(rest, [{ q: 2 }]), [{ q: 2, a: 1 }]);
});

Deno.test("fillDefaults() makes a fresh default each time and returns the same array when there is nothing to do", () => {
  const list = parametersOf((list: Any = []) => list);
  assert(fillDefaults(list, [])[0] !== fillDefaults(list, [])[0]);
  const args = [1, 2];
  assert(fillDefaults(parametersOf((a: Any, b: Any) => a + b), args) === args);
});

Deno.test("code that means the same is the same", () => {
  const same: [string, string][] = [
    ["f(a)", "f( a ) // comment"],
    ["x = () => 1", "x = () => { return 1; }"],
    ["if (a) b()", "if (a) { b(); }"],
    ["const a = 1, b = 2; f(a, b)", "const p = 1; let q = 2; f(p, q)"],
    ["f('a', 10, 1_000)", 'f("a", 0xa, 1e3)'],
    ["a['b'].c", "a.b.c"],
    ["({ 'a': 1 })", "({ a: 1 })"],
    ["({ a: a })", "({ a })"],
    ["f(`x`)", "f('x')"],
    ["f(void 0, !0)", "f(undefined, true)"],
    ["a(), b()", "a(); b();"],
    ["/x/gi", "/x/ig"],
    ["x: for (;;) break x", "y: for (;;) { break y; }"],
    ["class A { #p = 1; m() { return this.#p } }", "class B { #q = 1; m() { return this.#q } }"],
    ["f(function g(n) { return g(n - 1) })", "f(function h(m) { return h(m - 1) })"],
    ["debugger; f()", "f()"],
    ["import a from './a.js'; a()", "import b from './a.js'; b()"],
  ];
  for (const [a, b] of same) assert(isSameCode(a, b), `${a} | ${b}`);
});

Deno.test("code that means something else is something else", () => {
  const other: [string, string][] = [
    ["f(a, b)", "f(a, a)"],
    ["const f = (a, b) => a - b", "const f = (a, b) => b - a"],
    ["a?.b", "a.b"],
    ["f(1)", "f('1')"],
    ["f(1)", "f(1n)"],
    ["a.b", "a[b]"],
    ["({ ['__proto__']: a })", "({ __proto__: a })"],
    ["f`a\\u0062`", "f`ab`"],
    ["/x/g", "/x/"],
    ["let x = 1; { let x = 2; f(x) }", "let x = 1; { let y = 2; f(x) }"],
    ["async () => await a", "() => a"],
    ["if (a) b(); c()", "if (a) { b(); c() }"],
    ["class A { static x = 1 }", "class A { x = 1 }"],
    ["a ?? b", "a || b"],
    ["var x = 1; f(x)", "let x = 1; f(x)"],
    ["class A { get x() { return 1 } }", "class A { x() { return 1 } }"],
    ["for await (const x of y) f(x)", "for (const x of y) f(x)"],
    ["a: for (;;) b: for (;;) break a", "a: for (;;) b: for (;;) break b"],
    ["f(-0)", "f(0)"],
    ["new A", "A()"],
  ];
  for (const [a, b] of other) assert(!isSameCode(a, b), `${a} | ${b}`);
});

Deno.test("syntax that the parser does not know is read as far as it can be", () => {
  assert(normalizeScript("import defer * as x from './x.js'; x.y") !== null);
  assert(normalizeScript("using a = f(); await using b = g();") !== null);
  assertEquals(normalizeScript("this is no code"), null);
});

Deno.test("usesThis() sees a receiver wherever an expression may stand, and only the function's own", () => {
  const isUser = (text: string) => usesThis(parseCallable(text)!.node);
  for (
    const text of [
      "m() { return this.a; }",
      "m() { return () => super.a; }",
      "m(a = this.b) { return a; }",
      "m() { const { a = this.b } = {}; return a; }",
      "(o) => #a in o",
      "() => eval('this.a')",
    ]
  ) assert(isUser(text), text);
  for (const text of ["m() { return function () { return this.a; }; }", "m() { return class { a = this; }; }"]) {
    assert(!isUser(text), text);
  }
});
