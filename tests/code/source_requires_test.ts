import { checkEdits, type EditedProgram } from "../support/edited.ts";

const edit = (file: string, find: string, replace: string) => ({ file, find, replace });
const STEP = `export const f = cached()(async function f(x) { return (await import("./lib.ts")).run(x); });`;
const CREATE = `import { createRequire } from "node:module";\n`;

const PROGRAMS: readonly EditedProgram[] = [
  {
    name: "JSON that is required when the module is loaded",
    files: {
      "steps.ts": STEP,
      "lib.ts": `${CREATE}const data = createRequire(import.meta.url)("./data.json");
export const run = (x) => x * data.rate;`,
      "data.json": `{ "rate": 2 }`,
    },
    fires: [edit("data.json", "2", "3")],
    quiet: [edit("lib.ts", "const data", "// settings\nconst data")],
  },
  {
    name: "JSON that is required while its function runs",
    files: {
      "steps.ts": STEP,
      "lib.ts": `${CREATE}export const run = (x) => x * createRequire(import.meta.url)("./data.json").rate;`,
      "data.json": `{ "rate": 2 }`,
    },
    fires: [edit("data.json", "2", "3")],
    quiet: [edit("lib.ts", "x *", "x  *")],
  },
  {
    name: "a script that is required by a function that the module made",
    files: {
      "steps.ts": STEP,
      "lib.ts": `${CREATE}const load = createRequire(import.meta.url);
export const run = (x) => load("./part.cjs").times(x);`,
      "part.cjs": `const { rate } = require("./rate.cjs");\nexports.times = (x) => x * rate;`,
      "rate.cjs": "exports.rate = 2;",
    },
    fires: [edit("part.cjs", "x * rate", "x * rate + 1"), edit("rate.cjs", "2", "3")],
    quiet: [edit("lib.ts", "const load", "\nconst load"), edit("part.cjs", "exports.times", "// times\nexports.times")],
  },
  {
    name: "a script that a module requires, which the loaded one imports",
    files: {
      "steps.ts": STEP,
      "lib.ts": `import { times } from "./times.ts";\nexport const run = (x) => times(x);`,
      "times.ts": `${CREATE}const load = createRequire(import.meta.url);
const rate = load("./rate.cjs");
export const times = (x) => x * rate;`,
      "rate.cjs": "module.exports = 2;",
    },
    fires: [edit("rate.cjs", "2", "3")],
    quiet: [edit("times.ts", "x * rate", "x  *  rate")],
  },
  {
    name: "a function `require` that is handed on is named",
    files: {
      "steps.ts": STEP,
      "lib.ts": `${CREATE}const use = (load) => load("./rate.cjs");
export const run = (x) => x * use(createRequire(import.meta.url));`,
      "rate.cjs": "module.exports = 2;",
    },
    fires: [edit("lib.ts", "x * use", "x + use")],
    notices: ["createRequire from node:module"],
  },
];

Deno.test("what a module behind import() requires counts, or is named", (t) => checkEdits(t, PROGRAMS));
