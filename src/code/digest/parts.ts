/**
 * Collects the named parts of a fingerprint.
 *
 * A file of its own beside `assemble`, which decides what is a part.
 *
 * @module
 */
import type { FingerprintPart } from "../../words/records.ts";
import type { Digest } from "../../words/digests.ts";
import type { PackageIdentity } from "../packages/packages.ts";
import { looksSecret, previewOf } from "../../values/preview.ts";

/** Text of a package, or of an export of it. */
export function packageText({ name, digest }: Pick<PackageIdentity, "name" | "digest">, imported: string): string {
  return `package ${name} ${digest} ${imported}`;
}

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
   * Adds the value of a variable. One whose name, or that of an object that it is a member of, looks like a secret gets
   * no preview.
   *
   * @param digest Digest of the value, as the fingerprint covers it.
   */
  addValue(name: string, module: string | undefined, value: unknown, digest: Digest): void {
    this.add({
      kind: "value",
      name,
      ...(module === undefined ? {} : { module }),
      digest,
      ...(looksSecret(name) ? {} : { preview: previewOf(value) }),
    });
  }

  addPackages(packages: Iterable<PackageIdentity>): void {
    for (const { name, digest, version, source } of packages) {
      const isRuntime = source === "node" || source === "deno";
      this.add({ kind: isRuntime ? "runtime" : "package", name, digest, preview: version });
    }
  }

  /** Adds a module that counts as a whole. */
  addModule(module: string, digest: string): void {
    this.add({ kind: "function", name: "(module)", module, digest: digest as Digest });
  }
}
