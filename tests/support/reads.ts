/**
 * Runs a body as a cached call runs it, and tells what it was seen to depend on.
 *
 * @module
 */
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import type { Dependency } from "../../src/words/records.ts";
import { CallReads, currentReads, type ReadingRun, runObserved } from "../../src/reads/run_observed.ts";

/** What a run came to. */
export interface ObservedRun<T> {
  readonly value: T;
  readonly dependencies: Dependency[];
  readonly raced: string[];
  /** The dependencies in short: `file a.txt`, `stat b (size)`, `env HOME unset`. */
  readonly seen: string[];
}

/** Reads of a body, made inside those that are open. */
export function newReads(root: string, files: FileDigests = new FileDigests()): CallReads {
  const run: { parent: ReadingRun | undefined; reads: CallReads | undefined } = {
    parent: currentReads()?.run,
    reads: undefined,
  };
  return run.reads = new CallReads(run, { root, files });
}

/** Runs `body` and notes what it reads. Its errors pass. */
export async function observeRun<T>(
  root: string,
  body: () => T,
  files?: FileDigests,
): Promise<ObservedRun<Awaited<T>>> {
  const reads = newReads(root, files);
  const value = await runObserved(reads, body);
  const settled = await reads.settle();
  return { value, ...settled, seen: settled.dependencies.map(inShort) };
}

/** One dependency in few words. */
export function inShort(dependency: Dependency): string {
  switch (dependency.kind) {
    case "file":
    case "directory":
      return `${dependency.kind} ${dependency.path}${dependency.digest === null ? " absent" : ""}`;
    case "stat": {
      const aspects = dependency.aspects === "times" ? dependency.fields!.join(",") : dependency.aspects;
      const name = dependency.followed ? "stat" : "lstat";
      return `${name} ${dependency.path} (${aspects})${dependency.digest === null ? " absent" : ""}`;
    }
    case "link":
      return `link ${dependency.path} (${dependency.aspect})${dependency.digest === null ? " absent" : ""}`;
    case "env":
      return `env ${dependency.name}${dependency.digest === null ? " unset" : ""}`;
    case "cwd":
      return "cwd";
    case "child":
      return `child ${dependency.functionId}`;
    default:
      throw new TypeError(`Unknown dependency ${dependency satisfies never}`);
  }
}

/** Runs `body` with a temporary folder, and removes it. */
export async function inFolder<T>(body: (folder: string) => T): Promise<Awaited<T>> {
  const folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "cachepy-test-" }));
  try {
    return await body(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
