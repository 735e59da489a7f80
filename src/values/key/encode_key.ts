/**
 * Encodes values as canonical bytes: equal ones for equal inputs, different ones for different inputs, in any process.
 *
 * @module
 */
import type { EncodedKey, EncodeKeyOptions } from "./key_objects.ts";
import { CycleFound, KeyWriter } from "./key_writer.ts";
import { classify } from "../kinds.ts";
import { componentsOf } from "../../words/components.ts";

export type { EncodedKey, EncodeKeyOptions, Unresolved } from "./key_objects.ts";

/**
 * Encodes a value so that two values give the same bytes exactly when a function cannot be expected to treat them
 * differently. The encoding is the core deterministic one of RFC 8949, section 4.2.1. A value for which CBOR has no
 * type is a generic object with a type name.
 *
 * Different bytes: `1`, `1n`, `"1"`, `true` and `new Number(1)`; `0` and `-0`; Map, Set, Array and object; holes and
 * `undefined`; each kind of typed array; a RegExp's `lastIndex`; further properties of built-ins. Equal bytes: objects
 * whose properties are in another order, objects with and without a prototype, all `NaN`s, two references to one object
 * and two equal objects (except on a cycle, where an object counts by the place at which it was first met), and equal
 * views of different buffers.
 *
 * Left out of the bytes: non-enumerable properties, except those of instances; further properties of typed arrays of
 * more than 65,536 elements; bytes of a buffer outside of a view. A Proxy is encoded as the object that it poses as.
 *
 * @throws {CacheTypeError} `ERR_ARGUMENT` with the path for a value that cannot be an input: a Promise, a stream, a
 * weak collection, an iterator, an unregistered symbol, a detached buffer, most objects of the platform.
 *
 * @example
 * ```ts ignore
 * const { bytes } = encodeKey([{ b: 2, a: 1 }]); // [{ a: 1, b: 2 }] gives these bytes too
 * ```
 */
export function encodeKey(value: unknown, options: EncodeKeyOptions = NO_OPTIONS): EncodedKey {
  const writer = new KeyWriter(options, null);
  try {
    return writer.write(value);
  } catch (error) {
    if (!(error instanceof CycleFound)) throw error;
  } finally {
    writer.release();
  }
  const cyclicWriter = new KeyWriter(options, findCyclic(value as object, options.privatesOf));
  try {
    return cyclicWriter.write(value);
  } finally {
    cyclicWriter.release();
  }
}

const NO_OPTIONS: EncodeKeyOptions = {};

/** Finds the objects that can be reached from themselves. */
function findCyclic(
  root: object,
  privatesOf: (instance: object) => ReadonlyMap<string, unknown> | undefined = () => undefined,
): Set<object> {
  const cyclic = new Set<object>();
  const components = componentsOf(root, (subject) => {
    const children = objectsIn(subject, privatesOf(subject));
    if (children.includes(subject)) cyclic.add(subject);
    return children;
  });
  for (const component of components) if (component.length > 1) component.forEach((member) => cyclic.add(member));
  return cyclic;
}

/** The objects that `subject` holds and that a key would encode. */
function objectsIn(subject: object, privates: ReadonlyMap<string, unknown> = NONE): object[] {
  const children: object[] = [];
  const add = (value: unknown) => {
    if (typeof value === "object" && value !== null) children.push(value);
  };
  for (const value of privates.values()) add(value);
  const { kind } = classify(subject);
  if (kind === "view" || kind === "buffer" || kind === "sharedBuffer") return children;
  if (kind === "map") {
    Map.prototype.forEach.call(subject, (value, key) => {
      add(key);
      add(value);
    });
  } else if (kind === "set") Set.prototype.forEach.call(subject, add);
  else if (kind === "error") {
    add((subject as Error).message);
    if (Object.hasOwn(subject, "cause")) add((subject as Error).cause);
    if (Object.hasOwn(subject, "errors")) add((subject as AggregateError).errors);
  }
  for (const name of Reflect.ownKeys(subject)) {
    if (Object.prototype.propertyIsEnumerable.call(subject, name)) add(subject[name as never]);
    else if (kind === "instance") add(Object.getOwnPropertyDescriptor(subject, name)?.value);
  }
  return children;
}

const NONE: ReadonlyMap<string, unknown> = new Map();
