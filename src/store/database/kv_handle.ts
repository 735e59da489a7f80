/**
 * A database that is open while it is needed: when to open and close it, and how often to try again.
 *
 * @module
 */
import { runsTests } from "../../words/program.ts";
import { inodeOf, isBusy, isClosed, isDamage } from "./sqlite_files.ts";
import { BUSY_MS, DAMAGE_ATTEMPTS, type KvAccess, openKv } from "./kv_open.ts";
import type { OpenKv } from "./kv_read_only.ts";
import type { ReportDamage } from "./kv_repair.ts";
import type { CacheLayout } from "../layout.ts";
import { pause } from "../../words/waiting.ts";

/**
 * A database that is open while somebody uses it.
 *
 * In a program it then stays open until the program ends: an open Deno.Kv does not keep a process alive. Under
 * `deno test` it is closed as soon as nobody uses it, because an open handle at the end of a test counts as a leak, and
 * opening it again costs 2–3 ms.
 */
export class KvHandle {
  readonly #layout: CacheLayout;
  readonly #report: ReportDamage;
  readonly #staysOpen: boolean;
  #kv: Promise<OpenKv> | undefined;
  #users = 0;
  #impatientUntilMs = 0;
  #ready: OpenKv | undefined;

  /** Nothing is written. */
  readonly readOnly: boolean;
  readonly #access: KvAccess;

  /**
   * @param layout Where the database is.
   * @param report Told when a damaged file was moved aside.
   * @param access How it is opened.
   */
  constructor(layout: CacheLayout, report: ReportDamage, access: KvAccess) {
    this.readOnly = access.readOnly;
    this.#access = access;
    this.#layout = layout;
    this.#report = report;
    this.#staysOpen = !runsTests();
  }

  /**
   * Keeps the database open until the returned function is called; calling that again does nothing. Opening itself waits
   * for the first {@linkcode run}.
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
   * Runs one operation on the database. A lock that another process holds is waited for; a damaged file is moved aside
   * and the operation repeated on an empty database.
   *
   * @throws {CacheError} As {@linkcode openKv}.
   */
  async run<T>(operation: (kv: Deno.Kv) => Promise<T>): Promise<T> {
    const release = this.use();
    try {
      const giveUpMs = performance.now() + this.#patienceMs();
      for (let attempt = 0;; attempt++) {
        const open = await this.#open(giveUpMs);
        try {
          return await operation(open.kv);
        } catch (error) {
          if (isBusy(error) && performance.now() < giveUpMs) {
            await pause(Math.random() * Math.min(2 ** attempt, 64));
          } else if (isDamage(error) && !this.readOnly && attempt < DAMAGE_ATTEMPTS) {
            const { setAside } = await import("./kv_repair.ts"); // a sound database needs none of it
            this.close();
            await setAside(this.#layout, open.inode, error, this.#report);
          } else if (isDamage(error) && this.readOnly && attempt < DAMAGE_ATTEMPTS) {
            const { describeUnreadable, openMemory } = await import("./kv_read_only.ts");
            this.close();
            this.#kv = openMemory(open.inode); // empty, and nothing will be written to it
            this.#report(describeUnreadable(this.#layout, error));
          } else if (isClosed(error) && attempt < DAMAGE_ATTEMPTS) {
            // Another operation found damage and closed the handle under this one.
            if (await this.#kv === open) this.close();
          } else {
            throw error;
          }
        }
      }
    } catch (error) {
      if (isBusy(error)) this.#impatientUntilMs = performance.now() + IMPATIENT_MS;
      throw error;
    } finally {
      release();
    }
  }

  /**
   * A text that is another one after each commit by any process. Read it *before* reading the database and keep it with
   * what was read. `null` when it cannot be told.
   */
  commits(): string | null {
    return this.#ready?.commits?.read() ?? null;
  }

  /** One wait in vain is enough: the operations after it do not each wait as long. */
  #patienceMs(): number {
    return performance.now() < this.#impatientUntilMs ? IMPATIENCE_MS : BUSY_MS;
  }

  /**
   * Closes the handle if the file under it was deleted or replaced, so that the next operation opens the new one: what
   * is written to a deleted file is lost.
   */
  async followFile(): Promise<void> {
    if (this.#kv === undefined || this.readOnly) return;
    const open = await this.#open(performance.now() + this.#patienceMs()).catch(() => undefined);
    if (open !== undefined && inodeOf(this.#layout.meta) !== open.inode) this.close();
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
    // While another process holds the database, the first read waits for ever, and to close it would stop the thread for
    // as long. So who waits gives up, and the opening goes on for those who come later.
    return within(giveUpMs, this.#kv);
  }
}

/** After one that was waited for in vain, so long only, for some time. */
const IMPATIENCE_MS = 100;
const IMPATIENT_MS = 30_000;

/** @throws {Error} That the database is locked, when the operation has not ended by then. */
async function within<T>(giveUpMs: number, operation: Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<never>((_, reject) => {
    const locked = () => reject(new Error("database is locked by another process"));
    timer = setTimeout(locked, Math.max(0, giveUpMs - performance.now()));
  });
  try {
    return await Promise.race([operation, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
