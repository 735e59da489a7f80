/**
 * The folder on a local disk that holds the metadata of a cache whose own folder is on a shared disk: where it is made,
 * and whether a folder may be used.
 *
 * Results are read by what the metadata say, so the folder must be this user's own, or for a cache that a group shares
 * the group's: in a folder such as `/tmp`, anyone may have made one of that name before.
 *
 * @module
 */
import { variableOf } from "../../options/manifest_files.ts";
import { isAbsolutePath, resolvePath } from "../../options/paths.ts";
import { CacheError, messageOf } from "../../words/errors.ts";
import { randomId } from "../../words/random.ts";
import {
  FILE_MODE,
  FOLDER_MODE,
  GROUP_FOLDER_MODE,
  lookAtEntry,
  openFolderToGroup,
  readOwn,
  removeOwn,
  writeAnew,
  writeOnce,
} from "../own_files.ts";
import { isGranted } from "../../options/manifest_files.ts";
import { kindOfDisk } from "../../options/mounts.ts";
import { currentUser } from "../../options/owner.ts";
import { diskOf } from "./disk.ts";

const { chmodSync, chownSync, mkdirSync, removeSync, writeFileSync } = Deno;

/** Name of the file in a folder of metadata that says to people to which cache the folder belongs. */
const MARK = "cache-dir";

/** Cache directory and its folder of the format version, by whose inode it is known when it was moved. */
export interface CacheHome {
  readonly root: string;
  readonly version: string;
}

/** User, or group, to whom a folder of metadata has to belong. */
export interface Party {
  /** Id of the group that shares the cache; `null` for a cache of one user. */
  readonly group: number | null;
  /** Id of the user for the name of the folder; `null` when it is not known. */
  readonly user: number | null;
}

/**
 * State of a folder of metadata. `foreign`: it is somebody else's, or others may write to it; `remote`: it is on a disk
 * that several hosts may share; `untold`: that cannot be told without `--allow-sys=statfs`; `denied`: this program has
 * no permission to use it.
 */
export type PlaceState = "usable" | "absent" | "foreign" | "remote" | "untold" | "denied";

/**
 * Tells whether a folder of metadata may be used.
 *
 * @param folder Absolute path.
 * @param party User or group to whom it has to belong.
 * @param readOnly True when nothing may be written, not even to see who the user is.
 */
export function stateOfPlace(folder: string, party: Party, readOnly: boolean): PlaceState {
  if (!mayUse(folder)) return "denied";
  try {
    if (lookAtEntry(folder) === null) return "absent";
    if (!belongsTo(folder, party, readOnly)) return "foreign";
    if (lookAtEntry(`${folder}/${MARK}`) === null) return "absent";
  } catch (error) {
    if (error instanceof Deno.errors.PermissionDenied) return "foreign";
    throw error;
  }
  const disk = diskOf(folder);
  return disk === "local" ? "usable" : disk === "shared" ? "remote" : "untold";
}

/** True for a folder, no link, that belongs to a user or group and that nobody else may write to. */
function belongsTo(folder: string, { group }: Party, readOnly: boolean): boolean {
  const info = lookAtEntry(folder);
  if (info === null || !info.isDirectory) return false;
  if (((info.mode ?? 0) & (group === null ? 0o022 : 0o002)) !== 0) return false;
  return group === null ? info.uid === userOf(folder, info.uid, readOnly) : info.gid === group;
}

/** Returns the id of this process's user; `otherwise` where it can be told only by writing, and that is not allowed. */
function userOf(folder: string, otherwise: number | null, readOnly: boolean): number | null {
  const known = currentUser();
  if (known !== null) return known;
  if (readOnly) return otherwise;
  const probe = `${folder}/probe-${randomId()}`;
  writeFileSync(probe, new Uint8Array(0), { createNew: true, mode: FILE_MODE });
  const user = lookAtEntry(probe)?.uid ?? null;
  removeOwn(probe);
  return user;
}

/**
 * Makes a folder of metadata in the first place that can be used: the one that was named, else the user's folder for
 * caches, else the one for temporary files.
 *
 * @param id Name of the folder.
 * @param home The cache directory, of which the folder takes note.
 * @param party User or group to whom it is to belong.
 * @param named Folder that the user named for metadata; `null` when none was named.
 * @returns Absolute path of the folder.
 * @throws {CacheError} `ERR_PERMISSION` with the flags that are missing, `ERR_CACHE_DIR` when no place can be used.
 */
export function makePlace(id: string, home: CacheHome, party: Party, named: string | null): string {
  const { root } = home;
  const refused: string[] = [];
  const denied: string[] = [];
  for (const base of named === null ? defaultBases(party) : [named]) {
    if (!mayUse(base)) {
      denied.push(base);
      continue;
    }
    try {
      const why = tryBase(base, named !== null, party);
      if (why === null) return fillPlace(`${base}/${id}`, home, party);
      refused.push(`${base} ${why}`);
    } catch (error) {
      refused.push(`${base} cannot be made (${messageOf(error)})`);
    }
  }
  const wanted = denied[0];
  if (wanted !== undefined) {
    throw new CacheError(
      "ERR_PERMISSION",
      `Cannot keep the metadata of ${root}, which is on a disk that several hosts may share, in ${wanted}: no ` +
        `permission to read and write; run with --allow-read=${wanted} --allow-write=${wanted}`,
      { path: wanted },
    );
  }
  throw new CacheError(
    "ERR_CACHE_DIR",
    `Cannot keep the metadata of ${root}, which is on a disk that several hosts may share, on a local disk: ` +
      `${refused.join("; ")}; name a folder on a local disk in metadataDir`,
    { path: root },
  );
}

function mayUse(folder: string): boolean {
  return isGranted({ name: "read", path: folder }) && isGranted({ name: "write", path: folder });
}

/** Returns the folders in which metadata are kept unless one is named, the first choice first. */
function defaultBases({ group, user }: Party): string[] {
  const bases: string[] = [];
  const add = (folder: string | undefined, name: string) => {
    if (folder !== undefined && isAbsolutePath(folder)) bases.push(resolvePath(`${folder}/${name}`, "/"));
  };
  if (group === null) {
    add(variableOf("XDG_CACHE_HOME"), "cachepy");
    if (bases.length === 0) add(variableOf("HOME"), ".cache/cachepy");
    add(variableOf("LOCALAPPDATA"), "cachepy");
  }
  const name = group === null ? `cachepy-${user ?? "user"}` : `cachepy-group-${group}`;
  for (const folder of [variableOf("TMPDIR"), variableOf("TEMP"), "/tmp"]) add(folder, name);
  return [...new Set(bases)];
}

/** Returns the reason for which metadata cannot be kept in a folder, which is made; `null` when they can. */
function tryBase(base: string, isNamed: boolean, party: Party): string | null {
  const isNew = lookAtEntry(base) === null;
  if (isNew) {
    mkdirSync(base, { recursive: true, mode: FOLDER_MODE });
    if (!isNamed) giveToGroup(base, party);
  }
  const disk = diskOf(base);
  if (disk === "local") {
    return isNamed || belongsTo(base, party, false) ? null : "belongs to others, or they may write to it";
  }
  if (isNew) removeSync(base);
  return disk === "shared" ? "is on such a disk too" : "may be on such a disk too, which --allow-sys=statfs tells";
}

/** Makes the folder of the metadata of one cache, unless there is one. */
function fillPlace(folder: string, home: CacheHome, party: Party): string {
  try {
    mkdirSync(folder, { mode: FOLDER_MODE });
    giveToGroup(folder, party);
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  }
  if (!belongsTo(folder, party, false)) throw new Error(`${folder} belongs to others, or they may write to it`);
  if (party.group !== null) openFolderToGroup(folder);
  writeOnce(`${folder}/${MARK}`, markOf(home));
  return folder;
}

function markOf({ root, version }: CacheHome): string {
  return `${MARK_BEGIN}${root}${MARK_END}${lookAtEntry(version)?.ino ?? ""}\n`;
}

const MARK_BEGIN = "Metadata of the function cache ";
const MARK_END = "; they can be deleted with it\n";

/**
 * Tells to which cache directory a folder of metadata belongs.
 *
 * @param folder Folder of metadata.
 * @param home A cache directory that names the folder.
 * @returns Path of the cache directory, where it last was, and whether `home` is that folder itself, here or elsewhere,
 * as far as can be told; `null` when the folder does not say.
 */
export function cacheOfPlace(
  folder: string,
  home: CacheHome,
): { readonly root: string; readonly isIt: boolean } | null {
  try {
    const text = new TextDecoder().decode(readOwn(`${folder}/${MARK}`));
    const end = text.lastIndexOf(MARK_END);
    if (!text.startsWith(MARK_BEGIN) || end < 0) return null;
    const info = lookAtEntry(home.version);
    const isIt = info !== null && (!hasOwnInodes(info) || text.slice(end + MARK_END.length) === `${info.ino}\n`);
    return { root: text.slice(MARK_BEGIN.length, end), isIt };
  } catch {
    return null;
  }
}

/** False where a file may have another inode tomorrow, as on sshfs, and where the kind of the disk is not known. */
function hasOwnInodes({ dev, ino }: Deno.FileInfo): boolean {
  const kind = kindOfDisk(dev);
  return ino !== null && typeof kind === "string" && !/^(?:fuse|9p|virtiofs)/.test(kind);
}

/** Takes note of another place of the cache directory, which was moved. */
export function moveCacheOfPlace(folder: string, home: CacheHome): void {
  writeAnew(`${folder}/${MARK}`, new TextEncoder().encode(markOf(home)), `${folder}/${MARK}.${randomId()}`);
}

function giveToGroup(folder: string, { group }: Party): void {
  if (group === null) return;
  chownSync(folder, null, group);
  chmodSync(folder, GROUP_FOLDER_MODE);
}
