/**
 * A progress bar for work that takes long enough to wonder about.
 *
 * @module
 */
import { formatDuration } from "./durations.ts";

/** Where a bar is drawn and what time it is. */
export interface ProgressOptions {
  /** What is being done: `Checking entries`. */
  readonly label: string;
  /** Draws text on the terminal. */
  readonly draw: (text: string) => void;
  /** The time, milliseconds; only differences matter. */
  readonly now: () => number;
  /** Columns of the terminal. */
  readonly columns: number;
}

/** A bar that shows itself after a second and at most ten times a second. */
export interface Progress {
  /** Tells how much is done of how much; `total` of 0 when that is not known. */
  update(done: number, total: number): void;
  /** Takes the bar off the terminal. */
  finish(): void;
}

const DELAY_MS = 1_000;
const INTERVAL_MS = 100;

/**
 * A progress bar. Work that ends within a second draws nothing.
 *
 * @param options Where and how to draw.
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
 * One line of a progress bar.
 *
 * @param label What is being done.
 * @param done How much is done.
 * @param total Of how much; 0 when not known.
 * @param elapsedMs Since the work began, milliseconds.
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
