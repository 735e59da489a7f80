/**
 * Secrets among the receiver and the arguments of a call: by the option `secretArgs`, by the names of parameters and
 * members, and in texts. A call that has some is not stored with the calls around it.
 *
 * A file of its own beside `leaves`, which opens few values and only to show them: here all are looked into.
 *
 * @module
 */
import {
  type ArgumentPlan,
  isSecretItself,
  type MemberPath,
  nameOfElement,
  nameOfMember,
  secretsAt,
  secretsIn,
  withMadeSecrets,
} from "./arguments.ts";
import { textsIn } from "./path_like.ts";
import { fillDefaults } from "../code/syntax/parameters.ts";
import { areUsualElements } from "../values/key/key_members.ts";
import { ownValue } from "../values/brands.ts";
import { classify, keysBesideBytes, unbox } from "../values/kinds.ts";
import type { ResultOptions } from "../values/codec.ts";
import { holdsSecret } from "../values/preview.ts";
import { CodecFinder } from "../values/use_codecs.ts";
import { isProxy } from "../words/type_tests.ts";

const sourceOf = Object.getOwnPropertyDescriptor(RegExp.prototype, "source")!.get!;
const exceptionMessage = Object.getOwnPropertyDescriptor(DOMException.prototype, "message")!.get!;

/** The parts of a call that may hold secrets. */
export interface SecretHolder {
  readonly receiver: unknown;
  readonly args: readonly unknown[];
  readonly prepared: { readonly plan: ArgumentPlan };
  readonly resultOptions: ResultOptions;
}

/**
 * Finds the secrets of a call: values that their place or their name says to be secrets, and texts that hold one. No
 * accessor and no trap is called. Bytes are not looked into.
 *
 * @param call The call.
 * @param most Number of secrets after which the search ends.
 * @throws Whatever `encode` of a codec throws.
 */
export function secretValuesOf(
  { receiver, args, prepared: { plan }, resultOptions }: SecretHolder,
  most = Infinity,
): unknown[] {
  const search = new SecretSearch(new CodecFinder(resultOptions.codecs ?? []), most);
  for (const [position, value] of args.entries()) search.visit(value, secretsAt(plan, position));
  // What the function sees beside these: defaults that are made of secrets.
  const ofCall = withMadeSecrets(plan, args);
  if (ofCall !== plan) {
    const filled = fillDefaults(plan.parameters!, args);
    for (const [position, value] of filled.entries()) search.visit(value, secretsAt(ofCall, position));
  }
  if (receiver !== globalThis) search.visit(receiver, plan.secretsOfReceiver);
  return search.run();
}

/**
 * Returns the texts in the secrets of a call.
 *
 * @throws Whatever `encode` of a codec throws.
 */
export function secretTextsOf(holder: SecretHolder): ReadonlySet<string> {
  return new Set(textsIn(secretValuesOf(holder)));
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
    } else if (isSecretItself(paths)) this.#found.push(value);
    else {
      const text = typeof value === "symbol" ? value.description : value;
      if (typeof text === "string" && holdsSecret(text)) this.#found.push(value);
    }
  }

  #lookInto(value: object, paths: readonly MemberPath[]): void {
    if (Object.getPrototypeOf(value) === Object.prototype) return this.#lookAtMembers(value, paths);
    this.#lookAtPrototypes(value, paths);
    if (Array.isArray(value)) return this.#lookAtElements(value, paths);
    if (ArrayBuffer.isView(value)) return this.#lookAtMembers(value, paths, keysBesideBytes(value));
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
    if (kind === "boxed") this.visit(unbox(value), []);
    if (kind === "regexp") this.visit(sourceOf.call(value), []);
    if (kind === "exception") this.visit(exceptionMessage.call(value), []);
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
      const before = array[index - 1];
      const mayBeNamed = isNamed || typeof before === "string" && before.startsWith("-");
      this.visit(array[index], mayBeNamed ? secretsIn(paths, nameOfElement(array, index)) : paths);
    }
  }

  /** Looks at the data that an object inherits. Functions are methods: their names tell what they do. */
  #lookAtPrototypes(value: object, paths: readonly MemberPath[]): void {
    for (
      let at: unknown = Object.getPrototypeOf(value);
      typeof at === "object" && at !== null && at !== Object.prototype && !isProxy(at);
      at = Object.getPrototypeOf(at)
    ) {
      const holder = at;
      if (paths.length === 0 && this.#seen.size === this.#seen.add(holder).size) return;
      const keys = Reflect.ownKeys(holder).filter((key) => {
        const member = ownValue(holder, key);
        return member !== undefined && typeof member !== "function";
      });
      this.#lookAtMembers(holder, paths, keys);
    }
  }

  #lookAtMembers(
    value: object,
    paths: readonly MemberPath[],
    keys: readonly PropertyKey[] = Reflect.ownKeys(value),
  ): void {
    for (const key of keys) {
      const name = typeof key === "symbol" ? key.description ?? "" : String(key);
      this.visit(ownValue(value, key), secretsIn(paths, nameOfMember(value, name)));
    }
  }
}
