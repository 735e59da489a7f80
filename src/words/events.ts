/**
 * Events of a call, as values: the runtime emits them, the tests assert them, `words/announce` prints them.
 *
 * @module
 */
import type { CallKey } from "./digests.ts";

/** Reason why a call cannot be answered from the cache. Made by `make_reason`, put into words by `describe_reasons`. */
export type StaleReason =
  | { readonly kind: "first" }
  | { readonly kind: "argument"; readonly path: string; readonly before?: string; readonly after?: string }
  | {
    readonly kind: "code";
    readonly name: string;
    readonly module?: string;
    readonly change: "changed" | "added" | "removed";
    readonly before?: string;
    readonly after?: string;
  }
  | { readonly kind: "package"; readonly name: string; readonly before?: string; readonly after?: string }
  | { readonly kind: "version"; readonly before?: string; readonly after?: string }
  | {
    readonly kind: "file";
    readonly path: string;
    readonly change: "content" | "appeared" | "vanished" | "metadata" | "listing" | "link";
    /** Cause, with the remedy, when the path could not be looked at and therefore counts as changed. */
    readonly detail?: string;
  }
  | {
    readonly kind: "env";
    readonly name: string;
    readonly change: "changed" | "set" | "unset";
    /** Cause, with the remedy, when the variable could not be looked at and therefore counts as changed. */
    readonly detail?: string;
  }
  | { readonly kind: "variable"; readonly path: string; readonly before?: string; readonly after?: string }
  | { readonly kind: "codec"; readonly name: string; readonly change: "changed" | "added" | "removed" }
  /** The codecs are asked in another order. */
  | { readonly kind: "codec"; readonly name: null; readonly change: "order" }
  | { readonly kind: "cwd" }
  | {
    readonly kind: "child";
    readonly functionId: string;
    readonly key: CallKey;
    readonly change: "result" | "gone" | "unrepeatable" | "stale";
    /** Reasons that made the inner call stale, down to the root cause. */
    readonly reasons: readonly StaleReason[];
  }
  | { readonly kind: "damaged"; readonly detail: string }
  /** The result is older than `maxAge`. */
  | { readonly kind: "expired"; readonly ageMs: number; readonly maxAgeMs: number }
  /** `validate` does not want the stored result. */
  | { readonly kind: "refused" }
  | { readonly kind: "forced" }
  | { readonly kind: "unread" };

/** Answer of `why`: the outcome that a call would have now, and the reasons. Asking runs nothing. */
export interface CallReport {
  /** `hit`: a fresh entry exists; `miss`: the function would run. */
  readonly outcome: "hit" | "miss";
  /** Key of the call; empty for a call that runs uncached, since an argument cannot be an input. */
  readonly key: CallKey;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Reasons for a miss, compared with the closest earlier entry of the same function; empty for a hit. */
  readonly reasons: readonly StaleReason[];
  /** Key of the entry that the reasons compare with; `null` when there is none. */
  readonly closest: CallKey | null;
  /** Parts of the function's code that cannot be followed, and calls that were not stored, in words. */
  readonly notices: readonly string[];
  /** The reasons in one line: `code changed: scale @ src/stats.ts`. */
  readonly summary: string;
}

/** Event of a call. `kind` says which event it is; the other fields depend on `kind`. */
export type CacheEvent =
  & {
    /** Name of the function as shown to users. */
    readonly fname: string;
    /** Key of the call; `null` when none could be computed. */
    readonly key: CallKey | null;
  }
  & (
    | {
      readonly kind: "hit";
      readonly elapsedMs: number;
      readonly savedMs: number;
      /** True for a result that is stale by its age, and that `staleWhileRevalidate` allows to be used. */
      readonly isExpired?: true;
    }
    | { readonly kind: "miss"; readonly reasons: readonly StaleReason[]; readonly summary: string }
    | { readonly kind: "run"; readonly computeMs: number; readonly threw: boolean }
    | { readonly kind: "stored"; readonly sizeBytes: number }
    | { readonly kind: "shared"; readonly with: "process" | "machine" }
    | {
      readonly kind: "lock-wait";
      readonly holder: string;
      readonly waitedMs: number;
      /** True when `waitMs` ended the wait, so that the function runs. */
      readonly gaveUp?: true;
    }
    | { readonly kind: "damaged"; readonly detail: string }
    | { readonly kind: "save-failed"; readonly detail: string; readonly path: string | null }
    | { readonly kind: "raced"; readonly changed: readonly string[] }
    | { readonly kind: "notice"; readonly detail: string }
    | { readonly kind: "pruned"; readonly removed: number; readonly freedBytes: number }
  );
