/**
 * Kind of the disk that a folder is on: of this host alone, or one that several hosts may share.
 *
 * SQLite's write-ahead log needs memory that all processes share, so it works on one host only
 * (https://www.sqlite.org/wal.html), and locks on files may reach no other host either.
 *
 * @module
 */
import { nodeModule } from "../../words/node_modules.ts";
import { isGranted } from "../../options/manifest_files.ts";
import { type Mount, readMounts } from "../../options/mounts.ts";
import { deviceOfRoot, isBlockDevice, looksLocal } from "../layout.ts";

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace these functions.
const { realPathSync, statSync } = Deno;

/** `unknown`: it cannot be told without `--allow-sys=statfs`. */
export type DiskKind = "local" | "shared" | "unknown";

/**
 * Names in `/proc/self/mountinfo` of the file systems that several hosts may share, and their types in `statfs`.
 *
 * The numbers are from Linux (`include/uapi/linux/magic.h`, `fs/vboxsf/super.c`) and, for file systems that are no part
 * of it, from coreutils (`src/stat.c`), which marks each as local or remote. What is not listed counts as local.
 */
const SHARED: readonly (readonly [type: number, ...names: string[]])[] = [
  [0x6969, "nfs", "nfs4"],
  [0x517b, "smbfs"],
  [0xff534d42, "cifs"],
  [0xfe534d42, "smb2", "smb3"],
  [0x0bd00bd0, "lustre"],
  [0x19830326, "beegfs", "fhgfs"],
  [0x47504653, "gpfs"],
  [0x00c36400, "ceph"],
  [0xaad7aaea, "panfs"],
  [0x20030528, "orangefs", "pvfs2"],
  [0x5346414f, "afs", "openafs"],
  [0x6b414653, "kafs"],
  [0x73757245, "coda"],
  [0x564c, "ncpfs"],
  [0x7461636f, "ocfs2"],
  [0x01161970, "gfs", "gfs2"],
  [0x61636673, "acfs"],
  [0x013111a8, "ibrix"],
  [0xbeefdead, "snfs", "cvfs"],
  [0x786f4256, "vboxsf"],
  [0xbacbacbc, "vmhgfs"],
  [0x7c7c6673, "prl_fs"],
];
const SHARED_TYPES: ReadonlySet<number> = new Set(SHARED.map(([type]) => type));
const SHARED_NAMES: ReadonlySet<string> = new Set(SHARED.flatMap(([, ...names]) => names));

/** Types of the file systems that show folders of other computers, but are the root of some containers as well. */
const FUSE = 0x65735546;
const V9FS = 0x01021997;
/** The same, by name: sshfs is `fuse.sshfs`, ntfs-3g is `fuseblk`, which has a disk of its own. */
const GUEST = /^(9p|virtiofs|fuse(?!blk$|\.fuse-overlayfs$).*)$/;

/**
 * Returns the kind of the disk that a folder is on.
 *
 * Linux alone tells: with all permissions by the list of mounts, else by `statfs`, which cannot tell one file system
 * in user space from another, and is not asked about block devices: of the file systems on these, only OCFS2 and GFS2
 * are shared, which keep memory coherent between hosts. On macOS and Windows every disk counts as local. No permission
 * is prompted for.
 *
 * @param folder Folder that may be read; one that does not exist counts as local.
 */
export function diskOf(folder: string): DiskKind {
  if (Deno.build.os !== "linux" && Deno.build.os !== "android") return "local";
  try {
    const info = statSync(folder);
    const mounts = readMounts();
    if (mounts !== null) return kindOfMount(mounts, realPathSync(folder));
    if (isBlockDevice(info.dev)) return "local";
    if (isGranted({ name: "sys", kind: "statfs" as "hostname" })) {
      const { statfsSync } = nodeModule<typeof import("node:fs")>("node:fs");
      return kindOfType(statfsSync(folder).type, info.dev, deviceOfRoot());
    }
    return looksLocal(info) ? "local" : "unknown";
  } catch {
    return "local"; // there is no such folder, which the opening of the cache reports
  }
}

/**
 * Returns the kind of the file system that a path is on.
 *
 * A file system in user space counts as shared, as most are. As the root of the system it is that of a container or a
 * virtual machine, and local.
 *
 * @param mounts All mounts, in their order.
 * @param path Absolute path without links.
 */
export function kindOfMount(mounts: readonly Mount[], path: string): "local" | "shared" {
  let [place, name] = ["", ""];
  for (const { point, kind } of mounts) {
    if (point.length < place.length) continue;
    // The last of several mounts at one place is the one that is seen.
    if (point === "/" || path === point || path.startsWith(`${point}/`)) [place, name] = [point, kind];
  }
  return SHARED_NAMES.has(name) || GUEST.test(name) && place !== "/" ? "shared" : "local";
}

/**
 * Returns the kind of a file system.
 *
 * @param type Type that `statfs` tells.
 * @param device Number of the device of a folder on it.
 * @param rootDevice Number of the device of `/`; `null` when it is not known.
 */
export function kindOfType(type: number, device: number, rootDevice: number | null): "local" | "shared" {
  const unsigned = type >>> 0; // Node gives a signed number
  const isGuest = (unsigned === FUSE || unsigned === V9FS) && !isBlockDevice(device) && device !== rootDevice;
  return SHARED_TYPES.has(unsigned) || isGuest ? "shared" : "local";
}
