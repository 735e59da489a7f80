/**
 * Puts something that is no regular file in each place of a cache in turn, and does everything with that cache. Prints a line
 * before each step, so that the last line tells which step never ended, and one for each step that went wrong.
 *
 * Arguments: the folder to work in, and the kind of thing.
 *
 * @module
 */
import {
  cacheClear,
  type CachedFunction,
  CacheError,
  cacheFile,
  cacheInfo,
  cacheList,
  cachePrune,
  cacheStats,
  cacheTreeForFile,
  cacheTreeNodes,
  cacheTreeReset,
  cacheVerify,
} from "@bimsb/cachepy";
import process from "node:process";
import { openCache } from "../../src/store/cache_dir.ts";

function tell(line: string): void {
  // deno-lint-ignore no-console -- the parent reads it
  console.log(line);
}

const [folder, kind] = Deno.args as [string, string];
// Nothing keeps the superuser from reading.
if (kind === "file that may not be read" && Deno.uid() === 0) process.setuid!(65534);
const UUID = "00000000-0000-4000-8000-000000000000";

const PLANTS: Record<string, (place: string) => void> = {
  pipe: (place) => sh("mkfifo", place),
  device: (place) => sh("mknod", place, "c", "1", "5"), // /dev/zero
  "link to a device": (place) => Deno.symlinkSync("/dev/zero", place),
  folder: (place) => {
    Deno.mkdirSync(`${place}/of/mine`, { recursive: true });
    Deno.writeTextFileSync(`${place}/thesis.txt`, "precious");
  },
  socket: (place) => {
    // Its own path may be too long for a socket.
    listeners.push(Deno.listen({ transport: "unix", path: `${folder}/s` }));
    Deno.renameSync(`${folder}/s`, place);
  },
  "file that may not be read": (place) => Deno.writeTextFileSync(place, "", { mode: 0 }),
};
const listeners: Deno.Listener[] = [];

function sh(command: string, ...args: string[]): void {
  const { success, stderr } = new Deno.Command(command, { args }).outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
}

type Cached = CachedFunction<(x: number) => number>;

function cachedIn(dir: string): Cached {
  return cacheFile(dir)(function twice(x: number): number {
    return x * 2;
  });
}

const original = `${folder}/original`;
const first = cachedIn(original);
for (const x of [1, 2, 1]) await first(x);
const cache = await openCache(original);
const release = cache.use();
const key = await first.key(1);
const missed = await first.key(7);
const blob = cache.blobs.pathOf((await cache.records.get(key))!.traces[0]!.result).slice(original.length + 1);
release();
cache.close();

const SPOTS = [
  ...["v1", "v1/blobs", "v1/locks", "v1/usage", "v1/tmp", blob.replace(/\/[^/]*$/, ""), blob, "v1/blobs/zz"],
  ...[
    "CACHEDIR.TAG",
    ".gitignore",
    "v1/CACHEDIR.TAG",
    "v1/generation",
    "v1/meta.kv",
    "v1/meta.kv-wal",
    "v1/meta.kv-shm",
  ],
  ...["v1/meta.kv-journal", "v1/meta.kv.damaged-1", "v1/verify.json", "v1/files.bin", `v1/files.bin.${UUID}.tmp`],
  ...["KEY.lock", "KEY.computing", "KEY.computing.new", "clear.lock", "sweep.lock", "usage.lock", "summaries.lock"]
    .map((name) => `v1/locks/${name.replace("KEY", missed)}`),
  ...["recovery.lock", "x.lock"].map((name) => `v1/locks/${name}`),
  ...[
    "merging",
    "merged.bin",
    "inflation.json",
    `12-${UUID}.log`,
    `closed-${UUID}.log`,
    "x.log",
    `unstored-${UUID}.json`,
  ]
    .map((name) => `v1/usage/${name}`),
  ...[`state-${"0".repeat(64)}.json`].map((name) => `v1/usage/${name}`),
  ...[`12-${UUID}`, `${key}.aside-${UUID}`, "other"].map((name) => `v1/tmp/${name}`),
];

const CALLS: Record<string, (twice: Cached) => Promise<unknown>> = {
  "a hit": (twice) => twice(1),
  "a miss": (twice) => twice(7),
  "a forced call": (twice) => twice.with({ force: true })(1),
};
const TASKS: Record<string, (dir: string) => Promise<unknown>> = {
  list: (dir) => cacheList(dir),
  stats: (dir) => cacheStats(dir),
  info: (dir) => cacheInfo(dir, key),
  nodes: (dir) => cacheTreeNodes(dir),
  "nodes of a file": (dir) => cacheTreeForFile("a.csv", dir),
  verify: (dir) => cacheVerify(dir),
  "prune, dry": (dir) => cachePrune(dir, { dryRun: true }),
  repair: (dir) => cacheVerify(dir, { repair: true }),
  "prune by size": (dir) => cachePrune(dir, { maxBytes: 0 }),
  "reset of the tree": (dir) => cacheTreeReset(dir),
  clear: (dir) => cacheClear(dir),
};

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory, isFile } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(`${from}/${name}`, `${to}/${name}`);
    else if (isFile) Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

const WANTED: Record<string, number> = { "a hit": 2, "a miss": 14, "a forced call": 2 };

/** Looks at what is behind the place afterwards: nothing of it may have gone. */
function isAsItWas(place: string): boolean {
  return kind !== "folder" || Deno.readTextFileSync(`${place}/thesis.txt`) === "precious";
}

async function close(dir: string): Promise<void> {
  await openCache(dir).then((opened) => opened.close(), () => {});
}

for (const [index, spot] of SPOTS.entries()) {
  const dir = `${folder}/c${index}`;
  const place = `${dir}/${spot}`;
  const plant = (): boolean => {
    try {
      Deno.removeSync(dir, { recursive: true });
    } catch {
      // There is none.
    }
    copyFolder(original, dir);
    try {
      Deno.removeSync(place, { recursive: true });
    } catch {
      // The cache has no such file now.
    }
    Deno.mkdirSync(place.replace(/\/[^/]*$/, ""), { recursive: true });
    PLANTS[kind]!(place);
    return true;
  };
  const step = async (name: string, task: () => Promise<unknown>) => {
    tell(`at ${spot}: ${name}`);
    try {
      const value = await task();
      if (name in WANTED && value !== WANTED[name]) tell(`WRONG ${spot}: ${name}: ${value}`);
    } catch (error) {
      const isTold = error instanceof CacheError && error.path !== undefined;
      if (name in WANTED || !isTold) tell(`WRONG ${spot}: ${name}: ${Deno.inspect(error)}`);
    }
    if (!isAsItWas(place)) tell(`WRONG ${spot}: ${name}: touched`);
  };
  plant();
  const twice = cachedIn(dir);
  for (const [name, call] of Object.entries(CALLS)) await step(name, () => call(twice));
  await close(dir);
  for (const [name, task] of Object.entries(TASKS)) await step(name, () => task(dir));
  await close(dir);
}
for (const listener of listeners) listener.close();
tell("done");
