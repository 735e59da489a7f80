import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

const MAIN = `import { cacheFile } from "@bimsb/cachepy";
import fs from "node:fs";
import promises from "node:fs/promises";
import { join } from "node:path";
const ran: string[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => event.kind === "run" && ran.push(event.fname) });
const here = import.meta.dirname!;
const steps = [
  cached({ name: "text" })(() => Deno.readTextFileSync("link/../d.txt")),
  cached({ name: "later" })(() => Deno.readTextFile("./link/..//d.txt")),
  cached({ name: "ofNode" })(() => fs.readFileSync("link/../d.txt", "utf8")),
  cached({ name: "promised" })(() => promises.readFile("link/../d.txt", "utf8")),
  cached({ name: "listing" })(() => [...Deno.readDirSync("link/..")].map(({ name }) => name).sort()),
  cached({ name: "metadata" })(() => fs.statSync("link/../d.txt").size),
  cached({ name: "deep" })(() => Deno.readTextFileSync("a/inner/../../link/../d.txt")),
  cached({ name: "argument", fileArgs: ["path"] })((path: string) => Deno.readTextFileSync(path)),
  cached({ name: "joined" })(() => Deno.readTextFileSync(join("link", "..", "own.txt"))),
  cached({ name: "folder" })(() => Deno.readTextFileSync("a/../own.txt")),
  cached({ name: "upwards" })(() => Deno.readTextFileSync(import.meta.dirname + "/a/../own.txt")),
  cached({ name: "own" })(() => {
    Deno.mkdirSync("made/inner", { recursive: true });
    Deno.writeTextFileSync("made/x", "x");
    const text = Deno.readTextFileSync("made/inner/../x");
    Deno.removeSync("made", { recursive: true });
    return text;
  }),
];
const results: unknown[] = [];
for (let round = 0; round < 2; round++) for (const step of steps) results.push(await (step as any)("link/../d.txt"));
console.log(JSON.stringify({ results: results.slice(0, steps.length), ran }));
`;

Deno.test("a path that turns back behind a link counts with what the link leads to, and no other path does", async () => {
  await using project = await Project.create({
    "here/main.ts": MAIN,
    "here/own.txt": "own",
    "here/a/d.txt": "1",
    "here/a/inner/x": "",
    "here/b/d.txt": "22",
    "here/b/e.txt": "",
    "here/b/inner/x": "",
  });
  await Deno.rename(project.path("deno.json"), project.path("here/deno.json"));
  const run = async (folder = "here") => {
    const options = { flags: ["-A", "--no-check"], cwd: project.path(folder) };
    const outcome = await project.run(`${folder}/main.ts`, options);
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<{ results: unknown[]; ran: string[] }>();
  };
  const link = async (target: string) => {
    await Deno.remove(project.path("here/link")).catch(() => {});
    await Deno.symlink(target, project.path("here/link"));
  };
  const behind = ["text", "later", "ofNode", "promised", "listing", "metadata", "deep", "argument"];
  await link("a/inner");
  const first = await run();
  assertEquals(first.ran, [...behind, "joined", "folder", "upwards", "own"], "the second round is all hits");
  assertEquals(first.results, ["1", "1", "1", "1", ["d.txt", "inner"], 1, "1", "1", "own", "own", "own", "x"]);
  assertEquals((await run()).ran, []);
  await link("b/inner");
  const second = await run();
  assertEquals(second.ran, behind);
  assertEquals(second.results.slice(0, 8), ["22", "22", "22", "22", ["d.txt", "e.txt", "inner"], 2, "22", "22"]);
  await Deno.rename(project.path("here"), project.path("there"));
  assertEquals((await run("there")).ran, [], "moving the project is free");
  await Deno.rename(project.path("there"), project.path("here"));
  await Deno.rename(project.path("here/a"), project.path("here/c"));
  await Deno.mkdir(project.path("far/d"), { recursive: true });
  await Deno.writeTextFile(project.path("far/own.txt"), "far");
  await Deno.symlink(project.path("far/d"), project.path("here/a"));
  await Deno.mkdir(project.path("far/d/inner"));
  await Deno.symlink(project.path("here/b/inner"), project.path("far/link"));
  const third = await run();
  assertEquals([third.results[9], third.results[10]], ["far", "far"], "a folder became a link");
});
