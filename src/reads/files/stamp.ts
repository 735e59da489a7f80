/**
 * What the filesystem says about a file without reading it, and when that may be trusted.
 *
 * A stamp stands for a content only if no later edit can leave the same stamp behind. Two things could: an edit within
 * the resolution of the timestamps (git calls such a file "racily clean", ccache "too new"), and a clock that was set
 * back. Deno gives modification times in milliseconds but change times (`ctime`) in whole seconds, and `ctime` is the one
 * time that a program cannot put back; so a content that was read within two seconds of the last change is not
 * remembered for its stamp. Two seconds also cover file systems that keep even seconds only, and a tick of the kernel's
 * clock on top.
 *
 * The rule trusts that the clock of a file server is not more than a second behind this machine's, as git does.
 *
 * @module
 */
/** Device, inode, size and times of a file: together they name one content, if {@linkcode isStampSettled}. */
export interface FileStamp {
  readonly dev: number;
  /** Zero where the platform has none. */
  readonly ino: number;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch. */
  readonly mtimeMs: number;
  /** Change of content or metadata, milliseconds since the epoch; `NaN` where the platform has none. */
  readonly ctimeMs: number;
}

/** Below this age, a file may be edited again without a change of its stamp, milliseconds. */
export const RACY_MS = 2100;

/** The stamp of a `stat` result. */
export function stampOf(info: Deno.FileInfo): FileStamp {
  return {
    dev: info.dev,
    ino: info.ino ?? 0,
    size: info.size,
    mtimeMs: info.mtime?.getTime() ?? NaN,
    ctimeMs: info.ctime?.getTime() ?? NaN,
  };
}

/** Whether two stamps are the same. Times that the platform does not tell (`NaN`) are never the same. */
export function isSameStamp(one: FileStamp, other: FileStamp): boolean {
  return one.ctimeMs === other.ctimeMs && one.mtimeMs === other.mtimeMs && one.size === other.size &&
    one.ino === other.ino && one.dev === other.dev;
}

/**
 * Whether any edit after `nowMs` must leave another stamp. False for a change time in the future, which is what a clock
 * that was set back leaves.
 *
 * @param stamp As the file had it at `nowMs` or later.
 * @param nowMs Milliseconds since the epoch, taken before the file was looked at.
 */
export function isStampSettled(stamp: FileStamp, nowMs: number): boolean {
  return nowMs - stamp.ctimeMs >= RACY_MS;
}
