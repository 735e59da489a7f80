/**
 * What looked wrong while others were writing, and the second look that tells a damage from a step that was not over.
 *
 * @module
 */
import type { Cache } from "../store/cache_dir.ts";
import type { Mutation } from "../store/kv_batch.ts";
import type { Problem, VerifyState } from "./state.ts";

/** Time for a writer between two commits of one entry, or between a commit and its blob. Milliseconds. */
const STEP_MS = 250;

/** One row as the database has it. */
export type Row = Deno.KvEntryMaybe<unknown>;

/** Something that looked wrong. */
export interface Suspicion {
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
    await pause(STEP_MS);
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

/** Waits. */
export function pause(ms: number = STEP_MS): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
