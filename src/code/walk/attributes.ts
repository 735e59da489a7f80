/**
 * Properties of a live function or class that are not as its code makes them, besides the values of its members: `length`
 * and `name`, the prototype, and the attributes of members.
 *
 * @module
 */
import type { CodeUnit } from "../syntax/code_unit.ts";
import { type AnyNode, isClassNode } from "../syntax/parse.ts";

/** Tells what of a function or class differs from what its code makes, by label. */
export function readAltered(fn: object, { node }: CodeUnit): Map<string, unknown> {
  const altered = new Map<string, unknown>();
  const own = Object.getOwnPropertyDescriptors(fn) as Record<PropertyKey, PropertyDescriptor | undefined>;
  const declared = isClassNode(node) ? staticNames(node) : NOTHING;
  for (const key of ["length", "name"] as const) {
    const property = own[key];
    const isUsual = property !== undefined && memberAttributes(property) === "--c" &&
      (key === "length" ? property.value === lengthOf(node) : typeof property.value === "string");
    // A function without a name of its own has none where its class declares that member.
    if (!isUsual && !(property === undefined && key === "name")) {
      const isGetter = property !== undefined && !("value" in property);
      if (declared.methods.has(key)) continue;
      altered.set(`static ${key}`, isGetter ? property.get : property?.value);
      if (!declared.fields.has(key)) {
        altered.set(`attributes of ${key}`, property ? memberAttributes(property) : "none");
      }
    }
  }
  const { prototype } = own;
  const usual = isClassNode(node) ? "---" : "w--";
  if (prototype !== undefined && memberAttributes(prototype) !== usual) {
    altered.set("attributes of prototype", memberAttributes(prototype));
  }
  const object: unknown = prototype?.value;
  if (prototype !== undefined && (typeof object !== "object" || object === null)) altered.set("prototype", object);
  const attributes = [...alteredMembers(fn, isClassNode(node)), ...prototypeMembers(fn, object, node)];
  if (attributes.length > 0) altered.set("attributes", attributes);
  const isGenerator = !isClassNode(node) && "generator" in node && node.generator === true;
  if (typeof object === "object" && object !== null && !isGenerator) {
    const constructor = Object.getOwnPropertyDescriptor(object, "constructor");
    if (constructor?.value !== fn) altered.set("prototype constructor", constructor?.value ?? constructor?.get);
  }
  return altered;
}

const NOTHING: ReturnType<typeof staticNames> = { fields: new Set(), methods: new Set() };

function staticNames(node: AnyNode): { readonly fields: ReadonlySet<string>; readonly methods: ReadonlySet<string> } {
  const fields = new Set<string>(), methods = new Set<string>();
  for (const member of isClassNode(node) ? node.body.body : []) {
    if (member.type === "StaticBlock" || !member.static || member.computed) continue;
    const name = member.key.type === "Identifier" ? member.key.name : "";
    (member.type === "MethodDefinition" ? methods : fields).add(name);
  }
  return { fields, methods };
}

/** Number of parameters before the first with a default, or the rest; of a class, those of its constructor. */
function lengthOf(node: AnyNode): number {
  if (isClassNode(node)) {
    const made = node.body.body.find((one) => one.type === "MethodDefinition" && one.kind === "constructor");
    return made?.type === "MethodDefinition" ? lengthOf(made.value) : 0;
  }
  const params = "params" in node ? node.params as AnyNode[] : [];
  const end = params.findIndex(({ type }) => type === "AssignmentPattern" || type === "RestElement");
  return end === -1 ? params.length : end;
}

/** Attributes of a member: `w` for writable, `e` for enumerable, `c` for configurable. */
function memberAttributes({ writable, enumerable, configurable, get, set }: PropertyDescriptor): string {
  const isAccessor = get !== undefined || set !== undefined;
  return `${isAccessor ? "a" : writable ? "w" : "-"}${enumerable ? "e" : "-"}${configurable ? "c" : "-"}`;
}

const STANDARD_NAMES: ReadonlySet<PropertyKey> = new Set(["length", "name", "prototype", "arguments", "caller"]);

/** Attributes that an assignment or a field gives, or, to functions in a class, the syntax of a method. */
function areUsualFlags(flags: string, value: unknown, isOfClass: boolean): boolean {
  if (flags === "wec") return true;
  return isOfClass && (flags === "a-c" || flags === "w-c" && typeof value === "function");
}

function* alteredMembers(object: object, isOfClass: boolean): Iterable<string> {
  for (const key of Reflect.ownKeys(object)) {
    if (STANDARD_NAMES.has(key)) continue;
    const property = Object.getOwnPropertyDescriptor(object, key);
    const flags = property ? memberAttributes(property) : "";
    if (property && !areUsualFlags(flags, property.value, isOfClass)) yield `${String(key)} ${flags}`;
  }
}

/** Attributes of the members of a prototype. A method that can be listed was not written in a class. */
function* prototypeMembers(fn: object, prototype: unknown, node: AnyNode): Iterable<string> {
  if (typeof prototype !== "object" || prototype === null) return;
  const declared = new Set<string>();
  for (const member of isClassNode(node) ? node.body.body : []) {
    if (member.type === "MethodDefinition" && !member.static && member.key.type === "Identifier") {
      declared.add(member.key.name);
    }
  }
  for (const key of Reflect.ownKeys(prototype)) {
    const property = Object.getOwnPropertyDescriptor(prototype, key)!;
    const flags = memberAttributes(property);
    const isOfClass = typeof key === "string" && declared.has(key);
    const isUsual = key === "constructor"
      ? flags === "w-c" || property.value !== fn
      : isOfClass
      ? flags === "w-c" || flags === "a-c"
      : areUsualFlags(flags, property.value, isClassNode(node));
    if (!isUsual) yield `prototype ${String(key)} ${flags}`;
  }
}
