/**
 * Internals of the store for the parts of `manage/` that check, repair and copy it: rows as written, files as on disk.
 *
 * A file of its own that only re-exports, so that `manage/` imports these internals from one place.
 *
 * @module
 */
export { collectGarbage, hasReference, readReferences, recoverAside } from "./blobs/blob_garbage.ts";
export { findDefect } from "./database/check_database.ts";
export { removeCleared } from "./blobs/cleared.ts";
export type { Mutation } from "./database/kv_rows.ts";
export { listForeign } from "./layout.ts";
export { abandonedLocks, isLockHeld, removeAbandonedLocks } from "./locks/file_lock.ts";
export { lookAtEntry, readOwn, removeOwn, requireFolders, writeAnew } from "./own_files.ts";
export { edgesOf, keyOfId } from "./records/graph_rows.ts";
export { listRows } from "./database/kv_rows.ts";
export { decodeNode, decodeRecord, type StoredNode, type StoredSummary, summaryOf } from "./records/record_codec.ts";
export { blobsOf } from "./records/record_store.ts";
export {
  blobOfValue,
  blobRow,
  callKeyIn,
  nodeRow,
  pageRowsOf,
  recordRow,
  tombstoneRow,
  unpackValue,
} from "./records/rows.ts";
export { findUnreadable, removeUnreadable } from "./database/unreadable_rows.ts";
export { digestShape, isObject, MalformedRow, type Members, refuse, shapeOf, unpackMembers } from "./records/shapes.ts";
export { decodePage } from "./records/summary_index.ts";
