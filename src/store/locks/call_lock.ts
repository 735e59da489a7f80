/**
 * Lock of a call: one process computes, the others wait and load its result.
 *
 * The lock is a file lock of the operating system, which ends with the process that holds it, however the process
 * ends: nobody waits for a dead process, and nothing is guessed from the age of a file. Beside the lock lies a small
 * file that says which process computes the call and which calls it waits for, so that processes notice a deadlock.
 *
 * @module
 */
import { steadyMs } from "../../words/clock.ts";
import type { CallKey } from "../../words/digests.ts";
import { type FileLock, LockUnavailable, tryFileLock } from "./file_lock.ts";
import { type Holder, WaitGraph } from "./wait_graph.ts";
import { pause } from "../../words/waiting.ts";

export type { Holder } from "./wait_graph.ts";

/** Options of {@linkcode acquireLock}. */
export interface AcquireOptions {
  /** Name of the function that is called, shown to those who will have to wait. */
  readonly fname: string;
  /**
   * Keys of the outer calls of this call, whose locks their callers hold: the outer calls wait, too. Without this
   * option, all locks that the process holds count, which may break off a wait that would have ended.
   */
  readonly holding?: readonly CallKey[];
  /** Signals that end the wait. */
  readonly signals?: ReadonlySet<AbortSignal>;
  /** Longest wait, milliseconds. @default {Infinity} */
  readonly waitMs?: number;
  /** Called when the wait begins and then every second. */
  readonly onWait?: (holder: Holder | null, waitedMs: number) => void;
  /** Called with one sentence when locks do not work here. */
  readonly onUnavailable?: (detail: string) => void;
}

/** Right to compute a call. */
export interface CallLock {
  /** True when others are really kept out; false where locks do not work or this process holds too many. */
  readonly isExclusive: boolean;
  /** Time spent waiting, milliseconds; over 0, another caller had the lock and may have stored the result. */
  readonly waitedMs: number;
  /** Releases the lock; further calls do nothing. */
  release(): void;
}

/**
 * Largest number of locks that one process holds; each takes a file descriptor. A recursion that goes deeper computes
 * without more locks, which at worst means that another process computes an inner call too.
 */
export const MAX_HELD_LOCKS = 256;

/** Number of held locks up to which the number of free descriptors is not read. */
const FEW_LOCKS = 8;

/** Pauses between two tries, milliseconds: short at first, then such that a waiter wakes in 50 ms at little cost. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 15;
/** Longest pause when many wait in this process, or one waits long: a try costs 30 µs, and a hundred waiters add up. */
const PATIENT_PAUSE_MS = 30;
const MANY_WAITERS = 32;
const LONG_WAIT_MS = 1000;
/** Interval in milliseconds at which a waiter reads again who holds the lock and which calls the holder waits for. */
const LOOK_MS = 250;

/**
 * Waits until this caller is the one that computes the call.
 *
 * The wait takes no thread and no descriptor, so hundreds of waiters in a process do no harm. After a wait, look into
 * the store again before computing.
 *
 * @param folder The folder of the locks.
 * @param key Key of the call.
 * @param options See {@linkcode AcquireOptions}.
 * @returns `null` when the wait ended without the lock: `waitMs` was over, or the wait would never have ended because
 * the holder waits for this caller. Then compute without the lock.
 */
export async function acquireLock(folder: string, key: CallKey, options: AcquireOptions): Promise<CallLock | null> {
  const first = tryLease(folder, key, options, 0);
  if (first !== null) return first;
  const beganMs = steadyMs();
  const waitMs = options.waitMs ?? Infinity;
  const graph = graphOf(folder);
  const holding = options.holding ?? [...graph.held()];
  const waiting = graph.wait(holding, key);
  waiters++;
  try {
    let lookAtMs = 0;
    let tellAtMs = 0;
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs *= 2) {
      const waitedMs = steadyMs() - beganMs;
      if (waitedMs >= waitMs) return null;
      for (const signal of options.signals ?? []) signal.throwIfAborted();
      if (waitedMs >= lookAtMs) {
        if (graph.wouldWaitForever(key, holding)) return null;
        lookAtMs = waitedMs + LOOK_MS;
      }
      if (waitedMs >= tellAtMs) {
        options.onWait?.(graph.holderOf(key), waitedMs);
        tellAtMs = waitedMs + 1000;
      }
      // Between a third of the pause and all of it, so that a hundred waiters do not try in step.
      const isPatient = waiters > MANY_WAITERS || waitedMs > LONG_WAIT_MS;
      const span = Math.min(pauseMs, isPatient ? PATIENT_PAUSE_MS : LONGEST_PAUSE_MS, waitMs - waitedMs);
      await pause(span / 3 + Math.random() * span * 2 / 3);
      const lease = tryLease(folder, key, options, steadyMs() - beganMs);
      if (lease !== null) return lease;
    }
  } finally {
    waiters--;
    waiting.end();
  }
}

/**
 * Notes that calls of this process wait for another call of this process. Waits for locks are noted too, so that a
 * cycle that consists of both kinds of waits is found.
 *
 * @param folder The folder of the locks.
 * @param holding Keys of the calls that wait.
 * @param key Key of the call that they wait for.
 * @returns Object whose `end` is to be called when the wait is over.
 */
export function announceWait(
  folder: string,
  holding: readonly CallKey[],
  key: CallKey,
): { end(): void } {
  return graphOf(folder).wait(holding, key);
}

const graphs = new Map<string, WaitGraph>();

function graphOf(folder: string): WaitGraph {
  let graph = graphs.get(folder);
  if (graph === undefined) graphs.set(folder, graph = new WaitGraph(folder));
  return graph;
}

let heldLocks = 0;
let lockLimit: number | undefined;
let waiters = 0;

function tryLease(folder: string, key: CallKey, options: AcquireOptions, waitedMs: number): CallLock | null {
  if (heldLocks >= FEW_LOCKS && heldLocks >= (lockLimit ??= readLockLimit())) return unlocked(waitedMs);
  let lock: FileLock | null;
  try {
    lock = tryFileLock(`${folder}/${key}.lock`);
  } catch (error) {
    if (!(error instanceof LockUnavailable)) throw error;
    options.onUnavailable?.(`${error.message}; two processes may compute the same call`);
    return unlocked(waitedMs);
  }
  if (lock === null) return null;
  heldLocks++;
  const graph = graphOf(folder);
  graph.hold(key, lock, options.fname);
  let isOver = false;
  return {
    isExclusive: true,
    waitedMs,
    release() {
      if (isOver) return;
      isOver = true;
      heldLocks--;
      // The holder's file is deleted while the lock is still held, so that it cannot be that of the next holder.
      graph.letGo(key);
      lock.release();
    },
  };
}

/**
 * Returns the number of locks that may be held at once: a quarter of the descriptors that are left, since a program
 * without any left does not even load a module.
 */
function readLockLimit(): number {
  try {
    // Reading the file must never prompt.
    if (Deno.permissions.querySync({ name: "read", path: "/proc/self/limits" }).state !== "granted") {
      return MAX_HELD_LOCKS;
    }
    const limit = Number(/^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))?.[1]);
    const left = limit - Array.from(Deno.readDirSync("/proc/self/fd")).length;
    return left >= 0 ? Math.min(MAX_HELD_LOCKS, Math.max(FEW_LOCKS, left >> 2)) : MAX_HELD_LOCKS;
  } catch {
    return MAX_HELD_LOCKS; // this system has no such files
  }
}

function unlocked(waitedMs: number): CallLock {
  return { isExclusive: false, waitedMs, release() {} };
}
