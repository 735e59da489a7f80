/**
 * The one place that opens Deno.Kv: when to open and close it, what to do when the file is damaged, and how to retry.
 *
 * @module
 */
import { CacheError } from "../errors.ts";
import {
  codeOf,
  describeFolderError,
  FILE_MODE,
  isPermissionError,
  isReadOnlyError,
  type Layout,
  makeLayout,
} from "./layout.ts";
import { type FileLock, LockUnavailable, tryFileLock } from "./file_lock.ts";
import { findBreak } from "./sqlite_check.ts";

/** Called with what was found wrong and mended, one sentence. */
export type ReportDamage = (detail: string) => void;

/**
 * A database that is open while somebody uses it.
 *
 * In a program it then stays open until the program ends: an open Deno.Kv does not keep a process alive. Under
 * `deno test` it is closed as soon as nobody uses it, because an open handle at the end of a test counts as a leak, and
 * opening it again costs 2–3 ms.
 */
export class KvHandle {
  readonly #layout: Layout;
  readonly #report: ReportDamage;
  readonly #staysOpen: boolean;
  #kv: Promise<OpenKv> | undefined;
  #users = 0;
  #impatientUntilMs = 0;
  #ready: OpenKv | undefined;

  /** Nothing is written. */
  readonly readOnly: boolean;
  readonly #isLive: boolean;

  /**
   * @param layout Where the database is.
   * @param report Told when a damaged file was moved aside.
   * @param access Whether nothing is written; and whether a reader sees at once what others write.
   */
  constructor(layout: Layout, report: ReportDamage, access: { readonly readOnly: boolean; readonly isLive: boolean }) {
    this.readOnly = access.readOnly;
    this.#isLive = access.isLive;
    this.#layout = layout;
    this.#report = report;
    this.#staysOpen = !runsTests();
  }

  /**
   * Keeps the database open until the returned function is called; calling that again does nothing. Opening itself waits
   * for the first {@linkcode run}.
   */
  use(): () => void {
    if (this.#users++ === 0 && this.#ready?.stamp !== undefined && this.#ready.stamp !== stampOf(this.#layout)) {
      this.close();
    }
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
            this.close();
            await setAside(this.#layout, open.inode, error, this.#report);
          } else if (isDamage(error) && this.readOnly && attempt < DAMAGE_ATTEMPTS) {
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
      const opening = openKv(this.#layout, { readOnly: this.readOnly, isLive: this.#isLive }, this.#report);
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

/** Another process's lock is waited for so long, milliseconds. SQLite itself waits up to 5 s in one attempt. */
const BUSY_MS = 5000;
/** After one that was waited for in vain, so long only, for some time. */
const IMPATIENCE_MS = 100;
const IMPATIENT_MS = 30_000;
/** The first repair should do; a second process may be repairing at the same time. */
const DAMAGE_ATTEMPTS = 4;

interface OpenKv {
  readonly kv: Deno.Kv;
  readonly inode: number | null;
  /** Of a copy, or a file that is taken for immutable: what it was when it was opened. */
  readonly stamp?: string;
  readonly close: () => void;
}

async function openKv(
  layout: Layout,
  access: { readonly readOnly: boolean; readonly isLive: boolean },
  report: ReportDamage,
): Promise<OpenKv> {
  if (typeof Deno.openKv !== "function") {
    throw new CacheError(
      "ERR_UNSTABLE_KV",
      'Cannot open the cache: Deno.openKv is not there; run with --unstable-kv or add "unstable": ["kv"] to deno.json',
    );
  }
  if (access.readOnly) return await openReadOnly(layout, access.isLive, report);
  const giveUpMs = performance.now() + BUSY_MS;
  for (let attempt = 0;; attempt++) {
    await replaceEmptied(layout, report);
    const before = inodeOf(layout.meta) ?? makeMeta(layout);
    const broken = attempt < DAMAGE_ATTEMPTS ? findBreak(layout.meta) : null;
    if (broken !== null) {
      await setAside(layout, before, new Error(broken), report);
      continue;
    }
    try {
      const kv = await Deno.openKv(layout.meta);
      try {
        // Damage shows at the first read, not when the file is opened.
        await kv.get(["format"]);
        const inode = inodeOf(layout.meta);
        if (inode === before || attempt >= DAMAGE_ATTEMPTS) return { kv, inode, close: () => kv.close() };
        kv.close(); // moved aside by another process in between
      } catch (error) {
        kv.close();
        throw error;
      }
    } catch (error) {
      if (isBusy(error) && performance.now() < giveUpMs) await pause(Math.random() * Math.min(2 ** attempt, 64));
      else if (isDamage(error) && attempt < DAMAGE_ATTEMPTS) await setAside(layout, before, error, report);
      else throw describeOpenError(error, layout);
    }
  }
}

/**
 * SQLite in WAL mode writes beside the file even to read it, and into it when it is closed. So the file is opened as
 * immutable, or, when changes are still in the write-ahead log, copied to a temporary folder with that log, and opened
 * again by the next call after it has changed. A live reader opens it as every reader does, where it can.
 */
async function openReadOnly(layout: Layout, isLive: boolean, report: ReportDamage): Promise<OpenKv> {
  const inode = inodeOf(layout.meta);
  const stamp = stampOf(layout);
  if (inode === null) return { ...await openMemory(null), stamp };
  if (isLive) {
    try {
      const kv = await openAndTry(layout.meta);
      return { kv, inode, close: () => kv.close() };
    } catch (error) {
      if (isPermissionError(error)) throw describeOpenError(error, layout);
    }
  }
  const hasLog = sizeOf(`${layout.meta}-wal`) > 0;
  if (!hasLog) {
    try {
      const kv = await openAndTry(`file:${encodeURI(layout.meta)}?immutable=1`);
      return { kv, inode, stamp, close: () => kv.close() };
    } catch {
      // Deno's permission system sees a relative path in the URI; a copy needs none.
    }
  }
  return { ...await openCopy(layout, inode, report), stamp };
}

/** Changes when the database or its log does. */
function stampOf({ meta }: Layout): string {
  return ["", "-wal"].map((suffix) => {
    try {
      const { ino, size, mtime } = Deno.statSync(meta + suffix);
      return `${ino} ${size} ${mtime?.getTime()}`;
    } catch {
      return "";
    }
  }).join(" ");
}

async function openCopy(layout: Layout, inode: number | null, report: ReportDamage): Promise<OpenKv> {
  let folder: string | undefined;
  try {
    folder = Deno.makeTempDirSync({ prefix: "cachepy-" });
    const copy = `${folder}/meta.kv`;
    copyWhole(layout.meta, copy);
    Deno.chmodSync(copy, 0o600);
    const kv = await openAndTry(copy);
    return { kv, inode, close: () => kv.close() };
  } catch (error) {
    // Not even a copy can be read: an empty cache answers every question with a miss.
    report(describeUnreadable(layout, error));
    return await openMemory(inode);
  } finally {
    // The open handle keeps the bytes alive; the names are not needed again.
    if (folder !== undefined) Deno.removeSync(folder, { recursive: true });
  }
}

/** A database and its log that belong together: the log was not written back between the two copies. */
function copyWhole(from: string, to: string): void {
  for (let attempt = 0;; attempt++) {
    const before = Deno.statSync(from);
    Deno.copyFileSync(from, to);
    if (sizeOf(`${from}-wal`) > 0) Deno.copyFileSync(`${from}-wal`, `${to}-wal`);
    const after = Deno.statSync(from);
    const isSame = before.mtime?.getTime() === after.mtime?.getTime() && before.size === after.size;
    if (isSame || attempt >= COPY_ATTEMPTS) return;
  }
}

const COPY_ATTEMPTS = 5;

async function openMemory(inode: number | null): Promise<OpenKv> {
  const kv = await Deno.openKv(":memory:");
  return { kv, inode, close: () => kv.close() };
}

async function openAndTry(path: string): Promise<Deno.Kv> {
  const kv = await Deno.openKv(path);
  try {
    await kv.get(["format"]);
    return kv;
  } catch (error) {
    kv.close();
    throw error;
  }
}

/**
 * Moves away a database that is gone or empty while there are results, with the log that it left: SQLite can neither
 * use that log nor write beside it while another process has it open.
 */
async function replaceEmptied(layout: Layout, report: ReportDamage): Promise<void> {
  if (sizeOf(layout.meta) > 0 || !(sizeOf(`${layout.meta}-wal`) > 0 || hasOldBlobs(layout))) return;
  const inode = inodeOf(layout.meta);
  // Another process may be making it at this moment.
  await pause(EMPTY_MS);
  if (sizeOf(layout.meta) > 0 || inodeOf(layout.meta) !== inode) return;
  await setAside(layout, inode, new Error(`${layout.meta} is gone or empty`), report);
}

/** Making a database takes a few milliseconds; one that is empty for longer was emptied. */
const EMPTY_MS = 250;

/** A result that was written just now may be the first one, whose record is on its way. Milliseconds. */
const OLD_MS = 10_000;

function hasOldBlobs({ blobs }: Layout): boolean {
  try {
    for (const { name } of Deno.readDirSync(blobs)) {
      for (const { name: file } of Deno.readDirSync(`${blobs}/${name}`)) {
        const { mtime } = Deno.statSync(`${blobs}/${name}/${file}`);
        if (mtime !== null && Math.abs(Date.now() - mtime.getTime()) > OLD_MS) return true;
      }
    }
  } catch {
    // There is no folder of blobs, or it cannot be read.
  }
  return false;
}

/** Moves a damaged database away, unless another process has done so since it was opened. */
async function setAside(
  layout: Layout,
  inode: number | null,
  error: unknown,
  report: ReportDamage,
): Promise<void> {
  const lock = tryRecovery(layout);
  if (lock === null) return await pause(20);
  try {
    if (inodeOf(layout.meta) !== inode) return;
    for (let n = 1;; n++) {
      const aside = `${layout.meta}.damaged-${n}`;
      if (inodeOf(aside) !== null) continue;
      // The database itself last: SQLite discards a log that it finds beside an empty database, whereas the log of a
      // new database, begun by another process in between, must not be taken away.
      let hasMoved = false;
      for (const suffix of ["-wal", "-shm", ""]) {
        try {
          Deno.renameSync(layout.meta + suffix, aside + suffix);
          hasMoved = true;
        } catch (cause) {
          if (!(cause instanceof Deno.errors.NotFound)) throw cause;
        }
      }
      report(
        `The cache's database ${layout.meta} was damaged (${messageOf(error)}); ${
          hasMoved ? `it was moved to ${aside} and ` : ""
        }an empty ` +
          "one was begun; results are computed again when they are next asked for",
      );
      return;
    }
  } finally {
    lock.release();
  }
}

/** One process repairs at a time; where locks do not work, the look at the inode must do. */
function tryRecovery(layout: Layout): Pick<FileLock, "release"> | null {
  try {
    return tryFileLock(`${layout.locks}/recovery.lock`);
  } catch (error) {
    if (error instanceof LockUnavailable) return { release() {} };
    throw error;
  }
}

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

function describeUnreadable(layout: Layout, error: unknown): string {
  return `The cache's database ${layout.meta} cannot be read (${messageOf(error)}); nothing in it is used`;
}

function describeOpenError(error: unknown, layout: Layout): unknown {
  if (error instanceof CacheError) return error;
  if (isPermissionError(error) || isReadOnlyError(error) || codeOf(error) === "ENOENT") {
    return describeFolderError(error, layout.root);
  }
  const remedy = isBusy(error) ? "end the program that holds it" : "delete the file to begin an empty cache";
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot open the cache's database ${layout.meta}: ${messageOf(error)}; ${remedy}`,
    { path: layout.meta, cause: error },
  );
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && /database (table )?is locked|database is busy/i.test(error.message);
}

/** What SQLite says of a file that is no database, a damaged one, or one with other tables than those of Deno.Kv. */
const DAMAGE =
  /not a database|malformed|file is encrypted|table \w+ already exists|no such (table|column)|has no column/i;

function isDamage(error: unknown): boolean {
  return error instanceof Error && DAMAGE.test(error.message);
}

function isClosed(error: unknown): boolean {
  return error instanceof Deno.errors.BadResource || error instanceof Deno.errors.Interrupted;
}

/**
 * Whether `deno test` or `deno bench` is running this module. `Deno.test` does something only there. Where this cannot be
 * told the answer is yes, which costs time and never leaks.
 */
function runsTests(): boolean {
  return Deno.test?.name !== "noopTest";
}

function inodeOf(path: string): number | null {
  try {
    return Deno.statSync(path).ino;
  } catch {
    return null;
  }
}

/**
 * SQLite gives its files the mode of the database, and a new database the default one; so the file is made before, and
 * the folders too, which may have been deleted since the cache was opened.
 */
function makeMeta(layout: Layout): number | null {
  try {
    makeLayout(layout);
    Deno.openSync(layout.meta, { write: true, createNew: true, mode: FILE_MODE }).close();
  } catch {
    // Another process was first, or it cannot be made, which opening says.
  }
  return inodeOf(layout.meta);
}

function sizeOf(path: string): number {
  try {
    return Deno.statSync(path).size;
  } catch {
    return 0;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
