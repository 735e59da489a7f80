/**
 * Leaves of the inputs of a call, each with a digest and a short text, so that a miss can say which one differs.
 *
 * @module
 */
import type { Declared } from "./declared.ts";
import { digestBytes } from "../words/sha256.ts";
import { previewOf } from "../values/preview.ts";
import type { ValuePart } from "../words/records.ts";

/** Leaves kept of one call; the rest of a larger value is one digest. */
const MAX_LEAVES = 64;
/** Levels of nesting looked into. */
const MAX_DEPTH = 6;

/** How a value becomes canonical bytes. */
export type EncodeValue = (value: unknown) => Uint8Array;

/**
 * The leaves of one named input.
 *
 * Plain objects, arrays and class instances are looked into while they are small; anything else is a leaf. An instance
 * is a leaf as well, having private fields and a class; one within another value is nothing but that.
 *
 * @param path Where the input is: `args.opts`, `vars.rate`.
 * @param value Its value.
 * @param encode How a leaf becomes bytes.
 */
export function valueParts(path: string, value: unknown, encode: EncodeValue): ValuePart[] {
  const parts: ValuePart[] = [];
  collectLeaves(path, value, MAX_DEPTH, parts, encode);
  return parts;
}

function collectLeaves(path: string, value: unknown, depth: number, parts: ValuePart[], encode: EncodeValue): void {
  const isWhole = isInstance(value);
  const isOpened = depth > 0 && (!isWhole || depth === MAX_DEPTH);
  const inner = isOpened ? smallContainer(value, MAX_LEAVES - parts.length) : null;
  if (inner === null || isWhole) {
    parts.push({ path, digest: digestBytes<"value">(encode(value)), preview: previewOf(value) });
  }
  for (const [name, item] of inner ?? []) collectLeaves(`${path}${name}`, item, depth - 1, parts, encode);
}

function smallContainer(value: unknown, room: number): (readonly [name: string, value: unknown])[] | null {
  if (typeof value !== "object" || value === null) return null;
  if (Array.isArray(value)) {
    // With holes or further properties it is more than its items.
    return value.length > 0 && value.length <= room && Object.keys(value).length === value.length
      ? Array.from(value, (item, index) => [`[${index}]`, item] as const)
      : null;
  }
  if (Object.prototype.toString.call(value) !== "[object Object]") return null;
  const names = Object.keys(value).sort();
  if (names.some((name) => Object.getOwnPropertyDescriptor(value, name)?.get !== undefined)) return null;
  if (names.length === 0 || names.length > room) return null;
  return names.map((name) => [
    /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`,
    (value as Record<string, unknown>)[name],
  ]);
}

/** Whether a value is more than its own properties. */
function isInstance(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) !== Object.prototype;
}

/** The declared dependencies by name; variables of the environment without their values, which may be secrets. */
export function declaredParts(declared: Declared, encode: EncodeValue): ValuePart[] {
  const parts: ValuePart[] = [];
  if (declared.version !== null) {
    parts.push({
      path: "version",
      digest: digestBytes<"value">(declared.version),
      preview: previewOf(declared.version),
    });
  }
  for (const [name, digest] of declared.env) parts.push({ path: `env.${name}`, digest });
  for (const [path, digest] of declared.files) parts.push({ path: `files.${path}`, digest });
  for (const [name, value] of Object.entries(declared.vars)) {
    parts.push(...valueParts(`vars.${name}`, value, encode));
  }
  return parts;
}
