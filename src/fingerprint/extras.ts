/**
 * What a function or class carries besides its code: static members as they are now, properties put on it, methods that
 * a decorator or someone else has replaced.
 *
 * @module
 */
import type { CodeUnit } from "../source/code_unit.ts";
import { type AnyNode, type ClassNode, isClassNode } from "../source/syntax.ts";

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
        if (typeof value === "function" && owner && isWrittenIn(unit, owner, value)) continue;
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
  return { values, leftOut };
}

function memberOf(owner: ClassNode, key: string | symbol, isStatic: boolean): AnyNode | null {
  return owner.body.body.find((member) =>
    member.type === "MethodDefinition" && member.static === isStatic && !member.computed &&
    (member.key.type === "Identifier"
      ? member.key.name === key
      : member.key.type === "Literal" && String(member.key.value) === key)
  ) ?? null;
}

/** Whether a method is one that the class's own text contains, so that it counts with it. */
function isWrittenIn(unit: CodeUnit, owner: ClassNode, method: object): boolean {
  const text = Function.prototype.toString.call(method);
  return unit.script.text.slice(owner.start, owner.end).includes(text);
}
