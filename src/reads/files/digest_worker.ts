/**
 * Runs in a worker of `parallel.ts`: answers each path with the digest of the file.
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
