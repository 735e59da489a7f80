import { assert, assertEquals, assertInstanceOf, assertNotEquals, assertThrows } from "@std/assert";
import { checkDependency, environmentState } from "../../src/reads/dependency.ts";
import type { FlatDependency } from "../../src/words/records.ts";
import type { ContentDigest } from "../../src/words/digests.ts";
import { CacheError } from "../../src/words/errors.ts";
import type { StaleReason } from "../../src/words/events.ts";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import { inFolder, observeRun } from "../support/reads.ts";

function check(root: string, dependency: unknown): StaleReason | null | Promise<StaleReason | null> {
  return checkDependency(dependency as FlatDependency, { root, files: new FileDigests() });
}

/** What `look` depends on, all of it but the working directory. */
async function dependencyOf(root: string, look: () => unknown): Promise<FlatDependency> {
  const { dependencies, raced } = await observeRun(root, look);
  assertEquals([dependencies.length, raced], [1, []]);
  return dependencies[0] as FlatDependency;
}

interface Case {
  readonly what: string;
  readonly look: (folder: string) => unknown;
  /** Each leaves the dependency fresh. */
  readonly quiet: readonly ((folder: string) => void)[];
  /** Each makes it stale, for the reason. */
  readonly fires: readonly [(folder: string) => void, StaleReason][];
}

const touch = (f: string) => Deno.utimeSync(`${f}/a`, 1000, 1000);
const edit = (f: string) => Deno.writeTextFileSync(`${f}/a`, "2");
const grow = (f: string) => Deno.writeTextFileSync(`${f}/a`, "22");
const remove = (f: string) => Deno.removeSync(`${f}/a`);
const replaceByFolder = (f: string) => {
  Deno.removeSync(`${f}/a`);
  Deno.mkdirSync(`${f}/a`);
};
const addFile = (f: string) => Deno.writeTextFileSync(`${f}/b`, "");

const CASES: readonly Case[] = [
  {
    what: "a file's content",
    look: (f) => Deno.readTextFileSync(`${f}/a`),
    quiet: [touch, addFile, (f) => Deno.chmodSync(`${f}/a`, 0o600), (f) => {
      remove(f);
      Deno.writeTextFileSync(`${f}/a`, "1");
    }],
    fires: [
      [edit, { kind: "file", path: "a", change: "content" }],
      [remove, { kind: "file", path: "a", change: "vanished" }],
    ],
  },
  {
    what: "an absent file",
    look: (f) => {
      try {
        Deno.readTextFileSync(`${f}/b`);
      } catch { /* is what is looked for */ }
    },
    quiet: [edit],
    fires: [[addFile, { kind: "file", path: "b", change: "appeared" }]],
  },
  {
    what: "a listing",
    look: (f) => [...Deno.readDirSync(f)],
    quiet: [edit, touch, grow],
    fires: [
      [addFile, { kind: "file", path: ".", change: "listing" }],
      [remove, { kind: "file", path: ".", change: "listing" }],
      [replaceByFolder, { kind: "file", path: ".", change: "listing" }],
    ],
  },
  {
    what: "existence",
    look: (f) => Deno.statSync(`${f}/a`).isFile,
    quiet: [edit, grow, touch],
    fires: [
      [remove, { kind: "file", path: "a", change: "vanished" }],
      [replaceByFolder, { kind: "file", path: "a", change: "metadata" }],
    ],
  },
  {
    what: "a size",
    look: (f) => Deno.statSync(`${f}/a`).size,
    quiet: [edit, touch],
    fires: [[grow, { kind: "file", path: "a", change: "metadata" }]],
  },
  {
    what: "a modification time",
    look: (f) => Deno.statSync(`${f}/a`).mtime,
    quiet: [(f) => Deno.chmodSync(`${f}/a`, 0o600), addFile],
    fires: [[touch, { kind: "file", path: "a", change: "metadata" }]],
  },
  {
    what: "a link's target",
    look: (f) => Deno.readLinkSync(`${f}/link`),
    quiet: [edit],
    fires: [[(f) => {
      Deno.removeSync(`${f}/link`);
      Deno.symlinkSync("b", `${f}/link`);
    }, { kind: "file", path: "link", change: "link" }]],
  },
  {
    what: "a resolved path",
    look: (f) => Deno.realPathSync(`${f}/link`),
    quiet: [edit],
    fires: [[remove, { kind: "file", path: "link", change: "vanished" }]],
  },
  {
    what: "a variable",
    look: () => Deno.env.get("CACHEPY_TEST_SET"),
    quiet: [() => Deno.env.set("CACHEPY_TEST_OTHER", "1")],
    fires: [
      [() => Deno.env.set("CACHEPY_TEST_SET", "2"), { kind: "env", name: "CACHEPY_TEST_SET", change: "changed" }],
      [() => Deno.env.set("CACHEPY_TEST_SET", ""), { kind: "env", name: "CACHEPY_TEST_SET", change: "changed" }],
      [() => Deno.env.delete("CACHEPY_TEST_SET"), { kind: "env", name: "CACHEPY_TEST_SET", change: "unset" }],
    ],
  },
  {
    what: "an unset variable",
    look: () => Deno.env.get("CACHEPY_TEST_UNSET"),
    quiet: [() => Deno.env.set("CACHEPY_TEST_OTHER", "1")],
    fires: [
      [() => Deno.env.set("CACHEPY_TEST_UNSET", ""), { kind: "env", name: "CACHEPY_TEST_UNSET", change: "set" }],
    ],
  },
  {
    what: "all variables",
    look: () => Deno.env.toObject(),
    quiet: [() => Deno.env.set("CACHEPY_TEST_SET", "1")],
    fires: [[() => Deno.env.set("CACHEPY_TEST_OTHER", "1"), { kind: "env", name: "*", change: "changed" }]],
  },
];

for (const { what, look, quiet, fires } of CASES) {
  const run = (change: (folder: string) => void) =>
    inFolder(async (folder) => {
      Deno.writeTextFileSync(`${folder}/a`, "1");
      Deno.symlinkSync("a", `${folder}/link`);
      for (const name of ["OTHER", "UNSET"]) Deno.env.delete(`CACHEPY_TEST_${name}`);
      Deno.env.set("CACHEPY_TEST_SET", "1");
      try {
        const dependency = await dependencyOf(folder, () => look(folder));
        assertEquals(await check(folder, dependency), null);
        change(folder);
        return await check(folder, dependency);
      } finally {
        for (const name of ["OTHER", "UNSET", "SET"]) Deno.env.delete(`CACHEPY_TEST_${name}`);
      }
    });
  for (const [index, change] of quiet.entries()) {
    Deno.test(`${what} stays fresh when something else changes, way ${index + 1}`, async () => {
      assertEquals(await run(change), null);
    });
  }
  for (const [index, [change, reason]] of fires.entries()) {
    Deno.test(`${what} goes stale, way ${index + 1}, and the reason says how`, async () => {
      assertEquals(await run(change), reason);
    });
  }
}

Deno.test("the working directory counts relative to the project", () =>
  inFolder(async (folder) => {
    const before = Deno.cwd();
    try {
      Deno.mkdirSync(`${folder}/one/src`, { recursive: true });
      Deno.mkdirSync(`${folder}/two/src`, { recursive: true });
      Deno.chdir(`${folder}/one/src`);
      const dependency = await dependencyOf(`${folder}/one`, () => Deno.cwd());
      assertEquals(check(`${folder}/one`, dependency), null);
      Deno.chdir(`${folder}/two/src`);
      assertEquals(check(`${folder}/two`, dependency), null);
      assertEquals(check(`${folder}/one`, dependency), { kind: "cwd" });
      Deno.chdir(`${folder}/two`);
      assertEquals(check(`${folder}/two`, dependency), { kind: "cwd" });
    } finally {
      Deno.chdir(before);
    }
  }));

Deno.test("a project that was moved is as fresh as it was", () =>
  inFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/one`);
    Deno.writeTextFileSync(`${folder}/one/a`, "1");
    Deno.symlinkSync("a", `${folder}/one/link`);
    const { dependencies } = await observeRun(`${folder}/one`, () => {
      Deno.readTextFileSync(`${folder}/one/a`);
      Deno.readDirSync(`${folder}/one`);
      Deno.realPathSync(`${folder}/one/link`);
      Deno.statSync(`${folder}/one/none-of-this`.replace("none-of-this", "a"));
    });
    Deno.renameSync(`${folder}/one`, `${folder}/two`);
    assertEquals(dependencies.length, 4);
    for (const dependency of dependencies) assertEquals(check(`${folder}/two`, dependency), null);
    assertNotEquals(check(`${folder}/one`, dependencies[0]), null);
  }));

Deno.test("checkDependency() answers at once unless a large file has to be read", () =>
  inFolder(async (folder) => {
    Deno.writeFileSync(`${folder}/small`, new Uint8Array(10));
    Deno.writeFileSync(`${folder}/large`, new Uint8Array(1_000_000));
    const digest = "0".repeat(64) as ContentDigest;
    assertEquals(check(folder, { kind: "file", path: "small", digest }), {
      kind: "file",
      path: "small",
      change: "content",
    });
    const large = check(folder, { kind: "file", path: "large", digest });
    assertInstanceOf(large, Promise);
    assertEquals(await large, { kind: "file", path: "large", change: "content" });
  }));

Deno.test("a stat of an earlier record without names of members is checked by its times", () =>
  inFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/a`, "1");
    const digest = "0".repeat(64) as ContentDigest;
    const dependency = { kind: "stat", path: "a", aspects: "times", followed: true, digest };
    assertEquals(check(folder, dependency), { kind: "file", path: "a", change: "metadata" });
  }));

Deno.test("a variable that may not be read now is stale and names the flag", { permissions: { env: false } }, () => {
  const dependency = { kind: "env", name: "HOME", digest: "0".repeat(64) as ContentDigest };
  assertEquals(check("/", dependency), {
    kind: "env",
    name: "HOME",
    change: "changed",
    detail: "may not be read; run with --allow-env=HOME",
  });
  const all = check("/", { kind: "env", name: "*", digest: "0".repeat(64) as ContentDigest }) as { detail: string };
  assertEquals(all.detail, "may not be read; run with --allow-env");
});

Deno.test("a file that may not be read now is stale and names the flag", { permissions: { read: false } }, () => {
  const digest = "0".repeat(64) as ContentDigest;
  for (const kind of ["file", "directory", "stat", "link"]) {
    const dependency = { kind, path: "a", digest, aspects: "size", aspect: "target", followed: true };
    const reason = check("/data", dependency) as { detail?: string };
    assert(reason.detail?.includes("--allow-read"), kind);
  }
});

Deno.test("environmentState() tells unset from empty", () => {
  const name = "CACHEPY_TEST_VARIABLE";
  const stateOf = (value: string) => {
    Deno.env.set(name, value);
    return environmentState(name);
  };
  try {
    assertEquals(environmentState(name), null);
    assertNotEquals(stateOf(""), null);
    assertNotEquals(stateOf("a"), stateOf("b"));
  } finally {
    Deno.env.delete(name);
  }
});

Deno.test("a dependency of an unknown kind is an error of format, not fresh", () => {
  const error = assertThrows(() => check("/", { kind: "weather" }), CacheError, "weather");
  assertEquals(error.code, "ERR_FORMAT");
});
