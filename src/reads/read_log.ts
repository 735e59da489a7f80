/**
 * The log of one call's reads: an observation of each thing that the call read, in the order of the first read.
 *
 * @module
 */
import { lastPartOf, parentOf } from "../options/paths.ts";
import {
  cwdState,
  environmentState,
  fileState,
  fileStates,
  isStateOfFailure,
  linkState,
  type Look,
  lookAt,
  stateOfFailure,
} from "./dependency.ts";
import { giveTurn, inTurns, isTurnOver, STEPS } from "../words/waiting.ts";
import { LARGE_FOLDER_BYTES, listDirectory, listInTurns } from "./files/directory.ts";
import { toPortable } from "../options/project.ts";
import type { ChildDependency, Dependency } from "../words/records.ts";
import { FileObservation } from "./file_observation.ts";
import { type FileStamp, isStampSettled, stampOf } from "./files/stamp.ts";
import {
  CwdObservation,
  EnvironmentObservation,
  isLines,
  LinkObservation,
  type Listing,
  ListingObservation,
  type Observation,
  type ObservationContext,
  StatObservation,
} from "./observations.ts";
import { isBelow } from "./own_paths.ts";

/** Dependencies of a call that has ended. */
export interface SettledReads {
  /** Dependencies, in the order in which they were first read. */
  readonly dependencies: Dependency[];
  /** Things that changed after they were read, or that cannot be followed: in words or as absolute paths. */
  readonly raced: string[];
}

/** Place of an inner call in the log; `child` stays `undefined` while the call runs, and if it is no dependency. */
interface ChildPlace {
  child: ChildDependency | undefined;
}

/** Observations of the reads of one call. Paths are absolute. */
export class ObservationSet {
  readonly #context: ObservationContext;
  readonly #order: (Observation | FileObservation | ChildPlace)[] = [];
  readonly #files = new Map<string, FileObservation>();
  readonly #trees = new Set<FileObservation>();
  readonly #stats = new Map<string, StatObservation>();
  readonly #listings = new Map<string, ListingObservation>();
  readonly #links = new Map<string, LinkObservation>();
  readonly #variables = new Map<string, EnvironmentObservation>();
  #cwd: CwdObservation | undefined;
  readonly #unclear = new Set<string>();
  /** Listings of large directories after the run, by path. */
  readonly #after = new Map<string, readonly string[]>();

  constructor(context: ObservationContext) {
    this.#context = context;
  }

  /** Reserves a place for an inner call that begins now. @returns Function that fills the place. */
  reserveChild(): (child: ChildDependency) => void {
    const place: ChildPlace = { child: undefined };
    this.#order.push(place);
    return (child) => place.child = child;
  }

  /** Takes note that a file is about to be read. @returns The observation; `null` when it needs no bytes. */
  file(path: string, look: Look, bytesFollow: boolean): FileObservation | null {
    const info = typeof look === "object" ? look : null;
    if (info !== null && !info.isFile) {
      if (info.rdev !== NULL_DEVICE) this.unclear(path);
      return null;
    }
    const known = this.#files.get(path);
    if (known !== undefined) {
      if (known.isFrozen) return null;
      known.readAgain(info, bytesFollow);
      return known;
    }
    const file = this.#add(new FileObservation(path, info, this.#context.files));
    this.#files.set(path, file);
    const isClosed = typeof look === "string";
    if (isClosed) file.digest = undefined;
    if (isClosed || file.isUrgent && !bytesFollow) file.takeDigest();
    return file;
  }

  /** Takes note of a directory, which counts with the content of all files below it. */
  tree(path: string): void {
    if (this.#files.has(path)) return;
    const tree = this.#add(new FileObservation(path, null, this.#context.files));
    this.#files.set(path, tree);
    this.#trees.add(tree);
    const state = fileState(this.#context.files, path, { isNow: true });
    tree.digest = state instanceof Promise ? undefined : state;
    if (state instanceof Promise) tree.digesting = state;
  }

  /** Takes note that the metadata of a path was read. */
  stat(path: string, followed: boolean, look: Look): StatObservation {
    const key = statKey(path, followed);
    const known = this.#stats.get(key);
    if (known !== undefined) {
      if (!known.isFrozen) known.lookAgain(look);
      return known;
    }
    const stat = this.#add(new StatObservation(path, followed, look));
    this.#stats.set(key, stat);
    return stat;
  }

  /**
   * Takes note that a directory is about to be listed.
   *
   * @param isOwn Returns true for a path that the call made.
   * @param isDeep True when the lines are needed now.
   * @returns The lines; `undefined` for a large directory that is listed later.
   */
  listing(path: string, isOwn: (path: string) => boolean, isDeep: boolean): Listing | undefined {
    const known = this.#listings.get(path);
    if (known !== undefined) {
      if (!known.isFrozen) known.lookAgain();
      if (isDeep) known.fix();
      return known.listing;
    }
    const look = () => stampOfDirectory(path);
    const stamp = isDeep ? null : largeDirectory(path, this.#context.files.now());
    const list = () => this.#list(path);
    const listing = new ListingObservation(path, { stamp, isOwn: (name) => isOwn(`${path}/${name}`), list, look });
    this.#listings.set(path, this.#add(listing));
    return listing.listing;
  }

  /** Takes note that a link's target is about to be read (`target`), or a path is about to be resolved (`real`). */
  link(path: string, aspect: "target" | "real"): void {
    const key = `${aspect}:${path}`;
    const digest = linkState(path, aspect, this.#context.root);
    const known = this.#links.get(key);
    if (known === undefined) this.#links.set(key, this.#add(new LinkObservation(path, aspect, digest)));
    else if (known.digest !== digest && !known.isFrozen) known.isTorn = true;
  }

  /** Takes note that an environment variable was read; `*` for all variables. */
  variable(name: string): void {
    if (this.#variables.has("*")) return;
    const digest = environmentState(name);
    const known = this.#variables.get(name);
    if (known === undefined) this.#variables.set(name, this.#add(new EnvironmentObservation(name, digest)));
    else if (known.digest !== digest && !known.isFrozen) known.isTorn = true;
  }

  /** Takes note that the working directory was read. */
  cwd(): void {
    this.#cwd ??= this.#add(new CwdObservation(cwdState(this.#context.root)));
  }

  /** Takes note of a read that cannot be followed. @param subject Shown to the user. */
  unclear(subject: string): void {
    this.#unclear.add(subject);
  }

  /**
   * Takes note that the call itself is about to change a path: the content that was read before the change counts.
   *
   * @param isDeep True when everything below the path changes, too.
   */
  freeze(path: string, isDeep: boolean): void {
    this.#files.get(path)?.freeze();
    this.#listings.get(parentOf(path))?.fix();
    for (const followed of [true, false]) {
      for (const each of [path, parentOf(path)]) {
        const stat = this.#stats.get(statKey(each, followed));
        if (stat !== undefined) stat.isFrozen = true;
      }
    }
    for (const aspect of ["target", "real"]) {
      const link = this.#links.get(`${aspect}:${path}`);
      if (link !== undefined) link.isFrozen = true;
    }
    if (!isDeep) return;
    for (const [each, file] of this.#files) if (isBelow(each, path)) file.freeze();
    for (const stat of this.#stats.values()) if (isBelow(stat.path, path)) stat.isFrozen = true;
    for (const link of this.#links.values()) if (isBelow(link.path, path)) link.isFrozen = true;
    for (const [each, listing] of this.#listings) {
      if (each !== path && !isBelow(each, path)) continue;
      listing.fix();
      listing.isFrozen = true;
    }
  }

  /** Takes note that the call itself is about to change an environment variable. */
  freezeVariable(name: string): void {
    for (const each of [name, "*"]) {
      const known = this.#variables.get(each);
      if (known !== undefined) known.isFrozen = true;
    }
  }

  /** Takes note that the call itself is about to change the working directory. */
  freezeCwd(): void {
    if (this.#cwd !== undefined) this.#cwd.isFrozen = true;
  }

  /** Takes note that the call itself made or removed the path, which is an entry of a directory. */
  madeEntry(path: string): void {
    this.#listings.get(parentOf(path))?.madeEntry(lastPartOf(path));
  }

  /** Returns true when the content of a file was read. */
  hasFile(path: string): boolean {
    return this.#files.has(path);
  }

  /** Digests the files that were read, and finds the things that changed after they were read. */
  async settle(): Promise<SettledReads> {
    const files = [...this.#files.values()];
    const raced = new Set(this.#unclear);
    const states = await fileStates(this.#context.files, files.map((file) => file.path));
    for (const [index, file] of files.entries()) {
      if (index % STEPS === STEPS - 1 && isTurnOver()) await giveTurn();
      if (file.digesting !== undefined) file.digest = await file.digesting;
      if (!file.settle(states[index]!)) raced.add(file.path);
    }
    for (const { path, digest } of this.#trees) {
      if (isStateOfFailure(digest)) raced.add(`${path}, in which a file cannot be read, perhaps`);
    }
    for (const each of this.#listings.values()) {
      const { listing } = each;
      if (listing !== undefined && !(isLines(listing) && listing.length > MANY_LINES)) continue;
      await this.#listAfter(each.path);
      each.fix();
    }
    const dependencies: Dependency[] = [];
    const children = new Set<string>();
    for (const [index, each] of this.#order.entries()) {
      if (index % STEPS === STEPS - 1 && isTurnOver()) await giveTurn();
      if ("child" in each) {
        if (each.child !== undefined) addChild(dependencies, children, each.child);
      } else if (each instanceof FileObservation) {
        if (each.digest === undefined) continue;
        dependencies.push({ kind: "file", path: toPortable(each.path, this.#context.root), digest: each.digest });
      } else {
        if (each.isTorn || !each.isUnchanged(this.#context)) raced.add(each.subject);
        dependencies.push(each.settle(this.#context));
      }
    }
    return { dependencies, raced: [...raced] };
  }

  /** Lists a large directory in turns with the other tasks of the event loop, for the comparison that follows. */
  async #listAfter(path: string): Promise<void> {
    try {
      const info = this.#context.files.stat(path);
      if (info !== null) this.#after.set(path, await inTurns(listInTurns(path, info)));
    } catch {
      // The comparison finds out in its own way that the directory is gone or may not be read.
    }
  }

  #list(path: string): Listing {
    const after = this.#after.get(path);
    if (after !== undefined) return after;
    try {
      return listDirectory(path);
    } catch (error) {
      return stateOfFailure(error);
    }
  }

  #add<T extends Observation | FileObservation>(observation: T): T {
    this.#order.push(observation);
    return observation;
  }
}

/** Number of lines from which a directory is listed in turns once the call has ended. */
const MANY_LINES = 4096;

/** Device number of `/dev/null`, the one device whose content is known. */
const NULL_DEVICE = 259;

/** Stamp of a directory; `null` when there is none, or it cannot be looked at. */
function stampOfDirectory(path: string): FileStamp | null {
  const look = lookAt(path, true);
  return look !== null && typeof look === "object" && look.isDirectory ? stampOf(look) : null;
}

/** Stamp of a directory of many entries that stands for them; `null` for any other. */
function largeDirectory(path: string, nowMs: number): FileStamp | null {
  const stamp = stampOfDirectory(path);
  return stamp !== null && stamp.size >= LARGE_FOLDER_BYTES && isStampSettled(stamp, nowMs) ? stamp : null;
}

function statKey(path: string, followed: boolean): string {
  return followed ? path : `link:${path}`;
}

/** Adds an inner call. One that is made several times with one outcome and one longest age is added once. */
function addChild(dependencies: Dependency[], seen: Set<string>, child: ChildDependency): void {
  const identity = `${child.functionId}\0${child.key}\0${child.outcome}\0${child.maxAgeMs}`;
  if (seen.has(identity)) return;
  seen.add(identity);
  dependencies.push(child);
}
