/**
 * Writes to Deno.Kv that are collected and sent in as few atomic commits as its limits allow.
 *
 * @module
 */
import type { KvHandle } from "./kv_handle.ts";

/** A row to write, or to delete when `value` is absent. */
export interface Mutation {
  readonly key: Deno.KvKey;
  readonly value?: unknown;
}

/** Below 1,000 mutations, 80 KiB of keys and 800 KiB in all, with room for Deno's own overhead. */
const MAX_MUTATIONS = 900;
const MAX_KEY_BYTES = 70_000;
const MAX_BYTES = 700_000;

/**
 * Commits that happen at the same time share one atomic: what costs is waiting for the disk, once per atomic.
 */
export class KvWriter {
  readonly #handle: KvHandle;
  #waiting: Pending[] = [];
  #isWriting = false;

  /** @param handle Where to write. */
  constructor(handle: KvHandle) {
    this.#handle = handle;
  }

  /**
   * Writes all mutations at once or, if it throws, none of them.
   *
   * @param mutations At most what one atomic takes; {@linkcode splitMutations} makes such pieces.
   */
  commit(mutations: readonly Mutation[]): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mutations, resolve, reject });
      if (!this.#isWriting) this.#writeAll();
    });
  }

  /** Writes any number of mutations, in order, in as many commits as needed. */
  async commitAll(mutations: Iterable<Mutation>): Promise<void> {
    for (const piece of splitMutations(mutations)) await this.commit(piece);
  }

  async #writeAll(): Promise<void> {
    this.#isWriting = true;
    while (this.#waiting.length > 0) {
      const group = this.#takeGroup();
      try {
        await this.#write(group.flatMap((pending) => pending.mutations));
        for (const pending of group) pending.resolve();
      } catch (error) {
        if (group.length === 1) group[0]!.reject(error);
        else await this.#writeOneByOne(group);
      }
    }
    this.#isWriting = false;
  }

  /** One bad commit must not take the others with it. */
  async #writeOneByOne(group: readonly Pending[]): Promise<void> {
    for (const pending of group) {
      try {
        await this.#write(pending.mutations);
        pending.resolve();
      } catch (error) {
        pending.reject(error);
      }
    }
  }

  #takeGroup(): Pending[] {
    const size = new AtomicSize();
    let count = 0;
    for (const pending of this.#waiting) {
      if (!size.fits(pending.mutations) && count > 0) break;
      size.add(pending.mutations);
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  async #write(mutations: readonly Mutation[]): Promise<void> {
    await this.#handle.run(async (kv) => {
      let atomic = kv.atomic();
      for (const { key, value } of newestOf(mutations)) {
        atomic = value === undefined ? atomic.delete(key) : atomic.set(key, value);
      }
      await atomic.commit();
    });
  }
}

/** Without those that a later one replaces; keys that are one object. */
function newestOf(mutations: readonly Mutation[]): Mutation[] {
  const last = new Map(mutations.map((mutation) => [mutation.key, mutation]));
  return last.size === mutations.length ? [...mutations] : mutations.filter((each) => last.get(each.key) === each);
}

/** Pieces that fit into one atomic each. */
export function* splitMutations(mutations: Iterable<Mutation>): Generator<Mutation[]> {
  let piece: Mutation[] = [];
  let size = new AtomicSize();
  for (const mutation of mutations) {
    if (!size.fits([mutation]) && piece.length > 0) {
      yield piece;
      piece = [];
      size = new AtomicSize();
    }
    size.add([mutation]);
    piece.push(mutation);
  }
  if (piece.length > 0) yield piece;
}

interface Pending {
  readonly mutations: readonly Mutation[];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

class AtomicSize {
  #mutations = 0;
  #keyBytes = 0;
  #bytes = 0;

  fits(mutations: readonly Mutation[]): boolean {
    const [keyBytes, bytes] = sizesOf(mutations);
    return this.#mutations + mutations.length <= MAX_MUTATIONS && this.#keyBytes + keyBytes <= MAX_KEY_BYTES &&
      this.#bytes + bytes <= MAX_BYTES;
  }

  add(mutations: readonly Mutation[]): void {
    const [keyBytes, bytes] = sizesOf(mutations);
    this.#mutations += mutations.length;
    this.#keyBytes += keyBytes;
    this.#bytes += bytes;
  }
}

function sizesOf(mutations: readonly Mutation[]): [keyBytes: number, bytes: number] {
  let keyBytes = 0;
  let bytes = 0;
  for (const { key, value } of mutations) {
    for (const part of key) keyBytes += typeof part === "string" ? bytesOf(part) + 2 : 16;
    bytes += value instanceof Uint8Array ? value.byteLength : typeof value === "string" ? value.length * 2 : 16;
  }
  return [keyBytes, bytes + keyBytes];
}

/** A character takes one byte in ASCII and at most three otherwise. */
function bytesOf(text: string): number {
  // deno-lint-ignore no-control-regex
  return /^[\x01-\x7f]*$/.test(text) ? text.length : text.length * 3;
}
