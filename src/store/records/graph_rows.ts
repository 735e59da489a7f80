/**
 * Call graph in the database: nodes, and edges that can be read from both ends.
 *
 * A node's own row lists its children and files; the rows of {@linkcode edgeRow} and {@linkcode fileRow} hold these
 * edges for reading from the other end. An edge belongs to its parent and counts while both ends exist.
 *
 * @module
 */
import { type BlobDigest, type CallKey, type ContentDigest, isDigest } from "../../words/digests.ts";
import type { EntryRecord } from "../../words/records.ts";
import type { BlobStore } from "../blobs/blob_store.ts";
import { inPieces, type KvWriter, listRows, type Mutation, type RowSelector } from "../database/kv_rows.ts";
import type { KvHandle } from "../database/kv_handle.ts";
import { decodeNode, encodeNode, type StoredNode } from "./record_codec.ts";
import { MalformedRow } from "./shapes.ts";
import {
  blobOfValue,
  blobRow,
  callKeyIn,
  edgeRow,
  edgeRowsOf,
  fileRow,
  fileRowsOf,
  nodeRow,
  packValue,
  unpackValue,
} from "./rows.ts";

/** Number of rows written by one commit when many nodes are added. */
const PUT_BATCH = 800;

/** Rows of a node, ready to be written. */
export interface NodeRows {
  readonly mutations: Mutation[];
  /** Digest of the blob that holds the node when it is too large for a row; else `null`. */
  readonly blob: BlobDigest | null;
}

/** Called with the key of a row that cannot be read, and the defect in words. */
export type ReportRow = (row: Deno.KvKey, detail: string) => void;

/** Call graph of one cache directory. */
export class GraphRows {
  readonly #handle: KvHandle;
  readonly #writer: KvWriter;
  readonly #blobs: BlobStore;
  readonly #report: ReportRow;

  /** @param handle To read. @param writer To write. @param blobs For large nodes. @param report For damaged rows. */
  constructor(handle: KvHandle, writer: KvWriter, blobs: BlobStore, report: ReportRow) {
    this.#handle = handle;
    this.#writer = writer;
    this.#blobs = blobs;
    this.#report = report;
  }

  /** Yields all nodes, in unspecified order. Damaged nodes are reported and left out. */
  async *nodes(): AsyncGenerator<StoredNode> {
    for await (const { key, value } of listRows(this.#handle, { prefix: ["n"] })) {
      const node = await this.#decode(key, value);
      if (node !== null) yield node;
    }
  }

  /** Returns the node with this id; `null` when there is none, or when it is damaged. */
  async node(id: string): Promise<StoredNode | null> {
    const key = keyOfId(id);
    if (key === null) return null;
    const entry = await this.#handle.get(nodeRow(key));
    return entry.value === null ? null : await this.#decode(entry.key, entry.value);
  }

  /** Returns the ids of the calls that a node made and that are still in the graph, in the order of the first call. */
  async childrenOf(id: string): Promise<string[]> {
    const node = await this.node(id);
    return node === null ? [] : await this.#existing(node.children);
  }

  /** Returns the ids of the nodes that made a call, sorted by their keys. */
  async parentsOf(id: string): Promise<string[]> {
    const key = keyOfId(id);
    return key === null ? [] : await this.#existing(await this.#idsIn({ prefix: edgeRowsOf(key) }));
  }

  /** Yields the ids of the nodes that depend on a file directly. Reads the edges of that file only. */
  async *nodesForFile(path: string): AsyncGenerator<string> {
    yield* await this.#existing(await this.#idsIn({ prefix: fileRowsOf(path) }));
  }

  /** Adds nodes; a node that exists is replaced. */
  async putNodes(nodes: Iterable<StoredNode>): Promise<void> {
    // Many nodes in one commit: a commit takes longer than the rows of one node.
    let waiting: Mutation[] = [];
    for (const node of nodes) {
      waiting.push(...(await this.rowsOf({ ...node, isLoaded: true })).mutations);
      if (waiting.length < PUT_BATCH) continue;
      await this.#writer.commitAll(waiting);
      waiting = [];
    }
    await this.#writer.commitAll(waiting);
  }

  /**
   * Deletes all nodes and edges.
   *
   * @returns Blobs that held large nodes.
   */
  async reset(): Promise<Set<BlobDigest>> {
    const blobs = new Set<BlobDigest>();
    for (const prefix of ["e", "f", "n"]) {
      for await (const piece of inPieces(listRows(this.#handle, { prefix: [prefix] }), 800)) {
        await this.#writer.commitAll(piece.flatMap(({ key, value }) => {
          const blob = prefix === "n" ? blobOfValue(value) : null;
          if (blob === null) return [{ key }];
          blobs.add(blob);
          return [{ key }, { key: blobRow(blob, key[1] as CallKey) }];
        }));
      }
    }
    return blobs;
  }

  /** Returns the rows that store a node. */
  async rowsOf(node: StoredNode): Promise<NodeRows> {
    const { value, blob } = await packValue(encodeNode(node), this.#blobs);
    const mutations: Mutation[] = edgesOf(node);
    mutations.push({ key: nodeRow(node.key), value });
    if (blob !== null) mutations.push({ key: blobRow(blob, node.key), value: 1 });
    return { mutations, blob };
  }

  async #decode(row: Deno.KvKey, value: unknown): Promise<StoredNode | null> {
    try {
      return decodeNode(await unpackValue(value, this.#blobs), callKeyIn(row, 1));
    } catch (error) {
      if (!(error instanceof MalformedRow)) throw error;
      this.#report(row, error.message);
      return null;
    }
  }

  async #idsIn(selector: RowSelector): Promise<string[]> {
    const ids: string[] = [];
    for await (const { value } of listRows(this.#handle, selector)) if (typeof value === "string") ids.push(value);
    return ids;
  }

  async #existing(ids: readonly string[]): Promise<string[]> {
    const existing: string[] = [];
    for (let at = 0; at < ids.length; at += 10) {
      const some = ids.slice(at, at + 10).filter((id) => keyOfId(id) !== null);
      if (some.length === 0) continue;
      const rows = await this.#handle.getMany(some.map((id) => nodeRow(keyOfId(id)!)));
      rows.forEach((row, index) => row.value !== null && existing.push(some[index]!));
    }
    return existing;
  }
}

/** Returns the node of a record: files that it declares or read, and calls that it made, by the newest execution. */
export function nodeOf(record: EntryRecord): StoredNode {
  const files: [string, ContentDigest | null][] = [];
  const looked = new Set<string>();
  // The digest of a filtered folder is left out: without the filter nobody can tell later whether the folder still
  // has it.
  for (const { path, digest, isFiltered } of record.files) {
    if (isFiltered) looked.add(path);
    else files.push([path, digest]);
  }
  const children = new Set<string>();
  const newest = record.traces[0]!;
  for (const dependency of newest.dependencies) {
    if (dependency.kind === "file" || dependency.kind === "directory") files.push([dependency.path, dependency.digest]);
    else if (dependency.kind === "stat" || dependency.kind === "link" && dependency.aspect !== "place") {
      looked.add(dependency.path);
    } else if (dependency.kind === "child") children.add(`${functionNameOf(dependency.functionId)}:${dependency.key}`);
  }
  for (const [path] of files) looked.delete(path);
  return {
    id: `${record.fname}:${record.key}`,
    fname: record.fname,
    key: record.key,
    hash: record.fingerprint,
    files: Object.fromEntries(files),
    looked: [...looked],
    children: [...children],
    outfile: newest.result,
    createdMs: record.createdMs,
  };
}

/** Returns the rows by which a node is found from its children and its files. */
export function edgesOf(node: StoredNode): Mutation[] {
  const edges: Mutation[] = [];
  for (const child of node.children) {
    const key = keyOfId(child);
    if (key !== null) edges.push({ key: edgeRow(key, node.key), value: node.id });
  }
  for (const path of Object.keys(node.files)) edges.push({ key: fileRow(path, node.key), value: node.id });
  for (const path of node.looked) edges.push({ key: fileRow(path, node.key), value: node.id });
  return edges;
}

/** Returns the call key in a node's id; `null` for a text that is no id. */
export function keyOfId(id: string): CallKey | null {
  const key = id.slice(-64);
  return id.at(-65) === ":" && isDigest(key) ? key as CallKey : null;
}

/** Returns the function's name in `name @ module`. */
function functionNameOf(functionId: string): string {
  const at = functionId.lastIndexOf(" @ ");
  return at <= 0 ? functionId : functionId.slice(0, at);
}
