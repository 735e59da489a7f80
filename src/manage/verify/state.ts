/**
 * The state of a running check: the problems that it has found, its progress, and its suspicions.
 *
 * @module
 */
import { steadyMs, wallMs } from "../../words/clock.ts";
import type { Cache } from "../../store/cache_dir.ts";
import { type Mutation, readOwn, removeOwn, requireFolders, writeAnew } from "../../store/inspect.ts";
import { pause } from "../../words/waiting.ts";
import { messageOf } from "../../words/errors.ts";

/**
 * Kinds of problems.
 *
 * | kind | what is wrong | what repair does |
 * | --- | --- | --- |
 * | `damaged-record` | the record's bytes are no record | removes the entry |
 * | `missing-blob` | a result or an inner call's arguments are not on disk | removes the execution, or the entry |
 * | `damaged-blob` | the bytes have another digest | deletes them, then as above |
 * | `orphan-blob` | no record refers to the blob | deletes it |
 * | `missing-reference` | a record's reference to a blob is not in the index | adds it |
 * | `dangling-reference` | the index says that a record refers to a blob, and it does not | deletes the row |
 * | `missing-summary` | an entry is not in the list | adds it |
 * | `dangling-summary` | the list has an entry that does not exist, or its function or time is wrong | takes it off |
 * | `damaged-row` | a row of an index or of the graph cannot be read | deletes it |
 * | `orphan-node` | the graph has a call without an entry, and the call was not loaded or synced | deletes it |
 * | `missing-edge` | an edge can be found from one end only | adds the row for the other end |
 * | `dangling-edge` | an edge belongs to no node | deletes it |
 * | `damaged-database` | pages of the database are damaged | copies what can be read into a new one |
 * | `unreadable-row` | a row of the database has bytes that are no key or no value | deletes it |
 * | `damaged-usage` | the counts of use cannot be read | begins new ones |
 * | `leftover-file` | a killed process left a temporary file or a lock | deletes it |
 * | `stray-file` | a name that the cache did not make, or a link | leaves it alone: it may be the user's |
 */
export type ProblemKind =
  | "damaged-record"
  | "missing-blob"
  | "damaged-blob"
  | "orphan-blob"
  | "missing-reference"
  | "dangling-reference"
  | "missing-summary"
  | "dangling-summary"
  | "damaged-row"
  | "orphan-node"
  | "missing-edge"
  | "dangling-edge"
  | "damaged-database"
  | "unreadable-row"
  | "damaged-usage"
  | "leftover-file"
  | "stray-file";

/** One problem. */
export interface Problem {
  /** Key of the entry; when the problem belongs to no entry, the digest or the name of the wrong thing. */
  readonly key: string;
  readonly kind: ProblemKind;
  /** A sentence that says what is wrong and, after a repair, what was done. */
  readonly detail: string;
}

/** Findings of {@linkcode verify}. */
export interface VerifyResult {
  /** Number of records, blobs, rows and files that were looked at. */
  readonly checked: number;
  readonly problems: Problem[];
  /** Number of problems that were mended. */
  readonly repaired: number;
}

/** Options of {@linkcode verify}. */
export interface VerifyOptions {
  /**
   * Mend the problems that can be mended, and remove entries and files that cannot.
   *
   * @default {false}
   */
  readonly repair?: boolean;
  /**
   * Continue an interrupted run that began less than an hour ago, instead of digesting all blobs again.
   *
   * @default {true}
   */
  readonly resume?: boolean;
  /**
   * Age, milliseconds, from which a blob without a record counts as an orphan, and an unlocked temporary file as left
   * over. A younger one may belong to a writer that is about to store the record, or to lock the file; the check waits
   * until it is old enough.
   *
   * @default {3000}
   */
  readonly settleMs?: number;
  /** Called with the number of things that were looked at, and the number of all as far as it is known. */
  readonly onProgress?: (done: number, total: number) => void;
  /** The time that counts as now, milliseconds since the epoch. */
  readonly now?: number;
}

/** Time, milliseconds, within which an interrupted run can be continued. It counts from the beginning of that run. */
const RESUME_MS = 3_600_000;
/** Time in milliseconds after which a run writes again how far it has come. */
const NOTE_MS = 1000;

/** State of one run of the check. */
export class VerifyState {
  readonly repair: boolean;
  readonly nowMs: number;
  readonly settleMs: number;
  readonly problems: Problem[] = [];
  checked = 0;
  repaired = 0;
  /** Blobs of entries up to this key were digested by the interrupted run that this run continues. */
  readonly resumeAfter: string;
  readonly #cache: Cache;
  readonly #path: string;
  readonly #onProgress: (done: number, total: number) => void;
  #total = 0;
  #notedMs = steadyMs();

  /** @param cache The cache to check. @param options See {@linkcode VerifyOptions}. */
  constructor(cache: Cache, options: VerifyOptions) {
    this.#cache = cache;
    this.#path = `${cache.layout.version}/verify.json`;
    this.repair = options.repair === true && !cache.readOnly;
    this.nowMs = options.now ?? wallMs();
    this.settleMs = options.settleMs ?? 3000;
    this.#onProgress = options.onProgress ?? (() => {});
    const earlier = options.resume === false ? null : this.#readPlace();
    this.resumeAfter = earlier?.after ?? "";
    // Blobs that the interrupted run digested are not digested again, so its findings about them are taken over.
    if (!this.repair) this.problems.push(...earlier?.damaged ?? []);
  }

  /** Adds to the number of things that will be looked at, for the progress. */
  expect(count: number): void {
    this.#total += count;
  }

  /** Counts things that were looked at, and reports the progress now and then. */
  step(count = 1): void {
    this.checked += count;
    if (this.checked % 64 === 0 || count > 1) this.#onProgress(this.checked, Math.max(this.#total, this.checked));
  }

  /**
   * Notes a problem and, when asked to repair, mends it.
   *
   * @param problem The problem.
   * @param mend Mends the problem, and returns words for the mending.
   */
  async found(problem: Problem, mend: () => Promise<string> | string): Promise<void> {
    if (!this.repair) {
      this.problems.push(problem);
      return;
    }
    try {
      const done = await mend();
      this.problems.push({ ...problem, detail: `${problem.detail}; ${done}` });
      this.repaired++;
    } catch (error) {
      const why = messageOf(error);
      this.problems.push({ ...problem, detail: `${problem.detail}; could not be mended: ${why}` });
    }
  }

  /** Notes a problem that only the user can mend. */
  note(problem: Problem): void {
    this.problems.push(problem);
  }

  /** Writes now and then the key up to which blobs are digested, so that a later run can continue there. */
  notePlace(after: string): void {
    if (this.#cache.readOnly || steadyMs() - this.#notedMs < NOTE_MS) return;
    this.#notedMs = steadyMs();
    const damaged = this.problems.filter(({ kind }) => kind === "damaged-blob" || kind === "missing-blob");
    try {
      const text = JSON.stringify({ startedMs: this.nowMs, after, damaged: this.repair ? [] : damaged });
      requireFolders(this.#cache.layout.version);
      writeAnew(this.#path, new TextEncoder().encode(text), `${this.#path}.${Deno.pid}`);
    } catch {
      // The next run starts from the beginning.
    }
  }

  /** Ends the run, so that the next run starts from the beginning. */
  finish(): void {
    this.#onProgress(this.checked, this.checked);
    if (this.#cache.readOnly) return;
    try {
      requireFolders(this.#cache.layout.version);
      removeOwn(this.#path);
    } catch {
      // The next run starts at the place that this run noted last.
    }
  }

  #readPlace(): { readonly after: string; readonly damaged: Problem[] } | null {
    try {
      const { startedMs, after, damaged } = JSON.parse(new TextDecoder().decode(readOwn(this.#path)));
      if (!(Math.abs(this.nowMs - startedMs) < RESUME_MS) || typeof after !== "string") return null;
      const isProblem = (one: Problem) =>
        typeof one?.key === "string" && typeof one.detail === "string" && one.key <= after &&
        (one.kind === "damaged-blob" || one.kind === "missing-blob");
      return { after, damaged: Array.isArray(damaged) ? damaged.filter(isProblem) : [] };
    } catch {
      return null;
    }
  }
}

/** Time in milliseconds that a writer gets between two commits of one entry, or between a commit and its blob. */
const STEP_MS = 250;

/** One row as the database has it. */
export type Row = Deno.KvEntryMaybe<unknown>;

/** A problem that was seen once, with the means to confirm and to mend it. */
interface Suspicion {
  readonly problem: Problem;
  /** Keys of all rows from which the problem can be judged. */
  readonly rows: readonly Deno.KvKey[];
  /** Judges the problem from one snapshot of the rows. */
  readonly isWrong: (...rows: Row[]) => boolean | Promise<boolean>;
  /** Returns the changes that mend the problem, and words for the mending. */
  readonly mend: () => readonly [mutations: readonly Mutation[], done: string];
}

/** Suspicions of one kind of check, which a second look a little later confirms or drops. */
export class Suspicions {
  readonly #waiting: Suspicion[] = [];

  /** Adds a suspicion. */
  add(suspicion: Suspicion): void {
    this.#waiting.push(suspicion);
  }

  /** Looks again at each suspicion; reports those that are confirmed, and mends them when asked to repair. */
  async settle(cache: Cache, state: VerifyState): Promise<void> {
    if (this.#waiting.length === 0) return;
    await letOthersFinish();
    for (const { problem, rows, isWrong, mend } of this.#waiting) {
      const found = await confirm(cache, rows, isWrong);
      if (found === null) continue;
      await state.found(problem, async () => {
        const [mutations, done] = mend();
        return await cache.records.repairRows(mutations, found) ? done : "it changed meanwhile";
      });
    }
  }
}

/**
 * Judges a suspicion from rows that did not change while it was judged.
 *
 * @returns The versions of the rows when the problem is confirmed; `null` when there is none.
 */
async function confirm(
  cache: Cache,
  keys: readonly Deno.KvKey[],
  isWrong: Suspicion["isWrong"],
): Promise<readonly Deno.AtomicCheck[] | null> {
  const { handle } = cache.records.garbage;
  const read = () => handle.getMany([...keys]);
  for (let rows = await read();;) {
    if (!await isWrong(...rows)) return null;
    // A row's value may be in a blob, which is no part of the snapshot: so the versions are compared afterwards.
    const again = await read();
    if (again.every(({ versionstamp }, index) => versionstamp === rows[index]!.versionstamp)) {
      return rows.map(({ key, versionstamp }) => ({ key, versionstamp }) as Deno.AtomicCheck);
    }
    rows = again;
  }
}

/** Waits for the time in which other processes finish a step of writing. */
export function letOthersFinish(): Promise<void> {
  return pause(STEP_MS);
}
