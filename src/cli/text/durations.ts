/**
 * Ages as people read them, and the progress bar.
 *
 * @module
 */
import { formatDuration } from "../../words/quantities.ts";

/**
 * Formats the age of something in one unit.
 *
 * @param thenMs Time of the event whose age is formatted, milliseconds since the epoch.
 * @param nowMs Present time, milliseconds since the epoch.
 * @returns For example `now`, `5 s ago`, `3 min ago`, `2 d ago`, `4 mo ago`, `2 y ago`; `in the future` when the clock
 * went backwards by more than a second.
 */
export function formatAge(thenMs: number, nowMs: number): string {
  const seconds = Math.floor((nowMs - thenMs) / 1_000);
  if (seconds < -1) return "in the future";
  if (seconds < 1) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h ago`;
  const days = Math.floor(seconds / 86_400);
  if (days < 60) return `${days} d ago`;
  if (days < 730) return `${Math.floor(days / 30.44)} mo ago`;
  return `${Math.floor(days / 365.25)} y ago`;
}

/** Options of {@linkcode createProgress}. */
interface ProgressOptions {
  /** Name of the work: `Checking entries`. */
  readonly label: string;
  /** Draws text on the terminal. */
  readonly draw: (text: string) => void;
  /** Returns the time, milliseconds from any fixed start. */
  readonly now: () => number;
  /** Columns of the terminal. */
  readonly columns: number;
}

/** A progress bar that is first drawn when the work has taken a second, and then at most ten times a second. */
interface Progress {
  /** Sets the amount that is done and the total; a `total` of 0 means that the total is not known. */
  update(done: number, total: number): void;
  /** Removes the bar from the terminal. */
  finish(): void;
}

const DELAY_MS = 1_000;
const INTERVAL_MS = 100;

/**
 * Makes a progress bar. Nothing is drawn for work that ends within a second.
 *
 * @param options See {@linkcode ProgressOptions}.
 * @returns The bar, not yet drawn.
 */
export function createProgress(options: ProgressOptions): Progress {
  const started = options.now();
  let drawnAt = -Infinity;
  let isDrawn = false;
  return {
    update(done, total) {
      const now = options.now();
      if (now - started < DELAY_MS || now - drawnAt < INTERVAL_MS) return;
      drawnAt = now;
      isDrawn = true;
      options.draw(`\r${formatProgress(options.label, done, total, now - started, options.columns - 1)}\x1b[K`);
    },
    finish() {
      if (isDrawn) options.draw("\r\x1b[K");
      isDrawn = false;
    },
  };
}

/**
 * Formats the line of a progress bar.
 *
 * @param label Name of the work.
 * @param done Amount that is done.
 * @param total Amount of all work; 0 when it is not known.
 * @param elapsedMs Time since the work began, milliseconds.
 * @param columns Width of the line.
 * @returns For example `Checking entries [#####     ] 512/1024 50% 3.0 s left`.
 */
export function formatProgress(label: string, done: number, total: number, elapsedMs: number, columns: number): string {
  if (!(total > 0)) return `${label} ${done} ${formatDuration(elapsedMs)}`.slice(0, columns);
  const share = Math.min(1, done / total);
  const left = share > 0 ? formatDuration(elapsedMs / share - elapsedMs) : "?";
  const tail = ` ${done}/${total} ${Math.floor(share * 100)}% ${left} left`;
  const width = Math.min(30, columns - label.length - tail.length - 3);
  if (width < 5) return `${label}${tail}`.slice(0, columns);
  const filled = Math.floor(share * width);
  return `${label} [${"#".repeat(filled)}${" ".repeat(width - filled)}]${tail}`;
}
