/**
 * Delivers the value of a call to its caller.
 *
 * @module
 */
import { steadyMs } from "../words/clock.ts";
import { describeError } from "../words/errors.ts";
import type { Call } from "./identify.ts";
import { decodeResult } from "../values/result/decode_result.ts";
import type { BlobDigest } from "../words/digests.ts";
import type { CallOptions } from "./cached_function.ts";
import type { Outcome } from "./outcome.ts";
import type { Trace } from "../words/records.ts";
import { reportDamaged, reportHit } from "./report.ts";
import type { Workspace } from "./workspace.ts";
import type { BlobStore } from "../store/blobs/blob_store.ts";
import { pause } from "../words/waiting.ts";

/** A stored result that cannot be used. */
export interface UnusableResult {
  /** The defect; `null` for an entry that was removed while its result was read. */
  readonly detail: string | null;
  /** Digest of the bytes. */
  readonly result: BlobDigest;
  /** True when the bytes are whole and no value could be made of them: another look at them is in vain. */
  readonly isWhole: boolean;
}

/**
 * The value for the caller, in an object of its own: a value of the user is never asked for its type, since it may be a
 * Proxy whose traps would run.
 */
export type Delivered = { readonly value: unknown } | { readonly unusable: UnusableResult };

/** Options that the caller gave for a call, and what turned out since. */
export interface AnswerOptions extends Omit<CallOptions, "maxAge"> {
  /** Longest age of a stored result, milliseconds; that of the function when not given. */
  readonly maxAgeMs?: number | undefined;
  /** The stored result that turned out to be unusable, if any. */
  readonly unusable?: UnusableResult;
  /** True for the run behind a call that got an expired result. */
  readonly isRenewal?: boolean;
}

/**
 * Returns the value of a call: the function's own return value if the function ran for this caller, else a copy.
 *
 * @param call The call.
 * @param outcome Outcome of the call.
 * @param startedMs Time when the call began, by `performance.now()`.
 * @returns The value, `undefined` for a call that threw; or the reason why the stored result cannot be used.
 */
export async function deliver(call: Call, outcome: Outcome, startedMs: number): Promise<Delivered> {
  switch (outcome.kind) {
    case "threw":
      return { value: undefined };
    case "unstored":
      return { value: outcome.isShared === true ? copyOf(call, outcome) : outcome.value };
    case "stored":
      return outcome.isShared === true ? await readResult(call, outcome.trace) : { value: outcome.value };
    case "hit": {
      const delivered = await readResult(call, outcome.trace);
      if ("value" in delivered) {
        const { computeMs } = outcome.trace;
        call.prepared.workspace.cache.usage.record(call.key);
        reportHit(call, steadyMs() - startedMs, computeMs, outcome.isExpired);
      }
      return delivered;
    }
    default:
      return outcome satisfies never;
  }
}

/**
 * Returns a copy of the value of a shared run, since each of its callers may change the value that it gets. Where a copy
 * would lack something, such as the class of an instance, the value is shared: no caller gets another one than the
 * function returned.
 */
function copyOf(call: Call, { value, copy }: Outcome & { readonly kind: "unstored" }): unknown {
  return copy === undefined ? value : decodeResult(copy, call.resultOptions);
}

/**
 * True when the result of a trace can be used after all, since another process has repaired it.
 *
 * @param unusable The result that could not be used before.
 */
export async function isRepaired(call: Call, { result, sizeBytes }: Trace, unusable: UnusableResult): Promise<boolean> {
  if (result !== unusable.result) return true;
  return !unusable.isWhole && (await call.prepared.workspace.cache.blobs.read(result, sizeBytes)).status === "ok";
}

async function readResult(call: Call, trace: Trace): Promise<Delivered> {
  const { result, sizeBytes } = trace;
  const { memory } = call.prepared.workspace;
  const known = memory.result(result);
  try {
    if (known !== undefined) return { value: decodeResult(known, call.resultOptions) };
    const found = await readPresent(call.prepared.workspace, trace);
    if (found.status !== "ok") {
      memory.dropRecord(call.key);
      const isPruned = found.status === "missing" && await isRemoved(call, trace);
      if (isPruned) return { unusable: { detail: null, result, isWhole: false } };
      // Damaged bytes stay until the result is stored again: another process may have done so since they were read.
      return unusable(call, found.status === "missing" ? "its result is missing" : found.detail, result);
    }
    if (memory.takes(sizeBytes)) memory.keepResult(result, found.bytes);
    return { value: decodeResult(found.bytes, call.resultOptions) };
  } catch (error) {
    return unusable(call, describeError(error), result, true);
  }
}

/** Longest time in milliseconds for which a result that was moved aside is waited for. */
const ASIDE_MS = 2000;

/**
 * Reads a result. Another process that removes entries moves results aside for a moment, and puts back those that are in
 * use.
 */
async function readPresent({ cache }: Workspace, { result, sizeBytes }: Trace): ReturnType<BlobStore["read"]> {
  const giveUpMs = steadyMs() + ASIDE_MS;
  for (;;) {
    const found = await cache.blobs.read(result, sizeBytes);
    if (found.status !== "missing") return found;
    const isAside = cache.blobs.listAside().some(({ digest }) => digest === result);
    if (!isAside) return await cache.blobs.read(result, sizeBytes); // it may have been put back just now
    if (steadyMs() > giveUpMs) return found;
    await pause(5);
  }
}

/** True when the entry of a call was removed or replaced since its record was read. */
async function isRemoved({ key, prepared: { workspace: { cache } } }: Call, { result }: Trace): Promise<boolean> {
  const record = await cache.records.get(key, { parts: false });
  return record === null || record.traces.every((trace) => trace.result !== result);
}

function unusable(call: Call, detail: string, result: BlobDigest, isWhole = false): Delivered {
  reportDamaged(call, detail);
  return { unusable: { detail, result, isWhole } };
}
