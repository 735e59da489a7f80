/**
 * The outcome of a call: for its caller, for callers that share its run, and for the trace of its outer call.
 *
 * A file of its own, since both `memoize`, which returns hits, and the modules that run functions make outcomes.
 *
 * @module
 */
import type { Call } from "./identify.ts";
import { EVERYTHING } from "../code/types.ts";
import { CanonicalEncoder } from "./canonical.ts";
import { digestBytes, digestChunks } from "../words/sha256.ts";
import { randomId } from "../words/random.ts";
import type { Digest } from "../words/digests.ts";
import type { StaleReason } from "../words/events.ts";
import type { FlatTrace, Trace } from "../words/records.ts";
import { digestOfOutcome } from "./freshness.ts";

/** Outcome of a call: its value, the trace that holds its value, or its error. */
export type Outcome =
  & {
    /** Digest of the value or the error, by which an outer call depends on this call. */
    readonly digest: Digest<"outcome">;
    /** Reasons why the function ran, as far as they were asked for; empty for a hit. */
    readonly reasons: readonly StaleReason[];
    /** True when another caller's run had this outcome, so that this caller must not change the value itself. */
    readonly isShared?: boolean;
    /** True when an input changed between the call and its run, so that other callers must not share the outcome. */
    readonly isOfOtherInput?: boolean;
    /**
     * Everything that the run rested on, at any depth, for a call that was run to verify a trace, and whose outcome is not
     * stored; absent when that cannot be listed.
     */
    readonly basis?: FlatTrace;
    /** The call as it is since its run was seen to change state, which is left out of its key; absent without any. */
    readonly call?: Call;
  }
  & (
    | {
      readonly kind: "hit";
      readonly trace: Trace;
      /** True for a result that is stale by its age, and is renewed behind the call. */
      readonly isExpired?: true;
    }
    | { readonly kind: "stored"; readonly trace: Trace; readonly value: unknown }
    | {
      readonly kind: "unstored";
      readonly value: unknown;
      /** True when nothing tells whether another run has the same outcome, since the value cannot be encoded. */
      readonly isIncomparable?: boolean;
      /** The value, encoded before any caller got it, for the callers that share the run; absent when it has none. */
      readonly copy?: Uint8Array;
    }
    | { readonly kind: "threw"; readonly error: unknown }
  );

/** Makes the outcome of a call whose stored trace stands. */
export function outcomeOfTrace(trace: Trace): Outcome & { readonly kind: "hit" } {
  return { kind: "hit", trace, digest: digestOfOutcome(trace), reasons: [] };
}

/** Makes the outcome of a function that threw. Errors that differ in their stack traces alone have equal digests. */
export async function outcomeOfError(
  { prepared: { codeOptions }, fingerprint }: Pick<Call, "prepared" | "fingerprint">,
  error: unknown,
  reasons: readonly StaleReason[],
): Promise<Outcome> {
  // Callers may tell the function's own classes apart, also those of one text.
  const encoder = new CanonicalEncoder(codeOptions, {
    sight: SIGHT_OF_CALLERS,
    isSightFinal: true,
    ordinalOf: fingerprint.ordinalOf,
  });
  let digest: Digest<"outcome">;
  try {
    digest = digestChunks([utf8.encode("threw "), await encoder.encode(error, "error")]);
  } catch {
    digest = uniqueOutcome(); // the error holds a value that cannot be compared
  }
  return { kind: "threw", error, reasons, digest };
}

const utf8 = new TextEncoder();

/** Makes a digest that equals no other: a value that cannot be encoded cannot be compared either. */
export function uniqueOutcome(): Digest<"outcome"> {
  return digestBytes(randomId());
}

/** What the callers of a function may see of an error. The traces of errors that are thrown again and again differ. */
const SIGHT_OF_CALLERS = { ...EVERYTHING, texts: false, stacks: false };
