/**
 * What a call looked at, as it was when it was looked at.
 *
 * Each observation answers, when the call has ended, with the dependency that it makes, or says that what was looked at
 * changed meanwhile: then nobody can tell which of the two states the result belongs to.
 *
 * @module
 */
import { cwdState, environmentState, linkState, type Look, lookAt, type StatField, statState } from "./dependency.ts";
import type { ContentDigest } from "../words/digests.ts";
import { digestListing } from "./files/directory.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { toPortable } from "../options/project.ts";
import type { Dependency } from "../words/records.ts";

/** Where a call runs. */
export interface ObservationContext {
  readonly root: string;
  readonly files: FileDigests;
}

/** Something that was looked at, other than a file's content. */
export interface Observation {
  /** Shown to the user when it changed during the run. */
  readonly subject: string;
  /** The call itself changed it after it was looked at: what was found then is what counts, whatever is there now. */
  isFrozen: boolean;
  /** Two looks found different things. */
  isTorn: boolean;
  /** The dependency. Called once, after the run. */
  settle(context: ObservationContext): Dependency;
  /** Whether what is there now is what was found. */
  isUnchanged(context: ObservationContext): boolean;
}

/** A look at a path's metadata: which of it counts is known when the call has ended. */
export class StatObservation implements Observation {
  isFrozen = false;
  isTorn = false;
  readonly #fields = new Set<StatField>();
  readonly #looks: Look[];

  constructor(readonly path: string, readonly followed: boolean, look: Look) {
    this.#looks = [look];
  }

  get subject(): string {
    return this.path;
  }

  /** Another look at the same path. */
  lookAgain(look: Look): void {
    const [first] = this.#looks;
    if (statState(look, ["mtime", "ctime", "size"]) === statState(first!, ["mtime", "ctime", "size"])) return;
    if (this.#looks.length === 1) this.#looks.push(look);
    else this.#looks[1] = look;
  }

  /** The call looked at a member of what `stat` returned. */
  sawField(field: StatField): void {
    this.#fields.add(field);
  }

  settle(context: ObservationContext): Dependency {
    const path = toPortable(this.path, context.root);
    const { followed } = this;
    const digest = statState(this.#looks[0]!, this.#sortedFields());
    const fields = this.#sortedFields();
    if (fields.length === 0) return { kind: "stat", path, digest, aspects: "existence", followed };
    if (fields.length === 1 && fields[0] === "size") return { kind: "stat", path, digest, aspects: "size", followed };
    return { kind: "stat", path, digest, aspects: "times", followed, fields };
  }

  isUnchanged(): boolean {
    const fields = this.#sortedFields();
    const digest = statState(this.#looks[0]!, fields);
    if (this.#looks.some((look) => statState(look, fields) !== digest)) return false;
    return this.isFrozen || statState(lookAt(this.path, this.followed), fields) === digest;
  }

  #sortedFields(): StatField[] {
    return [...this.#fields].sort();
  }
}

/** A listing of a directory, `null` for none, or the digest that stands for a failure. */
export type Listing = readonly string[] | ContentDigest | null;

/** A directory was listed. */
export class ListingObservation implements Observation {
  isFrozen = false;
  isTorn = false;
  /** Names that the call itself had made or removed before it looked, and since. */
  readonly #ownBefore: ReadonlySet<string>;
  readonly #own: Set<string>;

  constructor(
    readonly path: string,
    readonly listing: Listing,
    ownBefore: Iterable<string>,
    readonly list: (path: string) => Listing,
  ) {
    this.#ownBefore = new Set(ownBefore);
    this.#own = new Set(this.#ownBefore);
  }

  get subject(): string {
    return this.path;
  }

  /** The call itself made, or removed, an entry. */
  madeEntry(name: string): void {
    this.#own.add(name);
  }

  /** Another look at the same directory. */
  lookAgain(listing: Listing): void {
    if (!isSameListing(without(listing, this.#own), without(this.listing, this.#own))) this.isTorn = true;
  }

  settle(context: ObservationContext): Dependency {
    const path = toPortable(this.path, context.root);
    if (typeof this.listing === "string" || this.listing === null) {
      return { kind: "directory", path, digest: this.listing };
    }
    return { kind: "directory", path, digest: digestListing(this.#lasting(this.listing)) };
  }

  isUnchanged(): boolean {
    if (this.isFrozen) return true;
    return isSameListing(without(this.list(this.path), this.#own), without(this.listing, this.#own));
  }

  /**
   * The listing as the next check will find it: what the call itself had put there before it looked, and took away
   * again, will not be there.
   */
  #lasting(listing: readonly string[]): readonly string[] {
    if (this.#ownBefore.size === 0) return listing;
    const now = this.list(this.path);
    const own = Array.isArray(now) ? now.filter((line) => this.#ownBefore.has(line.slice(1))) : [];
    return [...without(listing, this.#ownBefore) as readonly string[], ...own].sort();
  }
}

function without(listing: Listing, names: ReadonlySet<string>): Listing {
  if (names.size === 0 || listing === null || typeof listing === "string") return listing;
  return listing.filter((line) => !names.has(line.slice(1)));
}

function isSameListing(one: Listing, other: Listing): boolean {
  if (one === null || other === null || typeof one === "string" || typeof other === "string") return one === other;
  return one.length === other.length && one.every((line, index) => line === other[index]);
}

/** A symbolic link, or a whole path, was resolved. */
export class LinkObservation implements Observation {
  isFrozen = false;
  isTorn = false;
  constructor(readonly path: string, readonly aspect: "target" | "real", readonly digest: ContentDigest | null) {}

  get subject(): string {
    return this.path;
  }

  settle(context: ObservationContext): Dependency {
    return { kind: "link", path: toPortable(this.path, context.root), digest: this.digest, aspect: this.aspect };
  }

  isUnchanged(context: ObservationContext): boolean {
    return this.isFrozen || linkState(this.path, this.aspect, context.root) === this.digest;
  }
}

/** An environment variable was asked for. */
export class EnvironmentObservation implements Observation {
  isFrozen = false;
  isTorn = false;
  constructor(readonly name: string, readonly digest: ContentDigest | null) {}

  get subject(): string {
    return this.name === "*" ? "environment" : `environment variable ${this.name}`;
  }

  settle(): Dependency {
    return { kind: "env", name: this.name, digest: this.digest };
  }

  isUnchanged(): boolean {
    return this.isFrozen || environmentState(this.name) === this.digest;
  }
}

/** The working directory was asked for, or a relative path was used. */
export class CwdObservation implements Observation {
  isFrozen = false;
  isTorn = false;
  readonly subject = "working directory";
  constructor(readonly digest: ContentDigest) {}

  settle(): Dependency {
    return { kind: "cwd", digest: this.digest };
  }

  isUnchanged(context: ObservationContext): boolean {
    return this.isFrozen || cwdState(context.root) === this.digest;
  }
}
