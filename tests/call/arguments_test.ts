import { assertEquals } from "@std/assert";
import { Rig } from "../support/rig.ts";

Deno.test("positional, undefined and default-filled forms are one call", async () => {
  await using rig = await Rig.open();
  const f = rig.cached()(function f(a: number, b = 2, c?: string) {
    return [a, b, c];
  });
  await f(1);
  await f(1, 2);
  await f(1, undefined);
  await f(1, 2, undefined);
  await f(1, undefined, undefined);
  assertEquals(rig.runs(), 1);
  await f(1, 3);
  await f(1, 2, "");
  assertEquals(rig.runs(), 3);
});

Deno.test("properties of an options object count in any order, with defaults filled in, at every depth", async () => {
  await using rig = await Rig.open();
  const f = rig.cached()(function f({ a = 1, b: { c = 2, d = [3] } = {} }: {
    a?: number;
    b?: { c?: number; d?: number[] };
  } = {}) {
    return [a, c, d];
  });
  await f();
  await f({});
  await f({ a: 1 });
  await f({ b: { d: [3], c: 2 }, a: 1 });
  await f({ b: { c: 2 } });
  assertEquals(rig.runs(), 1);
  await f({ b: { c: 3 } });
  await f({ b: { d: [3, 4] } });
  assertEquals(rig.runs(), 3);

  const g = rig.cached()(function g(options: { x: number; y: { z: number; w: number } }) {
    return options.x * options.y.z * options.y.w;
  });
  await g({ x: 1, y: { z: 2, w: 3 } });
  await g({ y: { w: 3, z: 2 }, x: 1 });
  assertEquals(rig.runs("g"), 1);

  // A function that hands out its argument lets others see the order.
  const h = rig.cached()(function h(options: object) {
    return options;
  });
  assertEquals(Object.keys(await h({ x: 1, y: 2 })), ["x", "y"]);
  assertEquals(Object.keys(await h({ y: 2, x: 1 })), ["y", "x"]);
  assertEquals(rig.runs("h"), 2);
});

Deno.test("rest parameters count by number and value", async () => {
  await using rig = await Rig.open();
  const f = rig.cached()(function f(...rest: unknown[]) {
    return rest.length;
  });
  assertEquals([await f(), await f(undefined), await f(1), await f(1, undefined)], [0, 1, 1, 2]);
  assertEquals(rig.runs(), 4);
});

Deno.test("a function that looks at its arguments object sees how many were passed", async () => {
  await using rig = await Rig.open();
  const f = rig.cached()(
    function f(_a?: number) {
      return arguments.length;
    } as (...args: unknown[]) => number,
  );
  assertEquals([await f(), await f(undefined), await f(1, 2)], [0, 1, 2]);
});

Deno.test("arguments that the function cannot see do not count", async () => {
  await using rig = await Rig.open();
  const f = rig.cached()(((x: number) => x) as (...args: number[]) => number);
  assertEquals(await Promise.all([5, 5, 5].map((x, index, all) => f(x, index, all.length))), [5, 5, 5]);
  assertEquals(rig.runs(), 1);
});

Deno.test("ignoreArgs leaves parameters out, destructured ones too", async () => {
  await using rig = await Rig.open();
  const f = rig.cached({ ignoreArgs: ["log"] })(function f(x: number, log?: (text: string) => void) {
    log?.("running");
    return x;
  });
  await f(1, () => {});
  await f(1, (text) => text.length);
  await f(1);
  assertEquals(rig.runs("f"), 1);
  await f(2);
  assertEquals(rig.runs("f"), 2);
  const g = rig.cached({ ignoreArgs: ["threads"] })(function g({ x, threads = 1 }: { x: number; threads?: number }) {
    return x + 0 * threads;
  });
  await g({ x: 1 });
  await g({ x: 1, threads: 8 });
  assertEquals(rig.runs("g"), 1);
  await g({ x: 2, threads: 8 });
  assertEquals(rig.runs("g"), 2);
});

Deno.test("values of different kinds are different arguments", async () => {
  await using rig = await Rig.open();
  const f = rig.cached()(function f(value: unknown) {
    return Object.prototype.toString.call(value);
  });
  const values = [
    1,
    "1",
    1n,
    true,
    null,
    undefined,
    0,
    -0,
    NaN,
    [],
    {},
    [undefined],
    [,],
    new Map(),
    new Set(),
    [1],
    new Set([1]),
    new Uint8Array([1]),
    new Int8Array([1]),
    new Uint8Array([1]).buffer,
    new Date(1),
    new Date(2),
    /a/,
    /a/g,
    new URL("a:b"),
    new Map([[1, 2], [3, 4]]),
    new Map([[3, 4], [1, 2]]),
    { a: undefined },
    new Error("a"),
    new TypeError("a"),
    Object(1),
    Object("1"),
  ];
  for (const value of values) await f(value);
  assertEquals(rig.runs(), values.length);
  rig.forgetEvents();
  for (const value of values) await f(value);
  assertEquals(rig.runs(), 0);
});

Deno.test("cycles and shared references are arguments like others", async () => {
  await using rig = await Rig.open();
  const size = rig.cached()(function size(value: object) {
    return Object.keys(value).length;
  });
  const ring = () => {
    const at: Record<string, unknown> = { name: "ring" };
    at.self = at;
    return at;
  };
  await size(ring());
  await size(ring());
  assertEquals(rig.runs(), 1);
  const shared = { a: 1 };
  await size({ x: shared, y: shared });
  await size(structuredClone({ x: shared, y: shared }));
  assertEquals(rig.runs(), 2);
  await size({ x: { a: 1 }, y: { a: 1 } });
  assertEquals(rig.runs(), 3, "two objects are told from one");
});

Deno.test("a function as an argument counts by its code and what it captures", async () => {
  await using rig = await Rig.open();
  const apply = rig.cached()(function apply(f: (x: number) => number, x: number) {
    return f(x);
  });
  const times = (factor: number) => (x: number) => factor * x;
  assertEquals(await apply(times(2), 5), 10);
  assertEquals(await apply(times(2), 5), 10);
  assertEquals(rig.runs("apply"), 1);
  assertEquals(await apply(times(3), 5), 15);
  assertEquals(await apply((x) => x + 1, 5), 6);
  assertEquals(rig.runs("apply"), 3);
});

Deno.test("an instance of a class as an argument counts by class, fields and private state", async () => {
  await using rig = await Rig.open();
  class Point {
    #secret: number;
    constructor(readonly x: number, secret: number) {
      this.#secret = secret;
    }
    sum() {
      return this.x + this.#secret;
    }
  }
  const use = rig.cached()(function use(point: { sum(): number }) {
    return point.sum();
  });
  assertEquals([await use(new Point(1, 2)), await use(new Point(1, 2))], [3, 3]);
  assertEquals(rig.runs(), 1);
  assertEquals([await use(new Point(2, 2)), await use(new Point(1, 3))], [4, 4]);
  assertEquals(rig.runs(), 3);
});

Deno.test("an argument that the function changes counts as it was passed", async () => {
  await using rig = await Rig.open();
  const drain = rig.cached()(function drain(list: number[]) {
    return list.splice(0).length;
  });
  assertEquals(await drain([1, 2, 3]), 3);
  assertEquals(await drain([1, 2, 3]), 3);
  assertEquals(rig.runs(), 1);
});

Deno.test("an argument that the caller changes before the function runs stores nothing under the earlier value", async () => {
  await using rig = await Rig.open();
  const sum = rig.cached()(function sum(list: number[]) {
    return list.reduce((total, x) => total + x, 0);
  });
  await sum([0]); // so that the next call begins without setting up
  for (let delay = 0; delay < 12; delay++) {
    const list = [delay, 1];
    const running = sum(list);
    for (let turn = 0; turn < delay; turn++) await Promise.resolve();
    list.push(100);
    await running;
    assertEquals(await sum([delay, 1]), delay + 1);
  }
});
