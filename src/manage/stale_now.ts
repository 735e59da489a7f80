/**
 * The entries that are stale now, as far as that can be found out without running any code.
 *
 * @module
 */
import { checkDependency, declaredVariableState } from "../reads/dependency.ts";
import type { CallKey } from "../words/digests.ts";
import type { StaleReason } from "../words/events.ts";
import { fileDigestsFor } from "../reads/files/open_digests.ts";
import type { FileDigests } from "../reads/files/file_digests.ts";
import {
  type ChildState,
  digestOfOutcome,
  expiry,
  type TraceChecks,
  type Verdict,
  verifyRecord,
} from "../call/freshness.ts";
import { projectRoot, toAbsolute } from "../options/project.ts";
import type { ChildDependency, EntryRecord } from "../words/records.ts";
import type { Cache } from "../store/cache_dir.ts";
import { compareTraces } from "../reasons/compare.ts";
import { once } from "../words/waiting.ts";
import { damagedReason, environmentReason } from "../reasons/make_reason.ts";

/** Number of the newest entries of a function among which a replacement for an older entry is sought. */
const MOST_SIBLINGS = 2_000;

/** A stale entry with the reasons. */
export interface StaleEntry {
  readonly record: EntryRecord;
  /** Reasons for being stale, down to the root cause; never empty. */
  readonly reasons: readonly StaleReason[];
}

/** Options of {@linkcode staleNow}. */
export interface StaleNowOptions {
  /** Name of a function: only its entries are looked at. */
  readonly fname?: string;
  /**
   * Also list a stale entry that is replaced: a newer entry of the same function and arguments is fresh.
   *
   * @default {false}
   */
  readonly all?: boolean;
}

/**
 * Looks at the dependencies of each entry: files, directories, environment variables, and inner calls down to the root
 * cause.
 *
 * Runs no code. So a change of code is not noticed, and an entry whose inner call is stale counts as stale, although
 * that call may give the same result when it runs again.
 *
 * @param cache The cache.
 * @param options See {@linkcode StaleNowOptions}.
 * @returns The stale entries, one by one.
 */
export async function* staleNow(cache: Cache, options: StaleNowOptions = {}): AsyncGenerator<StaleEntry> {
  const check = new StaleCheck(cache);
  const filter = options.fname === undefined ? {} : { fname: options.fname };
  for await (const { key } of cache.records.summaries(filter)) {
    const record = await check.read(key);
    // The entry was removed in the meantime, or is damaged; damage is reported by `cacheVerify()`.
    if (record === null) continue;
    const reasons = await check.reasonsOf(record);
    if (reasons.length === 0) continue;
    if (options.all !== true && await check.replacementOf(record) !== null) continue;
    yield { record, reasons };
  }
}

/** Number of records that a check keeps: an inner call is often one that was looked at a moment ago. */
const MOST_RECORDS = 4_096;

/**
 * A check of one cache; the verdict on an entry and its replacement are found once and then kept. Entries are checked one
 * after the other.
 */
export class StaleCheck {
  readonly #cache: Cache;
  readonly #files: FileDigests;
  readonly #root = projectRoot();
  readonly #verdicts = new Map<CallKey, Promise<Verdict>>();
  readonly #siblings = new Map<string, Promise<Map<string, CallKey[]>>>();
  readonly #replacements = new Map<CallKey, Promise<EntryRecord | null>>();
  readonly #records = new Map<CallKey, Promise<EntryRecord | null>>();
  /** Entries that are being verified. A sound cache has no cycles; a cycle in a manipulated cache ends here. */
  readonly #open = new Set<CallKey>();
  readonly #seeking = new Set<CallKey>();

  /** @param cache The cache. */
  constructor(cache: Cache) {
    this.#cache = cache;
    this.#files = fileDigestsFor(toAbsolute(cache.dir), { readOnly: true });
  }

  /** Reads an entry, as it was when this check read it first. @returns `null` when there is none, or it is damaged. */
  async read(key: CallKey): Promise<EntryRecord | null> {
    if (this.#records.size >= MOST_RECORDS) this.#records.clear();
    return await once(this.#records, key, () => this.#cache.records.get(key, { parts: false }));
  }

  /**
   * Finds the reasons for which an entry is stale.
   *
   * @param record The entry.
   * @returns The reasons; none when the entry is fresh.
   */
  async reasonsOf(record: EntryRecord): Promise<readonly StaleReason[]> {
    const verdict = await this.#verdictOf(record);
    return verdict.fresh ? [] : verdict.reasons;
  }

  /**
   * Finds the newest fresh entry of the same function and arguments, if it is newer: a call would find that entry now.
   *
   * @param record A stale entry.
   * @returns The newer entry; `null` when there is none.
   */
  async replacementOf(record: EntryRecord): Promise<EntryRecord | null> {
    if (this.#seeking.has(record.key)) return null;
    return await once(this.#replacements, record.key, () => this.#findReplacement(record));
  }

  #verdictOf(record: EntryRecord): Promise<Verdict> {
    return once(this.#verdicts, record.key, () => this.#verify(record));
  }

  async #verify(record: EntryRecord): Promise<Verdict> {
    this.#open.add(record.key);
    try {
      // Declared dependencies are part of the call key: if one changed, a call would look up another key.
      const reasons = await this.#declaredDifferences(record);
      if (reasons.length > 0) return { fresh: false, reasons };
      const verdict = await verifyRecord(record, {
        leaf: this.#leaf,
        child: (dependency) => this.#lookAtChild(dependency, record),
        // Code is not loaded here, so it cannot be compared: it is assumed to be unchanged.
        sameFunction: ({ functionId, revision }) => this.#cache.revisions.isOfName(functionId, revision),
        // By the age that was allowed when it was stored: the options are not known here either.
        condition: (trace) => trace.maxAgeMs === undefined ? null : expiry(trace, trace.maxAgeMs),
      });
      const isGone = verdict.fresh && !this.#cache.blobs.has(verdict.trace.result);
      return isGone ? { fresh: false, reasons: [damagedReason("its result is missing")] } : verdict;
    } finally {
      this.#open.delete(record.key);
    }
  }

  // The programs that call the functions run where they ran before, wherever somebody looks at the cache.
  readonly #leaf: TraceChecks["leaf"] = (dependency) =>
    dependency.kind === "cwd" ? null : checkDependency(dependency, { root: this.#root, files: this.#files });

  async #declaredDifferences(record: EntryRecord): Promise<StaleReason[]> {
    const reasons: StaleReason[] = [];
    for (const file of record.files) {
      if (file.isFiltered) continue;
      const reason = await this.#leaf(file);
      if (reason !== null) reasons.push(reason);
    }
    for (const { path, digest } of record.values) {
      if (!path.startsWith("env.")) continue;
      const name = path.slice("env.".length);
      const now = declaredVariableState(name);
      if (now === digest || now === undefined) continue;
      reasons.push(environmentReason(name, digest !== null, now !== null));
    }
    return reasons;
  }

  async #lookAtChild(recorded: ChildDependency, caller: EntryRecord): Promise<ChildState> {
    if (this.#open.has(recorded.key)) return { kind: "unchanged" };
    const record = await this.read(recorded.key);
    if (record === null) {
      // An inner call that threw or was pruned has no entry: only the dependencies in the caller's trace are known.
      const reason = await this.#supportDifference(recorded, caller);
      return reason === null ? { kind: "unchanged" } : { kind: "stale", reasons: [reason] };
    }
    const verdict = await this.#verdictOf(record);
    if (verdict.fresh) {
      const then = record.traces.find((trace) => digestOfOutcome(trace) === recorded.outcome);
      const reasons = () => then === undefined ? [] : compareTraces(then, verdict.trace);
      return { kind: "outcome", digest: digestOfOutcome(verdict.trace), reasons };
    }
    // The inner call may have been made again under another key, after an edit of a declared file.
    const replacement = await this.replacementOf(record);
    const now = replacement === null ? null : await this.#verdictOf(replacement);
    const { reasons } = verdict;
    return now?.fresh
      ? { kind: "outcome", digest: digestOfOutcome(now.trace), reasons: () => reasons }
      : { kind: "stale", reasons };
  }

  /** Finds the first change among the dependencies of an execution and of all its inner calls. */
  async #supportDifference(recorded: ChildDependency, caller: EntryRecord): Promise<StaleReason | null> {
    const trace = caller.traces.find(({ dependencies }) => dependencies.includes(recorded));
    for (const dependency of trace?.support?.dependencies ?? []) {
      const reason = await this.#leaf(dependency);
      if (reason !== null) return reason;
    }
    return null;
  }

  async #findReplacement(record: EntryRecord): Promise<EntryRecord | null> {
    this.#seeking.add(record.key);
    try {
      return await this.#findAmongSiblings(record);
    } finally {
      this.#seeking.delete(record.key);
    }
  }

  async #findAmongSiblings(record: EntryRecord): Promise<EntryRecord | null> {
    const siblings = await once(this.#siblings, record.functionId, () => this.#groupSiblings(record));
    for (const key of siblings.get(argumentsOf(record)) ?? []) {
      if (key === record.key || this.#open.has(key)) continue;
      const other = await this.read(key);
      if (other === null || newestMs(other) < newestMs(record)) continue;
      if ((await this.#verdictOf(other)).fresh) return other;
    }
    return null;
  }

  /** Returns the keys of the newest entries of a function, grouped by arguments, the newest first in each group. */
  async #groupSiblings({ functionId }: EntryRecord): Promise<Map<string, CallKey[]>> {
    const entries: { key: CallKey; ms: number; signature: string }[] = [];
    for (const { key } of await this.#cache.records.recent(functionId, MOST_SIBLINGS)) {
      const record = await this.read(key);
      if (record) entries.push({ key, ms: newestMs(record), signature: argumentsOf(record) });
    }
    entries.sort((a, b) => b.ms - a.ms);
    const groups = new Map<string, CallKey[]>();
    for (const { key, signature } of entries) {
      const group = groups.get(signature);
      if (group) group.push(key);
      else groups.set(signature, [key]);
    }
    return groups;
  }
}

function newestMs(record: EntryRecord): number {
  return record.traces[0]?.createdMs ?? record.createdMs;
}

/** Text that entries of the same call have in common: digests of arguments and paths of files, but no contents. */
function argumentsOf(record: EntryRecord): string {
  const parts = record.values.filter(({ path }) => !/^(?:env|vars|files)\.|^version$/.test(path));
  const paths = record.files.map(({ path }) => path).sort();
  return [...parts.map(({ path, digest }) => `${path}\0${digest}`), "", ...paths].join("\0");
}
