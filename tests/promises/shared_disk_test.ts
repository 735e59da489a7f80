import { assert, assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import {
  cacheClear,
  CacheError,
  cacheInfo,
  cacheList,
  cachePrune,
  cacheStats,
  cacheTreeNodes,
  cacheVerify,
} from "@bimsb/cachepy";
import { valueOf } from "../support/call_values.ts";
import { Crew, Worker, type WorkerOptions } from "../support/call_worker.ts";
import { Project } from "../support/project.ts";
import { runCli } from "../support/run_cli.ts";
import { findSshfs, Mounts } from "../support/sshfs.ts";

/** Tests of folders that are mounted twice, as on two hosts. Without sshfs they are left out, which `run_tests` says. */
const ignore = findSshfs() === null;

/** Folder of what Deno keeps, which is in `XDG_CACHE_HOME` unless it is named. */
const denoDir = JSON.parse(
  new TextDecoder().decode(new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).outputSync().stdout),
).denoDir as string;

/** A cache on a disk that is mounted twice, and the processes that use it. */
class SharedDisk implements AsyncDisposable {
  readonly #workers: Worker[] = [];

  private constructor(readonly crew: Crew, readonly mounts: Mounts, readonly points: readonly string[]) {}

  static async open(...options: string[]): Promise<SharedDisk> {
    const crew = await Crew.open();
    const mounts = Mounts.open(crew.folder);
    return new SharedDisk(crew, mounts, [await mounts.add(...options), await mounts.add(...options)]);
  }

  /** The cache as the host of the disk sees it. */
  get cacheDir(): string {
    return `${this.mounts.disk}/cache`;
  }

  /** The folder for metadata, unless a test names another. */
  get places(): string {
    return `${this.crew.folder}/xdg/cachepy`;
  }

  /** The folder of the metadata of the cache. */
  get metadata(): string {
    return JSON.parse(Deno.readTextFileSync(`${this.cacheDir}/v1/host`)).metadata;
  }

  env(more: Readonly<Record<string, string>> = {}): Record<string, string> {
    return { XDG_CACHE_HOME: `${this.crew.folder}/xdg`, CACHEPY_METADATA_DIR: "", DENO_DIR: denoDir, ...more };
  }

  /** Starts a process that uses the cache by one of the mounts. */
  async start(point = 0, options: WorkerOptions = {}): Promise<Worker> {
    const args = [`${this.points[point]}/cache`, `${this.crew.folder}/side`];
    const worker = new Worker(args, { ...options, env: this.env(options.env) });
    this.#workers.push(worker);
    await worker.ready;
    return worker;
  }

  /** Calls a function once, in a process of its own; returns what that printed to stderr. */
  async call(n: number, point = 0, options: WorkerOptions = {}): Promise<string> {
    const worker = await this.start(point, options);
    const { value, error } = await worker.call("sized", n, 10);
    assertEquals([value, error], [valueOf(n, 10), undefined]);
    return await worker.end();
  }

  /** Runs a task of this process with the environment of the others. */
  async here<T>(task: (dir: string) => Promise<T>): Promise<T> {
    const before = Object.keys(this.env()).map((name) => [name, Deno.env.get(name)] as const);
    for (const [name, value] of Object.entries(this.env())) Deno.env.set(name, value);
    try {
      return await task(`${this.points[0]}/cache`);
    } finally {
      for (const [name, value] of before) value === undefined ? Deno.env.delete(name) : Deno.env.set(name, value);
    }
  }

  /** Makes the directory that of another host, as if that had been first. */
  giveAway(): void {
    // By the mount that is looked at next: sshfs keeps the size of a file in mind for a while.
    const path = `${this.points[0]}/cache/v1/host`;
    const metadata = this.metadata;
    Deno.writeTextFileSync(path, JSON.stringify({ ...JSON.parse(Deno.readTextFileSync(path)), host: "node7" }));
    Deno.renameSync(metadata, `${this.crew.folder}/metadata of node7`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.mounts[Symbol.asyncDispose]();
    await this.crew[Symbol.asyncDispose]();
  }
}

/** Names, sizes and times below a folder. */
function listing(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) => {
    const path = `${folder}/${name}`;
    const { size, mtime, ino } = Deno.lstatSync(path);
    return isDirectory ? [path, ...listing(path)] : [`${path} ${size} ${mtime?.getTime()} ${ino}`];
  }).sort();
}

const SIZES = [10, 3000, 80_000];
const KEYS = Array.from({ length: 180 }, (_, n) => [n, SIZES[n % 3]!] as const);
const ONCE = /serves this host alone, with its metadata in /;

for (const options of [[], ["direct_io"]]) {
  const how = options.length === 0 ? "that share no memory" : "of which no file can be mapped into memory";
  const name = `4 processes × 180 keys on two mounts ${how}: right values, one run each, and nothing is lost`;
  Deno.test({ name, ignore }, async () => {
    await using disk = await SharedDisk.open(...options);
    const workers = await Promise.all([0, 0, 1, 1].map((point) => disk.start(point)));
    // Each begins elsewhere, so that each is the first with some and the last with others.
    await Promise.all(workers.map(async (worker, index) => {
      const keys = [...KEYS.slice(index * 45), ...KEYS.slice(0, index * 45)];
      for (const [n, sizeBytes] of keys) {
        const { value, error } = await worker.call("sized", n, sizeBytes);
        assertEquals([value, error], [valueOf(n, sizeBytes), undefined]);
      }
    }));
    assertEquals(disk.crew.runs("sized"), KEYS.length);
    const said = await Promise.all(workers.map((worker) => worker.end()));
    assertMatch(said.join(""), ONCE);
    const others = said.join("").split("\n").filter((line) => line !== "" && !ONCE.test(line));
    assertEquals(others, []);
    const later = await disk.start(1);
    for (const [n, sizeBytes] of KEYS) {
      assertEquals((await later.call("sized", n, sizeBytes)).value, valueOf(n, sizeBytes));
    }
    assertEquals(await later.end(), "", "the line is said once, by the first process");
    assertEquals(disk.crew.runs("sized"), KEYS.length);
    const { checked, problems } = await disk.here((dir) => cacheVerify(dir));
    assert(checked > KEYS.length);
    assertEquals(problems, []);
  });
}

for (const options of [[], ["disable_hardlink"]]) {
  const name = `processes that are first at once agree on one place for the metadata, ${
    options.length === 0 ? "with" : "without"
  } links on the disk`;
  Deno.test({ name, ignore }, async () => {
    await using disk = await SharedDisk.open(...options);
    await Promise.all([0, 1, 0, 1].map((point, n) => disk.call(n, point)));
    assertEquals([...Deno.readDirSync(disk.places)].length, 1);
    assertEquals(disk.metadata.startsWith(disk.places), true);
    assertEquals(Deno.statSync(disk.metadata).mode! & 0o777, 0o700);
    const names = [...Deno.readDirSync(`${disk.cacheDir}/v1`)].map(({ name }) => name).sort();
    assertEquals(names, ["blobs", "host", "tmp"]);
    for (const n of [0, 1, 2, 3]) await disk.call(n, n % 2);
    assertEquals(disk.crew.runs("sized"), 4);
  });
}

Deno.test({
  name: "a second host: right values, one line that says what to do, and nothing of the first is touched",
  ignore,
}, async () => {
  await using disk = await SharedDisk.open();
  await disk.call(1);
  disk.giveAway();
  const before = listing(disk.cacheDir);
  const said = await disk.call(1);
  assertEquals(said.match(/warning/g)?.length, 1, said);
  assertMatch(
    said,
    /on the host .+: it belongs to the host node7; name another folder in cacheDir on each host, or delete /,
  );
  assertEquals(disk.crew.runs("sized"), 2, "it runs uncached");
  await disk.here(async (dir) => {
    const tasks: Record<string, () => Promise<unknown>> = {
      stats: () => cacheStats(dir),
      list: () => cacheList(dir),
      info: () => cacheInfo(dir, "0".repeat(64)),
      prune: () => cachePrune(dir, { maxBytes: 1 }),
      clear: () => cacheClear(dir),
      verify: () => cacheVerify(dir),
      repair: () => cacheVerify(dir, { repair: true }),
      graph: () => cacheTreeNodes(dir),
    };
    for (const [name, task] of Object.entries(tasks)) {
      const error = await assertRejects(task, CacheError, "belongs to the host node7", name);
      assertEquals(error.code, "ERR_CACHE_DIR");
    }
    for (const command of [["stats"], ["list"], ["prune"], ["clear", "--yes"], ["verify", "--repair"]]) {
      const { code, err } = await runCli([...command, "--cache-dir", dir], { env: disk.env(), flags: ["-A"] });
      assert(code !== 0);
      assertStringIncludes(err, "belongs to the host node7");
    }
  });
  assertEquals(listing(disk.cacheDir), before);
  // The remedy that the line names.
  Deno.removeSync(`${disk.cacheDir}/v1/host`);
  assertMatch(await disk.call(1), ONCE);
  assertEquals(await disk.call(1, 1), "");
  assertEquals(disk.crew.runs("sized"), 3);
});

Deno.test(
  { name: "the metadata are gone: the host goes on with empty ones, and nothing but results is lost", ignore },
  async () => {
    await using disk = await SharedDisk.open();
    await disk.call(1);
    const first = disk.metadata;
    Deno.removeSync(`${disk.crew.folder}/xdg`, { recursive: true });
    assertMatch(await disk.call(1, 1), ONCE);
    assertEquals(disk.metadata, first);
    assertEquals(await disk.call(1), "");
    assertEquals(disk.crew.runs("sized"), 2);
    // A folder for temporary files that is another one for each job.
    Deno.removeSync(`${disk.crew.folder}/xdg`, { recursive: true });
    const job = `${disk.crew.folder}/job`;
    Deno.mkdirSync(job);
    assertMatch(await disk.call(1, 0, { env: { CACHEPY_METADATA_DIR: job } }), ONCE);
    assertEquals(disk.metadata.startsWith(`${job}/`), true);
    assertEquals(await disk.call(1), "", "a process that is not told of the place finds it");
    assertEquals(disk.crew.runs("sized"), 3);
  },
);

Deno.test({
  name: "the host's name may not be read: its metadata tell a host, and without them the line names the flag",
  ignore,
}, async () => {
  await using disk = await SharedDisk.open();
  const flags = ["--allow-read", "--allow-write", "--allow-env", "--allow-sys=statfs,uid"];
  await disk.call(1, 0, { flags });
  assertEquals(JSON.parse(Deno.readTextFileSync(`${disk.cacheDir}/v1/host`)).host, null);
  await disk.call(1, 1, { flags });
  assertEquals(disk.crew.runs("sized"), 1);
  Deno.removeSync(`${disk.cacheDir}/v1/host`);
  await disk.call(1);
  Deno.removeSync(`${disk.crew.folder}/xdg`, { recursive: true });
  assertMatch(await disk.call(1, 0, { flags }), /cannot be told .*; run with --allow-sys=hostname, or delete /);
  assertEquals(disk.crew.runs("sized"), 3);
});

Deno.test(
  { name: "no permission for the place of the metadata: right values, and one line with the flags", ignore },
  async () => {
    await using disk = await SharedDisk.open();
    const folder = disk.crew.folder;
    const allowed = `${disk.points[0]},${folder}/side`;
    const flags = ["--allow-read", `--allow-write=${allowed}`, "--allow-env", "--allow-sys"];
    const said = await disk.call(1, 0, { flags });
    assertStringIncludes(said, `run with --allow-read=${disk.places} --allow-write=${disk.places}`);
    assertEquals(said.match(/warning/g)?.length, 1, said);
    await disk.call(1, 0, {
      flags: ["--allow-read", `--allow-write=${allowed},${disk.places}`, "--allow-env", "--allow-sys"],
    });
    await disk.call(1, 0);
    assertEquals(disk.crew.runs("sized"), 2, "stored with the flags that the line names");
    // The cache is there already, and a later process may not use its metadata.
    assertMatch(
      await disk.call(1, 0, { flags }),
      /its metadata, .*, may not be used; run with --allow-read=.* --allow-write=/,
    );
  },
);

Deno.test(
  { name: "metadata are kept where the option or the variable says, and never on a shared disk", ignore },
  async () => {
    await using disk = await SharedDisk.open();
    const { folder } = disk.crew;
    const local = `${folder}/scratch`;
    assertMatch(await disk.call(1, 0, { options: { metadataDir: local } }), ONCE);
    assertEquals(disk.metadata.startsWith(`${local}/`), true);
    const stats = await disk.here((dir) => cacheStats(dir));
    assertEquals(stats.entries, 1, "who is not given the option finds the place");
    Deno.removeSync(`${disk.points[0]}/cache`, { recursive: true });
    const remote = `${disk.points[1]}/home`;
    const refused = await disk.call(2, 0, { options: { metadataDir: remote } });
    assertMatch(refused, /mount-2\/home is on such a disk too; name a folder on a local disk in metadataDir/);
    // A home on the shared disk is common: the folder for temporary files takes its place.
    const env = { XDG_CACHE_HOME: "", HOME: remote, TMPDIR: folder };
    assertMatch(await disk.call(2, 0, { env }), ONCE);
    assertEquals(disk.metadata.startsWith(`${folder}/cachepy-`), true, disk.metadata);
    assertEquals(await disk.call(2, 1, { env }), "");
    assertEquals(disk.crew.runs("sized"), 3);
    // Somebody made the folder of that name before, and may write to it.
    Deno.removeSync(`${disk.points[0]}/cache`, { recursive: true });
    const [own] = [...Deno.readDirSync(folder)].filter(({ name }) => name.startsWith("cachepy-"));
    Deno.removeSync(`${folder}/${own!.name}`, { recursive: true });
    Deno.mkdirSync(`${folder}/${own!.name}`);
    Deno.chmodSync(`${folder}/${own!.name}`, 0o777);
    await disk.call(3, 0, { env });
    assertEquals([...Deno.readDirSync(`${folder}/${own!.name}`)].length, 0);
    Deno.removeSync(disk.metadata, { recursive: true }); // the place after that is in /tmp
  },
);

Deno.test({ name: "readOnly on a shared disk: hits, and nothing is written, here or there", ignore }, async () => {
  await using disk = await SharedDisk.open();
  await disk.call(1, 0, { options: { readOnly: true } });
  assertEquals([...Deno.readDirSync(disk.mounts.disk)].length, 0);
  await disk.call(1);
  const before = [...listing(disk.cacheDir), ...listing(disk.places)];
  for (const n of [1, 2]) assertEquals(await disk.call(n, 1, { options: { readOnly: true } }), "");
  assertEquals(disk.crew.runs("sized"), 3);
  assertEquals([...listing(disk.cacheDir), ...listing(disk.places)], before);
});

Deno.test(
  { name: "the whole of a cache on a shared disk is looked at and tended, and only its own files go", ignore },
  async () => {
    await using disk = await SharedDisk.open();
    for (const n of [1, 2, 3]) await disk.call(n, n % 2);
    await disk.call(1);
    await disk.here(async (dir) => {
      const { entries, byFunction } = await cacheStats(dir);
      assertEquals([entries, byFunction[0]!.hits], [3, 1]);
      const [newest] = await cacheList(dir);
      assertEquals((await cacheInfo(dir, newest!.key)).value, valueOf(3, 10));
      assertEquals((await cacheTreeNodes(dir)).size, 3);
      for (const path of [`${dir}/v1/mine.txt`, `${disk.metadata}/mine.txt`, `${disk.metadata}/tmp/mine.txt`]) {
        Deno.writeTextFileSync(path, "mine");
      }
      Deno.writeTextFileSync(`${disk.metadata}/locks/${"0".repeat(64)}.lock`, "");
      const { problems } = await cacheVerify(dir);
      assertEquals(problems.map(({ kind }) => kind).sort(), [
        "leftover-file",
        "stray-file",
        "stray-file",
        "stray-file",
      ]);
      assertEquals((await cachePrune(dir, { maxBytes: 1 })).removed, 3);
      await disk.call(4);
      const { code, out } = await runCli(["stats", "--json", "--cache-dir", dir], { env: disk.env() });
      assertEquals([code, JSON.parse(out).entries], [0, 1]);
      assertEquals((await cacheClear(dir)).removed, 1);
      assertEquals((await cacheStats(dir)).entries, 0);
      for (const path of [`${dir}/v1/mine.txt`, `${disk.metadata}/mine.txt`, `${disk.metadata}/tmp/mine.txt`]) {
        assertEquals(Deno.readTextFileSync(path), "mine");
      }
    });
    await disk.call(4, 1);
    assertEquals(disk.crew.runs("sized"), 5);
  },
);

Deno.test(
  { name: "a copy of a cache on a shared disk gets metadata of its own; a moved cache keeps its own", ignore },
  async () => {
    await using disk = await SharedDisk.open();
    await disk.call(1);
    const [mount] = disk.points;
    const first = disk.metadata;
    const { code } = await new Deno.Command("cp", { args: ["-r", `${mount}/cache`, `${mount}/copy`] }).output();
    assertEquals(code, 0);
    await disk.here(async (dir) => {
      assertEquals((await cacheStats(`${mount}/copy`)).entries, 0);
      const own = JSON.parse(Deno.readTextFileSync(`${disk.mounts.disk}/copy/v1/host`)).metadata;
      assert(own !== first);
      assertEquals(disk.metadata, first);
      await cacheClear(`${mount}/copy`);
      assertEquals((await cacheStats(dir)).entries, 1);
      // By a name that a link gives it, and by another mount, it is the same cache.
      Deno.symlinkSync(`${mount}/cache`, `${disk.crew.folder}/linked`);
      assertEquals((await cacheStats(`${disk.crew.folder}/linked`)).entries, 1);
      assertEquals((await cacheStats(`${disk.points[1]}/cache`)).entries, 1);
      Deno.renameSync(`${mount}/cache`, `${mount}/moved`);
      assertEquals((await cacheStats(`${mount}/moved`)).entries, 1);
      assertEquals(JSON.parse(Deno.readTextFileSync(`${disk.mounts.disk}/moved/v1/host`)).metadata, first);
      // What was made at the old place since is a cache of its own, too.
      assertEquals((await cacheStats(`${mount}/cache`)).entries, 0);
      assertEquals((await cacheStats(`${mount}/moved`)).entries, 1);
    });
  },
);

Deno.test({ name: "a link among the metadata is refused, and leads nowhere", ignore }, async () => {
  await using disk = await SharedDisk.open();
  await disk.call(1);
  const victim = `${disk.crew.folder}/victim.txt`;
  Deno.writeTextFileSync(victim, "mine");
  for (const name of ["generation", "meta.kv", `locks/${"0".repeat(64)}.lock`, `tmp/1-${crypto.randomUUID()}`]) {
    const path = `${disk.metadata}/${name}`;
    const kept = `${disk.crew.folder}/kept`;
    const isThere = [...Deno.readDirSync(disk.metadata)].some((entry) => entry.name === name);
    if (isThere) Deno.renameSync(path, kept);
    Deno.symlinkSync(victim, path);
    assertMatch(await disk.call(1), /is a link, which is refused/);
    await disk.here((dir) => assertRejects(() => cacheClear(dir), CacheError, "is a link"));
    Deno.removeSync(path);
    if (isThere) Deno.renameSync(kept, path);
  }
  assertEquals(Deno.readTextFileSync(victim), "mine");
  assertEquals(await disk.call(1), "");
});

Deno.test({
  name: "without --allow-sys it is said that the disk may be shared, and what to do where files cannot be mapped",
  ignore,
}, async () => {
  await using disk = await SharedDisk.open("direct_io");
  const flags = ["--allow-read", "--allow-write", "--allow-env"];
  const said = await disk.call(1, 0, { flags });
  assertMatch(said, /cannot be told whether .* is on a disk that several hosts share.*; run with --allow-sys=statfs/);
  assertMatch(
    said,
    /returned and not stored: .*cannot map files into memory.*name a folder on a local disk in cacheDir/,
  );
  assertEquals(said.includes("delete the file"), false, said);
  await disk.call(1, 0, { flags: [...flags, "--allow-sys"] });
  await disk.call(1, 1);
  assertEquals(disk.crew.runs("sized"), 2, "the flag that the line names is what it takes");
  assertEquals((await disk.call(1, 0, { flags })).includes("cannot be told"), false, "the folder says so by now");
});

Deno.test({
  name: "a copy of the folder, and a host of the same name: right values, and only results are computed again",
  ignore,
}, async () => {
  await using disk = await SharedDisk.open();
  for (const n of [1, 2]) await disk.call(n);
  const { success } = await new Deno.Command("cp", { args: ["-r", disk.cacheDir, `${disk.mounts.disk}/copy`] })
    .output();
  assert(success);
  const inCopy = async (n: number) => {
    const worker = new Worker([`${disk.points[1]}/copy`, `${disk.crew.folder}/side`], { env: disk.env() });
    await worker.ready;
    assertEquals((await worker.call("sized", n, 10)).value, valueOf(n, 10));
    return await worker.end();
  };
  assertStringIncludes(await inCopy(1), "it serves this host alone, with its metadata in");
  for (const n of [3, 3]) assertEquals(await inCopy(n), "");
  assertEquals(disk.crew.runs("sized"), 4, "the copy begins without entries");
  await disk.call(3);
  assertEquals(disk.crew.runs("sized"), 5, "the result of 3 is in the copy alone");
  // Another host has no metadata, and its places have the same names.
  Deno.renameSync(`${disk.crew.folder}/xdg`, `${disk.crew.folder}/first`);
  for (const n of [1, 1, 4]) await disk.call(n);
  assertEquals(disk.crew.runs("sized"), 7);
  await disk.here((dir) => cacheVerify(dir, { repair: true }));
  Deno.renameSync(`${disk.crew.folder}/xdg`, `${disk.crew.folder}/second`);
  Deno.renameSync(`${disk.crew.folder}/first`, `${disk.crew.folder}/xdg`);
  for (const n of [1, 2, 3, 4]) await disk.call(n);
});

Deno.test({
  name: "a process was killed while it made the file of the host, without links: the next one goes on",
  ignore,
}, async () => {
  await using disk = await SharedDisk.open("disable_hardlink");
  Deno.mkdirSync(`${disk.cacheDir}/v1`, { recursive: true });
  Deno.writeTextFileSync(`${disk.cacheDir}/v1/host.claim`, "");
  assertMatch(await disk.call(1), ONCE);
  assertEquals([...Deno.readDirSync(`${disk.cacheDir}/v1`)].map(({ name }) => name).sort(), ["blobs", "host", "tmp"]);
  assertEquals(await disk.call(1, 1), "");
  assertEquals(disk.crew.runs("sized"), 1);
});

const SCRIPT = "/usr/bin/script";

/** True where there is the program that gives others a terminal. */
function hasScript(): boolean {
  try {
    return Deno.statSync(SCRIPT).isFile;
  } catch {
    return false;
  }
}

Deno.test({
  name: "on a terminal nothing is asked about a shared disk, whatever is missing",
  ignore: ignore || !hasScript(),
}, async () => {
  await using disk = await SharedDisk.open();
  await using project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
      console.log(await cacheFile(Deno.args[0])(function f(x: number) { return x * 2; })(21));`,
  });
  const [point] = disk.points;
  const own = `--allow-read=${point},${project.folder} --allow-write=${point}`;
  const said = new Map<string, string>();
  const combinations = [
    own,
    `${own} --allow-sys=statfs`,
    `${own} --allow-env --allow-sys`,
    "--allow-read --allow-write",
  ];
  for (const flags of [...combinations, "-A", ...combinations]) {
    const command = `${Deno.execPath()} run --no-lock ${flags} ${project.path("main.ts")} ${point}/cache`;
    const { stdout } = await new Deno.Command(SCRIPT, {
      args: ["-qec", command, "/dev/null"],
      cwd: project.folder,
      env: { NO_COLOR: "1", ...disk.env() },
      stdin: "null",
      signal: AbortSignal.timeout(20_000),
    }).output();
    const text = new TextDecoder().decode(stdout);
    assertEquals(/Allow\?|Deno requests/.test(text), false, `${flags}: ${text}`);
    assertMatch(text, /\b42\b/, flags);
    said.set(flags, text);
  }
  assertMatch(said.get(own)!, /run with --allow-/);
  assertMatch(said.get(combinations[2]!)!, /its metadata, .*, may not be used; run with --allow-read=/);
});
