/**
 * Tells whether an array, or a typed array, is just its elements.
 *
 * @module
 */
/** Below this length, naming all elements takes less time than finding the helper, which is loaded then. */
const LONG = 1 << 14;

type OwnNames = (subject: object, filter: number) => string[];

interface NodeGlobal {
  readonly process?: { binding(name: string): { readonly getOwnNonIndexProperties?: OwnNames } };
}

/** Own names that are no indices, without naming the elements; `null`: the platform has no such function. */
let ownNonIndexNames: OwnNames | null | undefined;

/** Properties that are enumerable and not named by symbols, as V8 numbers such filters. */
const ENUMERABLE_TEXT = 2 | 16;
/** All properties, hidden ones and those named by symbols too. */
const ALL = 0;

/**
 * Whether an array has an own value at each index and no enumerable text property besides.
 *
 * The language can only list all names of an array, which takes as long as writing them as JSON; so for long arrays
 * Node's own helper for `util.inspect` is asked, where there is one.
 */
export function isJustElements(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length >= LONG) {
    const ownNames = helper();
    if (ownNames !== null) return ownNames(array, ENUMERABLE_TEXT).length === 0 && !hasHole(array);
  }
  const names = Object.keys(array);
  return names.length === length && (length === 0 || names[length - 1] === String(length - 1));
}

/** Whether an array has an own value at each index and no property besides but `length`, whatever it is named. */
export function isElementsAlone(array: readonly unknown[]): boolean {
  const { length } = array;
  if (length >= LONG) {
    const ownNames = helper();
    if (ownNames !== null) return ownNames(array, ALL).length === 1 && isFull(array);
  }
  // As many names as elements and `length`, the last element among them: no place is left for anything else.
  const names = Reflect.ownKeys(array);
  return names.length === length + 1 && (length === 0 || names[length - 1] === String(length - 1));
}

/** Whether there is an element at each index, told without reading it, which may call an accessor. */
function isFull(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) {
    if (!Object.hasOwn(array, index)) return false;
  }
  return true;
}

/** Whether a typed array has no property but its elements. */
export function isBytesAlone(view: ArrayBufferView): boolean {
  const ownNames = helper();
  if (ownNames !== null) return ownNames(view, ALL).length === 0;
  return Reflect.ownKeys(view).length === (view instanceof DataView ? 0 : (view as Uint8Array).length);
}

function hasHole(array: readonly unknown[]): boolean {
  for (let index = 0; index < array.length; index++) {
    if (array[index] === undefined && !Object.hasOwn(array, index)) return true;
  }
  return false;
}

function helper(): OwnNames | null {
  return ownNonIndexNames === undefined ? ownNonIndexNames = findHelper() : ownNonIndexNames;
}

function findHelper(): OwnNames | null {
  try {
    // By way of the global, since importing node:process takes 30 ms, which most programs need not spend.
    const helper = (globalThis as unknown as NodeGlobal).process?.binding("util").getOwnNonIndexProperties;
    const probe = Object.defineProperty(Object.assign([1, 2], { named: 3 }), Symbol.iterator, { value: 4 });
    return helper?.(probe, ENUMERABLE_TEXT).join() === "named" &&
        helper(probe, ALL).map(String).join() === "length,named,Symbol(Symbol.iterator)"
      ? helper
      : null;
  } catch {
    return null;
  }
}
