import { assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { type CacheDecorator, type CachedFunction, cacheFile, CacheTypeError } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";
import { Project } from "../support/project.ts";

/** A decorator without the types that keep it from being misused. */
// deno-lint-ignore no-explicit-any
const untyped = (cached: CacheDecorator): any => cached;

Deno.test("static methods, methods with options and methods named by symbols are cached", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  const name = Symbol("name");
  class Model {
    @cached
    static async twice(x: number): Promise<number> {
      return await Promise.resolve(2 * x);
    }
    @cached({ version: "2" })
    async next(x: number): Promise<number> {
      return await Promise.resolve(x + 1);
    }
    @cached
    async [name](): Promise<string> {
      return await Promise.resolve("symbol");
    }
  }
  const model = new Model();
  for (let round = 0; round < 2; round++) {
    assertEquals([await Model.twice(4), await model.next(4), await model[name]()], [8, 5, "symbol"]);
  }
  assertEquals(rig.ran(), ["twice", "next", "Symbol(name)"]);
});

Deno.test("a method's miss names the field of the receiver that differs, a private one by the receiver as a whole", async () => {
  await using rig = await Rig.open();
  class Model {
    #bias = 1;
    rates = { low: 2, high: 3 };
    @rig.cached()
    async predict(x: number): Promise<number> {
      return await Promise.resolve(this.rates.high * x + this.#bias);
    }
    shift(): void {
      this.#bias++;
    }
  }
  const model = new Model();
  assertEquals(await model.predict(2), 7);
  model.rates.high = 4;
  assertEquals([await model.predict(2), rig.missed], [9, "this.rates.high: 3 → 4"]);
  model.shift();
  assertEquals([await model.predict(2), rig.missed], [10, "this changed"]);
  const other = new Model();
  assertEquals(await other.predict(2), 7);
  assertEquals(rig.runs(), 3, "another instance with the same fields is the same input");
});

Deno.test("key(), has(), why(), forget() and with() take a method's receiver through call()", async () => {
  await using rig = await Rig.open();
  class Model {
    constructor(public slope: number) {}
    @rig.cached()
    async predict(x: number): Promise<number> {
      return await Promise.resolve(this.slope * x);
    }
  }
  const model = new Model(2);
  const predict = model.predict as CachedFunction<typeof model.predict>;
  await model.predict(3);
  assertEquals(await predict.has.call(model, 3), true);
  assertEquals(await predict.has.call(new Model(5), 3), false);
  assertEquals((await predict.why.call(new Model(5), 3)).summary, "this.slope: 2 → 5");
  assertEquals(await predict.with({ force: true }).call(model, 3), 6);
  assertEquals(rig.runs(), 2);
  assertEquals(await predict.key.call(model, 3), await predict.key.call(new Model(2), 3));
  assertEquals(await predict.forget.call(model, 3), true);
  assertEquals(await predict.has.call(model, 3), false);
});

Deno.test("options beside a function are refused, since they would be ignored; what map() adds is not", async () => {
  await using rig = await Rig.open();
  const cached = untyped(rig.cached());
  const add = (x: number) => x + 1;
  const error = assertThrows(() => cached(add, { fileArgs: ["x"] }), CacheTypeError);
  assertEquals(error.code, "ERR_OPTION_TYPE");
  assertEquals(error.message, "Cannot use options beside the function add; give them first: cached({ … })(add)");
  const mapped = cached(add, 0, [add]);
  assertEquals([await mapped(1), await mapped(1), rig.runs()], [2, 2, 1]);
});

Deno.test("only methods can be decorated; anything else, and an experimental decorator, is told so", async () => {
  await using rig = await Rig.open();
  const cached = untyped(rig.cached());
  const told = (use: () => unknown, pattern: RegExp): void => {
    const error = assertThrows(use, CacheTypeError);
    assertEquals(error.code, "ERR_NOT_A_FUNCTION");
    assertMatch(error.message, pattern);
  };
  const remedy = "only methods can be decorated; move what is slow into a method and decorate that";
  told(() => {
    class Holder {
      @cached
      accessor x = 1;
    }
    return Holder;
  }, new RegExp(`accessor x: ${remedy}`));
  told(() => {
    class Holder {
      @cached
      get x() {
        return 1;
      }
    }
    return Holder;
  }, new RegExp(`getter x: ${remedy}`));
  told(() => {
    class Holder {
      @cached
      x = () => 1;
    }
    return Holder;
  }, new RegExp(`field x: ${remedy}`));
  told(() => {
    @cached
    class Holder {}
    return Holder;
  }, new RegExp(`class Holder: ${remedy}`));
  const proto = { x: () => 1 };
  told(() => cached(proto, "x", Object.getOwnPropertyDescriptor(proto, "x")), /experimentalDecorators/);
});

Deno.test("call(), apply() and bind() pass the receiver on, and it counts where the function can see it", async () => {
  await using rig = await Rig.open();
  const scale = rig.cached()(function scale(this: { factor: number }, x: number) {
    return this.factor * x;
  });
  const [two, three] = [{ factor: 2 }, { factor: 3 }];
  assertEquals([await scale.call(two, 5), await scale.call(three, 5)], [10, 15]);
  assertEquals([await scale.apply(two, [5]), await scale.bind(three)(5)], [10, 15]);
  assertEquals(rig.runs(), 2);
  const double = rig.cached()((x: number) => 2 * x);
  assertEquals([await double(4), await double.call({ any: 1 }, 4)], [8, 8]);
  assertEquals(rig.runs(), 3);
});

Deno.test("bound functions differ by what they are bound to", async () => {
  await using rig = await Rig.open();
  function add(this: { base: number } | null, x: number, y: number): number {
    return (this?.base ?? 0) + x + y;
  }
  const cached = rig.cached();
  const sums = () => [
    cached(add.bind(null, 1))(5),
    cached(add.bind(null, 2))(5),
    cached(add.bind({ base: 10 }, 1))(5),
    cached(add.bind({ base: 20 }, 1))(5),
  ];
  assertEquals(await Promise.all(sums()), [6, 7, 16, 26]);
  assertEquals(await Promise.all(sums()), [6, 7, 16, 26]);
  assertEquals(rig.runs(), 4);
});

Deno.test("functions of the platform are told apart, and can be cached", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  for (let round = 0; round < 2; round++) {
    assertEquals(await cached(Math.max)(1, 3, 2), 3);
    assertEquals(await cached(Math.min)(1, 3, 2), 1);
    assertEquals(await cached(JSON.parse)("5"), 5);
    // The same name, the same argument, another function.
    assertEquals(await cached(Date.parse)("5"), Date.parse("5"));
    assertEquals(await cached(Map.groupBy)([1], String), new Map([["1", [1]]]));
    assertEquals(await cached(Object.groupBy)([1], String), Object.assign(Object.create(null), { 1: [1] }));
  }
  assertEquals(rig.ran(), ["max", "min", "parse", "parse", "groupBy", "groupBy"]);
  assertEquals(rig.of("save-failed"), []);
});

Deno.test("a property of the function that its code reads counts", async () => {
  await using rig = await Rig.open();
  const scale = Object.assign((x: number): number => scale.factor * x, { factor: 2 });
  const cached = rig.cached()(scale);
  assertEquals([await cached(3), await cached(3)], [6, 6]);
  scale.factor = 5;
  assertEquals(await cached(3), 15);
  assertEquals(rig.runs(), 2);
});

Deno.test("a cached function can be cached again, and one function twice with different options", async () => {
  await using rig = await Rig.open();
  const triple = async (x: number): Promise<number> => await Promise.resolve(3 * x);
  const cached = rig.cached();
  const twice = cached(cached(triple));
  assertEquals([await twice(2), await twice(2)], [6, 6]);
  rig.forgetEvents();
  const [first, second] = [cached({ version: "1" })(triple), cached({ version: "2" })(triple)];
  assertEquals([await first(2), await second(2), await first(2), await second(2)], [6, 6, 6, 6]);
  assertEquals(rig.kinds().filter((kind) => kind === "run" || kind === "hit"), ["run", "run", "hit", "hit"]);
});

Deno.test("arguments of a million elements count, element by element", async () => {
  await using rig = await Rig.open();
  const sum = rig.cached()(function sum(xs: readonly number[]) {
    return xs.reduce((total, x) => total + x, 0);
  });
  const xs = Array.from({ length: 1_000_000 }, (_, index) => index);
  const [before, again] = [await sum(xs), await sum([...xs])];
  assertEquals([before, again, rig.runs()], [499_999_500_000, 499_999_500_000, 1]);
  xs[500_000] = 0;
  assertEquals([await sum(xs), rig.runs()], [499_999_000_000, 2]);
});

Deno.test("with() refuses what is no object of its options", () => {
  const step = cacheFile()((x: number) => x);
  for (const wrong of [null, undefined, true, [], "force"]) {
    const error = assertThrows(() => step.with(wrong as never), CacheTypeError);
    assertEquals([error.code, error.path], ["ERR_OPTION_TYPE", "with"]);
  }
});

Deno.test("a thenable result is awaited, and an exception that it throws is the caller's", async () => {
  await using rig = await Rig.open();
  const late = rig.cached()(function late(fails: boolean) {
    return {
      then(resolve: (value: number) => void, reject: (error: Error) => void) {
        if (fails) reject(new RangeError("late"));
        else resolve(5);
      },
    };
  });
  assertEquals([await late(false), await late(false)], [5, 5]);
  await assertRejects(() => late(true), RangeError, "late");
  assertEquals(rig.of("hit").length, 1);
});

Deno.test("recursion and mutual recursion are taken up by the next process where the last one ended", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

let runs = 0;
const cached = cacheFile("cache", { onEvent: ({ kind }) => void (kind === "run" && runs++) });
const fib = cached(async (n: number): Promise<bigint> => n < 2 ? BigInt(n) : (await fib(n - 1)) + (await fib(n - 2)));
const isEven = cached(async (n: number): Promise<boolean> => n === 0 || await isOdd(n - 1));
const isOdd = cached(async (n: number): Promise<boolean> => n !== 0 && await isEven(n - 1));
const n = Number(Deno.args[0]);
console.log(JSON.stringify([String(await fib(n)), await isEven(n), runs]));`,
  });
  const run = async (n: number): Promise<unknown> => (await project.run("main.ts", { args: [String(n)] })).json();
  assertEquals(await run(20), ["6765", true, 21 + 21]);
  assertEquals(await run(20), ["6765", true, 0]);
  assertEquals(await run(25), ["75025", false, 5 + 26], "isEven(25) asks isOdd(24), which no one has asked");
});
