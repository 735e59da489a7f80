/** JSON on standard output. @module */
import { toJsonValue } from "../render/json_value.ts";
import type { Terminal } from "./terminal.ts";

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
