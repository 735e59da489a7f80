/**
 * The clocks and timers of the platform, taken when this package is loaded: a program that replaces them later, as a test
 * with fake time does, neither stops the work of the cache nor has it store a wrong time.
 *
 * A file of its own, since each folder needs it, and since the package's entry has to load it first.
 *
 * @module
 */
// A program may have replaced the global one before it loaded this package, as tests with fake time do.
export { setImmediate as startImmediate } from "node:timers";

export const { setTimeout: startTimer, clearTimeout: stopTimer } = globalThis;
const PlatformFile = File;
/** The platform's `queueMicrotask`. */
export const runAfterwards: typeof globalThis.queueMicrotask = globalThis.queueMicrotask;

/** Returns the present time, milliseconds since the epoch. */
export const wallMs: () => number = isPlatformDate() ? Date.now : timeOfFile;

/** False where a program has replaced `Date` or its clock: by code, or by a function that tells another time. */
function isPlatformDate(): boolean {
  if (!/\[native code\]\s*\}$/.test(Function.prototype.toString.call(Date.now))) return false;
  return Math.abs(Date.now() - timeOfFile()) < 1000;
}

/** The present time by a clock that no library for fake time replaces: a new file in memory has it from the platform. */
function timeOfFile(): number {
  return new PlatformFile([], "").lastModified;
}

/** Returns the time since the program began, milliseconds; it never jumps, unlike that of the wall clock. */
export const steadyMs: () => number = performance.now.bind(performance);
