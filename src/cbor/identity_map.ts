/**
 * Which objects were seen, and where.
 *
 * @module
 */

/** The place of an object that cannot be referred to, since it lies in a packed part. */
export const NOT_ADDRESSABLE = -1;

/** Up to this many, looking through a list is faster than a Map. */
const FEW = 10;

/** A Map with objects as keys and numbers as values, fast for few and for many. */
export class IdentityMap {
  readonly #few: object[] = [];
  readonly #places: number[] = [];
  #many: Map<object, number> | null = null;
  /** All arrays and all other objects, once some are packed: looking for and adding one is then a single step. */
  #arrays: Set<object> | null = null;
  #others: Set<object> | null = null;

  /** The place of `subject`; `undefined`: not seen. */
  get(subject: object): number | undefined {
    const all = this.#setFor(subject);
    if (all === null) return this.#placeOf(subject);
    return all.has(subject) ? this.#placeOf(subject) ?? NOT_ADDRESSABLE : undefined;
  }

  /** Records where `subject` is. */
  set(subject: object, place: number): void {
    this.#setFor(subject)?.add(subject);
    const at = this.#many === null ? this.#few.indexOf(subject) : -1;
    if (at >= 0) this.#places[at] = place;
    else this.#append(subject, place);
  }

  /** Records where `subject` is, if it was not seen; else returns its place. */
  add(subject: object, place: number): number | undefined {
    const all = this.#setFor(subject);
    if (all === null) {
      const known = this.#placeOf(subject);
      if (known !== undefined) return known;
    } else {
      const { size } = all;
      if (all.add(subject).size === size) return this.#placeOf(subject) ?? NOT_ADDRESSABLE;
    }
    this.#append(subject, place);
    return undefined;
  }

  /**
   * The arrays seen so far, to add packed ones to: an array that does not make the set larger was seen before. One that
   * is not packed after all has to be deleted again.
   */
  packedArrays(): Set<object> {
    return this.#arrays ??= this.#seenSoFar(true);
  }

  /** The same for objects that are no arrays. A set of each kind, since a smaller one is faster. */
  packedObjects(): Set<object> {
    return this.#others ??= this.#seenSoFar(false);
  }

  #setFor(subject: object): Set<object> | null {
    return Array.isArray(subject) ? this.#arrays : this.#others;
  }

  #seenSoFar(areArrays: boolean): Set<object> {
    const seen = new Set<object>();
    for (const subject of this.#many === null ? this.#few : this.#many.keys()) {
      if (Array.isArray(subject) === areArrays) seen.add(subject);
    }
    return seen;
  }

  #placeOf(subject: object): number | undefined {
    if (this.#many !== null) return this.#many.get(subject);
    const at = this.#few.indexOf(subject);
    return at < 0 ? undefined : this.#places[at];
  }

  /** Records the place of an object that has none, or of any when there are many. */
  #append(subject: object, place: number): void {
    if (this.#many === null && this.#few.length < FEW) {
      this.#few.push(subject);
      this.#places.push(place);
      return;
    }
    this.#many ??= new Map(this.#few.map((each, at) => [each, this.#places[at]!]));
    this.#many.set(subject, place);
  }
}
