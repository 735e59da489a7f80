/**
 * The store from within, for those who check, mend and copy it: rows as they are written, files as they lie.
 *
 * A file of its own so that nobody else has to come in by the back door; it only names what is elsewhere.
 *
 * @module
 */
export { collectGarbage, hasReference, readReferences, recoverAside } from "./blobs/blob_garbage.ts";
export type { Mutation } from "./database/kv_batch.ts";
export { listForeign } from "./layout.ts";
export { abandonedLocks, isLockHeld, removeAbandonedLocks } from "./locks/file_lock.ts";
export { readOwn, removeOwn, requireFolders, writeAnew } from "./own_files.ts";
export { edgesOf, keyOfId, listRows } from "./records/graph_rows.ts";
export { decodeNode, decodeRecord, type StoredNode, type StoredSummary, summaryOf } from "./records/record_codec.ts";
export { blobsOf } from "./records/record_store.ts";
export { blobOfValue, blobRow, callKeyIn, nodeRow, pageRowsOf, tombstoneRow, unpackValue } from "./records/rows.ts";
export {
  digestOf,
  listOf,
  MalformedRow,
  type Members,
  refuse,
  requireObject,
  shapeOf,
  unpackMembers,
} from "./records/shapes.ts";
export { decodePage } from "./records/summary_index.ts";
