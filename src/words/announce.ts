/**
 * Tells the user what happens: the one place that writes to the console.
 *
 * Everything goes to stderr, so that a script's own output stays clean.
 *
 * @module
 */
import type { CacheEvent } from "./events.ts";

/** Who wants to know what happens to a call. */
export interface Audience {
  /** Whether each call prints a line. */
  readonly verbose: boolean;
  /** Called with each event; what it throws is reported once and otherwise ignored. */
  readonly onEvent?: ((event: CacheEvent) => void) | undefined;
}

/** Whether anyone listens; saves computing what nobody would see. */
export function isAudienceHeard(audience: Audience): boolean {
  return audience.verbose || audience.onEvent !== undefined;
}

/**
 * Hands an event to its listeners, and prints its line when they asked for lines.
 *
 * @param event What happened.
 * @param audience Who wants to know.
 */
export function announce(event: CacheEvent, audience: Audience): void {
  if (audience.verbose) {
    const line = lineOfEvent(event);
    if (line !== null) writeLine(line);
  }
  if (audience.onEvent === undefined) return;
  try {
    audience.onEvent(event);
  } catch (error) {
    warnOnce(`onEvent threw ${describeError(error)}; the call goes on without it`);
  }
}

const warned = new Set<string>();

/**
 * Prints a warning, once per process and text: something the user has to know whether or not they asked for lines.
 *
 * @param text What is the matter, and the remedy.
 * @returns Whether it was printed.
 */
export function warnOnce(text: string): boolean {
  if (warned.has(text)) return false;
  warned.add(text);
  writeLine(`warning: ${text}`);
  return true;
}

/** An error's class and message, in one line. */
export function describeError(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function writeLine(text: string): void {
  // deno-lint-ignore no-console
  console.error(`cachepy: ${text}`);
}

function lineOfEvent(event: CacheEvent): string | null {
  switch (event.kind) {
    case "hit":
      return `${event.fname}: hit in ${formatMs(event.elapsedMs)}, saved ${formatMs(event.savedMs)}`;
    case "miss":
      return lineOfMiss(event.fname, event.reasons[0]?.kind, event.summary);
    case "run":
      return event.threw ? `${event.fname}: threw after ${formatMs(event.computeMs)}; nothing is stored` : null;
    case "stored":
      return null;
    case "shared":
      return `${event.fname}: shared the run of another ${event.with === "process" ? "caller" : "process"}`;
    case "lock-wait":
      return `${event.fname}: waiting for ${event.holder}, ${formatMs(event.waitedMs)} so far`;
    case "damaged":
      return `${event.fname}: a stored entry is damaged and is not used: ${event.detail}`;
    case "save-failed":
    case "raced":
    case "notice":
      return null; // printed as warnings, whether or not lines were asked for
    case "pruned":
      return `pruned ${event.removed} entries, ${event.freedBytes} bytes`;
    default:
      return event satisfies never;
  }
}

function lineOfMiss(fname: string, kind: string | undefined, summary: string): string {
  switch (kind) {
    case "first":
      return `${fname}: first execution`;
    case "forced":
      return `${fname}: forced to run`;
    default:
      return `${fname}: miss: ${summary}`;
  }
}

/** A duration with the unit that suits it: `0.21 ms`, `350 ms`, `2.4 s`. */
function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}
