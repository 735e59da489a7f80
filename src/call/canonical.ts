/**
 * Inputs as canonical bytes, functions, class instances and Blobs included, whose identity takes a closer look.
 *
 * @module
 */
import { type EncodedKey, encodeKey, type EncodeKeyOptions, type Unresolved } from "../values/key/encode_key.ts";
import { digestBytes } from "../words/sha256.ts";
import {
  type BlindUse,
  type FingerprintOptions,
  type IdentifiedValue,
  identifyInstances,
  identifyValue,
} from "../code/fingerprint.ts";
import { classOf, nameOfFunction, noticeOfHandle } from "../code/walk/values.ts";
import { isProxy } from "../values/result/losses.ts";

/** Stands for the receiver of a method that writes to it. */
class Receiver {}

/** Turns the inputs of one call into bytes; what it learned of functions serves all of them. */
export class CanonicalEncoder {
  /** What of the inputs' code is not seen, in words. */
  readonly notices = new Set<string>();
  /** What their code does where nobody can watch. */
  readonly blind: BlindUse[] = [];
  #standIns: Map<object, string> | undefined;
  readonly #privates = new Map<object, ReadonlyMap<string, unknown>>();

  /** @param codeOptions How code is followed. */
  constructor(readonly codeOptions: FingerprintOptions) {}

  /**
   * A value in canonical form.
   *
   * @param value Any value that can be an input.
   * @param path What the value is called in messages: `args`.
   * @returns Bytes of their own; at once unless something has to be looked at.
   * @throws {CacheTypeError} `ERR_ARGUMENT` with the path of what cannot be an input.
   */
  encode(value: unknown, path: string): Uint8Array | Promise<Uint8Array> {
    const { bytes, unresolved } = this.#encodeOnce(value, path);
    return unresolved.length === 0 ? bytes : this.#resolve(value, path, unresolved);
  }

  /**
   * What counts of the receiver of a method that writes to it: what it writes, a counter or a memo, is state and no input.
   *
   * @param receiver The method's `this`.
   * @param method The method.
   * @param touched Members that the method may change, as its fingerprint says.
   * @returns The receiver itself where the method writes nothing; else something to encode in its place.
   */
  async receiverOf(receiver: unknown, method: object, touched: readonly string[]): Promise<unknown> {
    if (touched.length === 0 || typeof receiver !== "object" || receiver === null) return receiver;
    const identity = this.#note(await identifyValue(receiver, this.codeOptions, method));
    // The identity has all fields; they are here to be refused when they cannot be inputs, and to be named.
    const fields = Object.entries(receiver).filter(([name, value]) =>
      !touched.includes(name) && typeof value !== "function"
    );
    const counted = Object.assign(new Receiver(), Object.fromEntries(fields));
    (this.#standIns ??= new Map()).set(counted, identity);
    return counted;
  }

  /** A part of a value that was encoded before, in canonical form. */
  encodePart(value: unknown): Uint8Array {
    return this.#encodeOnce(value, "value").bytes;
  }

  async #resolve(value: unknown, path: string, missing: readonly Unresolved[]): Promise<Uint8Array> {
    const standIns = this.#standIns ??= new Map();
    for (let unresolved = missing;;) {
      await this.#identifyInstances(unresolved.filter(({ reason }) => reason === "instance"));
      for (const { subject } of unresolved) {
        if (!standIns.has(subject)) standIns.set(subject, await this.#identify(subject));
      }
      const encoded = this.#encodeOnce(value, path);
      if (encoded.unresolved.length === 0) return encoded.bytes;
      unresolved = encoded.unresolved;
    }
  }

  /** Looks into instances, and into those that only their private fields lead to. */
  async #identifyInstances(found: readonly Unresolved[]): Promise<void> {
    const standIns = this.#standIns ??= new Map();
    let unknown = new Set(found.map(({ subject }) => subject).filter((subject) => !standIns.has(subject)));
    while (unknown.size > 0) {
      const instances = [...unknown];
      const held: unknown[] = [];
      for (const [index, one] of (await identifyInstances(instances, this.codeOptions)).entries()) {
        const instance = instances[index] as object;
        standIns.set(instance, this.#note(one));
        if (one.privates === undefined) continue;
        this.#privates.set(instance, one.privates);
        held.push(...one.privates.values());
      }
      const inner = held.length === 0 ? [] : this.#encodeOnce(held, "private fields", true).unresolved;
      unknown = new Set(inner.flatMap(({ reason, subject }) => reason === "instance" ? [subject] : []));
    }
  }

  async #identify(subject: object): Promise<string> {
    return subject instanceof Blob
      ? `${subject.type} ${digestBytes(new Uint8Array(await subject.arrayBuffer()))}`
      : this.#note(await identifyValue(subject, this.codeOptions));
  }

  #note({ identity, notices, blind }: IdentifiedValue): string {
    for (const notice of notices) this.notices.add(notice);
    this.blind.push(...blind);
    return identity;
  }

  #encodeOnce(value: unknown, path: string, isPrivate = false): EncodedKey {
    const options: EncodeKeyOptions = {
      path,
      digest: digestBytes,
      isPrivate,
      nameHandle: (handle) => this.#nameHandle(handle),
    };
    const standIns = this.#standIns;
    return encodeKey(
      value,
      standIns === undefined ? options : {
        ...options,
        identify: (subject) => standIns.get(subject),
        privatesOf: (instance) => this.#privates.get(instance),
        noteObject: (object) => this.#noteProxy(object),
      },
    );
  }

  /** What a Proxy answers is its handler's doing, which nobody sees; it counts as what it pretends to be. */
  #noteProxy(object: object): void {
    if (isProxy(object)) this.notices.add(noticeOfHandle("Proxy"));
  }

  #nameHandle(handle: unknown): string {
    const isObject = typeof handle === "object" && handle !== null;
    const name = isObject ? nameOfFunction(classOf(handle) ?? {}) : `symbol ${String((handle as symbol).description)}`;
    this.notices.add(noticeOfHandle(name));
    return name;
  }
}
