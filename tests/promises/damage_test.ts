import { assert, assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { valueOf } from "../support/call_values.ts";
import { Crew, type Worker } from "../support/call_worker.ts";
import { runCli } from "../support/run_cli.ts";
import { sampleOf } from "../support/sample.ts";

const PAGE_BYTES = 4096;
/** Number of calls that are stored, so that the rows take several pages. */
const CALLS = 60;

const metaOf = (crew: Crew): string => `${crew.cacheDir}/v1/meta.kv`;

function withDatabase<T>(path: string, task: (database: DatabaseSync) => T): T {
  const database = new DatabaseSync(path);
  try {
    return task(database);
  } finally {
    database.close();
  }
}

/** Makes the calls, all of which must give the right value. @returns Number of executions. */
async function callAll(worker: Worker, from = 0): Promise<number> {
  const each = Array.from({ length: CALLS }, (_, n) => [from + n, 0]);
  const { value, error, events } = await worker.do({ do: "calls", fn: "slow", each });
  assertEquals(error, undefined);
  assertEquals((value as { values: unknown[] }).values, each.map(([n]) => valueOf(n!, 10)));
  return events.filter(({ kind }) => kind === "run").length;
}

/** A cache with entries, free pages and a row that takes several pages, whose log is written back. */
async function withEntries(test: (crew: Crew) => Promise<void>): Promise<void> {
  await using crew = await Crew.open();
  const worker = await crew.start();
  await callAll(worker);
  await worker.end();
  withDatabase(metaOf(crew), (database) => {
    const insert = database.prepare("INSERT INTO kv (k, v, v_encoding, version) VALUES (?, ?, 3, 1)");
    for (let n = 0; n < 200; n++) insert.run(new Uint8Array([2, 0x7a, n + 1, 0]), new Uint8Array(3000));
    database.exec("DELETE FROM kv WHERE k > x'027a02' AND k < x'027b'");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  });
  await test(crew);
}

/** One page of each kind: by the tree that it is in, and its kind there. */
function pagesByKind(path: string): Map<string, number> {
  return withDatabase(path, (database) => {
    const rows = database.prepare("SELECT name, pagetype, min(pageno) AS page FROM dbstat GROUP BY name, pagetype")
      .all();
    const pages = new Map(rows.map(({ name, pagetype, page }) => [`${name} ${pagetype}`, Number(page)]));
    const used = new Set(database.prepare("SELECT pageno FROM dbstat").all().map(({ pageno }) => Number(pageno)));
    const { page_count: count } = database.prepare("PRAGMA page_count").get() as { page_count: number };
    const free = Array.from({ length: count }, (_, index) => index + 1).filter((page) => !used.has(page));
    const header = new DataView(Deno.readFileSync(path).buffer);
    const trunk = header.getUint32(32);
    if (trunk > 0) pages.set("the list of free pages", trunk);
    const leaf = free.find((page) => page !== trunk);
    if (leaf !== undefined) pages.set("a free page", leaf);
    return pages;
  });
}

/** Number of rows that one page holds. */
const rowsOf = (path: string, page: number): number =>
  withDatabase(
    path,
    (database) => Number(database.prepare("SELECT ncell FROM dbstat WHERE pageno = ?").get(page)!.ncell),
  );

function overwrite(path: string, at: number, bytes: Uint8Array): void {
  using file = Deno.openSync(path, { write: true });
  file.seekSync(at, Deno.SeekMode.Start);
  file.writeSync(bytes);
}

const zeros = new Uint8Array(PAGE_BYTES);
const noise = () => crypto.getRandomValues(new Uint8Array(PAGE_BYTES));

function copyFolder(from: string, to: string): void {
  Deno.mkdirSync(to, { recursive: true });
  for (const { name, isDirectory } of Deno.readDirSync(from)) {
    if (isDirectory) copyFolder(`${from}/${name}`, `${to}/${name}`);
    else Deno.copyFileSync(`${from}/${name}`, `${to}/${name}`);
  }
}

function putBack(crew: Crew): void {
  Deno.removeSync(crew.cacheDir, { recursive: true });
  copyFolder(`${crew.folder}/sound`, crew.cacheDir);
}

/** Everything below a folder: name, size and time of the last change. */
function listing(folder: string): string[] {
  const rows: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const { size, mtime } = Deno.statSync(`${folder}/${name}`);
    rows.push(`${folder}/${name} ${isDirectory ? "" : size} ${mtime?.getTime()}`);
    if (isDirectory) rows.push(...listing(`${folder}/${name}`));
  }
  return rows.sort();
}

Deno.test("one damaged page of each kind: the right values, most of them hits, and all hits afterwards", () =>
  withEntries(async (crew) => {
    copyFolder(crew.cacheDir, `${crew.folder}/sound`);
    const pages = pagesByKind(metaOf(crew));
    for (const kind of ["sqlite_schema leaf", "kv internal", "kv leaf", "kv overflow", "kv_expiration_ms_idx leaf"]) {
      assert(pages.has(kind), `${kind} among ${[...pages.keys()]}`);
    }
    assert(pages.has("a free page") && pages.has("the list of free pages"), `${[...pages.keys()]}`);
    for (const [kind, page] of sampleOf([...pages])) {
      for (const bytes of kind.startsWith("kv ") ? [zeros, noise()] : [zeros]) {
        putBack(crew);
        overwrite(metaOf(crew), (page - 1) * PAGE_BYTES, bytes);
        const first = await crew.start();
        const runs = await callAll(first);
        await first.end();
        const second = await crew.start();
        assertEquals(await callAll(second), 0, `${kind}: what was computed again is kept`);
        await second.end();
        // The rows of several records are on one page.
        assert(runs <= (kind.startsWith("kv ") ? 20 : 0), `${kind}: ${runs} runs`);
      }
    }
  }));

Deno.test("a damaged database is set aside once, and one line says how many results were kept", () =>
  withEntries(async (crew) => {
    overwrite(metaOf(crew), (pagesByKind(metaOf(crew)).get("kv_expiration_ms_idx leaf")! - 1) * PAGE_BYTES, zeros);
    const worker = await crew.start();
    assertEquals(await callAll(worker), 0);
    await worker.call("sized", 1, 10);
    await worker.call("pure", 1);
    const lines = (await worker.end()).split("\n").filter((line) => /meta\.kv/.test(line));
    assertEquals(lines.length, 1, lines.join("\n"));
    assertMatch(lines[0]!, /was damaged .* moved to .*damaged-1 and 60 stored results were kept/);
    const later = await crew.start();
    assertEquals(await callAll(later), 0);
    assertEquals(await later.end(), "");
  }));

Deno.test("verify names a damaged database and changes nothing; verify --repair and clear mend it", () =>
  withEntries(async (crew) => {
    const page = pagesByKind(metaOf(crew)).get("kv_expiration_ms_idx leaf")!;
    overwrite(metaOf(crew), (page - 1) * PAGE_BYTES, zeros);
    copyFolder(crew.cacheDir, `${crew.folder}/sound`);
    const bytes = Deno.readFileSync(metaOf(crew));
    const verified = await runCli(["verify", "--cache-dir", crew.cacheDir]);
    assertEquals(verified.code, 1, verified.err);
    assertMatch(verified.out, /damaged-database/);
    assertEquals(Deno.readFileSync(metaOf(crew)), bytes);
    const repaired = await runCli(["verify", "--repair", "--cache-dir", crew.cacheDir]);
    assertEquals(repaired.code, 0, repaired.err);
    assertMatch(repaired.out, /damaged-database +.*\n\n\d+ checked, 1 problem, 1 repaired/);
    const again = await runCli(["verify", "--cache-dir", crew.cacheDir]);
    assertEquals([again.code, again.err], [0, ""], again.out);
    const worker = await crew.start();
    assertEquals(await callAll(worker), 0);
    await worker.end();
    putBack(crew);
    const cleared = await runCli(["clear", "--yes", "--cache-dir", crew.cacheDir]);
    assertEquals(cleared.code, 0, cleared.err);
    const empty = await crew.start();
    assertEquals(await callAll(empty), CALLS);
  }));

Deno.test("a database of more than 16 MiB is checked as a small one is, in a thread of its own", () =>
  withEntries(async (crew) => {
    withDatabase(metaOf(crew), (database) => {
      database.exec("CREATE TABLE room(x); INSERT INTO room VALUES (zeroblob(17000000)); DROP TABLE room");
      database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    });
    assert(Deno.statSync(metaOf(crew)).size > 16 * 1024 * 1024);
    const sound = await runCli(["verify", "--cache-dir", crew.cacheDir]);
    assertEquals([sound.code, sound.err], [0, ""], sound.out);
    const page = pagesByKind(metaOf(crew)).get("kv_expiration_ms_idx leaf")!;
    overwrite(metaOf(crew), (page - 1) * PAGE_BYTES, zeros);
    const damaged = await runCli(["verify", "--cache-dir", crew.cacheDir]);
    assertEquals(damaged.code, 1, damaged.err);
    assertMatch(damaged.out, /damaged-database/);
    Deno.removeSync(`${crew.cacheDir}/v1/checked`); // else a large database is not checked as a whole so soon again
    const worker = await crew.start();
    assertEquals(await callAll(worker), 0);
    assertMatch(await worker.end(), /60 stored results were kept/);
  }));

Deno.test("damage in the log that a killed process left: the right values, and all hits afterwards", async () => {
  await using crew = await Crew.open();
  const killed = await crew.start();
  await callAll(killed);
  await killed.kill();
  copyFolder(crew.cacheDir, `${crew.folder}/sound`);
  const log = `${metaOf(crew)}-wal`;
  const frames = Math.floor((Deno.statSync(log).size - 32) / (PAGE_BYTES + 24));
  assert(frames > 20, `${frames} frames`);
  for (
    const [name, at, bytes] of [
      ["the header", 0, new Uint8Array(32)],
      ["the first frame", 32, noise()],
      ["a frame in the middle", 32 + (frames >> 1) * (PAGE_BYTES + 24), zeros],
      ["one bit near the end", 32 + (frames - 3) * (PAGE_BYTES + 24) + 1000, new Uint8Array([0x55])],
    ] as const
  ) {
    putBack(crew);
    overwrite(log, at, bytes);
    const first = await crew.start();
    await callAll(first);
    await first.end();
    const second = await crew.start();
    assertEquals(await callAll(second), 0, name);
    await second.end();
  }
});

Deno.test("the records in a log count when the database below it is damaged", async () => {
  await using crew = await Crew.open();
  const killed = await crew.start();
  await callAll(killed);
  await killed.kill();
  assert(Deno.statSync(`${metaOf(crew)}-wal`).size > 100_000);
  overwrite(metaOf(crew), 0, noise());
  Deno.truncateSync(metaOf(crew), PAGE_BYTES);
  const worker = await crew.start();
  assertEquals(await callAll(worker), 0);
});

Deno.test("readOnly on a damaged database: what can be read is a hit, and nothing is written", () =>
  withEntries(async (crew) => {
    const pages = pagesByKind(metaOf(crew));
    const rows = rowsOf(metaOf(crew), pages.get("kv internal")!);
    copyFolder(crew.cacheDir, `${crew.folder}/sound`);
    for (const kind of ["kv_expiration_ms_idx leaf", "kv internal", "sqlite_schema leaf", "queue leaf"]) {
      putBack(crew);
      overwrite(metaOf(crew), (pages.get(kind)! - 1) * PAGE_BYTES, zeros);
      const before = listing(crew.cacheDir);
      const reader = await crew.start({ options: { readOnly: true } });
      // An inner page of the tree has rows as well, and any of them may be a record. A leaf of the others has none.
      const executed = await callAll(reader);
      assert(executed <= (kind === "kv internal" ? rows : 0), `${kind}: ${executed} of at most ${rows}`);
      const text = await reader.end();
      assertMatch(text, new RegExp(`cannot be read .*; ${CALLS - executed} stored results are used`), text);
      assertEquals(listing(crew.cacheDir), before, kind);
    }
  }));

Deno.test("8 processes begin on a damaged database: right values, one is set aside, nothing stored is lost", () =>
  withEntries(async (crew) => {
    overwrite(metaOf(crew), (pagesByKind(metaOf(crew)).get("kv_expiration_ms_idx leaf")! - 1) * PAGE_BYTES, zeros);
    const workers = await crew.startAll(8);
    await Promise.all(workers.map(async (worker, index) => {
      await callAll(worker);
      await callAll(worker, 1000 * (index + 1));
    }));
    await Promise.all(workers.map((worker) => worker.end()));
    const names = Array.from(Deno.readDirSync(`${crew.cacheDir}/v1`), ({ name }) => name);
    assertEquals(names.filter((name) => /damaged-\d+$/.test(name)), ["meta.kv.damaged-1"]);
    const last = await crew.start();
    assertEquals(await callAll(last), 0);
    for (let index = 0; index < 8; index++) assertEquals(await callAll(last, 1000 * (index + 1)), 0, `${index}`);
    assertEquals(((await last.do({ do: "verify" })).value as { problems: unknown[] }).problems, []);
  }));

Deno.test("damage found while the database is open: the calls go on, and what was stored before is kept", () =>
  withEntries(async (crew) => {
    const worker = await crew.start();
    await worker.call("sized", 1, 10);
    overwrite(metaOf(crew), (pagesByKind(metaOf(crew)).get("kv internal")! - 1) * PAGE_BYTES, zeros);
    await callAll(worker);
    await callAll(worker, 500);
    await worker.end();
    const later = await crew.start();
    assertEquals(await callAll(later) + await callAll(later, 500), 0);
  }));

Deno.test("damage that leaves size and times as they were ends one program at most; the next one mends it", () =>
  withEntries(async (crew) => {
    for (let n = 0; n < 3; n++) {
      const worker = await crew.start();
      await callAll(worker);
      await worker.end();
    }
    const meta = metaOf(crew);
    const page = pagesByKind(meta).get("kv_expiration_ms_idx leaf")!;
    const { mtime, atime } = Deno.statSync(meta);
    overwrite(meta, (page - 1) * PAGE_BYTES, zeros);
    Deno.utimeSync(meta, atime!, mtime!);
    const first = await crew.start();
    await first.call("slow", 0, 0).catch(() => {});
    await first.kill();
    const second = await crew.start();
    assertEquals(await callAll(second), 0);
  }));

Deno.test("a sound database that only hits use is checked once", () =>
  withEntries(async (crew) => {
    const hit = async () => {
      const worker = await crew.start();
      assertEquals(await callAll(worker), 0);
      await worker.end();
      return Deno.statSync(`${crew.cacheDir}/v1/checked`).ino;
    };
    await hit();
    const note = await hit();
    assertEquals([await hit(), await hit()], [note, note]);
  }));

/** Ways in which a row can be wrong, as statements on the row `?`. */
const BAD_ROWS: Record<string, string> = {
  "bytes that are no key": "UPDATE kv SET k = x'027200ff1b5b316d' WHERE k = ?",
  "a text as its key": "UPDATE kv SET k = char(27) || '[2J' WHERE k = ?",
  "a value that is none": "UPDATE kv SET v = x'ff0f9999', v_encoding = 1 WHERE k = ?",
  "an empty value": "UPDATE kv SET v = x'', v_encoding = 1 WHERE k = ?",
  "an encoding that there is not": "UPDATE kv SET v_encoding = 77 WHERE k = ?",
  "a text as its encoding": "UPDATE kv SET v_encoding = char(27) || '[2J' WHERE k = ?",
  "a number that is none": "UPDATE kv SET v_encoding = 2 WHERE k = ?",
  "a text as its version": "UPDATE kv SET version = 'x' WHERE k = ?",
  "a text as its value": "UPDATE kv SET v = char(27) || '[2J' WHERE k = ?",
  "a text as its time": "UPDATE kv SET expiration_ms = 'x' WHERE k = ?",
};

// deno-lint-ignore no-control-regex
const CONTROLS = /[\x00-\x08\x0b-\x1f\x7f-\x9f]/;

async function problemsOf(worker: Worker, repair = false): Promise<string[]> {
  const { value, error } = await worker.do({ do: "verify", options: { repair } });
  assertEquals(error, undefined);
  return (value as { problems: { kind: string }[] }).problems.map(({ kind }) => kind);
}

/** Makes the rows of the first records bad. */
function spoilRows(crew: Crew, ...changes: string[]): void {
  withDatabase(metaOf(crew), (database) => {
    const rows = database.prepare("SELECT k FROM kv WHERE k > x'027200' AND k < x'0273' LIMIT ?").all(changes.length);
    for (const [at, change] of changes.entries()) database.prepare(change).run(rows[at]!["k"]!);
  });
}

const SPOILED = [["bytes that are no key"], ["a text as its key"], [...Object.keys(BAD_ROWS).slice(2)]];

for (const names of SPOILED) {
  Deno.test(`rows with ${names.join(", ")}: the others are hits, their calls run again and are hits afterwards`, () =>
    withEntries(async (crew) => {
      spoilRows(crew, ...names.map((name) => BAD_ROWS[name]!));
      copyFolder(crew.cacheDir, `${crew.folder}/sound`);
      const before = listing(crew.cacheDir);
      const reader = await crew.start({ options: { readOnly: true } });
      assertEquals(await callAll(reader), names.length);
      await reader.end();
      assertEquals(listing(crew.cacheDir), before);
      const worker = await crew.start();
      assertEquals(await callAll(worker), names.length);
      assertEquals(await callAll(worker), 0);
      assertEquals((await worker.end()).match(CONTROLS), null);
      putBack(crew);
      const mender = await crew.start();
      const problems = await problemsOf(mender);
      assert(problems.some((kind) => /unreadable-row|damaged-database/.test(kind)), `${problems}`);
      await problemsOf(mender, true);
      assertEquals(await problemsOf(mender), []);
      putBack(crew);
      const cleaner = await crew.start();
      for (const task of ["prune", "clear"] as const) assertEquals((await cleaner.do({ do: task })).error, undefined);
      for (const stderr of [await mender.end(), await cleaner.end()]) assertEquals(stderr.match(CONTROLS), null);
      const left = withDatabase(
        metaOf(crew),
        (database) =>
          database.prepare("SELECT count(*) AS count FROM kv WHERE typeof(k) <> 'blob' OR k > x'0272' AND k < x'0273'")
            .get(),
      );
      assertEquals(left!["count"], 0, "clear removes the rows too");
    }));
}

Deno.test("a bad row in the commands: a list without it, a problem of its own with exit code 1, and repair", () =>
  withEntries(async (crew) => {
    spoilRows(crew, BAD_ROWS["bytes that are no key"]!);
    const command = (...args: string[]) => runCli([...args, "--cache-dir", crew.cacheDir]);
    for (const name of ["list", "stats"]) assertEquals((await command(name)).code, 0, name);
    const { code, out, err } = await command("verify");
    assertEquals(code, 1);
    assertMatch(out, /unreadable-row +The row with the key 027200ff1b5b316d cannot be read: it is no key of a cache/);
    assertEquals((out + err).match(CONTROLS), null);
    assertEquals((await command("verify", "--repair")).code, 0);
    assertEquals((await command("verify")).code, 0);
  }));

Deno.test("a user who may not read the database: the values, and a line that says so, once", () =>
  withEntries(async (crew) => {
    const open = (path: string) => {
      Deno.chmodSync(path, 0o777);
      if (Deno.statSync(path).isDirectory) { for (const { name } of Deno.readDirSync(path)) open(`${path}/${name}`); }
    };
    open(crew.folder);
    Deno.chmodSync(metaOf(crew), 0o000);
    Deno.mkdirSync(`${crew.folder}/deno`);
    Deno.chmodSync(`${crew.folder}/deno`, 0o777);
    const env = { DENO_DIR: `${crew.folder}/deno`, HOME: `${crew.folder}/deno` };
    const through = ["setpriv", "--reuid=65534", "--clear-groups"];
    const worker = await crew.start({ through, env, flags: ["-A"] }).catch((error) => error as Error);
    if (worker instanceof Error) return; // the package cannot be read by another user here
    await callAll(worker);
    const { events } = await worker.call("sized", 1, 10);
    assertEquals(events.filter((event) => event.kind === "miss" && /damaged/.test(event.summary)), []);
    const { value, error } = await worker.do({ do: "why", fn: "sized", args: [1, 10] });
    assertEquals(error, undefined);
    const [has, summary] = value as [boolean, string];
    assertEquals(has, false);
    assertMatch(
      summary,
      /^stored results cannot be used: .*unable to open database file/,
    );
    const stderr = await worker.end();
    assert(!/damaged|delete the file/.test(stderr), stderr);
    assertMatch(stderr, /unable to open database file.*; allow this user to read and write the file/);
  }));

/** The header of the journal of a database that had no page before. */
function journalOfNew(): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(512);
  header.set(Uint8Array.fromHex("d9d505f920a163d7"));
  [0, 0x12345678, 0, 512, 4096].forEach((word, at) => new DataView(header.buffer).setUint32(8 + 4 * at, word));
  return header;
}

Deno.test("what a process leaves that was killed while it made the database is no damage, and goes away", async () => {
  for (const journal of [journalOfNew(), new Uint8Array(0), new Uint8Array(512)]) {
    await using crew = await Crew.open();
    Deno.mkdirSync(`${crew.cacheDir}/v1`, { recursive: true });
    Deno.writeFileSync(metaOf(crew), new Uint8Array(0));
    for (let round = 0; round < 2; round++) {
      Deno.writeFileSync(`${metaOf(crew)}-journal`, journal);
      const worker = await crew.start();
      assertEquals(await callAll(worker), round === 0 ? CALLS : 0);
      assertEquals(await problemsOf(worker), []);
      assertEquals(await worker.end(), "");
      const left = [...Deno.readDirSync(`${crew.cacheDir}/v1`)].map(({ name }) => name);
      assertEquals(left.filter((name) => /journal|damaged/.test(name)), []);
    }
  }
});
