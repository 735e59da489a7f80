/**
 * The arguments of an inner call, kept so that it can be run again when its outer call is verified.
 *
 * @module
 */
import { decodeResult } from "../values/result/decode_result.ts";
import { encodeResult, joinChunks } from "../values/result/encode_result.ts";
import { type BlobDigest, isDigest } from "../words/digests.ts";
import type { ChildDependency } from "../words/records.ts";
import type { BlobStore } from "../store/blobs/blob_store.ts";

/** Arguments up to this size are kept within the trace, bytes. */
const INLINE_BYTES = 512;
/** Larger arguments are not kept; the call around them then runs again when the inner one is stale. */
const MAX_BYTES = 64 * 1024 * 1024;

/** What a call was made with. */
export interface CallInput {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
}

/**
 * Encodes what a call was made with, before the function can change it.
 *
 * @returns The bytes in pieces; `null` when a decoded copy would not be the same input (a function, an instance of a
 * class, a frozen object) or is too large.
 */
export function packArguments({ receiver, args }: CallInput): readonly Uint8Array[] | null {
  try {
    const encoded = encodeResult([receiver, args]);
    if (encoded instanceof Promise) return null; // a Blob, whose bytes would have to be awaited
    const { chunks, byteLength, notices } = encoded;
    return notices.length > 0 || byteLength > MAX_BYTES ? null : chunks;
  } catch {
    return null;
  }
}

/** Puts packed arguments where a trace can refer to them. */
export async function keepArguments(
  packed: readonly Uint8Array[] | null,
  blobs: BlobStore,
): Promise<ChildDependency["args"]> {
  if (packed === null) return null;
  const byteLength = packed.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (byteLength > INLINE_BYTES) return (await blobs.write(packed)).digest;
  return joinChunks({ chunks: packed, byteLength });
}

/** What a recorded call was made with; `null` when it was not kept or is damaged. */
export async function recallArguments(args: ChildDependency["args"], blobs: BlobStore): Promise<CallInput | null> {
  if (args === null) return null;
  const bytes = isDigest(args) ? await readBytes(args as BlobDigest, blobs) : (args as Uint8Array);
  if (bytes === null) return null;
  try {
    const [receiver, list] = decodeResult(bytes) as [unknown, unknown[]];
    return { receiver, args: list };
  } catch {
    return null;
  }
}

async function readBytes(digest: BlobDigest, blobs: BlobStore): Promise<Uint8Array | null> {
  const found = await blobs.read(digest);
  return found.status === "ok" ? found.bytes : null;
}
