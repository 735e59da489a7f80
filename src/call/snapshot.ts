/**
 * Copies of arguments as they are when a call is made. The function gets the copy: changes that the caller makes later
 * do not reach it, and changes that it makes do not reach the caller, on a miss as on a hit.
 *
 * Copied is plain data of moderate size. Everything else is passed as it is.
 *
 * @module
 */
import { isPrimitive, isProxy } from "../words/type_tests.ts";
import { isBuiltInInside, ownValue } from "../values/brands.ts";
import { furtherKeys } from "../values/key/key_members.ts";
import { classify, mayHavePrivateState } from "../values/kinds.ts";

/** Largest number of objects and of bytes of binary data in arguments that are copied. */
const MAX_OBJECTS = 10_000;
const MAX_BYTES = 1 << 20;
/** Largest number of elements of a typed array that is copied. */
const MAX_LISTED = 1 << 14;

/** Arguments as they were when the call was made. */
export interface ArgumentSnapshot {
  readonly args: readonly unknown[];
  /** Objects of the caller, each with its copy. */
  readonly copies: ReadonlyMap<object, object>;
}

/** Thrown when arguments hold something that is not copied. */
const NOT_COPIED = new Error("not copied");

const NOTHING: ReadonlyMap<object, object> = new Map();

/**
 * Copies arguments. No code of the user runs: accessors are not called, and a Proxy is not copied.
 *
 * @param args Arguments as the caller passed them.
 * @returns The copy; `null` when an argument holds something else than plain data, or is too large.
 */
export function takeSnapshot(args: readonly unknown[]): ArgumentSnapshot | null {
  if (args.every(isPrimitive)) return { args: [...args], copies: NOTHING };
  const copier = new Copier();
  try {
    return { args: args.map((arg) => copier.copy(arg)), copies: copier.copies };
  } catch {
    return null; // it holds something that is not copied, or cannot even be looked at
  }
}

/**
 * True when an object holds one of the originals, or may hold it in private fields: a method would see that the copy and
 * what its receiver holds are two.
 */
export function mayHold(holder: object, { copies }: ArgumentSnapshot): boolean {
  const seen = new Set<unknown>([holder]);
  for (const subject of seen) {
    if (typeof subject !== "object" && typeof subject !== "function" || subject === null) continue;
    if (copies.has(subject) || isProxy(subject) || seen.size > MAX_OBJECTS) return true;
    const { kind } = typeof subject === "function" ? { kind: "function" } : classify(subject);
    if (kind === "instance" && mayHavePrivateState(subject)) return true;
    if (kind === "map") Map.prototype.forEach.call(subject, (item, key) => void seen.add(key).add(item));
    if (kind === "set") Set.prototype.forEach.call(subject, (item) => void seen.add(item));
    if (kind === "view") seen.add((subject as ArrayBufferView).buffer);
    else for (const key of Reflect.ownKeys(subject)) seen.add(ownValue(subject, key));
  }
  return false;
}

class Copier {
  readonly copies = new Map<object, object>();
  #bytes = 0;

  copy(value: unknown): unknown {
    if (typeof value === "function") throw NOT_COPIED;
    if (typeof value !== "object" || value === null) return value;
    const known = this.copies.get(value);
    if (known !== undefined) return known;
    if (this.copies.size >= MAX_OBJECTS || isProxy(value)) throw NOT_COPIED;
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype === AbortSignal.prototype) return value; // no input, and it has to reach the function itself
    if (!Object.isExtensible(value)) throw NOT_COPIED;
    if (prototype === Object.prototype) {
      if (isBuiltInInside(value)) throw NOT_COPIED;
      return this.#members(value, {});
    }
    if (prototype === Array.prototype && Array.isArray(value)) {
      if (Object.getOwnPropertyDescriptor(value, "length")!.writable !== true) throw NOT_COPIED;
      const copy: unknown[] = [];
      copy.length = value.length;
      return this.#members(value, copy);
    }
    return this.#builtIn(value, prototype);
  }

  #members(value: object, copy: object): object {
    this.copies.set(value, copy);
    const isArray = Array.isArray(value);
    for (const key of Reflect.ownKeys(value)) {
      if (isArray && key === "length") continue;
      const { value: member, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(value, key)!;
      if (writable !== true || enumerable !== true || configurable !== true) throw NOT_COPIED;
      if (key === "__proto__") throw NOT_COPIED;
      (copy as Record<PropertyKey, unknown>)[key] = this.copy(member);
    }
    return copy;
  }

  #builtIn(value: object, prototype: unknown): object {
    let copy: object;
    const held: [unknown, unknown][] = [];
    if (prototype === Map.prototype && hasOwnSize(mapSize, value)) {
      copy = new Map();
      Map.prototype.forEach.call(value, (item, key) => held.push([key, item]));
    } else if (prototype === Set.prototype && hasOwnSize(setSize, value)) {
      copy = new Set();
      Set.prototype.forEach.call(value, (item) => held.push([item, item]));
    } else if (prototype === Date.prototype && isDate(value)) {
      copy = new Date(Date.prototype.getTime.call(value as Date));
    } else if (prototype === URL.prototype && value instanceof URL) {
      copy = new URL(value.href);
    } else if (VIEWS.has(prototype as object) && ArrayBuffer.isView(value)) {
      copy = this.#view(value as Uint8Array, prototype as Uint8Array);
      this.copies.set(value, copy);
      return copy;
    } else throw NOT_COPIED;
    const further = copy instanceof URL ? furtherKeys(value, "platform") : Reflect.ownKeys(value);
    if (further.length > 0) throw NOT_COPIED;
    this.copies.set(value, copy);
    for (const [key, item] of held) {
      if (copy instanceof Map) copy.set(this.copy(key), this.copy(item));
      else (copy as Set<unknown>).add(this.copy(item));
    }
    return copy;
  }

  /** Copies a typed array that covers a buffer of its own, which no other argument shares. */
  #view(view: Uint8Array, prototype: Uint8Array): object {
    const { buffer } = view;
    if (Reflect.ownKeys(buffer).length > 0) throw NOT_COPIED;
    const isWhole = buffer instanceof ArrayBuffer && !buffer.resizable && view.byteLength === buffer.byteLength;
    this.#bytes += view.byteLength;
    if (!isWhole || this.copies.has(buffer) || this.#bytes > MAX_BYTES) throw NOT_COPIED;
    // Listing the elements of a long one would take longer than copying it.
    if (view.length > MAX_LISTED || Reflect.ownKeys(view).length !== view.length) throw NOT_COPIED;
    const bytes = buffer.slice(0);
    this.copies.set(buffer, bytes);
    const Constructor = VIEWS.get(prototype)!;
    return new Constructor(bytes);
  }
}

const mapSize = Object.getOwnPropertyDescriptor(Map.prototype, "size")!.get!;
const setSize = Object.getOwnPropertyDescriptor(Set.prototype, "size")!.get!;

/** True for an object with the internal state that `size` reads. */
function hasOwnSize(size: () => unknown, value: object): boolean {
  try {
    return size.call(value) !== undefined;
  } catch {
    return false;
  }
}

function isDate(value: object): boolean {
  try {
    Date.prototype.getTime.call(value as Date);
    return true;
  } catch {
    return false;
  }
}

type ViewConstructor = new (buffer: ArrayBuffer) => object;

/** Constructors of typed arrays, by their prototypes. */
const VIEWS: ReadonlyMap<object, ViewConstructor> = new Map<object, ViewConstructor>(
  [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
    Float16Array,
    Float32Array,
    Float64Array,
  ].map((view) => [view.prototype, view as ViewConstructor]),
);
