/**
 * The types of a command, of its options and of its context; and functions that several commands use.
 *
 * @module
 */
import { startTimer, steadyMs, stopTimer } from "../words/clock.ts";
import type { Terminal } from "./text/terminal.ts";
import { createProgress } from "./text/durations.ts";
import { printableJson } from "../words/printable.ts";
import type { OnProgress } from "../manage/tasks.ts";

/** An option of a command. */
export interface OptionSpec {
  /** Long name, without dashes. */
  readonly name: string;
  /** Name of the value in the help; an option without it is a switch. */
  readonly value?: string;
  /** Short name, one letter. */
  readonly short?: string;
  /** Text of the help. */
  readonly help: string;
}

/** A command as the help shows it. */
export interface CommandSpec {
  readonly name: string;
  /** Purpose of the command, in one line. */
  readonly summary: string;
  /** Text after the name in the usage line: `KEY [options]`. */
  readonly usage: string;
  /** Options of this command, without {@linkcode COMMON_OPTIONS}. */
  readonly options: readonly OptionSpec[];
  /** Smallest and largest number of arguments. */
  readonly arguments: readonly [least: number, most: number];
  /** Further paragraphs of the help: the shape of the JSON, the exit codes. */
  readonly details: string;
}

/** Values of options by long name: text, or true for a switch. */
export type OptionValues = Readonly<Record<string, string | true | undefined>>;

/** Everything that a command is given when it runs. */
export interface CommandContext {
  /** All commands, as the help shows them. */
  readonly commands: readonly CommandSpec[];
  /** Arguments that are neither options nor values of options. */
  readonly arguments: readonly string[];
  readonly options: OptionValues;
  /** Cache directory of `--cache-dir`, or the default one. */
  readonly cacheDir: string;
  readonly terminal: Terminal;
  /** Time of the start, milliseconds since the epoch, from which ages are counted. */
  readonly nowMs: number;
}

/** Function that runs a command and returns the exit code. */
export type CommandRun = (context: CommandContext) => Promise<number>;

/** Exit codes of the command line. */
export const EXIT = {
  /** All is well. */
  ok: 0,
  /** A problem was found: a damaged entry, a stale entry, an unknown key. */
  problem: 1,
  /** The command line is wrong, or a permission or flag is missing. */
  usage: 2,
} as const;

/** Error for a wrong command line; the message says what would be right. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Options that every command has. */
export const COMMON_OPTIONS: readonly OptionSpec[] = [
  { name: "cache-dir", value: "DIR", help: "the cache; else that of cachepy.yml, else CACHEPY_DIR, else ./.cachepy" },
  { name: "root", value: "DIR", help: "the project that relative paths belong to; else found from the folders" },
  { name: "json", help: "print JSON" },
  { name: "no-color", help: "print no colours (also NO_COLOR)" },
  { name: "help", short: "h", help: "print this help" },
];

/** Smallest number of characters by which a user may name a key. */
const LEAST = 6;

/**
 * Checks an argument that must be a call key or the beginning of one.
 *
 * @param text The argument.
 * @returns The argument in lower case.
 * @throws {UsageError} When the argument cannot be a call key or the beginning of one.
 */
export function checkKey(text: string): string {
  const key = text.toLowerCase();
  if (isKeyLike(key)) return key;
  throw new UsageError(
    `KEY needs at least ${LEAST} hex characters of a call key, got ${
      JSON.stringify(text)
    }; the command list names keys`,
  );
}

/**
 * Tests a text for being a call key or the beginning of one.
 *
 * @param text Any text.
 * @returns True when the text is 6 to 64 lowercase hex characters.
 */
export function isKeyLike(text: string): boolean {
  return text.length >= LEAST && text.length <= 64 && /^[0-9a-f]+$/.test(text);
}

/**
 * Prints a value as JSON, indented by two spaces a level, with a line feed at the end. Dates become ISO 8601, a
 * `Uint8Array` becomes `{ "Uint8Array": base64 }`.
 *
 * @param terminal The terminal to print on.
 * @param value The value.
 */
export async function printJson(terminal: Terminal, value: unknown): Promise<void> {
  const json = JSON.stringify(value, (_, inner) => inner instanceof Uint8Array ? toJsonValue(inner) : inner, 2);
  await terminal.out(printableJson(json) + "\n");
}

/**
 * Runs `task`. Draws a progress bar on standard error when that is a terminal and the task takes over a second.
 *
 * @param terminal The terminal to draw on.
 * @param label Name of the work: `Checking`.
 * @param task The work; it calls its argument with the progress.
 * @returns The value that `task` returns.
 */
export async function withProgress<Answer>(
  terminal: Terminal,
  label: string,
  task: (onProgress: OnProgress) => Promise<Answer>,
): Promise<Answer> {
  if (!terminal.drawsProgress) return await task(() => {});
  const progress = createProgress({
    label,
    draw: terminal.err,
    now: () => steadyMs(),
    columns: terminal.columns,
  });
  try {
    return await task(progress.update);
  } finally {
    progress.finish();
  }
}

/** Shows that a command is at work; see {@linkcode showBusy}. */
export interface BusyLine {
  /** The terminal for the command: the line is removed before anything else is written. */
  readonly terminal: Terminal;
  /** Removes the line. */
  end(): void;
}

/** Interval between two drawings of the line, milliseconds; it is first drawn when the command has taken a second. */
const BUSY_MS = 1000;

/**
 * Draws a line on standard error, when that is a terminal, while a command that takes over a second has written nothing.
 *
 * @param terminal The terminal to draw on.
 * @param label What is at work: `cachepy stats`.
 */
export function showBusy(terminal: Terminal, label: string): BusyLine {
  if (!terminal.drawsProgress) return { terminal, end: () => {} };
  const beganMs = steadyMs();
  let isDrawn = false;
  let timer: ReturnType<typeof startTimer> | undefined;
  const draw = () => {
    isDrawn = true;
    terminal.err(`\r${label} … ${Math.round((steadyMs() - beganMs) / 1000)} s\x1b[K`);
    timer = startTimer(draw, BUSY_MS);
  };
  timer = startTimer(draw, BUSY_MS);
  const end = () => {
    stopTimer(timer);
    if (isDrawn) terminal.err("\r\x1b[K");
    isDrawn = false;
  };
  const after = <Args extends unknown[], Answer>(write: (...args: Args) => Answer) => (...args: Args): Answer => {
    end();
    return write(...args);
  };
  return {
    terminal: Object.defineProperties(Object.create(terminal), {
      out: { value: after(terminal.out) },
      err: { value: after(terminal.err) },
      confirm: { value: after(terminal.confirm) },
    }),
    end,
  };
}

/** Deepest level of nested values that is converted. */
const DEEPEST = 200;

/**
 * Converts `value` for JSON. A value without a form in JSON becomes an object with one property that names its type:
 * `{ "Map": [[key, value]] }`, `{ "Date": "2026-01-01T00:00:00.000Z" }`, `{ "BigInt": "1" }`,
 * `{ "Uint8Array": base64 }`, `{ "Number": "NaN" }`, `{ "undefined": true }`. A value inside itself becomes
 * `{ "circular": true }`, a value below level 200 `{ "truncated": true }`.
 *
 * For reading, not for storing: a stored object that has one of these forms itself looks like the value of that type.
 *
 * @param value Any value that a cache can hold.
 * @returns A value for `JSON.stringify`.
 */
export function toJsonValue(value: unknown): unknown {
  return convert(value, new Set(), 0);
}

function convert(value: unknown, above: Set<object>, depth: number): unknown {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { Number: Object.is(value, -0) ? "-0" : `${value}` };
    case "bigint":
      return { BigInt: String(value) };
    case "undefined":
      return { undefined: true };
    case "symbol":
    case "function":
      return { [typeof value]: String(value) };
  }
  if (value === null) return null;
  const object = value as object;
  if (above.has(object)) return { circular: true };
  if (depth >= DEEPEST) return { truncated: true };
  above.add(object);
  try {
    return convertObject(object, (inner) => convert(inner, above, depth + 1));
  } finally {
    above.delete(object);
  }
}

function convertObject(object: object, next: (inner: unknown) => unknown): unknown {
  if (Array.isArray(object)) return Array.from(object, next);
  if (object instanceof Map) return { Map: Array.from(object, ([key, value]) => [next(key), next(value)]) };
  if (object instanceof Set) return { Set: Array.from(object, next) };
  if (object instanceof Date) return { Date: Number.isNaN(object.getTime()) ? "Invalid Date" : object.toISOString() };
  if (object instanceof RegExp) return { RegExp: String(object) };
  if (object instanceof Error) {
    const { name, message } = object;
    return { Error: { name, message, ...("cause" in object ? { cause: next(object.cause) } : {}) } };
  }
  if (object instanceof ArrayBuffer) return { ArrayBuffer: new Uint8Array(object).toBase64() };
  if (ArrayBuffer.isView(object)) {
    const bytes = new Uint8Array(object.buffer, object.byteOffset, object.byteLength);
    return { [object.constructor.name]: bytes.toBase64() };
  }
  if (object instanceof Blob) return { Blob: { type: object.type, size: object.size } };
  if (object instanceof Number || object instanceof String || object instanceof Boolean) {
    return { [object.constructor.name]: next(object.valueOf()) };
  }
  const plain: Record<string, unknown> = Object.create(null);
  for (const [name, value] of Object.entries(object)) plain[name] = next(value);
  return plain;
}
