/**
 * Ordinals: numbers of all objects, functions and symbols that code captures, and those among them that it reaches in
 * more than one way.
 *
 * @module
 */
import type { Numbering, WrittenValue } from "../walk/values.ts";

/** Number of subjects of one value from which on they are not copied into the common table. */
const LARGE = 1000;

/** Ordinals of one function. They are equal in every process for equal fingerprints. */
export class Ordinals {
  readonly #ordinals = new Map<object | symbol, number>();
  /** Values of many subjects, each with the ordinal of its first subject. */
  readonly #large: { readonly met: Numbering; readonly first: number }[] = [];
  /** Values whose parts were added, each with the first ordinal of a part. */
  readonly #roots: { readonly root: object; readonly first: number; readonly size: number }[] = [];
  #byOrdinal: Map<number, object | symbol> | null = null;
  readonly #repeats: [position: number, ordinal: number][] = [];
  /** Objects that are captured without what they hold, and have no ordinals. */
  readonly #alone = new Set<object | symbol>();
  #next = 0;

  /**
   * Adds a subject.
   *
   * @param counts True when it counts that the subject is reached again.
   * @returns True when it was not there.
   */
  add(subject: object | symbol, counts: boolean): boolean {
    const known = this.get(subject);
    if (known === undefined) this.#ordinals.set(subject, this.#next);
    else if (counts) this.#repeats.push([this.#next, known]);
    this.#next++;
    return known === undefined;
  }

  /** The value among those whose parts were added that holds the subject with an ordinal, and the place in it. */
  holderOf(ordinal: number): { readonly root: object; readonly place: number } | undefined {
    let [low, high] = [0, this.#roots.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#roots[middle]!.first <= ordinal) low = middle + 1;
      else high = middle;
    }
    const found = this.#roots[low - 1];
    const isWithin = found !== undefined && ordinal < found.first + found.size;
    return isWithin ? { root: found.root, place: ordinal - found.first } : undefined;
  }

  /** Adds an object of which only members are used, unless it is there. What is added later in full stays first. */
  addAlone(subject: object | symbol): void {
    if (!this.has(subject)) this.#alone.add(subject);
  }

  /** Adds what a value holds. The value itself is the first subject of the numbering, and was added before. */
  addHeld(met: Numbering): void {
    const [root] = met.subjects();
    const first = this.#next;
    if (typeof root === "object") this.#roots.push({ root, first, size: met.size });
    if (met.size < LARGE) {
      for (const subject of met.subjects()) if (subject !== root) this.add(subject, true);
      return;
    }
    for (const [subject, ordinal] of this.#ordinals) {
      if (subject !== root) this.#noteRepeat(subject, met, first, ordinal);
    }
    for (const other of this.#large) {
      const smaller = other.met.size < met.size ? other.met : met;
      const larger = smaller === met ? other.met : met;
      for (const subject of smaller.subjects()) {
        if (larger.has(subject)) this.#noteRepeat(subject, met, first, other.first + other.met.numberOf(subject)!);
      }
    }
    this.#large.push({ met, first });
    this.#next = first + met.size;
  }

  #noteRepeat(subject: object | symbol, met: Numbering, first: number, ordinal: number): void {
    const number = met.has(subject) ? met.numberOf(subject)! : 0;
    if (number > 0) this.#repeats.push([first + number, ordinal]);
  }

  /**
   * Ordinal of a subject; `undefined` when the code does not capture it, and for an object of which it only uses members.
   */
  get(subject: object | symbol): number | undefined {
    const known = this.#ordinals.get(subject);
    if (known !== undefined || this.#large.length === 0) return known;
    for (const { met, first } of this.#large) if (met.has(subject)) return first + met.numberOf(subject)!;
    return undefined;
  }

  /** The object with that ordinal; `undefined` when there is none. */
  objectAt(ordinal: number): object | undefined {
    const { met, first } = this.#large.find(({ met, first }) => ordinal >= first && ordinal < first + met.size) ?? {};
    const found = met !== undefined ? met.subjectAt(ordinal - first!) : this.#smallAt(ordinal);
    return typeof found === "object" ? found : undefined;
  }

  #smallAt(ordinal: number): object | symbol | undefined {
    this.#byOrdinal ??= new Map([...this.#ordinals].map(([subject, ordinal]) => [ordinal, subject]));
    return this.#byOrdinal.get(ordinal);
  }

  /** True for a subject that the code captures, also for an object of which it only uses members. */
  has(subject: object | symbol): boolean {
    return this.#ordinals.has(subject) || this.#large.some(({ met }) => met.has(subject)) || this.#alone.has(subject);
  }

  /** All subjects, in an order that is equal in every process for equal fingerprints. */
  *subjects(): Iterable<object | symbol> {
    yield* this.#ordinals.keys();
    for (const { met } of this.#large) yield* met.subjects();
    yield* this.#alone;
  }

  /** Text that tells which subjects are reached again, and where; empty when none is. */
  repeats(): string {
    return this.#repeats.sort(([a], [b]) => a - b).map(([position, ordinal]) => `${position},${ordinal}`).join(" ");
  }
}

/** A captured value. */
export interface Captured {
  readonly value: object | symbol;
  /** True for a function that is only called, which tells nobody which function it is. */
  readonly isCalled: boolean;
  /** True when what the value holds is not captured with it. */
  readonly isAlone?: boolean;
}

/** Numbers captured values. @param write Writes an object in canonical form. */
export function numberCaptured(captured: Iterable<Captured>, write: (object: object) => WrittenValue): Ordinals {
  const ordinals = new Ordinals();
  for (const { value, isCalled, isAlone } of captured) {
    if (isAlone === true) ordinals.addAlone(value);
    else if (ordinals.add(value, !isCalled) && typeof value === "object") ordinals.addHeld(write(value).met);
  }
  return ordinals;
}

/** Canonical forms and digests of captured objects. */
interface Contents {
  write(object: object): WrittenValue;
  /** Digest of an object that was written on its own; `null` for a part of another one. */
  digestOf(object: object): string | null;
}

/**
 * Digest of what a captured object holds; `null` for a handle, and for an object with state in it. A part of a captured
 * value counts by the value and its place there, so that each part is looked at once, with the value.
 */
export function contentOf(object: object, ordinals: Ordinals, { write, digestOf }: Contents): string | null {
  const isWhole = (one: object) => !write(one).isHandle && !write(one).hasState;
  const own = digestOf(object);
  if (own !== null) return isWhole(object) ? own : null;
  const holder = ordinals.holderOf(ordinals.get(object)!);
  const digest = holder === undefined ? null : digestOf(holder.root);
  if (digest === null || !isWhole(holder!.root) || write(holder!.root).handled.has(object)) return null;
  return `${holder!.place} ${digest}`;
}
