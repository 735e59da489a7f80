/**
 * Files that Linux makes up and whose reading never ends, or waits for what happens next. They say that they are regular.
 *
 * A file of its own, since it knows the names of Linux, and `file_digests` none.
 *
 * @module
 */
import { kindOfDisk } from "../../options/mounts.ts";

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace this function.
const { realPathSync } = Deno;

/** Names in `/proc` (https://man7.org/linux/man-pages/man5/proc.5.html): messages that are waited for, and all memory. */
const OF_PROC = /\/(?:kmsg|kcore|event)$/;

/** A file that is made up tells no size, but for that of all memory. */
const MADE_UP_BYTES = 2 ** 40;

/**
 * True for such a file, by whatever name it is reached: each of tracefs and debugfs, since they have many of them.
 *
 * @param path Absolute path.
 * @param info What `stat` tells of it.
 */
export function isEndless(path: string, { dev, size }: Deno.FileInfo): boolean {
  if (size > 0 && size < MADE_UP_BYTES) return false;
  const kind = kindOfDisk(dev);
  if (kind === "proc") return OF_PROC.test(nameOf(path));
  return kind === "tracefs" || kind === "debugfs";
}

function nameOf(path: string): string {
  try {
    return realPathSync(path);
  } catch {
    return path;
  }
}
