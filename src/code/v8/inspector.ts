/**
 * V8's inspector: where a function was written, and the variables that it closes over with the values they have now.
 *
 * The one file that touches `node:inspector`. It needs `--allow-sys`, without a filter; nothing here ever asks for it.
 *
 * Starting costs about 25 ms in a process and 5 ms again after a detachment, a question 0.05 ms; so one session serves
 * all that is asked at once, and stays only while {@linkcode InspectorLease}s are held. Breakpoints and `debugger;` statements do
 * not pause while it is attached, and a debugger that the user attached is a session of its own.
 *
 * Where the inspector itself runs code (`deno repl`, `deno jupyter`, a debugger's console), Deno panics when a session is
 * attached, asked or detached before that run has returned. There each of these waits for a turn of the event loop. A
 * session that is only attached meanwhile does no harm.
 *
 * @module
 */
import { Connection, type FunctionOrigin, type InspectorSession, type Script } from "./connection.ts";
import { runsTests } from "../../words/program.ts";
// Loaded by the first question.
import defer * as inspector from "node:inspector/promises";

export { type FunctionOrigin, isPlatformScript, type ScopeValues, type Script } from "./connection.ts";

/** Keeps the session attached until it is disposed of. */
export interface InspectorLease extends Disposable {
  /** Where functions come from, in the order given. */
  locate(functions: readonly object[]): Promise<FunctionOrigin[]>;
  /** The private fields of objects, by name with the `#`. */
  privateFields(objects: readonly object[]): Promise<ReadonlyMap<string, unknown>[]>;
  /** URLs of all scripts that are loaded. */
  scriptUrls(): string[];
  /** The script loaded from a URL; `null` when none is. */
  scriptOf(url: string): Promise<Script | null>;
}

/** Whether the inspector may be used: `--allow-sys` without a filter was given. Never asks. */
export function isInspectorAllowed(): boolean {
  return Deno.permissions.querySync({ name: "sys" }).state === "granted";
}

/**
 * Attaches, or joins the session that is attached.
 *
 * @throws {Error} When the permission is missing; ask {@linkcode isInspectorAllowed} before.
 */
export async function leaseInspector(): Promise<InspectorLease> {
  const waits = runsInInspector();
  holders++;
  try {
    if (waits) await nextTurn();
    const connection = await (current ??= connect());
    // A caller may come from anywhere between two questions, so each question waits, not only the first.
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

/** Whether the code that runs now may have been started by the inspector: by a REPL, or by a debugger's console. */
function runsInInspector(): boolean {
  return runsInRepl() || inspector.url() !== undefined;
}

let current: Promise<Connection> | null = null;
let holders = 0;

/** Attaching again costs 5 ms, so a session waits a moment for the next question. */
const IDLE_MS = 50;

const startTimer = globalThis.setTimeout;
let idleTimer: ReturnType<typeof setTimeout> | null = null;

function release(waits: boolean): void {
  if (--holders > 0 || idleTimer !== null) return;
  if (!runsInRepl()) {
    // Breakpoints of the debugger that is attached are to pause the function which is run next.
    if (waits) return void nextTurn().then(closeIfIdle);
    if (runsTests()) return closeIfIdle();
  }
  idleTimer = startTimer(closeIfIdle, IDLE_MS);
  Deno.unrefTimer(idleTimer);
}

function closeIfIdle(): void {
  idleTimer = null;
  if (holders > 0) return;
  const closing = current;
  current = null;
  closing?.then((connection) => connection.close(), () => {});
}

async function connect(): Promise<Connection> {
  const session = new inspector.Session();
  session.connect();
  const connection = new Connection(session as InspectorSession);
  await connection.start();
  return connection;
}

const startImmediate = globalThis.setImmediate;

/**
 * Waits for a turn of the event loop, in which no line or cell is being run.
 *
 * `deno repl` and `deno jupyter` run each line or cell as a question to V8's inspector, and lend their list of sessions
 * for as long as V8 takes to answer: up to the first `await` that waits for something, the microtasks before it
 * included.
 */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => startImmediate(resolve));
}

let isRepl: boolean | undefined;

/**
 * Whether this is `deno repl` or `deno jupyter`. Needs no permission: both define `_error`, the last error thrown, by a
 * getter before the first line is read. In a worker of theirs the answer is no, and no is right.
 */
function runsInRepl(): boolean {
  return isRepl ??= ["_", "_error"].some((name) =>
    String(Object.getOwnPropertyDescriptor(globalThis, name)?.get).includes("repl_internal")
  );
}
