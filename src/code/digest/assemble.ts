/**
 * Assembly of a fingerprint: turns the findings of a walk into one graph to digest, and into named parts.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import type { Digest } from "../../words/digests.ts";
import type { FingerprintPart } from "../../words/records.ts";
import { isClassNode } from "../syntax/parse.ts";
import { variableOfUnit } from "../syntax/variable_at.ts";
import type { Use } from "../syntax/uses.ts";
import type { Exploration } from "../walk/explore.ts";
import { type Code, isOfPlatformAlone, type Root, type UserCode } from "../walk/reached.ts";
import { digestGraph, type GraphNode, type UnfilledNode } from "./graph_digest.ts";
import { type FoundMember, inherits } from "../walk/members.ts";
import {
  accessorsOfGlobal,
  type AmbientFact,
  ambientGlobal,
  factsOfCode,
  isOfPlatform,
  mayMakeText,
  pathInGlobal,
  TIME_ZONE,
} from "../walk/platform.ts";
import { blindGlobal } from "../blind/blind.ts";
import { resolveSpecifier } from "../walk/modules.ts";
import {
  firstMember,
  firstValue,
  initialText,
  keepNode,
  nodeBefore,
  numberOf,
  placeOf,
  PROCESS,
  type SightContext,
  sightOfMember,
  sightOfVariable,
  sightsWithin,
} from "../state/state.ts";
import { noticeOfHandle, type ValueView, writePrimitive, writeValue, type WrittenValue } from "../walk/values.ts";
import { FingerprintChecks } from "./checks.ts";
import { FunctionGuards } from "./function_guards.ts";
import { type Captured, contentOf, numberCaptured } from "./ordinals.ts";
import type { Assembly, AssemblyOptions, FactCheck } from "./assembly.ts";
import type { ChangingVariable } from "./changing_variables.ts";
import type { OutsideNodes } from "./outside_nodes.ts";
import { packageText, Parts } from "./parts.ts";
import {
  findVisibleNames,
  functionForm,
  mentionsMember,
  NOTICE_OF_PLACES,
  seesMemberOrder,
  shownOf,
  showsPlaces,
  textOf,
  usesText,
  type VisibleNames,
} from "./visible.ts";

/** Assembles the findings about `subject`. */
export function assemble(subject: object, found: Exploration, options: AssemblyOptions): Assembly {
  return new Assembler(found, options).run(subject);
}

type ValueRoot = Extract<Root, { kind: "value" }>;

class Assembler {
  readonly #found: Exploration;
  readonly #options: AssemblyOptions;
  readonly #view: ValueView;
  readonly #nodes = new Map<object, UnfilledNode>();
  readonly #parts = new Parts();
  readonly #notices: Set<string>;
  readonly #checks: FingerprintChecks;
  readonly #sights: SightContext;
  readonly #guards: FunctionGuards;
  readonly #variables: ChangingVariable[] = [];
  readonly #factChecks: FactCheck[] = [];
  readonly #privates = new Map<object, ReadonlyMap<string, unknown>>();
  /** Makes the nodes of code of packages and of the platform; `null` when there is none. */
  readonly #outside: OutsideNodes | null;
  readonly #names: VisibleNames;
  readonly #asksIfFrozen: boolean;
  /** True for code that reads the stacks of errors, which have the names of functions. */
  readonly #readsStacks: boolean;
  /** True for code that turns values into text, such as dates. */
  readonly #makesText: boolean;
  /** Captured values in the order of the references to them; of a function, whether it is only called. */
  readonly #captured: Captured[] = [];
  readonly #written = new Map<object, WrittenValue>();
  #subject: object | null = null;
  /** Part that stands for the subject itself. */
  #own: FingerprintPart | null = null;
  /** Functions that fill in nodes. A list, not a recursion, since code may reach deeper than the stack allows. */
  readonly #unfilled: (() => void)[] = [];

  constructor(found: Exploration, options: AssemblyOptions) {
    this.#found = found;
    this.#options = options;
    this.#notices = new Set(found.notes.notices);
    this.#names = findVisibleNames(found, options.sight.capturedTexts);
    this.#readsStacks = mentionsMember(found, "stack");
    this.#makesText = found.codes.values().some((code) => code.kind === "user" && mayMakeText(code.user.code));
    this.#asksIfFrozen = ["isFrozen", "isSealed", "isExtensible"].some((name) => mentionsMember(found, name));
    this.#view = {
      ...found.view,
      isState: (object) => options.state.objects.has(object),
      stateKeysOf: (object) => options.state.members.get(object),
      countsOrder: options.sight.order || seesMemberOrder(found),
      countsStacks: options.sight.stacks || this.#readsStacks,
      countsLastIndex: mentionsMember(found, "lastIndex"),
    };
    this.#sights = { ...options.state, node: (value) => nodeBefore(value, found.codes) ?? this.#value(value) };
    this.#guards = new FunctionGuards((object) => options.state.members.get(object));
    this.#checks = new FingerprintChecks(this.#view, options.state);
    this.#outside = options.OutsideNodes === null ? null : new options.OutsideNodes(found, {
      value: (value) => this.#value(value),
      fact: (fact) => this.#fact(fact),
      nodes: this.#nodes,
      later: (fill) => void this.#unfilled.push(fill),
      parts: this.#parts,
      checks: this.#checks.list,
      variables: this.#variables,
    });
  }

  run(subject: object): Assembly {
    this.#subject = subject;
    const root = typeof subject === "function" ? this.#code(subject) : this.#object(subject);
    const packages = this.#outside?.state() ?? null;
    const changes = this.#changes();
    if (showsPlaces(this.#found)) this.#notices.add(NOTICE_OF_PLACES);
    for (let fill = this.#unfilled.pop(); fill; fill = this.#unfilled.pop()) fill();
    this.#outside?.addParts();
    this.#parts.addPackages(this.#found.notes.packages.values());
    for (const notice of [...this.#options.state.notices, ...this.#outside?.notices() ?? []]) this.#notices.add(notice);
    const ordinals = numberCaptured(this.#captured, (object) => this.#write(object));
    for (const home of this.#found.homes.keys()) this.#guards.addLink(home);
    const repeats = ordinals.repeats();
    const ownRoot = typeof root === "string" ? { own: root, references: [] } : root;
    const further = [...packages === null ? [] : [packages], ...changes?.references ?? []];
    const plainRoot = further.length === 0
      ? ownRoot
      : { own: `${packages === null ? "" : "with packages "}${changes?.own ?? ""}`, references: [ownRoot, ...further] };
    return {
      // Code can tell one object that it reaches in two ways from two equal ones.
      root: repeats === "" ? plainRoot : { own: `shared ${digestBytes(repeats)}`, references: [plainRoot] },
      ordinals,
      contentOf: (object, digests) =>
        contentOf(object, ordinals, {
          write: (one) => this.#write(one),
          digestOf: (one) => {
            const node = this.#nodes.get(one);
            return node === undefined ? null : digestGraph(node, digests);
          },
        }),
      nodeOf: (value) => this.#nodes.get(value),
      parts: this.#own === null ? this.#parts.list : [this.#own, ...this.#parts.list],
      notices: [...this.#notices].sort(),
      checks: this.#checks.list,
      factChecks: this.#factChecks,
      areFunctionsSame: this.#guards.guard(),
      variables: this.#variables,
      privates: this.#privates,
    };
  }

  /** What the program changed of built-in objects; `null`: nothing that the code may read. */
  #changes(): GraphNode | null {
    const changes = [...this.#found.changes.found.values()].sort((a, b) => a.label < b.label ? -1 : 1);
    if (changes.length === 0) return null;
    for (const { label, value } of changes) {
      if (typeof value !== "function") this.#addValuePart(label, undefined, value);
    }
    const references = changes.map(({ value }) => this.#value(value));
    return { own: `changed ${JSON.stringify(changes.map(({ label }) => label))}`, references };
  }

  #code(fn: object): GraphNode | string {
    const code = this.#found.codes.get(fn);
    switch (code?.kind) {
      case undefined:
        return "unknown";
      case "ignored":
        return "ignored";
      case "cached":
        this.#parts.add({ kind: "cached", name: code.identity, digest: digestBytes(code.identity) });
        return `cached ${code.identity}`;
      case "wrapper":
        return this.#code(code.original);
      case "package":
        return this.#outside?.packageCode(fn, code) ?? packageText(code.identity, code.name);
      case "platform":
        return code.made === undefined
          ? this.#platformCode(code)
          : this.#outside!.platformCode(fn, code.name, code.made);
      case "bound":
        return this.#node(fn, (node) => {
          node.own = `bound ${code.parts.length}`;
          node.references.push(...code.parts.map((part) => this.#value(part)));
        });
      case "user":
        return keepNode(code.user.fn, this.#node(code.user.fn, (node) => this.#fillCode(node, code.user)));
    }
  }

  #platformCode({ name, facts = [], wasm }: Extract<Code, { kind: "platform" }>): string {
    if (wasm !== undefined) this.#parts.addModule("WebAssembly", wasm);
    return [`platform ${name}${wasm === undefined ? "" : ` of ${wasm}`}`, ...facts.map((fact) => this.#fact(fact))]
      .join(" ");
  }

  #fillCode(node: UnfilledNode, user: UserCode): void {
    const { code } = user;
    const isClass = user.unit !== null && isClassNode(user.unit.node);
    const text = code ? code.text : user.text.replaceAll("\r\n", "\n");
    const isSeen = this.#names.escaping.has(user.fn);
    const reads = { texts: this.#options.sight.capturedTexts, stacks: this.#readsStacks };
    const { names, texts, form } = shownOf(user, this.#names, reads);
    node.references.push(...texts);
    if (isSeen && this.#asksIfFrozen) this.#checks.list.push(() => functionForm(user.fn) === form);
    const meta = code && code.meta.length > 0 ? ` in ${user.module} ${code.meta.join()}` : "";
    const uses: string[] = [], extras: string[] = [], { state } = this.#options;
    for (const root of user.roots) {
      const references = this.#references(root, user);
      uses.push(String(references.length));
      node.references.push(...references);
    }
    for (const fact of factsOfCode(user, this.#resolve)) node.references.push(this.#fact(fact));
    for (const one of user.modules ?? []) node.references.push(typeof one === "string" ? one : this.#code(one));
    this.#checks.list.push(...user.checks ?? []);
    for (const { name, digest, isOfUser } of user.required ?? []) {
      node.references.push(`required ${digest}`);
      if (isOfUser) this.#parts.addModule(name, digest);
    }
    for (const [label, value] of user.extras) {
      const member = label.replace(/^static /, "");
      if (state.members.get(user.fn)?.has(member)) {
        node.references.push(...sightOfMember(user.fn, member, value, this.#sights));
        continue;
      }
      // Private names do not count, so the label of a private field omits the name.
      extras.push(label.startsWith("static #") ? "static #" : label);
      node.references.push(this.#value(value));
      if (typeof value !== "function") {
        this.#addValuePart(`${user.name}.${label.replace(/^\w+ /, "")}`, user.module, value);
      }
    }
    if (isClass || user.extras.size > 0) this.#checks.addMembersOf(user.fn);
    if (isClass || isSeen || user.unit?.node.type === "FunctionExpression" && user.unit.node.id) {
      this.#guards.add(user.fn);
    }
    if (isClass && this.#view.privateFieldsOf(user.fn)) this.#notePrivates(user.fn);
    node.own = `code${names}${meta}${form} ${uses.join()} ${JSON.stringify(extras)} ${text}`;
    if (!user.isHelper) {
      const part: FingerprintPart = {
        kind: isClass ? "class" : "function",
        name: user.name || variableOfUnit(user.unit) || "(anonymous)",
        module: user.module,
        digest: digestBytes(`${names}${meta} ${text}`),
      };
      if (user.fn === this.#subject) this.#own = part;
      else this.#parts.add(part);
    }
  }

  #references(root: Root, user: UserCode): (GraphNode | string)[] {
    const { slot } = root;
    switch (root.kind) {
      case "ignored":
        return ["ignored"];
      case "missing":
        return [slot.binding === null ? `${slot.name} ${PROCESS} ${numberOf(user.fn)}` : "missing"];
      case "unset": {
        const place = placeOf(user.module, slot.name, []);
        this.#variables.push({ fn: user.fn, name: slot.name, value: undefined, isUnset: true, place });
        return ["unset"];
      }
      case "package":
        if (root.isDynamic) this.#readAgain(root, user, placeOf(user.module, slot.name, []));
        return [
          packageText(root.identity, root.imported),
          ...this.#outside?.imported(root, (use, found) => this.#checks.addMember(root.value, use, found)) ?? [],
        ];
      case "platform":
        return [
          `platform ${root.name}${root.identity ? ` ${root.identity.digest}` : ""}`,
          ...this.#facts(slot, (path) => root.factOf(path)),
        ];
      case "global":
        return [
          ...this.#uses(root, user, (found, use) => this.#global(root, found, use, user)),
          ...this.#facts(slot, (path) => ambientGlobal([slot.name, ...path])),
        ];
      case "value":
        if (root.declaration && this.#options.state.bindings.has(root.declaration.binding)) {
          const sight = sightOfVariable(root.declaration, user, root.value, this.#sights);
          return ["state", this.#initial(root, [], root.value, user.fn), ...sight];
        }
        if (root.isDynamic) {
          this.#readAgain(root, user, placeOf(root.module, root.declaration?.binding.name ?? slot.name, []));
        }
        return this.#uses(root, user, (found, use) => this.#member(root, found, use, user));
      default:
        return root satisfies never;
    }
  }

  #readAgain({ slot, value }: Pick<ValueRoot, "slot" | "value">, { fn }: UserCode, place: string): void {
    this.#variables.push({ fn, name: slot.name, value, isUnset: false, place });
  }

  #facts(slot: Root["slot"], find: (path: readonly string[]) => AmbientFact | null): string[] {
    const facts = slot.uses.filter((use) => use.how !== "write").flatMap((use) => find(use.path) ?? []);
    return [...new Map(facts.map((fact) => [fact.name, fact])).values()].map((fact) => this.#fact(fact));
  }

  #fact(fact: AmbientFact): string {
    const value = fact.read();
    const { digest } = writeValue(value, this.#view);
    if (fact.changes) {
      const isUnchanged = () => writeValue(fact.read(), this.#view).digest === digest;
      this.#checks.list.push(isUnchanged);
      this.#factChecks.push({ name: fact.name, isUnchanged });
    }
    this.#addValuePart(fact.name, undefined, value);
    return `fact ${fact.name} ${digest}`;
  }

  #uses(
    root: Extract<Root, { kind: "value" | "global" }>,
    user: UserCode,
    refer: (found: FoundMember, use: Use) => GraphNode | string,
  ): (GraphNode | string)[] {
    const references: (GraphNode | string)[] = [], seen = new Set<string>();
    const { holders, members } = this.#options.state;
    for (const use of root.slot.uses) {
      if (use.how === "write") continue;
      const id = `${use.how === "call"} ${JSON.stringify(use.path)}`;
      if (seen.has(id)) continue;
      seen.add(id);
      const found = this.#found.memberOf(root, use);
      if (!found) continue;
      references.push(refer(found, use));
      // What is only called shows nothing of itself.
      const isShown = use.how !== "call" || found.followed < use.path.length;
      if (isShown && typeof found.value === "function") this.#guards.add(found.value);
      const isHolder = root.kind === "value" && root.declaration && holders.has(root.declaration.binding);
      const isState = isHolder && members.get(found.value as object)?.has(use.path[found.followed] ?? "");
      if (isHolder && !isState && typeof found.value === "object") {
        references.push(this.#initial(root, use.path.slice(0, found.followed), found.value, user.fn));
      }
      const isOfState = found.owner !== null && members.get(found.owner)?.has(use.path[found.followed - 1] ?? "");
      if (!isOfState && this.#found.countsOwner(use, found)) references.push(this.#value(found.owner));
      if (usesText(use, found, user.unit?.script.parents)) references.push(textOf(found.value as object));
    }
    return references;
  }

  /** Text that counts in place of state. */
  #initial(
    { slot, declaration, value: holder }: ValueRoot,
    path: readonly string[],
    value: unknown,
    fn: object,
  ): string {
    const code = declaration ? this.#options.state.holders.get(declaration.binding) : undefined;
    const name = `${slot.name}.${path.join(".")}`;
    const views = { whole: this.#found.view, withoutState: this.#view };
    return initialText(code, path, holder === globalThis ? "" : () => firstValue(value, views, name, fn));
  }

  #global(
    { slot, value }: Extract<Root, { kind: "global" }>,
    found: FoundMember,
    use: Use,
    user: UserCode,
  ): GraphNode | string {
    const isPlatformCode = (one: unknown) => typeof one === "function" && isOfPlatformAlone(this.#found.codes.get(one));
    const isUserCode = typeof found.value === "function" && !isPlatformCode(found.value);
    const path = pathInGlobal(slot.name, use.path);
    const accessors = accessorsOfGlobal(slot.name, use.path);
    if (accessors.some((part) => !isPlatformCode(part))) {
      const isSame = () => accessorsOfGlobal(slot.name, use.path).every((part, index) => part === accessors[index]);
      this.#checks.list.push(isSame);
      return { own: `accessor ${path[0]}`, references: accessors.map((part) => this.#value(part)) };
    }
    const root: ValueRoot = { kind: "value", slot, value: globalThis, isDynamic: true, declaration: null, module: "" };
    const within = this.#found.memberOf(root, { ...use, path }) ?? found;
    if (!isUserCode && (isOfPlatform(slot.name, use.path) || isPlatformCode(value) || isPlatformCode(found.value))) {
      // Programs put mocks in the place of functions that use the network, so each call checks the function.
      if (blindGlobal(path)?.kind === "network") this.#checks.addMember(globalThis, { ...use, path }, within);
      this.#guards.addGlobal(path[0] ?? "");
      return `global ${[slot.name, ...use.path].join(".")}`;
    }
    return this.#member(root, within, { ...use, path }, user);
  }

  #member(root: ValueRoot, found: FoundMember, use: Use, user: UserCode): GraphNode | string {
    const { state } = this.#options;
    let at: unknown = root.value;
    // An accessor is not followed; it may be state all the same.
    for (const [index, key] of use.path.slice(0, found.followed + 1).entries()) {
      if (typeof at !== "object" && typeof at !== "function" || at === null) break;
      // A class or an object is captured, too, where only its members are used.
      this.#captured.push({ value: at, isCalled: true, isAlone: true });
      const member: unknown = Object.getOwnPropertyDescriptor(at, key)?.value;
      if (state.objects.has(at)) return this.#initial(root, use.path.slice(0, index), at, user.fn);
      if (state.members.get(at)?.has(key)) {
        const initial = this.#initial(root, use.path.slice(0, index + 1), firstMember(at, key), user.fn);
        const sight = sightOfMember(at, key, member, this.#sights);
        // What is called, or stands in the place of a member of the class, may read all else of the object.
        const isRead = use.how === "call" && index === use.path.length - 1 || inherits(at, key);
        return { own: `state ${sight.length}`, references: [initial, ...sight, ...isRead ? [this.#value(at)] : []] };
      }
      at = member;
    }
    if (typeof found.value === "object" && found.value !== null && state.objects.has(found.value)) {
      return this.#initial(root, use.path.slice(0, found.followed), found.value, user.fn);
    }
    if (use.path.length > 0) this.#checks.addMember(root.value, use, found);
    if (typeof found.value !== "function") {
      const path = use.path.slice(0, found.followed);
      // The path of a global begins with its name already, unless the code reaches it through the global object.
      const names = root.module === "" && path[0] === root.slot.name ? path : [root.slot.name, ...path];
      if (!user.isHelper) this.#addValuePart(names.join("."), root.module || undefined, found.value);
    }
    return this.#value(found.value, use.how === "call" && typeof found.value === "function");
  }

  #value(value: unknown, isCalled = false): GraphNode | string {
    if (typeof value === "function" || typeof value === "object" && value !== null || typeof value === "symbol") {
      this.#captured.push({ value, isCalled });
    }
    if (typeof value === "function") return this.#code(value);
    if (typeof value === "object" && value !== null) return this.#object(value);
    return `value ${writePrimitive(value)}`;
  }

  #object(object: object): GraphNode | string {
    return this.#node(object, (node) => this.#fillObject(node, object));
  }

  /** Node of a function or an object, which is filled in later. */
  #node(subject: object, fill: (node: UnfilledNode) => void): GraphNode {
    const known = this.#nodes.get(subject);
    if (known) return known;
    const node: UnfilledNode = { own: "", references: [] };
    this.#nodes.set(subject, node);
    this.#unfilled.push(() => fill(node));
    return node;
  }

  #fillObject(node: UnfilledNode, object: object): void {
    const written = this.#write(object);
    for (const holder of written.privateHolders) this.#notePrivates(holder);
    node.own = `object ${written.digest}`;
    for (const reference of written.references) node.references.push(this.#code(reference));
    node.references.push(...sightsWithin(written.met.subjects(), this.#view, this.#sights));
    if (written.hasDates && this.#makesText) node.references.push(this.#fact(TIME_ZONE));
    for (const instance of written.seen) node.references.push(this.#outside?.instance(instance) ?? "unknown");
    for (const handle of written.handles) {
      this.#notices.add(noticeOfHandle(handle));
      this.#parts.add({ kind: "handle", name: handle, digest: digestBytes(handle) });
    }
    this.#checks.addObject(object, written);
  }

  readonly #resolve = (specifier: string, referrer: string): string | null =>
    resolveSpecifier(specifier, referrer, this.#options.resolve);

  #notePrivates(holder: object): void {
    const state = this.#options.state.members.get(holder);
    const fields = [...this.#view.privateFieldsOf(holder) ?? []].filter(([name]) => !state?.has(name));
    if (fields.length > 0) this.#privates.set(holder, new Map(fields));
  }

  #write(object: object): WrittenValue {
    const before = this.#written.get(object);
    if (before !== undefined) return before;
    const { objects, members } = this.#options.state;
    const { countsOrder, countsStacks, countsLastIndex } = this.#view;
    const isPlain = objects.size + members.size === 0 && !(countsOrder || countsStacks || countsLastIndex);
    const written = (isPlain ? this.#found.values.get(object) : undefined) ?? writeValue(object, this.#view);
    this.#written.set(object, written);
    return written;
  }

  #addValuePart(name: string, module: string | undefined, value: unknown): void {
    if (typeof value !== "object" || value === null) {
      return this.#parts.addValue(name, module, value, digestBytes(writePrimitive(value)));
    }
    const { digest, isHandle, seen } = this.#write(value);
    if (isHandle) return; // its kind is a part of its own
    this.#parts.addValue(name, module, value, (this.#outside?.digestWith(digest, seen) ?? digest) as Digest);
  }
}
