/**
 * Fingerprint without the inspector: a function's own code, and notices about everything that is not tracked.
 *
 * @module
 */
import { digestBytes } from "../words/sha256.ts";
import { randomId } from "../words/random.ts";
import type { CodeUnit } from "./syntax/code_unit.ts";
import { normalizeCode, type NormalizedCode } from "./syntax/normalize.ts";
import type { Slot } from "./syntax/variable_names.ts";
import { resolveNames } from "./syntax/scopes.ts";
import { isClassNode, parseCallable } from "./syntax/parse.ts";
import { MUTATORS, usesOf } from "./syntax/uses.ts";
import { isInspectorAllowed } from "./v8/inspector.ts";
import { BuiltInChanges } from "./walk/changes.ts";
import { isNameOfPlatform } from "./walk/global_names.ts";
import { intrinsicPath } from "./walk/intrinsics.ts";
import { type AmbientFact, ambientGlobal, localFacts, pathInGlobal } from "./walk/platform.ts";
import { blindGlobal } from "./blind/blind.ts";
import { placeFacts } from "./walk/place.ts";
import { thisIn } from "./walk/members.ts";
import { classOf, noticeOfHandle, writeValue, type WrittenValue } from "./walk/values.ts";
import { NO_CLASSES } from "./digest/storable_classes.ts";
import { type BlindUse, EVERYTHING, type Fingerprint, type FingerprintOptions } from "./types.ts";

/**
 * Makes the fingerprint of a function's own text, or of an instance's fields with the text of its class.
 *
 * @param method Method that is called on the instance: the fields that the method itself writes are left out.
 */
export function fingerprintSource(subject: object, options: FingerprintOptions, method?: object): Fingerprint {
  const { text, unseen, notices, blind, facts } = typeof subject === "function"
    ? readFunction(subject, options)
    : readInstance(subject, options, method);
  const receiverState = typeof subject === "function" ? receiverStateOf(subject) : [];
  const factTexts = readFacts(facts);
  const digest = digestBytes<"fingerprint">(`source ${text} ${factTexts}`);
  const name: unknown = typeof subject === "function" ? subject.name : classOf(subject)?.constructor.name;
  const result: Fingerprint = {
    digest,
    parts: [{ kind: "function", name: typeof name === "string" && name !== "" ? name : "(anonymous)", digest }],
    notices: [
      ...noticeOf([...new Set(unseen)], options),
      ...notices,
      ...receiverState.map((path) => `left out: this.${path}, state that the code writes`),
    ],
    blind,
    receiverState,
    receiverTouched: receiverState,
    sight: EVERYTHING, // what the code calls is not followed
    ordinalOf: () => undefined,
    captured: { subjects: () => [], has: () => false },
    declaredCodecs: new Map(),
    classes: NO_CLASSES,
    module: null,
    variable: null,
    isStanding: () => true,
    isFixed: typeof subject === "function" && !facts.some((fact) => fact.changes),
    leftOut: new Set(),
    leavesOutMembers: false,
    handsOut: () => false,
    watcher: () => Promise.resolve(() => null),
    refresh: () => {
      if (typeof subject === "function" && readFacts(facts) === factTexts) return result;
      const now = fingerprintSource(subject, options);
      return now.digest === digest ? result : now;
    },
  };
  return result;
}

interface OwnCode {
  readonly text: string;
  /** Names of what the code refers to and what is not tracked. */
  readonly unseen: readonly string[];
  /** Notices about other parts. */
  readonly notices: readonly string[];
  readonly blind: readonly BlindUse[];
  readonly facts: readonly AmbientFact[];
}

function readFunction(fn: object, options: FingerprintOptions): OwnCode {
  const source = Function.prototype.toString.call(fn);
  const syntax = parseCallable(source);
  if (!syntax) return readUnseen(fn);
  const script = resolveNames(syntax.text, syntax.program);
  const code = normalizeCode(script, syntax.node);
  const modules = code.imports.map(({ specifier }) => specifier === null ? "import()" : `import("${specifier}")`);
  const changes = changesSeenBy(fn, code, { script, node: syntax.node });
  const unseen = [...new Set([...code.slots.flatMap(unseenIn), ...changes, ...modules])];
  // Free names count by name here: without the inspector, their values are unknown.
  const text = `${code.text}\n${code.slots.map((slot) => slot.name).join(" ")}`;
  // The module is not known here: the project's root stands for its place.
  const places = placeFacts(
    { script, node: syntax.node, isWhole: false },
    new URL(`file:${options.projectRoot}/module`).href,
  );
  return { text, unseen, notices: [], blind: blindIn(code), facts: [...factsIn(code), ...places] };
}

/** Names that a free name of the code leads to and that are not the platform's: `rate`, `globalThis.rate`. */
function unseenIn({ name, uses, binding }: Slot): string[] {
  if (OF_DECORATORS.test(name)) return [];
  if (binding !== null || !isNameOfPlatform(name)) return [name];
  return uses.flatMap(({ how, path }) => {
    const [first] = pathInGlobal(name, path);
    if (first !== undefined && first !== name) return isNameOfPlatform(first) ? [] : [`${name}.${first}`];
    return how === "read" && path.length === 0 && first === undefined ? [name] : [];
  });
}

/** Places of what the program changed of built-in objects, as far as the code may read it. */
function changesSeenBy(fn: object, code: NormalizedCode, unit: Pick<CodeUnit, "script" | "node">): string[] {
  const changes = new BuiltInChanges();
  changes.read(fn, code, unit);
  return changes.ofLanguage().map(({ label }) => label.replace(/^[gs]et /, ""));
}

/** Names that the compiler makes up when it compiles decorators. */
const OF_DECORATORS = /^_(?:dec\d*|init_\w+|init(?:Proto|Static|Class)|apply_decs_\w+|computedKey\d*)$/;

/**
 * Reads a function whose text cannot be parsed. A native function of the platform counts by its path; any other, such
 * as a bound function, by an identity that only this object has.
 */
function readUnseen(fn: object): OwnCode {
  const path = intrinsicPath(fn);
  if (path !== null) return { text: `native ${path}`, unseen: [], notices: [], blind: [], facts: [] };
  let identity = identities.get(fn);
  if (identity === undefined) identities.set(fn, identity = randomId());
  const name: unknown = Reflect.get(fn, "name");
  const names = [typeof name === "string" && name !== "" ? name : "a function without source"];
  return { text: `unseen ${identity}`, unseen: names, notices: [], blind: [], facts: [] };
}

/**
 * Random identities of functions that cannot be read. Two such functions can look alike and differ, so each has an
 * identity of its own, which occurs in no other process.
 */
const identities = new WeakMap<object, string>();

function readInstance(instance: object, options: FingerprintOptions, method?: object): OwnCode {
  const state = new Set(method ? receiverStateOf(method) : []);
  const written = writeValue(instance, {
    isState: () => false,
    stateKeysOf: (object) => object === instance ? state : undefined,
    classKindOf: () => "user",
    privateFieldsOf: () => new Map(),
  });
  const codes = written.references.map((one) => readFunction(one, options));
  return {
    text: [written.digest, ...codes.map((code) => code.text)].join("\n"),
    unseen: [...namesOfPrivates(written), ...codes.flatMap((code) => code.unseen)],
    notices: [...written.handles.map(noticeOfHandle), ...codes.flatMap((code) => code.notices)],
    blind: codes.flatMap((code) => code.blind),
    facts: codes.flatMap((code) => code.facts),
  };
}

function namesOfPrivates({ references }: WrittenValue): string[] {
  const hasPrivates = references.filter((one) => /#[\p{ID_Start}$_]/u.test(Function.prototype.toString.call(one)));
  return hasPrivates.map((one) => `private fields of ${(one as { name?: unknown }).name || "a class"}`);
}

/** Fields of the receiver that the method's own text writes or changes. */
function receiverStateOf(method: object): string[] {
  const syntax = parseCallable(Function.prototype.toString.call(method));
  if (!syntax || isClassNode(syntax.node)) return [];
  const script = resolveNames(syntax.text, syntax.program);
  const written = thisIn(syntax.node).flatMap((node) => usesOf(script, node)).flatMap(({ path, how }) => {
    const isChanged = how === "write" || how === "mutate" || (how === "call" && MUTATORS.has(path[1] ?? ""));
    return isChanged && path[0] !== undefined && path.length === (how === "call" ? 2 : 1) ? [path[0]] : [];
  });
  return [...new Set(written)].sort();
}

function noticeOf(names: readonly string[], options: FingerprintOptions): string[] {
  if (names.length === 0) return [];
  if (!isInspectorAllowed()) return [`not tracked: ${names.join(", ")}; --allow-sys would track them`];
  // Where the code was to be followed, a notice says why it was not.
  const remedy = options.track === "source" ? '; track: "closure" (with --allow-sys) would track them' : "";
  return [`not tracked: ${names.join(", ")}${remedy}`];
}

/** Facts that the code reads through globals, with the time zone and the locale where the code depends on them. */
function factsIn(code: NormalizedCode): AmbientFact[] {
  const globals = code.slots.flatMap(({ name, binding, uses }) =>
    binding ? [] : uses.flatMap((use) => ambientGlobal([name, ...use.path]) ?? [])
  );
  return [...globals, ...localFacts(code)];
}

function readFacts(facts: readonly AmbientFact[]): string {
  return JSON.stringify(facts.map((fact) => [fact.name, fact.read()]));
}

function blindIn(code: NormalizedCode): BlindUse[] {
  const found = new Map<string, BlindUse>();
  for (const slot of code.slots) {
    for (const use of slot.uses) {
      const blind = blindGlobal([slot.name, ...use.path]);
      if (blind) found.set(blind.name, blind);
    }
  }
  return [...found.values()];
}
