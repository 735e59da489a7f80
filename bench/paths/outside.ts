/**
 * What observation costs: code that reads many files outside of cached calls, and inside of one.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import type { Figure, Scale } from "../support/figures.ts";
import { measure, median, time } from "../support/measure.ts";
import { expect } from "../support/outcome.ts";
import { createWorkspace, settleFiles, writeFiles } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  using workspace = createWorkspace();
  const paths = writeFiles(workspace.folder("files"), 1_000, 1_024);
  await settleFiles();
  const read = () => paths.reduce((sum, path) => sum + Deno.readFileSync(path).length, 0);
  const rounds = scale.quick ? 15 : 60;

  // Timed in rounds that alternate between no cached call at all and one in flight, which is when reads are watched.
  const cached = cacheFile(workspace.folder("ours"));
  let started = Promise.withResolvers<void>();
  let released = Promise.withResolvers<void>();
  const pass = () => {
    started.resolve();
    return released.promise;
  };
  const waiting = cached({ ignoreCode: ["pass"] })(async function waiting(turn: number) {
    await pass();
    return turn;
  });
  for (let round = 0; round < 5; round++) read();
  const times = { plain: [] as number[], watched: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    times.plain.push(await time(read));
    started = Promise.withResolvers<void>();
    released = Promise.withResolvers<void>();
    const call = waiting(round);
    await started.promise;
    times.watched.push(await time(read));
    released.resolve();
    await call;
  }

  const inside = cached(function inside(paths: string[], _turn: number) {
    return paths.reduce((sum, path) => sum + Deno.readFileSync(path).length, 0);
  });
  const observed = await measure({
    ours: (turn) => inside(paths, turn),
    floor: read,
  }, { rounds: scale.quick ? 5 : 15, warmUp: 2 });
  Deno.writeTextFileSync(paths[7]!, "edited");
  expect((await inside.why(paths, 0)).outcome === "miss", "an edit of an observed file went unseen");

  const [plain, watched] = [median(times.plain), median(times.watched)];
  return [{
    path: "1,000 files read outside, one call in flight",
    unit: "ms",
    ours: watched,
    floor: plain,
    peers: {},
    limits: [{ text: "1.02 × without", most: 1.02 * plain }],
    note: "",
  }, {
    path: "miss that reads 1,000 files",
    unit: "ms",
    ours: observed.ours,
    floor: observed.floor,
    peers: {},
    limits: [],
    note: "each is digested for the trace",
  }];
}
