/**
 * Wrappers that look like the functions they wrap: same name, length, properties, results and errors.
 *
 * @module
 */
import { OWN_SOURCES } from "../../words/program.ts";
import type { CallFrame } from "../call_reads.ts";
import { enterFrame, mutedApply, observingFrame } from "../context.ts";

// deno-lint-ignore no-explicit-any
export type PlatformFunction = (...args: any[]) => any;

/** What to do once the function has ended. */
export interface AfterCall {
  /** It returned, or its promise was fulfilled. The answer, unless `undefined`, replaces the value. */
  // deno-lint-ignore no-explicit-any
  done?(value: any): unknown;
  /** It threw, or its promise was rejected. */
  failed?(error: unknown): void;
}

/** What a running call is told before a function runs. */
// deno-lint-ignore no-explicit-any
export type Observer = (frame: CallFrame, args: any[], self: any) => AfterCall | undefined | void;

/** How a function answers. */
export type AnswerStyle = "sync" | "promise" | "callback";

const originals = new WeakMap<PlatformFunction, PlatformFunction>();

/** The function that a wrapper stands for; any other function is itself. */
export function originalOf<F extends PlatformFunction>(fn: F): F {
  return (originals.get(fn) as F | undefined) ?? fn;
}

/** A function that tells the running call, if there is one, and does as `original` does. */
export function wrap(original: PlatformFunction, style: AnswerStyle, observe: Observer): PlatformFunction {
  const wrapper = WRAPPERS[style](original, observe);
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  Object.setPrototypeOf(wrapper, Object.getPrototypeOf(original));
  originals.set(wrapper, original);
  return wrapper;
}

// Methods, since those have no properties of their own that could not be made like those of what they stand for.
const WRAPPERS: Record<AnswerStyle, (original: PlatformFunction, observe: Observer) => PlatformFunction> = {
  sync: (original, observe) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const frame = observingFrame();
        if (frame === undefined) return Reflect.apply(original, this, args);
        const outcome = begin(observe, frame, args, this);
        let value: unknown;
        try {
          value = mutedApply(original, this, args);
        } catch (error) {
          throw fail(frame, outcome, error);
        }
        return finish(frame, outcome, value);
      },
    }).wrapper,

  promise: (original, observe) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const frame = observingFrame();
        if (frame === undefined) return Reflect.apply(original, this, args);
        const outcome = begin(observe, frame, args, this);
        let value: unknown;
        try {
          value = apply(original, this, args);
        } catch (error) {
          throw fail(frame, outcome, error);
        }
        if (!(value instanceof Promise)) return finish(frame, outcome, value);
        return value.then(
          (value) => finish(frame, outcome, value),
          (error) => {
            throw fail(frame, outcome, error);
          },
        );
      },
    }).wrapper,

  callback: (original, observe) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const frame = observingFrame();
        const last = args.length - 1;
        const callback = args[last];
        if (frame === undefined || typeof callback !== "function") return Reflect.apply(original, this, args);
        const outcome = begin(observe, frame, args, this);
        args[last] = function (this: unknown, ...answer: unknown[]): unknown {
          const [error] = answer;
          if (error instanceof Error) fail(frame, outcome, error);
          else if (answer.length > 1) answer[1] = finish(frame, outcome, answer[1]);
          else finish(frame, outcome, error);
          // The work runs as part of no call, so that what it reads on its way is not observed; its continuation does.
          return enterFrame(frame, () => Reflect.apply(callback as PlatformFunction, this, answer));
        };
        try {
          return apply(original, this, args);
        } catch (error) {
          throw fail(frame, outcome, error);
        }
      },
    }).wrapper,
};

/** What the function reads on its way, now or later, is not observed. */
function apply(original: PlatformFunction, self: unknown, args: unknown[]): unknown {
  return enterFrame(undefined, () => mutedApply(original, self, args));
}

/** Observing must not break what is observed: if it fails itself, nothing is stored. */
function begin(observe: Observer, frame: CallFrame, args: unknown[], self: unknown): AfterCall | undefined {
  try {
    return observe(frame, args, self) ?? undefined;
  } catch (error) {
    frame.observeUnclear(`observation failed: ${error}`);
    return undefined;
  }
}

function finish(frame: CallFrame, outcome: AfterCall | undefined, value: unknown): unknown {
  if (outcome?.done === undefined) return value;
  try {
    const replaced = outcome.done(value);
    return replaced === undefined ? value : replaced;
  } catch (error) {
    frame.observeUnclear(`observation failed: ${error}`);
    return value;
  }
}

/** Tells of a failure, and returns the error without our lines in its stack trace. */
function fail(frame: CallFrame, outcome: AfterCall | undefined, error: unknown): unknown {
  try {
    outcome?.failed?.(error);
    if (error instanceof Error && typeof error.stack === "string" && error.stack.includes(OWN_SOURCES)) {
      error.stack = withoutOurs(error.stack);
    }
  } catch (failure) {
    frame.observeUnclear(`observation failed: ${failure}`);
  }
  return error;
}

/** A stack trace without our lines, and without the one of the context that we enter. */
function withoutOurs(stack: string): string {
  const lines = stack.split("\n");
  const isOurs = (line: string | undefined) => line?.includes(OWN_SOURCES) === true;
  return lines.filter((line, index) => {
    const besideOurs = isOurs(lines[index - 1]) || isOurs(lines[index + 1]);
    return !isOurs(line) && !(besideOurs && line.includes("AsyncLocalStorage.run "));
  }).join("\n");
}
