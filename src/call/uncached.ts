/**
 * Calls that have no key, since their code or an argument cannot be an input: they run uncached, which costs no result.
 *
 * @module
 */
import { cutBehindSecret } from "./arguments.ts";
import { type Call, identifyCall } from "./identify.ts";
import { reportUncached } from "./report.ts";
import type { ArgumentSnapshot } from "./snapshot.ts";
import { CacheError, CacheTypeError, describeError } from "../words/errors.ts";
import { SwitchedOff, type Wrapped } from "./wrapped.ts";
import { currentReads } from "../reads/context.ts";

/** Identifies a call; `null`, with a warning, when the code or an argument cannot be an input: that costs no result. */
export async function identifyOrWarn(
  wrapped: Wrapped,
  receiver: unknown,
  args: readonly unknown[],
  early: ArgumentSnapshot | null | undefined,
): Promise<Call | null> {
  try {
    return await identify(wrapped, receiver, args, early);
  } catch (error) {
    const cause = causeOfUncached(wrapped, error);
    if (!(error instanceof SwitchedOff)) reportUncached(wrapped, cause);
    return null;
  }
}

/** Identifies a call. An error for a part of an argument that is a secret does not name what is in the secret. */
export async function identify(
  wrapped: Wrapped,
  receiver: unknown,
  args: readonly unknown[],
  early?: ArgumentSnapshot | null,
): Promise<Call> {
  try {
    return await identifyCall(wrapped, receiver, args, early);
  } catch (error) {
    if (!(error instanceof CacheTypeError) || wrapped.ready === undefined) throw error;
    const path = cutBehindSecret(wrapped.ready.plan, error.path);
    if (path === error.path) throw error;
    throw new CacheTypeError(error.code, error.message.replace(error.path, () => path), { path });
  }
}

/**
 * The cause for which a call has no key, in words: an argument cannot be an input, or looking at it failed, as where an
 * accessor throws; or looking at the code failed, as where a program replaced what the platform has.
 *
 * @throws {CacheError} When the cache cannot be set up or the options are wrong, which the user has to mend.
 */
export function causeOfUncached({ ready }: Wrapped, error: unknown): string {
  const isOfInput = !(error instanceof CacheError || error instanceof CacheTypeError) ||
    error.code === "ERR_ARGUMENT" || error.code === "ERR_FILE";
  if (!isOfInput) throw error;
  if (error instanceof SwitchedOff) return error.message;
  if (error instanceof CacheError) return error.message; // a file that is declared and cannot be read
  if (!(error instanceof CacheTypeError)) {
    return `${ready === undefined ? "its code" : "its code or an argument"} cannot be looked at: ${
      describeError(error)
    }`;
  }
  // Users know arguments by the names of the parameters.
  return error.message.replace(
    /\bargs\[(\d+)\]/,
    (place, index) => ready?.plan.names[Number(index)] ?? place,
  );
}

/** Calls the function as part of the call around it, which is not stored: nothing tells when to make this one again. */
export function callUncached(wrapped: Wrapped, receiver: unknown, args: readonly unknown[]): unknown {
  currentReads()?.observeUnclear(`${wrapped.fname}, which runs uncached,`);
  return wrapped.fn.apply(receiver, [...args]);
}
