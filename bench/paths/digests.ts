/**
 * Digests of files: a large one, several, and many that did not change.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { fileDigestsFor, saveFileDigests } from "../../src/reads/files/open_digests.ts";
import { runScript } from "../support/children.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { measure, median } from "../support/measure.ts";
import { expect } from "../support/outcome.ts";
import { createWorkspace, settleFiles, writeFiles } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  const mebibytes = scale.quick ? 64 : 256;
  const count = scale.quick ? 2_000 : 10_000;
  using workspace = createWorkspace();
  const [large] = writeFiles(workspace.folder("large"), 1, mebibytes * 2 ** 20);
  const several = writeFiles(workspace.folder("several"), 8, mebibytes * 2 ** 17);
  const small = writeFiles(workspace.folder("small"), count, 100);
  await settleFiles();

  const buffer = Deno.readFileSync(several[0]!);
  const rounds = scale.quick ? 3 : 5;
  let fresh = 0;
  const digestAnew = (paths: string[]) => fileDigestsFor(`${workspace.dir}/cache${fresh++}`).digestPaths(paths);
  const bytes = await measure({
    floor: () => {
      const hash = createHash("sha256");
      for (let part = 0; part < 8; part++) hash.update(buffer);
      return hash.digest("hex");
    },
    large: () => digestAnew([large!]),
    several: () => digestAnew(several),
  }, { rounds });
  const [digest] = await digestAnew([large!]);
  expect(digest === createHash("sha256").update(Deno.readFileSync(large!)).digest("hex"), "the digest is wrong");

  const cacheDir = workspace.folder("kept");
  Deno.mkdirSync(`${cacheDir}/v1`);
  const digests = fileDigestsFor(cacheDir);
  await digests.digestPaths(small);
  saveFileDigests();
  const unchanged = await measure({
    ours: () => digests.digestPaths(small),
    floor: () => statAll(small),
  }, { rounds: 2 * rounds });
  const inNewProcess = { ours: [] as number[], floor: [] as number[] };
  for (let round = 0; round < rounds; round++) {
    const times = JSON.parse(
      await runScript("bench/children/unchanged_files.ts", [cacheDir, `${workspace.dir}/small`]),
    );
    inNewProcess.ours.push(times.ours);
    inNewProcess.floor.push(times.floor);
  }
  const floorInNewProcess = median(inNewProcess.floor);

  const figure = { unit: "ms", peers: {}, note: "" } as const;
  const name = `${count.toLocaleString("en")} unchanged files`;
  const cores = navigator.hardwareConcurrency;
  return [
    {
      ...figure,
      path: `digest of a file, ${mebibytes} MiB`,
      ours: bytes.large,
      floor: bytes.floor,
      limits: [{ text: "SHA-256 of one core ÷ 0.9", most: bytes.floor / 0.9 }],
    },
    {
      ...figure,
      path: `digests of 8 files, ${mebibytes} MiB together`,
      ours: bytes.several,
      floor: bytes.floor,
      limits: cores > 1 ? [{ text: "0.75 × one core", most: 0.75 * bytes.floor }] : [],
    },
    {
      ...figure,
      path: name,
      ours: unchanged.ours,
      floor: unchanged.floor,
      limits: [{ text: "1.5 × stat", most: 1.5 * unchanged.floor }],
    },
    {
      ...figure,
      path: `${name}, new process`,
      ours: median(inNewProcess.ours),
      floor: floorInNewProcess,
      limits: [{ text: "1.5 × stat", most: 1.5 * floorInNewProcess }],
      note: "with reading what was remembered; asked for in the same order as before",
    },
  ];
}

function statAll(paths: readonly string[]): number {
  return paths.reduce((sum, path) => sum + Deno.statSync(path).size, 0);
}
