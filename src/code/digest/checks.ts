/**
 * Checks, made at each call, that the values behind a fingerprint are unchanged, without another walk.
 *
 * @module
 */
import { areUsualElements, hasNamesAlone, haveEqualItems, isUsual, LOOKED_AT } from "../../values/key/key_members.ts";
import { isBuiltInInside } from "../../values/brands.ts";
import { classify, mayHavePrivateState } from "../../values/kinds.ts";
import { isProxy } from "../../words/type_tests.ts";
import type { Use } from "../syntax/uses.ts";
import { findMember, type FoundMember } from "../walk/members.ts";
import { type MemberSnapshot, snapshotOf, type StateFindings } from "../state/state.ts";
import { type Numbering, type ValueView, writeValue, type WrittenValue } from "../walk/values.ts";

/** Size of a value in canonical bytes from which on it is watched, which takes memory, instead of written again. */
const WATCHED_BYTES = 1 << 16;

/** The checks of one fingerprint, in the order in which they were found. */
export class FingerprintChecks {
  /** Functions that return true while a value is unchanged. */
  readonly list: (() => boolean)[] = [];
  readonly #view: ValueView;
  readonly #state: StateFindings;
  readonly #objects = new Set<object>();

  constructor(view: ValueView, state: StateFindings) {
    this.#view = view;
    this.#state = state;
  }

  /** Adds the check that a path of members leads to the value that was found. */
  addMember(root: unknown, { path }: Use, found: FoundMember): void {
    // Without a followed member, the value is the variable's own.
    if (found.followed === 0) return;
    this.list.push(() => Object.is(findMember(root, path).value, found.value));
  }

  /** Adds the check that an object still has the digest and the references that were written of it. */
  addObject(object: object, { digest, byteLength, references, met }: WrittenValue): void {
    if (this.#objects.has(object) || isDeeplyFixed(object)) return;
    this.#objects.add(object);
    const watch = byteLength < WATCHED_BYTES ? null : watchData(met, this.#view);
    this.list.push(
      watch ?? (() => {
        const now = writeValue(object, this.#view);
        return now.digest === digest && now.references.length === references.length &&
          now.references.every((one, index) => one === references[index]);
      }),
    );
  }

  /** Adds the check that a function or class has the members that it had: they can be replaced at any time. */
  addMembersOf(fn: object): void {
    const snapshot = snapshotOf(fn);
    const state = this.#state.members.get(fn);
    this.list.push(() => {
      const now = snapshotOf(fn);
      return now.length === snapshot.length && now.every(([key, value], index) => {
        const before = snapshot[index] as MemberSnapshot[number];
        return before[0] === key &&
          (Object.is(before[1], value) || (typeof key === "string" && state?.has(key) === true));
      });
    });
  }
}

/** True for plain data that is frozen at every depth, so that it never has to be looked at again. */
function isDeeplyFixed(object: object): boolean {
  const seen = new Set<object>([object]);
  // What is added meanwhile is visited too. A list, not a recursion, since data may be nested deeper than the stack.
  for (const one of seen) {
    if (isProxy(one)) return false;
    const prototype: unknown = Object.getPrototypeOf(one);
    const isPlain = prototype === null || prototype === Object.prototype || prototype === Array.prototype;
    if (!isPlain || !Object.isFrozen(one)) return false;
    for (const key of Reflect.ownKeys(one)) {
      const property = Object.getOwnPropertyDescriptor(one, key);
      if (property === undefined || !("value" in property) || typeof property.value === "function") return false;
      if (typeof property.value === "object" && property.value !== null) seen.add(property.value);
    }
  }
  return true;
}

/**
 * Takes note of all objects, names and values of plain data.
 *
 * @param met The objects, in any order.
 * @param view Tells which objects are state, which are not watched.
 * @returns A function that returns true while the data is as it was; `null` for anything but plain objects, arrays,
 * instances and values that hold nothing, all of them with the attributes that an assignment gives.
 */
function watchData(met: Numbering, view: Pick<ValueView, "isState" | "stateKeysOf">): (() => boolean) | null {
  const objects: object[] = [];
  /** Names of the members of each object; of an array, its length. */
  const shapes: (readonly string[] | number)[] = [];
  const values: unknown[] = [];
  /** Prototypes of the objects. */
  const prototypes: (object | null)[] = [];
  let last: readonly string[] = [];
  for (const object of met.subjects()) {
    if (typeof object !== "object") continue;
    if (isProxy(object) || view.isState(object) || view.stateKeysOf(object) !== undefined) return null;
    const own = namesOf(object, last, objects.length);
    if (own === undefined) return null;
    if (own !== null) last = own;
    objects.push(object);
    prototypes.push(Object.getPrototypeOf(object));
    shapes.push(own ?? (object as unknown[]).length);
    const { length } = own ?? object as unknown[];
    for (let index = 0; index < length; index++) {
      values.push((object as Record<PropertyKey, unknown>)[own === null ? index : own[index]!]);
    }
  }
  return () =>
    objects.every((object, at) => !isProxy(object) && Object.getPrototypeOf(object) === prototypes[at]) &&
    areUnchanged(objects, shapes, values);
}

/**
 * Names of the members of a plain object, or of an instance of a class without private members; `null` for an array,
 * `undefined` for any other object. As in keys, it is not looked at in the middle of a long table whether members are
 * accessors or read-only.
 *
 * @param before Names of the members of the object before this one, which are returned where they are equal.
 */
function namesOf(object: object, before: readonly string[], position: number): readonly string[] | null | undefined {
  const prototype = Object.getPrototypeOf(object);
  if (prototype === Array.prototype && Array.isArray(object)) return areUsualElements(object) ? null : undefined;
  const isPlain = prototype === Object.prototype;
  if (!isPlain && (classify(object).kind !== "instance" || mayHavePrivateState(object))) return undefined;
  const names = Object.keys(object);
  if (isPlain && (names.length === 0 || names[0] === "0") && isBuiltInInside(object)) return undefined;
  const isOfTable = haveEqualItems(names, before);
  const hasUsual = isOfTable && position > LOOKED_AT ? hasNamesAlone(object, names) : isUsual(object, names);
  if (!hasUsual) return undefined;
  return isOfTable ? before : names;
}

function areUnchanged(
  objects: readonly object[],
  shapes: readonly (readonly string[] | number)[],
  values: readonly unknown[],
): boolean {
  let last: readonly string[] = [];
  let next = 0;
  for (let at = 0; at < objects.length; at++) {
    const object = objects[at] as Record<PropertyKey, unknown>;
    const before = shapes[at]!;
    const now = namesOf(object, last, at);
    if (now === undefined) return false;
    if (now !== null) last = now;
    if (now === null) {
      if ((object as unknown as unknown[]).length !== before) return false;
    } else if (typeof before === "number" || !haveEqualItems(now, before)) return false;
    const length = typeof before === "number" ? before : before.length;
    for (let index = 0; index < length; index++) {
      if (!Object.is(object[now === null ? index : now[index]!], values[next++])) return false;
    }
  }
  return true;
}
