import { assert, assertEquals } from "@std/assert";
import { type OutsideProgram, PROGRAMS } from "../fixtures/outside_programs.ts";
import { Project } from "../support/project.ts";
import { sampleOf } from "../support/sample.ts";
import { twoAtATime } from "../support/two_at_a_time.ts";

interface Printed {
  /** Results of the cached function and of the function itself, before and after what the program does later. */
  readonly results: readonly unknown[];
  readonly runs: number;
  readonly notices: readonly string[];
}

function filesOf({ tool, setup, body, file, later = "" }: OutsideProgram): Record<string, string> {
  return {
    ...Object.fromEntries(Object.entries(tool).map(([name, text]) => [`node_modules/tool/${name}`, text])),
    "node_modules/tool/package.json": JSON.stringify({ name: "tool", version: "1.0.0" }),
    ...file === undefined ? {} : { [file[0]]: file[1] },
    "main.ts": `import { cacheFile } from "@bimsb/cachepy";
${setup}
let runs = 0;
const notices: string[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => {
  if (event.kind === "run") runs++;
  if (event.kind === "notice") notices.push(event.detail);
} });
// deno-lint-ignore no-explicit-any
const step = cached(function step(x: any) { ${body} });
const results = [await step(2), step.original(2)];
${later}
results.push(await step(2), step.original(2));
console.log(JSON.stringify({ results, runs, notices }));
`,
  };
}

async function run(
  project: Project,
  env: Readonly<Record<string, string>> = {},
  args: readonly string[] = [],
): Promise<Printed> {
  const outcome = await project.run("main.ts", { env: { TZ: "UTC", LOUD: "", ...env }, args });
  assertEquals(outcome.code, 0, outcome.stderr);
  return JSON.parse(outcome.stdout.trim().split("\n").at(-1) ?? "") as Printed;
}

function assertNeverStale({ results }: Printed): void {
  assertEquals([results[0], results[2]], [results[1], results[3]], "a stale result");
}

async function check(program: OutsideProgram): Promise<void> {
  await using project = await Project.create(filesOf(program), {
    imports: { tool: `./node_modules/tool/${Object.keys(program.tool)[0]}` },
  });
  const first = await run(project);
  assertNeverStale(first);
  assertEquals(first.runs, program.later === undefined ? 1 : 2);
  await project.edit("main.ts", ...program.quiet);
  const again = await run(project);
  assertEquals([again.results, again.runs], [first.results, 0], "a needless run");
  if (program.edit) await project.edit("main.ts", ...program.edit);
  if (program.file) await project.write(program.file[0], program.file[2]);
  const edited = await run(project, program.env, program.args);
  assertNeverStale(edited);
  assert(edited.runs > 0);
  assert(edited.results[0] !== first.results[0], "the edit changes the result");
}

Deno.test("what packages were made with and told counts, and nothing else does", async (t) => {
  const failures = new Map<OutsideProgram, unknown>();
  const programs = sampleOf(PROGRAMS);
  await twoAtATime(programs, async (program) => {
    try {
      await check(program);
    } catch (error) {
      failures.set(program, error);
    }
  });
  for (const program of programs) {
    await t.step(program.name, () => {
      if (failures.has(program)) throw failures.get(program);
    });
  }
});
