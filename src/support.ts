/**
 * Collects what an execution and the calls inside it rest on, flattened, while they run.
 *
 * @module
 */
import type { Call } from "./call.ts";
import type { Dependency, Support, Trace } from "./records.ts";

/** Longest list of dependencies kept; beyond it a trace is verified through its inner calls only. */
const MAX_DEPENDENCIES = 512;

type Leaf = Support["dependencies"][number];

/** What the inner calls of one running call rest on. */
export class SupportBuilder {
  readonly #functions = new Map<string, Support["functions"][number]>();
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
  finish(dependencies: readonly Dependency[]): Support | null {
    if (this.#functions.size === 0 || !this.#isListable) return null;
    for (const dependency of dependencies) if (dependency.kind !== "child") this.#addLeaf(dependency);
    if (!this.#isListable || this.#leaves.size > MAX_DEPENDENCIES) return null;
    return { functions: [...this.#functions.values()], dependencies: [...this.#leaves.values()] };
  }

  #addFunction(inner: Support["functions"][number]): void {
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
