/**
 * Shows what the cache does to a real analysis, run by its tasks: `deno task demo`.
 *
 * The analysis in `examples/weather` is copied, run cold and warm, after edits of its data and after edits of its code.
 * What must run is written down in `demo/scenes.ts`; the exit code is 1 when something else happens.
 *
 * @module
 */
import { formatDuration } from "../src/words/quantities.ts";
import { createStyle } from "../src/cli/text/terminal.ts";
import { findSurprises } from "./demo/check_scene.ts";
import { copyExample, type Project, replaceText } from "./demo/project.ts";
import { type PipelineRun, runPipeline } from "./demo/run_pipeline.ts";
import { SCENES, STEPS } from "./demo/scenes.ts";

const style = createStyle(Deno.stdout.isTerminal() && !Deno.noColor);

if (import.meta.main) {
  await using project = await copyExample();
  print(style.bold("Did Seattle get warmer and drier?"));
  print(style.dim("Daily weather of 2012 to 2015, seven cached steps; each run is `deno task report`, five processes"));
  await runPipeline(project, "data");

  let surprises = 0;
  for (const [index, scene] of SCENES.entries()) {
    print(`\n${style.bold(`${index + 1}  ${scene.title}`)}`);
    for (const edit of scene.edits) await replaceText(project, edit);
    const run = await runPipeline(project, "report");
    printRun(run);
    for (const surprise of findSurprises(scene, run)) {
      surprises++;
      print(`   ${style.bad("wrong")}   ${surprise}`);
    }
    if (index === 0) print(run.report.trimEnd().replace(/^/gm, "   "));
  }

  for (const command of ["stats", "tree"]) {
    print(`\n${style.bold(`cli.ts ${command}`)}`);
    print(await runCli(project, command));
  }
  print(surprises === 0 ? style.good("Every run did what it must") : style.bad(`${surprises} surprises`));
  Deno.exitCode = surprises === 0 ? 0 : 1;
}

function printRun({ outcomes, elapsedMs }: PipelineRun): void {
  const did = new Map(outcomes.map((outcome) => [outcome.step, outcome]));
  const named = (outcome?: string) => STEPS.filter((step) => did.get(step)?.outcome === outcome);
  for (const step of named("ran")) {
    const { ms, why } = did.get(step)!;
    print(`   ${style.warn("ran")}        ${step.padEnd(18)} ${formatDuration(ms).padStart(7)}   ${style.dim(why)}`);
  }
  if (named("reused").length > 0) print(`   ${style.good("reused")}     ${named("reused").join(", ")}`);
  if (named().length > 0) print(`   ${style.dim("not asked")}  ${named().join(", ")}`);
  print(`   ${style.dim(`${named("ran").length} of ${STEPS.length} steps ran, ${formatDuration(elapsedMs)} in all`)}`);
}

async function runCli(project: Project, command: string): Promise<string> {
  const cli = new URL("../cli.ts", import.meta.url).href;
  const { success, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", cli, command, "--cache-dir", ".cachepy"],
    cwd: project.dir,
  }).output();
  if (!success) throw new Error(`cli.ts ${command} failed:\n${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).trimEnd();
}

function print(text: string): void {
  // deno-lint-ignore no-console
  console.log(text);
}
