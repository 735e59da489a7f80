/**
 * The module of the workers that `parallel.ts` starts: answers each path with the digest of the file. A file of its
 * own, since a worker loads its module by URL.
 *
 * A file of its own, since a worker loads its module by URL.
 *
 * @module
 */
import { hashFileSync } from "./hash_file.ts";
import type { HelperAnswer } from "./parallel.ts";

/** The part of a worker's global scope that is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<string>) => void) | null;
  postMessage(answer: HelperAnswer): void;
}

const scope = globalThis as unknown as WorkerScope;
scope.onmessage = ({ data: path }) => {
  try {
    scope.postMessage(hashFileSync(path));
  } catch {
    scope.postMessage({ failed: true });
  }
};
