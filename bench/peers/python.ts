/**
 * Hits of the Python caches `joblib` and `cachepy`, where Python finds them; nothing is installed.
 *
 * @module
 */
import type { PeerName } from "../support/figures.ts";

/** What was found of the Python caches. */
export interface PythonHits {
  /** Median of a hit, milliseconds. */
  readonly hits: Partial<Record<PeerName, number>>;
  /** Their versions. */
  readonly versions: Record<string, string>;
  /** What was left out, and why. */
  readonly skipped: readonly string[];
}

/**
 * Times hits in a Python process.
 *
 * @param dir Where they may put their caches.
 * @param rounds How many hits to time.
 */
export async function timePythonHits(dir: string, rounds: number): Promise<PythonHits> {
  const script = new URL("./python_hits.py", import.meta.url).pathname;
  const output = await new Deno.Command("python3", { args: ["-B", script, dir, String(rounds)], cwd: dir }).output()
    .catch((error) => {
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    });
  if (output === null) return { hits: {}, versions: {}, skipped: ["joblib and cachepy (Python): there is no python3"] };
  if (!output.success) throw new Error(`Python failed:\n${new TextDecoder().decode(output.stderr)}`);

  const found: Record<string, { version: string; hitMs: number }> = JSON.parse(new TextDecoder().decode(output.stdout));
  const hits: Partial<Record<PeerName, number>> = {};
  const versions: Record<string, string> = {};
  const skipped: string[] = [];
  for (const name of ["joblib", "cachepy (Python)"] as const) {
    const peer = found[name];
    if (peer === undefined) {
      skipped.push(`${name}: python3 cannot import it`);
      continue;
    }
    hits[name] = peer.hitMs;
    versions[name] = peer.version;
  }
  return { hits, versions, skipped };
}
