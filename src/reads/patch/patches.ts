/**
 * Members of the platform's objects that are replaced while a cached call runs.
 *
 * @module
 */
import { type AnswerStyle, type Observer, type PlatformFunction, wrap } from "./wrap.ts";
import { observingFrame } from "../context.ts";

/** One member, as it is and as it is while observed. */
export interface Patch {
  readonly target: Record<PropertyKey, unknown>;
  readonly key: string;
  /** As users write it: `Deno.readFile`. */
  readonly name: string;
  readonly original: PlatformFunction;
  readonly wrapper: PlatformFunction;
}

/** The patch of a function that is a member of `target`; `null` when there is none, or it cannot be replaced. */
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

/** Puts the wrappers in place. A member that someone else has replaced, or frozen since, is left to them. */
export function applyPatches(patches: readonly Patch[]): void {
  for (const { target, key, original, wrapper } of patches) {
    if (target[key] === original) replace(target, key, wrapper);
  }
}

/** Puts the originals back. A member that someone else has replaced, or frozen, since is left to them. */
export function revertPatches(patches: readonly Patch[]): void {
  for (const { target, key, original, wrapper } of patches) {
    if (target[key] === wrapper) replace(target, key, original);
  }
}

/** An assignment costs half of what `Reflect.set` does, and this happens 300 times around each call. */
function replace(target: Record<PropertyKey, unknown>, key: string, value: PlatformFunction): void {
  try {
    target[key] = value;
  } catch {
    // Frozen by the program, which then goes unobserved there, or goes on being so.
  }
}

/** The patch of a class, or constructor function, that is a member of `target`; `null` when it cannot be replaced. */
export function observeConstructor(target: object, key: string, name: string, observe: Observer): Patch | null {
  const value = (target as Record<string, unknown>)[key];
  const descriptor = Object.getOwnPropertyDescriptor(target, key);
  if (typeof value !== "function" || descriptor?.configurable !== true) return null;
  const tell = (args: unknown[]) => {
    const frame = observingFrame();
    if (frame === undefined) return;
    try {
      observe(frame, args, undefined);
    } catch (error) {
      frame.observeUnclear(`observation failed: ${error}`);
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
