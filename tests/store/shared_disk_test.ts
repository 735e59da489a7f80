import { assert, assertEquals, assertMatch } from "@std/assert";
import { openCache } from "../../src/store/cache_dir.ts";
import { mountsIn } from "../../src/options/mounts.ts";
import { kindOfMount, kindOfType } from "../../src/store/shared/disk.ts";
import { layoutOf } from "../../src/store/layout.ts";
import { claimHostFile, dropHostFile, type HostFile, readHostFile } from "../../src/store/shared/host_file.ts";
import { placeCache } from "../../src/store/shared/place_cache.ts";
import { load, store, withFolder } from "../support/store_rig.ts";

const MOUNTS = mountsIn([
  "27 1 254:0 / / rw - ext4 /dev/root rw",
  "30 27 0:30 / /home rw,relatime shared:5 - nfs4 server:/home rw",
  "31 30 254:1 / /home/local rw - xfs /dev/vdb rw",
  "32 27 0:39 / /mnt/with\\040blank rw - fuse.sshfs host:/x rw",
  "33 27 8:1 / /mnt/stick rw - fuseblk /dev/sda1 rw",
  "34 27 0:40 / /data rw - ext4 /dev/vdc rw",
  "35 27 0:41 / /data rw - lustre mds:/fs rw",
].join("\n"));

Deno.test("a path is on the file system that is mounted nearest above it, the last one of several there", () => {
  const kinds = ["/", "/homework", "/home/ada/x", "/home/local/x", "/mnt/with blank/x", "/mnt/stick/x", "/data/x"]
    .map((path) => [path, kindOfMount(MOUNTS, path)]);
  assertEquals(Object.fromEntries(kinds), {
    "/": "local",
    "/homework": "local",
    "/home/ada/x": "shared",
    "/home/local/x": "local",
    "/mnt/with blank/x": "shared",
    "/mnt/stick/x": "local",
    "/data/x": "shared",
  });
});

Deno.test("file systems by name: those of several hosts, those in user space unless they are the root, no others", () => {
  const kind = (name: string, at = "/d") => kindOfMount(mountsIn(`1 0 0:1 / ${at} rw - ${name} x rw`), "/d/x");
  for (
    const name of ["nfs", "nfs4", "cifs", "smb3", "lustre", "beegfs", "gpfs", "ceph", "afs", "ocfs2", "gfs2", "9p"]
  ) {
    assertEquals(kind(name), "shared", name);
  }
  for (const name of ["fuse", "fuse.sshfs", "fuse.glusterfs", "virtiofs", "vboxsf"]) assertEquals(kind(name), "shared");
  for (const name of ["ext4", "xfs", "btrfs", "zfs", "tmpfs", "overlay", "fuseblk", "fuse.fuse-overlayfs", "new"]) {
    assertEquals(kind(name), "local", name);
  }
  for (const name of ["fuse", "9p", "virtiofs"]) assertEquals(kind(name, "/"), "local", `${name} as the root`);
  assertEquals(kind("nfs", "/"), "shared", "a host without a disk");
});

Deno.test("file systems by type: as by name, and a signed number as an unsigned one", () => {
  for (const type of [0x6969, 0xff534d42, 0xff534d42 | 0, 0x0bd00bd0, 0x19830326, 0x47504653, 0x00c36400]) {
    assertEquals(kindOfType(type, 40, 41), "shared", type.toString(16));
  }
  for (const type of [0xef53, 0x9123683e, 0x1021994, 0x794c7630, 1]) assertEquals(kindOfType(type, 40, 41), "local");
  const FUSE = 0x65735546;
  assertEquals(kindOfType(FUSE, 40, 41), "shared");
  assertEquals(kindOfType(FUSE, 0x801, 41), "local", "ntfs-3g on a block device");
  assertEquals(kindOfType(FUSE, 41, 41), "local", "the root of a container");
});

Deno.test("a folder that says which host it belongs to is followed on a local disk too, as the server of the disk sees it", () =>
  withFolder(async (folder) => {
    const layout = layoutOf(`${folder}/cache`);
    for (const path of ["cache/v1/tmp", "meta"]) Deno.mkdirSync(`${folder}/${path}`, { recursive: true });
    const id = "00000000-0000-4000-8000-000000000000";
    const metadata = `${folder}/meta/${id}`;
    assert(claimHostFile(layout, { id, host: "node7", metadata }));
    assert(!claimHostFile(layout, { id, host: "node8", metadata }), "the first host keeps the folder");
    assertEquals(readHostFile(layout), { id, host: "node7", metadata });
    const refused = await openCache(layout.root);
    assertMatch(
      refused.refused!.message,
      /on the host .+: it belongs to the host node7; name another folder in cacheDir/,
    );
    assertEquals([...Deno.readDirSync(layout.version)].map(({ name }) => name).sort(), ["host", "tmp"]);
    // The metadata are here, so this is that host, by whatever name.
    Deno.mkdirSync(metadata, { mode: 0o700 });
    Deno.writeTextFileSync(`${metadata}/cache-dir`, "");
    const cache = await openCache(layout.root);
    assertEquals(cache.refused, null);
    await store(cache, "a");
    cache.close();
    assert(Deno.statSync(`${metadata}/meta.kv`).size > 0);
    assertEquals([...Deno.readDirSync(layout.version)].map(({ name }) => name).sort(), ["blobs", "host", "tmp"]);
    assertEquals(await load(cache, "a"), "value of a");
    cache.close();
  }));

const DAMAGED = ["", "{", "null", "[]", '{"id":"../../x","host":null,"metadata":"/x/../../x"}', '{"id":1}'];

Deno.test("a file of the host from a stranger leads nowhere: one that names a folder that is no metadata is refused", () =>
  withFolder(async (folder) => {
    const id = "00000000-0000-4000-8000-000000000000";
    Deno.mkdirSync(`${folder}/victim/${id}`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/victim/${id}/notes.txt`, "mine");
    const dir = `${folder}/cache`;
    Deno.mkdirSync(`${dir}/v1`, { recursive: true });
    const file = { id, host: "elsewhere", metadata: `${folder}/victim/${id}` };
    Deno.writeTextFileSync(`${dir}/v1/host`, JSON.stringify(file));
    const { refused, readOnly } = await openCache(dir);
    assert(refused !== null && readOnly);
    assertMatch(refused.message, /; name another folder in cacheDir on each host, or delete /);
    assertEquals([...Deno.readDirSync(`${dir}/v1`)].length, 1);
    assertEquals([...Deno.readDirSync(`${folder}/victim/${id}`)].map(({ name }) => name), ["notes.txt"]);
  }));

Deno.test("a damaged file of the host: refused on a shared disk, deleted with a word on one of this host", () =>
  withFolder(async (folder) => {
    for (const [index, text] of DAMAGED.entries()) {
      const dir = `${folder}/cache-${index}`;
      Deno.mkdirSync(`${dir}/v1`, { recursive: true });
      Deno.writeTextFileSync(`${dir}/v1/host`, text);
      const options = { readOnly: false, metadataDir: null, group: null };
      const { refused } = await placeCache(layoutOf(dir), { ...options, isLocal: false });
      assertMatch(
        refused!.message,
        /does not say to which host it belongs; delete it if no program on another host uses/,
      );
      assertEquals([...Deno.readDirSync(`${dir}/v1`)].length, 1);

      const reader = await openCache(dir, { readOnly: true });
      assertEquals([reader.refused, await load(reader, "a")], [null, null]);
      reader.close();
      assertEquals(Deno.readTextFileSync(`${dir}/v1/host`), text);

      const cache = await openCache(dir);
      const reports: string[] = [];
      cache.onReport(({ detail }) => reports.push(detail));
      await store(cache, "a");
      cache.close();
      assertEquals(await load(cache, "a"), "value of a");
      cache.close();
      assertMatch(
        reports[0]!,
        /host was damaged; the cache directory is on a disk of this host, so the file was deleted/,
      );
      assertEquals(reports.length, 1);
      assertEquals([...Deno.readDirSync(`${dir}/v1`)].some(({ name }) => name === "host"), false);
    }
  }));

Deno.test("metadata follow a folder that was moved, and no other folder that names them while their cache is away", () =>
  withFolder(async (folder) => {
    const options = { readOnly: false, metadataDir: `${folder}/meta`, group: null, isLocal: false };
    const place = async (name: string) => (await placeCache(layoutOf(`${folder}/${name}`), options)).layout.metadata;
    Deno.mkdirSync(`${folder}/cache`);
    const first = await place("cache");
    const mark = () => Deno.readTextFileSync(`${first}/cache-dir`);
    const before = mark();
    Deno.mkdirSync(`${folder}/stranger/v1/tmp`, { recursive: true });
    Deno.copyFileSync(`${folder}/cache/v1/host`, `${folder}/stranger/v1/host`);
    Deno.renameSync(`${folder}/cache`, `${folder}/away`);
    assert(await place("stranger") !== first);
    assertEquals(mark(), before);
    Deno.renameSync(`${folder}/away`, `${folder}/cache`);
    assertEquals(await place("cache"), first);
    Deno.renameSync(`${folder}/cache`, `${folder}/moved`);
    assertEquals(await place("moved"), first);
    assertMatch(mark(), /moved; they can be deleted/);
  }));

Deno.test("of processes that find a copy at once, the second drops neither what the first dropped nor what it made since", () =>
  withFolder(async (dir) => {
    const layout = layoutOf(dir);
    await Deno.mkdir(layout.tmp, { recursive: true });
    const fileOf = (id: string): HostFile => ({ id, host: "node7", metadata: `/somewhere/${id}` });
    const [copied, made] = [crypto.randomUUID(), crypto.randomUUID()];
    assert(claimHostFile(layout, fileOf(copied)));
    dropHostFile(layout, copied);
    assertEquals(readHostFile(layout), null);
    dropHostFile(layout, copied);
    assert(claimHostFile(layout, fileOf(made)));
    dropHostFile(layout, copied);
    assertEquals(readHostFile(layout), fileOf(made));
    assertEquals([...Deno.readDirSync(layout.tmp)], []);
  }));
