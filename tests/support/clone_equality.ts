/**
 * Compares two values as deeply as a program can tell them apart: prototypes, own properties in order with their
 * attributes, extensibility, internal state, holes, `-0`, and which places hold the same object.
 *
 * @module
 */
/** The first difference between `a` and `b` as a path with both sides; `null` when nothing tells them apart. */
export function findDifference(a: unknown, b: unknown): string | null {
  const pairs = new Map<object, object>();
  const back = new Map<object, object>();
  const pending: [unknown, unknown, string][] = [[a, b, "value"]];
  while (pending.length > 0) {
    const [left, right, path] = pending.pop()!;
    if (typeof left !== "object" || left === null || typeof right !== "object" || right === null) {
      if (!Object.is(left, right)) return `${path}: ${show(left)} | ${show(right)}`;
      continue;
    }
    if (pairs.has(left) || back.has(right)) {
      if (pairs.get(left) !== right || back.get(right) !== left) return `${path}: sharing differs`;
      continue;
    }
    pairs.set(left, right);
    back.set(right, left);
    const difference = compareObjects(left, right, path, pending);
    if (difference !== null) return difference;
  }
  return null;
}

function show(value: unknown): string {
  return Deno.inspect(value, { depth: 1, iterableLimit: 3 }).slice(0, 200);
}

/** Prototypes that every object of the realm may have; others are compared by their own properties. */
function isShared(prototype: object | null): boolean {
  return prototype === null || prototype === Object.prototype ||
    typeof Object.getOwnPropertyDescriptor(prototype, "constructor")?.value === "function";
}

function compareObjects(a: object, b: object, path: string, pending: [unknown, unknown, string][]): string | null {
  const [above, below] = [Object.getPrototypeOf(a), Object.getPrototypeOf(b)];
  if (above !== below) {
    if (isShared(above) || isShared(below)) return `${path}: prototypes differ`;
    pending.push([above, below, `${path}.__proto__`]);
  }
  for (const test of [Object.isExtensible, Object.isSealed, Object.isFrozen]) {
    if (test(a) !== test(b)) return `${path}: ${test.name} differs`;
  }
  const states = [internalState(a), internalState(b)];
  if (states[0]!.length !== states[1]!.length) return `${path}: internal state differs`;
  for (const [index, state] of states[0]!.entries()) pending.push([state, states[1]![index], `${path}<${index}>`]);
  const names = [a, b].map((side) => Reflect.ownKeys(side).filter((name) => !isElement(side, name)));
  if (names[0]!.length !== names[1]!.length) return `${path}: ${show(names[0])} | ${show(names[1])}`;
  for (const [index, name] of names[0]!.entries()) {
    const at = `${path}.${String(name)}`;
    if (names[1]![index] !== name) return `${at}: order of properties differs`;
    const left = Object.getOwnPropertyDescriptor(a, name)!;
    const right = Object.getOwnPropertyDescriptor(b, name)!;
    for (const attribute of ["enumerable", "writable", "configurable", "get", "set"] as const) {
      if (left[attribute] !== right[attribute]) return `${at}: ${attribute} differs`;
    }
    if (!isInternal(name)) pending.push([left.value, right.value, at]);
  }
  return null;
}

/** True for an element of a typed array. Elements are compared as bytes. */
function isElement(subject: object, name: PropertyKey): boolean {
  return ArrayBuffer.isView(subject) && typeof name === "string" && String(Number(name)) === name;
}

/** True for a symbol under which the platform keeps something that is compared by what its objects say. */
function isInternal(name: PropertyKey): boolean {
  if (typeof name !== "symbol") return false;
  if (Symbol.keyFor(name) !== undefined) return name.description === "Deno.core.hostObject";
  return INTERNAL.test(name.description ?? "");
}

const INTERNAL =
  /^(Type|Size|Parts|FileBacked|\[\[Name\]\]|\[\[LastModified\]\]|message|name|code|lowercase header names|iterable headers cache)$/;

const stackOf = Object.getOwnPropertyDescriptor(new Error(), "stack")!.get!;
const [bufferOf, offsetOf, bytesIn] = ["buffer", "byteOffset", "byteLength"].map((name) =>
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(Uint8Array.prototype), name)!.get!
);

function internalState(subject: object): unknown[] {
  if (ArrayBuffer.isView(subject)) {
    try {
      const [buffer, offset, length] = subject instanceof DataView
        ? [subject.buffer, subject.byteOffset, subject.byteLength]
        : [bufferOf!.call(subject), offsetOf!.call(subject), bytesIn!.call(subject)];
      const bytes = new Uint8Array(buffer, offset, length).toHex();
      // A Buffer of Node may lie anywhere in a pool.
      return Object.getPrototypeOf(subject).constructor.name === "Buffer" ? [bytes] : [buffer, offset, length, bytes];
    } catch {
      return [subject.buffer, "out of bounds"];
    }
  }
  if (subject instanceof ArrayBuffer) {
    return [subject.byteLength, subject.resizable, subject.maxByteLength, new Uint8Array(subject).toHex()];
  }
  if (subject instanceof Map) return [...Map.prototype.entries.call(subject)].flat();
  if (subject instanceof Set) return [...Set.prototype.values.call(subject)];
  if (subject instanceof Date) return [Date.prototype.getTime.call(subject)];
  if (subject instanceof RegExp) return [subject.source, subject.flags];
  if (subject instanceof DOMException) {
    return [subject.message, subject.name, subject.code, stackOf.call(subject)];
  }
  if (Error.isError(subject)) return ["error", stackOf.call(subject)];
  if (subject instanceof File) return [subject.name, subject.lastModified, subject.type, subject.size];
  if (subject instanceof Blob) return [subject.type, subject.size];
  if (subject instanceof URL) return [subject.href, String(subject.searchParams)];
  if (typeof Temporal !== "undefined") {
    for (const name of Object.getOwnPropertyNames(Temporal)) {
      const constructor = Object.getOwnPropertyDescriptor(Temporal, name)!.value;
      if (typeof constructor === "function" && subject instanceof constructor) return temporalState(subject);
    }
  }
  for (const kind of [Number, String, Boolean, BigInt, Symbol]) {
    if (subject instanceof kind) return [Reflect.apply(kind.prototype.valueOf, subject, [])];
  }
  return [];
}

/** What each accessor of a Temporal object says, and its text. */
function temporalState(subject: object): unknown[] {
  const getters = Object.values(Object.getOwnPropertyDescriptors(Object.getPrototypeOf(subject)));
  return [
    ...getters.flatMap(({ get }) => get === undefined ? [] : [get.call(subject)]),
    (subject as { toString(options: object): string }).toString({ calendarName: "always" }),
    JSON.stringify(subject),
  ];
}
