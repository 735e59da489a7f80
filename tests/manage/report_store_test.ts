import { assertEquals, assertRejects } from "@std/assert";
import type { CallKey } from "../../src/words/digests.ts";
import { CacheError, CacheTypeError } from "../../src/words/errors.ts";
import { cacheClear, cachePrune, cacheVerify } from "../../src/manage/tasks.ts";
import { cacheFile } from "../../src/cache_file.ts";
import { cacheDefaultDir } from "../../src/options/project.ts";
import { plotCacheGraph } from "../../src/manage/draw/plot.ts";
import { cacheInfo } from "../../src/manage/info.ts";
import { cacheList, cacheStats } from "../../src/manage/list.ts";
import { child, digestOf, file, part, record, value, variable } from "../support/records.ts";
import { seed, tempFolder } from "../support/seeded_cache.ts";

Deno.test("cacheStats() sums entries, sizes, hits and times by function, the largest first", async () => {
  using folder = tempFolder();
  const small = record({ fname: "small", key: "s", computeMs: 7, createdMs: 3_000 });
  const big = [1, 2].map((n) => record({ fname: "big", key: `b${n}`, computeMs: 100, createdMs: n * 1_000 }));
  const cache = await seed(folder.path, [small, 1], [big[0]!, "x".repeat(1_000)], [big[1]!, "y".repeat(1_000)]);
  cache.usage.record(big[0]!.key);
  cache.usage.record(big[0]!.key);
  cache.usage.record(small.key);
  const stats = await cacheStats(folder.path);
  const sizes = new Map((await cacheList(folder.path)).map(({ key, sizeBytes }) => [key, sizeBytes]));
  const bigBytes = sizes.get(big[0]!.key)! + sizes.get(big[1]!.key)!;
  assertEquals(stats, {
    entries: 3,
    sizeBytes: bigBytes + sizes.get(small.key)!,
    oldest: new Date(1_000),
    newest: new Date(3_000),
    byFunction: [
      { fname: "big", entries: 2, sizeBytes: bigBytes, hits: 2, computeMs: 200, savedMs: 200 },
      { fname: "small", entries: 1, sizeBytes: sizes.get(small.key)!, hits: 1, computeMs: 7, savedMs: 7 },
    ],
  });
  assertEquals((await cacheStats(folder.path, { fname: "small" })).entries, 1);
});

Deno.test("a result that several executions of a call share counts once: in sizes, and for prune", async () => {
  using folder = tempFolder();
  const cacheDir = `${folder.path}/cache`;
  const path = `${folder.path}/numbers.txt`;
  const total = cacheFile(cacheDir)(async function total(path: string) {
    const sum = (await Deno.readTextFile(path)).split(",").reduce((sum, one) => sum + Number(one), 0);
    return `${sum}`.padEnd(10_000, "x");
  });
  for (const text of ["1,2", "1, 2", " 1,2"]) {
    await Deno.writeTextFile(path, text);
    await total(path);
  }
  const [entry] = await cacheList(cacheDir);
  const { meta } = await cacheInfo(cacheDir, entry!.key);
  assertEquals(meta.traces.length, 3);
  const { sizeBytes } = await cacheStats(cacheDir);
  assertEquals([sizeBytes > 10_000, sizeBytes < 11_000], [true, true], `${sizeBytes}`);
  assertEquals([entry!.sizeBytes, meta.sizeBytes], [sizeBytes, sizeBytes]);
  assertEquals(await cachePrune(cacheDir, { maxBytes: 20_000 }), { removed: 0, freedBytes: 0 });
  assertEquals(await cachePrune(cacheDir, { maxBytes: 1, dryRun: true }), { removed: 1, freedBytes: sizeBytes });
  assertEquals(await cachePrune(cacheDir, { maxBytes: 1 }), { removed: 1, freedBytes: sizeBytes });
});

Deno.test("cacheList() gives the newest first, and when each was used", async () => {
  using folder = tempFolder();
  const entries = [2, 3, 1].map((n) => record({ fname: `f${n}`, key: `${n}`, createdMs: n * 1_000, computeMs: n }));
  const cache = await seed(folder.path, ...entries);
  cache.usage.record(entries[2]!.key, 9_000);
  const listed = await cacheList(folder.path);
  assertEquals(listed.map(({ fname }) => fname), ["f3", "f2", "f1"]);
  const { sizeBytes, ...last } = listed[2]!;
  assertEquals(last, {
    key: entries[2]!.key,
    fname: "f1",
    created: new Date(1_000),
    lastUsed: new Date(9_000),
    computeMs: 1,
  });
  assertEquals(sizeBytes > 0, true);
  assertEquals(listed[0]!.lastUsed, new Date(3_000));
  assertEquals((await cacheList(folder.path, { fname: "f2" })).length, 1);
});

Deno.test("cacheInfo() gives the value and everything that is known", async () => {
  using folder = tempFolder();
  const inner = record({ fname: "inner", key: "inner" });
  const entry = {
    ...record({
      fname: "outer",
      key: "outer",
      computeMs: 42,
      createdMs: 5_000,
      parts: [part("function", "scale", "src/a.ts", "1"), part("package", "lodash-es", null, "4.17.21")],
      values: [value("args.x", "1"), { path: "env.TOKEN", digest: digestOf<"content">("secret") }],
      files: [file("declared.csv", "1")],
      reads: [file("read.csv", null), variable("HOME", "x"), child(inner)],
    }),
    notices: ["Deno.Command is not tracked"],
  };
  const cache = await seed(folder.path, inner, [entry, new Map([["a", 1n]])]);
  cache.usage.record(entry.key, 7_000);
  const info = await cacheInfo(folder.path, entry.key);
  assertEquals(info.value, new Map([["a", 1n]]));
  const { traces, sizeBytes, ...meta } = info.meta;
  assertEquals(meta, {
    key: entry.key,
    fname: "outer",
    functionId: "outer @ src/outer.ts",
    created: new Date(5_000),
    lastUsed: new Date(7_000),
    hits: 1,
    computeMs: 42,
    fingerprint: entry.fingerprint,
    packages: [{ name: "lodash-es", version: "4.17.21", digest: digestOf("4.17.21") }],
    parts: [entry.parts[0]!],
    values: entry.values,
    files: [{ path: "declared.csv", digest: digestOf("1") }, { path: "read.csv", digest: null }],
    environment: ["HOME", "TOKEN"],
    children: [{ functionId: "inner @ src/inner.ts", key: inner.key }],
    notices: ["Deno.Command is not tracked"],
  });
  assertEquals(traces.length, 1);
  assertEquals(traces[0]!.sizeBytes, sizeBytes);
});

Deno.test("cacheInfo() takes the beginning of a key when it is the only one", async () => {
  using folder = tempFolder();
  const keys = [`${"a".repeat(8)}1${"0".repeat(55)}`, `${"a".repeat(8)}2${"0".repeat(55)}`] as CallKey[];
  await seed(folder.path, ...keys.map((key) => ({ ...record(), key })));
  assertEquals((await cacheInfo(folder.path, `${"a".repeat(8)}2`)).meta.key, keys[1]!);
  assertEquals((await cacheInfo(folder.path, `${"A".repeat(8)}1`)).meta.key, keys[0]!);
  for (const key of ["aaaaaaaa", "bbbbbb", "aaaaa", "zzzzzz", "", "f".repeat(64), "../../etc"]) {
    const error = await assertRejects(() => cacheInfo(folder.path, key), CacheError);
    assertEquals(error.code, "ERR_NO_ENTRY", key);
  }
});

Deno.test("cacheInfo() says so when a result is damaged or gone", async () => {
  using folder = tempFolder();
  const entry = record();
  const cache = await seed(folder.path, [entry, "value"]);
  const blob = cache.blobs.pathOf((await cacheInfo(folder.path, entry.key)).meta.traces[0]!.result);
  Deno.writeTextFileSync(blob, "garbage");
  const damaged = await assertRejects(() => cacheInfo(folder.path, entry.key), CacheError);
  assertEquals(damaged.code, "ERR_DECODE");
  Deno.removeSync(blob);
  const gone = await assertRejects(() => cacheInfo(folder.path, entry.key), CacheError, "missing");
  assertEquals(gone.code, "ERR_DECODE");
});

Deno.test("every task answers with nothing where there is no cache, and makes nothing", async () => {
  using folder = tempFolder();
  const dir = `${folder.path}/none`;
  assertEquals(await cacheStats(dir), { entries: 0, sizeBytes: 0, oldest: null, newest: null, byFunction: [] });
  assertEquals(await cacheList(dir), []);
  assertEquals(await cachePrune(dir), { removed: 0, freedBytes: 0 });
  assertEquals(await cacheClear(dir), { removed: 0, freedBytes: 0 });
  assertEquals(await cacheVerify(dir, { repair: true }), { checked: 0, problems: [], repaired: 0 });
  assertEquals((await assertRejects(() => cacheInfo(dir, "abcdef"), CacheError)).code, "ERR_NO_ENTRY");
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("an empty folder and a file are no caches either, and stay as they are", async () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "mine");
  Deno.mkdirSync(`${folder.path}/empty`);
  for (const name of ["file", "empty"]) {
    assertEquals((await cacheStats(`${folder.path}/${name}`)).entries, 0);
    assertEquals(await cacheClear(`${folder.path}/${name}`), { removed: 0, freedBytes: 0 });
  }
  assertEquals(Deno.readTextFileSync(`${folder.path}/file`), "mine");
  assertEquals([...Deno.readDirSync(`${folder.path}/empty`)], []);
});

Deno.test("cachePrune() passes its options on: age, function, dry run", async () => {
  using folder = tempFolder();
  const now = Date.now();
  const old = record({ fname: "old", key: "old", createdMs: now - 40 * 86_400_000 });
  const kept = record({ fname: "kept", key: "kept", createdMs: now - 20 * 86_400_000 });
  await seed(folder.path, old, kept);
  assertEquals((await cachePrune(folder.path, { dryRun: true })).removed, 1);
  assertEquals((await cachePrune(folder.path, { fname: "kept" })).removed, 0);
  assertEquals((await cacheList(folder.path)).length, 2);
  const { removed, freedBytes } = await cachePrune(folder.path);
  assertEquals([removed, freedBytes > 0], [1, true]);
  assertEquals((await cacheList(folder.path)).map(({ fname }) => fname), ["kept"]);
  assertEquals((await cachePrune(folder.path, { daysOld: 10 })).removed, 1);
});

Deno.test("cacheClear() removes everything, and cacheVerify() then finds nothing", async () => {
  using folder = tempFolder();
  await seed(folder.path, record({ key: "1" }), record({ key: "2" }));
  assertEquals((await cacheVerify(folder.path)).problems, []);
  assertEquals((await cacheClear(folder.path)).removed, 2);
  assertEquals((await cacheStats(folder.path)).entries, 0);
  assertEquals((await cacheVerify(folder.path)).problems, []);
});

Deno.test("cacheVerify() reports a damaged result, and repairs it only when told to", async () => {
  using folder = tempFolder();
  const entry = record();
  const cache = await seed(folder.path, [entry, "value"]);
  const { traces } = (await cacheInfo(folder.path, entry.key)).meta;
  Deno.writeTextFileSync(cache.blobs.pathOf(traces[0]!.result), "garbage");
  for (let time = 0; time < 2; time++) {
    const { problems, repaired } = await cacheVerify(folder.path);
    assertEquals(problems.some(({ key }) => key === entry.key || key === traces[0]!.result), true);
    assertEquals(repaired, 0);
  }
  const { problems, repaired } = await cacheVerify(folder.path, { repair: true });
  assertEquals(repaired, problems.length);
  assertEquals((await cacheVerify(folder.path)).problems, []);
});

Deno.test("cacheDefaultDir() is CACHEPY_DIR, else ./.cachepy", () => {
  const before = Deno.env.get("CACHEPY_DIR");
  try {
    Deno.env.set("CACHEPY_DIR", "/somewhere/else");
    assertEquals(cacheDefaultDir(), "/somewhere/else");
    Deno.env.set("CACHEPY_DIR", "");
    assertEquals(cacheDefaultDir(), "./.cachepy");
    Deno.env.delete("CACHEPY_DIR");
    assertEquals(cacheDefaultDir(), "./.cachepy");
  } finally {
    if (before !== undefined) Deno.env.set("CACHEPY_DIR", before);
  }
});

Deno.test("a misspelt option, a wrong value and what is no folder are refused before anything is removed", async () => {
  using folder = tempFolder();
  await seed(folder.path, [record({ createdMs: 1 }), 1]);
  // deno-lint-ignore no-explicit-any
  const untyped = { cachePrune, cacheList, cacheStats, cacheVerify, plotCacheGraph } as any;
  for (
    const [task, options, message] of [
      ["cachePrune", { daysOld: 0, dryrun: true }, "Unknown option options.dryrun; did you mean dryRun?"],
      ["cachePrune", { daysOld: NaN }, "Cannot use options.daysOld: got NaN, want a number of days from 0"],
      [
        "cachePrune",
        { maxBytes: "1GiBs" },
        `Cannot use options.maxBytes: got "1GiBs", want a number of bytes from 0, or a size such as "2GiB"`,
      ],
      ["cacheList", { name: "f" }, "Unknown option options.name; did you mean fname?"],
      ["cacheStats", { fname: 1 }, "Cannot use options.fname: got 1, want a string that is not empty"],
      ["cacheVerify", { fix: true }, "Unknown option options.fix; the options are: repair, onProgress"],
      ["plotCacheGraph", { format: "png" }, 'Cannot use options.format: got "png", want "svg", "html" or "dot"'],
    ] as const
  ) {
    const error = await assertRejects(() => untyped[task](folder.path, options), CacheTypeError);
    assertEquals(error.message, message);
  }
  const error = await assertRejects(() => untyped.cachePrune({ daysOld: 0 }), CacheTypeError);
  assertEquals(error.message, "Cannot use { daysOld: 0 } as a path: want a string or a file: URL");
  assertEquals((await cacheStats(folder.path)).entries, 1);
});
