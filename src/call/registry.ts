/**
 * The wrapped functions of this process: by the function that a user holds, and by the identity that traces record.
 *
 * @module
 */
import type { Step } from "./wrapped.ts";

/** Cached functions, held weakly: a factory may wrap thousands. */
class Registry<Step extends object> {
  readonly #byId = new Map<string, Set<WeakRef<Step>>>();

  /** Adds a function under its identity. */
  add(functionId: string, step: Step): void {
    const refs = this.#byId.get(functionId);
    if (refs === undefined) this.#byId.set(functionId, new Set([new WeakRef(step)]));
    else refs.add(new WeakRef(step));
  }

  /** The functions with this identity; more than one when a factory wraps closures of one text. */
  find(functionId: string): Step[] {
    const refs = this.#byId.get(functionId);
    if (refs === undefined) return [];
    const found: Step[] = [];
    for (const ref of refs) {
      const step = ref.deref();
      if (step === undefined) refs.delete(ref);
      else found.push(step);
    }
    return found;
  }
}

const steps = new Registry<Step>();
const byCachedFunction = new WeakMap<object, Step>();

/** Makes a wrapped function known. */
export function registerStep(step: Step, cachedFunction: object): void {
  steps.add(step.functionId, step);
  byCachedFunction.set(cachedFunction, step);
}

/**
 * The wrapped functions with this identity: those of the same cache directory where there are any, else all.
 *
 * @param functionId As a trace records it.
 * @param home The cache directory of the function in whose trace it stands.
 */
export function findSteps(functionId: string, home: string): Step[] {
  const found = steps.find(functionId);
  const atHome = found.filter((step) => step.home === home);
  return atHome.length > 0 ? atHome : found;
}

/**
 * What stands for a cached function in the code of another one: its identity, since its calls are in the trace.
 *
 * @returns `undefined` for a function that is not cached, and where several cached functions share the identity, so
 * that the name alone would not tell which one is meant.
 */
export function cachedIdentity(value: object): string | undefined {
  const step = byCachedFunction.get(value);
  return step === undefined || findSteps(step.functionId, step.home).length > 1 ? undefined : step.functionId;
}
