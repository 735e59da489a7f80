import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { cliCommand, runCli } from "../support/run_cli.ts";
import { readDot } from "../support/dot.ts";
import { child, file, part, record, value } from "../support/records.ts";
import { seed, tempFolder, withResult } from "../support/seeded_cache.ts";
import { readElements } from "../support/xml.ts";

const HOUR_MS = 3_600_000;

/** A project with a cache of three calls, and what runs the command line in it. */
async function pipeline(root: string) {
  Deno.mkdirSync(`${root}/data`);
  Deno.writeTextFileSync(`${root}/data/a.csv`, "a");
  const dir = `${root}/.cachepy`;
  const cache = await seed(dir);
  const release = cache.use();
  const add = async (entry: ReturnType<typeof record>, result: unknown) => {
    const stored = await withResult(cache, entry, result);
    await cache.records.commit(stored);
    return stored;
  };
  const ago = (hours: number) => Date.now() - hours * HOUR_MS;
  const code = (text: string) => [part("function", "scale", "src/stats.ts", text)];
  const load = await add(
    record({ fname: "load", key: "load", reads: [file("data/a.csv", "a")], createdMs: ago(3), computeMs: 1_500 }),
    new Map([["rows", 2]]),
  );
  const old = await add(
    record({ fname: "report", key: "old", parts: code("1"), values: [value("args.x", "1")], createdMs: ago(2) }),
    "x".repeat(5_000),
  );
  const report = await add(
    record({
      fname: "report",
      key: "report",
      parts: code("2"),
      values: [value("args.x", "1")],
      reads: [{ ...child(load), args: new Uint8Array([130, 247, 128]) }],
      createdMs: ago(1),
    }),
    { mean: 4.5 },
  );
  release();
  const run = (...args: string[]) => runCli(args, { cwd: root });
  const json = async (...args: string[]) => {
    const result = await run(...args, "--json");
    return { ...result, value: JSON.parse(result.out) };
  };
  return { root, dir, cache, load, old, report, run, json };
}

type Pipeline = Awaited<ReturnType<typeof pipeline>>;

function testWith(name: string, test: (pipeline: Pipeline) => Promise<void>): void {
  Deno.test(name, async () => {
    using folder = tempFolder(true);
    await test(await pipeline(folder.path));
  });
}

testWith("stats prints totals and a table by function", async ({ run, json, report, cache }) => {
  cache.usage.record(report.key);
  cache.usage.flush();
  const { code, out, err } = await run("stats");
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^entries {5}3$/m);
  assertMatch(out, /^hits {8}1$/m);
  assertMatch(out, /^oldest {6}3 h ago$/m);
  assertMatch(out, /^FUNCTION {2}ENTRIES +SIZE {2}HITS {2}COMPUTED +SAVED$/m);
  assertMatch(out, /^load {12}1 +\d+ B {5}0 {5}1\.5 s +0 ms$/m);
  const { value } = await json("stats");
  assertEquals([value.cacheDir, value.entries, value.byFunction.length], ["./.cachepy", 3, 2]);
  assertEquals(value.byFunction[0].fname, "report");
  assertEquals(Object.keys(value.byFunction[0]), ["fname", "entries", "sizeBytes", "hits", "computeMs", "savedMs"]);
  assertEquals((await json("stats", "--fname", "load")).value.entries, 1);
});

testWith(
  "list prints the newest first, or sorted, limited, reversed or of one function",
  async ({ run, json, load, old, report }) => {
    const { code, out, err } = await run("list");
    assertEquals([code, err], [0, ""]);
    const lines = out.trimEnd().split("\n");
    assertMatch(lines[0]!, /^KEY +FUNCTION +SIZE +COMPUTE +CREATED +LAST USED$/);
    assertEquals(
      lines.slice(1).map((line) => line.slice(0, 12)),
      [report, old, load].map(({ key }) => key.slice(0, 12)),
    );
    const keys = async (...args: string[]) =>
      (await json("list", ...args)).value.map(({ key }: { key: string }) => key);
    assertEquals(await keys(), [report.key, old.key, load.key]);
    assertEquals(await keys("--sort", "size", "--limit", "1"), [old.key]);
    assertEquals(await keys("--sort=compute", "--limit=1"), [load.key]);
    assertEquals(await keys("--reverse", "--limit", "1"), [load.key]);
    assertEquals(await keys("--fname", "load"), [load.key]);
    const { value } = await json("list");
    assertEquals(Object.keys(value[0]), ["key", "fname", "created", "lastUsed", "sizeBytes", "computeMs"]);
    assertEquals(new Date(value[0].created).getTime(), report.createdMs);
    const limited = await run("list", "--limit", "2");
    assertEquals(limited.err, "2 of 3 entries\n");
  },
);

testWith("info prints the value and what is known, by the beginning of a key", async ({ run, json, load, report }) => {
  const { code, out } = await run("info", report.key.slice(0, 8));
  assertEquals(code, 0);
  for (const text of [report.key, "report @ src/report.ts", "args.x  1", "scale @ src/stats.ts", "{ mean: 4.5 }"]) {
    assertStringIncludes(out, text);
  }
  const { value } = await json("info", load.key);
  assertEquals(value.value, { Map: [["rows", 2]] });
  assertEquals(value.meta.key, load.key);
  assertEquals(value.meta.files.map(({ path }: { path: string }) => path), ["data/a.csv"]);
  const { meta } = (await json("info", report.key)).value;
  assertEquals(meta.traces[0].dependencies[0].args, { Uint8Array: "gveA" });
});

testWith("info of an unknown key, or of a damaged result, is a problem", async ({ run, cache, report }) => {
  const unknown = await run("info", "0".repeat(64));
  assertEquals([unknown.code, unknown.out], [1, ""]);
  assertStringIncludes(unknown.err, "it is not in the cache");
  Deno.writeTextFileSync(cache.blobs.pathOf(report.traces[0]!.result), "garbage");
  const damaged = await run("info", report.key);
  assertEquals([damaged.code, damaged.out], [1, ""]);
  assertStringIncludes(damaged.err, "Cannot read the result");
});

testWith("why tells what an entry was computed for and whether it holds", async ({ root, run, json, report, old }) => {
  const { code, out } = await run("why", report.key);
  assertEquals(code, 0);
  assertStringIncludes(
    out,
    `computed because, compared with ${old.key.slice(0, 12)}:\n  code changed: scale @ src/stats.ts`,
  );
  assertStringIncludes(out, "now: fresh");
  Deno.writeTextFileSync(`${root}/data/a.csv`, "b");
  const stale = await run("why", report.key.slice(0, 6));
  assertEquals(stale.code, 1);
  assertStringIncludes(stale.out, "now: stale, because:\n  load ← data/a.csv changed");
  const all = await json("why", "report");
  assertEquals(all.value.map(({ key }: { key: string }) => key), [report.key, old.key]);
  assertEquals(all.value[0].summary, "code changed: scale @ src/stats.ts");
  assertEquals(all.value[0].now.summary, "load ← data/a.csv changed");
  assertEquals(all.value[1].reasons, [{ kind: "first" }]);
  assertEquals((await run("why", "nothing")).code, 1);
});

testWith("diff compares two entries element by element", async ({ run, json, old, report }) => {
  const { code, out } = await run("diff", old.key, report.key.slice(0, 9));
  assertEquals(code, 0);
  for (const text of ["code changed: scale @ src/stats.ts", "+ called load @ src/load.ts", "the results differ"]) {
    assertStringIncludes(out, text);
  }
  const { value } = await json("diff", old.key, report.key);
  assertEquals(value.reasons, [{ kind: "code", name: "scale", module: "src/stats.ts", change: "changed" }]);
  assertEquals([value.onlyBefore, value.onlyAfter, value.sameResult], [[], ["called load @ src/load.ts"], false]);
  assertEquals((await json("diff", old.key, old.key)).value.reasons, []);
  assertEquals((await run("diff", old.key, "0".repeat(64))).code, 1);
});

testWith("changed lists stale entries with their root causes, and fails only then", async ({ root, run, json }) => {
  const fresh = await run("changed");
  assertEquals([fresh.code, fresh.out, fresh.err], [0, "", "No entry is stale\n"]);
  Deno.writeTextFileSync(`${root}/data/a.csv`, "b");
  const { code, out } = await run("changed");
  assertEquals(code, 1);
  assertMatch(out, /^[0-9a-f]{12} {2}load {6}data\/a\.csv changed$/m);
  assertMatch(out, /^[0-9a-f]{12} {2}report {4}load ← data\/a\.csv changed$/m);
  const { value } = await json("changed", "--fname", "report");
  assertEquals(value.map(({ summary }: { summary: string }) => summary), ["load ← data/a.csv changed"]);
  assertEquals((await run("changed", "--fname", "other")).code, 0);
});

testWith("changed finds the project from the folder of the cache, or from --root", async ({ root, dir }) => {
  using elsewhere = tempFolder();
  const from = (...args: string[]) => runCli(["changed", "--cache-dir", dir, ...args], { cwd: elsewhere.path });
  assertEquals((await from()).code, 0);
  assertEquals((await from("--root", root)).code, 0);
  assertEquals((await from("--root", elsewhere.path)).code, 1);
});

testWith("tree prints text, JSON, DOT, SVG and a page, to a file or a pipe", async ({ root, run, load, report }) => {
  const text = (await run("tree")).out;
  assertEquals(text.split("\n")[0], "3 calls, 1 nested call, 1 file");
  assertStringIncludes(
    text,
    `report (${report.key.slice(0, 12)})\n└─ load (${load.key.slice(0, 12)})\n   └─ data/a.csv\n`,
  );
  const json = JSON.parse((await run("tree", "--json")).out);
  assertEquals([json.nodes.length, json.edges.length], [3, 2]);
  assertEquals(JSON.parse((await run("tree", "--format", "json")).out), json);
  assertEquals(readDot((await run("tree", "--format", "dot")).out).edges.length, 2);
  readElements((await run("tree", "--format=svg")).out);
  const written = await run("tree", "--output", "graph.html");
  assertEquals([written.code, written.out, written.err], [0, "", "Wrote 3 calls to graph.html\n"]);
  assert(Deno.readTextFileSync(`${root}/graph.html`).startsWith("<!doctype html>"));
  await run("tree", "--format", "svg", "--output", "graph.xml");
  await run("tree", "--output", "graph");
  const nowhere = await run("tree", "--output", "none/graph.svg");
  assertEquals(nowhere.code, 2);
  assertStringIncludes(nowhere.err, `there is no folder ${root}/none; make it`);
  readElements(Deno.readTextFileSync(`${root}/graph.xml`));
  assertEquals(Deno.readTextFileSync(`${root}/graph`), text);
  const some = JSON.parse((await run("tree", "--json", "--file", "data/a.csv")).out);
  assertEquals(some.nodes.map(({ fname }: { fname: string }) => fname), ["load", "report"]);
  assertStringIncludes(
    (await run("tree", "--fname", "report")).out,
    `report (${report.key.slice(0, 12)})\n└─ load (${load.key.slice(0, 12)}) not shown\n`,
  );
});

testWith(
  "report writes a page or prints its data, with what is stale and who calls it",
  async ({ root, run, json, load, cache }) => {
    cache.usage.record(load.key);
    cache.usage.flush();
    Deno.writeTextFileSync(`${root}/data/a.csv`, "changed");
    const { code, out, err } = await run("report");
    assertEquals([code, out, err], [0, "", "Wrote the report on 3 calls to cachepy-report.html\n"]);
    const { value } = await json("report");
    assertEquals([value.cacheDir, value.counts.stale, value.counts.caller, value.counts.fresh], [
      "./.cachepy",
      1,
      1,
      1,
    ]);
    const stale = value.calls.find(({ state }: { state: string }) => state === "stale");
    assertEquals([stale.key, stale.reason, value.functions[stale.fn].name], [load.key, "data/a.csv changed", "load"]);
    const caller = value.calls.find(({ state }: { state: string }) => state === "caller");
    assertEquals([value.functions[caller.fn].name, caller.reason], ["report", "load ← data/a.csv changed"]);
    assertEquals([value.report.entries, value.report.hits, value.report.savedMs], [3, 1, 1_500]);
    // The page holds what is printed, but for the times at which both were made.
    const page = Deno.readTextFileSync(`${root}/cachepy-report.html`);
    const data = JSON.parse(/id="data">([^]*?)<\/script>/.exec(page)![1]!);
    assertEquals(Object.keys(data), Object.keys(value));
    assertEquals([data.functions, data.calls, data.files], [value.functions, value.calls, value.files]);
    assertStringIncludes(page, "<title>Report on a cache: ./.cachepy</title>");

    assertEquals((await run("report", "-o", "other.html")).err, "Wrote the report on 3 calls to other.html\n");
    assertEquals((await run("report", "-o", "data.json")).out, "");
    assertEquals(JSON.parse(Deno.readTextFileSync(`${root}/data.json`)).calls, value.calls);
    const wrong = await run("report", "-o", "report.pdf");
    assertEquals(wrong.code, 2);
    assertStringIncludes(wrong.err, 'needs a name that ends in .html, .htm or .json, got "report.pdf"');
    Deno.mkdirSync(`${root}/empty`);
    const none = await run("report", "--cache-dir", "empty", "-o", "none.html");
    assertEquals([none.code, none.err], [1, "There is nothing to report on: no call is stored in empty\n"]);
    const empty = (await json("report", "--cache-dir", "empty")).value;
    assertEquals([empty.report.entries, empty.calls], [0, []]);
    assertEquals(Deno.readDirSync(root).find(({ name }) => name.startsWith("none")), undefined);
    assertEquals([...Deno.readDirSync(`${root}/empty`)], []);
  },
);

testWith("files lists files, or the calls that depend on one", async ({ root, run, json, load }) => {
  assertEquals((await run("files")).out, "data/a.csv\n");
  assertEquals((await json("files")).value, [`${root}/data/a.csv`]);
  assertMatch((await run("files", "data/a.csv")).out, new RegExp(`^${load.key.slice(0, 12)} {2}load +3 h ago$`, "m"));
  assertEquals((await json("files", "data/a.csv")).value[0].id, `load:${load.key}`);
  assertEquals((await run("files", "other.csv")).code, 1);
});

testWith("prune removes by age, size and function, and with --dry-run nothing", async ({ run, json, old }) => {
  assertEquals((await run("prune")).out, "Removed 0 entries, freed 0 B\n");
  const dry = await json("prune", "--max-size", "1KiB", "--dry-run");
  assertEquals([dry.value.removed >= 1, dry.value.dryRun], [true, true]);
  assertEquals((await json("list")).value.length, 3);
  assertEquals((await json("prune", "--fname", "load", "--days-old", "0.01")).value.removed, 1);
  const { code, out } = await run("prune", "--max-size", "1KiB");
  assertEquals(code, 0);
  assertMatch(out, /^Removed \d entr(y|ies), freed \d\.\d KiB\n$/);
  assertEquals((await json("list")).value.some(({ key }: { key: string }) => key === old.key), false);
});

testWith("prune tells of files that killed processes left", async ({ run, json, cache }) => {
  const leave = (name: string) => Deno.writeTextFileSync(`${cache.layout.tmp}/${name}`, "x".repeat(100));
  leave("123-00000000-0000-4000-8000-000000000000");
  assertEquals(
    (await run("prune")).out,
    "Removed 0 entries, freed 0 B\nDeleted 1 file that killed processes left, 100 B\n",
  );
  leave("123-00000000-0000-4000-8000-000000000000");
  leave("123-00000000-0000-4000-8000-000000000001");
  const { value } = await json("prune");
  assertEquals(value, { removed: 0, freedBytes: 0, dryRun: false, left: { files: 2, bytes: 200 } });
});

testWith("clear does not ask where nobody can answer", async ({ run, json }) => {
  const { code, out, err } = await run("clear");
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^Removed 3 entries, freed \d\.\d KiB\n$/);
  assertEquals((await json("stats")).value.entries, 0);
});

testWith("verify finds a damaged result, and repairs it when told to", async ({ run, json, cache, report }) => {
  const well = await run("verify");
  assertEquals(well.code, 0);
  assertMatch(well.out, /^\d+ checked, 0 problems\n$/);
  Deno.writeTextFileSync(cache.blobs.pathOf(report.traces[0]!.result), "garbage");
  const found = await run("verify");
  assertEquals([found.code, found.err], [1, "verify --repair mends what can be mended\n"]);
  assertStringIncludes(found.out, "damaged-blob");
  const problems = (await json("verify")).value;
  assertEquals(Object.keys(problems.problems[0]), ["key", "kind", "detail"]);
  const mended = await run("verify", "--repair");
  assertEquals(mended.code, 0);
  assertMatch(mended.out, /(\d+) problems?, \1 repaired/);
  assertEquals((await run("verify")).code, 0);
});

testWith("texts of a stranger's cache cannot command the terminal", async ({ root, dir, run }) => {
  const hostile = "\x1b]0;owned\x07\u202e";
  await seed(dir, [record({ fname: hostile, key: "hostile", reads: [file(`${hostile}.csv`, "1")] }), hostile]);
  const key = (await run("list", "--fname", hostile, "--json")).out.match(/[0-9a-f]{64}/)![0];
  for (const args of [["list"], ["stats"], ["info", key], ["why", key], ["changed"], ["tree"], ["files"], ["verify"]]) {
    const { out, err } = await runCli(args, { cwd: root });
    // deno-lint-ignore no-control-regex
    assert(!/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/.test(out + err), args.join(" "));
  }
});

Deno.test("a reader that goes away ends a long list without an error", async () => {
  using folder = tempFolder(true);
  const cache = await seed(`${folder.path}/.cachepy`);
  const release = cache.use();
  const first = await withResult(cache, record({ key: "0" }), 0);
  for (let index = 0; index < 1_500; index++) {
    await cache.records.commit({ ...first, ...{ key: record({ key: `${index}` }).key } });
  }
  release();
  for (const command of ["list", "list --json", "tree"]) {
    const { code, stdout, stderr } = await new Deno.Command("bash", {
      args: ["-c", `set -o pipefail; ${cliCommand(command)} | head -n 1`],
      cwd: folder.path,
      stdin: "null",
    }).output();
    const decoder = new TextDecoder();
    assertEquals([code, decoder.decode(stderr)], [0, ""]);
    assertEquals(decoder.decode(stdout).split("\n").length, 2);
  }
});

Deno.test({
  name: "colours are used on a terminal, and not with NO_COLOR, --no-color or a pipe; clear asks there",
  ignore: Deno.build.os !== "linux" || !hasScript(),
  async fn() {
    using folder = tempFolder(true);
    const { root, report } = await pipeline(folder.path);
    const { NO_COLOR: _, ...inherited } = Deno.env.toObject();
    const onTerminal = async (args: string, input = "", env: Record<string, string> = {}) => {
      const child = new Deno.Command("script", {
        args: ["-qec", cliCommand(args), "/dev/null"],
        cwd: root,
        env: { ...inherited, ...env, TERM: "xterm" },
        clearEnv: true,
        stdin: "piped",
        stdout: "piped",
        stderr: "null",
      }).spawn();
      const writer = child.stdin.getWriter();
      await writer.write(new TextEncoder().encode(input));
      const { code, stdout } = await child.output();
      await writer.close().catch(() => {});
      return { code, out: new TextDecoder().decode(stdout) };
    };
    assertStringIncludes((await onTerminal("list")).out, "\x1b[1mKEY");
    assertEquals((await onTerminal("list --no-color")).out.includes("\x1b["), false);
    assertEquals((await onTerminal("list", "", { NO_COLOR: "1" })).out.includes("\x1b["), false);
    assertEquals((await runCli(["list"], { cwd: root })).out.includes("\x1b["), false);
    const refused = await onTerminal("clear", "n\n");
    assertStringIncludes(refused.out, "Remove all 3 entries");
    assertEquals(refused.code, 1);
    assertStringIncludes((await runCli(["list"], { cwd: root })).out, report.key.slice(0, 12));
    assertEquals((await onTerminal("clear", "y\n")).code, 0);
    assertEquals((await runCli(["list", "--json"], { cwd: root })).out, "[]\n");
  },
});

function hasScript(): boolean {
  try {
    return new Deno.Command("script", { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
  } catch {
    return false;
  }
}
