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

/** The wrapped functions with this identity. */
export function findSteps(functionId: string): Step[] {
  return steps.find(functionId);
}

/**
 * What stands for a cached function in the code of another one: its identity, since its calls are in the trace.
 *
 * @returns `undefined` for a function that is not cached, and where several cached functions share the identity, so
 * that the name alone would not tell which one is meant.
 */
export function cachedIdentity(value: object): string | undefined {
  const step = byCachedFunction.get(value);
  return step === undefined || steps.find(step.functionId).length > 1 ? undefined : step.functionId;
}
