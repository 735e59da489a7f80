/**
 * Whether the code can tell the order of an object's members.
 *
 * @module
 */
import { type AnyNode, childrenOf } from "../source/syntax.ts";
import type { Exploration } from "./explore.ts";
import type { Root, UserCode } from "./reached.ts";

/**
 * Whether any of the reached code lists the members of objects, hands them to others who may, or returns an object that
 * it closes over. Where none does, a captured object whose members were put in another order is the same.
 */
export function seesMemberOrder(found: Exploration): boolean {
  for (const code of found.codes.values()) {
    if (code.kind === "user" && !code.user.isHelper && isLister(code.user)) return true;
  }
  return false;
}

/** Functions of the language that list members, by the global that they belong to; `""`: the global itself. */
const LISTERS: Readonly<Record<string, ReadonlySet<string>>> = {
  Object: new Set(["keys", "values", "entries", "assign", "getOwnPropertyNames", "getOwnPropertyDescriptors"]),
  JSON: new Set(["stringify"]),
  Reflect: new Set(["ownKeys"]),
  structuredClone: new Set([""]),
};

const LISTING_MODULES = /^(?:node:)?(?:util|v8|assert|querystring)#/;

function isLister({ code, unit, roots }: UserCode): boolean {
  if (code === null || unit === null) return true;
  return roots.some((root) => isListingRoot(root, unit.script.parents)) ||
    /\b(?:ForIn|Spread|Rest)/.test(code.text) && listsMembers(unit.node);
}

function isListingRoot(root: Root, parents: ReadonlyMap<AnyNode, AnyNode>): boolean {
  const { kind, slot } = root;
  switch (kind) {
    case "package":
      return true;
    case "platform":
      return LISTING_MODULES.test(root.name);
    case "global": {
      const names = Object.hasOwn(LISTERS, slot.name) ? LISTERS[slot.name] : undefined;
      return names !== undefined && slot.uses.some(({ path }) => names.has(path[0] ?? ""));
    }
    case "value":
      return slot.uses.some(({ how, node, argument }) => {
        return how === "read" && argument === undefined && isHandedOut(parents.get(node));
      });
    default:
      return false;
  }
}

/** `return config`, `() => config`, `{ config }`, `[config]`. */
function isHandedOut(parent: AnyNode | undefined): boolean {
  switch (parent?.type) {
    case "ReturnStatement":
    case "ArrowFunctionExpression":
    case "Property":
    case "ArrayExpression":
    case "AssignmentExpression":
    case "VariableDeclarator":
      return true;
    default:
      return false;
  }
}

function listsMembers(node: AnyNode): boolean {
  if (node.type === "ForInStatement") return true;
  if (node.type === "ObjectExpression" && node.properties.some(({ type }) => type === "SpreadElement")) return true;
  if (node.type === "ObjectPattern" && node.properties.some(({ type }) => type === "RestElement")) return true;
  return childrenOf(node).some(listsMembers);
}
