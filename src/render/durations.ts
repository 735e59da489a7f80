/**
 * Spans of time as people read them.
 *
 * @module
 */

/**
 * A duration with about two significant figures.
 *
 * @param ms Milliseconds, not negative.
 * @returns For example `0.4 ms`, `12 ms`, `3.2 s`, `2 min 5 s`, `1 h 20 min`, `3 d 4 h`.
 */
export function formatDuration(ms: number): string {
  if (!(ms > 0)) return "0 ms";
  if (ms < 9.95) return `${ms.toFixed(1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1_000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 3_600) return pair(seconds, 60, "min", 1, "s");
  if (seconds < 86_400) return pair(seconds, 3_600, "h", 60, "min");
  return pair(seconds, 86_400, "d", 3_600, "h");
}

/**
 * How long ago something was, in one unit.
 *
 * @param thenMs When it was, milliseconds since the epoch.
 * @param nowMs Now, milliseconds since the epoch.
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

function pair(seconds: number, large: number, largeUnit: string, small: number, smallUnit: string): string {
  const rest = Math.floor((seconds % large) / small);
  return rest === 0
    ? `${Math.floor(seconds / large)} ${largeUnit}`
    : `${Math.floor(seconds / large)} ${largeUnit} ${rest} ${smallUnit}`;
}
