/**
 * One call as the cache sees it: which function, which inputs, and the key under which its result is kept.
 *
 * @module
 */
import { type Inputs, normalizeArguments, shapeOfFiles } from "./arguments.ts";
import { type CallKeyParts, digestCallKey, digestFunctionKey, type FurtherKeyParts } from "./call_key.ts";
import { CanonicalEncoder } from "./canonical.ts";
import { encodeKey } from "../values/key/encode_key.ts";
import { type Declared, declaresNothing, type FoundPath, readDeclared } from "./declared.ts";
import { cwdState } from "../reads/dependency.ts";
import type { CallKey, ContentDigest, Digest } from "../words/digests.ts";
import type { Fingerprint } from "../code/fingerprint.ts";
import { fromPortable, portableOf, toAbsolute } from "../options/project.ts";
import { isAbsolutePath } from "../options/paths.ts";
import type { FileDependency, ValuePart, WorkingDirectoryDependency } from "../words/records.ts";
import { noticesOf, warnOfCode } from "./prepare.ts";
import type { Prepared, Wrapped } from "./wrapped.ts";
import { declaredParts, valueParts } from "./leaves.ts";

/** A function as it is now: its code, and what its options declare. */
export interface FunctionState {
  readonly wrapped: Wrapped;
  readonly prepared: Prepared;
  readonly fingerprint: Fingerprint;
  readonly declared: Declared;
  /** Identity of all that. */
  readonly identity: Digest<"function">;
  /** The identity as bytes. */
  readonly identityBytes: Uint8Array;
}

/** One call, identified. */
export interface Call extends Omit<FunctionState, "identityBytes"> {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
  readonly key: CallKey;
  /** Files that arguments and options name, with their digests, by path. */
  readonly files: readonly FileDependency[];
  /** These files, and the absent ones among texts that might have been paths. */
  readonly lookedAt: readonly FileDependency[];
  /** Relative paths among its file arguments, as they were passed, with what they lead to. */
  readonly namedPaths: ReadonlyMap<string, string>;
  /** Where it was made, when a relative path was looked at to identify it: elsewhere that is another file. */
  readonly cwd: WorkingDirectoryDependency | null;
  /** The leaves of its inputs, for telling what differs; as they are when first asked for. */
  values(): readonly ValuePart[];
  /** What of its code, and of the code among its inputs, is not seen, in words. */
  readonly notices: readonly string[];
  /** Whether the function may read files without being observed, which the user has been told. */
  readonly isBlind: boolean;
  /**
   * What files held when the call was identified, by path, for the one look-up that follows at once; `null` after that,
   * and where folders were not digested as a whole.
   */
  freshDigests(): ReadonlyMap<string, ContentDigest | null> | null;
  /** What of its declared inputs is no longer what it was when the call was identified, in words or as paths. */
  changedInputs(): Promise<string[]>;
}

/** Digests paths and remembers which. */
class PathReader {
  readonly found: FoundPath[] = [];
  /** Portable paths of texts that may be none. */
  readonly guessed = new Set<string>();

  /** Relative paths among the file arguments, with the absolute ones that they stand for. */
  readonly named = new Map<string, string>();
  cwd: WorkingDirectoryDependency | null = null;

  constructor(readonly prepared: Prepared) {}

  readonly digest = (path: string | URL): FoundPath | Promise<FoundPath> => {
    const { files, options: { filePattern } } = this.prepared;
    const absolute = toAbsolute(path);
    if (isRelative(path)) this.cwd ??= { kind: "cwd", digest: cwdState(this.prepared.root) };
    const digest = files.digestPath(absolute, filePattern === null ? {} : { pattern: filePattern });
    if (!(digest instanceof Promise)) return this.#keep(absolute, digest);
    const pending = digest.then((digest) => this.#keep(absolute, digest));
    pending.catch(() => {}); // awaited later, unless another path fails first
    return pending;
  };

  #keep(absolute: string, digest: ContentDigest | null): FoundPath {
    const at = { path: portableOf(absolute, this.prepared.root), digest };
    this.found.push(at);
    return at;
  }

  /** Digests what a text leads to that may be no path. */
  readonly guess = async (path: string | URL): Promise<FoundPath> => {
    const at = await this.digest(path);
    this.guessed.add(at.path);
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
export async function identifyFunction(wrapped: Wrapped): Promise<Digest<"function">> {
  const prepared = await wrapped.prepare();
  const encoder = new CanonicalEncoder(prepared.codeOptions);
  return (await functionStateOf(wrapped, prepared, encoder, new PathReader(prepared))).identity;
}

/**
 * Identifies a call: looks at the function's code and at what its options declare, normalizes its arguments, and digests
 * the lot.
 *
 * @param wrapped The wrapped function.
 * @param receiver Its `this`.
 * @param args Its arguments.
 * @throws {CacheTypeError} `ERR_ARGUMENT` for what cannot be an input, with its path.
 */
export async function identifyCall(wrapped: Wrapped, receiver: unknown, args: readonly unknown[]): Promise<Call> {
  const prepared = wrapped.ready ?? await wrapped.prepare();
  const { plan } = prepared;
  const encoder = new CanonicalEncoder(prepared.codeOptions);
  const reader = new PathReader(prepared);
  const state = knownStates.get(wrapped) ?? await functionStateOf(wrapped, prepared, encoder, reader);
  const inputs = normalizeArguments(plan, args);
  const isReceived = plan.parameters?.usesThis !== false && receiver !== globalThis && receiver !== undefined;
  const seen = isReceived
    ? await encoder.receiverOf(receiver, wrapped.fn, state.fingerprint.receiverTouched)
    : undefined;

  const parts: CallKeyParts = {
    identity: state.identityBytes,
    args: await encoder.encode(inputs.values, "args"),
  };
  const receiverBytes = isReceived ? await encoder.encode(seen, "this") : UNDEFINED;
  const isUnseen = isBlind(state, encoder);
  let further: FurtherKeyParts | undefined;
  if (seen !== undefined || isUnseen || inputs.files.length > 0) {
    const { shapes, contents } = await digestFileInputs(inputs.files, reader, prepared.options.hashFilePaths);
    const pathLike = isUnseen ? await digestPathLike(inputs.values, reader.guess) : [];
    further = {
      receiver: receiverBytes,
      shapes: await encoder.encode([shapes, pathLike.map(({ digest }) => digest)], "fileArgs"),
      contents,
    };
  }
  if (encoder.notices.size + encoder.blind.length > 0) {
    warnOfCode(wrapped, { notices: [...encoder.notices], blind: encoder.blind }, prepared);
  }
  return new IdentifiedCall(
    state,
    plan.parameters?.usesThis === false ? undefined : receiver,
    args,
    digestCallKey(further === undefined ? parts : { ...parts, further }),
    { ...inputs, receiver: seen },
    encoder,
    reader,
  );
}

const UNDEFINED = encodeKey(undefined).bytes;

/** A call with what was learned while it was identified. */
class IdentifiedCall implements Call {
  readonly wrapped: Wrapped;
  readonly prepared: Prepared;
  readonly fingerprint: Fingerprint;
  readonly declared: Declared;
  readonly identity: Digest<"function">;
  #files: readonly FileDependency[] | undefined;
  #values: readonly ValuePart[] | undefined;
  #areLooksTaken = false;

  constructor(
    state: FunctionState,
    readonly receiver: unknown,
    readonly args: readonly unknown[],
    readonly key: CallKey,
    readonly inputs: Inputs & { readonly receiver: unknown },
    readonly encoder: CanonicalEncoder,
    readonly reader: PathReader,
  ) {
    ({ wrapped: this.wrapped, prepared: this.prepared, fingerprint: this.fingerprint } = state);
    ({ declared: this.declared, identity: this.identity } = state);
  }

  get notices(): readonly string[] {
    const { notices, blind } = this.encoder;
    return [
      ...new Set([
        ...noticesOf(this.fingerprint, this.prepared.options),
        ...noticesOf({ notices: [...notices], blind }, this.prepared.options),
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
    const { names } = this.prepared.plan;
    const { receiver } = this.inputs;
    return this.#values ??= [
      ...receiver === undefined ? [] : valueParts("this", receiver, encode),
      ...this.inputs.values.flatMap((value, index) => valueParts(`args.${names[index] ?? index}`, value, encode)),
      ...declaredParts(this.declared, encode),
    ];
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

  async changedInputs(): Promise<string[]> {
    const changed = await this.reader.changed();
    const { digest } = await this.prepared.fingerprint();
    return digest === this.fingerprint.digest ? changed : [...changed, "a value that the function captures"];
  }
}

function isRelative(path: string | URL): path is string {
  return typeof path === "string" && !isAbsolutePath(path) && !/^file:/i.test(path);
}

function fileDependency(at: FoundPath, { options, files, root }: Prepared): FileDependency {
  const mayBeFiltered = options.filePattern !== null && at.digest !== null;
  return mayBeFiltered && files.stat(fromPortable(at.path, root))?.isDirectory === true
    ? { kind: "file", ...at, isFiltered: true }
    : { kind: "file", ...at };
}

/** States of functions that can never change: nothing declared, and nothing captured that could be another value. */
const knownStates = new WeakMap<Wrapped, FunctionState>();

/** A function as it is now. */
async function functionStateOf(
  wrapped: Wrapped,
  prepared: Prepared,
  encoder: CanonicalEncoder,
  reader: PathReader,
): Promise<FunctionState> {
  const known = knownStates.get(wrapped);
  if (known !== undefined) return known;
  const fingerprint = await prepared.fingerprint();
  const declared = await readDeclared(prepared.options, reader.digest);
  const { version, env, files, vars } = declared;
  const identity = digestFunctionKey({
    fingerprint: fingerprint.digest,
    signature: prepared.plan.signature,
    declared: await encoder.encode([version, env, files, vars], "dependsOnVars"),
  });
  const identityBytes = new TextEncoder().encode(identity);
  const state = { wrapped, prepared, fingerprint, declared, identity, identityBytes };
  if (fingerprint.isFixed && declaresNothing(prepared.options)) knownStates.set(wrapped, state);
  return state;
}

/** Whether the function may read files without being observed. */
function isBlind(
  { fingerprint, prepared }: Pick<FunctionState, "fingerprint" | "prepared">,
  { blind }: CanonicalEncoder,
): boolean {
  return !prepared.options.observe || [...fingerprint.blind, ...blind].some(({ kind }) => kind !== "network");
}

/** What file arguments are, but for their files; and the paths and contents of those, in the order of the shapes. */
async function digestFileInputs(
  values: readonly unknown[],
  reader: PathReader,
  countsPath: boolean,
): Promise<{ shapes: unknown[]; contents: string }> {
  const files: (FoundPath | Promise<FoundPath>)[] = [];
  const shapes = values.map((value) =>
    shapeOfFiles(value, (path) => {
      if (isRelative(path)) reader.named.set(path, toAbsolute(path));
      files.push(reader.digest(path));
    })
  );
  let contents = "";
  // One text, since encoding takes longer for many; no path that could be looked at holds a zero byte.
  for (const file of files) {
    const { path, digest } = file instanceof Promise ? await file : file;
    contents += `${countsPath ? path : ""}\0${digest ?? ""}\0`;
  }
  return { shapes, contents };
}

/** Longest text taken for a path, characters. */
const MAX_LENGTH = 4096;
/** How many texts of one call are looked at. */
const MAX_TEXTS = 1000;

/**
 * What the texts among the arguments of a call lead to that could be paths; most lead to nothing.
 *
 * @param values The arguments.
 * @param digestPath How to look at a path.
 */
async function digestPathLike(
  values: readonly unknown[],
  digestPath: (path: string | URL) => Promise<FoundPath>,
): Promise<FoundPath[]> {
  const paths = new Set<string>();
  collectPaths(values, paths, new Set());
  const found = await Promise.all([...paths].map((path) => digestPath(path).catch(() => null)));
  return found.filter((at) => at !== null);
}

function collectPaths(value: unknown, paths: Set<string>, seen: Set<object>): void {
  if (paths.size >= MAX_TEXTS) return;
  if (typeof value === "string") {
    if (isPathLike(value)) paths.add(value);
    return;
  }
  if (typeof value !== "object" || value === null || seen.has(value) || ArrayBuffer.isView(value)) return;
  seen.add(value);
  if (value instanceof URL) {
    if (value.protocol === "file:") paths.add(value.href);
    return;
  }
  if (value instanceof Map) {
    for (const [key, item] of value) {
      collectPaths(key, paths, seen);
      collectPaths(item, paths, seen);
    }
    return;
  }
  const items = Array.isArray(value) || value instanceof Set ? value : Object.values(value);
  for (const item of items) collectPaths(item, paths, seen);
}

/** Has a separator or an extension, and nothing that no path has. */
function isPathLike(text: string): boolean {
  if (text.length === 0 || text.length > MAX_LENGTH || /[\0\n\r]/.test(text)) return false;
  if (/^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text)) return false;
  return /[\\/]/.test(text) || /\.[A-Za-z0-9]{1,10}$/.test(text);
}
