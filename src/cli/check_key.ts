/** Keys on the command line. @module */
import { UsageError } from "./command.ts";

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
