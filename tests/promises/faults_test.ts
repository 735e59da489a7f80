import { assert, assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { totalOf, valueOf } from "../support/call_values.ts";
import { runCli } from "../support/run_cli.ts";
import { type Answer, Crew, type Worker, type WorkerOptions } from "../support/call_worker.ts";

const SIZES = [10, 3000, 100_000];

/** Makes calls that store small, larger and large results, and one with inner calls; all must give the right value. */
async function callAll(worker: Worker, from = 0): Promise<Answer["events"]> {
  const events: Answer["events"][number][] = [];
  for (const [i, size] of SIZES.entries()) {
    const answer = await worker.call("sized", from + i, size);
    assertEquals(answer.error, undefined);
    assertEquals(answer.value, valueOf(from + i, size));
    events.push(...answer.events);
  }
  const answer = await worker.call("total", from);
  assertEquals([answer.error, answer.value], [undefined, totalOf(from)]);
  return [...events, ...answer.events];
}

function runsOf(events: Answer["events"]): number {
  return events.filter(({ kind }) => kind === "run").length;
}

function blobsOf(dir: string): string[] {
  const paths: string[] = [];
  for (const { name: folder } of Deno.readDirSync(`${dir}/v1/blobs`)) {
    for (const { name } of Deno.readDirSync(`${dir}/v1/blobs/${folder}`)) {
      paths.push(`${dir}/v1/blobs/${folder}/${name}`);
    }
  }
  return paths;
}

function eachBlob(change: (path: string) => void): (dir: string) => void {
  return (dir) => blobsOf(dir).forEach(change);
}

function garbage(sizeBytes: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(sizeBytes));
}

interface Hazard {
  readonly damage: (dir: string) => void;
  /** What those who come later are told. */
  readonly line: RegExp;
}

const AT_REST: Record<string, Hazard> = {
  "meta.kv deleted while the results stay": {
    damage: (dir) => ["", "-wal", "-shm"].forEach((suffix) => Deno.removeSync(`${dir}/v1/meta.kv${suffix}`)),
    line: /meta\.kv is gone or empty/,
  },
  "meta.kv alone deleted, its log left": {
    damage: (dir) => Deno.removeSync(`${dir}/v1/meta.kv`),
    line: /meta\.kv is gone or empty/,
  },
  "meta.kv truncated": {
    damage: (dir) => {
      const database = new DatabaseSync(`${dir}/v1/meta.kv`);
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
      database.close();
      Deno.truncateSync(`${dir}/v1/meta.kv`, Deno.statSync(`${dir}/v1/meta.kv`).size >> 1);
    },
    line: /meta\.kv was damaged .* moved to .*damaged-1/,
  },
  "meta.kv emptied": {
    damage: (dir) => Deno.truncateSync(`${dir}/v1/meta.kv`, 0),
    line: /meta\.kv is gone or empty/,
  },
  "meta.kv replaced by garbage": {
    damage: (dir) => {
      ["-wal", "-shm"].forEach((suffix) => Deno.removeSync(`${dir}/v1/meta.kv${suffix}`));
      Deno.writeFileSync(`${dir}/v1/meta.kv`, garbage(20_000));
    },
    line: /meta\.kv was damaged .* moved to .*damaged-1/,
  },
  "meta.kv replaced by another program's database": {
    damage: (dir) => {
      ["", "-wal", "-shm"].forEach((suffix) => Deno.removeSync(`${dir}/v1/meta.kv${suffix}`));
      const database = new DatabaseSync(`${dir}/v1/meta.kv`);
      database.exec("CREATE TABLE kv (a INTEGER); CREATE TABLE data (b TEXT)");
      database.close();
    },
    line: /meta\.kv/,
  },
  "results deleted": { damage: eachBlob((path) => Deno.removeSync(path)), line: /its result is missing/ },
  "results truncated": {
    damage: eachBlob((path) => Deno.truncateSync(path, Deno.statSync(path).size >> 1)),
    line: /has \d+ bytes instead of \d+/,
  },
  "results with one bit flipped": {
    damage: eachBlob((path) => {
      const bytes = Deno.readFileSync(path);
      bytes[bytes.length >> 1]! ^= 1;
      Deno.writeFileSync(path, bytes);
    }),
    line: /of another digest/,
  },
  "results emptied": {
    damage: eachBlob((path) => Deno.truncateSync(path, 0)),
    line: /has 0 bytes instead of \d+/,
  },
  "results swapped with each other": {
    damage: (dir) => {
      const paths = blobsOf(dir);
      paths.forEach((path, i) => Deno.renameSync(path, `${paths[(i + 1) % paths.length]}.new`));
      paths.forEach((path) => Deno.renameSync(`${path}.new`, path));
    },
    line: /of another digest|bytes instead of/,
  },
  "folders in the place of results": {
    damage: eachBlob((path) => {
      Deno.removeSync(path);
      Deno.mkdirSync(path);
    }),
    line: /damaged/,
  },
};

for (const [hazard, { damage, line }] of Object.entries(AT_REST)) {
  Deno.test(`${hazard}: the right values, a line that says so, and a whole cache again`, async () => {
    await using crew = await Crew.open();
    const open = await crew.start();
    await callAll(open);
    // What was written just now could be a first result whose record is on its way.
    for (const path of blobsOf(crew.cacheDir)) Deno.utimeSync(path, 1_600_000_000, 1_600_000_000);
    damage(crew.cacheDir);
    const later = await crew.start();
    const events = await callAll(later);
    assert(events.some(({ kind }) => kind === "damaged"), JSON.stringify(events.map(({ kind }) => kind)));
    const reasons = events.flatMap((event) => event.kind === "miss" ? event.reasons : []);
    assertEquals(reasons.filter(({ kind }) => kind === "unread" || kind === "forced"), [], "nobody asked for that");
    if (hazard.startsWith("results")) {
      assertEquals([...new Set(reasons.map(({ kind }) => kind))], ["damaged"]);
    }
    await callAll(open);
    await callAll(open, 50);
    assertMatch(await later.end(), line);
    const last = await crew.start();
    assertEquals(runsOf(await callAll(last)), 0, "what was computed again is kept");
    assertEquals(runsOf(await callAll(last, 50)), 0, "the process that had it open goes on storing");
    await last.do({ do: "verify", options: { repair: true } });
    const { value } = await last.do({ do: "verify" });
    assertEquals((value as { problems: unknown[] }).problems, []);
    await last.end();
  });
}

Deno.test("a .computing left by another host, and a lock file of a dead process, block nobody", async () => {
  await using crew = await Crew.open();
  const worker = await crew.start();
  await worker.call("sized", 0, 10);
  const { value: key } = await worker.do({ do: "key", fn: "sized", args: [1, 10] });
  const holder = { pid: 1, host: "elsewhere", startMs: 0, fname: "sized", waitsFor: [key] };
  Deno.writeTextFileSync(`${crew.cacheDir}/v1/locks/${key}.computing`, JSON.stringify(holder));
  Deno.writeTextFileSync(`${crew.cacheDir}/v1/locks/${key}.lock`, "");
  const beganMs = performance.now();
  assertEquals((await worker.call("sized", 1, 10)).value, valueOf(1, 10));
  assert(performance.now() - beganMs < 10_000);
  assertEquals([...Deno.readDirSync(`${crew.cacheDir}/v1/locks`)], []);
});

Deno.test("a first call that is forced finds nothing damaged in a new cache", async () => {
  await using crew = await Crew.open();
  const worker = await crew.start();
  const options = { force: true };
  const { events } = await worker.do({ do: "call", fn: "sized", args: [1, 10], options });
  assertEquals(events.filter(({ kind }) => kind === "damaged"), []);
});

Deno.test("a clean-up that finds a .computing gone already does not keep its lock", async () => {
  const { removeAbandonedLocks, tryFileLock } = await import("../../src/store/locks/file_lock.ts");
  const folder = await Deno.makeTempDir();
  // A folder cannot be removed as a file is: the same failure as a file that somebody else has just removed.
  await Deno.mkdir(`${folder}/a.computing/x`, { recursive: true });
  removeAbandonedLocks(folder);
  const lock = tryFileLock(`${folder}/a.lock`);
  lock?.release();
  await Deno.remove(folder, { recursive: true });
  assert(lock !== null);
});

Deno.test("a folder that holds only a newer format is left as it is, and that is said", async () => {
  await using crew = await Crew.open();
  Deno.mkdirSync(`${crew.cacheDir}/v2`, { recursive: true });
  Deno.writeTextFileSync(`${crew.cacheDir}/v2/meta.kv`, "something new");
  const worker = await crew.start();
  const events = await callAll(worker);
  assert(events.some((event) => event.kind === "notice" && event.detail.includes("format 2")));
  assertEquals(runsOf(await callAll(worker)), 0);
  assertMatch(await worker.end(), /entries of format 2, made by a newer version/);
  assertEquals(Deno.readTextFileSync(`${crew.cacheDir}/v2/meta.kv`), "something new");
});

Deno.test("the cache directory removed while a process uses it: right values, and it is made again", async () => {
  await using crew = await Crew.open();
  const worker = await crew.start();
  await callAll(worker);
  Deno.removeSync(crew.cacheDir, { recursive: true });
  await callAll(worker);
  await callAll(worker, 50);
  const later = await crew.start();
  assertEquals(runsOf(await callAll(later, 50)), 0);
});

Deno.test("the cache directory removed while the function runs: the value, and the next run stores", async () => {
  await using crew = await Crew.open();
  const worker = await crew.start();
  await worker.call("slow", 0, 0);
  const running = worker.call("slow", 1, 300);
  while (crew.runs("slow-1") === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  Deno.removeSync(crew.cacheDir, { recursive: true });
  assertEquals((await running).value, valueOf(1, 10));
  await worker.call("slow", 1, 0);
  const later = await crew.start();
  assertEquals((await later.call("slow", 1, 0)).value, valueOf(1, 10));
  assert(crew.runs("slow-1") <= 2);
});

/** Small disks, and what stands in for them where none can be mounted. */
async function withSmallDisk(
  options: string,
  test: (crew: Crew, disk: string, worker: WorkerOptions) => Promise<void>,
): Promise<void> {
  await using crew = await Crew.open();
  const disk = crew.cacheDir;
  Deno.mkdirSync(disk);
  const mount = await new Deno.Command("mount", { args: ["-t", "tmpfs", "-o", options, "tmpfs", disk] }).output()
    .catch(() => null);
  if (mount?.success === true) {
    try {
      await test(crew, disk, {});
    } finally {
      await crew.endAll();
      await new Deno.Command("umount", { args: ["-l", disk] }).output();
    }
    return;
  }
  // deno-lint-ignore no-console -- a test that is done in another way says so
  console.log("no disk can be mounted here: the system's answer ENOSPC is given by a stand-in");
  const preload = `${crew.folder}/full.ts`;
  Deno.writeTextFileSync(
    preload,
    `const full = () => { if (Deno.statSync(${JSON.stringify(disk)}).mode & 0o1000) {
       throw Object.assign(new Error("No space left on device (os error 28)"), { code: "ENOSPC" }); } };
     for (const name of ["write", "writeSync"]) {
       const original = Deno.FsFile.prototype[name];
       Deno.FsFile.prototype[name] = function (bytes) {
         if (bytes.byteLength > 4096 || ${name === "writeSync"} && bytes.byteLength > 1000) full();
         return original.call(this, bytes);
       };
     }`.replace('${name === "writeSync"}', "true"),
  );
  Deno.writeTextFileSync(`${disk}/.stand-in`, "");
  await test(crew, disk, { flags: ["-A", `--preload=${preload}`] });
}

/** Fills a disk to its last byte; the returned function makes room again. */
function fill(disk: string): () => void {
  if (Array.from(Deno.readDirSync(disk)).some(({ name }) => name === ".stand-in")) {
    Deno.chmodSync(disk, 0o1777);
    return () => Deno.chmodSync(disk, 0o700);
  }
  const file = Deno.openSync(`${disk}/filler`, { write: true, create: true });
  for (let size = 1 << 20; size >= 1;) {
    try {
      if (file.writeSync(new Uint8Array(size)) < size) size >>= 1;
    } catch {
      size >>= 1;
    }
  }
  file.close();
  return () => Deno.removeSync(`${disk}/filler`);
}

Deno.test("the disk is full: right values, save-failed, hits go on; with room again results are stored again", () =>
  withSmallDisk("size=8m", async (crew, disk, options) => {
    const worker = await crew.start(options);
    await callAll(worker);
    const makeRoom = fill(disk);
    const events = await callAll(worker, 50);
    assert(events.some(({ kind }) => kind === "save-failed"), JSON.stringify(events.map(({ kind }) => kind)));
    assertEquals(runsOf(await callAll(worker)), 0);
    const later = await crew.start(options);
    assertEquals(runsOf(await callAll(later)), 0, "what was stored before is used");
    await callAll(later, 70);
    // A process that opens the cache on the full disk says so at once, and not again with each result.
    const said = (await later.end()).match(
      /The disk of \S+ is full.*; make room on it, or remove results by cachePrune\(\) or/g,
    );
    assertEquals(said?.length, 1, `${said}`);
    makeRoom();
    await callAll(worker, 50);
    const last = await crew.start(options);
    assertEquals(runsOf(await callAll(last, 50)), 0);
    await last.do({ do: "verify", options: { repair: true } });
    assertMatch(await worker.end(), /the result is returned and not stored: The disk of \S+ is full; make room on it/);
    assertEquals(((await last.do({ do: "verify" })).value as { problems: unknown[] }).problems, []);
  }));

Deno.test("the disk fills while 200 calls are stored at once: what is listed is stored, and no other result is kept", () =>
  withSmallDisk("size=5m", async (crew, disk, options) => {
    const worker = await crew.start(options);
    const each = Array.from({ length: 200 }, (_, n) => [n, 40_000]);
    const { value, error, events } = await worker.do({ do: "calls", fn: "sized", each });
    assertEquals(error, undefined);
    assertEquals((value as { values: unknown[] }).values, each.map(([n, size]) => valueOf(n!, size!)));
    const stored = events.filter(({ kind }) => kind === "stored").length;
    assert(stored > 10, `${stored} stored`);
    assertEquals(blobsOf(disk).length, stored);
    assertEquals(((await worker.do({ do: "verify" })).value as { problems: unknown[] }).problems, []);
    const { out } = await runCli(["list", "--json", "--limit", "1000", "--cache-dir", disk]);
    assertEquals((JSON.parse(out) as unknown[]).length, stored);
  }));

Deno.test("the disk is full before a process opens the cache: hits go on, the line says so, and room is used again", () =>
  withSmallDisk("size=8m", async (crew, disk, options) => {
    const first = await crew.start(options);
    await callAll(first);
    await first.end();
    const makeRoom = fill(disk);
    const worker = await crew.start({ ...options, options: { verbose: true } });
    const hits = await callAll(worker);
    assertEquals(runsOf(hits), 0, "what was stored before is used");
    assertEquals(hits.filter(({ kind }) => kind === "damaged"), [], "a full disk damages nothing");
    const events = await callAll(worker, 50);
    assert(events.some(({ kind }) => kind === "save-failed"));
    makeRoom();
    await new Promise((resolve) => setTimeout(resolve, 1200)); // a disk counts as full for a second
    await callAll(worker, 60);
    const said = await worker.end();
    assertMatch(said, /The disk of .* is full: stored results are used, no new ones kept; make room/);
    assertEquals(said.match(/ is full/g)?.length, 1, said);
    assertEquals(said.includes("cannot be used"), false, said);
    assertEquals(said.includes("damaged"), false, said);
    const last = await crew.start(options);
    assertEquals(runsOf(await callAll(last, 60)), 0);
  }));

Deno.test("the disk was full before the cache was made: right values, and a line that says so", () =>
  withSmallDisk("size=1m", async (crew, disk, options) => {
    const makeRoom = fill(disk);
    const worker = await crew.start(options);
    const events = await callAll(worker);
    assert(events.some(({ kind }) => kind === "save-failed" || kind === "notice"));
    assertMatch(await worker.end(), /not stored|no new ones kept|cannot be (used|read)/);
    makeRoom();
  }));

/** Stores results on a small disk and fills it, down to what an open log takes. */
async function withFullCache(test: (crew: Crew, options: WorkerOptions) => Promise<void>): Promise<void> {
  await withSmallDisk("size=8m", async (crew, disk, options) => {
    const first = await crew.start(options);
    await callAll(first);
    for (let n = 0; n < 10; n++) await first.call("sized", n, 80_000);
    await first.end();
    fill(disk);
    await test(crew, options);
  });
}

const removals: Record<string, [command: Record<string, unknown>, least: number]> = {
  "clear": [{ do: "clear" }, 17],
  "prune by size": [{ do: "prune", options: { maxBytes: 1000 } }, 10],
  "prune by age": [{ do: "prune", options: { daysOld: 0 } }, 17],
};
for (const [name, [command, least]] of Object.entries(removals)) {
  Deno.test(`the disk is full: ${name} makes room, and results are stored again`, () =>
    withFullCache(async (crew, options) => {
      const worker = await crew.start(options);
      const { value, error } = await worker.do(command as Parameters<typeof worker.do>[0]);
      assertEquals(error, undefined);
      assert((value as { removed: number }).removed >= least, JSON.stringify(value));
      const { value: problems } = await worker.do({ do: "verify" });
      assertEquals((problems as { problems: unknown[] }).problems, []);
      await worker.end();
      const later = await crew.start(options);
      await later.call("sized", 3, 10_000);
      assertEquals(runsOf((await later.call("sized", 3, 10_000)).events), 0);
    }));
}

Deno.test("the disk is full: verify --repair does not take that for damage", () =>
  withFullCache(async (crew, options) => {
    const worker = await crew.start(options);
    const { value, error } = await worker.do({ do: "verify", options: { repair: true } });
    assertEquals([(value as { problems: unknown[] }).problems, error], [[], undefined]);
    const said = await worker.end();
    assertEquals(said.includes("damaged"), false, said);
  }));

Deno.test("no file can be made on the disk, not even a folder: right values, and a line that says so", () =>
  withSmallDisk("size=1m,nr_inodes=3", async (crew, _, options) => {
    const worker = await crew.start(options);
    const events = await callAll(worker);
    if (options.flags === undefined) assert(events.some(({ kind }) => kind === "notice" || kind === "save-failed"));
    assertMatch(await worker.end(), options.flags === undefined ? /cannot be written to|not stored/ : /^/);
  }));

Deno.test("few file descriptors, 120 calls at once: locks leave enough of them, and everything is stored", async () => {
  await using crew = await Crew.open();
  const worker = await crew.start({ through: ["sh", "-c", 'ulimit -n 60; exec "$@"', "sh"] });
  await callAll(worker);
  await worker.call("slow", 500, 0);
  const each = Array.from({ length: 120 }, (_, n) => [n, 200]);
  const { value, events } = await worker.do({ do: "calls", fn: "slow", each });
  assertEquals((value as { values: unknown[] }).values, each.map(([n]) => valueOf(n!, 10)));
  assertEquals(runsOf(events), 120);
  assertEquals(runsOf(await callAll(worker)), 0, "afterwards all is as before");
  const later = await crew.start();
  const { events: hits } = await later.do({ do: "calls", fn: "slow", each });
  assertEquals(runsOf(hits), 0);
});

Deno.test("a cache opened with no descriptor left: right values, a line, and no stored result is lost", async () => {
  await using crew = await Crew.open();
  const before = await crew.start();
  const each = Array.from({ length: 60 }, (_, n) => [n, 100_000]);
  await before.do({ do: "calls", fn: "sized", each });
  const starved = await crew.start({ through: ["sh", "-c", 'ulimit -n 48; exec "$@"', "sh"] });
  const { value } = await starved.do({ do: "calls", fn: "sized", each });
  assertEquals((value as { values: unknown[] }).values, each.map(([n, size]) => valueOf(n!, size!)));
  await starved.end();
  const later = await crew.start();
  const { events } = await later.do({ do: "calls", fn: "sized", each });
  assertEquals(runsOf(events), 0, "a file that could not be opened is not a damaged one");
});

Deno.test("the clock goes two days back: hits stay hits, new results are stored, prune and verify work", async () => {
  await using crew = await Crew.open();
  const worker = await crew.start();
  await callAll(worker);
  await worker.do({ do: "shiftClock", ms: -2 * 86_400_000 });
  assertEquals(runsOf(await callAll(worker)), 0);
  await callAll(worker, 50);
  assertEquals((await worker.do({ do: "prune" })).error, undefined);
  assertEquals(((await worker.do({ do: "verify" })).value as { problems: unknown[] }).problems, []);
  const later = await crew.start();
  assertEquals(runsOf(await callAll(later)), 0);
  assertEquals(runsOf(await callAll(later, 50)), 0);
  await later.do({ do: "shiftClock", ms: 86_400_000 });
  assertEquals(runsOf(await callAll(later, 50)), 0);
});

for (const permission of ["write", "read"]) {
  Deno.test(`the permission to ${permission} is revoked midway: right values, and a line that says so`, async () => {
    await using crew = await Crew.open();
    const worker = await crew.start({ flags: ["-A"] });
    await callAll(worker);
    // Executions cannot be noted any more, so these functions note nothing.
    await worker.call("pure", 0);
    await worker.do({ do: "revoke", permission });
    for (const n of [0, 1, 2]) {
      const answer = await worker.call("pure", n);
      assertEquals([answer.error, answer.value], [undefined, n * n]);
    }
    const stderr = await worker.end();
    assertMatch(stderr, /not stored|cannot be used/);
  });
}

Deno.test("another program holds the database for 2 seconds: hits meanwhile, misses in the end, no error", async () => {
  await using crew = await Crew.open();
  const workers = await crew.startAll(2);
  for (const worker of workers) await callAll(worker);
  const database = new DatabaseSync(`${crew.cacheDir}/v1/meta.kv`);
  database.exec("BEGIN IMMEDIATE");
  const asked = workers.map((worker, i) => callAll(worker, 50 + 50 * i));
  const fresh = callAll(await crew.start());
  const hits = await Promise.all(workers.map((worker) => worker.call("sized", 0, SIZES[0]!)));
  assertEquals(hits.flatMap(({ events }) => events).filter(({ kind }) => kind === "hit").length, 2);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  database.exec("ROLLBACK");
  database.close();
  assertEquals(runsOf(await fresh), 0, "a process that begins then waits and has its hits");
  await Promise.all(asked);
  const last = await crew.start();
  assertEquals(runsOf(await callAll(last, 50)) + runsOf(await callAll(last, 100)), 0, "all was stored in the end");
});

Deno.test("another program holds the database for longer than anyone waits: right values, save-failed", async () => {
  await using crew = await Crew.open();
  const worker = await crew.start();
  await callAll(worker);
  const database = new DatabaseSync(`${crew.cacheDir}/v1/meta.kv`);
  database.exec("BEGIN IMMEDIATE");
  const beginner = await crew.start();
  const asked = [worker.call("sized", 50, 10), beginner.call("sized", 50, 10)] as const;
  const [{ value, events }, begun] = await Promise.all(asked);
  database.exec("ROLLBACK");
  database.close();
  assertEquals([value, begun.value], [valueOf(50, 10), valueOf(50, 10)]);
  assert(events.some(({ kind }) => kind === "save-failed"));
  assertMatch(await worker.end(), /not stored: .*database is locked/);
});

Deno.test("a file system without locks: right values, one line that says so, and everything else works", async () => {
  await using crew = await Crew.open();
  const preload = `${crew.folder}/no_locks.ts`;
  Deno.writeTextFileSync(
    preload,
    `for (const name of ["lock", "lockSync", "tryLock", "tryLockSync"]) {
       Deno.FsFile.prototype[name] = () => { throw new Error("No locks available (os error 37)"); };
     }`,
  );
  const [worker, other] = await crew.startAll(2, { flags: ["-A", `--preload=${preload}`] }) as [Worker, Worker];
  const events = await callAll(worker);
  assert(events.some(({ kind, ...rest }) => kind === "notice" && JSON.stringify(rest).includes("No locks")));
  assertEquals(runsOf(await callAll(other)), 0);
  const both = await Promise.all([worker, other].map((each) => each.call("slow", 1, 200)));
  for (const { value } of both) assertEquals(value, valueOf(1, 10));
  for (const command of [{ do: "prune" }, { do: "verify" }, { do: "clear" }] as const) {
    assertEquals((await worker.do(command)).error, undefined);
  }
  assertEquals((await worker.end()).match(/two processes may compute the same call/g)?.length, 1);
});
