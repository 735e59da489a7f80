/**
 * Types of fingerprints and of the options for making them.
 *
 * @module
 */
import type { FingerprintDigest } from "../words/digests.ts";
import type { PackageIdentity } from "./packages/packages.ts";
import type { FingerprintPart } from "../words/records.ts";
import type { ClassTable, Codec } from "../values/codec.ts";

/** Options that decide how far code is followed, and functions that identify packages and cached functions. */
export interface FingerprintOptions {
  /**
   * `closure`: the function with everything that it reaches, through V8's inspector. `source`: its own text alone.
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
  /**
   * Codecs of the function: values that they keep count by the data of the codec.
   *
   * @default []
   */
  readonly codecs?: readonly Codec[];
  /**
   * Places whose values do not count, since runs change them; see {@linkcode Fingerprint.watcher}.
   *
   * @default none
   */
  readonly leftOut?: ReadonlySet<string>;
  /**
   * True to leave out methods of classes that no code reached can name. Such a fingerprint holds while no input holds code,
   * and while no instance is handed out; see {@linkcode EVERY_MEMBER}.
   *
   * @default {false}
   */
  readonly leavesOutUnnamed?: boolean;
  /** Package that a script URL or a module specifier belongs to; `null` for the user's code. */
  packageOf(urlOrSpecifier: string, referrer?: string): PackageIdentity | null;
  /**
   * URL of the module that a specifier stands for in the importing module; `null` when nothing is known about it.
   *
   * @default by the program's own import map, without the scopes of the importing module
   */
  resolve?(specifier: string, referrer: string): string | null;
  /**
   * Absolute path of the folder of a package, or of a package by name that it depends on; `null` when it is not known.
   *
   * @default not known, so that blind uses in a package are found once it is loaded
   */
  folderOf?(identity: PackageIdentity, name: string): string | null;
  /**
   * Digest of the content of a file; `null` when there is none.
   *
   * @default by reading the file
   */
  digestFile?(path: string): string | null;
  /** Identity of a cached function that the code reaches; `undefined` for any other value. */
  cachedIdentity(value: object): string | undefined;
  /** Absolute path of the project's root. Modules are named relative to this path. */
  readonly projectRoot: string;
}

/**
 * Place that stands for the methods of all classes. Among the places that are left out, it says that these methods count
 * whether or not code names them: an input holds code that may name them, or a result holds instances for other code.
 */
export const EVERY_MEMBER = "methods of classes that no code names";

/** Number of members of one object of a package that runs change from which on none of its members counts. */
const MAX_MEMBERS_OF_STATE = 32;

/** Place that stands for all members of the object of a package that a member at a place belongs to: `p.js#kept.*`. */
export function allMembersOf(place: string): string {
  // A name in brackets is a text in which dots are escaped.
  return place.replace(/\.\["(?:[^"\\]|\\.)*"\]$|(?<=#.*)\.[^.#:()[\] ]+$|\.[^.#:/()[\] ]+$/, ".*");
}

/** Puts one place for all members in the place of many members of one object, such as a table that a run fills. */
export function foldPlaces(places: Iterable<string>): string[] {
  const all = [...places];
  const counts = new Map<string, number>();
  const objectOf = (place: string) => place.startsWith("[") ? place : allMembersOf(place);
  for (const place of all) counts.set(objectOf(place), (counts.get(objectOf(place)) ?? 0) + 1);
  return [
    ...new Set(all.map((place) => counts.get(objectOf(place))! > MAX_MEMBERS_OF_STATE ? objectOf(place) : place)),
  ];
}

/** Use of a function or module whose effects are not observed. */
export interface BlindUse {
  /** Name as the code uses it: `Deno.Command`, `readFile from node:fs`, `fetch`. */
  readonly name: string;
  /** Module that contains the use, relative to the project root; for a use in a package, `package` and its name. */
  readonly module?: string;
  readonly kind: "file" | "process" | "network" | "ffi" | "code";
}

/** Properties of the values that a function is given which its code may be able to see. */
export interface ArgumentSight {
  /** The order of the members of objects. */
  readonly order: boolean;
  /** The names of functions and classes. */
  readonly names: boolean;
  /** The source text of functions and classes, comments included. */
  readonly texts: boolean;
  /** The source text of functions and classes that the code captures; nobody can tell of which. */
  readonly capturedTexts: boolean;
  /** The stack traces of errors. */
  readonly stacks: boolean;
  /** Which object it was: the code keeps it in a variable of its own, or looks it up in a collection that it captures. */
  readonly kept: boolean;
}

/** Sight of code that is not known. */
export const EVERYTHING: ArgumentSight = {
  order: true,
  names: true,
  texts: true,
  capturedTexts: true,
  stacks: true,
  kept: false,
};
/** Sight of code that sees nothing but the content of values. */
export const NOTHING_SEEN: ArgumentSight = {
  order: false,
  names: false,
  texts: false,
  capturedTexts: false,
  stacks: false,
  kept: false,
};

/** Sight of two pieces of code together. */
export function joinSights(one: ArgumentSight, other: ArgumentSight): ArgumentSight {
  if (other === NOTHING_SEEN || one === other) return one;
  return {
    order: one.order || other.order,
    names: one.names || other.names,
    texts: one.texts || other.texts,
    capturedTexts: one.capturedTexts || other.capturedTexts,
    stacks: one.stacks || other.stacks,
    kept: one.kept || other.kept,
  };
}

/** True for sights of the same properties. */
export function areEqualSights(one: ArgumentSight, other: ArgumentSight): boolean {
  return one === other ||
    one.order === other.order && one.names === other.names && one.texts === other.texts &&
      one.capturedTexts === other.capturedTexts &&
      one.stacks === other.stacks && one.kept === other.kept;
}

/** Changes of what a fingerprint depends on. */
export interface FingerprintChanges {
  /** Places that hold other values, by names that are equal in every process. */
  readonly places: readonly string[];
  /** Names, for people, of everything else that changed: members of built-in objects, and of objects without a name. */
  readonly others: readonly string[];
  /** Places of these that the code itself may have changed, as its text says. */
  readonly byCode: ReadonlySet<string>;
}

/** Values that the code of a function reaches, as they were at one moment. */
export interface StateWatch {
  /** Finds what has changed since. */
  changes(): Promise<FingerprintChanges>;
}

/** Identity of a function's code at one moment, with everything that the code reaches. */
export interface Fingerprint {
  readonly digest: FingerprintDigest;
  /** Named parts that the fingerprint consists of. */
  readonly parts: readonly FingerprintPart[];
  /** Notices, in words, about code that could not be followed or was left out. Equal in every process. */
  readonly notices: readonly string[];
  /** Blind uses of the file system, the network and the like. */
  readonly blind: readonly BlindUse[];
  /** Module that declares the function, relative to the project root when below it; `null` when unknown. */
  readonly module: string | null;
  /** Name of the variable or member that the function is written for, if it has no name itself; `null` when unknown. */
  readonly variable: string | null;
  /**
   * Paths of the members of its receiver that a method itself writes, such as `calls`, `stats.count`, `#memo`; an
   * empty path stands for the receiver as a whole. These members are state, which is left out when the receiver is
   * identified.
   */
  readonly receiverState: readonly string[];
  /** Names of the members of its receiver that a method writes, or may change by calling methods of these members. */
  readonly receiverTouched: readonly string[];
  /** What the code can see of the values that it is given, beside their content. */
  readonly sight: ArgumentSight;
  /**
   * Number of an object, function or unregistered symbol among those that the code captures; `undefined` for all others.
   * Equal in every process for equal fingerprints.
   */
  ordinalOf(value: object | symbol): number | undefined;
  /** All that the code captures, in the order of these numbers. */
  readonly captured: { subjects(): Iterable<object | symbol>; has(value: object | symbol): boolean };
  /** Codecs that classes declare which the function reaches. */
  readonly declaredCodecs: ReadonlyMap<Codec, string>;
  /** Classes of the user's code that the function reaches, whose instances a result may hold. */
  readonly classes: ClassTable;
  /** Places that were left out, of those that the options name. */
  readonly leftOut: ReadonlySet<string>;
  /** True when methods of classes were left out, since no code reached can name them. */
  readonly leavesOutMembers: boolean;
  /** True when {@linkcode classes} was asked for instances in a result, or for a captured object. */
  handsOut(): boolean;
  /**
   * Returns a function that takes note of all values that the code reaches, so that it can be told later which of them
   * a run changed. That function waits for nothing. It returns `null` when something has changed already since the
   * fingerprint was made.
   */
  watcher(): Promise<() => StateWatch | null>;
  /** True when nothing that the fingerprint depends on can change while the process lives and {@linkcode isStanding} holds. */
  readonly isFixed: boolean;
  /** True until the program changes something of built-in objects, or of functions, that was as the code made it. */
  isStanding(): boolean;
  /**
   * Returns the current fingerprint: this object itself when nothing changed. The answer is a promise only when
   * something changed, or when a variable that is reassigned, or a private field, has to be read again.
   */
  refresh(): Fingerprint | Promise<Fingerprint>;
}
