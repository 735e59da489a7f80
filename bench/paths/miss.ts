/**
 * A miss of an empty body: everything but the work.
 *
 * @module
 */
import { cacheFile, cacheStats } from "@bimsb/cachepy";
import { cacachePeer } from "../peers/cacache.ts";
import { flatCachePeer } from "../peers/flat_cache.ts";
import { memoizeFsPeer } from "../peers/memoize_fs.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { createMissFloor } from "../support/floor.ts";
import { measure } from "../support/measure.ts";
import { expect, takeRuns } from "../support/outcome.ts";
import { small, smallArgument } from "../support/small.ts";
import { createWorkspace } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  const rounds = scale.quick ? 100 : 300;
  using workspace = createWorkspace();
  const dir = workspace.folder("ours");
  const ours = cacheFile(dir, { ignoreCode: ["countRun"] })(small);
  const peers = [memoizeFsPeer, cacachePeer, flatCachePeer];
  const wrapped = await Promise.all(peers.map((peer) => peer.wrap(small, workspace.folder(peer.name))));

  using missFloor = await createMissFloor(workspace.folder("floor"));
  const { ours: median, floor, ...rest } = await measure({
    ours: (turn) => ours(smallArgument(turn)),
    floor: missFloor.work,
    "memoize-fs": (turn) => wrapped[0]!(smallArgument(turn)),
    cacache: (turn) => wrapped[1]!(smallArgument(turn)),
    "flat-cache": (turn) => wrapped[2]!(smallArgument(turn)),
  }, { rounds, warmUp: 20 });
  const entries = rounds + 20;
  expect(takeRuns() === (1 + peers.length) * entries, "a miss did not run the function");
  expect((await cacheStats(dir)).entries === entries, "a miss was not stored");
  return [{
    path: "miss, empty body",
    unit: "ms",
    ours: median,
    floor,
    peers: rest,
    limits: [{ text: "1.5 × memoize-fs", most: 1.5 * rest["memoize-fs"] }],
    note:
      "ours commits a record, a graph node and a verified blob; flat-cache writes all entries anew; the floor is the " +
      "same files and rows without anything of ours",
  }];
}
