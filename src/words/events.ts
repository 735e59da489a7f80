/**
 * What happens to a call, as values: the runtime emits them, the tests assert them, the command line prints them.
 *
 * @module
 */
import type { CallKey } from "./digests.ts";

/** Why a call cannot be answered from the cache. `reasons/make_reason` makes them, `reasons/describe_reasons` says them. */
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
    /** Why it counts as changed when it could not be looked at, with the remedy. */
    readonly detail?: string;
  }
  | {
    readonly kind: "env";
    readonly name: string;
    readonly change: "changed" | "set" | "unset";
    /** Why it counts as changed when it could not be looked at, with the remedy. */
    readonly detail?: string;
  }
  | { readonly kind: "variable"; readonly path: string; readonly before?: string; readonly after?: string }
  | { readonly kind: "cwd" }
  | {
    readonly kind: "child";
    readonly functionId: string;
    readonly key: CallKey;
    readonly change: "result" | "gone" | "unrepeatable" | "stale";
    /** What made the child stale, down to the root cause. */
    readonly reasons: readonly StaleReason[];
  }
  | { readonly kind: "damaged"; readonly detail: string }
  | { readonly kind: "forced" }
  | { readonly kind: "unread" };

/** What `why` answers: what a call would do now, and for which reasons. Asking runs nothing. */
export interface CallReport {
  /** `hit`: a fresh entry exists; `miss`: the function would run. */
  readonly outcome: "hit" | "miss";
  /** The key of the call. */
  readonly key: CallKey;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Empty for a hit. Against the closest earlier entry of the same function. */
  readonly reasons: readonly StaleReason[];
  /** The entry that the reasons compare with; `null` when there is none. */
  readonly closest: CallKey | null;
  /** What in the function's code cannot be followed, in words. */
  readonly notices: readonly string[];
  /** The reasons in one line: `code changed: scale @ src/stats.ts`. */
  readonly summary: string;
}

/** Something that happened to a call. `kind` tells which; the rest depends on it. */
export type CacheEvent =
  & {
    /** Name of the function as shown to users. */
    readonly fname: string;
    /** The call's key, where one could be computed. */
    readonly key: CallKey | null;
  }
  & (
    | { readonly kind: "hit"; readonly elapsedMs: number; readonly savedMs: number }
    | { readonly kind: "miss"; readonly reasons: readonly StaleReason[]; readonly summary: string }
    | { readonly kind: "run"; readonly computeMs: number; readonly threw: boolean }
    | { readonly kind: "stored"; readonly sizeBytes: number }
    | { readonly kind: "shared"; readonly with: "process" | "machine" }
    | { readonly kind: "lock-wait"; readonly holder: string; readonly waitedMs: number }
    | { readonly kind: "damaged"; readonly detail: string }
    | { readonly kind: "save-failed"; readonly detail: string; readonly path: string | null }
    | { readonly kind: "raced"; readonly changed: readonly string[] }
    | { readonly kind: "notice"; readonly detail: string }
    | { readonly kind: "pruned"; readonly removed: number; readonly freedBytes: number }
  );
