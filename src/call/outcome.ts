/**
 * What a call came to, for the caller, for those who share its run, and for the trace of the call around it.
 *
 * @module
 */
import type { FingerprintOptions } from "../code/fingerprint.ts";
import { CanonicalEncoder } from "./canonical.ts";
import { digestBytes, digestChunks } from "../words/sha256.ts";
import type { Digest } from "../words/digests.ts";
import type { StaleReason } from "../words/events.ts";
import type { Trace } from "../words/records.ts";
import { digestOfOutcome } from "./freshness.ts";

/** How a call ended. */
export type Outcome =
  & {
    /** Identity of what it returned or threw; what an outer call depends on. */
    readonly digest: Digest<"outcome">;
    /** Why the function ran, as far as that was asked; empty for a hit. */
    readonly reasons: readonly StaleReason[];
    /** Whether it is that of another caller's run, so that its value is not this caller's to change. */
    readonly isShared?: boolean;
    /** Whether an input changed between the call and the run, so that it is nobody else's result. */
    readonly isOfOtherInput?: boolean;
  }
  & (
    | { readonly kind: "hit"; readonly trace: Trace }
    | { readonly kind: "stored"; readonly trace: Trace; readonly value: unknown }
    | { readonly kind: "unstored"; readonly value: unknown }
    | { readonly kind: "threw"; readonly error: unknown }
  );

/** A stored execution that stands. */
export function outcomeOfTrace(trace: Trace): Outcome {
  return { kind: "hit", trace, digest: digestOfOutcome(trace), reasons: [] };
}

/** An execution that threw; errors that code can only tell apart by their stack traces are one outcome. */
export async function outcomeOfError(
  codeOptions: FingerprintOptions,
  error: unknown,
  reasons: readonly StaleReason[],
): Promise<Outcome> {
  const encoder = new CanonicalEncoder(codeOptions);
  let digest: Digest<"outcome">;
  try {
    digest = digestChunks([utf8.encode("threw "), await encoder.encode(error, "error")]);
  } catch {
    digest = uniqueOutcome(); // it holds something that cannot be compared
  }
  return { kind: "threw", error, reasons, digest };
}

const utf8 = new TextEncoder();

/** An outcome that equals no other: what cannot be stored cannot be compared either. */
export function uniqueOutcome(): Digest<"outcome"> {
  return digestBytes(crypto.getRandomValues(new Uint8Array(32)));
}
