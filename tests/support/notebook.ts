/**
 * Notebooks of a project, run by real Jupyter kernels.
 *
 * @module
 */
import { dirname, fromFileUrl } from "@std/path";
import type { Project } from "./project.ts";

const DRIVER = fromFileUrl(new URL("./notebook.py", import.meta.url));

/** How to get what {@linkcode findPython} looks for. */
export const NOTEBOOK_NEEDS = "Python 3 with jupyter_client: pip install jupyter_client";

/** What came of a cell. */
export interface CellOutcome {
  /** `dead`: the kernel ended or did not answer. */
  readonly status: "ok" | "error" | "dead";
  /** What it printed, returned and threw. */
  readonly text: readonly string[];
}

/** A Python that has jupyter_client; `null` when there is none. */
export function findPython(): string | null {
  for (const name of ["python3", "python"]) {
    try {
      const { success } = new Deno.Command(name, {
        args: ["-c", "import sys, jupyter_client; sys.exit(sys.version_info < (3,))"],
        stdout: "null",
        stderr: "null",
      }).outputSync();
      if (success) return name;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  return null;
}

/**
 * Runs cells in a project's folder, each list in a kernel of its own, one kernel after the other.
 *
 * Jupyter's files are kept in the project's `home`, so that nothing outside is changed.
 */
export async function runNotebooks(
  project: Project,
  python: string,
  kernels: readonly (readonly string[])[],
): Promise<CellOutcome[][]> {
  const home = project.path("home");
  const env = { HOME: home, USERPROFILE: home, NO_COLOR: "1", DENO_DIR: await denoDir() };
  await Deno.mkdir(home, { recursive: true });
  const installed = await new Deno.Command(Deno.execPath(), {
    args: ["jupyter", "--install", "--force"],
    env,
    cwd: home,
  }).output();
  const spec = / at (.+)$/m.exec(textOf(installed.stdout) + textOf(installed.stderr))?.[1];
  if (spec === undefined) throw new Error(`Cannot install the kernel: ${textOf(installed.stderr)}`);
  const child = new Deno.Command(python, {
    args: [DRIVER],
    env: { ...env, JUPYTER_DATA_DIR: dirname(dirname(spec.trim())) },
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  await writer.write(new TextEncoder().encode(JSON.stringify({ cwd: project.folder, kernels })));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  if (!success) throw new Error(`Cannot run the notebook: ${textOf(stderr)}`);
  return JSON.parse(textOf(stdout));
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

async function denoDir(): Promise<string> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  return JSON.parse(textOf(stdout)).denoDir;
}
