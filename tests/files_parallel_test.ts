import { assertEquals, assertRejects } from "@std/assert";
import { hashFileSync } from "../src/files/content.ts";
import { FileFailure, hashFiles } from "../src/files/parallel.ts";
import { inFolder } from "./support/frames.ts";

Deno.test("several threads give the digests that one gives, each once", () =>
  inFolder(async (folder) => {
    const files = [];
    for (let index = 0; index < 12; index++) {
      const path = `${folder}/${index}`;
      const bytes = new Uint8Array(index * 300_000).fill(index);
      Deno.writeFileSync(path, bytes);
      files.push({ path, sizeBytes: bytes.length });
    }
    const kept = new Map<string, string>();
    await hashFiles(files, (file, { digest, sizeBytes }) => {
      assertEquals(kept.has(file.path), false);
      assertEquals(sizeBytes, file.sizeBytes);
      kept.set(file.path, digest);
    }, 1);
    assertEquals(kept.size, files.length);
    for (const { path } of files) assertEquals<string | undefined>(kept.get(path), hashFileSync(path).digest);
  }));

Deno.test("a file that vanished is named, whichever thread met it", () =>
  inFolder(async (folder) => {
    const files: { path: string; sizeBytes: number }[] = [];
    for (let index = 0; index < 6; index++) {
      Deno.writeFileSync(`${folder}/${index}`, new Uint8Array(1_000_000));
      files.push({ path: `${folder}/${index}`, sizeBytes: 1_000_000 });
    }
    files.push({ path: `${folder}/gone`, sizeBytes: 2_000_000 });
    const error = await assertRejects(() => hashFiles(files, () => {}, 1), FileFailure);
    assertEquals(error.path, `${folder}/gone`);
  }));
