/**
 * Delivers the value of a call to its caller.
 *
 * @module
 */
import { describeError } from "../words/errors.ts";
import type { Call } from "./identify.ts";
import { decodeResult } from "../values/result/decode_result.ts";
import { joinChunks } from "../store/blobs/blob_store.ts";
import type { Outcome } from "./outcome.ts";
import type { Trace } from "../words/records.ts";
import { reportDamaged, reportHit } from "./report.ts";

/** Returned in place of a value whose stored bytes cannot be used. */
export const DAMAGED: unique symbol = Symbol("damaged");

/**
 * Returns the value of a call: the function's own return value if the function ran for this caller, else a copy.
 *
 * @param call The call.
 * @param outcome Outcome of the call.
 * @param startedMs Time when the call began, by `performance.now()`.
 * @returns The value, `undefined` for a call that threw, or {@linkcode DAMAGED}.
 */
export async function deliver(call: Call, outcome: Outcome, startedMs: number): Promise<unknown> {
  switch (outcome.kind) {
    case "threw":
      return undefined;
    case "unstored":
      return outcome.isShared === true ? await copyOf(outcome.value) : outcome.value;
    case "stored":
      return outcome.isShared === true ? await readResult(call, outcome.trace) : outcome.value;
    case "hit": {
      const value = await readResult(call, outcome.trace);
      if (value !== DAMAGED) {
        const { computeMs } = outcome.trace;
        call.prepared.workspace.cache.usage.record(call.key);
        reportHit(call, performance.now() - startedMs, computeMs);
      }
      return value;
    }
    default:
      return outcome satisfies never;
  }
}

/**
 * Copies the value of a shared run, since each of its callers may change the value that it gets. If a copy would lack
 * something, such as the class of an instance, returns the value itself: no caller gets another value than the function
 * returned.
 */
async function copyOf(value: unknown): Promise<unknown> {
  try {
    const { encodeResult } = await import("../values/result/encode_result.ts");
    return decodeResult(joinChunks((await encodeResult(value)).chunks));
  } catch {
    return value;
  }
}

async function readResult(call: Call, { result, sizeBytes }: Trace): Promise<unknown> {
  const { cache, memory } = call.prepared.workspace;
  const known = memory.result(result);
  try {
    if (known !== undefined) return decodeResult(known);
    const found = await cache.blobs.read(result, sizeBytes);
    if (found.status !== "ok") {
      memory.dropRecord(call.key);
      const isPruned = found.status === "missing" && await cache.records.get(call.key, { parts: false }) === null;
      if (found.status === "corrupt") cache.blobs.remove(result);
      if (!isPruned) reportDamaged(call, found.status === "missing" ? "its result is missing" : found.detail);
      return DAMAGED;
    }
    if (memory.takes(sizeBytes)) memory.keepResult(result, found.bytes);
    return decodeResult(found.bytes);
  } catch (error) {
    reportDamaged(call, describeError(error));
    return DAMAGED;
  }
}
