import { assertEquals, assertStringIncludes } from "@std/assert";
import { Rig } from "../support/rig.ts";

Deno.test("a method that counts its calls in a public field hits", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  class Model {
    calls = 0;
    constructor(public slope: number) {}
    @cached
    // deno-lint-ignore require-await -- the decorator makes it asynchronous
    async predict(x: number): Promise<number> {
      this.calls++;
      return this.slope * x;
    }
  }
  const model = new Model(2);
  assertEquals(await model.predict(3), 6);
  assertEquals(await model.predict(3), 6);
  assertEquals(model.calls, 1);
  assertEquals(rig.runs("predict"), 1);
  model.slope = 5;
  assertEquals(await model.predict(3), 15);
  assertStringIncludes(rig.missed, "slope");
});

Deno.test("a method that keeps a memo in a private Map and a count in an inner object hits; what is beside them counts", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  class Stats {
    count = 0;
    constructor(public unit: number) {}
    bump(): void {
      this.count++;
    }
  }
  class Model {
    #memo = new Map<number, number>();
    #times = 0;
    #scale: number;
    readonly stats: Stats;
    readonly log = { lines: [] as string[], level: 1 };
    constructor(scale: number, unit: number) {
      this.#scale = scale;
      this.stats = new Stats(unit);
    }
    @cached
    fit(x: number): Promise<number> {
      this.#times += 1;
      this.stats.bump();
      this.log.lines.push(`fit ${x}`);
      const known = this.#memo.get(x) ?? x * this.#scale * this.stats.unit * this.log.level;
      this.#memo.set(x, known);
      return Promise.resolve(known);
    }
    times(): number {
      return this.#times;
    }
  }
  const model = new Model(2, 1);
  assertEquals([await model.fit(3), await model.fit(3), await model.fit(4), await model.fit(3)], [6, 6, 8, 6]);
  assertEquals([model.times(), model.stats.count, rig.runs("fit")], [2, 2, 2]);
  assertEquals(await new Model(2, 1).fit(3), 6);
  assertEquals(rig.runs("fit"), 2);
  assertEquals(await new Model(3, 1).fit(3), 9, "the private field counts");
  assertEquals(await new Model(2, 2).fit(3), 12, "what is beside the count in the inner object counts");
  const loud = new Model(2, 1);
  loud.log.level = 10;
  assertEquals(await loud.fit(3), 60, "what is beside the log counts");
  assertEquals(rig.runs("fit"), 5);
});

Deno.test("a method of a plain object that counts its calls hits", async () => {
  await using rig = await Rig.open();
  const model = {
    calls: 0,
    slope: 2,
    predict: rig.cached()(function predict(this: { calls: number; slope: number }, x: number) {
      this.calls++;
      return this.slope * x;
    }),
  };
  assertEquals([await model.predict(3), await model.predict(3), model.calls], [6, 6, 1]);
  model.slope = 3;
  assertEquals([await model.predict(3), model.calls], [9, 2]);
});

Deno.test("what a method leaves out of its receiver is named", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached();
  class Model {
    calls = 0;
    @cached
    foretell(x: number): Promise<number> {
      return Promise.resolve(x + ++this.calls * 0);
    }
  }
  await new Model().foretell(1);
  const details = rig.of("notice").map(({ detail }) => detail);
  assertEquals(details.filter((detail) => detail.startsWith("left out: this.calls")).length, 1);
});

Deno.test("what the code of a function among the arguments captures and cannot be seen is named", async () => {
  await using rig = await Rig.open();
  const apply = rig.cached()(function applyTo(fn: (x: number) => number, x: number) {
    return fn(x);
  });
  const hidden = new Proxy({ rate: 2 }, {});
  assertEquals(await apply((x) => x * hidden.rate, 2), 4);
  const details = rig.of("notice").map(({ detail }) => detail);
  assertEquals(details.some((detail) => detail.includes("Proxy")), true, details.join("\n"));
});

Deno.test("the fields that a method writes are left out where closures cannot be followed too", async () => {
  await using rig = await Rig.open({ track: "source" });
  const cached = rig.cached();
  class Model {
    calls = 0;
    slope = 2;
    @cached
    predict(x: number): Promise<number> {
      this.calls += 1;
      return Promise.resolve(this.slope * x);
    }
  }
  const model = new Model();
  assertEquals([await model.predict(3), await model.predict(3), model.calls], [6, 6, 1]);
  model.slope = 4;
  assertEquals(await model.predict(3), 12);
});
