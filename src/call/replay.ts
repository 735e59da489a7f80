/**
 * The arguments of a recorded inner call, read back so that the call can be made again while its outer call is verified.
 * `inner_call` stores them; apart, since a call that is answered from the cache stores nothing.
 *
 * @module
 */
import { decodeResult } from "../values/result/decode_result.ts";
import { type BlobDigest, isDigest } from "../words/digests.ts";
import type { ChildDependency } from "../words/records.ts";
import type { BlobStore } from "../store/blobs/blob_store.ts";

/** The receiver and the arguments of a call. */
export interface CallInput {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
}

/** Decodes the arguments of a recorded call; `null` when they were not kept or are damaged. */
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
