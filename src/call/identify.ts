/**
 * Identification of a call: its function, its inputs, and the key under which its result is stored.
 *
 * @module
 */
import { type Inputs, normalizeArguments, secretsAt, withIgnored, withMadeSecrets } from "./arguments.ts";
import { type CallKeyParts, digestCallKey, digestFunctionKey, type FurtherKeyParts } from "./call_key.ts";
import { CanonicalEncoder } from "./canonical.ts";
import { type CodecIdentity, identifyCodecs } from "./codec_identities.ts";
import {
  type Declared,
  declaresCodecsAlone,
  declaresNothing,
  digestGuesses,
  digestPaths,
  type FoundPath,
  PathReader,
  readDeclared,
} from "./declared.ts";
import { areEqualSights, EVERY_MEMBER } from "../code/types.ts";
import type { CallKey, ContentDigest, Digest } from "../words/digests.ts";
import type { Codec, ResultOptions } from "../values/codec.ts";
import { type Fingerprint, noteReceiver } from "../code/fingerprint.ts";
import { fromPortable } from "../options/project.ts";
import type { FileDependency, ValuePart, WorkingDirectoryDependency } from "../words/records.ts";
import { noticesOf, warnOfCode } from "./prepare.ts";
import { type ArgumentSnapshot, mayHold, takeSnapshot } from "./snapshot.ts";
import type { Prepared, Wrapped } from "./wrapped.ts";
import { CacheTypeError, messageOf } from "../words/errors.ts";
import { declaredParts, valueParts } from "./leaves.ts";

/** State of a function at one moment: its code, and the dependencies that its options declare. */
export interface FunctionState {
  readonly wrapped: Wrapped;
  readonly prepared: Prepared;
  readonly fingerprint: Fingerprint;
  readonly declared: Declared;
  /** Digest of the function's code, the places of its inputs and its declared dependencies; see `call_key`. */
  readonly identity: Digest<"function">;
  /** The identity as bytes of UTF-8. */
  readonly identityBytes: Uint8Array;
  /** Codecs and classes by which results may be kept, and captured objects that they may hold. */
  readonly resultOptions: ResultOptions;
}

/** A call whose key is known. */
export interface Call extends Omit<FunctionState, "identityBytes"> {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
  /** Signals among the arguments; each ends the call and its waiting, and is no input. */
  readonly signals: ReadonlySet<AbortSignal>;
  /** True when nobody but the function can change the arguments: they are primitive, or copies. */
  readonly isPrivate: boolean;
  readonly key: CallKey;
  /** Files that arguments and options name, with their digests, sorted by path. */
  readonly files: readonly FileDependency[];
  /** The members of `files`, and in addition the texts among the arguments that look like paths but name no file. */
  readonly lookedAt: readonly FileDependency[];
  /** Texts among the arguments that look like paths, by the path that is looked at in their place. */
  readonly guessed: ReadonlyMap<string, string | URL>;
  /** Absolute path of each relative path among the file arguments, by the text that was passed. */
  readonly namedPaths: ReadonlyMap<string, string>;
  /** Working directory, if a path that the call names is relative to it; else `null`. */
  readonly cwd: WorkingDirectoryDependency | null;
  /** Returns the leaves of the inputs, to tell what differs from another call; computed at the first request. */
  values(): readonly ValuePart[];
  /** Notices for the user about code, of the function or among the inputs, that is not tracked or not observed. */
  readonly notices: readonly string[];
  /** True when the function may read files unobserved: its code is blind, or `observe` is false. */
  readonly isBlind: boolean;
  /**
   * Returns, by path, the digests of files that were taken while the call was identified. They serve only the look-up
   * that follows at once, so every later request returns `null`. A call that names no file always gets `null`, and so
   * does a call with a `filePattern`, with which folders are not digested as a whole.
   */
  freshDigests(): ReadonlyMap<string, ContentDigest | null> | null;
  /**
   * Returns this call, with the inputs that it had, of the function as it is now; `null` when the function now sees other
   * things of its inputs, and these have changed.
   */
  anew(): Promise<Call | null>;
  /** True while the arguments and the receiver hold what they held. */
  hasSameInputs(): Promise<boolean>;
  /** Returns the files named by arguments and options, and captured values, that changed since the identification. */
  changedInputs(): Promise<string[]>;
}

/** Returns the present identity of a function: its code and its declared dependencies, without arguments. */
export async function identifyFunction(wrapped: Wrapped): Promise<Digest<"function">> {
  return (await presentState(wrapped)).identity;
}

/** Returns what results and stored arguments of a function may refer to. */
export async function resultOptionsOf(wrapped: Wrapped): Promise<ResultOptions> {
  return (await presentState(wrapped)).resultOptions;
}

async function presentState(wrapped: Wrapped): Promise<FunctionState> {
  const prepared = await wrapped.prepare();
  const encoder = new CanonicalEncoder(prepared.codeOptions);
  return await functionStateOf(wrapped, prepared, encoder, new PathReader(prepared));
}

/**
 * Identifies a call: fingerprints the function, reads the declared dependencies, normalizes and encodes the arguments,
 * and digests all of these to the call key.
 *
 * @param wrapped The wrapped function.
 * @param receiver The `this` of the call.
 * @param given Arguments as the caller passed them.
 * @param taken Snapshot of the arguments that was taken before; `null`: they are used as they are now.
 * @throws {CacheTypeError} `ERR_ARGUMENT` for a value that cannot be an input, with the path of the value.
 */
export async function identifyCall(
  wrapped: Wrapped,
  receiver: unknown,
  given: readonly unknown[],
  taken?: ArgumentSnapshot | null,
): Promise<Call> {
  const isReceiver = receiver !== globalThis && receiver !== undefined &&
    wrapped.ready?.plan.ignoresReceiver !== true;
  if (isReceiver) noteReceiver(wrapped.fn, receiver);
  // The caller may change the arguments as soon as something is awaited. A call that is answered without awaiting, from
  // memory, needs no snapshot.
  const settled = settledStateOf(wrapped);
  const isImmediate = !isReceiver && wrapped.ready !== undefined && settled !== undefined;
  let snapshot = taken === undefined && !isImmediate ? takeSnapshot(given) : taken;
  const prepared = wrapped.ready ?? await wrapped.prepare();
  const { plan } = prepared;
  const encoder = new CanonicalEncoder(prepared.codeOptions);
  const reader = new PathReader(prepared);
  const state = settled ?? await functionStateOf(wrapped, prepared, encoder, reader);
  encoder.seenBy = state.fingerprint;
  if (snapshot) snapshot = settleSnapshot(snapshot, state, receiver, given);
  let inputs = normalizeArguments(plan, snapshot?.args ?? given, receiver);
  const isReceived = plan.parameters?.usesThis !== false && isReceiver && !plan.ignoresReceiver;
  const seen = isReceived
    ? await encoder.receiverOf(receiver, wrapped.fn, state.fingerprint.receiverTouched)
    : undefined;
  encoder.leftOut = inputs.leftOut;
  const second = isReceived ? { path: "this", value: seen } : undefined;
  let encoded = encoder.encode(inputs.values, "args", second);
  if (encoder.signals.size > 0) {
    inputs = normalizeArguments(plan, snapshot?.args ?? given, receiver, true);
    encoder.leftOut = inputs.leftOut;
    encoded = encoder.encode(inputs.values, "args", second);
  }
  const isUnseen = isBlind(state, encoder);
  const hasFurther = isUnseen || inputs.files.length > 0;
  if (snapshot === undefined) {
    const isRemembered = !hasFurther && !(encoded instanceof Promise) &&
      prepared.workspace.memory.record(digestCallKey({ identity: state.identityBytes, args: encoded })) !== undefined;
    snapshot = isRemembered ? null : settleSnapshot(takeSnapshot(given), state, receiver, given);
    if (snapshot) inputs = normalizeArguments(plan, snapshot.args, receiver, encoder.signals.size > 0);
    encoder.leftOut = inputs.leftOut; // the copies are encoded part by part, to name what differs
  }

  const parts: CallKeyParts = { identity: state.identityBytes, args: await encoded };
  if (encoder.hasCode && state.fingerprint.leavesOutMembers) {
    countEveryMember(prepared);
    return await identifyCall(wrapped, receiver, given, snapshot);
  }
  let further: FurtherKeyParts | undefined;
  if (hasFurther || isBlind(state, encoder)) {
    const { shapes, paths } = await encoder.encodeFiles(inputs.files);
    const contents = await digestPaths(paths, reader, prepared.options.hashFilePaths).catch((error) => {
      throw new CacheTypeError("ERR_ARGUMENT", messageOf(error), { path: "fileArgs", cause: error });
    });
    const guessed = isBlind(state, encoder)
      ? await digestGuesses(inputs.values, reader, {
        receiver,
        args: snapshot?.args ?? given,
        prepared,
        resultOptions: state.resultOptions,
      })
      : [];
    for (const notice of reader.notices) encoder.notices.add(notice);
    further = { shapes, contents: `${contents}\0${guessed.map(({ digest }) => digest ?? "").join()}` };
  }
  if (encoder.notices.size + encoder.blind.length > 0) {
    warnOfCode(wrapped, { notices: [...encoder.notices], blind: encoder.blind }, prepared);
  }
  return new IdentifiedCall(
    state,
    plan.parameters?.usesThis === false ? undefined : receiver,
    snapshot?.args ?? given,
    further === undefined ? parts : { ...parts, further },
    { ...inputs, receiver: seen },
    encoder,
    reader,
    snapshot !== null && !isReceived,
  );
}

/** Lets methods of classes count that no code of a function names: other code may call them. */
export function countEveryMember({ changedState }: Prepared): void {
  changedState.set([...changedState.places, EVERY_MEMBER]);
  changedState.keep();
}

/** True when the arguments and the receiver of a call still give its key. */
export async function hasSameKey(call: Call): Promise<boolean> {
  return (await identifyCall(call.wrapped, call.receiver, call.args, null)).key === call.key;
}

/**
 * The snapshot that the function gets; `null` when it may tell a copy of an argument from the object itself: it captures
 * that object, keeps it, or looks it up in a collection or a handle that may know it, or its receiver holds it.
 */
function settleSnapshot(
  snapshot: ArgumentSnapshot | null,
  { fingerprint, prepared: { plan } }: Pick<FunctionState, "fingerprint" | "prepared">,
  receiver: unknown,
  given: readonly unknown[],
): ArgumentSnapshot | null {
  if (snapshot === null || snapshot.copies.size === 0) return snapshot;
  if (fingerprint.sight.kept || fingerprint.parts.some(({ kind }) => kind === "handle")) return null;
  for (const object of snapshot.copies.keys()) if (fingerprint.captured.has(object)) return null;
  const isHolder = typeof receiver === "object" && receiver !== null || typeof receiver === "function";
  const isSeen = isHolder && receiver !== globalThis && plan.parameters?.usesThis !== false;
  if (isSeen && mayHold(receiver, snapshot)) return null;
  return { ...snapshot, args: withIgnored(plan, snapshot.args, given) };
}

/** A call, with the encoder and reader that identified it. Members that a hit does not need are computed on request. */
class IdentifiedCall implements Call {
  readonly wrapped: Wrapped;
  readonly prepared: Prepared;
  readonly fingerprint: Fingerprint;
  readonly declared: Declared;
  readonly identity: Digest<"function">;
  readonly resultOptions: ResultOptions;
  readonly signals: ReadonlySet<AbortSignal>;
  #files: readonly FileDependency[] | undefined;
  #values: readonly ValuePart[] | undefined;
  #areLooksTaken = false;
  readonly key: CallKey;

  constructor(
    state: FunctionState,
    readonly receiver: unknown,
    readonly args: readonly unknown[],
    readonly parts: CallKeyParts,
    readonly inputs: Inputs & { readonly receiver: unknown },
    readonly encoder: CanonicalEncoder,
    readonly reader: PathReader,
    readonly isPrivate: boolean,
  ) {
    this.key = digestCallKey(parts);
    this.signals = new Set([...inputs.signals, ...encoder.signals]);
    ({ wrapped: this.wrapped, prepared: this.prepared, fingerprint: this.fingerprint } = state);
    ({ declared: this.declared, identity: this.identity, resultOptions: this.resultOptions } = state);
  }

  get notices(): readonly string[] {
    const { notices, blind } = this.encoder;
    return [
      ...new Set([
        ...noticesOf(this.fingerprint, this.prepared.options),
        ...noticesOf({ notices: [...notices, ...noticesOfCodecs(this.declared)], blind }, this.prepared.options),
      ]),
    ];
  }

  get isBlind(): boolean {
    return isBlind(this, this.encoder);
  }

  get files(): readonly FileDependency[] {
    return this.#files ??= this.lookedAt.filter(({ path, digest }) =>
      digest !== null || !this.reader.guessed.has(path)
    );
  }

  get lookedAt(): readonly FileDependency[] {
    return this.reader.found.toSorted((a, b) => a.path < b.path ? -1 : 1)
      .map((at) => fileDependency(at, this.prepared));
  }

  values(): readonly ValuePart[] {
    const encode = (part: unknown) => this.encoder.encodePart(part);
    const plan = withMadeSecrets(this.prepared.plan, this.args);
    const { receiver, leftOut } = this.inputs;
    const marks = { leftOut, secrets: plan.secretsOfReceiver };
    return this.#values ??= [
      ...receiver === undefined ? [] : valueParts("this", receiver, encode, marks),
      ...this.inputs.values.flatMap((value, index) =>
        valueParts(`args.${plan.names[index] ?? index}`, value, encode, { leftOut, secrets: secretsAt(plan, index) })
      ),
      ...declaredParts(this.declared, encode),
    ];
  }

  get guessed(): ReadonlyMap<string, string | URL> {
    return this.reader.guessed;
  }

  get namedPaths(): ReadonlyMap<string, string> {
    return this.reader.named;
  }

  get cwd(): WorkingDirectoryDependency | null {
    return this.reader.cwd;
  }

  freshDigests(): ReadonlyMap<string, ContentDigest | null> | null {
    const { found } = this.reader;
    const isOfNoUse = this.#areLooksTaken || found.length === 0 || this.prepared.options.filePattern !== null;
    this.#areLooksTaken = true;
    if (isOfNoUse) return null;
    const looks = new Map<string, ContentDigest | null>();
    for (const { path, digest } of found) looks.set(path, digest);
    return looks;
  }

  async anew(): Promise<Call | null> {
    const state = await presentState(this.wrapped);
    const seesAlike = areEqualSights(state.fingerprint.sight, this.fingerprint.sight);
    if (!seesAlike || this.encoder.hasCaptured || isBlind(state, this.encoder) !== this.isBlind) {
      return await this.hasSameInputs() ? await identifyCall(this.wrapped, this.receiver, this.args, null) : null;
    }
    const parts = { ...this.parts, identity: state.identityBytes };
    const { receiver, args, inputs, encoder, reader, isPrivate } = this;
    const again = new IdentifiedCall(state, receiver, args, parts, inputs, encoder, reader, isPrivate);
    again.#values = this.#values;
    return again;
  }

  async hasSameInputs(): Promise<boolean> {
    const { receiver, values } = this.inputs;
    const second = receiver === undefined ? undefined : { path: "this", value: receiver };
    const now = await this.encoder.encode(values, "args", second), { args } = this.parts;
    return now.byteLength === args.byteLength && now.every((byte, index) => byte === args[index]);
  }

  async changedInputs(): Promise<string[]> {
    const changed = await this.reader.changed();
    const { digest } = await this.prepared.fingerprint();
    if (digest !== this.fingerprint.digest) changed.push(CAPTURED);
    if (declaresNothing(this.prepared.options)) return changed;
    const codecs = await identifyCodecs(this.prepared.options.codecs, this.prepared.codeOptions);
    const areCodecsSame = codecs.every(({ digest }, index) => digest === this.declared.codecs[index]?.digest);
    if (!areCodecsSame) changed.push(CAPTURED_BY_CODEC);
    else if (changed.length === 0 && await identifyFunction(this.wrapped) !== this.identity) {
      changed.push("a value in dependsOnVars");
    }
    return changed;
  }
}

/** Words for values that the function captures, among the inputs that changed. */
export const CAPTURED = "a value that the function captures";
export const CAPTURED_BY_CODEC = "a value that a codec captures";
function fileDependency(at: FoundPath, { options, files, root }: Prepared): FileDependency {
  const mayBeFiltered = options.filePattern !== null && at.digest !== null;
  return mayBeFiltered && files.stat(fromPortable(at.path, root))?.isDirectory === true
    ? { kind: "file", ...at, isFiltered: true }
    : { kind: "file", ...at };
}

/** Function states that can never change: the fingerprint is fixed, and no declared dependency can differ later. */
const knownStates = new WeakMap<Wrapped, FunctionState>();

/** State of a function that is known and still holds. */
function settledStateOf(wrapped: Wrapped): FunctionState | undefined {
  const known = knownStates.get(wrapped);
  return known?.fingerprint.isStanding() === true ? known : undefined;
}

/** The last states of functions whose codecs are the only declared dependencies that can differ later. */
const codecStates = new WeakMap<Wrapped, FunctionState>();

function noticesOfCodecs({ codecs }: Declared): string[] {
  return codecs.flatMap(({ notices }) => notices);
}

/** Returns the present state of a function. */
async function functionStateOf(
  wrapped: Wrapped,
  prepared: Prepared,
  encoder: CanonicalEncoder,
  reader: PathReader,
): Promise<FunctionState> {
  const known = settledStateOf(wrapped);
  if (known !== undefined) return known;
  const fingerprint = await prepared.fingerprint();
  const { options } = prepared;
  const codecs = options.codecs.length === 0 ? [] : await identifyCodecs(options.codecs, prepared.codeOptions);
  const last = codecStates.get(wrapped);
  if (last !== undefined && last.fingerprint === fingerprint && last.declared.codecs === codecs) return last;
  const declared = await readDeclared(options, reader.digest, codecs);
  const { version, env, files, vars } = declared;
  warnOfCode(wrapped, { notices: noticesOfCodecs(declared), blind: [] }, prepared);
  const byName = codecs.map(({ name, digest }) => [name, digest]);
  const identity = digestFunctionKey({
    fingerprint: fingerprint.digest,
    signature: prepared.plan.signature,
    declared: await encoder.encode([version, env, files, vars, ...byName], "dependsOnVars"),
  });
  const identityBytes = new TextEncoder().encode(identity);
  const resultOptions = makeResultOptions(options.codecs, fingerprint, codecs);
  const state = { wrapped, prepared, fingerprint, declared, identity, identityBytes, resultOptions };
  if (fingerprint.isFixed && declaresNothing(options)) knownStates.set(wrapped, state);
  if (codecs.length > 0 && declaresCodecsAlone(options)) codecStates.set(wrapped, state);
  return state;
}

function makeResultOptions(
  codecs: readonly Codec[],
  { classes, declaredCodecs }: Fingerprint,
  identities: readonly CodecIdentity[],
): ResultOptions {
  const digests = new Map(declaredCodecs);
  for (const [index, { digest }] of identities.entries()) digests.set(codecs[index]!, digest);
  return {
    codecs: [...codecs, ...declaredCodecs.keys()],
    digestOf: (codec) => digests.get(codec) ?? "",
    classes,
  };
}

/** True when the function may read files without being observed. */
function isBlind(
  { fingerprint, prepared }: Pick<FunctionState, "fingerprint" | "prepared">,
  { blind }: CanonicalEncoder,
): boolean {
  return !prepared.options.observe || [...fingerprint.blind, ...blind].some(({ kind }) => kind !== "network");
}
