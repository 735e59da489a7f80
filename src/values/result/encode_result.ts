/**
 * Encodes results: a value that can be decoded without a difference is encoded, every other one refused with its path.
 *
 * @module
 */
import type { ResultOptions } from "../codec.ts";
import { type ResultNotice, ResultWriter } from "./result_writer.ts";

export type { ResultNotice } from "./result_writer.ts";
import { type Draft, layOutChunks, type Strategy, StrategyFailed } from "./layout.ts";

/** The bytes of a result, in parts. */
export interface EncodedResult {
  /** The encoding in order. Large binary data is not copied, so write the chunks before the value changes. */
  readonly chunks: readonly Uint8Array[];
  /** Sum of the lengths of the chunks. */
  readonly byteLength: number;
  /** Notices for the user about parts that are stored. */
  readonly notices: readonly ResultNotice[];
}

/**
 * Encodes a value if no program can tell the value that {@linkcode decodeResult} makes of the bytes from the value
 * itself, the identity of objects aside; refuses every other value.
 *
 * Encoded are all primitives but symbols, plain objects, arrays with holes and further properties, Map, Set, Date,
 * RegExp, the errors of the language with cause and stack, DOMException, boxed primitives, ArrayBuffer, typed arrays
 * and DataView (views of one buffer share it again), Blob and File, cycles and shared references, to a depth of two
 * million.
 *
 * Refused is a value with a property that a copy would lack: an instance of a class or of a subclass of a built-in; an
 * object with members that are named by symbols, accessors, hidden, read-only or not configurable; a frozen, sealed or
 * non-extensible object; one without a prototype or of another realm; a built-in with further members; a RegExp whose
 * `lastIndex` is not 0; an AggregateError; a Proxy. The user's code does not run, except code of objects that are then
 * refused: an accessor named `Symbol.toStringTag` or `constructor`, or traps of a Proxy that is an object's prototype.
 *
 * `#private` members that a constructor put on a plain object are lost: nothing outside of the class can see them.
 *
 * @returns The encoding; a promise of the encoding when the value holds a Blob or File, whose bytes have to be awaited.
 * @throws {CacheTypeError} `ERR_RESULT` with the path and the remedy for a value that is refused: besides those above,
 * a function, a symbol, a Promise, a stream, a weak collection, an iterator, a SharedArrayBuffer, a detached buffer and
 * every other object of the platform.
 *
 * @example
 * ```ts ignore
 * const { chunks } = encodeResult({ mean: 4.5, seen: new Set(["a"]) }) as EncodedResult;
 * ```
 */
export function encodeResult(
  value: unknown,
  options: ResultOptions = {},
): EncodedResult | Promise<EncodedResult> {
  const strategy: Strategy = { packs: true, ownsBuffers: true };
  for (;;) {
    const writer = new ResultWriter(strategy, options);
    try {
      return complete(writer.write(value), writer.notices);
    } catch (error) {
      // Each strategy is given up at most once, so this ends.
      if (!(error instanceof StrategyFailed)) throw error;
      strategy[error.strategy] = false;
    } finally {
      writer.release();
    }
  }
}

function complete(draft: Draft, notices: readonly ResultNotice[]): EncodedResult | Promise<EncodedResult> {
  if (draft.externals.length === 0 && draft.references.length === 0) {
    const bytes = draft.writer.copy();
    return { chunks: [bytes], byteLength: bytes.length, notices };
  }
  const parts = layOutChunks(draft);
  if (parts.some((part) => !ArrayBuffer.isView(part))) return readBlobs(parts, notices);
  return finished(parts as Uint8Array[], notices);
}

async function readBlobs(
  parts: readonly (Uint8Array | Blob)[],
  notices: readonly ResultNotice[],
): Promise<EncodedResult> {
  const chunks = parts.map((part) => ArrayBuffer.isView(part) ? part : Blob.prototype.bytes.call(part));
  return finished(await Promise.all(chunks), notices);
}

function finished(chunks: readonly Uint8Array[], notices: readonly ResultNotice[]): EncodedResult {
  let byteLength = 0;
  for (const chunk of chunks) byteLength += chunk.length;
  return { chunks, byteLength, notices };
}
