import { assertEquals } from "@std/assert";
import type { StaleReason } from "../../src/words/events.ts";
import { describeReasons } from "../../src/reasons/describe_reasons.ts";
import { closestEntry, diffEntries } from "../../src/reasons/compare.ts";
import { child, digestOf, file, part, record, type RecordInput, trace, value, variable } from "../support/records.ts";

/** What differs, in words: the form in which users see it. */
function differences(before: RecordInput, after: RecordInput): string {
  return describeReasons(diffEntries(record(before), record(after)));
}

Deno.test("equal calls do not differ", () => {
  const input: RecordInput = {
    values: [value("args.x", "1"), value("version", '"2"')],
    parts: [part("function", "scale", "src/stats.ts", "x => 2 * x")],
    files: [file("data/a.csv", "a")],
    reads: [file("data/b.csv", "b"), variable("HOME", "/root")],
  };
  assertEquals(diffEntries(record(input), record(input)), []);
});

Deno.test("an argument is named by path with both values", () => {
  const before = { values: [value("args.opts.alpha", "0.1"), value("args.opts.beta", "5")] };
  const after = { values: [value("args.opts.alpha", "0.2"), value("args.opts.beta", "5")] };
  assertEquals(differences(before, after), "args.opts.alpha: 0.1 → 0.2");
});

Deno.test("an argument that only one call has is named as added or removed", () => {
  const [none, some] = [{ values: [] }, { values: [value("args[1]", "7")] }];
  assertEquals(differences(none, some), "args[1]: 7 added");
  assertEquals(differences(some, none), "args[1]: 7 removed");
});

Deno.test("values that look alike in short still differ", () => {
  const long = { path: "args.rows", preview: "Array(1000)" };
  const before = { values: [{ ...long, digest: digestOf<"value">("a") }] };
  const after = { values: [{ ...long, digest: digestOf<"value">("b") }] };
  assertEquals(differences(before, after), "args.rows changed");
});

Deno.test("version, declared variables and environment are told apart by path", () => {
  const before = { values: [value("version", '"1"'), value("vars.rate", "0.5"), value("env.GENOME", "hg19")] };
  const after = { values: [value("version", '"2"'), value("vars.rate", "0.7"), value("env.GENOME", "hg38")] };
  assertEquals(
    differences(before, after),
    'version: "1" → "2"; vars.rate: 0.5 → 0.7; environment variable GENOME changed',
  );
});

Deno.test("an environment variable is set, unset or changed, and its value is never shown", () => {
  const unset = { values: [{ path: "env.TOKEN", digest: null }] };
  const set = { values: [{ path: "env.TOKEN", digest: digestOf<"content">("secret") }] };
  assertEquals(differences(unset, set), "environment variable TOKEN set");
  assertEquals(differences(set, unset), "environment variable TOKEN unset");
});

Deno.test("a function whose code changed is named with its module", () => {
  const before = { parts: [part("function", "scale", "src/stats.ts", "1"), part("function", "load", "src/a.ts", "2")] };
  const after = { parts: [part("function", "scale", "src/stats.ts", "3"), part("function", "load", "src/a.ts", "2")] };
  assertEquals(differences(before, after), "code changed: scale @ src/stats.ts");
});

Deno.test("several functions that changed are listed behind one lead", () => {
  const before = { parts: [part("function", "a", "x.ts", "1"), part("function", "b", "x.ts", "2")] };
  const after = { parts: [part("function", "a", "x.ts", "3"), part("function", "b", "x.ts", "4")] };
  assertEquals(differences(before, after), "code changed: a @ x.ts, b @ x.ts");
});

Deno.test("a captured value is shown before and after", () => {
  const before = { parts: [part("value", "RATE", "config.ts", "0.5")] };
  const after = { parts: [part("value", "RATE", "config.ts", "0.7")] };
  assertEquals(differences(before, after), "RATE @ config.ts: 0.5 → 0.7");
});

Deno.test("a package is shown with both versions", () => {
  const before = { parts: [part("package", "lodash-es", null, "4.17.20")] };
  const after = { parts: [part("package", "lodash-es", null, "4.17.21")] };
  assertEquals(differences(before, after), "lodash-es 4.17.20 → 4.17.21");
});

Deno.test("a package of the same version whose code or locked dependencies changed is told so", () => {
  const locked = part("package", "mathjs", null, "12.0.0");
  const other = { ...locked, digest: digestOf("other closure") };
  assertEquals(
    differences({ parts: [locked] }, { parts: [other] }),
    "mathjs 12.0.0: its code or locked dependencies changed",
  );
});

Deno.test("a renamed or moved part is no difference, since names are metadata", () => {
  const before = { code: "1", parts: [part("function", "scale", "a.ts", "same"), part("function", "f", "a.ts", "1")] };
  const after = { code: "2", parts: [part("function", "scaled", "b.ts", "same"), part("function", "f", "a.ts", "2")] };
  assertEquals(differences(before, after), "code changed: f @ a.ts");
});

Deno.test("a part that was added and one that was removed are told", () => {
  const before = { parts: [part("function", "old", "a.ts", "1")] };
  const after = { parts: [part("function", "fresh", "a.ts", "2")] };
  assertEquals(differences(before, after), "code added: fresh @ a.ts; code removed: old @ a.ts");
});

Deno.test("two captures of one name are paired in order", () => {
  const before = { parts: [part("value", "n", "a.ts", "1"), part("value", "n", "a.ts", "2")] };
  const after = { parts: [part("value", "n", "a.ts", "1"), part("value", "n", "a.ts", "3")] };
  assertEquals(differences(before, after), "n @ a.ts: 2 → 3");
});

Deno.test("another fingerprint with the same parts is told as a change of the function", () => {
  assertEquals(differences({ code: "1" }, { code: "2" }), "code changed: step");
});

Deno.test("a declared file is told by what happened to it, once", () => {
  const declared = (content: string | null): RecordInput => ({
    files: [file("data/a.csv", content)],
    values: [{ path: "files.data/a.csv", digest: content === null ? null : digestOf<"content">(content) }],
  });
  assertEquals(differences(declared("1"), declared("2")), "data/a.csv changed");
  assertEquals(differences(declared(null), declared("2")), "data/a.csv appeared");
  assertEquals(differences(declared("1"), declared(null)), "data/a.csv vanished");
});

Deno.test("another file than before is another argument, not a file that appeared", () => {
  assertEquals(differences({ files: [file("a.csv", "1")] }, { files: [file("b.csv", "2")] }), "files: a.csv → b.csv");
});

Deno.test("observed files count where both calls read them", () => {
  const before = { key: "1", reads: [file("data/b.csv", "1"), file("only-before.csv", "1")] };
  const after = { key: "2", reads: [file("only-after.csv", "1"), file("data/b.csv", "2")] };
  assertEquals(differences(before, after), "data/b.csv changed");
});

Deno.test("observed variables, listings, metadata, links and the working directory are compared", () => {
  const reads = (text: string): RecordInput => ({
    reads: [
      variable("LANG", text),
      { kind: "directory", path: "data", digest: digestOf(text) },
      { kind: "stat", path: "a", aspects: "times", followed: true, digest: digestOf(text) },
      { kind: "link", path: "l", aspect: "real", digest: digestOf(text) },
      { kind: "cwd", digest: digestOf(text) },
    ],
  });
  assertEquals(
    differences(reads("1"), reads("2")),
    "data: listing changed; a: metadata changed; l: link changed; working directory changed; " +
      "environment variable LANG changed",
  );
});

Deno.test("a nested call with another result is named", () => {
  const load = record({ fname: "load" });
  const before = { reads: [child(load, digestOf("1"))] };
  const after = { reads: [child(load, digestOf("2"))] };
  assertEquals(differences(before, after), "load: result changed");
});

Deno.test("a call that has not run yet can be compared", () => {
  const { traces: _, ...target } = record({ values: [value("args.x", "2")] });
  assertEquals(describeReasons(diffEntries(record({ values: [value("args.x", "1")] }), target)), "args.x: 1 → 2");
});

Deno.test("closestEntry() prefers the call with the same arguments to a newer one with the same code", () => {
  const oldCode = record({ key: "a", code: "1", values: [value("args.x", "1")], createdMs: 1 });
  const otherArgument = record({ key: "b", code: "2", values: [value("args.x", "2")], createdMs: 2 });
  const target = record({ code: "2", values: [value("args.x", "1")] });
  assertEquals(closestEntry([oldCode, otherArgument], target)?.key, oldCode.key);
});

Deno.test("closestEntry() prefers one differing argument to two, and current code to old", () => {
  const target = record({ code: "2", values: [value("args.x", "1"), value("args.y", "1")] });
  const two = record({ key: "a", code: "2", values: [value("args.x", "2"), value("args.y", "2")], createdMs: 9 });
  const one = record({ key: "b", code: "2", values: [value("args.x", "1"), value("args.y", "2")], createdMs: 1 });
  const oneAndCode = record({
    key: "c",
    code: "1",
    values: [value("args.x", "1"), value("args.y", "2")],
    createdMs: 5,
  });
  assertEquals(closestEntry([two, oneAndCode, one], target)?.key, one.key);
});

Deno.test("closestEntry() takes the newest among equals, and null among none", () => {
  const target = record({ values: [value("args.x", "1")] });
  const older = record({ key: "a", values: [value("args.x", "2")], createdMs: 1 });
  const newer = record({ key: "b", values: [value("args.x", "3")], createdMs: 2 });
  assertEquals(closestEntry([older, newer], target)?.key, newer.key);
  assertEquals(closestEntry([newer, older], target)?.key, newer.key);
  assertEquals(closestEntry([], target), null);
});

const CHANGED: StaleReason = { kind: "file", path: "data/weather.csv", change: "content" };

function calledBy(fname: string, ...reasons: StaleReason[]): StaleReason {
  return { kind: "child", functionId: `${fname} @ src/x.ts`, key: record().key, change: "stale", reasons };
}

Deno.test("a chain of calls is told down to its root cause", () => {
  assertEquals(describeReasons([calledBy("load", CHANGED)]), "load ← data/weather.csv changed");
  assertEquals(
    describeReasons([calledBy("summarize", calledBy("load", CHANGED))]),
    "summarize ← load ← data/weather.csv changed",
  );
});

Deno.test("a chain of 5,000 calls is told in one short line", () => {
  let reason: StaleReason = CHANGED as StaleReason;
  for (let depth = 0; depth < 5_000; depth++) reason = calledBy(`f${depth}`, reason);
  assertEquals(
    describeReasons([reason]),
    "f4999 ← f4998 ← f4997 ← f4996 ← … 4994 more … ← f1 ← f0 ← data/weather.csv changed",
  );
});

Deno.test("several causes of one call are told in brackets, and only to a depth", () => {
  const both = calledBy("merge", CHANGED, { kind: "env", name: "LANG", change: "set" });
  assertEquals(describeReasons([both]), "merge ← (data/weather.csv changed; environment variable LANG set)");
  let wide: StaleReason = both;
  for (let depth = 0; depth < 60; depth++) wide = calledBy(`f${depth}`, wide, wide);
  // Without a limit this text would have 2^60 parts.
  assertEquals(describeReasons([wide]).length < 400, true);
});

Deno.test("more reasons than fit are counted", () => {
  const reasons = Array.from({ length: 9 }, (_, index) => file(`${index}.csv`, "1"))
    .map(({ path }): StaleReason => ({ kind: "file", path, change: "content" }));
  assertEquals(describeReasons(reasons, { most: 2 }), "0.csv changed; 1.csv changed; and 7 more");
});

Deno.test("control characters from a stranger's cache do not reach the terminal", () => {
  const hostile: StaleReason = { kind: "file", path: "\x1b]0;owned\x07\n\u202e", change: "content" };
  assertEquals(describeReasons([hostile]), "\\x1b]0;owned\\x07\\x0a\\u202e changed");
});

Deno.test("every kind of reason has words", () => {
  const reasons: StaleReason[] = [
    { kind: "first" },
    { kind: "cwd" },
    { kind: "forced" },
    { kind: "unread" },
    { kind: "damaged", detail: "truncated" },
    { kind: "version", after: '"1"' },
    { kind: "variable", path: "vars.a", before: "1", after: "2" },
  ];
  assertEquals(
    describeReasons(reasons, { most: 10 }),
    "first call; working directory changed; forced; reading is switched off; entry damaged: truncated; " +
      'version: none → "1"; vars.a: 1 → 2',
  );
});

Deno.test("the newest execution of each call is the one compared", () => {
  const old = trace({ reads: [file("a.csv", "0")] });
  const before = { key: "1", traces: [trace({ reads: [file("a.csv", "1")] }), old] };
  const after = { key: "2", traces: [trace({ reads: [file("a.csv", "1")] }), old] };
  assertEquals(differences(before, after), "");
});
