import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

/** Bodies of functions that can tell where the project is: they run again when the project was moved. */
const PLACED: Readonly<Record<string, string>> = {
  beside: 'return new URL("./d.txt", import.meta.url).pathname;',
  folder: "return import.meta.dirname;",
  length: "return import.meta.dirname!.length;",
  file: "return `${import.meta.filename}:1`;",
  taken: "const { dirname } = import.meta; return dirname;",
  whole: "return JSON.stringify(import.meta);",
  resolved: 'return import.meta.resolve("./d.txt");',
  directory: "return Deno.cwd();",
  directoryOfNode: "return process.cwd().length;",
  hash: "return hash(Deno.cwd());",
  alsoRead: 'const at = join(import.meta.dirname!, "d.txt"); Deno.readTextFileSync(at); return at;',
  real: 'return Deno.realPathSync("d.txt");',
  lengthOfReal: 'return Deno.realPathSync("d.txt").length;',
  absolute: 'return resolve("d.txt").length;',
  handedOn: "return hash(import.meta.url);",
  mainLength: "return Deno.mainModule.length;",
  ownText: "return import.meta.dirname!.length;",
  byHelper: 'return lengthOf(new URL("./d.txt", import.meta.url));',
  changed: 'const before = Deno.cwd(); Deno.chdir("sub"); const at = Deno.cwd(); Deno.chdir(before); return at;',
  stack: 'return { at: /file:[^)]*/.exec(new Error("x").stack!)![0] };',
  tracked: 'return [trackFile("d.txt")];',
  lengthOfTracked: 'return trackFile(new URL("./d.txt", import.meta.url)).length;',
  found: "return listed();",
  inside: "return { rows: [{ path: listed() }] };",
  namedUrl: "return DATA.pathname;",
  namedPath: "return [TEXT];",
  namedLength: "Deno.readTextFileSync(TEXT); return TEXT.length;",
  namedFolder: "return hash(`${FOLDER}/d.txt`);",
  namedByHelper: "return lengthOf(DATA);",
  namedCopy: "const { href } = DATA; return href;",
  failed: "try { Deno.readTextFileSync(`${FOLDER}/none`); } catch (error) { return (error as Error).message.length; }",
  entry: "return fs.readdirSync(FOLDER, { withFileTypes: true })[0]!.parentPath.length;",
  stream: "const one = fs.createReadStream(TEXT); one.close(); return one.path.length;",
  made: "return fs.mkdirSync(`${FOLDER}/sub/${crypto.randomUUID()}/b`, { recursive: true })!.length;",
  argument: "return readAndTell(DATA);",
};

/** Bodies that only open files beside the module or in the working directory, or that ask for something else. */
const FREE: Readonly<Record<string, string>> = {
  url: 'return Deno.readTextFileSync(new URL("./d.txt", import.meta.url));',
  joined: 'return Deno.readTextFileSync(join(import.meta.dirname!, "d.txt"));',
  written: "return fs.readFileSync(`${import.meta.dirname}/d.txt`, 'utf8');",
  named: 'const at = new URL("./d.txt", import.meta.url); return fs.existsSync(at) && Deno.readTextFileSync(at);',
  taken: 'const { dirname } = import.meta; return Deno.readTextFileSync(dirname + "/d.txt");',
  fetched: 'return fetch(new URL("./d.txt", import.meta.url)).then((one) => one.text());',
  module: 'return import(new URL("./other.ts", import.meta.url).href).then((one) => one.other);',
  required: 'return createRequire(import.meta.url)("./d.json").value;',
  directory: 'return Deno.readTextFileSync(join(Deno.cwd(), "d.txt"));',
  listed: "return [...Deno.readDirSync(Deno.cwd())].length > 0;",
  relative: 'return Deno.readTextFileSync("d.txt");',
  turned: 'return Deno.readTextFileSync("sub/../d.txt");',
  main: "return import.meta.main;",
  ownText: 'return Deno.readTextFileSync(new URL("./d.txt", import.meta.url));',
  tracked: 'trackFile(new URL("./d.txt", import.meta.url)); return 1;',
  isMain: "return import.meta.url === Deno.mainModule;",
  byHelper: 'return load(new URL("./d.txt", import.meta.url));',
  namedUrl: "return Deno.readTextFileSync(DATA);",
  namedPath: "return Deno.readTextFileSync(TEXT);",
  namedFolder: "return Deno.readTextFileSync(`${FOLDER}/d.txt`);",
  namedJoined: 'return fs.readFileSync(join(FOLDER, "d.txt"), "utf8");',
  namedByHelper: "return load(DATA);",
  namedBase: 'return Deno.readTextFileSync(new URL("d.txt", BASE));',
  namedList: "return Deno.statSync(DATA).isFile && fs.existsSync(DATA);",
  asked: "return typeof import.meta.dirname === 'string' ? 1 : 2;",
};

const HEAD = `import { cacheFile, trackFile } from "@bimsb/cachepy";
import fs from "node:fs";
import process from "node:process";
import { join, resolve } from "node:path";
import { createRequire } from "node:module";
const hash = (text: string) => [...text].reduce((sum, one) => (sum * 31 + one.charCodeAt(0)) % 1e9, 7);
const load = (at: URL) => Deno.readTextFileSync(at);
function lengthOf(at: URL) { return at.href.length; }
function readAndTell(at: URL) { Deno.readTextFileSync(at); return String(arguments[0]).length; }
const listed = () => Deno.realPathSync(".") + "/x";
const DATA = new URL("./d.txt", import.meta.url);
const TEXT = import.meta.dirname + "/d.txt";
const FOLDER = import.meta.dirname!;
const BASE = import.meta.url;
const ran: string[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => event.kind === "run" && ran.push(event.fname) });
const steps: Record<string, () => unknown> = {
`;
const TAIL = `};
const results: Record<string, boolean> = {};
for (const [name, fn] of Object.entries(steps)) {
  const step = cached(name.endsWith("Text") ? { name, track: "source" } : { name })(fn);
  results[name] = JSON.stringify(await step()) === JSON.stringify(await fn());
}
console.log(JSON.stringify({ ran, wrong: Object.keys(results).filter((name) => !results[name]) }));
`;

async function runsAfterMove(bodies: Readonly<Record<string, string>>) {
  const steps = Object.entries(bodies).map(([name, body]) => `${name}: function () { ${body} }`);
  await using project = await Project.create({
    "here/main.ts": HEAD + steps.join(",\n") + TAIL,
    "here/other.ts": "export const other = 1;",
    "here/d.txt": "one",
    "here/d.json": '{"value":1}',
    "here/sub/x": "",
  });
  await Deno.rename(project.path("deno.json"), project.path("here/deno.json"));
  const run = async (folder: string) => {
    const options = { flags: ["-A", "--no-check"], cwd: project.path(folder) };
    const outcome = await project.run(`${folder}/main.ts`, options);
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<{ ran: string[]; wrong: string[] }>();
  };
  const first = await run("here");
  assertEquals([first.ran.length, first.wrong], [steps.length, []]);
  assertEquals((await run("here")).ran, [], "nothing runs again in the same place");
  await Deno.rename(project.path("here"), project.path("moved away"));
  const moved = await run("moved away");
  assertEquals(moved.wrong, []);
  assertEquals((await run("moved away")).ran, []);
  await Deno.writeTextFile(project.path("moved away/d.txt"), "two");
  assertEquals((await run("moved away")).wrong, []);
  return moved.ran;
}

Deno.test("a function that can put the project's place into its result runs again in a moved project", async () => {
  assertEquals(await runsAfterMove(PLACED), Object.keys(PLACED));
});

Deno.test("a function that only opens files of a moved project does not run again", async () => {
  assertEquals(await runsAfterMove(FREE), []);
});
