import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createPackageResolver } from "../../src/code/packages/packages.ts";
import { PackageCodeReader } from "../../src/code/packages/package_code.ts";
import { Project } from "../support/project.ts";

function packageFiles(name: string, files: Record<string, string>, dependencies: object = {}): Record<string, string> {
  const manifest = { name, version: "1.0.0", main: "index.js", dependencies };
  return Object.fromEntries([
    [`node_modules/${name}/package.json`, JSON.stringify(manifest)],
    ...Object.entries(files).map(([file, text]) => [`node_modules/${name}/${file}`, text]),
  ]);
}

const PACKAGES: Readonly<Record<string, string>> = {
  ...packageFiles("outer", {
    "index.js": 'const k = require("./lib/k.cjs"), d = require("deep"); exports.f = (x) => x * k * d;',
    "lib/k.cjs": 'module.exports = require("../data.json").k;',
    "data.json": '{ "k": 1 }',
    "README.md": "outer",
    "index.d.ts": "export {};",
    "index.js.map": "{}",
  }, { deep: "1.0.0" }),
  ...packageFiles("deep", { "index.js": "module.exports = 1;" }),
  ...packageFiles("late", { "index.mjs": "export const g = (x) => x;", "package.json": "" }),
  "node_modules/late/package.json": '{ "name": "late", "version": "1.0.0", "exports": "./index.mjs" }',
  ...packageFiles("unused", { "index.js": "module.exports = 1;" }),
};

const MAIN = `import { cacheFile } from "@bimsb/cachepy";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const outer = require("outer");
require("unused");
const kinds: Record<string, string[]> = {};
const cached = cacheFile("./.cachepy", { onEvent: ({ kind, fname }) => void (kinds[fname] ??= []).push(kind) });
const steps = [
  cached(function direct(x: number) { return outer.f(x); }),
  cached(async function late(x: number) { return (await import("./node_modules/late/index.mjs")).g(x); }),
];
const answers: unknown[] = [];
for (const step of steps) answers.push([await step(3), await (step.original as any)(3)]);
console.log(JSON.stringify({ answers, hits: ["direct", "late"].filter((name) => kinds[name].includes("hit")) }));
`;

interface Printed {
  readonly answers: [cached: number, plain: number][];
  readonly hits: string[];
}

async function write(project: Project, name: string, text: string): Promise<void> {
  await project.write(`node_modules/${name}`, text);
}

/** Edits one after the other, each with the functions that hit afterwards. */
const EDITS: readonly (readonly [name: string, edit: (project: Project) => Promise<void>, hits: string[]])[] = [
  ["nothing", () => Promise.resolve(), ["direct", "late"]],
  ["a line to debug with", (project) => write(project, "outer/index.js", "exports.f = (x) => x * 7;"), ["late"]],
  ["back again", (project) => write(project, "outer/index.js", PACKAGES["node_modules/outer/index.js"]!), [
    "direct",
    "late",
  ]],
  ["a file below a folder", (project) => write(project, "outer/lib/k.cjs", "module.exports = 5;"), ["late"]],
  ["a dependency", (project) => write(project, "deep/index.js", "module.exports = 11;"), ["late"]],
  ["data", (project) => write(project, "outer/data.json", '{ "k": 2 }'), ["late"]],
  [
    "a package that is imported by import()",
    (project) => write(project, "late/index.mjs", "export const g = (x) => -x;"),
    ["direct"],
  ],
  ["a package that is not used", (project) => write(project, "unused/index.js", "module.exports = 2;"), [
    "direct",
    "late",
  ]],
  ["texts and types", async (project) => {
    for (const file of ["README.md", "index.d.ts", "index.js.map", ".package-lock.json"]) {
      await write(project, `outer/${file}`, "//");
    }
    await write(project, ".bin/outer", "#!/bin/sh");
  }, ["direct", "late"]],
  ["a touch", async (project) => {
    for (const file of ["outer/index.js", "deep/index.js"]) await Deno.utime(project.path("node_modules", file), 1, 1);
  }, ["direct", "late"]],
  ["the same again, in another order", async (project) => {
    for (const name of ["outer", "deep"]) {
      const kept = project.path(name);
      await Deno.rename(project.path("node_modules", name), kept);
      const files = [...Deno.readDirSync(kept)].filter(({ isFile }) => isFile).map(({ name }) => name);
      for (const file of files.reverse()) {
        await write(project, `${name}/${file}`, await Deno.readTextFile(`${kept}/${file}`));
      }
      if (name === "outer") await write(project, "outer/lib/k.cjs", await Deno.readTextFile(`${kept}/lib/k.cjs`));
    }
  }, ["direct", "late"]],
];

Deno.test("code in node_modules that was edited counts beside its version", async (test) => {
  await using project = await Project.create({
    ...PACKAGES,
    "main.ts": MAIN,
  });
  const run = async (): Promise<Printed> => {
    const { stderr, code, json } = await project.run("main.ts", { flags: ["-A", "--no-check"] });
    assertEquals(code, 0, stderr);
    return json<Printed>();
  };
  assertEquals((await run()).hits, []);
  for (const [name, edit, hits] of EDITS) {
    await test.step(name, async () => {
      await edit(project);
      const printed = await run();
      for (const [cached, plain] of printed.answers) assertEquals(cached, plain);
      assertEquals(printed.hits, hits);
    });
  }
});

Deno.test("code in node_modules/.deno counts for scripts and for specifiers alike, with all copies for peers", async () => {
  await using project = await Project.create({
    "deno.lock": JSON.stringify({
      version: "5",
      specifiers: { "npm:top@1": "1.0.0" },
      npm: { "top@1.0.0": { integrity: "a", dependencies: ["@s/inner"] }, "@s/inner@2.0.0": { integrity: "b" } },
    }),
  }, { imports: { top: "npm:top@1" } });
  const root = project.folder;
  const store = "node_modules/.deno";
  const digestFile = (path: string) => Deno.readTextFileSync(path);
  const digests = () => {
    const { packageOf } = createPackageResolver({ root, digestFile });
    const script = packageOf(`file://${root}/${store}/top@1.0.0/node_modules/top/index.js`);
    assertEquals(packageOf("top")?.digest, script?.digest);
    return script?.digest;
  };
  const seen = [digests()];
  for (
    const [file, text] of [
      ["top@1.0.0/node_modules/top/index.js", "1"],
      ["@s+inner@2.0.0/node_modules/@s/inner/a.mjs", "1"],
      ["@s+inner@2.0.0/node_modules/@s/inner/a.mjs", "2"],
      ["@s+inner@2.0.0_peer@1.0.0/node_modules/@s/inner/a.mjs", "3"],
    ] as const
  ) {
    await project.write(`${store}/${file}`, text);
    seen.push(digests());
  }
  assertEquals(new Set(seen).size, seen.length);
  await project.write(`${store}/other@1.0.0/node_modules/other/index.js`, "1");
  assertEquals(digests(), seen.at(-1), "a package that is not depended on");
  const { packageOf } = createPackageResolver({ root });
  assertEquals(packageOf("top")?.digest, seen[0], "without files, by version alone");
});

Deno.test("too many files in node_modules are named", async () => {
  await using project = await Project.create({ "p/a.js": "1" });
  const found = new PackageCodeReader(() => "x").read(
    Array.from({ length: 30_001 }, (_, index) => ({ name: "p", version: String(index), folder: project.path("p") })),
  );
  assertMatch(found.notices.join(), /not tracked: edits of the code in node_modules of p/);
  assertNotEquals(found.digest, "");
});

const LAZY: readonly (readonly [name: string, specifier: string, named: RegExp | null])[] = [
  [
    "a package that takes a reader out of fs",
    "./node_modules/hidden/index.cjs",
    /readFileSync from node:fs \(package hidden\)/,
  ],
  [
    "a package that depends on such a package",
    "./node_modules/around/index.cjs",
    /readFileSync from node:fs \(package hidden\)/,
  ],
  [
    "a package that reads when a module calls it at its start",
    "./start.mjs",
    /what start\.mjs reads through the package seen/,
  ],
  ["a package that only computes at the start of a module", "./quiet.mjs", null],
  ["a module of a package", "./node_modules/parts/lib/run.cjs", /child_process \(package parts\)/],
  ["another module of that package", "./node_modules/parts/lib/sum.cjs", null],
  ["a package of Deno's cache", "npm:memoize-fs@4.1.1", /\(package memoize-fs\)/],
  ["a package of Deno's cache that only computes", "npm:decimal.js@10.6.0", null],
];

Deno.test("blind uses in a package behind import() are named before it is loaded", async (test) => {
  await using project = await Project.create({
    ...packageFiles("hidden", { "index.cjs": 'const { readFileSync } = require("fs"); exports.f = () => 1;' }),
    ...packageFiles("around", { "index.cjs": 'const h = require("hidden/index.cjs"); exports.f = h.f;' }, {
      hidden: "1.0.0",
    }),
    ...packageFiles("parts", {
      "lib/run.cjs": 'const child = require("child_process"); exports.f = () => 1;',
      "lib/sum.cjs": "exports.f = () => 1;",
    }),
    ...packageFiles("seen", {
      "index.cjs": 'const fs = require("fs"); exports.load = (p) => fs.readFileSync(p, "utf8");',
    }),
    "start.mjs":
      'import seen from "./node_modules/seen/index.cjs"; const k = seen.load("c.txt"); export const f = () => k;',
    "quiet.mjs": 'import sum from "./node_modules/parts/lib/sum.cjs"; const k = sum.f(); export const f = () => k;',
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
      const notices: Record<string, string> = {};
      const cached = cacheFile("./.cachepy", {
        onEvent: (event) => {
          if (event.kind === "notice") notices[event.fname] = (notices[event.fname] ?? "") + event.detail;
        },
      });
      ${
      LAZY.map(([, specifier], at) =>
        `await cached(async function f${at}(x: number) { return x > 0 ? 1 : await import("${specifier}"); })(1);`
      ).join("\n")
    }
      console.log(JSON.stringify(notices));`,
  });
  const { stderr, code, json } = await project.run("main.ts", { flags: ["-A", "--no-check"] });
  assertEquals(code, 0, stderr);
  const notices = json<Record<string, string>>();
  for (const [at, [name, , named]] of LAZY.entries()) {
    await test.step(name, () => {
      const found = notices[`f${at}`] ?? "";
      if (named === null) assertEquals(/\(package|not tracked/.test(found), false, found);
      else assertMatch(found, named);
    });
  }
});

Deno.test("a module of a package counts, by its place in the package", async () => {
  const main = (module: string) =>
    `import { cacheFile } from "@bimsb/cachepy";
    import { f } from "./node_modules/parts/${module}";
    const step = cacheFile("./.cachepy")(function step(x: number) { return f(x); });
    console.log(JSON.stringify([await step(3), step.original(3)]));`;
  await using project = await Project.create({
    ...packageFiles("parts", {
      "add.mjs": "export const f = (x) => x + 1;",
      "sub.mjs": "export const f = (x) => x - 1;",
    }),
    "main.ts": main("add.mjs"),
  });
  const run = async () => (await project.run("main.ts", { flags: ["-A", "--no-check"] })).json<number[]>();
  assertEquals(await run(), [4, 4]);
  await project.write("main.ts", main("sub.mjs"));
  assertEquals(await run(), [2, 2]);
});
