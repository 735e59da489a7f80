/**
 * The first hit of a key in a process: record and blob come from the disk, where another process put them.
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { cacachePeer } from "../peers/cacache.ts";
import { memoizeFsPeer } from "../peers/memoize_fs.ts";
import { runScript } from "../support/children.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { createFloor } from "../support/floor.ts";
import { measure } from "../support/measure.ts";
import { expect, takeRuns } from "../support/outcome.ts";
import { small, smallArgument } from "../support/small.ts";
import { createWorkspace } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  const rounds = scale.quick ? 100 : 400;
  using workspace = createWorkspace();
  const dir = workspace.folder("ours");
  await runScript("bench/children/fill.ts", [dir, String(rounds + 20)]);
  const ours = cacheFile(dir, { ignoreCode: ["countRun"] })(small);
  const [memoized, cacached] = await Promise.all(
    [memoizeFsPeer, cacachePeer].map((peer) => peer.wrap(small, workspace.folder(peer.name))),
  );
  for (let turn = 0; turn < rounds + 20; turn++) {
    await memoized!(smallArgument(turn));
    await cacached!(smallArgument(turn));
  }
  takeRuns();

  const { ours: median, floor, ...peers } = await measure({
    ours: (turn) => ours(smallArgument(turn)),
    floor: createFloor(workspace.dir),
    "memoize-fs": (turn) => memoized!(smallArgument(turn)),
    cacache: (turn) => cacached!(smallArgument(turn)),
  }, { rounds, warmUp: 20 });
  expect(takeRuns() === 0, "a hit ran the function");
  return [{
    path: "first hit of a key",
    unit: "ms",
    ours: median,
    floor,
    peers,
    limits: [{ text: "memoize-fs", most: peers["memoize-fs"] }],
    note: "entries of another process, each asked for once",
  }];
}
