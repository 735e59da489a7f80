/**
 * One running call and everything that it looks at.
 *
 * What is looked at joins the innermost running call only: an outer call depends on it through the inner call's result.
 *
 * What a call wrote itself and reads back is no input. The cases in between, each decided for *never stale*:
 *
 * - Read first, overwritten by the call itself later: what it read counts. Such a call changes its own input, so its
 *   result is reused only if the old content is put back.
 * - Written by an inner call, read by the outer one: an input of the outer one, since an inner call that is answered
 *   from the cache writes nothing.
 * - Written by the outer call, overwritten by an inner one, read by the outer one: likewise.
 * - Written by the outer call, read by an inner one: an input of the inner one.
 * - Appended to, or written in part: what was there before is still an input when it is read back.
 * - An operation that succeeds in writing says nothing about the world before; one that fails depends on what was there.
 *
 * @module
 */
import { cwdState, environmentState, fileState, fileStates, linkState, listingState, lookAt } from "../dependencies.ts";
import type { Look } from "../dependencies.ts";
import type { CallKey } from "../digests.ts";
import { listDirectory } from "../files/directory.ts";
import type { FileDigests } from "../files/file_digests.ts";
import { isAbsolutePath } from "../project/paths.ts";
import { toPortable } from "../project.ts";
import type { ChildDependency, Dependency } from "../records.ts";
import { ChildSlot } from "./child_slot.ts";
import { FileObservation } from "./file_observation.ts";
import {
  CwdObservation,
  EnvironmentObservation,
  LinkObservation,
  ListingObservation,
  StatObservation,
} from "./observations.ts";
import type { Listing, Observation } from "./observations.ts";
import { folderOf, isBelow, nameOf, observedPath } from "./observed_path.ts";
import { OwnPaths } from "./own_paths.ts";

/** What a call is and where it runs. */
export interface CallFrameInfo {
  /** Name of the function as shown to users. */
  readonly fname: string;
  readonly key: CallKey;
  /** The call that makes this one. */
  readonly parent: CallFrame | undefined;
  /** The project root: dependencies hold paths relative to it. */
  readonly root: string;
  readonly files: FileDigests;
}

/** What a call turned out to depend on. */
export interface SettledFrame {
  /** In the order of first observation. */
  readonly dependencies: Dependency[];
  /** What changed between being looked at and the end of the run, in words or as absolute paths; empty: nothing. */
  readonly raced: string[];
}

/** How a path was written to. */
export type WriteKind =
  /** The whole content is new. */
  | "whole"
  /** Something of the old content may be left. */
  | "part"
  /** Something that the call did not write was moved there. */
  | "moved"
  /** A directory was made where there was none, and all below it. */
  | "tree"
  /** It is gone, with all below it. */
  | "removed"
  /** Times, mode or owner. */
  | "metadata";

/** A running call. Its methods are called by what observes the platform's functions. */
export class CallFrame {
  readonly fname: string;
  readonly key: CallKey;
  readonly parent: CallFrame | undefined;
  readonly root: string;
  readonly files: FileDigests;
  #isRunning = true;
  readonly #order: (Observation | FileObservation | ChildSlot)[] = [];
  readonly #files = new Map<string, FileObservation>();
  readonly #stats = new Map<string, StatObservation>();
  readonly #listings = new Map<string, ListingObservation>();
  readonly #links = new Map<string, LinkObservation>();
  readonly #variables = new Map<string, EnvironmentObservation>();
  #cwd: CwdObservation | undefined;
  #isCwdOwn = false;
  readonly #own = new OwnPaths();
  readonly #ownVariables = new Set<string>();
  readonly #unclear = new Set<string>();

  constructor(info: CallFrameInfo) {
    this.fname = info.fname;
    this.key = info.key;
    this.parent = info.parent;
    this.root = info.root;
    this.files = info.files;
  }

  /** Whether what is looked at still counts: until {@linkcode settle}. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Keeps a place for an inner call that begins now. */
  reserveChild(): ChildSlot {
    const slot = new ChildSlot();
    if (this.#isRunning) this.#order.push(slot);
    return slot;
  }

  /**
   * Records a file, or a directory with all below it, as an input of this call by hand.
   *
   * @returns Its absolute path.
   */
  trackFile(path: string | URL): string {
    const observed = this.#resolve(path);
    if (observed === null) throw new TypeError(`Cannot track ${path}: want a path or a file: URL`);
    if (!this.#isRunning || this.#isIgnored(observed)) return observed;
    const look = lookAt(observed, true);
    if (look !== null && typeof look === "object" && look.isDirectory) this.#trackDirectory(observed);
    else this.#observeFile(observed, look, false);
    return observed;
  }

  /**
   * A file is about to be read.
   *
   * @param argument The path as it was passed.
   * @param bytesFollow Whether the caller will be able to say which bytes were read.
   * @returns Whom to tell; `null` when the file is no input.
   */
  observeFile(argument: unknown, bytesFollow: boolean): FileObservation | null {
    const path = this.#resolve(argument);
    if (path === null || this.#isIgnored(path)) return null;
    const look = lookAt(path, true);
    if (look !== null && typeof look === "object" && look.isDirectory) {
      this.#observeStat(path, true, look);
      return null;
    }
    return this.#observeFile(path, look, bytesFollow);
  }

  /**
   * A path's metadata was looked at.
   *
   * @param look What was seen; by default, what is there now.
   * @returns Whom to tell which members were looked at; `null` when the path is no input.
   */
  observeStat(argument: unknown, followed: boolean, look?: Look): StatObservation | null {
    const path = this.#resolve(argument);
    if (path === null || this.#isIgnored(path)) return null;
    return this.#observeStat(path, followed, look === undefined ? lookAt(path, followed) : look);
  }

  /** A directory is about to be listed. */
  observeListing(argument: unknown): void {
    const path = this.#resolve(argument);
    if (path !== null) this.#observeListing(path);
  }

  /** A directory is about to be listed with all below it. */
  observeListings(argument: unknown): void {
    const path = this.#resolve(argument);
    if (path !== null) this.#observeListings(path);
  }

  /** A link, or a whole path, is about to be resolved. */
  observeLink(argument: unknown, aspect: "target" | "real"): void {
    const path = this.#resolve(argument);
    if (path === null || this.#isIgnored(path)) return;
    const key = `${aspect}:${path}`;
    const digest = linkState(path, aspect, this.root);
    const known = this.#links.get(key);
    if (known !== undefined) {
      if (known.digest !== digest) known.isTorn = true;
      return;
    }
    this.#links.set(key, this.#add(new LinkObservation(path, aspect, digest)));
  }

  /** An environment variable was looked at; `*` for all of them. */
  observeVariable(name: string): void {
    const own = this.#ownVariables;
    if (this.#variables.has("*") || own.has(name)) return;
    const digest = environmentState(name);
    const known = this.#variables.get(name);
    if (known === undefined) this.#variables.set(name, this.#add(new EnvironmentObservation(name, digest)));
    else if (known.digest !== digest) known.isTorn = true;
  }

  /** The call sets or deletes an environment variable. */
  wroteVariable(name: string): void {
    for (const frame of this.#chain()) {
      for (const each of [name, "*"]) {
        const known = frame.#variables.get(each);
        if (known !== undefined) known.isFrozen = true;
      }
      if (frame !== this) frame.#ownVariables.delete(name);
    }
    this.#ownVariables.add(name);
  }

  /** The working directory was looked at. */
  observeCwd(): void {
    if (this.#cwd === undefined && !this.#isCwdOwn) this.#cwd = this.#add(new CwdObservation(cwdState(this.root)));
  }

  /** The call changes the working directory. */
  wroteCwd(): void {
    for (const frame of this.#chain()) if (frame.#cwd !== undefined) frame.#cwd.isFrozen = true;
    this.#isCwdOwn = true;
  }

  /** The call is about to write: what it, or a call around it, has read there is digested while it still is there. */
  beforeWrite(argument: unknown): void {
    const path = this.#resolveOnly(argument);
    if (path === null) return;
    for (const frame of this.#chain()) frame.#freeze(path);
  }

  /** The call has written. */
  wrote(argument: unknown, kind: WriteKind): void {
    const path = this.#resolveOnly(argument);
    if (path === null) return;
    for (const frame of this.#chain()) {
      frame.#listings.get(folderOf(path))?.madeEntry(nameOf(path));
      if (frame !== this) frame.#own.disown(path);
    }
    if (kind === "metadata" || kind === "part") return;
    if (kind === "moved") this.#own.disown(path);
    else if (kind === "whole") this.#own.add(path);
    else this.#own.addTree(path);
  }

  /** The call has made a link, symbolic or hard. @param target What it leads to; a relative one, from beside the link. */
  linked(argument: unknown, target: unknown): void {
    const path = this.#resolveOnly(argument);
    if (path === null) return;
    this.wrote(path, "part");
    const beside = typeof target === "string" && !isAbsolutePath(target) ? `${folderOf(path)}/${target}` : target;
    const behind = this.#resolveOnly(beside);
    if (behind !== null) this.#own.addLink(path, behind);
  }

  /** The call tried to write and failed: what was in the way, or missing, is an input. */
  failedToWrite(argument: unknown): void {
    const stat = this.observeStat(argument, true);
    if (stat !== null) this.observeStat(folderOf(stat.path), true);
  }

  /** Whether what is at a path is the call's own doing. */
  isOwn(argument: unknown): boolean {
    const path = this.#resolveOnly(argument);
    return path !== null && this.#own.has(path);
  }

  /** Something cannot be followed: the result is not stored. @param subject Shown to the user. */
  observeUnclear(subject: string): void {
    this.#unclear.add(subject);
  }

  /**
   * Ends the observation: digests what was read and finds what changed since.
   *
   * Call it after the result has been encoded: a result may hold what `stat` returned, and which of its members count
   * shows when they are looked at.
   */
  async settle(): Promise<SettledFrame> {
    this.#isRunning = false;
    const files = [...this.#files.values()];
    const states = await fileStates(this.files, files.map((file) => file.path));
    const raced = new Set(this.#unclear);
    for (const [index, file] of files.entries()) if (!file.settle(states[index]!)) raced.add(file.path);
    const dependencies: Dependency[] = [];
    const children = new Set<string>();
    for (const each of this.#order) {
      if (each instanceof ChildSlot) {
        if (each.dependency !== undefined) addChild(dependencies, children, each.dependency);
      } else if (each instanceof FileObservation) {
        if (each.digest === undefined) continue;
        dependencies.push({ kind: "file", path: toPortable(each.path, this.root), digest: each.digest });
      } else {
        if (each.isTorn || !each.isUnchanged(this)) raced.add(each.subject);
        dependencies.push(each.settle(this));
      }
    }
    return { dependencies, raced: [...raced] };
  }

  #observeFile(path: string, look: Look, bytesFollow: boolean): FileObservation | null {
    const info = typeof look === "object" ? look : null;
    if (info !== null && !info.isFile && info.rdev !== NULL_DEVICE) {
      this.#unclear.add(path);
      return null;
    }
    const known = this.#files.get(path);
    if (known !== undefined) {
      known.readAgain(info, bytesFollow);
      return known;
    }
    const file = this.#add(new FileObservation(path, info, this.files));
    this.#files.set(path, file);
    if (typeof look === "string") file.digest = undefined;
    if (file.isUrgent && !bytesFollow || typeof look === "string") file.takeDigest();
    return file;
  }

  #trackDirectory(path: string): void {
    if (this.#files.has(path)) return;
    const file = this.#add(new FileObservation(path, null, this.files));
    this.#files.set(path, file);
    const state = fileState(this.files, path);
    if (state instanceof Promise) {
      file.digest = undefined;
      void state.then((digest) => file.digest = digest);
    } else file.digest = state;
  }

  #observeStat(path: string, followed: boolean, look: Look): StatObservation {
    const key = `${followed ? "" : "l"}:${path}`;
    const known = this.#stats.get(key);
    if (known !== undefined) {
      known.lookAgain(look);
      return known;
    }
    const stat = this.#add(new StatObservation(path, followed, look));
    this.#stats.set(key, stat);
    return stat;
  }

  #observeListing(path: string): Listing {
    if (this.#isIgnored(path)) return null;
    const listing = this.#list(path);
    const known = this.#listings.get(path);
    if (known !== undefined) known.lookAgain(listing);
    else {
      const own = Array.isArray(listing)
        ? listing.map((line) => line.slice(1)).filter((name) => this.#own.has(`${path}/${name}`))
        : [];
      const list = (path: string) => this.#list(path);
      this.#listings.set(path, this.#add(new ListingObservation(path, listing, own, list)));
    }
    return listing;
  }

  #observeListings(path: string): void {
    const listing = this.#observeListing(path);
    if (!Array.isArray(listing)) return;
    for (const line of listing) if (line.startsWith("d")) this.#observeListings(`${path}/${line.slice(1)}`);
  }

  #list(path: string): Listing {
    try {
      return listDirectory(path);
    } catch {
      return listingState(this.files, path);
    }
  }

  #freeze(path: string): void {
    for (const [each, file] of this.#files) {
      if (each !== path && !isBelow(each, path)) continue;
      if (!file.isFrozen) file.takeDigest();
      file.isFrozen = true;
    }
    const folder = folderOf(path);
    for (const stat of this.#stats.values()) {
      if (stat.path === path || stat.path === folder || isBelow(stat.path, path)) stat.isFrozen = true;
    }
    for (const link of this.#links.values()) if (link.path === path || isBelow(link.path, path)) link.isFrozen = true;
    for (const listing of this.#listings.values()) {
      if (listing.path === path || isBelow(listing.path, path)) listing.isFrozen = true;
    }
  }

  *#chain(): Iterable<CallFrame> {
    // deno-lint-ignore no-this-alias
    for (let frame: CallFrame | undefined = this; frame !== undefined; frame = frame.parent) {
      if (frame.#isRunning) yield frame;
    }
  }

  #add<T extends Observation | FileObservation>(observation: T): T {
    this.#order.push(observation);
    return observation;
  }

  /** The absolute path of an argument; a relative one makes the working directory an input. */
  #resolve(argument: unknown): string | null {
    const observed = observedPath(argument);
    if (observed === null) return null;
    if (observed.isRelative) this.observeCwd();
    return this.#own.behindLinks(observed.path);
  }

  #resolveOnly(argument: unknown): string | null {
    return observedPath(argument)?.path ?? null;
  }

  #isIgnored(path: string): boolean {
    const { cacheDir } = this.files;
    return this.#own.has(path) || cacheDir !== undefined && (path === cacheDir || isBelow(path, cacheDir));
  }
}

/** `/dev/null`: the one device whose content is known. */
const NULL_DEVICE = 259;

function addChild(dependencies: Dependency[], seen: Set<string>, child: ChildDependency): void {
  const identity = `${child.functionId}\0${child.key}\0${child.outcome}`;
  if (seen.has(identity)) return;
  seen.add(identity);
  dependencies.push(child);
}
