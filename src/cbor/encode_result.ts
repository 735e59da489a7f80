/**
 * Results to bytes: what `structuredClone` keeps is kept, what it refuses is refused with the path.
 *
 * @module
 */
import { ResultWriter } from "./result_writer.ts";
import { type Draft, layOut } from "./layout.ts";
import { type Strategy, StrategyFailed } from "./strategy.ts";

/** The bytes of a result, in parts. */
export interface EncodedResult {
  /** The encoding, in order. Large binary data is passed by reference: write the chunks before the value changes. */
  readonly chunks: readonly Uint8Array[];
  /** Sum of the lengths of the chunks. */
  readonly byteLength: number;
  /** What a reader will not get back as it was, at most one for each class. */
  readonly notices: readonly ResultNotice[];
}

/** Something that `structuredClone` loses as well. */
export interface ResultNotice {
  /** Where: `result.rows[0]`. */
  readonly path: string;
  /** What is lost, in words. */
  readonly detail: string;
}

/**
 * Encodes a value so that {@linkcode decodeResult} gives what `structuredClone` would give.
 *
 * Kept are all primitives but symbols, plain objects, arrays with holes and further properties, Map, Set, Date, RegExp,
 * the errors of the language with cause and stack, boxed primitives, ArrayBuffer, typed arrays and DataView (views of
 * one buffer share it again), Blob and File, cycles and shared references, to a depth of two million. A getter is read
 * once, unless an object that lies in a packed part turns out to be shared; then the walk begins again.
 *
 * Not kept, as in `structuredClone`: prototypes of user classes (with a notice), symbol keys, `lastIndex`, names and
 * further fields of errors (with a notice). An object of the platform that `structuredClone` would turn into an empty
 * one (`FormData`, `Event`) is refused.
 *
 * @returns The encoding; a promise of it when the value holds a Blob or File, whose bytes have to be awaited.
 * @throws {CacheTypeError} `ERR_RESULT` with the path for a function, a symbol, a Promise, a stream, a weak collection,
 * an iterator, a SharedArrayBuffer, a detached buffer, an object of the platform and an instance of a class with
 * `#private` members. What a getter throws passes through.
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
  const parts = layOut(draft);
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
