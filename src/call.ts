/**
 * One call as the cache sees it: which function, which inputs, and the key under which its result is kept.
 *
 * @module
 */
import { mapFiles, normalizeArguments } from "./arguments.ts";
import { CanonicalEncoder } from "./canonical.ts";
import { encodeKey } from "./cbor/encode_key.ts";
import { type Declared, type FoundPath, readDeclared } from "./declared.ts";
import { digestChunks } from "./digest.ts";
import type { CallKey, Digest } from "./digests.ts";
import type { Fingerprint } from "./fingerprint/fingerprint.ts";
import { digestPathLike } from "./path_like.ts";
import { fromPortable, toAbsolute, toPortable } from "./project.ts";
import { type FileDependency, FORMAT_VERSION, type ValuePart } from "./records.ts";
import type { PreparedStep, Step } from "./step.ts";
import { declaredParts, valueParts } from "./value_parts.ts";

/** A function as it is now: its code, and what its options declare. */
export interface StepState {
  readonly step: Step;
  readonly prepared: PreparedStep;
  readonly fingerprint: Fingerprint;
  readonly declared: Declared;
  /** Identity of all that. */
  readonly identity: Digest<"step">;
}

/** One call, identified. */
export interface Call extends StepState {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
  readonly key: CallKey;
  /** Files that arguments and options name, with their digests, by path. */
  readonly files: readonly FileDependency[];
  /** The leaves of its inputs, for telling what differs; as they are when first asked for. */
  values(): readonly ValuePart[];
  /** What of its declared inputs is no longer what it was when the call was identified, in words or as paths. */
  changedInputs(): Promise<string[]>;
}

/** Digests paths and remembers which. */
class PathReader {
  readonly found: FoundPath[] = [];

  constructor(readonly prepared: PreparedStep) {}

  readonly digest = async (path: string | URL): Promise<FoundPath> => {
    const { files, options: { filePattern }, root } = this.prepared;
    const absolute = toAbsolute(path);
    const digest = await files.digestPath(absolute, filePattern === null ? {} : { pattern: filePattern });
    const at = { path: toPortable(absolute, root), digest };
    this.found.push(at);
    return at;
  };

  /** The paths that lead to something else now. */
  async changed(): Promise<string[]> {
    const again = new PathReader(this.prepared);
    const now = await Promise.all(this.found.map(({ path }) => again.digest(fromPortable(path, this.prepared.root))));
    return this.found.filter(({ digest }, index) => now[index]!.digest !== digest).map(({ path }) => path);
  }
}

/** The identity of a function with what its options declare, arguments left out. */
export async function identifyStep(step: Step): Promise<Digest<"step">> {
  const prepared = await step.prepare();
  const encoder = new CanonicalEncoder(prepared.codeOptions);
  return (await stateOf(step, prepared, encoder, new PathReader(prepared))).identity;
}

/**
 * Identifies a call: normalizes its arguments, looks at its code and at what its options declare, and digests the lot.
 *
 * The key is SHA-256 over a sequence of canonical CBOR items (RFC 8949 section 4.2, RFC 8742), each of which is there
 * for a reason: the format version, since another one may mean something else by the same bytes; the fingerprint; the
 * choice of inputs, since ignoring another argument is another question; what the options declare; the receiver, where
 * the function can see it; the arguments; what file arguments lead to.
 *
 * @param step The wrapped function.
 * @param receiver Its `this`.
 * @param args Its arguments.
 * @throws {CacheTypeError} `ERR_ARGUMENT` for what cannot be an input, with its path.
 */
export async function identifyCall(step: Step, receiver: unknown, args: readonly unknown[]): Promise<Call> {
  const prepared = await step.prepare();
  const { plan } = prepared;
  const encoder = new CanonicalEncoder(prepared.codeOptions);
  const reader = new PathReader(prepared);
  const state = await stateOf(step, prepared, encoder, reader);
  const inputs = normalizeArguments(plan, args);
  const visibleReceiver = plan.parameters?.usesThis === false || receiver === globalThis ? undefined : receiver;
  const fileInputs = await digestFileInputs(inputs.files, reader, prepared.options.hashFilePaths);
  const pathLike = isBlind(state) ? await digestPathLike(inputs.values, reader.digest) : [];
  const key = digestChunks<"call">([
    new TextEncoder().encode(state.identity),
    await encoder.encode(visibleReceiver, "this"),
    await encoder.encode(inputs.values, "args"),
    await encoder.encode([fileInputs, pathLike.map(({ digest }) => digest)], "fileArgs"),
  ]);
  let values: readonly ValuePart[] | undefined;
  return {
    ...state,
    receiver,
    args,
    key,
    files: reader.found.sort((a, b) => a.path < b.path ? -1 : 1).map((at) => fileDependency(at, prepared)),
    values: () =>
      values ??= [
        ...inputs.values.flatMap((value, index) =>
          valueParts(`args.${plan.names[index] ?? index}`, value, (part) => encoder.encodePart(part))
        ),
        ...declaredParts(state.declared, (part) => encoder.encodePart(part)),
      ],
    changedInputs: async () => {
      const changed = await reader.changed();
      const { digest } = await prepared.fingerprint();
      return digest === state.fingerprint.digest ? changed : [...changed, "a value that the function captures"];
    },
  };
}

function fileDependency(at: FoundPath, { options, files, root }: PreparedStep): FileDependency {
  const mayBeFiltered = options.filePattern !== null && at.digest !== null;
  return mayBeFiltered && files.stat(fromPortable(at.path, root))?.isDirectory === true
    ? { kind: "file", ...at, isFiltered: true }
    : { kind: "file", ...at };
}

async function stateOf(
  step: Step,
  prepared: PreparedStep,
  encoder: CanonicalEncoder,
  reader: PathReader,
): Promise<StepState> {
  const fingerprint = await prepared.fingerprint();
  const declared = await readDeclared(prepared.options, reader.digest);
  const { version, env, files, vars } = declared;
  const identity = digestChunks<"step">([
    encodeKey([FORMAT_VERSION, fingerprint.digest, prepared.plan.signature]).bytes,
    await encoder.encode([version, env, files, vars], "dependsOnVars"),
  ]);
  return { step, prepared, fingerprint, declared, identity };
}

/** Whether the function may read files without being observed. */
function isBlind({ fingerprint, prepared }: StepState): boolean {
  return !prepared.options.observe || fingerprint.blind.some(({ kind }) => kind !== "network");
}

async function digestFileInputs(
  values: readonly unknown[],
  reader: PathReader,
  countsPath: boolean,
): Promise<unknown[]> {
  const pending: Promise<unknown>[] = [];
  const mapped = values.map((value) =>
    mapFiles(value, (path) => {
      const cell: unknown[] = ["file"];
      pending.push(reader.digest(path).then((at) => cell.push(countsPath ? at.path : null, at.digest)));
      return cell;
    })
  );
  await Promise.all(pending);
  return mapped;
}
