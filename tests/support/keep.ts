/**
 * Keeps a value by codecs and makes it again, as a store of results does: data of codecs may hold values of further ones.
 *
 * @module
 */
import type { Codec } from "../../src/values/codec.ts";
import { encodeByCodec } from "../../src/values/use_codecs.ts";

/** Stands for a value of a codec in cloned data. */
interface Stored {
  readonly codecName: string;
  readonly data: unknown;
}

/** Returns what a hit would give back for a value. @throws {Error} For an instance that no codec keeps. */
export function keepByCodecs<Value>(value: Value, codecs: readonly Codec[]): Value {
  return restore(structuredClone(store(value, codecs)), codecs) as Value;
}

function store(value: unknown, codecs: readonly Codec[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  const found = encodeByCodec(value, codecs);
  if (found !== null) return { codecName: found.name, data: store(found.data, codecs) } satisfies Stored;
  return mapParts(value, (part) => store(part, codecs));
}

function restore(value: unknown, codecs: readonly Codec[]): unknown {
  if (typeof value !== "object" || value === null) return value;
  if (!("codecName" in value)) return mapParts(value, (part) => restore(part, codecs));
  const { codecName, data } = value as Stored;
  return codecs.find((codec) => codec.name === codecName)!.decode(restore(data, codecs));
}

function mapParts(value: object, map: (part: unknown) => unknown): unknown {
  if (Array.isArray(value)) return value.map(map);
  const prototype = Object.getPrototypeOf(value);
  if (prototype === Object.prototype || prototype === null) {
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, map(part)]));
  }
  if (value instanceof Date || ArrayBuffer.isView(value) || value instanceof RegExp) return value;
  throw new Error(`no codec keeps an instance of ${prototype.constructor.name}`);
}
