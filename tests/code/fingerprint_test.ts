import { assert, assertEquals, assertNotEquals, assertRejects } from "@std/assert";
import { CacheError } from "../../src/words/errors.ts";
import { type Fingerprint, fingerprint, type FingerprintOptions, identifyValue } from "../../src/code/fingerprint.ts";

const root = new URL("../..", import.meta.url).pathname.replace(/\/$/, "");
const OPTIONS: FingerprintOptions = { projectRoot: root, packageOf: () => null, cachedIdentity: () => undefined };

const follow = (fn: object, options: Partial<FingerprintOptions> = {}): Promise<Fingerprint> =>
  fingerprint(fn, { ...OPTIONS, ...options });
const digestOf = async (fn: object, options: Partial<FingerprintOptions> = {}): Promise<string> =>
  (await follow(fn, options)).digest;
const isRefreshed = async (found: Fingerprint): Promise<boolean> => await found.refresh() !== found;

let rate = 1;
const config: { threshold: number; label: string; inner: { list: number[] } } = {
  threshold: 1,
  label: "a",
  inner: { list: [1] },
};
const frozen = Object.freeze({ a: 1, b: Object.freeze([1, 2]) });
const FACTOR = 3;
const helper = (x: number) => x * FACTOR;

Deno.test("two closures with the same text and different captures differ", async () => {
  const make = (n: number) => () => n;
  assertNotEquals(await digestOf(make(1)), await digestOf(make(2)));
  assertEquals(await digestOf(make(1)), await digestOf(make(1)));
});

Deno.test("a function whose captures cannot change is fixed", async () => {
  const found = await follow((x: number) => helper(x) + frozen.b.length);
  assertEquals(found.digest, await digestOf((x: number) => helper(x) + frozen.b.length));
  assert((await follow((x: number) => helper(x) + Math.max(x, 1))).isFixed);
});

Deno.test("the next look sees a variable that was reassigned, and sees it put back", async () => {
  const found = await follow(() => rate);
  assert(!found.isFixed);
  rate = 2;
  const later = await found.refresh();
  assertNotEquals(later.digest, found.digest);
  rate = 1;
  assertEquals((await later.refresh()).digest, found.digest);
  assert(await found.refresh() === found);
});

Deno.test("the next look sees a variable that was reassigned in a function that a function declared beside it calls", async () => {
  const text = "let rate = 1; const times = (x) => x * rate; function scale(x) { return times(x); }\n" +
    "export const set = (value) => { rate = value; }; export const step = (x) => times(x); export const far = (x) => scale(x);";
  const { set, step, far } = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  for (const fn of [step, far]) {
    const found = await follow(fn);
    set(2);
    const later = await found.refresh();
    assertNotEquals(later.digest, found.digest);
    set(1);
    assertEquals((await later.refresh()).digest, found.digest);
  }
});

Deno.test("the next look sees an object that was changed, and only the members that are used", async () => {
  const whole = await follow(() => JSON.stringify(config));
  const member = await follow(() => config.threshold);
  config.inner.list.push(2);
  assert(await isRefreshed(whole));
  assert(!await isRefreshed(member));
  config.threshold = 2;
  assert(await isRefreshed(member));
  config.threshold = 1;
  config.inner.list.pop();
});

Deno.test("the next look sees changed maps, sets, dates, typed arrays, static members and prototypes", async () => {
  class Settings {
    static limit = 1;
    size(): number {
      return 1;
    }
  }
  const map = new Map([["a", 1]]), set = new Set([1]), date = new Date(0), bytes = new Uint8Array(2);
  const cases: [object, () => void][] = [
    [() => map.get("a"), () => map.set("a", 2)],
    [() => set.has(2), () => set.add(2)],
    [() => date.getTime(), () => date.setTime(1)],
    [() => bytes.length + bytes.at(0)!, () => bytes.fill(1)],
    [() => Settings.limit, () => Settings.limit = 2],
    [() => new Settings().size(), () => Settings.prototype.size = () => 2],
  ];
  for (const [fn, change] of cases) {
    const found = await follow(fn);
    assert(!await isRefreshed(found), String(fn));
    change();
    assert(await isRefreshed(found), String(fn));
  }
});

Deno.test("the next look sees that a method which the program put on a prototype is another one now", async () => {
  // deno-lint-ignore no-explicit-any
  const prototype: any = Array.prototype;
  try {
    prototype.cachepySum = () => 1;
    // deno-lint-ignore no-explicit-any
    const found = await follow(() => ([] as any).cachepySum());
    assert(!await isRefreshed(found));
    prototype.cachepySum = () => 2;
    assert(await isRefreshed(found));
  } finally {
    delete prototype.cachepySum;
  }
});

Deno.test("the next look sees a private field that was changed from outside the function", async () => {
  class Box {
    #content = 1;
    put(value: number): void {
      this.#content = value;
    }
    get content(): number {
      return this.#content;
    }
  }
  const box = new Box();
  const found = await follow(() => box.content);
  assert(!await isRefreshed(found));
  box.put(2);
  assert(await isRefreshed(found));
});

Deno.test("the next look sees a static private field, and its name does not count", async () => {
  class Settings {
    static #level = 1;
    static raise(): void {
      this.#level++;
    }
    static get level(): number {
      return this.#level;
    }
  }
  const found = await follow(() => Settings.level);
  assert(!await isRefreshed(found));
  Settings.raise();
  assert(await isRefreshed(found));
  const read = await follow(() => {
    class Inner {
      static #a = 1;
      static a = Inner.#a;
    }
    return Inner.a;
  });
  const renamed = await digestOf(() => {
    class Inner {
      static #b = 1;
      static a = Inner.#b;
    }
    return Inner.a;
  });
  assertEquals(read.digest, renamed);
});

Deno.test("state that a function writes is left out and named once", async () => {
  let calls = 0;
  const log: string[] = [], memo = new Map<number, number>(), stats = { hits: 0, weight: 2 };
  const note = (list: string[], line: string) => void list.push(line);
  const compute = (x: number): number => {
    calls++;
    stats.hits += 1;
    note(log, "called");
    if (!memo.has(x)) memo.set(x, x * stats.weight);
    return memo.get(x) as number;
  };
  const found = await follow(compute);
  compute(1);
  compute(2);
  assert(!await isRefreshed(found));
  assertEquals(await digestOf(compute), found.digest);
  assertEquals(found.notices.map((notice) => /left out: (\S+)/.exec(notice)?.[1]), [
    "calls",
    "log",
    "memo",
    "stats.hits",
  ]);
  stats.weight = 3;
  assert(await isRefreshed(found));
  assertEquals(calls, 2);
});

Deno.test("state of an instance is left out when a method writes it, private fields too", async () => {
  class Logger {
    #lines: string[] = [];
    count = 0;
    constructor(readonly prefix: string) {}
    log(line: string): void {
      this.#lines.push(this.prefix + line);
      this.#bump();
    }
    #bump(): void {
      this.count++;
    }
  }
  const make = (logger: Logger) => (x: number) => {
    logger.log("run");
    return x;
  };
  const run = make(new Logger("a"));
  const found = await follow(run);
  run(1);
  assertEquals(await digestOf(run), found.digest);
  assertNotEquals(await digestOf(make(new Logger("b"))), found.digest);
});

Deno.test("closures over state with different first values differ", async () => {
  const counter = (start: number) => {
    let n = start;
    return () => n++;
  };
  const one = counter(1), five = counter(5);
  const digest = await digestOf(one);
  assertNotEquals(await digestOf(five), digest);
  one();
  assertEquals(await digestOf(one), digest);
});

Deno.test("handles count by their kind and are named", async () => {
  const path = await Deno.makeTempFile();
  using file = await Deno.open(path);
  const controller = new AbortController();
  const stream = new ReadableStream();
  const found = await follow(() => [file, controller, stream]);
  await Deno.remove(path);
  assertEquals(found.parts.filter((part) => part.kind === "handle").map((part) => part.name).sort(), [
    "AbortController",
    "Deno.FsFile",
    "ReadableStream",
  ]);
  assertEquals(found.notices.length, 3);
  await stream.cancel();
});

Deno.test("what cannot be understood is named", async () => {
  const proxy = new Proxy({ a: 1 }, {});
  const weak = new WeakRef({});
  const found = await follow((text: string) => [proxy.a, weak.deref(), eval(text), new Function(text), import(text)]);
  for (const word of ["Proxy", "WeakRef", "eval", "new Function", "import()"]) {
    assert(found.notices.some((notice) => notice.includes(word)), word);
  }
});

Deno.test("a cached function counts by its identity, and a recursive one refers to itself", async () => {
  const make = (factor: number) => {
    const inner = Object.assign(async (x: number) => await Promise.resolve(x * factor), { original: null });
    const outer = async (x: number) => await inner(x) + 1;
    return { inner, outer };
  };
  const one = make(2), two = make(3);
  const cachedIdentity = (value: object) => value === one.inner || value === two.inner ? "inner @ lib.ts" : undefined;
  const found = await follow(one.outer, { cachedIdentity });
  assertEquals(found.digest, await digestOf(two.outer, { cachedIdentity }));
  assertEquals(found.parts.filter(({ kind }) => kind === "cached").map(({ name }) => name), ["inner @ lib.ts"]);
  assertNotEquals(await digestOf(one.outer), await digestOf(two.outer));
});

Deno.test("blind uses are found: named imports of node:fs, captured originals, processes, the network", async () => {
  const { readTextFile } = Deno;
  const found = await follow(async () => [
    await readTextFile("x"),
    new Deno.Command("ls"),
    await fetch("https://example.com"),
    Deno.dlopen("x", {}),
    await Deno.readTextFile("y"),
  ]);
  assertEquals(found.blind.map((use) => [use.name, use.kind]).sort(), [
    ["Deno.Command", "process"],
    ["Deno.dlopen", "ffi"],
    ["Deno.readTextFile", "file"],
    ["fetch", "network"],
  ]);
});

Deno.test("classes of the network's scripts that only hold data are not blind", async () => {
  const found = await follow(() => [new Headers(), new FormData(), new Response("x"), new Request("file:///x")]);
  assertEquals(found.blind, []);
});

Deno.test("fetching a file is not blind, since it is observed", async () => {
  const found = await follow(async () => [
    await fetch("file:///etc/hosts"),
    await fetch(new URL("./data.csv", import.meta.url)),
  ]);
  assertEquals(found.blind, []);
});

Deno.test("ignoreCode leaves out symbols and files", async () => {
  const make = (x: number) => {
    const logger = () => x;
    return () => {
      logger();
      return 1;
    };
  };
  assertNotEquals(await digestOf(make(1)), await digestOf(make(2)));
  const ignoreCode = ["logger"];
  assertEquals(await digestOf(make(1), { ignoreCode }), await digestOf(make(2), { ignoreCode }));
  const inFile = { ignoreCode: ["./tests/code/fingerprint_test.ts"] };
  assertEquals(await digestOf(make(1), inFile), await digestOf(() => 5, inFile));
});

Deno.test("parts name what was reached, with module, digest and value", async () => {
  const found = await follow((x: number) => helper(x));
  const { name, module, preview } = found.parts.find((part) => part.kind === "value") ?? {};
  assertEquals([name, module, preview], ["FACTOR", "tests/code/fingerprint_test.ts", "3"]);
  assert(found.parts.some((part) => part.kind === "function" && part.name === "helper"));
  assertEquals(found.module, "tests/code/fingerprint_test.ts");
});

Deno.test("an instance is identified by its class and its fields, private ones too", async () => {
  const make = (method: string) => {
    class Point {
      #z = 0;
      constructor(readonly x: number, z = 0) {
        this.#z = z;
      }
      norm(): number {
        return method === "one" ? this.x : this.#z;
      }
    }
    return Point;
  };
  const Point = make("one");
  const identify = async (value: object) => (await identifyValue(value, OPTIONS)).identity;
  assertEquals(await identify(new Point(1)), await identify(new Point(1)));
  assertNotEquals(await identify(new Point(1)), await identify(new Point(2)));
  assertNotEquals(await identify(new Point(1, 1)), await identify(new Point(1, 2)));
  assertNotEquals(await identify(new Point(1)), await identify(new (make("two"))(1)));
  assertNotEquals(await identify(helper), await identify((x: number) => x));
});

Deno.test("a method says which members of its receiver are state, and the receiver is identified without them", async () => {
  class Model {
    calls = 0;
    alpha = 1;
    #memo = new Map<number, number>();
    fit(x: number): number {
      this.#remember(x);
      this.note();
      return x * this.alpha;
    }
    #remember(x: number): void {
      this.#memo.set(x, x);
    }
    note(): void {
      this.calls++;
    }
  }
  const model = new Model();
  const { receiverState } = await follow(Model.prototype.fit);
  assertEquals(receiverState, ["#memo", "calls"]);
  const identify = async () => (await identifyValue(model, OPTIONS, Model.prototype.fit)).identity;
  const identity = await identify();
  model.fit(1);
  assertEquals(await identify(), identity);
  model.alpha = 2;
  assertNotEquals(await identify(), identity);
});

Deno.test("a method that took another one's place counts, although the class has its text elsewhere", async () => {
  class Sample {
    one(): number {
      return 1;
    }
    two(): number {
      return 2;
    }
  }
  const found = await follow(() => new Sample().one());
  Sample.prototype.one = Sample.prototype.two;
  assert(await isRefreshed(found));
  assertNotEquals((await found.refresh()).digest, found.digest);
});

Deno.test("arrow functions over different receivers differ, and say that the receiver is not seen", async () => {
  function make(this: { z: number }) {
    return () => this.z;
  }
  const one = await follow(make.call({ z: 1 }));
  assertNotEquals(one.digest, await digestOf(make.call({ z: 2 })));
  assert(one.notices[0]?.startsWith("not tracked: this in "));
});

Deno.test("an arrow function in a field of an instance counts with its instance", async () => {
  class Button {
    #clicks: number;
    constructor(clicks: number) {
      this.#clicks = clicks;
    }
    handler = () => this.#clicks;
  }
  const make = (button: Button) => () => button.handler();
  const one = await follow(make(new Button(1)));
  assertEquals(one.notices, []);
  assertEquals(one.digest, await digestOf(make(new Button(1))));
  assertNotEquals(one.digest, await digestOf(make(new Button(2))));
});

Deno.test("a value nested 50,000 deep counts to its end", async () => {
  const nest = (value: unknown) => {
    for (let level = 0; level < 50_000; level++) value = [value];
    return value;
  };
  const make = (value: unknown) => () => value;
  const one = await follow(make(nest(1)));
  assertEquals([one.notices, one.digest], [[], await digestOf(make(nest(1)))]);
  assertNotEquals(one.digest, await digestOf(make(nest(2))));
});

Deno.test("code that is nested too deep, generators and iterators do not throw and are named", async () => {
  const items = [1, 2].values();
  const produce = (function* () {
    yield 1;
  })();
  const sum = new Function(`return ${Array(20_000).fill("1").join(" + ")}`);
  const found = await follow(() => [items, produce, sum()]);
  for (const word of ["Array Iterator", "Generator", "could not be read"]) {
    assert(found.notices.some((notice) => notice.includes(word)), word);
  }
});

Deno.test("when the walk fails, the function's own code counts, and that is said", async () => {
  const found = await follow(helper, {
    packageOf: () => {
      throw new Error("no lock file");
    },
  });
  assert(found.notices[0]?.startsWith("not followed: the code could not be walked (no lock file)"));
  assert(!found.isFixed);
});

Deno.test("many fingerprints at once do not get in each other's way", async () => {
  const make = (n: number) => () => n;
  const functions = Array.from({ length: 40 }, (_, index) => make(index));
  const all = await Promise.all(functions.map((fn) => digestOf(fn)));
  assertEquals(new Set(all).size, 40);
  assertEquals(all[7], await digestOf(make(7)));
});

Deno.test("source tracking lists exactly what it does not see", async () => {
  const fn = (x: number) => helper(x) + rate + Math.max(x, frozen.a);
  const found = await follow(fn, { track: "source" });
  assertEquals(found.notices.length, 1);
  assert(found.notices[0]?.startsWith("not tracked: helper, rate, frozen; "));
  assert(found.isFixed);
});

Deno.test({
  name: "without the permission, closure tracking is an error with the flag, and the default falls back",
  permissions: { read: true, sys: false },
  async fn() {
    const error = await assertRejects(() => follow(helper, { track: "closure" }), CacheError);
    assertEquals(error.code, "ERR_TRACKING");
    assert(error.message.includes("--allow-sys"));
    assert((await follow(helper)).notices[0]?.includes("--allow-sys"));
  },
});

Deno.test("what nobody can tell from the code is named: whole globals, computed members, code made from text", async () => {
  // deno-lint-ignore no-explicit-any
  const name = "args", scope = globalThis as any, Make = Function;
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor;
  const open: [fn: () => unknown, part: string][] = [
    // deno-lint-ignore no-explicit-any
    [() => (Deno as any)[name], "of Deno as a whole or by a computed name"],
    [() => Reflect.get(Deno, name), "of Deno as a whole or by a computed name"],
    // deno-lint-ignore no-explicit-any
    [() => (globalThis as any)[name], "of globalThis as a whole or by a computed name"],
    [() => new Make("return 1")(), "code given to new Function"],
    [() => new AsyncFunction("return 1")(), "code given to new Function"],
    [() => helper.constructor("return 1")(), "code given to .constructor()"],
  ];
  for (const [fn, part] of open) {
    const { notices } = await follow(fn);
    assert(notices.some((notice) => notice.startsWith("not tracked: ") && notice.includes(part)), String(fn));
  }
  const get = Deno.env.get.bind(Deno.env);
  const bound = await follow(() => get("HOME"));
  assert(bound.notices[0]?.includes("through a captured Deno.env.get"), bound.notices.join());
  const closed = [
    () => Deno.env.get("HOME"),
    () => typeof Deno !== "undefined" && "args" in Deno && Deno ? Deno.build.os : globalThis.Deno?.args.length,
    () => scope.cachepyNothing,
    () => new (Object.getPrototypeOf(frozen).constructor)(1),
    (x: unknown) => x instanceof Function,
  ];
  for (const fn of closed) assertEquals((await follow(fn)).notices, [], String(fn));
});
