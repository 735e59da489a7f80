/**
 * Takes errors apart and makes them: the text or value of the stack is kept apart from the members.
 *
 * The engine keeps the stack of an error inside it. The own member `stack` is an accessor that reads it; it can be
 * deleted, and replaced by a member that holds another value.
 *
 * @module
 */
import { Attribute, attributesOf, type Loss, takeMembers } from "./losses.ts";

/** Attributes of the members that the constructor makes: they are not enumerable. */
const BY_CONSTRUCTOR = Attribute.writable + Attribute.configurable;

const LANGUAGE = [Error, EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError] as const;

/** Prototypes of the errors of the language, with the names of their classes. */
const NAME_BY_PROTOTYPE: ReadonlyMap<object, string> = new Map<object, string>([
  ...LANGUAGE.map((error) => [error.prototype, error.name] as const),
  ...namedErrors(globalThis, "", ["AggregateError", "SuppressedError"]),
  ...namedErrors(WebAssembly, "WebAssembly.", ["CompileError", "LinkError", "RuntimeError"]),
]);

/** Prototypes and names of further errors, where the engine has them. */
function* namedErrors(owner: object, prefix: string, names: readonly string[]): Iterable<[object, string]> {
  for (const name of names) {
    const constructor: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
    if (typeof constructor === "function") yield [constructor.prototype, prefix + name];
  }
}

const PROTOTYPE_BY_NAME: ReadonlyMap<string, object> = new Map(
  Array.from(NAME_BY_PROTOTYPE, ([prototype, name]) => [name, prototype]),
);

/** Names of the errors that are stored with message, stack and cause. */
export const ERROR_NAMES: ReadonlySet<string> = new Set(LANGUAGE.map((error) => error.name));

const stackOfAll = Object.getOwnPropertyDescriptor(new Error(), "stack")!;

/** Name of the class of an error of the language or of Deno; `null` for another one. */
export function errorClassName(error: object): string | null {
  const prototype = Object.getPrototypeOf(error);
  const name = NAME_BY_PROTOTYPE.get(prototype);
  if (name !== undefined) return name;
  for (const each of Object.keys(Deno.errors)) {
    if (denoErrorPrototype(each) === prototype) return `Deno.errors.${each}`;
  }
  return null;
}

function denoErrorPrototype(name: string): object | null {
  const constructor: unknown = Object.getOwnPropertyDescriptor(Deno.errors, name)?.value;
  return typeof constructor === "function" ? constructor.prototype : null;
}

/** An error of the language as its constructor makes it, perhaps with further members. */
export interface PlainError {
  readonly message: string | undefined;
  readonly stack: string | undefined;
  readonly cause: PropertyDescriptor | undefined;
}

/** The parts of an error as its constructor makes it, and adds its further members to `further`; else `null`. */
export function takePlainError(error: Error, further: unknown[]): PlainError | Loss | null {
  if (!Object.isExtensible(error)) return null;
  const keys = Reflect.ownKeys(error);
  const own = Object.getOwnPropertyDescriptor(error, "stack");
  if (keys[0] !== "stack" || own!.get !== stackOfAll.get || own!.set !== stackOfAll.set) return null;
  if (own!.enumerable !== false || own!.configurable !== true) return null;
  let at = 1;
  const message = keys[at] === "message" ? Object.getOwnPropertyDescriptor(error, keys[at++]!) : undefined;
  if (message !== undefined && (attributesOf(message) !== BY_CONSTRUCTOR || typeof message.value !== "string")) {
    return null;
  }
  const cause = keys[at] === "cause" ? Object.getOwnPropertyDescriptor(error, keys[at++]!) : undefined;
  if (cause !== undefined && attributesOf(cause) !== BY_CONSTRUCTOR) return null;
  const read = internalStack(error);
  if ("what" in read) return read;
  const { stack } = read;
  if (typeof stack !== "string" && stack !== undefined) return null;
  if (keys.length > at) {
    const loss = takeMembers(error, keys.slice(at), further);
    if (loss !== null) return loss;
  }
  return { message: message?.value, stack, cause };
}

/** Adds all own members of an error to `into`. */
export function takeErrorMembers(error: object, into: unknown[]): Loss | null {
  return takeMembers(error, Reflect.ownKeys(error), into, stackOfAll.get);
}

/**
 * The stack that the engine keeps inside an error. When it was not read before, `Error.prepareStackTrace` is called
 * where the program has set it, as by every reading of a stack.
 */
export function internalStack(error: object): { readonly stack: unknown } | Loss {
  try {
    return { stack: stackOfAll.get!.call(error) };
  } catch {
    const remedy = "leave Error.prepareStackTrace as it is";
    return { member: "stack", what: "a stack trace that cannot be read", remedy };
  }
}

/** True when the own member `stack` is the one of the engine. */
export function hasStackMember(error: object): boolean {
  return Object.getOwnPropertyDescriptor(error, "stack")?.get === stackOfAll.get;
}

/** Replaces the stack inside an error. */
export function setInternalStack(error: object, stack: unknown): void {
  stackOfAll.set!.call(error, stack);
}

/** The descriptor of the engine's own member `stack`, with these attributes. */
export function stackMember(attributes: number): PropertyDescriptor {
  return {
    get: stackOfAll.get!,
    set: stackOfAll.set!,
    enumerable: (attributes & Attribute.enumerable) !== 0,
    configurable: (attributes & Attribute.configurable) !== 0,
  };
}

/** Calls `make` without the cost of stack traces, for errors whose stack is replaced. A limit of 0 saves nothing. */
export function withoutTrace<T>(make: () => T): T {
  const limit = Object.getOwnPropertyDescriptor(Error, "stackTraceLimit");
  if (limit?.writable !== true) return make();
  (Error as { stackTraceLimit: number | undefined }).stackTraceLimit = undefined;
  try {
    return make();
  } finally {
    Error.stackTraceLimit = limit.value;
  }
}

const CONSTRUCTORS: Readonly<Record<string, ErrorConstructor>> = Object.assign(
  Object.create(null),
  Object.fromEntries(LANGUAGE.map((error) => [error.name, error])),
);

/** Makes an error of the language with message and stack. */
export function makeError(name: string, message: unknown, stack: unknown): Error {
  const constructor = CONSTRUCTORS[name]!;
  const error = withoutTrace(() => typeof message === "string" ? new constructor(message) : new constructor());
  setInternalStack(error, typeof stack === "string" ? stack : undefined);
  return error;
}

/** Makes an error of the language or of Deno without own members; `null` when there is no class of that name. */
export function makeBareError(name: string): Error | null {
  const prefix = "Deno.errors.";
  const prototype = name.startsWith(prefix)
    ? denoErrorPrototype(name.slice(prefix.length))
    : PROTOTYPE_BY_NAME.get(name) ?? null;
  if (prototype === null) return null;
  const error = withoutTrace(() => new Error());
  for (const key of Reflect.ownKeys(error)) delete (error as never)[key];
  return Object.setPrototypeOf(error, prototype);
}
