/**
 * Where a function comes from, as V8 knows it.
 *
 * @module
 */

/** A script that V8 has compiled. */
export interface Script {
  readonly id: string;
  /** `file:///…`, `https://…`, `node:fs`, `ext:…`; empty for `eval`. */
  readonly url: string;
  /** The JavaScript that runs: types stripped, syntax transformed. Empty for the platform's own scripts. */
  readonly text: string;
}

/** Whether a script belongs to the runtime: its text does not count, and is not always to be had. */
export function isPlatformScript(url: string): boolean {
  return /^(?:ext|node|internal|cdp|checkin):/.test(url);
}

/** Where a function comes from. */
export type FunctionOrigin =
  | {
    readonly kind: "script";
    readonly script: Script;
    /** Index into the script's text, within the function: at its parameters, its start, or its constructor. */
    readonly offset: number;
    /** Variables by name, innermost scope first, the global scope left out: copies of what they hold now. */
    readonly scopes: readonly ScopeValues[];
  }
  | { readonly kind: "bound"; readonly target: unknown; readonly receiver: unknown; readonly args: readonly unknown[] }
  | { readonly kind: "native" };

/** The variables of one scope. Reading one that is not initialized yet throws a `ReferenceError`. */
export type ScopeValues = Readonly<Record<string, unknown>>;
