/**
 * `process.nextTick` while V8's inspector is attached. `node:inspector` passes on each message by the `nextTick` that the
 * program sees; where a program has put its own there, as a test with fake time does, no message would ever come.
 *
 * @module
 */
import nodeProcess, { nextTick } from "node:process";

type NextTick = typeof nextTick;

/** The stand-in for the program's function, and that function; `null` while there is none. */
let standIn: { readonly relay: NextTick; readonly own: NextTick } | null = null;

/** True when the program has put a `nextTick` of its own in place, since {@linkcode passTicks} was called last. */
export function areTicksReplaced(): boolean {
  return nodeProcess.nextTick !== nextTick && nodeProcess.nextTick !== standIn?.relay;
}

/**
 * Lets the messages of the inspector come by the platform's `nextTick`, while all others who call it get the program's.
 * Does nothing unless the program has put one in place.
 */
export function passTicks(): void {
  if (!areTicksReplaced()) return;
  const own = nodeProcess.nextTick;
  const relay = new Proxy(own, {
    apply: (_target, receiver, args) => Reflect.apply(isOfInspector() ? nextTick : own, receiver, args),
  });
  nodeProcess.nextTick = relay;
  standIn = { relay, own };
}

/** Puts the program's own `nextTick` back. */
export function returnTicks(): void {
  if (standIn !== null && nodeProcess.nextTick === standIn.relay) nodeProcess.nextTick = standIn.own;
  standIn = null;
}

/** True when `node:inspector` is what calls. */
function isOfInspector(): boolean {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 4;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  return /\b(?:ext:deno_node|node:)[/:]?inspector/.test(String(stack));
}
