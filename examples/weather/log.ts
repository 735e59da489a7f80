/**
 * Says what every step did: one line a step on stderr, and a line of JSON in the file that `STEP_LOG` names.
 *
 * @module
 */
import type { CacheEvent } from "@bimsb/cachepy";

/** What became of a step in one process. */
export interface StepOutcome {
  readonly step: string;
  readonly outcome: "ran" | "reused";
  /** How long it ran, or how long it would have taken; milliseconds. */
  readonly ms: number;
  /** Why it ran; empty when it was reused. */
  readonly why: string;
}

const file = Deno.env.get("STEP_LOG");
const reasons = new Map<string, string>();
const reused = new Set<string>();

/**
 * Listens to the cache: give it as `onEvent`.
 *
 * @param event What happened to a call.
 */
export function logStep(event: CacheEvent): void {
  switch (event.kind) {
    case "miss":
      reasons.set(event.fname, event.summary);
      break;
    case "run":
      write({ step: event.fname, outcome: "ran", ms: event.computeMs, why: reasons.get(event.fname) ?? "" });
      break;
    case "hit":
      if (reused.has(event.fname)) break;
      reused.add(event.fname);
      write({ step: event.fname, outcome: "reused", ms: event.savedMs, why: "" });
  }
}

function write(outcome: StepOutcome): void {
  const { step, ms, why } = outcome;
  const line = outcome.outcome === "ran"
    ? `  ran     ${step.padEnd(18)}${ms.toFixed(0).padStart(6)} ms  ${why}`
    : `  reused  ${step.padEnd(18)}`;
  // deno-lint-ignore no-console
  console.error(line.trimEnd());
  if (file !== undefined) Deno.writeTextFileSync(file, JSON.stringify(outcome) + "\n", { append: true });
}
