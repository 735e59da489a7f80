/**
 * Walk through code: from a function to all functions, classes and values that its code reaches.
 *
 * @module
 */
import { isNativeFunction } from "../../values/kinds.ts";
import type { FunctionOrigin, InspectorLease } from "../v8/inspector.ts";
import type { Use } from "../syntax/uses.ts";
import { blindGlobal } from "../blind/blind.ts";
import { isObserved, isRequire, mayBeReader, noticeOfEnvironment, readerOf } from "../blind/readers.ts";
import { BuiltInChanges } from "./changes.ts";
import { findMember, type FoundMember, ReceivedUse, shadows } from "./members.ts";
import { type Declaration, declarationOf, moduleInPackage, resolveSpecifier } from "./modules.ts";
import { intrinsicPath } from "./intrinsics.ts";
import { accessorsOfGlobal, isOfPlatform } from "./platform.ts";
import { type Code, codeOfText, isCodeSettled, nameOfPackage, Notes, type Root, type UserCode } from "./reached.ts";
import { NameResolver } from "./resolve_name.ts";
import { allMembersOf, type FingerprintOptions } from "../types.ts";
import type { NamedMembers } from "./named_members.ts";
import {
  isAllKnown,
  nameOfFunction,
  nameOfHandle,
  Numbering,
  surveyValues,
  type Unknown,
  type ValueView,
  writeValue,
  type WrittenValue,
} from "./values.ts";
import { digestBytes } from "../../words/sha256.ts";
import type { OutsideCode } from "../outside/outside.ts";
import { CodeReader } from "./read_code.ts";

/** Number of functions and classes that are followed. No program is known that reaches as many. */
const MAX_FUNCTIONS = 20_000;

/** Number of functions in one value above which those of packages count by their places. */
const MAX_HELD = 100;

/** Number of closures that are looked into from a function on that a package keeps. */
const DEPTH_OF_STATE = 3;

/** Origins, captured variables included, of the functions for which these can never change again. */
const settledOrigins = new WeakMap<object, FunctionOrigin>();

/** A walk, with everything that it has found. */
export class Exploration {
  readonly codes = new Map<object, Code>();
  readonly values = new Map<object, WrittenValue>();
  readonly notes: Notes;
  readonly #lease: InspectorLease;
  readonly #options: FingerprintOptions;
  readonly #reader: CodeReader;
  readonly #privates = new Map<object, ReadonlyMap<string, unknown>>();
  readonly #surveyed = new Numbering();
  readonly #blobs = new Map<Blob, string>();
  /** Queued objects of which something is not known yet. */
  readonly #incomplete = new Set<object>();
  /** Values that the next survey looks into besides the queued objects. */
  #unsurveyed: unknown[] = [];
  /** Objects through which functions were reached, by function; each may be the `this` of an arrow function. */
  readonly #owners = new Map<object, object>();
  /** Uses of methods whose code has not been read yet, by method. An owner counts only when its method uses it. */
  readonly #unreadMethods = new Map<object, { readonly use: Use; readonly found: FoundMember }[]>();
  /** Origins of functions that modules declare, from the scopes of functions beside them. */
  readonly #siblings = new Map<object, FunctionOrigin>();
  /** Whether the origin of the function that is being read was found by another walk. */
  #isOfEarlierWalk = false;
  readonly #receivers = new ReceivedUse(this.codes);
  /** Functions that are called on the global object, and its accessors. */
  readonly #globalMethods = new Set<object>();
  /** Uses of methods that were read, and of which it is not settled whether they use their receivers. */
  readonly #undecided: { readonly use: Use; readonly found: FoundMember }[] = [];
  /** Functions that code refers to directly, instead of looking them up in an observed object at each call. */
  readonly #held = new Set<object>();
  /** Code of packages and of the platform; `null` until the first of it is met. */
  outside: OutsideCode | null = null;
  /** Imports from packages that were not looked at yet. */
  readonly #imports: Extract<Root, { kind: "package" }>[] = [];
  readonly #crowded = new Set<object>();
  /** Functions that the user's code holds in its variables. */
  readonly #captured = new Set<object>();
  /** Paths that are to be left out, by the path of the object that has the member. */
  #leftOutBelow: ReadonlyMap<string, readonly string[]> | undefined;
  /** Paths of package state that were left out, since runs change them. */
  readonly leftOut = new Set<string>();
  readonly #functionQueue = new Set<object>();
  readonly #objectQueue = new Set<object>();
  readonly view: ValueView;
  /** Home objects of the methods that use `super`, with their prototypes. */
  readonly homes = new Map<object, object | null>();
  /** Functions and instances that the walks began at. */
  readonly subjects = new Set<object>();
  /** What the program changed of built-in objects, as far as the code may read it. */
  readonly changes = new BuiltInChanges();
  #subject: object | null = null;

  constructor(lease: InspectorLease, options: FingerprintOptions) {
    this.#lease = lease;
    this.#options = options;
    const ignored = new Set((options.ignoreCode ?? []).map((one) => one.replace(/^\.\//, "")));
    this.notes = new Notes(options.projectRoot);
    const names = new NameResolver({
      lease,
      fingerprint: options,
      ignored,
      notes: this.notes,
      ownerOf: (fn) => this.#owners.get(fn),
      homes: this.homes,
    });
    this.#reader = new CodeReader({
      lease,
      fingerprint: options,
      ignored,
      notes: this.notes,
      names,
      codes: this.codes,
      useOutside: () => this.#useOutside(),
      noteOrigin: (fn, origin) => {
        // Scopes that an earlier walk has read may have other values by now.
        if (!this.#isOfEarlierWalk) this.#siblings.set(fn, origin);
      },
      notePrivates: (object, fields) => void this.#privates.set(object, fields),
      addModule: (user) => {
        this.codes.set(user.fn, { kind: "user", user });
        this.#enqueueUses(user);
      },
    });
    this.view = {
      ...options.codecs === undefined ? {} : { codecs: options.codecs },
      isState: () => false,
      stateKeysOf: () => undefined,
      noteReference: (holder, fn) => this.#noteHeld(holder, fn),
      noteMember: (owner, member) => void this.#owners.set(member, this.#owners.get(member) ?? owner),
      privateFieldsOf: (object) => this.#privates.get(object),
      blobDigestOf: (blob) => this.#blobs.get(blob),
      isSeen: (instance, constructor) => (this.outside?.instance(instance, constructor) ?? null) !== null,
      packageOfClass: (constructor) => {
        const code = this.codes.get(constructor);
        return code?.kind === "package" ? code.identity.name : undefined;
      },
      classKindOf: (constructor) => {
        const kind = this.codes.get(constructor)?.kind;
        if (kind === undefined || kind === "package") return kind;
        return kind === "user" || kind === "bound" ? "user" : "platform";
      },
    };
  }

  /** Methods of classes that no code reached can name; `null` when every method counts. */
  get members(): NamedMembers | null {
    return this.#reader.members;
  }

  /** Walks from a function or an instance until nothing new is found. */
  async reach(subject: object): Promise<void> {
    this.#subject = subject;
    this.subjects.add(subject);
    this.#enqueueHeld(subject);
    do {
      while (this.#functionQueue.size + this.#objectQueue.size > 0) {
        await this.#locateQueued();
        await this.#writeQueued();
      }
      await this.#reachOutside();
      // Code that was read meanwhile may use a receiver that other code hands on.
      for (const { use, found } of this.#undecided) if (this.countsOwner(use, found)) this.#enqueue(found.owner);
      if (this.#functionQueue.size + this.#objectQueue.size > 0) continue;
      for (const { value } of await this.changes.find(this.codes, this.#lease)) this.#enqueueHeld(value);
      if (this.#functionQueue.size + this.#objectQueue.size > 0) continue;
      for (const one of this.members?.outdated(this) ?? []) {
        this.codes.delete(one);
        this.#enqueue(one);
      }
    } while (this.#functionQueue.size + this.#objectQueue.size > 0);
    for (const fn of this.#globalMethods) {
      const code = this.codes.get(fn);
      if (code?.kind !== "user" || !this.#receivers.isUsed(fn)) continue;
      this.notes.notices.add(
        `not tracked: what ${code.user.name || "a function"} reads of the global object as \`this\`; write globalThis`,
      );
    }
    for (const fn of this.#held) {
      const code = this.codes.get(fn);
      const blind = code?.kind === "platform" ? readerOf(fn, code.url) : null;
      const owner = this.outside?.state?.readers.get(fn);
      if (blind && owner !== undefined) this.notes.addBlindOf({ ...blind, module: `package ${owner}` });
      else if (blind && !this.notes.blind.has(blind.name)) this.notes.blind.set(blind.name, blind);
      const notice = noticeOfEnvironment(fn);
      if (notice !== null) this.notes.notices.add(notice);
    }
  }

  /** Follows what the user's code imports from packages, and what these packages were told. */
  async #reachOutside(): Promise<void> {
    if (this.outside === null && this.#imports.length === 0) return;
    const outside = await this.#useOutside();
    for (const root of this.#imports.splice(0)) {
      for (const value of outside.imported.reach(root)) {
        if (typeof value === "function" && !this.#captured.has(value)) outside.limit(value, DEPTH_OF_STATE);
        this.#enqueue(value);
      }
    }
    if (this.#functionQueue.size > 0) return;
    await outside.settle(() => this.#reachedByUser());
    for (const value of [...outside.stateValues(), ...outside.imported.values()]) {
      if (typeof value === "function") outside.limit(value, DEPTH_OF_STATE);
      this.#enqueueHeld(value);
    }
    // Methods that the program put there are walked; those of the package are known by their places.
    for (const value of outside.classValues()) {
      if (typeof value === "function") outside.limit(value, 0);
      this.#enqueueHeld(value);
    }
  }

  /** Objects and functions that the user's code can get at, with names that are equal in every process. */
  #reachedByUser(): ReadonlyMap<object, string> {
    const found = new Map<object, string>();
    for (const fn of this.codes.keys()) found.set(fn, nameOfFunction(fn));
    for (const { met } of this.values.values()) {
      for (const subject of met.subjects()) {
        if (typeof subject === "object" && subject !== null) found.set(subject, nameOfHandle(subject));
      }
    }
    return found;
  }

  /** Loaded by the first code of a package, or function that the platform made. */
  async #useOutside(): Promise<OutsideCode> {
    if (this.outside !== null) return this.outside;
    const { OutsideCode } = await import("../outside/outside.ts");
    if (this.outside !== null) return this.outside;
    this.outside = new OutsideCode({
      lease: this.#lease,
      packageNameOf: (url) => nameOfPackage(this.#options.packageOf(url)),
      isLeftOut: (path) => this.#isLeftOut(path),
      leaveOutBelow: (path) => this.#leaveOutBelow(path),
      leavesOutIn: (path) => this.#options.leftOut?.values().some((one) => one.startsWith(path)) === true,
    });
    for (const fn of this.#captured) this.outside.capture(fn);
    for (const fn of this.#crowded) this.outside.crowd(fn);
    return this.outside;
  }

  /** Takes note of functions that one object holds, such as an instance of a library: they count by their places. */
  #crowd(functions: readonly object[]): void {
    for (const fn of functions) {
      this.#crowded.add(fn);
      this.outside?.crowd(fn);
    }
  }

  /** Takes note of a function that the user's code holds, also of one that counted by its place alone until now. */
  #capture(fn: unknown): void {
    if (typeof fn !== "function" || this.#captured.has(fn)) return;
    this.#captured.add(fn);
    this.outside?.capture(fn);
    const code = this.codes.get(fn);
    if (code?.kind === "package" && code.held.isLeaf) this.codes.delete(fn);
  }

  #leaveOutBelow(path: string): void {
    const { leftOut } = this.#options;
    if (leftOut === undefined || leftOut.size === 0) return;
    this.#leftOutBelow ??= Map.groupBy(leftOut, (one) => one.slice(0, Math.max(0, one.lastIndexOf("."))));
    for (const one of this.#leftOutBelow.get(path) ?? []) this.leftOut.add(one);
  }

  #isLeftOut(path: string): boolean {
    const found = [path, allMembersOf(path)].filter((one) => this.#options.leftOut?.has(one));
    for (const one of found) this.leftOut.add(one);
    return found.length > 0;
  }

  /** Finds the declaration of a name, through imports; `null` when it cannot be found. */
  declarationOf(at: Declaration): Promise<Declaration | null> {
    return declarationOf(this.#lease, at, this.#options.resolve);
  }

  /** Identity, as text, of the package that a specifier stands for; `null` for user code. */
  packageText(specifier: string, referrer: string): string | null {
    const identity = this.#options.packageOf(specifier, referrer);
    const address = resolveSpecifier(specifier, referrer, this.#options.resolve) ?? specifier;
    return identity && `package ${identity.name} ${identity.digest}${moduleInPackage(address)}`;
  }

  /** Member that a use of a free name reaches; `null` when the name stands neither for a value nor for a global. */
  memberOf(root: Root, use: Use): FoundMember | null {
    if (root.kind === "value" || root.kind === "global") return findMember(root.value, use.path);
    return null;
  }

  /** True when a method depends on its receiver, so that the receiver counts as well. */
  countsOwner(use: Use, found: FoundMember): boolean {
    // In the place of a member of the class there may stand what that member made of the object.
    if (found.owner !== null && shadows(found.owner, use.path[found.followed - 1])) return true;
    if (use.how === "construct" || typeof found.value !== "function") return false;
    if (found.owner === null || found.owner === globalThis) return false;
    const code = this.codes.get(found.value);
    // `Stack.from(…)` of a class that extends Array: what the platform's function makes depends on the class.
    if (code?.kind === "platform") return typeof found.owner === "function" && !isNativeFunction(found.owner);
    // A method that a class of the user inherits from a package makes instances of that class, and calls its methods.
    if (code?.kind === "package") return typeof found.owner === "function" || mayUseReceiver(found.value);
    return code?.kind === "user" && this.#receivers.isUsed(found.value);
  }

  #noteHeld(holder: object | null, fn: object): void {
    if (holder === null || !isObserved(holder, nameOfFunction(fn))) this.#held.add(fn);
  }

  /** Notes a function of the platform that a package exports as its own: `readFileSync` of `graceful-fs`. */
  #notePlatformReader({ value, owner }: FoundMember): void {
    if (typeof value !== "function" || !mayBeReader(value)) return;
    this.#enqueue(value);
    this.#noteHeld(owner, value);
  }

  #enqueueHeld(value: unknown): void {
    if (typeof value === "function") this.#noteHeld(null, value);
    this.#enqueue(value);
  }

  #enqueue(value: unknown): void {
    if (typeof value === "function") {
      if (!this.codes.has(value)) this.#functionQueue.add(value);
    } else if (typeof value === "object" && value !== null && !this.values.has(value)) this.#objectQueue.add(value);
  }

  async #locateQueued(): Promise<void> {
    const functions = [...this.#functionQueue];
    this.#functionQueue.clear();
    const pending: object[] = [];
    for (const fn of functions) {
      const known = this.#identifyCached(fn);
      if (known) {
        this.codes.set(fn, known);
        if (known.kind === "wrapper") this.#enqueue(known.original);
      } else pending.push(fn);
    }
    const left = Math.max(0, MAX_FUNCTIONS - this.codes.size);
    const followed = pending.slice(0, left);
    const known = (fn: object) =>
      settledOrigins.get(fn) ?? this.#siblings.get(fn) ?? this.outside?.contexts.originOf(fn);
    const unknown = followed.filter((fn) => known(fn) === undefined);
    const asked = this.outside?.contexts.firstOfEach(unknown) ?? unknown;
    const located = await this.#lease.locate(asked);
    const answers = new Map(asked.map((fn, index) => [fn, located[index] as FunctionOrigin]));
    for (const fn of pending.slice(left)) this.codes.set(fn, this.#readTextAlone(fn));
    for (const fn of followed) {
      this.#isOfEarlierWalk = settledOrigins.has(fn);
      const origin = answers.get(fn) ?? this.originOf(fn) ?? (await this.#lease.locate([fn]))[0] as FunctionOrigin;
      const code = await this.#reader.identify(fn, origin);
      this.codes.set(fn, code);
      this.#enqueueOwnersOf(fn);
      if (isCodeSettled(code)) settledOrigins.set(fn, origin);
      if (code.kind === "bound") {
        for (const part of code.parts) {
          this.#capture(part);
          this.#enqueueHeld(part);
        }
      }
      if (code.kind === "wrapper") this.#enqueue(code.original);
      if (code.kind === "user") this.#enqueueUses(code.user);
      if (code.kind === "package" || code.kind === "platform") {
        for (const value of this.outside?.valuesOf(code) ?? []) this.#enqueueHeld(value);
      }
    }
  }

  /** Origin of a function, if this walk or an earlier one has found it and it is still the same. */
  originOf(fn: object): FunctionOrigin | undefined {
    return settledOrigins.get(fn) ?? this.#siblings.get(fn) ?? this.outside?.contexts.originOf(fn);
  }

  #enqueueUses(user: UserCode): void {
    for (const root of user.roots) {
      if (root.kind === "package") this.#imports.push(root);
      for (const use of root.slot.uses) {
        // The program's own accessors are code. Those of the platform are told apart when they are found.
        if (root.kind === "global") {
          for (const part of accessorsOfGlobal(root.slot.name, use.path)) {
            this.#globalMethods.add(part);
            this.#enqueue(part);
          }
        }
        if (use.how === "write") continue;
        if (root.kind === "package") this.#notePlatformReader(findMember(root.value, use.path));
        const found = this.memberOf(root, use);
        if (
          found &&
          !(root.kind === "global" && typeof found.value !== "function" && isOfPlatform(root.slot.name, use.path))
        ) {
          if (typeof found.value === "function" && found.owner && !this.#owners.has(found.value)) {
            this.#owners.set(found.value, found.owner);
          }
          if (found.followed === 0) this.#capture(found.value);
          this.#enqueue(found.value);
          // A global that is blind by its name was noted when the name was resolved.
          const isNoted = use.how === "call" && isRequire(found.value) ||
            root.kind === "global" && blindGlobal([root.slot.name, ...use.path]) !== null;
          if (typeof found.value === "function" && !isNoted) this.#noteHeld(found.owner, found.value);
          this.#enqueueOwner(use, found);
        }
      }
    }
    for (const extra of user.extras.values()) {
      this.#capture(extra);
      this.#enqueueHeld(extra);
    }
  }

  #enqueueOwner(use: Use, found: FoundMember): void {
    if (typeof found.value !== "function") return this.countsOwner(use, found) ? this.#enqueue(found.owner) : undefined;
    if (this.codes.has(found.value)) return this.#decideOwner(use, found);
    const waiting = this.#unreadMethods.get(found.value) ?? [];
    waiting.push({ use, found });
    this.#unreadMethods.set(found.value, waiting);
  }

  #enqueueOwnersOf(method: object): void {
    for (const { use, found } of this.#unreadMethods.get(method) ?? []) this.#decideOwner(use, found);
    this.#unreadMethods.delete(method);
  }

  #decideOwner(use: Use, found: FoundMember): void {
    if (found.owner === globalThis) this.#globalMethods.add(found.value as object);
    if (this.countsOwner(use, found)) this.#enqueue(found.owner);
    else if (found.owner !== null) this.#undecided.push({ use, found });
  }

  /** Writes the queued objects, once everything that is needed for it is known. */
  async #writeQueued(): Promise<void> {
    for (const object of this.#objectQueue) if (!this.#incomplete.has(object)) this.#tryToWrite(object);
    if (this.#objectQueue.size === 0) return;
    const survey = surveyValues([...this.#objectQueue, ...this.#unsurveyed], this.view, this.#surveyed);
    this.#unsurveyed = [...survey.postponed];
    await this.#learn(survey);
    if (!isAllKnown(survey)) return;
    for (const object of this.#objectQueue) {
      const unknown = this.#tryToWrite(object);
      if (unknown !== null) await this.#learn(unknown);
    }
  }

  /** Writes an object and takes it off the queue. @returns What has to be known first; `null` when it is written. */
  #tryToWrite(object: object): Unknown | null {
    const written = writeValue(object, this.view);
    if (!isAllKnown(written.unknown)) {
      this.#incomplete.add(object);
      return written.unknown;
    }
    this.#objectQueue.delete(object);
    this.values.set(object, written);
    if (written.references.length > MAX_HELD) this.#crowd(written.references);
    for (const reference of written.references) this.#enqueue(reference);
    for (const instance of written.seen) {
      for (const value of this.outside?.surfaceOfInstance(instance)?.references ?? []) this.#enqueueHeld(value);
    }
    return null;
  }

  async #learn({ classes, instances, blobs }: Unknown): Promise<void> {
    for (const one of classes) this.#enqueue(one);
    const fields = await this.#lease.privateFields(instances);
    for (const [index, instance] of instances.entries()) {
      const own = fields[index] ?? new Map<string, unknown>();
      this.#privates.set(instance, own);
      this.#unsurveyed.push(...own.values());
    }
    for (const blob of blobs) {
      this.#blobs.set(blob, digestBytes(new Uint8Array(await Blob.prototype.arrayBuffer.call(blob))));
    }
  }

  #identifyCached(fn: object): Code | null {
    // A recursive function that calls its own wrapper refers to itself, whatever the wrapper is called.
    if (this.#subject !== null && Reflect.get(fn, "original") === this.#subject) {
      return { kind: "wrapper", original: this.#subject };
    }
    const identity = this.#options.cachedIdentity(fn);
    return identity === undefined ? null : { kind: "cached", identity };
  }

  /** Code of a function that is one too many to follow: its own text. */
  #readTextAlone(fn: object): Code {
    this.notes.notices.add(
      `partly tracked: it reaches more than ${MAX_FUNCTIONS} functions; those beyond count by their text alone`,
    );
    const path = isNativeFunction(fn) ? intrinsicPath(fn) : null;
    return path === null ? { kind: "user", user: codeOfText(fn) } : { kind: "platform", name: path, url: "" };
  }
}

/** True for a function of a package that may use its receiver, or the `this` of the object that made it. */
function mayUseReceiver(fn: object): boolean {
  return /\bthis\b|\bsuper\b/.test(Function.prototype.toString.call(fn));
}
