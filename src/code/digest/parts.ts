/**
 * Collects the named parts of a fingerprint.
 *
 * A file of its own beside `assemble`, which decides what is a part.
 *
 * @module
 */
import type { FingerprintPart } from "../../words/records.ts";
import { digestBytes } from "../../words/sha256.ts";
import { previewOf } from "../../values/preview.ts";

/** Parts of a fingerprint in the order in which they were found, each once. */
export class Parts {
  readonly #parts = new Map<string, FingerprintPart>();

  get list(): FingerprintPart[] {
    return [...this.#parts.values()];
  }

  add(part: FingerprintPart): void {
    this.#parts.set(`${part.kind}\n${part.name}\n${part.module ?? ""}\n${part.digest}`, part);
  }

  /**
   * Adds the value of a variable.
   *
   * @param text Text of the value, as the fingerprint covers it. A handle is not added: its kind is a part of its own.
   */
  addValue(name: string, module: string | undefined, value: unknown, text: string): void {
    if (text.startsWith("<handle")) return;
    this.add({
      kind: "value",
      name,
      ...(module === undefined ? {} : { module }),
      digest: digestBytes(text),
      preview: previewOf(value),
    });
  }
}
