/**
 * Data stored about a call: its inputs by name, for comparison with other calls, and a trace of each execution that
 * may be reused.
 *
 * @module
 */
import type { BlobDigest, CallKey, ContentDigest, Digest, FingerprintDigest, ValueDigest } from "./digests.ts";

/** Version of everything on disk. A change of any stored shape needs a new number, which is also a new folder. */
export const FORMAT_VERSION = 1 as const;

/**
 * Version of the rules on which results are stored. It is part of each key, since by other rules a result is stored
 * differently or not at all: by the first, instances lost their class; by the second, attributes of members, symbols,
 * and most data of the platform were refused.
 */
export const RESULT_RULES = 3 as const;

/**
 * Dependency of an execution: the thing that it read, and the digest of the content found.
 *
 * `path` is relative to the project root with `/` separators when it lies below the root, absolute otherwise. A digest
 * of `null` says that the thing was absent; when it is there later, the dependency has changed.
 */
export type Dependency =
  | FileDependency
  | DirectoryDependency
  | StatDependency
  | LinkDependency
  | EnvironmentDependency
  | WorkingDirectoryDependency
  | ChildDependency;

/** Dependency on the bytes of a file that was read. */
export interface FileDependency {
  /** Discriminant of {@linkcode Dependency}. */
  readonly kind: "file";
  /** Relative to the project root when below it. */
  readonly path: string;
  /** SHA-256 of the bytes; `null` when there was no such file. For a folder, digest over the files in it that count. */
  readonly digest: ContentDigest | null;
  /** True for a folder whose files a `filePattern` chose; only the function itself can tell whether they changed. */
  readonly isFiltered?: true;
}

/** Dependency on the listing of a directory. */
export interface DirectoryDependency {
  /** Discriminant of {@linkcode Dependency}. */
  readonly kind: "directory";
  /** Relative to the project root when below it. */
  readonly path: string;
  /** Digest over the sorted names and types of its entries; `null` when there was no such directory. */
  readonly digest: ContentDigest | null;
}

/** Dependency on metadata of a path: existence, type, size and, where the function looked at them, times. */
export interface StatDependency {
  /** Discriminant of {@linkcode Dependency}. */
  readonly kind: "stat";
  /** Relative to the project root when below it. */
  readonly path: string;
  /** Metadata that the function saw; times only when the function used them, else `touch` would be an edit. */
  readonly aspects: "existence" | "size" | "times";
  /** Only with `times`: the members of the `stat` result that the function looked at, sorted: `["mtime"]`. */
  readonly fields?: readonly string[];
  /** Digest over this metadata; `null` when there was nothing at the path. */
  readonly digest: ContentDigest | null;
  /** True when symbolic links were followed (`stat`), false when the link itself was looked at (`lstat`). */
  readonly followed: boolean;
}

/** Dependency on the resolution of a symbolic link (`readLink`, `realPath`). */
export interface LinkDependency {
  /** Discriminant of {@linkcode Dependency}. */
  readonly kind: "link";
  /** Relative to the project root when below it. */
  readonly path: string;
  /**
   * `target`: the text of the link; `real`: the resolved path, relative to the project root when below it; `place`: the
   * absolute path of the project root, which is in the result.
   */
  readonly aspect: "target" | "real" | "place";
  /** Digest of the text or path found; `null` when there was none. */
  readonly digest: ContentDigest | null;
}

/** Dependency on an environment variable, or on all of them. */
export interface EnvironmentDependency {
  /** Discriminant of {@linkcode Dependency}. */
  readonly kind: "env";
  /** Name of the variable; `*` when all variables were listed. */
  readonly name: string;
  /** Digest of the value; `null` when the variable was not set. Values may be secrets, so only digests are stored. */
  readonly digest: ContentDigest | null;
}

/** Dependency on the working directory. */
export interface WorkingDirectoryDependency {
  /** Discriminant of {@linkcode Dependency}. */
  readonly kind: "cwd";
  /** Digest of the path of the working directory. */
  readonly digest: ContentDigest;
}

/** Dependency on a call of another cached function, the inner call. */
export interface ChildDependency {
  /** Discriminant of {@linkcode Dependency}. */
  readonly kind: "child";
  /** Name and module of the inner function, as in {@linkcode EntryRecord.functionId}. */
  readonly functionId: string;
  /** Key of the inner call when it was called. */
  readonly key: CallKey;
  /**
   * Receiver and arguments of the inner call, for running it again: the encoded bytes when they are few, else the
   * digest of the blob that holds them; `null` when they could not be stored, or hold a secret.
   */
  readonly args: Uint8Array | BlobDigest | null;
  /** Digest of the value that the inner call returned, or of the error that it threw. */
  readonly outcome: Digest<"outcome">;
  /**
   * Digest of the code of the inner function and of the dependencies that its options declare, by which the call is known
   * to have the recorded key still. Absent when the arguments are stored, or when the record of the call does not tell all
   * that the call depends on.
   */
  readonly identity?: Digest<"function">;
  /** Longest age of the result that the inner call was made for, milliseconds; absent: that of the inner function. */
  readonly maxAgeMs?: number;
  /** True for a call that asked for its result not to be stored. */
  readonly skipSave?: true;
}

/** A dependency other than an inner call. */
export type FlatDependency = Exclude<Dependency, ChildDependency>;

/** An inner cached function of a flat trace. */
export interface InnerFunction {
  /** Name and module of the function. */
  readonly functionId: string;
  /** Digest of its code and of the dependencies that its options declare. */
  readonly identity: Digest<"function">;
  /** Its revision when it was called: another one since says that its results were replaced; absent without any. */
  readonly revision?: string;
}

/**
 * All dependencies of an execution and of the cached calls inside it, in one list.
 *
 * If none of them changed, every inner call would have the same outcome, and the inner calls need not be looked up one
 * by one. If one changed, the trace is verified in order, which alone can tell whether the change reaches the result.
 */
export interface FlatTrace {
  /** The inner cached functions. */
  readonly functions: readonly InnerFunction[];
  /** Dependencies of the execution and of the inner calls; the calls themselves are left out. */
  readonly dependencies: readonly Exclude<Dependency, ChildDependency>[];
}

/** Trace of one execution: its dependencies in the order in which they were read, and its result. */
export interface Trace {
  /** Dependencies, in the order in which they were read. */
  readonly dependencies: readonly Dependency[];
  /** The dependencies and those of all inner calls; `null` without inner calls, or when they cannot be listed. */
  readonly support: FlatTrace | null;
  /** Digest of the blob that holds the result. */
  readonly result: BlobDigest;
  /**
   * Digest by which outer calls depend on this one, where it is not that of the blob: stacks of errors are left out.
   */
  readonly outcome?: Digest<"outcome">;
  /**
   * Message authentication code over the trace and the key of its entry, by a key that only this user has; absent where
   * no arguments of inner calls are stored. Without a valid one these arguments are never used: they may be a stranger's.
   */
  readonly seal?: Digest<"seal">;
  /** Size of the result in bytes. */
  readonly sizeBytes: number;
  /** Time when the execution ended, milliseconds since the epoch. */
  readonly createdMs: number;
  /** Time that the function itself ran, with its inner functions and without the cache's own work, milliseconds. */
  readonly computeMs: number;
  /** The `maxAge` of the function at that time, for who looks at the cache without it; absent without any. */
  readonly maxAgeMs?: number;
}

/** Part of a fingerprint: a symbol, value or package that the code reaches, by name, so that a miss can name it. */
export interface FingerprintPart {
  /** Kind of the part. */
  readonly kind: "function" | "class" | "value" | "package" | "runtime" | "cached" | "handle";
  /** Name in the source; for a package its name, such as `lodash-es`. */
  readonly name: string;
  /** Module that declares the part, relative to the project root when below it; absent for packages and globals. */
  readonly module?: string;
  /** Digest of this part alone: of a function's own normalized source, of a value, of a package's locked closure. */
  readonly digest: Digest;
  /** Short text to show in a difference: `0.5`, `4.17.21`; at most 80 characters; absent for secrets. */
  readonly preview?: string;
}

/** Leaf of an argument or of a declared value, for showing differences. */
export interface ValuePart {
  /** Path of the leaf: `args.opts.alpha`, `env.HOME`, `vars.rate`, `codecs.Point`, `files.data/a.csv`, `version`. */
  readonly path: string;
  /** Digest of the value found; `null` when there was none, such as a variable that was not set. */
  readonly digest: ValueDigest | ContentDigest | null;
  /** Abbreviated value, at most 80 characters; absent for secrets and environment variables. */
  readonly preview?: string;
}

/** Record of one stored call. */
export interface EntryRecord {
  /** Version of the stored shape. */
  readonly format: 1;
  /** Key of the call. */
  readonly key: CallKey;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module of the function, which tell functions of the same name apart: `load @ src/load.ts`. */
  readonly functionId: string;
  /** Time when the entry was first stored, milliseconds since the epoch. */
  readonly createdMs: number;
  /** Digest of the function's fingerprint. */
  readonly fingerprint: FingerprintDigest;
  /** Parts of the fingerprint. Many entries share them, so the store keeps them once per fingerprint. */
  readonly parts: readonly FingerprintPart[];
  /** Parts of the function's code that could not be followed, in words. */
  readonly notices: readonly string[];
  /** Leaves of the arguments and of the declared dependencies, limited in number. */
  readonly values: readonly ValuePart[];
  /** Files that options declare (`fileArgs`, `dependsOnFiles`) with digests, for the graph and for differences. */
  readonly files: readonly FileDependency[];
  /** Traces, newest first. Never empty in a stored record. */
  readonly traces: readonly Trace[];
}

/** Summary of an entry: the part that a list shows without reading the record. */
export interface EntrySummary {
  /** Key of the call. */
  readonly key: CallKey;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module of the function. */
  readonly functionId: string;
  /** Time when the entry was first stored, milliseconds since the epoch. */
  readonly createdMs: number;
  /** Sum of the sizes of the results of all traces, bytes. */
  readonly sizeBytes: number;
  /** Time that the function ran in the newest trace, milliseconds. */
  readonly computeMs: number;
}

/** Usage of an entry. Kept apart from the record, so that a hit rewrites nothing. */
export interface EntryUsage {
  /** Number of hits. */
  readonly hits: number;
  /** Time of the last hit, milliseconds since the epoch. */
  readonly lastUsedMs: number;
}
