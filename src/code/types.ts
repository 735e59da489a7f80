/**
 * The shapes of fingerprints and of what is asked for them.
 *
 * @module
 */
import type { FingerprintDigest } from "../words/digests.ts";
import type { PackageIdentity } from "./packages/packages.ts";
import type { FingerprintPart } from "../words/records.ts";

/** How far code is followed, and by whose help. */
export interface FingerprintOptions {
  /**
   * `closure`: with everything that is reached, through V8's inspector. `source`: the function's own text alone.
   *
   * @default `closure` where `--allow-sys` was given, else `source`
   */
  readonly track?: "closure" | "source";
  /**
   * Names of symbols, and paths of files relative to the project root, whose code and values do not count.
   *
   * @default []
   */
  readonly ignoreCode?: readonly string[];
  /** The package that a script URL or a module specifier belongs to; `null`: it is the user's code. */
  packageOf(urlOrSpecifier: string, referrer?: string): PackageIdentity | null;
  /** What stands for a cached function that the code reaches; `undefined` for any other value. */
  cachedIdentity(value: object): string | undefined;
  /** Absolute path; modules are named relative to it. */
  readonly projectRoot: string;
}

/** A use of something whose effects cannot be observed. */
export interface BlindUse {
  /** As written: `Deno.Command`, `readFile from node:fs`, `fetch`. */
  readonly name: string;
  /** The module that uses it, relative to the project root. */
  readonly module?: string;
  readonly kind: "file" | "process" | "network" | "ffi" | "code";
}

/** The identity of a function's code at one moment, with all that it reaches. */
export interface Fingerprint {
  readonly digest: FingerprintDigest;
  /** What it is made of, by name. */
  readonly parts: readonly FingerprintPart[];
  /** What could not be followed or was left out, in words; the same in every process. */
  readonly notices: readonly string[];
  /** Uses of the file system, the network and the like that observation does not see. */
  readonly blind: readonly BlindUse[];
  /** Where the function is declared, relative to the project root when below it; `null` when that cannot be told. */
  readonly module: string | null;
  /**
   * What of its receiver a method writes itself, as paths like `calls`, `stats.count`, `#memo`; empty for the receiver as
   * a whole. It is state, which is left out when the receiver is identified.
   */
  readonly receiverState: readonly string[];
  /** Members of its receiver that a method writes or may change through methods of theirs. */
  readonly receiverTouched: readonly string[];
  /** Nothing that it depends on can change while the process lives. */
  readonly isFixed: boolean;
  /**
   * The fingerprint as it is now: this same object when nothing changed. Answers at once unless something changed or a
   * variable that is reassigned has to be read.
   */
  refresh(): Fingerprint | Promise<Fingerprint>;
}
