/**
 * Replaces members of the platform's objects while a cached call runs, and puts them back.
 *
 * @module
 */
import { type AnswerStyle, type Observer, type PlatformFunction, wrap } from "./wrap.ts";
import { observingReads } from "../context.ts";

/** Replacement of one member of an object: the original function, and the wrapper that stands there meanwhile. */
export interface Patch {
  readonly target: Record<PropertyKey, unknown>;
  readonly key: string;
  /** Name of the function as users write it: `Deno.readFile`. */
  readonly name: string;
  readonly original: PlatformFunction;
  readonly wrapper: PlatformFunction;
}

/** Makes the patch of a function in `target`. @returns `null` when the member is no function or cannot be replaced. */
export function patchMember(
  target: object,
  key: string,
  name: string,
  style: AnswerStyle,
  observe: Observer,
): Patch | null {
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  if (descriptor === undefined || typeof descriptor.value !== "function" || descriptor.writable !== true) return null;
  const original = descriptor.value as PlatformFunction;
  return { target: target as Patch["target"], key, name, original, wrapper: wrap(original, style, observe) };
}

/** Replaces the members by their wrappers. A member that other code has replaced or frozen since stays as it is. */
export function applyPatches(patches: readonly Patch[]): void {
  for (const { target, key, original, wrapper } of patches) {
    if (target[key] === original) replace(target, key, wrapper);
  }
}

/** Puts the original functions back. A member that other code has replaced or frozen since stays as it is. */
export function revertPatches(patches: readonly Patch[]): void {
  for (const { target, key, original, wrapper } of patches) {
    if (target[key] === wrapper) replace(target, key, original);
  }
}

/** Assigns a member. An assignment costs half of `Reflect.set`, and there are 300 of them around each call. */
function replace(target: Record<PropertyKey, unknown>, key: string, value: PlatformFunction): void {
  try {
    target[key] = value;
  } catch {
    // The program has frozen the object: the member stays as it is, observed or not.
  }
}

/** Makes the patch of a class or constructor in `target`. @returns `null` when the member cannot be replaced. */
export function observeConstructor(target: object, key: string, name: string, observe: Observer): Patch | null {
  const value = (target as Record<string, unknown>)[key];
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  if (typeof value !== "function" || descriptor?.configurable !== true) return null;
  const tell = (args: unknown[]) => {
    const reads = observingReads();
    if (reads === undefined) return;
    try {
      observe(reads, args, undefined);
    } catch (error) {
      reads.observeUnclear(`observation failed: ${error}`);
    }
  };
  const wrapper: PlatformFunction = new Proxy(value as PlatformFunction, {
    apply(original, self, args): unknown {
      tell(args);
      return Reflect.apply(original, self, args);
    },
    construct(original, args, newTarget): object {
      tell(args);
      return Reflect.construct(original, args, newTarget === wrapper ? original : newTarget);
    },
  });
  return {
    target: target as Patch["target"],
    key,
    name,
    original: value as PlatformFunction,
    wrapper,
  };
}
