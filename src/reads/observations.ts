/**
 * Observations of metadata, listings, links, variables and the working directory that a call looked at.
 *
 * After the call has ended, each observation returns its dependency, and says whether the observed thing changed while
 * the call ran. If it changed, nobody can tell whether the result belongs to the old or to the new value.
 *
 * @module
 */
import { cwdState, environmentState, linkState, type Look, lookAt, type StatField, statState } from "./dependency.ts";
import type { ContentDigest } from "../words/digests.ts";
import { digestListing } from "./files/directory.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { type FileStamp, isSameStamp } from "./files/stamp.ts";
import { toPortable } from "../options/project.ts";
import type { Dependency } from "../words/records.ts";

/** Project root and file digests of a call. */
export interface ObservationContext {
  readonly root: string;
  readonly files: FileDigests;
}

/** Something that a call looked at, other than the content of a file. */
export interface Observation {
  /** Name of the observed thing, shown to the user when the thing changed during the run. */
  readonly subject: string;
  /** True when the call itself changed the thing after looking at it: the value found before that counts. */
  isFrozen: boolean;
  /** True when the call looked at the thing twice and found different values. */
  isTorn: boolean;
  /** Returns the dependency. Called once, after the run. */
  settle(context: ObservationContext): Dependency;
  /** Returns true when the present value is the value that was found, or the observation is frozen. */
  isUnchanged(context: ObservationContext): boolean;
}

/** Observation of the metadata of a path. The members that count are known only when the call has ended. */
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

  /** Takes note of another look at the path. */
  lookAgain(look: Look): void {
    const [first] = this.#looks;
    if (statState(look, ["mtime", "ctime", "size"]) === statState(first!, ["mtime", "ctime", "size"])) return;
    if (this.#looks.length === 1) this.#looks.push(look);
    else this.#looks[1] = look;
  }

  /** Takes note that the call read a member of the result of `stat`. */
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

/** Lines of a listing of a directory; `null` when there is no directory; or the digest that stands for a failure. */
export type Listing = readonly string[] | ContentDigest | null;

/** What a {@linkcode ListingObservation} needs to know about its directory. */
export interface ListedDirectory {
  /** Stamp that stands for the entries, of a large directory that is listed later; `null`: it is listed now. */
  readonly stamp: FileStamp | null;
  /** Returns true for the name of an entry that the call itself has made or overwritten. */
  readonly isOwn: (name: string) => boolean;
  /** Lists the directory now. */
  readonly list: () => Listing;
  /** Returns the directory's stamp now; `null` when there is none. */
  readonly look: () => FileStamp | null;
}

/**
 * Observation of a directory that was listed.
 *
 * Listing a large directory once more would stop the event loop. When its stamp is old enough to stand for its entries,
 * it is only listed when the call has ended or before the call itself changes it, and the stamp tells whether it still
 * has the entries that the call saw.
 */
export class ListingObservation implements Observation {
  isFrozen = false;
  isTorn = false;
  #listing: Listing | undefined;
  /** Names of the listed entries that the call itself had made or overwritten before. */
  #ownBefore: ReadonlySet<string> = new Set();
  /** Names of the entries that the call itself has made or removed until now, those in `#ownBefore` included. */
  readonly #own = new Set<string>();

  constructor(readonly path: string, readonly directory: ListedDirectory) {
    if (directory.stamp === null) this.take(directory.list());
  }

  get subject(): string {
    return this.path;
  }

  /** Lines that the call saw; `undefined` when the directory is listed later. */
  get listing(): Listing | undefined {
    return this.#listing;
  }

  /** Takes the lines for those that the call saw, unless they are known. @param listing The lines now. */
  take(listing: Listing): void {
    if (this.#listing !== undefined) return;
    this.#listing = listing;
    const names = isLines(listing) ? listing.map((line) => line.slice(1)) : [];
    this.#ownBefore = new Set(names.filter(this.directory.isOwn));
    for (const name of this.#ownBefore) this.#own.add(name);
    if (!this.#hasStamp()) this.isTorn = true;
  }

  /** Fixes the lines before the call itself changes the directory. */
  fix(): void {
    if (this.#listing === undefined) this.take(this.directory.list());
  }

  /** Takes note that the call itself made or removed an entry. */
  madeEntry(name: string): void {
    this.#own.add(name);
  }

  /** Takes note that the directory is listed again. */
  lookAgain(): void {
    if (this.#listing === undefined) {
      if (!this.#hasStamp()) this.isTorn = true;
    } else if (!this.isUnchanged()) this.isTorn = true;
  }

  settle(context: ObservationContext): Dependency {
    this.fix();
    const path = toPortable(this.path, context.root);
    const listing = this.#listing!;
    return { kind: "directory", path, digest: isLines(listing) ? digestListing(this.#lasting(listing)) : listing };
  }

  isUnchanged(): boolean {
    if (this.isFrozen) return true;
    this.fix();
    return isSameListing(without(this.directory.list(), this.#own), without(this.#listing!, this.#own));
  }

  #hasStamp(): boolean {
    const { stamp, look } = this.directory;
    if (stamp === null) return true;
    const now = look();
    return now !== null && isSameStamp(stamp, now);
  }

  /**
   * Returns the listing as the next check will find it: of the entries in `#ownBefore`, only those
   * that still exist.
   */
  #lasting(listing: readonly string[]): readonly string[] {
    if (this.#ownBefore.size === 0) return listing;
    const now = this.directory.list();
    const own = isLines(now) ? now.filter((line) => this.#ownBefore.has(line.slice(1))) : [];
    return [...without(listing, this.#ownBefore) as readonly string[], ...own].sort();
  }
}

/** True for the lines of a directory's listing; false for an absent directory and for a failure. */
export function isLines(listing: Listing): listing is readonly string[] {
  return Array.isArray(listing);
}

function without(listing: Listing, names: ReadonlySet<string>): Listing {
  if (names.size === 0 || listing === null || typeof listing === "string") return listing;
  return listing.filter((line) => !names.has(line.slice(1)));
}

function isSameListing(one: Listing, other: Listing): boolean {
  if (one === null || other === null || typeof one === "string" || typeof other === "string") return one === other;
  return one.length === other.length && one.every((line, index) => line === other[index]);
}

/** Observation of a symbolic link that was read (`target`), or of a path whose links were all resolved (`real`). */
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

/** Observation of an environment variable that was read; `*` when all were listed. */
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

/** Observation of the working directory: it was asked for, or a relative path was used. */
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
