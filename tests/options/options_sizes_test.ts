import { assertEquals } from "@std/assert";
import { formatSize, parseSize } from "../../src/words/quantities.ts";

Deno.test("parseSize() reads sizes as people write them", () => {
  const cases: [string, number | null][] = [
    ["0", 0],
    ["500", 500],
    ["500B", 500],
    ["1k", 1024],
    ["1 KiB", 1024],
    ["1.5KiB", 1536],
    ["1kB", 1000],
    ["2GiB", 2 * 1024 ** 3],
    ["2gib", 2 * 1024 ** 3],
    ["2G", 2 * 1024 ** 3],
    ["2 GB", 2e9],
    [" 3 MB ", 3e6],
    ["1TiB", 1024 ** 4],
    ["1PiB", 1024 ** 5],
    ["0.3B", 0],
  ];
  for (const [text, bytes] of cases) assertEquals(parseSize(text), bytes, text);
});

Deno.test("parseSize() refuses what is no size", () => {
  for (const text of ["", "much", "-1", "1e3", "2 Gigs", "GiB", "1iB", "1..5K", "1,5K", "9999999 PiB", "1K 2K", "∞"]) {
    assertEquals(parseSize(text), null, text);
  }
});

Deno.test("formatSize() shows one decimal below ten of a unit, and none from ten on", () => {
  const cases: [number, string][] = [
    [0, "0 B"],
    [1, "1 B"],
    [999, "999 B"],
    [1023, "1023 B"],
    [1024, "1.0 KiB"],
    [1536, "1.5 KiB"],
    [10 * 1024, "10 KiB"],
    [9.96 * 1024, "10 KiB"],
    [1024 ** 2 - 1, "1.0 MiB"],
    [2.5 * 1024 ** 3, "2.5 GiB"],
    [1024 ** 5, "1.0 PiB"],
    [5000 * 1024 ** 5, "5000 PiB"],
  ];
  for (const [bytes, text] of cases) assertEquals(formatSize(bytes), text);
});

Deno.test("parseSize() reads what formatSize() shows, to within the digits shown", () => {
  for (let power = 0; power < 53; power++) {
    const bytes = 2 ** power;
    assertEquals(parseSize(formatSize(bytes)), bytes, formatSize(bytes));
  }
});
