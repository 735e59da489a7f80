/**
 * The flat trace of an execution: the dependencies of the execution and of its inner calls in one list. With this list,
 * a hit checks each function and each file once, instead of each inner call.
 *
 * @module
 */
import type { Call } from "./identify.ts";
import { secretTextsOf } from "./secret_arguments.ts";
import type { Dependency, FlatDependency, FlatTrace, InnerFunction, Trace } from "../words/records.ts";

/** Largest number of dependencies of a flat trace. A trace with more is verified through its inner calls alone. */
const MAX_DEPENDENCIES = 512;

/** Builds the flat trace of one execution from the functions and dependencies of its inner calls. */
export class FlatTraceBuilder {
  readonly #functions = new Map<string, InnerFunction>();
  readonly #leaves = new Map<string, FlatDependency>();
  #isListable = true;

  /**
   * Adds an inner call.
   *
   * @param call The inner call.
   * @param revision Revision of its function before the call was looked up.
   * @param trace The trace of the inner call; `null` when none is stored, so that each verification has to look up or
   * run the inner call itself.
   */
  add(
    call: Call,
    revision: string | undefined,
    trace: Pick<Trace, "support" | "dependencies"> | null,
  ): void {
    if (trace === null) this.#isListable = false;
    if (!this.#isListable || trace === null) return;
    const { wrapped: { functionId }, identity } = call;
    this.#addFunction({ functionId, identity, ...revision === undefined ? {} : { revision } });
    for (const inner of trace.support?.functions ?? []) this.#addFunction(inner);
    if (call.cwd !== null) this.#addLeaf(call.cwd);
    const secrets = secretGuesses(call);
    for (const file of call.lookedAt) {
      if (file.isFiltered || secrets.has(file.path)) this.#isListable = false;
      else this.#addLeaf(file);
    }
    for (const dependency of trace.support?.dependencies ?? trace.dependencies) {
      if (dependency.kind === "child") this.#isListable = false;
      else this.#addLeaf(dependency);
    }
  }

  /**
   * Adds the dependencies of the execution itself and returns the flat trace.
   *
   * @param dependencies The dependencies of the execution itself.
   * @returns The flat trace; `null` when there were no inner calls, or when the dependencies of some cannot be listed.
   */
  finish(dependencies: readonly Dependency[]): FlatTrace | null {
    if (this.#functions.size === 0) return null;
    const trace = this.finishWhole(dependencies);
    return trace === null || trace.dependencies.length > MAX_DEPENDENCIES ? null : trace;
  }

  /** Does what {@linkcode finish} does, also for an execution without inner calls, and for any number of dependencies. */
  finishWhole(dependencies: readonly Dependency[]): FlatTrace | null {
    for (const dependency of dependencies) if (dependency.kind !== "child") this.#addLeaf(dependency);
    return this.#isListable
      ? { functions: [...this.#functions.values()], dependencies: [...this.#leaves.values()] }
      : null;
  }

  #addFunction(inner: InnerFunction): void {
    const known = this.#functions.get(inner.functionId);
    if (known === undefined) this.#functions.set(inner.functionId, inner);
    else if (known.identity !== inner.identity || known.revision !== inner.revision) this.#isListable = false;
  }

  /** Adds one dependency. If it had two digests during the execution, there is no single state to compare with. */
  #addLeaf(leaf: FlatDependency): void {
    const { digest, ...question } = leaf;
    const id = JSON.stringify(question);
    const known = this.#leaves.get(id);
    if (known === undefined) this.#leaves.set(id, leaf);
    else if (known.digest !== digest) this.#isListable = false;
  }
}

/**
 * Paths that are texts of secrets, and at which there is no file. They are not stored, so that nothing can tell later that
 * there is one.
 */
function secretGuesses(call: Call): ReadonlySet<string> {
  const absent = call.lookedAt.filter(({ path, digest }) => digest === null && call.guessed.has(path));
  const paths = absent.map(({ path }) => path);
  if (paths.length === 0) return new Set();
  try {
    const secrets = secretTextsOf(call);
    return new Set(paths.filter((path) => secrets.has(String(call.guessed.get(path)))));
  } catch {
    return new Set(paths); // a codec cannot encode an argument any more
  }
}
