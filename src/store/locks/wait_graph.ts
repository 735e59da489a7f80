/**
 * Graph of who computes which call, and which calls wait for which, as small files that all processes can read.
 *
 * A nested call waits for its lock while the calls around it hold theirs. If the holder of that lock waits, directly or
 * through others, for one of the calls around it, none of them would ever go on. Each process writes what it waits for
 * *before* it follows the others' files, so of the processes in a cycle at least the last one sees the whole cycle.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import { type CallKey, isDigest } from "../../words/digests.ts";
import type { FileLock } from "./file_lock.ts";
import { currentHost } from "../../options/owner.ts";
import { readOwn, removeOwn, writeAnew } from "../own_files.ts";

/** Process that computes a call. */
export interface Holder {
  readonly pid: number;
  /** Name of the machine; empty when it cannot be read. */
  readonly host: string;
  /** Time when the computation began, milliseconds since the epoch. */
  readonly startMs: number;
  /** Name of the function. */
  readonly fname: string;
  /** Keys of the calls that this call waits for. */
  readonly waitsFor: readonly CallKey[];
}

/** Largest number of calls that are followed along chains of waits. */
const MAX_STEPS = 10_000;

/** Waits in one cache directory, as this process reads and writes them. */
export class WaitGraph {
  readonly #folder: string;
  readonly #held = new Map<CallKey, Held>();
  /** Waits of calls that hold no lock, such as calls above the limit of locks: only this process sees these waits. */
  readonly #free = new Map<CallKey, Map<CallKey, number>>();

  /** @param folder The folder of the locks. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keys of the locks that this process holds. */
  held(): Iterable<CallKey> {
    return this.#held.keys();
  }

  /** Publishes that this process computes a call, whose lock is `lock`. */
  hold(key: CallKey, lock: FileLock, fname: string): void {
    const held = { startMs: wallMs(), fname, waits: new Map<CallKey, number>() };
    this.#held.set(key, held);
    try {
      lock.publish(encodeHeld(held), this.#pathOf(key));
    } catch {
      // The lock is what counts. Without the file, only the other process may find a cycle of waits.
    }
  }

  /** Withdraws the file that says that this process computes a call. The lock of the call must still be held. */
  letGo(key: CallKey): void {
    this.#held.delete(key);
    try {
      removeOwn(this.#pathOf(key));
    } catch {
      // The folder may be gone; a file without its lock says nothing.
    }
  }

  /** Publishes that the calls `holding` wait for the call `key`, until `end` is called. */
  wait(holding: readonly CallKey[], key: CallKey): { end(): void } {
    for (const waiter of holding) this.#count(waiter, key, 1);
    return {
      end: () => {
        for (const waiter of holding) this.#count(waiter, key, -1);
      },
    };
  }

  /** True when the call `key` is one of `holding`, or waits for one of them, directly or through others. */
  wouldWaitForever(key: CallKey, holding: readonly CallKey[]): boolean {
    if (holding.length === 0) return false;
    const mine = new Set(holding);
    const seen = new Set<CallKey>();
    const next = [key];
    for (let step = 0; step < MAX_STEPS; step++) {
      const at = next.pop();
      if (at === undefined) return false;
      if (mine.has(at)) return true;
      if (seen.has(at)) continue;
      seen.add(at);
      next.push(...this.#waitsOf(at));
    }
    return false;
  }

  /** Returns the process that computes a call; `null` when its file cannot be read, as before the holder wrote it. */
  holderOf(key: CallKey): Holder | null {
    try {
      return parseHolder(new TextDecoder().decode(readOwn(this.#pathOf(key))));
    } catch {
      return null;
    }
  }

  #waitsOf(key: CallKey): Iterable<CallKey> {
    const own = this.#held.get(key)?.waits ?? this.#free.get(key);
    return own?.keys() ?? this.holderOf(key)?.waitsFor ?? [];
  }

  #count(waiter: CallKey, key: CallKey, change: 1 | -1): void {
    const held = this.#held.get(waiter);
    let waits = held?.waits ?? this.#free.get(waiter);
    if (waits === undefined) this.#free.set(waiter, waits = new Map());
    const count = (waits.get(key) ?? 0) + change;
    if (count > 0) waits.set(key, count);
    else waits.delete(key);
    if (held !== undefined) this.#rewrite(waiter, held);
    else if (waits.size === 0) this.#free.delete(waiter);
  }

  #rewrite(key: CallKey, held: Held): void {
    const path = this.#pathOf(key);
    try {
      // The file is replaced, not written over: another process may be reading it.
      writeAnew(path, new TextEncoder().encode(encodeHeld(held)), `${path}.new`);
    } catch {
      // As in `hold`: the lock is what counts.
    }
  }

  #pathOf(key: CallKey): string {
    return `${this.#folder}/${key}.computing`;
  }
}

interface Held {
  readonly startMs: number;
  readonly fname: string;
  /** Number of this call's inner calls that wait, by the key of the call that they wait for. */
  readonly waits: Map<CallKey, number>;
}

function encodeHeld(held: Held): string {
  return JSON.stringify({
    pid: Deno.pid,
    host: hostName(),
    startMs: held.startMs,
    fname: held.fname,
    waitsFor: [...held.waits.keys()],
  });
}

function parseHolder(text: string): Holder | null {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  const { pid, host, startMs, fname, waitsFor } = value as Record<string, unknown>;
  return {
    pid: typeof pid === "number" ? pid : 0,
    host: typeof host === "string" ? host.slice(0, 256) : "",
    startMs: typeof startMs === "number" ? startMs : 0,
    fname: typeof fname === "string" ? fname.slice(0, 256) : "",
    waitsFor: Array.isArray(waitsFor) ? waitsFor.filter((key): key is CallKey => isDigest(key)) : [],
  };
}

let knownHost: string | undefined;

function hostName(): string {
  return knownHost ??= currentHost() ?? "";
}
