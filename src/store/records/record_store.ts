/**
 * Records of calls in Deno.Kv, each committed together with its summary, its node and its edges.
 *
 * @module
 */
import type { BlobDigest, CallKey, FingerprintDigest } from "../../words/digests.ts";
import { randomId } from "../../words/random.ts";
import { CacheError } from "../../words/errors.ts";
import type { EntryRecord, EntrySummary, FingerprintPart } from "../../words/records.ts";
import { collectGarbage, type GarbageStore } from "../blobs/blob_garbage.ts";
import type { BlobStore } from "../blobs/blob_store.ts";
import { FingerprintParts } from "./fingerprint_parts.ts";
import type { Generation } from "../layout.ts";
import { edgesOf, GraphRows, keyOfId, nodeOf } from "./graph_rows.ts";
import { inPieces, KvWriter, listRows, type Mutation, splitMutations } from "../database/kv_rows.ts";
import type { KvHandle } from "../database/kv_handle.ts";
import { decodeRecord, encodeRecord, type StoredNode, type StoredSummary } from "./record_codec.ts";
import { MalformedRow } from "./shapes.ts";
import { blobOfValue, blobRow, ERA_ROW, nodeRow, packValue, recordRow, tombstoneRow, unpackValue } from "./rows.ts";
import { previewOf } from "../../values/preview.ts";
import { giveTurn, isTurnOver } from "../../words/waiting.ts";
import { SummaryIndex } from "./summary_index.ts";

/** Options of {@linkcode RecordStore.get}. */
export interface GetOptions {
  /**
   * True to read the fingerprint's parts too. They explain a miss; a hit needs none of them.
   *
   * @default {true}
   */
  readonly parts?: boolean;
  /** Called with one sentence about the defect when there is a record that cannot be used. */
  readonly onDamaged?: (detail: string) => void;
}

/** Options of {@linkcode RecordStore.commit}. */
export interface CommitOptions {
  /**
   * True to look for an earlier record under the key in any case. Otherwise none is looked for if the last
   * {@linkcode RecordStore.get} of the key in this process found none.
   *
   * @default {false}
   */
  readonly overwrite?: boolean;
  /**
   * Bytes of the blobs that the record refers to. Until the commit, nothing refers to a new blob, so a prune in another
   * process may delete it; it is then written again from these bytes.
   */
  readonly blobs?: ReadonlyMap<BlobDigest, readonly Uint8Array[]>;
}

/** Result of a removal. */
export interface Removal {
  /** Number of entries. */
  readonly removed: number;
  /** Total size of the blobs that were deleted because nothing refers to them any more, bytes. */
  readonly freedBytes: number;
}

/** Other parts of the store that {@linkcode RecordStore} uses. */
export interface RecordStoreParts {
  readonly handle: KvHandle;
  readonly blobs: BlobStore;
  readonly generation: Generation;
  /** The folder of the locks. */
  readonly locks: string;
  /** The file of the database. */
  readonly meta: string;
  /** Called with one sentence about a damaged row of the graph or of the summaries. */
  readonly report: (detail: string) => void;
}

/** Number of entries that are removed between two changes of the generation, which tell other processes. */
const REMOVED_AT_ONCE = 1000;
/** Number of entries that are read and removed together, which takes a few milliseconds of the event loop. */
const REMOVED_IN_TURN = 128;
/** Largest number of absent keys that are remembered; a key is forgotten when a record is committed under it. */
const MAX_ABSENT = 4096;
/** Records of one cache directory. */
export class RecordStore {
  readonly #handle: KvHandle;
  readonly #locks: string;
  readonly #blobs: BlobStore;
  readonly #generation: Generation;
  readonly #writer: KvWriter;
  readonly #graph: GraphRows;
  readonly #parts: FingerprintParts;
  readonly #summaries: SummaryIndex;
  readonly #absent = new Set<CallKey>();

  /** @param parts See {@linkcode RecordStoreParts}. */
  constructor({ handle, blobs, generation, locks, meta, report }: RecordStoreParts) {
    this.#handle = handle;
    this.#blobs = blobs;
    this.#locks = locks;
    this.#generation = generation;
    this.#writer = new KvWriter(handle);
    const reportRow = (row: Deno.KvKey, detail: string) =>
      report(`Row ${row.map(previewOf).join(" ")} is damaged: ${detail}`);
    this.#graph = new GraphRows(handle, this.#writer, blobs, reportRow);
    this.#parts = new FingerprintParts(handle, this.#writer, blobs);
    this.#summaries = new SummaryIndex({ handle, writer: this.#writer, locks, meta, report: reportRow });
  }

  /**
   * Returns the record of a call.
   *
   * @param key Key of the call.
   * @param options See {@linkcode GetOptions}.
   * @returns `null` when there is no record or it is damaged.
   */
  async get(key: CallKey, options: GetOptions = {}): Promise<EntryRecord | null> {
    const { value } = await this.#handle.get(recordRow(key));
    if (value === null) {
      if (this.#absent.size >= MAX_ABSENT) this.#absent.clear();
      this.#absent.add(key);
      return null;
    }
    this.#absent.delete(key);
    try {
      const record = decodeRecord(await unpackValue(value, this.#blobs), key);
      return options.parts === false ? record : { ...record, parts: await this.parts(record.fingerprint) };
    } catch (error) {
      if (!(error instanceof MalformedRow)) throw error;
      options.onDamaged?.(`The record of ${key} is damaged: ${error.message}`);
      return null;
    }
  }

  /** Returns the parts of a fingerprint; empty when not stored or damaged, which only makes explanations shorter. */
  parts(fingerprint: FingerprintDigest): Promise<readonly FingerprintPart[]> {
    return this.#parts.get(fingerprint);
  }

  /**
   * Stores a record, its summary, its node and its edges, in one atomic commit if they fit into one. The blobs that the
   * record refers to must exist.
   *
   * @param record Record to store; replaces an earlier one. Empty `parts` leave stored parts as they are.
   * @param options See {@linkcode CommitOptions}.
   * @throws The error of the database or the file system; then the record itself was not stored.
   */
  async commit(record: EntryRecord, options: CommitOptions = {}): Promise<void> {
    const release = this.#handle.use();
    try {
      await this.#handle.followFile();
      let isNew = options.overwrite !== true && this.#absent.has(record.key);
      let before: Footprint | null;
      let rows: RecordRows;
      do {
        before = isNew ? null : await readFootprint(record.key, this.#handle, this.#blobs);
        isNew = false;
        rows = await this.#rowsOf(record);
      } while (!await this.#write(record, rows.mutations, before));
      this.#absent.delete(record.key);
      if (before !== null) await this.#dropReplaced(before, rows.mutations);
      await this.#confirmBlobs(record, options.blobs ?? new Map());
      for (const write of rows.confirm) await write();
    } catch (error) {
      // On a full disk, results without a record would take the room of others until the next prune.
      await collectGarbage(new Set(options.blobs?.keys()), this.garbage).catch(() => {});
      throw error;
    } finally {
      release();
    }
  }

  /**
   * Deletes entries with their nodes and edges, and then the blobs that no other entry refers to.
   *
   * @param keys Keys of the entries; keys without an entry are passed over.
   * @param onProgress Called now and then with the number of keys that are done.
   */
  async remove(keys: Iterable<CallKey>, onProgress?: (done: number) => void): Promise<Removal> {
    const release = this.#handle.use();
    try {
      let done = 0;
      let removed = 0;
      const unused = new Set<BlobDigest>();
      for (const piece of pieces(keys, REMOVED_AT_ONCE)) {
        for (const some of pieces(piece, REMOVED_IN_TURN)) {
          if (isTurnOver()) await giveTurn();
          for (const found of await Promise.all(some.map((key) => this.#removeEntry(key)))) {
            if (found === null) continue;
            removed++;
            for (const blob of found.blobs) unused.add(blob);
          }
        }
        if (removed > 0) this.#generation.bump();
        onProgress?.(done += piece.length);
      }
      // Collected once for all entries: with many candidates, the collection reads every reference that is left.
      return { removed, freedBytes: await collectGarbage(unused, this.garbage) };
    } finally {
      release();
    }
  }

  /** Yields summaries of all entries, or of those of one function name, in unspecified order. */
  async *summaries(filter: { readonly fname?: string } = {}): AsyncGenerator<StoredSummary> {
    for await (const page of this.#summaries.pages(filter.fname)) yield* page;
  }

  /** Yields the same summaries in groups, which takes a third of the time of {@linkcode summaries}. */
  summaryPages(filter: { readonly fname?: string } = {}): AsyncGenerator<StoredSummary[]> {
    return this.#summaries.pages(filter.fname);
  }

  /** Rewrites old pages of summaries, to which no process writes any more: see {@linkcode SummaryIndex.compact}. */
  compactSummaries(): Promise<void> {
    return this.#summaries.compact();
  }

  /** Returns summaries of the newest entries of a function, newest first. */
  recent(functionId: string, limit: number): Promise<EntrySummary[]> {
    return this.#summaries.recent(functionId, limit);
  }

  /** Yields all nodes of the graph, in unspecified order. */
  nodes(): AsyncGenerator<StoredNode> {
    return this.#graph.nodes();
  }

  /** Returns the node with this id (`fname:key`); `null` when there is none. */
  node(id: string): Promise<StoredNode | null> {
    return this.#graph.node(id);
  }

  /** Returns the ids of the cached calls that a call made and that are still in the graph. */
  childrenOf(id: string): Promise<string[]> {
    return this.#graph.childrenOf(id);
  }

  /** Returns the ids of the calls that made a call and that are still in the graph. */
  parentsOf(id: string): Promise<string[]> {
    return this.#graph.parentsOf(id);
  }

  /** Yields the ids of the calls that depend on a file (portable path) directly. Reads the edges of that file only. */
  nodesForFile(path: string): AsyncGenerator<string> {
    return this.#graph.nodesForFile(path);
  }

  /** Adds nodes to the graph; a node that exists is replaced. */
  putNodes(nodes: Iterable<StoredNode>): Promise<void> {
    return this.#graph.putNodes(nodes);
  }

  /** Puts the call of a record, and the calls that it made, into the graph, as far as they are missing there. */
  async restoreCalls(record: EntryRecord): Promise<void> {
    const seen = new Set<CallKey>([record.key]);
    for (const waiting: EntryRecord[] = [record]; waiting.length > 0;) {
      const node = nodeOf(waiting.pop()!);
      if (await this.#graph.node(node.id) !== null) continue;
      await this.#writer.commitAll((await this.#graph.rowsOf(node)).mutations);
      for (const key of node.children.flatMap((id) => keyOfId(id) ?? [])) {
        if (seen.has(key)) continue;
        seen.add(key);
        const inner = await this.get(key, { parts: false });
        if (inner !== null) waiting.push(inner);
      }
    }
  }

  /** Empties the graph; results stay. */
  async resetGraph(): Promise<void> {
    await collectGarbage(await this.#graph.reset(), this.garbage);
  }

  /** Deletes the parts of fingerprints that no entry has: see {@linkcode FingerprintParts.removeUnused}. */
  removeUnusedParts(codes: ReadonlySet<string>, nowMs: number): Promise<number> {
    return this.#parts.removeUnused(codes, nowMs);
  }

  /** Begins a new era, since the cache is being emptied: commits that any process began before it are tried again. */
  async beginEra(): Promise<void> {
    await this.#writer.commit([{ key: ERA_ROW, value: randomId() }]);
  }

  /** Returns a text that changes whenever the cache is emptied; `null` when it was never emptied. */
  async era(): Promise<string | null> {
    return (await this.#handle.get(ERA_ROW)).versionstamp;
  }

  /** Deletes the summaries, references to blobs and parts of fingerprints of a cache that is being emptied. */
  async removeRest(): Promise<void> {
    await this.#summaries.removeOldPages();
    for (const prefix of ["b", "p"]) {
      for await (const piece of inPieces(listRows(this.#handle, { prefix: [prefix] }), 800)) {
        await this.#writer.commitAll(piece.map(({ key }) => ({ key })));
      }
    }
    this.forget();
  }

  /** Forgets what this process has written to a cache that was emptied. */
  forget(): void {
    this.#summaries.forgetPages();
    this.#parts.forget();
  }

  /** Returns a text that differs after each commit to the database by any process; `null` when it cannot be told. */
  commits(): string | null {
    return this.#handle.commits();
  }

  /** Parts of the store that are needed to delete unused blobs. */
  get garbage(): GarbageStore {
    return { handle: this.#handle, blobs: this.#blobs, locks: this.#locks };
  }

  /** Writes rows as given. */
  writeRows(mutations: Iterable<Mutation>): Promise<void> {
    return this.#writer.commitAll(mutations);
  }

  /**
   * Writes rows as given, if other rows still have the version in which they were found: for repairs.
   *
   * @returns True when the rows were written.
   */
  repairRows(mutations: readonly Mutation[], found: readonly Deno.AtomicCheck[]): Promise<boolean> {
    return this.#writer.commit(mutations, found);
  }

  async #rowsOf(record: EntryRecord): Promise<RecordRows> {
    const confirm: (() => Promise<unknown>)[] = [];
    const bytes = encodeRecord(record);
    const packed = await packValue(bytes, this.#blobs);
    const node = await this.#graph.rowsOf(nodeOf(record));
    const blobs = new Set(blobsOf(record));
    if (packed.blob !== null) blobs.add(packed.blob);
    const mutations: Mutation[] = [];
    for (const blob of blobs) mutations.push({ key: blobRow(blob, record.key), value: 1 });
    mutations.push(...node.mutations);
    mutations.push(...await this.#parts.rowsOf(record.fingerprint, record.parts));
    mutations.push({ key: recordRow(record.key), value: packed.value });
    if (packed.blob !== null) confirm.push(() => this.#confirmBlob(packed.blob!, bytes));
    return { mutations, confirm };
  }

  /** Writes again the blobs that were deleted before the commit, on which {@linkcode collectGarbage} relies. */
  async #confirmBlobs(record: EntryRecord, bytes: ReadonlyMap<BlobDigest, readonly Uint8Array[]>): Promise<void> {
    for (const digest of new Set(blobsOf(record))) {
      if (this.#blobs.has(digest)) continue;
      const chunks = bytes.get(digest);
      if (chunks !== undefined) {
        await this.#blobs.write(chunks);
        // The record may have been removed as well, and then no other code would find these bytes.
        await collectGarbage(new Set([digest]), this.garbage);
      } else if (digest === record.traces[0]!.result) {
        await this.remove([record.key]);
        throw new CacheError("ERR_NO_ENTRY", `Blob ${digest} was removed before its record was stored`);
      }
    }
  }

  async #confirmBlob(digest: BlobDigest, bytes: Uint8Array): Promise<void> {
    if (!this.#blobs.has(digest)) await this.#blobs.write([bytes]);
  }

  /**
   * Writes the rows of a record in the place of `before`. If they do not fit into one atomic commit, new rows are
   * written before the commit of the record, and old rows are deleted after it: edges without a record are harmless, a
   * record without edges is not.
   *
   * @returns False when `before` is not what is stored.
   */
  async #write(record: EntryRecord, rows: readonly Mutation[], before: Footprint | null): Promise<boolean> {
    const ahead = [...splitMutations(rows)];
    const [last, ...after] = splitMutations([...ahead.pop()!, ...replacing(before, rows, record)]);
    let isWritten = false;
    try {
      // The era in which the rows ahead are written: were the cache emptied after them, the record would lack them.
      const era = await this.#summaries.era();
      for (const piece of ahead) await this.#writer.commit(piece);
      isWritten = await this.#summaries.commit(record, last!, [isAsFound(record.key, before), era]);
      if (isWritten) { for (const piece of after) await this.#writer.commit(piece); }
      return isWritten;
    } finally {
      if (!isWritten) this.#parts.forget();
    }
  }

  /** Deletes the rows of an entry. @returns Footprint of the deleted entry; `null` when there was none. */
  async #removeEntry(key: CallKey): Promise<Footprint | null> {
    for (;;) {
      const found = await readFootprint(key, this.#handle, this.#blobs);
      if (found === null) return null;
      const [first, ...rest] = splitMutations([...found.tombstones, ...found.rows.map((key) => ({ key }))]);
      if (!await this.#writer.commit(first!, [isAsFound(key, found)])) continue;
      // The rest is deleted unless the entry was stored again meanwhile and needs these rows.
      for (const piece of rest) if (!await this.#writer.commit(piece, [isAsFound(key, null)])) break;
      return found;
    }
  }

  /** Drops the replaced record from the memory of all processes, and deletes the blobs that only it referred to. */
  async #dropReplaced(before: Footprint, rows: readonly Mutation[]): Promise<void> {
    this.#generation.bump();
    const kept = new Set(rows.map(({ key: [kind, blob] }) => kind === "b" ? blob : ""));
    await collectGarbage(new Set(before.blobs.filter((blob) => !kept.has(blob))), this.garbage);
  }
}

/** Rows that store a record. */
interface RecordRows {
  readonly mutations: readonly Mutation[];
  /** Functions to be called when the rows are written. */
  readonly confirm: readonly (() => Promise<unknown>)[];
}

function* pieces<T>(items: Iterable<T>, size: number): Generator<T[]> {
  let piece: T[] = [];
  for (const item of items) {
    piece.push(item);
    if (piece.length < size) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}

/** Rows of a stored record, and the blobs that it refers to. */
interface Footprint {
  /** Version of the record's own row. */
  readonly versionstamp: string;
  /** Keys of the rows, that of the record itself first. */
  readonly rows: readonly Deno.KvKey[];
  readonly blobs: readonly BlobDigest[];
  /** Rows that take the record's summary off the list. */
  readonly tombstones: readonly Mutation[];
}

/** Reads the footprint of a key; `null` when no record is stored under it. */
async function readFootprint(key: CallKey, handle: KvHandle, store: BlobStore): Promise<Footprint | null> {
  const [record, node] = await handle.getMany([recordRow(key), nodeRow(key)]);
  if (record!.versionstamp === null) return null;
  const rows = [recordRow(key), nodeRow(key)];
  const tombstones: Mutation[] = [];
  const blobs = [record!, node!].map(({ value }) => blobOfValue(value)).filter((blob) => blob !== null);
  try {
    const stored = decodeRecord(await unpackValue(record!.value, store), key);
    tombstones.push({ key: tombstoneRow(key, stored.createdMs), value: 1 });
    blobs.push(...blobsOf(stored));
    for (const { key: row } of edgesOf(nodeOf(stored))) rows.push(row);
  } catch (error) {
    // The blobs and edges of a damaged record cannot be known; verify finds what the record leaves behind.
    if (!(error instanceof MalformedRow)) throw error;
  }
  for (const blob of blobs) rows.push(blobRow(blob, key));
  return { versionstamp: record!.versionstamp, rows, blobs, tombstones };
}

/** Returns the check that the record of a key still has the version in which it was found. */
function isAsFound(key: CallKey, found: Footprint | null): Deno.AtomicCheck {
  return { key: recordRow(key), versionstamp: found?.versionstamp ?? null };
}

/** Returns the mutations that delete the rows of a replaced record, except for rows that the new record writes. */
function replacing(
  found: Footprint | null,
  rows: readonly Mutation[],
  { createdMs }: EntryRecord,
): Mutation[] {
  if (found === null) return [];
  const kept = new Set(rows.map(({ key }) => key.join("\0")));
  const gone = found.rows.filter((row) => !kept.has(row.join("\0"))).map((key) => ({ key }));
  return [...found.tombstones.filter(({ key }) => key[2] !== createdMs), ...gone];
}

/** Yields the blobs that a record refers to: results, and arguments of inner calls. */
export function* blobsOf(record: EntryRecord): Generator<BlobDigest> {
  for (const trace of record.traces) {
    yield trace.result;
    for (const dependency of trace.dependencies) {
      if (dependency.kind === "child" && typeof dependency.args === "string") yield dependency.args;
    }
  }
}
