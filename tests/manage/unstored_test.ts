/** What is not stored can be seen afterwards: by `why`, by `cacheStats`, on the command line, until it is stored. */
import { assert, assertEquals } from "@std/assert";
import { cacheClear, cacheInfo, cacheStats } from "@bimsb/cachepy";
import { Project } from "../support/project.ts";
import { Rig } from "../support/rig.ts";

Deno.test("calls that were not stored are counted over all processes, with path, cause and remedy", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";
class Point { #x = 1; get x() { return this.#x; } }
const point = cacheFile("cache")(function point(n: number) { return { last: new Point(), n }; });
for (let n = 0; n < 6; n++) await point(n);
console.log(JSON.stringify((await point.why(1)).notices));`,
    "stats.ts": `
import { cacheStats } from "@bimsb/cachepy";
console.log(JSON.stringify((await cacheStats("cache")).unstored));`,
  });
  const cause =
    "Cannot store result.last: got an instance of Point, which has private members; return plain data, such " +
    "as its fields, or name a codec for it in the option codecs";
  assertEquals((await project.run("main.ts")).json(), [`not stored: 6 calls, ${cause}`]);
  assertEquals((await project.run("main.ts")).json(), [`not stored: 12 calls, ${cause}`]);
  const [found, ...others] = (await project.run("stats.ts")).json<{ fname: string; calls: number; detail: string }[]>();
  assertEquals([found!.fname, found!.calls, found!.detail, others], ["point", 12, cause, []]);
  const cli = new URL("../../cli.ts", import.meta.url).pathname;
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--config",
      new URL("../../deno.json", import.meta.url).pathname,
      cli,
      "stats",
      "--cache-dir",
      "cache",
    ],
    cwd: project.folder,
    env: { NO_COLOR: "1" },
  }).output();
  const text = new TextDecoder().decode(stdout);
  assert(text.includes(`not stored: 12 calls of point: ${cause}`), text);
});

Deno.test("a function that stores again is not listed any more, and an empty cache lists nothing", async () => {
  await using rig = await Rig.open();
  const make = rig.cached()(function make(isPlain: boolean) {
    return isPlain ? 1 : new WeakMap();
  });
  await make(false);
  assertEquals((await cacheStats(rig.cacheDir)).unstored?.map(({ fname, calls }) => [fname, calls]), [["make", 1]]);
  assertEquals((await cacheStats(rig.cacheDir, { fname: "other" })).unstored, undefined);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await make(true);
  assertEquals((await cacheStats(rig.cacheDir)).unstored, undefined);
  await make(false);
  await cacheClear(rig.cacheDir);
  assertEquals((await cacheStats(rig.cacheDir)).unstored, undefined);
});

Deno.test("a call that runs uncached is counted, and `why` says so", async () => {
  await using rig = await Rig.open();
  const use = rig.cached()(function use(_wait: Promise<number>) {
    return 1;
  });
  await use(Promise.resolve(1));
  const { outcome, summary } = await use.why(Promise.resolve(1));
  assertEquals(outcome, "miss");
  assert(summary.startsWith("it runs uncached: Cannot use _wait as an input: got a Promise"), summary);
  const [found] = (await cacheStats(rig.cacheDir)).unstored ?? [];
  assertEquals([found?.calls, found?.detail], [1, summary]);
});

Deno.test("an entry with instances, values of codecs and captured objects can be looked at without the program", async () => {
  await using rig = await Rig.open();
  class Point {
    constructor(readonly x: number) {}
  }
  class Secret {
    #x: number;
    constructor(x: number) {
      this.#x = x;
    }
    get x() {
      return this.#x;
    }
  }
  const KNOWN = { a: 1 };
  const codec = {
    name: "Secret",
    is: (value: unknown) => value instanceof Secret,
    encode: ({ x }: Secret) => x,
    decode: (x: number) => new Secret(x),
  };
  const make = rig.cached({ codecs: [codec] })(function make() {
    return [new Point(1), new Secret(2), KNOWN];
  });
  await make();
  const { value, meta } = await cacheInfo(rig.cacheDir, await make.key());
  const text = Deno.inspect(value, { breakLength: Infinity });
  assertEquals(
    text,
    '[ StoredInstance { x: 1 }, StoredByCodec { codec: "Secret", data: 2 }, CapturedObject {} ]',
  );
  assertEquals(meta.fname, "make");
});
