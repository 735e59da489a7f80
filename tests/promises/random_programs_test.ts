/**
 * Programs that are made at random from a grammar of what functions can depend on. Each is run as it is, after an edit
 * that costs nothing, and after one that changes what its cached function returns, in a process of its own each time.
 */
import { assertEquals } from "@std/assert";
import {
  makePlan,
  type Plan,
  type Program,
  seeded,
  smallerPlans,
  writeProgram,
} from "../fixtures/random_programs/plan.ts";
import { type Fault, type Findings, runBatch } from "../support/random_batches.ts";
import { twoAtATime } from "../support/two_at_a_time.ts";

/** The same programs in each run, unless another seed is given. */
const SEED = Number(Deno.env.get("CACHEPY_RANDOM_SEED") ?? 1);
const PROGRAMS = Number(Deno.env.get("CACHEPY_RANDOM_PROGRAMS") ?? 60);
/** A plan as JSON, which is then the only one that is run. */
const PLAN = Deno.env.get("CACHEPY_RANDOM_PLAN");

/** Number of programs of one process; few programs, too, are shared by two processes. */
const BATCH = Math.min(100, Math.ceil(PROGRAMS / 2));

function plansOf(seed: number): Plan[] {
  if (PLAN !== undefined) return [JSON.parse(PLAN) as Plan];
  return Array.from({ length: PROGRAMS }, (_, at) => makePlan(seeded(Math.imul(seed, 1_000_003) + at)));
}

const runPlans = (plans: readonly Plan[]): Promise<Findings> =>
  runBatch(plans.map((plan, at) => writeProgram(plan, `p${at}`)));

/** Looks for the smallest program with the same fault. */
async function shrink(fault: Fault): Promise<Fault> {
  for (let smaller: Fault | undefined = fault; smaller !== undefined;) {
    fault = smaller;
    const plans = smallerPlans(fault.program.plan);
    const { faults } = plans.length === 0 ? { faults: [] } : await runPlans(plans);
    smaller = faults.find(({ kind }) => kind === fault.kind);
  }
  return fault;
}

function textOf({ plan, files, packages, change }: Program): string {
  const texts = { ...files };
  for (const [name, { files }] of Object.entries(packages)) {
    for (const [file, text] of Object.entries(files)) texts[`node_modules/${name}/${file}`] = text;
  }
  return [
    `CACHEPY_RANDOM_PLAN='${JSON.stringify(plan)}'`,
    ...Object.entries(texts).map(([name, text]) => `// ${name}\n${text}`),
    `// Edit: ${JSON.stringify(change)}`,
  ].join("\n");
}

Deno.test(`${PROGRAMS} random programs: no old result that is not named, no needless run, no false alarm`, async () => {
  const plans = plansOf(SEED);
  const batches = Array.from(
    { length: Math.ceil(plans.length / BATCH) },
    (_, at) => plans.slice(at * BATCH, (at + 1) * BATCH),
  );
  const findings: Findings[] = [];
  await twoAtATime(batches, async (batch) => void findings.push(await runPlans(batch)));
  const faults = findings.flatMap((one) => one.faults);
  const namedOnly = findings.flatMap((one) => one.namedOnly);
  const tally = Object.groupBy(faults, ({ kind }) => kind);
  const found = faults.map(({ kind, program }) => `\n${kind}: CACHEPY_RANDOM_PLAN='${JSON.stringify(program.plan)}'`);
  // deno-lint-ignore no-console -- the seed and the plans are to be seen in the output of CI
  console.log(
    `${PROGRAMS} programs of CACHEPY_RANDOM_SEED=${SEED}: ${namedOnly.length} returned what is old and said so` +
      Object.entries(tally).map(([kind, list]) => `, ${list.length} ${kind}`).join("") + found.join(""),
  );
  const firsts = Object.values(tally).flatMap((list) => list.slice(0, 2));
  const shrunk: Fault[] = [];
  for (const fault of firsts) shrunk.push(await shrink(fault));
  assertEquals(shrunk.map(({ kind, program, detail }) => `${kind}\n${textOf(program)}\n${detail}`), []);
});
