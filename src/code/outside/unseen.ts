/**
 * What nobody can look into of the things that packages keep. It counts for nothing, so it is named.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import { isProxy, typeTests } from "../../words/type_tests.ts";
import { classify, isNativeFunction, isPlatformData } from "../../values/kinds.ts";
import { classOf, nameOfFunction } from "../walk/values.ts";

/** Something that a package keeps out of sight. */
export interface Unseen {
  /** Kind of thing: `a Proxy`. */
  readonly what: string;
  /** Place by which it is known: `package/file.js#name`. */
  readonly path: string;
  /** True where functions of the package put what a program gives them. @default {false} */
  readonly isTold?: boolean;
}

/** Kind of the variables that functions count with: a number of calls, an identifier. */
export const COUNTERS = "counters";

/** Kind of the values that are others in each process: random ones, times, the id of the process. */
export const OF_MOMENT = "values of the moment";

/** How far the clocks may be apart. */
const SLACK_MS = 1000;

/** True for a time since this process began, which is the time at which something happened. */
export function isTimeOfProcess(value: unknown): boolean {
  const isObject = typeof value === "object" && value !== null && !isProxy(value);
  const time = isObject && typeTests().isDate(value) ? Date.prototype.getTime.call(value) : value;
  return typeof time === "number" && time >= performance.timeOrigin - SLACK_MS && time <= wallMs() + SLACK_MS;
}

/** Objects that are the same for all code, and whose changes count elsewhere. */
const SHARED: ReadonlySet<unknown> = new Set([Math, JSON, Reflect, Atomics, Intl, WebAssembly, console, Deno]);

/** Kind of an object that nobody can look into; `null` for what counts, or holds nothing. */
export function unseenKindOf(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  if (isProxy(value)) return "a Proxy";
  const { kind } = classify(value);
  switch (kind) {
    case "ofProxy":
      return "an object that inherits from a Proxy";
    case "promise":
      return "a Promise";
    case "error":
      return "an Error";
    case "iterator":
      return "a generator or iterator";
    case "stream":
      return "a stream";
    case "platform":
      return isShared(value) || isPlatformData(value)
        ? null
        : `an object of class ${nameOfClass(value) ?? "of the platform"}`;
    case "instance": {
      const maker = classOf(value);
      if (maker === null || !isNativeFunction(maker) || isShared(value) || isPlatformData(value)) return null;
      return `an object of class ${nameOfFunction(maker)}`;
    }
    default:
      return null;
  }
}

/** True for such an object, and for the global object, of which packages see another one than modules of the user do. */
export function isShared(value: object): boolean {
  return SHARED.has(value) || value === globalThis || value === globalThis.process ||
    Object.hasOwn(value, "globalThis");
}

function nameOfClass(value: object): string | null {
  const maker = classOf(value);
  return maker === null ? null : nameOfFunction(maker);
}

/** Places outside of all variables in which code keeps things, by the text that tells of them. */
const KEEPERS: readonly (readonly [what: string, tells: RegExp])[] = [
  ["variables that eval writes", /(?<![.\w$])eval\s*\(/],
  ["Web Storage", /\b(?:session|local)Storage\b/],
  ["stores of AsyncLocalStorage", /\bAsyncLocalStorage\b/],
  ["channels of node:diagnostics_channel", /\bdiagnostics_channel\b/],
  ["marks of performance", /\.getEntries(?:By\w+)?\s*\(/],
  ["listeners of process", /\bprocess\.(?:listeners|listenerCount|emit)\s*\(/],
];

/** Kinds of places outside of its variables in which a script may keep something. */
export function keepersIn(text: string): string[] {
  return KEEPERS.filter(([, tells]) => tells.test(text)).map(([what]) => what);
}

/** Number of places of one kind that a notice names. */
const MOST_PLACES = 6;

/** One notice for each kind of thing that is not seen. */
export function noticesOfUnseen(unseen: readonly Unseen[]): string[] {
  const kindOf = ({ what, isTold }: Unseen) => `${isTold ? "were told" : "keep"} in ${what}`;
  const told = new Set(unseen.filter(({ isTold }) => isTold).map(({ path }) => path));
  const different = unseen.filter(({ path, isTold }) => isTold || !told.has(path));
  return [...Map.groupBy(different, kindOf)].sort(([a], [b]) => a < b ? -1 : 1).map(([kind, all]) => {
    const paths = [...new Set(all.map(({ path }) => path))].sort();
    const left = paths.length - MOST_PLACES;
    return `not tracked: what packages ${kind}, ${paths.slice(0, MOST_PLACES).join(", ")}` +
      (left > 0 ? ` and ${left} more` : "");
  });
}
