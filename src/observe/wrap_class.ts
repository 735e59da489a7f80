/**
 * Classes whose construction is observed: `new fs.ReadStream(path)`.
 *
 * @module
 */
import { observingFrame } from "../tracker/context.ts";
import type { Patch } from "./patches.ts";
import type { AnyFunction, Observer } from "./wrap.ts";

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
  const wrapper: AnyFunction = new Proxy(value as AnyFunction, {
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
    original: value as AnyFunction,
    wrapper,
  };
}
