/**
 * Details of the calls of a graph: the state of each, the reason for it, and what is stored about the call; and by them
 * the calls that are drawn where not all can be.
 *
 * @module
 */
import { toPortable } from "../../options/project.ts";
import { describeReasons } from "../../reasons/describe_reasons.ts";
import type { Cache } from "../../store/cache_dir.ts";
import { type CallKey, isDigest } from "../../words/digests.ts";
import type { EntryRecord, ValuePart } from "../../words/records.ts";
import { giveTurn, isTurnOver, type Work } from "../../words/waiting.ts";
import { type CacheNode, findChangedFiles, keyOfNode } from "../graph/nodes.ts";
import { StaleCheck } from "../stale_now.ts";
import { withCache } from "../with_cache.ts";
import type { NodeState } from "./dot.ts";

/** Number of calls that are read from the database at the same time. */
const READS_AT_ONCE = 32;

/** State of a call, and what its record tells. A call of a graph that was loaded from a file has no record. */
export interface CallDetails {
  readonly state: NodeState;
  /** Reason for the state in words; empty for a fresh call. */
  readonly reason: string;
  /** Name and module of the function; its name alone where there is no record. */
  readonly functionId: string;
  /** Arguments and declared values by path, abbreviated; without a preview where the value is a secret. */
  readonly args: readonly ValuePart[];
  /** Size of the results, bytes; `null` where there is no record, as for the time. */
  readonly sizeBytes: number | null;
  /** Time that the function itself ran in the newest execution, milliseconds. */
  readonly computeMs: number | null;
  readonly hits: number;
  /** Time of the last use, milliseconds since the epoch; `null` when the entry was never used. */
  readonly usedMs: number | null;
}

/** Options of {@linkcode readCallDetails}. */
export interface CallDetailsOptions {
  /** Look at the files, variables and inner calls that each call depends on; otherwise no call counts as stale. */
  readonly checks: boolean;
  /**
   * Read the records, which have more than the state.
   *
   * @default {true}
   */
  readonly records?: boolean;
}

/**
 * Reads the details of calls. States are those that `cachepy why` tells: a call whose inner call is stale is not fresh.
 *
 * @param nodes The calls, by id.
 * @param cacheDir The cache.
 * @param options See {@linkcode CallDetailsOptions}.
 * @returns Details by the ids of the calls.
 */
export async function readCallDetails(
  nodes: ReadonlyMap<string, CacheNode>,
  cacheDir: string | URL,
  { checks, records = true }: CallDetailsOptions,
): Promise<Map<string, CallDetails>> {
  const details = new Map<string, CallDetails>();
  const read = async (cache: Cache) => {
    const { summaryOf } = await import("../../store/inspect.ts");
    const usage = await cache.usage.read();
    const check = checks ? new StaleCheck(cache) : null;
    const waiting = [...nodes.values()];
    for (let at = 0; at < waiting.length; at += READS_AT_ONCE) {
      const found = await Promise.all(
        waiting.slice(at, at + READS_AT_ONCE).map((node) => withRecord(node, cache, check)),
      );
      // The checks go one after the other: one that is under way counts as open, and an open one ends a cycle.
      for (const { node, record } of found) {
        if (record === null) continue;
        const used = usage.get(record.key);
        details.set(node.id, {
          ...await stateOfRecord(node, record, check),
          functionId: record.functionId,
          args: record.values.filter(({ path }) => /^(?:args|this|vars|version)\b/.test(path)),
          sizeBytes: summaryOf(record).sizeBytes,
          computeMs: record.traces[0]?.computeMs ?? null,
          hits: used?.hits ?? 0,
          usedMs: used?.lastUsedMs ?? null,
        });
      }
      if (isTurnOver()) await giveTurn();
    }
  };
  if (records) await withCache(cacheDir, "read", read, undefined);
  await addUnrecorded(nodes, details, checks ? cacheDir : null);
  return details;
}

/** Returns a call with its record; without one when it has none. */
async function withRecord(
  node: CacheNode,
  cache: Cache,
  check: StaleCheck | null,
): Promise<{ readonly node: CacheNode; readonly record: EntryRecord | null }> {
  const key = keyOfNode(node);
  if (!isDigest(key)) return { node, record: null };
  const record = await (check?.read(key as CallKey) ?? cache.records.get(key as CallKey, { parts: false }));
  return { node, record: record?.fname === node.fname ? record : null };
}

async function stateOfRecord(
  node: CacheNode,
  record: EntryRecord,
  check: StaleCheck | null,
): Promise<Pick<CallDetails, "state" | "reason">> {
  if (!isStored(node.outfile)) return MISSING;
  const reasons = check === null ? [] : await check.reasonsOf(record);
  if (reasons.length === 0) return FRESH;
  const reason = describeReasons(reasons);
  if (await check!.replacementOf(record) !== null) return { state: "replaced", reason };
  return { state: reasons.every(({ kind }) => kind === "child") ? "caller" : "stale", reason };
}

const FRESH = { state: "fresh", reason: "" } as const;
const MISSING = { state: "missing", reason: "its result is missing" } as const;

/** Adds the calls without a record: by their own files, then by their inner calls, up to the outermost callers. */
async function addUnrecorded(
  nodes: ReadonlyMap<string, CacheNode>,
  details: Map<string, CallDetails>,
  cacheDir: string | URL | null,
): Promise<void> {
  const left = [...nodes.values()].filter(({ id }) => !details.has(id));
  if (left.length === 0) return;
  const changed = cacheDir === null ? new Map<string, string[]>() : await findChangedFiles(left, cacheDir);
  const isOpen = new Set<string>();
  for (const { id, fname, outfile } of left) {
    if (isTurnOver()) await giveTurn();
    const files = changed.get(id)?.map((path) => `${toPortable(path)} changed`).join("; ");
    const state = !isStored(outfile)
      ? MISSING
      : files !== undefined
      ? { state: "stale", reason: files } as const
      : FRESH;
    const unknown = { args: [], sizeBytes: null, computeMs: null, hits: 0, usedMs: null };
    details.set(id, { ...state, functionId: fname, ...unknown });
    if (state === FRESH) isOpen.add(id);
  }
  if (cacheDir === null) return;
  const waiting = [...details].filter(([, { state }]) => state === "stale" || state === "caller").map(([id]) => id);
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (isTurnOver()) await giveTurn();
    const { fname, parents } = nodes.get(id)!;
    for (const parent of parents) {
      if (!isOpen.delete(parent)) continue;
      details.set(parent, { ...details.get(parent)!, state: "caller", reason: `${fname} is stale` });
      waiting.push(parent);
    }
  }
}

function isStored(outfile: string): boolean {
  try {
    return Deno.statSync(outfile).isFile;
  } catch {
    return false;
  }
}

/**
 * Chooses calls: first those that are stale, then all their callers up to the roots, then what no call made, then what
 * was stored last.
 *
 * @param nodes The calls, by id, the oldest first.
 * @param stateOf Returns the state of a call.
 * @param most Largest number of calls; of calls of one kind the newest are taken.
 * @returns The calls, the oldest first.
 */
export function* chooseCalls(
  nodes: ReadonlyMap<string, CacheNode>,
  stateOf: (id: string) => NodeState,
  most: number,
): Work<CacheNode[]> {
  if (nodes.size <= most) return [...nodes.values()];
  const newestFirst = [...nodes.values()].reverse();
  const chosen = new Set<string>();
  const take = (id: string) => chosen.size < most && nodes.has(id) && chosen.add(id);
  for (const { id } of newestFirst) {
    yield;
    if (stateOf(id) === "stale") take(id);
  }
  // A loop over a set also visits the members that are added meanwhile: the callers of callers.
  for (const id of chosen) {
    yield;
    for (const parent of nodes.get(id)!.parents) take(parent);
  }
  const isRoot = (node: CacheNode) => !node.parents.some((parent) => nodes.has(parent));
  const kinds = [({ id }: CacheNode) => stateOf(id) === "caller", isRoot, () => true];
  for (const isWanted of kinds) {
    for (const node of newestFirst) {
      if (chosen.size >= most) break;
      yield;
      if (isWanted(node)) take(node.id);
    }
  }
  return [...nodes.values()].filter(({ id }) => chosen.has(id));
}
