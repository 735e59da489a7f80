/**
 * Arguments as inputs: which of them count, which are files, and one form for calls that the function cannot tell apart.
 *
 * @module
 */
import { fillDefaults, type ParameterList } from "../code/syntax/parameters.ts";

/** One argument, or one property of it, that an option names. */
interface ArgumentPlace {
  readonly index: number;
  /** Property names from the argument inwards; empty for the argument itself. */
  readonly path: readonly string[];
}

/** What the options of a function say about its arguments; worked out once per function. */
export interface ArgumentPlan {
  /** `null` when the parameter list cannot be known: a bound or native function. */
  readonly parameters: ParameterList | null;
  /** Names of the parameters, for showing where a value is. */
  readonly names: readonly string[];
  readonly ignored: readonly ArgumentPlace[];
  readonly files: readonly ArgumentPlace[];
  /** The two lists by position: part of the key, since another choice of inputs is another question. */
  readonly signature: string;
}

/** The arguments of one call, split by how they count. */
export interface Inputs {
  /** By position, defaults filled in; what is ignored or a file is `undefined` here. */
  readonly values: readonly unknown[];
  /** Values of the parameters listed in `fileArgs`, in that order. */
  readonly files: readonly unknown[];
}

/**
 * Works out where the names in `fileArgs` and `ignoreArgs` point.
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
  const files = places(options.fileArgs);
  return {
    parameters,
    names: parameters?.labels ?? [],
    ignored,
    files,
    signature: JSON.stringify([ignored, files].map((list) => list.map(({ index, path }) => [index, ...path]))),
  };
}

function placesOf(parameters: ParameterList | null, name: string): ArgumentPlace[] {
  return (parameters?.names ?? []).filter((bound) => bound.name === name)
    .map(({ index, path }) => ({ index, path }));
}

/**
 * Brings the arguments of one call into the form in which they count.
 *
 * `f(1)`, `f(1, undefined)` and `f(1, <its default>)` come out alike. Arguments beyond the parameter list are dropped
 * when the function has no way to see them.
 *
 * @param plan What the options say.
 * @param args As the caller passed them; not changed.
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

/** Drops what is as good as not passed: `undefined` at the end, where the function cannot tell. */
function trim(values: unknown[], parameters: ParameterList | null): void {
  if (parameters === null || parameters.usesArguments) return;
  if (values.length > (parameters.rest ? parameters.count - 1 : parameters.count)) return;
  while (values.length > 0 && values[values.length - 1] === undefined) values.length -= 1;
}

/** A rest parameter stands for all arguments from its position on. */
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

/** Leaves a value out, copying the objects on the way to it. */
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
    const copy = Array.isArray(inner) ? [...inner] : { ...inner };
    (holder as Record<string | number, unknown>)[name] = copy;
    holder = copy;
  }
  delete (holder as Record<string, unknown>)[path.at(-1)!];
}

/**
 * The value of a file argument with each path replaced by the text `"file"`: its shape.
 *
 * Strings and `file:` URLs are paths, at every depth of arrays, Maps, Sets and objects; other URLs count by their text,
 * everything else by value. The shape cannot be mistaken for another's: no other string stays bare.
 *
 * @param value The value of a parameter listed in `fileArgs`.
 * @param onPath Is given the paths, in an order that depends on the shape alone.
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
  // An array: equal marks would be one in a Set.
  if (value instanceof Set) return ["set", ...[...value].map((item) => shapeOfFiles(item, onPath))];
  if (isPlainObject(value)) {
    const names = Object.keys(value).sort();
    return Object.fromEntries(names.map((name) => [name, shapeOfFiles(value[name], onPath)]));
  }
  return value;
}

/** Text with another scheme than `file:`. */
function isForeignUrl(text: string): boolean {
  return /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(text);
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  if (typeof value !== "object" || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}
