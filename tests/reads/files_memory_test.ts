import { assert, assertEquals, assertNotEquals } from "@std/assert";
import type { ContentDigest } from "../../src/words/digests.ts";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import { FileMemory } from "../../src/reads/files/file_memory.ts";
import { cacheFileStateClear, cacheFileStateInfo, fileDigestsFor } from "../../src/reads/files/open_digests.ts";
import { decodeSnapshot, encodeSnapshot, type RememberedFile } from "../../src/reads/files/snapshot.ts";
import { RACY_MS, stampOf } from "../../src/reads/files/stamp.ts";
import { inFolder } from "../support/reads.ts";
import { pause } from "../../src/words/waiting.ts";

const DIGEST = "ab".repeat(32) as ContentDigest;
const CONTENT = { digest: DIGEST, sizeBytes: 10 };

/** A `stat` result of a file of 10 bytes that was last changed at second 1,000. */
function info(changes: Partial<Record<"dev" | "ino" | "size", number> & Record<"mtime" | "ctime", Date>> = {}) {
  const base = { dev: 1, ino: 2, size: 10, mtime: new Date(900_123), ctime: new Date(1_000_000) };
  return { ...base, ...changes } as unknown as Deno.FileInfo;
}

function remembered(index: number): RememberedFile {
  return { dev: 1, ino: index, size: 10, mtimeMs: 1.5, ctimeMs: 2000, checkedMs: index, digest: DIGEST };
}

for (
  const [what, changed] of [
    ["device", { dev: 9 }],
    ["inode", { ino: 9 }],
    ["size", { size: 9 }],
    ["modification time", { mtime: new Date(900_124) }],
    ["change time", { ctime: new Date(1_001_000) }],
  ] as const
) {
  Deno.test(`a remembered digest is not that of a file with another ${what}`, () => {
    const memory = new FileMemory({ path: null, now: () => 2_000_000 });
    memory.set("/a", stampOf(info()), CONTENT, 2_000_000);
    assertEquals(memory.get("/a", info()), DIGEST);
    assertEquals(memory.get("/a", info(changed)), undefined);
  });
}

Deno.test("a digest is remembered only if it was taken long enough after the last change", () => {
  for (const [afterMs, expected] of [[-1, false], [0, false], [RACY_MS - 1, false], [RACY_MS, true]] as const) {
    const memory = new FileMemory({ path: null, now: () => 9_000_000 });
    memory.set("/a", stampOf(info()), CONTENT, 1_000_000 + afterMs);
    assertEquals(memory.get("/a", info()) === DIGEST, expected, `${afterMs} ms`);
    assertEquals(memory.paths(), ["/a"], "it was digested, and will be remembered");
  }
});

Deno.test("a digest is not remembered where the platform tells no change time", () => {
  const memory = new FileMemory({ path: null, now: () => 9_000_000 });
  const unknown = { ...info(), ctime: null } as unknown as Deno.FileInfo;
  memory.set("/a", stampOf(unknown), CONTENT, 9_000_000);
  assertEquals(memory.get("/a", unknown), undefined);
});

Deno.test("a clock that is set back forgets what was read later by it", () => {
  let now = 5_000_000;
  const memory = new FileMemory({ path: null, now: () => now });
  memory.set("/a", stampOf(info()), CONTENT, now);
  now = 4_000_000;
  assertEquals(memory.get("/a", info()), undefined);
  now = 6_000_000;
  assertEquals(memory.get("/a", info()), undefined, "still forgotten when the clock has caught up");
});

Deno.test("a snapshot gives back what was put into it", () => {
  const files = new Map<string, RememberedFile>();
  for (let index = 0; index < 50; index++) files.set(`/data/ünïcode ${index}\n`, remembered(index));
  const snapshot = decodeSnapshot(encodeSnapshot(files));
  assertEquals([...snapshot.paths()], [...files.keys()]);
  const entries = [...files];
  for (const [path, file] of [...entries, ...entries, ...entries.toReversed(), ...entries]) {
    assertEquals(snapshot.get(path), file);
  }
  const far = decodeSnapshot(encodeSnapshot(new Map(Array.from({ length: 600 }, (_, i) => [`/${i}`, remembered(i)]))));
  for (const index of [3, 300, 599, 0, 5]) assertEquals(far.get(`/${index}`), remembered(index));
  assertEquals(snapshot.get("/data"), undefined);
  assertEquals(decodeSnapshot(encodeSnapshot(new Map())).size, 0);
});

Deno.test("a snapshot with any bit changed, or cut off anywhere, is an empty memory", () => {
  const bytes = encodeSnapshot(new Map([["/a", remembered(1)], ["/b", remembered(2)]]));
  for (let at = 0; at < bytes.length; at++) {
    for (let bit = 0; bit < 8; bit++) {
      const damaged = bytes.slice();
      damaged[at]! ^= 1 << bit;
      assertEquals(decodeSnapshot(damaged).size, 0, `byte ${at}, bit ${bit}`);
    }
    assertEquals(decodeSnapshot(bytes.slice(0, at)).size, 0, `${at} bytes`);
  }
  assertEquals(decodeSnapshot(bytes).size, 2);
});

Deno.test("a snapshot with a page lost or two exchanged is an empty memory", () => {
  const PAGE = 4096;
  const files = new Map(Array.from({ length: 200 }, (_, i) => [`/data/${i}`, remembered(i)]));
  const bytes = encodeSnapshot(files);
  for (let page = 0; (page + 2) * PAGE < bytes.length; page++) {
    const from = page * PAGE;
    const lost = bytes.slice().fill(0, from, from + PAGE);
    const exchanged = bytes.slice();
    exchanged.copyWithin(from, from + PAGE, from + 2 * PAGE);
    exchanged.set(bytes.subarray(from, from + PAGE), from + PAGE);
    for (const damaged of [lost, exchanged]) assertEquals(decodeSnapshot(damaged).size, 0, `page ${page}`);
  }
  assertEquals(decodeSnapshot(bytes).size, 200);
});

Deno.test("a row is found only for the stamp that it has", () => {
  const file = { ...remembered(3), mtimeMs: 1 }; // a Date holds no fractions
  const snapshot = decodeSnapshot(encodeSnapshot(new Map([["/a", file]])));
  const stamp = (changes: Partial<RememberedFile>) => {
    const { dev, ino, size, mtimeMs, ctimeMs } = { ...file, ...changes };
    return { dev, ino, size, mtime: new Date(mtimeMs), ctime: new Date(ctimeMs) } as unknown as Deno.FileInfo;
  };
  assertEquals(snapshot.hasStamp(0, stamp({})), true);
  for (const change of [{ dev: 9 }, { ino: 9 }, { size: 9 }, { mtimeMs: 9 }, { ctimeMs: 9 }]) {
    assertEquals(snapshot.hasStamp(0, stamp(change)), false, JSON.stringify(change));
  }
});

Deno.test("a snapshot that was read later than the clock now shows is not believed", () =>
  inFolder((folder) => {
    const path = `${folder}/files.bin`;
    const writer = new FileMemory({ path, now: () => 5_000_000 });
    writer.set("/a", stampOf(info()), CONTENT, 5_000_000);
    writer.flush(true);
    assertEquals(new FileMemory({ path, now: () => 5_000_000 }).get("/a", info()), DIGEST);
    let now = 4_000_000;
    const memory = new FileMemory({ path, now: () => now });
    assertEquals(memory.get("/a", info()), undefined);
    now = 6_000_000;
    assertEquals(memory.get("/a", info()), undefined, "still forgotten when the clock has caught up");
  }));

Deno.test("a snapshot of claimed billions of rows is an empty memory", () => {
  const bytes = encodeSnapshot(new Map([["/a", remembered(1)]]));
  new DataView(bytes.buffer).setUint32(8, 0xffffffff, true);
  assertEquals(decodeSnapshot(bytes).size, 0);
});

Deno.test("two memories that save to one place keep the rows of both", () =>
  inFolder((folder) => {
    const path = `${folder}/files.bin`;
    const one = new FileMemory({ path, now: () => 2_000_000 });
    const other = new FileMemory({ path, now: () => 2_000_000 });
    one.set("/one", stampOf(info()), CONTENT, 2_000_000);
    other.set("/other", stampOf(info()), CONTENT, 2_000_000);
    one.flush(true);
    other.flush(true);
    assertEquals(new FileMemory({ path }).paths(), ["/one", "/other"]);
    assertEquals([...Deno.readDirSync(folder)].map((entry) => entry.name), ["files.bin"]);
    assertEquals(Deno.statSync(path).mode! & 0o777, 0o600);
  }));

Deno.test("a memory is read from disk, and garbage in its place costs nothing but time", () =>
  inFolder((folder) => {
    const path = `${folder}/files.bin`;
    const writer = new FileMemory({ path, now: () => 2_000_000 });
    writer.set("/a", stampOf(info()), CONTENT, 2_000_000);
    writer.flush(true);
    assertEquals(new FileMemory({ path, now: () => 2_000_000 }).get("/a", info()), DIGEST);
    for (const garbage of ["", "garbage", "cpyf".repeat(1000)]) {
      Deno.writeTextFileSync(path, garbage);
      const memory = new FileMemory({ path, now: () => 2_000_000 });
      assertEquals(memory.get("/a", info()), undefined);
      memory.set("/a", stampOf(info()), CONTENT, 2_000_000);
      memory.flush(true);
      assertEquals(new FileMemory({ path }).paths(), ["/a"]);
    }
  }));

Deno.test("saving brings back no folder that was removed, and says nothing", () =>
  inFolder((folder) => {
    const digests = new FileDigests({ cacheDir: `${folder}/gone`, now: () => Date.now() + 60_000 });
    Deno.writeTextFileSync(`${folder}/a`, "a");
    digests.digestPath(`${folder}/a`);
    digests.memory.flush(true);
    assertEquals([...Deno.readDirSync(folder)].map((entry) => entry.name), ["a"]);
  }));

Deno.test("a memory that may not be saved writes nothing, also when it is cleared", () =>
  inFolder((folder) => {
    const path = `${folder}/files.bin`;
    const memory = new FileMemory({ path, save: false, now: () => 2_000_000 });
    memory.set("/a", stampOf(info()), CONTENT, 2_000_000);
    memory.flush(true);
    assertEquals([...Deno.readDirSync(folder)], []);
    Deno.writeTextFileSync(path, "someone's");
    memory.clear();
    assertEquals(Deno.readTextFileSync(path), "someone's");
  }));

Deno.test("cacheFileStateInfo() and cacheFileStateClear() tell and forget what is remembered, on disk too", () =>
  inFolder((folder) => {
    const cacheDir = `${folder}/cache`;
    Deno.mkdirSync(`${cacheDir}/v1`, { recursive: true });
    const path = `${cacheDir}/v1/files.bin`;
    const earlier = new FileMemory({ path, now: () => 2_000_000 });
    earlier.set("/earlier", stampOf(info()), CONTENT, 2_000_000);
    earlier.flush(true);
    fileDigestsFor(cacheDir).memory.set("/now", stampOf(info()), CONTENT, 2_000_000);
    assertEquals(cacheFileStateInfo(cacheDir), { entries: 2, paths: ["/earlier", "/now"] });
    assert(cacheFileStateInfo().paths.includes("/now"));
    assertEquals(cacheFileStateClear(cacheDir), 2);
    assertEquals(cacheFileStateInfo(cacheDir), { entries: 0, paths: [] });
    assertEquals([...Deno.readDirSync(`${cacheDir}/v1`)], []);
  }));

Deno.test("what a process learned is there in the next one", () =>
  inFolder(async (folder) => {
    const cacheDir = `${folder}/cache`;
    Deno.mkdirSync(`${cacheDir}/v1`, { recursive: true });
    Deno.writeTextFileSync(`${folder}/a`, "a");
    const module = new URL("../../src/reads/files/open_digests.ts", import.meta.url).href;
    const script = `${folder}/script.ts`;
    Deno.writeTextFileSync(
      script,
      `import { cacheFileStateInfo, fileDigestsFor } from ${JSON.stringify(module)};
       console.log(JSON.stringify(cacheFileStateInfo(Deno.args[0]).paths));
       fileDigestsFor(Deno.args[0]).digestPath(Deno.args[1]);`,
    );
    await pause(RACY_MS + 100); // the digest of a young file is not kept
    const run = async () => {
      const args = ["run", "-A", "--no-check", "--no-lock", script, cacheDir, `${folder}/a`];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      return JSON.parse(new TextDecoder().decode(stdout)) as string[];
    };
    assertEquals(await run(), []);
    assertEquals(await run(), [`${folder}/a`]);
    assertNotEquals(Deno.statSync(`${cacheDir}/v1/files.bin`).size, 0);
  }));
