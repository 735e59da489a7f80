/**
 * The wrapped functions of this process: by the function that a user holds, and by the identity that traces record.
 *
 * @module
 */
import { Registry } from "./registry.ts";
import type { Step } from "./step.ts";

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
