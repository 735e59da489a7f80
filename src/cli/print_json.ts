/** JSON on standard output. @module */
import type { Terminal } from "./terminal.ts";

/**
 * Prints a value as JSON, two spaces to a level, with a line feed at the end. Dates become ISO 8601.
 *
 * @param terminal Where to print.
 * @param value The value.
 */
export async function printJson(terminal: Terminal, value: unknown): Promise<void> {
  await terminal.out(JSON.stringify(value, null, 2) + "\n");
}
