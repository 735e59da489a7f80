/**
 * One process computes, the others wait and load.
 *
 * The lock of a call is a file lock of the operating system, which ends with the process that holds it, however that
 * ends: nobody waits for the dead, and nothing is guessed from the age of a file. Beside it lies a small file that says
 * who computes and which calls that one is waiting for, so that processes that would wait for each other in a circle
 * notice.
 *
 * @module
 */
import type { CallKey } from "../../words/digests.ts";
import { type FileLock, LockUnavailable, tryFileLock } from "./file_lock.ts";
import { type Holder, WaitGraph } from "./wait_graph.ts";
import { pause } from "../../words/waiting.ts";

export type { Holder } from "./wait_graph.ts";

/** Options of {@linkcode acquireLock}. */
export interface AcquireOptions {
  /** Who asks, for those who will have to wait. */
  readonly fname: string;
  /**
   * Keys of the calls inside which this one is made, whose locks their callers hold: they wait for it, too. Without this,
   * all locks that the process holds count, which may break off a wait that would have ended.
   */
  readonly holding?: readonly CallKey[];
  /** Longest wait, milliseconds. @default {Infinity} */
  readonly waitMs?: number;
  /** Called when the wait begins and then every second. */
  readonly onWait?: (holder: Holder | null, waitedMs: number) => void;
  /** Told in one sentence when locks do not work here. */
  readonly onUnavailable?: (detail: string) => void;
}

/** The right to compute a call. */
export interface CallLock {
  /** Whether others are really kept out; `false` where locks do not work or too many are held. */
  readonly isExclusive: boolean;
  /** Time spent waiting, milliseconds; over 0 means that somebody else had it, and may have stored the result. */
  readonly waitedMs: number;
  /** Lets go; again does nothing. */
  release(): void;
}

/**
 * Locks held at once by one process; each takes a file descriptor. A recursion that goes deeper computes on without
 * more locks, which at worst means that another process computes an inner call too.
 */
export const MAX_HELD_LOCKS = 256;

/** So many locks are held before it is asked how many descriptors there are. */
const FEW_LOCKS = 8;

/** Between two tries, milliseconds: soon at first, then so that a waiter wakes well within 50 ms and costs nothing. */
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 15;
/** Longest pause when many wait in this process, or for long: a try costs 30 µs, and a hundred waiters add up. */
const PATIENT_PAUSE_MS = 30;
const MANY_WAITERS = 32;
const LONG_WAIT_MS = 1000;
/** How often a waiter reads again who holds the lock and what that one waits for. Milliseconds. */
const LOOK_MS = 250;

/**
 * Waits until this caller is the one that computes the call.
 *
 * The wait takes no thread and no descriptor, so hundreds of waiters in a process do no harm. After a wait, look into the
 * store again before computing.
 *
 * @param folder The folder of the locks.
 * @param key Which call.
 * @param options See there.
 * @returns `null` when the wait ended without the lock: its time was over, `shouldStop` said so, or it would never have
 * ended because the holder waits for this caller. Then compute without it.
 */
export async function acquireLock(folder: string, key: CallKey, options: AcquireOptions): Promise<CallLock | null> {
  const first = tryLease(folder, key, options, 0);
  if (first !== null) return first;
  const beganMs = performance.now();
  const waitMs = options.waitMs ?? Infinity;
  const graph = graphOf(folder);
  const holding = options.holding ?? [...graph.held()];
  const waiting = graph.wait(holding, key);
  waiters++;
  try {
    let lookAtMs = 0;
    let tellAtMs = 0;
    for (let pauseMs = FIRST_PAUSE_MS;; pauseMs *= 2) {
      const waitedMs = performance.now() - beganMs;
      if (waitedMs >= waitMs) return null;
      if (waitedMs >= lookAtMs) {
        if (graph.wouldWaitForever(key, holding)) return null;
        lookAtMs = waitedMs + LOOK_MS;
      }
      if (waitedMs >= tellAtMs) {
        options.onWait?.(graph.holderOf(key), waitedMs);
        tellAtMs = waitedMs + 1000;
      }
      // Between a third and all of it, so that a hundred waiters do not try in step.
      const isPatient = waiters > MANY_WAITERS || waitedMs > LONG_WAIT_MS;
      const span = Math.min(pauseMs, isPatient ? PATIENT_PAUSE_MS : LONGEST_PAUSE_MS, waitMs - waitedMs);
      await pause(span / 3 + Math.random() * span * 2 / 3);
      const lease = tryLease(folder, key, options, performance.now() - beganMs);
      if (lease !== null) return lease;
    }
  } finally {
    waiters--;
    waiting.end();
  }
}

/**
 * Notes that calls of this process wait for another call of it, so that circles that lead through both kinds of waiting
 * are noticed.
 *
 * @param folder The folder of the locks.
 * @param holding Keys of the calls that wait.
 * @param key The call that they wait for.
 * @returns What to end when the wait is over.
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
      // While the lock is still held, so that the next holder's file is not the one deleted.
      graph.letGo(key);
      lock.release();
    },
  };
}

/**
 * How many locks may be held at once: of the descriptors that are left, a quarter, since a program that has none left
 * does not even load a module.
 */
function readLockLimit(): number {
  try {
    // Asking must never prompt.
    if (Deno.permissions.querySync({ name: "read", path: "/proc/self/limits" }).state !== "granted") {
      return MAX_HELD_LOCKS;
    }
    const limit = Number(/^Max open files\s+(\d+)/m.exec(Deno.readTextFileSync("/proc/self/limits"))?.[1]);
    const left = limit - Array.from(Deno.readDirSync("/proc/self/fd")).length;
    return left >= 0 ? Math.min(MAX_HELD_LOCKS, Math.max(FEW_LOCKS, left >> 2)) : MAX_HELD_LOCKS;
  } catch {
    return MAX_HELD_LOCKS; // no such files on this system
  }
}

function unlocked(waitedMs: number): CallLock {
  return { isExclusive: false, waitedMs, release() {} };
}
