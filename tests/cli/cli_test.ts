import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import denoJson from "../../deno.json" with { type: "json" };
import { COMMANDS } from "../../src/cli/catalog.ts";
import { FLAGS, runCli } from "../support/run_cli.ts";
import { record } from "../support/records.ts";
import { seed, tempFolder } from "../support/seeded_cache.ts";

Deno.test("--help names every command, the permissions and the exit codes", async () => {
  for (const args of [["--help"], ["-h"], ["help"], ["--json", "--help"]]) {
    const { code, out, err } = await runCli(args);
    assertEquals([code, err], [0, ""]);
    for (const { name, summary } of COMMANDS) assertStringIncludes(out, `  ${name.padEnd(21)}  ${summary}\n`);
    for (const text of [...FLAGS, "Exit codes: 0", "CACHEPY_DIR", "NO_COLOR"]) assertStringIncludes(out, text);
  }
});

Deno.test("no command prints the help on standard error and is a usage error", async () => {
  const { code, out, err } = await runCli([]);
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "Usage:");
});

Deno.test("every command has a help with its options and the shape of its JSON", async () => {
  await Promise.all(COMMANDS.map(async ({ name, options }) => {
    const { code, out } = await runCli([name, "--help"]);
    assertEquals(code, 0);
    for (const option of options) assertStringIncludes(out, `--${option.name}`);
    assertStringIncludes(out, "JSON: ");
  }));
  assertEquals((await runCli(["help", "prune"])).out, (await runCli(["prune", "-h"])).out);
});

Deno.test("no line of the help is wider than 120 columns", async () => {
  for (const args of [[], ...COMMANDS.map(({ name }) => [name])]) {
    const { out } = await runCli([...args, "--help"], { flags: [] });
    for (const line of out.split("\n")) assert(line.length <= 120, line);
  }
});

Deno.test("the help and the version need no permission", async () => {
  assertEquals((await runCli(["--help"], { flags: [] })).code, 0);
  const { code, out } = await runCli(["--version"], { flags: [] });
  assertEquals([code, out], [0, `cachepy ${denoJson.version} (deno ${Deno.version.deno})\n`]);
});

Deno.test("an unknown command suggests the nearest", async () => {
  const { code, out, err } = await runCli(["stat"]);
  assertEquals([code, out, err], [2, "", 'error: Unknown command "stat"; did you mean stats?\n']);
  assertEquals((await runCli(["frobnicate"])).err, 'error: Unknown command "frobnicate"; see --help\n');
});

Deno.test("an unknown option is named, with the nearest", async () => {
  const { code, err } = await runCli(["list", "--lmit", "3"]);
  assertEquals([code, err], [2, "error: Unknown option --lmit; did you mean --limit?\n"]);
  assertEquals((await runCli(["list", "--zzz=1"])).err, "error: Unknown option --zzz; see --help\n");
  assertEquals((await runCli(["--zzz", "list"])).code, 2);
});

Deno.test("a value that is missing, needless or wrong is a usage error that says what is wanted", async () => {
  const wrong: [args: string[], message: string][] = [
    [["list", "--limit"], "Option --limit needs a value: --limit N"],
    [["list", "--limit", "many"], 'Option --limit needs a number of at least 0, got "many"'],
    [["list", "--limit", "1.5"], 'Option --limit needs a whole number, got "1.5"'],
    [["list", "--limit=-1"], 'Option --limit needs a number of at least 0, got "-1"'],
    [["list", "--limit", "-1"], 'Option --limit needs a number of at least 0, got "-1"'],
    [["list", "--sort", "age"], 'Option --sort needs one of created, used, size, compute, fname, got "age"'],
    [["list", "--json=yes"], 'Option --json takes no value, got "yes"; write --json'],
    [["prune", "--max-size", "big"], 'Option --max-size needs a size such as 500MB or 2GiB, got "big"'],
    [["prune", "--days-old", "--dry-run"], "Option --days-old needs a value: --days-old N"],
    [["tree", "--format", "png"], 'Option --format needs one of text, json, dot, svg, html, got "png"'],
    [
      ["tree", "-o", "g.png"],
      'Option --output needs a name that ends in .json, .dot, .gv, .svg, .html, .htm or .txt, got "g.png"; or name the ' +
      "format by --format",
    ],
    [
      ["tree", "-o", "/nodir/g.svg"],
      "Cannot write /nodir/g.svg: there is no folder /nodir; make it, or name another file in --output",
    ],
    [["info"], "Command info takes 1 argument, got 0; usage: info KEY|FUNCTION [options]"],
    [["diff", "aaaaaa"], "Command diff takes 2 arguments, got 1; usage: diff KEY KEY [options]"],
    [["stats", "extra"], "Command stats takes 0 arguments, got 1; usage: stats [options]"],
    [
      ["diff", "abc", "abc"],
      'KEY needs at least 6 hex characters of a call key, got "abc"; the command list names keys',
    ],
  ];
  await Promise.all(wrong.map(async ([args, message]) => {
    const { code, out, err } = await runCli(args);
    assertEquals([code, out, err], [2, "", `error: ${message}\n`]);
  }));
});

Deno.test("where there is no cache, commands answer with nothing and make nothing", async () => {
  using folder = tempFolder();
  const json: Record<string, unknown> = {
    stats: { cacheDir: "./.cachepy", entries: 0, sizeBytes: 0, oldest: null, newest: null, byFunction: [] },
    list: [],
    changed: [],
    files: [],
    prune: { removed: 0, freedBytes: 0, dryRun: false, left: { files: 0, bytes: 0 } },
    clear: { removed: 0, freedBytes: 0 },
    verify: { checked: 0, problems: [], repaired: 0 },
    tree: { format: "cachepy-graph-1", nodes: [], edges: [] },
  };
  for (const [command, expected] of Object.entries(json)) {
    const { code, out, err } = await runCli([command, "--json"], { cwd: folder.path });
    const note = "note: there is no cache at ./.cachepy yet\n";
    assertEquals([code, JSON.parse(out), err], [0, expected, note], command);
    assertEquals((await runCli([command], { cwd: folder.path })).code, 0, command);
  }
  for (const args of [["info", "abcdef"], ["why", "abcdef"], ["diff", "abcdef", "abcdef"]]) {
    const { code, out, err } = await runCli(args, { cwd: folder.path });
    assertEquals([code, out, err.includes("no cache at ./.cachepy")], [1, "", true], err);
  }
  assertEquals([...Deno.readDirSync(folder.path)], []);
});

Deno.test("a folder that is named and is no cache is an error of usage, and stays as it is", async () => {
  using folder = tempFolder();
  Deno.writeTextFileSync(`${folder.path}/file`, "mine");
  Deno.mkdirSync(`${folder.path}/src`);
  Deno.writeTextFileSync(`${folder.path}/src/a.ts`, "");
  Deno.mkdirSync(`${folder.path}/empty`);
  for (const command of ["stats", "list", "changed", "files", "prune", "clear", "verify", "tree"]) {
    for (const [name, what] of [["typo", "no such folder"], ["file", "is no folder"], ["src", "holds other things"]]) {
      const { code, out, err } = await runCli([command, "--cache-dir", name!], { cwd: folder.path });
      assertEquals([code, out, err.startsWith("error: There is no cache at "), err.includes(what!)], [
        2,
        "",
        true,
        true,
      ]);
    }
  }
  assertEquals((await runCli(["stats", "--cache-dir", "empty"], { cwd: folder.path })).code, 0);
  assertEquals([...Deno.readDirSync(`${folder.path}/src`)].length, 1);
  assertEquals([...Deno.readDirSync(folder.path)].map(({ name }) => name).sort(), ["empty", "file", "src"]);
});

Deno.test("the cache directory is --cache-dir, else CACHEPY_DIR, else ./.cachepy", async () => {
  using folder = tempFolder();
  for (const name of ["one", "two", ".cachepy"]) await seed(`${folder.path}/${name}`, record({ fname: name }));
  const listed = async (args: string[], env: Record<string, string> = {}) => {
    const { out } = await runCli([...args, "--json"], { cwd: folder.path, env });
    return JSON.parse(out).map(({ fname }: { fname: string }) => fname);
  };
  assertEquals(await listed(["list", "--cache-dir", "one"], { CACHEPY_DIR: "two" }), ["one"]);
  assertEquals(await listed(["--cache-dir=one", "list"]), ["one"]);
  assertEquals(await listed(["list"], { CACHEPY_DIR: "two" }), ["two"]);
  assertEquals(await listed(["list"]), [".cachepy"]);
});

Deno.test("without --cache-dir the command line looks where a program's cachepy.yml puts its cache", async () => {
  using folder = tempFolder();
  for (const name of ["one", "two"]) await seed(`${folder.path}/${name}`, record({ fname: name }));
  await Deno.writeTextFile(`${folder.path}/cachepy.yml`, "cache_dir: one\n");
  await Deno.mkdir(`${folder.path}/below`);
  const run = (...args: string[]) => runCli(args, { cwd: `${folder.path}/below`, env: { CACHEPY_DIR: "../two" } });
  assertEquals(JSON.parse((await run("list", "--json")).out)[0].fname, "one");
  assertEquals(JSON.parse((await run("list", "--json", "--cache-dir", "../two")).out)[0].fname, "two");
  await Deno.writeTextFile(`${folder.path}/cachepy.yml`, "cachedir: one\n");
  const { code, err } = await run("list");
  assertEquals(code, 2);
  assertStringIncludes(err, `${folder.path}/cachepy.yml:1: unknown key "cachedir"; did you mean cacheDir?`);
});

Deno.test("a missing permission gives the flag", async () => {
  using folder = tempFolder();
  await seed(folder.path, record());
  const { code, err } = await runCli(["list", "--cache-dir", folder.path], { flags: ["--unstable-kv"] });
  assertEquals(code, 2);
  assertMatch(err, /--allow-read/);
  const written = await runCli(["clear", "--cache-dir", folder.path], { flags: ["--unstable-kv", "--allow-read"] });
  assertEquals(written.code, 2);
  assertMatch(written.err, /--allow-write/);
});

Deno.test("without --unstable-kv the exact command line is given", async () => {
  using folder = tempFolder();
  await seed(folder.path, record());
  const script = `${folder.path}/without_kv.ts`;
  const main = new URL("../../src/cli/main.ts", import.meta.url);
  Deno.writeTextFileSync(
    script,
    `delete Deno.openKv; const { main } = await import("${main}"); Deno.exit(await main(Deno.args));`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const { code, out, err } = await runCli(["list", "--cache-dir", folder.path], {
    script,
    flags: [`--config=${config}`, "-A"],
  });
  assertEquals([code, out], [2, ""]);
  assertStringIncludes(err, "deno run -A --unstable-kv jsr:@bimsb/cachepy/cli COMMAND");
  assertStringIncludes(err, '"unstable": ["kv"]');
  assertStringIncludes(err, "deno install -gA --unstable-kv -n cachepy jsr:@bimsb/cachepy/cli");
});

Deno.test("--help starts within 100 ms of an empty script", async () => {
  using folder = tempFolder();
  const empty = `${folder.path}/empty.ts`;
  Deno.writeTextFileSync(empty, "");
  const fastest = async (script: string | undefined) => {
    let least = Infinity;
    for (let time = 0; time < 6; time++) {
      const start = performance.now();
      await runCli(["--help"], script === undefined ? {} : { script });
      least = Math.min(least, performance.now() - start);
    }
    return least;
  };
  const [help, nothing] = [await fastest(undefined), await fastest(empty)];
  assert(help - nothing <= 100, `${help} ms against ${nothing} ms`);
});
