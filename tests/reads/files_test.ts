import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertRejects, assertThrows } from "@std/assert";
import { CacheError } from "../../src/words/errors.ts";
import { SYNC_BYTES } from "../../src/reads/files/hash_file.ts";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import { stampOf } from "../../src/reads/files/stamp.ts";
import { inFolder } from "../support/reads.ts";
import { tempFolder } from "../support/seeded_cache.ts";

/** Digests with a clock so far ahead that every stamp is old enough. */
function settledDigests(cacheDir: string | null = null): FileDigests {
  return new FileDigests({ cacheDir, now: () => Date.now() + 60_000 });
}

async function sha256(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 65536) crypto.getRandomValues(bytes.subarray(at, Math.min(at + 65536, length)));
  return bytes;
}

for (const length of [0, 1, SYNC_BYTES, SYNC_BYTES + 1, 9_000_001]) {
  Deno.test(`digestPath() is the SHA-256 of all ${length} bytes of a file`, () =>
    inFolder(async (folder) => {
      const bytes = randomBytes(length);
      Deno.writeFileSync(`${folder}/a`, bytes);
      assertEquals<string | null>(await new FileDigests().digestPath(`${folder}/a`), await sha256(bytes));
      assertEquals<string | null>(new FileDigests().digestFileSync(`${folder}/a`), await sha256(bytes));
    }));
}

Deno.test("digestPath() answers at once for a small file and for a remembered large one", () =>
  inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/small`, randomBytes(10));
    Deno.writeFileSync(`${folder}/large`, randomBytes(SYNC_BYTES + 1));
    const digests = settledDigests();
    assertEquals(typeof digests.digestPath(`${folder}/small`), "string");
    const first = digests.digestPath(`${folder}/large`);
    assertInstanceOf(first, Promise);
    assertEquals(digests.digestPath(`${folder}/large`) instanceof Promise, true);
    const digest = await first;
    assertEquals(digests.digestPath(`${folder}/large`), digest);
  }));

Deno.test("an unchanged file is not read again", () =>
  inFolder((folder) => {
    const path = `${folder}/a`;
    Deno.writeTextFileSync(path, "one");
    const digests = settledDigests();
    const remembered = "f".repeat(64) as ReturnType<typeof digests.digestFileSync> & string;
    digests.memory.set(path, stampOf(Deno.statSync(path)), { digest: remembered, sizeBytes: 3 }, digests.now());
    assertEquals(digests.digestPath(path), remembered);
    Deno.writeTextFileSync(path, "four");
    assertNotEquals(digests.digestPath(path), remembered);
  }));

Deno.test("a file that was changed a moment ago is read again, whatever its stamp says", () =>
  inFolder((folder) => {
    const path = `${folder}/a`;
    const digests = new FileDigests();
    for (let round = 0; round < 20; round++) {
      Deno.writeTextFileSync(path, "one");
      const { mtime } = Deno.statSync(path);
      const before = digests.digestPath(path);
      Deno.writeTextFileSync(path, "two");
      Deno.utimeSync(path, mtime!, mtime!);
      assertNotEquals(digests.digestPath(path), before);
    }
    assertEquals(digests.memory.paths(), [path], "known, and not believed");
  }));

Deno.test("touch leaves a file's digest as it is", () =>
  inFolder((folder) => {
    const digests = settledDigests();
    Deno.writeTextFileSync(`${folder}/a`, "one");
    const before = digests.digestPath(`${folder}/a`);
    Deno.utimeSync(`${folder}/a`, new Date(), new Date(0));
    assertEquals(digests.digestPath(`${folder}/a`), before);
  }));

Deno.test("a file that is not there has no digest, nor has one behind a file or a broken link", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "");
    Deno.symlinkSync(`${folder}/nothing`, `${folder}/broken`);
    for (const name of ["absent", "a/below", "broken", "broken/below"]) {
      assertEquals(new FileDigests().digestPath(`${folder}/${name}`), null);
      assertEquals(new FileDigests().digestFileSync(`${folder}/${name}`), null);
      assertEquals(new FileDigests().digestListing(`${folder}/${name}`), null);
    }
  }));

Deno.test("a symbolic link has the digest of what it leads to, also after it was turned elsewhere", () =>
  inFolder((folder) => {
    const digests = settledDigests();
    Deno.writeTextFileSync(`${folder}/a`, "a");
    Deno.writeTextFileSync(`${folder}/b`, "b");
    Deno.symlinkSync("a", `${folder}/link`);
    assertEquals(digests.digestPath(`${folder}/link`), digests.digestPath(`${folder}/a`));
    Deno.removeSync(`${folder}/link`);
    Deno.symlinkSync("b", `${folder}/link`);
    assertEquals(digests.digestPath(`${folder}/link`), digests.digestPath(`${folder}/b`));
  }));

Deno.test("a file that the kernel makes up is not remembered", { ignore: Deno.build.os !== "linux" }, () => {
  const digests = settledDigests();
  assertEquals(typeof digests.digestPath("/proc/self/status"), "string");
  assertEquals(digests.memory.paths(), []);
});

Deno.test(
  "a pipe is refused and not waited for",
  { ignore: Deno.build.os === "windows" },
  () =>
    inFolder(async (folder) => {
      await new Deno.Command("mkfifo", { args: [`${folder}/pipe`] }).output();
      const error = assertThrows(() => new FileDigests().digestPath(`${folder}/pipe`), CacheError, "pipe or a device");
      assertEquals([error.code, error.path], ["ERR_FILE", `${folder}/pipe`]);
      await assertRejects(() => new FileDigests().digestPaths([`${folder}/pipe`]), CacheError, "pipe or a device");
      assertThrows(() => new FileDigests().digestFileSync(`${folder}/pipe`), CacheError);
    }),
);

Deno.test("a file that may not be read is an error that names the flag", { permissions: { read: false } }, () => {
  const error = assertThrows(() => new FileDigests().digestPath("/some/where"), CacheError, "--allow-read=/some/where");
  assertEquals([error.code, error.path], ["ERR_FILE", "/some/where"]);
  assertInstanceOf(error.cause, Deno.errors.NotCapable);
});

Deno.test("digestPaths() digests files, directories and absent paths in order", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/d`);
    Deno.writeTextFileSync(`${folder}/d/x`, "x");
    Deno.writeFileSync(`${folder}/large`, randomBytes(SYNC_BYTES * 3));
    const digests = new FileDigests();
    const names = ["d/x", "none", "large", "d"];
    const one = [];
    for (const name of names) one.push(await digests.digestPath(`${folder}/${name}`));
    assertEquals(await digests.digestPaths(names.map((name) => `${folder}/${name}`)), one);
    assertEquals(one[1], null);
  }));

Deno.test("callers at the same time share one reading of a large file that is at rest", () =>
  inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/large`, randomBytes(SYNC_BYTES * 3));
    const atRest = settledDigests();
    assert(atRest.digestPath(`${folder}/large`) === atRest.digestPath(`${folder}/large`));
    const inMotion = new FileDigests();
    const first = inMotion.digestPath(`${folder}/large`);
    const second = inMotion.digestPath(`${folder}/large`);
    assert(first !== second);
    assertEquals(await first, await second);
    await atRest.digestPath(`${folder}/large`);
  }));

Deno.test("a listing counts the names and types of entries, not their contents", () =>
  inFolder((folder) => {
    const digests = new FileDigests();
    Deno.writeTextFileSync(`${folder}/a`, "1");
    const before = digests.digestListing(folder);
    Deno.writeTextFileSync(`${folder}/a`, "2");
    assertEquals(digests.digestListing(folder), before);
    Deno.removeSync(`${folder}/a`);
    Deno.mkdirSync(`${folder}/a`);
    assertNotEquals(digests.digestListing(folder), before);
    Deno.removeSync(`${folder}/a`);
    Deno.writeTextFileSync(`${folder}/a`, "3");
    assertEquals(digests.digestListing(folder), before);
    Deno.writeTextFileSync(`${folder}/b`, "");
    assertNotEquals(digests.digestListing(folder), before);
  }));

Deno.test({
  name: "a file that the system makes up and that has no end is refused, one that ends is digested",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const files = new FileDigests();
    using folder = tempFolder();
    const link = `${folder.path}/log`;
    Deno.symlinkSync("/proc/kmsg", link);
    const names = ["/proc/kcore", "/proc/kmsg"].flatMap((path) => [path, `/proc/self/root${path}`]);
    const pipes = ["/sys/kernel/tracing/trace_pipe", "/sys/kernel/debug/tracing/trace_pipe"];
    for (const path of ["/proc/self/pagemap", ...names, link, ...pipes]) {
      try {
        if (!Deno.statSync(path).isFile) continue;
      } catch {
        continue; // containers have not all of them
      }
      const error = await assertRejects(async () => await files.digestPath(path), CacheError);
      assertEquals([error.code, error.path], ["ERR_FILE", path]);
    }
    assertEquals(await files.digestPath("/proc/self/status") === null, false);
  },
});
