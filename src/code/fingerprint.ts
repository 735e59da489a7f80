/**
 * Fingerprint of a function: a digest over its code, the functions and classes that it calls, and the values that it
 * closes over.
 *
 * Two fingerprints are equal when the normalized code of each function reached is equal, and its free variables hold
 * equal values, position by position. Comments, layout and types do not count. The names of variables and functions,
 * and the module and the position at which a function is declared, count only where the code can read them (`fn.name`,
 * `import.meta`). A package and a cached function count by an identity of their own, state that the code writes by the
 * code that creates it, and a handle (a connection, a logger) by its kind.
 *
 * @module
 */
import { digestBytes } from "../words/sha256.ts";
import { CacheError, messageOf } from "../words/errors.ts";
import { variableOfUnit } from "./syntax/variable_at.ts";
import { isInspectorAllowed, leaseInspector } from "./v8/inspector.ts";
import { assemble } from "./digest/assemble.ts";
import type { Assembly } from "./digest/assembly.ts";
import type { ChangedVariables, ChangingVariable } from "./digest/changing_variables.ts";
import { findBlindPackages, functionsIn, type ReachedOfPackages } from "./blind/blind.ts";
import { TIME_ZONE } from "./walk/platform.ts";
import { Exploration } from "./walk/explore.ts";
import { digestGraph, type GraphNode } from "./digest/graph_digest.ts";
import { sightOfArguments } from "./digest/argument_sight.ts";
import { findDeclaredCodecs, makeClassTable, watchClasses } from "./digest/storable_classes.ts";
import { findStampers, noticeOfStamper } from "./digest/stamps.ts";
import { findState, type MethodCall } from "./state/find_state.ts";
import { findReceiverUse } from "./state/effects.ts";
import { noticeOfState } from "./state/state.ts";
import { type BlindUse, EVERY_MEMBER, type Fingerprint, type FingerprintOptions, NOTHING_SEEN } from "./types.ts";
import { mayHavePrivateState } from "../values/kinds.ts";
import { findMember } from "./walk/members.ts";
import { blankOf } from "../values/use_codecs.ts";
import { arePureData, classOf, nameOfFunction, noticeOfHandle } from "./walk/values.ts";

export type { BlindUse, Fingerprint, FingerprintOptions } from "./types.ts";

/**
 * Makes the fingerprint of a function as it is now.
 *
 * @param fn A function, a class, or an instance of a class.
 * @throws {CacheError} `ERR_TRACKING` when `track: "closure"` was asked for and `--allow-sys` is missing.
 */
export async function fingerprint(fn: object, options: FingerprintOptions): Promise<Fingerprint> {
  return isFollowed(options) ? await followOrFallBack(fn, options) : await readSource(fn, options);
}

/** Fingerprint of the source text alone. Its module is loaded only where code cannot be followed or must not be. */
async function readSource(subject: object, options: FingerprintOptions, method?: object): Promise<Fingerprint> {
  const { fingerprintSource } = await import("./source_only.ts");
  return fingerprintSource(subject, options, method);
}

/** Identity of a value, and notices about the parts of the value that are not tracked. */
export interface IdentifiedValue {
  /** Text that is equal for equal values. */
  readonly identity: string;
  readonly notices: Fingerprint["notices"];
  readonly blind: Fingerprint["blind"];
  /** What the code of the value can see of other inputs. */
  readonly sight: Fingerprint["sight"];
  /** True when all code of the value comes from packages. */
  readonly isOfPackage: boolean;
  /** What the code of the value reaches and captures, in an order that the identity determines. */
  readonly captured: readonly (object | symbol)[];
}

/**
 * Identifies a function, or an instance of a class, among the arguments of a call. A function counts with everything
 * that it reaches; an instance counts with its class and its fields, private ones too.
 *
 * @param method Method that the call runs on the value. Members of the value that the method itself writes do not
 * count; see {@linkcode Fingerprint.receiverState}.
 * @throws {CacheError} `ERR_TRACKING` under the condition of {@linkcode fingerprint}.
 */
export async function identifyValue(
  value: object,
  options: FingerprintOptions,
  method?: object,
): Promise<IdentifiedValue> {
  const cached = options.cachedIdentity(value);
  if (cached !== undefined) {
    // Its own key tells what it can see.
    return {
      identity: `cached ${cached}`,
      notices: [],
      blind: [],
      sight: NOTHING_SEEN,
      isOfPackage: false,
      captured: [],
    };
  }
  return identifiedAs(
    value,
    method === undefined
      ? await fingerprintAgain(value, options)
      : isFollowed(options)
      ? await followCode(value, options, { receiver: value, method })
      : await readSource(value, options, method),
  );
}

function identifiedAs(value: object, found: Fingerprint): IdentifiedValue {
  const { digest, notices, blind, parts, sight, captured } = found;
  return {
    identity: `${typeof value === "function" ? "function" : "instance"} ${digest}`,
    notices,
    blind,
    sight,
    captured: subjectsOf(captured),
    isOfPackage: parts.every(({ kind }) => kind !== "class" && kind !== "function"),
  };
}

const subjects = new WeakMap<Fingerprint["captured"], readonly (object | symbol)[]>();

function subjectsOf(captured: Fingerprint["captured"]): readonly (object | symbol)[] {
  let known = subjects.get(captured);
  if (known === undefined) subjects.set(captured, known = [...captured.subjects()]);
  return known;
}

export { noteReceiver } from "./walk/members.ts";

/** Name of the time zone, in which code turns dates into text. */
export function timeZone(): string {
  return String(TIME_ZONE.read());
}

/**
 * Identifies a value that was identified before, without waiting.
 *
 * @returns `null` when it was not, or when it has to be looked at through the inspector.
 */
export function identifyAgain(value: object, options: FingerprintOptions): IdentifiedValue | null {
  if (options.cachedIdentity(value) !== undefined) return null;
  const now = identified.get(options)?.get(value)?.refresh();
  if (now === undefined || now instanceof Promise) return null;
  identified.get(options)!.set(value, now);
  return identifiedAs(value, now);
}

const identified = new WeakMap<FingerprintOptions, WeakMap<object, Fingerprint>>();

/** Fingerprint of a value that is identified at each call: made once, and refreshed at every later call. */
async function fingerprintAgain(value: object, options: FingerprintOptions): Promise<Fingerprint> {
  const known = identified.get(options) ?? new WeakMap<object, Fingerprint>();
  identified.set(options, known);
  const before = known.get(value);
  const now = before === undefined ? await fingerprint(value, options) : await before.refresh();
  known.set(value, now);
  return now;
}

/**
 * True when code is followed through the inspector.
 *
 * @throws {CacheError} `ERR_TRACKING` under the condition of {@linkcode fingerprint}.
 */
export function isFollowed(options: FingerprintOptions): boolean {
  if (options.track === "source") return false;
  if (isInspectorAllowed()) return true;
  if (options.track === undefined) return false;
  throw new CacheError(
    "ERR_TRACKING",
    'Cannot track closures (track: "closure") without --allow-sys; run with --allow-sys (no filter), or set track: "source"',
  );
}

/** Follows the code; if that fails, even through a bug here, reads the text alone and adds a notice. */
async function followOrFallBack(subject: object, options: FingerprintOptions): Promise<Fingerprint> {
  try {
    return await followCode(subject, options);
  } catch (error) {
    const found = await readSource(subject, options);
    const notice = `not followed: the code could not be walked (${messageOf(error)})`;
    return {
      ...found,
      notices: [notice, ...found.notices],
      isFixed: false,
      isStanding: () => true,
      refresh: () => followOrFallBack(subject, options),
    };
  }
}

async function followCode(subject: object, options: FingerprintOptions, called?: MethodCall): Promise<Fingerprint> {
  using lease = await leaseInspector();
  const found = new Exploration(lease, options);
  await found.reach(subject);
  if (called) await found.reach(called.method);
  const packages = found.notes.packages.values();
  const blindPackages = await findBlindPackages(lease, packages, options.packageOf, () => reachedOfPackages(found));
  const state = await findState(found, options, called);
  const stampers = findStampers(found);
  for (const stamper of stampers) found.notes.notices.add(noticeOfStamper(stamper));
  const seen = sightOfArguments(found);
  const sight = stampers.length === 0 ? seen : { ...seen, kept: true }; // a copy lacks the private members
  const { projectRoot, packageOf, resolve } = options;
  const { OutsideNodes } = found.outside === null ? { OutsideNodes: null } : await import("./digest/outside_nodes.ts");
  const assembly = assemble(subject, found, { projectRoot, packageOf, resolve, state, sight, OutsideNodes });
  const digests = new Map<GraphNode, string>();
  const digest = digestBytes<"fingerprint">(digestGraph(assembly.root, digests));
  const digestOf = (value: object) => {
    const node = assembly.nodeOf(value);
    return node === undefined ? "" : digestGraph(node, digests);
  };
  const contentOf = (object: object) => assembly.contentOf(object, digests);
  const source = { found, state, ordinals: assembly.ordinals, digestOf, contentOf };
  const code = found.codes.get(subject);
  const { checks, factChecks, variables, privates } = assembly;
  const { written, touched } = findReceiverUse(found, subject);
  const user = code?.kind === "user" ? code.user : null;
  const module = user?.module ?? null;
  const isUnpatched = found.changes.guard();
  const { areFunctionsSame } = assembly;
  const leavesOut = found.members?.leavesOut === true;
  const areMembersLeftOut = () => !leavesOut || options.leftOut?.has(EVERY_MEMBER) !== true;
  const isStanding = () => areMembersLeftOut() && isUnpatched() && areFunctionsSame();
  const { classes, handsOut } = watchClasses(makeClassTable(source));
  const declaredCodecs = findDeclaredCodecs(source);
  const result: Fingerprint = {
    digest,
    parts: sortParts(assembly),
    notices: [...assembly.notices, ...written.map((path) => noticeOfState(`this.${path}`, module ?? ""))],
    blind: withoutRepeats([...found.notes.blind.values(), ...blindPackages]),
    module,
    variable: user?.name === "" ? variableOfUnit(user.unit) : null,
    receiverState: written,
    receiverTouched: touched,
    sight,
    ordinalOf: (value) => assembly.ordinals.get(value),
    captured: assembly.ordinals,
    declaredCodecs,
    classes,
    leavesOutMembers: leavesOut,
    // A codec does not ask for the class of what it keeps.
    handsOut: () => declaredCodecs.size > 0 || handsOut(),
    isFixed: checks.length + variables.length + privates.size === 0,
    isStanding,
    refresh: () => {
      if (!isStanding() || !checks.every((isUnchanged) => isUnchanged())) return followCode(subject, options, called);
      if (variables.length + privates.size === 0) return result;
      return readAgain(variables, privates).then((changed) =>
        changed.variables.length + changed.privates.size === 0 ? result : followCode(subject, options, called)
      );
    },
    leftOut: new Set([...state.observed, ...found.leftOut]),
    async watcher() {
      const { snapshotState, watchSnapshot } = await import("./state/observed_state.ts");
      return () => {
        if (!checks.every((isUnchanged) => isUnchanged())) return null;
        const snapshot = snapshotState(found);
        const again = () => readAgain(variables, privates);
        return snapshot && watchSnapshot(snapshot, factChecks, again, async () => {
          using lease = await leaseInspector();
          return await found.changes.changedSince(lease);
        });
      };
    },
  };
  return result;
}

function withoutRepeats(uses: readonly BlindUse[]): BlindUse[] {
  return [...new Map(uses.map((use) => [`${use.name} ${use.module ?? ""}`, use])).values()];
}

/** Functions of packages that code calls, imports or captures, and packages of which none is found. */
function reachedOfPackages(found: Exploration): ReachedOfPackages {
  const values: unknown[] = [];
  const seen = new Set<string>();
  const open = new Set<string>();
  for (const [fn, code] of found.codes) {
    if (code.kind === "package") {
      values.push(fn);
      seen.add(code.identity.name);
    }
    for (const root of code.kind === "user" ? code.user.roots : []) {
      if (root.kind !== "package") continue;
      const { identity, value, slot } = root;
      seen.add(identity.name);
      for (const { path } of slot.uses) {
        const used = findMember(value, path).value;
        if (used === undefined) open.add(identity.name);
        else values.push(used);
      }
    }
  }
  const names = [...found.notes.packages.values()].map(({ name }) => name);
  return {
    functions: functionsIn(values),
    unknown: new Set(names.filter((name) => open.has(name) || !seen.has(name))),
    originOf: (fn) => found.originOf(fn),
  };
}

function sortParts({ parts }: Assembly): Assembly["parts"] {
  const [first, ...others] = parts;
  const keyOf = (part: typeof parts[number]) => `${part.module ?? "\uffff"}\n${part.name}\n${part.digest}`;
  return first ? [first, ...others.sort((a, b) => keyOf(a) < keyOf(b) ? -1 : 1)] : [];
}

async function readAgain(
  variables: readonly ChangingVariable[],
  privates: ReadonlyMap<object, ReadonlyMap<string, unknown>>,
): Promise<ChangedVariables> {
  const { findChangedVariables } = await import("./digest/changing_variables.ts");
  return await findChangedVariables(variables, privates);
}

/** Identity of an instance's class, with the private fields of the instance, which only the inspector shows. */
interface IdentifiedInstance extends IdentifiedValue {
  /** Private fields by name with the `#`, in the order of declaration; `undefined` when none counts. */
  readonly privates: ReadonlyMap<string, unknown> | undefined;
}

/**
 * Identifies instances by their classes.
 *
 * Public fields are not looked at here, so that many nested instances take no longer than as many plain objects.
 *
 * @param instances Any objects with a prototype.
 * @param options Options that decide how code is followed.
 * @returns One identity for each instance, in the order of `instances`.
 */
export async function identifyInstances(
  instances: readonly object[],
  options: FingerprintOptions,
): Promise<IdentifiedInstance[]> {
  const classes = new Map<object, IdentifiedValue>();
  for (const instance of instances) {
    const prototype = Object.getPrototypeOf(instance) as object;
    if (!classes.has(prototype)) classes.set(prototype, await identifyValue(blankOf(prototype), options));
  }
  const privates = await privatesOf(instances.filter(mayHavePrivateState), options);
  return instances.map((instance) => {
    const identified = classes.get(Object.getPrototypeOf(instance)) as IdentifiedValue;
    const fields = privates.get(instance);
    // A package's object whose private fields hold functions or handles is a handle itself: a connection, a logger.
    if (fields === undefined || !identified.isOfPackage || arePureData(fields)) {
      return { ...identified, privates: fields };
    }
    const notice = noticeOfHandle(nameOfFunction(classOf(instance) ?? instance));
    return { ...identified, notices: [...identified.notices, notice], privates: undefined };
  });
}

async function privatesOf(
  instances: readonly object[],
  options: FingerprintOptions,
): Promise<ReadonlyMap<object, ReadonlyMap<string, unknown>>> {
  const found = new Map<object, ReadonlyMap<string, unknown>>();
  if (instances.length === 0 || !isFollowed(options)) return found;
  using lease = await leaseInspector();
  for (const [index, fields] of (await lease.privateFields(instances)).entries()) {
    if (fields.size > 0) found.set(instances[index] as object, fields);
  }
  return found;
}
