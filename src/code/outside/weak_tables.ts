/**
 * Tables beside objects: the WeakMaps and WeakSets of packages. Compilers turn private fields into such tables.
 *
 * Nobody can list what is in them. Code can get at an entry only by its key, so it is enough to ask for all objects that
 * code can get at.
 *
 * @module
 */
import { isProxy, typeTests } from "../../words/type_tests.ts";
import type { KnownScript } from "./known_scripts.ts";

/** A WeakMap or a WeakSet of a package. */
export interface WeakTable {
  readonly table: WeakMap<object, unknown> | WeakSet<object>;
  /** Name by which it is known in every process: `package/file.js#name`. */
  readonly path: string;
  /** Script that fills it; `null` when that is not known. */
  readonly script: KnownScript | null;
}

/** An entry of a table. */
export interface Entry extends WeakTable {
  readonly key: object;
  /** What a WeakMap has for the key; `true` for a WeakSet. */
  readonly value: unknown;
}

/** True for a WeakMap or a WeakSet. */
export function isTable(value: unknown): value is WeakTable["table"] {
  if (typeof value !== "object" || value === null || isProxy(value)) return false;
  return typeTests().isWeakMap(value) || typeTests().isWeakSet(value);
}

/** Number of questions after which no more are asked. */
const MAX_QUESTIONS = 500_000;

/** Entries of tables for the objects that code can get at. */
export class TableEntries {
  readonly #isLeftOut: (path: string) => boolean;
  readonly #tables = new Map<object, WeakTable>();
  /** The objects, each with its name. */
  readonly #keys = new Map<object, string>();
  /** Objects that were added while there was no table to ask for them. */
  #waiting: Iterable<readonly [key: object, name: string]>[] = [];
  /** Number of keys that each table was asked for. */
  readonly #asked = new Map<object, number>();
  /** Values by table and key. */
  readonly #entries = new Map<object, Map<object, unknown>>();
  #questions = 0;

  /** @param isLeftOut True for the path of an entry that does not count, because runs change it. */
  constructor(isLeftOut: (path: string) => boolean) {
    this.#isLeftOut = isLeftOut;
  }

  get hasTables(): boolean {
    return this.#tables.size > 0;
  }

  /** True when not all entries were looked for. */
  get isPart(): boolean {
    return this.#questions >= MAX_QUESTIONS;
  }

  /** Adds tables and objects, and returns the entries that are new because of them. Without tables, objects are kept. */
  add(tables: Iterable<WeakTable>, keys: Iterable<readonly [key: object, name: string]>): Entry[] {
    for (const table of tables) if (!this.#tables.has(table.table)) this.#tables.set(table.table, table);
    this.#waiting.push(keys);
    if (!this.hasTables) return [];
    for (const some of this.#waiting) {
      for (const [key, name] of some) if (!this.#keys.has(key)) this.#keys.set(key, name);
    }
    this.#waiting = [];
    const found: Entry[] = [];
    for (const table of this.#tables.values()) {
      const from = this.#asked.get(table.table) ?? 0;
      this.#asked.set(table.table, this.#keys.size);
      for (const [key, name] of this.#keys.entries().drop(from)) {
        if (this.#questions++ >= MAX_QUESTIONS) return found;
        const path = `${table.path} of ${name}`;
        if (!has(table.table, key)) continue;
        const value = valueIn(table.table, key);
        found.push({ ...table, path, key, value });
        const entries = this.#entries.get(table.table) ?? new Map<object, unknown>();
        this.#entries.set(table.table, entries.set(key, value));
      }
    }
    return found;
  }

  /** True while the tables have these entries for these objects, and no others. */
  isUnchanged(): boolean {
    return this.#changed().next().done === true;
  }

  /** Paths of the entries that have changed. */
  changes(): string[] {
    return [...new Set(this.#changed())];
  }

  *#changed(): Iterable<string> & Iterator<string> {
    if (this.#keys.size * this.#tables.size > MAX_QUESTIONS) return;
    for (const { table, path: start } of this.#tables.values()) {
      const entries = this.#entries.get(table);
      for (const [key, name] of this.#keys) {
        const isThere = has(table, key);
        const isSame = isThere === (entries?.has(key) === true) &&
          (!isThere || Object.is(valueIn(table, key), entries?.get(key)));
        if (isSame) continue;
        const path = `${start} of ${name}`;
        if (!this.#isLeftOut(path)) yield path;
      }
    }
  }
}

function has(table: WeakTable["table"], key: object): boolean {
  return typeTests().isWeakMap(table)
    ? WeakMap.prototype.has.call(table, key)
    : WeakSet.prototype.has.call(table as WeakSet<object>, key);
}

function valueIn(table: WeakTable["table"], key: object): unknown {
  return typeTests().isWeakMap(table) ? WeakMap.prototype.get.call(table, key) : true;
}
