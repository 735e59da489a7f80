/**
 * Caches that a group shares: whether one is, and opening one to its group.
 *
 * The folder says so itself, by its mode: every program that uses the cache, the command line included, then makes its
 * files for the group, whether or not it was given the option.
 *
 * @module
 */
import { parentOf } from "../../options/paths.ts";
import { type CacheLayout, describeFolderError, holdsOnlyCache, isReadOnlyError, listForeign } from "../layout.ts";
import {
  GROUP_FILE_MODE,
  GROUP_FOLDER_MODE,
  isOnlyName,
  isOpenToGroup,
  listOwn,
  lookAtEntry,
  makeOwnFolder,
  openFolderToGroup,
} from "../own_files.ts";

const { chmodSync } = Deno;

/**
 * Returns the id of the group that shares a cache; `null` for a cache of one user.
 *
 * @param layout Paths of the cache.
 * @param isWanted True to open the cache to the group of its folder, which is made when it does not exist.
 */
export async function groupOf(layout: CacheLayout, isWanted: boolean): Promise<number | null> {
  const { version } = layout;
  if (!isOpenToGroup(version)) {
    if (!isWanted || Deno.build.os === "windows") return null;
    try {
      await openToItsGroup(layout);
    } catch (error) {
      if (!isOpenToGroup(version)) { // else another process was faster, whose files this one may not open
        if (isReadOnlyError(error)) return null; // somebody else's: what may be read is read
        throw describeFolderError(error, layout.root);
      }
    }
  }
  // The marks of a folder that holds nothing else stand beside it.
  openFolderToGroup(isOpenToGroup(layout.root) ? layout.root : version);
  return lookAtEntry(version)?.gid ?? null;
}

/** Makes the folder, or opens the one there is: what is in it first, so that a half-opened folder is opened again. */
async function openToItsGroup(layout: CacheLayout): Promise<void> {
  const { root, version } = layout;
  let top = version;
  while (lookAtEntry(parentOf(top)) === null) top = parentOf(top);
  if (lookAtEntry(top) === null) {
    openFolderToGroup(top);
    makeOwnFolder(version, true);
  } else {
    const foreign = new Set(await Array.fromAsync(listForeign(layout)));
    openBelow(version, foreign);
    chmodSync(version, GROUP_FOLDER_MODE);
  }
  const mode = lookAtEntry(root)?.mode ?? null;
  if (mode !== null && (mode & 0o050) !== 0o050 && holdsOnlyCache(root)) chmodSync(root, GROUP_FOLDER_MODE);
}

function openBelow(folder: string, foreign: ReadonlySet<string>): void {
  for (const name of listOwn(folder, /^/, "isFile")) {
    const path = `${folder}/${name}`;
    const info = lookAtEntry(path);
    // A file with a second name may be one of the user's, which a stranger linked here.
    if (!foreign.has(path) && info !== null && isOnlyName(info)) chmodSync(path, GROUP_FILE_MODE);
  }
  for (const name of listOwn(folder, /^/, "isDirectory")) {
    const path = `${folder}/${name}`;
    if (foreign.has(path)) continue;
    openBelow(path, foreign);
    chmodSync(path, GROUP_FOLDER_MODE);
  }
}
