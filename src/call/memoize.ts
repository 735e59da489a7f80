/**
 * The way of a call, in order: identify it, look up its entry, verify what the entry rests on, and return the stored
 * result; or else compute it.
 *
 * Every step has its own file; this one knows their order, and `compute` that of the steps that run the function.
 *
 * @module
 */
import { type Call, identifyCall } from "./identify.ts";
import type { CallOptions } from "./cached_function.ts";
import { DAMAGED, deliver } from "./deliver.ts";
import type { CallKey } from "../words/digests.ts";
import type { CallReport } from "../words/events.ts";
import type { Run } from "./runs.ts";
import { type Outcome, outcomeOfTrace } from "./outcome.ts";
import { NOTHING_FOUND } from "./freshness.ts";
import { beginVerification, lookUp, type Verification } from "./look_up.ts";
import type { Wrapped } from "./wrapped.ts";
import { isHeard } from "./report.ts";
import { runUnobserved } from "../reads/context.ts";

/**
 * Answers one call of a wrapped function, from the cache if it can.
 *
 * @param wrapped The wrapped function.
 * @param receiver Its `this`.
 * @param args Its arguments.
 * @param options How this call uses the cache.
 * @returns What the function returns, or a fresh copy of what it returned.
 * @throws Whatever the function throws, untouched.
 * @throws {CacheTypeError} `ERR_ARGUMENT` for an argument that cannot be an input.
 * @throws {CacheError} When the cache cannot be set up: a missing flag or permission, a directory that is a file.
 */
export function memoize(
  wrapped: Wrapped,
  receiver: unknown,
  args: readonly unknown[],
  options: CallOptions,
): Promise<unknown> {
  const startedMs = performance.now();
  const place = computing?.reservePlace(); // no function runs before that is loaded
  return runUnobserved(async () => {
    const call = await identifyCall(wrapped, receiver, args);
    const packed = place?.pack(call) ?? null;
    const release = call.prepared.workspace.cache.use();
    try {
      let outcome = await answer(call, options, place?.run);
      let result = await deliver(call, outcome, startedMs);
      if (result === DAMAGED) {
        outcome = await answer(call, { ...options, load: false }, place?.run);
        result = await deliver(call, outcome, startedMs);
      }
      await place?.fill(call, packed, outcome);
      if (outcome.kind === "threw") throw outcome.error;
      return result;
    } finally {
      release();
    }
  });
}

/** Drops the entry of a call. @returns Whether there was one. */
export function forget(wrapped: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<boolean> {
  return runUnobserved(async () => {
    const { key, prepared: { workspace: { cache } } } = await identifyCall(wrapped, receiver, args);
    return !cache.readOnly && (await cache.records.remove([key])).removed > 0;
  });
}

/** The key of a call. */
export function keyOf(wrapped: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<CallKey> {
  return runUnobserved(async () => (await identifyCall(wrapped, receiver, args)).key);
}

/** Finds or makes the result of a call; `within` is the run in whose function it was made. */
async function answer(
  call: Call,
  options: CallOptions,
  within: Run | undefined,
  verification: Verification = beginVerification(isHeard(call), answerInner),
): Promise<Outcome> {
  const isRead = options.force !== true && options.load !== false;
  const found = isRead ? await lookUp(call, verification) : NOTHING_FOUND;
  if (found.verdict?.fresh) return outcomeOfTrace(found.verdict.trace);

  const { compute } = computing ?? await loadCompute();
  const outcome = await compute(call, { options, found, verification, within });
  const isOfOther = outcome.isShared === true && outcome.isOfOtherInput === true;
  return isOfOther ? await answer(call, options, within) : outcome;
}

/** Makes an inner call again while the call around it is verified. */
function answerInner(call: Call, verification: Verification): Promise<Outcome> {
  return answer(call, {}, undefined, verification);
}

let computing: typeof import("./compute.ts") | undefined;

async function loadCompute(): Promise<typeof import("./compute.ts")> {
  return computing = await import("./compute.ts");
}

/**
 * What a call would do now, and why. Runs nothing and writes nothing.
 *
 * @param wrapped The wrapped function.
 * @param receiver Its `this`.
 * @param args Its arguments.
 */
export function inspect(wrapped: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<CallReport> {
  return runUnobserved(async () => {
    const [call, { reportOf }] = await Promise.all([identifyCall(wrapped, receiver, args), import("./explain.ts")]);
    return await reportOf(call, await lookUp(call, beginVerification(true), "afresh"));
  });
}
