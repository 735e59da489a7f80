/**
 * Sizes and times as texts: `2GiB`, `12h`.
 *
 * @module
 */
const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)(b?)$/i;
const POWERS = ["", "k", "m", "g", "t", "p"];

/**
 * Reads a size in bytes from a text: `2GiB` and `2G` are 2 × 1024³, `2GB` is 2 × 1000³, `500` is 500 bytes.
 *
 * Upper and lower case do not differ; spaces may come before the unit; fractions are rounded down to whole bytes.
 *
 * @returns Bytes; `null` when the text is no size or the size is above 2^53 - 1.
 *
 * @example
 * ```ts
 * import { parseSize } from "./quantities.ts";
 *
 * console.log(parseSize("1.5KiB"), parseSize("2 MB"), parseSize("much")); // 1536 2000000 null
 * ```
 */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text.trim());
  if (match === null) return null;
  const [, amount = "", prefix = "", binary = "", unit = ""] = match;
  if (prefix === "" && binary !== "") return null;
  const base = binary === "" && unit !== "" ? 1000 : 1024;
  const bytes = Math.floor(Number(amount) * base ** POWERS.indexOf(prefix.toLowerCase()));
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/**
 * Returns a size as a text for people: `0 B`, `999 B`, `1.5 KiB`, `1023 MiB`. Numbers of KiB and above have one decimal
 * below ten.
 *
 * @param bytes Number of bytes, not negative.
 */
export function formatSize(bytes: number): string {
  let amount = bytes;
  let power = 0;
  while (Math.round(amount) >= 1024 && power < UNITS.length - 1) {
    amount /= 1024;
    power++;
  }
  const digits = power > 0 && Math.round(amount * 10) < 100 ? 1 : 0;
  return `${amount.toFixed(digits)} ${UNITS[power]}`;
}

const TIME = /^(\d+(?:\.\d+)?)\s*(ms|milliseconds?|s|sec|seconds?|m|min|minutes?|h|hours?|d|days?|w|weeks?)$/i;
const MS_BY_UNIT: Readonly<Record<string, number>> = {
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 7 * 86_400_000,
};

/**
 * Reads a time from a text: `500ms`, `90s`, `30m`, `12h`, `7d`, `2w`; also with the units' names, `12 hours`.
 *
 * @returns Milliseconds; `null` when the text is no time with a unit.
 *
 * @example
 * ```ts
 * import { parseDuration } from "./quantities.ts";
 *
 * console.log(parseDuration("12h"), parseDuration("1.5 days"), parseDuration("soon")); // 43200000 129600000 null
 * ```
 */
export function parseDuration(text: string): number | null {
  const [, amount = "", unit = ""] = TIME.exec(text.trim()) ?? [];
  if (unit === "") return null;
  const factor = /^m(?:s|illi)/i.test(unit) ? 1 : MS_BY_UNIT[unit.charAt(0).toLowerCase()]!;
  return Number(amount) * factor;
}

/**
 * Formats a duration with about two significant figures.
 *
 * @param ms Milliseconds, not negative.
 * @returns For example `0.4 ms`, `12 ms`, `3.2 s`, `2 min 5 s`, `1 h 20 min`, `3 d 4 h`.
 */
export function formatDuration(ms: number): string {
  if (!(ms > 0)) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pairOfUnits(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return pairOfUnits(seconds, 3_600, "h", 60, "min");
  return pairOfUnits(seconds, 86_400, "d", 3_600, "h");
}

function pairOfUnits(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  return rest === 0
    ? `${Math.floor(seconds / large)} ${largeUnit}`
    : `${Math.floor(seconds / large)} ${largeUnit} ${rest} ${smallUnit}`;
}
