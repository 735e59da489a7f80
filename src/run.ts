/**
 * Runs the wrapped function while its reads and its inner calls are noted.
 *
 * @module
 */
import { besidesFileArguments } from "./by_content.ts";
import type { Call } from "./call.ts";
import { type EncodedResult, encodeResult } from "./cbor/encode_result.ts";
import type { Flight } from "./flights.ts";
import type { Landing } from "./landing.ts";
import type { Dependency, Support } from "./records.ts";
import { SupportBuilder } from "./support.ts";
import { tellRun } from "./tell.ts";
import { CallFrame, currentFrame, runInFrame } from "./tracker.ts";

/** One execution of the function. */
export type Execution =
  | {
    readonly threw: false;
    readonly value: unknown;
    /** The value as bytes; `null` when it cannot be stored. */
    readonly encoded: EncodedResult | null;
    /** Why it cannot be stored. */
    readonly refusal?: unknown;
    readonly computeMs: number;
    /** What it observed, in order. */
    readonly dependencies: readonly Dependency[];
    /** The same, flattened through inner calls. */
    readonly support: Support | null;
    /** What changed while it ran. */
    readonly raced: readonly string[];
  }
  | { readonly threw: true; readonly error: unknown };

/** A call whose function is running. */
export interface RunningCall {
  readonly call: Call;
  readonly frame: CallFrame;
  readonly flight: Flight<Landing>;
  readonly support: SupportBuilder;
}

const running = new WeakMap<CallFrame, RunningCall>();
const frames = new WeakMap<Flight<Landing>, CallFrame>();

/** The call in whose function the present code runs. */
export function currentCall(): RunningCall | undefined {
  const frame = currentFrame();
  return frame === undefined ? undefined : running.get(frame);
}

/**
 * Runs the function of a call.
 *
 * @param call The call.
 * @param flight Its place among the running calls.
 * @returns What it returned or threw. Never rejects for what the function does.
 */
export async function run(call: Call, flight: Flight<Landing>): Promise<Execution> {
  const { step, prepared, receiver, args, key } = call;
  const { root, files, options: { observe: observes } } = prepared;
  const frame = new CallFrame({
    fname: step.fname,
    key,
    parent: flight.parent && frames.get(flight.parent),
    root,
    files,
    observes,
    hasBlindReads: call.isBlind,
    named: call.namedPaths,
  });
  const support = new SupportBuilder();
  running.set(frame, { call, frame, flight, support });
  frames.set(flight, frame);
  const startedMs = performance.now();
  let computeMs = 0;
  let value: unknown;
  let outcome: Awaited<ReturnType<typeof encode>>;
  try {
    outcome = await runInFrame(frame, async () => {
      value = await step.fn.apply(receiver, [...args]);
      computeMs = performance.now() - startedMs;
      // Still part of the call: reading a result may be reading the world, as with getters and a file's times.
      return await encode(value);
    });
  } catch (error) {
    tellRun(call, performance.now() - startedMs, true);
    return { threw: true, error };
  }
  tellRun(call, computeMs, false);
  try {
    const { dependencies: observed, raced } = await frame.settle();
    const dependencies = besidesFileArguments(call, observed);
    return {
      threw: false,
      value,
      ...outcome,
      computeMs,
      dependencies,
      support: support.finish(dependencies),
      raced: [...raced, ...await call.changedInputs()],
    };
  } catch (refusal) {
    // What it rests on cannot be looked at again: its result is the caller's and nobody else's.
    return { threw: false, value, encoded: null, refusal, computeMs, dependencies: [], support: null, raced: [] };
  }
}

async function encode(value: unknown): Promise<{ encoded: EncodedResult | null; refusal?: unknown }> {
  try {
    return { encoded: await encodeResult(value) };
  } catch (refusal) {
    return { encoded: null, refusal };
  }
}
