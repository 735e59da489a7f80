/**
 * What is stored about calls, in Deno.Kv: one atomic commit per entry, with its summary, its node and its edges.
 *
 * @module
 */
import type { BlobDigest, CallKey, FingerprintDigest } from "../digests.ts";
import { CacheError } from "../errors.ts";
import type { EntryRecord, EntrySummary, FingerprintPart } from "../records.ts";
import type { BlobStore } from "./blob_store.ts";
import { collectGarbage, type GarbageStore } from "./blob_garbage.ts";
import type { Generation } from "./generation.ts";
import { edgesOf, GraphRows, inPieces, listRows, nodeOf } from "./graph_rows.ts";
import { KvWriter, type Mutation, splitMutations } from "./kv_batch.ts";
import type { KvHandle } from "./kv_handle.ts";
import {
  CODE_LENGTH,
  decodeParts,
  decodeRecord,
  encodeParts,
  encodeRecord,
  MalformedRow,
  type StoredNode,
  type StoredSummary,
} from "./record_codec.ts";
import { blobOfValue, blobRow, nodeRow, packValue, partsRow, recordRow, tombstoneRow, unpackValue } from "./rows.ts";
import { SummaryIndex } from "./summary_index.ts";

/** Options of {@linkcode RecordStore.get}. */
export interface GetOptions {
  /**
   * Whether to read the fingerprint's parts too. They explain a miss; a hit needs none of them.
   *
   * @default {true}
   */
  readonly parts?: boolean;
  /** Told in one sentence what is wrong when there is a record and it cannot be used. */
  readonly onDamaged?: (detail: string) => void;
}

/** Options of {@linkcode RecordStore.commit}. */
export interface CommitOptions {
  /**
   * Whether there may be an earlier record under the key. It is looked for in any case, unless the last
   * {@linkcode RecordStore.get} of this process found none and `overwrite` is not set.
   *
   * @default {false}
   */
  readonly overwrite?: boolean;
  /**
   * Bytes of the blobs that the record refers to. A prune in another process may have taken an unused blob of the same
   * content between its writing and this commit; with its bytes here it is written again.
   */
  readonly blobs?: ReadonlyMap<BlobDigest, readonly Uint8Array[]>;
}

/** What was removed. */
export interface Removal {
  /** Number of entries. */
  readonly removed: number;
  /** Sizes of the blobs that nothing refers to any more, bytes. */
  readonly freedBytes: number;
}

/** What the record store needs around it. */
export interface RecordStoreParts {
  readonly handle: KvHandle;
  readonly blobs: BlobStore;
  readonly generation: Generation;
  /** The folder of the locks. */
  readonly locks: string;
  /** The file of the database. */
  readonly meta: string;
  /** Told about damage that no caller asked about. */
  readonly report: (detail: string) => void;
}

/** Absent keys that are remembered until they are committed. */
const MAX_ABSENT = 4096;
/** Fingerprints whose parts are kept in memory. */
const MAX_FINGERPRINTS = 256;
/** Parts are written again by a process after this time, so that old ones can be told from used ones. Milliseconds. */
const PARTS_REFRESH_MS = 10 * 60_000;

/** The records of one cache directory. */
export class RecordStore {
  readonly #handle: KvHandle;
  readonly #locks: string;
  readonly #blobs: BlobStore;
  readonly #generation: Generation;
  readonly #writer: KvWriter;
  readonly #graph: GraphRows;
  readonly #summaries: SummaryIndex;
  readonly #absent = new Set<CallKey>();
  readonly #parts = new Map<FingerprintDigest, readonly FingerprintPart[]>();
  readonly #partsWritten = new Map<FingerprintDigest, number>();

  /** @param parts See there. */
  constructor({ handle, blobs, generation, locks, meta, report }: RecordStoreParts) {
    this.#handle = handle;
    this.#blobs = blobs;
    this.#locks = locks;
    this.#generation = generation;
    this.#writer = new KvWriter(handle);
    const reportRow = (row: Deno.KvKey, detail: string) => report(`Row ${row.join(" ")} is damaged: ${detail}`);
    this.#graph = new GraphRows(handle, this.#writer, blobs, reportRow);
    this.#summaries = new SummaryIndex({ handle, writer: this.#writer, generation, locks, meta, report: reportRow });
  }

  /**
   * The record of a call.
   *
   * @param key Which.
   * @param options See there.
   * @returns `null` when there is none or it is damaged.
   */
  async get(key: CallKey, options: GetOptions = {}): Promise<EntryRecord | null> {
    const { value } = await this.#handle.run((kv) => kv.get(recordRow(key)));
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

  /** The parts of a fingerprint; empty when they are not stored or damaged, which only makes explanations shorter. */
  async parts(fingerprint: FingerprintDigest): Promise<readonly FingerprintPart[]> {
    const known = this.#parts.get(fingerprint);
    if (known !== undefined) return known;
    const { value } = await this.#handle.run((kv) => kv.get(partsRow(fingerprint)));
    if (value === null) return [];
    try {
      const parts = decodeParts((await unpackValue(value, this.#blobs)).subarray(STAMP_BYTES));
      this.#rememberParts(fingerprint, parts);
      return parts;
    } catch (error) {
      if (error instanceof MalformedRow) return [];
      throw error;
    }
  }

  /**
   * Stores a record, its summary, its node and its edges in one atomic commit. The blobs it refers to must be there.
   *
   * @param record What to store; replaces an earlier one. Empty `parts` leave stored ones as they are.
   * @param options See there.
   * @throws What the database or the file system throws; then nothing that can be found was stored.
   */
  async commit(record: EntryRecord, options: CommitOptions = {}): Promise<void> {
    const release = this.#handle.use();
    try {
      await this.#handle.followFile();
      const isNew = options.overwrite !== true && this.#absent.has(record.key);
      const before = isNew ? null : await this.#footprint(record.key);
      const rows = await this.#rowsOf(record);
      const earlier = before?.tombstones.filter(({ key: [, , createdMs] }) => createdMs !== record.createdMs) ?? [];
      await this.#write([...earlier, ...rows.mutations], record);
      this.#absent.delete(record.key);
      if (before !== null) await this.#dropLeftovers(before, rows.mutations);
      await this.#confirmBlobs(record, options.blobs ?? new Map());
      for (const write of rows.confirm) await write();
    } finally {
      release();
    }
  }

  /**
   * Deletes entries with their nodes and edges, and the blobs that no other entry refers to.
   *
   * @param keys Which; those that are not there are passed over.
   */
  async remove(keys: Iterable<CallKey>): Promise<Removal> {
    const release = this.#handle.use();
    try {
      let removed = 0;
      const unused = new Set<BlobDigest>();
      for (const piece of pieces(keys, 200)) {
        const found = (await Promise.all(piece.map((key) => this.#footprint(key)))).filter((one) => one !== null);
        await this.#writer.commitAll(
          found.flatMap(({ rows, tombstones }) => [...tombstones, ...rows.map((key) => ({ key }))]),
        );
        for (const { blobs } of found) for (const blob of blobs) unused.add(blob);
        removed += found.length;
      }
      if (removed > 0) this.#generation.bump();
      return { removed, freedBytes: await collectGarbage(unused, this.garbage) };
    } finally {
      release();
    }
  }

  /** Summaries of all entries, or of those of one function name, in no promised order. */
  async *summaries(filter: { readonly fname?: string } = {}): AsyncGenerator<StoredSummary> {
    for await (const page of this.#summaries.pages(filter.fname)) yield* page;
  }

  /** The same, some at a time, which takes a third of the time. */
  summaryPages(filter: { readonly fname?: string } = {}): AsyncGenerator<StoredSummary[]> {
    return this.#summaries.pages(filter.fname);
  }

  /** Tidies the list up; what another process may be writing stays as it is. */
  compactSummaries(): Promise<void> {
    return this.#summaries.compact();
  }

  /** Summaries of the newest entries of a function, newest first. */
  recent(functionId: string, limit: number): Promise<EntrySummary[]> {
    return this.#summaries.recent(functionId, limit);
  }

  /** All nodes of the graph, in no promised order. */
  nodes(): AsyncGenerator<StoredNode> {
    return this.#graph.nodes();
  }

  /** The node of that id (`fname:key`); `null` when there is none. */
  node(id: string): Promise<StoredNode | null> {
    return this.#graph.node(id);
  }

  /** Ids of the cached calls that a call made and that are still in the graph. */
  childrenOf(id: string): Promise<string[]> {
    return this.#graph.childrenOf(id);
  }

  /** Ids of the calls that made a call and that are still in the graph. */
  parentsOf(id: string): Promise<string[]> {
    return this.#graph.parentsOf(id);
  }

  /** Ids of the calls that depend on a file (portable path) themselves. Reads the edges of that file only. */
  nodesForFile(path: string): AsyncGenerator<string> {
    return this.#graph.nodesForFile(path);
  }

  /** Adds nodes to the graph; one that exists is replaced. */
  putNodes(nodes: Iterable<StoredNode>): Promise<void> {
    return this.#graph.putNodes(nodes);
  }

  /** Empties the graph; results stay. */
  async resetGraph(): Promise<void> {
    await collectGarbage(await this.#graph.reset(), this.garbage);
  }

  /**
   * Deletes the parts of fingerprints that no entry has. Parts that were written lately stay: their record may be on its
   * way.
   *
   * @param codes Beginnings of the fingerprints that entries have.
   * @param nowMs Milliseconds since the epoch.
   * @returns Number of fingerprints.
   */
  async removeUnusedParts(codes: ReadonlySet<string>, nowMs: number): Promise<number> {
    const unused: Mutation[] = [];
    for await (const { key, value } of listRows(this.#handle, { prefix: ["p"] })) {
      if (codes.has(String(key[1]).slice(0, CODE_LENGTH))) continue;
      if (nowMs - await this.#stampOf(value) <= PARTS_KEPT_MS) continue;
      const blob = blobOfValue(value);
      unused.push({ key });
      if (blob !== null) unused.push({ key: blobRow(blob, key[1] as FingerprintDigest) });
    }
    await this.#writer.commitAll(unused);
    return unused.filter(({ key }) => key[0] === "p").length;
  }

  /** Deletes what no record leads to: for a cache that is being emptied. */
  async removeRest(): Promise<void> {
    this.#summaries.forgetPages();
    for (const prefix of ["b", "p", "s", "x"]) {
      for await (const piece of inPieces(listRows(this.#handle, { prefix: [prefix] }), 800)) {
        await this.#writer.commitAll(piece.map(({ key }) => ({ key })));
      }
    }
    this.#partsWritten.clear();
    this.#parts.clear();
  }

  async #stampOf(value: unknown): Promise<number> {
    try {
      const bytes = await unpackValue(value, this.#blobs);
      return new DataView(bytes.buffer, bytes.byteOffset).getFloat64(0);
    } catch {
      return 0;
    }
  }

  /** What cleaning up needs. */
  get garbage(): GarbageStore {
    return { handle: this.#handle, blobs: this.#blobs, locks: this.#locks };
  }

  /** Writes rows as they are: for repairs. */
  writeRows(mutations: Iterable<Mutation>): Promise<void> {
    return this.#writer.commitAll(mutations);
  }

  async #rowsOf(
    record: EntryRecord,
  ): Promise<{ mutations: Mutation[]; confirm: (() => Promise<unknown>)[] }> {
    const confirm: (() => Promise<unknown>)[] = [];
    const bytes = encodeRecord(record);
    const packed = await packValue(bytes, this.#blobs);
    const node = await this.#graph.rowsOf(nodeOf(record));
    const blobs = new Set(blobsOf(record));
    if (packed.blob !== null) blobs.add(packed.blob);
    const mutations: Mutation[] = [];
    for (const blob of blobs) mutations.push({ key: blobRow(blob, record.key), value: 1 });
    mutations.push(...node.mutations);
    mutations.push(...await this.#partsRows(record));
    mutations.push({ key: recordRow(record.key), value: packed.value });
    if (packed.blob !== null) confirm.push(() => this.#confirmBlob(packed.blob!, bytes));
    return { mutations, confirm };
  }

  /** The other half of the agreement with {@linkcode collectGarbage}. */
  async #confirmBlobs(record: EntryRecord, bytes: ReadonlyMap<BlobDigest, readonly Uint8Array[]>): Promise<void> {
    for (const digest of new Set(blobsOf(record))) {
      if (this.#blobs.has(digest)) continue;
      const chunks = bytes.get(digest);
      if (chunks !== undefined) {
        await this.#blobs.write(chunks);
        // Its record may have been removed as well, and then nobody would find these bytes.
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

  /** What does not fit into one atomic goes ahead: edges without a record are harmless, a record without edges is not. */
  async #write(mutations: readonly Mutation[], record: EntryRecord): Promise<void> {
    try {
      const ahead = [...splitMutations(mutations)];
      const last = ahead.pop()!;
      for (const piece of ahead) await this.#writer.commit(piece);
      // Not before: a page that is written for another record must not list this one.
      await this.#writer.commit([...last, ...this.#summaries.add(record)]);
    } catch (error) {
      // They list this record already.
      this.#summaries.forgetPages();
      throw error;
    }
  }

  async #partsRows(record: EntryRecord): Promise<Mutation[]> {
    if (record.parts.length === 0) return [];
    const now = Date.now();
    const written = this.#partsWritten.get(record.fingerprint);
    if (written !== undefined && Math.abs(now - written) < PARTS_REFRESH_MS) return [];
    const parts = encodeParts(record.parts);
    const bytes = new Uint8Array(STAMP_BYTES + parts.byteLength);
    new DataView(bytes.buffer).setFloat64(0, now);
    bytes.set(parts, STAMP_BYTES);
    const { value, blob } = await packValue(bytes, this.#blobs);
    if (this.#partsWritten.size >= MAX_FINGERPRINTS) this.#partsWritten.clear();
    this.#partsWritten.set(record.fingerprint, now);
    this.#rememberParts(record.fingerprint, record.parts);
    const rows: Mutation[] = [{ key: partsRow(record.fingerprint), value }];
    if (blob !== null) rows.push({ key: blobRow(blob, record.fingerprint), value: 1 });
    return rows;
  }

  #rememberParts(fingerprint: FingerprintDigest, parts: readonly FingerprintPart[]): void {
    if (this.#parts.size >= MAX_FINGERPRINTS) this.#parts.clear();
    this.#parts.set(fingerprint, parts);
  }

  /** Everything that the stored record of a key put into the database; `null` when there is none. */
  async #footprint(key: CallKey): Promise<Footprint | null> {
    const [record, node] = await this.#handle.run((kv) => kv.getMany([recordRow(key), nodeRow(key)]));
    if (record!.value === null) return null;
    const rows: Deno.KvKey[] = [recordRow(key), nodeRow(key)];
    const tombstones: Mutation[] = [];
    const blobs: BlobDigest[] = [];
    for (const row of [record!, node!]) {
      const blob = blobOfValue(row.value);
      if (blob !== null) blobs.push(blob);
    }
    try {
      const stored = decodeRecord(await unpackValue(record!.value, this.#blobs), key);
      tombstones.push({ key: tombstoneRow(key, stored.createdMs), value: 1 });
      blobs.push(...blobsOf(stored));
      for (const { key: row } of edgesOf(nodeOf(stored))) rows.push(row);
    } catch (error) {
      // What a damaged record referred to cannot be known; verify finds what it leaves behind.
      if (!(error instanceof MalformedRow)) throw error;
    }
    for (const blob of blobs) rows.push(blobRow(blob, key));
    return { rows, blobs, tombstones };
  }

  async #dropLeftovers(before: Footprint, written: readonly Mutation[]): Promise<void> {
    const kept = new Set(written.map(({ key }) => key.join("\0")));
    const gone = before.rows.filter((row) => !kept.has(row.join("\0")));
    if (gone.length > 0) await this.#writer.commitAll(gone.map((key) => ({ key })));
    this.#generation.bump();
    const blobsGone = gone.filter(([kind]) => kind === "b").map(([, blob]) => blob as BlobDigest);
    await collectGarbage(new Set(blobsGone), this.garbage);
  }
}

/** Longer than {@linkcode PARTS_REFRESH_MS}, after which a process that still uses parts writes them again. */
const PARTS_KEPT_MS = 60 * 60_000;

/** Parts begin with the time of their writing, as a float of eight bytes. */
const STAMP_BYTES = 8;

interface Footprint {
  readonly rows: Deno.KvKey[];
  readonly blobs: BlobDigest[];
  /** Takes its summary off the list. */
  readonly tombstones: Mutation[];
}

/** The blobs that a record refers to: results, and arguments of inner calls. */
export function* blobsOf(record: EntryRecord): Generator<BlobDigest> {
  for (const trace of record.traces) {
    yield trace.result;
    for (const dependency of trace.dependencies) {
      if (dependency.kind === "child" && typeof dependency.args === "string") yield dependency.args;
    }
  }
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
