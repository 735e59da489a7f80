/**
 * The list of mounted file systems that Linux keeps.
 *
 * @module
 */
import { isGranted } from "./manifest_files.ts";

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace this function.
const { readTextFileSync } = Deno;

const PATH = "/proc/self/mountinfo";

/** A mounted file system. */
export interface Mount {
  /** Number of its device, as `stat` tells it. */
  readonly device: number;
  /** Absolute path at which it is seen. */
  readonly point: string;
  /** Name of its kind: `ext4`, `fuse.sshfs`. */
  readonly kind: string;
}

/**
 * Returns the list of mounts.
 *
 * @returns `null` where it may not be read, since Deno gives files in `/proc` to `-A` alone; nobody is asked.
 */
export function readMounts(): Mount[] | null {
  if (!isGranted({ name: "read", path: PATH })) return null;
  try {
    return mountsIn(readTextFileSync(PATH));
  } catch {
    return null; // not Linux
  }
}

/**
 * Returns the kind of the file system on a device.
 *
 * @param device Number of the device, as `stat` tells it.
 * @returns `null` when it is not in the list, as a part of btrfs; `undefined` when the list may not be read.
 */
export function kindOfDisk(device: number): string | null | undefined {
  let kind = kinds.get(device);
  if (kind === undefined && !kinds.has(device)) {
    const mounts = readMounts();
    kind = mounts === null ? undefined : mounts.find((mount) => mount.device === device)?.kind ?? null;
    kinds.set(device, kind);
  }
  return kind;
}

const kinds = new Map<number, string | null | undefined>();

/** Reads a text in the form of `/proc/self/mountinfo` (https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html). */
export function mountsIn(text: string): Mount[] {
  return text.split("\n").flatMap((line) => {
    const [fields = "", source = ""] = line.split(" - ");
    const [, , numbers = "", , point] = fields.split(" ");
    if (point === undefined) return [];
    const [major = NaN, minor = NaN] = numbers.split(":").map(Number);
    return [{
      device: deviceOf(major, minor),
      point: point.replace(/\\([0-7]{3})/g, (_, code) => String.fromCharCode(parseInt(code, 8))),
      kind: source.split(" ")[0]!,
    }];
  });
}

/** Makes one number of the two of a device, as glibc does (`gnu_dev_makedev`, bits/sysmacros.h), up to 32 bits. */
function deviceOf(major: number, minor: number): number {
  return (minor & 0xff) + (major & 0xfff) * 0x100 + (minor >>> 8) * 0x100000;
}
