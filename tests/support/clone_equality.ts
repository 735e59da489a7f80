/**
 * Compares two values as deeply as a program can tell them apart: prototypes, own properties in order with their
 * attributes, internal state, holes, `-0`, and which places hold the same object.
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

function compareObjects(a: object, b: object, path: string, pending: [unknown, unknown, string][]): string | null {
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path}: prototypes differ`;
  if (Object.isExtensible(a) !== Object.isExtensible(b)) return `${path}: extensible differs`;
  const states = [internalState(a), internalState(b)];
  if (states[0]!.length !== states[1]!.length) return `${path}: internal state differs`;
  for (const [index, state] of states[0]!.entries()) pending.push([state, states[1]![index], `${path}<${index}>`]);
  if (ArrayBuffer.isView(a) || a instanceof ArrayBuffer || a instanceof Blob) return null;
  // Some of the platform's own objects keep their state under symbols, which is compared above.
  const listed = a instanceof DOMException ? Object.getOwnPropertyNames : Reflect.ownKeys;
  const names = [a, b].map((side) => listed(side));
  if (names[0]!.length !== names[1]!.length) return `${path}: ${show(names[0])} | ${show(names[1])}`;
  for (const [index, name] of names[0]!.entries()) {
    const at = `${path}.${String(name)}`;
    if (names[1]![index] !== name) return `${at}: order of properties differs`;
    const left = Object.getOwnPropertyDescriptor(a, name)!;
    const right = Object.getOwnPropertyDescriptor(b, name)!;
    for (const attribute of ["enumerable", "writable", "configurable", "get", "set"] as const) {
      if (left[attribute] !== right[attribute]) return `${at}: ${attribute} differs`;
    }
    pending.push([(a as never)[name], (b as never)[name], at]);
  }
  return null;
}

function internalState(subject: object): unknown[] {
  if (ArrayBuffer.isView(subject)) {
    try {
      const bytes = new Uint8Array(subject.buffer, subject.byteOffset, subject.byteLength);
      return [subject.buffer, subject.byteOffset, subject.byteLength, bytes.toHex()];
    } catch {
      return [subject.buffer, "out of bounds"];
    }
  }
  if (subject instanceof ArrayBuffer) {
    return [subject.byteLength, subject.resizable, subject.maxByteLength, new Uint8Array(subject).toHex()];
  }
  if (subject instanceof Map) return [...subject].flat();
  if (subject instanceof Set) return [...subject];
  if (subject instanceof Date) return [subject.getTime()];
  if (subject instanceof RegExp) return [subject.source, subject.flags];
  if (subject instanceof DOMException) return [subject.message, subject.name, subject.code];
  if (Error.isError(subject)) return [String(subject)];
  if (subject instanceof File) return [subject.name, subject.lastModified, subject.type, subject.size];
  if (subject instanceof Blob) return [subject.type, subject.size];
  for (const kind of [Number, String, Boolean, BigInt]) {
    if (subject instanceof kind) return [subject.valueOf()];
  }
  return [];
}
