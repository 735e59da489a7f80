/**
 * Encodes inputs as canonical bytes. Functions, class instances and Blobs are encoded by identities, which are found
 * first.
 *
 * @module
 */
import { type EncodedKey, encodeKey, type EncodeKeyOptions, type Unresolved } from "../values/key/encode_key.ts";
import { digestBytes } from "../words/sha256.ts";
import {
  type BlindUse,
  type Fingerprint,
  type FingerprintOptions,
  type IdentifiedValue,
  identifyAgain,
  identifyInstances,
  identifyValue,
  timeZone,
} from "../code/fingerprint.ts";
import { areEqualSights, EVERYTHING, joinSights, NOTHING_SEEN } from "../code/types.ts";
import { nameOfHandle, noticeOfHandle } from "../code/walk/values.ts";
import type { Codec } from "../values/codec.ts";
import { blankOf } from "../values/use_codecs.ts";
import { type LeftOut, markOfPath } from "./arguments.ts";

/** A value with its name in messages. */
export interface NamedInput {
  readonly path: string;
  readonly value: unknown;
}

/** Values that are encoded together. */
interface EncoderInput extends NamedInput {
  readonly second?: NamedInput | undefined;
  /** Called before each encoding. */
  readonly onBegin?: (() => void) | undefined;
  /** Called with each text and URL; returns the mark to write in its place. */
  readonly onPath?: ((value: string | URL) => string | null) | undefined;
}

/** Object that is encoded in place of a receiver, for a method that writes to its receiver. */
class Receiver {}

/** Rules by which the inputs of one call are encoded. */
class InputRules implements EncodeKeyOptions {
  readonly path: string;
  readonly second: NamedInput | undefined;
  readonly digest = digestBytes;
  readonly countsOrder: boolean;
  readonly countsNames: boolean;
  readonly countsTexts: boolean;
  readonly countsStacks: boolean;
  readonly zoneOf: (() => string) | undefined;
  readonly codecs: readonly Codec[];
  readonly ordinalOf: ((subject: object | symbol) => number | undefined) | undefined;
  readonly leftOutOf: ((subject: object) => ReadonlySet<PropertyKey> | undefined) | undefined;
  readonly markOfPath: ((value: string | URL) => string | null) | undefined;
  readonly isPrivate: boolean;
  readonly #encoder: CanonicalEncoder;

  /**
   * @param isPrivate True when the input is the content of private fields.
   * @param inputSight What the code among the inputs can see of them.
   */
  constructor(
    encoder: CanonicalEncoder,
    { path, second, onPath }: EncoderInput,
    { isPrivate, inputSight }: { readonly isPrivate: boolean; readonly inputSight: Fingerprint["sight"] },
  ) {
    const sight = encoder.seenBy?.sight ?? EVERYTHING;
    const { order, names, texts, stacks } = encoder.seenBy?.isSightFinal ? sight : joinSights(sight, inputSight);
    this.isPrivate = isPrivate;
    this.path = path;
    this.second = second;
    this.countsOrder = order;
    this.countsNames = names;
    this.countsTexts = texts;
    this.countsStacks = stacks;
    // Code that turns its inputs into text sees the names of functions among them, and dates in local time.
    this.zoneOf = names || texts ? timeZone : undefined;
    this.codecs = encoder.codeOptions.codecs ?? [];
    const ordinalOf = encoder.seenBy?.ordinalOf;
    this.ordinalOf = ordinalOf && ((value) => {
      const number = ordinalOf(value);
      if (number !== undefined) encoder.hasCaptured = true;
      return number;
    });
    const { leftOut } = encoder;
    this.leftOutOf = leftOut === null ? undefined : (subject) => leftOut.get(subject);
    this.markOfPath = onPath;
    this.#encoder = encoder;
  }

  identify(subject: object): string | undefined {
    return this.#encoder.standInOf(subject);
  }

  reachedBy(subject: object): readonly (object | symbol)[] | undefined {
    return this.#encoder.reached?.get(holderOfIdentity(subject));
  }

  nameHandle(handle: unknown): string {
    this.#encoder.hasCode = true;
    const name = nameOfHandle(handle);
    this.#encoder.notices.add(noticeOfHandle(name));
    return name;
  }

  privatesOf(instance: object): ReadonlyMap<string, unknown> | null | undefined {
    return this.#encoder.privates?.get(instance);
  }

  noteSignal(signal: AbortSignal): void {
    this.#encoder.signals.add(signal);
  }
}

/** Encodes the inputs of one call. An identity that was found for one input serves the other inputs, too. */
export class CanonicalEncoder {
  /** Notices for the user about parts of the inputs that are not tracked. */
  readonly notices = new Set<string>();
  /** True when functions, instances of classes or objects of the platform are among the inputs. */
  hasCode = false;
  /** True when an input is an object that the function captures, too. */
  hasCaptured = false;
  /** Signals among the inputs. */
  readonly signals = new Set<AbortSignal>();
  /** Blind uses in the code among the inputs. */
  readonly blind: BlindUse[] = [];
  /** What the code of functions and instances among the inputs can see of the other inputs. */
  inputSight: Fingerprint["sight"] = NOTHING_SEEN;
  /** Identities that were found, by function and Blob, and by the prototype of instances. */
  standIns: Map<object, string> | undefined;
  /** What the code of functions and classes among the inputs captures, by function and by prototype. */
  reached: Map<object, readonly (object | symbol)[]> | undefined;
  /** Members of the inputs that do not count; `null`: none. */
  leftOut: LeftOut | null = null;
  /** Private fields of the instances that were looked at; `null` for an instance without any. */
  privates: Map<object, ReadonlyMap<string, unknown> | null> | undefined;

  /**
   * @param codeOptions Options that decide how far code is followed.
   * @param seenBy Fingerprint of the function that gets the values, once it is known; `null` when any code may see them. With
   * `isSightFinal`, what code among the values sees is not added.
   */
  constructor(
    readonly codeOptions: FingerprintOptions,
    public seenBy: Pick<Fingerprint, "sight" | "ordinalOf"> & { readonly isSightFinal?: true } | null = null,
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
    return this.#encodeInput({ path, value, second });
  }

  /**
   * Encodes file arguments, with a mark in place of each path.
   *
   * @param values Values of the file arguments.
   * @returns The bytes, and the paths in the order of their marks.
   */
  async encodeFiles(values: readonly unknown[]): Promise<{ shapes: Uint8Array; paths: (string | URL)[] }> {
    let paths: (string | URL)[] = [];
    const onPath = (value: string | URL) => {
      const mark = markOfPath(value);
      if (mark !== null) paths.push(value);
      return mark;
    };
    const onBegin = () => void (paths = []);
    const shapes = await this.#encodeInput({ path: "fileArgs", value: values, onPath, onBegin });
    return { shapes, paths };
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
    const identity = this.#note(
      Object.getPrototypeOf(receiver),
      await identifyValue(receiver, this.codeOptions, method),
    );
    // The identity covers the fields. They are encoded besides, so that a field that cannot be an input is refused, and
    // so that a miss can name the field that differs.
    const fields = Object.entries(receiver).filter(([name, value]) =>
      !touched.includes(name) && typeof value !== "function"
    );
    const counted = Object.assign(new Receiver(), Object.fromEntries(fields));
    (this.standIns ??= new Map()).set(counted, identity);
    return counted;
  }

  /** Encodes a part of a value that was encoded before, so that all identities are known. */
  encodePart(value: unknown): Uint8Array {
    return this.#encodeOnce({ path: "value", value }).bytes;
  }

  #encodeInput(input: EncoderInput): Uint8Array | Promise<Uint8Array> {
    const { bytes, unresolved } = this.#encodeOnce(input);
    return unresolved.length === 0 ? bytes : this.#resolve(input, unresolved);
  }

  async #resolve(input: EncoderInput, missing: readonly Unresolved[]): Promise<Uint8Array> {
    for (let unresolved = missing;;) {
      await this.#identifyAll(unresolved);
      const encoded = this.#encodeOnce(input);
      if (encoded.unresolved.length === 0) return encoded.bytes;
      unresolved = encoded.unresolved;
    }
  }

  /** Returns the identity of a function, a Blob or an instance's class, if it can be had without waiting. */
  standInOf(subject: object): string | undefined {
    this.hasCode = true;
    const standIns = this.standIns ??= new Map();
    const holder = holderOfIdentity(subject);
    const own = standIns.get(subject) ?? standIns.get(holder);
    if (own !== undefined || subject instanceof Blob) return own;
    const found = identifyAgain(typeof subject === "function" ? subject : blankOf(holder), this.codeOptions);
    if (found === null) return undefined;
    const identity = this.#note(holder, found);
    standIns.set(holder, identity);
    return identity;
  }

  async #identifyAll(unresolved: readonly Unresolved[]): Promise<void> {
    await this.#identifyInstances(unresolved.filter(({ reason }) => reason === "instance"));
    const standIns = this.standIns ??= new Map();
    for (const { subject, reason } of unresolved) {
      if (reason === "instance" || standIns.has(subject)) continue;
      standIns.set(subject, await this.#identify(subject));
    }
  }

  /** Finds the identities of instances, and of the instances that only private fields of these lead to. */
  async #identifyInstances(found: readonly Unresolved[]): Promise<void> {
    const standIns = this.standIns ??= new Map();
    const privates = this.privates ??= new Map();
    let unknown = new Set(found.map(({ subject }) => subject));
    while (unknown.size > 0) {
      const instances = [...unknown];
      const held: unknown[] = [];
      for (const [index, one] of (await identifyInstances(instances, this.codeOptions)).entries()) {
        const instance = instances[index] as object;
        standIns.set(holderOfIdentity(instance), this.#note(holderOfIdentity(instance), one));
        privates.set(instance, one.privates ?? null);
        if (one.privates !== undefined) held.push(...one.privates.values());
      }
      const inner = held.length === 0 ? [] : this.#encodeOnce({ path: "private fields", value: held }, true).unresolved;
      unknown = new Set(
        inner.flatMap(({ reason, subject }) => reason === "instance" && !privates.has(subject) ? [subject] : []),
      );
    }
  }

  async #identify(subject: object): Promise<string> {
    return subject instanceof Blob
      ? `${subject.type} ${digestBytes(new Uint8Array(await Blob.prototype.arrayBuffer.call(subject)))}`
      : this.#note(subject, await identifyValue(subject, this.codeOptions));
  }

  #note(subject: object, { identity, notices, blind, sight, captured }: IdentifiedValue): string {
    if (captured.length > 0) (this.reached ??= new Map()).set(subject, captured);
    this.inputSight = joinSights(this.inputSight, sight);
    for (const notice of notices) this.notices.add(notice);
    this.blind.push(...blind);
    return identity;
  }

  /**
   * Encodes an input with the identities that are known. What the code among the inputs can see of them is known only
   * afterwards: it is taken for what it was at the last call, and if that was wrong, the input is encoded again.
   */
  #encodeOnce(input: EncoderInput, isPrivate = false): EncodedKey {
    const seer = this.seenBy ?? this.codeOptions;
    let assumed = joinSights(this.inputSight, lastSights.get(seer) ?? NOTHING_SEEN);
    for (;;) {
      input.onBegin?.();
      const encoded = encodeKey(input.value, new InputRules(this, input, { isPrivate, inputSight: assumed }));
      if (areEqualSights(assumed, this.inputSight)) return encoded;
      assumed = this.inputSight;
      lastSights.set(seer, assumed);
    }
  }
}

/** What the code among the inputs of a function saw of them at the last call. */
const lastSights = new WeakMap<object, Fingerprint["sight"]>();

/** What the identity of a function, a Blob or an instance belongs to: instances of one class share it. */
function holderOfIdentity(subject: object): object {
  if (typeof subject === "function" || subject instanceof Blob) return subject;
  return Object.getPrototypeOf(subject) as object;
}
