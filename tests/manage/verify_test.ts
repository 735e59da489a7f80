import { assert, assertEquals } from "@std/assert";
import type { CallKey } from "../../src/words/digests.ts";
import { listRows } from "../../src/store/database/kv_rows.ts";
import { encodeRecord } from "../../src/store/records/record_codec.ts";
import { edgeRow, fileRow, packValue, recordRow } from "../../src/store/records/rows.ts";
import type { Cache } from "../../src/store/cache_dir.ts";
import { verify } from "../../src/manage/verify/verify.ts";
import { child, keyOf, load, recordOf, store, valueOf, withStore } from "../support/store_rig.ts";

const CHILD = { kind: "child", functionId: "clean @ src/clean.ts", key: keyOf("inner"), args: null } as const;

/** Three entries, one inside another, with a file. */
async function fill(cache: Cache): Promise<void> {
  await store(cache, "inner", { fname: "clean" });
  const outcome = keyOf("o") as never;
  const digest = keyOf("f") as never;
  const file = { kind: "file", path: "a.csv", digest } as const;
  await store(cache, "outer", { fname: "report", dependencies: [file, { ...CHILD, outcome }] });
  await store(cache, "big", { dependencies: Array.from({ length: 900 }, (_, i) => ({ ...file, path: `${i}.csv` })) });
}

Deno.test("verify() finds nothing wrong with a cache that is well, empty or full", () =>
  withStore(async (cache) => {
    assertEquals((await verify(cache)).problems, []);
    await fill(cache);
    const { checked, problems, repaired } = await verify(cache);
    assertEquals([problems, repaired], [[], 0]);
    assert(checked > 900);
    await cache.records.putNodes([{ ...(await cache.records.node(`clean:${keyOf("inner")}`))!, key: keyOf("x") }]);
    assertEquals((await verify(cache)).problems, []);
    await cache.records.resetGraph();
    assertEquals((await verify(cache)).problems, []);
  }));

Deno.test("verify() says how much of the work is done, and of how much", () =>
  withStore(async (cache) => {
    for (let i = 0; i < 200; i++) await store(cache, `entry ${i}`);
    const reports: [done: number, total: number][] = [];
    await verify(cache, { onProgress: (done, total) => reports.push([done, total]) });
    assertEquals(reports[0], [64, 200]);
    assertEquals(
      reports.every(([done, total], index) => done <= total && done >= (reports[index - 1]?.[0] ?? 0)),
      true,
    );
  }));

const rows = (cache: Cache, ...keys: Deno.KvKey[]) => cache.records.writeRows(keys.map((key) => ({ key })));

async function summaryRows(cache: Cache, fname: string): Promise<Deno.KvKey[]> {
  const selector = { prefix: ["s", `${fname} @ src/${fname}.ts`] };
  return (await Array.fromAsync(listRows(cache.records.garbage.handle, selector))).map(({ key }) => key);
}

const HAZARDS: readonly [kind: string, hazard: string, damage: (cache: Cache) => Promise<void> | void][] = [
  [
    "damaged-record",
    "a record that holds garbage",
    (cache) => cache.records.writeRows([{ key: ["r", keyOf("outer")], value: new Uint8Array([0, 9]) }]),
  ],
  ["missing-blob", "a blob that was deleted", async (cache) => {
    cache.blobs.remove((await cache.records.get(keyOf("outer")))!.traces[0]!.result);
  }],
  ["damaged-blob", "a blob with a flipped bit", async (cache) => {
    const path = cache.blobs.pathOf((await cache.records.get(keyOf("outer")))!.traces[0]!.result);
    const bytes = Deno.readFileSync(path);
    bytes[0]! ^= 4;
    Deno.writeFileSync(path, bytes);
  }],
  ["orphan-blob", "a blob without a record", async (cache) => void await cache.blobs.write([new Uint8Array(5)])],
  [
    "missing-reference",
    "a reference that is not in the index",
    async (cache) =>
      await rows(cache, ["b", (await cache.records.get(keyOf("inner")))!.traces[0]!.result, keyOf("inner")]),
  ],
  [
    "dangling-reference",
    "a reference of no record",
    (cache) => cache.records.writeRows([{ key: ["b", keyOf("blob"), keyOf("nobody")], value: 1 }]),
  ],
  [
    "missing-summary",
    "an entry that is not in the list",
    async (cache) => cache.records.writeRows((await summaryRows(cache, "clean")).map((key) => ({ key }))),
  ],
  [
    "dangling-summary",
    "an entry that is in the list alone",
    async (cache) => {
      const [page] = await summaryRows(cache, "clean");
      const { value } = await cache.records.garbage.handle.run((kv) => kv.get<Uint8Array>(page!));
      // The same entry, of another storing.
      const ghost = value!.slice();
      ghost.set([1, 2, 3, 4], ghost.byteLength - 64 + 33);
      await cache.records.writeRows([{ key: ["s", "clean @ src/clean.ts", 17, "0".repeat(16)], value: ghost }]);
    },
  ],
  [
    "dangling-summary",
    "a record that says it is of another function",
    async (cache) => {
      const functionId = "clean @ src/other.ts";
      const row = recordRow(keyOf("inner"));
      const record = (await cache.records.get(keyOf("inner")))!;
      await cache.records.writeRows([
        { key: row, value: (await packValue(encodeRecord({ ...record, functionId }), cache.blobs)).value },
      ]);
    },
  ],
  [
    "dangling-summary",
    "a page of the list that says it is of another function",
    async (cache) => {
      const [page] = await summaryRows(cache, "clean");
      const { value } = await cache.records.garbage.handle.run((kv) => kv.get<Uint8Array>(page!));
      const other = value!.slice();
      other[value!.indexOf(10) - 3]! ^= 1;
      await cache.records.writeRows([{ key: page!, value: other }]);
    },
  ],
  [
    "damaged-row",
    "a page of the list that holds garbage",
    (cache) =>
      cache.records.writeRows([{ key: ["s", "clean @ src/clean.ts", 17, "0".repeat(16)], value: new Uint8Array(3) }]),
  ],
  ["damaged-row", "a node that holds garbage", (cache) =>
    cache.records.writeRows([
      { key: ["n", keyOf("nobody")], value: new Uint8Array([0, 1, 2]) },
    ])],
  [
    "missing-edge",
    "an edge to a child that is found from one end only",
    (cache) => rows(cache, edgeRow(keyOf("inner"), keyOf("outer"))),
  ],
  [
    "missing-edge",
    "an edge from a file that is found from one end only",
    (cache) => rows(cache, fileRow("a.csv", keyOf("outer"))),
  ],
  [
    "dangling-edge",
    "an edge of no node",
    (cache) =>
      cache.records.writeRows([{ key: edgeRow(keyOf("inner"), keyOf("nobody")), value: `x:${keyOf("nobody")}` }]),
  ],
  [
    "damaged-usage",
    "counts of use that hold garbage",
    (cache) => Deno.writeTextFileSync(`${cache.layout.usage}/merged.bin`, "garbage"),
  ],
  [
    "leftover-file",
    "a temporary file of a killed process",
    (cache) => Deno.writeTextFileSync(`${cache.layout.tmp}/77-00000000-0000-4000-8000-000000000000`, "half"),
  ],
  [
    "leftover-file",
    "a lock of a killed process",
    (cache) => Deno.writeTextFileSync(`${cache.layout.locks}/${keyOf("z")}.lock`, ""),
  ],
];

for (const [kind, hazard, damage] of HAZARDS) {
  Deno.test(`verify() finds ${hazard}, and repair mends it without harm to the rest`, () =>
    withStore(async (cache) => {
      await fill(cache);
      await damage(cache);
      const found = await verify(cache, { settleMs: 0 });
      assertEquals(
        new Set(found.problems.map((problem) => problem.kind)).has(kind as never),
        true,
        JSON.stringify(found),
      );
      assertEquals(found.repaired, 0);
      assertEquals((await verify(cache, { settleMs: 0 })).problems, found.problems);
      const mended = await verify(cache, { repair: true, settleMs: 0 });
      assertEquals(mended.repaired, mended.problems.length);
      assert(mended.repaired >= 1);
      assertEquals((await verify(cache)).problems, []);
      assertEquals(await load(cache, "inner"), valueOf("inner"));
      assertEquals(await load(cache, "big"), valueOf("big"));
      if (!["damaged-record", "missing-blob", "damaged-blob"].includes(kind)) {
        assertEquals(await load(cache, "outer"), valueOf("outer"));
        assertEquals(await cache.records.parentsOf(`clean:${keyOf("inner")}`), [`report:${keyOf("outer")}`]);
        assertEquals(await Array.fromAsync(cache.records.nodesForFile("a.csv")), [`report:${keyOf("outer")}`]);
      } else {
        assertEquals(await load(cache, "outer"), null);
      }
    }));
}

Deno.test("repair keeps the executions of an entry whose results are whole", () =>
  withStore(async (cache) => {
    const a = await cache.blobs.write([new TextEncoder().encode("a")]);
    const b = await cache.blobs.write([new TextEncoder().encode("b")]);
    const record = recordOf("two", a);
    await cache.records.commit({ ...record, traces: [...record.traces, ...recordOf("two", b).traces] });
    cache.blobs.remove(a.digest);
    assertEquals((await verify(cache, { repair: true, settleMs: 0 })).problems.map(({ kind }) => kind), [
      "missing-blob",
    ]);
    assertEquals(await load(cache, "two"), "b");
    assertEquals((await cache.records.get(keyOf("two")))!.parts, record.parts);
    assertEquals((await verify(cache)).problems, []);
  }));

Deno.test("an interrupted run is taken up where it stopped, with what it had found", () =>
  withStore(async (cache) => {
    for (let i = 0; i < 20; i++) await store(cache, i);
    const keys = (await Array.fromAsync(cache.records.summaries(), ({ key }) => key)).sort();
    const damaged = [{ key: keys[2]!, kind: "damaged-blob", detail: "as found before" }];
    const place = { startedMs: Date.now(), after: keys[9]!, damaged };
    const damage = async (key: CallKey) => {
      const { traces } = (await cache.records.get(key))!;
      Deno.writeTextFileSync(cache.blobs.pathOf(traces[0]!.result), "damaged");
    };
    await damage(keys[5]!);
    await damage(keys[15]!);
    Deno.writeTextFileSync(`${cache.layout.version}/verify.json`, JSON.stringify(place));
    const resumed = await verify(cache);
    assertEquals(resumed.problems.map(({ key }) => key).sort(), [keys[2]!, keys[15]!]);
    assertEquals((await verify(cache)).problems.map(({ key }) => key).sort(), [keys[5]!, keys[15]!]);
    Deno.writeTextFileSync(`${cache.layout.version}/verify.json`, JSON.stringify(place));
    const anew = await verify(cache, { resume: false });
    assertEquals(anew.problems.map(({ key }) => key).sort(), [keys[5]!, keys[15]!]);
    Deno.writeTextFileSync(`${cache.layout.version}/verify.json`, '{"startedMs": "no", "after": 7}');
    assertEquals((await verify(cache)).problems.length, 2);
  }));

Deno.test("verify() and repair beside processes that write find nothing and take nothing from them", () =>
  withStore(async (cache, dir) => {
    const writers = [0, 1, 2].map((i) => child("store_child.ts", ["mix", dir, "150", String(5000 + 5 * i)]).output());
    let isOver = false;
    const all = Promise.all(writers).finally(() => isOver = true);
    const problems: unknown[] = [];
    for (let round = 0; !isOver; round++) problems.push(...(await verify(cache, { repair: round % 2 === 1 })).problems);
    for (const { stdout, code, stderr } of await all) {
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { wrong: 0 });
    }
    assertEquals(problems, []);
    for (let i = 0; i < 15; i++) assertEquals(await load(cache, 5000 + i), valueOf(5000 + i));
  }));

Deno.test("a temporary file whose writer has made it and has yet to lock it is not left over", () =>
  withStore(async (cache) => {
    const path = `${cache.layout.tmp}/${Deno.pid}-00000000-0000-4000-8000-000000000000`;
    using file = Deno.openSync(path, { write: true, createNew: true });
    const found = verify(cache);
    // A busy machine: far longer than the time between two looks.
    setTimeout(() => file.lockSync(true), 1200);
    assertEquals((await found).problems, []);
  }));

Deno.test("verify() names what the cache did not make, and repair leaves it alone, below a folder too", () =>
  withStore(async (cache) => {
    await fill(cache);
    const { blobs, locks, tmp, usage, version } = cache.layout;
    const foreign = [
      `${version}/notes.txt`,
      `${blobs}/README`,
      `${locks}/Cargo.lock`,
      `${tmp}/12-x`,
      `${usage}/app.log`,
    ];
    for (const path of foreign) Deno.writeTextFileSync(path, "mine");
    Deno.mkdirSync(`${blobs}/thesis`);
    Deno.writeTextFileSync(`${blobs}/thesis/chapter`, "mine");
    const { problems, repaired } = await verify(cache, { repair: true, settleMs: 0 });
    assertEquals(problems.map(({ kind, key }) => `${kind} ${key}`).sort(), [
      "stray-file 12-x",
      "stray-file Cargo.lock",
      "stray-file README",
      "stray-file app.log",
      "stray-file notes.txt",
      "stray-file thesis",
    ]);
    assertEquals(repaired, 0);
    for (const path of [...foreign, `${blobs}/thesis/chapter`]) assertEquals(Deno.readTextFileSync(path), "mine");
  }));
