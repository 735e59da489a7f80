/**
 * Secrets among the receiver and the arguments of a call: by the option `secretArgs`, by the names of parameters and
 * members, and in texts. A call that has some is not stored with the calls around it.
 *
 * A file of its own beside `leaves`, which opens few values and only to show them: here all are looked into.
 *
 * @module
 */
import { isSecretItself, type MemberPath, nameOfElement, secretsAt, secretsIn } from "./arguments.ts";
import type { Call } from "./identify.ts";
import { areUsualElements } from "../values/key/key_members.ts";
import { ownValue } from "../values/brands.ts";
import { classify } from "../values/kinds.ts";
import { holdsSecret } from "../values/preview.ts";
import { CodecFinder } from "../values/use_codecs.ts";
import { isProxy } from "../words/type_tests.ts";

/** Value that is still to be looked into, with the paths of secrets in it. */
interface Unopened {
  readonly value: unknown;
  readonly paths: readonly MemberPath[];
}

/**
 * Yields the secrets of a call: values that their place or their name says to be secrets, and texts that hold one. No
 * accessor and no trap is called. Bytes are not looked into.
 *
 * @throws Whatever `encode` of a codec throws.
 */
export function* secretValuesOf({ receiver, args, prepared: { plan }, resultOptions }: Call): Generator<unknown> {
  const open: Unopened[] = args.map((value, position) => ({ value, paths: secretsAt(plan, position) }));
  if (receiver !== globalThis) open.push({ value: receiver, paths: plan.secretsOfReceiver });
  const seen = new Set<object>();
  const codecs = new CodecFinder(resultOptions.codecs ?? []);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { value, paths } = next;
    if (isSecretItself(paths) || typeof value === "string" && holdsSecret(value)) yield value;
    else if (typeof value === "object" && value !== null && !isProxy(value)) {
      // An object that holds secrets by their paths is looked into for each of its places.
      if (paths.length === 0 && seen.size === seen.add(value).size) continue;
      if (value instanceof URL && holdsSecret(value.href)) yield value.href;
      else open.push(...heldIn(value, paths, codecs));
    }
  }
}

/** Values that an object holds, and that are stored with it. */
function* heldIn(value: object, paths: readonly MemberPath[], codecs: CodecFinder): Generator<Unopened> {
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return;
  if (Array.isArray(value) && areUsualElements(value)) {
    for (let index = 0; index < value.length; index++) {
      if (isOpened(value[index])) yield { value: value[index], paths: secretsIn(paths, nameOfElement(value, index)) };
    }
    return;
  }
  const { kind } = classify(value);
  if (kind === "map") {
    for (const [key, item] of Map.prototype.entries.call(value)) {
      yield { value: key, paths: [] };
      yield { value: item, paths: typeof key === "string" ? secretsIn(paths, key) : [] };
    }
  }
  if (kind === "set") { for (const item of Set.prototype.values.call(value)) yield { value: item, paths: [] }; }
  if (value instanceof Headers || value instanceof URLSearchParams) {
    for (const [name, text] of value instanceof Headers ? headersIn(value) : parametersIn(value)) {
      yield { value: text, paths: secretsIn(paths, name) };
    }
  }
  const coded = kind === "plain" || Array.isArray(value) ? null : codecs.encode(value);
  if (coded !== null) yield { value: coded.data, paths };
  for (const key of Reflect.ownKeys(value)) {
    const item = ownValue(value, key);
    const name = typeof key === "string" ? key : key.description ?? "";
    yield { value: item, paths: secretsIn(paths, name) };
  }
}

function headersIn(headers: Headers): Iterable<[string, string]> {
  return Headers.prototype.entries.call(headers);
}

function parametersIn(parameters: URLSearchParams): Iterable<[string, string]> {
  return URLSearchParams.prototype.entries.call(parameters);
}

/** True for a value that may hold a secret by itself, whatever its place: not for numbers. */
function isOpened(value: unknown): boolean {
  return typeof value === "string" || typeof value === "object" && value !== null;
}
