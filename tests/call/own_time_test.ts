import { assert, assertEquals } from "@std/assert";
import { OwnClock } from "../../src/call/runs.ts";
import { type CacheEvent, cacheFile } from "@bimsb/cachepy";

/** A clock that the test moves. */
function handClock() {
  let ms = 0;
  return { now: () => ms, wait: (by: number) => void (ms += by) };
}

Deno.test("the time of a function has what it does itself, and none of what is before and after", () => {
  const { now, wait } = handClock();
  const clock = new OwnClock(undefined, now);
  wait(100);
  clock.start();
  wait(7);
  assertEquals(clock.ms, 7);
  clock.stop();
  wait(50);
  assertEquals(clock.ms, 7);
});

Deno.test("an inner call counts as long as its function runs, at any depth", () => {
  const { now, wait } = handClock();
  const outer = new OwnClock(undefined, now);
  const middle = new OwnClock(outer, now);
  const inner = new OwnClock(middle, now);
  outer.start();
  wait(1);
  const leaveMiddle = outer.enterCall();
  wait(100); // the code of `middle` is followed
  middle.start();
  wait(10);
  const leaveInner = middle.enterCall();
  wait(200); // that of `inner`
  inner.start();
  wait(1_000);
  inner.stop();
  wait(400); // its result is stored
  leaveInner();
  wait(20);
  middle.stop();
  wait(500);
  leaveMiddle();
  leaveMiddle(); // a second time is none
  wait(2);
  outer.stop();
  assertEquals([outer.ms, middle.ms, inner.ms], [1_033, 1_030, 1_000]);
});

Deno.test("of inner calls at the same time, one whose function runs is enough", () => {
  const { now, wait } = handClock();
  const outer = new OwnClock(undefined, now);
  const [one, other] = [new OwnClock(outer, now), new OwnClock(outer, now)];
  outer.start();
  const [leaveOne, leaveOther] = [outer.enterCall(), outer.enterCall()];
  wait(100);
  one.start();
  wait(5);
  other.start();
  wait(5);
  one.stop();
  wait(5);
  other.stop();
  leaveOne();
  wait(100);
  leaveOther();
  wait(1);
  outer.stop();
  assertEquals(outer.ms, 16);
});

Deno.test("an inner call that goes on after the function has ended adds nothing", () => {
  const { now, wait } = handClock();
  const outer = new OwnClock(undefined, now);
  const inner = new OwnClock(outer, now);
  outer.start();
  const leave = outer.enterCall();
  outer.stop();
  inner.start();
  wait(9);
  inner.stop();
  leave();
  assertEquals([outer.ms, inner.ms], [0, 9]);
});

Deno.test("a hit tells the time of the functions as saved, without what it took to follow and store an inner one", async () => {
  const dir = Deno.makeTempDirSync({ prefix: "cachepy-test-" });
  try {
    const events: CacheEvent[] = [];
    const cached = cacheFile(dir, { onEvent: (event) => void events.push(event) });
    const inner = cached(function inner(x: number) {
      return x + 1;
    });
    const outer = cached(async function outer(x: number) {
      const beganMs = performance.now();
      return { value: await inner(x), waitedMs: performance.now() - beganMs };
    });
    const { value, waitedMs } = await outer(1);
    assertEquals(value, 2);
    assertEquals(await outer(1), { value, waitedMs });
    const ranMs = (name: string) => {
      const found = events.find(({ kind, fname }) => kind === "run" && fname === name);
      return found?.kind === "run" ? found.computeMs : NaN;
    };
    const hit = events.at(-1)!;
    assert(hit.kind === "hit" && hit.fname === "outer");
    assertEquals(hit.savedMs, ranMs("outer"));
    assert(ranMs("inner") > 0 && ranMs("outer") >= ranMs("inner"));
    // Nearly all of the time that `outer` waited is the cache's own work on `inner`.
    const [ownMs, workMs] = [ranMs("outer") - ranMs("inner"), waitedMs - ranMs("inner")];
    assert(ownMs < workMs / 2, `${ownMs} of ${workMs} ms`);
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});
