import { assertEquals } from "@std/assert";
import { displayWidth, truncate } from "../../src/manage/draw/display_width.ts";
import { createProgress, formatAge, formatProgress } from "../../src/cli/text/durations.ts";
import { formatDuration } from "../../src/words/quantities.ts";
import { toJsonValue } from "../../src/cli/command.ts";
import { createStyle } from "../../src/cli/text/terminal.ts";
import { formatPairs, formatTable } from "../../src/cli/text/table.ts";

const PLAIN = createStyle(false);

Deno.test("formatDuration() chooses the unit by size", () => {
  const shown = [0, 0.42, 9.96, 12.4, 999.6, 3_200, 59_949, 59_960, 125_000, 4_800_000, 273_600_000];
  assertEquals(shown.map(formatDuration), [
    "0 ms",
    "0.4 ms",
    "10 ms",
    "12 ms",
    "1.0 s",
    "3.2 s",
    "59.9 s",
    "1 min",
    "2 min 5 s",
    "1 h 20 min",
    "3 d 4 h",
  ]);
});

Deno.test("formatAge() tells how long ago in one unit, and survives a clock that went back", () => {
  const now = 10 * 365 * 86_400_000;
  const ago = (seconds: number) => formatAge(now - seconds * 1_000, now);
  assertEquals(
    [0, 5, 59, 60, 3_599, 3_600, 86_400, 59 * 86_400, 100 * 86_400, 800 * 86_400].map(ago),
    ["now", "5 s ago", "59 s ago", "1 min ago", "59 min ago", "1 h ago", "1 d ago", "59 d ago", "3 mo ago", "2 y ago"],
  );
  assertEquals(formatAge(now + 5_000, now), "in the future");
});

Deno.test("displayWidth() counts columns: wide characters two, combining marks none", () => {
  const texts = ["plain", "naïve", "nai\u0308ve", "日本語", "한글", "データ.csv", "👩‍🔬", "🇩🇪", "✔", "→", ""];
  assertEquals(texts.map(displayWidth), [5, 5, 5, 6, 4, 10, 2, 2, 1, 1, 0]);
});

Deno.test("truncate() cuts between characters and never beyond the width", () => {
  assertEquals(truncate("short", 10), "short");
  assertEquals(truncate("a long name", 6), "a lon…");
  assertEquals(truncate("日本語データ", 6), "日本…");
  assertEquals(displayWidth(truncate("👩‍🔬👩‍🔬👩‍🔬", 4)), 3);
});

Deno.test("formatTable() lines columns up, amounts to the right, without trailing spaces", () => {
  const table = formatTable([{ title: "NAME" }, { title: "SIZE", align: "right" }, { title: "NOTE" }], [
    ["日本", "5 B", "x"],
    ["load", "12 KiB", ""],
  ], PLAIN);
  assertEquals(table, "NAME    SIZE  NOTE\n日本     5 B  x\nload  12 KiB\n");
});

Deno.test("formatTable() cuts long cells and shows control characters", () => {
  const table = formatTable([{ title: "NAME", most: 8 }], [["\x1b[31mred"], ["a\nb"]], PLAIN);
  assertEquals(table, "NAME\n\\x1b[31…\na\\x0ab\n");
});

Deno.test("formatPairs() pads names", () => {
  assertEquals(formatPairs([["a", "1"], ["long", "2"]], PLAIN), "a     1\nlong  2\n");
  assertEquals(formatPairs([], PLAIN), "");
});

Deno.test("a style marks text only when colours are on", () => {
  assertEquals(PLAIN.bold("x"), "x");
  assertEquals(createStyle(true).bad("x"), "\x1b[31mx\x1b[39m");
});

Deno.test("a progress bar draws nothing in the first second, then at most ten times a second, and is taken away", () => {
  let now = 0;
  const drawn: string[] = [];
  const bar = createProgress({ label: "Checking", draw: (text) => drawn.push(text), now: () => now, columns: 80 });
  for (now = 0; now < 1_000; now += 10) bar.update(now, 4_000);
  assertEquals(drawn, []);
  for (now = 1_000; now < 2_000; now += 10) bar.update(now, 4_000);
  assertEquals(drawn.length, 10);
  assertEquals(drawn[0], "\rChecking [#######                       ] 1000/4000 25% 3.0 s left\x1b[K");
  bar.finish();
  assertEquals(drawn.at(-1), "\r\x1b[K");
});

Deno.test("a progress bar that never showed leaves nothing to take away", () => {
  const drawn: string[] = [];
  const bar = createProgress({ label: "x", draw: (text) => drawn.push(text), now: () => 0, columns: 80 });
  bar.update(1, 2);
  bar.finish();
  assertEquals(drawn, []);
});

Deno.test("formatProgress() fits narrow terminals and unknown totals", () => {
  assertEquals(formatProgress("Checking", 5, 0, 2_000, 80), "Checking 5 2.0 s");
  for (const columns of [10, 20, 40]) {
    assertEquals(formatProgress("Checking entries", 5, 10, 2_000, columns).length <= columns, true);
  }
});

Deno.test("toJsonValue() holds what JSON can and names what it cannot", () => {
  const cyclic: Record<string, unknown> = { a: 1 };
  cyclic["self"] = cyclic;
  const values = [
    1,
    "x",
    null,
    true,
    undefined,
    NaN,
    -0,
    10n,
    new Date(0),
    new Date(NaN),
    /a/g,
    new Map([[1, new Set([2])]]),
    new Uint8Array([1, 2, 255]),
    new RangeError("far"),
    cyclic,
    [1, , 3],
  ];
  assertEquals(JSON.parse(JSON.stringify(toJsonValue(values))), [
    1,
    "x",
    null,
    true,
    { undefined: true },
    { Number: "NaN" },
    { Number: "-0" },
    { BigInt: "10" },
    { Date: "1970-01-01T00:00:00.000Z" },
    { Date: "Invalid Date" },
    { RegExp: "/a/g" },
    { Map: [[1, { Set: [2] }]] },
    { Uint8Array: "AQL/" },
    { Error: { name: "RangeError", message: "far" } },
    { a: 1, self: { circular: true } },
    [1, { undefined: true }, 3],
  ]);
});

Deno.test("toJsonValue() shows a shared object twice and a deep one in part", () => {
  const shared = { x: 1 };
  assertEquals(toJsonValue([shared, shared]), [Object.assign(Object.create(null), shared), { x: 1 }]);
  let deep: unknown = 1;
  for (let level = 0; level < 100_000; level++) deep = [deep];
  assertEquals(JSON.stringify(toJsonValue(deep)).includes('{"truncated":true}'), true);
});

Deno.test("toJsonValue() keeps __proto__ a property", () => {
  assertEquals(JSON.stringify(toJsonValue(JSON.parse('{"__proto__":{"a":1}}'))), '{"__proto__":{"a":1}}');
});
