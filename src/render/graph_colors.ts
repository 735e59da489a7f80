/**
 * How calls and files look in a drawing.
 *
 * @module
 */

/** How a call in the graph is: reusable, with a file that changed, or without its stored result. */
export type NodeState = "fresh" | "stale" | "missing";

/** Colours of a box. */
export interface BoxColors {
  readonly fill: string;
  readonly text: string;
  readonly line: string;
}

/** Colours by state; the contrast of text on fill is at least 4.5 (WCAG 2.2, 1.4.3). */
export const NODE_COLORS: Readonly<Record<NodeState, BoxColors>> = {
  fresh: { fill: "#1f5f8b", text: "#ffffff", line: "#17476a" },
  stale: { fill: "#f4b942", text: "#1d1d1d", line: "#b98316" },
  missing: { fill: "#e3e6ea", text: "#3a4149", line: "#8a94a0" },
};

/** Colours of a file. */
export const FILE_COLORS: BoxColors = { fill: "#eaf3fa", text: "#1f3b52", line: "#9dbdd6" };

/** What each state means, for a legend. */
export const STATE_WORDS: Readonly<Record<NodeState, string>> = {
  fresh: "stored",
  stale: "a file changed",
  missing: "result not stored any more",
};
