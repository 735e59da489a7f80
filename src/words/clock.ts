/**
 * The clocks and timers of the platform, taken when this package is loaded: a program that replaces them later, as a test
 * with fake time does, neither stops the work of the cache nor has it store a wrong time.
 *
 * A file of its own, since each folder needs it, and since the package's entry has to load it first.
 *
 * @module
 */
export const { setTimeout: startTimer, clearTimeout: stopTimer, setImmediate: startImmediate } = globalThis;
/** The platform's `queueMicrotask`. */
export const runAfterwards: typeof globalThis.queueMicrotask = globalThis.queueMicrotask;

/** Returns the present time, milliseconds since the epoch. */
export const wallMs: () => number = Date.now;

/** Returns the time since the program began, milliseconds; it never jumps, unlike that of the wall clock. */
export const steadyMs: () => number = performance.now.bind(performance);
