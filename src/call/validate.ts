/**
 * What the user's `validate` says of a stored result that nothing has changed for.
 *
 * @module
 */
import type { CallKey } from "../words/digests.ts";
import { describeError } from "../words/errors.ts";
import type { StaleReason } from "../words/events.ts";
import type { Trace } from "../words/records.ts";
import { warnOnce } from "../words/announce.ts";
import { decodeResult } from "../values/result/decode_result.ts";
import { refusedReason } from "../reasons/make_reason.ts";
import type { ResultOptions } from "../values/codec.ts";
import type { Prepared, Wrapped } from "./wrapped.ts";

/** What {@linkcode refusalByUser} needs to know of the entry. */
export interface AskedEntry {
  readonly wrapped: Wrapped;
  readonly prepared: Prepared;
  readonly key: CallKey;
  resultOptions(): ResultOptions | Promise<ResultOptions>;
}

/** Asks the user's `validate` about a stored result. @returns The reason for which it cannot be used, if any. */
export async function refusalByUser(trace: Trace, { wrapped, prepared, key, resultOptions }: AskedEntry): Promise<
  StaleReason | null
> {
  const { validate } = prepared.options;
  if (validate === null) return null;
  const { memory, cache } = prepared.workspace;
  const { result, sizeBytes, createdMs, computeMs } = trace;
  let bytes = memory.result(result);
  if (bytes === undefined) {
    const found = await cache.blobs.read(result, sizeBytes);
    if (found.status !== "ok") return null; // that it is missing or damaged, its delivery tells
    if (memory.takes(sizeBytes)) memory.keepResult(result, found.bytes);
    bytes = found.bytes;
  }
  let value: unknown;
  try {
    value = decodeResult(bytes, await resultOptions());
  } catch {
    return null;
  }
  const { fname } = wrapped;
  try {
    return await validate(value, { key, fname, created: new Date(createdMs), computeMs, sizeBytes })
      ? null
      : refusedReason();
  } catch (error) {
    warnOnce(`${fname}: validate threw, so the stored result is not used: ${describeError(error)}`);
    return refusedReason();
  }
}
