/**
 * Packages as Deno and npm really install them, in programs of their own. Needs the npm registry (or a warm cache).
 */
import { assert, assertEquals, assertNotEquals } from "@std/assert";

const LIBRARY = new URL("../../src/code/packages/packages.ts", import.meta.url).href;

/** Prints the packages that the scripts in memory belong to, then those that the arguments stand for. */
const REPORT = `
import inspector from "node:inspector/promises";
import { createPackageResolver } from ${JSON.stringify(LIBRARY)};
const { packageOf } = createPackageResolver({
  root: import.meta.dirname,
  digestFile: Deno.args.includes("code") ? Deno.readTextFileSync : undefined,
});
const session = new inspector.Session();
session.connect();
const urls = [];
session.on("Debugger.scriptParsed", ({ params }) => urls.push(params.url));
await session.post("Debugger.enable");
session.disconnect();
const found = {};
for (const url of [...urls, ...Deno.args]) {
  const identity = packageOf(url);
  if (identity !== null && !["node", "deno"].includes(identity.source)) found[identity.name] ??= identity;
}
console.log("REPORT" + JSON.stringify(found));
`;

interface Identity {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly source: string;
  readonly notices: readonly string[];
  readonly dependencies: readonly string[];
}

interface RunOptions {
  readonly env?: Record<string, string>;
  readonly args?: string[];
  readonly flags?: string[];
}

async function withFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function execute(
  command: string,
  args: string[],
  cwd: string,
  env: Record<string, string> = {},
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command(command, { args, cwd, env }).output();
  assert(success, `${command} ${args.join(" ")}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}

/** Runs a program that imports `imports` in `folder`, and returns the packages whose scripts it loaded. */
async function report(
  folder: string,
  config: unknown,
  imports: string[],
  options: RunOptions = {},
): Promise<Record<string, Identity>> {
  await Deno.mkdir(folder, { recursive: true });
  if (config !== null) await Deno.writeTextFile(`${folder}/deno.json`, JSON.stringify(config));
  const lines = imports.map((name) => `import ${JSON.stringify(name)};`);
  await Deno.writeTextFile(`${folder}/main.js`, lines.join("\n") + REPORT);
  const { flags = ["-A"], args = [], env = {} } = options;
  const output = await execute(Deno.execPath(), ["run", "-q", "--no-check", ...flags, "main.js", ...args], folder, env);
  return JSON.parse(output.slice(output.indexOf("REPORT") + 6));
}

const IS_ODD = { imports: { "is-odd": "npm:is-odd@3.0.1" } };

Deno.test("a package has one identity in Deno's cache, in node_modules/.deno and in npm's node_modules", async () => {
  await withFolder(async (folder) => {
    const env = { DENO_DIR: `${folder}/deno-dir` };
    const cached = await report(`${folder}/cached`, IS_ODD, ["is-odd"], { env });
    assertEquals(Object.keys(cached).sort(), ["is-number", "is-odd"]);
    const { name, version, source, notices } = cached["is-odd"]!;
    assertEquals([name, version, source, notices], ["is-odd", "3.0.1", "npm", []]);
    assertNotEquals(cached["is-odd"]?.digest, cached["is-number"]?.digest);

    const local = await report(`${folder}/local`, { ...IS_ODD, nodeModulesDir: "auto" }, ["is-odd"], { env });
    assertEquals(local, cached);

    await Deno.mkdir(`${folder}/npm`);
    const manifest = { name: "project", private: true, dependencies: { "is-odd": "3.0.1" } };
    await Deno.writeTextFile(`${folder}/npm/package.json`, JSON.stringify(manifest));
    await execute("npm", ["install", "--no-audit", "--no-fund", "--silent"], `${folder}/npm`);
    const installed = await report(`${folder}/npm`, { nodeModulesDir: "manual" }, ["is-odd"], { env });
    assertEquals(installed, cached);
  });
});

Deno.test("an upgrade of what a package depends on changes its identity, an unrelated package does not", async () => {
  await withFolder(async (folder) => {
    const chalk = "npm:chalk@4.1.2";
    const alone = await report(`${folder}/alone`, { imports: { chalk } }, ["chalk"]);
    const beside = await report(`${folder}/beside`, { imports: { chalk, "is-odd": "npm:is-odd@3.0.1" } }, [
      "chalk",
      "is-odd",
    ]);
    // The older ansi-styles satisfies chalk's own requirement, so chalk shares it.
    const older = { imports: { chalk, "ansi-styles": "npm:ansi-styles@4.2.1" } };
    const shared = await report(`${folder}/shared`, older, ["ansi-styles", "chalk"]);
    assertEquals(alone.chalk?.version, shared.chalk?.version);
    assertNotEquals(alone["ansi-styles"]?.version, shared["ansi-styles"]?.version);
    assertEquals(beside.chalk, alone.chalk);
    assertNotEquals(shared.chalk?.digest, alone.chalk?.digest);
  });
});

Deno.test("without a lock file the version comes from the script's URL, and it is said", async () => {
  await withFolder(async (folder) => {
    const found = await report(folder, { ...IS_ODD, lock: false }, ["is-odd"]);
    assertEquals([found["is-odd"]?.version, found["is-odd"]?.notices], ["3.0.1", [
      "is-odd counts by its version 3.0.1 alone, without what it depends on: " +
      'deno.json says "lock": false; remove that',
    ]]);
  });
});

Deno.test("without a lock file what is installed in node_modules still counts, down to what it depends on", async () => {
  await withFolder(async (folder) => {
    const config = { ...IS_ODD, lock: false, nodeModulesDir: "auto" };
    const before = await report(folder, config, ["is-odd"]);
    assertEquals(before["is-odd"]?.notices, [
      "is-odd counts by the versions in node_modules: no lock file has an integrity of is-odd@3.0.1, is-number@6.0.0",
    ]);
    const manifest = `${folder}/node_modules/.deno/is-number@6.0.0/node_modules/is-number/package.json`;
    const text = await Deno.readTextFile(manifest);
    await Deno.remove(manifest);
    await Deno.writeTextFile(manifest, text.replace('"version": "6.0.0"', '"version": "6.0.1"'));
    const after = await report(folder, config, ["is-odd"]);
    assertNotEquals(after["is-odd"]?.digest, before["is-odd"]?.digest);
  });
});

Deno.test("a package is identified without permission to read, and the flag is named", async () => {
  await withFolder(async (folder) => {
    const all = await report(folder, IS_ODD, ["is-odd"]);
    const flags = ["--no-prompt", "--allow-sys"];
    const found = await report(folder, IS_ODD, ["is-odd"], { flags });
    assertEquals([found["is-odd"]?.version, found["is-odd"]?.notices], ["3.0.1", [
      "is-odd counts by its version 3.0.1 alone, without what it depends on: " +
      `deno.lock may not be read; run with --allow-read=${folder}`,
    ]]);
    const narrow = await report(folder, IS_ODD, ["is-odd"], { flags: [...flags, `--allow-read=${folder}`] });
    assertEquals(narrow, all);
  });
});

Deno.test("a linked package is user code, and the npm package behind it counts", async () => {
  await withFolder(async (folder) => {
    const links = [new URL("../../links/std_path", import.meta.url).pathname];
    const config = { imports: { "@std/path": "jsr:@std/path@^1" }, links };
    const found = await report(folder, config, ["@std/path"], { args: ["@std/path"] });
    assertEquals(Object.keys(found), ["deno-std"]);
    assertEquals(found["deno-std"]?.notices, []);
  });
});

/** Serves `files` while `body` runs. */
async function withServer(files: Record<string, string>, body: (origin: string) => Promise<void>): Promise<void> {
  const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, (request) => {
    const text = files[new URL(request.url).pathname];
    const headers = { "content-type": "application/typescript" };
    return text === undefined ? new Response(null, { status: 404 }) : new Response(text, { headers });
  });
  try {
    await body(`http://127.0.0.1:${server.addr.port}`);
  } finally {
    await server.shutdown();
  }
}

Deno.test("a module from a URL changes with what it imports, and with nothing else", async () => {
  const files: Record<string, string> = {
    "/mod.ts": `/* don't */ import { dep } from './deep/dep.ts'; /* won't */ export const mod = dep;`,
    "/deep/dep.ts": `export { dep } from '../last.ts';`,
    "/last.ts": `export const dep: number = 1;`,
    "/other.ts": `export const other: number = 1;`,
  };
  await withServer(files, (origin) =>
    withFolder(async (folder) => {
      let runs = 0;
      const identityOf = async (lock: boolean) => {
        const env = { DENO_DIR: `${folder}/deno-dir-${runs}` };
        const place = `${folder}/project-${runs++}`;
        const found = await report(place, { lock }, [`${origin}/mod.ts`, `${origin}/other.ts`], { env });
        const identity = found[`${origin}/mod.ts`]!;
        assertEquals([identity.source, identity.notices], ["https", []]);
        return identity.digest;
      };
      const before = await identityOf(true);
      assertEquals(await identityOf(false), before, "the cached text tells as much as the lock");
      files["/other.ts"] = `export const other: number = 2;`;
      assertEquals(await identityOf(true), before);
      files["/last.ts"] = `export const dep: number = 2;`;
      const changed = await identityOf(true);
      assertNotEquals(changed, before);
      assertEquals(await identityOf(false), changed);
    }));
});

Deno.test("a module from a URL changes with the npm packages that it imports", async () => {
  const files = { "/mod.ts": 'export { default } from "npm:is-odd@3";', "/other.ts": 'import "npm:is-even@1";' };
  await withServer(files, (origin) =>
    withFolder(async (folder) => {
      const identityOf = async (name: string, config: unknown) => {
        const imports = [`${origin}/mod.ts`, `${origin}/other.ts`];
        return (await report(`${folder}/${name}`, config, imports))[`${origin}/mod.ts`]!;
      };
      const locked = await identityOf("locked", {});
      assertEquals(locked.notices, []);
      assertEquals(locked.dependencies.filter((one) => /^is-/.test(one)), [
        "is-number@6.0.0",
        "is-odd@3",
        "is-odd@3.0.1",
      ]);
      const loose = await identityOf("loose", { lock: false });
      assertEquals(loose.notices, [`${origin}/mod.ts depends on npm:is-odd@3, which no deno.lock pins to a version`]);
    }));
});

Deno.test("a package from JSR has the identity that Deno's lock gives it", async () => {
  const files: Record<string, string> = {};
  const publish = async (name: string, version: string, text: string) => {
    const bytes = new TextEncoder().encode(text);
    const checksum = `sha256-${new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex()}`;
    const [scope, short] = name.slice(1).split("/");
    files[`/${name}/meta.json`] = JSON.stringify({ scope, name: short, latest: version, versions: { [version]: {} } });
    files[`/${name}/${version}_meta.json`] = JSON.stringify({
      manifest: { "/mod.ts": { size: bytes.length, checksum } },
      exports: { ".": "./mod.ts" },
    });
    files[`/${name}/${version}/mod.ts`] = text;
  };
  await withServer(files, (origin) =>
    withFolder(async (folder) => {
      let runs = 0;
      const identityOf = async (): Promise<Identity> => {
        const env = { DENO_DIR: `${folder}/deno-dir-${runs}`, JSR_URL: `${origin}/` };
        const config = { imports: { top: "jsr:@test/top@1" } };
        const found = await report(`${folder}/project-${runs++}`, config, ["top"], { env, args: ["top"] });
        assertEquals(Object.keys(found).sort(), ["@test/dep", "@test/top"]);
        return found["@test/top"]!;
      };
      await publish("@test/dep", "1.0.0", "export const dep = 1;");
      await publish("@test/top", "1.0.0", `export { dep } from "jsr:@test/dep@1";`);
      const before = await identityOf();
      assertEquals([before.version, before.source, before.notices], ["1.0.0", "jsr", []]);
      assertEquals(await identityOf(), before);
      await publish("@test/dep", "1.0.1", "export const dep = 1;");
      const after = await identityOf();
      assertEquals([after.version, after.dependencies], ["1.0.0", ["@test/dep@1.0.1"]]);
      assertNotEquals(after.digest, before.digest);

      const config = { imports: { top: "jsr:@test/top@1" }, vendor: true };
      const env = { DENO_DIR: `${folder}/deno-dir-vendored`, JSR_URL: `${origin}/` };
      const vendored = async () =>
        (await report(`${folder}/vendored`, config, ["top"], { env, args: ["top", "code"] }))["@test/top"]!;
      const first = await vendored();
      assertEquals([first.version, first.notices, await vendored()], ["1.0.0", [], first]);
      const path = `${folder}/vendored/vendor/${origin.replace("://", "_").replace(":", "_")}/@test/dep/1.0.1/mod.ts`;
      await Deno.writeTextFile(path, "export const dep = 2;");
      assertNotEquals((await vendored()).digest, first.digest, "people edit what is vendored");
    }));
});
