/**
 * Walk through code: from a function to all functions, classes and values that its code reaches.
 *
 * @module
 */
import { isNativeFunction } from "../../values/kinds.ts";
import { type FunctionOrigin, type InspectorLease, isPlatformScript } from "../v8/inspector.ts";
import { type CodeUnit, findUnit, normalizeUnit } from "../syntax/code_unit.ts";
import type { DynamicImport } from "../syntax/normalize.ts";
import { isClassNode, isFunctionNode } from "../syntax/parse.ts";
import { type Use, usesOf, usesThis } from "../syntax/uses.ts";
import { blindFunction, blindImport, isObserved, noticeOfEnvironment, openUses } from "../blind/blind.ts";
import { placeOfReplaced } from "./built_ins.ts";
import { BuiltInChanges } from "./changes.ts";
import { findMember, type FoundMember, readExtras, staticPrivateNames } from "./members.ts";
import { type Declaration, declarationOf } from "./modules.ts";
import { accessorsOfGlobal, intrinsicPath, isOfPlatform, valueOfGlobal } from "./platform.ts";
import { type Code, isCompilerHelper, nameModule, Notes, type Root, type UserCode } from "./reached.ts";
import { NameResolver } from "./resolve_name.ts";
import type { FingerprintOptions } from "../types.ts";
import { isProxy } from "../../words/type_tests.ts";
import { OWN_SOURCES } from "../../words/program.ts";
import {
  isAllKnown,
  Numbering,
  surveyValues,
  type Unknown,
  type ValueView,
  writeValue,
  type WrittenValue,
} from "./values.ts";
import { digestBytes } from "../../words/sha256.ts";

/** Origins, captured variables included, of the functions for which these can never change again. */
const settledOrigins = new WeakMap<object, FunctionOrigin>();

const NO_FUNCTIONS: ReadonlySet<object> = new Set();

function isCodeSettled(code: Code): boolean {
  if (code.kind === "ignored") return false;
  return code.kind !== "user" ||
    code.user.roots.every((root) =>
      root.kind !== "unset" && root.kind !== "missing" && (root.kind !== "value" || !root.isDynamic)
    );
}

/** A walk, with everything that it has found. */
export class Exploration {
  readonly codes = new Map<object, Code>();
  readonly values = new Map<object, WrittenValue>();
  readonly notes: Notes;
  readonly #lease: InspectorLease;
  readonly #options: FingerprintOptions;
  readonly #ignored: ReadonlySet<string>;
  readonly #names: NameResolver;
  readonly #privates = new Map<object, ReadonlyMap<string, unknown>>();
  readonly #surveyed = new Numbering();
  readonly #blobs = new Map<Blob, string>();
  /** Queued objects of which something is not known yet. */
  readonly #incomplete = new Set<object>();
  /** Values that the next survey looks into besides the queued objects. */
  #unsurveyed: unknown[] = [];
  /** Objects through which functions were reached, by function; each is taken for the `this` of an arrow function. */
  readonly #owners = new Map<object, object>();
  /** Uses of methods whose code has not been read yet, by method. An owner counts only when its method uses it. */
  readonly #unreadMethods = new Map<object, { readonly use: Use; readonly found: FoundMember }[]>();
  /** Functions that code refers to directly, instead of looking them up in an observed object at each call. */
  readonly #held = new Set<object>();
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
    this.#ignored = new Set((options.ignoreCode ?? []).map((one) => one.replace(/^\.\//, "")));
    this.notes = new Notes(options.projectRoot);
    this.#names = new NameResolver({
      lease,
      fingerprint: options,
      ignored: this.#ignored,
      notes: this.notes,
      ownerOf: (fn) => this.#owners.get(fn),
      homes: this.homes,
    });
    this.view = {
      ...options.codecs === undefined ? {} : { codecs: options.codecs },
      isState: () => false,
      stateKeysOf: () => undefined,
      noteReference: (holder, fn) => this.#noteHeld(holder, fn),
      noteMember: (owner, member) => void this.#owners.set(member, this.#owners.get(member) ?? owner),
      privateFieldsOf: (object) => this.#privates.get(object),
      blobDigestOf: (blob) => this.#blobs.get(blob),
      classKindOf: (constructor) => {
        const code = this.codes.get(constructor);
        if (!code) return undefined;
        return code.kind === "package"
          ? "package"
          : code.kind === "user" || code.kind === "bound"
          ? "user"
          : "platform";
      },
    };
  }

  /** Walks from a function or an instance until nothing new is found. */
  async reach(subject: object): Promise<void> {
    this.#subject = subject;
    this.subjects.add(subject);
    this.#enqueueHeld(subject);
    while (this.#functionQueue.size + this.#objectQueue.size > 0) {
      await this.#locateQueued();
      await this.#writeQueued();
      if (this.#functionQueue.size + this.#objectQueue.size > 0) continue;
      for (const { value } of await this.changes.find(this.codes, this.#lease)) this.#enqueueHeld(value);
    }
    for (const fn of this.#held) {
      const code = this.codes.get(fn);
      const blind = code?.kind === "platform" ? blindFunction(fn, code.url, ownNameOf(fn)) : null;
      if (blind) this.notes.blind.set(blind.name, blind);
    }
  }

  /** Finds the declaration of a name, through imports; `null` when it cannot be found. */
  declarationOf(at: Declaration): Promise<Declaration | null> {
    return declarationOf(this.#lease, at);
  }

  /** Identity, as text, of the package that a specifier stands for; `null` for user code. */
  packageText(specifier: string, referrer: string): string | null {
    const identity = this.#options.packageOf(specifier, referrer);
    return identity && `package ${identity.name} ${identity.digest}`;
  }

  /** Member that a use of a free name reaches; `null` when the name stands neither for a value nor for a global. */
  memberOf(root: Root, use: Use): FoundMember | null {
    if (root.kind === "value" || root.kind === "global") return findMember(root.value, use.path);
    return null;
  }

  /** True when a method depends on its receiver, so that the receiver counts as well. */
  countsOwner(use: Use, found: FoundMember): boolean {
    if (use.how === "construct" || typeof found.value !== "function") return false;
    if (found.owner === null || found.owner === globalThis) return false;
    const code = this.codes.get(found.value);
    // `Stack.from(…)` of a class that extends Array: what the platform's function makes depends on the class.
    if (code?.kind === "platform") return typeof found.owner === "function" && !isNativeFunction(found.owner);
    return code?.kind === "user" && (!code.user.unit || usesThis(code.user.unit.node)) &&
      !(code.user.unit && isClassNode(code.user.unit.node));
  }

  #noteHeld(holder: object | null, fn: object): void {
    if (holder === null || !isObserved(holder, ownNameOf(fn))) this.#held.add(fn);
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
    const unknown = pending.filter((fn) => !settledOrigins.has(fn));
    const numbers = new Map(unknown.map((fn, index) => [fn, index]));
    const located = await this.#lease.locate(unknown);
    for (const fn of pending) {
      const origin = settledOrigins.get(fn) ?? located[numbers.get(fn) as number] as FunctionOrigin;
      const code = await this.#identify(fn, origin);
      this.codes.set(fn, code);
      this.#enqueueOwnersOf(fn);
      if (isCodeSettled(code)) settledOrigins.set(fn, origin);
      if (code.kind === "bound") code.parts.forEach((part) => this.#enqueueHeld(part));
      if (code.kind === "wrapper") this.#enqueue(code.original);
      if (code.kind === "user") this.#enqueueUses(code.user);
    }
  }

  #enqueueUses(user: UserCode): void {
    for (const root of user.roots) {
      for (const use of root.slot.uses) {
        // The program's own accessors are code. Those of the platform are told apart when they are found.
        if (root.kind === "global") accessorsOfGlobal(root.slot.name, use.path).forEach((part) => this.#enqueue(part));
        if (use.how === "write") continue;
        const found = this.memberOf(root, use);
        if (
          found &&
          !(root.kind === "global" && typeof found.value !== "function" && isOfPlatform(root.slot.name, use.path))
        ) {
          if (typeof found.value === "function" && found.owner && !this.#owners.has(found.value)) {
            this.#owners.set(found.value, found.owner);
          }
          this.#enqueue(found.value);
          if (typeof found.value === "function") this.#noteHeld(found.owner, found.value);
          this.#enqueueOwner(use, found);
        }
      }
    }
    for (const extra of user.extras.values()) this.#enqueueHeld(extra);
  }

  #enqueueOwner(use: Use, found: FoundMember): void {
    if (typeof found.value !== "function") return;
    if (this.codes.has(found.value)) {
      if (this.countsOwner(use, found)) this.#enqueue(found.owner);
      return;
    }
    const waiting = this.#unreadMethods.get(found.value) ?? [];
    waiting.push({ use, found });
    this.#unreadMethods.set(found.value, waiting);
  }

  #enqueueOwnersOf(method: object): void {
    for (const { use, found } of this.#unreadMethods.get(method) ?? []) {
      if (this.countsOwner(use, found)) this.#enqueue(found.owner);
    }
    this.#unreadMethods.delete(method);
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
    for (const reference of written.references) this.#enqueue(reference);
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

  async #identify(fn: object, origin: FunctionOrigin): Promise<Code> {
    const name = ownNameOf(fn);
    if (origin.kind === "bound") {
      if (await this.#isOfConsole(origin)) return { kind: "platform", name, url: "" };
      const notice = noticeOfEnvironment(origin.target);
      if (notice !== null) this.notes.notices.add(notice);
      return { kind: "bound", parts: [origin.target, origin.receiver, ...origin.args] };
    }
    if (origin.kind === "native") {
      const path = intrinsicPath(fn) ?? placeOfReplaced(fn);
      const kind = isProxy(fn) ? "a Proxy" : "native code";
      if (path === null) this.notes.notices.add(`not tracked: ${name || "a function"}, which is ${kind}`);
      return { kind: "platform", name: path ?? name, url: "" };
    }
    const { url, text } = origin.script;
    if (url.startsWith(OWN_SOURCES)) {
      // Wrappers that this package puts around functions are not the user's code.
      const original: unknown = Reflect.get(fn, "original");
      return typeof original === "function" ? { kind: "wrapper", original } : { kind: "platform", name, url };
    }
    if (isPlatformScript(url)) {
      const identity = this.#options.packageOf(url.startsWith("node:") ? url : "Deno");
      if (identity && (Object.hasOwn(Deno, name) || url.startsWith("node:"))) this.notes.addPackage(identity);
      return { kind: "platform", name: `${name} in ${url}`, url };
    }
    const identity = this.#options.packageOf(url);
    if (identity) {
      this.notes.addPackage(identity);
      return { kind: "package", identity, name };
    }
    return await this.#readUserCode(fn, origin, text);
  }

  /**
   * True for a method of the console as the platform made it: while an inspector is attached, they are the functions of
   * Deno and of V8, bound to the console. Their output is no input, and the console has nothing inside that code reads.
   */
  async #isOfConsole({ target, receiver, args }: Extract<FunctionOrigin, { kind: "bound" }>): Promise<boolean> {
    if (receiver !== valueOfGlobal("console") || receiver === undefined) return false;
    const functions = [target, ...args].filter((part): part is object => typeof part === "function");
    if (functions.length <= args.length) return false;
    const origins = await this.#lease.locate(functions);
    return origins.every((one) => one.kind === "native" || one.kind === "script" && isPlatformScript(one.script.url));
  }

  async #readUserCode(
    fn: object,
    origin: Extract<FunctionOrigin, { kind: "script" }>,
    scriptText: string,
  ): Promise<Code> {
    const { url } = origin.script;
    const text = Function.prototype.toString.call(fn);
    const module = nameModule(url, this.#options.projectRoot);
    const unit = findUnit(scriptText, origin.offset, text);
    const declared = unit && isFunctionNode(unit.node) && unit.node.type === "ArrowFunctionExpression"
      ? null
      : unit?.node.id?.name;
    const name = declared ?? ownNameOf(fn);
    if (this.#ignored.has(module) || this.#ignored.has(name)) return { kind: "ignored" };
    if (!unit) {
      this.notes.notices.add(
        `not tracked: what ${name || "a function"} @ ${module} refers to; its syntax could not be read`,
      );
      const user = { fn, name, module, url, unit, code: null, text, roots: [], isHelper: false, extras: new Map() };
      return { kind: "user", user };
    }
    if (!unit.isWhole) {
      this.notes.notices.add(`partly tracked: ${name || "a function"} @ ${module}, whose module could not be read`);
    }
    const isOfPackage = (url: string) => this.#options.packageOf(url) !== null;
    const foreign = isClassNode(unit.node)
      ? await (await import("./foreign_methods.ts")).findForeign(fn, unit, {
        lease: this.#lease,
        scopes: origin.scopes,
        isOfPackage,
      })
      : NO_FUNCTIONS;
    const extras = readExtras(fn, unit, (value) => this.#options.cachedIdentity(value) !== undefined, foreign);
    const code = extras.leftOut.size === 0
      ? normalizeUnit(unit)
      : normalizeUnit(unit, { isLeftOut: (member) => extras.leftOut.has(member) });
    const privates = await this.#staticPrivates(fn, unit);
    const roots: Root[] = [];
    for (const slot of code.slots) {
      roots.push(await this.#names.resolve(slot, { fn, unit, url, scopes: origin.scopes, name }));
    }
    for (const imported of code.imports) this.#noteImport(imported, unit, url);
    for (const notice of openUses(unit, code, roots)) {
      this.notes.notices.add(`not tracked: ${notice} in ${name || "a function"} @ ${module}`);
    }
    return {
      kind: "user",
      user: {
        fn,
        name,
        module,
        url,
        unit,
        code,
        text,
        roots,
        isHelper: isCompilerHelper(unit),
        extras: new Map([...extras.values, ...privates]),
      },
    };
  }

  /** Notes the blind uses of a module of Node that code imports while it runs. */
  #noteImport({ specifier, node }: DynamicImport, { script }: CodeUnit, url: string): void {
    const identity = specifier === null ? null : this.#options.packageOf(specifier, url);
    if (specifier === null || identity?.source !== "node") return;
    const awaited = script.parents.get(node);
    const uses = awaited?.type === "AwaitExpression" ? usesOf(script, awaited) : [];
    // Any other use of the module, such as `.then(…)` or passing it on, may read files.
    const paths = uses.length > 0 ? uses.map(({ path }) => path) : [[]];
    for (const path of paths) this.notes.addBlind(blindImport(specifier, "*", path), url);
  }

  /** Static private fields of a class, by label. No property shows them, so the inspector reads them. */
  async #staticPrivates(fn: object, { node }: CodeUnit): Promise<Map<string, unknown>> {
    const found = new Map<string, unknown>();
    const names = isClassNode(node) ? staticPrivateNames(node) : [];
    if (names.length === 0) return found;
    const [fields] = await this.#lease.privateFields([fn]);
    this.#privates.set(fn, new Map([...fields ?? []].filter(([name]) => names.includes(name))));
    for (const name of names) found.set(`static ${name}`, fields?.get(name));
    return found;
  }
}

function ownNameOf(fn: object): string {
  const name: unknown = Object.getOwnPropertyDescriptor(fn, "name")?.value;
  return typeof name === "string" ? name : "";
}
