/**
 * Emptying the folders of blobs at once: they are moved aside whole, and their files are deleted later.
 *
 * A hundred thousand files take seconds to delete, and no time to move with their folders to
 * `tmp/cleared-<id>/<first two characters>/`. They are deleted by and by while the process goes on; when it ends before,
 * the next one that opens the cache to write, prunes, clears or repairs it deletes the rest.
 *
 * @module
 */
import { startTimer } from "../../words/clock.ts";
import type { BlobDigest } from "../../words/digests.ts";
import { randomId } from "../../words/random.ts";
import { giveTurn, inTurns, isTurnOver, STEPS } from "../../words/waiting.ts";
import { type GarbageStore, lockSweep, readReferences } from "./blob_garbage.ts";
import { listOwn, lookAtEntry, makeOwnFolder, requireFolders } from "../own_files.ts";
import { type CacheLayout, OWN_NAMES } from "../layout.ts";
import { tryChoreLock } from "../locks/file_lock.ts";

/**
 * Moves all blobs aside, and puts back those that a record refers to by then.
 *
 * A writer commits its record first and then makes sure that its blob exists. So either the look at the references,
 * which comes after the move, sees the record, and the blob is put back, or the writer sees that the blob is gone, and
 * writes it again.
 *
 * @param layout Paths of the cache.
 * @param store The cache's blobs and rows.
 * @returns Sum of the sizes of the blobs that will be deleted, bytes.
 */
export async function moveBlobsAside(layout: CacheLayout, store: GarbageStore): Promise<number> {
  const sweep = await lockSweep(store);
  try {
    const folder = `${layout.tmp}/cleared-${randomId()}`;
    const movedBytes = await inTurns(moveFolders(layout, folder));
    return movedBytes - await putBackUsed(layout, store, [folder]);
  } finally {
    sweep?.release();
  }
}

/**
 * Deletes the blobs that were moved aside, by this process or another. Blobs that a killed process left there before it
 * looked for their records are put back.
 */
export async function removeCleared(layout: CacheLayout, store: GarbageStore): Promise<void> {
  if (listCleared(layout).length === 0) return;
  const sweep = await lockSweep(store);
  let folders: string[];
  try {
    folders = listCleared(layout);
    await putBackUsed(layout, store, folders);
  } finally {
    sweep?.release();
  }
  for await (const _ of deleteFolders(layout, folders));
}

/**
 * Deletes as {@linkcode removeCleared} does, in small steps that do not keep the process alive. Does nothing while
 * another process moves blobs, and never fails: what is left is deleted another time.
 */
export async function removeClearedLater(layout: CacheLayout, store: GarbageStore): Promise<void> {
  try {
    const sweep = tryChoreLock(`${store.locks}/sweep.lock`);
    if (sweep === null) return;
    const folders = listCleared(layout);
    try {
      await putBackUsed(layout, store, folders);
    } finally {
      sweep.release();
    }
    for await (const _ of deleteFolders(layout, folders)) await rest();
  } catch {
    // The folder is gone, or another one is in its place.
  }
}

// Taken when this module loads, so that a test that replaces timers does not stop the work.

/** Waits for a moment that does not keep the process alive. */
function rest(): Promise<void> {
  return new Promise((resolve) => Deno.unrefTimer(startTimer(resolve, REST_MS)));
}

/** Time between two steps in the background, milliseconds. */
const REST_MS = 2;

/** Returns the folders of blobs that were moved aside. */
function listCleared({ version, tmp }: CacheLayout): string[] {
  requireFolders(version, tmp);
  return listOwn(tmp, OWN_NAMES.cleared, "isDirectory").map((name) => `${tmp}/${name}`);
}

/** Moves each folder of blobs; of one in which something else lies, the blobs alone. @returns Bytes of the blobs. */
function* moveFolders({ version, blobs, tmp }: CacheLayout, to: string): Generator<void, number> {
  requireFolders(version, blobs, tmp);
  makeOwnFolder(to, true);
  let sizeBytes = 0;
  for (const name of listOwn(blobs, OWN_NAMES.blobFolder, "isDirectory")) {
    const [from, folder] = [`${blobs}/${name}`, `${to}/${name}`];
    yield;
    const { files, isPure } = filesIn(from);
    if (isPure) move(from, folder);
    // A moved folder is made anew, for those who write.
    makeOwnFolder(isPure ? from : folder, true);
    for (const file of files) {
      if (!isPure) move(`${from}/${file}`, `${folder}/${file}`);
      sizeBytes += lookAtEntry(`${folder}/${file}`)?.size ?? 0;
      yield;
    }
  }
  return sizeBytes;
}

/** Returns the names of the blobs in a folder, and whether nothing else is in it. */
function filesIn(folder: string): { readonly files: string[]; readonly isPure: boolean } {
  const all = entriesIn(folder);
  const files = all.filter(({ name, isFile }) => isFile && OWN_NAMES.blob.test(name)).map(({ name }) => name);
  return { files, isPure: files.length === all.length };
}

/** Moves a file or folder, unless another process has moved or deleted it. */
function move(from: string, to: string): void {
  try {
    Deno.renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Puts back the blobs in `folders` that a record refers to, unless their writer has written them again.
 *
 * @returns Bytes of these blobs.
 */
async function putBackUsed(layout: CacheLayout, store: GarbageStore, folders: readonly string[]): Promise<number> {
  let steps = 0;
  let sizeBytes = 0;
  for (const digest of await readReferences(store.handle)) {
    if (++steps % STEPS === 0 && isTurnOver()) await giveTurn();
    for (const folder of folders) sizeBytes += putBack(layout, store, { folder, digest });
  }
  return sizeBytes;
}

function putBack(
  { version, blobs }: CacheLayout,
  store: GarbageStore,
  { folder, digest }: { readonly folder: string; readonly digest: BlobDigest },
): number {
  const place = digest.slice(0, 2);
  const aside = `${folder}/${place}/${digest.slice(2)}.cbor`;
  const info = lookAtEntry(aside);
  if (!info?.isFile || lookAtEntry(`${folder}/${place}`)?.isSymlink || store.blobs.has(digest)) return 0;
  requireFolders(version, blobs, `${blobs}/${place}`);
  makeOwnFolder(`${blobs}/${place}`, true);
  move(aside, store.blobs.pathOf(digest));
  return info.size;
}

/** Number of files that are deleted at the same time. */
const AT_ONCE = 16;

/**
 * Deletes blobs, and the folders around them once they are empty; yields after each step. A file that is no blob goes
 * back to its place: someone else put it there in the moment before the folder was moved.
 */
async function* deleteFolders({ blobs }: CacheLayout, folders: readonly string[]): AsyncGenerator<void> {
  for (const folder of folders) {
    for (const name of listOwn(folder, OWN_NAMES.blobFolder, "isDirectory")) {
      const { files } = filesIn(`${folder}/${name}`);
      for (let at = 0; at < files.length; at += AT_ONCE) {
        // Asynchronous, since a busy disk takes a millisecond for each. Another process may be faster.
        await Promise.allSettled(files.slice(at, at + AT_ONCE).map((file) => Deno.remove(`${folder}/${name}/${file}`)));
        yield;
      }
      for (const { name: other, isFile } of entriesIn(`${folder}/${name}`)) {
        if (isFile && OWN_NAMES.blob.test(other) || lookAtEntry(`${blobs}/${name}/${other}`) !== null) continue;
        makeOwnFolder(`${blobs}/${name}`, true);
        move(`${folder}/${name}/${other}`, `${blobs}/${name}/${other}`);
      }
      removeEmpty(`${folder}/${name}`);
      yield;
    }
    removeEmpty(folder);
  }
}

function entriesIn(folder: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(folder)];
  } catch {
    return []; // another process has deleted it
  }
}

function removeEmpty(folder: string): void {
  try {
    Deno.removeSync(folder);
  } catch {
    // It is not empty, so something in it is not the cache's, or another process was faster.
  }
}
