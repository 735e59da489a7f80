/**
 * The graph against the records, and its edges from both ends.
 *
 * @module
 */
import type { CallKey } from "../digests.ts";
import type { Cache } from "../store/cache_dir.ts";
import { edgesOf, keyOfId, listRows } from "../store/graph_rows.ts";
import { decodeNode, MalformedRow, type StoredNode } from "../store/record_codec.ts";
import { callKeyIn, nodeRow, unpackValue } from "../store/rows.ts";
import type { Expected } from "./entries.ts";
import type { VerifyState } from "./state.ts";
import { type Row, Suspicions } from "./suspicions.ts";

/** Looks for nodes without an entry, and for edges that one end does not know. */
export async function checkGraph(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<void> {
  const nodes = await checkNodes(cache, state, records);
  await checkEdges(cache, state, nodes);
}

async function checkNodes(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<StoredNode[]> {
  const suspicions = new Suspicions();
  const nodes: StoredNode[] = [];
  for await (const entry of listRows(cache.records.garbage.handle, { prefix: ["n"] })) {
    const { key: row } = entry;
    state.step();
    const node = await nodeIn(cache, entry);
    if (typeof node === "string") {
      suspicions.add({
        problem: { key: String(row[1]), kind: "damaged-row", detail: `A node of the graph cannot be read: ${node}` },
        rows: [row],
        isWrong: async (found) => typeof await nodeIn(cache, found) === "string",
        mend: () => [[{ key: row }], "the row was deleted"],
      });
    } else if (node !== null) {
      if (node.isLoaded || records.has(node.key)) {
        nodes.push(node);
        continue;
      }
      suspicions.add({
        problem: { key: node.key, kind: "orphan-node", detail: "The graph has a call whose entry is gone" },
        rows: [row, ["r", node.key]],
        isWrong: (found, record) => found.value !== null && record.value === null,
        mend: () => [[{ key: row }], "it was deleted"],
      });
    }
  }
  await suspicions.settle(cache, state);
  return nodes;
}

async function checkEdges(cache: Cache, state: VerifyState, nodes: readonly StoredNode[]): Promise<void> {
  const suspicions = new Suspicions();
  const missing = new Map<string, { readonly row: Deno.KvKey; readonly id: string }>();
  for (const node of nodes) {
    for (const { key } of edgesOf(node)) missing.set(key.join("\0"), { row: key, id: node.id });
  }
  for (const prefix of ["e", "f"]) {
    for await (const { key: row, value } of listRows(cache.records.garbage.handle, { prefix: [prefix] })) {
      state.step();
      if (missing.delete(row.join("\0"))) continue;
      const from = prefix === "e" ? "to" : "from the file";
      suspicions.add({
        problem: {
          key: String(row[2]),
          kind: "dangling-edge",
          detail: `An edge ${from} ${String(row[1])} belongs to no call`,
        },
        rows: [row, ownerOf(value)],
        isWrong: async (edge, owner) => edge.value !== null && !await hasEdge(cache, owner, row),
        mend: () => [[{ key: row }], "the row was deleted"],
      });
    }
  }
  for (const { row, id } of missing.values()) {
    suspicions.add({
      problem: {
        key: keyOfId(id) ?? id,
        kind: "missing-edge",
        detail: `Its edge to ${String(row[1])} can be found from one end only`,
      },
      rows: [row, ownerOf(id)],
      isWrong: async (edge, owner) => edge.value === null && await hasEdge(cache, owner, row),
      mend: () => [[{ key: row, value: id }], "it was added"],
    });
  }
  await suspicions.settle(cache, state);
}

/** Row of the node that an edge belongs to. */
function ownerOf(id: unknown): Deno.KvKey {
  return nodeRow((typeof id === "string" ? keyOfId(id) : null) ?? "" as CallKey);
}

async function hasEdge(cache: Cache, owner: Row, row: Deno.KvKey): Promise<boolean> {
  const node = await nodeIn(cache, owner);
  return node !== null && typeof node !== "string" && node.key === row[2] &&
    edgesOf(node).some(({ key }) => key.join("\0") === row.join("\0"));
}

/** The node in a row; `null` when there is none, or why it cannot be read. */
async function nodeIn(cache: Cache, { key, value }: Row): Promise<StoredNode | string | null> {
  if (value === null) return null;
  try {
    return decodeNode(await unpackValue(value, cache.blobs), callKeyIn(key, 1));
  } catch (error) {
    if (error instanceof MalformedRow) return error.message;
    throw error;
  }
}
