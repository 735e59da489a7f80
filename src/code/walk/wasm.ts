/**
 * Functions of WebAssembly modules: each counts by the bytes of its module, which V8 gives, and by its number in it.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";

/** A function that a WebAssembly module exports. */
export interface WasmFunction {
  /** Digest of the bytes of the module. */
  readonly digest: string;
  /** What of the module can change without its bytes, in words for the user; `null` when nothing can. */
  readonly notice: string | null;
}

const known = new Map<string, WasmFunction>();

/** @param text The bytes of the module in base64; empty when V8 does not give them. */
export function readWasm(text: string): WasmFunction {
  let found = known.get(text);
  if (found === undefined) known.set(text, found = digestModule(text));
  return found;
}

function digestModule(text: string): WasmFunction {
  const bytes = Uint8Array.fromBase64(text);
  if (bytes.length === 0) return { digest: "", notice: "not tracked: a captured function of a WebAssembly module" };
  const sections = sectionsOf(bytes);
  const parts = [...STATE].flatMap(([id, part]) => sections.has(id) ? [part] : []);
  return {
    digest: digestBytes(bytes),
    notice: parts.length === 0 ? null : `not tracked: ${parts.join(" and ")} of a captured WebAssembly module`,
  };
}

/** Sections of a module, by their numbers, whose content is not determined by the bytes alone. */
const STATE: ReadonlyMap<number, string> = new Map([[2, "the imports"], [5, "the memory"], [6, "the globals"]]);

/** Numbers of the sections that a module has. */
function sectionsOf(bytes: Uint8Array): ReadonlySet<number> {
  const found = new Set<number>();
  for (let at = 8; at < bytes.length;) {
    found.add(bytes[at++]!);
    let length = 0;
    for (let shift = 0;; shift += 7) {
      const byte = bytes[at++] ?? 0;
      length += (byte & 127) * 2 ** shift;
      if (byte < 128) break;
    }
    at += length;
  }
  return found;
}
