/**
 * Finds the codec of an object, and the name under which the class of an instance is stored.
 *
 * @module
 */
import type { Codec, ResultOptions } from "../codec.ts";
import { MAX_PROTOTYPES } from "../cbor/tags.ts";
import { constructorOf, hasMorePrototypes, hasProxyAbove, ownValue } from "../brands.ts";
import { className, isForeign, isNativeFunction, type Kind } from "../kinds.ts";

/** Refuses a value, because of what a codec threw. */
type RefuseCoded = (what: string, cause: unknown) => never;

/** The first codec that keeps `subject`; `null` when none does. */
export function codecOf({ codecs = [] }: ResultOptions, subject: object, refuse: RefuseCoded): Codec | null {
  for (const codec of codecs) {
    try {
      if (codec.is(subject)) return codec;
    } catch (cause) {
      refuse(`a value for which is() of the codec ${JSON.stringify(codec.name)} threw${ownMessage(cause)}`, cause);
    }
  }
  return null;
}

/** The data of a value of a codec. */
export function dataOf(codec: Codec, subject: object, refuse: RefuseCoded): unknown {
  try {
    return codec.encode(subject);
  } catch (cause) {
    return refuse(`a value that the codec ${JSON.stringify(codec.name)} cannot encode${ownMessage(cause)}`, cause);
  }
}

/** The message of what a codec threw, after a colon, where it can be read without running the user's code. */
function ownMessage(thrown: unknown): string {
  if (!Error.isError(thrown)) return "";
  const message = ownValue(thrown, "message");
  return typeof message === "string" ? `: ${message}` : "";
}

/** The name under which the class of an object is stored; `null` when its instances are not kept. */
export function storedClassOf({ classes }: ResultOptions, subject: object): string | null {
  if (classes === undefined || hasProxyAbove(subject)) return null;
  const prototype: object | null = Object.getPrototypeOf(subject);
  const constructor = prototype === null ? null : constructorOf(prototype);
  return constructor === null ? null : classes.nameOf(constructor);
}

/** True for a list with an element that comes back itself, and not as a row of a table. */
export function holdsCaptured({ classes }: ResultOptions, list: readonly unknown[]): boolean {
  if (classes === undefined) return false;
  return list.some((item) => typeof item === "object" && item !== null && classes.referenceTo(item) !== null);
}

/** True for an object whose prototype may be plain data: it is neither a class's nor one of another kind. */
export function isDerived(subject: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(subject);
  return typeof prototype === "object" && prototype !== null && !Array.isArray(prototype) &&
    typeof ownValue(prototype, "constructor") !== "function" && !hasMorePrototypes(subject, MAX_PROTOTYPES);
}

const REFUSED: Partial<Record<Kind, string>> = {
  sharedBuffer: "a SharedArrayBuffer, which is shared and not stored",
  arguments: "an arguments object of a function that is not strict",
  promise: "a Promise",
  weak: "a weak reference or collection",
  iterator: "an iterator or generator",
  stream: "a stream",
  namespace: "a module namespace",
  ofProxy: "an object one of whose prototypes is a Proxy",
};

/** A built-in object whose prototype hides what it is, in words. */
export const DISGUISED = "a built-in object with another prototype than its own";

/** An object that is not kept, in words, with the remedy where there is a better one than that for all values. */
export function describeRefused(
  { classes }: ResultOptions,
  subject: object,
  kind: Kind,
): readonly [what: string, remedy?: string] {
  if (kind !== "ofProxy" && isForeign(subject)) {
    return [
      `an object of another realm (${className(subject)})`,
      "return plain data that is made here, such as structuredClone(object)",
    ];
  }
  const what = REFUSED[kind];
  if (what !== undefined) return [what];
  if (kind === "platform") return [`an object of the platform (${className(subject)})`];
  const prototype: object | null = kind === "ofProxy" ? null : Object.getPrototypeOf(subject);
  const constructor = prototype === null ? null : constructorOf(prototype);
  const isOfPlatform = constructor === null || isNativeFunction(constructor) || constructor === DOMException;
  if (kind !== "instance" && kind !== "ofProxy" && isOfPlatform) return [DISGUISED];
  if (constructor !== null && isOfPlatform) return [`an object of the platform (${className(subject)})`];
  const refusal = constructor === null ? null : classes?.refusalOf(constructor) ?? null;
  return [
    `an instance of ${className(subject)}${refusal === null ? "" : `, ${refusal}`}`,
    "return plain data, such as its fields, or name a codec for it in the option codecs",
  ];
}
