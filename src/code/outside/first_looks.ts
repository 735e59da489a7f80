/**
 * What stood at places of packages when these were first looked at.
 *
 * State that runs change is left out. A function that stood there is code all the same: `once(fn)` drops `fn` when it was
 * called, and what it returned depends on it for ever. Of a list that runs add to, the first elements count.
 *
 * @module
 */

/** What counts although it may be replaced later. */
export type FirstValue = object | string | number;

const NONE: ReadonlyMap<PropertyKey, FirstValue> = new Map();
const found = new WeakMap<object, ReadonlyMap<PropertyKey, FirstValue>>();

/**
 * Functions, texts and numbers among the variables that a function sees, or among the members of an object, as they were
 * at the first look. A text may be what a program gave, from which the first run makes something else: a template. So may
 * a number: the seed of a generator of random numbers.
 *
 * @param holder The function that sees the variables, or the object that has the members.
 * @param current The values now. Those of the first call are the first ones.
 */
export function firstValuesOf(
  holder: object,
  current: Iterable<readonly [key: PropertyKey, value: unknown]>,
): ReadonlyMap<PropertyKey, FirstValue> {
  let first = found.get(holder);
  if (first === undefined) {
    const values = new Map<PropertyKey, FirstValue>();
    for (const [key, value] of current) {
      const isText = typeof value === "string" && value !== "";
      if (typeof value === "function" || isText || typeof value === "number") values.set(key, value);
    }
    found.set(holder, first = values.size === 0 ? NONE : values);
  }
  return first;
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
