/**
 * Seals of traces: proof that this user's own programs stored the arguments of the inner calls in a trace.
 *
 * A cache may come from a stranger, who can give any call any result. Stored arguments can do more: an inner call that is
 * made again *runs* the user's function with them. So each trace is sealed on its own, since an entry may get a trace of
 * the user's beside one of a stranger's, and together with the key of its entry, so that it cannot be moved to another.
 *
 * A file of its own, since calls may ask for a seal, and for nothing else of `records/`.
 *
 * @module
 */
import type { CallKey } from "../../words/digests.ts";
import type { Trace } from "../../words/records.ts";
import { authenticate } from "../../words/sha256.ts";
import { userKey } from "../user_key.ts";
import { sealedText } from "./record_codec.ts";

export { flagsForUserKey } from "../user_key.ts";

/** Seals a trace of an entry, if it stores arguments of inner calls and the user's key can be used. */
export function sealTrace(trace: Trace, key: CallKey): Trace {
  const hasArguments = trace.dependencies.some((one) => one.kind === "child" && one.args !== null);
  const secret = hasArguments ? userKey(true) : null;
  return secret === null ? trace : { ...trace, seal: authenticate(secret, sealedText(trace, key)) };
}

/** True when a program of this user stored the trace, under this key. */
export function isSealed(trace: Trace, key: CallKey): boolean {
  const secret = trace.seal === undefined ? null : userKey(false);
  // A comparison that ends early tells nothing to a stranger, who cannot measure it.
  return secret !== null && authenticate(secret, sealedText(trace, key)) === trace.seal;
}
