/**
 * V8's inspector: finds the place in which a function is written, and the variables that the function closes over,
 * with their current values.
 *
 * Only this file touches `node:inspector`. The inspector needs `--allow-sys`, without a filter; nothing here ever
 * asks for the permission.
 *
 * Attaching costs about 25 ms the first time in a process and 5 ms after a detachment; a request costs 0.05 ms. So
 * one session serves all requests that are made at about the same time. It stays attached only while
 * {@linkcode InspectorLease}s are held, and shortly after. Breakpoints and `debugger;` statements do not pause while
 * it is attached. A debugger that the user attached has a session of its own.
 *
 * Deno panics when a session is attached, used or detached during a run of code that the inspector itself started
 * (`deno repl`, `deno jupyter`, a debugger's console). There, attaching, each request and detaching wait for a turn of
 * the event loop. A session that just stays attached during such a run does no harm.
 *
 * @module
 */
import { startImmediate, startTimer, steadyMs } from "../../words/clock.ts";
import { areTicksReplaced, passTicks, returnTicks } from "./own_ticks.ts";
import { Connection, type FunctionOrigin, type InspectorSession, type Script } from "./connection.ts";
import { runsTests } from "../../words/program.ts";
import { nodeModule } from "../../words/node_modules.ts";

export { type FunctionOrigin, isPlatformScript, type ScopeValues, type Script } from "./connection.ts";

/** Lease that keeps the session attached until the lease is disposed of. */
export interface InspectorLease extends Disposable {
  /** Finds the origins of functions, in the order given. */
  locate(functions: readonly object[]): Promise<FunctionOrigin[]>;
  /** Reads the private fields of objects, by name with the `#`, in the order given. */
  privateFields(objects: readonly object[]): Promise<ReadonlyMap<string, unknown>[]>;
  /** URLs of all scripts that are loaded. */
  scriptUrls(): string[];
  /** Script that was loaded from a URL; `null` when there is none. */
  scriptOf(url: string): Promise<Script | null>;
}

/** True when the inspector may be used: `--allow-sys` was given without a filter. Never asks for permission. */
export function isInspectorAllowed(): boolean {
  return Deno.permissions.querySync({ name: "sys" }).state === "granted";
}

/**
 * Attaches a session, or joins the session that is attached.
 *
 * @throws {Error} When the permission is missing; ask {@linkcode isInspectorAllowed} before.
 */
export async function leaseInspector(): Promise<InspectorLease> {
  const waits = runsInInspector();
  holders++;
  try {
    if (waits) await nextTurn();
    // Messages to an attached session may have got lost since the program put its own `nextTick` in place.
    if (current !== null && holders === 1 && areTicksReplaced()) await detach();
    else passTicks();
    const connection = await (current ??= connect());
    // Each request may be made from code that the inspector runs, so each request waits, not only the first.
    const inTurn = <Answer>(ask: () => Promise<Answer>) => waits ? nextTurn().then(ask) : ask();
    let isOpen = true;
    return {
      locate: (functions) => inTurn(() => connection.locate(functions)),
      privateFields: (objects) => inTurn(() => connection.privateFields(objects)),
      scriptUrls: () => connection.scriptUrls(),
      scriptOf: (url) => inTurn(() => connection.scriptOf(url)),
      [Symbol.dispose]() {
        if (isOpen) release(waits);
        isOpen = false;
      },
    };
  } catch (error) {
    release(waits);
    throw error;
  }
}

/** True when the running code may have been started by the inspector: by a REPL, or by a debugger's console. */
function runsInInspector(): boolean {
  return runsInRepl() || nodeInspector().url() !== undefined;
}

function nodeInspector(): typeof import("node:inspector/promises") {
  return nodeModule("node:inspector/promises");
}

let current: Promise<Connection> | null = null;
let holders = 0;

/** Time in milliseconds for which an unused session stays attached, since attaching again costs 5 ms. */
const IDLE_MS = 50;

let idleTimer: ReturnType<typeof startTimer> | null = null;
let releasedMs = 0;

function release(waits: boolean): void {
  if (--holders > 0) return;
  releasedMs = steadyMs();
  if (idleTimer !== null) return;
  if (!runsInRepl()) {
    // The session does not stay: breakpoints of the debugger that is attached are to pause the function that runs
    // next.
    if (waits) return void nextTurn().then(closeIfIdle);
    if (runsTests()) return closeIfIdle();
  }
  waitForIdleness(IDLE_MS);
}

function waitForIdleness(ms: number): void {
  idleTimer = startTimer(() => {
    idleTimer = null;
    // Calls that follow each other closely share the session.
    const leftMs = IDLE_MS - (steadyMs() - releasedMs);
    if (holders === 0 && leftMs > 0) waitForIdleness(leftMs);
    else closeIfIdle();
  }, ms);
  Deno.unrefTimer(idleTimer);
}

function closeIfIdle(): void {
  if (holders === 0) detach();
}

/** Ends the session. Requests that wait for an answer get an error. */
async function detach(): Promise<void> {
  const closing = current;
  current = null;
  const connection = await closing?.catch(() => undefined);
  passTicks();
  connection?.close();
  returnTicks();
}

async function connect(): Promise<Connection> {
  passTicks();
  const session = new (nodeInspector().Session)();
  session.connect();
  const connection = new Connection(session as InspectorSession);
  await connection.start();
  return connection;
}

/**
 * Waits for a turn of the event loop, in which no line or cell is being run.
 *
 * `deno repl` and `deno jupyter` run each line or cell by a request to V8's inspector. Their list of sessions is
 * borrowed until V8 responds, which is at the first `await` that waits for something, after the microtasks before it.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => startImmediate(resolve));
}

let isRepl: boolean | undefined;

/**
 * True in `deno repl` and `deno jupyter`. Needs no permission: before the first line is read, both define a getter
 * `_error`, for the last error thrown. In their workers the answer is false, as it should be.
 */
function runsInRepl(): boolean {
  return isRepl ??= ["_", "_error"].some((name) =>
    String(Object.getOwnPropertyDescriptor(globalThis, name)?.get).includes("repl_internal")
  );
}
