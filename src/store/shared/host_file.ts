/**
 * The file in a cache directory on a shared disk that says which host the directory belongs to.
 *
 * ```text
 * <cacheDir>/v1/host     {"id": "…", "host": "node7", "metadata": "/home/ada/.cache/cachepy/…"}
 * ```
 *
 * @module
 */
import { isAbsolutePath, lastPartOf } from "../../options/paths.ts";
import type { CacheLayout } from "../layout.ts";
import { FILE_MODE, lookAtEntry, openToGroup, readOwn, removeOwn, temporaryIn, writeAnew } from "../own_files.ts";

const { linkSync, renameSync, writeFileSync } = Deno;

/** Owner of a cache directory on a shared disk. */
export interface HostFile {
  /** Random name, which the folder of the metadata has as well. */
  readonly id: string;
  /** Name of the host; `null` when it was not known without `--allow-sys=hostname`. */
  readonly host: string | null;
  /** Absolute path of the folder of the metadata, on a disk of that host. */
  readonly metadata: string;
}

/**
 * Reads the file.
 *
 * @returns `null` when there is none; `"damaged"` when what is there was not written by this package.
 */
export function readHostFile({ host: path }: CacheLayout): HostFile | "damaged" | null {
  if (lookAtEntry(path) === null) return null;
  try {
    const found = JSON.parse(new TextDecoder().decode(readOwn(path))) as Partial<Record<keyof HostFile, unknown>>;
    const { id, host, metadata } = found;
    const isRight = typeof id === "string" && /^[0-9a-f-]{36}$/.test(id) &&
      (host === null || typeof host === "string") &&
      typeof metadata === "string" && isAbsolutePath(metadata) && lastPartOf(metadata) === id;
    return isRight ? { id, host, metadata } : "damaged";
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    return "damaged";
  }
}

/**
 * Writes the file unless there is one: of several processes, on any number of hosts, one succeeds.
 *
 * The whole file gets its name by a link, which is atomic on every file system that has links, NFS included. Where there
 * are none, the process that makes a file beside it may rename.
 *
 * @returns False when there is a file already, or when another process is about to make one.
 * @throws The system's error when the file cannot be written.
 */
export function claimHostFile(layout: CacheLayout, file: HostFile): boolean {
  const temporary = temporaryIn(layout.tmp);
  const path = layout.host;
  const bytes = new TextEncoder().encode(JSON.stringify(file));
  writeFileSync(temporary, bytes, { createNew: true, mode: FILE_MODE });
  openToGroup(temporary);
  try {
    linkSync(temporary, path);
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    return renameAlone(layout, temporary);
  } finally {
    removeOwn(temporary);
  }
}

function renameAlone(layout: CacheLayout, temporary: string): boolean {
  const gate = gateOf(layout);
  try {
    writeFileSync(gate, new Uint8Array(0), { createNew: true, mode: FILE_MODE });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return false;
    throw error;
  }
  try {
    if (lookAtEntry(layout.host) !== null) return false;
    renameSync(temporary, layout.host);
    return true;
  } finally {
    removeOwn(gate);
  }
}

/**
 * Removes the file, so that the directory gets one with another name: this one is a copy.
 *
 * @param id The name; a file that another process has made meanwhile stays.
 */
export function dropHostFile(layout: CacheLayout, id: string): void {
  const temporary = temporaryIn(layout.tmp);
  try {
    renameSync(layout.host, temporary);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return; // another process was faster
    throw error;
  }
  try {
    const { id: found } = JSON.parse(new TextDecoder().decode(readOwn(temporary)));
    if (found !== id) linkSync(temporary, layout.host);
  } finally {
    removeOwn(temporary);
  }
}

/** True while a process makes the file where there are no links; also after it was killed meanwhile. */
export function isBeingClaimed(layout: CacheLayout): boolean {
  return lookAtEntry(gateOf(layout)) !== null;
}

/** Lets another process make the file, since the one that was about to has had time enough. */
export function dropClaim(layout: CacheLayout): void {
  removeOwn(gateOf(layout));
}

function gateOf({ host }: CacheLayout): string {
  return `${host}.claim`;
}

/** Replaces the file, by the host that it names. @throws The system's error when the file cannot be written. */
export function replaceHostFile(layout: CacheLayout, file: HostFile): void {
  writeAnew(layout.host, new TextEncoder().encode(JSON.stringify(file)), temporaryIn(layout.tmp));
}
