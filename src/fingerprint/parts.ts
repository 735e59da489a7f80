/**
 * The named parts of a fingerprint, from which changes are explained to the user.
 *
 * @module
 */
import { digestBytes } from "../digest.ts";
import { previewOf } from "../preview.ts";
import type { FingerprintPart } from "../records.ts";

/** Parts in the order in which they were found, each once. */
export class Parts {
  readonly #parts = new Map<string, FingerprintPart>();

  get list(): FingerprintPart[] {
    return [...this.#parts.values()];
  }

  add(part: FingerprintPart): void {
    this.#parts.set(`${part.kind}\n${part.name}\n${part.module ?? ""}\n${part.digest}`, part);
  }

  /**
   * A variable's value.
   *
   * @param text The value as it counts; that of a handle is its kind, which is a part of its own.
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
