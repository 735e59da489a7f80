/**
 * The part of `@std/yaml` that this project uses, for machines that reach npm but not JSR.
 *
 * @module
 */
import { parse as parseJs } from "npm:deno-std@1.4.0/yaml/parse.js";

/** Options of {@linkcode parse}. */
export interface ParseOptions {
  /** Schema that decides how scalars are read. */
  schema?: "core" | "default" | "failsafe" | "json" | "extended";
  /** Whether a repeated key takes the last value instead of being an error. */
  allowDuplicateKeys?: boolean;
  /** Called with each warning. */
  onWarning?(error: Error): void;
}

/** Parses one YAML document; throws a `SyntaxError` on malformed text. */
export const parse: (content: string, options?: ParseOptions) => unknown = parseJs;
