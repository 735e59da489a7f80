/** Records made by hand, for tests that need no execution. */
import { digestBytes } from "../../src/words/sha256.ts";
import type { CallKey, Digest, FingerprintDigest } from "../../src/words/digests.ts";
import type {
  ChildDependency,
  Dependency,
  EntryRecord,
  EnvironmentDependency,
  FileDependency,
  FingerprintPart,
  Trace,
  ValuePart,
} from "../../src/words/records.ts";

/** A digest of some text, for any kind. */
export function digestOf<Kind extends string>(text: string): Digest<Kind> {
  return digestBytes<Kind>(text);
}

/** A leaf of an argument. */
export function value(path: string, preview: string): ValuePart {
  return { path, digest: digestOf(preview), preview };
}

/** A part of a fingerprint. */
export function part(
  kind: FingerprintPart["kind"],
  name: string,
  module: string | null,
  text: string,
): FingerprintPart {
  const preview = kind === "package" || kind === "value" ? { preview: text } : {};
  return { kind, name, digest: digestOf(text), ...(module === null ? {} : { module }), ...preview };
}

/** A file with some content; `null`: absent. */
export function file(path: string, content: string | null): FileDependency {
  return { kind: "file", path, digest: content === null ? null : digestOf(content) };
}

/** A variable with some value; `null`: not set. */
export function variable(name: string, text: string | null): EnvironmentDependency {
  return { kind: "env", name, digest: text === null ? null : digestOf(`env\0${text}`) };
}

/** A call of another entry. */
export function child(of: EntryRecord, outcome: string = of.traces[0]!.result): ChildDependency {
  return { kind: "child", functionId: of.functionId, key: of.key, args: null, outcome: outcome as Digest<"outcome"> };
}

/** What {@linkcode record} may be told. */
export interface RecordInput {
  readonly fname?: string;
  readonly key?: string;
  readonly code?: string;
  readonly parts?: readonly FingerprintPart[];
  readonly values?: readonly ValuePart[];
  readonly files?: readonly FileDependency[];
  readonly reads?: readonly Dependency[];
  readonly traces?: readonly Trace[];
  readonly createdMs?: number;
  readonly computeMs?: number;
  readonly result?: string;
}

/** An execution. */
export function trace(input: RecordInput = {}): Trace {
  const result = digestOf<"blob">(input.result ?? "result");
  const createdMs = input.createdMs ?? 1_000;
  const computeMs = input.computeMs ?? 10;
  return { dependencies: input.reads ?? [], support: null, result, sizeBytes: 100, createdMs, computeMs };
}

/** An entry. */
export function record(input: RecordInput = {}): EntryRecord {
  const fname = input.fname ?? "step";
  const text = JSON.stringify([fname, input.key, input.code, input.parts, input.values, input.files]);
  return {
    format: 1,
    key: digestOf(input.key ?? text) as CallKey,
    fname,
    functionId: `${fname} @ src/${fname}.ts`,
    createdMs: input.createdMs ?? 1_000,
    fingerprint: digestOf(input.code ?? JSON.stringify(input.parts ?? [])) as FingerprintDigest,
    parts: input.parts ?? [],
    notices: [],
    values: input.values ?? [],
    files: input.files ?? [],
    traces: input.traces ?? [trace(input)],
  };
}
