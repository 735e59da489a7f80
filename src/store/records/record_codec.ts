/**
 * Records as bytes and back: JSON in arrays, so that most records stay below the 900 bytes over which a row of Deno.Kv
 * takes several pages of disk.
 *
 * Bytes may come from anybody. Every field is checked when it is read, nothing is looked up by a name from the input,
 * and bytes with a field that does not fit are refused as a whole.
 *
 * @module
 */
import {
  type BlobDigest,
  type CallKey,
  type ContentDigest,
  type Digest,
  type FingerprintDigest,
  isDigest,
  type ValueDigest,
} from "../../words/digests.ts";
import {
  type ChildDependency,
  type Dependency,
  type EntryRecord,
  type EntrySummary,
  type FileDependency,
  type FingerprintPart,
  type FlatTrace,
  FORMAT_VERSION,
  type Trace,
  type ValuePart,
} from "../../words/records.ts";
import { messageOf } from "../../words/errors.ts";

/** Error for bytes that are no record; the message says the defect. */
export class MalformedRow extends Error {
  override readonly name: string = "MalformedRow";
}

/** Node of the call graph as it is stored; its callers follow from the `children` of other nodes. */
export interface StoredNode {
  /** `fname:key`. */
  readonly id: string;
  readonly fname: string;
  readonly key: CallKey;
  /** Digest of the fingerprint. */
  readonly hash: FingerprintDigest;
  /** Files and directories that the call read or that its options declare, with the digests found; `null`: absent. */
  readonly files: Readonly<Record<string, ContentDigest | null>>;
  /** Paths of which only metadata or the link was asked for, and folders whose files a `filePattern` chose. */
  readonly looked: readonly string[];
  /** Ids of the cached calls that this call made, in the order of the first call. */
  readonly children: readonly string[];
  /** Digest of the blob that holds the newest result. */
  readonly outfile: BlobDigest;
  /** True for a node that was put into the graph by itself, so that there need be no entry for it. */
  readonly isLoaded?: boolean;
  /** Time when the entry was first stored, milliseconds since the epoch. */
  readonly createdMs: number;
}

/** Encodes a record without its key and its fingerprint's parts, which are stored elsewhere. */
export function encodeRecord(record: EntryRecord): Uint8Array {
  return toBytes([
    record.format,
    record.fname,
    record.functionId,
    record.createdMs,
    record.fingerprint,
    record.notices,
    record.values.map((part) => [part.path, part.digest, part.preview ?? null]),
    record.files.map((file) => file.isFiltered ? [file.path, file.digest, true] : [file.path, file.digest]),
    record.traces.map((
      trace,
    ) => [
      trace.result,
      trace.sizeBytes,
      trace.createdMs,
      trace.computeMs,
      trace.dependencies.map(packDependency),
      trace.support === null ? null : packSupport(trace.support),
    ]),
  ]);
}

/**
 * Decodes a record, with no parts.
 *
 * @throws {MalformedRow} When a field is missing or of another type.
 */
export function decodeRecord(bytes: Uint8Array, key: CallKey): EntryRecord {
  const row = list(fromBytes(bytes), "record");
  if (row[0] !== FORMAT_VERSION) throw new MalformedRow(`format is ${String(row[0])}, want ${FORMAT_VERSION}`);
  const traces = list(row[8], "traces").map(unpackTrace);
  if (traces.length === 0) throw new MalformedRow("traces is empty");
  return {
    format: FORMAT_VERSION,
    key,
    fname: text(row[1], "fname"),
    functionId: text(row[2], "functionId"),
    createdMs: requireQuantity(row[3], "createdMs"),
    fingerprint: digest<FingerprintDigest>(row[4], "fingerprint"),
    parts: [],
    notices: list(row[5], "notices").map((notice) => text(notice, "notices")),
    values: list(row[6], "values").map(unpackCell),
    files: list(row[7], "files").map(unpackFile),
    traces,
  };
}

/** Encodes a fingerprint's parts. */
export function encodeParts(parts: readonly FingerprintPart[]): Uint8Array {
  return toBytes(parts.map((part) => [part.kind, part.name, part.module ?? null, part.digest, part.preview ?? null]));
}

/** Decodes a fingerprint's parts. @throws {MalformedRow} When a field is missing or of another type. */
export function decodeParts(bytes: Uint8Array): FingerprintPart[] {
  return list(fromBytes(bytes), "parts").map((value) => {
    const row = list(value, "part");
    return {
      kind: requireOneOf(row[0], PART_KINDS, "part kind"),
      name: text(row[1], "part name"),
      ...(row[2] === null ? {} : { module: text(row[2], "part module") }),
      digest: digest<Digest>(row[3], "part digest"),
      ...(row[4] === null ? {} : { preview: text(row[4], "part preview") }),
    };
  });
}

/** Returns the summary of a record. */
export function summaryOf(record: EntryRecord): StoredSummary {
  let sizeBytes = 0;
  for (const trace of record.traces) sizeBytes += trace.sizeBytes;
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

/** Number of characters of a fingerprint that a summary keeps. */
export const CODE_LENGTH = 16;

/** Summary with a field that only the store needs. */
export interface StoredSummary extends EntrySummary {
  /** First characters of the fingerprint, which tell the stored parts that are still in use. */
  readonly code: string;
}

/** Encodes a node without its key. */
export function encodeNode(node: StoredNode): Uint8Array {
  return toBytes([
    node.fname,
    node.hash,
    node.createdMs,
    node.outfile,
    Object.entries(node.files),
    node.looked,
    node.children,
    node.isLoaded === true ? 1 : 0,
  ]);
}

/** Decodes a node. @throws {MalformedRow} When a field is missing or of another type. */
export function decodeNode(bytes: Uint8Array, key: CallKey): StoredNode {
  const row = list(fromBytes(bytes), "node");
  const fname = text(row[0], "fname");
  const files = list(row[4], "files").map(unpackFile);
  return {
    id: `${fname}:${key}`,
    fname,
    key,
    hash: digest<FingerprintDigest>(row[1], "hash"),
    createdMs: requireQuantity(row[2], "createdMs"),
    outfile: digest<BlobDigest>(row[3], "outfile"),
    // Object.fromEntries defines own properties, so a path named __proto__ is a path like any other.
    files: Object.fromEntries(files.map((file) => [file.path, file.digest])),
    looked: list(row[5], "looked").map((path) => text(path, "looked")),
    children: list(row[6], "children").map((id) => text(id, "children")),
    ...(row[7] === 1 ? { isLoaded: true } : {}),
  };
}

const PART_KINDS = ["function", "class", "value", "package", "runtime", "cached", "handle"] as const;
const STAT_ASPECTS = ["existence", "size", "times"] as const;
const LINK_ASPECTS = ["target", "real"] as const;

function packDependency(dependency: Dependency): unknown[] {
  switch (dependency.kind) {
    case "file":
      return ["f", dependency.path, dependency.digest];
    case "directory":
      return ["d", dependency.path, dependency.digest];
    case "stat":
      return [
        "s",
        dependency.path,
        dependency.digest,
        dependency.aspects,
        dependency.followed,
        ...dependency.fields === undefined ? [] : [dependency.fields],
      ];
    case "link":
      return ["l", dependency.path, dependency.digest, dependency.aspect];
    case "env":
      return ["e", dependency.name, dependency.digest];
    case "cwd":
      return ["w", dependency.digest];
    case "child":
      return ["c", dependency.functionId, dependency.key, packArgs(dependency.args), dependency.outcome];
    default:
      return dependency satisfies never;
  }
}

function unpackDependency(value: unknown): Dependency {
  const row = list(value, "dependency");
  switch (row[0]) {
    case "f":
      return { kind: "file", path: text(row[1], "path"), digest: digestOrNull(row[2], "file digest") };
    case "d":
      return { kind: "directory", path: text(row[1], "path"), digest: digestOrNull(row[2], "directory digest") };
    case "s":
      return {
        kind: "stat",
        path: text(row[1], "path"),
        aspects: requireOneOf(row[3], STAT_ASPECTS, "aspects"),
        digest: digestOrNull(row[2], "stat digest"),
        followed: truth(row[4], "followed"),
        ...(row[5] === undefined ? {} : { fields: list(row[5], "fields").map((field) => text(field, "fields")) }),
      };
    case "l":
      return {
        kind: "link",
        path: text(row[1], "path"),
        aspect: requireOneOf(row[3], LINK_ASPECTS, "aspect"),
        digest: digestOrNull(row[2], "link digest"),
      };
    case "e":
      return { kind: "env", name: text(row[1], "name"), digest: digestOrNull(row[2], "env digest") };
    case "w":
      return { kind: "cwd", digest: digest<ContentDigest>(row[1], "cwd digest") };
    case "c":
      return {
        kind: "child",
        functionId: text(row[1], "functionId"),
        key: digest<CallKey>(row[2], "child key"),
        args: unpackArgs(row[3]),
        outcome: digest<Digest<"outcome">>(row[4], "child outcome"),
      };
    default:
      throw new MalformedRow(`dependency kind is ${String(row[0]).slice(0, 20)}`);
  }
}

/** Packs arguments: bytes go into a list of their own, so that a text is always the digest of a blob. */
function packArgs(args: ChildDependency["args"]): unknown {
  return args instanceof Uint8Array ? [args.toBase64()] : args;
}

function unpackArgs(value: unknown): ChildDependency["args"] {
  if (value === null) return null;
  if (!Array.isArray(value)) return digest<BlobDigest>(value, "child args");
  try {
    return Uint8Array.fromBase64(text(value[0], "child args"));
  } catch (error) {
    throw new MalformedRow(`child args are no base64: ${messageOf(error)}`);
  }
}

function unpackTrace(value: unknown): Trace {
  const row = list(value, "trace");
  return {
    dependencies: list(row[4], "dependencies").map(unpackDependency),
    support: row[5] === null ? null : unpackSupport(row[5]),
    result: digest<BlobDigest>(row[0], "result"),
    sizeBytes: requireQuantity(row[1], "sizeBytes"),
    createdMs: requireQuantity(row[2], "createdMs"),
    computeMs: requireQuantity(row[3], "computeMs"),
  };
}

function packSupport(support: FlatTrace): unknown[] {
  return [
    support.functions.map((called) => [called.functionId, called.identity]),
    support.dependencies.map(packDependency),
  ];
}

function unpackSupport(value: unknown): FlatTrace {
  const row = list(value, "support");
  return {
    functions: list(row[0], "support functions").map((called) => {
      const pair = list(called, "support function");
      return {
        functionId: text(pair[0], "support functionId"),
        identity: digest<Digest<"step">>(pair[1], "support identity"),
      };
    }),
    dependencies: list(row[1], "support dependencies").map((item) => {
      const dependency = unpackDependency(item);
      if (dependency.kind === "child") throw new MalformedRow("support dependencies hold a call");
      return dependency;
    }),
  };
}

function unpackCell(value: unknown): ValuePart {
  const row = list(value, "value");
  const found = row[1] === null ? null : digest<ValueDigest>(row[1], "value digest");
  return {
    path: text(row[0], "value path"),
    digest: found,
    ...(row[2] === null ? {} : { preview: text(row[2], "value preview") }),
  };
}

function unpackFile(value: unknown): FileDependency {
  const row = list(value, "file");
  return {
    kind: "file",
    path: text(row[0], "file path"),
    digest: digestOrNull(row[1], "file digest"),
    ...(row[2] === true ? { isFiltered: true } : {}),
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

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new MalformedRow(`${what} is no list`);
  return value;
}

function text(value: unknown, what: string): string {
  if (typeof value !== "string") throw new MalformedRow(`${what} is no text`);
  return value;
}

/** Returns a number that counts or measures: finite and not negative. @throws {MalformedRow} For other values. */
function requireQuantity(value: unknown, what: string): number {
  if (typeof value !== "number" || !(value >= 0) || value === Infinity) {
    throw new MalformedRow(`${what} is no quantity`);
  }
  return value;
}

function truth(value: unknown, what: string): boolean {
  if (typeof value !== "boolean") throw new MalformedRow(`${what} is no boolean`);
  return value;
}

function digest<Kind extends Digest>(value: unknown, what: string): Kind {
  if (!isDigest(value)) throw new MalformedRow(`${what} is no digest`);
  return value as Kind;
}

function digestOrNull(value: unknown, what: string): ContentDigest | null {
  return value === null ? null : digest<ContentDigest>(value, what);
}

function requireOneOf<const Options extends readonly string[]>(
  value: unknown,
  options: Options,
  what: string,
): Options[number] {
  const found = options.find((option) => option === value);
  if (found === undefined) throw new MalformedRow(`${what} is not one of ${options.join(", ")}`);
  return found;
}
