/**
 * What a command is, and what it is given.
 *
 * @module
 */
import type { Terminal } from "./text/terminal.ts";
import { createProgress } from "./text/durations.ts";
import type { OnProgress } from "../manage/tasks.ts";

/** An option of a command. */
export interface OptionSpec {
  /** Its long name, without dashes. */
  readonly name: string;
  /** Name of its value in the help; a switch when not given. */
  readonly value?: string;
  /** One letter that stands for it. */
  readonly short?: string;
  /** What it does. */
  readonly help: string;
}

/** A command as the help shows it. */
export interface CommandSpec {
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What follows its name: `KEY [options]`. */
  readonly usage: string;
  /** Its own options; the ones that all commands have are added. */
  readonly options: readonly OptionSpec[];
  /** Fewest and most arguments. */
  readonly arguments: readonly [least: number, most: number];
  /** Further paragraphs of its help: the shape of its JSON, its exit codes. */
  readonly details: string;
}

/** Values of options by long name: text, or true for a switch. */
export type OptionValues = Readonly<Record<string, string | true | undefined>>;

/** What a command works with. */
export interface CommandContext {
  /** Arguments that no option names. */
  readonly arguments: readonly string[];
  readonly options: OptionValues;
  /** The cache directory that was asked for, or the default one. */
  readonly cacheDir: string;
  readonly terminal: Terminal;
  /** Milliseconds since the epoch, for ages. */
  readonly nowMs: number;
}

/** Runs a command and answers with the exit code. */
export type CommandRun = (context: CommandContext) => Promise<number>;

/** Exit codes of the command line. */
export const EXIT = {
  /** All is well. */
  ok: 0,
  /** A problem was found: a damaged entry, a stale one, an unknown key. */
  problem: 1,
  /** The command line itself is wrong, or something that it needs is missing. */
  usage: 2,
} as const;

/** The command line is wrong; the message says what would be right. */
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

/** Fewest characters by which a key is named. */
const LEAST = 6;

/**
 * A key as it was typed, or the beginning of one.
 *
 * @param text What was typed.
 * @returns The text in lower case.
 * @throws {UsageError} When it can be neither.
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
 * Whether a text can be a call key or the beginning of one.
 *
 * @param text Any text.
 * @returns Whether it has 6 to 64 lowercase hex characters.
 */
export function isKeyLike(text: string): boolean {
  return text.length >= LEAST && text.length <= 64 && /^[0-9a-f]+$/.test(text);
}

/**
 * Prints a value as JSON, two spaces to a level, with a line feed at the end. Dates become ISO 8601, bytes
 * `{ "Uint8Array": base64 }`.
 *
 * @param terminal Where to print.
 * @param value The value.
 */
export async function printJson(terminal: Terminal, value: unknown): Promise<void> {
  await terminal.out(
    JSON.stringify(value, (_, inner) => inner instanceof Uint8Array ? toJsonValue(inner) : inner, 2) + "\n",
  );
}

/**
 * Runs `task`, with a bar on standard error when that is a terminal and the task takes over a second.
 *
 * @param terminal Where to draw.
 * @param label What is being done.
 * @param task The work; it tells how far it is.
 * @returns What `task` returned.
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
    now: () => performance.now(),
    columns: terminal.columns,
  });
  try {
    return await task(progress.update);
  } finally {
    progress.finish();
  }
}

/** Deepest level that is followed. */
const DEEPEST = 200;

/**
 * `value` as far as JSON can hold it. What JSON has no form for becomes an object with one property that names its type:
 * `{ "Map": [[key, value]] }`, `{ "Date": "2026-01-01T00:00:00.000Z" }`, `{ "BigInt": "1" }`, `{ "Uint8Array": base64 }`,
 * `{ "Number": "NaN" }`, `{ "undefined": true }`. A value inside itself becomes `{ "circular": true }`.
 *
 * For reading, not for storing: an object that happens to look like one of these forms cannot be told from it.
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
