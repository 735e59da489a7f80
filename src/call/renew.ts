/**
 * Results that are stale by their age alone, and are used while a new one is computed behind the call (RFC 5861,
 * "stale-while-revalidate").
 *
 * @module
 */
import { describeError } from "../words/errors.ts";
import type { Trace } from "../words/records.ts";
import type { AnswerOptions } from "./deliver.ts";
import { ageOfTrace } from "./freshness.ts";
import type { Call } from "./identify.ts";
import type { Outcome } from "./outcome.ts";
import { reportNotice } from "./report.ts";

/**
 * True when the options allow an expired result to be used: one that can be renewed, while the call itself asks for no
 * age.
 */
export function mayUseExpired(
  { prepared: { options: { staleWhileRevalidate, maxAge }, workspace: { cache } } }: Call,
  expired: Trace,
  { maxAgeMs, skipSave }: AnswerOptions,
): boolean {
  if (maxAgeMs !== undefined || skipSave === true || cache.readOnly) return false;
  if (typeof staleWhileRevalidate === "boolean") return staleWhileRevalidate;
  return ageOfTrace(expired) <= maxAge + staleWhileRevalidate;
}

/** Calls that are being renewed, by cache and key. */
const underWay = new Set<string>();

/**
 * Computes a call anew while its caller goes on. Of several callers at a time, the first one does so. A failure is told,
 * and the old result stays until the function succeeds.
 *
 * @param call The call.
 * @param compute Computes it.
 */
export function renewBehind(call: Call, compute: () => Promise<Outcome>): void {
  const { cache } = call.prepared.workspace;
  const id = `${cache.layout.root}\0${call.key}`;
  if (underWay.has(id)) return;
  underWay.add(id);
  const release = cache.use();
  void compute().then((outcome) => outcome.kind === "threw" ? outcome.error : undefined, (error) => error)
    .then((error) => {
      if (error !== undefined) reportNotice(call, `the expired result could not be renewed: ${describeError(error)}`);
    })
    .finally(() => {
      underWay.delete(id);
      release();
    });
}
