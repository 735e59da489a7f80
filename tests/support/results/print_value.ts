/**
 * Prints all that a program can see of a value: prototypes, own members in order with their attributes, internal
 * state, and which places hold the same object.
 *
 * @module
 */
import { Buffer } from "node:buffer";
import { types } from "node:util";

/** Classes of the language and the platform by their prototypes. */
// deno-fmt-ignore
const CLASSES: readonly (abstract new (...args: never[]) => object)[] = [
  Object, Function, Array, Map, Set, Date, RegExp, Promise, WeakMap, WeakSet, WeakRef, Number, String, Boolean, BigInt as never, Symbol as never,
  Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError, AggregateError, DOMException,
  ArrayBuffer, SharedArrayBuffer, DataView, Int8Array, Uint8Array, Uint8ClampedArray, Int16Array, Uint16Array, Int32Array, Uint32Array,
  BigInt64Array, BigUint64Array, Float16Array, Float32Array, Float64Array, Buffer as never,
  URL, URLSearchParams, Headers, Blob, File, FormData,
  Temporal.Instant, Temporal.ZonedDateTime, Temporal.PlainDate, Temporal.PlainTime, Temporal.PlainDateTime,
  Temporal.PlainYearMonth, Temporal.PlainMonthDay, Temporal.Duration,
];

/** Classes whose own members are the platform's business. */
const PLATFORM = [DOMException, URL, URLSearchParams, Headers, Blob, FormData];

/** All of `value` as a text. @param known The program's own objects, such as classes, by name. */
export function printValue(value: unknown, known: Readonly<Record<string, object>> = {}): string {
  const ids = new Map<object, number>();
  const pending: object[] = [];
  const prototypes = new Map<unknown, string>([[null, "null"]]);
  for (const one of CLASSES) prototypes.set(one.prototype, one.name);
  for (const [name, one] of Object.entries(Deno.errors)) prototypes.set(one.prototype, `Deno.errors.${name}`);
  const names = new Map<object, string>();
  for (const [name, one] of Object.entries(known)) {
    names.set(one, `own ${name}`);
    if (typeof one === "function" && one.prototype !== undefined) prototypes.set(one.prototype, `own ${name}`);
  }
  const refer = (part: unknown): string => {
    if (typeof part === "string") return JSON.stringify(part);
    if (typeof part === "symbol") return printSymbol(part);
    if (typeof part === "bigint") return `${part}n`;
    if (Object.is(part, -0)) return "-0";
    if ((typeof part !== "object" && typeof part !== "function") || part === null) return String(part);
    const name = names.get(part);
    if (name !== undefined) return name;
    if (!ids.has(part)) {
      ids.set(part, ids.size);
      pending.push(part);
    }
    return `#${ids.get(part)}`;
  };
  const lines = [refer(value)];
  for (let one = pending.shift(); one !== undefined; one = pending.shift()) {
    const prototype: unknown = types.isProxy(one) ? null : Object.getPrototypeOf(one);
    const kind = prototypes.get(prototype) ?? names.get(prototype as object) ?? refer(prototype);
    lines.push(`#${ids.get(one)} ${kind} ${printState(one)} ${printSlots(one, refer).join(" ")}`);
    if (!types.isProxy(one)) lines.push(...printMembers(one, refer));
  }
  return lines.join("\n");
}

type Refer = (part: unknown) => string;

function printSymbol(symbol: symbol): string {
  const registered = Symbol.keyFor(symbol);
  if (registered !== undefined) return `Symbol.for(${registered})`;
  for (const name of Object.getOwnPropertyNames(Symbol)) {
    if (Symbol[name as never] === symbol) return `Symbol.${name}`;
  }
  return `a symbol of its own ${String(symbol)}`;
}

function printState(subject: object): string {
  if (types.isProxy(subject)) return "a Proxy";
  if (Object.isExtensible(subject)) return "open";
  return Object.isFrozen(subject) ? "frozen" : Object.isSealed(subject) ? "sealed" : "not extensible";
}

function printMembers(subject: object, refer: Refer): string[] {
  const isPlatform = PLATFORM.some((one) => subject instanceof one);
  const lines: string[] = [];
  for (const name of Reflect.ownKeys(subject)) {
    // Elements of views are among the bytes of their buffers.
    if (ArrayBuffer.isView(subject) && typeof name === "string" && /^\d+$/.test(name)) continue;
    if (isPlatform && typeof name === "symbol" && Symbol.keyFor(name) === undefined) continue;
    const { value, get, set, writable, enumerable, configurable } = Object.getOwnPropertyDescriptor(subject, name)!;
    const flags = `${writable ? "w" : "-"}${enumerable ? "e" : "-"}${configurable ? "c" : "-"}`;
    // The platform keeps the stack of an error behind an accessor of its own.
    const isStack = name === "stack" && types.isNativeError(subject);
    const shown = isStack
      ? `${JSON.stringify(subject.stack)} ${typeof get}`
      : get === undefined && set === undefined
      ? refer(value)
      : `${refer(get)} ${refer(set)}`;
    lines.push(`  ${typeof name === "symbol" ? printSymbol(name) : JSON.stringify(name)} ${flags} ${shown}`);
  }
  return lines;
}

function printBytes(bytes: Uint8Array): string {
  if (bytes.length <= 64) return bytes.toHex();
  let sum = 0;
  for (const byte of bytes) sum = (sum * 31 + byte) % 0x7fffffff;
  return `${bytes.length} bytes ${sum}`;
}

/** The content of a built-in object beside its members. */
function printSlots(subject: object, refer: Refer): string[] {
  if (types.isProxy(subject)) return [];
  if (typeof subject === "function") return [Function.prototype.toString.call(subject)];
  if (types.isMap(subject)) {
    return ["Map", ...Array.from(Map.prototype.entries.call(subject), ([k, v]) => `${refer(k)} => ${refer(v)}`)];
  }
  if (types.isSet(subject)) return ["Set", ...Array.from(Set.prototype.values.call(subject), refer)];
  if (types.isDate(subject)) return ["Date", refer(Date.prototype.getTime.call(subject))];
  if (types.isRegExp(subject)) return ["RegExp", refer(subject.source), subject.flags];
  if (types.isBoxedPrimitive(subject)) return ["boxed", refer((subject as { valueOf(): unknown }).valueOf())];
  if (Buffer.isBuffer(subject)) return ["Buffer", printBytes(subject)];
  if (ArrayBuffer.isView(subject)) {
    const length = subject instanceof DataView ? subject.byteLength : (subject as Uint8Array).length;
    return [types.isDataView(subject) ? "DataView" : "view", `${subject.byteOffset} ${length}`, refer(subject.buffer)];
  }
  if (types.isAnyArrayBuffer(subject)) {
    const isShared = types.isSharedArrayBuffer(subject);
    const size = isShared ? "shared" : `${subject.resizable} ${subject.maxByteLength} ${subject.detached}`;
    return ["buffer", size, printBytes(new Uint8Array(subject))];
  }
  if (types.isNativeError(subject)) return ["Error", String(Error.isError(subject))];
  if (types.isArgumentsObject(subject)) return ["arguments"];
  if (subject instanceof DOMException) return [subject.name, subject.message, `${subject.code}`, `${subject.stack}`];
  if (subject instanceof URL) return [subject.href, subject.searchParams.toString()];
  if (subject instanceof URLSearchParams) return [subject.toString()];
  if (subject instanceof Headers) return [JSON.stringify([...subject])];
  if (subject instanceof FormData) return [JSON.stringify([...subject.keys()])];
  if (subject instanceof File) return [subject.name, `${subject.lastModified} ${subject.type} ${subject.size}`];
  if (subject instanceof Blob) return [`${subject.type} ${subject.size}`];
  const kind = Object.prototype.toString.call(subject);
  return /Temporal/.test(kind) ? [kind, String(subject)] : [Array.isArray(subject) ? "Array" : ""];
}
