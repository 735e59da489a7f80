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

  /** The place of `subject`; `undefined`: not seen. */
  get(subject: object): number | undefined {
    if (this.#many !== null) return this.#many.get(subject);
    const at = this.#few.indexOf(subject);
    return at < 0 ? undefined : this.#places[at];
  }

  /** Records where `subject` is. */
  set(subject: object, place: number): void {
    if (this.#many !== null) {
      this.#many.set(subject, place);
      return;
    }
    const at = this.#few.indexOf(subject);
    if (at >= 0) {
      this.#places[at] = place;
      return;
    }
    if (this.#few.length < FEW) {
      this.#few.push(subject);
      this.#places.push(place);
      return;
    }
    this.#many = new Map();
    for (let index = 0; index < FEW; index++) this.#many.set(this.#few[index]!, this.#places[index]!);
    this.#many.set(subject, place);
  }

  /** Records where `subject` is, if it was not seen; else `false`, and its place may be lost. */
  add(subject: object, place: number): boolean {
    const many = this.#many;
    if (many !== null) {
      const { size } = many;
      return many.set(subject, place).size > size;
    }
    if (this.get(subject) !== undefined) return false;
    this.set(subject, place);
    return true;
  }
}
