/**
 * What a function or class carries besides its code: static members as they are now, properties put on it, methods that
 * a decorator or someone else has replaced.
 *
 * @module
 */
import type { CodeUnit } from "../source/code_unit.ts";
import { type AnyNode, type ClassNode, isClassNode } from "../source/syntax.ts";
import { isNative } from "./methods.ts";

/** Findings about one function or class. */
export interface Extras {
  /** By a label that tells where: `static rate`, `prototype get area`. */
  readonly values: ReadonlyMap<string, unknown>;
  /** Methods in the code that are not what is there now, because a cached function has taken their place. */
  readonly leftOut: ReadonlySet<AnyNode>;
}

/** Properties that every function has. */
const STANDARD = new Set(["length", "name", "prototype", "arguments", "caller"]);

/**
 * Compares a live function or class with its code.
 *
 * @param fn The live one.
 * @param unit Its code.
 * @param isCached Whether a value is a cached function.
 */
export function readExtras(fn: object, unit: CodeUnit, isCached: (value: object) => boolean): Extras {
  const values = new Map<string, unknown>();
  const leftOut = new Set<AnyNode>();
  const owner = isClassNode(unit.node) ? unit.node : null;
  const read = (object: object, label: string, isStatic: boolean, skipped: ReadonlySet<string>): void => {
    for (const key of Reflect.ownKeys(object)) {
      if (typeof key === "string" && skipped.has(key)) continue;
      const property = Object.getOwnPropertyDescriptor(object, key);
      const member = owner && memberOf(owner, key, isStatic);
      for (const part of ["value", "get", "set"] as const) {
        const value: unknown = property?.[part];
        if (value === undefined && part !== "value") continue;
        if (part === "value" && property && !("value" in property)) continue;
        if (typeof value === "function" && owner && isWrittenAs(unit, owner, { key, isStatic, part }, value)) continue;
        if (typeof value === "function" && member && isCached(value)) leftOut.add(member);
        values.set(`${label} ${part === "value" ? "" : `${part} `}${String(key)}`, value);
      }
    }
  };
  read(fn, "static", true, STANDARD);
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (typeof prototype === "object" && prototype !== null) {
    read(prototype, "prototype", false, new Set(["constructor"]));
  }
  if (owner?.superClass) values.set("extends", Object.getPrototypeOf(fn));
  for (const [label, parent] of linkedParents(fn, unit)) values.set(label, parent);
  if (owner?.body.body.some((member) => member.type === "MethodDefinition" && member.computed)) {
    const objects = [fn, prototype].filter((one) => typeof one === "function" || (typeof one === "object" && one));
    values.set(
      "keys",
      objects.map((object) => Reflect.ownKeys(object as object).filter((key) => key !== "constructor")),
    );
  }
  return { values, leftOut };
}

/** What a function or class inherits from otherwise than by `extends`: `Object.setPrototypeOf`, `util.inherits`. */
function linkedParents(fn: object, { node }: CodeUnit): [label: string, parent: object][] {
  const found: [string, object][] = [];
  const base: unknown = Object.getPrototypeOf(fn);
  const isDerived = isClassNode(node) && node.superClass !== null && node.superClass !== undefined;
  if (!isDerived && typeof base === "function" && !isNative(base)) found.push(["static inherits", base]);
  const prototype: unknown = Object.getOwnPropertyDescriptor(fn, "prototype")?.value;
  if (typeof prototype !== "object" || prototype === null) return found;
  const parent: unknown = Object.getPrototypeOf(prototype);
  if (typeof parent !== "object" || parent === null || parent === Object.prototype) return found;
  const usual: unknown = isDerived && typeof base === "function" ? Reflect.get(base, "prototype") : undefined;
  const isGenerator = !isClassNode(node) && "generator" in node && node.generator === true;
  if (parent !== usual && !isGenerator) found.push(["prototype inherits", parent]);
  return found;
}

/** Names of a class's static private fields, with the `#`, in the order of the source. */
export function staticPrivateNames(node: ClassNode): string[] {
  return node.body.body.flatMap((member) =>
    member.type === "PropertyDefinition" && member.static && member.key.type === "PrivateIdentifier"
      ? [`#${member.key.name}`]
      : []
  );
}

function memberOf(owner: ClassNode, key: string | symbol, isStatic: boolean): AnyNode | null {
  return owner.body.body.find((member) =>
    member.type === "MethodDefinition" && member.static === isStatic && keyOf(member) === key
  ) ?? null;
}

interface Place {
  readonly key: string | symbol;
  readonly isStatic: boolean;
  readonly part: "value" | "get" | "set";
}

/** Whether a method is the one that the class's own text has in that place, so that it counts with it. */
function isWrittenAs({ script }: CodeUnit, owner: ClassNode, { key, isStatic, part }: Place, method: object): boolean {
  const text = Function.prototype.toString.call(method);
  const kind = part === "value" ? "method" : part;
  return owner.body.body.some((member) => {
    if (member.type === "StaticBlock" || member.static !== isStatic) return false;
    const written = keyOf(member);
    if (written !== null && written !== key) return false;
    if (member.type === "MethodDefinition") {
      return member.kind === kind && script.text.slice(member.start, member.end).endsWith(text);
    }
    // A static field that holds a function.
    return part === "value" && member.value !== null && member.value !== undefined &&
      script.text.slice(member.value.start, member.value.end) === text;
  });
}

/** `null`: computed, so it may be any. */
function keyOf(member: Extract<AnyNode, { type: "MethodDefinition" | "PropertyDefinition" }>): string | null {
  if (member.computed) return null;
  if (member.key.type === "Identifier") return member.key.name;
  return member.key.type === "Literal" ? String(member.key.value) : "";
}
