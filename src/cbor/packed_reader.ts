/**
 * Reads arrays that were packed by {@link ./pack_writer.ts}.
 *
 * @module
 */
import { bytesOf, type TypedArray, typedArrayOfTag } from "./typed_arrays.ts";
import { readElements } from "./tagged_reader.ts";
import type { ValueReader } from "./value_reader.ts";

/** A typed array of numbers: a byte string with or without a tag of RFC 8746. */
function readTyped(reader: ValueReader): Exclude<TypedArray, BigInt64Array | BigUint64Array> {
  const number = reader.isTagged() ? reader.head(0xc0) : 64;
  const kind = typedArrayOfTag(number) ?? reader.fail("packed numbers that are no typed array");
  const array = readElements(reader, reader.byteString(), kind);
  if (array instanceof BigInt64Array || array instanceof BigUint64Array) reader.fail("packed numbers that are bigints");
  return array;
}

/** An array of numbers. */
export function readNumbers(reader: ValueReader): number[] {
  const typed = readTyped(reader);
  const numbers: number[] = new Array(typed.length);
  for (let index = 0; index < typed.length; index++) numbers[index] = typed[index]!;
  return numbers;
}

/** An array of strings, from one text and the lengths of its parts. */
export function readStrings(reader: ValueReader): string[] {
  const text = reader.primitive();
  if (typeof text !== "string") return reader.fail("packed strings without a text");
  const lengths = readTyped(reader);
  const strings: string[] = new Array(lengths.length);
  let at = 0;
  for (let index = 0; index < lengths.length; index++) {
    const length = lengths[index]!;
    if (!(length >= 0)) reader.fail("a packed string of negative length");
    strings[index] = text.substring(at, at += length);
  }
  if (at !== text.length) reader.fail("packed strings whose lengths do not fit their text");
  return strings;
}

/** An array of the values that its indices choose. */
export function readChoices(reader: ValueReader, choices: readonly unknown[]): unknown[] {
  const indices = bytesOf(readTyped(reader));
  const values: unknown[] = new Array(indices.length);
  for (let index = 0; index < indices.length; index++) {
    const choice = indices[index]!;
    if (choice >= choices.length) reader.fail("a packed choice that is not among the choices");
    values[index] = choices[choice];
  }
  return values;
}

/** The lengths of packed arrays. */
export function readLengths(reader: ValueReader): ArrayLike<number> {
  return readTyped(reader);
}

/** Arrays of these lengths from all their items. */
export function splitLists(reader: ValueReader, items: readonly unknown[], lengths: ArrayLike<number>): unknown[][] {
  const lists: unknown[][] = new Array(lengths.length);
  let at = 0;
  for (let index = 0; index < lengths.length; index++) {
    const length = lengths[index]!;
    if (!(length >= 0 && Number.isInteger(length) && length <= items.length - at)) {
      reader.fail("packed arrays whose lengths do not fit their items");
    }
    lists[index] = items.slice(at, at += length);
  }
  if (at !== items.length) reader.fail("packed arrays whose lengths do not fit their items");
  return lists;
}
