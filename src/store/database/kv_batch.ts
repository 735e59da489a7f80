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

/** Below 100 checks, 1,000 mutations, 80 KiB of keys and 800 KiB in all, with room for Deno's own overhead. */
const MAX_CHECKS = 90;
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
   * Writes all mutations at once or, if it throws or a check fails, none of them.
   *
   * @param mutations At most what one atomic takes; {@linkcode splitMutations} makes such pieces.
   * @param checks Rows that must be in the version that was read; without a version, rows that must not exist.
   * @returns Whether the checks held and it was written.
   */
  commit(mutations: readonly Mutation[], checks: readonly Deno.AtomicCheck[] = []): Promise<boolean> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ mutations, checks, resolve, reject });
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
        const isWritten = await this.#write(group);
        if (!isWritten && group.length > 1) await this.#writeOneByOne(group);
        else for (const pending of group) pending.resolve(isWritten);
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
        pending.resolve(await this.#write([pending]));
      } catch (error) {
        pending.reject(error);
      }
    }
  }

  #takeGroup(): Pending[] {
    const size = new AtomicSize();
    // All checks of an atomic come before its writes: who checks what another one writes waits for the next.
    const written = new Set<string>();
    let count = 0;
    for (const pending of this.#waiting) {
      const isLate = pending.checks.some(({ key }) => written.has(nameOfRow(key)));
      if (count > 0 && (isLate || !size.fits(pending.mutations, pending.checks))) break;
      size.add(pending.mutations, pending.checks);
      count++;
      if (count === this.#waiting.length) break;
      for (const { key } of pending.mutations) written.add(nameOfRow(key));
    }
    return this.#waiting.splice(0, count);
  }

  #write(group: readonly Pending[]): Promise<boolean> {
    const mutations = newestOf(group.flatMap((pending) => pending.mutations));
    const checks = new Map(
      group.flatMap((pending) => pending.checks).map((
        check,
      ) => [`${nameOfRow(check.key)}\0${check.versionstamp}`, check]),
    );
    return this.#handle.run(async (kv) => {
      const atomic = kv.atomic().check(...checks.values());
      for (const { key, value } of mutations) {
        if (value === undefined) atomic.delete(key);
        else atomic.set(key, value);
      }
      return (await atomic.commit()).ok;
    });
  }
}

function nameOfRow(key: Deno.KvKey): string {
  return key.join("\0");
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
  readonly checks: readonly Deno.AtomicCheck[];
  readonly resolve: (isWritten: boolean) => void;
  readonly reject: (error: unknown) => void;
}

class AtomicSize {
  #checks = 0;
  #mutations = 0;
  #keyBytes = 0;
  #bytes = 0;

  fits(mutations: readonly Mutation[], checks: readonly Deno.AtomicCheck[] = []): boolean {
    const [keyBytes, bytes] = sizesOf(mutations);
    return this.#checks + checks.length <= MAX_CHECKS && this.#mutations + mutations.length <= MAX_MUTATIONS &&
      this.#keyBytes + keyBytes <= MAX_KEY_BYTES && this.#bytes + bytes <= MAX_BYTES;
  }

  add(mutations: readonly Mutation[], checks: readonly Deno.AtomicCheck[] = []): void {
    const [keyBytes, bytes] = sizesOf(mutations);
    this.#checks += checks.length;
    this.#mutations += mutations.length;
    this.#keyBytes += keyBytes;
    this.#bytes += bytes;
  }
}

function sizesOf(mutations: readonly Mutation[]): [keyBytes: number, bytes: number] {
  let keyBytes = 0;
  let bytes = 0;
  for (const { key, value } of mutations) {
    for (const part of key) keyBytes += typeof part === "string" ? estimatedBytes(part) + 2 : 16;
    bytes += value instanceof Uint8Array ? value.byteLength : typeof value === "string" ? value.length * 2 : 16;
  }
  return [keyBytes, bytes + keyBytes];
}

/** A character takes one byte in ASCII and at most three otherwise. */
function estimatedBytes(text: string): number {
  // deno-lint-ignore no-control-regex
  return /^[\x01-\x7f]*$/.test(text) ? text.length : text.length * 3;
}
