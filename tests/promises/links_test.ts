import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import {
  cacheClear,
  type CachedFunction,
  CacheError,
  cacheFile,
  cacheFileStateClear,
  cacheInfo,
  cacheList,
  cachePrune,
  cacheStats,
  cacheTreeChangedFiles,
  cacheTreeForFile,
  cacheTreeNodes,
  cacheTreeReset,
  cacheTreeSync,
  cacheVerify,
} from "@bimsb/cachepy";
import { fileDigestsFor } from "../../src/reads/files/open_digests.ts";
import { openCache } from "../../src/store/cache_dir.ts";
import { Crew } from "../support/call_worker.ts";
import { totalOf } from "../support/call_values.ts";
import { runCli } from "../support/run_cli.ts";
import { sampleOf } from "../support/sample.ts";
import { tempFolder } from "../support/seeded_cache.ts";

const UUID = "00000000-0000-4000-8000-000000000000";

/** Everything in a folder: names, kinds and bytes. */
function snapshot(folder: string): string[] {
  const found: string[] = [];
  const walk = (at: string): void => {
    for (const { name, isDirectory, isSymlink } of Deno.readDirSync(at)) {
      const path = `${at}/${name}`;
      if (isDirectory) {
        found.push(`${path}/`);
        walk(path);
      } else found.push(`${path} ${isSymlink ? Deno.readLinkSync(path) : Deno.readFileSync(path).toHex()}`);
    }
  };
  walk(folder);
  return found.sort();
}

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(`${from}/${name}`, `${to}/${name}`);
    else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

async function lines(task: () => Promise<unknown>): Promise<string[]> {
  const said: string[] = [];
  const { console: terminal } = globalThis;
  const { error } = terminal;
  terminal.error = (text: string) => said.push(text);
  try {
    await task();
  } finally {
    terminal.error = error;
  }
  return said;
}

type Cached = CachedFunction<(x: number) => number>;

function cachedIn(dir: string): Cached {
  return cacheFile(dir)(function twice(x: number): number {
    return x * 2;
  });
}

/** A cache with two entries, and the key of the first one. */
interface Original {
  readonly dir: string;
  readonly key: string;
  /** The key of the call that misses. */
  readonly missed: string;
  /** The path of its result below the cache directory. */
  readonly blob: string;
}

async function makeOriginal(folder: string): Promise<Original> {
  const dir = `${folder}/original`;
  const twice = cachedIn(dir);
  for (const x of [1, 2, 1]) await twice(x);
  const key = await twice.key(1);
  const cache = await openCache(dir);
  const release = cache.use();
  const digest = (await cache.records.get(key))!.traces[0]!.result;
  release();
  cache.close();
  return { dir, key, missed: await twice.key(7), blob: cache.blobs.pathOf(digest).slice(dir.length + 1) };
}

/** What someone can do with a cache. The first ones are calls: their result must be right. */
const CALLS: Record<string, (twice: Cached) => Promise<unknown>> = {
  "a hit": async (twice) => assertEquals(await twice(1), 2),
  "a miss": async (twice) => assertEquals(await twice(7), 14),
  "a forced call": async (twice) => assertEquals(await twice.with({ force: true })(1), 2),
  "an unsaved call": async (twice) => assertEquals(await twice.with({ skipSave: true })(1), 2),
};
const QUESTIONS: Record<string, (twice: Cached) => Promise<unknown>> = {
  "why": (twice) => twice.why(1),
  "has": (twice) => twice.has(1),
  "forget": (twice) => twice.forget(1),
};
const TASKS: Record<string, (dir: string, key: string) => Promise<unknown>> = {
  "list": (dir) => cacheList(dir),
  "stats": (dir) => cacheStats(dir),
  "info": (dir, key) => cacheInfo(dir, key),
  "prune": (dir) => cachePrune(dir),
  "prune by size": (dir) => cachePrune(dir, { maxBytes: 0 }),
  "prune by age": (dir) => cachePrune(dir, { daysOld: 0 }),
  "prune, dry": (dir) => cachePrune(dir, { dryRun: true }),
  "clear": (dir) => cacheClear(dir),
  "verify": (dir) => cacheVerify(dir),
  "repair": (dir) => cacheVerify(dir, { repair: true }),
  "tree nodes": (dir) => cacheTreeNodes(dir),
  "tree for a file": (dir) => cacheTreeForFile("a.csv", dir),
  "tree of changed files": (dir) => cacheTreeChangedFiles(dir),
  "tree reset": (dir) => cacheTreeReset(dir),
  "tree sync": (dir) => cacheTreeSync(dir, `${dir}-into`),
};

/** What a process does at its end, too. */
async function end(dir: string): Promise<void> {
  const digests = fileDigestsFor(dir);
  const startedMs = Date.now();
  const stamp = { dev: 1, ino: 2, size: 3, mtimeMs: 4, ctimeMs: 5 };
  digests.memory.set(`${dir}/x`, stamp, { digest: "0".repeat(64) as never, sizeBytes: 3 }, startedMs);
  digests.memory.flush(true);
  cacheFileStateClear(dir);
  (await openCache(dir)).close();
}

/** Puts a victim somewhere and a link to it in the cache. */
type Plant = (place: string, victim: string) => void;

function replace(place: string): void {
  try {
    Deno.removeSync(place, { recursive: true });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

const FILE_LINKS: Record<string, Plant> = {
  "a link to a file": (place, victim) => {
    replace(place);
    Deno.symlinkSync(`${victim}/thesis.txt`, place);
  },
  "a link to a database": (place, victim) => {
    replace(place);
    Deno.symlinkSync(`${victim}/other.sqlite`, place);
  },
  "a link to an empty file": (place, victim) => {
    replace(place);
    Deno.symlinkSync(`${victim}/empty`, place);
  },
  "a link to a folder": (place, victim) => {
    replace(place);
    Deno.symlinkSync(victim, place);
  },
  "a dangling link": (place, victim) => {
    replace(place);
    Deno.symlinkSync(`${victim}/absent`, place);
  },
  "a link to itself": (place) => {
    replace(place);
    Deno.symlinkSync(place, place);
  },
  "a hard link": (place, victim) => {
    replace(place);
    Deno.linkSync(`${victim}/thesis.txt`, place);
  },
  "a hard link to an empty file": (place, victim) => {
    replace(place);
    Deno.linkSync(`${victim}/empty`, place);
  },
};
const FOLDER_LINKS: Record<string, Plant> = Object.fromEntries(
  ["a link to a folder", "a link to a file", "a dangling link", "a link to itself"].map((name) => [
    name,
    FILE_LINKS[name]!,
  ]),
);

/** Files of the user's, some of which are called as the cache's own are. */
function makeVictim(victim: string, { dir, key, blob }: Original): void {
  const names = ["thesis.txt", "Cargo.lock", "app.log", "sub/data", "verify.json", `${key}.lock`, `${key}.computing`];
  const own = [`12-${UUID}`, `${key}.aside-${UUID}`, `12-${UUID}.log`, `tmp/12-${UUID}`, "files.bin", "generation"];
  const blobs = [blob.split("/").at(-1)!, blob.split("/").slice(-2).join("/"), `${"0".repeat(62)}.cbor`];
  for (const name of [...names, ...own, ...blobs, "empty", "locks/clear.lock", "merged.bin", "merging"]) {
    Deno.mkdirSync(`${victim}/${name}`.replace(/\/[^/]*$/, ""), { recursive: true });
    Deno.writeTextFileSync(`${victim}/${name}`, name === "empty" ? "" : "precious\n");
  }
  Deno.copyFileSync(`${dir}/v1/meta.kv`, `${victim}/other.sqlite`);
}

interface Attempt {
  readonly original: Original;
  readonly folder: string;
  readonly spot: string;
  readonly plant: Plant;
  /** Whether this process uses the cache already when the link appears. */
  readonly isLate: boolean;
}

/** Plants the link in a copy of the cache, again before each step, does everything, and compares the victim each time. */
async function attack({ original, folder, spot, plant, isLate }: Attempt, isRefused: boolean): Promise<void> {
  const dir = `${folder}/${crypto.randomUUID()}`;
  const place = `${dir}/${spot}`;
  const victim = `${dir}-victim`;
  makeVictim(victim, original);
  copyFolder(original.dir, dir);
  const twice = cachedIn(dir);
  if (isLate) await twice(2);
  plant(place, victim);
  const before = snapshot(victim);
  const step = async (name: string, task: () => Promise<unknown>) => {
    if (!isPlanted(place, victim)) plant(place, victim);
    await task();
    assertEquals(snapshot(victim), before, `${spot}, ${name}`);
  };
  const said = await lines(async () => {
    for (const [name, call] of Object.entries(CALLS)) await step(name, () => call(twice));
    for (const [name, ask] of Object.entries(QUESTIONS)) {
      await step(name, async () => {
        try {
          await ask(twice);
        } catch (error) {
          // Only in a process that used the cache before the link was there.
          if (!isLate || !(error instanceof CacheError)) throw error;
        }
      });
    }
  });
  if (isRefused && !isLate) {
    assertEquals(said.length, 1, said.join("\n"));
    assertStringIncludes(said[0]!, `${place} is `);
  }
  await lines(async () => {
    for (const [name, task] of Object.entries(TASKS)) {
      await step(name, async () => {
        try {
          await task(dir, original.key);
          assert(!isRefused, `${name} did not refuse ${spot}`);
        } catch (error) {
          if (!(error instanceof CacheError)) throw error;
          assertEquals(error.code === "ERR_CACHE_DIR" || error.code === "ERR_NO_ENTRY", true, `${name}: ${error}`);
          if (error.code === "ERR_CACHE_DIR") assertEquals(error.path, place);
        }
      });
    }
    await step("the end of the process", () => end(dir));
  });
}

function isPlanted(place: string, victim: string): boolean {
  try {
    const { isSymlink, ino } = Deno.lstatSync(place);
    return isSymlink || ["thesis.txt", "empty"].some((name) => Deno.lstatSync(`${victim}/${name}`).ino === ino);
  } catch {
    return false;
  }
}

const folderSpots = ["v1", "v1/tmp", "v1/locks", "v1/usage", "v1/blobs", "v1/blobs/ab", "v1/blobs/BLOB"];

for (const spot of sampleOf(folderSpots)) {
  for (const [kind, plant] of Object.entries(FOLDER_LINKS)) {
    Deno.test(`${kind} in place of the folder ${spot} is refused, and nothing behind it is touched`, async () => {
      using folder = tempFolder();
      const original = await makeOriginal(folder.path);
      const place = spot.replace("BLOB", original.blob.split("/")[2]!);
      for (const isLate of [false, true]) {
        await attack({ original, folder: folder.path, spot: place, plant, isLate }, true);
      }
    });
  }
}

/** Files that are looked at when the cache is opened, and those that are looked at when they are used. */
const REFUSED = ["v1/generation", "v1/meta.kv", "v1/meta.kv-wal", "v1/meta.kv-shm", "v1/meta.kv-journal"];
const USED = [
  ...["KEY.lock", "KEY.computing", "KEY.computing.new", "clear.lock", "sweep.lock", "usage.lock", "summaries.lock"]
    .map((name) => `v1/locks/${name}`),
  ...["merging", "merged.bin", "inflation.json", `inflation.json.${Deno.pid}`, `12-${UUID}.log`, `closed-${UUID}.log`]
    .map((name) => `v1/usage/${name}`),
  ...[
    "verify.json",
    `verify.json.${Deno.pid}`,
    "files.bin",
    "CACHEDIR.TAG",
    "meta.kv.damaged-1",
    "meta.kv.new",
    "checked",
  ]
    .map((name) => `v1/${name}`),
  ...[`12-${UUID}`, `KEY.aside-${UUID}`, "other"].map((name) => `v1/tmp/${name}`),
  "BLOB",
];

for (const spot of [...REFUSED, ...sampleOf(USED)]) {
  Deno.test(`a link in place of the file ${spot.replaceAll(String(Deno.pid), "PID")} is not written through`, async () => {
    using folder = tempFolder();
    const original = await makeOriginal(folder.path);
    const place = spot.replace("KEY", original.missed).replace("BLOB", original.blob);
    for (const [kind, plant] of Object.entries(FILE_LINKS)) {
      // What only SQLite tells from another file.
      if (/database|empty/.test(kind) && !REFUSED.includes(spot)) continue;
      const isHard = kind.includes("hard");
      // Results are too many to look at each, and locks and counts of use are no obstacle to a result.
      const isRefused = isHard ? spot.startsWith("v1/meta.kv") && REFUSED.includes(spot) : REFUSED.includes(spot);
      // What is looked at when it is used is looked at alike, whenever the link appeared.
      const isAlike = USED.includes(spot) && kind !== "a link to a file" && !isHard;
      for (const isLate of isAlike ? [false] : [false, true]) {
        await attack({ original, folder: folder.path, spot: place, plant, isLate }, isRefused);
      }
    }
  });
}

Deno.test("a cacheDir that is a link, or lies below one, works: calls, hits, prune, clear", async () => {
  using folder = tempFolder();
  Deno.mkdirSync(`${folder.path}/scratch/me/cache`, { recursive: true });
  Deno.symlinkSync(`${folder.path}/scratch/me/cache`, `${folder.path}/.cachepy`);
  Deno.symlinkSync(`${folder.path}/scratch`, `${folder.path}/disk`);
  for (const dir of [`${folder.path}/.cachepy`, `${folder.path}/disk/other/cache`]) {
    const twice = cachedIn(dir);
    assertEquals(
      await lines(async () => {
        assertEquals([await twice(1), await twice.has(1), await twice(1)], [2, true, 2]);
        assertEquals((await cacheList(dir)).length, 1);
        assertEquals((await cachePrune(dir, { maxBytes: 0 })).removed, 1);
        await twice(1);
        assertEquals((await cacheVerify(dir, { repair: true })).problems, []);
        assertEquals((await cacheClear(dir)).removed, 1);
        assertEquals(await twice.has(1), false);
      }),
      [],
    );
  }
});

Deno.test("a cache works again in the same process once the link is removed, and other functions use it", async () => {
  using folder = tempFolder();
  const dir = `${folder.path}/cache`;
  copyFolder((await makeOriginal(folder.path)).dir, dir);
  Deno.symlinkSync(folder.path, `${dir}/v1/blobs/zz`);
  await lines(async () => assertEquals(await cachedIn(dir)(3), 6));
  await assertRejects(() => cacheClear(dir), CacheError, `${dir}/v1/blobs/zz is a link`);
  Deno.removeSync(`${dir}/v1/blobs/zz`);
  assertEquals((await cacheList(dir)).length, 2);
  const twice = cachedIn(dir);
  await twice(3);
  assertEquals(await twice.has(3), true);
});

Deno.test("cacheClear() leaves what the cache did not make, and names it", async () => {
  using folder = tempFolder();
  const { dir } = await makeOriginal(folder.path);
  const foreign = ["v1/notes.txt", "v1/tmp/12-notes", "v1/locks/Cargo.lock", "v1/usage/app.log", "v1/blobs/ab/thesis"];
  Deno.mkdirSync(`${dir}/v1/blobs/ab`, { recursive: true });
  for (const name of foreign) Deno.writeTextFileSync(`${dir}/${name}`, "mine");
  const said = await lines(async () => {
    assertEquals((await cacheClear(dir)).removed, 2);
    await cachePrune(dir);
    await cacheVerify(dir, { repair: true });
  });
  assertEquals(said.length, 1);
  for (const name of foreign) {
    assertStringIncludes(said[0]!, `${dir}/${name}`);
    assertEquals(Deno.readTextFileSync(`${dir}/${name}`), "mine");
  }
});

Deno.test("a program gets its result with one warning on stderr, and leaves the folder behind a link as it was", async () => {
  for (const spot of ["v1", "v1/usage", "v1/locks", "v1/tmp", "v1/blobs"]) {
    await using crew = await Crew.open();
    await crew.callOnce("total", [1]);
    const victim = `${crew.folder}/victim`;
    Deno.mkdirSync(victim);
    Deno.writeTextFileSync(`${victim}/thesis.txt`, "precious");
    Deno.removeSync(`${crew.cacheDir}/${spot}`, { recursive: true });
    Deno.symlinkSync(victim, `${crew.cacheDir}/${spot}`);
    const before = snapshot(victim);
    const { value, error, stderr } = await crew.callOnce("total", [1]);
    assertEquals([error, value], [undefined, totalOf(1)]);
    const said = stderr.split("\n").filter((line) => line.includes("cachepy:"));
    assertEquals(said.length, 1, stderr);
    assertStringIncludes(said[0]!, `${crew.cacheDir}/${spot} is a link, which is refused`);
    assertEquals(snapshot(victim), before);
  }
});

Deno.test("the command line names the link, ends with a code, and touches nothing behind it", async () => {
  using folder = tempFolder();
  const { dir, key } = await makeOriginal(folder.path);
  const victim = `${folder.path}/victim`;
  Deno.mkdirSync(victim);
  Deno.writeTextFileSync(`${victim}/12-${UUID}`, "precious");
  Deno.removeSync(`${dir}/v1/tmp`, { recursive: true });
  Deno.symlinkSync(victim, `${dir}/v1/tmp`);
  const before = snapshot(folder.path);
  const commands = [["list"], ["stats"], ["info", key], ["prune"], ["clear", "--yes"], ["verify"], [
    "verify",
    "--repair",
  ]];
  for (const command of [...commands, ["tree"], ["why", key], ["changed"]]) {
    const { code, err } = await runCli([...command, "--cache-dir", dir]);
    assert(code !== 0, command.join(" "));
    assertStringIncludes(err, `${dir}/v1/tmp is a link, which is refused`);
  }
  assertEquals(snapshot(folder.path), before);
});
