import { assert, assertEquals } from "@std/assert";
import { digestBytes } from "../../src/words/sha256.ts";
import type { ContentDigest, Digest } from "../../src/words/digests.ts";
import type { Dependency, EntryRecord } from "../../src/words/records.ts";
import {
  decodeNode,
  decodeParts,
  decodeRecord,
  encodeParts,
  encodeRecord,
  summaryOf,
} from "../../src/store/records/record_codec.ts";
import { MalformedRow } from "../../src/store/records/shapes.ts";
import { openCache } from "../../src/store/cache_dir.ts";
import { appendToPage, decodePage, encodePageHead, encodePageRow } from "../../src/store/records/summary_index.ts";
import { keyOf, load, recordOf, store, valueOf, withStore } from "../support/store_rig.ts";

const content = (text: string) => digestBytes<"content">(text);

const EVERY_KIND: readonly Dependency[] = [
  { kind: "file", path: "data/a.csv", digest: content("a") },
  { kind: "file", path: "gone.csv", digest: null },
  { kind: "directory", path: "data", digest: content("d") },
  { kind: "stat", path: "looked.txt", aspects: "times", digest: content("s"), followed: false },
  { kind: "link", path: "link", aspect: "real", digest: content("l") },
  { kind: "env", name: "HOME", digest: null },
  { kind: "cwd", digest: content("w") },
  {
    kind: "child",
    functionId: "clean @ src/clean.ts",
    key: keyOf("inner"),
    args: new Uint8Array([0, 255, 7]),
    outcome: digestBytes<"outcome">("o"),
  },
  {
    kind: "child",
    functionId: "fit @ src/fit.ts",
    key: keyOf("inner 2"),
    args: digestBytes<"blob">("args"),
    outcome: digestBytes<"outcome">("p"),
  },
  { kind: "child", functionId: "odd", key: keyOf("inner 3"), args: null, outcome: digestBytes<"outcome">("q") },
];

function fullRecord(): EntryRecord {
  const record = recordOf("full", { digest: digestBytes<"blob">("b"), sizeBytes: 3 }, { dependencies: EVERY_KIND });
  return {
    ...record,
    notices: ["eval is not tracked", "naïve – 日本"],
    values: [
      { path: "args.x", digest: null },
      { path: "args.y", digest: digestBytes<"value">("y"), preview: '"long…"' },
    ],
    files: [{ kind: "file", path: "declared.csv", digest: content("x") }],
    traces: [
      {
        ...record.traces[0]!,
        support: {
          functions: [{ functionId: "clean @ src/clean.ts", identity: digestBytes<"function">("i") }],
          dependencies: [{ kind: "file", path: "data/a.csv", digest: content("a") }],
        },
      },
      { ...record.traces[0]!, dependencies: [], computeMs: 0.25 },
    ],
  };
}

Deno.test("get() gives back what commit() stored, in every field", () =>
  withStore(async ({ records, blobs }) => {
    const { digest } = await blobs.write([new Uint8Array(3)]);
    const record = fullRecord();
    const traces = record.traces.map((trace) => ({ ...trace, result: digest }));
    await records.commit({ ...record, traces });
    assertEquals(await records.get(record.key), { ...record, traces });
    assertEquals((await records.get(record.key, { parts: false }))!.parts, []);
    assertEquals(await records.get(keyOf("other")), null);
  }));

Deno.test("a record over the limits of a row and of a commit is stored with all its edges", () =>
  withStore(async (cache) => {
    const dependencies: Dependency[] = Array.from(
      { length: 3000 },
      (_, i) => ({ kind: "file", path: `data/${"deep/".repeat(i % 5)}${i}.csv`, digest: content(String(i)) }),
    );
    await store(cache, "big", { dependencies });
    assertEquals((await cache.records.get(keyOf("big")))!.traces[0]!.dependencies, dependencies);
    const node = await cache.records.node(`load:${keyOf("big")}`);
    assertEquals(Object.keys(node!.files).length, 3000);
    assertEquals(await Array.fromAsync(cache.records.nodesForFile("data/deep/2996.csv")), [node!.id]);
    await cache.records.remove([keyOf("big")]);
    assertEquals(await Array.fromAsync(cache.records.nodesForFile("data/deep/2996.csv")), []);
    assertEquals(await Array.fromAsync(cache.blobs.list()), []);
  }));

Deno.test("nodes and edges are found from both ends, and leave with their entry", () =>
  withStore(async (cache) => {
    const { records } = cache;
    await store(cache, "inner", { fname: "clean" });
    await store(cache, "inner 2", { fname: "fit" });
    await store(cache, "outer", { fname: "report", dependencies: EVERY_KIND });
    const outer = `report:${keyOf("outer")}`;
    const inner = `clean:${keyOf("inner")}`;
    assertEquals(await records.childrenOf(outer), [inner, `fit:${keyOf("inner 2")}`]);
    assertEquals(await records.parentsOf(inner), [outer]);
    assertEquals((await records.node(outer))!.files, {
      "data/a.csv": content("a"),
      "gone.csv": null,
      "data": content("d"),
    });
    for (const path of ["data/a.csv", "gone.csv", "looked.txt", "link"]) {
      assertEquals(await Array.fromAsync(records.nodesForFile(path)), [outer], path);
    }
    await records.remove([keyOf("inner")]);
    assertEquals(await records.childrenOf(outer), [`fit:${keyOf("inner 2")}`]);
    await records.remove([keyOf("outer")]);
    assertEquals(await records.node(outer), null);
    assertEquals(await records.parentsOf(`fit:${keyOf("inner 2")}`), []);
    assertEquals((await Array.fromAsync(records.nodes())).map(({ fname }) => fname), ["fit"]);
  }));

Deno.test("a path named __proto__, a very long one and a very long name are like any other", () =>
  withStore(async (cache) => {
    const paths = ["__proto__", "x".repeat(4000), "constructor", "日本".repeat(900)];
    const dependencies = paths.map((path) => ({ kind: "file" as const, path, digest: content(path) }));
    const fname = "f".repeat(3000);
    await store(cache, "odd", { fname, dependencies });
    const node = (await cache.records.node(`${fname}:${keyOf("odd")}`))!;
    assertEquals(Object.keys(node.files).sort(), paths.toSorted());
    assertEquals(Object.getPrototypeOf(node.files), Object.prototype);
    for (const path of paths) assertEquals(await Array.fromAsync(cache.records.nodesForFile(path)), [node.id]);
    assertEquals((await cache.records.recent(`${fname} @ src/${fname}.ts`, 5)).length, 1);
  }));

Deno.test("remove() frees a result that nothing else refers to, and keeps one that is shared", () =>
  withStore(async (cache) => {
    const shared = await store(cache, "a", { value: "same" });
    await store(cache, "b", { value: "same" });
    await store(cache, "c", { value: "other" });
    assertEquals(await cache.records.remove([keyOf("a"), keyOf("c"), keyOf("none")]), { removed: 2, freedBytes: 5 });
    assertEquals(cache.blobs.has(shared.traces[0]!.result), true);
    assertEquals(await load(cache, "b"), "same");
    assertEquals(await cache.records.remove([keyOf("b")]), { removed: 1, freedBytes: 4 });
    assertEquals(await Array.fromAsync(cache.blobs.list()), []);
  }));

Deno.test("replacing an entry drops its old edges, its old place in the list and its old result", () =>
  withStore(async (cache) => {
    await store(cache, "a", { dependencies: EVERY_KIND, createdMs: 1000, value: "before" });
    await cache.records.get(keyOf("a"));
    await store(cache, "a", { createdMs: 2000, value: "after" });
    assertEquals(await Array.fromAsync(cache.records.nodesForFile("data/a.csv")), []);
    const summaries = await Array.fromAsync(cache.records.summaries());
    assertEquals(summaries.map(({ createdMs }) => createdMs), [2000]);
    assertEquals((await Array.fromAsync(cache.blobs.list())).length, 1);
    assertEquals(await load(cache, "a"), "after");
  }));

Deno.test("the generation moves when entries are removed or replaced, and not when one is added", () =>
  withStore(async (cache) => {
    const seen = [cache.generation()];
    await cache.records.get(keyOf("a"));
    await store(cache, "a");
    assertEquals(cache.generation(), seen[0]);
    await store(cache, "a", { value: "other" });
    seen.push(cache.generation());
    await cache.records.remove([keyOf("a")]);
    seen.push(cache.generation());
    cache.bumpGeneration();
    seen.push(cache.generation());
    Deno.removeSync(cache.dir, { recursive: true });
    seen.push(cache.generation());
    assertEquals(new Set(seen).size, 5);
  }));

Deno.test("commits() moves with every commit of any handle, and with nothing else", () =>
  withStore(async (cache, dir) => {
    assertEquals(cache.records.commits(), null, "the database is not open yet");
    const release = cache.use();
    await store(cache, 1);
    const first = cache.records.commits();
    assert(first !== null || Deno.build.os === "windows");
    await load(cache, 1);
    await cache.records.get(keyOf("nobody"));
    assertEquals(cache.records.commits(), first);
    const other = await openCache(dir, { durable: true });
    await store(other, 2);
    const second = cache.records.commits();
    assert(second !== first);
    await other.records.remove([keyOf(2)]);
    assert(cache.records.commits() !== second);
    other.close();
    release();
  }));

Deno.test("summaries() tell what a list shows, and recent() the newest of a function first", () =>
  withStore(async (cache) => {
    for (let i = 0; i < 30; i++) {
      await store(cache, i, { fname: i % 3 === 0 ? "fit" : "load", createdMs: 1000 + i, computeMs: i });
    }
    const all = await Array.fromAsync(cache.records.summaries());
    assertEquals(all.length, 30);
    const { code: _, ...last } = all.find(({ key }) => key === keyOf(28))!;
    assertEquals(last, {
      key: keyOf(28),
      fname: "load",
      functionId: "load @ src/load.ts",
      createdMs: 1028,
      sizeBytes: valueOf(28).length,
      computeMs: 28,
    });
    assertEquals((await Array.fromAsync(cache.records.summaries({ fname: "fit" }))).length, 10);
    const recent = await cache.records.recent("load @ src/load.ts", 3);
    assertEquals(recent.map(({ createdMs }) => createdMs), [1029, 1028, 1026].toSorted((a, b) => b - a));
    assertEquals(await cache.records.recent("load", 3), []);
  }));

Deno.test("parts are stored once for all entries of a fingerprint, and stay when a record comes without them", () =>
  withStore(async (cache) => {
    const first = await store(cache, 1);
    await store(cache, 2);
    await cache.records.commit({ ...first, parts: [] });
    const rows = await cache.records.garbage.handle.run((kv) => Array.fromAsync(kv.list({ prefix: ["p"] })));
    assertEquals(rows.length, 1);
    assertEquals((await cache.records.get(keyOf(1)))!.parts, first.parts);
  }));

Deno.test("commits that are made at the same time are all kept", () =>
  withStore(async (cache) => {
    await Promise.all(Array.from({ length: 300 }, (_, i) => store(cache, i)));
    for (let i = 0; i < 300; i++) assertEquals(await load(cache, i), valueOf(i));
  }));

for (
  const [hazard, value] of [
    ["garbage", new Uint8Array([0, 1, 2, 3])],
    ["nothing", new Uint8Array(0)],
    ["another type", { format: 1 }],
    ["a blob that is not there", new Uint8Array(33).fill(1)],
    ["another format", new TextEncoder().encode("\0[2]")],
  ] as const
) {
  Deno.test(`a record that holds ${hazard} is reported, counts as none, and can be replaced and removed`, () =>
    withStore(async (cache) => {
      await store(cache, "a");
      await cache.records.writeRows([{ key: ["r", keyOf("a")], value }]);
      const details: string[] = [];
      assertEquals(await cache.records.get(keyOf("a"), { onDamaged: (detail) => details.push(detail) }), null);
      assertEquals(details.length, 1);
      await store(cache, "a", { value: "again" });
      assertEquals(await load(cache, "a"), "again");
      await cache.records.writeRows([{ key: ["r", keyOf("a")], value }]);
      assertEquals((await cache.records.remove([keyOf("a")])).removed, 1);
      assertEquals(await cache.records.get(keyOf("a")), null);
    }));
}

function pageOf(record: EntryRecord): Uint8Array {
  const row = encodePageRow(summaryOf(record));
  return appendToPage(encodePageHead(record.fname, record.functionId), row);
}

Deno.test("20,000 mutated records, nodes, summaries and parts decode or are refused, and pollute nothing", () => {
  const record = fullRecord();
  const samples = [
    encodeRecord(record),
    pageOf(record),
    encodeParts([{ kind: "value", name: "x", digest: record.key as Digest }]),
  ];
  const words = ['"__proto__"', "1e999", "null", "[", "]", "{", "-1", '"', "true", "[[[[", "9".repeat(400)];
  let refused = 0;
  for (let i = 0; i < 20_000; i++) {
    const bytes = samples[i % samples.length]!.slice();
    let mutated = bytes;
    if (i % 3 === 0) {
      const word = new TextEncoder().encode(words[i % words.length]!);
      const at = Math.floor(Math.random() * bytes.length);
      mutated = new Uint8Array([...bytes.subarray(0, at), ...word, ...bytes.subarray(at + word.length)]);
    } else {
      for (let n = i % 4; n >= 0; n--) mutated[Math.floor(Math.random() * bytes.length)] = Math.random() * 256;
    }
    for (
      const decode of [
        () => decodeRecord(mutated, record.key),
        () => decodeParts(mutated),
        () => decodeNode(mutated, record.key),
        () => decodePage(mutated),
      ]
    ) {
      try {
        decode();
      } catch (error) {
        assert(error instanceof MalformedRow, String(error));
        refused++;
      }
    }
  }
  assert(refused > 40_000);
  assertEquals(Object.keys(Object.prototype), []);
  assertEquals(({} as { polluted?: ContentDigest }).polluted, undefined);
});
