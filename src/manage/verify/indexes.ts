/**
 * Checks of the list of entries and of the graph against the records.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import type { CallKey } from "../../words/digests.ts";
import type { EntryRecord } from "../../words/records.ts";
import { giveTurn, isTurnOver, STEPS } from "../../words/waiting.ts";
import type { Cache } from "../../store/cache_dir.ts";
import {
  callKeyIn,
  decodeNode,
  decodePage,
  decodeRecord,
  edgesOf,
  keyOfId,
  listRows,
  MalformedRow,
  nodeRow,
  pageRowsOf,
  recordRow,
  type StoredNode,
  type StoredSummary,
  summaryOf,
  tombstoneRow,
  unpackValue,
} from "../../store/inspect.ts";
import type { Expected } from "./entries.ts";
import { letOthersFinish, type Row, Suspicions, type VerifyState } from "./state.ts";

/** Looks for summaries in the list that belong to no record, and for records that are not in the list. */
export async function checkSummaries(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<void> {
  const suspicions = new Suspicions();
  const listed = new Set<CallKey>();
  for await (const { key: row, value } of listRows(cache.records.garbage.handle, { prefix: ["s"] })) {
    const page = summariesIn(value);
    if (page === null) {
      state.step();
      suspicions.add({
        problem: { key: String(row[1]), kind: "damaged-row", detail: "A page of the list cannot be read" },
        rows: [row],
        isWrong: ({ value }) => value !== null && summariesIn(value) === null,
        mend: () => [[{ key: row }], "the row was deleted"],
      });
      continue;
    }
    for (const summary of page) {
      state.step();
      const expected = records.get(summary.key)?.summary;
      if (isSameSummary(expected, summary)) listed.add(summary.key);
      // An entry that was stored again has a newer summary too; its older summary is no problem.
      if (!isSameEntry(expected, summary)) suspicions.add(dangling(cache, row, summary));
    }
  }
  await suspicions.settle(cache, state);
  await checkUnlisted(cache, state, [...records.keys()].filter((key) => !listed.has(key)));
}

function dangling(cache: Cache, row: Deno.KvKey, summary: StoredSummary) {
  const { key, createdMs } = summary;
  const tombstone = tombstoneRow(key, createdMs);
  return {
    problem: {
      key,
      kind: "dangling-summary" as const,
      detail: "The list has an entry that is not there, or is there with other data",
    },
    rows: [row, tombstone, ["r", key]],
    isWrong: async (page: Row, tombstone: Row, record: Row) =>
      tombstone.value === null && (summariesIn(page.value) ?? []).some((listed) => isSameSummary(listed, summary)) &&
      !isSameEntry(await summaryIn(cache, key, record.value), summary),
    mend: () => [[{ key: tombstone, value: 1 }], "it was taken off the list"] as const,
  };
}

/** Looks again: an entry and its summary are written in one commit, so an entry without one is missing in the list. */
async function checkUnlisted(cache: Cache, state: VerifyState, keys: readonly CallKey[]): Promise<void> {
  if (keys.length === 0) return;
  await letOthersFinish();
  for (const key of keys) {
    const { value } = await cache.records.garbage.handle.get(recordRow(key));
    const expected = await summaryIn(cache, key, value);
    if (expected === undefined || await isListed(cache, expected)) continue;
    await state.found({ key, kind: "missing-summary", detail: "The entry is not in the list" }, async () => {
      const record = await cache.records.get(key);
      if (record === null) return "the entry is gone meanwhile";
      await cache.records.commit({ ...record, createdMs: await freeTime(cache, record) }, { overwrite: true });
      return "it was added";
    });
  }
}

/**
 * Returns the time at which an entry can be listed as stored: its own, or a later one while a summary with that time is
 * taken off the list, which would be on the list again.
 */
async function freeTime(cache: Cache, { key, createdMs }: EntryRecord): Promise<number> {
  const isTaken = async (timeMs: number) =>
    (await cache.records.garbage.handle.get(tombstoneRow(key, timeMs))).value !== null;
  if (!await isTaken(createdMs)) return createdMs;
  let timeMs = wallMs();
  while (await isTaken(timeMs)) timeMs++;
  return timeMs;
}

async function isListed(cache: Cache, expected: StoredSummary): Promise<boolean> {
  const selector = { prefix: pageRowsOf(expected.functionId) };
  for await (const { value } of listRows(cache.records.garbage.handle, selector, { reverse: true })) {
    if (summariesIn(value)?.some((found) => isSameSummary(expected, found))) return true;
  }
  return false;
}

/** Returns the summaries in a page of the list; `null` when the page cannot be read. */
function summariesIn(page: unknown): StoredSummary[] | null {
  if (page === null) return [];
  try {
    return decodePage(page);
  } catch (error) {
    if (error instanceof MalformedRow) return null;
    throw error;
  }
}

/** Returns the summary that the list should have for a record; `undefined` when there is no readable record. */
async function summaryIn(cache: Cache, key: CallKey, record: unknown): Promise<StoredSummary | undefined> {
  if (record === null) return undefined;
  try {
    return summaryOf(decodeRecord(await unpackValue(record, cache.blobs), key));
  } catch (error) {
    if (error instanceof MalformedRow) return undefined;
    throw error;
  }
}

function isSameEntry(a: StoredSummary | undefined, b: StoredSummary): boolean {
  return a !== undefined && a.functionId === b.functionId && a.createdMs === b.createdMs;
}

function isSameSummary(a: StoredSummary | undefined, b: StoredSummary): boolean {
  return isSameEntry(a, b) && a!.key === b.key && a!.fname === b.fname && a!.sizeBytes === b.sizeBytes &&
    a!.computeMs === b.computeMs && a!.code === b.code;
}

/** Looks for nodes without an entry, and for edges that can be found from one end only. */
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
  let steps = 0;
  for (const node of nodes) {
    if (++steps % STEPS === 0 && isTurnOver()) await giveTurn();
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

/** Returns the key of the row of the node that an edge belongs to. */
function ownerOf(id: unknown): Deno.KvKey {
  return nodeRow((typeof id === "string" ? keyOfId(id) : null) ?? "" as CallKey);
}

async function hasEdge(cache: Cache, owner: Row, row: Deno.KvKey): Promise<boolean> {
  const node = await nodeIn(cache, owner);
  return node !== null && typeof node !== "string" && node.key === row[2] &&
    edgesOf(node).some(({ key }) => key.join("\0") === row.join("\0"));
}

/** Returns the node in a row, `null` when there is none, or a text that says why the row cannot be read. */
async function nodeIn(cache: Cache, { key, value }: Row): Promise<StoredNode | string | null> {
  if (value === null) return null;
  try {
    return decodeNode(await unpackValue(value, cache.blobs), callKeyIn(key, 1));
  } catch (error) {
    if (error instanceof MalformedRow) return error.message;
    throw error;
  }
}
