import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { CacheError } from "../../src/words/errors.ts";
import { type CacheReport, openCache } from "../../src/store/cache_dir.ts";
import { layoutOf, makeLayout } from "../../src/store/layout.ts";
import { child, keyOf, load, store, valueOf, withFolder, withStore } from "../support/store_rig.ts";

Deno.test("openCache() makes a private, tagged folder that git ignores", () =>
  withStore(async (cache, dir) => {
    await store(cache, "a");
    assertStringIncludes(Deno.readTextFileSync(`${dir}/CACHEDIR.TAG`), "Signature: 8a477f597d28d172789f06886806bc55\n");
    assertEquals(Deno.readTextFileSync(`${dir}/.gitignore`), "*\n");
    const modes: string[] = [];
    const walk = (path: string) => {
      for (const { name, isDirectory } of Deno.readDirSync(path)) {
        const mode = Deno.statSync(`${path}/${name}`).mode! & 0o777;
        if (mode !== (isDirectory ? 0o700 : 0o600)) modes.push(`${path}/${name} ${mode.toString(8)}`);
        if (isDirectory) walk(`${path}/${name}`);
      }
    };
    walk(`${dir}/v1`);
    assertEquals(modes, []);
  }));

Deno.test("a folder that holds something else as well is not marked as a whole: git and backups go on seeing it", () =>
  withFolder((folder) => {
    Deno.writeTextFileSync(`${folder}/main.ts`, "");
    makeLayout(layoutOf(folder));
    const names = [...Deno.readDirSync(folder)].map(({ name }) => name).sort();
    assertEquals(names, ["main.ts", "v1"]);
    assertStringIncludes(
      Deno.readTextFileSync(`${folder}/v1/CACHEDIR.TAG`),
      "Signature: 8a477f597d28d172789f06886806bc55\n",
    );
    assertEquals(Deno.readTextFileSync(`${folder}/v1/.gitignore`), "*\n");
  }));

Deno.test("openCache() gives the same cache for the same directory, however it is written", () =>
  withStore(async (cache, dir) => {
    assert(cache === await openCache(`${dir}/../cache/`));
    assert(cache === await openCache(new URL(`file://${dir}`)));
    assert(cache !== await openCache(dir, { readOnly: true }));
  }));

Deno.test("a cacheDir that is a file is an error that names it", () =>
  withFolder(async (folder) => {
    Deno.writeTextFileSync(`${folder}/file`, "");
    for (const path of [`${folder}/file`, `${folder}/file/below`]) {
      const error = await assertRejects(() => openCache(path), CacheError);
      assertEquals(error.code, "ERR_CACHE_DIR");
      assertStringIncludes(error.message, path);
    }
  }));

Deno.test("without --unstable-kv the error says the flag and the line of deno.json", () =>
  withFolder(async (folder) => {
    const script = `${folder}/script.ts`;
    const src = new URL("../../src/store/cache_dir.ts", import.meta.url).href;
    Deno.writeTextFileSync(
      script,
      `import { openCache } from ${JSON.stringify(src)};
       try { const c = await openCache(Deno.args[0]); await c.records.get("${keyOf("a")}"); }
       catch (e) { console.log(e.code, e.message); }`,
    );
    const config = `${folder}/deno.json`;
    Deno.writeTextFileSync(config, "{}");
    const run = async (...flags: string[]) => {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "--no-check", "--no-prompt", "--config", config, ...flags, script, `${folder}/cache`],
        env: { NO_COLOR: "1" },
      }).output();
      return new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    };
    const withoutKv = await run("-A");
    assertStringIncludes(withoutKv, "ERR_UNSTABLE_KV");
    assertStringIncludes(withoutKv, "--unstable-kv");
    assertStringIncludes(withoutKv, '"unstable": ["kv"]');
    const toWrite = `--allow-write=${folder}/cache`;
    for (
      const [flags, missing] of [[[], `--allow-read=${folder}/cache ${toWrite}`], [["--allow-read"], toWrite]] as const
    ) {
      const withoutPermission = await run("--unstable-kv", ...flags);
      assertStringIncludes(withoutPermission, "ERR_PERMISSION");
      assertStringIncludes(withoutPermission, `run with ${missing}`);
    }
    assertEquals(await run("--unstable-kv", `--allow-read=${folder}/cache`, `--allow-write=${folder}/cache`), "");
  }));

Deno.test("a read-only cache answers from what is stored and writes nothing", () =>
  withStore(async (cache, dir) => {
    await store(cache, "a");
    cache.close();
    const before = listing(dir);
    const reader = await openCache(dir, { readOnly: true });
    assertEquals(reader.readOnly, true);
    assertEquals(await load(reader, "a"), valueOf("a"));
    assertEquals(await load(reader, "b"), null);
    reader.usage.record(keyOf("a"));
    reader.close();
    assertEquals(listing(dir).filter((name) => !/-(wal|shm)$/.test(name)), before);
  }));

Deno.test("a read-only cache that is not there is empty and is not made", () =>
  withFolder(async (folder) => {
    const cache = await openCache(`${folder}/none`, { readOnly: true });
    assertEquals(await load(cache, "a"), null);
    cache.close();
    assertEquals([...Deno.readDirSync(folder)], []);
  }));

Deno.test({
  name: "a directory that cannot be written to is opened read-only, and says so",
  // Only the superuser can become somebody else, and nothing stops the superuser from writing.
  ignore: Deno.build.os !== "linux" || Deno.uid() !== 0,
  fn: () =>
    withFolder(async (folder) => {
      const dir = `${folder}/cache`;
      const cache = await openCache(dir);
      await store(cache, "a");
      cache.close();
      const chmod = (path: string) => {
        for (const { name, isDirectory } of Deno.readDirSync(path)) {
          if (isDirectory) chmod(`${path}/${name}`);
          Deno.chmodSync(`${path}/${name}`, isDirectory ? 0o555 : 0o444);
        }
        Deno.chmodSync(path, 0o555);
      };
      chmod(folder);
      const denoDir = Deno.makeTempDirSync();
      Deno.chmodSync(denoDir, 0o777);
      const { stdout, stderr } = await new Deno.Command("setpriv", {
        args: ["--reuid=65534", "--clear-groups", Deno.execPath(), ...argsOf("load", dir, "a")],
        env: { DENO_DIR: denoDir, HOME: denoDir, NO_COLOR: "1" },
      }).output();
      Deno.removeSync(denoDir, { recursive: true });
      const said = new TextDecoder().decode(stdout);
      assertEquals(
        said.trim(),
        JSON.stringify({ value: valueOf("a"), readOnly: true }),
        new TextDecoder().decode(stderr),
      );
    }),
});

for (
  const [hazard, damage] of [
    ["deleted", (meta: string) => Deno.removeSync(meta)],
    ["truncated", (meta: string) => Deno.truncateSync(meta, 6000)],
    ["emptied", (meta: string) => Deno.truncateSync(meta, 0)],
    ["replaced by garbage", (meta: string) => Deno.writeFileSync(meta, crypto.getRandomValues(new Uint8Array(20_000)))],
  ] as const
) {
  for (const isOpen of [false, true]) {
    Deno.test(`meta.kv ${hazard} ${isOpen ? "while it is open" : "before it is opened"}: computed again, no crash`, () =>
      withStore(async (cache, dir) => {
        const reports: CacheReport[] = [];
        cache.onReport((report) => reports.push(report));
        const release = isOpen ? cache.use() : () => {};
        await store(cache, "a");
        if (!isOpen) cache.close();
        damage(`${dir}/v1/meta.kv`);
        const value = await load(cache, "a");
        assert(value === null || value === valueOf("a"));
        await store(cache, "b");
        assertEquals(await load(cache, "b"), valueOf("b"));
        await store(cache, "a");
        release();
        cache.close();
        const { stdout } = await child("store_child.ts", ["load", dir, "a"]).output();
        assertEquals(JSON.parse(new TextDecoder().decode(stdout)).value, valueOf("a"));
        if (hazard === "replaced by garbage" && !isOpen) {
          assertEquals(reports.map(({ kind }) => kind), ["damaged"]);
          assert(listing(dir).some((name) => name.endsWith("meta.kv.damaged-1")));
        }
      }));
  }
}

Deno.test("a directory that was removed under an open cache is made again", () =>
  withStore(async (cache, dir) => {
    const release = cache.use();
    await store(cache, "a");
    Deno.removeSync(dir, { recursive: true });
    await store(cache, "b");
    release();
    cache.close();
    const { stdout } = await child("store_child.ts", ["load", dir, "b"]).output();
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)).value, valueOf("b"));
  }));

Deno.test("a clean-up that never pauses does not make a folder look as if it could not be written to", () =>
  withStore(async (cache, dir) => {
    // What a prune in another process does to a file whose writer it takes for dead.
    const sweeping = new Deno.Command(Deno.execPath(), {
      args: [
        "eval",
        `console.log("sweeping");
         for (;;) for (const { name } of Deno.readDirSync(Deno.args[0])) {
           try { Deno.removeSync(Deno.args[0] + "/" + name); } catch { /* its maker was faster */ }
         }`,
        cache.layout.tmp,
      ],
      stdout: "piped",
    }).spawn();
    const output = sweeping.stdout.getReader();
    await output.read();
    try {
      for (let n = 0; n < 3000; n++) assertEquals(makeLayout(layoutOf(dir)), "writable");
    } finally {
      sweeping.kill("SIGKILL");
      await output.cancel();
      await sweeping.status;
    }
  }));

Deno.test("entries of a newer format are left alone, and that is said", () =>
  withFolder(async (folder) => {
    Deno.mkdirSync(`${folder}/v7`);
    Deno.writeTextFileSync(`${folder}/v7/meta.kv`, "something new");
    const cache = await openCache(folder);
    const reports: CacheReport[] = [];
    cache.onReport((report) => reports.push(report));
    await store(cache, "a");
    assertEquals(await load(cache, "a"), valueOf("a"));
    assertEquals(reports.map(({ kind }) => kind), ["format"]);
    assertStringIncludes(reports[0]!.detail, "format 7");
    assertEquals(Deno.readTextFileSync(`${folder}/v7/meta.kv`), "something new");
    cache.close();
  }));

Deno.test("hits are counted at a normal end of the process and at Deno.exit()", () =>
  withStore(async (cache, dir) => {
    await store(cache, "a");
    for (const end of ["return", "exit"]) {
      const { code } = await child("store_child.ts", ["hit", dir, "a", end]).output();
      assertEquals(code, 0);
    }
    cache.usage.record(keyOf("a"), 5_000_000_000_000);
    assertEquals(await cache.usage.read(), new Map([[keyOf("a"), { hits: 3, lastUsedMs: 5_000_000_000_000 }]]));
    await cache.usage.merge(() => true);
    cache.usage.record(keyOf("a"), 1);
    assertEquals((await cache.usage.read()).get(keyOf("a")), { hits: 4, lastUsedMs: 5_000_000_000_000 });
    await cache.usage.merge(() => false);
    assertEquals((await cache.usage.read()).size, 0);
  }));

Deno.test("counts that were cut off or replaced by garbage are passed over", () =>
  withStore(async (cache) => {
    cache.usage.record(keyOf("a"), 1000);
    cache.usage.flush();
    Deno.writeFileSync(`${cache.layout.usage}/1-x.log`, crypto.getRandomValues(new Uint8Array(48 * 20 + 13)));
    Deno.writeTextFileSync(`${cache.layout.usage}/merged.bin`, "garbage");
    assertEquals(cache.usage.isDamaged(), true);
    assertEquals((await cache.usage.read()).get(keyOf("a"))!.hits, 1);
    await cache.usage.merge((key) => key === keyOf("a"));
    assertEquals(cache.usage.isDamaged(), false);
    assertEquals((await cache.usage.read()).size, 1);
  }));

Deno.test("a test that uses a cache leaks nothing under the sanitizers", () =>
  withFolder(async (folder) => {
    const rig = new URL("../support/store_rig.ts", import.meta.url).href;
    const open = new URL("../../src/store/cache_dir.ts", import.meta.url).href;
    const root = new URL("../../", import.meta.url).pathname;
    Deno.writeTextFileSync(
      `${folder}/leak_test.ts`,
      `import { openCache } from ${JSON.stringify(open)};
       import { keyOf, load, store } from ${JSON.stringify(rig)};
       for (const n of [1, 2]) {
         Deno.test({ name: "t" + n, sanitizeOps: true, sanitizeResources: true, fn: async () => {
           const cache = await openCache(${JSON.stringify(`${folder}/cache`)});
           const lease = await cache.lock(keyOf("a"), { fname: "a" });
           await store(cache, "a");
           await Promise.all([1, 2, 3].map((i) => store(cache, i)));
           if (await load(cache, "a") === null) throw new Error("lost");
           lease.release();
         } });
       }`,
    );
    const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "--no-check", "-A", "--trace-leaks", "--config", `${root}deno.json`, `${folder}/leak_test.ts`],
      env: { NO_COLOR: "1" },
    }).output();
    assertEquals(code, 0, new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr));
  }));

function listing(dir: string): string[] {
  const names: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(dir)) {
    names.push(`${dir}/${name}`);
    if (isDirectory) names.push(...listing(`${dir}/${name}`));
  }
  return names.sort();
}

function argsOf(...args: string[]): string[] {
  const root = new URL("../../", import.meta.url).pathname;
  return [
    "run",
    "--no-check",
    "--unstable-kv",
    "-A",
    `--config=${root}deno.json`,
    `${root}tests/support/store_child.ts`,
  ]
    .concat(args);
}

Deno.test("of files of counts, those beyond 96 MB together count as none, and the next merge deletes them", () =>
  withStore(async (cache) => {
    const key = (n: number) => keyOf(n);
    for (let n = 0; n < 4; n++) {
      const row = new Uint8Array(48);
      row.setFromHex(key(n));
      new DataView(row.buffer).setFloat64(32, 1);
      const path = `${cache.layout.usage}/1-${crypto.randomUUID()}.log`;
      Deno.writeFileSync(path, row);
      Deno.truncateSync(path, 40_000_032); // takes no room on the disk
    }
    assertEquals((await cache.usage.read()).size, 2);
    assertEquals((await cache.usage.read()).size, 2, "they were merged");
    assertEquals([...Deno.readDirSync(cache.layout.usage)].map(({ name }) => name), ["merged.bin"]);
  }));
