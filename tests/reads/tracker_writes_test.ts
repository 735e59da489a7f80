import { assertEquals, assertNotEquals } from "@std/assert";
import fs from "node:fs";
import { checkDependency } from "../../src/reads/dependency.ts";
import type { FlatDependency } from "../../src/words/records.ts";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import { inFolder, observeRun } from "../support/reads.ts";

async function inner<T>(root: string, body: () => T): Promise<Awaited<T>> {
  return (await observeRun(root, body)).value;
}

/** Whether what a run found is what is there now. */
async function isFresh(root: string, dependencies: readonly unknown[]): Promise<boolean> {
  const context = { root, files: new FileDigests() };
  for (const each of dependencies) if (await checkDependency(each as FlatDependency, context) !== null) return false;
  return true;
}

const OWN: [string, (folder: string) => unknown][] = [
  ["a file that it wrote", (f) => {
    Deno.writeTextFileSync(`${f}/out`, "1");
    return Deno.readTextFileSync(`${f}/out`);
  }],
  ["a file that it overwrote", (f) => {
    Deno.writeTextFileSync(`${f}/old`, "1");
    return [Deno.readTextFileSync(`${f}/old`), Deno.statSync(`${f}/old`).mtime];
  }],
  ["a temporary file", async (f) => {
    const path = await Deno.makeTempFile({ dir: f });
    await Deno.writeTextFile(path, "1");
    await Deno.readTextFile(path);
    await Deno.remove(path);
    return fs.existsSync(path);
  }],
  ["a temporary folder with all below it", (f) => {
    const folder = Deno.makeTempDirSync({ dir: f });
    fs.writeFileSync(`${folder}/x`, "1");
    fs.readdirSync(folder);
    fs.readFileSync(`${folder}/x`);
    Deno.removeSync(folder, { recursive: true });
  }],
  ["a folder that it made, with the folders above", (f) => {
    Deno.mkdirSync(`${f}/p/q/r`, { recursive: true });
    return [[...Deno.readDirSync(`${f}/p`)], Deno.statSync(`${f}/p/q`).isDirectory];
  }],
  ["what it wrote through a stream", (f) =>
    new Promise<void>((resolve) => {
      const stream = fs.createWriteStream(`${f}/out`);
      stream.end("1", () => resolve());
    }).then(() => fs.readFileSync(`${f}/out`, "utf8"))],
  ["what it wrote through an open file", (f) => {
    using file = Deno.openSync(`${f}/out`, { write: true, create: true, read: true, truncate: true });
    file.writeSync(new Uint8Array(3));
    return Deno.readFileSync(`${f}/out`);
  }],
  ["what it moved after writing", (f) => {
    Deno.writeTextFileSync(`${f}/part`, "1");
    Deno.renameSync(`${f}/part`, `${f}/whole`);
    return [Deno.readTextFileSync(`${f}/whole`), fs.existsSync(`${f}/part`)];
  }],
  ["the absence of what it removed", (f) => {
    Deno.removeSync(`${f}/old`);
    return fs.existsSync(`${f}/old`);
  }],
  ["what it appended to nothing", (f) => {
    fs.appendFileSync(`${f}/log`, "1");
    fs.appendFileSync(`${f}/log`, "2");
    return fs.readFileSync(`${f}/log`, "utf8");
  }],
];

for (const [what, act] of OWN) {
  Deno.test(`a call does not depend on ${what}`, () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(`${folder}/old`, "0");
      const { seen, raced } = await observeRun(folder, () => act(folder));
      assertEquals([seen, raced], [[], []]);
    }));
}

Deno.test("a call that overwrites what it has read depends on what it read", () =>
  inFolder(async (folder) => {
    for (const aheadMs of [0, 60_000]) {
      const path = `${folder}/counter`;
      Deno.writeTextFileSync(path, "1");
      for (
        const read of [
          () => Deno.readTextFileSync(path),
          () => Deno.openSync(path).close(),
        ]
      ) {
        // A clock that is ahead believes stamps of this moment, so nothing of the last round may be remembered.
        const files = new FileDigests({ now: () => Date.now() + aheadMs });
        Deno.writeTextFileSync(path, "1");
        const { dependencies, raced, seen } = await observeRun(folder, () => {
          read();
          Deno.writeTextFileSync(path, "2");
          return Deno.readTextFileSync(path);
        }, files);
        assertEquals([seen, raced], [["file counter"], []]);
        assertEquals(await isFresh(folder, dependencies), false);
        Deno.writeTextFileSync(path, "1");
        assertEquals(await isFresh(folder, dependencies), true);
      }
    }
  }));

Deno.test("a call that appends to what it has not read, and reads it, is not stored", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/log`, "0");
    const { raced } = await observeRun(folder, () => {
      Deno.writeTextFileSync(`${folder}/log`, "1", { append: true });
      return Deno.readTextFileSync(`${folder}/log`);
    });
    assertEquals(raced, [`${folder}/log`]);
    const silent = await observeRun(folder, () => Deno.writeTextFileSync(`${folder}/log`, "1", { append: true }));
    assertEquals([silent.seen, silent.raced], [[], []]);
  }));

Deno.test("a call that copies depends on what it copied, and not on the copy", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/from`, "1");
    const { seen, raced } = await observeRun(folder, () => {
      Deno.copyFileSync(`${folder}/from`, `${folder}/to`);
      return Deno.readTextFileSync(`${folder}/to`);
    });
    assertEquals([seen, raced], [["file from"], []]);
  }));

Deno.test("a call that moves a file of others there depends on its content", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/from`, "1");
    const { seen, raced, dependencies } = await observeRun(folder, () => {
      Deno.renameSync(`${folder}/from`, `${folder}/to`);
      return Deno.readTextFileSync(`${folder}/to`);
    });
    assertEquals([seen, raced], [["file from", "file to"], []]);
    assertEquals(await isFresh(folder, dependencies), false);
  }));

Deno.test("a link that the call made is read as what it leads to", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "1");
    const { seen, raced, dependencies } = await observeRun(folder, () => {
      Deno.symlinkSync("a", `${folder}/link`);
      const text = Deno.readTextFileSync(`${folder}/link`);
      Deno.removeSync(`${folder}/link`);
      return text;
    });
    assertEquals([seen, raced], [["file a"], []]);
    assertEquals(await isFresh(folder, dependencies), true);
    Deno.writeTextFileSync(`${folder}/a`, "2");
    assertEquals(await isFresh(folder, dependencies), false);
  }));

Deno.test("what an inner call wrote is an input of the outer one that reads it", () =>
  inFolder(async (folder) => {
    const { seen, raced, dependencies } = await observeRun(folder, async () => {
      await inner(folder, () => Deno.writeTextFileSync(`${folder}/out`, "1"));
      return Deno.readTextFileSync(`${folder}/out`);
    });
    assertEquals([seen, raced], [["file out"], []]);
    Deno.writeTextFileSync(`${folder}/out`, "2");
    assertEquals(await isFresh(folder, dependencies), false);
  }));

Deno.test("what an inner call overwrote is an input again, in a folder of the outer one's too", () =>
  inFolder(async (folder) => {
    const { seen } = await observeRun(folder, async () => {
      Deno.mkdirSync(`${folder}/made`);
      Deno.writeTextFileSync(`${folder}/out`, "0");
      await inner(folder, () => {
        Deno.writeTextFileSync(`${folder}/out`, "1");
        Deno.writeTextFileSync(`${folder}/made/x`, "1");
      });
      return [Deno.readTextFileSync(`${folder}/out`), Deno.readTextFileSync(`${folder}/made/x`)];
    });
    assertEquals(seen, ["file out", "file made/x"]);
  }));

Deno.test("what an inner call overwrites after the outer one has read it is no race", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/state`, "1");
    const { seen, raced, dependencies } = await observeRun(folder, async () => {
      Deno.readTextFileSync(`${folder}/state`);
      await inner(folder, () => Deno.writeTextFileSync(`${folder}/state`, "2"));
    });
    assertEquals([seen, raced], [["file state"], []]);
    assertEquals(await isFresh(folder, dependencies), false);
  }));

Deno.test("what the outer call wrote is an input of the inner one that reads it", () =>
  inFolder(async (folder) => {
    const { value } = await observeRun(folder, async () => {
      Deno.writeTextFileSync(`${folder}/out`, "1");
      return (await observeRun(folder, () => Deno.readTextFileSync(`${folder}/out`))).seen;
    });
    assertEquals(value, ["file out"]);
  }));

Deno.test("a listing counts the entries of others; own ones count as they stay", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/d`);
    Deno.writeTextFileSync(`${folder}/d/a`, "");
    const run = () =>
      observeRun(folder, () => {
        const temporary = Deno.makeTempFileSync({ dir: `${folder}/d` });
        Deno.writeTextFileSync(`${folder}/d/out`, "");
        const names = [...Deno.readDirSync(`${folder}/d`)].length;
        Deno.removeSync(temporary);
        return names;
      });
    const { dependencies, raced, value } = await run();
    assertEquals([value, raced], [3, []]);
    assertEquals(await isFresh(folder, dependencies), true);
    assertEquals((await run()).dependencies, dependencies);
    Deno.writeTextFileSync(`${folder}/d/other`, "");
    assertEquals(await isFresh(folder, dependencies), false);
  }));

Deno.test("a listing that the call adds to afterwards counts as it was", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/d`);
    const run = () =>
      observeRun(folder, () => {
        const before = [...Deno.readDirSync(`${folder}/d`)].length;
        Deno.writeTextFileSync(`${folder}/d/out`, "");
        return before;
      });
    const first = await run();
    assertEquals([first.value, first.raced, await isFresh(folder, first.dependencies)], [0, [], false]);
    const second = await run();
    assertEquals([second.value, second.raced, await isFresh(folder, second.dependencies)], [1, [], true]);
  }));

Deno.test("an absent file that the call then writes counts as absent", () =>
  inFolder(async (folder) => {
    const run = () =>
      observeRun(folder, () => {
        if (!fs.existsSync(`${folder}/out`)) Deno.writeTextFileSync(`${folder}/out`, "1");
        return Deno.readTextFileSync(`${folder}/out`);
      });
    const first = await run();
    assertEquals([first.seen, first.raced], [["stat out (existence) absent"], []]);
    assertEquals(await isFresh(folder, first.dependencies), false);
    const second = await run();
    assertEquals(second.seen, ["stat out (existence)", "file out"]);
    assertEquals(await isFresh(folder, second.dependencies), true);
    assertNotEquals(first.dependencies, second.dependencies);
  }));

// Someone else: a process of its own would do the same, and cost a second each.
const behindItsBack = {
  writeTextFileSync: Deno.writeTextFileSync,
  removeSync: Deno.removeSync,
  utimeSync: Deno.utimeSync,
};

const RACES: [string, (folder: string) => unknown, (folder: string) => void, string][] = [
  [
    "a file is edited",
    (f) => Deno.readTextFileSync(`${f}/a`),
    (f) => behindItsBack.writeTextFileSync(`${f}/a`, "2"),
    "/a",
  ],
  [
    "a file is edited with its time put back",
    (f) => Deno.readTextFileSync(`${f}/a`),
    (f) => {
      const { mtime } = Deno.statSync(`${f}/a`);
      behindItsBack.writeTextFileSync(`${f}/a`, "2");
      behindItsBack.utimeSync(`${f}/a`, mtime!, mtime!);
    },
    "/a",
  ],
  [
    "an open file is edited",
    (f) => Deno.openSync(`${f}/a`).close(),
    (f) => behindItsBack.writeTextFileSync(`${f}/a`, "2"),
    "/a",
  ],
  [
    "a file appears",
    (f) => fs.existsSync(`${f}/b`),
    (f) => behindItsBack.writeTextFileSync(`${f}/b`, ""),
    "/b",
  ],
  ["a file vanishes", (f) => Deno.readTextFileSync(`${f}/a`), (f) => behindItsBack.removeSync(`${f}/a`), "/a"],
  [
    "a listing changes",
    (f) => [...Deno.readDirSync(f)],
    (f) => behindItsBack.writeTextFileSync(`${f}/b`, ""),
    "",
  ],
  [
    "a size changes",
    (f) => Deno.statSync(`${f}/a`).size,
    (f) => behindItsBack.writeTextFileSync(`${f}/a`, "22"),
    "/a",
  ],
];

for (const [what, look, change, path] of RACES) {
  Deno.test(`it is a race when ${what} during the run, between two looks or after the last`, () =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(`${folder}/a`, "1");
      const once = await observeRun(folder, () => {
        look(folder);
        change(folder);
      });
      assertEquals(once.raced, [folder + path]);
    }));
}

Deno.test("it is a race when a file is read twice with different contents, even if the first comes back", () =>
  inFolder(async (folder) => {
    for (
      const read of [
        () => Deno.readTextFileSync(`${folder}/a`),
        () => Deno.openSync(`${folder}/a`).close(),
      ]
    ) {
      Deno.writeTextFileSync(`${folder}/a`, "1");
      const { raced } = await observeRun(folder, () => {
        read();
        behindItsBack.writeTextFileSync(`${folder}/a`, "2");
        read();
        behindItsBack.writeTextFileSync(`${folder}/a`, "1");
      });
      assertEquals(raced, [`${folder}/a`]);
    }
  }));

Deno.test("a file at rest that is edited after it was opened is a race, also when the call overwrites it then", () =>
  inFolder(async (folder) => {
    for (const overwrite of [false, true]) {
      Deno.writeTextFileSync(`${folder}/a`, "1");
      const files = new FileDigests({ now: () => Date.now() + 60_000 });
      const { raced } = await observeRun(folder, () => {
        Deno.openSync(`${folder}/a`).close();
        behindItsBack.writeTextFileSync(`${folder}/a`, "edited");
        if (overwrite) Deno.writeTextFileSync(`${folder}/a`, "own");
      }, files);
      assertEquals(raced, [`${folder}/a`]);
    }
  }));

Deno.test("a change of what was not looked at is no race", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "1");
    const { raced } = await observeRun(folder, () => {
      void Deno.statSync(`${folder}/a`).isFile;
      [...Deno.readDirSync(folder)];
      behindItsBack.writeTextFileSync(`${folder}/a`, "22");
    });
    assertEquals(raced, []);
  }));

Deno.test(
  "a pipe or a device as an input is named, and /dev/null is not",
  { ignore: Deno.build.os === "windows" },
  async () => {
    const { raced } = await observeRun("/", () => Deno.openSync("/dev/zero").close());
    assertEquals(raced, ["/dev/zero"]);
    assertEquals((await observeRun("/", () => Deno.readFileSync("/dev/null"))).raced, []);
  },
);
