/**
 * The data of the page: the functions of a graph, each with a place in the picture, and the calls and files by index.
 *
 * @module
 */
import { inTurns, type Work } from "../../words/waiting.ts";
import { type CacheNode, keyOfNode } from "../graph/nodes.ts";
import type { ReportData } from "../report.ts";
import { type CallDetails, chooseCalls } from "./call_details.ts";
import type { NodeState } from "./dot.ts";
import { assignLayers, orderLayers } from "./svg.ts";

/** Largest number of calls on a page: 30 MB, which a browser still opens at once. */
const MOST_CALLS = 20_000;

/** Everything that a page shows. A call, function or file is named by its index in its list. */
export interface PageData {
  /** Folder of the cache as the user named it. */
  readonly cacheDir: string;
  /** Time at which the cache was looked at, ISO 8601. */
  readonly made: string;
  /** Numbers of all calls of the graph, by state; the list may have fewer calls. */
  readonly counts: Readonly<Record<NodeState, number>>;
  readonly functions: readonly PageFunction[];
  readonly calls: readonly PageCall[];
  /** Places of the functions in the picture. */
  readonly layout: PageLayout;
  /** Paths; those below the project are relative. */
  readonly files: readonly string[];
  /** Figures of the whole cache; `null` on a page that shows a graph only. */
  readonly report: ReportData | null;
}

/** A function on a page: what all of its calls come to. */
export interface PageFunction {
  readonly name: string;
  /** Module of the function; empty where it is not known. */
  readonly module: string;
  /** Numbers of its calls, by state. */
  readonly counts: Readonly<Record<NodeState, number>>;
  /** Functions that it calls, each with the number of calls; itself among them when it calls itself. */
  readonly inner: readonly (readonly [fn: number, calls: number])[];
  readonly sizeBytes: number;
  readonly hits: number;
  /** Sum of the times that the calls ran, milliseconds, and time that hits saved. */
  readonly computeMs: number;
  readonly savedMs: number;
}

/** Places of the functions in a picture in which callers are left of what they call. */
export interface PageLayout {
  /** Layer from the left and place in it from above, of each function, then of each bend of an arrow. */
  readonly places: readonly (readonly [layer: number, place: number])[];
  /** Arrows that pass by other layers: from, to, and the indices in `places` of their bends on the way. */
  readonly bends: readonly (readonly [from: number, to: number, ...bends: number[]])[];
}

/** A call on a page. */
export interface PageCall {
  readonly fn: number;
  readonly key: string;
  readonly state: NodeState;
  /** Reason for the state in words; empty for a fresh call. */
  readonly reason: string;
  /** Time at which the call was stored, ISO 8601, and of its last use. */
  readonly created: string;
  readonly used: string | null;
  readonly hits: number;
  readonly sizeBytes: number | null;
  readonly computeMs: number | null;
  /** Arguments by path; `null` for a secret. */
  readonly args: readonly (readonly [path: string, preview: string | null])[];
  /** Calls that it made; `gone` counts further ones that are not on the page. */
  readonly inner: readonly number[];
  readonly gone: number;
  readonly files: readonly number[];
}

/** What {@linkcode collectPage} is given. */
export interface PageInput {
  readonly nodes: ReadonlyMap<string, CacheNode>;
  readonly details: ReadonlyMap<string, CallDetails>;
  readonly cacheDir: string;
  readonly nameFile: (path: string) => string;
  readonly report: ReportData | null;
  /**
   * Largest number of calls.
   *
   * @default {20000}
   */
  readonly most?: number;
}

/** Collects the data of a page, while other tasks run. */
export async function collectPage(input: PageInput): Promise<PageData> {
  return await inTurns(collect(input));
}

function* collect({ nodes, details, cacheDir, nameFile, report, most = MOST_CALLS }: PageInput): Work<PageData> {
  const stateOf = (id: string) => details.get(id)?.state ?? "fresh";
  const chosen = yield* chooseCalls(nodes, stateOf, most);
  const { functions, indexOf, layout } = yield* groupCalls(nodes, details);
  const index = new Map<string, number>();
  for (const [at, { id }] of chosen.entries()) {
    index.set(id, at);
    yield;
  }
  const files = new Map<string, number>();
  const calls: PageCall[] = [];
  for (const node of chosen) {
    const one = details.get(node.id);
    const children = [...new Set(node.children)];
    const inner = children.map((id) => index.get(id)).filter((at) => at !== undefined);
    calls.push({
      fn: indexOf.get(node.id)!,
      key: keyOfNode(node),
      state: one?.state ?? "fresh",
      reason: one?.reason ?? "",
      created: node.created.toISOString(),
      used: one?.usedMs ? new Date(one.usedMs).toISOString() : null,
      hits: one?.hits ?? 0,
      sizeBytes: one?.sizeBytes ?? null,
      computeMs: one?.computeMs ?? null,
      args: (one?.args ?? []).map(({ path, preview }) => [path, preview ?? null] as const),
      inner,
      gone: children.length - inner.length,
      files: node.files.map((file) => {
        if (!files.has(file)) files.set(file, files.size);
        return files.get(file)!;
      }),
    });
    yield;
  }
  const counts = noCounts();
  for (const one of functions) {
    for (const state of STATES) counts[state] += one.counts[state];
  }
  return {
    cacheDir,
    made: new Date().toISOString(),
    counts,
    functions,
    calls,
    layout,
    files: [...files.keys()].map((file) => nameFile(file)),
    report,
  };
}

type Counts = Record<NodeState, number>;
const STATES: readonly NodeState[] = ["fresh", "stale", "caller", "replaced", "missing"];

function noCounts(): Counts {
  return { fresh: 0, stale: 0, caller: 0, replaced: 0, missing: 0 };
}

/** A function whose sums are still growing. */
interface Group extends Omit<PageFunction, "counts" | "inner"> {
  readonly counts: Counts;
  readonly inner: Map<number, number>;
}

/** Groups all calls of the graph by function, and places the functions: callers left of what they call. */
function* groupCalls(
  nodes: ReadonlyMap<string, CacheNode>,
  details: ReadonlyMap<string, CallDetails>,
): Work<{ functions: PageFunction[]; indexOf: Map<string, number>; layout: PageLayout }> {
  const byId = new Map<string, number>();
  const indexOf = new Map<string, number>();
  const groups: { -readonly [Name in keyof Group]: Group[Name] }[] = [];
  for (const node of nodes.values()) {
    yield;
    const one = details.get(node.id);
    const id = one?.functionId ?? node.fname;
    let at = byId.get(id);
    if (at === undefined) {
      byId.set(id, at = groups.length);
      const module = id.startsWith(`${node.fname} @ `) ? id.slice(node.fname.length + 3) : "";
      const sums = { sizeBytes: 0, hits: 0, computeMs: 0, savedMs: 0 };
      groups.push({ name: node.fname, module, counts: noCounts(), inner: new Map(), ...sums });
    }
    indexOf.set(node.id, at);
    const group = groups[at]!;
    group.counts[one?.state ?? "fresh"] += 1;
    group.sizeBytes += one?.sizeBytes ?? 0;
    group.hits += one?.hits ?? 0;
    group.computeMs += one?.computeMs ?? 0;
    group.savedMs += (one?.hits ?? 0) * (one?.computeMs ?? 0);
  }
  for (const node of nodes.values()) {
    const { inner } = groups[indexOf.get(node.id)!]!;
    for (const child of new Set(node.children)) {
      yield;
      const to = indexOf.get(child);
      if (to !== undefined) inner.set(to, (inner.get(to) ?? 0) + 1);
    }
  }
  const next: number[][] = groups.map(({ inner }, at) => [...inner.keys()].filter((to) => to !== at));
  const previous: number[][] = groups.map(() => []);
  for (const [from, list] of next.entries()) {
    for (const to of list) previous[to]!.push(from);
    yield;
  }
  const functions = groups.map((group) => ({ ...group, inner: [...group.inner] }));
  return { functions, indexOf, layout: yield* layOut(next, previous) };
}

/** Largest number of bends; in a picture that needs more, arrows are straight, and nobody could follow one anyway. */
const MOST_BENDS = 3_000;

/** Places functions. An arrow that passes by other layers gets a place in each of them, so that it crosses no box. */
function* layOut(next: readonly (readonly number[])[], previous: readonly (readonly number[])[]): Work<PageLayout> {
  const layerOf = yield* assignLayers(next, previous);
  const [after, before] = [next.map((list) => [...list]), previous.map((list) => [...list])];
  const bends: [number, number, ...number[]][] = [];
  let count = 0;
  for (const [from, list] of next.entries()) {
    for (const to of list) {
      yield;
      const passed = layerOf[to]! - layerOf[from]! - 1;
      if (passed <= 0 || (count += passed) > MOST_BENDS) continue;
      const way = Array.from({ length: passed }, (_, at) => layerOf.push(layerOf[from]! + 1 + at) - 1);
      bends.push([from, to, ...way]);
      after[from]!.splice(after[from]!.indexOf(to), 1, way[0]!);
      before[to]!.splice(before[to]!.indexOf(from), 1, way.at(-1)!);
      for (const [at, bend] of way.entries()) {
        after[bend] = [way[at + 1] ?? to];
        before[bend] = [way[at - 1] ?? from];
      }
    }
  }
  const places: [number, number][] = [];
  for (const [layer, list] of (yield* orderLayers(layerOf, after, before)).entries()) {
    for (const [place, at] of list.entries()) places[at] = [layer, place];
  }
  return { places, bends };
}
