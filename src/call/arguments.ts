/**
 * Arguments as inputs: leaves out those that do not count, sets files apart, and brings calls that the function cannot
 * tell apart into one form.
 *
 * @module
 */
import { ownValue } from "../values/brands.ts";
import { isNativeFunction } from "../values/kinds.ts";
import { fillDefaults, type ParameterList } from "../code/syntax/parameters.ts";

/** Place of an argument, or of a property of an argument, that an option names. */
interface ArgumentPlace {
  readonly index: number;
  /** Property names from the argument inwards; empty for the argument itself. */
  readonly path: readonly string[];
}

/** Places of the arguments that the options of a function name; found once per function. */
export interface ArgumentPlan {
  /** `null` when the parameter list cannot be known: a bound or native function. */
  readonly parameters: ParameterList | null;
  /** Names of the parameters, to show where a value is. */
  readonly names: readonly string[];
  readonly ignored: readonly ArgumentPlace[];
  /** True when the receiver does not count: `ignoreArgs` has `this`. */
  readonly ignoresReceiver: boolean;
  readonly files: readonly ArgumentPlace[];
  /** The places in `ignored` and `files` as text: a part of the key, since by another choice other inputs count. */
  readonly signature: string;
}

/** The arguments of one call: those that count by value, and those that are files. */
export interface Inputs {
  /** Arguments by position, with defaults filled in, and `undefined` in place of ignored arguments and files. */
  readonly values: readonly unknown[];
  /** Values of the parameters listed in `fileArgs`, in that order. */
  readonly files: readonly unknown[];
}

/**
 * Finds the places that the names in `fileArgs` and `ignoreArgs` stand for.
 *
 * @param parameters The function's parameter list.
 * @param options The two options; each name must be one of the function's parameters.
 */
export function planArguments(
  parameters: ParameterList | null,
  options: { readonly fileArgs: readonly string[]; readonly ignoreArgs: readonly string[] },
): ArgumentPlan {
  const places = (names: readonly string[]): ArgumentPlace[] => names.flatMap((name) => placesOf(parameters, name));
  const ignored = places(options.ignoreArgs);
  const ignoresReceiver = options.ignoreArgs.includes("this");
  const files = places(options.fileArgs);
  return {
    parameters,
    names: parameters?.labels ?? [],
    ignored,
    ignoresReceiver,
    files,
    signature: JSON.stringify([ignored, files].map((list) => list.map(({ index, path }) => [index, ...path]))) +
      (ignoresReceiver ? " this" : ""),
  };
}

function placesOf(parameters: ParameterList | null, name: string): ArgumentPlace[] {
  const names = parameters?.names ?? [];
  const whole = names.filter((bound) => bound.name === name);
  if (whole.length > 0) return whole.map(({ index, path }) => ({ index, path }));
  const [first, ...rest] = name.split(".");
  return names.filter((bound) => bound.name === first).map(({ index, path }) => ({ index, path: [...path, ...rest] }));
}

/**
 * Normalizes the arguments of one call.
 *
 * `f(1)`, `f(1, undefined)` and `f(1, <its default>)` give equal inputs. Arguments beyond the parameter list are
 * dropped when the function has no way to see them.
 *
 * @param plan Plan for the arguments of the function.
 * @param args Arguments as the caller passed them; not changed.
 */
export function normalizeArguments(plan: ArgumentPlan, args: readonly unknown[]): Inputs {
  const { parameters } = plan;
  let values = [...args];
  if (parameters !== null && !parameters.usesArguments) {
    if (!parameters.rest && values.length > parameters.count) values.length = parameters.count;
    values = fillDefaults(parameters, values);
  }
  const files = plan.files.map((place) => valueAt(values, place, parameters));
  for (const place of plan.files) blank(values, place, parameters);
  for (const place of plan.ignored) blank(values, place, parameters);
  trim(values, parameters);
  return { values, files };
}

/** Drops `undefined` at the end, where the function cannot tell it from an argument that was not passed. */
function trim(values: unknown[], parameters: ParameterList | null): void {
  if (parameters === null || parameters.usesArguments) return;
  if (values.length > (parameters.rest ? parameters.count - 1 : parameters.count)) return;
  while (values.length > 0 && values[values.length - 1] === undefined) values.length -= 1;
}

/** True for the position of a rest parameter, which stands for all arguments from this position on. */
function isRest(index: number, parameters: ParameterList | null): boolean {
  return parameters !== null && parameters.rest && index === parameters.count - 1;
}

function valueAt(
  values: readonly unknown[],
  { index, path }: ArgumentPlace,
  parameters: ParameterList | null,
): unknown {
  let value: unknown = isRest(index, parameters) ? values.slice(index) : values[index];
  for (const name of path) {
    if (typeof value !== "object" || value === null) return undefined;
    value = (value as Record<string, unknown>)[name];
  }
  return value;
}

/** Removes the value at a place. Objects on the way to the value are the caller's, so they are copied. */
function blank(values: unknown[], { index, path }: ArgumentPlace, parameters: ParameterList | null): void {
  if (path.length === 0) {
    if (isRest(index, parameters)) values.length = Math.min(values.length, index);
    else if (index < values.length) values[index] = undefined;
    return;
  }
  let holder: Record<string, unknown> | unknown[] = values;
  for (const name of [index, ...path.slice(0, -1)]) {
    const inner: unknown = (holder as Record<string | number, unknown>)[name];
    if (typeof inner !== "object" || inner === null) return;
    const copy = copyOfHolder(inner);
    (holder as Record<string | number, unknown>)[name] = copy;
    holder = copy;
  }
  delete (holder as Record<string, unknown>)[path.at(-1)!];
}

/** Copies an object on the way to a value that is left out. No accessor is called; the copy keeps the prototype. */
function copyOfHolder(inner: object): Record<string, unknown> | unknown[] {
  if (Array.isArray(inner)) return [...inner];
  return Object.create(Object.getPrototypeOf(inner), Object.getOwnPropertyDescriptors(inner)) as Record<
    string,
    unknown
  >;
}

/**
 * Returns the shape of a file argument: its value with the text `"file"` in place of each path.
 *
 * Strings and `file:` URLs are paths, at every depth of arrays, Maps, Sets, plain objects and the members of instances.
 * Other URLs count by their text, everything else by value. No string of the value itself stays bare in the shape, so that a mark such as
 * `"file"` cannot be mistaken for a string of the value.
 *
 * @param value The value of a parameter listed in `fileArgs`.
 * @param onPath Called with each path, in an order that depends on the shape alone.
 */
export function shapeOfFiles(value: unknown, onPath: (path: string | URL) => void): unknown {
  const isText = typeof value === "string";
  if (isText && isForeignUrl(value)) return ["text", value];
  if (value instanceof URL && value.protocol !== "file:") return ["text", value.href];
  if (isText || value instanceof URL) {
    onPath(value);
    return "file";
  }
  if (Array.isArray(value)) return value.map((item) => shapeOfFiles(item, onPath));
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, shapeOfFiles(item, onPath)]));
  // An array, since a Set would hold only one of several equal marks.
  if (value instanceof Set) return ["set", ...[...value].map((item) => shapeOfFiles(item, onPath))];
  if (isPlainObject(value)) {
    const names = Object.keys(value).sort();
    return Object.fromEntries(names.map((name) => [name, shapeOfFiles(value[name], onPath)]));
  }
  if (typeof value === "object" && value !== null && isOfUserClass(value)) {
    const names = Object.keys(value).filter((name) => "value" in Object.getOwnPropertyDescriptor(value, name)!).sort();
    const members = names.map((name) => [name, shapeOfFiles((value as Record<string, unknown>)[name], onPath)]);
    return ["instance", Object.getPrototypeOf(value).constructor, Object.fromEntries(members)];
  }
  return value;
}

/** True for an instance of a class of the user. */
function isOfUserClass(value: object): boolean {
  const constructor = ownValue(Object.getPrototypeOf(value) ?? {}, "constructor");
  return typeof constructor === "function" && !isNativeFunction(constructor) && !ArrayBuffer.isView(value);
}

/** True for a URL with another scheme than `file:`. */
function isForeignUrl(text: string): boolean {
  return /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
