/**
 * What a bench reports: a figure of ours beside those of peers, and the limit it has to keep.
 *
 * @module
 */
/** Other caches that run beside ours. */
export const PEER_NAMES = ["memoize-fs", "cacache", "cacheable", "flat-cache", "joblib", "cachepy (Python)"] as const;

/** One of {@linkcode PEER_NAMES}. */
export type PeerName = typeof PEER_NAMES[number];

/** The most that a figure may be. */
export interface Limit {
  /** How it is reckoned: `3 × floor`. */
  readonly text: string;
  /** In the unit of the figure. */
  readonly most: number;
}

/** A row of the table. */
export interface Figure {
  /** What was measured: `hot hit`. */
  readonly path: string;
  /** Of `ours`, `floor`, `peers` and `limits`. */
  readonly unit: "ms" | "bytes" | "modules";
  /** Median of ours. */
  readonly ours: number;
  /** The least that the machine takes for what the path cannot do without; `null` where there is none. */
  readonly floor: number | null;
  /** Medians of the peers that can do the same, in the same run. */
  readonly peers: Readonly<Partial<Record<PeerName, number>>>;
  /** Empty for a figure that has no target. */
  readonly limits: readonly Limit[];
  /** What a reader has to know to judge the figure; empty for nothing. */
  readonly note: string;
}

/** How much to measure. */
export interface Scale {
  /** Few rounds and small sizes, for a look. */
  readonly quick: boolean;
  /** The sizes that take minutes: 1,000,000 entries, 1 GiB, 1,000,000 rows. */
  readonly large: boolean;
}

/** Whether a figure keeps all its limits; `null` when it has none. */
export function keepsLimits({ ours, limits }: Figure): boolean | null {
  return limits.length === 0 ? null : limits.every((limit) => ours <= limit.most);
}
