/**
 * What is asked of a wrapped function besides calling it: its keys, what a call would do and why; and what is done to its
 * entries: one is removed, or put in, or all are removed.
 *
 * @module
 */
import type { CallKey } from "../words/digests.ts";
import type { CallReport } from "../words/events.ts";
import { CacheTypeError } from "../words/errors.ts";
import { previewOf } from "../values/preview.ts";
import { runUnobserved } from "../reads/context.ts";
import { type Removal, removeChosen } from "../store/clear.ts";
import { reportOf, reportOfUncached, reportOfUnread } from "./explain.ts";
import type { Call } from "./identify.ts";
import { keep } from "./keep.ts";
import { beginVerification, lookUp } from "./look_up.ts";
import { executionOf } from "./run.ts";
import { supersede } from "./runs.ts";
import { causeOfUncached, identify } from "./uncached.ts";
import { SwitchedOff, type Wrapped } from "./wrapped.ts";

/** Removes the entry of a call. @returns True when an entry was removed; never in a read-only cache. */
export function forget(wrapped: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<boolean> {
  return runUnobserved(async () => {
    let call: Call;
    try {
      call = await identify(wrapped, receiver, args);
    } catch (error) {
      causeOfUncached(wrapped, error); // without a key there is no entry
      return false;
    }
    const { key, wrapped: { functionId }, fingerprint: { digest }, prepared: { workspace: { cache } } } = call;
    supersede(cache, (one) => one.key === key);
    if (cache.readOnly || await cache.records.get(key, { parts: false }) === null) return false;
    cache.revisions.revise([[functionId, digest]]);
    const { removed } = await cache.records.remove([key]);
    cache.revisions.revise([[functionId, digest]]);
    return removed > 0;
  });
}

/** Returns the key of a call; an empty text while the cache is switched off. */
export function keyOf(wrapped: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<CallKey> {
  return runUnobserved(async () => {
    try {
      return (await identify(wrapped, receiver, args)).key;
    } catch (error) {
      if (error instanceof SwitchedOff) return "" as CallKey;
      throw error;
    }
  });
}

/**
 * Reports the outcome that a call would have now, and the reasons. Does not run the function and changes no entry.
 *
 * @param wrapped The wrapped function.
 * @param receiver The `this` of the call.
 * @param args Arguments of the call.
 */
export function inspect(wrapped: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<CallReport> {
  return runUnobserved(async () => {
    let call: Call;
    try {
      call = await identify(wrapped, receiver, args);
    } catch (error) {
      return reportOfUncached(wrapped, causeOfUncached(wrapped, error));
    }
    try {
      return await reportOf(call, await lookUp(call, beginVerification(), { isAfresh: true }));
    } catch (error) {
      return reportOfUnread(call, error);
    }
  });
}

/** A call whose result is put in. */
export interface PutCall {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
  readonly value: unknown;
}

/**
 * Stores a result for a call without running the function, in the place of those that are stored.
 *
 * @returns True when it was stored; false in a read-only cache, and when the store failed, which is said.
 * @throws {CacheTypeError} `ERR_ARGUMENT` for arguments or a result that cannot be stored, with the path of the value.
 */
export function put(wrapped: Wrapped, { receiver, args, value }: PutCall): Promise<boolean> {
  return runUnobserved(async () => {
    if (!Array.isArray(args)) {
      throw new CacheTypeError(
        "ERR_ARGUMENT",
        `Cannot use ${previewOf(args)} for the arguments of put(); want an array of them: put([3], 9)`,
        { path: "args" },
      );
    }
    let call: Call;
    try {
      call = await identify(wrapped, receiver, args);
    } catch (error) {
      if (error instanceof SwitchedOff) return false;
      throw error;
    }
    if (call.prepared.workspace.cache.readOnly) return false;
    const execution = await executionOf(call, value);
    if (execution.encoded === null) throw execution.refusal;
    supersede(call.prepared.workspace.cache, ({ key }) => key === call.key);
    const outcome = await keep(call, execution, {
      reasons: [],
      isSameInput: true,
      isWritten: true,
      isOverwriting: true,
      record: null,
      isUnread: true,
    });
    return outcome.kind === "stored";
  });
}

/** Removes the entries of a function: those that it stored, by whatever code it had, and those of functions of equal code. */
export function clearFunction(wrapped: Wrapped): Promise<Removal> {
  return runUnobserved(async () => {
    try {
      const { workspace: { cache }, fingerprint } = await wrapped.prepare();
      if (cache.readOnly) return { removed: 0, freedBytes: 0 };
      const { digest } = await fingerprint();
      supersede(cache, (one) => one.wrapped.functionId === wrapped.functionId || one.fingerprint.digest === digest);
      return await removeChosen(cache, ({ functionId, code }) =>
        // `code` is the beginning of a digest
        functionId === wrapped.functionId || digest.startsWith(code));
    } catch (error) {
      if (error instanceof SwitchedOff) return { removed: 0, freedBytes: 0 };
      throw error;
    }
  });
}
