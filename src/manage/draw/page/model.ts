/**
 * The data of a page by what they are asked for, and the words for them. Runs in the browser: the source of each function
 * here is put into the page as text, so a function uses nothing but its parameters and what the language has.
 *
 * @module
 */
import type { NodeState } from "../dot.ts";
import type { PageData } from "../page_data.ts";

/** A function or a call that is picked, found or drawn. */
export type PageItem = { readonly fn: number; readonly call: number | null };

/** What {@linkcode createModel} makes. */
export interface PageModel {
  readonly data: PageData;
  /** Calls of each function: what is stale first, then the newest first. */
  readonly callsOf: readonly (readonly number[])[];
  /** Calls that made each call. */
  readonly callersOf: readonly (readonly number[])[];
  /** Functions that call each function, with the number of calls; not itself. */
  readonly fnCallersOf: readonly (readonly (readonly [fn: number, calls: number])[])[];
  /** Files of each function's calls, and those of stale calls. */
  filesOf(fn: number): { readonly files: readonly number[]; readonly changed: ReadonlySet<number> };
  /** Number of all calls of a function. */
  sizeOf(fn: number): number;
  /** The state that a function is shown in: the gravest of its calls. */
  stateOf(fn: number): NodeState;
  /** Short text for a call: its arguments, else the beginning of its key. */
  labelOf(call: number): string;
  /** A call as code has it: `load("a.csv")`. */
  titleOf(call: number): string;
  /** Functions and calls that have all words of a query, functions first, what is stale before what is not. */
  find(query: string): PageItem[];
}

/**
 * Looks up who is called by whom, once for all.
 *
 * @param data Data of the page.
 * @returns See {@linkcode PageModel}.
 */
export function createModel(data: PageData): PageModel {
  const { functions, calls, files } = data;
  const rank: Record<NodeState, number> = { stale: 0, caller: 1, missing: 2, fresh: 3, replaced: 4 };
  const callsOf: number[][] = functions.map(() => []);
  const callersOf: number[][] = calls.map(() => []);
  const fnCallersOf: [number, number][][] = functions.map(() => []);
  calls.forEach((call, at) => {
    callsOf[call.fn]!.push(at);
    for (const inner of call.inner) callersOf[inner]!.push(at);
  });
  for (const list of callsOf) {
    list.sort((a, b) => rank[calls[a]!.state] - rank[calls[b]!.state] || b - a);
  }
  functions.forEach(({ inner }, from) => {
    for (const [to, count] of inner) if (to !== from) fnCallersOf[to]!.push([from, count]);
  });
  const argumentsOf = (call: number): string =>
    calls[call]!.args.filter(([path]) => path.startsWith("args")).map(([, preview]) => preview ?? "•••").join(", ");
  const stateOf = (fn: number): NodeState => {
    const { counts } = functions[fn]!;
    if (counts.stale > 0) return "stale";
    if (counts.caller > 0) return "caller";
    if (counts.missing > 0) return "missing";
    return counts.fresh > 0 ? "fresh" : "replaced";
  };

  let texts: { fns: string[]; calls: string[] } | null = null;
  const find = (query: string): PageItem[] => {
    const words = query.toLowerCase().split(/\s+/).filter((word) => word !== "");
    if (words.length === 0) return [];
    // Made by the first search: opening the page should not wait for it.
    texts ??= {
      fns: functions.map(({ name, module }) => `${name} ${module}`.toLowerCase()),
      calls: calls.map((call) => {
        const args = call.args.map(([path, preview]) => `${path} ${preview ?? ""}`);
        const { name } = functions[call.fn]!;
        return [name, ...args, call.key, call.reason, ...call.files.map((at) => files[at]!)].join(" ").toLowerCase();
      }),
    };
    const has = (text: string) => words.every((word) => text.includes(word));
    const fns = texts.fns.flatMap((text, fn) => has(text) ? [{ fn, call: null }] : []);
    // The name that is written out comes first.
    fns.sort((a, b) =>
      Number(texts!.fns[b.fn]!.startsWith(words[0]!)) - Number(texts!.fns[a.fn]!.startsWith(words[0]!))
    );
    const found = texts.calls.flatMap((text, call) => has(text) ? [call] : []);
    found.sort((a, b) => rank[calls[a]!.state] - rank[calls[b]!.state] || b - a);
    return [...fns, ...found.map((call) => ({ fn: calls[call]!.fn, call }))];
  };

  return {
    data,
    callsOf,
    callersOf,
    fnCallersOf,
    filesOf(fn) {
      const all = new Set<number>();
      const changed = new Set<number>();
      for (const call of callsOf[fn]!) {
        const { files, state } = calls[call]!;
        for (const file of files) {
          all.add(file);
          if (state === "stale") changed.add(file);
        }
      }
      return { files: [...all].sort((a, b) => Number(changed.has(b)) - Number(changed.has(a)) || a - b), changed };
    },
    sizeOf: (fn) => Object.values(functions[fn]!.counts).reduce((sum, count) => sum + count, 0),
    stateOf,
    labelOf: (call) => argumentsOf(call) || calls[call]!.key.slice(0, 12),
    titleOf: (call) => `${functions[calls[call]!.fn]!.name}(${argumentsOf(call)})`,
    find,
  };
}

/** What {@linkcode createWords} makes. */
export interface PageWords {
  /** `1,234`. */
  number(amount: number): string;
  /** `1,234 calls`, `1 call`. */
  count(amount: number, one: string, many?: string): string;
  /** `1 stale`, `3 callers of stale`. */
  tally(state: NodeState, amount: number): string;
  /** `0.4 ms`, `12 ms`, `3.2 s`, `2 min 5 s`, `1 h 20 min`. */
  duration(ms: number): string;
  /** `12 B`, `3.4 MiB`. */
  size(bytes: number): string;
  /** `2026-01-31 09:30`, in the reader's time. */
  time(iso: string): string;
}

/** Makes the words for amounts. */
export function createWords(): PageWords {
  const grouped = new Intl.NumberFormat("en-US");
  const two = (amount: number) => String(amount).padStart(2, "0");
  const pair = (seconds: number, large: number, largeUnit: string, small: number, smallUnit: string) => {
    const rest = Math.floor((seconds % large) / small);
    return `${grouped.format(Math.floor(seconds / large))} ${largeUnit}${rest === 0 ? "" : ` ${rest} ${smallUnit}`}`;
  };
  const kinds: Record<NodeState, string> = {
    fresh: "stored",
    stale: "stale",
    caller: "caller",
    replaced: "replaced",
    missing: "missing",
  };
  return {
    tally(state, amount) {
      const callers = amount === 1 ? "caller of stale" : "callers of stale";
      return `${grouped.format(amount)} ${state === "caller" ? callers : kinds[state]}`;
    },
    number: (amount) => grouped.format(amount),
    count: (amount, one, many = `${one}s`) => `${grouped.format(amount)} ${amount === 1 ? one : many}`,
    duration(ms) {
      if (!(ms > 0)) return "0 ms";
      if (ms < 0.095) return "< 0.1 ms";
      if (ms < 9.95) return `${ms.toFixed(1)} ms`;
      if (ms < 999.5) return `${Math.round(ms)} ms`;
      if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
      const seconds = Math.round(ms / 1_000);
      if (seconds < 3_600) return pair(seconds, 60, "min", 1, "s");
      return seconds < 86_400 ? pair(seconds, 3_600, "h", 60, "min") : pair(seconds, 86_400, "d", 3_600, "h");
    },
    size(bytes) {
      const units = ["B", "KiB", "MiB", "GiB", "TiB"];
      let amount = bytes;
      let power = 0;
      for (; Math.round(amount) >= 1024 && power < units.length - 1; power++) amount /= 1024;
      return `${amount.toFixed(power > 0 && amount < 9.95 ? 1 : 0)} ${units[power]}`;
    },
    time(iso) {
      const date = new Date(iso);
      const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
      return `${day} ${two(date.getHours())}:${two(date.getMinutes())}`;
    },
  };
}
