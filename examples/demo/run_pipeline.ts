/**
 * Runs the pipeline as a user does, by its tasks, and collects what each step did.
 *
 * @module
 */
import { join } from "@std/path";
import type { StepOutcome } from "../weather/log.ts";
import type { Project } from "./project.ts";

/** What a run of the pipeline did. */
export interface PipelineRun {
  /**
   * Of each step the most that it did in any of the processes: ran, or was reused. A step is missing when nobody asked
   * for it, since what asks for it was reused.
   */
  readonly outcomes: readonly StepOutcome[];
  /** Steps that ran in more than one process. */
  readonly repeated: readonly string[];
  /** What the last task printed. */
  readonly report: string;
  readonly elapsedMs: number;
}

/**
 * Runs a task of the project with all that it depends on, each in a process of its own.
 *
 * @param project Where.
 * @param task Its name.
 * @returns What the steps did.
 * @throws {Error} When the task fails, with what it printed.
 */
export async function runPipeline(project: Project, task: string): Promise<PipelineRun> {
  const log = join(project.dir, "steps.jsonl");
  await Deno.writeTextFile(log, "");
  const startedMs = performance.now();
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["task", "--quiet", task],
    cwd: project.dir,
    env: { STEP_LOG: log, NO_COLOR: "1" },
  }).output();
  const elapsedMs = performance.now() - startedMs;
  if (!success) throw new Error(`Task ${task} failed:\n${new TextDecoder().decode(stderr)}`);

  const lines = (await Deno.readTextFile(log)).split("\n").filter((line) => line !== "");
  const outcomes = new Map<string, StepOutcome>();
  const repeated = [];
  for (const outcome of lines.map((line) => JSON.parse(line) as StepOutcome)) {
    const isRun = outcome.outcome === "ran";
    if (isRun && outcomes.get(outcome.step)?.outcome === "ran") repeated.push(outcome.step);
    if (isRun || !outcomes.has(outcome.step)) outcomes.set(outcome.step, outcome);
  }
  return { outcomes: [...outcomes.values()], repeated, report: new TextDecoder().decode(stdout), elapsedMs };
}
