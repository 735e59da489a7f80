/**
 * When the inspector may be used in a REPL, and whether this is one. A file of its own because it touches no inspector.
 *
 * `deno repl` and `deno jupyter` run each line or cell as a question to V8's inspector, and lend their list of sessions
 * for as long as V8 takes to answer: up to the first `await` that waits for something, the microtasks before it included.
 *
 * @module
 */

const startImmediate = globalThis.setImmediate;

/** Waits for a turn of the event loop, in which no line or cell is being run. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => startImmediate(resolve));
}

let isRepl: boolean | undefined;

/**
 * Whether this is `deno repl` or `deno jupyter`. Needs no permission: both define `_error`, the last error thrown, by a
 * getter before the first line is read. In a worker of theirs the answer is no, and no is right.
 */
export function runsInRepl(): boolean {
  return isRepl ??= ["_", "_error"].some((name) =>
    String(Object.getOwnPropertyDescriptor(globalThis, name)?.get).includes("repl_internal")
  );
}
