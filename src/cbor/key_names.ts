/**
 * Property names in the order of their canonical encodings (RFC 8949, section 4.2.1: bytewise).
 *
 * @module
 */
import { ByteWriter } from "./byte_writer.ts";

/** Names in order, with their encodings where the names themselves do not tell the order. */
export interface SortedNames {
  readonly names: readonly PropertyKey[];
  readonly encoded: readonly Uint8Array[] | null;
}

/** Orders names of ASCII letters only, without encoding them; `null` when there are others. */
export function sortAscii(names: readonly string[]): string[] | null {
  for (const name of names) if (!isAscii(name)) return null;
  return names.toSorted(compareAscii);
}

/** A head says the length first, so shorter names come first. */
function compareAscii(a: string, b: string): number {
  return a.length - b.length || (a < b ? -1 : a > b ? 1 : 0);
}

function isAscii(name: string): boolean {
  for (let index = 0; index < name.length; index++) if (name.charCodeAt(index) > 0x7f) return false;
  return true;
}

/** Orders names of any kind by what `write` makes of them. */
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
