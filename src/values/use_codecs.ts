/**
 * Codecs at work: finds the codec that keeps a value, and the one that a class declares itself.
 *
 * A file of its own, since results, keys and captured values all ask for codecs.
 *
 * @module
 */
import type { Codec } from "./codec.ts";
import { isProxy } from "../words/type_tests.ts";
import { ownValue } from "./brands.ts";

/** A value as a codec gives it, with the name of that codec. */
export interface CodecValue {
  readonly name: string;
  readonly data: unknown;
}

const blanks = new WeakMap<object, object>();

/**
 * Object with the given prototype and no members of its own, by which a class is identified. A codec keeps it as it keeps
 * instances, and is not asked for its data: it has none.
 */
export function blankOf(prototype: object): object {
  let blank = blanks.get(prototype);
  if (blank === undefined) blanks.set(prototype, blank = Object.create(prototype) as object);
  return blank;
}

function isOfNoData(value: unknown): boolean {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  return blanks.get(Object.getPrototypeOf(value)) === value;
}

/**
 * Encodes a value by the first codec that keeps it. An error of `is` means that the codec does not.
 *
 * @param value The value.
 * @param codecs Codecs, in the order in which they are asked.
 * @returns `null` when no codec keeps the value.
 * @throws Whatever `encode` throws: the value cannot be kept.
 */
export function encodeByCodec(value: unknown, codecs: readonly Codec[]): CodecValue | null {
  for (const codec of codecs) {
    if (isKeptBy(codec, value)) return { name: codec.name, data: isOfNoData(value) ? null : codec.encode(value) };
  }
  return null;
}

/** True when a codec keeps the value. */
export function isKeptByAny(value: unknown, codecs: readonly Codec[]): boolean {
  return codecs.some((codec) => isKeptBy(codec, value));
}

function isKeptBy(codec: Codec, value: unknown): boolean {
  try {
    return Boolean(codec.is(value));
  } catch {
    return false;
  }
}

/** Name of the static member by which a class declares its codec. */
const DECLARED = Symbol.for("cachepy.codec");

/** Codecs that classes declare, by class. */
const declaredCodecs = new WeakMap<object, { readonly declaration: unknown; readonly codec: Codec | null }>();

/**
 * Finds the codec that a class declares itself, in `static [Symbol.for("cachepy.codec")] = { encode, decode }`. It keeps
 * instances of the class itself, not those of subclasses. Its name is the class's, unless the declaration has a `name`.
 *
 * @param constructor A class. No accessor of it is called, and no trap if it is a Proxy.
 * @returns The codec, the same object at each call; `null` when the class declares none, or one without both functions.
 */
export function codecOfClass(constructor: object): Codec | null {
  const declaration = dataMember(constructor, DECLARED);
  if (typeof declaration !== "object" || declaration === null) return null;
  const known = declaredCodecs.get(constructor);
  if (known?.declaration === declaration) return known.codec;
  const codec = readDeclaration(constructor, declaration);
  declaredCodecs.set(constructor, { declaration, codec });
  return codec;
}

function readDeclaration(constructor: object, declaration: object): Codec | null {
  const [encode, decode] = [dataMember(declaration, "encode"), dataMember(declaration, "decode")];
  const prototype = dataMember(constructor, "prototype");
  const name = dataMember(declaration, "name") ?? dataMember(constructor, "name");
  if (typeof encode !== "function" || typeof decode !== "function") return null;
  if (typeof prototype !== "object" || prototype === null || typeof name !== "string" || name === "") return null;
  return Object.freeze<Codec>({
    name,
    is: (value) => hasPrototype(value, prototype),
    encode: (value) => Reflect.apply(encode, declaration, [value]),
    decode: (data) => Reflect.apply(decode, declaration, [data]),
  });
}

/** True for an object with that very prototype. No trap of a Proxy runs: a Proxy has none. */
export function hasPrototype(value: unknown, prototype: object): value is object {
  return typeof value === "object" && value !== null && !isProxy(value) && Object.getPrototypeOf(value) === prototype;
}

/** Value of an object's own data member; `undefined` for an accessor, an inherited member and a member of a Proxy. */
export function dataMember(object: object, name: PropertyKey): unknown {
  return isProxy(object) ? undefined : ownValue(object, name);
}

/** Finds the codecs of the objects of one value; the classes are asked once for the codecs that they declare. */
export class CodecFinder {
  readonly #codecs: readonly Codec[];
  /** Codecs that classes declare, by the prototypes of those that have a constructor. */
  #declared: Map<object, Codec | null> | null = null;

  /** @param codecs Codecs that are asked first. */
  constructor(codecs: readonly Codec[]) {
    this.#codecs = codecs;
  }

  /** Data of the codec that keeps an object, or that its class declares. @throws Whatever `encode` throws. */
  encode(subject: object): CodecValue | null {
    const declared = this.#declaredBy(Object.getPrototypeOf(subject));
    if (this.#codecs.length > 0) {
      const kept = encodeByCodec(subject, this.#codecs);
      if (kept !== null) return kept;
    }
    return declared === null ? null : encodeByCodec(subject, [declared]);
  }

  /** True for an object that was asked for its codec before, or one like it, and whose prototype has a constructor. */
  knowsClassOf(subject: object): boolean {
    return this.#declared?.has(Object.getPrototypeOf(subject)) === true;
  }

  #declaredBy(prototype: object | null): Codec | null {
    if (prototype === null) return null;
    const declared = this.#declared ??= new Map();
    let codec = declared.get(prototype);
    if (codec === undefined) {
      const constructor = dataMember(prototype, "constructor");
      if (typeof constructor !== "function") return null;
      declared.set(prototype, codec = codecOfClass(constructor));
    }
    return codec;
  }
}
