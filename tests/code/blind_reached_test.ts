import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

type Files = Record<string, string>;

function packageOf(name: string, files: Files, more: object = {}): Files {
  const manifest = { name, version: "1.0.0", main: "index.js", type: "commonjs", ...more };
  const entries = Object.entries({ "package.json": JSON.stringify(manifest), ...files });
  return Object.fromEntries(entries.map(([file, text]) => [`node_modules/${name}/${file}`, text]));
}

const MODULE = { type: "module" };
const LOADER = `import { readFileSync } from "node:fs";
import { parse } from "./parse.js";
export const load = (path) => parse(readFileSync(path, "utf8"));
`;
const PARSE = "export function parse(text) { return text.length; }\n";

/** Each package, with a step that uses it, and the names in the warning that the step gets. */
const PACKAGES: Readonly<Record<string, { files: Files; step: string; warned: string }>> = {
  "a function beside one that reads": {
    files: packageOf("p0", {
      "index.js": 'export * from "./load.js";\nexport { parse } from "./parse.js";\n',
      "load.js": LOADER,
      "parse.js": PARSE,
    }, MODULE),
    step: 'p.parse("abc")',
    warned: "",
  },
  "the one that reads": {
    files: packageOf("p1", {
      "index.js": 'export * from "./load.js";\nexport { parse } from "./parse.js";\n',
      "load.js": LOADER,
      "parse.js": PARSE,
    }, MODULE),
    step: 'p.load("./data.txt")',
    warned: "p1",
  },
  "a method that another module registers": {
    files: packageOf("p2", {
      "index.js": 'import "./verbs.js";\nexport { Table } from "./table.js";\n',
      "table.js": "export class Table {}\n",
      "verbs.js":
        'import { readFileSync } from "node:fs";\nimport { Table } from "./table.js";\nObject.assign(Table.prototype, { load: (path) => readFileSync(path, "utf8").length });\n',
    }, MODULE),
    step: 'new p.Table().load("./data.txt")',
    warned: "p2",
  },
  "a closure that another module made around a reader": {
    files: packageOf("p3", {
      "index.js":
        'import { readFileSync } from "node:fs";\nimport { wrap } from "./wrap.js";\nconst read = (path) => readFileSync(path, "utf8").length;\nexport const load = wrap(read);\n',
      "wrap.js": "export const wrap = (fn) => (...args) => fn(...args);\n",
    }, MODULE),
    step: 'p.load("./data.txt")',
    warned: "p3",
  },
  "a function of the platform that is passed on": {
    files: packageOf("p4", {
      "index.js":
        'import { readFileSync } from "node:fs";\nexport const load = readFileSync;\nexport const size = 1;\n',
    }, MODULE),
    step: 'p.load("./data.txt", "utf8").length',
    warned: "without a package",
  },
  "CommonJS, with a reader in a script that is not required": {
    files: packageOf("p5", {
      "index.js":
        'exports.parse = require("./parse");\nObject.defineProperty(exports, "load", { get: () => require("./load") });\nrequire("./load");\n',
      "parse.js": "module.exports = (text) => text.length;\n",
      "load.js":
        'const { readFileSync } = require("fs");\nmodule.exports = (path) => readFileSync(path, "utf8").length;\n',
    }),
    step: 'p.parse("abc")',
    warned: "p5",
  },
  "a script that requires by a computed name": {
    files: packageOf("p6", {
      "index.js":
        'const name = "./load";\nexports.load = function (path) { return require(name)(path); };\nrequire(name);\n',
      "load.js":
        'const { readFileSync } = require("fs");\nmodule.exports = (path) => readFileSync(path, "utf8").length;\n',
    }),
    step: 'p.load("./data.txt")',
    warned: "p6",
  },
};

Deno.test("a package is named for what the code reaches in it, and no more", async (t) => {
  const names = Object.keys(PACKAGES);
  const imports = names.map((_, at) =>
    `${at < 5 ? `import * as p${at} from "./node_modules/p${at}/index.js"` : `const p${at} = require("p${at}")`};`
  ).join("\n");
  const steps = Object.values(PACKAGES).map(({ step }, at) =>
    `await cached(function s${at}() { return ${step.replaceAll(/\bp\./g, `p${at}.`)}; })();`
  );
  await using project = await Project.create({
    ...Object.assign({}, ...Object.values(PACKAGES).map(({ files }) => files)),
    "data.txt": "abc",
    "main.js": `import { cacheFile } from "@bimsb/cachepy";
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
${imports}
const notices = {};
const cached = cacheFile("./.cachepy", {
  onEvent: ({ kind, fname, detail }) => kind === "notice" && (notices[fname] = (notices[fname] ?? "") + detail),
});
${steps.join("\n")}
console.log(JSON.stringify(notices));`,
  });
  const outcome = await project.run("main.js", { flags: ["-A", "--no-check"] });
  assertEquals(outcome.code, 0, outcome.stderr);
  const notices = outcome.json<Record<string, string>>();
  for (const [at, name] of names.entries()) {
    const { warned } = PACKAGES[name]!;
    await t.step(name, () => {
      const found = [...(notices[`s${at}`] ?? "").matchAll(/readFileSync from node:fs(?: \(package (\w+)\))?/g)];
      assertEquals(found.map(([, one = "without a package"]) => one).join(), warned, notices[`s${at}`]);
    });
  }
});
