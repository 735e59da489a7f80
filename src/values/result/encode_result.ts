/**
 * Results to bytes: what comes back exactly is kept, all else is refused with the path.
 *
 * @module
 */
import { type ResultNotice, ResultWriter } from "./result_writer.ts";

export type { ResultNotice } from "./result_writer.ts";
import { type Draft, layOutChunks, type Strategy, StrategyFailed } from "./layout.ts";

/** The bytes of a result, in parts. */
export interface EncodedResult {
  /** The encoding, in order. Large binary data is passed by reference: write the chunks before the value changes. */
  readonly chunks: readonly Uint8Array[];
  /** Sum of the lengths of the chunks. */
  readonly byteLength: number;
  /** What the user should know of what is kept. */
  readonly notices: readonly ResultNotice[];
}

/**
 * Encodes a value so that no program can tell what {@linkcode decodeResult} gives from the value itself, the identity of
 * objects aside; refuses every other value.
 *
 * Kept are all primitives but symbols, plain objects, arrays with holes and further properties, Map, Set, Date, RegExp,
 * the errors of the language with cause and stack, DOMException, boxed primitives, ArrayBuffer, typed arrays and
 * DataView (views of one buffer share it again), Blob and File, cycles and shared references, to a depth of two million.
 *
 * Refused is all that a copy would lose: the class of an instance or of a subclass of a built-in, members named by
 * symbols, accessors, members that are hidden, read-only or not configurable, a frozen, sealed or non-extensible state,
 * an absent prototype, what belongs to another realm, further members of built-ins, a `lastIndex`, the errors of an
 * AggregateError, a Proxy. No code of the user runs: accessors are not called, traps neither.
 *
 * Not seen is what the language shows to nobody outside: `#private` members that a constructor put on a plain object.
 *
 * @returns The encoding; a promise of it when the value holds a Blob or File, whose bytes have to be awaited.
 * @throws {CacheTypeError} `ERR_RESULT` with the path and the remedy for what is refused: besides the above, a function,
 * a symbol, a Promise, a stream, a weak collection, an iterator, a SharedArrayBuffer, a detached buffer and every other
 * object of the platform.
 *
 * @example
 * ```ts ignore
 * const { chunks } = encodeResult({ mean: 4.5, seen: new Set(["a"]) }) as EncodedResult;
 * ```
 */
export function encodeResult(value: unknown): EncodedResult | Promise<EncodedResult> {
  const strategy: Strategy = { packs: true, ownsBuffers: true };
  for (;;) {
    const writer = new ResultWriter(strategy);
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
  if (parts.some((part) => part instanceof Blob)) return readBlobs(parts, notices);
  return finished(parts as Uint8Array[], notices);
}

async function readBlobs(
  parts: readonly (Uint8Array | Blob)[],
  notices: readonly ResultNotice[],
): Promise<EncodedResult> {
  const chunks = parts.map((part) => part instanceof Blob ? part.bytes() : part);
  return finished(await Promise.all(chunks), notices);
}

function finished(chunks: readonly Uint8Array[], notices: readonly ResultNotice[]): EncodedResult {
  let byteLength = 0;
  for (const chunk of chunks) byteLength += chunk.length;
  return { chunks, byteLength, notices };
}
