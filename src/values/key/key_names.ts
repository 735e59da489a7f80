/**
 * Names of members in canonical order, and names of symbols.
 *
 * @module
 */
import { ByteWriter } from "../cbor/byte_writer.ts";

/** Sorted property names. `encoded` holds their encodings where these were needed to sort; else it is `null`. */
export interface SortedNames {
  readonly names: readonly PropertyKey[];
  readonly encoded: readonly Uint8Array[] | null;
}

/** Sorts names as their encodings would be sorted, without encoding them; `null` when a name is not all ASCII. */
export function sortAscii(names: readonly string[]): string[] | null {
  for (const name of names) if (!isAscii(name)) return null;
  return names.toSorted(compareAscii);
}

/** Compares names as their encodings compare: an encoding begins with the length, so shorter names come first. */
function compareAscii(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function isAscii(name: string): boolean {
  for (let index = 0; index < name.length; index++) if (name.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Sorts names of any kind by the bytes that `write` writes for them. */
export function sortEncoded(
  names: readonly PropertyKey[],
  write: (writer: ByteWriter, name: PropertyKey) => void,
): SortedNames {
  const scratch = new ByteWriter(256);
  const pairs = names.map((name) => {
    scratch.length = 0;
    write(scratch, name);
    return { name, bytes: scratch.copy() };
  });
  pairs.sort((a, b) => compareBytes(a.bytes, b.bytes));
  return { names: pairs.map(({ name }) => name), encoded: pairs.map(({ bytes }) => bytes) };
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    if (a[index] !== b[index]) return a[index]! - b[index]!;
  }
  return a.length - b.length;
}
