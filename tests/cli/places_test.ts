import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { runCli } from "../support/run_cli.ts";
import { Project } from "../support/project.ts";
import { COMMANDS } from "../../src/cli/catalog.ts";

const CHECKOUT = fromFileUrl(new URL("../../", import.meta.url));

/** A project with entries of three kinds: two of `load`, one of `total`, and calls of `draw` that are not stored. */
async function openProject(): Promise<Project> {
  const project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
const cached = cacheFile();
const load = cached(async (path: string) => await Deno.readTextFile(path));
const total = cached(async (path: string) => (await load(path)).length);
const draw = cached((): unknown => () => 1);
await total("a.txt");
await load("b.txt");
await draw();
`,
    "a.txt": "a",
    "b.txt": "bb",
  });
  const { code, stderr } = await project.run("main.ts");
  assertEquals(code, 0, stderr);
  return project;
}

Deno.test("info and why take the name of a function, and why tells what was not stored", async () => {
  await using project = await openProject();
  const at = { cwd: project.folder };
  const one = await runCli(["info", "total", "--json"], at);
  assertEquals([one.code, JSON.parse(one.out).value, one.err], [0, 1, ""]);
  const newest = await runCli(["info", "load", "--json"], at);
  assertEquals([newest.code, JSON.parse(newest.out).value], [0, "bb"]);
  assertEquals(newest.err, "note: load has 1 older entry, which the command list names\n");
  const why = await runCli(["why", "total"], at);
  assertEquals([why.code, why.out.includes("now: fresh")], [0, true], why.err);
  const lost = await runCli(["why", "draw"], at);
  assertEquals(lost.code, 1);
  assertStringIncludes(lost.out, "not stored: 1 call of draw: ");
  for (const command of ["info", "why"]) {
    const unknown = await runCli([command, "totals"], at);
    const err = 'No entry or function "totals" in ./.cachepy; did you mean total?\n';
    assertEquals([unknown.code, unknown.out, unknown.err], [1, "", err]);
    assertEquals(
      (await runCli([command, "q"], at)).err,
      'No entry or function "q" in ./.cachepy; the command list names both\n',
    );
  }
});

Deno.test("a name of a function that no entry has is told, with the nearest, in each command that takes one", async () => {
  await using project = await openProject();
  const at = { cwd: project.folder };
  for (const command of COMMANDS.filter(({ options }) => options.some(({ name }) => name === "fname"))) {
    const said = async (fname: string) =>
      (await runCli([command.name, "--fname", fname, "--yes"].slice(0, command.name === "clear" ? 4 : 3), at)).err;
    assertStringIncludes(
      await said("totl"),
      'note: no entry is of a function "totl"; did you mean total?\n',
      command.name,
    );
    if (command.name !== "clear") assertEquals((await said("total")).includes("no entry"), false, command.name);
  }
});

Deno.test("why tells the reason of the newest execution of an entry", async () => {
  await using project = await Project.create({
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
const step = cacheFile()(async function step(path: string) { return (await Deno.readTextFile(path)).length; });
await step("a.txt");
`,
    "a.txt": "a",
  });
  await project.run("main.ts");
  const at = { cwd: project.folder };
  assertEquals((await runCli(["why", "step"], at)).out.includes("computed again"), false);
  await project.write("a.txt", "aa");
  await project.run("main.ts");
  const { out } = await runCli(["why", "step"], at);
  assertStringIncludes(
    out,
    "no earlier entry of this function is stored\ncomputed again because:\n  a.txt changed\nnow: ",
  );
  const [entry] = JSON.parse((await runCli(["why", "step", "--json"], at)).out);
  assertEquals(entry.again.summary, "a.txt changed");
});

Deno.test("notices stand as they are, without a lead of their own", async () => {
  await using project = await Project.create({
    "main.ts": `import { readFileSync } from "node:fs";
import { cacheFile } from "@bimsb/cachepy";
const state = { runs: 0 };
const step = cacheFile()(function step(_x: number) { state.runs++; return readFileSync("deno.json", "utf8").length; });
await step(1);
`,
  });
  await project.run("main.ts");
  const { out } = await runCli(["why", "step"], { cwd: project.folder });
  const notes = out.split("\n").filter((line) => line.startsWith("note: "));
  assert(notes.length > 0, out);
  assertEquals(notes.filter((note) => /not tracked: .*(?:not tracked|what it reads|left out)/.test(note)), []);
});

Deno.test("without flags the message names -P, with which the command runs", async () => {
  await using project = await openProject();
  const without = await runCli(["stats", "--cache-dir", project.path(".cachepy")], { flags: [] });
  assertEquals([without.code, without.out], [2, ""]);
  assertStringIncludes(without.err, "or with -P where deno.json grants them");
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-P", "cli.ts", "stats", "--json", "--cache-dir", project.path(".cachepy")],
    cwd: CHECKOUT,
    stdin: "null",
  }).output();
  assertEquals([code, JSON.parse(new TextDecoder().decode(stdout)).entries], [0, 3]);
});

Deno.test("on a terminal the command asks once for each kind of access, and then runs", async () => {
  await using project = await openProject();
  const script = new Deno.Command("script", {
    args: ["-qec", `${Deno.execPath()} run cli.ts stats --cache-dir ${project.path(".cachepy")}`, "/dev/null"],
    cwd: CHECKOUT,
    env: { NO_COLOR: "1" },
    stdin: "piped",
    stdout: "piped",
    signal: AbortSignal.timeout(120_000),
  }).spawn();
  const writer = script.stdin.getWriter();
  let shown = "";
  const count = (text: string) => shown.split(text).length - 1;
  // Deno drops what was typed before its question, so the answer is given until it is taken.
  const answers = setInterval(() => {
    if (count("Allow?") > count("Granted")) writer.write(new TextEncoder().encode("y\n")).catch(() => {});
  }, 200);
  const decoder = new TextDecoder();
  for await (const bytes of script.stdout) {
    shown += decoder.decode(bytes, { stream: true });
    if (shown.includes("FUNCTION")) break;
  }
  clearInterval(answers);
  await writer.close().catch(() => {});
  await script.status;
  assertEquals([count("Allow?"), count("Granted")], [2, 2], shown);
});

Deno.test("the command that deno install makes of a checkout runs in any folder", async () => {
  await using project = await openProject();
  const root = project.path("root");
  const install = await new Deno.Command(Deno.execPath(), {
    args: [
      ..."install -gA --unstable-kv --import-map links/import_map.json -n cachepy --root".split(" "),
      root,
      "cli.ts",
    ],
    cwd: CHECKOUT,
  }).output();
  assertEquals(install.success, true, new TextDecoder().decode(install.stderr));
  const { code, stdout, stderr } = await new Deno.Command(`${root}/bin/cachepy`, {
    args: ["stats", "--json"],
    cwd: project.folder,
  }).output();
  assertEquals([code, JSON.parse(new TextDecoder().decode(stdout)).entries], [0, 3], new TextDecoder().decode(stderr));
  const reference = await Deno.readTextFile(`${CHECKOUT}/docs/reference.md`);
  assertStringIncludes(
    reference,
    "deno install -gA --unstable-kv --import-map links/import_map.json -n cachepy cli.ts",
  );
});

Deno.test("completions of each shell have all commands and options, and bash takes them", async () => {
  for (const shell of ["bash", "zsh", "fish"]) {
    const { code, out } = await runCli(["completions", shell]);
    assertEquals(code, 0);
    for (const { name, options } of COMMANDS) {
      assertStringIncludes(out, name);
      for (const option of options) assertStringIncludes(out, option.name);
    }
  }
  assertEquals((await runCli(["completions", "tcsh"])).code, 2);
  await using project = await Project.create({ "cachepy.yml": "cach_dir: x\n" });
  assertEquals((await runCli(["completions", "bash"], { cwd: project.folder })).err, "");
  const { out } = await runCli(["completions", "bash"]);
  const complete = async (...words: string[]) => {
    const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length - 1}; ` +
      `_cachepy; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await new Deno.Command("bash", { args: ["-c", `${out}\n${ask}`] }).output();
    return new TextDecoder().decode(stdout).trim().split("\n");
  };
  assertEquals(await complete("cachepy", "sta"), ["stats"]);
  assertEquals(await complete("cachepy", "prune", "--max"), ["--max-size"]);
  assertEquals(await complete("cachepy", "--json", "prune", "--dry"), ["--dry-run"]);
  assertEquals(await complete("cachepy", "tree", "--format", "s"), ["svg"]);
});

Deno.test("a mistake in cachepy.yml is told in one line, without a stack", async () => {
  await using project = await Project.create({ "cachepy.yml": "verbose: [true\n", "main.ts": "" });
  const { code, err } = await runCli(["stats"], { cwd: project.folder });
  assertEquals([code, err.trim().split("\n").length], [2, 1], err);
  assertStringIncludes(err, "cachepy.yml:");
});
