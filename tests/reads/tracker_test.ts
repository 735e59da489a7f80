import { assertEquals, assertNotEquals, assertStrictEquals, assertThrows } from "@std/assert";
import fs from "node:fs";
import process from "node:process";
import type { CallKey, Digest } from "../../src/words/digests.ts";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import type { ChildDependency, Dependency } from "../../src/words/records.ts";
import { currentReads, runObserved, runUnobserved, trackFile } from "../../src/reads/run_observed.ts";
import { inFolder, newReads, observeRun } from "../support/reads.ts";

function digestOf(dependencies: readonly Dependency[], path: string): string | null | undefined {
  for (const each of dependencies) if ("path" in each && each.path === path) return each.digest;
  return undefined;
}

function child(name: string, outcome = "0"): ChildDependency {
  return {
    kind: "child",
    functionId: name,
    key: "1".repeat(64) as CallKey,
    args: null,
    outcome: outcome.repeat(64) as Digest<"outcome">,
  };
}

/** Runs `body` as an inner call, as a cached function inside another is run. */
async function inner<T>(root: string, body: () => T): Promise<Awaited<T>> {
  return (await observeRun(root, body)).value;
}

Deno.test("what is read counts in the order of the first look, once each", () =>
  inFolder(async (folder) => {
    for (const name of ["a", "b"]) Deno.writeTextFileSync(`${folder}/${name}`, name);
    const { seen } = await observeRun(folder, async () => {
      Deno.readTextFileSync(`${folder}/b`);
      Deno.env.get("CACHEPY_NONE");
      await Deno.readTextFile(`${folder}/a`);
      fs.readFileSync(`${folder}/b`);
      Deno.env.get("CACHEPY_NONE");
      fs.existsSync(`${folder}/b`);
    });
    assertEquals(seen, ["file b", "env CACHEPY_NONE unset", "file a", "stat b (existence)"]);
  }));

Deno.test("calls that run at the same time see their own reads, across await and timers", () =>
  inFolder(async (folder) => {
    for (const name of "abcd") Deno.writeTextFileSync(`${folder}/${name}`, name);
    const read = (first: string, second: string, ms: number) =>
      observeRun(folder, async () => {
        await Deno.readTextFile(`${folder}/${first}`);
        await new Promise((resolve) => setTimeout(resolve, ms));
        Deno.readTextFileSync(`${folder}/${second}`);
      });
    const [one, other] = await Promise.all([read("a", "b", 10), read("c", "d", 2)]);
    assertEquals([one.seen, other.seen], [["file a", "file b"], ["file c", "file d"]]);
  }));

Deno.test("what an inner call reads does not join the outer one, and the outer one goes on after it", () =>
  inFolder(async (folder) => {
    for (const name of ["in", "out"]) Deno.writeTextFileSync(`${folder}/${name}`, name);
    const { seen } = await observeRun(folder, async () => {
      await inner(folder, () => Deno.readTextFile(`${folder}/in`));
      Deno.readTextFileSync(`${folder}/out`);
    });
    assertEquals(seen, ["file out"]);
  }));

Deno.test("what a call leaves running after its end joins nobody", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "a");
    const gate = Promise.withResolvers<void>();
    let left: Promise<unknown> | undefined;
    const { seen } = await observeRun(folder, () => {
      left = gate.promise.then(() => [currentReads(), Deno.readTextFileSync(`${folder}/a`)]);
    });
    // While another call runs, the functions are still observed.
    const other = await observeRun(folder, () => {
      gate.resolve();
      return left;
    });
    assertEquals(other.value, [undefined, "a"]);
    assertEquals([seen, other.seen], [[], []]);
  }));

Deno.test("runUnobserved() reads for nobody", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "a");
    const { seen } = await observeRun(folder, () =>
      runUnobserved(async () => {
        await Deno.readTextFile(`${folder}/a`);
        return Deno.readTextFileSync(`${folder}/a`);
      }));
    assertEquals(seen, []);
  }));

Deno.test("currentReads() is the innermost running call", async () => {
  assertStrictEquals(currentReads(), undefined);
  const outer = newReads("/");
  await runObserved(outer, async () => {
    assertStrictEquals(currentReads(), outer);
    const within = newReads("/");
    assertStrictEquals(within.run.parent, outer.run);
    await runObserved(within, () => Promise.resolve(assertStrictEquals(currentReads(), within)));
    assertStrictEquals(currentReads(), outer);
  });
  assertStrictEquals(currentReads(), undefined);
});

Deno.test("runObserved() returns the very promise of the body, and starts what only has a then once", async () => {
  const promise = Promise.resolve(1);
  assertStrictEquals(runObserved(newReads("/"), () => promise), promise);
  assertStrictEquals(runObserved(newReads("/"), () => 5), 5);
  let started = 0;
  const { value, seen } = await observeRun("/", () => ({
    then(resolve: (value: string) => void) {
      started++;
      Deno.env.get("CACHEPY_NONE");
      resolve("done");
    },
  }));
  assertEquals([value as unknown, started, seen], ["done", 1, ["env CACHEPY_NONE unset"]]);
});

Deno.test("inner calls keep the order in which they were made, whichever ends first", () =>
  inFolder(async (folder) => {
    const reads = newReads(folder);
    runObserved(reads, () => {
      const slots = [reads.reserveChild(), reads.reserveChild(), reads.reserveChild(), reads.reserveChild()];
      Deno.env.get("CACHEPY_NONE");
      slots[2]!(child("c"));
      slots[0]!(child("a"));
      reads.reserveChild()(child("a"));
      reads.reserveChild()(child("a", "5"));
    });
    const { dependencies } = await reads.settle();
    assertEquals(dependencies.map((each) => each.kind === "child" ? each.functionId + each.outcome[0] : each.kind), [
      "a0",
      "c0",
      "env",
      "a5",
    ]);
  }));

Deno.test("the digest of a file is that of its bytes, however it was read", () =>
  inFolder(async (folder) => {
    const bytes = new Uint8Array([0xef, 0xbb, 0xbf, 0x61, 0xff, 0x62]);
    Deno.writeFileSync(`${folder}/bad`, bytes);
    Deno.writeTextFileSync(`${folder}/bom`, "\ufeffü");
    Deno.writeFileSync(`${folder}/large`, new Uint8Array(300_000).fill(7));
    for (const name of ["bad", "bom", "large"]) {
      const expected = new FileDigests().digestFileSync(`${folder}/${name}`);
      for (const aheadMs of [0, 60_000]) {
        for (
          const read of [
            () => Deno.readTextFileSync(`${folder}/${name}`),
            () => Deno.readFile(`${folder}/${name}`),
            () => Deno.openSync(`${folder}/${name}`).close(),
            () => fs.readFileSync(`${folder}/${name}`, "utf8"),
          ]
        ) {
          const files = new FileDigests({ now: () => Date.now() + aheadMs });
          const { dependencies, raced } = await observeRun(folder, read, files);
          assertEquals([digestOf(dependencies, name), raced], [expected, []], `${read} of ${name}`);
        }
      }
    }
  }));

Deno.test("a relative path makes the working directory an input", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "a");
    const before = Deno.cwd();
    try {
      Deno.chdir(folder);
      assertEquals((await observeRun(folder, () => Deno.readTextFileSync("a"))).seen, ["cwd", "file a"]);
      assertEquals((await observeRun(folder, () => Deno.readTextFileSync(`${folder}/a`))).seen, ["file a"]);
    } finally {
      Deno.chdir(before);
    }
  }));

Deno.test("a path through a link and back is beside what the link leads to", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/far/sub`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/far/a`, "far");
    Deno.symlinkSync(`${folder}/far/sub`, `${folder}/link`);
    const { seen, value } = await observeRun(folder, () => Deno.readTextFileSync(`${folder}/link/../a`));
    assertEquals([value, seen], ["far", ["link link (real)", "file far/a"]]);
  }));

Deno.test("what the cache keeps in its directory does not count, and the user's files beside it do", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/.cachepy/v1/blobs`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/.cachepy/v1/x`, "x");
    Deno.writeTextFileSync(`${folder}/.cachepy/data`, "x");
    const files = new FileDigests({ cacheDir: `${folder}/.cachepy` });
    const { seen } = await observeRun(folder, () => {
      Deno.readTextFileSync(`${folder}/.cachepy/v1/x`);
      Deno.statSync(`${folder}/.cachepy/v1`);
      Deno.readDirSync(`${folder}/.cachepy/v1/blobs`);
      Deno.readTextFileSync(`${folder}/.cachepy/data`);
    }, files);
    assertEquals(seen, ["file .cachepy/data"]);
  }));

Deno.test("trackFile() counts a file or a directory by content, and outside of calls only answers the path", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/d`);
    Deno.writeTextFileSync(`${folder}/d/x`, "x");
    Deno.writeFileSync(`${folder}/d/large`, new Uint8Array(200_000));
    assertEquals(trackFile(`${folder}/d/../d/x`), `${folder}/d/x`);
    const run = () => observeRun(folder, () => [trackFile(`${folder}/d`), trackFile(new URL(`file://${folder}/none`))]);
    const { seen, value, dependencies, raced } = await run();
    assertEquals(value, [`${folder}/d`, `${folder}/none`]);
    assertEquals([seen, raced], [["file d", "file none absent"], []]);
    Deno.writeTextFileSync(`${folder}/d/x`, "y");
    assertNotEquals(digestOf((await run()).dependencies, "d"), digestOf(dependencies, "d"));
    assertThrows(() => trackFile(5 as never), TypeError, "want a path");
    await observeRun(folder, () => assertThrows(() => trackFile(new URL("https://x.y/")), TypeError, "want a path"));
  }));

Deno.test("a call that has ended takes no more", () =>
  inFolder(async (folder) => {
    const reads = newReads(folder);
    assertEquals(await reads.settle(), { dependencies: [], raced: [] });
    assertEquals(reads.trackFile(`${folder}/a`), `${folder}/a`);
    assertEquals(reads.isRunning, false);
  }));

const METADATA: [string, (path: string) => unknown, string][] = [
  ["existence", (path) => Deno.statSync(path).isFile, "stat a (existence)"],
  ["size", (path) => Deno.statSync(path).size, "stat a (size)"],
  ["mtime", (path) => Deno.statSync(path).mtime, "stat a (mtime)"],
  ["mtime and size", async (path) => {
    const { mtime, size } = await Deno.stat(path);
    return [mtime, size];
  }, "stat a (mtime,size)"],
  ["several looks", (path) => [Deno.statSync(path).mode, Deno.statSync(path).size], "stat a (mode,size)"],
];

for (const [what, look, expected] of METADATA) {
  Deno.test(`a stat that looks at ${what} depends on that`, () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(`${folder}/a`, "a");
      const { seen, raced } = await observeRun(folder, () => look(`${folder}/a`));
      assertEquals([seen, raced], [[expected], []]);
    }));
}

const WHOLE: [string, (info: Deno.FileInfo) => unknown][] = [
  ["JSON.stringify", (info) => JSON.stringify(info)],
  ["spreading", (info) => ({ ...info })],
  ["structuredClone", (info) => structuredClone(info)],
  ["printing", (info) => Deno.inspect(info)],
  ["Object.values", (info) => Object.values(info)],
];

for (const [what, take] of WHOLE) {
  Deno.test(`${what} of a stat result sees all of it, as it would be without`, () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(`${folder}/a`, "a");
      const { dependencies, value } = await observeRun(folder, () => take(Deno.statSync(`${folder}/a`)));
      assertEquals(dependencies.length, 1);
      assertEquals((dependencies[0] as { fields?: string[] }).fields?.length, 14);
      assertEquals(value, take(Deno.statSync(`${folder}/a`)));
    }));
}

Deno.test("a stat result keeps its shape and can be written to", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "a");
    const plain = Deno.statSync(`${folder}/a`);
    const { value, seen } = await observeRun(folder, () => {
      const info = Deno.statSync(`${folder}/a`);
      const keys = [Object.keys(info), Object.getPrototypeOf(info) === Object.getPrototypeOf(plain)];
      info.size = 99;
      return [...keys, info.size, Object.getOwnPropertyDescriptor(info, "size")];
    });
    const described = { value: 99, writable: true, enumerable: true, configurable: true };
    assertEquals(value, [Object.keys(plain), true, 99, described]);
    assertEquals(seen, ["stat a (existence)"]);
  }));

Deno.test("a result that holds a stat result counts what is looked at before the reads are settled", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "a");
    const reads = newReads(folder);
    const info = runObserved(reads, () => Deno.statSync(`${folder}/a`));
    void info.mtime;
    const { dependencies } = await reads.settle();
    assertEquals((dependencies[0] as { fields?: string[] }).fields, ["mtime"]);
  }));

Deno.test("the environment that the call sets itself is no input, what it read before it is", async () => {
  const name = "CACHEPY_OWN_VARIABLE";
  Deno.env.delete(name);
  const own = await observeRun("/", () => {
    Deno.env.set(name, "1");
    return [Deno.env.get(name), process.env[name]];
  });
  assertEquals([own.value, own.seen, own.raced], [["1", "1"], [], []]);
  const before = await observeRun("/", () => {
    const value = Deno.env.get(name);
    process.env[name] = "2";
    return [value, Deno.env.get(name)];
  });
  assertEquals([before.value, before.seen, before.raced], [["1", "2"], [`env ${name}`], []]);
  Deno.env.delete(name);
});
