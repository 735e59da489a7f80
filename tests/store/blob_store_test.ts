import { assert, assertEquals } from "@std/assert";
import { digestBytes } from "../../src/words/sha256.ts";
import type { BlobDigest } from "../../src/words/digests.ts";
import { SYNC_LIMIT_BYTES } from "../../src/store/blobs/blob_store.ts";
import { withStore } from "../support/store_rig.ts";

const small = new TextEncoder().encode("a small result");
const large = new Uint8Array(SYNC_LIMIT_BYTES * 100 + 7).map((_, index) => index * 31);

for (const [size, bytes] of [["small", small], ["large", large]] as const) {
  Deno.test(`write() stores ${size} bytes under their digest, and read() gives them back`, () =>
    withStore(async ({ blobs }) => {
      const chunks = [bytes.subarray(0, 5), bytes.subarray(5)];
      const written = await blobs.write(chunks);
      assertEquals(written, { digest: digestBytes<"blob">(bytes), sizeBytes: bytes.byteLength });
      for (const sizeBytes of [undefined, bytes.byteLength]) {
        assertEquals(await blobs.read(written.digest, sizeBytes), { status: "ok", bytes: new Uint8Array(bytes) });
      }
    }));

  for (
    const [hazard, damage] of [
      ["a flipped bit", (path: string) => {
        const found = Deno.readFileSync(path);
        found[found.length >> 1]! ^= 1;
        Deno.writeFileSync(path, found);
      }],
      ["truncation", (path: string) => Deno.truncateSync(path, 3)],
      ["emptying", (path: string) => Deno.truncateSync(path, 0)],
    ] as const
  ) {
    Deno.test(`${hazard} in a ${size} blob is noticed, and writing it again heals it`, () =>
      withStore(async ({ blobs }) => {
        const { digest } = await blobs.write([bytes]);
        damage(blobs.pathOf(digest));
        assertEquals((await blobs.read(digest)).status, "corrupt");
        await blobs.write([bytes]);
        assertEquals((await blobs.read(digest)).status, "ok");
      }));
  }
}

Deno.test("a large blob is checked to its last byte, wherever its pieces end", () =>
  withStore(async ({ blobs }) => {
    const piece = 2 * 1024 * 1024;
    for (const length of [piece - 1, piece, piece + 1, 2 * piece]) {
      const bytes = new Uint8Array(length).map((_, index) => index * 31);
      const { digest } = await blobs.write([bytes]);
      assertEquals(await blobs.read(digest), { status: "ok", bytes });
      const path = blobs.pathOf(digest);
      for (const at of [0, Math.min(piece, length) - 1, length - 1]) {
        const flipped = bytes.slice();
        flipped[at]! ^= 1;
        Deno.writeFileSync(path, flipped);
        assertEquals((await blobs.read(digest)).status, "corrupt", `byte ${at} of ${length}`);
      }
      Deno.writeFileSync(path, bytes.subarray(1));
      assertEquals((await blobs.read(digest)).status, "corrupt", `${length} bytes less one`);
      Deno.writeFileSync(path, bytes);
      Deno.writeFileSync(path, new Uint8Array(1), { append: true });
      assertEquals((await blobs.read(digest)).status, "corrupt", `${length} bytes and one more`);
    }
  }));

Deno.test("two blobs that were swapped with each other are both noticed", () =>
  withStore(async ({ blobs }) => {
    const a = await blobs.write([small]);
    const b = await blobs.write([new Uint8Array([1, 2, 3])]);
    const [pathA, pathB] = [blobs.pathOf(a.digest), blobs.pathOf(b.digest)];
    Deno.renameSync(pathA, `${pathA}.x`);
    Deno.renameSync(pathB, pathA);
    Deno.renameSync(`${pathA}.x`, pathB);
    assertEquals((await blobs.read(a.digest)).status, "corrupt");
    assertEquals((await blobs.read(b.digest)).status, "corrupt");
  }));

Deno.test("a blob that is not there is missing, and a folder in its place is damage", () =>
  withStore(async ({ blobs }) => {
    const digest = digestBytes<"blob">("nothing");
    assertEquals(await blobs.read(digest), { status: "missing" });
    Deno.mkdirSync(blobs.pathOf(digest), { recursive: true });
    assertEquals((await blobs.read(digest)).status, "corrupt");
  }));

Deno.test("a name that is no digest cannot leave the folder of blobs", () =>
  withStore(({ blobs }) => {
    for (const name of ["../../etc/passwd", "a".repeat(63), "A".repeat(64), "", "..".padEnd(64, "0")]) {
      let refused = false;
      try {
        blobs.pathOf(name as BlobDigest);
      } catch {
        refused = true;
      }
      assert(refused, name);
    }
  }));

Deno.test("files are private, and nothing temporary stays", () =>
  withStore(async ({ blobs, layout }) => {
    const { digest } = await blobs.write([small]);
    await blobs.write([large]);
    assertEquals(Deno.statSync(blobs.pathOf(digest)).mode! & 0o777, 0o600);
    assertEquals([...Deno.readDirSync(layout.tmp)], []);
  }));

Deno.test("a write goes on when the cache directory was removed under it", () =>
  withStore(async ({ blobs }, dir) => {
    Deno.removeSync(dir, { recursive: true });
    for (const bytes of [small, large]) {
      const { digest } = await blobs.write([bytes]);
      assertEquals((await blobs.read(digest)).status, "ok");
    }
  }));

Deno.test("a blob that was moved aside can be put back or deleted", () =>
  withStore(async ({ blobs }) => {
    const { digest } = await blobs.write([small]);
    blobs.moveAside(digest)!.putBack();
    assertEquals(blobs.has(digest), true);
    assertEquals(blobs.moveAside(digest)!.remove(), small.byteLength);
    assertEquals(blobs.has(digest), false);
    assertEquals(blobs.moveAside(digest), null);
  }));

Deno.test("a durable store writes the same", () =>
  withStore(async ({ blobs }) => {
    for (const bytes of [small, large]) {
      const { digest } = await blobs.write([bytes]);
      assertEquals((await blobs.read(digest)).status, "ok");
    }
  }, { durable: true }));
