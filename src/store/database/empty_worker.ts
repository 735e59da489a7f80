/**
 * The module of the worker that empties a large database: the worker's thread waits for SQLite, this thread goes on. A
 * file of its own, since a worker loads its module by URL.
 *
 * @module
 */
import { emptyRows, type RowsToEmpty } from "./empty_rows.ts";

/** Answer of the worker: the number of records, or `null` when the rows could not be deleted. */
export type EmptyAnswer = number | null;

/** The part of the worker's global scope that is used here. */
interface EmptyWorkerScope {
  onmessage: ((event: MessageEvent<RowsToEmpty>) => void) | null;
  postMessage(answer: EmptyAnswer): void;
}

const scope = globalThis as unknown as EmptyWorkerScope;
scope.onmessage = ({ data }) => {
  try {
    scope.postMessage(emptyRows(data));
  } catch {
    scope.postMessage(null);
  }
};
