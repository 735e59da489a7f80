/**
 * Secret key of the user, by which records that the user's own programs stored are told from those of others.
 *
 * The key is made at first use and kept in the user's folder for state (XDG Base Directory Specification,
 * `$XDG_STATE_HOME`), never in a cache: who can write to a cache must not be able to make a valid seal.
 *
 * @module
 */
import { warnOnce } from "../words/announce.ts";
import { randomId, randomKey } from "../words/random.ts";
import { messageOf } from "../words/errors.ts";
import { isGranted, variableOf } from "../options/manifest_files.ts";
import { currentUser } from "../options/owner.ts";
import { isAbsolutePath, parentOf } from "../options/paths.ts";
import { FILE_MODE, FOLDER_MODE, lookAtEntry } from "./own_files.ts";

// Taken when this module loads, as in `own_files`.
const { linkSync, mkdirSync, readTextFileSync, removeSync, renameSync, writeTextFileSync } = Deno;

const KEY_BYTES = 32;

let known: Uint8Array | undefined;

/**
 * Returns the key of this user.
 *
 * @param isMade True to make the key when there is none.
 * @returns `null` when there is none, when it is not the user's alone, and when the program may not read or make it: it is
 * never asked for on a terminal.
 */
export function userKey(isMade: boolean): Uint8Array | null {
  if (known !== undefined) return known;
  const path = keyPath();
  if (path === null || !isGranted({ name: "read", path })) return null;
  try {
    known = readKey(path) ?? undefined;
    if (known === undefined && isMade && isGranted({ name: "write", path: parentOf(path) })) {
      makeKey(path);
      known = readKey(path) ?? undefined;
    }
  } catch (error) {
    warnOnce(`The key ${path} cannot be used, so that inner calls are not repeated on their own: ${messageOf(error)}`);
  }
  return known ?? null;
}

/**
 * Returns what a program has to be allowed so that it can use the key; `null` when it can, or when it may do all that, and
 * something else is wrong, which {@linkcode userKey} says.
 */
export function flagsForUserKey(): string | null {
  const path = keyPath();
  if (path === null) {
    return "--allow-env=HOME,XDG_STATE_HOME and --allow-read and --allow-write of ~/.local/state/cachepy";
  }
  const folder = parentOf(path);
  const missing = (["read", "write"] as const).filter((name) => !isGranted({ name, path: folder }));
  return missing.length === 0 ? null : missing.map((name) => `--allow-${name}=${folder}`).join(" ");
}

/** Returns the path of the key; `null` when the program may not know the user's folder. */
function keyPath(): string | null {
  const isWindows = Deno.build.os === "windows";
  const state = variable(isWindows ? "LOCALAPPDATA" : "XDG_STATE_HOME");
  const home = variable("HOME");
  const folder = state ?? (isWindows || home === null ? null : `${home}/.local/state`);
  return folder === null ? null : `${folder}/cachepy/seal.key`;
}

function variable(name: string): string | null {
  const value = variableOf(name);
  // The specification has relative paths ignored: the key would be another one in each working directory.
  return value !== undefined && isAbsolutePath(value) ? value : null;
}

/** Reads the key; `null` when there is none. @throws {Error} When others can read it, or it is no key. */
function readKey(path: string): Uint8Array | null {
  for (const [place, forbidden] of [[parentOf(path), 0o022], [path, 0o077]] as const) {
    const info = lookAtEntry(place);
    if (info === null) return null;
    if (place === path ? !info.isFile : !info.isDirectory) throw new Error(`${place} is a link, or not a file`);
    if (info.uid !== null && info.uid !== (currentUser() ?? info.uid)) throw new Error(`${place} is another user's`);
    if (info.mode !== null && (info.mode & forbidden) !== 0) throw new Error(`others can use ${place}; remove it`);
  }
  const text = readTextFileSync(path).trim();
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Error("it is damaged; remove it");
  return Uint8Array.fromHex(text);
}

/** Makes the key, unless another process was faster: it is complete, or it does not exist. */
function makeKey(path: string): void {
  mkdirSync(parentOf(path), { recursive: true, mode: FOLDER_MODE });
  const temporary = `${path}.${randomId()}`;
  writeTextFileSync(temporary, `${randomKey(KEY_BYTES).toHex()}\n`, { createNew: true, mode: FILE_MODE });
  try {
    linkSync(temporary, path);
    removeSync(temporary);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) removeSync(temporary);
    else renameSync(temporary, path); // the file system has no hard links
  }
}
