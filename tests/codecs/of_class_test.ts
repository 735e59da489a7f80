import { Project } from "../support/project.ts";
import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ofClass } from "../../mod.ts";
import { CacheTypeError } from "../../src/words/errors.ts";
import { keepByCodecs } from "../support/keep.ts";

class Point {
  static made = 0;
  label?: string;
  constructor(readonly x: number, readonly y: number) {
    Point.made++;
  }
  get sum(): number {
    return this.x + this.y;
  }
}

class Further extends Point {}

Deno.test("ofClass() keeps an instance by its members, without a call of the constructor", () => {
  const codec = ofClass(Point);
  const point = Object.assign(new Point(1, 2), { label: "a" });
  const { made } = Point;
  const copy = keepByCodecs(point, [codec]);
  assertEquals(Point.made, made);
  assert(copy instanceof Point);
  assertEquals([codec.name, copy.sum, copy.label], ["Point", 3, "a"]);
  assertEquals(Object.getOwnPropertyDescriptors(copy), Object.getOwnPropertyDescriptors(point));
  assertEquals(Object.keys(codec.encode(point) as object), Object.keys(point));
});

Deno.test("ofClass() keeps hidden and read-only members, those named by symbols, and frozen instances", () => {
  const codec = ofClass(Point);
  const point = new Point(1, 2);
  Object.defineProperties(point, {
    hidden: { value: [1], writable: true, configurable: true },
    fixed: { value: 5, enumerable: true },
    [Symbol.for("unit")]: { value: "mm", writable: true, enumerable: true, configurable: true },
    [Symbol.toStringTag]: { value: "Point" },
    ["__proto__"]: { value: "own", writable: true, enumerable: true, configurable: true },
    ".dot": { value: 1 },
  });
  for (const value of [point, Object.preventExtensions(point), Object.freeze(point), Object.freeze(new Point(3, 4))]) {
    const copy = keepByCodecs(value, [codec]);
    assertEquals(Reflect.ownKeys(copy), Reflect.ownKeys(value));
    assertEquals(Object.getOwnPropertyDescriptors(copy), Object.getOwnPropertyDescriptors(value));
    assertEquals([Object.isExtensible(copy), Object.isFrozen(copy)], [
      Object.isExtensible(value),
      Object.isFrozen(value),
    ]);
    assertStrictEquals(Object.getPrototypeOf(copy), Point.prototype);
  }
});

Deno.test("ofClass() takes a member named __proto__ as a member", () => {
  const point = new Point(1, 2);
  Object.defineProperty(point, "__proto__", { value: { x: 9 }, writable: true, enumerable: true, configurable: true });
  const codec = ofClass(Point);
  const copy = codec.decode(codec.encode(point));
  assertStrictEquals(Object.getPrototypeOf(copy), Point.prototype);
  assertEquals(Object.getOwnPropertyDescriptor(copy, "__proto__")?.value, { x: 9 });
});

Deno.test("ofClass() refuses what members do not hold: accessors, unregistered symbols, built-in content", () => {
  const refused = (constructor: { name: string; prototype: object }, value: object, reason: string) =>
    assertThrows(() => ofClass(constructor).encode(value), TypeError, reason);
  refused(Point, Object.defineProperty(new Point(1, 2), "late", { get: () => 1 }), "its member late is an accessor");
  refused(Point, Object.assign(new Point(1, 2), { [Symbol("own")]: 1 }), "named by a symbol of this process alone");
  class Names extends Map<string, number> {}
  class List extends Array<number> {}
  class Failure extends Error {}
  class Bytes extends Uint8Array {}
  for (const one of [Names, List, Failure, Bytes]) refused(one, new one(), "its class extends a built-in one");
});

Deno.test("ofClass() by functions keeps what the functions say", () => {
  class Secret {
    #value: number;
    constructor(value: number) {
      this.#value = value;
    }
    read(): number {
      return this.#value;
    }
  }
  const codec = ofClass(Secret, (secret) => secret.read(), (value: number) => new Secret(value));
  assertEquals(keepByCodecs(new Secret(7), [codec]).read(), 7);
});

Deno.test("is() of ofClass() takes the class alone and runs no code of the value", () => {
  const codec = ofClass(Point);
  const trap = () => {
    throw new Error("called");
  };
  const traps = new Proxy({}, { get: () => trap }) as ProxyHandler<Point>;
  const dressed = Object.create(null, { constructor: { get: trap }, [Symbol.toStringTag]: { get: trap } });
  for (
    const value of [new Further(1, 2), Point.prototype, {}, null, 1, Point, dressed, Object.create(Further.prototype)]
  ) {
    assertEquals(codec.is(value), false);
  }
  assertEquals(codec.is(new Proxy(new Point(1, 2), traps)), false);
  assertEquals(codec.is(Object.create(Point.prototype)), true);
});

Deno.test("ofClass() takes a class with a private constructor, and names what is no class", () => {
  class Single {
    static readonly one = new Single();
    private constructor(readonly x = 1) {}
  }
  assertEquals(keepByCodecs(Single.one, [ofClass(Single)]).x, 1);
  const wrong: [unknown[], string][] = [
    [[{}], "ofClass: got"],
    [[() => {}], "ofClass: got function (anonymous), want a class with a name"],
    [[class {}], "ofClass: got function (anonymous), want a class with a name"],
    [[Point, (point: Point) => point.x], "ofClass decode: got undefined, want a function, or neither"],
    [[Point, 1, () => {}], "ofClass encode: got 1, want a function"],
  ];
  for (const [args, message] of wrong) {
    const error = assertThrows(() => Reflect.apply(ofClass, undefined, args), CacheTypeError, message);
    assertEquals(error.code, "ERR_OPTION_TYPE");
  }
});

Deno.test("an instance whose class brings a codec that reads private fields is an input, and nothing is told of it", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheFile, ofClass } from "@bimsb/cachepy";
class Own {
  #value;
  static [Symbol.for("cachepy.codec")] = {
    encode: (own) => [own.value, own.value.length], decode: ([value]) => new Own(value),
  };
  constructor(value) { this.#value = value; }
  get value() { return this.#value; }
}
class Given {
  #value;
  constructor(value) { this.#value = value; }
  get value() { return this.#value; }
}
const codecs = [ofClass(Given, ({ value }) => [value, value.length], ([value]) => new Given(value))];
const notices = [], kinds = [];
const onEvent = ({ kind, detail }) => { kinds.push(kind); if (kind === "notice") notices.push(detail); };
const cached = cacheFile("./cache", { codecs, onEvent });
const show = cached(function show(one) { return one.value; });
const values = [];
for (const one of [new Own("a"), new Own("b"), new Own("a"), new Given("a"), new Given("b"), new Given("a")]) values.push(await show(one));
console.log(JSON.stringify({ values, notices, runs: kinds.filter((kind) => kind === "run").length }));
`,
  });
  const first = (await project.run("main.ts", { flags: ["-A", "--no-check"] })).json();
  assertEquals(first, { values: ["a", "b", "a", "a", "b", "a"], notices: [], runs: 4 });
  await project.edit("main.ts", "get value() { return this.#value; }", "get value() { return this.#value + '!'; }");
  const second = (await project.run("main.ts", { flags: ["-A", "--no-check"] })).json();
  assertEquals(second, { values: ["a!", "b!", "a!", "a", "b", "a"], notices: [], runs: 2 });
});
