/**
 * Which entries no longer hold, as far as that can be told without running any code.
 *
 * @module
 */
import { checkDependency } from "../reads/dependency.ts";
import { digestBytes } from "../words/sha256.ts";
import type { CallKey } from "../words/digests.ts";
import type { StaleReason } from "../words/events.ts";
import { fileDigestsFor } from "../reads/files/open_digests.ts";
import type { FileDigests } from "../reads/files/file_digests.ts";
import { type ChildState, digestOfOutcome, type TraceChecks, type Verdict, verifyRecord } from "../call/freshness.ts";
import { projectRoot, toAbsolute } from "../options/project.ts";
import type { ChildDependency, EntryRecord } from "../words/records.ts";
import type { Cache } from "../store/cache_dir.ts";
import { compareTraces } from "../reasons/compare.ts";
import { once } from "../words/waiting.ts";
import { environmentReason } from "../reasons/make_reason.ts";

/** How many of the newest entries of a function are looked through for one that replaces an older. */
const MOST_SIBLINGS = 2_000;

/** An entry that does not hold, and why. */
export interface StaleEntry {
  readonly record: EntryRecord;
  /** Down to the root cause; never empty. */
  readonly reasons: readonly StaleReason[];
}

/** Options of {@linkcode staleNow}. */
export interface StaleNowOptions {
  /** Only entries of this function. */
  readonly fname?: string;
  /**
   * Also entries that a newer one of the same function and arguments replaces, which itself holds.
   *
   * @default {false}
   */
  readonly all?: boolean;
}

/**
 * Looks at what each entry depends on: files, directories, environment variables, nested calls down to the root cause.
 *
 * Runs no code. So a change of code is not seen; and an entry whose nested call is stale is named, although that call
 * may give the same result when it runs again.
 *
 * @param cache The cache.
 * @param options Which entries.
 * @returns The entries that do not hold, one by one.
 */
export async function* staleNow(cache: Cache, options: StaleNowOptions = {}): AsyncGenerator<StaleEntry> {
  const check = new StaleCheck(cache);
  const filter = options.fname === undefined ? {} : { fname: options.fname };
  for await (const { key } of cache.records.summaries(filter)) {
    const record = await cache.records.get(key, { parts: false });
    // Removed in the meantime, or damaged: that is for verify to say.
    if (record === null) continue;
    const reasons = await check.reasonsOf(record);
    if (reasons.length === 0) continue;
    if (options.all !== true && await check.replacementOf(record) !== null) continue;
    yield { record, reasons };
  }
}

/** One look at a cache; what was found out about a call, a file or a variable is not asked again. */
export class StaleCheck {
  readonly #cache: Cache;
  readonly #files: FileDigests;
  readonly #root = projectRoot();
  readonly #verdicts = new Map<CallKey, Promise<Verdict>>();
  readonly #siblings = new Map<string, Promise<Map<string, CallKey[]>>>();
  readonly #replacements = new Map<CallKey, Promise<EntryRecord | null>>();
  /** Calls that are being looked at. A sound cache has no cycles; in one that was tampered with they end here. */
  readonly #open = new Set<CallKey>();
  readonly #seeking = new Set<CallKey>();

  /** @param cache The cache. */
  constructor(cache: Cache) {
    this.#cache = cache;
    this.#files = fileDigestsFor(toAbsolute(cache.dir), { readOnly: true });
  }

  /**
   * Why an entry does not hold.
   *
   * @param record The entry.
   * @returns The reasons; none when it holds.
   */
  async reasonsOf(record: EntryRecord): Promise<readonly StaleReason[]> {
    const verdict = await this.#verdictOf(record);
    return verdict.fresh ? [] : verdict.reasons;
  }

  /**
   * The newest entry of the same function and arguments that holds, if it is newer: the one that a call would find now.
   *
   * @param record An entry that does not hold.
   * @returns The other entry; `null` when there is none.
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
      // What options declare is part of the key: if it changed, a call would look elsewhere.
      const reasons = await this.#declaredDifferences(record);
      if (reasons.length > 0) return { fresh: false, reasons };
      return await verifyRecord(record, {
        leaf: this.#leaf,
        child: (dependency) => this.#lookAtChild(dependency, record),
        // Code is not loaded here, so it cannot be compared: it is taken to be the same.
        sameFunction: () => true,
      });
    } finally {
      this.#open.delete(record.key);
    }
  }

  readonly #leaf: TraceChecks["leaf"] = (dependency) =>
    checkDependency(dependency, { root: this.#root, files: this.#files });

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
      const now = declaredVariable(name);
      if (now === digest || now === undefined) continue;
      reasons.push(environmentReason(name, digest !== null, now !== null));
    }
    return reasons;
  }

  async #lookAtChild(recorded: ChildDependency, caller: EntryRecord): Promise<ChildState> {
    if (this.#open.has(recorded.key)) return { kind: "unchanged" };
    const record = await this.#cache.records.get(recorded.key, { parts: false });
    if (record === null) {
      // An inner call that threw has no entry, nor has one that was pruned: all that is known is what it rested on.
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

  /** The first thing that differs of what an execution and all calls inside it rested on. */
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
      const other = await this.#cache.records.get(key, { parts: false });
      if (other === null || newestMs(other) < newestMs(record)) continue;
      if ((await this.#verdictOf(other)).fresh) return other;
    }
    return null;
  }

  /** Keys of the newest entries of a function, newest first, by their arguments. */
  async #groupSiblings({ functionId }: EntryRecord): Promise<Map<string, CallKey[]>> {
    const entries: { key: CallKey; ms: number; signature: string }[] = [];
    for (const { key } of await this.#cache.records.recent(functionId, MOST_SIBLINGS)) {
      const record = await this.#cache.records.get(key, { parts: false });
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

/** Digest of a variable as `envVars` has it; `null`: not set; `undefined`: it may not be read. */
function declaredVariable(name: string): string | null | undefined {
  if (Deno.permissions.querySync({ name: "env", variable: name }).state !== "granted") return undefined;
  const value = Deno.env.get(name);
  return value === undefined ? null : digestBytes(value);
}

function newestMs(record: EntryRecord): number {
  return record.traces[0]?.createdMs ?? record.createdMs;
}

/** What two entries have in common that were made by the same call: arguments and paths, but no contents. */
function argumentsOf(record: EntryRecord): string {
  const parts = record.values.filter(({ path }) => !/^(?:env|vars|files)\.|^version$/.test(path));
  const paths = record.files.map(({ path }) => path).sort();
  return [...parts.map(({ path, digest }) => `${path}\0${digest}`), "", ...paths].join("\0");
}
