/**
 * Many hits at a time from one process, and hits from several processes at a time.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { memoizeFsPeer } from "../peers/memoize_fs.ts";
import { runScript, startScript } from "../support/children.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { measure, median } from "../support/measure.ts";
import { expect, takeRuns } from "../support/outcome.ts";
import { small, smallArgument } from "../support/small.ts";
import { createWorkspace } from "../support/workspace.ts";

const CALLS = 1_000;
const PROCESSES = 8;

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  using workspace = createWorkspace();
  const dir = workspace.folder("ours");
  await runScript("bench/children/fill.ts", [dir, String(CALLS)]);
  const ours = cacheFile(dir, { ignoreCode: ["countRun"] })(small);
  const memoized = await memoizeFsPeer.wrap(small, workspace.folder("memoize-fs"));
  const settings = Array.from({ length: CALLS }, (_, turn) => smallArgument(turn));
  for (const argument of settings) await memoized(argument);
  takeRuns();
  const times = await measure({
    together: () => Promise.all(settings.map((argument) => ours(argument))),
    "one at a time": async () => {
      for (const argument of settings) await ours(argument);
    },
    "memoize-fs": () => Promise.all(settings.map((argument) => memoized(argument))),
  }, { rounds: scale.quick ? 5 : 10, warmUp: 2 });
  expect(takeRuns() === 0, "a hit ran the function");

  const hits = scale.quick ? 8_000 : 32_000;
  const rounds = scale.quick ? 1 : 3;
  const [one, eight]: [number[], number[]] = [[], []];
  for (let round = 0; round < rounds; round++) {
    one.push(await timeProcesses(dir, 1, hits));
    eight.push(await timeProcesses(dir, PROCESSES, hits));
  }
  const cores = Math.min(PROCESSES, navigator.hardwareConcurrency);
  return [{
    path: `${CALLS.toLocaleString("en")} hits in flight, each`,
    unit: "ms",
    ours: times.together / CALLS,
    floor: null,
    peers: { "memoize-fs": times["memoize-fs"] / CALLS },
    limits: [{ text: "one at a time", most: times["one at a time"] / CALLS }],
    note: "",
  }, {
    path: `${hits.toLocaleString("en")} hits by ${PROCESSES} processes`,
    unit: "ms",
    ours: median(eight),
    floor: median(one) / cores,
    peers: {},
    limits: [{ text: `1.3 × one process ÷ ${cores} cores`, most: 1.3 * median(one) / cores }],
    note: "",
  }];
}

/** From the word "go" until the last process has done its share. */
async function timeProcesses(dir: string, processes: number, hits: number): Promise<number> {
  const share = String(hits / processes);
  const children = Array.from({ length: processes }, () => startScript("bench/children/hits.ts", [dir, share]));
  const outputs = children.map((child) => child.stdout.pipeThrough(new TextDecoderStream()).getReader());
  await Promise.all(outputs.map((output) => output.read())); // each says when it is ready
  const startedMs = performance.now();
  await Promise.all(children.map((child) => child.stdin.close()));
  await Promise.all(outputs.map((output) => output.read()));
  const elapsedMs = performance.now() - startedMs;
  for (const [index, child] of children.entries()) {
    await outputs[index]!.cancel();
    const { code } = await child.status;
    expect(code === 0, new TextDecoder().decode(await new Response(child.stderr).bytes()));
  }
  return elapsedMs;
}
