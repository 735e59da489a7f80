import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { type Outcome, Project } from "../support/project.ts";
import { filesBelow } from "../support/rig.ts";

/** One function, called twice as the arguments say; prints events, or the error. */
const MAIN = `
import { cacheFile, type CacheOptions } from "@bimsb/cachepy";

const kinds: string[] = [];
const inCode: CacheOptions = JSON.parse(Deno.args[0] ?? "{}");
const calls: unknown[][] = JSON.parse(Deno.args[1] ?? "[[1],[1]]");
try {
  const cached = cacheFile({ ...inCode, onEvent: ({ kind }) => kinds.push(kind) });
  const step = cached(function step(x: number, noise: number = 0, path: string = "none") {
    return [x, noise, path];
  });
  for (const call of calls) await step(...call as [number]);
  console.log(JSON.stringify({ kinds: kinds.filter((kind) => kind === "run" || kind === "hit") }));
} catch (error) {
  const { name, code, path, message } = error as Error & { code: string; path: string };
  console.log(JSON.stringify({ name, code, path, message, kinds }));
}`;

interface Said {
  readonly kinds: string[];
  readonly name?: string;
  readonly code?: string;
  readonly path?: string;
  readonly message?: string;
}

function linesOf({ stderr }: Outcome): string[] {
  return stderr.split("\n").filter((line) => line.startsWith("cachepy: "));
}

async function cachesOf(project: Project): Promise<string[]> {
  return (await filesBelow(project.folder)).filter((name) => name.endsWith("CACHEDIR.TAG"));
}

Deno.test("cachepy.yml is found upwards from the working directory and applied; its paths are relative to it", async () => {
  await using project = await Project.create({
    "cachepy.yml": "cache_dir: store/here\nverbose: true\nversion: '7'\n",
    "deep/er/keep": "",
    "main.ts": MAIN,
  });
  const first = await project.run("main.ts", { cwd: project.path("deep/er") });
  assertEquals(first.json<Said>().kinds, ["run", "hit"]);
  assertEquals(linesOf(first)[0], "cachepy: step: first execution");
  assertMatch(linesOf(first)[1]!, /^cachepy: step: hit in /);
  assertEquals(await cachesOf(project), ["store/here/CACHEDIR.TAG"]);
  await project.edit("cachepy.yml", "'7'", "'8'");
  const second = await project.run("main.ts");
  assertEquals(linesOf(second)[0], 'cachepy: step: miss: version: "7" → "8"');
});

Deno.test("options in code win over the file, one by one; CACHEPY_DIR gives way to the file, and is the default", async () => {
  await using project = await Project.create({
    ".cachepy.yml": "cache_dir: of-file\nverbose: true\n",
    "main.ts": MAIN,
  });
  const env = { CACHEPY_DIR: "of-variable" };
  const inCode = await project.run("main.ts", { args: ['{"cacheDir":"of-code"}'], env });
  assertEquals(await cachesOf(project), ["of-code/CACHEDIR.TAG"]);
  assertEquals(linesOf(inCode).length, 2, "what the code does not say is taken from the file");
  const quiet = await project.run("main.ts", { args: ['{"verbose":false}'], env });
  assertEquals(linesOf(quiet), []);
  assertEquals(await cachesOf(project), ["of-code/CACHEDIR.TAG", "of-file/CACHEDIR.TAG"]);
  await Deno.remove(project.path(".cachepy.yml"));
  await project.run("main.ts", { env });
  assertEquals((await cachesOf(project)).at(-1), "of-variable/CACHEDIR.TAG");
  await project.run("main.ts");
  assertEquals((await cachesOf(project))[0], ".cachepy/CACHEDIR.TAG");
});

Deno.test("ignore_args and file_args of the file hold for the functions that have such parameters", async () => {
  await using project = await Project.create({
    "cachepy.yml": "ignore_args: [noise, somethingElse]\nfile_args: [path]\n",
    "a.csv": "1",
    "b.csv": "1",
    "main.ts": MAIN,
  });
  const run = async (calls: unknown[][], options: object = {}): Promise<string[]> =>
    (await project.run("main.ts", { args: [JSON.stringify(options), JSON.stringify(calls)] })).json<Said>().kinds;
  assertEquals(await run([[1, 5], [1, 6], [2, 6]]), ["run", "hit", "run"]);
  assertEquals(await run([[1, 0, "a.csv"], [1, 0, "b.csv"]]), ["run", "run"]);
  await project.write("a.csv", "2");
  assertEquals(await run([[1, 0, "a.csv"], [1, 0, "b.csv"]]), ["run", "hit"]);
  assertEquals(await run([[1, 5], [1, 6]], { ignoreArgs: [] }), ["run", "run"]);
});

Deno.test("a mistake in the file is an error at the first call that names file, line and key, and runs nothing", async () => {
  await using project = await Project.create({ "main.ts": MAIN });
  const file = project.path("cachepy.yml");
  for (
    const [text, line, key, message] of [
      ["verbose: true\ncachedir: x\n", 2, "cachedir", 'unknown key "cachedir"; did you mean cacheDir?'],
      ["# comment\n\nverbose: 1\n", 3, "verbose", "verbose: got 1, want true or false"],
      ["version: 2\n", 1, "version", "version: got 2, want a string; put it in quotes"],
      ["ignoreArgs: noise\n", 1, "ignoreArgs", 'write ignoreArgs: ["noise"]'],
    ] as const
  ) {
    await project.write("cachepy.yml", text);
    const said = (await project.run("main.ts")).json<Said>();
    assertEquals({ ...said, message: "" }, {
      name: "CacheTypeError",
      code: "ERR_CONFIG",
      path: `${file}:${line}:${key}`,
      message: "",
      kinds: [],
    });
    assertEquals(said.message?.startsWith(`${file}:${line}: `), true, said.message);
    assertEquals(said.message?.includes(message), true, said.message);
  }
  await project.write("cachepy.yml", "verbose: [\n");
  assertMatch(
    (await project.run("main.ts")).json<Said>().message!,
    /cachepy\.yml:\d+: not valid YAML: .*mend the syntax/,
  );
});

Deno.test("wrapping reads no file: what is imported and never called does not fail for a mistake in it", async () => {
  await using project = await Project.create({
    "cachepy.yml": "nonsense: 1\n",
    "main.ts": MAIN,
  });
  assertEquals((await project.run("main.ts", { args: ["{}", "[]"] })).json(), { kinds: [] });
});

Deno.test("the working directory of the first call decides which file holds, that of the wrapping where the cache is", async () => {
  await using project = await Project.create({
    "one/cachepy.yml": "verbose: true\n",
    "main.ts": MAIN.replace("  for (const call", '  Deno.chdir("one");\n  for (const call'),
  });
  assertEquals(linesOf(await project.run("main.ts")).length, 2);
  assertEquals(await cachesOf(project), [join(".cachepy", "CACHEDIR.TAG")]);
});

const mayGiveAway = Deno.build.os !== "windows" && Deno.uid() === 0;

Deno.test({
  name: "a configuration of another user, or of everybody, found by the search is not used, and that is said",
  ignore: Deno.build.os === "windows",
  async fn() {
    const ways: [said: RegExp, change: (path: string) => Promise<void>][] = [
      [/can be written to by every user/, (path) => Deno.chmod(path, 0o666)],
    ];
    if (mayGiveAway) {
      ways.push([/belongs to another user \(65534\)/, (path) => Deno.chown(path, 65534, 65534)]);
      ways.push([/belongs to another user \(65534\)/, async (path) => {
        await Deno.rename(path, `${path}.mine`);
        await Deno.symlink(`${path}.mine`, path);
        // A link has an owner of its own.
        const chown = await new Deno.Command("chown", { args: ["-h", "65534", path] }).output();
        assertEquals(chown.code, 0);
      }]);
    }
    for (const [said, change] of ways) {
      for (const flags of [["-A"], ["--allow-read", "--allow-write", "--allow-env"]]) {
        await using project = await Project.create({ "cachepy.yml": "cache_dir: elsewhere\n", "main.ts": MAIN });
        await change(project.path("cachepy.yml"));
        const outcome = await project.run("main.ts", { flags: [...flags, "--no-check"] });
        assertEquals(outcome.json<Said>().kinds, ["run", "hit"]);
        assertEquals((await cachesOf(project)).map((path) => path.split("/")[0]), [".cachepy"]);
        const lines = linesOf(outcome);
        assertEquals(lines.length, 1, outcome.stderr);
        assertMatch(lines[0]!, said);
        assertMatch(lines[0]!, /cachepy\.yml is not used.*pass it by loadConfig\(\)/);
      }
    }
  },
});

Deno.test("a configuration of the user's own, of the system's user, and one that is named, are used", async () => {
  await using project = await Project.create({
    "cachepy.yml": "cache_dir: elsewhere\n",
    "main.ts": MAIN,
    "named.ts": `import { cacheFile, loadConfig } from "@bimsb/cachepy";
const step = cacheFile(await loadConfig("cachepy.yml"))(function step(x) { return x; });
console.log(JSON.stringify(await step(1)));`,
  });
  const own = await project.run("main.ts");
  assertEquals([linesOf(own), (await cachesOf(project)).map((path) => path.split("/")[0])], [[], ["elsewhere"]]);
  await Deno.chmod(project.path("cachepy.yml"), 0o644);
  if (mayGiveAway) await Deno.chown(project.path("cachepy.yml"), 65534, 65534);
  await Deno.remove(project.path("elsewhere"), { recursive: true });
  await project.run("named.ts", { flags: ["-A", "--no-check"], cwd: project.folder });
  assertEquals((await cachesOf(project)).some((path) => path.startsWith("elsewhere")), true);
});
