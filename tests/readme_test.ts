import { assert, assertEquals, assertMatch } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { type Outcome, Project } from "./support/project.ts";
import { runCli } from "./support/run_cli.ts";

const MIGRATE = await Deno.readTextFile(new URL("../docs/migrate.md", import.meta.url));
const README = await Deno.readTextFile(new URL("../README.md", import.meta.url));
const REFERENCE = await Deno.readTextFile(new URL("../docs/reference.md", import.meta.url));

/** The code blocks of a language, in order, of the README and of the reference. */
function blocksOf(language: string, pages = `${README}\n${REFERENCE}`): string[] {
  return [...pages.matchAll(new RegExp(`^\`\`\`${language}\n([\\s\\S]*?)^\`\`\``, "gm"))].map(([, code]) => code!);
}

/** The cells of a table's rows, by the words of its head. */
function tableOf(head: string): string[][] {
  const text = `${README}\n${REFERENCE}`;
  const lines = text.slice(text.search(new RegExp(`^\\| ${head} +\\|`, "m"))).split("\n");
  const rows = lines.slice(2, lines.findIndex((line) => !line.startsWith("|")));
  return rows.map((row) => row.split(/(?<!\\)\|/).slice(1, -1).map((cell) => cell.trim()));
}

/** The lines that a run printed, with every duration as `…`. */
function linesOf({ code, stderr }: Outcome): string[] {
  assertEquals(code, 0, stderr);
  const lines = stderr.split("\n").filter((line) => line.startsWith("cachepy: "));
  return lines.map((line) => withoutTimes(line.slice("cachepy: ".length)));
}

function withoutTimes(line: string): string {
  return line.replace(/ in .*/, "").replace(/\d+(\.\d+)? (ms|s)\b/g, "…");
}

Deno.test("the first example says what its table says, row by row, as real processes", async () => {
  const [example] = blocksOf("ts");
  assert(example!.trimEnd().split("\n").length <= 15, "it is what its heading says");
  const manifest = JSON.parse(blocksOf("json")[0]!);
  await using project = await Project.create({ "main.ts": example! }, manifest);
  const changes: Record<string, () => Promise<void>> = {
    "`THRESHOLD = 2`": () => project.edit("main.ts", "THRESHOLD = 1", "THRESHOLD = 2"),
    "a comment, another local name": async () => {
      await project.edit("main.ts", "(rain) => rain >=", "(drops) => drops >=");
      await project.edit("main.ts", "const countWet", "// rainy days\nconst countWet");
    },
  };
  let args: string[] = [];
  let wet = "";
  for (const [run, says] of tableOf("run")) {
    const argument = /`(0\.2,[^`]*)`/.exec(run!)?.[1];
    if (argument !== undefined) args = [argument];
    await changes[run!]?.();
    assert(argument !== undefined || run! in changes || /^the (first|second)$/.test(run!), `unknown row: ${run}`);
    const outcome = await project.run("main.ts", { args });
    const wanted = [...says!.matchAll(/`([^`]+)`/g)].map(([, line]) => withoutTimes(line!));
    assertEquals(linesOf(outcome), wanted, run);
    wet += outcome.stdout;
  }
  assertEquals(wet.match(/\d/g)?.join(""), "223322", "the numbers are right whether or not they were computed");
});

/** Comments on console.log() lines say what is printed; what differs from run to run is written as text. */
Deno.test("the comments in the examples are what is printed", async () => {
  for (const [index, code] of [...blocksOf("ts").slice(1), ...blocksOf("ts", MIGRATE)].entries()) {
    await using project = await Project.create({ "main.ts": code });
    const outcome = await project.run("main.ts");
    assertEquals(outcome.code, 0, `example ${index + 2}: ${outcome.stderr}`);
    const printed = outcome.stdout.trimEnd().split("\n");
    const wanted = [...code.matchAll(/^ *console\.log\(.*\); \/\/ (.*)$/gm)].map(([, comment]) => comment!);
    assertEquals(printed.length >= wanted.length, true, outcome.stdout);
    for (const [line, comment] of wanted.entries()) {
      if (/^nothing|^the call key/.test(comment)) continue;
      assertEquals(printed[line], comment.replace(/: .*/, (rest) => /^(true|false)/.test(comment) ? "" : rest));
    }
  }
});

Deno.test("a project that links a checkout runs the example and the command line", async () => {
  const checkout = fromFileUrl(new URL("..", import.meta.url));
  const manifest = JSON.parse(
    blocksOf("json")[1]!.replaceAll("../cachepy/", checkout).replaceAll("../cachepy", checkout),
  );
  await using project = await Project.create({ "main.ts": blocksOf("ts")[0]! });
  await project.write("deno.json", JSON.stringify(manifest));
  await project.write("cachepy.yml", "verbose: true\n");
  assertEquals(linesOf(await project.run("main.ts")), ["countWet: first execution", "load: first execution"]);
  await project.write("cli.ts", `import { main } from "@bimsb/cachepy/cli";\nDeno.exit(await main(Deno.args));\n`);
  assertMatch((await project.run("cli.ts", { args: ["list"] })).stdout, /countWet/);
});

Deno.test("each line for the shell that needs no network runs, in a project where something was cached", async () => {
  const [example] = blocksOf("ts");
  await using project = await Project.create({ "main.ts": example! }, JSON.parse(blocksOf("json")[0]!));
  await project.run("main.ts");
  const key = /[0-9a-f]{64}/.exec((await runCli(["list", "--json"], { cwd: project.folder })).out)![0];
  const lines = blocksOf("sh").join("").split("\n").map((line) => line.replace(/\s+#.*/, "").trim());
  let ran = 0;
  for (const line of lines) {
    const command = /^(?:deno run -A jsr:@bimsb\/cachepy\/cli|cachepy) (.*)$/.exec(line)?.[1];
    if (command === undefined) continue;
    const { code, out, err } = await runCli(command.replace("KEY", key).split(" "), { cwd: project.folder });
    assertEquals([code, /error|warning/.exec(err)], [0, null], `${line}: ${err}`);
    assert(out + err !== "", line);
    ran++;
  }
  assertEquals(ran, lines.filter((line) => line !== "" && !line.startsWith("deno install")).length);
  for (const name of ["graph", "cachepy-report"]) {
    assertMatch(await Deno.readTextFile(project.path(`${name}.html`)), /"name":"countWet"/);
  }
});

Deno.test("every option, command and function that there is has its place in the reference, and no other has", async () => {
  const { OPTION_NAMES } = await import("../src/options/check_options.ts");
  const options = tableOf("option").flatMap(([names]) => [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!));
  assertEquals(options.toSorted(), [...OPTION_NAMES].sort());
  const { COMMANDS } = await import("../src/cli/catalog.ts");
  const commands = /^Commands: ([^.]*)\.\s/m.exec(REFERENCE)![1]!;
  assertEquals(commands.match(/[a-z]+/g)!.toSorted(), COMMANDS.map(({ name }) => name).sort());
  const module = Object.keys(await import("@bimsb/cachepy"));
  assertEquals(module.filter((name) => !REFERENCE.includes(`\`${name}`) && !REFERENCE.includes(`${name}(`)), []);
});

/** What cachepy 1.1 and cacheR 1.0 export, and the options of their decorators and calls. */
const SISTERS =
  "cache_file track_file cache_tree_nodes cache_tree_reset cache_tree_save cache_tree_load cache_tree_changed_files " +
  "cache_tree_for_file cache_tree_files cache_tree_summary cache_tree_sync cache_tree_to_json cache_tree_to_dot " +
  "plot_cache_graph cache_info cache_list cache_stats cache_prune cache_default_dir cache_file_state_info " +
  "cache_file_state_clear load_config cacheFile cacheInfo cacheList cachePrune cacheR_default_dir cacheR_reset_graph " +
  "cacheTree_for_file cacheTree_load cacheTree_nodes cacheTree_reset cacheTree_save cacheTree_sync decorator " +
  "export_targets_file prettify pretty_code cache_dir backend file_args ignore_args file_pattern env_vars algo version " +
  "depends_on_files depends_on_vars verbose hash_file_paths _load _force _skip_save .load .force .skip_save " +
  "cacheR.dir cacheR.verbose cacheR.wait_timeout cacheR.poll_interval CACHER_DIR .cacheR.yml";

Deno.test("the page for those who come from the sister tools has all that those have, and names nothing that is not here", async () => {
  const missing = SISTERS.split(" ").filter((name) =>
    !new RegExp(`(?<![\\w.])${RegExp.escape(name)}(?!\\w)`).test(MIGRATE)
  );
  assertEquals(missing, []);
  const { OPTION_NAMES } = await import("../src/options/check_options.ts");
  const module = Object.keys(await import("@bimsb/cachepy"));
  const tables = MIGRATE.split("\n").filter((line) => line.startsWith("|"));
  const named = tables.flatMap((line) => [...(line.split(/(?<!\\)\|/)[3] ?? "").matchAll(/`([a-zA-Z]+)[(:`]/g)]);
  const called = named.map(([text, name]) => [name!, text.endsWith("(")] as const);
  assert(called.length > 30);
  for (const [name, isFunction] of called) {
    assert(isFunction ? [...module, "cached"].includes(name) : OPTION_NAMES.includes(name as never), name);
  }
  assertEquals(module.filter((name) => !MIGRATE.includes(`${name}(`)), ["CacheError", "CacheTypeError", "ofClass"]);
});
