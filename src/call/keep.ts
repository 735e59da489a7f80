/**
 * Stores what an execution returned: the bytes first, then the record that refers to them.
 *
 * @module
 */
import type { Call } from "./identify.ts";
import type { EncodedResult } from "../values/result/encode_result.ts";
import { joinChunks } from "../store/blobs/blob_store.ts";
import { digestChunks } from "../words/sha256.ts";
import type { BlobDigest } from "../words/digests.ts";
import { CacheTypeError, describeError, messageOf } from "../words/errors.ts";
import type { StaleReason } from "../words/events.ts";
import { digestOfOutcome } from "./freshness.ts";
import { type Outcome, uniqueOutcome } from "./outcome.ts";
import { type EntryRecord, FORMAT_VERSION, type Trace } from "../words/records.ts";
import type { Execution } from "./run.ts";
import { reportNotice, reportPruned, reportRaced, reportStored, reportUnsaved } from "./report.ts";

/** How a result is kept. */
export interface KeepOptions {
  /** Why the function ran. */
  readonly reasons: readonly StaleReason[];
  /** Whether the inputs were still those of the call when the function began. */
  readonly isSameInput: boolean;
  /** Whether anything may be written. */
  readonly isWritten: boolean;
  /** Whether earlier executions of the same call are dropped. */
  readonly isOverwriting: boolean;
  /** The entry so far. */
  readonly record: EntryRecord | null;
}

type Returned = Execution & { readonly threw: false };
type Storable = Returned & { readonly encoded: EncodedResult };

/**
 * Stores a result.
 *
 * Nothing is stored when something that the function read changed while it ran: the result may belong to neither state.
 * A failure to store is told and costs the caller nothing.
 *
 * @returns Where the result is now.
 */
export async function keep(call: Call, execution: Returned, mode: KeepOptions): Promise<Outcome> {
  const { value } = execution;
  const { reasons } = mode;
  if (!mode.isWritten || !isStorable(call, execution, mode)) return unstored(execution, reasons);
  try {
    const trace = await commit(call, execution, mode);
    reportStored(call, trace.sizeBytes);
    await keepBound(call, trace.sizeBytes);
    return { kind: "stored", trace, value, reasons, digest: digestOfOutcome(trace) };
  } catch (error) {
    reportUnsaved(call, describeError(error), null);
    return unstored(execution, reasons);
  }
}

/** A result that is nowhere. Only here is it digested for its own sake: a stored one has the digest of its blob. */
function unstored({ value, encoded }: Returned, reasons: readonly StaleReason[]): Outcome {
  const digest = encoded === null ? uniqueOutcome() : digestChunks<"outcome">(encoded.chunks);
  return { kind: "unstored", value, reasons, digest };
}

/** Whether a result may be stored; tells why not. */
function isStorable(call: Call, execution: Returned, { isSameInput }: KeepOptions): execution is Storable {
  const { encoded, refusal, raced } = execution;
  if (encoded === null) {
    const detail = messageOf(refusal);
    reportUnsaved(call, detail, refusal instanceof CacheTypeError ? refusal.path : null);
    return false;
  }
  for (const { path, detail } of encoded.notices) reportNotice(call, `${path}: ${detail}`);
  if (!isSameInput || raced.length > 0) {
    reportRaced(call, isSameInput ? raced : ["an input", ...raced]);
    return false;
  }
  const { maxBytes } = call.prepared.options;
  if (encoded.byteLength > maxBytes) {
    reportUnsaved(call, `it takes ${encoded.byteLength} bytes, and maxBytes is ${maxBytes}`, null);
    return false;
  }
  return true;
}

async function commit(call: Call, execution: Storable, mode: KeepOptions): Promise<Trace> {
  const { encoded } = execution;
  const { cache, memory } = call.prepared.workspace;
  const { digest, sizeBytes } = await cache.blobs.write(encoded.chunks);
  const trace: Trace = {
    dependencies: execution.dependencies,
    support: execution.support,
    result: digest,
    sizeBytes,
    createdMs: Date.now(),
    computeMs: execution.computeMs,
  };
  const record = recordOf(call, trace, mode);
  const generation = cache.generation();
  memory.synchronize(generation);
  // A prune in another process may take the blob, unused until now, before the record is there: hence its bytes.
  await cache.records.commit(record, { overwrite: mode.isOverwriting, blobs: new Map([[digest, encoded.chunks]]) });
  if (cache.generation() === generation) {
    memory.keepRecord(record);
    rememberSmall(call, digest, encoded);
  }
  return trace;
}

function recordOf(call: Call, trace: Trace, { record, isOverwriting }: KeepOptions): EntryRecord {
  const earlier = isOverwriting ? [] : record?.traces.filter((other) => !restsOnTheSame(other, trace)) ?? [];
  return {
    format: FORMAT_VERSION,
    key: call.key,
    fname: call.wrapped.fname,
    functionId: call.wrapped.functionId,
    createdMs: record?.createdMs ?? trace.createdMs,
    fingerprint: call.fingerprint.digest,
    parts: call.fingerprint.parts,
    notices: call.notices,
    values: call.values(),
    files: call.files,
    traces: [trace, ...earlier].slice(0, call.prepared.options.maxTraces),
  };
}

/** Makes room when the cache has outgrown its bound. Failing costs the caller nothing. */
async function keepBound(call: Call, sizeBytes: number): Promise<void> {
  try {
    const removal = await call.prepared.bound?.committed(sizeBytes);
    if (removal && removal.removed > 0) reportPruned(call, removal);
  } catch (error) {
    reportNotice(call, `the cache could not be kept under maxBytes: ${describeError(error)}`);
  }
}

/** Whether two executions observed the same things in the same state, so that the newer replaces the older. */
function restsOnTheSame(a: Trace, b: Trace): boolean {
  return a.dependencies.length === b.dependencies.length &&
    JSON.stringify(a.dependencies) === JSON.stringify(b.dependencies);
}

function rememberSmall(call: Call, digest: BlobDigest, encoded: EncodedResult): void {
  const { memory } = call.prepared.workspace;
  if (memory.takes(encoded.byteLength)) memory.keepResult(digest, joinChunks(encoded.chunks));
}
