/**
 * Encodes records as bytes, and decodes them. The bytes are JSON in which objects are lists of their members, so that
 * most records stay below 900 bytes: a larger row of Deno.Kv takes several pages of disk.
 *
 * Bytes may come from anybody. Every member is checked when it is read, and one wrong member refuses the bytes as a
 * whole. No text from the bytes is used to look up a property of an object.
 *
 * @module
 */
import type { BlobDigest, CallKey, ContentDigest, FingerprintDigest, ValueDigest } from "../../words/digests.ts";
import {
  type ChildDependency,
  type Dependency,
  type DirectoryDependency,
  type EntryRecord,
  type EntrySummary,
  type EnvironmentDependency,
  type FileDependency,
  type FingerprintPart,
  type FlatDependency,
  type FlatTrace,
  FORMAT_VERSION,
  type InnerFunction,
  type LinkDependency,
  type StatDependency,
  type Trace,
  type ValuePart,
  type WorkingDirectoryDependency,
} from "../../words/records.ts";
import { messageOf } from "../../words/errors.ts";
import {
  digestShape,
  lastOrAbsent,
  listShape,
  MalformedRow,
  oneOf,
  orAbsent,
  orNull,
  pairsOf,
  QUANTITY,
  refuse,
  rowOf,
  type StoredShape,
  TEXT,
  TRUTH,
  unionOf,
} from "./shapes.ts";

/** A node of the call graph as it is stored. The outer calls of a node follow from the `children` of other nodes. */
export interface StoredNode {
  /** `fname:key`. */
  readonly id: string;
  readonly fname: string;
  readonly key: CallKey;
  /** Digest of the fingerprint. */
  readonly hash: FingerprintDigest;
  /** Files and directories that the call read or that its options declare, with the digests found; `null`: absent. */
  readonly files: Readonly<Record<string, ContentDigest | null>>;
  /** Paths of which only metadata or a link was read, and folders whose files a `filePattern` chose. */
  readonly looked: readonly string[];
  /** Ids of the cached calls that this call made, in the order of the first call. */
  readonly children: readonly string[];
  /** Digest of the blob that holds the newest result of the call. */
  readonly outfile: BlobDigest;
  /** True for a node that came from a saved graph, so that there may be no entry for it. */
  readonly isLoaded?: true;
  /** Time when the entry was first stored, milliseconds since the epoch. */
  readonly createdMs: number;
}

const DIGEST_OR_NULL = orNull(digestShape<ContentDigest>());

/** Shape of stored arguments. Encoded arguments are written in a list, so that a bare text is the digest of a blob. */
const CHILD_ARGS: StoredShape<ChildDependency["args"]> = {
  pack: (args) => args instanceof Uint8Array ? [args.toBase64()] : args,
  unpack(stored, place) {
    if (stored === null) return null;
    if (!Array.isArray(stored)) return digestShape<BlobDigest>().unpack(stored, place);
    try {
      return Uint8Array.fromBase64(TEXT.unpack(stored[0], place));
    } catch (error) {
      if (error instanceof MalformedRow) throw error;
      return refuse(place, "base64");
    }
  },
};

const IS_TRUE: StoredShape<true> = {
  pack: () => true,
  unpack: (stored, place) => stored === true || refuse(place, "true"),
};

const DEPENDENCY = unionOf<Dependency>("dependency", {
  file: [
    "f",
    rowOf<FileDependency, { kind: "file"; isFiltered?: never }>(
      "file dependency",
      { path: TEXT, digest: DIGEST_OR_NULL },
      { kind: "file" },
    ),
  ],
  directory: [
    "d",
    rowOf<DirectoryDependency, { kind: "directory" }>(
      "directory dependency",
      { path: TEXT, digest: DIGEST_OR_NULL },
      { kind: "directory" },
    ),
  ],
  stat: [
    "s",
    rowOf<StatDependency, { kind: "stat" }>(
      "stat dependency",
      {
        path: TEXT,
        digest: DIGEST_OR_NULL,
        aspects: oneOf("existence", "size", "times"),
        followed: TRUTH,
        fields: lastOrAbsent(listShape(TEXT)),
      },
      { kind: "stat" },
    ),
  ],
  link: [
    "l",
    rowOf<LinkDependency, { kind: "link" }>(
      "link dependency",
      { path: TEXT, digest: DIGEST_OR_NULL, aspect: oneOf("target", "real", "place") },
      { kind: "link" },
    ),
  ],
  env: [
    "e",
    rowOf<EnvironmentDependency, { kind: "env" }>(
      "env dependency",
      { name: TEXT, digest: DIGEST_OR_NULL },
      { kind: "env" },
    ),
  ],
  cwd: [
    "w",
    rowOf<WorkingDirectoryDependency, { kind: "cwd" }>("cwd dependency", { digest: digestShape() }, { kind: "cwd" }),
  ],
  child: [
    "c",
    rowOf<ChildDependency, { kind: "child" }>(
      "child dependency",
      {
        functionId: TEXT,
        key: digestShape(),
        args: CHILD_ARGS,
        outcome: digestShape(),
        identity: lastOrAbsent(digestShape()),
        maxAgeMs: lastOrAbsent(QUANTITY),
        skipSave: lastOrAbsent(IS_TRUE),
      },
      { kind: "child" },
    ),
  ],
});

const FLAT_DEPENDENCY: StoredShape<FlatDependency> = {
  pack: DEPENDENCY.pack,
  unpack(stored, place) {
    const dependency = DEPENDENCY.unpack(stored, place);
    return dependency.kind === "child" ? refuse(place, "without calls") : dependency;
  },
};

const FLAT_TRACE = rowOf<FlatTrace>("support", {
  functions: listShape(
    rowOf<InnerFunction>("support function", {
      functionId: TEXT,
      identity: digestShape(),
      revision: lastOrAbsent(TEXT),
    }),
  ),
  dependencies: listShape(FLAT_DEPENDENCY),
});

const TRACE = rowOf<Trace>("trace", {
  result: digestShape(),
  sizeBytes: QUANTITY,
  createdMs: QUANTITY,
  computeMs: QUANTITY,
  dependencies: listShape(DEPENDENCY),
  support: orNull(FLAT_TRACE),
  outcome: orAbsent(digestShape()),
  seal: lastOrAbsent(digestShape()),
  maxAgeMs: lastOrAbsent(QUANTITY),
});

const VALUE = rowOf<ValuePart>("value", {
  path: TEXT,
  digest: orNull(digestShape<ValueDigest>()),
  preview: orAbsent(TEXT),
});

const DECLARED_FILE = rowOf<FileDependency, { kind: "file" }>(
  "file",
  { path: TEXT, digest: DIGEST_OR_NULL, isFiltered: lastOrAbsent(IS_TRUE) },
  { kind: "file" },
);

const FORMAT: StoredShape<typeof FORMAT_VERSION> = {
  pack: (format) => format,
  unpack: (stored, place) => stored === FORMAT_VERSION ? stored : refuse(place, String(FORMAT_VERSION)),
};

/** Shape of a record without its key, which is in the key of the row, and without `parts`, which are stored apart. */
const RECORD = rowOf<Omit<EntryRecord, "key" | "parts">>("record", {
  format: FORMAT,
  fname: TEXT,
  functionId: TEXT,
  createdMs: QUANTITY,
  fingerprint: digestShape(),
  notices: listShape(TEXT),
  values: listShape(VALUE),
  files: listShape(DECLARED_FILE),
  traces: listShape(TRACE),
});

const PARTS = listShape(rowOf<FingerprintPart>("part", {
  kind: oneOf("function", "class", "value", "package", "runtime", "cached", "handle"),
  name: TEXT,
  module: orAbsent(TEXT),
  digest: digestShape(),
  preview: orAbsent(TEXT),
}));

const IS_LOADED: StoredShape<true | undefined> = {
  pack: (isLoaded) => isLoaded === true ? 1 : 0,
  unpack: (stored) => stored === 1 ? true : undefined,
};

/** Shape of a node without its key, which is in the key of the row, and without its id, which has name and key. */
const NODE = rowOf<Omit<StoredNode, "id" | "key">>("node", {
  fname: TEXT,
  hash: digestShape(),
  createdMs: QUANTITY,
  outfile: digestShape(),
  files: pairsOf(DIGEST_OR_NULL),
  looked: listShape(TEXT),
  children: listShape(TEXT),
  isLoaded: IS_LOADED,
});

/** Encodes a record without its key and without the parts of its fingerprint. */
export function encodeRecord(record: EntryRecord): Uint8Array {
  return toBytes(RECORD.pack(record));
}

/**
 * Decodes a record; its `parts` are empty.
 *
 * @throws {MalformedRow} When a member is missing or of another type.
 */
export function decodeRecord(bytes: Uint8Array, key: CallKey): EntryRecord {
  const record = RECORD.unpack(fromBytes(bytes));
  if (record.traces.length === 0) refuse("record.traces", "a list of one trace or more");
  return { ...record, key, parts: [] };
}

/** Text over which the seal of a trace is made: all of the trace but the seal, and the key of its entry. */
export function sealedText({ seal: _, ...trace }: Trace, key: CallKey): string {
  return JSON.stringify([key, TRACE.pack(trace)]);
}

/** Encodes the parts of a fingerprint. */
export function encodeParts(parts: readonly FingerprintPart[]): Uint8Array {
  return toBytes(PARTS.pack(parts));
}

/** Decodes the parts of a fingerprint. @throws {MalformedRow} When a member is missing or of another type. */
export function decodeParts(bytes: Uint8Array): readonly FingerprintPart[] {
  return PARTS.unpack(fromBytes(bytes), "parts");
}

/** Encodes a node without its key and id. */
export function encodeNode(node: StoredNode): Uint8Array {
  return toBytes(NODE.pack(node));
}

/** Decodes a node. @throws {MalformedRow} When a member is missing or of another type. */
export function decodeNode(bytes: Uint8Array, key: CallKey): StoredNode {
  const node = NODE.unpack(fromBytes(bytes));
  return { id: `${node.fname}:${key}`, key, ...node };
}

/** Number of characters of a fingerprint that a summary holds. */
export const CODE_LENGTH = 16;

/** Summary of an entry as it is stored. */
export interface StoredSummary extends EntrySummary {
  /** First characters of the fingerprint. By them the store finds parts of fingerprints that no entry uses any more. */
  readonly code: string;
}

/** Makes the summary of a record, for lists of entries. A result that several of its traces share counts once. */
export function summaryOf(record: EntryRecord): StoredSummary {
  const sizes = new Map(record.traces.map(({ result, sizeBytes }) => [result, sizeBytes]));
  let sizeBytes = 0;
  for (const size of sizes.values()) sizeBytes += size;
  return {
    key: record.key,
    fname: record.fname,
    functionId: record.functionId,
    createdMs: record.createdMs,
    sizeBytes,
    computeMs: record.traces[0]?.computeMs ?? 0,
    code: record.fingerprint.slice(0, CODE_LENGTH),
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true });

function toBytes(value: unknown): Uint8Array {
  return encoder.encode(JSON.stringify(value));
}

function fromBytes(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw new MalformedRow(messageOf(error));
  }
}
