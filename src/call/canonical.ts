/**
 * Encodes inputs as canonical bytes. Functions, class instances and Blobs are encoded by identities, which are found
 * first.
 *
 * @module
 */
import { type EncodedKey, encodeKey, type Unresolved } from "../values/key/encode_key.ts";
import { digestBytes } from "../words/sha256.ts";
import {
  type BlindUse,
  type Fingerprint,
  type FingerprintOptions,
  type IdentifiedValue,
  identifyInstances,
  identifyValue,
} from "../code/fingerprint.ts";
import { classOf, nameOfFunction, noticeOfHandle } from "../code/walk/values.ts";
import { isProxy } from "../words/type_tests.ts";

/** A value with its name in messages. */
export interface NamedInput {
  readonly path: string;
  readonly value: unknown;
}

/** Values that are encoded together. */
interface EncoderInput extends NamedInput {
  readonly second?: NamedInput;
}

/** Sight of code that is not known. */
const EVERYTHING: Fingerprint["sight"] = { order: true, names: true, stacks: true };

/** Object that is encoded in place of a receiver, for a method that writes to its receiver. */
class Receiver {}

/** Encodes the inputs of one call. An identity that was found for one input serves the other inputs, too. */
export class CanonicalEncoder {
  /** Notices for the user about parts of the inputs that are not tracked. */
  readonly notices = new Set<string>();
  /** Signals among the inputs. */
  readonly signals = new Set<AbortSignal>();
  /** Blind uses in the code among the inputs. */
  readonly blind: BlindUse[] = [];
  /** What the code of functions and instances among the inputs can see of the other inputs. */
  #inputSight: Fingerprint["sight"] = { order: false, names: false, stacks: false };
  #standIns: Map<object, string> | undefined;
  /** Private fields of the instances that were looked at; `null` for an instance without any. */
  readonly #privates = new Map<object, ReadonlyMap<string, unknown> | null>();

  /**
   * @param codeOptions Options that decide how far code is followed.
   * @param seenBy Fingerprint of the function that gets the values, once it is known; `null` when any code may see them.
   */
  constructor(
    readonly codeOptions: FingerprintOptions,
    public seenBy: Pick<Fingerprint, "sight" | "ordinalOf"> | null = null,
  ) {}

  /**
   * Encodes a value in canonical form.
   *
   * @param value Any value that can be an input.
   * @param path Name of the value in messages: `args`.
   * @param second A second value, with its name, that may share objects with the first; it is encoded after that.
   * @returns Bytes in a buffer of their own; a promise of the bytes only when an identity has to be found.
   * @throws {CacheTypeError} `ERR_ARGUMENT` with the path of the part that cannot be an input.
   */
  encode(value: unknown, path: string, second?: NamedInput): Uint8Array | Promise<Uint8Array> {
    const input = { path, value, ...second === undefined ? {} : { second } };
    const { bytes, unresolved } = this.#encodeOnce(input);
    return unresolved.length === 0 ? bytes : this.#resolve(input, unresolved);
  }

  /**
   * Returns the part of a receiver that counts: members that the method writes itself, such as a counter or a memo, are
   * state and no input.
   *
   * @param receiver The method's `this`.
   * @param method The method.
   * @param touched Names of the members that the method may change: `receiverTouched` of its fingerprint.
   * @returns The receiver itself when the method changes no member; else an object to encode in place of the receiver.
   */
  async receiverOf(receiver: unknown, method: object, touched: readonly string[]): Promise<unknown> {
    if (touched.length === 0 || typeof receiver !== "object" || receiver === null) return receiver;
    const identity = this.#note(await identifyValue(receiver, this.codeOptions, method));
    // The identity covers the fields. They are encoded besides, so that a field that cannot be an input is refused, and
    // so that a miss can name the field that differs.
    const fields = Object.entries(receiver).filter(([name, value]) =>
      !touched.includes(name) && typeof value !== "function"
    );
    const counted = Object.assign(new Receiver(), Object.fromEntries(fields));
    (this.#standIns ??= new Map()).set(counted, identity);
    return counted;
  }

  /** Encodes a part of a value that was encoded before, so that all identities are known. */
  encodePart(value: unknown): Uint8Array {
    return this.#encodeOnce({ path: "value", value }).bytes;
  }

  async #resolve(input: EncoderInput, missing: readonly Unresolved[]): Promise<Uint8Array> {
    const standIns = this.#standIns ??= new Map();
    for (let unresolved = missing;;) {
      await this.#identifyInstances(unresolved.filter(({ reason }) => reason === "instance"));
      for (const { subject } of unresolved) {
        if (!standIns.has(subject)) standIns.set(subject, await this.#identify(subject));
      }
      const encoded = this.#encodeOnce(input);
      if (encoded.unresolved.length === 0) return encoded.bytes;
      unresolved = encoded.unresolved;
    }
  }

  /** Finds the identities of instances, and of the instances that only private fields of these lead to. */
  async #identifyInstances(found: readonly Unresolved[]): Promise<void> {
    const standIns = this.#standIns ??= new Map();
    let unknown = new Set(found.map(({ subject }) => subject).filter((subject) => !standIns.has(subject)));
    while (unknown.size > 0) {
      const instances = [...unknown];
      const held: unknown[] = [];
      for (const [index, one] of (await identifyInstances(instances, this.codeOptions)).entries()) {
        const instance = instances[index] as object;
        standIns.set(instance, this.#note(one));
        this.#privates.set(instance, one.privates ?? null);
        if (one.privates === undefined) continue;
        held.push(...one.privates.values());
      }
      const inner = held.length === 0 ? [] : this.#encodeOnce({ path: "private fields", value: held }, true).unresolved;
      unknown = new Set(inner.flatMap(({ reason, subject }) => reason === "instance" ? [subject] : []));
    }
  }

  async #identify(subject: object): Promise<string> {
    return subject instanceof Blob
      ? `${subject.type} ${digestBytes(new Uint8Array(await subject.arrayBuffer()))}`
      : this.#note(await identifyValue(subject, this.codeOptions));
  }

  #note({ identity, notices, blind, sight }: IdentifiedValue): string {
    const { order, names, stacks } = this.#inputSight;
    this.#inputSight = {
      order: order || sight.order,
      names: names || sight.names,
      stacks: stacks || sight.stacks,
    };
    for (const notice of notices) this.notices.add(notice);
    this.blind.push(...blind);
    return identity;
  }

  #encodeOnce({ path, value, second }: EncoderInput, isPrivate = false): EncodedKey {
    const standIns = this.#standIns;
    const sight = this.seenBy?.sight ?? EVERYTHING;
    const inputs = this.#inputSight;
    return encodeKey(value, {
      path,
      ...second === undefined ? {} : { second },
      digest: digestBytes,
      isPrivate,
      countsOrder: sight.order || inputs.order,
      countsNames: sight.names || inputs.names,
      countsStacks: sight.stacks || inputs.stacks,
      codecs: this.codeOptions.codecs ?? [],
      nameHandle: (handle) => this.#nameHandle(handle),
      privatesOf: (instance) => this.#privates.get(instance),
      noteSignal: (signal) => void this.signals.add(signal),
      ...standIns === undefined ? {} : {
        identify: (subject: object) => standIns.get(subject),
        noteObject: (object: object) => this.#noteProxy(object),
      },
      ...this.seenBy === null ? {} : { ordinalOf: this.seenBy.ordinalOf },
    });
  }

  /** Adds a notice for a Proxy: it is encoded as the object that it poses as, while its handler does not count. */
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
