/**
 * One running call, what it looks at and what it changes.
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
 * - Read, then written in part, then read back: what it read first counts. Written in part without having been read, then
 *   read: what was there before is not known any more, so nothing is stored.
 * - An operation that succeeds in writing says nothing about the world before; one that fails depends on what was there.
 *
 * @module
 */
import { type Look, lookAt } from "./dependency.ts";
import type { ChildDependency } from "../words/records.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { isAbsolutePath, parentOf } from "../options/paths.ts";
import { isLines, ObservationSet, type SettledReads } from "./read_log.ts";
import type { FileObservation } from "./file_observation.ts";
import type { Listing, StatObservation } from "./observations.ts";
import { isBelow, observedPath, OwnPaths } from "./own_paths.ts";

/** A running call as far as its reads are concerned. */
export interface ReadingRun {
  /** The call that made this one; it too depends on no file that the inner one wrote over. */
  readonly parent: ReadingRun | undefined;
  /** Reads of its function; `undefined` until that runs. */
  readonly reads: CallReads | undefined;
}

/** Circumstances of a call that decide which of its reads are dependencies. */
export interface CallReadsOptions {
  /** The project root: dependencies hold paths relative to it. */
  readonly root: string;
  readonly files: FileDigests;
  /** Whether reads are noticed; inner calls and files tracked by hand are in any case. @default true */
  readonly observes?: boolean;
  /**
   * Whether the user has been told that some of its reads are not seen.
   *
   * @default false
   */
  readonly hasBlindReads?: boolean;
  /**
   * Relative paths that arguments name, with what they lead to: its key says which file that is, wherever it runs.
   *
   * @default none
   */
  readonly named?: ReadonlyMap<unknown, string>;
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
export class CallReads {
  readonly root: string;
  readonly files: FileDigests;
  readonly observes: boolean;
  readonly hasBlindReads: boolean;
  #isRunning = true;
  readonly #seen: ObservationSet;
  readonly #own = new OwnPaths();
  readonly #named: ReadonlyMap<unknown, string> | undefined;
  /** Files of which the call wrote a part without having read them. */
  readonly #mixed = new Set<string>();
  readonly #ownVariables = new Set<string>();
  #isCwdOwn = false;

  /**
   * @param run The run whose function reads.
   * @param options See {@linkcode CallReadsOptions}.
   */
  constructor(readonly run: ReadingRun, options: CallReadsOptions) {
    this.root = options.root;
    this.files = options.files;
    this.observes = options.observes ?? true;
    this.hasBlindReads = options.hasBlindReads ?? false;
    this.#named = options.named;
    this.#seen = new ObservationSet(this);
  }

  /** Whether what is looked at still counts: until {@linkcode settle}. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Keeps a place for an inner call that begins now: inner calls that run at the same time end in any order, but are
   * verified in the order in which they were made.
   *
   * @returns Enters the inner call, which is no dependency before that, nor when it is entered after the end.
   */
  reserveChild(): (child: ChildDependency) => void {
    return this.#seen.reserveChild();
  }

  /**
   * Records a file, or a directory with all below it, as an input of this call by hand.
   *
   * @returns Its absolute path.
   * @throws {TypeError} When it is no path.
   */
  trackFile(path: string | URL): string {
    const observed = this.#resolve(path);
    if (observed === null) throw new TypeError(`Cannot track ${path}: want a path or a file: URL`);
    if (!this.#isRunning || this.#isIgnored(observed)) return observed;
    const look = lookAt(observed, true);
    if (isDirectory(look)) this.#seen.tree(observed);
    else this.#seen.file(observed, look, false);
    return observed;
  }

  /**
   * A file is about to be read.
   *
   * @param argument The path as it was passed.
   * @param bytesFollow Whether the caller will be able to say which bytes were read.
   * @returns Whom to tell; `null` when nothing more needs to be known.
   */
  observeFile(argument: unknown, bytesFollow: boolean): FileObservation | null {
    const path = this.#input(argument);
    if (path === null) return null;
    const look = lookAt(path, true);
    if (!isDirectory(look)) return this.#seen.file(path, look, bytesFollow);
    this.#seen.stat(path, true, look);
    return null;
  }

  /**
   * A path's metadata was looked at.
   *
   * @param look What was seen; by default, what is there now.
   * @returns Whom to tell which members were looked at; `null` when the path is no input.
   */
  observeStat(argument: unknown, followed: boolean, look?: Look): StatObservation | null {
    const path = this.#input(argument);
    if (path === null) return null;
    return this.#seen.stat(path, followed, look === undefined ? lookAt(path, followed) : look);
  }

  /** A directory is about to be listed. @param isDeep With all below it. */
  observeListing(argument: unknown, isDeep = false): void {
    const path = this.#resolve(argument);
    if (path !== null) this.#observeListing(path, isDeep);
  }

  /** A link, or a whole path, is about to be resolved. */
  observeLink(argument: unknown, aspect: "target" | "real"): void {
    const path = this.#input(argument);
    if (path !== null) this.#seen.link(path, aspect);
  }

  /** An environment variable was looked at; `*` for all of them. */
  observeVariable(name: string): void {
    if (!this.#ownVariables.has(name)) this.#seen.variable(name);
  }

  /** The call sets or deletes an environment variable. */
  wroteVariable(name: string): void {
    for (const reads of this.#chain()) {
      reads.#seen.freezeVariable(name);
      reads.#ownVariables.delete(name);
    }
    this.#ownVariables.add(name);
  }

  /** The working directory was looked at. */
  observeCwd(): void {
    if (!this.#isCwdOwn) this.#seen.cwd();
  }

  /** The call changes the working directory. */
  wroteCwd(): void {
    for (const reads of this.#chain()) {
      reads.#seen.freezeCwd();
      reads.#isCwdOwn = false;
    }
    this.#isCwdOwn = true;
  }

  /** The call is about to write: what it, or a call around it, has read there is digested while it still is there. */
  beforeWrite(argument: unknown, kind: WriteKind): void {
    const path = pathOfArgument(argument);
    if (path === null) return;
    for (const reads of this.#chain()) {
      reads.#seen.freeze(path, kind === "removed" || kind === "moved" || kind === "tree");
    }
  }

  /** The call has written. */
  wrote(argument: unknown, kind: WriteKind): void {
    const path = pathOfArgument(argument);
    if (path === null) return;
    for (const reads of this.#chain()) {
      reads.#seen.madeEntry(path);
      if (reads !== this) reads.#own.disown(path);
    }
    if (kind === "metadata") return;
    if (kind === "part") {
      if (!this.#own.has(path) && !this.#seen.hasFile(path)) this.#mixed.add(path);
    } else if (kind === "moved") this.#own.disown(path);
    else if (kind === "whole") this.#own.add(path);
    else this.#own.addTree(path);
  }

  /** The call has made a link, symbolic or hard. @param target What it leads to; a relative one, from beside the link. */
  linked(argument: unknown, target: unknown): void {
    const path = pathOfArgument(argument);
    if (path === null) return;
    this.wrote(path, "metadata");
    const beside = typeof target === "string" && !isAbsolutePath(target) ? `${parentOf(path)}/${target}` : target;
    const behind = pathOfArgument(beside);
    if (behind !== null) this.#own.addLink(path, behind);
  }

  /** The call tried to write and failed: what was in the way, or missing, is an input. */
  failedToWrite(argument: unknown): void {
    const stat = this.observeStat(argument, true);
    if (stat !== null) this.observeStat(parentOf(stat.path), true);
  }

  /** Whether what is at a path is the call's own doing. */
  isOwn(argument: unknown): boolean {
    const path = pathOfArgument(argument);
    return path !== null && this.#own.has(path);
  }

  /** Something cannot be followed: the result is not stored. @param subject Shown to the user. */
  observeUnclear(subject: string): void {
    this.#seen.unclear(subject);
  }

  /**
   * Ends the observation: digests what was read and finds what changed since.
   *
   * Call it after the result has been encoded: a result may hold what `stat` returned, and which of its members count
   * shows when they are looked at.
   */
  settle(): Promise<SettledReads> {
    this.#isRunning = false;
    return this.#seen.settle();
  }

  #observeListing(path: string, isDeep: boolean): void {
    if (this.#isIgnored(path)) return;
    const listing: Listing = this.#seen.listing(path, (path) => this.#own.has(path));
    if (!isDeep || !isLines(listing)) return;
    for (const line of listing) if (line.startsWith("d")) this.#observeListing(`${path}/${line.slice(1)}`, true);
  }

  /** This call and the running ones around it. */
  *#chain(): Iterable<CallReads> {
    if (this.#isRunning) yield this;
    for (let run = this.run.parent; run !== undefined; run = run.parent) {
      if (run.reads?.isRunning === true) yield run.reads;
    }
  }

  /** The absolute path of an argument if what is there is an input. */
  #input(argument: unknown): string | null {
    const path = this.#resolve(argument);
    if (path === null || this.#isIgnored(path)) return null;
    if (this.#mixed.has(path)) this.#seen.unclear(path);
    return path;
  }

  /** The absolute path of an argument; a relative one that no argument names makes the working directory one too. */
  #resolve(argument: unknown): string | null {
    const observed = observedPath(argument);
    if (observed === null) return null;
    if (observed.isRelative && this.#named?.get(argument) !== observed.path) this.observeCwd();
    return this.#own.behindLinks(observed.path);
  }

  #isIgnored(path: string): boolean {
    return this.#own.has(path) || this.#isOfCache(path);
  }

  #isOfCache(path: string): boolean {
    const { cacheFolder } = this.files;
    return cacheFolder !== undefined && (path === cacheFolder || isBelow(path, cacheFolder));
  }
}

function pathOfArgument(argument: unknown): string | null {
  return observedPath(argument)?.path ?? null;
}

function isDirectory(look: Look): look is Deno.FileInfo {
  return look !== null && typeof look === "object" && look.isDirectory;
}
