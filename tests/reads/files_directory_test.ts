import { assertEquals, assertNotEquals } from "@std/assert";
import { walkDirectory } from "../../src/reads/files/directory.ts";
import { inTurns } from "../../src/words/waiting.ts";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import { inFolder } from "../support/reads.ts";

function writeTree(folder: string): void {
  Deno.mkdirSync(`${folder}/sub/deep`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/a.csv`, "a");
  Deno.writeTextFileSync(`${folder}/sub/b.csv`, "b");
  Deno.writeTextFileSync(`${folder}/sub/deep/c.txt`, "c");
}

const digest = (folder: string, pattern?: RegExp | string) =>
  new FileDigests().digestPath(folder, pattern === undefined ? {} : { pattern });

const EDITS: [string, (folder: string) => void][] = [
  ["content changes", (folder) => Deno.writeTextFileSync(`${folder}/sub/b.csv`, "B")],
  ["file appears", (folder) => Deno.writeTextFileSync(`${folder}/sub/new`, "")],
  ["file vanishes", (folder) => Deno.removeSync(`${folder}/a.csv`)],
  ["file is renamed", (folder) => Deno.renameSync(`${folder}/a.csv`, `${folder}/z.csv`)],
  ["file moves to another folder", (folder) => Deno.renameSync(`${folder}/a.csv`, `${folder}/sub/a.csv`)],
  ["empty folder appears", (folder) => Deno.mkdirSync(`${folder}/empty`)],
  ["contents are exchanged", (folder) => {
    Deno.writeTextFileSync(`${folder}/a.csv`, "b");
    Deno.writeTextFileSync(`${folder}/sub/b.csv`, "a");
  }],
];

for (const [edit, make] of EDITS) {
  Deno.test(`a directory's digest changes when a ${edit}`, () =>
    inFolder(async (folder) => {
      writeTree(folder);
      const before = await digest(folder);
      make(folder);
      assertNotEquals(await digest(folder), before);
    }));
}

Deno.test("a directory's digest is the same for a copy elsewhere, and after touch", () =>
  inFolder((one) =>
    inFolder(async (other) => {
      writeTree(one);
      writeTree(other);
      assertEquals(await digest(one), await digest(other));
      Deno.utimeSync(`${one}/a.csv`, 1, 1);
      assertEquals(await digest(one), await digest(other));
    })
  ));

Deno.test("a pattern leaves out the files whose relative name does not match, and directories", () =>
  inFolder(async (folder) => {
    writeTree(folder);
    const before = await digest(folder, /^sub\/.*\.csv$/);
    Deno.writeTextFileSync(`${folder}/a.csv`, "other");
    Deno.writeTextFileSync(`${folder}/sub/deep/c.txt`, "other");
    Deno.mkdirSync(`${folder}/sub/empty`);
    assertEquals(await digest(folder, /^sub\/.*\.csv$/), before);
    assertEquals(await digest(folder, "^sub/.*\\.csv$"), before);
    Deno.writeTextFileSync(`${folder}/sub/new.csv`, "");
    assertNotEquals(await digest(folder, /^sub\/.*\.csv$/), before);
  }));

Deno.test("a pattern's flags g and y and its lastIndex change nothing", () =>
  inFolder(async (folder) => {
    for (const name of "abcdefgh") Deno.writeTextFileSync(`${folder}/${name}.csv`, name);
    const plain = await digest(folder, /csv/);
    for (const flags of ["g", "y", "gy"]) {
      const pattern = new RegExp("csv", flags);
      pattern.lastIndex = 3;
      assertEquals(await digest(folder, pattern), plain);
      assertEquals(pattern.lastIndex, 3);
    }
    assertNotEquals(await digest(folder, /CSV/i), await digest(folder, /CSV/));
  }));

Deno.test("links within a directory are followed, but not in circles", () =>
  inFolder((elsewhere) =>
    inFolder(async (folder) => {
      writeTree(folder);
      Deno.writeTextFileSync(`${elsewhere}/x`, "x");
      Deno.symlinkSync(folder, `${folder}/sub/up`);
      Deno.symlinkSync("itself", `${folder}/itself`);
      Deno.symlinkSync(elsewhere, `${folder}/elsewhere`);
      Deno.symlinkSync(`${folder}/nothing`, `${folder}/broken`);
      const kinds = (await inTurns(walkDirectory(folder))).filter((entry) => entry.kind !== "file").map((
        { kind, name },
      ) => `${kind} ${name}`);
      assertEquals(kinds, [
        "broken broken",
        "directory elsewhere",
        "broken itself",
        "directory sub",
        "directory sub/deep",
        "loop sub/up",
      ]);
      const before = await digest(folder);
      Deno.writeTextFileSync(`${elsewhere}/x`, "y");
      assertNotEquals(await digest(folder), before);
      Deno.writeTextFileSync(`${elsewhere}/x`, "x");
      assertEquals(await digest(folder), before);
      Deno.writeTextFileSync(`${folder}/nothing`, "");
      assertNotEquals(await digest(folder), before);
    })
  ));

Deno.test("what a cache keeps in a directory does not count, and what the user keeps beside it does", () =>
  inFolder(async (folder) => {
    writeTree(folder);
    const cacheDir = `${folder}/.cachepy`;
    const files = new FileDigests({ cacheDir });
    Deno.mkdirSync(cacheDir);
    const before = await files.digestPath(folder);
    const inside = await files.digestPath(cacheDir);
    Deno.mkdirSync(`${cacheDir}/v1`, { recursive: true });
    Deno.writeTextFileSync(`${cacheDir}/v1/x`, "x");
    assertEquals(await files.digestPath(folder), before);
    assertEquals(await files.digestPath(cacheDir), inside);
    assertNotEquals(await digest(folder), before);
    Deno.writeTextFileSync(`${cacheDir}/notes.txt`, "x");
    assertNotEquals(await files.digestPath(folder), before);
  }));

Deno.test("a directory with large files has the digest that it has with a memory", () =>
  inFolder(async (folder) => {
    const files = new FileDigests({ now: () => Date.now() + 60_000 });
    for (let index = 0; index < 5; index++) {
      Deno.writeFileSync(`${folder}/${index}`, new Uint8Array(200_000).fill(index));
    }
    const cold = files.digestPath(folder);
    assertEquals(cold instanceof Promise, true);
    const warm = (await cold, files.digestPath(folder));
    assertEquals(typeof warm, "string");
    assertEquals(warm, await cold);
    assertEquals(files.memory.paths().length, 5);
  }));
