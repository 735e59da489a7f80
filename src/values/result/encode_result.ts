/**
 * Encodes results: a value that can be decoded without a difference is encoded, every other one refused with its path.
 *
 * @module
 */
import type { ResultOptions } from "../codec.ts";
import { ResultWriter } from "./result_writer.ts";

export type { ResultNotice } from "./layout.ts";
import { type Draft, layOutChunks, type ResultNotice, type Strategy, StrategyFailed } from "./layout.ts";

/** The bytes of a result, in parts. */
export interface EncodedResult {
  /** The encoding in order. Large binary data is not copied, so write the chunks before the value changes. */
  readonly chunks: readonly Uint8Array[];
  /** Sum of the lengths of the chunks. */
  readonly byteLength: number;
  /** Notices for the user about parts that are stored. */
  readonly notices: readonly ResultNotice[];
  /** True when there are stacks of errors in it. */
  readonly hasStacks: boolean;
}

/**
 * Encodes a value if no program can tell the value that {@linkcode decodeResult} makes of the bytes from the value
 * itself, the identity of objects aside; refuses every other value.
 *
 * Encoded are primitives, symbols of the registry and of the language among them; plain objects, also without a
 * prototype or with one that is plain data; arrays with holes; Map, Set, Date, RegExp; errors of the language and of Deno
 * with their stack; DOMException; boxed primitives; ArrayBuffer, typed arrays and DataView (views of one buffer share it
 * again); Buffer of Node; Blob and File; URL, URLSearchParams, Headers, Temporal; arguments of strict functions. All of
 * these with further members, the order and attributes of their members, and frozen, sealed or not extensible. Cycles
 * and shared references are kept, to a depth of two million. Instances are encoded by the codecs and classes of
 * `options`; a codec also keeps values that would be refused without it.
 *
 * Refused are accessors, functions, other symbols, Proxies and what has one for a prototype, instances of other classes,
 * objects of another realm, and objects of the platform that are no data.
 *
 * The user's code does not run, except the functions of the codecs, and `Error.prepareStackTrace` for a stack that was
 * not read before. Not kept are `#private` members that a constructor put on a plain object, and the pool of bytes that a
 * Buffer lies in: it comes back with a buffer of its own, unless it shares bytes with another part of the result.
 *
 * @param value The result.
 * @param options Codecs, and classes whose instances are kept.
 * @returns The encoding; a promise of the encoding when the value holds a Blob or File, whose bytes have to be awaited.
 * @throws {CacheTypeError} `ERR_RESULT` with the path and the remedy for a value that is refused, and with the cause
 * when a codec threw.
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
      return complete(writer.write(value), writer);
    } catch (error) {
      // Each strategy is given up at most once, so this ends.
      if (!(error instanceof StrategyFailed)) throw error;
      strategy[error.strategy] = false;
    } finally {
      writer.release();
    }
  }
}

/** What a writer found besides the bytes. */
type Found = Pick<EncodedResult, "notices" | "hasStacks">;

function complete(draft: Draft, { notices, hasStacks }: Found): EncodedResult | Promise<EncodedResult> {
  if (draft.externals.length === 0 && draft.references.length === 0) {
    const bytes = draft.writer.copy();
    return { chunks: [bytes], byteLength: bytes.length, notices, hasStacks };
  }
  const parts = layOutChunks(draft);
  if (parts.some((part) => !ArrayBuffer.isView(part))) return readBlobs(parts, { notices, hasStacks });
  return finished(parts as Uint8Array[], { notices, hasStacks });
}

async function readBlobs(
  parts: readonly (Uint8Array | Blob)[],
  found: Found,
): Promise<EncodedResult> {
  const chunks = parts.map((part) => ArrayBuffer.isView(part) ? part : Blob.prototype.bytes.call(part));
  return finished(await Promise.all(chunks), found);
}

function finished(chunks: readonly Uint8Array[], found: Found): EncodedResult {
  let byteLength = 0;
  for (const chunk of chunks) byteLength += chunk.length;
  return { chunks, byteLength, ...found };
}
