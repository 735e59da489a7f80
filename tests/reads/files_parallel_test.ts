import { assertEquals, assertInstanceOf } from "@std/assert";
import { hashFileSync } from "../../src/reads/files/hash_file.ts";
import { hashSoon } from "../../src/reads/files/parallel.ts";
import { inFolder } from "../support/reads.ts";

Deno.test("several threads give the digests that one gives", () =>
  inFolder(async (folder) => {
    const files = [];
    for (let index = 0; index < 12; index++) {
      const path = `${folder}/${index}`;
      const bytes = new Uint8Array(index * 300_000).fill(index);
      Deno.writeFileSync(path, bytes);
      files.push({ path, sizeBytes: bytes.length });
    }
    const contents = await Promise.all(files.map(({ path, sizeBytes }) => hashSoon(path, sizeBytes, 1)));
    assertEquals(contents, files.map(({ path }) => hashFileSync(path)));
  }));

for (const [where, helpBytes] of [["on one thread", Infinity], ["on several threads", 1]] as const) {
  Deno.test(`of files that are hashed ${where}, one that vanished fails and the others do not`, () =>
    inFolder(async (folder) => {
      const files: { path: string; sizeBytes: number }[] = [];
      for (let index = 0; index < 6; index++) {
        Deno.writeFileSync(`${folder}/${index}`, new Uint8Array(1_000_000));
        files.push({ path: `${folder}/${index}`, sizeBytes: 1_000_000 });
      }
      files.splice(3, 0, { path: `${folder}/gone`, sizeBytes: 2_000_000 });
      const outcomes = await Promise.allSettled(
        files.map(({ path, sizeBytes }) => hashSoon(path, sizeBytes, helpBytes)),
      );
      for (const [index, outcome] of outcomes.entries()) {
        assertEquals(outcome.status, index === 3 ? "rejected" : "fulfilled");
        if (outcome.status === "rejected") assertInstanceOf(outcome.reason, Deno.errors.NotFound);
      }
    }));
}

Deno.test("hashing many small files gives way to other tasks", () =>
  inFolder(async (folder) => {
    const path = `${folder}/a`;
    Deno.writeFileSync(path, new Uint8Array(60_000));
    let turns = 0;
    let isDone = false;
    const others = (async () => {
      for (; !isDone; turns++) await Deno.stat(folder);
    })();
    await Promise.all(Array.from({ length: 1_000 }, () => hashSoon(path, 60_000)));
    isDone = true;
    await others;
    assertEquals(turns >= 2, true, `${turns} turns`);
  }));
