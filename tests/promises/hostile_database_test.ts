/**
 * Databases that a stranger made for SQLite: journals, triggers, views, rows that end Deno, sizes without bound.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { databaseStampOf } from "../../src/store/database/sqlite_files.ts";
import { layoutOf } from "../../src/store/layout.ts";
import { CacheError } from "../../src/words/errors.ts";
import { Project } from "../support/project.ts";
import { runCli } from "../support/run_cli.ts";
import { sampleOf } from "../support/sample.ts";

const PROGRAM = `
import { cacheFile } from "@bimsb/cachepy";
const options = Deno.args.includes("--read-only") ? { readOnly: true } : {};
const cached = cacheFile("./cache", options);
const sq = cached(function sq(x) { return x * x; });
const big = cached(function big(x) { return "b".repeat(200_000) + x; });
const values = [];
for (const x of [1, 2, 3, 4]) values.push(await sq(x), (await big(x)).length);
console.log(JSON.stringify({ values, rss: Deno.memoryUsage().rss }));
`;
const VALUES = [1, 200_001, 4, 200_001, 9, 200_001, 16, 200_001];

/** Time after which a program counts as one that never ends, milliseconds. Each ends within seconds. */
const FOREVER_MS = 60_000;

class Victim implements AsyncDisposable {
  private constructor(readonly project: Project) {}

  static async create(): Promise<Victim> {
    const victim = new Victim(await Project.create({ "main.js": PROGRAM }));
    await victim.run();
    return victim;
  }

  get meta(): string {
    return this.project.path("cache/v1/meta.kv");
  }

  async run(args: readonly string[] = [], flags?: readonly string[]): Promise<{ rss: number; stderr: string }> {
    const child = this.project.command("main.js", flags === undefined ? { args } : { args, flags }).spawn();
    const timer = setTimeout(() => child.kill("SIGKILL"), FOREVER_MS);
    const { code, stdout, stderr } = await child.output();
    clearTimeout(timer);
    const said = new TextDecoder().decode(stderr);
    assertEquals(code, 0, said);
    const { values, rss } = JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1)!);
    assertEquals(values, VALUES, said);
    return { rss, stderr: said };
  }

  /** Runs each command that looks at the cache or changes it. */
  async tend(...commands: string[]): Promise<void> {
    for (const command of commands) {
      const { code, err } = await runCli([...command.split(" "), "--cache-dir", "cache"], { cwd: this.project.folder });
      assert(code < 2, `${command}: ${err}`);
    }
  }

  sql(text: string): void {
    const database = new DatabaseSync(this.meta);
    database.exec(text);
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.project[Symbol.asyncDispose]();
  }
}

const MAGIC = Uint8Array.fromHex("d9d505f920a163d7");

/** A rollback journal that belongs to the database, and names a file that SQLite deletes once it is played back. */
function journalNaming(victim: string, meta: string): Uint8Array<ArrayBuffer> {
  const page = 4096, nonce = 0x12345678;
  const database = Deno.readFileSync(meta);
  const first = database.subarray(0, page);
  let sum = nonce;
  for (let at = page - 200; at > 0; at -= 200) sum = (sum + first[at]!) >>> 0;
  const name = new TextEncoder().encode(victim);
  const bytes = new Uint8Array(512 + 4 + page + 4 + 4 + name.length + 8 + 8);
  const view = new DataView(bytes.buffer);
  bytes.set(MAGIC);
  [1, nonce, database.length / page, 512, page].forEach((word, at) => view.setUint32(8 + 4 * at, word));
  view.setUint32(512, 1);
  bytes.set(first, 516);
  let at = 516 + page;
  view.setUint32(at, sum);
  view.setUint32(at += 4, 0x40000000 / page + 1);
  bytes.set(name, at += 4);
  view.setUint32(at += name.length, name.length);
  view.setUint32(at + 4, name.reduce((all, byte) => all + byte, 0));
  bytes.set(MAGIC, at + 8);
  return bytes;
}

for (
  const what of sampleOf(["a call", "readOnly", "list", "stats", "verify", "verify --repair", "prune", "clear --yes"])
) {
  Deno.test(`a journal beside the database deletes no file that it names: ${what}`, async () => {
    await using victim = await Victim.create();
    const precious = victim.project.path("precious.txt");
    await Deno.writeTextFile(precious, "precious");
    victim.sql("SELECT 1");
    await Deno.writeFile(`${victim.meta}-journal`, journalNaming(precious, victim.meta));
    if (what === "a call") await victim.run();
    else if (what === "readOnly") await victim.run(["--read-only"]);
    else await victim.tend(what);
    assertEquals(await Deno.readTextFile(precious), "precious");
    await victim.run();
    assertEquals(await Deno.readTextFile(precious), "precious");
  });
}

const FOR_EVER = "(WITH RECURSIVE z(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM z) SELECT count(*) FROM z)";
const QUEUE =
  "AS WITH RECURSIVE z(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM z) SELECT n AS ts, '' AS id, x'' AS data, " +
  "'' AS backoff_schedule, x'' AS keys_if_undelivered FROM z WHERE n < 0";
/** A value that takes gigabytes and seconds for each row. */
const MUCH = "length(hex(zeroblob(450000000)))";
/** The same, but for rows that are there already. */
const MUCH_LATER = `iif(version <= 1000000, 1, ${MUCH})`;

const HOSTILE: Record<string, string> = {
  "a trigger that never ends on each row that is written":
    `CREATE TRIGGER t AFTER INSERT ON kv BEGIN SELECT * FROM ${FOR_EVER}; END`,
  "a trigger that never ends on each row that is deleted":
    `CREATE TRIGGER t AFTER DELETE ON kv BEGIN SELECT * FROM ${FOR_EVER}; END`,
  "a trigger that drops each row": "CREATE TRIGGER t BEFORE INSERT ON kv BEGIN SELECT RAISE(IGNORE); END",
  "a trigger that spoils other rows":
    "CREATE TRIGGER t AFTER INSERT ON kv BEGIN UPDATE kv SET v_encoding = 2, v = x'01' WHERE k > x'02720002'; END",
  "a view that never ends in the place of the queue": `DROP TABLE queue; CREATE VIEW queue ${QUEUE}`,
  "a view in the place of the rows": "ALTER TABLE kv RENAME TO kv0; CREATE VIEW kv AS SELECT * FROM kv0",
  "a check of each row that takes gigabytes":
    `ALTER TABLE kv RENAME TO kv0; CREATE TABLE kv (k blob primary key, v blob not null check (${MUCH} > 0), ` +
    "v_encoding integer not null, version integer not null, seq integer not null default 0, " +
    "expiration_ms integer not null default -1) without rowid; PRAGMA ignore_check_constraints = ON; " +
    "INSERT INTO kv SELECT * FROM kv0; DROP TABLE kv0",
  "an index of what takes gigabytes in each new row":
    `CREATE INDEX i ON kv (${MUCH_LATER}); UPDATE data_version SET version = 1000001`,
  "an index under a condition that takes gigabytes in each new row":
    `CREATE INDEX i ON kv (k) WHERE ${MUCH_LATER} > 0; UPDATE data_version SET version = 1000001`,
  "a thousand tables": Array.from({ length: 1000 }, (_, n) => `CREATE TABLE more${n} (k)`).join(";"),
  "rows that say that they hold numbers": "UPDATE kv SET v_encoding = 2 WHERE k > x'02720002' AND k < x'02720003'",
  "no version of the data": "DELETE FROM data_version",
  "the last version that there is": "UPDATE data_version SET version = 9223372036854775807",
  "a version of the schema below zero": "UPDATE migration_state SET version = -1",
};

for (const [name, sql] of sampleOf(Object.entries(HOSTILE))) {
  Deno.test(`${name}: right values at once, and a whole cache again`, async () => {
    await using victim = await Victim.create();
    victim.sql(sql);
    await victim.run();
    await victim.tend("list", "verify --repair", "prune --max-size 1", "clear --yes");
    await victim.run();
    const { stderr } = await victim.run();
    assertEquals(stderr.includes("cachepy:"), false, stderr);
  });
}

Deno.test("a note without a code does not say that a database is sound, to a program without the user's key either", async () => {
  await using victim = await Victim.create();
  victim.sql(`DELETE FROM kv WHERE k > x'02720002' AND k < x'02720003';
    CREATE TRIGGER t BEFORE INSERT ON kv BEGIN SELECT * FROM ${FOR_EVER}; END`);
  const layout = layoutOf(victim.project.path("cache"));
  await Deno.writeTextFile(`${layout.version}/checked`, `${databaseStampOf(layout)}\n${Date.now()}`);
  const { stderr } = await victim.run([], ["--unstable-kv", "--allow-read", "--allow-write", "--allow-sys"]);
  assertStringIncludes(stderr, "was damaged");
});

Deno.test("a byte that is changed in place, with the old time of the file put back, ends no program", async () => {
  await using victim = await Victim.create();
  victim.sql("SELECT 1");
  await victim.run();
  const before = await Deno.stat(victim.meta);
  await new Promise((resolve) => setTimeout(resolve, 1100)); // Deno tells the time of a change in seconds
  const rows = new DatabaseSync(victim.meta, { readOnly: true });
  const found = rows.prepare("SELECT k, v FROM kv WHERE k > x'02720002' AND k < x'02720003'").all() as {
    k: Uint8Array;
    v: Uint8Array;
  }[];
  rows.close();
  const bytes = await Deno.readFile(victim.meta);
  const text = (part: Uint8Array) => Array.from(part, (byte) => String.fromCharCode(byte)).join("");
  const whole = text(bytes);
  for (const { k, v } of found) {
    const at = whole.indexOf(text(k) + text(v));
    if (at >= 0 && bytes[at + k.length + v.length] === 3) bytes[at + k.length + v.length] = 2;
  }
  using file = await Deno.open(victim.meta, { write: true });
  await file.write(bytes);
  await Deno.utime(victim.meta, before.atime!, before.mtime!);
  await victim.run();
  await victim.run();
});

Deno.test({
  name: "files of gigabytes that take no room on the disk take no memory",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const id = "00000000-0000-4000-8000-000000000000";
    for (
      const name of [
        `usage/unstored-${id}.json`,
        "usage/merged.bin",
        `usage/12-${id}.log`,
        "verify.json",
        "host",
        "blob",
      ]
    ) {
      await using victim = await Victim.create();
      let path = victim.project.path("cache/v1", name);
      if (name === "blob") {
        const [folder] = [...Deno.readDirSync(victim.project.path("cache/v1/blobs"))];
        const [file] = [...Deno.readDirSync(victim.project.path("cache/v1/blobs", folder!.name))];
        path = victim.project.path("cache/v1/blobs", folder!.name, file!.name);
      } else await Deno.writeTextFile(path, "");
      await Deno.truncate(path, 3 * 2 ** 30);
      const { rss } = await victim.run();
      assert(rss < 2 ** 30, `${name}: ${rss} bytes`);
      for (const command of ["stats", "verify"]) {
        const { code } = await runCli([command, "--cache-dir", "cache"], {
          cwd: victim.project.folder,
          flags: ["--unstable-kv", "-A", "--v8-flags=--max-old-space-size=600"],
        });
        assert(code <= 2, `${name}: ${command}`);
      }
    }
  },
});

/** Number of pages in {@linkcode loopOf}. */
const LOOP_PAGES = 256;

/** A database with a broken tree, of which each cell claims the whole file and leads to a page that leads to itself. */
function loopOf(meta: string): Uint8Array<ArrayBuffer> {
  const page = 4096, cells = 440, start = 900;
  const bytes = new Uint8Array(LOOP_PAGES * page);
  const view = new DataView(bytes.buffer);
  bytes.set(Deno.readFileSync(meta).subarray(0, page));
  bytes.fill(0, 32, 40);
  bytes.fill(0xff, 100, 108);
  view.setUint32(page, 2);
  const claimed = LOOP_PAGES * page - 1;
  const most = Math.floor((page - 12) * 64 / 255) - 23, least = Math.floor((page - 12) * 32 / 255) - 23;
  const local = least + (claimed - least) % (page - 4);
  for (let at = 2 * page; at < bytes.length; at += page) {
    bytes[at] = 0x0a;
    view.setUint16(at + 3, cells);
    for (let cell = 0; cell < cells; cell++) view.setUint16(at + 8 + 2 * cell, start);
    const length = [claimed >> 14 & 0x7f | 0x80, claimed >> 7 & 0x7f | 0x80, claimed & 0x7f];
    bytes.set(length, at + start);
    view.setUint32(at + start + length.length + (local <= most ? local : least), 2);
  }
  return bytes;
}

Deno.test("a damaged database whose pages lead to each other in circles, or that is all holes, is done with at once", async () => {
  await using circles = await Victim.create();
  circles.sql("SELECT 1");
  await Deno.writeFile(circles.meta, loopOf(circles.meta));
  await circles.run();
  await using holes = await Victim.create();
  holes.sql("SELECT 1");
  using file = await Deno.open(holes.meta, { write: true });
  await file.seek(100, Deno.SeekMode.Start);
  await file.write(new Uint8Array(8).fill(0xff));
  if (Deno.build.os === "linux") await file.truncate(200 * 2 ** 30);
  await holes.run(["--read-only"]);
  await holes.run();
});

Deno.test("the message of an error shows the control characters of a name in a cache", () => {
  assertStringIncludes(new CacheError("ERR_CACHE_DIR", "a \x1b]0;x\x07 b").message, "a \\x1b]0;x\\x07 b");
});

Deno.test({
  name: "a cache that is opened to its group changes no mode of a file that has a second name",
  ignore: Deno.build.os === "windows",
  async fn() {
    await using project = await Project.create({ "main.js": PROGRAM.replace("{}", "{ groupShared: true }") });
    await Deno.mkdir(project.path("cache/v1"), { recursive: true });
    await Deno.writeTextFile(project.path("secret"), "mine", { mode: 0o600 });
    await Deno.link(project.path("secret"), project.path("cache/v1/verify.json"));
    await project.run("main.js");
    assertEquals((await Deno.stat(project.path("secret"))).mode! & 0o777, 0o600);
  },
});
