/**
 * State by what happens: finds the values that a run changed, however the code writes that.
 *
 * `find_state` recognizes the usual forms in which code changes what it captures. The forms are endless, so what a run
 * changed all the same is found by comparison. A place has the same name in every process, so that it can be left out
 * from then on.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import { isProxy, typeTests } from "../../words/type_tests.ts";
import { type AnyNode, childrenOf } from "../syntax/parse.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import { dottedName, isDeclaredWithin, isMadeWithin, MUTATORS, staticKey } from "../syntax/uses.ts";
import type { Exploration } from "../walk/explore.ts";
import { findMember } from "../walk/members.ts";
import type { UserCode } from "../walk/reached.ts";
import { changesOf, type Surface } from "../outside/surface.ts";
import type { TableEntries } from "../outside/weak_tables.ts";
import type { ChangedVariables } from "../digest/changing_variables.ts";
import type { FactCheck } from "../digest/assembly.ts";
import type { StateWatch } from "../types.ts";
import { nameOfFunction, nameOfHandle } from "../walk/values.ts";
import { CONTENTS, noteFirstMember, placeOf, readPlace, type StatePlace, valueOrGetter } from "./state.ts";

/** Number of objects above which changes are not looked for. */
const MAX_OBJECTS = 20_000;

/** An object with its members. */
interface ObjectContents {
  readonly members: ReadonlyMap<PropertyKey, unknown>;
  /** Contents of a Map or a Set. */
  readonly inside: readonly unknown[];
}

/** A variable with a member that the code reads. */
interface Read {
  readonly base: readonly [module: string, name: string];
  readonly root: unknown;
  readonly path: readonly string[];
  readonly value: unknown;
  /** Number of members of the path that were followed. */
  readonly followed: number;
}

/** All that a walk has reached, as it was. */
export interface StateSnapshot {
  /** Objects that the search for a path begins at, each with its module and name, or the path of package state. */
  readonly bases: readonly { readonly base: readonly string[]; readonly value: object }[];
  readonly reads: readonly Read[];
  readonly objects: ReadonlyMap<object, ObjectContents>;
  /** Private fields of an object, by name with the `#`. */
  readonly privateFieldsOf: (object: object) => ReadonlyMap<string, unknown> | undefined;
  readonly surfaces: readonly Surface[];
  /** Entries of tables of packages. */
  readonly entries: TableEntries | undefined;
  /** What bound functions hold. */
  readonly bound: ReadonlyMap<object, readonly unknown[]>;
  /** The code that was reached. */
  readonly users: readonly UserCode[];
}

/** Takes note of all values that a walk has reached; `null` when there are too many. */
export function snapshotState(found: Exploration): StateSnapshot | null {
  const objects = new Map<object, ObjectContents>();
  const bases: { base: readonly string[]; value: object }[] = [];
  const reads: Read[] = [];
  const users: UserCode[] = [];
  const bound = new Map<object, readonly unknown[]>();
  const { outside } = found;
  const surfaces = [
    ...outside?.state?.surfaces ?? [],
    ...outside?.imported.surfaces() ?? [],
    ...outside?.instances() ?? [],
  ];
  const add = (value: unknown): void => {
    if (hasMembers(value) && !objects.has(value)) objects.set(value, contentsOf(value));
  };
  for (const [fn, code] of found.codes) {
    if (code.kind === "package") {
      surfaces.push(...code.held.surfaces);
      for (const [path, value] of code.held.values) if (hasMembers(value)) bases.push({ base: [path], value });
    }
    if (code.kind === "bound") bound.set(fn, code.parts);
    if (code.kind !== "user") continue;
    users.push(code.user);
    const { module, name, extras, roots } = code.user;
    if (extras.size > 0) {
      add(fn);
      bases.push({ base: [module, name], value: fn });
    }
    for (const root of roots) {
      if (root.kind !== "value" && root.kind !== "global") continue;
      const declared = root.kind === "value" ? root.declaration?.binding.name : undefined;
      const base = [root.kind === "value" ? root.module : "", declared ?? root.slot.name] as const;
      if (hasMembers(root.value) && root.value !== globalThis) bases.push({ base, value: root.value });
      for (const { path, how } of root.slot.uses) {
        if (how === "write" || path.length === 0) continue;
        const { value, followed } = findMember(root.value, path);
        reads.push({ base, root: root.value, path, value, followed });
      }
    }
  }
  for (const { values } of surfaces) {
    for (const [path, value] of values) if (hasMembers(value)) bases.push({ base: [path], value });
  }
  for (const { met } of found.values.values()) {
    for (const subject of met.subjects()) {
      if (objects.size > MAX_OBJECTS) return null;
      add(subject);
    }
  }
  const { privateFieldsOf } = found.view;
  return { bases, reads, objects, privateFieldsOf, surfaces, entries: outside?.state?.entries, bound, users };
}

function hasMembers(value: unknown): value is object {
  return (typeof value === "object" || typeof value === "function") && value !== null && !isProxy(value);
}

function contentsOf(object: object): ObjectContents {
  const members = new Map<PropertyKey, unknown>();
  // The elements of a view can be too many to be listed.
  if (ArrayBuffer.isView(object)) return { members, inside: [digestOfBytes(object)] };
  for (const key of Reflect.ownKeys(object)) members.set(key, valueNow(object, key));
  return { members, inside: insideNow(object) };
}

function digestOfBytes({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return digestBytes(new Uint8Array(buffer, byteOffset, byteLength));
}

function valueNow(object: object, key: PropertyKey): unknown {
  try {
    return valueOrGetter(Object.getOwnPropertyDescriptor(object, key));
  } catch {
    return undefined; // a variable of a module that is not initialized yet
  }
}

function insideNow(object: object): unknown[] {
  const { isMap, isSet, isDate } = typeTests();
  if (isMap(object)) return [...Map.prototype.entries.call(object as Map<unknown, unknown>)].flat();
  if (isSet(object)) return [...Set.prototype.values.call(object as Set<unknown>)];
  return isDate(object) ? [Date.prototype.getTime.call(object)] : [];
}

/**
 * Watches the values of a snapshot.
 *
 * @param factChecks Facts of the process and the machine, as they were.
 * @param readAgain Reads the variables and private fields that no object shows.
 * @param changedBuiltIns Names of the members of built-in objects that were changed.
 */
export function watchSnapshot(
  snapshot: StateSnapshot,
  factChecks: readonly FactCheck[],
  readAgain: () => Promise<ChangedVariables>,
  changedBuiltIns: () => Promise<readonly string[]>,
): StateWatch {
  return {
    async changes() {
      const { variables, privates } = await readAgain();
      const members = changedPlaces(snapshot, privates);
      const places = [...new Set([...variables.map(({ place }) => place), ...members.places])];
      const facts = factChecks.filter(({ isUnchanged }) => !isUnchanged()).map(({ name }) => name);
      return {
        places,
        others: [...new Set([...await changedBuiltIns(), ...members.unplaced, ...facts])],
        byCode: new Set(places.filter((place) => mayHaveChanged(place, snapshot))),
      };
    },
  };
}

/** Places that hold other values than they did. */
interface FoundPlaces {
  readonly places: readonly StatePlace[];
  /** Names, for people, of changes to which no variable leads. */
  readonly unplaced: readonly string[];
}

function changedPlaces(snapshot: StateSnapshot, privates: ChangedVariables["privates"]): FoundPlaces {
  const places = new Set<StatePlace>();
  for (const { base, root, path, value, followed } of snapshot.reads) {
    const now = findMember(root, path);
    if (Object.is(now.value, value)) continue;
    // A member that is there now, or no more: what comes after it is a part of it.
    const length = now.followed === followed ? Math.max(1, followed) : Math.min(now.followed, followed) + 1;
    places.add(placeOf(...base, path.slice(0, length)));
  }
  for (const surface of snapshot.surfaces) for (const path of changesOf(surface)) places.add(path);
  for (const path of snapshot.entries?.changes() ?? []) places.add(path);
  const changed = new Map<object, Set<string>>();
  for (const [object, { members, inside }] of snapshot.objects) {
    const keys = changedKeys(object, members, inside);
    if (keys.size > 0) changed.set(object, keys);
  }
  for (const [object, names] of privates) changed.set(object, (changed.get(object) ?? new Set()).union(new Set(names)));
  const unplaced: string[] = [];
  const paths = pathsTo(changed, snapshot);
  for (const [object, keys] of changed) {
    const to = paths.get(object);
    if (to === undefined) unplaced.push(...keys.values().map((key) => describeMember(object, key)));
    else if (to.length === 1) { for (const path of packagePathsTo(object, snapshot)) places.add(path); }
    else if (to.at(-1) === CONTENTS) places.add(JSON.stringify(to));
    else {
      const { members } = snapshot.objects.get(object) ?? {};
      for (const key of keys) {
        places.add(JSON.stringify([...to, key]));
        const before = key.startsWith("#") ? snapshot.privateFieldsOf(object)?.get(key) : members?.get(key);
        noteFirstMember(object, key, before);
      }
    }
  }
  return { places: [...places], unplaced };
}

function describeMember(object: object, key: string): string {
  const of = typeof object === "function"
    ? `the function ${nameOfFunction(object)}`
    : `a captured ${nameOfHandle(object)}`;
  return `${key === CONTENTS ? "the content" : key} of ${of}`;
}

function changedKeys(object: object, members: ObjectContents["members"], inside: readonly unknown[]): Set<string> {
  const keys = new Set<string>();
  if (ArrayBuffer.isView(object)) {
    return new Set(digestOfBytes(object) === inside[0] ? [] : [CONTENTS]);
  }
  const isList = Array.isArray(object);
  const add = (key: PropertyKey) => keys.add(isList || typeof key === "symbol" ? CONTENTS : String(key));
  const now = Reflect.ownKeys(object);
  for (const key of now) if (!members.has(key) || !Object.is(valueNow(object, key), members.get(key))) add(key);
  if (now.length !== members.size) { for (const key of members.keys()) if (!now.includes(key as string)) add(key); }
  const current = insideNow(object);
  const isSame = current.length === inside.length && current.every((value, index) => Object.is(value, inside[index]));
  if (!isSame) keys.add(CONTENTS);
  return keys;
}

/** Shortest paths from variables to objects, through private fields too, each as module, name and members. */
function pathsTo(
  wanted: ReadonlyMap<object, unknown>,
  { bases, objects, privateFieldsOf, bound }: StateSnapshot,
): Map<object, readonly string[]> {
  const found = new Map<object, readonly string[]>();
  const seen = new Set<object>();
  const queue = bases.map(({ base, value }) => ({ value, path: base }));
  for (const { value, path } of queue) {
    if (seen.has(value)) continue;
    seen.add(value);
    if (wanted.has(value)) found.set(value, path);
    if (found.size === wanted.size) break;
    const isEnd = path.length === 1 || path.at(-1) === CONTENTS;
    const { members, inside } = objects.get(value) ?? contentsOf(value);
    for (const [key, member] of [...members, ...privateFieldsOf(value) ?? []]) {
      if (!hasMembers(member)) continue;
      queue.push({ value: member, path: isEnd ? path : [...path, typeof key === "symbol" ? CONTENTS : key as string] });
    }
    for (const member of [...inside, ...bound.get(value) ?? []]) {
      if (hasMembers(member)) queue.push({ value: member, path: isEnd ? path : [...path, CONTENTS] });
    }
  }
  return found;
}

/** Paths of all package state that leads to an object: several closures may hold one object. */
function packagePathsTo(object: object, { bases, objects, privateFieldsOf, bound }: StateSnapshot): string[] {
  return bases.filter(({ base }) => base.length === 1).flatMap(({ base, value }) => {
    const seen = new Set<object>([value]);
    for (const one of seen) {
      if (one === object) return base;
      const { members, inside } = objects.get(one) ?? contentsOf(one);
      const others = [...privateFieldsOf(one)?.values() ?? [], ...bound.get(one) ?? []];
      for (const member of [...members.values(), ...inside, ...others]) if (hasMembers(member)) seen.add(member);
      if (seen.size > MAX_OBJECTS) break;
    }
    return [];
  });
}

/**
 * True when the reached code may itself have made the change: it assigns a member of that name, or one that cannot be
 * told, or calls a method that changes contents.
 */
function mayHaveChanged(place: StatePlace, { users }: Pick<StateSnapshot, "users">): boolean {
  const at = readPlace(place);
  // What a closure of a package holds, and collections that it keeps, are changed by it alone; settings by anyone.
  if (at === null) return /:\d+#|:\d+\..*\[\]$| of /.test(place);
  const key = at.path.at(-1);
  return users.some(({ unit }) => {
    if (unit === null) return true;
    const { keys, isOpen } = writtenKeys(unit);
    return isOpen || keys.has(key ?? at.name);
  });
}

interface Written {
  readonly keys: ReadonlySet<string>;
  /** True when the code may change members of any name. */
  readonly isOpen: boolean;
}

const knownWritten = new WeakMap<AnyNode, Written>();

/** Names of what code writes that may be of others: not of its own variables, and not of lists and objects that it makes. */
function writtenKeys({ node: unit, script }: CodeUnit): Written {
  let known = knownWritten.get(unit);
  if (known === undefined) {
    const keys = new Set<string>();
    let isOpen = false;
    const target = (node: AnyNode): void => {
      if (node.type === "MemberExpression") {
        const key = staticKey(node);
        if (isMadeWithin(script, node.object as AnyNode, unit)) return;
        if (key === null) isOpen = true;
        else keys.add(key);
      } else if (node.type === "Identifier") {
        if (!isDeclaredWithin(script, node, unit)) keys.add(node.name);
      } else childrenOf(node).forEach(target);
    };
    const nodes: AnyNode[] = [unit];
    for (let node = nodes.pop(); node; node = nodes.pop()) {
      if (node.type === "AssignmentExpression") target(node.left);
      if (node.type === "UpdateExpression" || node.type === "UnaryExpression" && node.operator === "delete") {
        target(node.argument);
      }
      if (node.type === "CallExpression") {
        const method = node.callee.type === "MemberExpression" ? node.callee : null;
        const isOwn = method !== null && isMadeWithin(script, method.object as AnyNode, unit);
        if (method !== null && !isOwn && MUTATORS.has(staticKey(method) ?? "")) keys.add(CONTENTS);
        if (
          /^(?:Object|Reflect|Atomics)\.(?!keys|values|entries|freeze|is|has|get|create|fromEntries|groupBy|ownKeys)/
            .test(
              dottedName(node.callee as AnyNode) ?? "",
            )
        ) isOpen = true;
      }
      nodes.push(...childrenOf(node));
    }
    knownWritten.set(unit, known = { keys, isOpen });
  }
  return known;
}
