/**
 * Where in the user's code a function was wrapped.
 *
 * The module is part of a cached function's identity in traces: two functions of one name in two modules are two. The
 * stack trace tells it without any permission.
 *
 * @module
 */
import { isOwnModule } from "./words/own_modules.ts";

const LOCATION = /((?:file|https?|data|blob):.*?):\d+:\d+\)?$/;

/**
 * URL of the nearest module on the stack that is not part of this package; `null` when the stack does not tell.
 */
export function wrapSite(): string | null {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 30;
  const { stack } = new Error();
  Error.stackTraceLimit = limit;
  if (typeof stack !== "string") return null;
  for (const line of stack.split("\n")) {
    const url = LOCATION.exec(line.trim())?.[1];
    if (url !== undefined && !isOwnModule(url)) return url;
  }
  return null;
}
