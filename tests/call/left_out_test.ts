/** Arguments of which a part does not count or is a file: the rest counts as it is, and nothing is taken apart. */
import { assertEquals } from "@std/assert";
import { Rig } from "../support/rig.ts";

class Model {
  #slope: number;
  log: string[] = [];
  constructor(slope: number) {
    this.#slope = slope;
  }
  at(x: number): number {
    return this.#slope * x;
  }
}

Deno.test("beside a member that is ignored, private fields, identity, sharing, holes and attributes count", async () => {
  await using rig = await Rig.open();
  const at = rig.cached({ ignoreArgs: ["model.log"] })(function at(model: Model, x: number) {
    return model.at(x);
  });
  assertEquals([await at(new Model(2), 3), await at(new Model(5), 3)], [6, 15]);
  const logged = new Model(2);
  logged.log.push("used");
  assertEquals([await at(logged, 3), rig.runs()], [6, 2]);

  const DEFAULT = { a: 1, log: 0 };
  const isDefault = rig.cached({ ignoreArgs: ["o.log"] })(function isDefault(o: object) {
    return o === DEFAULT;
  });
  assertEquals([await isDefault(DEFAULT), await isDefault({ a: 1, log: 0 })], [true, false]);
  const isOne = rig.cached({ ignoreArgs: ["o.log"] })(function isOne(o: object, p: object) {
    return o === p;
  });
  const one = { log: 1 };
  assertEquals([await isOne(one, one), await isOne({ log: 1 }, { log: 1 })], [true, false]);
  const frozen = rig.cached({ ignoreArgs: ["o.log"] })(function frozen(o: { a: number; log: unknown }) {
    return [o.a, Object.isFrozen(o)];
  });
  assertEquals(await frozen(Object.freeze({ a: 1, log: console })), [1, true]);
  assertEquals(await frozen({ a: 1, log: 2 }), [1, false]);
  assertEquals(await frozen({ a: 1 } as never), [1, false]);
  assertEquals(rig.runs("frozen"), 2);
});

Deno.test("ignoreArgs takes a member of the receiver, and of a Date, an Error or a Map", async () => {
  await using rig = await Rig.open();
  const greet = rig.cached({ ignoreArgs: ["this.connection"] })(function greet(this: Shop, who: string) {
    return `${this.name} ${who}`;
  });
  class Shop {
    connection: unknown = new WeakMap();
    greet = greet;
    constructor(readonly name: string) {}
  }
  assertEquals([await new Shop("a").greet("x"), await new Shop("b").greet("x")], ["a x", "b x"]);
  assertEquals([await new Shop("a").greet("x"), rig.runs()], ["a x", 2]);
  const when = rig.cached({ ignoreArgs: ["date.note"] })(function when(date: Date & { note?: string }) {
    return date.getTime();
  });
  assertEquals(await when(Object.assign(new Date(5), { note: "a" })), 5);
  assertEquals(await when(Object.assign(new Date(5), { note: "b" })), 5);
  assertEquals(await when(new Date(6)), 6);
  assertEquals(rig.runs("when"), 2);
});

Deno.test("what the function writes to an argument that is ignored reaches the caller", async () => {
  await using rig = await Rig.open();
  const step = rig.cached({ ignoreArgs: ["log", "options.log"] })(
    function step(n: number, log: string[], options: { log: string[]; n: number }) {
      log.push(`did ${n}`);
      options.log.push(`did ${options.n}`);
      return n;
    },
  );
  const [log, inner] = [[] as string[], [] as string[]];
  assertEquals(await step(1, log, { log: inner, n: 2 }), 1);
  assertEquals([log, inner], [["did 1"], ["did 2"]]);
});

Deno.test("a file argument counts with its order, its type and what stands beside the path", async () => {
  await using rig = await Rig.open();
  const [a, b] = [await rig.write("a", "1"), await rig.write("b", "2")];
  const header = rig.cached({ fileArgs: ["files"] })(function header(files: Record<string, string>) {
    return Object.entries(files).map(([name, path]) => name + Deno.readTextFileSync(path)).join();
  });
  assertEquals([await header({ rain: a, temp: b }), await header({ temp: b, rain: a })], [
    "rain1,temp2",
    "temp2,rain1",
  ]);
  const type = rig.cached({ fileArgs: ["path"] })(function type(path: string | URL) {
    return typeof path;
  });
  assertEquals([await type(a), await type(new URL(`file://${a}`))], ["string", "object"]);
  const sheet = rig.cached({ fileArgs: ["url"] })(function sheet(url: URL) {
    return url.hash;
  });
  assertEquals([await sheet(new URL(`file://${a}#1`)), await sheet(new URL(`file://${a}#2`))], ["#1", "#2"]);
});

Deno.test("a path in a private field, a key of a Map or a member of an instance is a path, and the rest counts", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a", "1");
  class Source {
    #path: string;
    #unit: string;
    constructor(path: string, unit: string) {
      this.#path = path;
      this.#unit = unit;
    }
    read() {
      return Deno.readTextFileSync(this.#path) + this.#unit;
    }
  }
  const load = rig.cached({ fileArgs: ["source"], observe: false })(function load(source: Source) {
    return source.read();
  });
  const first = rig.cached({ fileArgs: ["files"], observe: false })(function first(files: Map<string, number>) {
    return Deno.readTextFileSync([...files.keys()][0]!);
  });
  assertEquals([await load(new Source(path, "mm")), await load(new Source(path, "in"))], ["1mm", "1in"]);
  assertEquals(await first(new Map([[path, 1]])), "1");
  await rig.write("a", "2");
  assertEquals([await load(new Source(path, "mm")), await first(new Map([[path, 1]]))], ["2mm", "2"]);
});

Deno.test("file arguments with cycles, of any depth, and with shared parts cost no more than others", async () => {
  await using rig = await Rig.open();
  const use = rig.cached({ fileArgs: ["p"] })(function use(p: unknown) {
    return typeof p;
  });
  const cycle: Record<string, unknown> = { path: "x" };
  cycle.self = cycle;
  assertEquals(await use(cycle), "object");
  let deep: unknown = null;
  for (let depth = 0; depth < 20_000; depth++) deep = { deep };
  assertEquals(await use(deep), "object");
  let shared: unknown = {};
  for (let depth = 0; depth < 40; depth++) shared = { a: shared, b: shared };
  assertEquals(await use(shared), "object");
});

Deno.test("a signal is no input: without it, with another one, or ignored, it is one call; aborted, nothing is stored", async () => {
  await using rig = await Rig.open();
  type Options = { signal?: AbortSignal; n?: number };
  const step = rig.cached()(function step(x: number, options: Options) {
    return x + (options.n ?? 0);
  });
  for (const options of [{}, { signal: new AbortController().signal }, { signal: AbortSignal.timeout(60_000) }]) {
    assertEquals(await step(1, options), 1);
  }
  assertEquals([rig.runs(), await step(1, { n: 1 }), rig.runs()], [1, 2, 2]);
  const bare = rig.cached()(function bare(x: number, signal?: AbortSignal) {
    return signal === undefined ? x : x + 0;
  });
  assertEquals([await bare(1), await bare(1, new AbortController().signal), rig.runs("bare")], [1, 1, 1]);
  const partial = rig.cached({ ignoreArgs: ["options.signal"] })(async function partial(x: number, options: Options) {
    await new Promise((resolve) => setTimeout(resolve, 30));
    return options.signal?.aborted ? "part" : `all ${x}`;
  });
  const control = new AbortController();
  const aborted = partial(1, { signal: control.signal }).catch((error) => error.name);
  control.abort();
  await aborted;
  assertEquals(await partial(1, {}), "all 1");
});
