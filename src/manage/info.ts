/**
 * One entry: its result, and everything that is stored about the entry.
 *
 * @module
 */
import { type CallKey, isDigest } from "../words/digests.ts";
import { CacheError } from "../words/errors.ts";
import type { EntryRecord, FileDependency, FingerprintPart, Trace, ValuePart } from "../words/records.ts";
import type { Cache } from "../store/cache_dir.ts";
import type { ResultOptions } from "../values/codec.ts";
import { withCache } from "./with_cache.ts";
import { markOwn } from "../words/program.ts";

/** A package that the code of an entry's function reaches. */
export interface UsedPackage {
  /** Name in the code: `lodash-es`. */
  readonly name: string;
  /** Exact version; `null` when it is not known. */
  readonly version: string | null;
  /** Digest of the package and of all packages that it depends on by the lock file. */
  readonly digest: string;
}

/** Everything that is stored about an entry, except its result. */
export interface EntryMeta {
  /** Call key, 64 hex characters. */
  readonly key: string;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Name and module of the function: `load @ src/load.ts`. */
  readonly functionId: string;
  /** Time at which the entry was first stored. */
  readonly created: Date;
  /** Time of the last use of the entry; `created` when it was never used. */
  readonly lastUsed: Date;
  /** Number of times that the entry was used. */
  readonly hits: number;
  /** Size of the results of the entry, bytes. */
  readonly sizeBytes: number;
  /** Run time of the function in the newest execution, milliseconds. */
  readonly computeMs: number;
  /** Digest of the function's code with everything that the code reaches. */
  readonly fingerprint: string;
  /** Packages that the code reaches. */
  readonly packages: readonly UsedPackage[];
  /** Functions, classes and values that the code reaches. */
  readonly parts: readonly FingerprintPart[];
  /** Arguments and declared variables by path, abbreviated. */
  readonly values: readonly ValuePart[];
  /** Files that were declared or read, with their digests at that time; paths below the project are relative. */
  readonly files: readonly { readonly path: string; readonly digest: string | null }[];
  /** Names of environment variables that were declared or read; their values are not stored. */
  readonly environment: readonly string[];
  /** Cached calls that the newest execution made, in order. */
  readonly children: readonly { readonly functionId: string; readonly key: string }[];
  /** Executions, newest first, each with all dependencies that it observed. */
  readonly traces: readonly Trace[];
  /** Sentences that name the parts of the function's code that could not be followed. */
  readonly notices: readonly string[];
}

/** Answer of {@linkcode cacheInfo}. */
export interface CacheInfo {
  /**
   * The result of the newest execution, decoded anew for each answer. Where it holds instances of the program's classes,
   * values of codecs or captured objects, the value has stand-ins: a `StoredInstance` with the members, a `StoredByCodec`
   * with the data, a `CapturedObject`.
   */
  readonly value: unknown;
  /** Everything else that is stored about the entry. */
  readonly meta: EntryMeta;
}

/**
 * Reads an entry: its result, and everything that is stored about it. Does not check whether the entry is fresh.
 *
 * @param cacheDir The cache.
 * @param key A call key, or at least its first six characters when no other key begins with them.
 * @returns The newest result and everything that is stored.
 * @throws {CacheError} `ERR_NO_ENTRY` when there is no such entry or several keys begin with `key`, `ERR_DECODE` when
 * the result is missing or damaged.
 */
export async function cacheInfo(cacheDir: string | URL, key: string): Promise<CacheInfo> {
  const info = await withCache(cacheDir, "read", async (cache) => {
    const record = await findEntry(cache, key);
    return { value: await readStoredValue(cache, record), meta: await describeEntry(cache, record) };
  }, null);
  if (info === null) throw noEntry(key, `there is no cache at ${cacheDir}`);
  return info;
}

/**
 * Finds an entry by its call key or by the beginning of its call key.
 *
 * @param cache The cache.
 * @param key A call key, or at least its first six characters.
 * @returns The entry.
 * @throws {CacheError} `ERR_NO_ENTRY` when no key begins with `key`, or more than one does.
 */
export async function findEntry(cache: Cache, key: string): Promise<EntryRecord> {
  const found = isDigest(key) ? key as CallKey : await findKey(cache, key.toLowerCase());
  const record = await cache.records.get(found);
  if (record === null) throw noEntry(key, "it is not in the cache");
  return record;
}

/**
 * Collects everything that is stored about an entry, except its result.
 *
 * @param cache The cache.
 * @param record The entry.
 * @returns The answer for users.
 */
async function describeEntry(cache: Cache, record: EntryRecord): Promise<EntryMeta> {
  const { summaryOf } = await import("../store/inspect.ts");
  const usage = (await cache.usage.read()).get(record.key);
  const newest = record.traces[0];
  const dependencies = record.traces.flatMap((trace) => trace.dependencies);
  const files = new Map<string, string | null>();
  const isFile = (dependency: { kind: string }): dependency is FileDependency => dependency.kind === "file";
  // The newest execution is listed first, so of several digests of a file the newest is kept.
  for (const { path, digest } of [...record.files, ...dependencies.filter(isFile)]) {
    if (!files.has(path)) files.set(path, digest);
  }
  const environment = new Set<string>();
  for (const { path } of record.values) if (path.startsWith("env.")) environment.add(path.slice("env.".length));
  for (const dependency of dependencies) if (dependency.kind === "env") environment.add(dependency.name);
  return {
    key: record.key,
    fname: record.fname,
    functionId: record.functionId,
    created: new Date(record.createdMs),
    lastUsed: new Date(usage?.lastUsedMs ?? record.createdMs),
    hits: usage?.hits ?? 0,
    sizeBytes: summaryOf(record).sizeBytes,
    computeMs: newest?.computeMs ?? 0,
    fingerprint: record.fingerprint,
    packages: record.parts.filter((part) => part.kind === "package").map((part) => ({
      name: part.name,
      version: part.preview ?? null,
      digest: part.digest,
    })),
    parts: record.parts.filter((part) => part.kind !== "package"),
    values: record.values,
    files: Array.from(files, ([path, digest]) => ({ path, digest })).sort((a, b) => a.path < b.path ? -1 : 1),
    environment: [...environment].sort(),
    children: (newest?.dependencies ?? []).filter((dependency) => dependency.kind === "child")
      .map(({ functionId, key }) => ({ functionId, key })),
    traces: record.traces,
    notices: record.notices,
  };
}

/** Reads the newest result of an entry. @throws {CacheError} `ERR_DECODE` when it is missing or damaged. */
export async function readStoredValue(cache: Cache, record: EntryRecord): Promise<unknown> {
  const trace = record.traces[0];
  if (!trace) throw damaged(record.key, "it has no execution");
  const read = await cache.blobs.read(trace.result, trace.sizeBytes);
  if (read.status === "missing") throw damaged(record.key, "its result is missing");
  if (read.status !== "ok") throw damaged(record.key, read.detail);
  const { decodeResult } = await import("../values/result/decode_result.ts"); // not needed unless a result is shown
  return decodeResult(read.bytes, STAND_INS);
}

/** Stands for an instance of a class of the program that stored it: it has the members, and no methods. */
class StoredInstance {}
/** Stands for an object that the function captures, which is not stored. */
class CapturedObject {}
/** Stands for a value of a codec of the program that stored it. */
class StoredByCodec {
  constructor(readonly codec: string, readonly data: unknown) {}
}

/** Stand-ins for what only the program that stored a result has: its classes, captured objects and codecs. */
const STAND_INS: ResultOptions = {
  codecNamed: (name) => ({
    name,
    is: () => false,
    encode: (value) => value,
    decode: (data) => new StoredByCodec(name, data),
  }),
  classes: {
    nameOf: () => null,
    classNamed: () => StoredInstance,
    refusalOf: () => null,
    referenceTo: () => null,
    capturedAt: () => new CapturedObject(),
  },
};

async function findKey(cache: Cache, prefix: string): Promise<CallKey> {
  if (!/^[0-9a-f]{6,64}$/.test(prefix)) {
    throw noEntry(prefix, "a key has 64 hex characters, of which 6 or more are given");
  }
  const found: CallKey[] = [];
  for await (const { key } of cache.records.summaries()) if (key.startsWith(prefix)) found.push(key);
  if (found.length > 1) {
    throw noEntry(
      prefix,
      `${found.length} keys begin so: ${found.slice(0, 5).map((key) => key.slice(0, 16)).join(", ")}`,
    );
  }
  if (found.length === 0) throw noEntry(prefix, "no key begins so");
  return found[0]!;
}

function noEntry(key: string, why: string): CacheError {
  return new CacheError("ERR_NO_ENTRY", `No entry ${JSON.stringify(key)}: ${why}; cacheList() names the keys`);
}

function damaged(key: string, why: string): CacheError {
  return new CacheError("ERR_DECODE", `Cannot read the result of ${key}: ${why}; cacheVerify() with repair removes it`);
}

markOwn(cacheInfo);
