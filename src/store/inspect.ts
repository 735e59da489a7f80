/**
 * Internals of the store for `manage/verify/`, which checks and repairs it: rows as written, files as they are on disk.
 *
 * A file of its own, so that `manage/verify/` imports them by one door; it only re-exports.
 *
 * @module
 */
export { collectGarbage, hasReference, readReferences, recoverAside } from "./blobs/blob_garbage.ts";
export type { Mutation } from "./database/kv_batch.ts";
export { listForeign } from "./layout.ts";
export { abandonedLocks, isLockHeld, removeAbandonedLocks } from "./locks/file_lock.ts";
export { readOwn, removeOwn, requireFolders, writeAnew } from "./own_files.ts";
export { edgesOf, keyOfId, listRows } from "./records/graph_rows.ts";
export {
  decodeNode,
  decodeRecord,
  MalformedRow,
  type StoredNode,
  type StoredSummary,
  summaryOf,
} from "./records/record_codec.ts";
export { blobsOf } from "./records/record_store.ts";
export { blobOfValue, blobRow, callKeyIn, nodeRow, pageRowsOf, tombstoneRow, unpackValue } from "./records/rows.ts";
export { decodePage } from "./records/summary_index.ts";
