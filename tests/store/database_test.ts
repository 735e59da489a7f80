import { assert, assertEquals, assertMatch } from "@std/assert";
import { DatabaseSync } from "node:sqlite";
import { giveBackSpace } from "../../src/store/database/free_space.ts";
import { listRows } from "../../src/store/database/kv_rows.ts";
import { decodeKey, decodeValue, encodeRowKey, versionstampOf } from "../../src/store/database/raw_rows.ts";
import { salvage } from "../../src/store/database/salvage.ts";
import { describeDatabaseError, describeOpenError } from "../../src/store/database/database_errors.ts";
import { findUnreadable } from "../../src/store/database/unreadable_rows.ts";
import { layoutOf } from "../../src/store/layout.ts";
import { prune } from "../../src/store/bound/prune.ts";
import { MEND_ROW } from "../../src/store/records/rows.ts";
import { keyOf, load, store, valueOf, withFolder, withStore } from "../support/store_rig.ts";

const KEYS: readonly Deno.KvKey[] = [
  ["r", "a"],
  ["s", "load @ src/é\u0000\u{1f600}.ts", 1_700_000_000_000.5, ""],
  ["x", "\u0000\u0000ÿ", -3.25],
  ["x", "", 0],
  ["x", "", -0],
  ["x", "", Infinity],
];
const VALUES: readonly unknown[] = [new Uint8Array([0, 1, 255]), 1, "text \u{1f600}", { a: [1n, null] }, true];

Deno.test("keys, values and versions are decoded as Deno.Kv decodes them", () =>
  withFolder(async (folder) => {
    const kv = await Deno.openKv(`${folder}/a.kv`);
    for (const [index, key] of KEYS.entries()) await kv.set(key, VALUES[index % VALUES.length]);
    const database = new DatabaseSync(`${folder}/a.kv`);
    const rows = database.prepare("SELECT k, v, v_encoding AS encoding, version FROM kv ORDER BY k").all() as {
      k: Uint8Array<ArrayBuffer>;
      v: Uint8Array<ArrayBuffer>;
      encoding: number;
      version: number;
    }[];
    let at = 0;
    for await (const entry of kv.list({ prefix: [] })) {
      const { k, v, encoding, version } = rows[at++]!;
      assertEquals(decodeKey(k), [...entry.key]);
      assertEquals(encodeRowKey(entry.key), k.slice());
      assertEquals(decodeValue({ encoding, v })?.value, entry.value);
      assertEquals(versionstampOf(BigInt(version)), entry.versionstamp);
    }
    assertEquals(at, rows.length);
    database.close();
    kv.close();
  }));

Deno.test("bytes that are no key of a cache are refused", () => {
  for (const hex of ["", "02", "0272", "02ff00", "0272000199", "02720021c0", "0272007700", "0272002612", "027200ee"]) {
    assertEquals(decodeKey(Uint8Array.fromHex(hex)), null, hex);
  }
});

for (const reverse of [false, true]) {
  Deno.test(`a list ${reverse ? "from the end " : ""}goes on around rows that cannot be decoded, over many batches`, () =>
    withStore(async (cache, dir) => {
      const { handle } = cache.records.garbage;
      const keys = Array.from({ length: 2500 }, (_, n) => ["z", String(n).padStart(4, "0")]);
      await cache.records.writeRows(keys.map((key) => ({ key, value: 1 })));
      const bad = [0, 7, 999, 1000, 1001, 1002, 2000, 2499];
      const database = new DatabaseSync(`${dir}/v1/meta.kv`);
      for (const n of bad) {
        const change = n % 2 === 0 ? "v_encoding = 77" : "k = CAST(k || x'ff' AS BLOB)";
        database.prepare(`UPDATE kv SET ${change} WHERE k = ?`).run(encodeRowKey(keys[n]!));
      }
      database.close();
      const reports: string[] = [];
      cache.onReport(({ detail }) => reports.push(detail));
      const found: string[] = [];
      for await (const { key } of listRows(handle, { prefix: ["z"] }, { reverse })) found.push(String(key[1]));
      const expected = keys.map(([, name]) => name!).filter((_, n) => !bad.includes(n));
      assertEquals(found, reverse ? expected.reverse() : expected);
      assertEquals(reports.length, bad.length, "each is reported once");
      for await (const _ of listRows(handle, { prefix: ["z"] }));
      assertEquals(reports.length, bad.length);
      for (const report of reports) assertMatch(report, /^The row .* cannot be read: .*; it is passed over/);
      assertEquals((await findUnreadable(`${dir}/v1/meta.kv`)).length, bad.length);
    }));
}

Deno.test("a sound list is read by Deno.Kv alone, and nothing is reported", () =>
  withStore(async (cache, dir) => {
    await cache.records.writeRows(Array.from({ length: 1500 }, (_, n) => ({ key: ["z", n], value: 1 })));
    const reports: string[] = [];
    cache.onReport(({ detail }) => reports.push(detail));
    let count = 0;
    for await (const _ of listRows(cache.records.garbage.handle, { prefix: ["z"] })) count++;
    assertEquals([count, reports], [1500, []]);
    assertEquals(await findUnreadable(`${dir}/v1/meta.kv`), []);
  }));

for (const [left, count] of [["little", 160], ["5 MB", 240]] as const) {
  Deno.test(`giveBackSpace() makes the file small when most of it is free and ${left} is left, else leaves it alone`, () =>
    withStore(async (cache) => {
      const release = cache.use();
      const { layout } = cache;
      const rows = Array.from({ length: count }, (_, n) => ["z", n]);
      const value = crypto.getRandomValues(new Uint8Array(60_000));
      await cache.records.writeRows(rows.map((key) => ({ key, value })));
      assertEquals(await giveBackSpace(layout), 0);
      await cache.records.writeRows(rows.slice(0, 40).map((key) => ({ key })));
      assertEquals(await giveBackSpace(layout), 0, "less than half is free");
      await cache.records.writeRows(rows.slice(0, 150).map((key) => ({ key })));
      await giveBackSpace(layout);
      const database = new DatabaseSync(layout.meta);
      assert(
        (database.prepare("PRAGMA page_count").get()!["page_count"] as number) * 4096 <
          (count - 150) * 60_000 + 1_500_000,
      );
      assertEquals(database.prepare("PRAGMA freelist_count").get()!["freelist_count"], 0);
      assertEquals(database.prepare("SELECT rootpage FROM sqlite_schema WHERE name = 'kv'").get()!["rootpage"], 4);
      database.close();
      let found = 0;
      for await (const row of listRows(cache.records.garbage.handle, { prefix: ["z"] })) {
        assertEquals(row.value, value);
        found++;
      }
      assertEquals(found, count - 150);
      release();
    }));
}

Deno.test("giveBackSpace() fails no caller while another program writes", () =>
  withStore(async (cache) => {
    await cache.records.writeRows([{ key: ["z", 1], value: 1 }]);
    const other = new DatabaseSync(cache.layout.meta);
    other.exec("CREATE TABLE more (x); INSERT INTO more VALUES (zeroblob(6000000)); DELETE FROM more; BEGIN IMMEDIATE");
    assertEquals(await giveBackSpace(cache.layout), 0);
    other.exec("ROLLBACK");
    other.close();
  }));

Deno.test("salvage() gives no row that was deleted, and the newest version of each", () =>
  withFolder(async (folder) => {
    const path = `${folder}/a.kv`;
    const kv = await Deno.openKv(path);
    for (let n = 0; n < 400; n++) await kv.set(["r", String(n)], new Uint8Array(700).fill(1));
    for (let n = 0; n < 300; n++) await kv.delete(["r", String(n)]);
    for (let n = 300; n < 400; n++) await kv.set(["r", String(n)], new Uint8Array(800).fill(2));
    kv.close();
    assertEquals(await salvage(path, `${folder}/b.kv`), 100);
    const saved = await Deno.openKv(`${folder}/b.kv`);
    let count = 0;
    for await (const { value } of saved.list<Uint8Array>({ prefix: ["r"] })) {
      assertEquals(value, new Uint8Array(800).fill(2));
      count++;
    }
    assertEquals(count, 100);
    const before = (await saved.get(["r", "399"])).versionstamp!;
    await saved.set(["r", "399"], 1);
    assert((await saved.get(["r", "399"])).versionstamp! > before, "versions go on");
    saved.close();
  }));

Deno.test("a prune of a salvaged cache lists and keeps the entries whose rows in the indexes were lost", () =>
  withStore(async (cache, dir) => {
    const release = cache.use();
    for (const name of ["a", "b", "c"]) await store(cache, name);
    const database = new DatabaseSync(cache.layout.meta);
    database.exec("DELETE FROM kv WHERE k > x'027300' AND k < x'0274' OR k > x'026200' AND k < x'0263'");
    database.close();
    // Old enough to be garbage.
    for await (const { digest } of cache.blobs.list()) {
      Deno.utimeSync(`${dir}/v1/blobs/${digest.slice(0, 2)}/${digest.slice(2)}.cbor`, 1_600_000_000, 1_600_000_000);
    }
    await cache.records.writeRows([{ key: MEND_ROW, value: new Uint8Array([1]) }]);
    await prune(cache);
    for (const name of ["a", "b", "c"]) assertEquals(await load(cache, name), valueOf(name));
    const listed: string[] = [];
    for await (const { key } of cache.records.summaries()) listed.push(key);
    assertEquals(listed.sort(), ["a", "b", "c"].map(keyOf).sort());
    assertEquals((await cache.records.garbage.handle.get(MEND_ROW)).value, null);
    release();
  }));

const REMEDIES: Record<string, RegExp> = {
  "database is locked": /; another program holds it/,
  "database or disk is full": /; make room on the disk$/,
  "disk I/O error": /; the disk did not answer/,
  "attempt to write a readonly database": /; allow this user to write to the file and its folder, or set readOnly$/,
  "unable to open database file": /; allow this user to read and write the file/,
  "database disk image is malformed": /; delete the file to begin an empty cache$/,
};

for (const [message, remedy] of Object.entries(REMEDIES)) {
  Deno.test(`the error "${message}" names its own remedy, and only damage that of deleting the file`, () => {
    for (const describe of [describeDatabaseError, describeOpenError]) {
      const described = String((describe(new TypeError(message), layoutOf("/somewhere")) as Error).message);
      assertMatch(described, remedy);
      assert(described.includes("/somewhere/v1/meta.kv"));
      assertEquals(described.includes("delete the file"), message.includes("malformed"));
    }
  });
}
