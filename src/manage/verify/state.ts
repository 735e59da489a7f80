/**
 * What a check has found so far, and where it is.
 *
 * @module
 */
import type { Cache } from "../../store/cache_dir.ts";
import { type Mutation, readOwn, removeOwn, requireFolders, writeAnew } from "../../store/inspect.ts";
import { pause } from "../../words/waiting.ts";
import { messageOf } from "../../words/errors.ts";

/**
 * What can be wrong.
 *
 * | kind | what is wrong | what repair does |
 * | --- | --- | --- |
 * | `damaged-record` | the record's bytes are no record | removes the entry |
 * | `missing-blob` | a result, or the arguments of an inner call, are not on disk | removes the execution that needs them, or the entry |
 * | `damaged-blob` | the bytes have another digest | deletes them, then as above |
 * | `orphan-blob` | no record refers to the blob | deletes it |
 * | `missing-reference` | a record's reference to a blob is not in the index | adds it |
 * | `dangling-reference` | the index says that a record refers to a blob, and it does not | deletes the row |
 * | `missing-summary` | an entry is not in the list | adds it |
 * | `dangling-summary` | the list has an entry that does not exist, or has it twice | deletes the row |
 * | `damaged-row` | a row of an index or of the graph cannot be read | deletes it |
 * | `orphan-node` | the graph has a call whose entry is gone | deletes it |
 * | `missing-edge` | an edge can be found from one end only | adds the other |
 * | `dangling-edge` | an edge belongs to no node | deletes it |
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
  | "damaged-usage"
  | "leftover-file"
  | "stray-file";

/** One thing that is wrong. */
export interface Problem {
  /** The entry's key, or the digest or name of what is wrong when it belongs to no entry. */
  readonly key: string;
  readonly kind: ProblemKind;
  /** One sentence: what is wrong and, after a repair, what was done. */
  readonly detail: string;
}

/** What {@linkcode verify} found. */
export interface VerifyResult {
  /** Number of records, blobs, rows and files that were looked at. */
  readonly checked: number;
  readonly problems: Problem[];
  /** How many of the problems were mended. */
  readonly repaired: number;
}

/** Options of {@linkcode verify}. */
export interface VerifyOptions {
  /**
   * Mend what can be mended and remove what cannot.
   *
   * @default {false}
   */
  readonly repair?: boolean;
  /**
   * Go on where a run that was interrupted less than an hour ago stopped, instead of digesting everything again.
   *
   * @default {true}
   */
  readonly resume?: boolean;
  /**
   * A blob without a record that is younger than this may belong to a writer that is about to store the record; it is
   * waited for. Milliseconds.
   *
   * @default {3000}
   */
  readonly settleMs?: number;
  /** Told how many things were looked at, and of how many. */
  readonly onProgress?: (done: number, total: number) => void;
  /** The time that counts as now, milliseconds since the epoch. */
  readonly now?: number;
}

/** A run that was interrupted longer ago than this is begun again. Milliseconds. */
const RESUME_MS = 3_600_000;
/** How often the place is noted. Milliseconds. */
const NOTE_MS = 1000;

/** One run of the check. */
export class VerifyState {
  readonly repair: boolean;
  readonly nowMs: number;
  readonly settleMs: number;
  readonly problems: Problem[] = [];
  checked = 0;
  repaired = 0;
  /** Results of entries up to this key were digested by the run that is being resumed. */
  readonly resumeAfter: string;
  readonly #cache: Cache;
  readonly #path: string;
  readonly #onProgress: (done: number, total: number) => void;
  #total = 0;
  #notedMs = performance.now();

  /** @param cache What is checked. @param options See there. */
  constructor(cache: Cache, options: VerifyOptions) {
    this.#cache = cache;
    this.#path = `${cache.layout.version}/verify.json`;
    this.repair = options.repair === true && !cache.readOnly;
    this.nowMs = options.now ?? Date.now();
    this.settleMs = options.settleMs ?? 3000;
    this.#onProgress = options.onProgress ?? (() => {});
    const earlier = options.resume === false ? null : this.#readPlace();
    this.resumeAfter = earlier?.after ?? "";
    // Found by the earlier run in the part that is not digested again; what it found elsewhere will be found again.
    if (!this.repair) this.problems.push(...earlier?.damaged ?? []);
  }

  /** Says how many things there will be to look at, as far as is known. */
  expect(count: number): void {
    this.#total += count;
  }

  /** Says that something was looked at. */
  step(count = 1): void {
    this.checked += count;
    if (this.checked % 64 === 0 || count > 1) this.#onProgress(this.checked, Math.max(this.#total, this.checked));
  }

  /**
   * Notes a problem and, when asked to repair, mends it.
   *
   * @param problem What is wrong.
   * @param mend Mends it and says what it did.
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

  /** Notes now and then how far the digesting is, for a run after this one. */
  notePlace(after: string): void {
    if (this.#cache.readOnly || performance.now() - this.#notedMs < NOTE_MS) return;
    this.#notedMs = performance.now();
    const damaged = this.problems.filter(({ kind }) => kind === "damaged-blob" || kind === "missing-blob");
    try {
      const text = JSON.stringify({ startedMs: this.nowMs, after, damaged: this.repair ? [] : damaged });
      requireFolders(this.#cache.layout.version);
      writeAnew(this.#path, new TextEncoder().encode(text), `${this.#path}.${Deno.pid}`);
    } catch {
      // The next run starts from the beginning.
    }
  }

  /** Ends the run: the next one begins anew. */
  finish(): void {
    this.#onProgress(this.checked, this.checked);
    if (this.#cache.readOnly) return;
    try {
      requireFolders(this.#cache.layout.version);
      removeOwn(this.#path);
    } catch {
      // The next run starts where this one last noted its place.
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

/** Time for a writer between two commits of one entry, or between a commit and its blob. Milliseconds. */
const STEP_MS = 250;

/** One row as the database has it. */
export type Row = Deno.KvEntryMaybe<unknown>;

/** Something that looked wrong. */
interface Suspicion {
  readonly problem: Problem;
  /** All rows that say whether it is wrong. */
  readonly rows: readonly Deno.KvKey[];
  /** Says so, from one snapshot of those rows. */
  readonly isWrong: (...rows: Row[]) => boolean | Promise<boolean>;
  /** What mends it, and what was done in words. */
  readonly mend: () => readonly [mutations: readonly Mutation[], done: string];
}

/** Suspicions of one kind of check, for a second look that comes a little later. */
export class Suspicions {
  readonly #waiting: Suspicion[] = [];

  /** Notes one. */
  add(suspicion: Suspicion): void {
    this.#waiting.push(suspicion);
  }

  /** Looks again, and reports and mends what is still wrong. */
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
 * Whether something is wrong for good: nothing of it changed while it was judged.
 *
 * @returns The versions of the rows; `null` when all is well.
 */
async function confirm(
  cache: Cache,
  keys: readonly Deno.KvKey[],
  isWrong: Suspicion["isWrong"],
): Promise<readonly Deno.AtomicCheck[] | null> {
  const { handle } = cache.records.garbage;
  const read = () => handle.run((kv) => kv.getMany<unknown[]>([...keys]));
  for (let rows = await read();;) {
    if (!await isWrong(...rows)) return null;
    // What a row refers to may be in a blob, which is no part of the snapshot.
    const again = await read();
    if (again.every(({ versionstamp }, index) => versionstamp === rows[index]!.versionstamp)) {
      return rows.map(({ key, versionstamp }) => ({ key, versionstamp }) as Deno.AtomicCheck);
    }
    rows = again;
  }
}

/** Waits until what others were writing may be done. */
export function letOthersFinish(): Promise<void> {
  return pause(STEP_MS);
}
