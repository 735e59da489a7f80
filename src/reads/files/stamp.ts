/**
 * Stamps of files: what `stat` tells, which stands for a content where an edit would change it.
 *
 * A file that is replaced by another of the same size and time of modification (`cp -p`, `rsync -t`, `touch -r`) has
 * another time of change, which no program can set. Some disks have no such time, and tell the time of modification in
 * its place: FAT and exFAT, and most file systems in user space, sshfs among them (SFTP has no time of change, see
 * section 5 of draft-ietf-secsh-filexfer-02). There a stamp never stands for a content.
 *
 * @module
 */
import { kindOfDisk } from "../../options/mounts.ts";

/** Device, inode, size and times of a file: together they stand for one content, if {@linkcode isStampSettled}. */
export interface FileStamp {
  readonly dev: number;
  /** Inode; zero where the platform has none. */
  readonly ino: number;
  /** Size, bytes. */
  readonly size: number;
  /** Time of the last change of content, milliseconds since the epoch; `NaN` if the platform has none. */
  readonly mtimeMs: number;
  /** Time of the last change of content or metadata, milliseconds since the epoch; `NaN` if the platform has none. */
  readonly ctimeMs: number;
}

/** Age of a file, milliseconds, below which an edit may leave its stamp unchanged. */
export const RACY_MS = 2100;

/** Takes the stamp from a result of `stat`. */
export function stampOf(info: Deno.FileInfo): FileStamp {
  return {
    dev: info.dev,
    ino: info.ino ?? 0,
    size: info.size,
    mtimeMs: info.mtime?.getTime() ?? NaN,
    ctimeMs: info.ctime?.getTime() ?? NaN,
  };
}

/** Returns true when two stamps are equal. A time that the platform does not have (`NaN`) is equal to no time. */
export function isSameStamp(one: FileStamp, other: FileStamp): boolean {
  return one.ctimeMs === other.ctimeMs && one.mtimeMs === other.mtimeMs && one.size === other.size &&
    one.ino === other.ino && one.dev === other.dev;
}

/**
 * Returns true when any edit after `nowMs` must change the stamp. Returns false for a change time in the future, which
 * a file has after the clock was set back, and on a disk that may not tell times of change.
 *
 * @param stamp Stamp of the file at `nowMs` or later.
 * @param nowMs Time before the file was looked at, milliseconds since the epoch.
 */
export function isStampSettled(stamp: FileStamp, nowMs: number): boolean {
  return nowMs - stamp.ctimeMs >= RACY_MS && hasChangeTime(stamp);
}

/** Kinds of file systems that have no time of change, or may have none. */
const MAY_LACK = /^(?:msdos|vfat|exfat|fuse(?:blk|\..*)?)$/;
/** Kinds of file systems in user space that have one: they keep it themselves, or hand on that of another disk. */
const HAS_OWN = /^fuse\.(?:ceph-fuse|glusterfs|juicefs|fuse-overlayfs|mergerfs|bindfs|gocryptfs|encfs|unionfs)$/;

/** Returns false for the stamp of a file whose time of change may be no more than a copy of its time of modification. */
export function hasChangeTime({ dev, mtimeMs, ctimeMs }: FileStamp): boolean {
  // Deno tells the one in seconds and the other in milliseconds.
  if (Math.floor(mtimeMs / 1000) !== Math.floor(ctimeMs / 1000)) return true;
  const kind = kindOfDisk(dev);
  // Disks without a time of change mostly tell whole seconds, others hardly ever.
  if (kind === undefined) return mtimeMs % 1000 !== 0;
  return kind === null || !MAY_LACK.test(kind) || HAS_OWN.test(kind);
}
