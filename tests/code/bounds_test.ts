import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { fingerprint, type FingerprintOptions } from "../../src/code/fingerprint.ts";
import { sampleOf } from "../support/sample.ts";

const OPTIONS: FingerprintOptions = { projectRoot: "/", packageOf: () => null, cachedIdentity: () => undefined };

/** Much longer than any of the walks takes, and much shorter than one that is not linear. */
const PATIENCE_MS = 60_000;

type Step = () => unknown;

/** Part of the full size of each shape. */
const SCALE = Number(Deno.env.get("CACHEPY_SHAPES") ?? 0.2);
const MANY = Math.round(5000 * SCALE);

let modules = 0;

/** Imports a text as a module of its own. */
async function load(text: string): Promise<Step> {
  return (await import(`data:text/javascript,${encodeURIComponent(text)}#${modules++}`)).step;
}

const lines = (count: number, one: (at: number) => string) =>
  Array.from({ length: count }, (_, at) => one(at)).join("\n");

/** Makes a function that reaches very much, in a shape that may cost more than it should, with a part that varies. */
const SHAPES: Readonly<Record<string, (part: number) => Step | Promise<Step>>> = {
  "a tower of closures": (part) => {
    let f = () => part;
    for (let at = 0; at < MANY; at++) {
      const below = f;
      f = () => below() + 1;
    }
    return f;
  },
  "functions of a module, each calling the next": (part) =>
    load(`${lines(MANY, (at) => `function f${at}() { return ${at < MANY - 1 ? `f${at + 1}()` : part}; }`)}
export const step = () => f0();`),
  "a ring of functions that look alike": (part) =>
    load(`${lines(MANY, (at) => `function f${at}() { return f${(at + 1) % MANY}()${at === 77 ? ` + ${part}` : ""}; }`)}
export const step = () => f0();`),
  "one function that calls many": (part) =>
    load(`${lines(MANY, (at) => `function f${at}() { return ${at === MANY - 1 ? part : at}; }`)}
export const step = () => [${lines(3000, (at) => `f${at}(),`)}];`),
  "a class with 400 methods that call each other": (part) =>
    load(
      `class A { ${
        lines(
          400,
          (at) =>
            `m${at}(o) { this.y${at} = ${at === 7 ? part : at}; o.m${at * 7 % 400}(this); other.m${at * 3 % 400}(o); }`,
        )
      } }
const one = new A(), other = new A();
export const step = () => one.m0(other);`,
    ),
  "200 classes that call each other's methods and write": (part) =>
    load(
      `${
        lines(200, (at) =>
          `class C${at} { n = ${at === 7 ? part : 0}; m(o) { this.n++; o.m(c${at * 7 % 200}); c${
            (at + 1) % 200
          }.m(this); } }`)
      }
${lines(200, (at) => `const c${at} = new C${at}();`)}
export const step = () => c0.m(c1);`,
    ),
  "400 classes, each of which extends the one before": (part) =>
    load(`class C0 { m() { return ${part}; } }
${lines(400, (at) => `class C${at + 1} extends C${at} { m() { return super.m() + 1; } }`)}
const last = new C400();
export const step = () => last.m();`),
  "closures in a list": (part) => {
    const list = Array.from({ length: MANY }, (_, at) => () => at === MANY - 1 ? part : at);
    return () => list.map((one) => one());
  },
  "a map with closures that refer to it": (part) => {
    const map = new Map<object, Step>();
    for (let at = 0; at < MANY; at++) map.set({ at: at === 500 ? part : 0 }, () => map);
    return () => map.size;
  },
  "a ring of objects with methods": (part) => {
    const ring: { part: number; next(): unknown }[] = Array.from({ length: MANY }, (_, at) => ({
      part: at === 500 ? part : 0,
      next: () => ring[(at + 1) % MANY]!.next(),
    }));
    return () => ring[0]!.next();
  },
  "a receiver that many functions hand on": (part) => {
    const holder: Record<string, unknown> = { part };
    let f = function (this: unknown): unknown {
      return (this as typeof holder).part;
    };
    for (let at = 0; at < MANY; at++) {
      const below = f;
      holder[`m${at}`] = f = function () {
        return below.call(this);
      };
    }
    holder.last = f;
    return () => (holder.last as Step)();
  },
  "very many objects that refer to each other": (part) => {
    const nodes = Array.from(
      { length: 1_000_000 * SCALE },
      (_, at) => ({ at, next: null as unknown, far: null as unknown }),
    );
    for (const [at, node] of nodes.entries()) {
      node.next = nodes[(at + 1) % nodes.length];
      node.far = nodes[at * 7919 % nodes.length];
    }
    nodes.at(-1)!.at = -part;
    const [root] = nodes;
    return () => JSON.stringify(root);
  },
  "data that is frozen 100,000 deep": (part) => {
    let data: object = Object.freeze({ part });
    for (let depth = 0; depth < 100_000; depth++) data = Object.freeze({ data });
    return () => JSON.stringify(data);
  },
};

for (const [name, make] of sampleOf(Object.entries(SHAPES))) {
  Deno.test(`the walk ends soon, and sees all: ${name}`, async () => {
    const begin = performance.now();
    const [one, again, other] = [await make(1), await make(1), await make(2)];
    const [first, second, third] = [one, again, other].map((step) => fingerprint(step, OPTIONS));
    const { digest, notices } = await first!;
    assert(notices.every((notice) => notice.startsWith("left out: ")), notices[0]);
    assertEquals((await second!).digest, digest);
    assertNotEquals((await third!).digest, digest);
    assert(performance.now() - begin < PATIENCE_MS);
  });
}

Deno.test("a chain of prototypes that is longer than any program needs is named, and the walk ends", async () => {
  const chainOf = (length: number) => {
    let object: object = { x: 1 };
    for (let at = 0; at < length; at++) object = Object.create(object);
    return () => Reflect.get(object, "x");
  };
  assertEquals((await fingerprint(chainOf(500), OPTIONS)).notices, []);
  assertStringIncludes((await fingerprint(chainOf(1500), OPTIONS)).notices.join("\n"), "the inside of a captured ");
});

Deno.test("beyond 20,000 functions each counts by its text alone, in one order, and that is named", async () => {
  const list: Step[] = Array.from({ length: 20_100 }, (_, at) => () => at);
  const make = () => () => list.map((one) => one());
  const { digest, notices } = await fingerprint(make(), OPTIONS);
  assertEquals(notices, [
    "partly tracked: it reaches more than 20000 functions; those beyond count by their text alone",
  ]);
  assertEquals((await fingerprint(make(), OPTIONS)).digest, digest);
  list[20_050] = () => "another";
  assertNotEquals((await fingerprint(make(), OPTIONS)).digest, digest);
});
