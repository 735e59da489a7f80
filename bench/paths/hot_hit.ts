/**
 * A hit in a process that had this hit before: small arguments, small result, no files.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { cacachePeer } from "../peers/cacache.ts";
import { cacheablePeer } from "../peers/cacheable.ts";
import { flatCachePeer } from "../peers/flat_cache.ts";
import { memoizeFsPeer } from "../peers/memoize_fs.ts";
import { timePythonHits } from "../peers/python.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { createFloor } from "../support/floor.ts";
import { measure } from "../support/measure.ts";
import { expect, takeRuns } from "../support/outcome.ts";
import { small, smallArgument } from "../support/small.ts";
import { createWorkspace } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  using workspace = createWorkspace();
  const ours = cacheFile(workspace.folder("ours"), { ignoreCode: ["countRun"] })(small);
  const peers = [memoizeFsPeer, cacachePeer, cacheablePeer, flatCachePeer];
  const wrapped = await Promise.all(peers.map((peer) => peer.wrap(small, workspace.folder(peer.name))));
  const argument = smallArgument(1);
  await ours(argument);
  for (const call of wrapped) await call(argument);
  expect(takeRuns() === 1 + peers.length, "not every cache was empty");

  const works = {
    ours: () => ours(argument),
    floor: createFloor(workspace.dir),
    "memoize-fs": () => wrapped[0]!(argument),
    cacache: () => wrapped[1]!(argument),
    cacheable: () => wrapped[2]!(argument),
    "flat-cache": () => wrapped[3]!(argument),
  };
  const { ours: median, floor, ...rest } = await measure(works, {
    rounds: scale.quick ? 15 : 40,
    batch: 100,
    warmUp: 5,
  });
  expect(takeRuns() === 0, "a hit ran the function");
  expect((await ours(argument)).mean === 2, "the hit has another value");
  const python = await timePythonHits(workspace.folder("python"), scale.quick ? 100 : 500);
  return [{
    path: "hot hit",
    unit: "ms",
    ours: median,
    floor,
    peers: { ...rest, ...python.hits },
    limits: [
      { text: "3 × floor", most: 3 * floor },
      { text: "memoize-fs ÷ 10", most: rest["memoize-fs"] / 10 },
    ],
    note: ["cacheable and flat-cache answer from memory alone", ...python.skipped.map((line) => `skipped ${line}`)]
      .join("; "),
  }];
}
