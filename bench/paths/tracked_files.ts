/**
 * A hit of a function that rests on files: those of its arguments, those that it was seen to read.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import type { Figure, Scale } from "../support/figures.ts";
import { createFloor } from "../support/floor.ts";
import { measure } from "../support/measure.ts";
import { countRun, expect, takeRuns } from "../support/outcome.ts";
import { createWorkspace, settleFiles, writeFiles } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  using workspace = createWorkspace();
  const cached = cacheFile(workspace.folder("ours"), { ignoreCode: ["countRun"] });
  const declared = cached({ fileArgs: ["paths"] })(function declared(paths: string[]) {
    countRun();
    return sizeOf(paths);
  });
  const observed = cached(function observed(paths: string[]) {
    countRun();
    return sizeOf(paths);
  });
  const few = writeFiles(workspace.folder("few"), 10, 1_024);
  const many = writeFiles(workspace.folder("many"), 1_000, 1_024);
  await settleFiles();
  for (const fill of [() => declared(few), () => observed(few), () => observed(many)]) await fill();
  expect(takeRuns() === 3, "the cache was not empty");

  const floor = createFloor(workspace.dir);
  const ten = await measure({
    declared: () => declared(few),
    observed: () => observed(few),
    floor: () => floor() + statAll(few),
  }, { rounds: scale.quick ? 15 : 40, batch: 100, warmUp: 5 });
  const thousand = await measure({
    observed: () => observed(many),
    floor: () => floor() + statAll(many),
  }, { rounds: scale.quick ? 10 : 30, warmUp: 3 });
  expect(takeRuns() === 0, "a hit ran the function");
  Deno.writeTextFileSync(few[3]!, "edited");
  expect(await declared(few) === 9 * 1_024 + 6 && await observed(few) === 9 * 1_024 + 6, "an edit went unseen");

  const limits = [{ text: "2 × (floor + 10 stat)", most: 2 * ten.floor }];
  const figure = { unit: "ms", peers: {}, note: "" } as const;
  return [
    { ...figure, path: "hot hit, 10 files as arguments", ours: ten.declared, floor: ten.floor, limits },
    { ...figure, path: "hot hit, 10 observed files", ours: ten.observed, floor: ten.floor, limits },
    { ...figure, path: "hot hit, 1,000 observed files", ours: thousand.observed, floor: thousand.floor, limits: [] },
  ];
}

function sizeOf(paths: string[]): number {
  return paths.reduce((sum, path) => sum + Deno.readFileSync(path).length, 0);
}

function statAll(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
}
