/**
 * The reads and writes of one running call. The reads that are inputs of the call become its dependencies.
 *
 * A read belongs to the innermost running call alone. An outer call depends on the outcome of the inner call instead.
 *
 * Content that a call wrote itself and reads back is no input. Other mixtures of reads and writes are decided so that
 * no stale result is ever returned:
 *
 * - Read first, overwritten by the call itself later: the content that was read is an input. Such a call changes its
 *   own input, so its result is reused only if the old content is put back.
 * - Written by an inner call, read by the outer call: an input of the outer call, since an inner call that is a hit
 *   writes nothing.
 * - Written by the outer call, overwritten by an inner call, read by the outer call: an input of the outer call, too.
 * - Written by the outer call, read by an inner call: an input of the inner call.
 * - Read, then written in part, then read back: the content that was read first is an input.
 * - Written in part without having been read, then read: the old content is no longer known, so nothing is stored.
 * - A write that succeeds makes no dependency. A write that fails depends on the existence of the path and its folder.
 *
 * @module
 */
import { type Look, lookAt } from "./dependency.ts";
import type { ChildDependency } from "../words/records.ts";
import type { FileDigests } from "./files/file_digests.ts";
import { isAbsolutePath, parentOf } from "../options/paths.ts";
import { ObservationSet, type SettledReads } from "./read_log.ts";
import type { FileObservation } from "./file_observation.ts";
import { isLines, type StatObservation } from "./observations.ts";
import { isBelow, observedPath, OwnPaths } from "./own_paths.ts";

/** The part of a run that {@linkcode CallReads} uses. */
export interface ReadingRun {
  /** The run of the outer call, which learns of the files that this run's function writes. */
  readonly parent: ReadingRun | undefined;
  /** Reads of the run's function; `undefined` until the function runs. */
  readonly reads: CallReads | undefined;
}

/** Options of {@linkcode CallReads}, which decide on the reads that become dependencies. */
export interface CallReadsOptions {
  /** Root of the project, to which the paths in dependencies are relative. */
  readonly root: string;
  readonly files: FileDigests;
  /** True when reads are recorded; inner calls, and files given to `trackFile`, are recorded anyway. @default true */
  readonly observes?: boolean;
  /**
   * True when the function is blind: it may open files in ways that are not observed.
   *
   * @default false
   */
  readonly hasBlindReads?: boolean;
  /**
   * Absolute path of each relative path among the file arguments. The call key covers these files, so that reading one
   * by its relative path does not make the working directory a dependency.
   *
   * @default none
   */
  readonly named?: ReadonlyMap<unknown, string>;
}

/** Kind of a write to a path. */
export type WriteKind =
  /** All content of the file is new. */
  | "whole"
  /** Part of the old content may be left. */
  | "part"
  /** A file or directory that the call did not write was moved to the path. */
  | "moved"
  /** The call made the file or directory at the path, with everything below it. */
  | "tree"
  /** The path was removed, with everything below it. */
  | "removed"
  /** Times, mode or owner were changed, or a link was made. */
  | "metadata";

/** The reads and writes of one running call. The observers of the platform's functions call its methods. */
export class CallReads {
  readonly root: string;
  readonly files: FileDigests;
  readonly observes: boolean;
  readonly hasBlindReads: boolean;
  #isRunning = true;
  readonly #seen: ObservationSet;
  readonly #own = new OwnPaths();
  readonly #named: ReadonlyMap<unknown, string> | undefined;
  /** Files that the call wrote in part without having read them. */
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

  /** True until {@linkcode settle}. Later reads are no dependencies. */
  get isRunning(): boolean {
    return this.#isRunning;
  }

  /**
   * Reserves a place for an inner call that begins now: inner calls that run at the same time end in any order, but are
   * verified in the order in which they were made.
   *
   * @returns Function that fills the place. While the place is not filled, the inner call is no dependency; filling it
   * after the end of this call has no effect.
   */
  reserveChild(): (child: ChildDependency) => void {
    return this.#seen.reserveChild();
  }

  /**
   * Records a file, or a directory with all files below it, as an input of this call, at the user's request.
   *
   * @returns The absolute path.
   * @throws {TypeError} When `path` is no path.
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
   * Takes note that a file is about to be read.
   *
   * @param argument The path as it was passed.
   * @param bytesFollow True when the caller will pass the bytes that are read to the observation.
   * @returns The observation of the file; `null` for a path that is no input or no regular file, and for a file that
   * was written to after the call first read it.
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
   * Takes note that the metadata of a path was read.
   *
   * @param argument The path as it was passed.
   * @param followed True when symbolic links were followed.
   * @param look Metadata that the call got; the present metadata when not given.
   * @returns The observation that takes the names of the members that are read; `null` when the path is no input.
   */
  observeStat(argument: unknown, followed: boolean, look?: Look): StatObservation | null {
    const path = this.#input(argument);
    if (path === null) return null;
    return this.#seen.stat(path, followed, look === undefined ? lookAt(path, followed) : look);
  }

  /** Takes note that a directory is about to be listed. @param isDeep True when folders below it are listed too. */
  observeListing(argument: unknown, isDeep = false): void {
    const path = this.#resolve(argument);
    if (path !== null) this.#observeListing(path, isDeep);
  }

  /** Takes note that a link's target is about to be read (`target`), or a path is about to be resolved (`real`). */
  observeLink(argument: unknown, aspect: "target" | "real"): void {
    const path = this.#input(argument);
    if (path !== null) this.#seen.link(path, aspect);
  }

  /** Takes note that an environment variable was read; `*` for all variables. */
  observeVariable(name: string): void {
    if (!this.#ownVariables.has(name)) this.#seen.variable(name);
  }

  /** Takes note that the call sets or deletes an environment variable. */
  wroteVariable(name: string): void {
    for (const reads of this.#chain()) {
      reads.#seen.freezeVariable(name);
      reads.#ownVariables.delete(name);
    }
    this.#ownVariables.add(name);
  }

  /** Takes note that the working directory was read. */
  observeCwd(): void {
    if (!this.#isCwdOwn) this.#seen.cwd();
  }

  /** Takes note that the call changes the working directory. */
  wroteCwd(): void {
    for (const reads of this.#chain()) {
      reads.#seen.freezeCwd();
      reads.#isCwdOwn = false;
    }
    this.#isCwdOwn = true;
  }

  /** Takes note that the call is about to write: content that it or an outer call read at the path is digested now. */
  beforeWrite(argument: unknown, kind: WriteKind): void {
    const path = pathOfArgument(argument);
    if (path === null) return;
    for (const reads of this.#chain()) {
      reads.#seen.freeze(path, kind === "removed" || kind === "moved" || kind === "tree");
    }
  }

  /** Takes note that the call has written. */
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

  /**
   * Takes note that the call has made a link, symbolic or hard.
   *
   * @param argument Path of the link.
   * @param target Target of the link; a relative text is relative to the folder that holds the link.
   */
  linked(argument: unknown, target: unknown): void {
    const path = pathOfArgument(argument);
    if (path === null) return;
    this.wrote(path, "metadata");
    const beside = typeof target === "string" && !isAbsolutePath(target) ? `${parentOf(path)}/${target}` : target;
    const behind = pathOfArgument(beside);
    if (behind !== null) this.#own.addLink(path, behind);
  }

  /** Takes note that the call failed to write: the existence of the path and of its folder are inputs. */
  failedToWrite(argument: unknown): void {
    const stat = this.observeStat(argument, true);
    if (stat !== null) this.observeStat(parentOf(stat.path), true);
  }

  /** Returns true when the call itself wrote the content at a path. */
  isOwn(argument: unknown): boolean {
    const path = pathOfArgument(argument);
    return path !== null && this.#own.has(path);
  }

  /** Takes note of a read that cannot be followed: the result is not stored. @param subject Shown to the user. */
  observeUnclear(subject: string): void {
    this.#seen.unclear(subject);
  }

  /**
   * Ends the observation: digests the files that were read, and finds the inputs that changed after they were read.
   *
   * Call it after the result has been encoded: a result may hold an object that `stat` returned, and a member of that
   * object counts only when it is read.
   */
  settle(): Promise<SettledReads> {
    this.#isRunning = false;
    return this.#seen.settle();
  }

  #observeListing(path: string, isDeep: boolean): void {
    if (this.#isIgnored(path)) return;
    const listing = this.#seen.listing(path, (path) => this.#own.has(path), isDeep);
    if (!isDeep || listing === undefined || !isLines(listing)) return;
    for (const line of listing) if (line.startsWith("d")) this.#observeListing(`${path}/${line.slice(1)}`, true);
  }

  /** Yields the reads of this call and of the running calls around it, innermost first. */
  *#chain(): Iterable<CallReads> {
    if (this.#isRunning) yield this;
    for (let run = this.run.parent; run !== undefined; run = run.parent) {
      if (run.reads?.isRunning === true) yield run.reads;
    }
  }

  /** Returns the absolute path of an argument; `null` when the content at the path is no input. */
  #input(argument: unknown): string | null {
    const path = this.#resolve(argument);
    if (path === null || this.#isIgnored(path)) return null;
    if (this.#mixed.has(path)) this.#seen.unclear(path);
    return path;
  }

  /**
   * Returns the absolute path of an argument. For a relative path that is no file argument of the call, the working
   * directory becomes an input, too.
   */
  #resolve(argument: unknown): string | null {
    const observed = observedPath(argument);
    if (observed === null) return null;
    if (observed.isRelative && this.#named?.get(argument) !== observed.path) this.observeCwd();
    for (const turn of observed.turns) {
      if (!this.#isIgnored(turn) && this.#own.behindLinks(turn) === turn) this.#seen.link(turn, "real");
    }
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
