/**
 * An inner call as a dependency in the trace of its outer call: its place in the order, its arguments, its outcome.
 *
 * @module
 */
import { hasConditions } from "./freshness.ts";
import type { Call } from "./identify.ts";
import { currentRun, type Run } from "./runs.ts";
import type { Outcome } from "./outcome.ts";
import { encodeResult } from "../values/result/encode_result.ts";
import { type BlobStore, joinChunks } from "../store/blobs/blob_store.ts";
import type { ChildDependency, Trace } from "../words/records.ts";
import { secretValuesOf } from "./secret_arguments.ts";

/** Largest size of encoded arguments that are stored in the trace itself, bytes. */
const INLINE_BYTES = 512;
/** Largest size in bytes of encoded arguments that are stored. Without stored arguments, a call is unrepeatable. */
const MAX_BYTES = 64 * 1024 * 1024;

/** Chunks of encoded arguments; `null` when the arguments cannot be stored. */
type PackedArguments = readonly Uint8Array[] | null;

/** What is taken note of before an inner call is looked up. */
export interface BegunCall {
  readonly packed: PackedArguments;
  /** Revision of its function; see `store/revisions`. */
  readonly revision: string | undefined;
}

/** Place of an inner call in the trace of its outer call. While the place is not filled, the call is no dependency. */
export interface InnerCallPlace {
  /** The run of the outer call. */
  readonly run: Run;
  /** Encodes the arguments of the inner call, before its function can change them, and notes its function's revision. */
  begin(call: Call): BegunCall;
  /** Records the inner call as a dependency of the outer call. */
  fill(call: Call, made: MadeCall): Promise<void>;
}

/** An inner call that was made. */
export interface MadeCall {
  /** What {@linkcode InnerCallPlace.begin} returned. */
  readonly begun: BegunCall;
  readonly outcome: Outcome;
  /** Longest age of the result by the options of the call, milliseconds; that of the function when not given. */
  readonly maxAgeMs: number | undefined;
  /** True when the call asked for its result not to be stored. */
  readonly skipSave: boolean | undefined;
}

/**
 * Reserves a place in the outer trace for a call that begins now, so that inner calls stand there in the order in which
 * they were made.
 *
 * @returns `undefined` for a call that is made outside of cached functions.
 */
export function reservePlace(): InnerCallPlace | undefined {
  const run = currentRun();
  if (run === undefined) return undefined;
  const enter = run.reads!.reserveChild();
  const { blobs, readOnly } = run.call.prepared.workspace.cache;
  return {
    run,
    begin: (call) => ({
      packed: readOnly ? null : packArguments(call),
      revision: call.prepared.workspace.cache.revisions.of(call.wrapped.functionId, call.fingerprint.digest),
    }),
    fill: async (call, { begun: { packed, revision }, outcome, maxAgeMs, skipSave }) => {
      // What sets conditions on its results is looked at by itself each time.
      const isConditional = maxAgeMs !== undefined || hasConditions(call.prepared.options);
      run.inner!.add(call, revision, "trace" in outcome && !isConditional ? outcome.trace : null);
      const isForOnce = outcome.basis !== undefined;
      if (isForOnce || !("trace" in outcome)) run.restsOnUnkept = true;
      run.basis?.add(call, revision, call.isBlind || isConditional && !isForOnce ? null : basisOf(outcome));
      // A trace with such a call would never stand.
      if (outcome.kind === "unstored" && outcome.isIncomparable === true) {
        const subject = `nothing tells whether the result of ${call.wrapped.fname}, which cannot be stored,`;
        run.incomparable.add(subject);
        run.reads!.observeUnclear(subject);
      }
      const args = await keepArguments(packed, blobs).catch(() => null);
      const { wrapped: { functionId }, key } = call;
      const identity = args === null && isToldByRecord(call) ? { identity: call.identity } : {};
      const age = ageToRecord(maxAgeMs, call.prepared.options.maxAge);
      const unsaved = skipSave === true ? { skipSave } : {};
      enter({ kind: "child", functionId, key, args, outcome: outcome.digest, ...identity, ...age, ...unsaved });
    },
  };
}

/** The longest age that a call allowed, where its function allows another; JSON has no infinite number. */
function ageToRecord(maxAgeMs: number | undefined, ofFunctionMs: number): Pick<ChildDependency, "maxAgeMs"> {
  return maxAgeMs === undefined || maxAgeMs === ofFunctionMs
    ? {}
    : { maxAgeMs: Math.min(maxAgeMs, Number.MAX_SAFE_INTEGER) };
}

/**
 * Encodes receiver and arguments; `null` when they cannot be stored, when there are secrets among them, or when a copy
 * would differ (of a frozen object).
 */
function packArguments(call: Call): PackedArguments {
  const { receiver, args, resultOptions } = call;
  try {
    if (secretValuesOf(call, 1).length > 0) return null;
    const encoded = encodeResult([receiver, args], resultOptions);
    if (encoded instanceof Promise) return null; // a Blob, whose bytes would have to be awaited
    const { chunks, byteLength, notices } = encoded;
    return notices.length > 0 || byteLength > MAX_BYTES ? null : chunks;
  } catch {
    return null;
  }
}

/**
 * True when the record of a call has all that can change the outcome of the call while the function is as it was: not the
 * working directory, nor that there was no file of a name among the arguments.
 */
function isToldByRecord({ cwd, lookedAt, guessed }: Call): boolean {
  return cwd === null && lookedAt.every(({ path, digest }) => digest !== null || !guessed.has(path));
}

function basisOf(outcome: Outcome): Pick<Trace, "support" | "dependencies"> | null {
  if (outcome.basis !== undefined) return { support: outcome.basis, dependencies: [] };
  return "trace" in outcome ? outcome.trace : null;
}

/** Stores encoded arguments: large ones in a blob, whose digest is returned; small ones are returned for the trace. */
async function keepArguments(packed: PackedArguments, blobs: BlobStore): Promise<ChildDependency["args"]> {
  if (packed === null) return null;
  const byteLength = packed.reduce((sum, chunk) => sum + chunk.byteLength, 0);
  if (byteLength > INLINE_BYTES) return (await blobs.write(packed)).digest;
  return joinChunks(packed);
}
