/**
 * Leaves of the inputs of a call, each with a digest and a preview, so that a miss can name the leaf that differs.
 *
 * @module
 */
import type { Declared } from "./declared.ts";
import { digestBytes } from "../words/sha256.ts";
import { previewOf } from "../values/preview.ts";
import type { ValuePart } from "../words/records.ts";
import { classify } from "../values/kinds.ts";
import { isProxy } from "../words/type_tests.ts";
import { isSecretItself, type LeftOut, type MemberPath, nameOfElement, nameOfMember, secretsIn } from "./arguments.ts";

/** Number of leaves of one input up to which objects and arrays are opened; beyond it, each of them is one leaf. */
const MAX_LEAVES = 64;
/** Number of levels of nesting that are opened. */
const MAX_DEPTH = 6;

/** Encodes a value as canonical bytes. */
export type EncodeValue = (value: unknown) => Uint8Array;

/** Parts of a value that are no leaves, or leaves that are not shown. */
export interface ValueMarks {
  /** Members that do not count. @default {null} */
  readonly leftOut?: LeftOut | null;
  /** Paths of secrets from the value inwards, besides those that their names tell. @default {[]} */
  readonly secrets?: readonly MemberPath[];
}

/**
 * Returns the leaves of one named input.
 *
 * Small plain objects and arrays are opened; every other value is a leaf. A class instance is a leaf, since it has a
 * class and may have private fields. If the instance is small and the input itself, it is opened as well. A secret is one
 * leaf, since names of members of it may be secrets, too; it gets no preview.
 *
 * @param path Path of the input: `args.opts`, `vars.rate`.
 * @param value Value of the input.
 * @param encode Encodes a leaf as canonical bytes.
 * @param marks Members that do not count, and paths of secrets.
 */
export function valueParts(
  path: string,
  value: unknown,
  encode: EncodeValue,
  { leftOut = null, secrets = [] }: ValueMarks = {},
): ValuePart[] {
  const parts: ValuePart[] = [];
  const collect = (path: string, value: unknown, depth: number, secrets: readonly MemberPath[]): void => {
    if (isSecretItself(secrets)) return void parts.push({ path, digest: digestBytes<"value">(encode(value)) });
    const isWhole = isInstance(value);
    const isOpened = depth > 0 && (!isWhole || depth === MAX_DEPTH);
    const inner = isOpened ? smallContainer(value, MAX_LEAVES - parts.length, leftOut?.get(value as object)) : null;
    if (inner === null || isWhole) {
      parts.push({ path, digest: digestBytes<"value">(encode(value)), preview: previewSafely(value) });
    }
    for (const [name, item] of inner ?? []) {
      const [step, ofSecret] = typeof name === "number"
        ? [`[${name}]`, nameOfElement(value as unknown[], name)]
        : [stepOf(name), nameOfMember(value as object, name)];
      collect(`${path}${step}`, item, depth - 1, secretsIn(secrets, ofSecret));
    }
  };
  collect(path, value, MAX_DEPTH, secrets);
  return parts;
}

function smallContainer(
  value: unknown,
  room: number,
  leftOut?: ReadonlySet<PropertyKey>,
): (readonly [name: string | number, value: unknown])[] | null {
  if (typeof value !== "object" || value === null || isProxy(value)) return null;
  if (Array.isArray(value)) {
    // An array with holes or further properties is more than its items, and is not opened.
    return value.length > 0 && value.length <= room && Object.keys(value).length === value.length
      ? Array.from(value, (item, index) => [index, item] as const)
      : null;
  }
  const { kind } = classify(value);
  if (kind !== "plain" && kind !== "instance") return null;
  const names = Object.keys(value).filter((name) => leftOut?.has(name) !== true).sort();
  if (names.some((name) => Object.getOwnPropertyDescriptor(value, name)?.get !== undefined)) return null;
  if (names.length === 0 || names.length > room) return null;
  return names.map((name) => [name, (value as Record<string, unknown>)[name]]);
}

/** The name of a member as a part of a path. */
function stepOf(name: string): string {
  return /^[A-Za-z_$][\w$]*$/.test(name) ? `.${name}` : `[${JSON.stringify(name)}]`;
}

/** Preview of a value; none where a member of its own, which the preview asks for, throws. */
function previewSafely(value: unknown): string {
  try {
    return previewOf(value);
  } catch {
    return "…";
  }
}

/** True for an object with a class or without a prototype, which may be more than its own properties. */
function isInstance(value: unknown): boolean {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) !== Object.prototype;
}

/** Returns the leaves of the declared dependencies. Environment variables get no preview: they may be secrets. */
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
  const { codecs } = declared;
  if (codecs.length > 0) {
    parts.push({ path: "codecs", digest: digestBytes<"value">(JSON.stringify(codecs.map(({ name }) => name))) });
  }
  for (const { name, digest } of codecs) parts.push({ path: `codecs.${name}`, digest: digestBytes<"value">(digest) });
  for (const [name, value] of Object.entries(declared.vars)) {
    parts.push(...valueParts(`vars.${name}`, value, encode, { secrets: secretsIn([], name) }));
  }
  return parts;
}
