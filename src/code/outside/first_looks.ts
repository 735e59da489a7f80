/**
 * What stood at places of packages when these were first looked at.
 *
 * State that runs change is left out. A function that stood there is code all the same: `once(fn)` drops `fn` when it was
 * called, and what it returned depends on it for ever. Of a list that runs add to, the first elements count.
 *
 * @module
 */

import { isPrimitive, isProxy } from "../../words/type_tests.ts";
import { writePrimitive } from "../walk/values.ts";

/** What counts although it may be replaced later. */
export type FirstValue = object | string | number;

/** What stood at the places of a holder at the first look, and of which type it was at the last one. */
interface Looks {
  readonly first: Map<PropertyKey, FirstValue>;
  readonly lastTypes: Map<PropertyKey, string>;
}

const NO_LOOKS: Looks = { first: new Map(), lastTypes: new Map() };
const found = new WeakMap<object, Looks>();

/**
 * Functions, texts and numbers among the variables that a function sees, or among the members of an object, as they were
 * at the first look. A text may be what a program gave, from which the first run makes something else: a template. So may
 * a number: the seed of a generator of random numbers.
 *
 * Where a run has put something of another type in the place, and later one of the first type stands there again, the
 * program was given anew: a template that is registered a second time. Then that value is the first one.
 *
 * @param holder The function that sees the variables, or the object that has the members.
 * @param current The values now. Those of the first call are the first ones.
 */
export function firstValuesOf(
  holder: object,
  current: Iterable<readonly [key: PropertyKey, value: unknown]>,
): ReadonlyMap<PropertyKey, FirstValue> {
  const known = found.get(holder);
  if (known === NO_LOOKS) return known.first;
  const looks = known ?? { first: new Map(), lastTypes: new Map() };
  for (const [key, value] of current) {
    const lastType = looks.lastTypes.get(key);
    const isAnew = typeof value === typeof looks.first.get(key) && lastType !== typeof value;
    if ((!known || isAnew) && mayBeGiven(value)) looks.first.set(key, value);
    if (looks.first.has(key) && lastType !== typeof value) looks.lastTypes.set(key, typeof value);
  }
  if (!known) found.set(holder, looks.first.size === 0 ? NO_LOOKS : looks);
  return looks.first;
}

/** First value at a place, its type, and the type that was there at the last look. */
export interface FirstLook {
  readonly value: FirstValue | undefined;
  readonly type: string;
  readonly lastType: string;
}

const places = new WeakMap<object, Map<string, FirstLook>>();

/**
 * Like {@linkcode firstValuesOf}, for the one value at a place that all functions see alike: a variable of a module, a
 * private field, an entry of a table. There `true` or `false`, and a small object of data, count too, by a text.
 *
 * @param holder The object that keeps the place: for a variable, a function of the module.
 * @param place Name of the place.
 */
export function firstLookAt(holder: object, place: string, value: unknown): FirstLook {
  const known = places.get(holder) ?? new Map<string, FirstLook>();
  places.set(holder, known);
  const before = known.get(place);
  const lastType = typeof value;
  const isAnew = before?.value !== undefined && before.type === lastType && before.lastType !== lastType;
  const look = before === undefined || isAnew
    ? { value: givenBy(value), type: lastType, lastType }
    : { ...before, lastType };
  known.set(place, look);
  return look;
}

function givenBy(value: unknown): FirstValue | undefined {
  if (typeof value === "boolean") return String(value);
  const given = textOfData(value) ?? value;
  return mayBeGiven(given) ? given : undefined;
}

/** Number of members up to which an object of data is what a program gave, rather than what code gathers. */
const MAX_GIVEN = 64;

/** Text of a plain object, or a list, of primitive values; `null` for any other value, and for an empty object. */
function textOfData(value: unknown): string | null {
  if (typeof value !== "object" || value === null || isProxy(value)) return null;
  const parent: unknown = Object.getPrototypeOf(value);
  if (parent !== Object.prototype && parent !== Array.prototype && parent !== null) return null;
  const members = Object.entries(Object.getOwnPropertyDescriptors(value));
  const isOfData = members.every(([, one]) =>
    "value" in one && isPrimitive(one.value) && typeof one.value !== "symbol"
  );
  if (members.length === 0 || members.length > MAX_GIVEN || !isOfData) return null;
  return JSON.stringify(members.map(([key, one]) => [key, writePrimitive(one.value)]));
}

function mayBeGiven(value: unknown): value is FirstValue {
  return typeof value === "function" || typeof value === "string" && value !== "" || typeof value === "number";
}

const answers = new WeakMap<object, unknown>();

/** Answer to a question about an object, as it was when it was first asked. There is one question for each object. */
export function atFirstLook<Answer>(object: object, ask: () => Answer): Answer {
  if (!answers.has(object)) answers.set(object, ask());
  return answers.get(object) as Answer;
}

const symbols = new WeakMap<symbol, string>();

/** Takes note of the variable of a package that holds a symbol: two symbols may have one description. */
export function noteSymbol(symbol: symbol, path: string): void {
  if (Symbol.keyFor(symbol) === undefined && !symbols.has(symbol)) symbols.set(symbol, path);
}

/** Name of a symbol, which is the same in every process. */
export function nameOfSymbol(symbol: symbol): string {
  const isRegistered = Symbol.keyFor(symbol) !== undefined;
  return isRegistered ? `registered ${String(symbol)}` : `${String(symbol)} ${symbols.get(symbol) ?? ""}`;
}
