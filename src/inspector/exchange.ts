/**
 * A way for objects into the inspector and back.
 *
 * @module
 */

/** What crosses from our realm into the inspector and back; the same realm in truth, so nothing is copied. */
export class Exchange {
  readonly #outgoing = new Map<number, readonly object[]>();
  readonly #incoming = new Map<number, readonly unknown[]>();
  #tickets = 0;

  send(values: readonly object[]): number {
    this.#outgoing.set(++this.#tickets, values);
    return this.#tickets;
  }

  take(ticket: number): readonly object[] {
    const values = this.#outgoing.get(ticket) ?? [];
    this.#outgoing.delete(ticket);
    return values;
  }

  ticket(): number {
    return ++this.#tickets;
  }

  receive(ticket: number, values: readonly unknown[]): void {
    this.#incoming.set(ticket, values);
  }

  received(ticket: number): readonly unknown[] {
    const values = this.#incoming.get(ticket) ?? [];
    this.#incoming.delete(ticket);
    return values;
  }
}
