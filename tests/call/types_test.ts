import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

const HEAD = `import { type CachedFunction, cacheFile } from "@bimsb/cachepy";
const cached = cacheFile("./cache");
`;

const KEPT = `const ident = cached(async function ident<T>(x: T): Promise<T> { return await Promise.resolve(x); });
const n: Promise<number> = ident(3);
const s: Promise<string> = ident.with({ force: true })("a");
function read(path: string): Promise<string>;
function read(path: URL, as: "bytes"): Promise<Uint8Array>;
async function read(_path: string | URL, as?: "bytes"): Promise<string | Uint8Array> {
  return await Promise.resolve(as === undefined ? "" : new Uint8Array());
}
const load = cached({ version: "2" })(read);
const text: Promise<string> = load("a");
const bytes: Promise<Uint8Array> = load(new URL("file:///a"), "bytes");
const isThere: Promise<boolean> = load.has(new URL("file:///a"), "bytes");
const pick = cached(async <T, K extends keyof T>(from: T, name: K) => await Promise.resolve(from[name]));
const rain: Promise<number> = pick({ rain: 3 }, "rain");
const own: typeof read = load;
const asCached: CachedFunction<(path: string) => Promise<number>> = cached(async (path: string) => path.length);
function wrap<F extends (...args: string[]) => Promise<unknown>>(fn: F) {
  return cached(fn);
}
const wrapped: Promise<string> = wrap(async (path: string) => path)("a");
export { asCached, bytes, isThere, n, own, rain, s, text, wrapped };
`;

const WRONG = `const ident = cached(async function ident<T>(x: T): Promise<T> { return await Promise.resolve(x); });
const n: Promise<string> = ident(3);
const length = cached(async (path: string) => await Promise.resolve(path.length));
length(3);
length();
length.has(3);
length.with({ forced: true });
const pick = cached(async <T, K extends keyof T>(from: T, name: K) => await Promise.resolve(from[name]));
pick({ rain: 3 }, "snow");
const sum = cached((a: number, b: number) => a + b);
const three: number = sum(1, 2);
cached("sum");
cached({ versions: "2" });
export { n, three };
`;

const OTHERS = `const sum = cached((a: number, b: number) => a + b);
const three: Promise<number> = sum(1, 2);
const fails = cached(function fails(): never { throw new Error("no"); });
const caught: Promise<string> = fails().catch(() => "caught");
class Progress<T> extends Promise<T> { percent = 0; }
const slow = cached((x: number): Progress<number> => new Progress((resolve) => resolve(x)));
const x: Promise<number> = slow(1);
slow(1).percent;
const either = cached((x: number): number | Promise<number> => x);
const y: Promise<number> = either(1);
// deno-lint-ignore no-explicit-any
const loose = cached((x: any): any => x);
const z: number = await loose(1);
class Model {
  @cached
  async predict<T>(x: T): Promise<T> { return await Promise.resolve(x); }
  @cached({ version: "2" })
  static async twice(x: number): Promise<number> { return await Promise.resolve(2 * x); }
}
const p: Promise<string> = new Model().predict("a");
const q: Promise<number> = Model.twice(2);
const ofThis = cached(async function ofThis(this: { base: number }, x: number) { return await Promise.resolve(this.base + x); });
const r: Promise<number> = ofThis.call({ base: 1 }, 2);
ofThis.call({ bases: 1 }, 2);
export { caught, p, q, r, three, x, y, z };
`;

/** The errors of TypeScript in each program, as the numbers of their lines below the head: all found by one check. */
async function checkAll(): Promise<Record<string, number[]>> {
  const programs = { kept: KEPT, wrong: WRONG, others: OTHERS };
  const files = Object.entries(programs).map(([name, program]) => [`${name}.ts`, HEAD + program]);
  await using project = await Project.create(Object.fromEntries(files));
  const { stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["check", "--no-lock", ...files.map(([name]) => name!)],
    cwd: project.folder,
    env: { NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const found: Record<string, number[]> = { kept: [], wrong: [], others: [] };
  for (const error of new TextDecoder().decode(stderr).split("[ERROR]").slice(1)) {
    const [, name, line] = /(\w+)\.ts:(\d+):\d+/.exec(error) ?? [];
    found[name!]?.push(Number(line) - 2);
  }
  return found;
}

let checked: Promise<Record<string, number[]>> | undefined;

async function errorsOf(name: "kept" | "wrong" | "others"): Promise<number[] | undefined> {
  return (await (checked ??= checkAll()))[name];
}

Deno.test("wrapped asynchronous functions keep type parameters, overloads and names of parameters", async () => {
  assertEquals(await errorsOf("kept"), []);
});

Deno.test("wrong uses of wrapped functions are errors of types", async () => {
  assertEquals(await errorsOf("wrong"), [2, 4, 5, 6, 7, 9, 11, 12, 13]);
});

Deno.test("other functions return promises of what they return, and no more than a promise", async () => {
  assertEquals(await errorsOf("others"), [8, 24]);
});
