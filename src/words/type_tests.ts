/**
 * Tests for the internal state of objects, which no prototype and no member can pretend, and Node's modules of which
 * they are. None of it runs the user's code.
 *
 * The runtime has the tests at hand; the module of Node that publishes them takes 10 to 30 ms to load.
 *
 * @module
 */
import { nodeModule } from "./node_modules.ts";

type TypeTests = typeof import("node:util").types;

let known: TypeTests | undefined;

/** Tests such as `isMap`, by the names that `node:util` gives them. */
export function typeTests(): TypeTests {
  return known ??= findTests();
}

/** True for a Proxy, of which no other property may be looked at without running the user's traps. */
export function isProxy(value: object): boolean {
  return typeTests().isProxy(value);
}

/** True for a value that is neither an object nor a function. */
export function isPrimitive(value: unknown): boolean {
  return value === null || typeof value !== "object" && typeof value !== "function";
}

/** Class of Node's Buffers. The first call loads it. */
export function bufferClass(): typeof import("node:buffer").Buffer {
  return nodeModule<typeof import("node:buffer")>("node:buffer").Buffer;
}

function findTests(): TypeTests {
  const internal = Reflect.get(Deno, Reflect.get(Deno, "internal") as symbol) as
    | { core?: Partial<TypeTests> }
    | undefined;
  const core = internal?.core;
  const isThere = typeof core?.isModuleNamespaceObject === "function" && SAMPLES.every(([test, yes]) => {
    const isOne = core[test];
    return typeof isOne === "function" && isOne(yes) && !isOne({});
  });
  return isThere ? core as TypeTests : nodeModule<typeof import("node:util")>("node:util").types;
}

/** The tests that are used, each with an object that it has to tell. */
const SAMPLES: readonly [test: keyof TypeTests, yes: unknown][] = [
  ["isProxy", new Proxy({}, {})],
  ["isMap", new Map()],
  ["isSet", new Set()],
  ["isDate", new Date(0)],
  ["isRegExp", /a/],
  ["isPromise", Promise.resolve()],
  ["isWeakMap", new WeakMap()],
  ["isWeakSet", new WeakSet()],
  ["isAnyArrayBuffer", new ArrayBuffer(0)],
  ["isArrayBufferView", new Uint8Array(0)],
  ["isNativeError", new Error("")],
  ["isBoxedPrimitive", Object(1)],
  ["isStringObject", Object("")],
  ["isArgumentsObject", sampleArguments()],
  ["isGeneratorObject", (function* () {})()],
  ["isMapIterator", new Map().keys()],
  ["isSetIterator", new Set().keys()],
];

function sampleArguments(): IArguments {
  return arguments;
}
