/**
 * Wrappers of platform functions: they tell the running call what is read and written, and otherwise behave like the
 * original functions, with equal name, length, properties, results and errors.
 *
 * @module
 */
import { isOwnLine, markOwn } from "../../words/program.ts";
import type { CallReads } from "../call_reads.ts";
import { enterReads, mutedApply, observingReads } from "../context.ts";

// deno-lint-ignore no-explicit-any
export type PlatformFunction = (...args: any[]) => any;

/** Functions that are called once the observed function has ended. */
export interface AfterCall {
  /** Called once the function returned or its promise fulfilled. A result other than `undefined` replaces `value`. */
  // deno-lint-ignore no-explicit-any
  done?(value: any): unknown;
  /** Called when the function threw or its promise was rejected. */
  failed?(error: unknown): void;
}

/** Tells the running call, before a platform function runs, what the function is about to read and write. */
// deno-lint-ignore no-explicit-any
export type Observer = (reads: CallReads, args: any[], self: any) => AfterCall | undefined | void;

/** Way in which a function delivers its result: by its return value, by a promise, or by calling its last argument. */
export type AnswerStyle = "sync" | "promise" | "callback";

const originals = new WeakMap<PlatformFunction, PlatformFunction>();

/** Returns the original function of a wrapper; any other function is returned itself. */
export function originalOf<F extends PlatformFunction>(fn: F): F {
  return (originals.get(fn) as F | undefined) ?? fn;
}

/** Makes a function that does what `original` does, and runs `observe` before in a call whose reads are observed. */
export function wrap(original: PlatformFunction, style: AnswerStyle, observe: Observer): PlatformFunction {
  const wrapper = WRAPPERS[style](original, observe);
  Object.defineProperties(wrapper, Object.getOwnPropertyDescriptors(original));
  Object.setPrototypeOf(wrapper, Object.getPrototypeOf(original));
  originals.set(wrapper, original);
  markOwn(wrapper);
  return wrapper;
}

// Wrappers are methods, since all own properties of a method can be redefined to be those of the original function.
const WRAPPERS: Record<AnswerStyle, (original: PlatformFunction, observe: Observer) => PlatformFunction> = {
  sync: (original, observe) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const reads = observingReads();
        if (reads === undefined) return Reflect.apply(original, this, args);
        const outcome = begin(observe, reads, args, this);
        let value: unknown;
        try {
          value = mutedApply(original, this, args);
        } catch (error) {
          throw fail(reads, outcome, error);
        }
        return finish(reads, outcome, value);
      },
    }).wrapper,

  promise: (original, observe) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const reads = observingReads();
        if (reads === undefined) return Reflect.apply(original, this, args);
        const outcome = begin(observe, reads, args, this);
        let value: unknown;
        try {
          value = apply(original, this, args);
        } catch (error) {
          throw fail(reads, outcome, error);
        }
        if (!(value instanceof Promise)) return finish(reads, outcome, value);
        return value.then(
          (value) => finish(reads, outcome, value),
          (error) => {
            throw fail(reads, outcome, error);
          },
        );
      },
    }).wrapper,

  callback: (original, observe) =>
    ({
      wrapper(this: unknown, ...args: unknown[]): unknown {
        const reads = observingReads();
        const last = args.length - 1;
        const callback = args[last];
        if (reads === undefined || typeof callback !== "function") return Reflect.apply(original, this, args);
        const outcome = begin(observe, reads, args, this);
        args[last] = function (this: unknown, ...answer: unknown[]): unknown {
          const [error] = answer;
          if (error instanceof Error) fail(reads, outcome, error);
          else if (answer.length > 1) answer[1] = finish(reads, outcome, answer[1]);
          else finish(reads, outcome, error);
          // The function itself runs as part of no call, so that its own reads are not observed. The callback is the
          // user's code, so it runs as part of the call.
          return enterReads(reads, () => Reflect.apply(callback as PlatformFunction, this, answer));
        };
        try {
          return apply(original, this, args);
        } catch (error) {
          throw fail(reads, outcome, error);
        }
      },
    }).wrapper,
};

/** Runs `original` so that nothing that it reads itself is observed, before it returns or afterwards. */
function apply(original: PlatformFunction, self: unknown, args: unknown[]): unknown {
  return enterReads(undefined, () => mutedApply(original, self, args));
}

/** Runs an observer. An observer that throws must not break the program: the result of the call is then not stored. */
function begin(observe: Observer, reads: CallReads, args: unknown[], self: unknown): AfterCall | undefined {
  try {
    return observe(reads, args, self) ?? undefined;
  } catch (error) {
    reads.observeUnclear(`observation failed: ${error}`);
    return undefined;
  }
}

function finish(reads: CallReads, outcome: AfterCall | undefined, value: unknown): unknown {
  if (outcome?.done === undefined) return value;
  try {
    const replaced = outcome.done(value);
    return replaced === undefined ? value : replaced;
  } catch (error) {
    reads.observeUnclear(`observation failed: ${error}`);
    return value;
  }
}

/** Tells the observer of a failure. @returns The error, without the lines of this package in its stack trace. */
function fail(reads: CallReads, outcome: AfterCall | undefined, error: unknown): unknown {
  try {
    outcome?.failed?.(error);
    if (error instanceof Error && typeof error.stack === "string" && isOwnLine(error.stack)) {
      error.stack = withoutOurs(error.stack);
    }
  } catch (failure) {
    reads.observeUnclear(`observation failed: ${failure}`);
  }
  return error;
}

/** Removes the lines of this package from a stack trace, and lines of `AsyncLocalStorage.run` next to them. */
function withoutOurs(stack: string): string {
  const lines = stack.split("\n");
  const isOurs = (line: string | undefined) => line !== undefined && isOwnLine(line);
  return lines.filter((line, index) => {
    const besideOurs = isOurs(lines[index - 1]) || isOurs(lines[index + 1]);
    return !isOurs(line) && !(besideOurs && line.includes("AsyncLocalStorage.run "));
  }).join("\n");
}
