import { assertEquals } from "@std/assert";
import { setProjectRoot } from "../../src/options/project.ts";
import type { EntryRecord, Trace } from "../../src/words/records.ts";
import { describeReasons } from "../../src/reasons/describe_reasons.ts";
import { staleNow } from "../../src/manage/stale_now.ts";
import type { Cache } from "../../src/store/cache_dir.ts";
import { child, digestOf, file, record, type RecordInput, trace, value, variable } from "../support/records.ts";
import { seed, tempFolder, withResult } from "../support/seeded_cache.ts";

/** A cache in a project folder, and what is stale in it. */
class Project {
  readonly #root: string;

  constructor(root: string) {
    this.#root = root;
  }

  write(name: string, text: string): void {
    Deno.writeTextFileSync(`${this.#root}/${name}`, text);
  }

  /** Stores an entry with a result of its own, and returns it as it was stored. */
  async add(input: RecordInput, result: unknown = input.key): Promise<EntryRecord> {
    const cache = await this.open();
    const entry = await withResult(cache, record(input), result);
    await cache.records.commit(entry);
    return entry;
  }

  open(): Promise<Cache> {
    return seed(`${this.#root}/.cachepy`);
  }

  /** Names of the stale entries with their reasons, sorted. */
  async stale(all = false): Promise<string[]> {
    const cache = await this.open();
    const release = cache.use();
    const found = await Array.fromAsync(staleNow(cache, { all }));
    release();
    return found.map(({ record, reasons }) => `${record.fname}: ${describeReasons(reasons)}`).sort();
  }
}

function testIn(name: string, test: (project: Project) => Promise<void>): void {
  Deno.test(name, async () => {
    using folder = tempFolder(true);
    setProjectRoot(folder.path);
    try {
      await test(new Project(folder.path));
    } finally {
      setProjectRoot(null);
    }
  });
}

testIn("an entry whose files are unchanged holds, whatever their times", async (project) => {
  project.write("a.csv", "a");
  await project.add({ key: "1", reads: [file("a.csv", "a"), file("none.csv", null)] });
  project.write("a.csv", "a");
  assertEquals(await project.stale(), []);
});

testIn("an entry is stale when an observed file changed, vanished or appeared", async (project) => {
  project.write("a.csv", "other");
  project.write("new.csv", "");
  await project.add({ fname: "f", key: "1", reads: [file("a.csv", "a")] });
  await project.add({ fname: "g", key: "2", reads: [file("gone.csv", "a")] });
  await project.add({ fname: "h", key: "3", reads: [file("new.csv", null)] });
  assertEquals(await project.stale(), ["f: a.csv changed", "g: gone.csv vanished", "h: new.csv appeared"]);
});

testIn("an entry with several executions holds while one of them does", async (project) => {
  project.write("a.csv", "old");
  const traces: Trace[] = [trace({ reads: [file("a.csv", "new")] }), trace({ reads: [file("a.csv", "old")] })];
  const cache = await project.open();
  const stored = await withResult(cache, record({ traces }), 1);
  const [newest, older] = stored.traces;
  await cache.records.commit({ ...stored, traces: [newest!, { ...older!, result: newest!.result }] });
  assertEquals(await project.stale(), []);
  project.write("a.csv", "third");
  assertEquals(await project.stale(), ["step: a.csv changed"]);
});

testIn("an entry is stale when an observed variable changed", async (project) => {
  Deno.env.set("CACHEPY_TEST_A", "1");
  try {
    await project.add({ fname: "f", key: "1", reads: [variable("CACHEPY_TEST_A", "1")] });
    await project.add({ fname: "g", key: "2", reads: [variable("CACHEPY_TEST_B", null)] });
    assertEquals(await project.stale(), []);
    Deno.env.set("CACHEPY_TEST_A", "2");
    assertEquals(await project.stale(), ["f: environment variable CACHEPY_TEST_A changed"]);
  } finally {
    Deno.env.delete("CACHEPY_TEST_A");
  }
});

testIn("an entry is stale when a declared file or variable changed", async (project) => {
  project.write("config.yml", "1");
  const values = [{ path: "env.CACHEPY_TEST_C", digest: null }, {
    path: "files.config.yml",
    digest: digestOf<"content">("1"),
  }];
  await project.add({ fname: "f", key: "1", files: [file("config.yml", "1")], values });
  assertEquals(await project.stale(), []);
  project.write("config.yml", "2");
  Deno.env.set("CACHEPY_TEST_C", "");
  try {
    assertEquals(await project.stale(), ["f: config.yml changed; environment variable CACHEPY_TEST_C set"]);
  } finally {
    Deno.env.delete("CACHEPY_TEST_C");
  }
});

testIn("a stale nested call makes its callers stale, down to the root cause", async (project) => {
  project.write("weather.csv", "1");
  const load = await project.add({ fname: "load", key: "load", reads: [file("weather.csv", "1")] });
  const clean = await project.add({ fname: "clean", key: "clean", reads: [child(load)] });
  await project.add({ fname: "report", key: "report", reads: [child(clean)] });
  await project.add({ fname: "other", key: "other" });
  assertEquals(await project.stale(), []);
  project.write("weather.csv", "2");
  assertEquals(await project.stale(), [
    "clean: load ← weather.csv changed",
    "load: weather.csv changed",
    "report: clean ← load ← weather.csv changed",
  ]);
});

testIn("a nested call that gave the same result when it ran again leaves its callers fresh", async (project) => {
  project.write("a.csv", "2");
  const load = await project.add({ fname: "load", key: "load", reads: [file("a.csv", "1")] }, "same");
  await project.add({ fname: "report", key: "report", reads: [child(load)] });
  const again = trace({ reads: [file("a.csv", "2")], createdMs: 2_000 });
  await (await project.open()).records.commit({
    ...load,
    traces: [{ ...again, result: load.traces[0]!.result }, ...load.traces],
  });
  assertEquals(await project.stale(), []);
});

testIn(
  "a nested call that gave another result when it ran again makes its callers stale, with the cause",
  async (project) => {
    project.write("a.csv", "2");
    const load = await project.add({ fname: "load", key: "load", reads: [file("a.csv", "1")] }, "first");
    await project.add({ fname: "report", key: "report", reads: [child(load)] });
    const cache = await project.open();
    const again = await withResult(
      cache,
      record({ fname: "load", key: "load", reads: [file("a.csv", "2")] }),
      "second",
    );
    await cache.records.commit({ ...load, traces: [...again.traces, ...load.traces] });
    assertEquals(await project.stale(), ["report: load ← a.csv changed"]);
  },
);

testIn(
  "an entry that a newer one with the same arguments replaces is not named, unless all are asked for",
  async (project) => {
    project.write("a.csv", "2");
    const values = [value("args.x", "1")];
    await project.add({ fname: "load", key: "1", values, files: [file("a.csv", "1")], createdMs: 1_000 });
    assertEquals(await project.stale(), ["load: a.csv changed"]);
    await project.add({ fname: "load", key: "2", values, files: [file("a.csv", "2")], createdMs: 2_000 });
    assertEquals(await project.stale(), []);
    assertEquals(await project.stale(true), ["load: a.csv changed"]);
  },
);

testIn("an entry of other arguments replaces nothing", async (project) => {
  project.write("a.csv", "2");
  const of = (x: string) => ({ values: [value("args.x", x)] });
  await project.add({ fname: "load", key: "1", ...of("1"), files: [file("a.csv", "1")], createdMs: 1_000 });
  await project.add({ fname: "load", key: "2", ...of("2"), files: [file("a.csv", "2")], createdMs: 2_000 });
  assertEquals(await project.stale(), ["load: a.csv changed"]);
});

testIn("a caller holds when its nested call was made again under another key with the same result", async (project) => {
  project.write("a.csv", "2");
  const before = await project.add({ fname: "load", key: "1", files: [file("a.csv", "1")], createdMs: 1_000 }, "same");
  await project.add({ fname: "report", key: "3", reads: [child(before)] });
  await project.add({ fname: "load", key: "2", files: [file("a.csv", "2")], createdMs: 2_000 }, "same");
  assertEquals(await project.stale(), []);
});

testIn(
  "a caller is stale when its nested call was made again under another key with another result",
  async (project) => {
    project.write("a.csv", "2");
    const before = await project.add(
      { fname: "load", key: "1", files: [file("a.csv", "1")], createdMs: 1_000 },
      "first",
    );
    await project.add({ fname: "report", key: "3", reads: [child(before)] });
    await project.add({ fname: "load", key: "2", files: [file("a.csv", "2")], createdMs: 2_000 }, "second");
    assertEquals(await project.stale(), ["report: load ← a.csv changed"]);
  },
);

testIn("a nested call that is not stored says nothing about its caller", async (project) => {
  await project.add({ fname: "report", key: "report", reads: [child(record({ fname: "threw", key: "threw" }))] });
  assertEquals(await project.stale(), []);
});

testIn("what a nested call that is not stored rests on is still checked", async (project) => {
  project.write("a.csv", "1");
  const cache = await project.open();
  const gone = record({ fname: "load", key: "load" });
  const entry = await withResult(cache, record({ fname: "report", key: "report", reads: [child(gone)] }), 1);
  const functions = [{ functionId: gone.functionId, identity: digestOf<"function">("load") }];
  const support = { functions, dependencies: [file("a.csv", "1")] };
  await cache.records.commit({ ...entry, traces: [{ ...entry.traces[0]!, support }] });
  assertEquals(await project.stale(), []);
  project.write("a.csv", "2");
  assertEquals(await project.stale(), ["report: load ← a.csv changed"]);
});

testIn("a cycle of calls, which only a forged cache has, ends", async (project) => {
  project.write("a.csv", "2");
  const [a, b] = [record({ fname: "a", key: "a" }), record({ fname: "b", key: "b" })];
  await project.add({ fname: "a", key: "a", reads: [child(b, digestOf("x")), file("a.csv", "1")] });
  await project.add({ fname: "b", key: "b", reads: [child(a, digestOf("y")), file("a.csv", "1")] });
  assertEquals((await project.stale()).length, 2);
});

testIn("a chain of 300 calls is followed to its end", async (project) => {
  const cache = await project.open();
  using _ = { [Symbol.dispose]: cache.use() };
  let inner: EntryRecord | null = null;
  for (let depth = 0; depth < 300; depth++) {
    const reads = inner === null ? [file("a.csv", "1")] : [child(inner)];
    inner = await withResult(cache, record({ fname: `f${depth}`, key: `${depth}`, reads }), depth);
    await cache.records.commit(inner);
  }
  const stale = await project.stale();
  assertEquals(stale.length, 300);
  assertEquals(
    stale.find((line) => line.startsWith("f299:")),
    "f299: f298 ← f297 ← f296 ← f295 ← … 293 more … ← f1 ← f0 ← a.csv vanished",
  );
});

testIn("a working directory is that of the programs, wherever somebody looks at the cache", async (project) => {
  project.write("a.csv", "a");
  const cwd: Trace["dependencies"][number] = { kind: "cwd", digest: digestOf("elsewhere") };
  await project.add({ key: "1", reads: [cwd, file("a.csv", "a")] });
  assertEquals(await project.stale(), []);
  project.write("a.csv", "b");
  assertEquals(await project.stale(), ["step: a.csv changed"]);
});
