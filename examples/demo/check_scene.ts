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
    const wanted = scene.runs.includes(step) ? "ran" : "reused";
    const happened = run.outcomes.find((outcome) => outcome.step === step)?.outcome ?? "neither ran nor was reused";
    if (happened !== wanted) surprises.push(`${step}: ${happened}, but must be ${wanted}`);
  }
  const why = run.outcomes.find((outcome) => outcome.step === scene.runs[0])?.why ?? "";
  if (scene.because !== undefined && !why.includes(scene.because)) {
    surprises.push(`the reason of ${scene.runs[0]} does not name ${scene.because}: ${why}`);
  }
  return surprises;
}
