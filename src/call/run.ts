/**
 * Runs the wrapped function while its reads and its inner calls are noted.
 *
 * @module
 */
import type { Call } from "./identify.ts";
import { type EncodedResult, encodeResult } from "../values/result/encode_result.ts";
import type { Run } from "./runs.ts";
import { FlatTraceBuilder } from "./flat_trace.ts";
import type { Dependency, FlatTrace } from "../words/records.ts";
import { reportRun } from "./report.ts";
import { CallReads, isBelow, runObserved } from "../reads/run_observed.ts";

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
    /** All that it rests on, inner calls included, in one list. */
    readonly support: FlatTrace | null;
    /** What changed while it ran. */
    readonly raced: readonly string[];
  }
  | { readonly threw: true; readonly error: unknown };

/**
 * Runs the function of a call.
 *
 * @param run The run of the call.
 * @returns What the function returned or threw. Never rejects for what the function does.
 */
export async function runFunction(run: Run): Promise<Execution> {
  const { call } = run;
  const { wrapped, prepared, receiver, args } = call;
  const { root, files, options: { observe: observes } } = prepared;
  const reads = new CallReads(run, { root, files, observes, hasBlindReads: call.isBlind, named: call.namedPaths });
  const inner = new FlatTraceBuilder();
  run.reads = reads;
  run.inner = inner;
  const startedMs = performance.now();
  let computeMs = 0;
  let value: unknown;
  let outcome: Awaited<ReturnType<typeof encode>>;
  try {
    outcome = await runObserved(reads, async () => {
      value = await wrapped.fn.apply(receiver, [...args]);
      computeMs = performance.now() - startedMs;
      // Still part of the call: reading a result may be reading the world, as with getters and a file's times.
      return await encode(value);
    });
  } catch (error) {
    reportRun(call, performance.now() - startedMs, true);
    return { threw: true, error };
  }
  reportRun(call, computeMs, false);
  try {
    const { dependencies: observed, raced } = await reads.settle();
    const dependencies = besidesFileArguments(call, observed);
    return {
      threw: false,
      value,
      ...outcome,
      computeMs,
      dependencies,
      support: inner.finish(dependencies),
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

/**
 * What an execution observed, but for what the call's key says already.
 *
 * With `hashFilePaths: false`, a file argument counts by its content alone, wherever it lies: its content is in the
 * call key, and looking for it again at the old place would make a renamed file another one.
 *
 * Times are not in the key, and of a folder of which a `filePattern` chooses the files, neither is the rest.
 *
 * @param call The call.
 * @param dependencies What it observed; none of it changed while it ran.
 */
function besidesFileArguments(call: Call, dependencies: readonly Dependency[]): readonly Dependency[] {
  if (call.prepared.options.hashFilePaths) return dependencies;
  const known = call.files.filter(({ isFiltered }) => isFiltered !== true);
  return dependencies.filter((one) => !(isOfContent(one) && known.some(({ path }) => isAtOrBelow(one.path, path))));
}

function isOfContent(one: Dependency): one is Extract<Dependency, { kind: "file" | "directory" | "stat" }> {
  return one.kind === "file" || one.kind === "directory" ||
    one.kind === "stat" && one.followed && one.aspects !== "times";
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder);
}
