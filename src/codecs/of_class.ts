/**
 * Codecs of classes: by the members of the instances, or by two functions.
 *
 * @module
 */
import type { Codec } from "../values/codec.ts";
import { dataMember, hasPrototype } from "../values/use_codecs.ts";
import { isBuiltInInside } from "../values/brands.ts";
import { isAssigned } from "../values/result/losses.ts";
import { previewOf } from "../values/preview.ts";
import { CacheTypeError } from "../words/errors.ts";
import { markOwn } from "../words/program.ts";

/** A class, also one whose constructor is private. */
export interface ClassLike<Instance extends object> {
  /** Name of the class. */
  readonly name: string;
  /** Prototype of its instances. */
  readonly prototype: Instance;
}

/** A codec that this package makes. */
export interface ClassCodec<Instance extends object, Data> extends Codec<Instance, Data> {
  /**
   * Classes that the codec makes instances of. They are part of the fingerprint as the codec's members are; what the
   * functions of the codec close over is this package's own code, which is not followed.
   */
  readonly counts: readonly unknown[];
}

/**
 * Makes a codec that keeps the instances of a class, those of subclasses excepted.
 *
 * With a class alone, an instance is kept by its own members, those that are not enumerable or named by symbols
 * included, and made again without a call of the constructor. That this is all of an instance is the user's word: what
 * is in private `#fields`, in a WeakMap or in a closure is lost. With functions, an instance is what they say.
 *
 * The name of the codec is that of the class. Where two classes have one name, give one of them another:
 * `{ ...ofClass(Point), name: "geo.Point" }`.
 *
 * @param constructor The class.
 * @param encode Returns the data of an instance: anything that can be kept.
 * @param decode Returns an instance that no program can tell from the encoded one.
 * @throws {CacheTypeError} `ERR_OPTION_TYPE` for anything but a class with a name, and for one function alone.
 *
 * @example
 * ```ts
 * import { cacheFile, ofClass } from "@bimsb/cachepy";
 *
 * class Point {
 *   constructor(readonly x: number, readonly y: number) {}
 * }
 * const codecs = [ofClass(Point, ({ x, y }) => [x, y] as const, ([x, y]) => new Point(x, y))];
 * const cached = cacheFile(await Deno.makeTempDir(), { codecs });
 * const middle = cached(function middle(a: Point, b: Point) {
 *   return new Point((a.x + b.x) / 2, (a.y + b.y) / 2);
 * });
 * console.log(await middle(new Point(0, 0), new Point(2, 4))); // Point { x: 1, y: 2 }
 * ```
 */
export function ofClass<Instance extends object>(constructor: ClassLike<Instance>): Codec<Instance, unknown>;
/** Makes a codec that keeps the instances of a class by two functions. */
export function ofClass<Instance extends object, Data>(
  constructor: ClassLike<Instance>,
  encode: (value: Instance) => Data,
  decode: (data: Data) => Instance,
): Codec<Instance, Data>;
export function ofClass<Instance extends object>(
  constructor: ClassLike<Instance>,
  encode?: (value: Instance) => unknown,
  decode?: (data: unknown) => Instance,
): Codec<Instance, unknown> {
  requireClass(constructor, "ofClass");
  if (encode === undefined && decode === undefined) {
    return classCodec(constructor.name, constructor, membersWay(constructor));
  }
  for (const [name, fn] of Object.entries({ encode, decode })) {
    if (typeof fn !== "function") throw wrongClass(`ofClass ${name}`, fn, "a function, or neither encode nor decode");
  }
  return codecByWay(constructor.name, constructor, { encode: encode!, decode: decode! });
}

/** Both directions of a codec. */
interface CodecWay<Instance extends object, Data> {
  encode(value: Instance): Data;
  decode(data: Data): Instance;
}

/**
 * Makes a codec of a class by functions of this package.
 *
 * @param name Name of the codec.
 * @param constructor The class.
 * @param way Both directions; by the members of instances if left out.
 */
export function classCodec<Instance extends object, Data>(
  name: string,
  constructor: ClassLike<Instance>,
  way: CodecWay<Instance, Data> = membersWay(constructor) as CodecWay<Instance, Data>,
): ClassCodec<Instance, Data> {
  markOwn(way.encode, way.decode);
  return codecByWay(name, constructor, way);
}

/** Returns a codec with another test, also a function of this package, for which values it keeps. */
export function askedBy<Instance extends object, Data>(
  codec: ClassCodec<Instance, Data>,
  is: (value: unknown) => boolean,
): ClassCodec<Instance, Data> {
  markOwn(is);
  return { ...codec, is };
}

function codecByWay<Instance extends object, Data>(
  name: string,
  constructor: ClassLike<Instance>,
  way: CodecWay<Instance, Data>,
): ClassCodec<Instance, Data> {
  const prototype: Instance = constructor.prototype;
  const is = (value: unknown) => hasPrototype(value, prototype);
  markOwn(is);
  return Object.freeze({ name, is, encode: way.encode, decode: way.decode, counts: Object.freeze([constructor]) });
}

/** @throws {CacheTypeError} `ERR_OPTION_TYPE` for anything but a class with a name. */
export function requireClass(constructor: unknown, path: string): void {
  const isClass = typeof constructor === "function" && typeof dataMember(constructor, "prototype") === "object" &&
    dataMember(constructor, "prototype") !== null;
  const name = isClass ? dataMember(constructor, "name") : undefined;
  if (typeof name !== "string" || name === "") throw wrongClass(path, constructor, "a class with a name");
}

function wrongClass(path: string, got: unknown, wanted: string): CacheTypeError {
  return new CacheTypeError("ERR_OPTION_TYPE", `Cannot use ${path}: got ${previewOf(got)}, want ${wanted}`, { path });
}

/** Refuses an instance that has more to it than the members that a codec keeps. */
export function requireOnly(instance: object, known: readonly string[]): void {
  const further = Reflect.ownKeys(instance).find((key) => !known.includes(key as string));
  if (further !== undefined) throw new TypeError(`it has a further member, ${String(further)}`);
  if (!Object.isExtensible(instance)) throw new TypeError("it is not extensible");
}

/**
 * InstanceMembers of an instance: an object of them where all are as an assignment makes them, else a list of them with their
 * attributes, after the state of the instance (open, not extensible, sealed or frozen).
 */
type InstanceMembers = Readonly<Record<string, unknown>> | readonly [isExtensible: boolean, ...members: OddMember[]];
type OddMember = readonly [key: string, value: unknown, attributes: number];

/** Keeps instances by their members. */
function membersWay<Instance extends object>({ prototype }: ClassLike<Instance>): CodecWay<Instance, InstanceMembers> {
  return {
    encode: readMembers,
    decode: (members) => {
      const made = Object.create(prototype) as Instance;
      if (!Array.isArray(members)) return defineAll(made, Object.entries(members));
      const [isExtensible, ...odd] = members as readonly [boolean, ...OddMember[]];
      for (const [key, value, attributes] of odd) {
        const [writable, enumerable, configurable] = [1, 2, 4].map((bit) => (attributes & bit) !== 0);
        Object.defineProperty(made, fromKeyText(key), {
          value,
          writable: writable!,
          enumerable: enumerable!,
          configurable: configurable!,
        });
      }
      return isExtensible ? made : Object.preventExtensions(made);
    },
  };
}

function defineAll<Instance extends object>(made: Instance, members: readonly [string, unknown][]): Instance {
  for (const [key, value] of members) {
    Object.defineProperty(made, key, { value, writable: true, enumerable: true, configurable: true });
  }
  return made;
}

function readMembers(instance: object): InstanceMembers {
  if (Array.isArray(instance) || isBuiltInInside(instance)) {
    throw new TypeError("its class extends a built-in one, whose content is in no member; give encode and decode");
  }
  const keys = Reflect.ownKeys(instance);
  const descriptors = keys.map((key) => Object.getOwnPropertyDescriptor(instance, key)!);
  const accessor = descriptors.findIndex((one) => !("value" in one));
  if (accessor >= 0) throw new TypeError(`its member ${String(keys[accessor])} is an accessor; give encode and decode`);
  const isExtensible = Object.isExtensible(instance);
  if (isExtensible && keys.every((key, index) => typeof key === "string" && isAssigned(descriptors[index]!))) {
    return Object.fromEntries(keys.map((key, index) => [key, descriptors[index]!.value]));
  }
  return [
    isExtensible,
    ...keys.map((key, index): OddMember => {
      const { value, writable, enumerable, configurable } = descriptors[index]!;
      return [toKeyText(key), value, (writable ? 1 : 0) | (enumerable ? 2 : 0) | (configurable ? 4 : 0)];
    }),
  ];
}

/** Symbols of the language by their descriptions: `Symbol.iterator`. */
const LANGUAGE_SYMBOLS: ReadonlyMap<string, symbol> = new Map(
  Object.getOwnPropertyNames(Symbol).flatMap((name) => {
    const value: unknown = Reflect.get(Symbol, name);
    return typeof value === "symbol" ? [[`Symbol.${name}`, value] as const] : [];
  }),
);

/** Key of a member as text: `.` and the name, `@` and the key of a registered symbol, or the name of a symbol. */
function toKeyText(key: string | symbol): string {
  if (typeof key === "string") return `.${key}`;
  const registered = Symbol.keyFor(key);
  if (registered !== undefined) return `@${registered}`;
  const name = key.description ?? "";
  if (LANGUAGE_SYMBOLS.get(name) === key) return name;
  throw new TypeError(`its member ${String(key)} is named by a symbol of this process alone; give encode and decode`);
}

function fromKeyText(text: string): string | symbol {
  if (text.startsWith(".")) return text.slice(1);
  return text.startsWith("@") ? Symbol.for(text.slice(1)) : LANGUAGE_SYMBOLS.get(text)!;
}

markOwn(ofClass);
