/**
 * Rows of the database in batches: writes are collected and sent in as few atomic commits as Deno.Kv allows, and lists
 * of rows are read piece by piece.
 *
 * @module
 */
import { joinChunks } from "../blobs/blob_store.ts";
import type { KvHandle } from "./kv_handle.ts";
import { giveTurn, isTurnOver, STEPS } from "../../words/waiting.ts";

/** Row to write, or to delete when `value` is absent. */
export interface Mutation {
  readonly key: Deno.KvKey;
  readonly value?: unknown;
  /** Bytes to add to `value`, if that is a {@linkcode GrowingValue}. */
  readonly added?: Uint8Array;
}

/**
 * Value of a row that many commits add to. It holds what has been written: what a failed commit would have added is in
 * no later value.
 */
export class GrowingValue {
  /** The value as it was last written, or the beginning of the value. */
  bytes: Uint8Array;

  /** @param bytes The beginning of the value. */
  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** Limits of a commit: those of Deno.Kv (100 checks, 1,000 mutations, 80 KiB of keys, 800 KiB) less Deno's overhead. */
const MAX_CHECKS = 90;
const MAX_MUTATIONS = 900;
const MAX_KEY_BYTES = 70_000;
const MAX_BYTES = 700_000;

/** Largest number of times that a commit is repeated because its database was replaced. */
const MAX_REPEATS = 3;

/**
 * Writer that joins commits requested at the same time into one atomic commit: the cost is waiting for the disk, once
 * per atomic commit.
 */
export class KvWriter {
  readonly #handle: KvHandle;
  #waiting: Pending[] = [];
  #isWriting = false;

  /** @param handle Database to write to. */
  constructor(handle: KvHandle) {
    this.#handle = handle;
  }

  /**
   * Writes all mutations at once or, if it throws or a check fails, none of them.
   *
   * @param mutations At most what one atomic commit takes; {@linkcode splitMutations} makes such pieces.
   * @param checks Rows that must have the version that was read; a check without a version: the row must not exist.
   * @returns True when the checks held and the mutations were written.
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

  /** Writes each commit of a group separately, so that one bad commit does not fail the others. */
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
    // All checks of an atomic commit come before its writes: a commit that checks a row which another one in the group
    // writes waits for the next group.
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

  /** Writes a group; again, if another process put another database in the place of this one meanwhile. */
  async #write(group: readonly Pending[]): Promise<boolean> {
    const all = group.flatMap((pending) => pending.mutations);
    const grown = growthOf(all);
    const mutations = newestOf(all);
    for (let attempt = 0;; attempt++) {
      const isWritten = await this.#writeOnce(group, mutations, grown);
      if (isWritten && attempt < MAX_REPEATS && await this.#handle.followFile()) continue;
      if (isWritten) { for (const [value, bytes] of grown) value.bytes = bytes; }
      return isWritten;
    }
  }

  #writeOnce(
    group: readonly Pending[],
    mutations: readonly Mutation[],
    grown: ReadonlyMap<unknown, Uint8Array>,
  ): Promise<boolean> {
    const checks = new Map(
      group.flatMap((pending) => pending.checks).map((
        check,
      ) => [`${nameOfRow(check.key)}\0${check.versionstamp}`, check]),
    );
    return this.#handle.around(async (kv) => {
      const atomic = kv.atomic().check(...checks.values());
      for (const { key, value } of mutations) {
        if (value === undefined) atomic.delete(key);
        else atomic.set(key, grown.get(value) ?? value);
      }
      return (await atomic.commit()).ok;
    }, ({ encodeRowKey, removeUnreadable }, path) => {
      // The version of a row that a check names cannot be read: without the row, the check tells whether that matters.
      const removed = removeUnreadable(path, Array.from(checks.values(), ({ key }) => encodeRowKey(key)));
      if (removed === 0) throw new Error("Deno.Kv cannot decode a row that is to be replaced");
      return false;
    });
  }
}

function nameOfRow(key: Deno.KvKey): string {
  return key.join("\0");
}

/** Returns the mutations without those that a later one replaces; only keys that are the same object are compared. */
function newestOf(mutations: readonly Mutation[]): Mutation[] {
  const last = new Map(mutations.map((mutation) => [mutation.key, mutation]));
  return last.size === mutations.length ? [...mutations] : mutations.filter((each) => last.get(each.key) === each);
}

/** Returns what each growing value will be, when all that is added to it has been written. */
function growthOf(mutations: readonly Mutation[]): Map<GrowingValue, Uint8Array> {
  const added = new Map<GrowingValue, Uint8Array[]>();
  for (const { value, added: bytes } of mutations) {
    if (!(value instanceof GrowingValue) || bytes === undefined) continue;
    const list = added.get(value);
    if (list === undefined) added.set(value, [value.bytes, bytes]);
    else list.push(bytes);
  }
  return new Map(Array.from(added, ([value, list]) => [value, joinChunks(list)]));
}

/** Splits mutations into pieces that each fit into one atomic commit. */
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
  for (const { key, value, added } of mutations) {
    for (const part of key) keyBytes += typeof part === "string" ? estimatedBytes(part) + 2 : 16;
    if (value instanceof GrowingValue) bytes += value.bytes.byteLength + (added?.byteLength ?? 0);
    else bytes += value instanceof Uint8Array ? value.byteLength : typeof value === "string" ? value.length * 2 : 16;
  }
  return [keyBytes, bytes + keyBytes];
}

/** Returns the most bytes that a text takes in a key: one per character in ASCII, three otherwise. */
function estimatedBytes(text: string): number {
  // deno-lint-ignore no-control-regex
  return /^[\x01-\x7f]*$/.test(text) ? text.length : text.length * 3;
}

/** Number of rows read by one call to the database, the most that Deno.Kv allows. */
const LIST_BATCH = 1000;

/**
 * Yields all rows of a range, read in batches, in turns with the other tasks of the event loop; between two batches
 * others may write. The next batch is read while the
 * current one is being used.
 */
export async function* listRows(
  handle: KvHandle,
  selector: RowSelector,
  options: { readonly limit?: number; readonly reverse?: boolean } = {},
): AsyncGenerator<Deno.KvEntry<unknown>> {
  const release = handle.use();
  let left = options.limit ?? Infinity;
  let steps = 0;
  let batch = readBatch(handle, selector, Math.min(left, LIST_BATCH), options.reverse === true, undefined);
  try {
    for (;;) {
      const { rows, size, cursor } = await batch;
      left -= rows.length;
      const isLast = rows.length < size || left <= 0;
      if (!isLast) {
        batch = readBatch(handle, selector, Math.min(left, LIST_BATCH), options.reverse === true, cursor);
        // A failure is thrown where the batch is awaited; a caller that stops early does not hear of it.
        batch.catch(() => {});
      }
      for (const row of rows) {
        if (++steps % STEPS === 0 && isTurnOver()) await giveTurn();
        yield row;
      }
      if (isLast) return;
    }
  } finally {
    await batch.catch(() => {});
    release();
  }
}

/** Range of rows whose keys have the same first parts. */
export interface RowSelector {
  readonly prefix: Deno.KvKey;
}

interface Batch {
  readonly rows: Deno.KvEntry<unknown>[];
  /** Number of rows that were asked for. */
  readonly size: number;
  readonly cursor: string;
}

/** Reads one batch in one operation, which is repeated as a whole when the database is locked. */
function readBatch(
  handle: KvHandle,
  selector: RowSelector,
  size: number,
  reverse: boolean,
  cursor: string | undefined,
): Promise<Batch> {
  return handle.around(async (kv) => {
    const start = cursor === undefined ? {} : { cursor };
    const iterator = kv.list({ prefix: [...selector.prefix] }, { batchSize: size, limit: size, reverse, ...start });
    const rows: Deno.KvEntry<unknown>[] = [];
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) rows.push(next.value);
    return { rows, size, cursor: iterator.cursor };
  }, ({ readRawRange }, path, tell) => {
    const range = { prefix: selector.prefix, size, reverse, cursor };
    return { ...readRawRange(path, range, tell), size };
  });
}

/** Yields groups of at most `size` items. */
export async function* inPieces<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let piece: T[] = [];
  for await (const item of items) {
    piece.push(item);
    if (piece.length < size) continue;
    yield piece;
    piece = [];
  }
  if (piece.length > 0) yield piece;
}
