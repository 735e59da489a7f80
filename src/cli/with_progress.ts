/** Long work with a bar on the terminal. @module */
import { createProgress } from "../render/progress.ts";
import type { OnProgress } from "../report/removed.ts";
import type { Terminal } from "./terminal.ts";

/**
 * Runs `task`, with a bar on standard error when that is a terminal and the task takes over a second.
 *
 * @param terminal Where to draw.
 * @param label What is being done.
 * @param task The work; it tells how far it is.
 * @returns What `task` returned.
 */
export async function withProgress<Answer>(
  terminal: Terminal,
  label: string,
  task: (onProgress: OnProgress) => Promise<Answer>,
): Promise<Answer> {
  if (!terminal.drawsProgress) return await task(() => {});
  const progress = createProgress({
    label,
    draw: terminal.err,
    now: () => performance.now(),
    columns: terminal.columns,
  });
  try {
    return await task(progress.update);
  } finally {
    progress.finish();
  }
}
