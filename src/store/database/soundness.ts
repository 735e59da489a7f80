/**
 * What is known of the soundness of a database without reading it. Deno.Kv tidies its tables in a thread of its own while
 * it opens, and a failure there ends the whole process, so a damaged database must not be handed to Deno.Kv. To check a
 * database takes 1.4 ms per MB, and 5 ms at least. So a check leaves a note of the sizes, times and inodes of the database
 * and its log, and a process that wrote to them renews it at its end. As long as the note fits, nothing but SQLite has
 * written there since, and there is no check.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import { isOnlyName, lookAtEntry, temporaryIn, writeAnew } from "../own_files.ts";
import { type CacheLayout, findForeignDatabase } from "../layout.ts";
import { authenticate } from "../../words/sha256.ts";
import { userKey } from "../user_key.ts";
import { databaseStampOf, fileSizeOf, openSqlite } from "./sqlite_files.ts";

/** Size in bytes of a database, its log included, up to which it is always checked as a whole: about 25 ms. */
const SMALL_BYTES = 16 * 1024 * 1024;
/**
 * Time in milliseconds for which a larger database is not checked as a whole again. A program that runs for long may
 * write all the time, so that the note never fits for the programs beside it.
 */
const RECENT_MS = 10 * 60_000;

/** Extent of the check that a database needs: `opening` is what Deno.Kv reads when it opens. */
export type CheckExtent = "none" | "opening" | "whole";

/** The note about one database. */
export class SoundnessNote {
  readonly #layout: CacheLayout;
  readonly #path: string;
  readonly #isReadOnly: boolean;
  #stamp = "";
  #checkedMs = 0;

  /** @param layout Paths of the cache. @param isReadOnly True when the note must not be written. */
  constructor(layout: CacheLayout, isReadOnly: boolean) {
    this.#layout = layout;
    this.#path = `${layout.metadata}/${NOTE_NAME}`;
    this.#isReadOnly = isReadOnly;
  }

  /** Returns the extent of the check that the database needs before it is opened. */
  neededCheck(): CheckExtent {
    const sizeBytes = fileSizeOf(this.#layout.meta) + fileSizeOf(`${this.#layout.meta}-wal`);
    if (sizeBytes === 0) return "none";
    const note = this.#read();
    if (note === null) return "whole";
    this.#checkedMs = note.checkedMs;
    this.#stamp = note.stamp;
    if (!note.isOpening && note.stamp === databaseStampOf(this.#layout)) return "none";
    return sizeBytes > SMALL_BYTES && Math.abs(wallMs() - note.checkedMs) < RECENT_MS ? "opening" : "whole";
  }

  /** Notes that the database was found sound. */
  checked(extent: CheckExtent): void {
    if (extent === "whole") this.#checkedMs = wallMs();
    this.#write();
  }

  /**
   * Marks the note while Deno.Kv uses the database: should that end the process all the same, the next process finds the
   * mark, and checks. The mark is the time of the note, which costs two microseconds.
   */
  opening(): void {
    this.#setTime(OPENING_S);
  }

  /** Takes the mark away, at the end of the process: a row that is read later may end the process as well. */
  ended(): void {
    this.#setTime(wallMs() / 1000);
  }

  /**
   * Renews the note at the end of a process that wrote to the database. Deno writes the log into the database when the
   * process ends, which changes its time; so that is done here before.
   */
  renew(): void {
    this.ended();
    if (this.#isReadOnly || databaseStampOf(this.#layout) === this.#stamp || !isOwnDatabase(this.#layout)) return;
    const { meta } = this.#layout;
    if (fileSizeOf(`${meta}-wal`) > 0) writeLogBack(meta);
    // What this process wrote itself needs no check; its first note counts as one, since the database was empty.
    if (this.#checkedMs === 0) this.#checkedMs = wallMs();
    this.#write();
  }

  #read(): { readonly stamp: string; readonly checkedMs: number; readonly isOpening: boolean } | null {
    try {
      const info = lookAtEntry(this.#path);
      if (info === null || !isOnlyName(info) || info.size > MAX_BYTES) return null;
      const [stamp = "", checked = "", seal] = Deno.readTextFileSync(this.#path).split("\n");
      // Somebody else's note says nothing of what this user may open, and without a key every note may be somebody else's.
      if (seal === undefined || this.#sealOf(stamp, checked) !== seal) return null;
      const checkedMs = Number(checked);
      return { stamp, checkedMs, isOpening: info.mtime?.getTime() === OPENING_S * 1000 };
    } catch {
      return null;
    }
  }

  #write(): void {
    if (this.#isReadOnly) return;
    this.#stamp = databaseStampOf(this.#layout);
    const seal = this.#sealOf(this.#stamp, String(this.#checkedMs), true);
    if (seal === null) return;
    const bytes = new TextEncoder().encode([this.#stamp, this.#checkedMs, seal].join("\n"));
    try {
      writeAnew(this.#path, bytes, temporaryIn(this.#layout.metadataTmp));
    } catch {
      // The next process checks the database.
    }
  }

  /** Returns the code by which a note is known to be of this user's; `null` without the user's key. */
  #sealOf(stamp: string, checked: string, isMade = false): string | null {
    const key = userKey(isMade);
    return key === null ? null : authenticate(key, JSON.stringify([stamp, checked]));
  }

  #setTime(seconds: number): void {
    if (this.#isReadOnly) return;
    try {
      const info = lookAtEntry(this.#path);
      if (info !== null && isOnlyName(info)) Deno.utimeSync(this.#path, seconds, seconds);
    } catch {
      // There is no note, or it may not be changed.
    }
  }
}

/** False when the database leads elsewhere, as after somebody put a link in its place. */
function isOwnDatabase(layout: CacheLayout): boolean {
  try {
    return findForeignDatabase(layout) === null;
  } catch {
    return false;
  }
}

/** Writes the log of a database into it, unless another process is reading or writing. */
export function writeLogBack(meta: string): void {
  try {
    using database = openSqlite(meta, { timeout: 0 });
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // The next process checks the database.
  }
}

/** Name of the note. */
const NOTE_NAME = "checked";
/** Time of a note, in seconds since the epoch, while its writer opens the database. */
const OPENING_S = 1;
/** Size in bytes over which a file is no note. */
const MAX_BYTES = 1000;
