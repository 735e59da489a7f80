import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { createPackageResolver, type PackageIdentity, type PackageResolver } from "../../src/code/packages/packages.ts";

type Files = Record<string, unknown>;

/** A temporary project with these files (texts as they are, other values as JSON), removed afterwards. */
async function withProject<Result>(
  files: Files,
  body: (resolver: PackageResolver, root: string) => Result | Promise<Result>,
): Promise<Result> {
  const root = await Deno.realPath(await Deno.makeTempDir());
  try {
    await writeFiles(root, files);
    return await body(createPackageResolver({ root }), root);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
}

async function writeFiles(root: string, files: Files): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await Deno.mkdir(`${root}/${name}`.replace(/[^/]*$/, ""), { recursive: true });
    await Deno.writeTextFile(`${root}/${name}`, typeof content === "string" ? content : JSON.stringify(content));
  }
}

/** The identity of what `specifier` stands for in a project with these files. */
function identify(files: Files, specifier: string): Promise<PackageIdentity> {
  return withProject(files, (resolver) => {
    const identity = resolver.packageOf(specifier);
    assert(identity !== null, `${specifier} is user code`);
    return identity;
  });
}

/** deno.lock of format 5: a package that needs another, which needs a third; and one that has nothing to do with them. */
function lock5(
  changes: Partial<Record<"top" | "middle" | "bottom" | "other", [version: string, integrity: string]>> = {},
) {
  const [top, middle, bottom, other] = (["top", "middle", "bottom", "other"] as const)
    .map((name) => changes[name] ?? ["1.0.0", `sha512-${name}`]);
  const entry = ([, integrity]: readonly string[] = [], dependencies: string[] = []) => ({ integrity, dependencies });
  return {
    version: "5",
    specifiers: { "npm:top@^1": top?.[0], "npm:other@1": other?.[0] },
    npm: {
      [`top@${top?.[0]}`]: entry(top, ["middle"]),
      [`middle@${middle?.[0]}`]: entry(middle, [`alias@npm:bottom@${bottom?.[0]}`]),
      [`bottom@${bottom?.[0]}`]: entry(bottom),
      [`other@${other?.[0]}`]: entry(other),
    },
  };
}

const IMPORTS = { imports: { top: "npm:top@^1", other: "npm:other@1" } };

Deno.test("a package's identity has its name, locked version and source, and no notice", async () => {
  const { name, version, source, notices, digest, dependencies } = await identify(
    { "deno.json": IMPORTS, "deno.lock": lock5() },
    "top",
  );
  assertEquals([name, version, source, notices], ["top", "1.0.0", "npm", []]);
  assertEquals(dependencies, ["bottom@1.0.0", "middle@1.0.0"]);
  assert(/^[0-9a-f]{64}$/.test(digest));
});

const CHANGES: [what: string, changes: Parameters<typeof lock5>[0], changed: string[]][] = [
  ["an upgrade of the package", { top: ["1.1.0", "sha512-top2"] }, ["top"]],
  ["another integrity of the same version", { top: ["1.0.0", "sha512-forged"] }, ["top"]],
  ["an upgrade of what it depends on", { middle: ["1.0.1", "sha512-m"] }, ["top"]],
  ["an upgrade two levels below, behind an alias", { bottom: ["2.0.0", "sha512-b"] }, ["top"]],
  ["another integrity two levels below", { bottom: ["1.0.0", "sha512-b"] }, ["top"]],
  ["an upgrade of an unrelated package", { other: ["1.2.0", "sha512-o"] }, ["other"]],
  ["nothing", {}, []],
];
for (const [what, changes, changed] of CHANGES) {
  Deno.test(`${what} changes the identity of ${changed.join() || "none"} alone`, async () => {
    for (const name of ["top", "other"]) {
      const before = await identify({ "deno.json": IMPORTS, "deno.lock": lock5() }, name);
      const after = await identify({ "deno.json": IMPORTS, "deno.lock": lock5(changes) }, name);
      assertEquals(before.digest !== after.digest, changed.includes(name), name);
    }
  });
}

Deno.test("the formats 2, 3, 4 and 5 of deno.lock give the same identity", async () => {
  const entry = (name: string, dependencies: unknown) => ({ integrity: `sha512-${name}`, dependencies });
  const byAlias = {
    "top@1.0.0": entry("top", { middle: "middle@1.0.0" }),
    "middle@1.0.0": entry("middle", { alias: "bottom@1.0.0" }),
    "bottom@1.0.0": entry("bottom", {}),
  };
  const locks: Files = {
    2: { version: "2", remote: {}, npm: { specifiers: { "top@^1": "top@1.0.0" }, packages: byAlias } },
    3: { version: "3", packages: { specifiers: { "npm:top@^1": "npm:top@1.0.0" }, npm: byAlias }, remote: {} },
    4: { ...lock5(), version: "4" },
    5: lock5(),
  };
  const digests = new Set<string>();
  for (const lock of Object.values(locks)) {
    const identity = await identify({ "deno.json": IMPORTS, "deno.lock": lock }, "top");
    assertEquals([identity.version, identity.notices], ["1.0.0", []]);
    digests.add(identity.digest);
  }
  assertEquals(digests.size, 1);
});

Deno.test("copies of a version for different peers count together, whichever way one asks", async () => {
  const lock = (peer: string) => ({
    version: "5",
    specifiers: { "npm:dom@1": `1.0.0_peer@1.0.0`, "npm:peer@1": "1.0.0" },
    npm: {
      "dom@1.0.0_peer@1.0.0": { integrity: "sha512-dom", dependencies: ["peer@1.0.0"] },
      [`dom@1.0.0_peer@${peer}`]: { integrity: "sha512-dom", dependencies: [`peer@${peer}`] },
      "peer@1.0.0": { integrity: "sha512-1" },
      [`peer@${peer}`]: { integrity: `sha512-${peer}` },
    },
  });
  const url = "file:///x/node_modules/.deno/dom@1.0.0_1/node_modules/dom/index.js";
  const files = (peer: string) => ({ "deno.json": {}, "deno.lock": lock(peer) });
  const byUrl = await identify(files("2.0.0"), url);
  assertEquals([byUrl.name, byUrl.version, byUrl.notices], ["dom", "1.0.0", []]);
  assertEquals((await identify(files("2.0.0"), "npm:dom@1")).digest, byUrl.digest);
  assertNotEquals((await identify(files("2.0.1"), url)).digest, byUrl.digest);
});

Deno.test("JSR packages count with all that the lock says they depend on, npm packages included", async () => {
  const lock = (internal: string, npm: string) => ({
    version: "5",
    specifiers: { "jsr:@std/path@1": "1.0.8", "jsr:@std/internal@^1.0.5": internal, "npm:top@^1": "1.0.0" },
    jsr: {
      "@std/path@1.0.8": { integrity: "aa", dependencies: ["jsr:@std/internal", "npm:top@^1"] },
      [`@std/internal@${internal}`]: { integrity: "bb" },
    },
    npm: { "top@1.0.0": { integrity: npm } },
  });
  const digestOf = async (...args: [string, string]) => {
    const files = { "deno.json": {}, "deno.lock": lock(...args) };
    const identity = await identify(files, "https://jsr.io/@std/path/1.0.8/posix/join.ts");
    assertEquals([identity.name, identity.version, identity.source, identity.notices], [
      "@std/path",
      "1.0.8",
      "jsr",
      [],
    ]);
    assertEquals((await identify(files, "jsr:@std/path@1/join")).digest, identity.digest);
    return identity.digest;
  };
  const before = await digestOf("1.0.5", "sha512-n");
  assertEquals(await digestOf("1.0.5", "sha512-n"), before);
  assertNotEquals(await digestOf("1.0.6", "sha512-n"), before);
  assertNotEquals(await digestOf("1.0.5", "sha512-m"), before);
});

Deno.test("a dependency that the lock does not have is named", async () => {
  const lock = {
    version: "5",
    specifiers: {},
    jsr: { "@a/b@1.0.0": { integrity: "x", dependencies: ["jsr:@a/linked@1"] } },
  };
  const { notices } = await identify({ "deno.json": {}, "deno.lock": lock }, "https://jsr.io/@a/b/1.0.0/mod.ts");
  assertEquals(notices, ["@a/b depends on jsr:@a/linked@1, which is not in deno.lock: its code is not tracked there"]);
});

Deno.test("optional dependencies count like others", async () => {
  const lock = (version: string) => ({
    version: "5",
    specifiers: { "npm:top@^1": "1.0.0" },
    npm: {
      "top@1.0.0": { integrity: "a", optionalDependencies: ["native"] },
      [`native@${version}`]: { integrity: "b" },
    },
  });
  const digestOf = async (version: string) =>
    (await identify({ "deno.json": IMPORTS, "deno.lock": lock(version) }, "top")).digest;
  assertNotEquals(await digestOf("1.0.0"), await digestOf("1.0.1"));
});

Deno.test("the longest key of an import map that fits is the one that counts", async () => {
  const imports = { "lib/": "npm:/other@1/", "lib/inner/": "npm:/top@^1/" };
  await withProject({ "deno.json": { imports }, "deno.lock": lock5() }, ({ packageOf }) => {
    assertEquals([packageOf("lib/a.js")?.name, packageOf("lib/inner/a.js")?.name], ["other", "top"]);
  });
});

Deno.test("specifiers are looked up in imports, scopes, import map files, package.json and workspace members", async () => {
  const lock = {
    version: "5",
    specifiers: { "npm:top@^1": "1.0.0", "npm:top@2": "2.0.0", "npm:other@1": "1.0.0", "jsr:@std/path@1": "1.0.8" },
    npm: {
      "top@1.0.0": { integrity: "a" },
      "top@2.0.0": { integrity: "b" },
      "other@1.0.0": { integrity: "c" },
    },
    jsr: { "@std/path@1.0.8": { integrity: "d" } },
  };
  const deno = {
    imports: {
      "top": "npm:top@^1",
      "t/": "npm:/top@^1/",
      "#src/": "./src/",
      "#path": "jsr:@std/path@1",
      "#data": "data:text/javascript,1",
    },
    scopes: { "./old/": { top: "npm:top@2" } },
    links: ["../linked", "./linked-npm"],
    workspace: ["./packages/*", "!./packages/not"],
  };
  await withProject({
    "deno.jsonc": `// the project\n${JSON.stringify(deno).replace(/\}$/, ", /* last */ }")}`,
    "package.json": { dependencies: { other: "1", local: "file:./local", aliased: "npm:top@2" } },
    "deno.lock": lock,
    "packages/one/deno.json": { name: "@me/one", imports: { two: "npm:top@2" } },
    "packages/two/package.json": { name: "two-member" },
    "linked-npm/package.json": { name: "patched" },
  }, ({ packageOf }, root) => {
    const versionOf = (specifier: string, referrer?: string) => {
      const identity = packageOf(specifier, referrer && `file://${root}/${referrer}`);
      return identity && `${identity.name} ${identity.version}`;
    };
    assertEquals(versionOf("top"), "top 1.0.0");
    assertEquals(versionOf("top/sub/file.js"), "top 1.0.0");
    assertEquals(versionOf("t/file.js"), "top 1.0.0");
    assertEquals(versionOf("top", "old/main.ts"), "top 2.0.0");
    assertEquals(versionOf("top", "older/main.ts"), "top 1.0.0");
    assertEquals(versionOf("#path"), "@std/path 1.0.8");
    assertEquals(versionOf("#path/join"), "@std/path 1.0.8");
    assertEquals(versionOf("other"), "other 1.0.0");
    assertEquals(versionOf("aliased/x.js"), "top 2.0.0");
    assertEquals(versionOf("two", "packages/one/mod.ts"), "top 2.0.0");
    for (const local of ["#src/a.ts", "#data", "local", "@me/one", "@me/one/sub", "two-member", "patched", "two"]) {
      assertEquals(versionOf(local), null, local);
    }
  });
});

Deno.test("a linked package is user code by file and by name, and a package again once the lock has it", async () => {
  const files = {
    "deno.json": { imports: { "@std/path": "jsr:@std/path@^1" }, links: ["./links/path"] },
    "links/path/deno.json": { name: "@std/path", version: "1.0.8" },
    "deno.lock": { version: "5", specifiers: {} as Record<string, string>, jsr: {} as Record<string, unknown> },
  };
  await withProject(files, ({ packageOf }, root) => {
    assertEquals(packageOf("@std/path"), null);
    assertEquals(packageOf("jsr:@std/path@^1"), null);
    assertEquals(packageOf(`file://${root}/links/path/mod.ts`), null);
  });
  files["deno.lock"].specifiers = { "jsr:@std/path@^1": "1.0.9" };
  files["deno.lock"].jsr = { "@std/path@1.0.9": { integrity: "x" } };
  assertEquals((await identify(files, "@std/path")).version, "1.0.9");
});

Deno.test("an import map in a file of its own, relative to that file", async () => {
  await withProject({
    "deno.json": { importMap: "./maps/import_map.json" },
    "maps/import_map.json": { imports: { top: "npm:top@^1", "lib/": "../lib/" } },
    "deno.lock": lock5(),
  }, ({ packageOf }) => {
    assertEquals(packageOf("top")?.version, "1.0.0");
    assertEquals(packageOf("lib/a.ts"), null);
  });
});

Deno.test("user code is no package: files, members, data: and blob: modules, unknown specifiers", async () => {
  await withProject({ "deno.json": {}, "deno.lock": lock5() }, ({ packageOf }, root) => {
    const scripts = [
      `file://${root}/src/main.ts`,
      `${root}/src/main.ts`,
      "./src/main.ts",
      "../outside.ts",
      "file:///somewhere/else/lib.ts",
      "data:text/javascript,export default 1",
      "blob:null/0b6c1f2e",
      "",
      "unknown-package",
    ];
    for (const script of scripts) assertEquals(packageOf(script), null, script);
  });
});

Deno.test("node: modules and Deno.* count by the runtime's major and minor version, or not at all", () => {
  const [major, minor] = Deno.version.deno.split(".");
  const { packageOf } = createPackageResolver({ root: "/no/such/project" });
  for (const node of ["node:fs", "node:fs/promises", "fs", "fs/promises", "ext:deno_node/internal/fs.ts"]) {
    const identity = packageOf(node);
    assertEquals([identity?.name, identity?.source, identity?.version], ["node", "node", `${major}.${minor}`], node);
  }
  for (const deno of ["Deno", "Deno.readFile", "ext:deno_fs/30_fs.js", "ext:core/01_core.js"]) {
    const identity = packageOf(deno);
    assertEquals([identity?.name, identity?.source, identity?.version], ["deno", "deno", `${major}.${minor}`], deno);
  }
  const pinned = createPackageResolver({ root: "/no/such/project", denoVersion: false }).packageOf("node:fs");
  assertEquals([pinned?.name, pinned?.version], ["node", ""]);
  assertNotEquals(pinned?.digest, packageOf("node:fs")?.digest);
});

Deno.test("without deno.lock the version in the URL counts, and a notice says why", async () => {
  const url = "https://jsr.io/@std/path/1.0.8/mod.ts";
  const alone = "@std/path counts by its version 1.0.8 alone, without what it depends on: ";
  const cases: [Files, string][] = [
    [{ "deno.json": {} }, "there is no deno.lock; run deno install"],
    [{ "deno.json": { lock: false } }, 'deno.json says "lock": false; remove that'],
    [
      { "deno.json": {}, "deno.lock": "<<<<<<< ours" },
      "deno.lock is in a format that is not known; update this package",
    ],
    [
      { "deno.json": {}, "deno.lock": { version: "6" } },
      "deno.lock is in a format that is not known; update this package",
    ],
    [{ "deno.json": {}, "deno.lock": lock5() }, "deno.lock does not have it"],
    [{ "main.ts": "" }, "there is no deno.json, so no deno.lock; add one"],
  ];
  const digests = new Set<string>();
  for (const [files, reason] of cases) {
    const identity = await identify(files, url);
    assertEquals([identity.version, identity.notices], ["1.0.8", [alone + reason]]);
    digests.add(identity.digest);
  }
  assertEquals(digests.size, 1);
  assertEquals(digests.has((await identify({ "deno.json": {} }, url.replace("1.0.8", "1.0.9"))).digest), false);
});

Deno.test("the lock file is where deno.json says, or at the root of the workspace", async () => {
  const cases: [Files, string][] = [
    [{ "deno.json": { lock: "locks/my.lock" }, "locks/my.lock": lock5() }, ""],
    [{ "deno.json": { lock: { path: "locks/my.lock", frozen: true } }, "locks/my.lock": lock5() }, ""],
    [{ "deno.json": { workspace: ["./a"] }, "a/deno.json": {}, "deno.lock": lock5() }, "a"],
    [
      { "deno.json": { workspace: { members: ["packages/*"] } }, "packages/a/deno.json": {}, "deno.lock": lock5() },
      "packages/a",
    ],
    [{ "package.json": { workspaces: ["a"] }, "a/package.json": {}, "deno.lock": lock5() }, "a"],
    [{ "deno.json": {}, "deno.lock": lock5(), "src/x.ts": "" }, "src"],
  ];
  for (const [files, folder] of cases) {
    await withProject(files, (_, root) => {
      const { packageOf } = createPackageResolver({ root: `${root}/${folder}`.replace(/\/$/, "") });
      assertEquals(packageOf("npm:top@^1")?.notices, [], JSON.stringify(files));
    });
  }
  const stranger = { "deno.json": { workspace: ["./b"] }, "a/deno.json": {}, "deno.lock": lock5() };
  await withProject(stranger, (_, root) => {
    const { packageOf } = createPackageResolver({ root: `${root}/a` });
    assertEquals(packageOf("npm:top@1.0.0")?.notices.length, 1);
  });
});

Deno.test("packages of another package manager count by what is installed, down to nested copies", async () => {
  const manifest = (name: string, version: string, dependencies = {}) => ({ name, version, dependencies });
  const files = (nested: string, integrity: string) => ({
    "package.json": { dependencies: { top: "1" } },
    "node_modules/top/package.json": {
      ...manifest("top", "1.0.0", { middle: "1", extra: "1" }),
      optionalDependencies: { extra: "1" },
      peerDependencies: { absent: "1" },
    },
    "node_modules/top/node_modules/middle/package.json": manifest("middle", nested, { loop: "1" }),
    "node_modules/middle/package.json": manifest("middle", "9.0.0"),
    "node_modules/loop/package.json": manifest("loop", "1.0.0", { top: "1" }),
    "node_modules/other/package.json": manifest("other", "1.0.0"),
    "node_modules/broken/package.json": manifest("broken", "1.0.0", { gone: "1" }),
    "package-lock.json": {
      lockfileVersion: 3,
      packages: {
        "": { name: "project" },
        "node_modules/top": { version: "1.0.0", integrity: "sha512-top" },
        "node_modules/top/node_modules/middle": { version: nested, integrity },
        "node_modules/loop": { version: "1.0.0", integrity: "sha512-loop" },
      },
    },
  });
  const digestOf = (nested: string, integrity: string) =>
    withProject(files(nested, integrity), ({ packageOf }, root) => {
      const identity = packageOf(`file://${root}/node_modules/top/lib/index.js`);
      assertEquals([identity?.name, identity?.version, identity?.notices], ["top", "1.0.0", []]);
      return identity?.digest;
    });
  const before = await digestOf("1.0.0", "sha512-m");
  assertEquals(await digestOf("1.0.0", "sha512-m"), before);
  assertNotEquals(await digestOf("1.0.1", "sha512-m"), before);
  assertNotEquals(await digestOf("1.0.0", "sha512-n"), before);
  await withProject(files("1.0.0", "x"), ({ packageOf }, root) => {
    assertEquals(packageOf(`file://${root}/node_modules/other/index.js`)?.notices, [
      "other counts by the versions in node_modules: no lock file has an integrity of other@1.0.0",
    ]);
    assertEquals(packageOf("top/lib/index.js")?.version, "1.0.0");
    const nested = packageOf(`file://${root}/node_modules/top/node_modules/middle/index.js`);
    assertEquals([nested?.name, nested?.version], ["middle", "1.0.0"]);
    const broken = packageOf(`file://${root}/node_modules/broken/index.js`);
    assertEquals(broken?.notices[1], "What broken depends on is not all to be found in node_modules: broken → gone");
    const unreadable = packageOf(`file://${root}/node_modules/gone/index.js`);
    assertEquals([unreadable?.name, unreadable?.version, unreadable?.notices.length], ["gone", "", 1]);
  });
});

Deno.test("a package.json of an old lock file format has its integrities found", async () => {
  const files = {
    "package.json": {},
    "node_modules/a/package.json": { name: "a", version: "1.0.0" },
    "package-lock.json": { lockfileVersion: 1, dependencies: { a: { version: "1.0.0", integrity: "sha1-x" } } },
  };
  await withProject(files, ({ packageOf }, root) => {
    assertEquals(packageOf(`file://${root}/node_modules/a/index.js`)?.notices, []);
  });
});

Deno.test("an identity stays as it was first seen, while packages asked for later see the changed lock", async () => {
  await withProject({ "deno.json": IMPORTS, "deno.lock": lock5() }, async ({ packageOf }, root) => {
    const top = packageOf("top");
    await writeFiles(root, {
      "deno.lock": lock5({ middle: ["2.0.0", "sha512-m2"], other: ["1.5.0", "sha512-other2"] }),
    });
    assertEquals(packageOf("top"), top);
    assertEquals(packageOf("npm:top@1.0.0")?.digest, top?.digest);
    assertEquals(packageOf("other")?.version, "1.5.0");
    assertNotEquals(createPackageResolver({ root }).packageOf("top")?.digest, top?.digest);
  });
});

Deno.test("https: modules without lock and cache count by their URL, with the version taken out of the name", async () => {
  const cases: [url: string, name: string, version: string][] = [
    ["https://deno.land/std@0.224.0/path/mod.ts", "https://deno.land/std/path/mod.ts", "0.224.0"],
    ["https://deno.land/x/foo@v1.2.3/mod.ts", "https://deno.land/x/foo/mod.ts", "1.2.3"],
    ["https://esm.sh/lodash-es@4.17.21", "https://esm.sh/lodash-es", "4.17.21"],
    ["https://me@example.com/mod.ts", "https://me@example.com/mod.ts", ""],
  ];
  for (const [url, name, version] of cases) {
    const identity = await identify({ "deno.json": {} }, url);
    assertEquals([identity.name, identity.version, identity.source], [name, version, "https"]);
    assertEquals(identity.notices.length, 1, url);
  }
});

Deno.test("everything in deno.lock counts for an https: module whose imports cannot be read", async () => {
  const url = "https://example.invalid/mod.ts";
  const digestOf = async (dep: string, middle: string) => {
    const lock = {
      ...lock5({ middle: ["1.0.0", middle] }),
      remote: { [url]: "aa", "https://example.invalid/dep.ts": dep },
    };
    const identity = await identify({ "deno.json": {}, "deno.lock": lock }, url);
    assertEquals(identity.notices.length, 1);
    return identity.digest;
  };
  const before = await digestOf("bb", "sha512-m");
  assertEquals(await digestOf("bb", "sha512-m"), before);
  assertNotEquals(await digestOf("cc", "sha512-m"), before);
  assertNotEquals(await digestOf("bb", "sha512-n"), before);
});

Deno.test("a deno.json that is no JSON is no reason to throw", async () => {
  await withProject({ "deno.json": "{ imports: ", "deno.lock": lock5() }, ({ packageOf }) => {
    assertEquals(packageOf("top"), null);
    assertEquals(packageOf("npm:top@^1")?.version, "1.0.0");
  });
});
