import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import fs from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { inFolder, inShort, newReads, observeRun } from "../support/reads.ts";
import { originalOf, runObserved } from "../../src/reads/run_observed.ts";
import { Rig } from "../support/rig.ts";

/** Something a function may do with `a` (a file), `d` (a folder with `x`), `link` (to `a`) or `none` (nothing). */
type Act = (folder: string) => unknown;

function call(start: (done: (...answer: unknown[]) => void) => void): Promise<unknown[]> {
  return new Promise((resolve) => start((...answer) => resolve(answer)));
}

function drain(stream: NodeJS.ReadableStream): Promise<unknown> {
  return new Promise((resolve) => stream.on("data", () => {}).on("close", resolve).on("error", resolve));
}

const READS: [string, Act, string[]][] = [
  ["Deno.readFile", (f) => Deno.readFile(`${f}/a`), ["file a"]],
  ["Deno.readFileSync", (f) => Deno.readFileSync(`${f}/a`), ["file a"]],
  ["Deno.readTextFile", (f) => Deno.readTextFile(`${f}/a`), ["file a"]],
  ["Deno.readTextFileSync", (f) => Deno.readTextFileSync(`${f}/a`), ["file a"]],
  ["Deno.readTextFileSync of a URL", (f) => Deno.readTextFileSync(new URL(`file://${f}/a`)), ["file a"]],
  ["Deno.open", async (f) => (await Deno.open(`${f}/a`)).close(), ["file a"]],
  ["Deno.openSync", (f) => Deno.openSync(`${f}/a`, { read: true }).close(), ["file a"]],
  ["Deno.readDir", (f) => Array.fromAsync(Deno.readDir(`${f}/d`)), ["directory d"]],
  ["Deno.readDirSync", (f) => [...Deno.readDirSync(`${f}/d`)], ["directory d"]],
  ["Deno.stat", (f) => Deno.stat(`${f}/a`), ["stat a (existence)"]],
  ["Deno.statSync", (f) => Deno.statSync(`${f}/a`).isFile, ["stat a (existence)"]],
  ["Deno.lstat", (f) => Deno.lstat(`${f}/link`), ["lstat link (existence)"]],
  ["Deno.lstatSync", (f) => Deno.lstatSync(`${f}/link`).isSymlink, ["lstat link (existence)"]],
  ["Deno.realPath", (f) => Deno.realPath(`${f}/link`), ["link link (real)"]],
  ["Deno.realPathSync", (f) => Deno.realPathSync(`${f}/link`), ["link link (real)"]],
  ["Deno.readLink", (f) => Deno.readLink(`${f}/link`), ["link link (target)"]],
  ["Deno.readLinkSync", (f) => Deno.readLinkSync(`${f}/link`), ["link link (target)"]],
  ["Deno.copyFileSync", (f) => Deno.copyFileSync(`${f}/a`, `${f}/copy`), ["file a"]],
  ["Deno.cwd", () => Deno.cwd(), ["cwd"]],
  ["Deno.env.get", () => Deno.env.get("HOME"), ["env HOME"]],
  ["Deno.env.get of nothing", () => Deno.env.get("CACHEPY_NONE"), ["env CACHEPY_NONE unset"]],
  ["Deno.env.has", () => Deno.env.has("HOME"), ["env HOME"]],
  ["Deno.env.toObject", () => Deno.env.toObject(), ["env *"]],
  ["fetch of a file", async (f) => (await fetch(`file://${f}/a`)).text(), ["file a"]],
  ["fetch of a file's request", async (f) => (await fetch(new Request(`file://${f}/a`))).text(), ["file a"]],
  ["FsFile.stat", async (f) => {
    using file = Deno.openSync(`${f}/a`);
    return (await file.stat()).mtime;
  }, ["file a", "stat a (mtime)"]],
  ["FsFile.statSync", (f) => {
    using file = Deno.openSync(`${f}/a`);
    return file.statSync().size;
  }, ["file a", "stat a (size)"]],
  ["fs.readFile", (f) => call((done) => fs.readFile(`${f}/a`, done)), ["file a"]],
  ["fs.readFile as text", (f) => call((done) => fs.readFile(`${f}/a`, "utf8", done)), ["file a"]],
  ["fs.readFileSync", (f) => fs.readFileSync(`${f}/a`), ["file a"]],
  ["fs.readFileSync as text", (f) => fs.readFileSync(`${f}/a`, "latin1"), ["file a"]],
  ["fs.readFileSync of bytes", (f) => fs.readFileSync(new TextEncoder().encode(`${f}/a`) as never), ["file a"]],
  ["fs.promises.readFile", (f) => fs.promises.readFile(`${f}/a`), ["file a"]],
  ["fs.openSync", (f) => fs.closeSync(fs.openSync(`${f}/a`, "r")), ["file a"]],
  ["fs.open", async (f) => {
    const [, fd] = await call((done) => fs.open(`${f}/a`, done));
    fs.closeSync(fd as number);
  }, ["file a"]],
  ["fs.promises.open", async (f) => {
    const handle = await fs.promises.open(`${f}/a`);
    const { mtimeMs } = await handle.stat();
    await handle.close();
    return mtimeMs;
  }, ["file a", "stat a (mtime)"]],
  ["fs.fstatSync", (f) => {
    const fd = fs.openSync(`${f}/a`, "r");
    const { size } = fs.fstatSync(fd);
    fs.closeSync(fd);
    return size;
  }, ["file a", "stat a (size)"]],
  ["fs.createReadStream", (f) => drain(fs.createReadStream(`${f}/a`)), ["file a"]],
  ["new fs.ReadStream", (f) => drain(new fs.ReadStream(`${f}/a` as never)), ["file a"]],
  ["fs.openAsBlob", async (f) => (await fs.openAsBlob(`${f}/a`)).text(), ["file a"]],
  ["fs.existsSync", (f) => fs.existsSync(`${f}/a`), ["stat a (existence)"]],
  ["fs.existsSync of nothing", (f) => fs.existsSync(`${f}/none`), ["stat none (existence) absent"]],
  ["fs.exists", (f) => call((done) => fs.exists(`${f}/a`, done)), ["stat a (existence)"]],
  ["fs.accessSync", (f) => fs.accessSync(`${f}/a`), ["stat a (existence)"]],
  ["fs.access", (f) => call((done) => fs.access(`${f}/a`, done)), ["stat a (existence)"]],
  ["fs.access for writing", (f) => call((done) => fs.access(`${f}/a`, fs.constants.W_OK, done)), [
    "stat a (gid,mode,uid)",
  ]],
  ["fs.promises.access", (f) => fs.promises.access(`${f}/a`), ["stat a (existence)"]],
  ["fs.statSync", (f) => fs.statSync(`${f}/a`).isFile(), ["stat a (existence)"]],
  ["fs.statSync as bigint", (f) => fs.statSync(`${f}/a`, { bigint: true }).mtimeNs, ["stat a (mtime)"]],
  ["fs.statSync that may miss", (f) => fs.statSync(`${f}/none`, { throwIfNoEntry: false }), [
    "stat none (existence) absent",
  ]],
  ["fs.stat", (f) => call((done) => fs.stat(`${f}/a`, done)), ["stat a (existence)"]],
  ["fs.lstatSync", (f) => fs.lstatSync(`${f}/link`).isSymbolicLink(), ["lstat link (existence)"]],
  ["fs.promises.stat", async (f) => (await fs.promises.stat(`${f}/a`)).size, ["stat a (size)"]],
  ["fs.promises.lstat", async (f) => (await fs.promises.lstat(`${f}/a`)).birthtimeMs, ["lstat a (birthtime)"]],
  ["fs.readdirSync", (f) => fs.readdirSync(`${f}/d`), ["directory d"]],
  ["fs.readdirSync with types", (f) => fs.readdirSync(`${f}/d`, { withFileTypes: true }), ["directory d"]],
  ["fs.readdirSync of all below", (f) => fs.readdirSync(`${f}/d`, { recursive: true }), [
    "directory d",
    "directory d/sub",
  ]],
  ["fs.readdir", (f) => call((done) => fs.readdir(`${f}/d`, done)), ["directory d"]],
  ["fs.promises.readdir of all below", (f) => fs.promises.readdir(`${f}/d`, { recursive: true }), [
    "directory d",
    "directory d/sub",
  ]],
  ["fs.opendirSync", (f) => fs.opendirSync(`${f}/d`).closeSync(), ["directory d"]],
  ["fs.promises.opendir", async (f) => {
    for await (const _ of await fs.promises.opendir(`${f}/d`));
  }, ["directory d"]],
  ["fs.globSync", (f) => fs.globSync("**/*", { cwd: `${f}/d` }), ["directory d", "directory d/sub"]],
  ["fs.promises.glob", (f) => Array.fromAsync(fs.promises.glob("**/*", { cwd: `${f}/d` })), [
    "directory d",
    "directory d/sub",
  ]],
  ["fs.readlinkSync", (f) => fs.readlinkSync(`${f}/link`), ["link link (target)"]],
  ["fs.promises.readlink", (f) => fs.promises.readlink(`${f}/link`), ["link link (target)"]],
  ["fs.realpathSync", (f) => fs.realpathSync(`${f}/link`), ["link link (real)"]],
  ["fs.realpathSync.native", (f) => fs.realpathSync.native(`${f}/link`), ["link link (real)"]],
  ["fs.realpath.native", (f) => call((done) => fs.realpath.native(`${f}/link`, done)), ["link link (real)"]],
  ["fs.promises.realpath", (f) => fs.promises.realpath(`${f}/link`), ["link link (real)"]],
  ["fs.copyFileSync", (f) => fs.copyFileSync(`${f}/a`, `${f}/copy`), ["file a"]],
  ["fs.cpSync", (f) => fs.cpSync(`${f}/d`, `${f}/copies`, { recursive: true }), ["file d"]],
  ["process.env", () => process.env.HOME, ["env HOME"]],
  ["process.env in", () => "CACHEPY_NONE" in process.env, ["env CACHEPY_NONE unset"]],
  ["process.env spread", () => ({ ...process.env }), ["env *"]],
  ["process.cwd", () => process.cwd(), ["cwd"]],
];

function prepare(folder: string): void {
  Deno.writeTextFileSync(`${folder}/a`, "content of a");
  Deno.mkdirSync(`${folder}/d/sub`, { recursive: true });
  Deno.writeTextFileSync(`${folder}/d/x`, "x");
  Deno.symlinkSync("a", `${folder}/link`);
}

for (const [name, act, expected] of READS) {
  Deno.test(`${name} is observed, and answers as it does without`, () =>
    inFolder(async (folder) => {
      prepare(folder);
      const { value, seen, raced } = await observeRun(folder, () => act(folder));
      assertEquals(seen, expected);
      assertEquals(raced, []);
      if (/stat|open(dir)?$|copy|cp/i.test(name)) return;
      assertEquals(value, await act(folder) as typeof value);
    }));
}

const FAILURES: [string, Act, string[]][] = [
  ["Deno.readFile", (f) => Deno.readFile(`${f}/none`), ["file none absent"]],
  ["Deno.readTextFileSync", (f) => Deno.readTextFileSync(`${f}/none/below`), ["file none/below absent"]],
  ["Deno.openSync", (f) => Deno.openSync(`${f}/none`), ["file none absent"]],
  ["Deno.stat", (f) => Deno.stat(`${f}/none`), ["stat none (existence) absent"]],
  ["Deno.readDirSync", (f) => Deno.readDirSync(`${f}/none`), ["directory none absent"]],
  ["Deno.readLinkSync", (f) => Deno.readLinkSync(`${f}/none`), ["link none (target) absent"]],
  ["Deno.readFileSync of a folder", (f) => Deno.readFileSync(`${f}/d`), ["stat d (existence)"]],
  ["Deno.mkdirSync", (f) => Deno.mkdirSync(`${f}/d`), ["stat d (existence)", "stat . (existence)"]],
  ["Deno.writeTextFileSync", (f) => Deno.writeTextFileSync(`${f}/none/x`, ""), [
    "stat none/x (existence) absent",
    "stat none (existence) absent",
  ]],
  ["fs.readFileSync", (f) => fs.readFileSync(`${f}/none`), ["file none absent"]],
  ["fs.promises.readFile", (f) => fs.promises.readFile(`${f}/none`), ["file none absent"]],
  ["fs.statSync", (f) => fs.statSync(`${f}/none`), ["stat none (existence) absent"]],
  ["fs.promises.access", (f) => fs.promises.access(`${f}/none`), ["stat none (existence) absent"]],
  ["a mistake", () => Deno.readFileSync(undefined as never), []],
  ["a mistake in fs", () => fs.readFileSync({} as never), []],
];

for (const [name, act, expected] of FAILURES) {
  Deno.test(`${name} that fails is observed, with the error that it has without`, () =>
    inFolder(async (folder) => {
      prepare(folder);
      const attempt = async (): Promise<Error | undefined> => {
        try {
          await act(folder);
        } catch (error) {
          return error as Error;
        }
        return undefined;
      };
      const { value, seen, raced } = await observeRun(folder, attempt);
      assertEquals(seen, expected);
      assertEquals(raced, []);
      const plain = await attempt();
      assertStrictEquals(value!.constructor, plain!.constructor);
      assertEquals(value!.message, plain!.message);
      assertEquals((value as { code?: string }).code, (plain as { code?: string }).code);
      assertEquals(value!.stack!.includes("/src/observe/"), false, value!.stack);
    }));
}

Deno.test("everything is as it was when no call runs, and looks as it did while one runs", async () => {
  const targets: [string, object][] = [
    ["Deno", Deno],
    ["Deno.env", Deno.env],
    ["FsFile", Deno.FsFile.prototype],
    ["fs", fs],
    ["fs.promises", fs.promises],
    ["globalThis", globalThis],
    ["process", process],
  ];
  const members = () =>
    targets.map(([name, target]) => [name, Object.getOwnPropertyDescriptors(target)] as const).flatMap(
      ([name, descriptors]) => Object.entries(descriptors).map(([key, each]) => [`${name}.${key}`, each] as const),
    );
  const before = new Map(members());
  let changed = 0;
  await runObserved(newReads("/"), async () => {
    await Promise.resolve();
    for (const [name, during] of members()) {
      const plain = before.get(name)!;
      assertEquals([during.writable, during.enumerable, during.configurable, typeof during.value], [
        plain.writable,
        plain.enumerable,
        plain.configurable,
        typeof plain.value,
      ], name);
      if (typeof during.value !== "function" || Object.is(during.value, plain.value)) continue;
      changed++;
      assertEquals([during.value.name, during.value.length], [plain.value.name, plain.value.length], name);
      assertEquals(Reflect.ownKeys(during.value), Reflect.ownKeys(plain.value), name);
      assertStrictEquals(Object.getPrototypeOf(during.value), Object.getPrototypeOf(plain.value));
    }
  });
  assert(changed > 120, `${changed} functions observed`);
  for (const [name, after] of members()) {
    if (name.startsWith("fs") || name.startsWith("Deno") || name.startsWith("FsFile")) {
      assertStrictEquals(after.value, before.get(name)!.value, name);
    }
  }
  assertStrictEquals(process.cwd, before.get("process.cwd")!.value);
  assertStrictEquals(globalThis.fetch, before.get("globalThis.fetch")!.value);
});

Deno.test("everything is put back after a body that throws, at once or later", async () => {
  const { readFile } = Deno;
  assertThrows(
    () =>
      runObserved(newReads("/"), () => {
        assert(Deno.readFile !== readFile);
        throw new Error("at once");
      }),
    Error,
    "at once",
  );
  assertStrictEquals(Deno.readFile, readFile);
  await assertRejects(
    () =>
      runObserved(newReads("/"), async () => {
        await Promise.resolve();
        assert(Deno.readFile !== readFile);
        throw new Error("later");
      }),
    Error,
    "later",
  );
  assertStrictEquals(Deno.readFile, readFile);
});

Deno.test("a function that was taken as a value during a call works after it, and in the next call observes", () =>
  inFolder(async (folder) => {
    prepare(folder);
    const taken = await runObserved(newReads(folder), () => Promise.resolve(Deno.readTextFileSync));
    assert(taken !== Deno.readTextFileSync);
    assertEquals(taken(`${folder}/a`), "content of a");
    assertStrictEquals(originalOf(taken), Deno.readTextFileSync);
    const { seen } = await observeRun(folder, () => taken(`${folder}/a`));
    assertEquals(seen, ["file a"]);
  }));

Deno.test("a function that a test has replaced stays replaced", () =>
  inFolder(async (folder) => {
    const { readTextFileSync, statSync } = Deno;
    const stub = () => "stub";
    try {
      Deno.readTextFileSync = stub;
      assertEquals(await runObserved(newReads(folder), () => Promise.resolve(Deno.readTextFileSync("x"))), "stub");
      assertStrictEquals(Deno.readTextFileSync, stub);
      runObserved(newReads(folder), () => {
        Deno.statSync = stub as never;
      });
      assertStrictEquals<unknown>(Deno.statSync, stub);
    } finally {
      Object.assign(Deno, { readTextFileSync, statSync });
    }
  }));

Deno.test("a package that requires fs is observed", () =>
  inFolder(async (folder) => {
    prepare(folder);
    Deno.writeTextFileSync(
      `${folder}/reader.cjs`,
      `const fs = require("fs"); exports.read = (path) => fs.readFileSync(path, "utf8");
       exports.data = () => require("./data.json"); exports.later = async (p) => (await import("node:fs")).default.promises.readFile(p, "utf8");`,
    );
    Deno.writeTextFileSync(`${folder}/data.json`, `{"one": 1}`);
    const reader = createRequire(import.meta.url)(`${folder}/reader.cjs`);
    const { seen, value } = await observeRun(folder, async () => {
      return [reader.read(`${folder}/a`), await reader.later(`${folder}/d/x`)];
    });
    assertEquals(value, ["content of a", "x"]);
    assertEquals(seen, ["file a", "file d/x"]);
  }));

Deno.test("what the module loader reads is not observed", () =>
  inFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/m.ts`, `export default 1;`);
    Deno.writeTextFileSync(`${folder}/data.json`, `{"one": 1}`);
    Deno.writeTextFileSync(`${folder}/c.cjs`, `module.exports = require("./data.json").one;`);
    const { seen, value } = await observeRun(folder, async () => {
      const one = await import(`file://${folder}/m.ts`);
      return [one.default, createRequire(import.meta.url)(`${folder}/c.cjs`)];
    });
    assertEquals(value, [1, 1]);
    assertEquals(seen, []);
  }));

Deno.test("a rejection that nobody handles stays unhandled", () =>
  inFolder(async (folder) => {
    const rejected = Promise.withResolvers<unknown>();
    const listen = (event: PromiseRejectionEvent) => {
      event.preventDefault();
      rejected.resolve(event.reason);
    };
    addEventListener("unhandledrejection", listen);
    try {
      await runObserved(newReads(folder), async () => {
        void Deno.readFile(`${folder}/none`);
        assertInstanceOf(await rejected.promise, Deno.errors.NotFound);
      });
    } finally {
      removeEventListener("unhandledrejection", listen);
    }
  }));

Deno.test("callbacks and event handlers belong to the call that made them", () =>
  inFolder(async (folder) => {
    prepare(folder);
    const { seen } = await observeRun(folder, () =>
      new Promise<void>((resolve) => {
        fs.readFile(`${folder}/a`, () => {
          fs.existsSync(`${folder}/none`);
          const stream = fs.createReadStream(`${folder}/d/x`);
          stream.on("data", () => void Deno.env.get("HOME"));
          stream.on("close", () => {
            Deno.readDirSync(`${folder}/d`);
            resolve();
          });
        });
      }));
    assertEquals(seen, ["file a", "stat none (existence) absent", "file d/x", "env HOME", "directory d"]);
  }));

Deno.test(
  "a variable that may not be read is an input all the same",
  { permissions: { read: true, env: false } },
  async () => {
    const { dependencies, raced } = await observeRun("/", () => {
      assertThrows(() => Deno.env.get("HOME"), Deno.errors.NotCapable);
    });
    assertEquals(dependencies.map(inShort), ["env HOME"]);
    assertEquals(raced, []);
  },
);

Deno.test("a member that the program has frozen is left as it is", () =>
  inFolder(async (folder) => {
    prepare(folder);
    const descriptor = Object.getOwnPropertyDescriptor(fs, "readFileSync")!;
    const { readFileSync } = fs;
    await observeRun(folder, () => null);
    try {
      Object.defineProperty(fs, "readFileSync", { ...descriptor, writable: false });
      const { seen, value } = await observeRun(folder, () => [fs.readFileSync === readFileSync, fs.existsSync(folder)]);
      assertEquals([value, seen], [[true, true], ["stat . (existence)"]]);
    } finally {
      Object.defineProperty(fs, "readFileSync", descriptor);
    }
  }));

Deno.test("what is read through a descriptor counts, or nothing is stored", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "1");
  const read = (descriptor: number) => {
    const buffer = new Uint8Array(8);
    return new TextDecoder().decode(buffer.subarray(0, fs.readSync(descriptor, buffer, 0, 8, 0)));
  };
  const early = fs.openSync(path, "r");
  const late = rig.cached({ name: "late" })(() => read(early));
  const whole = rig.cached({ name: "whole" })((descriptor: number) => fs.readFileSync(descriptor, "utf8"));
  const within = rig.cached({ name: "within" })((path: string) => {
    const descriptor = fs.openSync(path, "r");
    try {
      return read(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  });
  const inner = rig.cached({ name: "inner" })((descriptor: number) => read(descriptor));
  const outer = rig.cached({ name: "outer" })(async (path: string) => {
    const descriptor = fs.openSync(path, "r");
    try {
      return await inner(descriptor);
    } finally {
      fs.closeSync(descriptor);
    }
  });
  try {
    const all = async () => [await late(), (await whole(early)).length, await within(path), await outer(path)];
    assertEquals(await all(), ["1", 1, "1", "1"]);
    rig.forgetEvents();
    assertEquals(await all(), ["1", 0, "1", "1"]);
    assertEquals(rig.ran(), ["late", "whole"]);
    await rig.write("a.txt", "2");
    assertEquals(await all(), ["2", 0, "2", "2"]);
    assertEquals(rig.of("raced")[0]?.changed, [`descriptor ${early} (opened before the call)`]);
  } finally {
    fs.closeSync(early);
  }
});

Deno.test("what a filter reads that the platform calls belongs to the call", () =>
  inFolder(async (folder) => {
    await Deno.mkdir(`${folder}/tree`);
    await Deno.writeTextFile(`${folder}/tree/x`, "x");
    await Deno.writeTextFile(`${folder}/rules`, "all");
    const filter = () => Deno.readTextFileSync(`${folder}/rules`) === "all";
    const { seen } = await observeRun(folder, () => {
      fs.cpSync(`${folder}/tree`, `${folder}/copy`, { recursive: true, filter });
    });
    assert(seen.includes("file rules"), seen.join());
    assert(Deno.statSync(`${folder}/copy/x`).isFile);
    const later = await observeRun(folder, () =>
      fs.promises.cp(`${folder}/tree`, `${folder}/again`, { recursive: true, filter }));
    assert(later.seen.includes("file rules"), later.seen.join());
  }));
