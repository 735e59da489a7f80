/**
 * How long work keeps the event loop from turning, in processor time of this thread, so that a busy machine does not
 * count.
 *
 * @module
 */

/** What {@linkcode watchLoop} found. */
export interface LoopWatch<Value> {
  readonly value: Value;
  /** Longest work between two turns of the event loop, milliseconds of processor time. */
  readonly longestMs: number;
  /** All work, milliseconds of processor time. */
  readonly totalMs: number;
  /** Number of turns. */
  readonly turns: number;
}

/** True where the processor time of a thread can be read. */
export const CAN_WATCH_LOOP = Deno.build.os === "linux";

/** Does work, and watches the turns of the event loop meanwhile. */
export async function watchLoop<Value>(work: () => Value | Promise<Value>): Promise<LoopWatch<Value>> {
  using clock = Deno.openSync("/proc/thread-self/schedstat");
  const bytes = new Uint8Array(100);
  const nowMs = () => {
    clock.seekSync(0, Deno.SeekMode.Start);
    const count = clock.readSync(bytes)!;
    return Number.parseInt(new TextDecoder().decode(bytes.subarray(0, count))) / 1e6;
  };
  let turns = 0;
  let longestMs = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const startedMs = nowMs();
  let turnedMs = startedMs;
  const turn = () => {
    longestMs = Math.max(longestMs, nowMs() - turnedMs);
    turns++;
    timer = setTimeout(turn, 0);
    turnedMs = nowMs();
  };
  timer = setTimeout(turn, 0);
  try {
    const value = await work();
    const endedMs = nowMs();
    return { value, turns, longestMs: Math.max(longestMs, endedMs - turnedMs), totalMs: endedMs - startedMs };
  } finally {
    clearTimeout(timer);
  }
}
