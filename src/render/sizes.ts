/**
 * Amounts of bytes as people write and read them.
 *
 * @module
 */

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

/** Bytes per unit: `k`, `M` … and the `iB` forms count in 1,024, the `B` forms in 1,000, as IEC 80000-13 says. */
const UNITS: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 2 ** 10,
  kib: 2 ** 10,
  kb: 1e3,
  m: 2 ** 20,
  mib: 2 ** 20,
  mb: 1e6,
  g: 2 ** 30,
  gib: 2 ** 30,
  gb: 1e9,
  t: 2 ** 40,
  tib: 2 ** 40,
  tb: 1e12,
};

/**
 * An amount of bytes in the largest binary unit that leaves at least 1.
 *
 * @param bytes Amount, not negative.
 * @returns For example `0 B`, `512 B`, `1.5 KiB`, `2.0 GiB`.
 */
export function formatBytes(bytes: number): string {
  let unit = 0;
  let amount = bytes;
  // 1,023.96 would print as "1024.0": the next unit is meant.
  while (amount >= 1023.95 && unit < BINARY.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${unit === 0 ? Math.round(amount) : amount.toFixed(1)} ${BINARY[unit]}`;
}

/**
 * The amount of bytes that a text names.
 *
 * @param text A number and a unit, with or without a space between: `500`, `1.5 GiB`, `200MB`, `2g`.
 * @returns Whole bytes; `null` when the text is none.
 *
 * @example
 * ```ts
 * import { assertEquals } from "@std/assert";
 * import { parseBytes } from "./sizes.ts";
 *
 * assertEquals(parseBytes("2GiB"), 2 ** 31);
 * assertEquals(parseBytes("much"), null);
 * ```
 */
export function parseBytes(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*([a-z]*)$/i.exec(text.trim());
  if (!match) return null;
  const unit = match[2]!.toLowerCase();
  const factor = Object.hasOwn(UNITS, unit) ? UNITS[unit] : undefined;
  const bytes = factor === undefined ? NaN : Math.round(Number(match[1]) * factor);
  return Number.isSafeInteger(bytes) ? bytes : null;
}
