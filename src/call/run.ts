/**
 * Runs the wrapped function in a context in which its reads and its inner calls are noted.
 *
 * @module
 */
import { runAfterwards } from "../words/clock.ts";
import { type Call, hasSameKey } from "./identify.ts";
import { type EncodedResult, encodeResult } from "../values/result/encode_result.ts";
import type { Run } from "./runs.ts";
import type { ResultOptions } from "../values/codec.ts";
import type { StateWatch } from "../code/types.ts";
import { watchCall } from "./watch_call.ts";
import { isPrimitive } from "../words/type_tests.ts";
import { digestChunks } from "../words/sha256.ts";
import type { Digest } from "../words/digests.ts";
import { FlatTraceBuilder } from "./flat_trace.ts";
import type { Dependency, FlatTrace } from "../words/records.ts";
import { reportNotice, reportRun } from "./report.ts";
import { linkState, namesOfPlace } from "../reads/dependency.ts";
// Loaded by the first result.
import { Buffer } from "node:buffer";
import { CallReads, isBelow, runObserved, type SettledReads } from "../reads/run_observed.ts";

/** Data of one execution of the function. */
export type Execution =
  | {
    readonly threw: false;
    readonly value: unknown;
    /** The encoded value; `null` when the value cannot be stored. */
    readonly encoded: EncodedResult | null;
    /** Digest of the value without the stacks of errors in it; absent when there are none. */
    readonly outcome?: Digest<"outcome">;
    /** The error because of which the value cannot be stored. */
    readonly refusal?: unknown;
    /** Time that the function itself ran, without the cache's own work for inner calls. */
    readonly computeMs: number;
    /** Dependencies of the execution, in the order in which they were read. */
    readonly dependencies: readonly Dependency[];
    /** Flat trace of the execution; `null` without inner calls, or when their dependencies cannot be listed. */
    readonly support: FlatTrace | null;
    /** Inputs that changed before the execution ended, in words or as paths. */
    readonly raced: readonly string[];
    /** Values that the function captures, as they were when it began; `null`: they had changed by then. */
    readonly watch: StateWatch | null;
    /** True when no other code ran while the function did. */
    readonly isAlone: boolean;
  }
  | {
    readonly threw: true;
    readonly error: unknown;
    /** What was read until then; `null` unless the call ran to verify a trace, or when it cannot be looked at again. */
    readonly reads: SettledReads | null;
  };

/**
 * Runs the function of a call.
 *
 * @param run The run of the call.
 * @returns The execution. An error that the function throws is part of the execution and does not reject the promise.
 */
export async function runFunction(run: Run): Promise<Execution> {
  const { call } = run;
  const { wrapped, prepared, receiver, args } = call;
  const { root, files, options: { observe: observes } } = prepared;
  const reads = new CallReads(run, { root, files, observes, hasBlindReads: call.isBlind, named: call.namedPaths });
  const inner = new FlatTraceBuilder();
  run.reads = reads;
  run.inner = inner;
  let value: unknown;
  let ranAtOnce = false;
  const watchState = await watchCall(call);
  // Before the readers are observed: the stand-ins for them are no change of the program's.
  const watch = watchOrNull(watchState);
  let outcome: Awaited<ReturnType<typeof encode>>;
  try {
    outcome = await runObserved(reads, async () => {
      run.clock.start();
      const returned = wrapped.fn.apply(receiver, [...args]);
      // A value, or a promise that is settled already, is there one turn later; by then nobody else could run.
      let isLater = false;
      runAfterwards(() => runAfterwards(() => isLater = true));
      value = await returned;
      run.clock.stop();
      ranAtOnce = !isLater;
      // Encoded inside the observed context, since encoding may read an input, such as a file time from `stat`.
      return await encode(value, call.resultOptions);
    });
  } catch (error) {
    run.clock.stop();
    reportRun(call, run.clock.ms, true);
    return { threw: true, error, reads: run.basis === undefined ? null : await reads.settle().catch(() => null) };
  }
  const computeMs = run.clock.ms;
  reportRun(call, computeMs, false);
  try {
    const { dependencies: observed, raced } = await reads.settle();
    const dependencies = [...besidesFileArguments(call, observed), ...placeOfResult(outcome.encoded, root)];
    return {
      threw: false,
      value,
      ...outcome,
      computeMs,
      dependencies,
      support: inner.finish(dependencies),
      raced: [...raced, ...await call.changedInputs(), ...await changedArguments(call, ranAtOnce)],
      watch,
      isAlone: ranAtOnce,
    };
  } catch (refusal) {
    // A dependency cannot be looked at again, so the result is returned and not stored.
    return {
      threw: false,
      value,
      encoded: null,
      refusal,
      computeMs,
      dependencies: [],
      support: null,
      raced: ["an input"],
      watch,
      isAlone: false,
    };
  }
}

/**
 * Tells that the arguments or the receiver changed while the function ran, in words. A function that changes them itself
 * does so on each miss and on no hit, or in copies alone, which is said; the result is kept when nobody else could have
 * changed them.
 */
async function changedArguments(call: Call, ranAtOnce: boolean): Promise<string[]> {
  if (call.isPrivate) {
    if (call.args.every(isPrimitive) || await call.hasSameInputs()) return [];
    reportNotice(
      call,
      "it changes an argument, of which it has a copy; its caller sees no change, so let it return that",
    );
    return [];
  }
  if (await hasSameKey(call)) return [];
  if (!ranAtOnce) return ["an argument"];
  reportNotice(
    call,
    "it changes an argument or its receiver; a hit does not, so let it change a copy and return that",
  );
  return [];
}

/** What an execution of a call would come to that reads nothing and returns a value: for a result that is put in. */
export async function executionOf(call: Call, value: unknown): Promise<Execution & { readonly threw: false }> {
  const { prepared: { root }, resultOptions } = call;
  const outcome = await encode(value, resultOptions);
  return {
    threw: false,
    value,
    ...outcome,
    computeMs: 0,
    dependencies: placeOfResult(outcome.encoded, root),
    support: null,
    raced: [],
    watch: null,
    isAlone: true,
  };
}

/** Encodes a result. */
export async function encode(
  value: unknown,
  options: ResultOptions,
): Promise<{ encoded: EncodedResult | null; outcome?: Digest<"outcome">; refusal?: unknown }> {
  try {
    const encoded = await encodeResult(value, options);
    if (!encoded.hasStacks) return { encoded };
    const { chunks } = await encodeResult(value, { ...options, leavesOutStacks: true });
    return { encoded, outcome: digestChunks<"outcome">(chunks) };
  } catch (refusal) {
    return { encoded: null, refusal };
  }
}

/** The watch over what a call depends on; `null` where none can be made, which must not keep the function from running. */
function watchOrNull(watchState: () => StateWatch | null): StateWatch | null {
  try {
    return watchState();
  } catch {
    return null;
  }
}

/**
 * Returns the dependencies that the call key does not cover already.
 *
 * With `hashFilePaths: false`, a file argument counts by its content alone, wherever the file lies. The content is in
 * the call key, and a dependency on the old path would make the call stale when the file is renamed.
 *
 * Other dependencies on such a file stay, since the key does not cover them: times, and links. So do all dependencies
 * on a folder whose files a `filePattern` chooses, since the key covers only the chosen files.
 *
 * @param call The call.
 * @param dependencies Dependencies of the execution.
 */
function besidesFileArguments(call: Call, dependencies: readonly Dependency[]): readonly Dependency[] {
  if (call.prepared.options.hashFilePaths) return dependencies;
  const known = call.files.filter(({ isFiltered }) => isFiltered !== true);
  return dependencies.filter((one) => !(isOfContent(one) && known.some(({ path }) => isAtOrBelow(one.path, path))));
}

/** Dependency of a result that names the project's folder: moved elsewhere, the function would return another path. */
function placeOfResult(encoded: EncodedResult | null, root: string): Dependency[] {
  if (encoded === null || !namesProject(encoded, root)) return [];
  return [{ kind: "link", path: ".", aspect: "place", digest: linkState(root, "place", root) }];
}

/** True when the path of the project's folder is in a text of the result, in the stack of an error or in bytes. */
function namesProject({ chunks }: EncodedResult, root: string): boolean {
  const names = namesOfPlace(root).filter((name) => name.length > 1);
  return chunks.some(({ buffer, byteOffset, byteLength }) => {
    const bytes = Buffer.from(buffer, byteOffset, byteLength);
    return names.some((name) => bytes.includes(name));
  });
}

function isOfContent(one: Dependency): one is Extract<Dependency, { kind: "file" | "directory" | "stat" }> {
  return one.kind === "file" || one.kind === "directory" ||
    one.kind === "stat" && one.followed && one.aspects !== "times";
}

function isAtOrBelow(path: string, folder: string): boolean {
  return path === folder || isBelow(path, folder);
}
