/**
 * Arguments as inputs: leaves out those that do not count, sets files apart, and brings calls that the function cannot
 * tell apart into one form.
 *
 * @module
 */
import { ownValue } from "../values/brands.ts";
import { isProxy } from "../words/type_tests.ts";
import { holdsSecret, looksSecret } from "../values/preview.ts";
import { fillDefaults, type ParameterList } from "../code/syntax/parameters.ts";
import type { ResolvedOptions } from "../options/check_options.ts";

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
  /** Paths of the members of the receiver that do not count: `this.log`. */
  readonly ignoredOfReceiver: readonly (readonly string[])[];
  readonly files: readonly ArgumentPlace[];
  /** Places in `secretArgs`, and those of parameters whose names look like secrets. They decide no key. */
  readonly secrets: readonly ArgumentPlace[];
  /** Paths in `secretArgs` from the receiver inwards; an empty one is the receiver itself. */
  readonly secretsOfReceiver: readonly MemberPath[];
  /** The places in `ignored` and `files` as text: a part of the key, since by another choice other inputs count. */
  readonly signature: string;
}

/** The arguments of one call: those that count by value, and those that are files. */
export interface Inputs {
  /** Arguments by position, with defaults filled in, and `undefined` in place of ignored arguments, files and signals. */
  readonly values: readonly unknown[];
  /** Values of the parameters listed in `fileArgs`, in that order. */
  readonly files: readonly unknown[];
  /** Keys of members that do not count, by the object that has them; `null` when there are none. */
  readonly leftOut: LeftOut | null;
  /** Signals that are arguments, or members of these; each ends the call and its waiting. */
  readonly signals: readonly AbortSignal[];
}

/** Property names from a value inwards; `*` for any name. */
export type MemberPath = readonly string[];

/** Keys of members that do not count, by the object that has them. */
export type LeftOut = ReadonlyMap<object, ReadonlySet<PropertyKey>>;

/**
 * Finds the places that the names in `fileArgs`, `ignoreArgs` and `secretArgs` stand for.
 *
 * @param parameters The function's parameter list.
 * @param options The three options; each name must be one of the function's parameters.
 */
export function planArguments(
  parameters: ParameterList | null,
  options: Pick<ResolvedOptions, "fileArgs" | "ignoreArgs" | "secretArgs">,
): ArgumentPlan {
  const places = (names: readonly string[]): ArgumentPlace[] => names.flatMap((name) => placesOf(parameters, name));
  const ignored = places(options.ignoreArgs);
  const ignoresReceiver = options.ignoreArgs.includes("this");
  const ofReceiver = (names: readonly string[]): MemberPath[] =>
    names.filter((name) => name === "this" || name.startsWith("this.")).map((name) => name.split(".").slice(1));
  const ignoredOfReceiver = ofReceiver(options.ignoreArgs).filter((path) => path.length > 0);
  const files = places(options.fileArgs);
  return {
    parameters,
    names: parameters?.labels ?? [],
    ignored,
    ignoresReceiver,
    ignoredOfReceiver,
    files,
    secrets: [
      ...places(options.secretArgs),
      ...(parameters?.names ?? []).filter(({ name }) => looksSecret(name)).map(({ index, path }) => ({ index, path })),
    ],
    secretsOfReceiver: ofReceiver(options.secretArgs),
    signature: JSON.stringify([ignored, files].map((list) => list.map(({ index, path }) => [index, ...path]))) +
      (ignoresReceiver ? " this" : "") + (ignoredOfReceiver.length > 0 ? JSON.stringify(ignoredOfReceiver) : ""),
  };
}

function placesOf(parameters: ParameterList | null, name: string): ArgumentPlace[] {
  const names = parameters?.names ?? [];
  const whole = names.filter((bound) => bound.name === name);
  if (whole.length > 0) return whole.map(({ index, path }) => ({ index, path }));
  const [first, ...rest] = name.split(".");
  return names.filter((bound) => bound.name === first).map(({ index, path }) => ({ index, path: [...path, ...rest] }));
}

/** Paths of the secrets in an argument, by the position of the argument; an empty path is the argument itself. */
export function secretsAt({ secrets, parameters }: ArgumentPlan, position: number): readonly MemberPath[] {
  return secrets.flatMap(({ index, path }) => {
    if (!isRest(index, parameters)) return index === position ? [path] : [];
    const [first, ...rest] = path;
    if (first === undefined) return position >= index ? [path] : [];
    return first === "*" || first === String(position - index) ? [rest] : [];
  });
}

/**
 * Returns the plan for one call, with the defaults among the secrets that were filled in and made of an earlier parameter
 * that is a secret, has one, or is a text that holds one. A value that the caller gave in the place of such a default is
 * shown.
 *
 * @param args Arguments as the caller passed them.
 */
export function withMadeSecrets(plan: ArgumentPlan, args: readonly unknown[]): ArgumentPlan {
  const { parameters } = plan;
  if (parameters === null || parameters.made.length === 0 || parameters.usesArguments) return plan;
  const filled = fillDefaults(parameters, args);
  let ofCall = plan;
  for (const { index, path, uses } of parameters.made) {
    if (valueAt(args, { index, path }, parameters) !== undefined) continue;
    const isOfSecret = (used: number) => {
      const value = filled[used];
      return secretsAt(ofCall, used).length > 0 || typeof value === "string" && holdsSecret(value);
    };
    if (uses.some(isOfSecret)) ofCall = { ...ofCall, secrets: [...ofCall.secrets, { index, path }] };
  }
  return ofCall;
}

/**
 * Paths of the secrets in a member of a value, found by those in the value and by the name of the member; an empty path
 * is the member itself.
 */
export function secretsIn(paths: readonly MemberPath[], name: string): readonly MemberPath[] {
  if (looksSecret(name)) return SECRET;
  if (paths.length === 0) return paths;
  return paths.filter(([first]) => first === name || first === "*").map(([, ...rest]) => rest);
}

/**
 * Name of an element of an array: for the second of a pair after the name of a secret, as in lists of headers, that name,
 * and so for what follows an option of a command (`--password`); else the index.
 */
export function nameOfElement(array: readonly unknown[], index: number): string {
  const before = array[index - 1];
  if (typeof before !== "string" || !looksSecret(before)) return String(index);
  return index === 1 && array.length <= 3 || /^--?[a-z][\w.-]*$/i.test(before) ? before : String(index);
}

/**
 * Name by which a member of an object may be a secret: for the value beside the name of a secret, as in
 * `{ name: "password", value: … }`, that name; else its own.
 */
export function nameOfMember(holder: object, name: string): string {
  if (!VALUES_OF_NAMED.has(name.toLowerCase())) return name;
  for (const naming of NAMING) {
    const text = ownValue(holder, naming);
    if (typeof text === "string" && looksSecret(text)) return text;
  }
  return name;
}

/** Members that have the value of what another member names. */
const VALUES_OF_NAMED = new Set(["value", "values", "val", "content", "contents", "data", "text"]);
/** Members whose value is the name of another one. */
const NAMING = ["name", "key", "header", "field", "variable", "Name", "Key", "Header", "Field", "Variable"];

/** Path of a value that is a secret as a whole. */
const SECRET: readonly MemberPath[] = [[]];

/** True when these paths lead to a value itself. */
export function isSecretItself(paths: readonly MemberPath[]): boolean {
  return paths.some((path) => path.length === 0);
}

/** Cuts the path to a part of an argument behind a secret, since names of parts of it may be secrets, too. */
export function cutBehindSecret(plan: ArgumentPlan, path: string): string {
  const position = /^args\[(\d+)\]/.exec(path)?.[1];
  const secrets = position === undefined ? plan.secretsOfReceiver : secretsAt(plan, Number(position));
  const places = secrets.map((inner) => [position === undefined ? "this" : `args[${position}]`, ...inner].join("."));
  const place = places.find((one) => path.startsWith(one));
  return place === undefined || place === path ? path : `${place}…`;
}

/**
 * Normalizes the arguments of one call.
 *
 * `f(1)`, `f(1, undefined)` and `f(1, <its default>)` give equal inputs. Arguments beyond the parameter list are
 * dropped when the function has no way to see them.
 *
 * @param plan Plan for the arguments of the function.
 * @param args Arguments as the caller passed them; not changed.
 * @param receiver The `this` of the call, of which members may be left out.
 * @param hasSignals True when there are signals among the arguments, which are taken out.
 */
export function normalizeArguments(
  plan: ArgumentPlan,
  args: readonly unknown[],
  receiver?: unknown,
  hasSignals = false,
): Inputs {
  const { parameters } = plan;
  let values = [...args];
  if (parameters !== null && !parameters.usesArguments) {
    if (!parameters.rest && values.length > parameters.count) values.length = parameters.count;
    values = fillDefaults(parameters, values);
  }
  const { files: filePlaces, ignored, ignoredOfReceiver } = plan;
  if (!hasSignals && filePlaces.length + ignored.length + ignoredOfReceiver.length === 0) {
    trim(values, parameters);
    return { values, files: [], leftOut: null, signals: [] };
  }
  const signals = signalsIn(values, plan, hasSignals);
  const leftOut = new Map<object, Set<PropertyKey>>();
  const files = filePlaces.map((place) => fileAt(values, place, parameters));
  for (const place of filePlaces) leaveOut(values, place, parameters, leftOut);
  for (const place of ignored) leaveOut(values, place, parameters, leftOut);
  for (const path of ignoredOfReceiver) leaveOutMember(receiver, path, leftOut);
  for (const { holder, key } of signals) {
    if (holder === values) values[key as number] = undefined;
    else addTo(leftOut, holder, key);
  }
  trim(values, parameters);
  return {
    values,
    files,
    leftOut: leftOut.size === 0 ? null : leftOut,
    signals: signals.map(({ signal }) => signal),
  };
}

function isHolder(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** A signal, and where it is: an argument itself, or a member of one. */
interface FoundSignal {
  readonly holder: object;
  readonly key: PropertyKey;
  readonly signal: AbortSignal;
}

/**
 * Finds the signals among the arguments and the members of plain objects among these, or only those in places that are
 * ignored: what is ignored is no input, and a signal in it ends the call all the same. No accessor is called.
 */
function signalsIn(values: unknown[], { ignored, parameters }: ArgumentPlan, inAll: boolean): FoundSignal[] {
  const found: FoundSignal[] = [];
  const look = (holder: object, key: PropertyKey, value: unknown) => {
    if (isSignal(value)) found.push({ holder, key, signal: value });
  };
  const lookInto = (holder: unknown) => {
    if (!isHolder(holder) || isProxy(holder) || Object.getPrototypeOf(holder) !== Object.prototype) return;
    for (const key of Object.keys(holder)) look(holder, key, ownValue(holder, key));
  };
  for (const [index, value] of values.entries()) {
    if (!inAll && !ignored.some((place) => place.index === index)) continue;
    look(values, index, value);
    lookInto(value);
  }
  for (const place of ignored) if (place.path.length > 0) lookInto(valueAt(values, place, parameters));
  return found;
}

function isSignal(value: unknown): value is AbortSignal {
  return isHolder(value) && !isProxy(value) && Object.getPrototypeOf(value) === AbortSignal.prototype;
}

/**
 * Puts the caller's own values in the places that are ignored, since the function may write to them: a log, a progress.
 *
 * @param copies Copies of the arguments, which are changed.
 * @param given The arguments as the caller passed them.
 */
export function withIgnored(
  { ignored, parameters }: ArgumentPlan,
  copies: readonly unknown[],
  given: readonly unknown[],
): readonly unknown[] {
  const args = [...copies];
  for (const place of ignored) {
    const { index, path } = place;
    if (isRest(index, parameters)) continue;
    const key = path.at(-1);
    if (key === undefined) {
      if (index < args.length) args[index] = given[index];
      continue;
    }
    const holder = holderAt(args[index], path);
    if (isHolder(holder) && !isProxy(holder) && Object.hasOwn(holder, key)) {
      (holder as Record<string, unknown>)[key] = valueAt(given, place, parameters);
    }
  }
  return args;
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
  return path.reduce<unknown>(dataAt, argumentAt(values, index, parameters));
}

/** Object that has the last member of a path, which leads inwards from `subject` over data members. */
function holderAt(subject: unknown, path: readonly string[]): unknown {
  return path.slice(0, -1).reduce<unknown>(dataAt, subject);
}

/** The argument at a position; for a rest parameter, an array of all arguments from there on. */
function argumentAt(values: readonly unknown[], index: number, parameters: ParameterList | null): unknown {
  return isRest(index, parameters) ? values.slice(index) : values[index];
}

/** Value of a file argument. An accessor that the option names is called, as the function does. */
function fileAt(values: readonly unknown[], { index, path }: ArgumentPlace, parameters: ParameterList | null): unknown {
  let value = argumentAt(values, index, parameters);
  for (const name of path) {
    const isMember = (typeof value === "object" || typeof value === "function") && value !== null && !isProxy(value);
    value = isMember ? Reflect.get(value as object, name) : undefined;
  }
  return value;
}

/** Value of a data member, own or inherited; `undefined` for an accessor, which is not called, and in a Proxy. */
function dataAt(value: unknown, name: string): unknown {
  for (let at: unknown = value; isHolder(at) && !isProxy(at); at = Object.getPrototypeOf(at)) {
    if (Object.hasOwn(at, name)) return ownValue(at, name);
  }
  return undefined;
}

/** Leaves out the value at a place: an argument is replaced by `undefined`, a member is noted and stays where it is. */
function leaveOut(
  values: unknown[],
  { index, path }: ArgumentPlace,
  parameters: ParameterList | null,
  leftOut: Map<object, Set<PropertyKey>>,
): void {
  const [first, ...rest] = path;
  if (first === undefined) {
    if (isRest(index, parameters)) values.length = Math.min(values.length, index);
    else if (index < values.length) values[index] = undefined;
  } else if (!isRest(index, parameters)) leaveOutMember(values[index], path, leftOut);
  else if (rest.length === 0) values[index + Number(first)] = undefined;
  else leaveOutMember(values[index + Number(first)], rest, leftOut);
}

function leaveOutMember(subject: unknown, path: readonly string[], leftOut: Map<object, Set<PropertyKey>>): void {
  const holder = holderAt(subject, path);
  if (isHolder(holder)) addTo(leftOut, holder, path.at(-1)!);
}

function addTo(leftOut: Map<object, Set<PropertyKey>>, holder: object, key: PropertyKey): void {
  const keys = leftOut.get(holder) ?? new Set();
  leftOut.set(holder, keys.add(key));
}

/**
 * The mark that stands for a path in the canonical form of a file argument; `null` for a text that is no path.
 *
 * Strings and `file:` URLs are paths. Other URLs count by their text. What a URL has beside the path counts.
 */
export function markOfPath(value: string | URL): string | null {
  if (typeof value === "string") return /^(?!file:)[a-z][a-z0-9+.-]+:\/\//i.test(value) ? null : "path";
  return value.protocol === "file:" ? `URL ${value.search}${value.hash}` : null;
}
