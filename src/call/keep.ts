/**
 * Stores the result of an execution: first the bytes, then the record that refers to the bytes.
 *
 * @module
 */
import { wallMs } from "../words/clock.ts";
import type { Call } from "./identify.ts";
import type { EncodedResult } from "../values/result/encode_result.ts";
import { joinChunks } from "../store/blobs/blob_store.ts";
import { digestChunks } from "../words/sha256.ts";
import type { BlobDigest } from "../words/digests.ts";
import { CacheTypeError, describeError, messageOf } from "../words/errors.ts";
import type { StaleReason } from "../words/events.ts";
import { digestOfOutcome } from "./freshness.ts";
import { sealTrace } from "../store/records/seal.ts";
import { type Outcome, uniqueOutcome } from "./outcome.ts";
import { type EntryRecord, FORMAT_VERSION, type Trace } from "../words/records.ts";
import type { Execution } from "./run.ts";
import {
  allNoticesOf,
  reportNotice,
  reportPruned,
  reportRaced,
  reportStored,
  reportUnkept,
  reportUnsaved,
} from "./report.ts";

/** Options of {@linkcode keep}. */
export interface KeepOptions {
  /** Reasons why the function ran. */
  readonly reasons: readonly StaleReason[];
  /** True when the call still had its key when the function began. */
  readonly isSameInput: boolean;
  /** True when the result may be stored. */
  readonly isWritten: boolean;
  /** True when earlier traces of the call are dropped. */
  readonly isOverwriting: boolean;
  /** The record of the call so far; `null`: there is none, or it was not looked for. */
  readonly record: EntryRecord | null;
  /** True when the call was not looked up, since its caller did not want what is stored. */
  readonly isUnread: boolean;
}

type Returned = Execution & { readonly threw: false };
type Storable = Returned & { readonly encoded: EncodedResult };

/**
 * Stores a result.
 *
 * Nothing is stored when an input changed while the function ran, since the result may belong neither to the old nor to
 * the new value. A failure to store is reported, and the caller gets the result unstored.
 *
 * @returns The outcome of the call: `stored` with the trace, or `unstored`.
 */
export async function keep(call: Call, execution: Returned, options: KeepOptions): Promise<Outcome> {
  const { value } = execution;
  const { reasons } = options;
  if (!options.isWritten || !isStorable(call, execution, options)) return unstored(execution, reasons);
  try {
    const trace = await commit(call, execution, options);
    reportStored(call, trace.sizeBytes);
    await keepBound(call, trace.sizeBytes);
    return { kind: "stored", trace, value, reasons, digest: digestOfOutcome(trace) };
  } catch (error) {
    reportUnkept(call, error);
    return unstored(execution, reasons);
  }
}

/** Makes the outcome of a result that is not stored. Its digest is made here; that of a stored result is its blob's. */
function unstored({ value, encoded, outcome }: Returned, reasons: readonly StaleReason[]): Outcome {
  if (encoded === null) return { kind: "unstored", value, reasons, digest: uniqueOutcome(), isIncomparable: true };
  return { kind: "unstored", value, reasons, digest: outcome ?? digestChunks<"outcome">(encoded.chunks) };
}

/** True when a result may be stored. If not, reports the cause. */
function isStorable(call: Call, execution: Returned, { isSameInput }: KeepOptions): execution is Storable {
  const { encoded, refusal, raced } = execution;
  if (encoded === null) {
    const detail = messageOf(refusal);
    reportUnsaved(call, detail, refusal instanceof CacheTypeError ? refusal.path : null);
    return false;
  }
  if ([...call.signals].some(({ aborted }) => aborted)) return false;
  for (const { path, detail } of encoded.notices) reportNotice(call, `${path}: ${detail}`);
  if (!isSameInput || raced.length > 0) {
    reportRaced(call, isSameInput ? raced : ["an input", ...raced]);
    return false;
  }
  const { maxBytes, maxEntryBytes } = call.prepared.options;
  const [name, most] = maxEntryBytes < maxBytes ? ["maxEntryBytes", maxEntryBytes] : ["maxBytes", maxBytes];
  if (encoded.byteLength > most) {
    reportUnsaved(call, `it takes ${encoded.byteLength} bytes, and ${name} is ${most}`, null);
    return false;
  }
  return true;
}

async function commit(call: Call, execution: Storable, options: KeepOptions): Promise<Trace> {
  const { encoded } = execution;
  const { workspace: { cache, memory }, options: { maxAge } } = call.prepared;
  const { digest, sizeBytes } = await cache.blobs.write(encoded.chunks);
  const trace: Trace = {
    dependencies: execution.dependencies,
    support: execution.support,
    result: digest,
    ...execution.outcome === undefined ? {} : { outcome: execution.outcome },
    sizeBytes,
    createdMs: wallMs(),
    computeMs: execution.computeMs,
    ...maxAge === Infinity ? {} : { maxAgeMs: maxAge },
  };
  const record = recordOf(call, sealTrace(trace, call.key), options);
  const isRevision = await replacesAnother(call, trace, options);
  const revise = () => cache.revisions.revise([[call.wrapped.functionId, call.fingerprint.digest]]);
  if (isRevision) revise();
  const generation = cache.generation();
  memory.synchronize(generation);
  // Until the record is stored, nothing refers to the blob, and a prune in another process may delete it. The bytes are
  // passed on so that `commit` can write the blob again.
  await cache.records.commit(record, { overwrite: options.isOverwriting, blobs: new Map([[digest, encoded.chunks]]) });
  if (isRevision) revise();
  if (cache.generation() === generation) {
    memory.keepRecord(record);
    rememberSmall(call, digest, encoded);
  }
  return trace;
}

/**
 * True when a result takes the place of another one, or may do so, although nothing that it rests on has changed: traces of
 * outer calls hold the other one.
 */
async function replacesAnother(call: Call, trace: Trace, { record, isUnread }: KeepOptions): Promise<boolean> {
  const before = isUnread ? await call.prepared.workspace.cache.records.get(call.key, { parts: false }) : record;
  if (before === null) return isUnread;
  const others = isUnread ? before.traces : before.traces.filter((other) => restsOnTheSame(other, trace));
  return others.some((other) => digestOfOutcome(other) !== digestOfOutcome(trace));
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
    notices: allNoticesOf(call),
    values: call.values(),
    files: call.files,
    traces: [trace, ...earlier].slice(0, call.prepared.options.maxTraces),
  };
}

/** Removes entries when the cache has grown beyond `maxBytes`. A failure is reported and not thrown. */
async function keepBound(call: Call, sizeBytes: number): Promise<void> {
  try {
    const removal = await call.prepared.bound?.committed(sizeBytes);
    if (removal && removal.removed > 0) reportPruned(call, removal);
  } catch (error) {
    reportNotice(call, `the cache could not be kept under maxBytes: ${describeError(error)}`);
  }
}

/** True when two traces have equal dependencies, so that the newer trace replaces the older. */
function restsOnTheSame(a: Trace, b: Trace): boolean {
  return a.dependencies.length === b.dependencies.length &&
    JSON.stringify(a.dependencies) === JSON.stringify(b.dependencies);
}

function rememberSmall(call: Call, digest: BlobDigest, encoded: EncodedResult): void {
  const { memory } = call.prepared.workspace;
  if (memory.takes(encoded.byteLength)) memory.keepResult(digest, joinChunks(encoded.chunks));
}
