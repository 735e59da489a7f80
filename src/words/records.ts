/**
 * What is stored about a call: its key's components by name, and one trace per execution that is still worth reusing.
 *
 * @module
 */
import type { BlobDigest, CallKey, ContentDigest, Digest, FingerprintDigest, ValueDigest } from "./digests.ts";

/** Version of everything on disk. A change of any stored shape is a new number and a new folder. */
export const FORMAT_VERSION = 1 as const;

/** Version of which results are stored. By the rules before, some were stored without their class: hence in each key. */
export const RESULT_RULES = 2 as const;

/**
 * Something that an execution observed, and the identity of what it found.
 *
 * `path` is relative to the project root with `/` separators when it lies below it, absolute otherwise. A digest of
 * `null` says that the thing was absent, which is a finding like any other.
 */
export type Dependency =
  | FileDependency
  | DirectoryDependency
  | StatDependency
  | LinkDependency
  | EnvironmentDependency
  | WorkingDirectoryDependency
  | ChildDependency;

/** Bytes of a file were read. */
export interface FileDependency {
  /** Tells the kinds apart. */
  readonly kind: "file";
  /** Relative to the project root when below it. */
  readonly path: string;
  /** SHA-256 of the bytes; `null`: there was no such file. For a folder, over all that counts of it. */
  readonly digest: ContentDigest | null;
  /** A folder of which a `filePattern` chose the files; only the function itself can tell whether it changed. */
  readonly isFiltered?: true;
}

/** A directory was listed. */
export interface DirectoryDependency {
  /** Tells the kinds apart. */
  readonly kind: "directory";
  /** Relative to the project root when below it. */
  readonly path: string;
  /** Digest over the sorted names and types of its entries; `null`: there was no such directory. */
  readonly digest: ContentDigest | null;
}

/** Metadata of a path was asked for: existence, type, size and, where the function looked at them, times. */
export interface StatDependency {
  /** Tells the kinds apart. */
  readonly kind: "stat";
  /** Relative to the project root when below it. */
  readonly path: string;
  /** Which metadata the function saw; times are rarely looked at, and would make `touch` an edit. */
  readonly aspects: "existence" | "size" | "times";
  /** With `times`: the members of the `stat` result that the function looked at, sorted: `["mtime"]`. */
  readonly fields?: readonly string[];
  /** Digest over those; `null`: there was nothing at that path. */
  readonly digest: ContentDigest | null;
  /** Whether symbolic links were followed (`stat`) or looked at themselves (`lstat`). */
  readonly followed: boolean;
}

/** A symbolic link was resolved (`readLink`, `realPath`). */
export interface LinkDependency {
  /** Tells the kinds apart. */
  readonly kind: "link";
  /** Relative to the project root when below it. */
  readonly path: string;
  /** `target`: the text of the link; `real`: the resolved path, relative to the project root when below it. */
  readonly aspect: "target" | "real";
  /** Identity of what was found. */
  readonly digest: ContentDigest | null;
}

/** An environment variable was asked for; `name` is `*` when all were listed. */
export interface EnvironmentDependency {
  /** Tells the kinds apart. */
  readonly kind: "env";
  /** Name of the variable; `*`: all were listed. */
  readonly name: string;
  /** Digest of the value; `null`: it was not set. Values may be secrets, so only digests are stored. */
  readonly digest: ContentDigest | null;
}

/** The working directory was asked for. */
export interface WorkingDirectoryDependency {
  /** Tells the kinds apart. */
  readonly kind: "cwd";
  /** Identity of what was found. */
  readonly digest: ContentDigest;
}

/** Another cached function was called. */
export interface ChildDependency {
  /** Tells the kinds apart. */
  readonly kind: "child";
  /** Which cached function, by {@linkcode EntryRecord.functionId}. */
  readonly functionId: string;
  /** Its call key when it was called. */
  readonly key: CallKey;
  /**
   * Its receiver and arguments, to run it again: the encoded bytes when they are few, else the blob that holds them;
   * `null` when they could not be stored.
   */
  readonly args: Uint8Array | BlobDigest | null;
  /** Digest of what it returned, or of the error that it threw. */
  readonly outcome: Digest<"outcome">;
}

/**
 * Everything that an execution and the cached calls inside it rest on, flattened.
 *
 * If all of it is unchanged, every inner call would answer as it did, and the inner calls need not be looked up one by
 * one. If something changed, the trace is verified in order, which alone can tell whether the change reaches the result.
 */
export interface FlatTrace {
  /** The inner cached functions, each with the digest of its code and of what its options declare. */
  readonly functions: readonly { readonly functionId: string; readonly identity: Digest<"step"> }[];
  /** What any of them observed, other than calls. */
  readonly dependencies: readonly Exclude<Dependency, ChildDependency>[];
}

/** One execution: what it observed, in the order of observation, and what it returned. */
export interface Trace {
  /** What it observed, in order. */
  readonly dependencies: readonly Dependency[];
  /** All that it rests on, inner calls included, in one list; `null`: there are none, or they rest on too much. */
  readonly support: FlatTrace | null;
  /** The blob that holds the result. */
  readonly result: BlobDigest;
  /** Size of that blob in bytes. */
  readonly sizeBytes: number;
  /** When the execution ended, milliseconds since the epoch. */
  readonly createdMs: number;
  /** How long the function itself ran, milliseconds. */
  readonly computeMs: number;
}

/** A reached symbol, value or package of a fingerprint, by name, so that a miss can say which one changed. */
export interface FingerprintPart {
  /** Tells the kinds apart. */
  readonly kind: "function" | "class" | "value" | "package" | "runtime" | "cached" | "handle";
  /** The name in the source, `lodash-es` for a package. */
  readonly name: string;
  /** The module that declares it, relative to the project root when below it; absent for packages and globals. */
  readonly module?: string;
  /** Digest of this part alone: of a function's own normalized source, of a value, of a package's locked closure. */
  readonly digest: Digest;
  /** Short text to show in a difference: `0.5`, `4.17.21`; at most 80 characters. */
  readonly preview?: string;
}

/** One leaf of an argument or declared value, for showing what differs. */
export interface ValuePart {
  /** Where it is: `args.opts.alpha`, `env.HOME`, `vars.rate`, `files.data/a.csv`, `version`. */
  readonly path: string;
  /** Identity of what was found. */
  readonly digest: ValueDigest | ContentDigest | null;
  /** Abbreviated value, at most 80 characters; absent where it must not be shown (environment variables). */
  readonly preview?: string;
}

/** One stored call. */
export interface EntryRecord {
  /** Version of the stored shape. */
  readonly format: 1;
  /** The key of the call. */
  readonly key: CallKey;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module, telling apart functions of the same name: `load @ src/load.ts`. */
  readonly functionId: string;
  /** When the entry was first stored, milliseconds since the epoch. */
  readonly createdMs: number;
  /** Identity of the code. */
  readonly fingerprint: FingerprintDigest;
  /** The fingerprint's parts; many entries share them, so the store keeps them once per fingerprint. */
  readonly parts: readonly FingerprintPart[];
  /** What in the function's code could not be followed, in words. */
  readonly notices: readonly string[];
  /** Leaves of the arguments and of the declared dependencies, bounded in number. */
  readonly values: readonly ValuePart[];
  /** Files that options declare (`fileArgs`, `dependsOnFiles`), as paths with digests, for the graph. */
  readonly files: readonly FileDependency[];
  /** Newest first. Never empty in a stored record. */
  readonly traces: readonly Trace[];
}

/** What a list shows of an entry without reading its record. */
export interface EntrySummary {
  /** The key of the call. */
  readonly key: CallKey;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module of the function. */
  readonly functionId: string;
  /** When it was stored, milliseconds since the epoch. */
  readonly createdMs: number;
  /** Sum of the sizes of the results of its traces, bytes. */
  readonly sizeBytes: number;
  /** Compute time of its newest trace, milliseconds. */
  readonly computeMs: number;
}

/** How often an entry was used. Kept apart from the record, so that a hit rewrites nothing. */
export interface EntryUsage {
  /** How often it was used. */
  readonly hits: number;
  /** Milliseconds since the epoch; the time of creation when it was never hit. */
  readonly lastUsedMs: number;
}
