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

/**
 * Finds the secrets of a call: values that their place or their name says to be secrets, and texts that hold one. No
 * accessor and no trap is called. Bytes are not looked into.
 *
 * @param call The call.
 * @param most Number of secrets after which the search ends.
 * @throws Whatever `encode` of a codec throws.
 */
export function secretValuesOf(
  { receiver, args, prepared: { plan }, resultOptions }: Call,
  most = Infinity,
): unknown[] {
  const search = new SecretSearch(new CodecFinder(resultOptions.codecs ?? []), most);
  for (const [position, value] of args.entries()) search.visit(value, secretsAt(plan, position));
  if (receiver !== globalThis) search.visit(receiver, plan.secretsOfReceiver);
  return search.run();
}

/** A walk through values. With a list of its own, nesting is bounded by memory and not by the engine's stack. */
class SecretSearch {
  readonly #codecs: CodecFinder;
  readonly #most: number;
  readonly #found: unknown[] = [];
  readonly #seen = new Set<object>();
  /** Objects that are still to be looked into, each followed by the paths of secrets in it. */
  readonly #open: (object | readonly MemberPath[])[] = [];

  constructor(codecs: CodecFinder, most: number) {
    this.#codecs = codecs;
    this.#most = most;
  }

  run(): unknown[] {
    while (this.#open.length > 0 && this.#found.length < this.#most) {
      const paths = this.#open.pop() as readonly MemberPath[];
      this.#lookInto(this.#open.pop() as object, paths);
    }
    return this.#found;
  }

  /** Takes a value in: a secret is found, an object is looked into later. */
  visit(value: unknown, paths: readonly MemberPath[]): void {
    if (typeof value === "object" && value !== null) {
      if (isSecretItself(paths)) this.#found.push(value);
      // An object that holds secrets by their paths is looked into for each of its places.
      else if (!isProxy(value) && (paths.length > 0 || this.#seen.size < this.#seen.add(value).size)) {
        this.#open.push(value, paths);
      }
    } else if (isSecretItself(paths) || typeof value === "string" && holdsSecret(value)) this.#found.push(value);
  }

  #lookInto(value: object, paths: readonly MemberPath[]): void {
    if (Object.getPrototypeOf(value) === Object.prototype) return this.#lookAtMembers(value, paths);
    if (Array.isArray(value)) return this.#lookAtElements(value, paths);
    if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return;
    if (value instanceof URL) this.visit(value.href, []);
    else if (value instanceof Headers) this.#lookAtTexts(Headers.prototype.entries.call(value), paths);
    else if (value instanceof URLSearchParams) {
      this.#lookAtTexts(URLSearchParams.prototype.entries.call(value), paths);
    }
    const { kind } = classify(value);
    if (kind === "map") {
      Map.prototype.forEach.call(value, (item, key) => {
        this.visit(key, []);
        this.visit(item, typeof key === "string" ? secretsIn(paths, key) : []);
      });
    }
    if (kind === "set") Set.prototype.forEach.call(value, (item) => this.visit(item, []));
    const coded = this.#codecs.encode(value);
    if (coded !== null) this.visit(coded.data, paths);
    this.#lookAtMembers(value, paths);
  }

  #lookAtTexts(pairs: Iterable<[string, string]>, paths: readonly MemberPath[]): void {
    for (const [name, text] of pairs) this.visit(text, secretsIn(paths, name));
  }

  #lookAtElements(array: readonly unknown[], paths: readonly MemberPath[]): void {
    if (!areUsualElements(array)) return this.#lookAtMembers(array, paths);
    const isNamed = paths.length > 0 || array.length === 2;
    for (let index = 0; index < array.length; index++) {
      this.visit(array[index], isNamed ? secretsIn(paths, nameOfElement(array, index)) : paths);
    }
  }

  #lookAtMembers(value: object, paths: readonly MemberPath[]): void {
    for (const key of Reflect.ownKeys(value)) {
      this.visit(ownValue(value, key), secretsIn(paths, typeof key === "string" ? key : key.description ?? ""));
    }
  }
}
