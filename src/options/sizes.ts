/**
 * Sizes in bytes as people write them.
 *
 * @module
 */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
const SIZE = /^(\d+(?:\.\d+)?)\s*([kmgtp]?)(i?)(b?)$/i;
const POWERS = ["", "k", "m", "g", "t", "p"];

/**
 * The number of bytes that a text names: `2GiB` and `2G` are 2 × 1024³, `2GB` is 2 × 1000³, `500` is 500 bytes.
 *
 * Upper and lower case are the same; a space may stand before the unit; fractions are rounded down to whole bytes.
 *
 * @returns Bytes; `null` when the text is no size.
 *
 * @example
 * ```ts
 * import { parseSize } from "./sizes.ts";
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
 * A size for people to read: `0 B`, `999 B`, `1.5 KiB`, `1023 MiB`; one decimal below ten, none from ten on.
 *
 * @param bytes Bytes, not negative.
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
