/**
 * Checks, made at each call, that the values behind a fingerprint are unchanged, without another walk.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import type { Use } from "../syntax/uses.ts";
import { findMember, type FoundMember } from "../walk/members.ts";
import { type MemberSnapshot, snapshotOf, type StateFindings } from "../state/state.ts";
import { type ValueView, writeValue, type WrittenValue } from "../walk/values.ts";

/** Length, in UTF-16 code units, above which the digest of a text is kept instead of the text. */
const MAX_KEPT_TEXT = 4096;

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

  /** Adds the check that an object still gives the text and the references that were written of it. */
  addObject(object: object, { text, references }: WrittenValue): void {
    if (this.#objects.has(object) || isDeeplyFixed(object)) return;
    this.#objects.add(object);
    const digest = text.length > MAX_KEPT_TEXT ? digestBytes(text) : null;
    this.list.push(() => {
      const now = writeValue(object, this.#view);
      if (digest === null ? now.text !== text : digestBytes(now.text) !== digest) return false;
      return now.references.length === references.length &&
        now.references.every((one, index) => one === references[index]);
    });
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
function isDeeplyFixed(value: unknown, seen: Set<object> = new Set()): boolean {
  if (typeof value !== "object" || value === null) return typeof value !== "function";
  if (seen.has(value)) return true;
  seen.add(value);
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype === Object.prototype || prototype === Array.prototype;
  if (!isPlain || !Object.isFrozen(value)) return false;
  return Reflect.ownKeys(value).every((key) => {
    const property = Object.getOwnPropertyDescriptor(value, key);
    return property !== undefined && "value" in property && isDeeplyFixed(property.value, seen);
  });
}
