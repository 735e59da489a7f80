/**
 * Whose a file is. A file that configures a program is searched for in folders that others may write to, such as `/tmp`, and
 * must not be taken from them.
 *
 * @module
 */
import { isGranted } from "./manifest_files.ts";
import { mainModuleFolder } from "./project.ts";

// Taken when this module loads, as in `manifest_files`.
const { lstatSync, statSync } = Deno;

/** User that owns the system's own files. */
const ROOT = 0;
/** Bit of a file's mode that lets everybody write to it. */
const WRITABLE_BY_ALL = 0o002;

/** Returns the number of the user that runs the program; `null` on Windows, and without `--allow-sys=uid`. */
export function currentUser(): number | null {
  return isGranted({ name: "sys", kind: "uid" }) ? Deno.uid() : null;
}

/** Returns the name of the host on which the program runs; `null` without `--allow-sys=hostname`. */
export function currentHost(): string | null {
  try {
    return isGranted({ name: "sys", kind: "hostname" }) ? Deno.hostname() : null;
  } catch {
    return null;
  }
}

/**
 * Returns whose a file is, if it may not be trusted: another user's than the program's or the system's, or everybody's.
 *
 * Without `--allow-sys=uid` the user counts as the owner of the program's main module.
 *
 * @param path An absolute path of a file that exists.
 * @returns Words for a message; `null` for a file that can be trusted, and where files have no owners.
 */
export function foreignOwnerOf(path: string): string | null {
  const user = currentUser() ?? uidOf(mainModuleFolder());
  for (const look of [lstatSync, statSync]) {
    const { uid, mode, isSymlink } = look(path);
    if (uid === null || user === null) return null;
    if (uid !== user && uid !== ROOT) return `belongs to another user (${uid})`;
    if (!isSymlink && ((mode ?? 0) & WRITABLE_BY_ALL) !== 0) return "can be written to by every user";
  }
  return null;
}

function uidOf(path: string | null): number | null {
  try {
    return path === null ? null : statSync(path).uid;
  } catch {
    return null;
  }
}
