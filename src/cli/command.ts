/**
 * What a command is, and what it is given.
 *
 * @module
 */
import type { Terminal } from "./terminal.ts";

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
