/**
 * A process that calls cached functions as it is told, one command a line on stdin, one answer a line on stdout.
 *
 * @module
 */
import {
  type AnyFunction,
  cacheClear,
  type CachedFunction,
  type CacheEvent,
  cacheFile,
  type CacheOptions,
  cachePrune,
  cacheVerify,
} from "@bimsb/cachepy";
import { totalOf, valueOf } from "./call_values.ts";
import type { Answer, Command } from "./call_worker.ts";

const [dir = "", side = "", options = "{}"] = Deno.args;

let events: CacheEvent[] = [];
const cached = cacheFile(dir, { ...JSON.parse(options) as CacheOptions, onEvent: (event) => void events.push(event) });

/** Leaves a file for each execution. */
function note(name: string): void {
  Deno.writeTextFileSync(`${side}/${name} ${crypto.randomUUID()}`, "", { createNew: true });
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

const visited = new Set<string>();

/** Runs what comes next once in this process, so that two functions that call each other come to an end. */
async function once(name: string, next: () => Promise<unknown>): Promise<void> {
  if (visited.has(name)) return;
  visited.add(name);
  await next();
}

const functions: Record<string, CachedFunction<AnyFunction>> = {
  /** Takes `ms` to give the value of `n`. */
  slow: cached({ ignoreArgs: ["ms"] })(async function slow(n: number, ms: number) {
    note(`slow-${n}`);
    await sleep(ms);
    return valueOf(n, 10);
  }),
  /** Blocks the thread while it computes. */
  busy: cached(function busy(n: number, ms: number) {
    note(`busy-${n}`);
    for (const endMs = performance.now() + ms; performance.now() < endMs;);
    return valueOf(n, 10);
  }),
  sized: cached(function sized(n: number, sizeBytes: number) {
    note(`sized-${n}`);
    return valueOf(n, sizeBytes);
  }),
  /** Notes nothing, so that it needs no permission. */
  pure: cached(function pure(n: number) {
    return n * n;
  }),
  /** Asks three inner calls. */
  total: cached(async function total(n: number): Promise<number> {
    note(`total-${n}`);
    const parts = await Promise.all([n, n + 1, n + 2].map((i) => part(i)));
    return parts.reduce((sum, { n }) => sum + n, 0);
  }),
  reads: cached(async function reads(path: string, ms: number) {
    note("reads");
    const text = await Deno.readTextFile(path);
    await sleep(ms);
    return text;
  }),
  ping: cached(async function ping(n: number): Promise<string> {
    note(`ping-${n}`);
    await sleep(100);
    await once(`ping-${n}`, () => functions.pong!(n as never));
    return `ping ${n}`;
  }),
  pong: cached(async function pong(n: number): Promise<string> {
    note(`pong-${n}`);
    await sleep(100);
    await once(`pong-${n}`, () => functions.ping!(n as never));
    return `pong ${n}`;
  }),
  fails: cached(async function fails(n: number) {
    note(`fails-${n}`);
    await sleep(50);
    throw new RangeError(`no value for ${n}`);
  }),
};

const SIZES = [10, 3000, 80_000];

const part = cached(function part(n: number) {
  return valueOf(n, SIZES[n % 3]!);
});

async function perform(command: Command): Promise<unknown> {
  switch (command.do) {
    case "call": {
      const { fn, args, options } = command;
      const call = functions[fn]!;
      return await (options === undefined ? call : call.with(options))(...args as never[]);
    }
    case "calls": {
      // All at once, while the event loop is watched.
      let longestMs = 0;
      let lastMs = performance.now();
      const tick = setInterval(() => {
        longestMs = Math.max(longestMs, performance.now() - lastMs);
        lastMs = performance.now();
      }, 5);
      const call = functions[command.fn]!;
      const settled = await Promise.allSettled(command.each.map((args) => call(...args as never[])));
      clearInterval(tick);
      const values = settled.map((one) => one.status === "fulfilled" ? one.value : String(one.reason));
      return { values, longestMs };
    }
    case "key":
      return await functions[command.fn]!.key(...command.args as never[]);
    case "why": {
      const [fn, args] = [functions[command.fn]!, command.args as never[]];
      return [await fn.has(...args), (await fn.why(...args)).summary];
    }
    case "totals":
      // For ever, each value said when the caller has it.
      for (let n = command.from;; n++) {
        const value = await functions.total!(n as never);
        say({ id: command.id, said: { n, value } });
        if (value !== totalOf(n)) throw new Error(`total(${n}) is ${String(value)}`);
      }
    case "events":
      return 0;
    case "prune":
      return await cachePrune(dir, command.options);
    case "clear":
      return await cacheClear(dir);
    case "verify":
      return await cacheVerify(dir, command.options);
    case "polluted":
      return Object.keys(Object.prototype).length > 0 || "a" in {};
    case "revoke":
      await Deno.permissions.revoke({ name: command.permission as "write" });
      return 0;
    case "shiftClock": {
      const { now } = Date;
      Date.now = () => now() + command.ms;
      return 0;
    }
    default:
      return command satisfies never;
  }
}

/** What JSON cannot say: hostile bytes may decode to any value. Its digits would take longer than anything else. */
function plain(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? "a big integer" : value;
}

function say(answer: object): void {
  const bytes = new TextEncoder().encode(JSON.stringify(answer, plain) + "\n");
  for (let at = 0; at < bytes.byteLength;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

async function answer(command: Command): Promise<void> {
  const answer: Answer = { id: command.id, events: [], doneMs: 0 };
  try {
    answer.value = await perform(command);
  } catch (error) {
    answer.error = String(error);
  }
  answer.doneMs = Date.now();
  answer.events = events;
  events = [];
  say(answer);
}

say({ ready: true });
let rest = "";
for await (const text of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
  const lines = (rest + text).split("\n");
  rest = lines.pop()!;
  for (const line of lines) answer(JSON.parse(line));
}
