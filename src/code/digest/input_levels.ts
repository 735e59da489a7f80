/**
 * Levels: how much of the inputs of a call a value may hold, and what the platform's functions and methods make of
 * values of each level.
 *
 * @module
 */
/**
 * Kinds of values that an expression may have, as bits: {@linkcode BARE} or a sum of {@linkcode TEXTUAL},
 * {@linkcode FRESH}, {@linkcode KNOWN}, {@linkcode HELD} and {@linkcode INPUT}.
 */
export type InputLevel = number;

/** A primitive that is no text, so that as a key it names no member that code asks for: a number, `undefined`. */
export const BARE = 0;
/** A text or a symbol. */
export const TEXTUAL = 1;
/** An object that the code at hand made, by a literal or with the platform, and that held no input when it was made. */
export const FRESH = 2;
/** A value that holds no input and was made elsewhere: captured, or returned by a function. */
export const KNOWN = 4;
/** An object that the code at hand made and that may hold inputs: `[row.x]`. */
export const HELD = 8;
/** A value that may be an object among the inputs, or a part of one. */
export const INPUT = 16;

/** Parts of the inputs that code sees. */
export interface SeenParts {
  readonly order?: boolean;
  readonly names?: boolean;
  readonly texts?: boolean;
  readonly capturedTexts?: boolean;
  readonly stacks?: boolean;
  readonly kept?: boolean;
}

/** All that code which is not analysed may see, but the texts of functions, for which code has to ask on purpose. */
export const ALL_PARTS: SeenParts = { order: true, names: true, stacks: true };

/** Level of a value that has one of the given levels. */
export function joinLevels(levels: readonly InputLevel[]): InputLevel {
  return levels.reduce((sum, level) => sum | level, BARE);
}

/** True for a level of primitives alone. */
export function isPrimitiveLevel(level: InputLevel): boolean {
  return (level & ~TEXTUAL) === 0;
}

/**
 * Treatment of the arguments by a function of the platform. `numeric`: they become numbers, or are compared without
 * becoming text. `text`: they become text, which for a function is its source. `store`: the receiver holds them from
 * then on. `hold`: the result holds them. `list`: the order of their members is listed, and nothing else of them is
 * seen; `write`: of all that they hold, too. `same`: the result is one of them. `drop`: nobody sees them. `timer`: the first one is called, the second one becomes a number.
 */
export type ArgumentUse = "numeric" | "text" | "store" | "hold" | "same" | "list" | "write" | "drop" | "timer";

/** Effect of a function or method of the platform. */
export interface PlatformRule {
  readonly use: ArgumentUse;
  /** Level of the result, or the receiver itself, a new object with items of it, an item of it. */
  readonly result: InputLevel | "receiver" | "copy" | "item";
  /** True when the receiver becomes text, and the arguments with it. */
  readonly isText?: boolean;
}

type RuleRow = readonly [names: string, use: ArgumentUse, result: PlatformRule["result"], isText?: boolean];

function rulesOf(rows: readonly RuleRow[]): ReadonlyMap<string, PlatformRule> {
  const rules = new Map<string, PlatformRule>();
  for (const [names, use, result, isText = false] of rows) {
    for (const name of names.split(" ")) rules.set(name, { use, result, isText });
  }
  return rules;
}

/**
 * Methods of the platform by name. A method of that name that the user wrote is analysed with its own code, in which
 * it may not give away an input: see {@linkcode isTrustedMethod}.
 */
const METHODS = rulesOf([
  [
    "charCodeAt codePointAt getTime getFullYear getMonth getDate getDay getHours getMinutes getSeconds " +
    "getMilliseconds getUTCFullYear getUTCMonth getUTCDate getUTCDay getUTCHours getUTCMinutes getUTCSeconds " +
    "getUTCMilliseconds getTimezoneOffset setFullYear setMonth setDate setHours setMinutes setSeconds " +
    "setMilliseconds setUTCFullYear setUTCMonth setUTCDate setUTCHours setUTCMinutes setUTCSeconds " +
    "setUTCMilliseconds setTime isWellFormed clear isSubsetOf isSupersetOf isDisjointFrom",
    "numeric",
    BARE,
  ],
  [
    "indexOf lastIndexOf includes startsWith endsWith localeCompare search test has hasOwnProperty " +
    "propertyIsEnumerable delete",
    "text",
    BARE,
  ],
  ["isPrototypeOf", "drop", BARE],
  ["toFixed toPrecision toExponential toISOString toUTCString toDateString toTimeString", "numeric", TEXTUAL],
  [
    "toUpperCase toLowerCase toLocaleUpperCase toLocaleLowerCase trim trimStart trimEnd padStart padEnd charAt repeat " +
    "normalize substring substr toWellFormed",
    "text",
    TEXTUAL,
  ],
  ["toString toLocaleString toLocaleDateString toLocaleTimeString join", "text", TEXTUAL, true],
  ["split match matchAll exec", "text", FRESH],
  ["subarray reverse valueOf", "numeric", "receiver"],
  ["slice flat values entries keys toReversed toArray", "numeric", "copy"],
  ["at pop shift", "numeric", "item"],
  ["get", "text", "item"],
  ["push unshift", "store", BARE],
  ["append", "store", BARE, true],
  ["set", "store", "receiver", true],
  ["add fill", "store", "receiver"],
  ["splice", "store", "copy"],
  ["concat", "hold", "copy", true],
  ["toSpliced with union intersection difference symmetricDifference", "hold", "copy"],
]);

/** Rule of a method of the platform; `undefined` when no built-in object has it, or it calls back. */
export function ruleOfMethod(name: string): PlatformRule | undefined {
  return METHODS.get(name);
}

/** Methods of objects of the platform that were made in the code at hand, and of no others. */
const OWN_METHODS = rulesOf([
  ["format decode", "text", TEXTUAL],
  ["encode formatToParts", "text", FRESH],
  ["getRandomValues", "numeric", FRESH],
]);

/** Rule of a method of an object that the code itself made with the platform. */
export function ruleOfOwnMethod(name: string): PlatformRule | undefined {
  return OWN_METHODS.get(name);
}

/** Methods of the platform that call back, with the meaning of the callback's parameters and result. */
export interface CallbackRule {
  /** Parameters: an item of the receiver, an index, a key, the sum so far, a text, something thrown. */
  readonly parameters: readonly ("item" | "index" | "key" | "sum" | "text" | "error")[];
  /** The method's result: as in {@linkcode PlatformRule}, or an object with the callback's results, or the last one. */
  readonly result: "receiver" | "copy" | "item" | "results" | "sum" | "text" | "bare";
}

type CallbackRow = readonly [names: string, CallbackRule["parameters"], CallbackRule["result"]];

const CALLBACK_ROWS: readonly CallbackRow[] = [
  ["map flatMap", ["item", "index", "item"], "results"],
  ["filter", ["item", "index", "item"], "copy"],
  ["find findLast", ["item", "index", "item"], "item"],
  ["some every findIndex findLastIndex", ["item", "index", "item"], "bare"],
  ["forEach", ["item", "key", "item"], "bare"],
  ["reduce reduceRight", ["sum", "item", "index", "item"], "sum"],
  ["sort", ["item", "item"], "receiver"],
  ["toSorted", ["item", "item"], "copy"],
  ["replace replaceAll", ["text", "text", "text", "text", "text", "text"], "text"],
  ["then", ["item"], "results"],
  ["catch", ["error"], "results"],
  ["finally", [], "receiver"],
];

const CALLBACKS: ReadonlyMap<string, CallbackRule> = new Map(
  CALLBACK_ROWS.flatMap(([names, parameters, result]) =>
    names.split(" ").map((name) => [name, { parameters, result }] as const)
  ),
);

/** Rule of a method that calls back; `undefined` for any other method. */
export function callbackRuleOf(name: string): CallbackRule | undefined {
  return CALLBACKS.get(name);
}

/**
 * True for a method whose result is taken for what the platform's method of that name gives, whatever the receiver
 * is. So the user's own method of that name may not return an input. The results of other methods are inputs if the
 * receiver is.
 */
export function isTrustedMethod(name: string): boolean {
  const result = METHODS.get(name)?.result ?? CALLBACKS.get(name)?.result;
  return result !== undefined && !PARTS.has(result) || OWN_METHODS.has(name) || OTHER_TRUSTED.has(name);
}

const PARTS: ReadonlySet<unknown> = new Set(["receiver", "copy", "item"]);

/** Methods that the platform calls by itself, whose results are not followed, and an accessor taken for a number. */
const OTHER_TRUSTED: ReadonlySet<string> = new Set([
  "toJSON",
  "valueOf",
  "next",
  "return",
  "throw",
  "constructor",
  "length",
]);

/** Functions of the platform by the path from the global object, or by module and name. */
const FUNCTIONS = rulesOf([
  [
    "Number Boolean BigInt BigInt.asIntN BigInt.asUintN parseInt parseFloat Number.parseInt Number.parseFloat " +
    "isNaN isFinite Number.isNaN Number.isFinite Number.isInteger Number.isSafeInteger Date.now Date.UTC Date.parse " +
    "performance.now Array.isArray Object.is ArrayBuffer.isView " +
    "Object.isFrozen Object.isSealed Object.isExtensible clearTimeout clearInterval",
    "numeric",
    BARE,
  ],
  ["Object.hasOwn Object.prototype.hasOwnProperty URL.canParse", "text", BARE],
  [
    "String String.raw encodeURIComponent decodeURIComponent encodeURI decodeURI escape unescape btoa atob Symbol " +
    "Symbol.for",
    "text",
    TEXTUAL,
    true,
  ],
  [
    "crypto.randomUUID Deno.env.get Deno.cwd Deno.readTextFile Deno.readTextFileSync Deno.realPath " +
    "Deno.realPathSync",
    "text",
    TEXTUAL,
  ],
  ["String.fromCharCode String.fromCodePoint", "numeric", TEXTUAL],
  ["JSON.parse Deno.readFile Deno.readFileSync Deno.stat Deno.statSync Deno.readDir Deno.readDirSync", "text", FRESH],
  ["JSON.stringify", "write", TEXTUAL],
  ["Object.keys", "list", FRESH],
  ["Array Array.of Array.from Promise.resolve Promise.all Promise.allSettled Promise.race Promise.any", "hold", FRESH],
  ["Object.values Object.entries", "list", FRESH],
  ["Object.freeze Object.seal Object.preventExtensions", "same", BARE],
  ["Object.fromEntries", "hold", FRESH, true],
  ["setTimeout setInterval queueMicrotask", "timer", FRESH],
  ["console", "drop", BARE],
  ["node:path#extname node:path#basename node:path#dirname node:path#join node:path#normalize", "text", TEXTUAL],
  ["node:path#resolve node:path#relative node:path#isAbsolute node:url#fileURLToPath", "text", TEXTUAL],
  ["node:fs#existsSync", "text", BARE],
]);

/** Functions that list members, whose results hold the values of these. */
const HOLDING_LISTERS: ReadonlySet<string> = new Set(["Object.values", "Object.entries"]);

/** True for a function that returns the values of the members that it lists. */
export function holdsListed(path: string): boolean {
  return HOLDING_LISTERS.has(path);
}

const ERRORS: ReadonlySet<string> = new Set(
  "Error TypeError RangeError SyntaxError ReferenceError EvalError URIError".split(" "),
);

/** True for a class of errors: its second argument has the cause, which the error holds. */
export function isErrorClass(path: string): boolean {
  return ERRORS.has(path);
}

/** Classes of the platform, with what `new` makes of the arguments. */
const CLASSES = rulesOf([
  ["Date URL RegExp TextEncoder TextDecoder Number String Boolean", "text", FRESH],
  [
    "Int8Array Uint8Array Uint8ClampedArray Int16Array Uint16Array Int32Array Uint32Array Float16Array Float32Array " +
    "Float64Array BigInt64Array BigUint64Array ArrayBuffer AbortController",
    "numeric",
    FRESH,
  ],
  ["Map Set WeakMap WeakSet WeakRef Array", "hold", FRESH],
  [[...ERRORS].join(" "), "text", FRESH],
]);

/** Rule of a function of the platform; `undefined` for one that may list or keep its arguments. */
export function ruleOfFunction(path: string): PlatformRule | undefined {
  return path.startsWith("Math.") ? { use: "numeric", result: BARE } : FUNCTIONS.get(path);
}

/** Rule of a class of the platform; `undefined` for one that may list or keep its arguments. */
export function ruleOfClass(path: string): PlatformRule | undefined {
  return CLASSES.get(path);
}

/** True for a function or method of the platform by which code asks for the text of a function on purpose. */
export function readsText(name: string): boolean {
  return name === "String" || name === "toString" || name === "toLocaleString";
}

/** Parts of a function or an error that a member of this name shows. */
export function partsOfMember(key: string): SeenParts {
  if (key === "name" || key === "constructor") return { names: true };
  if (key === "toString" || key === "toLocaleString") return { names: true, texts: true, capturedTexts: true };
  return key === "stack" ? { stacks: true } : {};
}

/** True for a function or class of the platform without a rule that makes texts of what it is given. */
export function makesTexts(path: string): boolean {
  return MAKES_TEXTS.test(path);
}

const MAKES_TEXTS =
  /^(?:URLSearchParams|Blob|File|FormData|Headers|Request|Response|Function\.prototype\.toString|node:(?:util#(?:format|inspect)|querystring#|buffer#))/;
