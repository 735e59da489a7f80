/**
 * An inner call in the trace of the call around it: its place in the order, its arguments, its outcome.
 *
 * @module
 */
import type { Call } from "./identify.ts";
import { currentRun, type Run } from "./runs.ts";
import type { Outcome } from "./outcome.ts";
import { encodeResult } from "../values/result/encode_result.ts";
import { type BlobStore, joinChunks } from "../store/blobs/blob_store.ts";
import type { ChildDependency } from "../words/records.ts";

/** Largest encoded arguments kept within the trace itself, bytes. */
const INLINE_BYTES = 512;
/** Largest encoded arguments kept at all, bytes; without them, the outer call runs again when the inner one is stale. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Encoded arguments in pieces; `null` when they cannot be kept. */
export type PackedArguments = readonly Uint8Array[] | null;

/** The place of an inner call in the trace of the run around it. Left unfilled, the call is no dependency. */
export interface InnerCallPlace {
  /** The run around it. */
  readonly run: Run;
  /** Encodes the arguments of the inner call, before its function can change them. */
  pack(call: Call): PackedArguments;
  /** Enters the inner call as a dependency of the outer one. */
  fill(call: Call, packed: PackedArguments, outcome: Outcome): Promise<void>;
}

/**
 * Keeps a place for a call that begins now, so that the order in the trace is the order in which calls were made.
 *
 * @returns `undefined` when the call is made outside of other calls.
 */
export function reservePlace(): InnerCallPlace | undefined {
  const run = currentRun();
  if (run === undefined) return undefined;
  const enter = run.reads!.reserveChild();
  const { blobs, readOnly } = run.call.prepared.workspace.cache;
  return {
    run,
    pack: (call) => readOnly ? null : packArguments(call),
    fill: async (call, packed, outcome) => {
      run.inner!.add(call, "trace" in outcome ? outcome.trace : null);
      const args = await keepArguments(packed, blobs).catch(() => null);
      enter({ kind: "child", functionId: call.wrapped.functionId, key: call.key, args, outcome: outcome.digest });
    },
  };
}

/** Encodes arguments. Those whose decoded copy would not be the same input are not kept: a function, a frozen object. */
function packArguments({ receiver, args }: Call): PackedArguments {
  try {
    const encoded = encodeResult([receiver, args]);
    if (encoded instanceof Promise) return null; // a Blob, whose bytes would have to be awaited
    const { chunks, byteLength, notices } = encoded;
    return notices.length > 0 || byteLength > MAX_BYTES ? null : chunks;
  } catch {
    return null;
  }
}

/** Puts encoded arguments where a trace can refer to them: into the trace, or, when large, into a blob. */
async function keepArguments(packed: PackedArguments, blobs: BlobStore): Promise<ChildDependency["args"]> {
  if (packed === null) return null;
  const byteLength = packed.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (byteLength > INLINE_BYTES) return (await blobs.write(packed)).digest;
  return joinChunks(packed);
}
