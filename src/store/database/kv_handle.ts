/**
 * Lifetime of the open database: when it is opened and closed, and how often an operation is tried again.
 *
 * @module
 */
import { startTimer, steadyMs, stopTimer } from "../../words/clock.ts";
import { runsTests } from "../../words/program.ts";
import { inodeOf, isBusy, isClosed, isDamage, isUndecodable } from "./sqlite_files.ts";
import { BUSY_MS, DAMAGE_ATTEMPTS, type KvAccess, openKv, putInWords } from "./kv_open.ts";
import type { OpenKv } from "./kv_read_only.ts";
import type { ReportDamage } from "./kv_repair.ts";
import type { UnreadableRow } from "./unreadable_rows.ts";
import type { CacheLayout } from "../layout.ts";
import { pause } from "../../words/waiting.ts";

/** Functions that read and remove rows without Deno.Kv. */
export type RawRows = typeof import("./unreadable_rows.ts");

/**
 * Database that is open while somebody uses it.
 *
 * In a program the database stays open until the program ends: an open Deno.Kv does not keep a process alive. Under
 * `deno test` it is closed as soon as nobody uses it, because an open handle at the end of a test counts as a leak,
 * and opening the database again costs 2–3 ms.
 */
export class KvHandle {
  readonly #layout: CacheLayout;
  readonly #report: ReportDamage;
  readonly #staysOpen: boolean;
  #kv: Promise<OpenKv> | undefined;
  #users = 0;
  #impatientUntilMs = 0;
  #ready: OpenKv | undefined;
  readonly #toldRows = new Set<string>();

  /** True when nothing is written. */
  readonly readOnly: boolean;
  readonly #access: KvAccess;

  /**
   * @param layout Paths of the cache.
   * @param report Called when a damaged file was moved aside, or cannot be read.
   * @param access See {@linkcode KvAccess}.
   */
  constructor(layout: CacheLayout, report: ReportDamage, access: KvAccess) {
    this.readOnly = access.readOnly;
    this.#access = access;
    this.#layout = layout;
    this.#report = report;
    this.#staysOpen = !runsTests();
  }

  /**
   * Keeps the database open until the returned function is called; calling that function again does nothing. The
   * database is opened by the first {@linkcode run}.
   */
  use(): () => void {
    if (this.#users++ === 0 && this.#ready?.isOutdated?.() === true) this.close();
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      if (--this.#users === 0 && !this.#staysOpen) this.close();
    };
  }

  /**
   * Reads a row. One that cannot be decoded has a value that no decoder of rows takes.
   *
   * @throws {CacheError} As {@linkcode openKv}.
   */
  async get<T = unknown>(key: Deno.KvKey): Promise<Deno.KvEntryMaybe<T>> {
    const [entry] = await this.around(
      (kv) => Promise.all([kv.get<T>(key)]),
      ({ readRawRows }, path, tell) => readRawRows(path, [key], tell) as [Deno.KvEntryMaybe<T>],
    );
    return entry;
  }

  /** Reads several rows, ten at most, as they are at one moment. @throws {CacheError} As {@linkcode openKv}. */
  getMany<T = unknown>(keys: readonly Deno.KvKey[]): Promise<Deno.KvEntryMaybe<T>[]> {
    return this.around(
      (kv) => kv.getMany<T[]>([...keys]),
      ({ readRawRows }, path, tell) => readRawRows(path, keys, tell) as Deno.KvEntryMaybe<T>[],
    );
  }

  /**
   * Runs an operation as {@linkcode KvHandle.run} does, and in another way if Deno.Kv meets a row that it cannot decode.
   *
   * @param operation The operation.
   * @param otherwise Does it without Deno.Kv, with the functions of `unreadable_rows`, on the file at a path. Its last
   * argument is to be called with each row that cannot be decoded; such a row is reported once.
   * @throws {CacheError} As {@linkcode openKv}.
   */
  async around<T>(
    operation: (kv: Deno.Kv) => Promise<T>,
    otherwise: (rows: RawRows, path: string, tell: (row: UnreadableRow) => void) => T | Promise<T>,
  ): Promise<T> {
    const release = this.use();
    try {
      return await this.run(operation);
    } catch (error) {
      const path = this.#ready?.raw;
      if (!isUndecodable(error) || path === undefined) throw error;
      return await otherwise(await import("./unreadable_rows.ts"), path, ({ detail }) => this.#tellRow(detail));
    } finally {
      release();
    }
  }

  /**
   * Returns the path at which the database can be read without Deno.Kv; `null` for one in memory, and for a copy, in
   * which all rows can be decoded.
   */
  async rawPath(): Promise<string | null> {
    return (await this.#open(steadyMs() + this.#patienceMs())).raw ?? null;
  }

  /** Puts a new database, with the records that can be read, in the place of one that was found damaged. */
  async replaceDamaged(defect: string): Promise<void> {
    const { inode } = await this.#open(steadyMs() + this.#patienceMs());
    const { setAside } = await import("./kv_repair.ts");
    this.close();
    await setAside(this.#layout, inode, new Error(defect), this.#report);
  }

  /** Moves the database aside, so that an empty one is begun. */
  async drop(): Promise<void> {
    const { inode } = await this.#open(steadyMs() + this.#patienceMs());
    const { moveAway } = await import("./kv_repair.ts");
    this.close();
    await moveAway(this.#layout, inode);
  }

  /** True while the database is only read, since the disk is full. */
  get isOnFullDisk(): boolean {
    return this.#ready?.isOnFullDisk === true;
  }

  #tellRow(detail: string): void {
    if (this.#toldRows.has(detail) || this.#toldRows.size >= MAX_TOLD_ROWS) return;
    this.#toldRows.add(detail);
    this.#report(`${detail}; it is passed over, and verify --repair removes it`);
  }

  /**
   * Runs one operation on the database. Waits for a lock that another process holds. A damaged file is moved aside, or
   * left alone when the handle is read-only, and the operation is repeated on an empty database.
   *
   * @throws {CacheError} As {@linkcode openKv}.
   */
  async run<T>(operation: (kv: Deno.Kv) => Promise<T>): Promise<T> {
    const release = this.use();
    try {
      const giveUpMs = steadyMs() + this.#patienceMs();
      for (let attempt = 0;; attempt++) {
        const open = await this.#open(giveUpMs);
        try {
          return await operation(open.kv);
        } catch (error) {
          if (isBusy(error) && steadyMs() < giveUpMs) {
            await pause(Math.random() * Math.min(2 ** attempt, 64));
          } else if (isDamage(error) && !this.readOnly && attempt < DAMAGE_ATTEMPTS) {
            const { setAside } = await import("./kv_repair.ts"); // a sound database needs none of it
            this.close();
            await setAside(this.#layout, open.inode, error, this.#report);
          } else if (this.readOnly && attempt < DAMAGE_ATTEMPTS && (isDamage(error) || isLost(error, open))) {
            const { openSaved } = await import("./kv_read_only.ts");
            this.close();
            this.#kv = openSaved(this.#layout, open.inode, error, this.#report); // nothing will be written to it
          } else if (isClosed(error) && attempt < DAMAGE_ATTEMPTS) {
            // Another operation found damage and closed the handle while this one used it.
            if (await this.#kv === open) this.close();
          } else {
            throw open.isOnFullDisk === true && !isUndecodable(error) ? new Error("database or disk is full") : error;
          }
        }
      }
    } catch (error) {
      if (isBusy(error)) this.#impatientUntilMs = steadyMs() + IMPATIENT_MS;
      throw isUndecodable(error) ? error : await putInWords(error, this.#layout, false);
    } finally {
      release();
    }
  }

  /**
   * Returns a text that differs after each commit by any process; `null` when that cannot be told. Read it *before*
   * reading the database and keep it with the data that was read.
   */
  commits(): string | null {
    return this.#ready?.commits?.read() ?? null;
  }

  /** Returns the longest wait for a lock, milliseconds. After a wait in vain, the next operations wait less. */
  #patienceMs(): number {
    return steadyMs() < this.#impatientUntilMs ? IMPATIENCE_MS : BUSY_MS;
  }

  /**
   * Closes the handle if the file under it was deleted or replaced, so that the next operation opens the new file: data
   * written to a deleted file is lost.
   *
   * @returns True when it was.
   */
  async followFile(): Promise<boolean> {
    if (this.#kv === undefined || this.readOnly) return false;
    const open = await this.#open(steadyMs() + this.#patienceMs()).catch(() => undefined);
    if (open === undefined || inodeOf(this.#layout.meta) === open.inode) return false;
    this.close();
    return true;
  }

  /** Notes at the end of the process that the database is sound, as far as this process knows. */
  noteSoundness(): void {
    this.#ready?.note?.renew();
  }

  /** Closes the database; the next {@linkcode run} opens it again. */
  close(): void {
    const closing = this.#kv;
    this.#kv = undefined;
    this.#ready = undefined;
    closing?.then((open) => open.close(), () => {});
  }

  #open(giveUpMs: number): Promise<OpenKv> {
    if (this.#kv === undefined) {
      const opening = openKv(this.#layout, this.#access, this.#report);
      this.#kv = opening;
      opening.then((open) => {
        if (this.#kv === opening) this.#ready = open;
      }, () => {
        if (this.#kv === opening) this.#kv = undefined;
      });
    }
    if (this.#ready !== undefined) return Promise.resolve(this.#ready);
    // While another process holds the database, the first read waits without end, and closing the database would block
    // the thread for as long. So the caller gives up, and the opening goes on for those who come later.
    return within(giveUpMs, this.#kv);
  }
}

/** True when a row cannot be decoded, and there is no file in which the others can be read without Deno.Kv. */
function isLost(error: unknown, { raw }: OpenKv): boolean {
  return isUndecodable(error) && raw === undefined;
}

/** Largest number of rows that cannot be decoded and are reported one by one. */
const MAX_TOLD_ROWS = 100;

/** Longest wait after a wait in vain, and the time for which this shorter limit holds, in milliseconds. */
const IMPATIENCE_MS = 100;
const IMPATIENT_MS = 30_000;

/** Waits for an operation. @throws {Error} That the database is locked, when the operation has not ended in time. */
async function within<T>(giveUpMs: number, operation: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof startTimer> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const locked = () => reject(new Error("database is locked by another process"));
    timer = startTimer(locked, Math.max(0, giveUpMs - steadyMs()));
  });
  try {
    return await Promise.race([operation, timeout]);
  } finally {
    stopTimer(timer);
  }
}
