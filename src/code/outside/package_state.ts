/**
 * State of packages: what their code was told after it was loaded, and what it read then.
 *
 * @module
 */
import { isPrimitive } from "../../words/type_tests.ts";
import { classify } from "../../values/kinds.ts";
import type { InspectorLease, ScopeValues } from "../v8/inspector.ts";
import type { AmbientFact } from "../walk/platform.ts";
import { type FirstLook, noteSymbol } from "./first_looks.ts";
import { isRandomText } from "./moments.ts";
import { type KnownScript, knownScript } from "./known_scripts.ts";
import { hasCountedMembers, isBound, isBuiltInData, isConstructor, type Surface } from "./surface.ts";
import { isRequire, mayBeReader } from "../blind/readers.ts";
import { COUNTERS, isTimeOfProcess, OF_MOMENT, type Unseen, unseenKindOf } from "./unseen.ts";
import { type Entry, isTable, type TableEntries, type WeakTable } from "./weak_tables.ts";
import { moduleExportsOf, type OriginInScript, splitPackageScopes, variablesOf } from "./load_scopes.ts";

/** A variable of a package that may be assigned again, as a function of the package sees it. */
export interface Setting {
  readonly fn: object;
  readonly name: string;
  readonly value: unknown;
  /** Name by which the variable is known in every process: `package/file.js#name`. */
  readonly path: string;
  readonly script: KnownScript;
  /** Scopes that have the variable, as all functions show them that share them. */
  readonly scopes?: readonly ScopeValues[];
  /** True for a private field of `fn`, which is then any object. */
  readonly isPrivate?: boolean;
  /** True for an entry of a table beside `fn`. */
  readonly isEntry?: boolean;
  /** Type of the value, where runs change the value: only another type may be what the program told the package anew. */
  readonly typeAlone?: string;
}

/** What a function that is not the user's holds. */
export interface HeldValues {
  /** Place in which the function is written: the file and the position there. */
  readonly place: string;
  /** Values by label. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Variables among these that may be assigned again. */
  readonly settings: readonly Setting[];
  readonly surfaces: readonly Surface[];
  /** True for a function that counts by its place alone, since the package made it when it was loaded. */
  readonly isLeaf: boolean;
}

export function settingOfEntry({ key, value, path, script }: Entry): Setting[] {
  return script === null ? [] : [{ fn: key, name: path, value, path, script, isEntry: true }];
}

/** True for what stood in a setting at first that a program may have told, and not the package itself. */
export function isGivenAtFirst({ script }: Setting, { value }: FirstLook): boolean {
  if (typeof value === "function") return !script.has(Function.prototype.toString.call(value));
  return value !== undefined && !isTimeOfProcess(value) && !isRandomText(value);
}

/** A function that is not the user's, with the place in which it is written. */
export interface OutsideFunction {
  readonly fn: object;
  readonly origin: OriginInScript;
}

/** An object with the script that it belongs to. */
interface OfScript {
  readonly object: object;
  readonly script: KnownScript;
  /** Members that count; absent when all do. */
  readonly only?: ReadonlySet<string>;
  /** True for an object with values of the moment in it, which do not count. @default {false} */
  readonly isMomentary?: boolean;
}

/** State of the scripts of packages that functions can get to. */
export interface PackageState {
  readonly settings: readonly Setting[];
  /** Primitive values that scripts have had since they were loaded, by path. */
  readonly constants: ReadonlyMap<string, unknown>;
  /** Objects whose content scripts change, by path, each with the script that it belongs to. */
  readonly objects: ReadonlyMap<string, OfScript>;
  /** Classes among these that other scripts import. */
  readonly classes: ReadonlySet<object>;
  /** Functions among the variables that see variables of a call which change, by path. */
  readonly closures: ReadonlyMap<string, object>;
  readonly tables: readonly WeakTable[];
  /**
   * Functions of the platform that scripts keep in variables, and that may read what is not observed, each with the name of
   * its package.
   */
  readonly readers: ReadonlyMap<object, string>;
  readonly facts: readonly AmbientFact[];
  readonly scripts: readonly KnownScript[];
  /** What nobody can look into. */
  readonly unseen: readonly Unseen[];
  /** True when there are more scripts than are looked into. */
  readonly isPart: boolean;
}

/** State of packages, with the surfaces of the objects in it. */
export interface OutsideState
  extends Pick<PackageState, "settings" | "constants" | "closures" | "readers" | "facts" | "unseen" | "isPart"> {
  readonly surfaces: readonly Surface[];
  /** Entries of the tables of packages, which are among the settings. */
  readonly entries: TableEntries;
  /** What stood at first in settings that runs change, by path. */
  readonly firsts: ReadonlyMap<string, { readonly setting: Setting; readonly first: FirstLook }>;
  /** Globals of the program that the packages may use. */
  readonly globals: ReadonlyMap<string | symbol, unknown>;
}

/** Number of scripts that are looked into. */
const MAX_SCRIPTS = 300;
/** Number of functions of an object that another script exports which are asked for that script. */
const MAX_WITNESSES = 6;

/** What is known of a script for the life of the process. */
interface ScriptState {
  readonly script: KnownScript;
  /** Name of the script by which every process knows it. */
  readonly id: string;
  /** Function through which the variables of the script are seen. */
  readonly witness: object;
  /** Functions of other scripts that the script can get to. */
  readonly others: readonly object[];
  /** URLs of their scripts; `null` until all of them were located. */
  links: ReadonlySet<string> | null;
  readonly settings: readonly string[];
  readonly constants: ReadonlyMap<string, unknown>;
  readonly objects: Map<string, object>;
  /** Exports of CommonJS that functions of the script use. */
  readonly exports: { readonly object: object; readonly only: ReadonlySet<string> | null } | null;
  /** Functions among these. */
  readonly functions: ReadonlySet<object>;
  /** Further classes, which other scripts import, with their positions. */
  readonly classes: Map<object, number>;
  /** Functions that see variables of a call which change, by variable. */
  readonly closures: ReadonlyMap<string, object>;
  readonly tables: readonly WeakTable[];
  readonly readers: readonly object[];
  /** Names of the variables that hold objects with values of the moment in them. */
  readonly momentary: ReadonlySet<string>;
  /** Bound functions by variable; what they are bound to may be seen through them alone. */
  readonly bound: ReadonlyMap<string, object>;
  readonly unseen: readonly Unseen[];
}

const places = new Map<string, ScriptState>();
/** URLs of the scripts of functions that were located before. */
const urls = new WeakMap<object, string>();

/**
 * Finds the state of packages.
 *
 * @param functions Functions of packages.
 * @param packageNameOf Name of the package that a script belongs to; `null` for the code of users and of the platform.
 */
export async function findPackageState(
  functions: Iterable<OutsideFunction>,
  lease: InspectorLease,
  packageNameOf: (url: string) => string | null,
): Promise<PackageState> {
  const reached = new Map<string, ReadonlyMap<string, unknown> | null>();
  let wave: readonly OutsideFunction[] = [...functions];
  let known: string[] = [];
  while (wave.length + known.length > 0 && reached.size < MAX_SCRIPTS) {
    const others = new Set<object>();
    const linked = new Set<string>();
    const follow = (place: ScriptState | undefined) => {
      if (place === undefined) return;
      const links = linksOf(place);
      if (links === null) place.others.forEach((one) => others.add(one));
      else links.forEach((one) => linked.add(one));
    };
    const read: string[] = [];
    const classes: { fn: object; url: string; offset: number }[] = [];
    for (const { fn, origin } of wave) {
      const { url } = origin.script;
      urls.set(fn, url);
      // A class that another module imports: its own module may show no variable for it.
      const place = places.get(url);
      if (place?.classes.has(fn) !== true && place?.functions.has(fn) !== true && isConstructor(fn)) {
        classes.push({ fn, url, offset: origin.offset });
      }
      if (reached.has(url)) continue;
      const name = packageNameOf(url);
      if (name === null) continue;
      // The origin of a function that was met before shows the variables as they were then.
      if (place !== undefined) reached.set(url, null);
      else {
        const { loaded } = splitPackageScopes(origin);
        const values = variablesOf(loaded);
        reached.set(url, values);
        read.push(url);
        const exported = moduleExportsOf(loaded);
        const own = new Map([...values].filter(([, value]) => !exported.has(value)));
        places.set(url, {
          ...readScriptState(fn, origin, own, `${name}/${fileOf(url)}`),
          exports: exportsOf(exported, origin),
        });
      }
      follow(places.get(url));
    }
    for (const { fn, url, offset } of classes) {
      const place = places.get(url);
      if (place !== undefined && !place.functions.has(fn)) place.classes.set(fn, offset);
    }
    await readReceivers(read, lease);
    for (const url of known) {
      if (reached.has(url)) continue;
      reached.set(url, null);
      follow(places.get(url));
    }
    const targets = [...others].map((fn) => ({ fn, url: urls.get(fn) }));
    for (const { url } of targets) if (url !== undefined) linked.add(url);
    known = [...linked].filter((url) => places.has(url) && !reached.has(url));
    wave = await locate(targets.filter(({ url }) => url === undefined).map(({ fn }) => fn), lease);
  }
  await readSettings(reached, lease);
  return gather(reached);
}

/** URLs of the scripts that a script can get to; `null` when not all of its functions were located. */
function linksOf(place: ScriptState): ReadonlySet<string> | null {
  if (place.links === null && place.others.every((fn) => urls.has(fn))) {
    place.links = new Set(place.others.map((fn) => urls.get(fn)!));
  }
  return place.links;
}

async function locate(functions: readonly object[], lease: InspectorLease): Promise<OutsideFunction[]> {
  if (functions.length === 0) return [];
  const located = await lease.locate(functions);
  return functions.flatMap((fn, index) => {
    const origin = located[index];
    urls.set(fn, origin?.kind === "script" ? origin.script.url : "");
    return origin?.kind === "script" ? [{ fn, origin }] : [];
  });
}

/** Finds what the bound functions of scripts are bound to: an instance whose methods a package exports. */
async function readReceivers(read: readonly string[], lease: InspectorLease): Promise<void> {
  const bound = read.flatMap((url) => {
    const { objects = new Map<string, object>(), bound = [] } = places.get(url) ?? {};
    return [...bound].map(([name, fn]) => ({ name, fn, objects }));
  });
  if (bound.length === 0) return;
  const located = await lease.locate(bound.map(({ fn }) => fn));
  for (const [index, { name, objects }] of bound.entries()) {
    const origin = located[index];
    const receiver = origin?.kind === "bound" ? origin.receiver : null;
    if (typeof receiver === "object" && receiver !== null) objects.set(`${name}.[[this]]`, receiver);
  }
}

/** Reads the settings of the scripts that were reached without a look at their variables. */
async function readSettings(
  reached: Map<string, ReadonlyMap<string, unknown> | null>,
  lease: InspectorLease,
): Promise<void> {
  const unread = [...reached].flatMap(([url, values]) => {
    const place = places.get(url);
    return values === null && place !== undefined && place.settings.length > 0 ? [{ url, fn: place.witness }] : [];
  });
  for (const { fn, origin } of await locate(unread.map((one) => one.fn), lease)) {
    const at = unread.find((one) => one.fn === fn);
    if (at) reached.set(at.url, variablesOf(splitPackageScopes(origin).loaded));
  }
}

function gather(reached: ReadonlyMap<string, ReadonlyMap<string, unknown> | null>): PackageState {
  const settings: Setting[] = [];
  const constants = new Map<string, unknown>();
  const objects = new Map<string, OfScript>();
  const classes = new Set<object>();
  const closures = new Map<string, object>();
  const tables: WeakTable[] = [];
  const readers = new Map<object, string>();
  const facts = new Set<AmbientFact>();
  const scripts: KnownScript[] = [];
  const unseen: Unseen[] = [];
  for (const url of [...reached.keys()].sort()) {
    const place = places.get(url);
    if (place === undefined) continue;
    const { id, script, witness } = place;
    const values = reached.get(url);
    for (const fact of script.facts) facts.add(fact);
    scripts.push(script);
    unseen.push(...place.unseen);
    for (const name of place.settings) {
      if (values?.has(name)) {
        settings.push({ fn: witness, name, value: values.get(name), path: `${id}#${name}`, script });
      }
    }
    for (const [name, value] of place.constants) constants.set(`${id}#${name}`, value);
    for (const [name, object] of place.objects) {
      objects.set(`${id}#${name}`, { object, script, isMomentary: place.momentary.has(name) });
    }
    if (place.exports !== null) {
      const { object, only } = place.exports;
      objects.set(`${id}#exports`, { object, script, ...only === null ? {} : { only } });
    }
    // By the path that the class has as a function.
    for (const [fn, offset] of place.classes) {
      classes.add(fn);
      objects.set(`${id}:${offset}`, { object: fn, script });
    }
    tables.push(...place.tables);
    for (const fn of place.readers) readers.set(fn, id.slice(0, id.lastIndexOf("/")));
    for (const [name, fn] of place.closures) closures.set(`${id}#${name}`, fn);
  }
  return {
    settings,
    constants,
    objects,
    classes,
    closures,
    tables,
    readers,
    facts: [...facts],
    scripts,
    unseen,
    isPart: reached.size >= MAX_SCRIPTS,
  };
}

/** File of a script, without the folders that differ between machines. */
export function fileOf(url: string): string {
  return url.slice(url.lastIndexOf("/") + 1);
}

/** Exports of a module of CommonJS, if its functions use some of them. */
function exportsOf(exported: ReadonlySet<unknown>, { script }: OriginInScript): ScriptState["exports"] {
  const only = exported.size === 0 ? null : knownScript(script).exportsUsed();
  const [object] = exported;
  return isPrimitive(object) || only?.size === 0 ? null : { object: object as object, only };
}

function readScriptState(
  witness: object,
  origin: OriginInScript,
  values: ReadonlyMap<string, unknown>,
  id: string,
): Omit<ScriptState, "exports"> {
  const script = knownScript(origin.script);
  const isOther = (value: object) => !script.has(Function.prototype.toString.call(value));
  const others = new Set<object>();
  const settings: string[] = [];
  const constants = new Map<string, unknown>();
  const objects = new Map<string, object>();
  const bound = new Map<string, object>();
  const closures = new Map<string, object>();
  const tables: WeakTable[] = [];
  const readers: object[] = [];
  const momentary = new Set<string>();
  const unseen: Unseen[] = script.keepers.map((what) => ({ what, path: id }));
  const changed = new Set(script.changedAmong(values.keys()));
  const isOfMoment = ([name, value]: readonly [string, unknown]) =>
    script.isOfMoment(name, value, origin.offset, "outermost");
  // Another variable may hold the same object.
  const moments = new Set(
    [...values].filter(isOfMoment).map(([, value]) => value).filter((value) => !isPrimitive(value)),
  );
  for (const [name, value] of values) {
    const isMoment = moments.has(value) || isOfMoment([name, value]);
    if (isMoment && (isPrimitive(value) || isBuiltInData(value as object))) {
      unseen.push({ what: OF_MOMENT, path: `${id}#${name}` });
      continue;
    }
    if (isMoment) momentary.add(name);
    const use = script.useOf(name, origin.offset, "outermost");
    if (use === "own") unseen.push({ what: COUNTERS, path: `${id}#${name}` });
    // What a script fills when it is first needed is its own, unless others may put something into it.
    if (use === "setting" || use === "filled" && changed.has(name)) settings.push(name);
    if (typeof value === "symbol") noteSymbol(value, `${id}#${name}`);
    if (typeof value === "function") {
      if (mayBeReader(value) && !isRequire(value)) readers.push(value);
      if (isBound(value)) bound.set(name, value);
      else if (isOther(value)) others.add(value);
      else if (use === "constant" && hasCountedMembers(value)) objects.set(name, value);
      else if (use === "constant" && script.mayBeTold(value, (one) => values.has(one))) closures.set(name, value);
      continue;
    }
    const what = unseenKindOf(value);
    if (isTable(value)) {
      if (use === "constant") tables.push({ table: value, path: `${id}#${name}`, script });
    } else if (what !== null) unseen.push({ what, path: `${id}#${name}`, isTold: use === "setting" });
    else if (typeof value === "object" && value !== null) {
      memberFunctions(value).filter(isOther).slice(0, MAX_WITNESSES).forEach((one) => others.add(one));
      // Programs may change an object that the package exports.
      if (use === "constant" && (changed.has(name) || mayBeChanged(value, script.isExported(name)))) {
        objects.set(name, value);
      }
    } else if (script.readsWorld && use === "constant" && typeof value !== "symbol") constants.set(name, value);
  }
  return {
    script,
    id,
    witness,
    others: [...others],
    links: null,
    settings,
    constants,
    objects,
    functions: new Set(objects.values().filter((value) => typeof value === "function")),
    classes: new Map(),
    closures,
    tables,
    readers,
    momentary,
    bound,
    unseen,
  };
}

/** Number of members up to which an object counts that the script neither changes nor exports. */
const MAX_SMALL = 64;

/** True for an object that other code may change, although the script itself does not. */
function mayBeChanged(object: object, isExported: boolean): boolean {
  const { kind } = classify(object);
  const isData = isBuiltInData(object) && kind !== "regexp";
  if (!["plain", "array", "map", "set", "instance"].includes(kind) && !isData) return false;
  const keys = isData ? [] : Reflect.ownKeys(object);
  const isFixed = kind !== "map" && kind !== "set" && !isData && Object.isFrozen(object) &&
    keys.every((key) => isPrimitive(propertyOf(object, key)?.value));
  return !isFixed && (isExported || keys.length <= MAX_SMALL);
}

/** Functions that an object has as members, or as accessors: those of a module of CommonJS. */
function memberFunctions(object: object): object[] {
  if (ArrayBuffer.isView(object)) return [];
  const found: object[] = [];
  for (const key of Reflect.ownKeys(object).slice(0, 200)) {
    const property = propertyOf(object, key);
    const value: unknown = property?.value;
    if (typeof value === "function") found.push(value);
    else if (property?.get) found.push(property.get);
  }
  return found;
}

function propertyOf(object: object, key: PropertyKey): PropertyDescriptor | undefined {
  try {
    return Object.getOwnPropertyDescriptor(object, key);
  } catch {
    return undefined; // a variable of a module that is not initialized yet
  }
}
