/**
 * Makes the objects of a result that are made step by step: members with attributes, instances, values of codecs.
 *
 * @module
 */
import type { Codec, ResultOptions } from "../codec.ts";
import { hasMorePrototypes, ownValue } from "../brands.ts";
import { CacheError, messageOf } from "../../words/errors.ts";
import { MAX_ARGUMENTS, MAX_PROTOTYPES } from "../cbor/tags.ts";
import { isIndex } from "../kinds.ts";
import { makeBareError, setInternalStack, stackMember } from "./error_parts.ts";
import { Attribute, State } from "./losses.ts";
import { makeArguments, makeView, type ObjectSource } from "./object_reader.ts";

/** Makes one object of the values that are read for it. */
export interface Builder {
  /** True while a new object has to come next: none that was read before, and none that a codec makes. */
  readonly awaitsNew: boolean;
  /** Takes the next value. */
  take(value: unknown): void;
  /** The object, after the last value. */
  finish(): unknown;
}

/** The part of the reader that the functions of this file call. */
export interface BuildSource extends ObjectSource {
  readonly options: ResultOptions;
  /** Prototypes of classes by name, once they were looked for. */
  readonly prototypes: Map<string, object>;
  /** Records an object if it is marked as shared, and returns it. */
  remember<T extends object>(value: T): T;
  /** True when `null` comes next, which is then skipped. */
  skipNull(): boolean;
}

/** A builder, and the number of values that it takes. */
export interface Opened {
  readonly builder: Builder;
  readonly count: number;
}

/** Begins an object whose type name was just read; `null` when no builder makes that type. @param count Parts left. */
export function openBuilder(reader: BuildSource, name: unknown, count: number): Opened | null {
  switch (name) {
    case "With":
      return { builder: new MembersBuilder(reader), count };
    case "Class": {
      const prototype = prototypeNamed(reader, reader.primitive());
      if (count < 2) reader.fail("an instance without a base");
      if (!reader.skipNull()) return { builder: new BasedBuilder(reader, prototype), count: count - 1 };
      const target = reader.remember(Object.create(prototype));
      return { builder: new InstanceBuilder(reader, target), count: count - 2 };
    }
    case "Object": {
      const target = reader.remember({});
      return { builder: new DerivedBuilder(reader, target), count };
    }
    case "Bare": {
      const kind = reader.primitive();
      const error = typeof kind === "string" ? makeBareError(kind) : null;
      if (error === null) return reader.fail("an error of an unknown class");
      return { builder: new ErrorBuilder(reader.remember(error)), count: count - 1 };
    }
    case "Arguments": {
      if (count > MAX_ARGUMENTS) reader.fail("an arguments object of too many values");
      const target = reader.remember(makeArguments(reader.count(count, 1)));
      return { builder: new ArgumentsBuilder(target), count };
    }
    case "Codec": {
      const codec = findCodec(reader, reader.primitive());
      if (count !== 3) reader.fail("a value of a codec without data");
      reader.primitive(); // the digest of the codec, which is there for comparing results
      return { builder: new CodecBuilder(codec), count: 1 };
    }
    case "View": {
      if (count !== 4) reader.fail("a view without offset, length and buffer");
      const parts = [reader.primitive(), reader.primitive(), reader.primitive()] as const;
      return { builder: new ViewBuilder(reader, parts), count: 1 };
    }
    default:
      return null;
  }
}

function prototypeNamed(reader: BuildSource, name: unknown): object {
  if (typeof name !== "string") return reader.fail("a class without a name");
  const known = reader.prototypes.get(name);
  if (known !== undefined) return known;
  const found = reader.options.classes?.classNamed(name);
  const prototype = found === undefined ? undefined : ownValue(found, "prototype");
  if (typeof prototype !== "object" || prototype === null) {
    throw new CacheError(
      "ERR_DECODE",
      "The stored result holds an instance of a class that the function does not reach; it is computed again",
    );
  }
  reader.prototypes.set(name, prototype);
  return prototype;
}

/** The captured object with that number, which the result holds itself. */
export function capturedAt(reader: BuildSource, number: unknown): object {
  const found = typeof number === "number" ? reader.options.classes?.capturedAt(number) : undefined;
  if (found !== undefined) return found;
  throw new CacheError(
    "ERR_DECODE",
    "The stored result holds an object that the function does not capture; it is computed again",
  );
}

function findCodec(reader: BuildSource, name: unknown): Codec {
  if (typeof name !== "string") return reader.fail("a codec without a name");
  const { codecs, codecNamed } = reader.options;
  const found = codecs?.find((codec) => codec.name === name) ?? codecNamed?.(name);
  if (found !== undefined) return found;
  throw new CacheError(
    "ERR_DECODE",
    `The stored result holds a value of the codec ${
      JSON.stringify(name.slice(0, 80))
    }, which is not among the codecs of the ` +
      "function; name it in the option codecs, or the result is computed again",
  );
}

function refuseUnless(reader: BuildSource, condition: boolean, what: string): void {
  if (!condition) reader.fail(what);
}

/** Takes a new object, its state, and then name, attributes and value of each member. */
class MembersBuilder implements Builder {
  readonly #reader: BuildSource;
  #base: object | null = null;
  #state = -1;
  #key: string | symbol | null = null;
  #attributes = -1;

  constructor(reader: BuildSource) {
    this.#reader = reader;
  }

  get awaitsNew(): boolean {
    return this.#base === null;
  }

  take(value: unknown): void {
    const reader = this.#reader;
    if (this.#base === null) {
      this.#base = newObject(reader, value);
    } else if (this.#state < 0) {
      refuseUnless(reader, isWithin(value, State.frozen), "an object of an unknown state");
      this.#state = value as number;
    } else if (this.#key === null) {
      refuseUnless(reader, typeof value === "string" || typeof value === "symbol", "a member without a name");
      this.#key = value as string | symbol;
    } else if (this.#attributes < 0) {
      refuseUnless(reader, isWithin(value, 15), "a member without attributes");
      this.#attributes = value as number;
    } else {
      this.#define(value);
      this.#key = null;
      this.#attributes = -1;
    }
  }

  #define(value: unknown): void {
    const base = this.#base!;
    const isStack = (this.#attributes & Attribute.stack) !== 0;
    if (isStack && !Error.isError(base)) this.#reader.fail("a stack of something that is no error");
    // These names turn the value into a number, for which a method of an instance might be called.
    const isNumber = ArrayBuffer.isView(base)
      ? typeof this.#key === "string" && isIndex(this.#key)
      : this.#key === "length" && Array.isArray(base);
    if (isNumber && typeof value !== "number") this.#reader.fail("an element or a length that is no number");
    const descriptor = isStack ? stackMember(this.#attributes) : {
      value,
      writable: (this.#attributes & Attribute.writable) !== 0,
      enumerable: (this.#attributes & Attribute.enumerable) !== 0,
      configurable: (this.#attributes & Attribute.configurable) !== 0,
    };
    attempt(this.#reader, () => Object.defineProperty(base, this.#key!, descriptor));
  }

  finish(): object {
    refuseUnless(this.#reader, this.#state >= 0 && this.#key === null, "an object with a part of a member");
    const base = this.#base!;
    if (this.#state === State.fixed) attempt(this.#reader, () => Object.preventExtensions(base));
    else if (this.#state === State.sealed) attempt(this.#reader, () => Object.seal(base));
    else if (this.#state === State.frozen) attempt(this.#reader, () => Object.freeze(base));
    return base;
  }
}

function isWithin(value: unknown, most: number): boolean {
  return typeof value === "number" && Number.isInteger(value) && value >= 0 && value <= most;
}

function newObject(reader: BuildSource, value: unknown): object {
  return typeof value === "object" && value !== null ? value : reader.fail("members of something that is no object");
}

/** Changes an object that was just made. No code of the user runs, so what is thrown is a refusal of the engine. */
function attempt(reader: BuildSource, change: () => unknown): void {
  try {
    change();
  } catch (cause) {
    reader.fail("an object that cannot be as it is said to be", reader.at, cause);
  }
}

/** Takes a new built-in object, which becomes an instance of a class that extends the built-in. */
class BasedBuilder implements Builder {
  readonly #reader: BuildSource;
  readonly #prototype: object;
  #base: object | null = null;

  constructor(reader: BuildSource, prototype: object) {
    this.#reader = reader;
    this.#prototype = prototype;
  }

  get awaitsNew(): boolean {
    return true;
  }

  take(value: unknown): void {
    if (this.#base !== null) this.#reader.fail("an instance with two bases");
    const base = this.#base = newObject(this.#reader, value);
    attempt(this.#reader, () => Object.setPrototypeOf(base, this.#prototype));
  }

  finish(): unknown {
    return this.#base;
  }
}

/** Takes names and values in turn. A definition is used, since an assignment may call a setter of the prototype. */
class InstanceBuilder implements Builder {
  readonly awaitsNew: boolean = false;
  protected readonly reader: BuildSource;
  protected readonly target: object;
  #name: string | null = null;

  constructor(reader: BuildSource, target: object) {
    this.reader = reader;
    this.target = target;
  }

  take(value: unknown): void {
    if (this.#name === null) {
      refuseUnless(this.reader, typeof value === "string", "a member without a name");
      this.#name = value as string;
      return;
    }
    const descriptor = { value, writable: true, enumerable: true, configurable: true };
    Object.defineProperty(this.target, this.#name, descriptor);
    this.#name = null;
  }

  finish(): unknown {
    refuseUnless(this.reader, this.#name === null, "a member without a value");
    return this.target;
  }
}

/** Takes a prototype, which is plain data or `null`, and then names and values in turn. */
class DerivedBuilder extends InstanceBuilder {
  #hasPrototype = false;

  override take(value: unknown): void {
    if (this.#hasPrototype) return super.take(value);
    refuseUnless(this.reader, typeof value === "object", "a prototype that is no object");
    const isLong = value !== null && hasMorePrototypes(value as object, MAX_PROTOTYPES);
    refuseUnless(this.reader, !isLong, "an object with too many prototypes");
    attempt(this.reader, () => Object.setPrototypeOf(this.target, value as object | null));
    this.#hasPrototype = true;
  }

  override finish(): unknown {
    refuseUnless(this.reader, this.#hasPrototype, "an object without a prototype or null");
    return super.finish();
  }
}

/** Takes the stack of an error. */
class ErrorBuilder implements Builder {
  readonly awaitsNew = false;
  readonly #error: Error;

  constructor(error: Error) {
    this.#error = error;
  }

  take(stack: unknown): void {
    setInternalStack(this.#error, stack);
  }

  finish(): Error {
    return this.#error;
  }
}

/** Takes the values of an arguments object. */
class ArgumentsBuilder implements Builder {
  readonly awaitsNew = false;
  readonly #target: IArguments;
  #next = 0;

  constructor(target: IArguments) {
    this.#target = target;
  }

  take(value: unknown): void {
    this.#target[this.#next++] = value;
  }

  finish(): IArguments {
    return this.#target;
  }
}

/** Takes the data of a codec. */
class CodecBuilder implements Builder {
  readonly awaitsNew = false;
  readonly #codec: Codec;
  #data: unknown;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  take(data: unknown): void {
    this.#data = data;
  }

  finish(): unknown {
    try {
      return this.#codec.decode(this.#data);
    } catch (cause) {
      const detail = `The codec ${JSON.stringify(this.#codec.name)} cannot decode its data: ${messageOf(cause)}`;
      throw new CacheError("ERR_DECODE", detail, { cause });
    }
  }
}

/** Takes the buffer of a view. */
class ViewBuilder implements Builder {
  readonly awaitsNew = false;
  readonly #reader: BuildSource;
  readonly #parts: readonly [name: unknown, byteOffset: unknown, length: unknown];
  #buffer: unknown;

  constructor(reader: BuildSource, parts: readonly [unknown, unknown, unknown]) {
    this.#reader = reader;
    this.#parts = parts;
  }

  take(buffer: unknown): void {
    this.#buffer = buffer;
  }

  finish(): unknown {
    const [name, byteOffset, length] = this.#parts;
    return makeView(this.#reader, name, this.#buffer, byteOffset, length);
  }
}
