/**
 * Whether the code can see what its functions and classes are called.
 *
 * @module
 */
import { isClassNode } from "../source/syntax.ts";
import { staticKey, type Use } from "../source/uses.ts";
import type { Exploration } from "./explore.ts";

/** Whose names count. */
export interface VisibleNames {
  readonly ofFunctions: ReadonlySet<object>;
  /** Names of classes count, all of them. */
  readonly ofClasses: boolean;
}

/** Names of functions count where the code can read them off a value that it was given. */
export function findVisibleNames(found: Exploration): VisibleNames {
  const escaping = new Set<object>();
  let readsName = false, readsConstructor = false, classEscapes = false;
  for (const code of found.codes.values()) {
    if (code.kind !== "user") continue;
    // Decorators are told the name of the class.
    if (code.user.isHelper) readsConstructor = true;
    else readsName ||= code.user.code?.readsName ?? false;
    readsConstructor ||= code.user.code?.readsConstructor ?? false;
    for (const root of code.user.roots) {
      for (const use of root.slot.uses) {
        if (use.how !== "read" || isCallback(use)) continue;
        const member = found.memberOf(root, use);
        if (typeof member?.value !== "function") continue;
        escaping.add(member.value);
        const escaped = found.codes.get(member.value);
        classEscapes ||= escaped?.kind === "user" && !!escaped.user.unit && isClassNode(escaped.user.unit.node);
      }
    }
  }
  for (const written of found.values.values()) written.references.forEach((one) => escaping.add(one));
  return { ofFunctions: readsName ? escaping : new Set(), ofClasses: readsName && (readsConstructor || classEscapes) };
}

/** Methods of the platform that call a function they are given, and show it to nobody else. */
const CALLERS = new Set(
  ("map filter forEach reduce reduceRight some every find findIndex findLast findLastIndex flatMap sort toSorted then " +
    "catch finally from fromAsync replace replaceAll groupBy setTimeout setInterval queueMicrotask").split(" "),
);

function isCallback({ argument }: Use): boolean {
  if (argument?.call.type !== "CallExpression") return false;
  const { callee } = argument.call;
  const name = callee.type === "MemberExpression"
    ? staticKey(callee)
    : callee.type === "Identifier"
    ? callee.name
    : null;
  return name !== null && CALLERS.has(name);
}
