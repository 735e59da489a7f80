/**
 * What a file is, in one number.
 *
 * @module
 */

/** The inode of a file; `null` when there is none. */
export function inodeOf(path: string): number | null {
  try {
    return Deno.lstatSync(path).ino;
  } catch {
    return null;
  }
}

/** The size of a file in bytes; 0 when there is none. */
export function sizeOf(path: string): number {
  try {
    return Deno.lstatSync(path).size;
  } catch {
    return 0;
  }
}
