/**
 * Runs the wrapped function while its reads and its inner calls are noted.
 *
 * @module
 */
import type { Call } from "./identify.ts";
import { type EncodedResult, encodeResult } from "../values/result/encode_result.ts";
import type { Run } from "./runs.ts";
import type { Outcome } from "./outcome.ts";
import type { Dependency, FlatTrace, Trace } from "../words/records.ts";
import { reportRun } from "./report.ts";
import { CallFrame, currentFrame, isBelow, runInFrame } from "../reads/run_observed.ts";
import { keepArguments, packArguments } from "./replay.ts";

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

/** A call whose function is running. */
export interface RunningCall {
  readonly call: Call;
  readonly frame: CallFrame;
  readonly run: Run<Outcome>;
  readonly support: SupportBuilder;
}

const running = new WeakMap<CallFrame, RunningCall>();

/** The call in whose function the present code runs. */
export function currentCall(): RunningCall | undefined {
  const frame = currentFrame();
  return frame === undefined ? undefined : running.get(frame);
}

/**
 * Runs the function of a call.
 *
 * @param call The call.
 * @param run Its place among the running calls.
 * @returns What it returned or threw. Never rejects for what the function does.
 */
export async function runFunction(call: Call, run: Run<Outcome>): Promise<Execution> {
  const { step, prepared, receiver, args, key } = call;
  const { root, files, options: { observe: observes } } = prepared;
  const frame = new CallFrame({
    fname: step.fname,
    key,
    parent: run.parent?.reads,
    root,
    files,
    observes,
    hasBlindReads: call.isBlind,
    named: call.namedPaths,
  });
  const support = new SupportBuilder();
  running.set(frame, { call, frame, run, support });
  run.reads = frame;
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
    reportRun(call, performance.now() - startedMs, true);
    return { threw: true, error };
  }
  reportRun(call, computeMs, false);
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

/** Packed arguments of an inner call. */
type Packed = ReturnType<typeof packArguments>;

/** Where a call will stand in the trace of the call around it. Left unfilled, it does not count. */
interface ReservedPlace {
  /** The running call around it. */
  readonly run: Run<Outcome> | undefined;
  /** Takes a copy of its arguments, before the function can change them. */
  pack(call: Call): Packed;
  /** Enters what it came to. */
  fill(call: Call, packed: Packed, outcome: Outcome): Promise<void>;
}

const NO_PLACE: ReservedPlace = {
  run: undefined,
  pack: () => null,
  fill: () => Promise.resolve(),
};

/** Keeps a place for a call that begins now, so that the order in the trace is the order of the calls. */
export function reservePlace(): ReservedPlace {
  const outer = currentCall();
  if (outer === undefined) return NO_PLACE;
  const slot = outer.frame.reserveChild();
  const { blobs, readOnly } = outer.call.prepared.workspace.cache;
  return {
    run: outer.run,
    pack: (call) => readOnly ? null : packArguments(call),
    fill: async (call, packed, outcome) => {
      outer.support.add(call, "trace" in outcome ? outcome.trace : null);
      const args = await keepArguments(packed, blobs).catch(() => null);
      slot.fill({ kind: "child", functionId: call.step.functionId, key: call.key, args, outcome: outcome.digest });
    },
  };
}

/** Longest list of dependencies kept; beyond it a trace is verified through its inner calls only. */
const MAX_DEPENDENCIES = 512;

type Leaf = FlatTrace["dependencies"][number];

/** What the inner calls of one running call rest on. */
class SupportBuilder {
  readonly #functions = new Map<string, FlatTrace["functions"][number]>();
  readonly #leaves = new Map<string, Leaf>();
  #isListable = true;

  /**
   * Adds an inner call.
   *
   * @param call The inner call.
   * @param trace Its execution; `null` when there is none in the store, so that it has to be made again each time.
   */
  add(call: Call, trace: Trace | null): void {
    const { functionId } = call.step;
    const known = this.#functions.get(functionId);
    if (trace === null || (known !== undefined && known.identity !== call.identity)) this.#isListable = false;
    if (!this.#isListable || trace === null) return;
    this.#functions.set(functionId, { functionId, identity: call.identity });
    for (const inner of trace.support?.functions ?? []) this.#addFunction(inner);
    if (call.cwd !== null) this.#addLeaf(call.cwd);
    for (const file of call.lookedAt) {
      if (file.isFiltered) this.#isListable = false;
      else this.#addLeaf(file);
    }
    for (const dependency of trace.support?.dependencies ?? trace.dependencies) {
      if (dependency.kind === "child") this.#isListable = false;
      else this.#addLeaf(dependency);
    }
  }

  /**
   * Everything together.
   *
   * @param dependencies What the call itself observed.
   * @returns `null` when there were no inner calls, or when what they rest on cannot be listed.
   */
  finish(dependencies: readonly Dependency[]): FlatTrace | null {
    if (this.#functions.size === 0 || !this.#isListable) return null;
    for (const dependency of dependencies) if (dependency.kind !== "child") this.#addLeaf(dependency);
    if (!this.#isListable || this.#leaves.size > MAX_DEPENDENCIES) return null;
    return { functions: [...this.#functions.values()], dependencies: [...this.#leaves.values()] };
  }

  #addFunction(inner: FlatTrace["functions"][number]): void {
    const known = this.#functions.get(inner.functionId);
    if (known === undefined) this.#functions.set(inner.functionId, inner);
    else if (known.identity !== inner.identity) this.#isListable = false;
  }

  /** One thing seen in two states during one execution has no single state to compare with. */
  #addLeaf(leaf: Leaf): void {
    const { digest, ...question } = leaf;
    const id = JSON.stringify(question);
    const known = this.#leaves.get(id);
    if (known === undefined) this.#leaves.set(id, leaf);
    else if (known.digest !== digest) this.#isListable = false;
  }
}
