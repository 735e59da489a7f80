/**
 * Code that is not the user's, as a walk meets it: what counts of it beside the identity of its package.
 *
 * A function of a package or of the platform counts by that identity and by its place. In addition, there counts with
 * what it was made (the scopes of a closure), what members it was given, and what the package was told.
 *
 * @module
 */
import { isPrimitive, isProxy } from "../../words/type_tests.ts";
import { classify } from "../../values/kinds.ts";
import type { InspectorLease } from "../v8/inspector.ts";
import type { Code, Root } from "../walk/reached.ts";
import { globalsIn } from "./program_globals.ts";
import { atFirstLook, type FirstLook, firstLookAt, firstValuesOf } from "./first_looks.ts";
import { Contexts } from "./contexts.ts";
import { ImportedValues } from "./imported.ts";
import { type KnownScript, knownScript, variablesSeenBy } from "./known_scripts.ts";
import { madeFor, type OriginInScript, splitPlatformScopes, variablesOf } from "./load_scopes.ts";
import {
  fileOf,
  findPackageState,
  type HeldValues,
  isGivenAtFirst,
  type OutsideFunction,
  type OutsideState,
  type Setting,
  settingOfEntry,
} from "./package_state.ts";
import { isLiveExport } from "./live_exports.ts";
import { nameOfFunction } from "../walk/values.ts";
import {
  digestOfText,
  hasCountedMembers,
  holdersOfPrivates,
  isArrowWithThis,
  isBuiltInData,
  sharedSurfaceOf,
  type Surface,
  surfaceOf,
  type SurfaceOptions,
} from "./surface.ts";
import { COUNTERS, isTimeOfProcess, noticesOfUnseen, OF_MOMENT, type Unseen } from "./unseen.ts";
import { TableEntries } from "./weak_tables.ts";

/** Knowledge that is needed for looking at code that is not the user's. */
export interface OutsideOptions {
  readonly lease: InspectorLease;
  /** Name of the package that a script belongs to; `null` for the code of users and of the platform. */
  packageNameOf(url: string): string | null;
  /** True for a path that does not count, because it is state that calls change. */
  readonly isLeftOut: (path: string) => boolean;
  /** Takes note of the members that do not count of the object at a path, those included that it does not have now. */
  readonly leaveOutBelow: (path: string) => void;
  /** True when some of the paths that begin with this one may be left out. */
  readonly leavesOutIn: (path: string) => boolean;
}

/** Number of functions of the platform within one another that are looked into: `promisify(deprecate(load))`. */
const DEPTH_OF_PLATFORM = 3;

/** Number of members of an object above which nobody gave it to a function of the platform. */
const MAX_GIVEN = 50;

/** Number of closures that are looked into from a function on that an object holds. */
const DEPTH_INSIDE = 3;

/** Number of closures, those that stand deeper than that, that are looked into in one walk. */
const MAX_DEEPER = 64;
const THIS_OF_ARROW = "`this` of arrow functions";
const DEEP = `closures more than ${DEPTH_INSIDE} deep within one another`;

/** Number of functions of packages that are looked into in one walk. */
const MAX_FUNCTIONS = 1_000;

/** Code of packages and of the platform that one walk has met. */
export class OutsideCode {
  /** Values that the user's code imports. */
  readonly imported = new ImportedValues(this);
  /** Scopes that functions of packages share. */
  readonly contexts = new Contexts();
  readonly #options: OutsideOptions;
  readonly #functions = new Map<object, OutsideFunction>();
  readonly #captured = new Set<object>();
  readonly #crowded = new Set<object>();
  readonly #platformDepths = new Map<object, number>();
  readonly #depths = new Map<object, number>();
  /** Number of functions that were looked into. */
  #looks = 0;
  /** Number of functions that were looked into although they stand deep. */
  #deeper = 0;
  /** Packages of which not all functions were looked into. */
  readonly #beyond = new Set<string>();
  /** What closures that were not looked into hold. */
  readonly #unseen = new Map<object, Unseen>();
  /** Variables of closures that these count with. */
  readonly #counters = new Set<string>();
  /** Variables that hold times of this process. */
  readonly #moments = new Set<string>();
  /** Arrow functions that use the `this` of the call that made them, by place, and the members of objects that were seen. */
  readonly #arrows = new Map<object, string>();
  readonly #members = new Set<unknown>();
  readonly #surfaces = new Map<object, Surface>();
  readonly #withMembers = new Map<object, boolean>();
  /** Names of files with those of their packages, by URL. */
  readonly #files = new Map<string, string>();
  /** Surfaces of classes that modules of packages import. */
  readonly #ofClasses = new Set<Surface>();
  /** Surfaces of instances that the user's code captures. */
  readonly #instances = new Map<object, Surface | null>();
  /** Surfaces of what functions hold. */
  readonly #held: Surface[] = [];
  readonly #firsts = new Map<string, { readonly setting: Setting; readonly first: FirstLook }>();
  #state: OutsideState | undefined;
  /** Number of times that a function was met, and that number when the state was found. */
  #met = 0;
  #settled = 0;

  constructor(options: OutsideOptions) {
    this.#options = options;
  }

  /** State of all packages whose functions were met. @returns `undefined` before the first {@linkcode settle}. */
  get state(): OutsideState | undefined {
    return this.#state;
  }

  /** Notices about what was not looked at. */
  get notices(): string[] {
    const packages = [...this.#beyond].sort().join(", ");
    const found = packages === "" ? [] : [
      `partly tracked: what functions of package ${packages} hold, since there are too many of them`,
    ];
    const surfaces = [...this.#state?.surfaces ?? [], ...this.#held, ...this.imported.surfaces()];
    found.push(
      ...noticesOfUnseen([
        ...this.#unseen.values(),
        ...[...this.#counters].map((path) => ({ what: COUNTERS, path })),
        ...[...this.#moments].map((path) => ({ what: OF_MOMENT, path })),
        ...[...this.#arrows].filter(([fn]) => !this.#members.has(fn)).map(([, path]) => ({
          what: THIS_OF_ARROW,
          path,
        })),
        ...this.#state?.unseen ?? [],
        ...surfaces.flatMap(({ unseen }) => unseen).filter(({ path }) => !this.#options.isLeftOut(path)),
      ]),
    );
    if (this.#state?.isPart || this.#state?.entries.isPart) {
      found.push("partly tracked: what packages were told, since they have too many modules");
    }
    return found;
  }

  /**
   * Limits how far a function of a package is looked into: the package made it when it was loaded, and so what it holds.
   *
   * @param depth Number of closures that are looked into from it on; the largest one that was given counts.
   */
  limit(fn: object, depth: number): void {
    this.#depths.set(fn, Math.max(depth, this.#depths.get(fn) ?? depth));
  }

  /** Limits how far what a closure holds is looked into: by one less, or by a few closures more that a walk may look into. */
  #limitBelow(fn: object, depth: number): void {
    const isDeep = depth <= 1 && (this.#depths.get(fn) ?? 0) <= 0;
    if (!isDeep || this.#deeper >= MAX_DEEPER) return this.limit(fn, depth - 1);
    this.#deeper++;
    this.limit(fn, 1);
  }

  /** Takes note that the user's code holds a function, which a call may have made: it is looked into as far as it goes. */
  capture(fn: object): void {
    this.#captured.add(fn);
  }

  /** Takes note of a function of which a value holds many: what it holds is not looked at. */
  crowd(fn: object): void {
    this.#crowded.add(fn);
  }

  /** Looks at a function of a package. */
  ofPackage(fn: object, shown: OriginInScript): HeldValues {
    const origin = this.contexts.shared(fn, shown);
    const packageName = this.#options.packageNameOf(origin.script.url) ?? "";
    const place = this.#placeOf(origin);
    const isClass = hasCountedMembers(fn);
    const { variables: made } = madeFor(origin);
    this.#functions.set(fn, { fn, origin });
    this.#met++;
    if (isArrowWithThis(fn)) this.#arrows.set(fn, place);
    if (made.size === 0 && !isClass) {
      return { place, values: made, settings: [], surfaces: [], isLeaf: false };
    }
    const depth = this.#captured.has(fn) ? Infinity : this.#depths.get(fn) ?? (isClass ? 2 : DEPTH_INSIDE);
    const isBeyond = depth > 0 && (this.#looks >= MAX_FUNCTIONS || this.#crowded.has(fn) && !this.#captured.has(fn));
    if (isBeyond) this.#beyond.add(packageName);
    const script = knownScript(origin.script);
    if (depth <= 0 || isBeyond) {
      if (!isBeyond && !made.values().every((value) => this.#isOfLoad(value, script))) {
        this.#unseen.set(fn, { what: DEEP, path: place });
      }
      return { place, values: new Map(), settings: [], surfaces: [], isLeaf: true };
    }
    this.#unseen.delete(fn);
    this.#looks++;
    const values = new Map<string, unknown>();
    const settings: Setting[] = [];
    const surfaces: Surface[] = [];
    // What a closure had made of a function that it was given, and had dropped, can be told by the result alone.
    const hasDropped = atFirstLook(
      fn,
      () =>
        [...made].some(([variable, value]) =>
          value === undefined && script.isGiven(variable, origin.offset) &&
          script.useOf(variable, origin.offset, "innermost") !== "constant"
        ),
    );
    const firsts = firstValuesOf(fn, made);
    const placeOf = (offset: number) => this.#placeOf({ script: origin.script, offset });
    const seen = variablesSeenBy(fn, script, origin.offset, placeOf);
    for (const [variable, value] of made) {
      const { use, path, isGiven, isChanged } = seen(variable);
      // `after(3, fn)` counts what it was given.
      if (isGiven) values.set(path, firsts.get(variable));
      else if (use === "own") this.#counters.add(path);
      if (use === "own") continue;
      const first = use === "constant" ? undefined : firsts.get(variable);
      const isOwnMemo = use === "filled" && !isChanged && !hasDropped;
      if (isOwnMemo || this.#options.isLeftOut(path)) {
        const isOwn = typeof first === "function" && script.has(Function.prototype.toString.call(first));
        const isMoment = isTimeOfProcess(first) || script.isOfMoment(variable, first, origin.offset, "innermost");
        const isMade = isOwn || isMoment || isOwnMemo && typeof first !== "function";
        if (first !== undefined && !isMade) values.set(path, first);
        continue;
      }
      const isOfMoment = script.isOfMoment(variable, value, origin.offset, "innermost");
      if (isOfMoment || isTimeOfProcess(value)) this.#moments.add(path);
      if (isOfMoment && (isPrimitive(value) || isBuiltInData(value as object))) continue;
      if (use === "setting" || isChanged) {
        settings.push({ fn, name: variable, value, path, script, scopes: this.contexts.changing(origin) });
      }
      const isObject = typeof value === "object" && value !== null && !isProxy(value);
      if (this.#isOfLoad(value, script)) values.set(path, digestOfText(value));
      else if (isObject) surfaces.push(this.surface(value, path, script, { isMomentary: isOfMoment }));
      else {
        if (typeof value === "function") this.#limitBelow(value, depth);
        values.set(path, value);
      }
    }
    if (isClass) surfaces.push(this.surface(fn, place, script));
    for (const surface of depth === Infinity ? [] : surfaces) {
      for (const value of surface.references) if (typeof value === "function") this.#limitBelow(value, depth);
    }
    this.#held.push(...surfaces);
    return { place, values, settings, surfaces, isLeaf: false };
  }

  /**
   * Finds the surface of an instance that the user's code captures.
   *
   * @param maker Its class, which was met.
   * @returns `null` when not all of it can be looked into.
   */
  instance(object: object, maker: object): Surface | null {
    let found = this.#instances.get(object);
    if (found === undefined) {
      const at = this.#functions.get(maker);
      const packageName = at && this.#options.packageNameOf(at.origin.script.url);
      const surface = at &&
        this.surface(object, `${packageName}/${nameOfFunction(maker)}()`, knownScript(at.origin.script));
      this.#instances.set(object, found = surface?.unseen.length === 0 ? surface : null);
    }
    return found;
  }

  /** Surface of an instance that counts by it; `null` for any other object. */
  surfaceOfInstance(object: object): Surface | null {
    return this.#instances.get(object) ?? null;
  }

  /** Surfaces of the instances that count by them. */
  instances(): Surface[] {
    return [...this.#instances.values()].filter((surface) => surface !== null);
  }

  isLeftOut(path: string): boolean {
    return this.#options.isLeftOut(path);
  }

  /** True for an import whose variable the package may assign again. */
  async isLive({ identity, imported }: Extract<Root, { kind: "package" }>): Promise<boolean> {
    const name = imported.split(" ")[0] ?? "";
    const { lease, packageNameOf } = this.#options;
    return name !== "*" && await isLiveExport(identity.name, name, lease, packageNameOf);
  }

  /** Path by which the members of a function of a package are known; `null` for one that was not met. */
  pathOf(value: object): string | null {
    const found = this.#functions.get(value);
    return found === undefined ? this.imported.pathOf(value) : this.#placeOf(found.origin);
  }

  #placeOf({ script: { url }, offset }: Pick<OriginInScript, "script" | "offset">): string {
    let file = this.#files.get(url);
    if (file === undefined) this.#files.set(url, file = `${this.#options.packageNameOf(url) ?? ""}/${fileOf(url)}`);
    return `${file}:${offset}`;
  }

  /** Script of a function that was met; `null` for any other function. */
  scriptOf(fn: object): KnownScript | null {
    const found = this.#functions.get(fn);
    return found === undefined ? null : knownScript(found.origin.script);
  }

  /**
   * Looks at a function of the platform: what a call gave it, as `promisify(load)` was given `load`.
   *
   * @returns `null` when a call made nothing for it.
   */
  ofPlatform(fn: object, origin: OriginInScript): ReadonlyMap<string, unknown> | null {
    const depth = this.#platformDepths.get(fn) ?? DEPTH_OF_PLATFORM;
    const made = [...variablesOf(splitPlatformScopes(origin).made)].filter(([, value]) => isGiven(value));
    if (depth <= 0 || made.length === 0) return null;
    for (const [, value] of made) if (typeof value === "function") this.#platformDepths.set(value, depth - 1);
    return new Map(made);
  }

  /** True for a function that a script made when it was loaded, and that has no members: its text is all that counts. */
  #isOfLoad(value: unknown, script: KnownScript): value is object {
    return typeof value === "function" && !this.#captured.has(value) && script.isMadeAtLoad(value) &&
      !this.#hasMembers(value);
  }

  /** Answer of {@linkcode hasCountedMembers}, asked once in a walk: many closures hold one class. */
  #hasMembers(fn: object): boolean {
    let has = this.#withMembers.get(fn);
    if (has === undefined) this.#withMembers.set(fn, has = hasCountedMembers(fn));
    return has;
  }

  /** Finds the surface of an object or a function of a package, once for all places that hold it. */
  surface(
    value: object,
    path: string,
    script: KnownScript | null,
    part: Pick<SurfaceOptions, "only" | "isMomentary"> = {},
  ): Surface {
    const known = part.only === undefined ? this.#surfaces.get(value) : undefined;
    if (known !== undefined) return known;
    const surface = this.#surfaceOf(value, path, script, part);
    if (part.only === undefined) this.#surfaces.set(value, surface);
    return surface;
  }

  #surfaceOf(
    value: object,
    path: string,
    script: KnownScript | null,
    part: Pick<SurfaceOptions, "only" | "isMomentary">,
  ): Surface {
    const { isLeftOut, leaveOutBelow, leavesOutIn } = this.#options;
    const isWhole = part.only === undefined && part.isMomentary !== true;
    const surface = isWhole && !leavesOutIn(path)
      ? sharedSurfaceOf(value, path, script)
      : surfaceOf(value, path, { script, isLeftOut, leaveOutBelow, ...part });
    for (const member of surface.references) if (typeof member === "function") this.#members.add(member);
    return surface;
  }

  /**
   * Finds the state of the packages that were met until now.
   *
   * @param reached Finds the objects and functions that the user's code can get at, with names that are equal in every
   * process.
   */
  async settle(reached: () => ReadonlyMap<object, string>): Promise<void> {
    const imported = [...this.imported.surfaces(), ...this.instances()];
    const met = this.#met + imported.length + (this.#state?.entries.hasTables ? reached().size : 0);
    if (met === this.#settled) return;
    this.#settled = met;
    const { lease, packageNameOf } = this.#options;
    const state = await findPackageState(this.#functions.values(), lease, packageNameOf);
    const isCounted = ({ path }: { path: string }) => !this.#options.isLeftOut(path);
    const settings = this.#counted(state.settings);
    const objects = [...state.objects].map(([path, at]) => ({ path, ...at })).filter(isCounted);
    const surfaces = objects.map(({ object, path, script, ...part }) => this.surface(object, path, script, part));
    for (const [index, { object }] of objects.entries()) {
      if (state.classes.has(object)) this.#ofClasses.add(surfaces[index]!);
    }
    const all = [...settings];
    const surfaceIn = ({ value, path, script }: Setting) =>
      typeof value === "object" && value !== null ? [this.surface(value, path, script)] : [];
    surfaces.push(...settings.flatMap(surfaceIn));
    const entries = new TableEntries(this.#options.isLeftOut);
    const asked = new Set<object>();
    if (state.tables.length > 0) {
      all.push(...this.#counted(entries.add(state.tables, reached()).flatMap(settingOfEntry)));
    }
    surfaces.push(...all.slice(settings.length).flatMap(surfaceIn));
    // What private fields and entries hold may have private fields and entries.
    for (let open = [...surfaces, ...this.#held, ...imported]; open.length > 0;) {
      const tables = open.flatMap(({ tables }) => tables);
      if (!entries.hasTables && tables.length > 0) entries.add([], reached());
      const fields = this.#counted([
        ...await this.#privateSettings(open, asked),
        ...entries.add(tables, open.values().flatMap(keysIn)).flatMap(settingOfEntry),
      ]);
      all.push(...fields);
      open = fields.flatMap(surfaceIn);
      surfaces.push(...open);
    }
    for (const { path, value } of all) if (isTimeOfProcess(value)) this.#moments.add(path);
    this.#state = {
      ...state,
      settings: all,
      surfaces,
      entries,
      firsts: this.#firsts,
      globals: globalsIn(state.scripts),
    };
  }

  /** Settings that count; of those that runs change, what stood there at first is kept. */
  #counted(settings: readonly Setting[]): Setting[] {
    return settings.filter((setting) => {
      const first = firstLookAt(setting.fn, setting.path, setting.value);
      if (!this.#options.isLeftOut(setting.path)) return true;
      if (isGivenAtFirst(setting, first)) this.#firsts.set(setting.path, { setting, first });
      return false;
    });
  }

  /** Private fields of the objects and classes in surfaces. */
  async #privateSettings(surfaces: readonly Surface[], asked: Set<object>): Promise<Setting[]> {
    const holders = surfaces.flatMap((surface) =>
      holdersOfPrivates(surface).filter(({ object }) => !asked.has(object) && asked.add(object))
        .map(({ object, path }) => ({ object, path, script: surface.script }))
    );
    const fields = await this.#options.lease.privateFields(holders.map(({ object }) => object));
    return holders.flatMap(({ object, path, script }, index) =>
      [...fields[index] ?? []].flatMap(([name, value]) => {
        const at = `${path}.${name}`;
        return script !== null ? [{ fn: object, name, value, path: at, script, isPrivate: true }] : [];
      })
    );
  }

  /** Values that a function holds. */
  *valuesOf(code: Extract<Code, { kind: "package" | "platform" }>): Iterable<unknown> {
    if (code.kind === "platform") return yield* code.made?.values() ?? [];
    yield* code.held.values.values();
    for (const surface of code.held.surfaces) yield* surface.references;
  }

  /** Functions and objects in the state of packages. */
  *stateValues(): Iterable<unknown> {
    if (this.#state === undefined) return;
    const firsts = this.#firsts.values().map(({ first }) => first);
    for (const { value } of [...this.#state.settings, ...firsts]) if (typeof value === "function") yield value;
    yield* this.#state.closures.values();
    yield* this.#state.readers.keys();
    for (const surface of this.#state.surfaces) if (!this.#ofClasses.has(surface)) yield* surface.references;
    yield* this.#state.globals.values();
  }

  /** Functions and objects in the classes that modules of packages import. */
  *classValues(): Iterable<unknown> {
    for (const { references } of this.#ofClasses) yield* references;
  }
}

/** What may be a key of a table among the objects and functions of a surface, with their names. */
function* keysIn({ members, leaves }: Surface): Iterable<[key: object, name: string]> {
  for (const { object, path } of members) yield [object, path];
  for (const [path, fn] of leaves) yield [fn, path];
}

/** True for the object that stands for a module of CommonJS, which its function `require` holds. */
function isModuleObject(value: unknown): boolean {
  return typeof value === "object" && value !== null && !isProxy(value) &&
    ["exports", "filename", "loaded", "paths"].every((key) => Object.hasOwn(value, key));
}

/** True for a value that a program may have given to a function of the platform, and no part of the platform. */
function isGiven(value: unknown): boolean {
  if (isOfProcess(value)) return false;
  if (typeof value !== "object" || value === null || isProxy(value)) return true;
  const { kind } = classify(value);
  const isData = kind === "plain" || kind === "array" || kind === "map" || kind === "set" || kind === "instance";
  return !isData || Reflect.ownKeys(value).length <= MAX_GIVEN;
}

/** True for objects that are the same for all code of the process, whose members count where code names them. */
function isOfProcess(value: unknown): boolean {
  const maker: unknown = typeof value === "object" && value !== null && !isProxy(value)
    ? Object.getPrototypeOf(value)?.constructor
    : undefined;
  if (typeof maker === "function" && maker.name === "AsyncResource") return true;
  return value === globalThis || value === Deno || value === globalThis.process || value === console ||
    isModuleObject(value);
}
