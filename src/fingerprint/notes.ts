/**
 * What a walk has to say beside what it reached.
 *
 * @module
 */
import type { PackageIdentity } from "../packages.ts";
import { nameModule } from "./reached.ts";
import type { BlindUse } from "./types.ts";

/** Notices for the user, uses of what is not seen, and the packages that code was taken from. */
export class Notes {
  readonly notices = new Set<string>();
  /** By the name of what is used; the first use counts. */
  readonly blind = new Map<string, BlindUse>();
  readonly packages = new Map<string, PackageIdentity>();
  readonly #projectRoot: string;

  constructor(projectRoot: string) {
    this.#projectRoot = projectRoot;
  }

  addPackage(identity: PackageIdentity): void {
    this.packages.set(`${identity.source}:${identity.name}@${identity.version}`, identity);
    for (const notice of identity.notices) this.notices.add(notice);
  }

  /** @param url The module with the use. */
  addBlind(use: Omit<BlindUse, "module"> | null, url: string): void {
    if (!use || this.blind.has(use.name)) return;
    this.blind.set(use.name, { ...use, module: nameModule(url, this.#projectRoot) });
  }
}
