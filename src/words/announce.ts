/**
 * Messages to the user: the only module that writes to the console.
 *
 * All messages go to stderr, so that a script's own output stays clean.
 *
 * @module
 */
import type { CacheEvent } from "./events.ts";
import { describeError } from "./errors.ts";
import { printable } from "./printable.ts";

/** Receivers of the events of a call. */
export interface Audience {
  /** True when each call prints a line. */
  readonly verbose: boolean;
  /** Called with each event; an error that it throws, or a promise that rejects, is reported once and ignored. */
  readonly onEvent?: ((event: CacheEvent) => void) | undefined;
}

/** True when somebody receives events. When false, callers need not compute an event. */
export function isAudienceHeard(audience: Audience): boolean {
  return audience.verbose || audience.onEvent !== undefined;
}

/**
 * Passes an event to `onEvent`, and prints its line when `verbose` is set.
 *
 * @param event The event.
 * @param audience Receivers of the event.
 */
export function announce(event: CacheEvent, audience: Audience): void {
  if (audience.verbose) {
    const line = lineOfEvent(event);
    if (line !== null) writeLine(line);
  }
  if (audience.onEvent !== undefined) callListener("onEvent", audience.onEvent, event);
}

/**
 * Calls a function of the user that is told something. What it throws, now or later, is reported once, and the work goes on:
 * a promise that rejects and that nobody waits for would end the program.
 *
 * @param option Name of the option that the function was given by.
 * @param listener The function.
 * @param told Its arguments.
 */
export function callListener<Told extends unknown[]>(
  option: string,
  listener: (...told: Told) => unknown,
  ...told: Told
): void {
  const report = (error: unknown) =>
    void warnOnce(`${option} threw ${describeError(error)}; the work goes on without it`);
  try {
    const returned = listener(...told);
    if (typeof returned === "object" && returned !== null) Promise.resolve(returned).then(undefined, report);
  } catch (error) {
    report(error);
  }
}

const warned = new Set<string>();
const told = new Set<string>();

/** True when a text was not asked about before in this process: an event that each function gives once. */
export function isToldFirst(text: string): boolean {
  return told.size < told.add(text).size;
}

/**
 * Prints a warning that the user has to see even without `verbose`. Each text is printed once per process.
 *
 * @param text The problem and the remedy, in words.
 * @returns True when the warning was printed, false when the same text had been printed before.
 */
export function warnOnce(text: string): boolean {
  if (warned.has(text)) return false;
  warned.add(text);
  writeLine(`warning: ${text}`);
  return true;
}

/** Writes a line to standard error. Where a program replaced `console`, a line that cannot be written costs no call. */
function writeLine(text: string): void {
  try {
    // deno-lint-ignore no-console
    console.error(`cachepy: ${printable(text)}`);
  } catch {
    // Events and `why()` tell the same.
  }
}

function lineOfEvent(event: CacheEvent): string | null {
  switch (event.kind) {
    case "hit":
      return `${event.fname}: hit in ${formatMs(event.elapsedMs)}, saved ${formatMs(event.savedMs)}${
        event.isExpired ? "; expired, renewed behind the call" : ""
      }`;
    case "miss":
      return lineOfMiss(event.fname, event.reasons[0]?.kind, event.summary);
    case "run":
      return event.threw ? `${event.fname}: threw after ${formatMs(event.computeMs)}; nothing is stored` : null;
    case "stored":
      return null;
    case "shared":
      return `${event.fname}: shared the run of another ${event.with === "process" ? "caller" : "process"}`;
    case "lock-wait":
      return lineOfWait(event);
    case "damaged":
    case "save-failed":
    case "raced":
    case "notice":
      return null; // printed as warnings, with or without `verbose`
    case "pruned":
      return `pruned ${numbered(event.removed, "entry", "entries")}, ${numbered(event.freedBytes, "byte", "bytes")}`;
    default:
      return event satisfies never;
  }
}

function lineOfWait({ fname, holder, waitedMs, gaveUp }: Extract<CacheEvent, { kind: "lock-wait" }>): string {
  if (gaveUp === true) return `${fname}: gave up waiting for ${holder} after ${formatMs(waitedMs)} (waitMs), and runs`;
  // The first line comes at once, where a time says nothing.
  return `${fname}: waiting for ${holder}${waitedMs < 1000 ? "" : `, ${formatMs(waitedMs)} so far`}`;
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

function numbered(amount: number, one: string, many: string): string {
  return `${amount} ${amount === 1 ? one : many}`;
}

/** Returns a duration with the unit that suits it: `0.21 ms`, `350 ms`, `2.4 s`. */
function formatMs(ms: number): string {
  if (ms < 10) return `${ms.toFixed(2)} ms`;
  if (ms < 1000) return `${Math.round(ms)} ms`;
  return `${(ms / 1000).toFixed(1)} s`;
}
