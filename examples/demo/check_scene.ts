/**
 * Compares what happened with what must happen.
 *
 * @module
 */
import type { PipelineRun } from "./run_pipeline.ts";
import { type Scene, STEPS } from "./scenes.ts";

/**
 * What is wrong with a run.
 *
 * @param scene What must happen.
 * @param run What happened.
 * @returns Sentences; none when all is well.
 */
export function findSurprises(scene: Scene, run: PipelineRun): string[] {
  const surprises = run.repeated.map((step) => `${step} ran more than once`);
  for (const step of STEPS) {
    const hasRun = run.outcomes.some((outcome) => outcome.step === step && outcome.outcome === "ran");
    const mustRun = scene.runs.includes(step);
    if (hasRun !== mustRun) surprises.push(mustRun ? `${step} did not run` : `${step} ran in vain`);
  }
  const why = run.outcomes.find((outcome) => outcome.step === scene.runs[0])?.why ?? "";
  if (scene.because !== undefined && !why.includes(scene.because)) {
    surprises.push(`the reason of ${scene.runs[0]} does not name ${scene.because}: ${why}`);
  }
  return surprises;
}
