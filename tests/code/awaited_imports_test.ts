import { checkEdits, type EditedProgram } from "../support/edited.ts";

const MODULE = `const rate = 2;
export const run = (x: number) => x * rate;
export const other = (x: number) => x + 5;
`;

/** Ways of using one export of a module behind `import()`. */
const FORMS: Readonly<Record<string, string>> = {
  "a member of the module in then": "const load = (x: number) => import('./m.ts').then((lib) => lib.run(x));",
  "a pattern in then": "const load = (x: number) => import('./m.ts').then(({ run }) => run(x));",
  "a constant with the promise":
    "const load = async (x: number) => { const lib = import('./m.ts'); return (await lib).run(x); };",
  "a function that returns the promise":
    "const open = () => import('./m.ts'); const load = async (x: number) => (await open()).run(x);",
};

const PROGRAMS: readonly EditedProgram[] = Object.entries(FORMS).map(([name, text]) => ({
  name,
  files: {
    "m.ts": MODULE,
    "steps.ts": `${text}\nexport const f = cached()(async function f(x: number) { return await load(x); });`,
  },
  fires: [{ file: "m.ts", find: "rate = 2", replace: "rate = 3" }],
  quiet: [
    { file: "m.ts", find: "x + 5", replace: "x + 6" },
    { file: "m.ts", find: "const rate", replace: "function unrelated() {}\nconst rate" },
  ],
}));

Deno.test("of a module behind import() the exports count that are used, however the promise is", (t) =>
  checkEdits(t, PROGRAMS));
