import { assert, assertEquals } from "@std/assert";
import { child, withFolder } from "../support/store_rig.ts";

/** 1 makes 100,000 hits and 10,000 misses. */
const SCALE = Number(Deno.env.get("CACHEPY_LEAK_SCALE") ?? 0.1);

interface Measure {
  readonly phase: "hit" | "miss";
  readonly rss: number;
  readonly heapUsed: number;
  readonly descriptors: number;
  readonly openTimers: number;
}

Deno.test({
  name: `memory, descriptors and timers level off over ${100_000 * SCALE} hits and ${10_000 * SCALE} misses`,
  ignore: Deno.build.os !== "linux",
  fn: () =>
    withFolder(async (folder) => {
      const args = [`${folder}/cache`, String(100_000 * SCALE), String(10_000 * SCALE)];
      const { code, stdout, stderr } = await child("leak_child.ts", args, ["-A", "--v8-flags=--expose-gc"]).output();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      const all: Measure[] = new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line));
      const mebi = (bytes: number) => Math.round(bytes / 1048576 * 10) / 10;
      for (const phase of ["miss", "hit"]) {
        const measures = all.filter((each) => each.phase === phase);
        // The second half against the middle: what is filled once has been filled by then.
        const [middle, last] = [measures[5]!, measures.at(-1)!];
        // deno-lint-ignore no-console -- the figures are to be seen in the output of CI
        console.log(
          `${phase}: heap ${mebi(middle.heapUsed)} → ${mebi(last.heapUsed)} MiB, resident ${mebi(middle.rss)} → ` +
            `${mebi(last.rss)} MiB, ${last.descriptors} descriptors, ${last.openTimers} timers`,
        );
        assert(
          last.heapUsed - middle.heapUsed < 8 * 1048576,
          `heap grew by ${mebi(last.heapUsed - middle.heapUsed)} MiB`,
        );
        assert(last.rss - middle.rss < 40 * 1048576, `resident grew by ${mebi(last.rss - middle.rss)} MiB`);
        assertEquals(last.descriptors - middle.descriptors, 0);
        assert(last.openTimers <= 1, `${last.openTimers} timers`);
      }
    }),
});
