/**
 * Reports of the steps of a call: events for listeners, and warnings on stderr about what the user has to know.
 *
 * @module
 */
import { announce, isAudienceHeard, warnOnce } from "../words/announce.ts";
import type { Call } from "./identify.ts";
import { CacheError, describeError } from "../words/errors.ts";
import type { Wrapped } from "./wrapped.ts";
import type { CacheEvent, StaleReason } from "../words/events.ts";
import { fullDisk, saysFull } from "../store/full_disk.ts";
import { describeReasons } from "../reasons/describe_reasons.ts";

type EventBody = CacheEvent extends infer Event ? Event extends CacheEvent ? Omit<Event, "fname" | "key"> : never
  : never;

/** True when somebody receives the events of this call. */
export function isHeard(call: Call): boolean {
  return isAudienceHeard(call.prepared.audience);
}

function report(call: Call, body: EventBody): void {
  const { audience } = call.prepared;
  if (isAudienceHeard(audience)) {
    announce({ ...body, fname: call.wrapped.fname, key: call.key } as CacheEvent, audience);
  }
}

/** Reports that a stored result is returned. @param isExpired True for one that is renewed behind the call. */
export function reportHit(call: Call, elapsedMs: number, savedMs: number, isExpired?: true): void {
  report(call, { kind: "hit", elapsedMs, savedMs, ...isExpired === undefined ? {} : { isExpired } });
}

/** Reports that the function is about to run. */
export function reportMiss(call: Call, reasons: readonly StaleReason[]): void {
  report(call, { kind: "miss", reasons, summary: describeReasons(reasons) });
}

/** Reports that the function has ended. */
export function reportRun(call: Call, computeMs: number, threw: boolean): void {
  report(call, { kind: "run", computeMs, threw });
}

/** Reports that the result is stored. */
export function reportStored(call: Call, sizeBytes: number): void {
  report(call, { kind: "stored", sizeBytes });
}

/** Reports that the call shares another caller's run, or the result of another process. */
export function reportShared(call: Call, scope: "process" | "machine"): void {
  report(call, { kind: "shared", with: scope });
}

/** Reports that the call waits, since another process computes an identical call; or that it waits no longer. */
export function reportWaiting(call: Call, holder: string, waitedMs: number, gaveUp = false): void {
  report(call, { kind: "lock-wait", holder, waitedMs, ...gaveUp ? { gaveUp } : {} });
}

/** Reports that stored data of the call cannot be used. */
export function reportDamaged(call: Call, detail: string): void {
  report(call, { kind: "damaged", detail });
  warnOnce(`${call.wrapped.fname}: a stored entry is damaged and is not used: ${detail}`);
}

/**
 * Reports that stored data could not be looked for. That concerns all functions of the cache, so the line on stderr names
 * none and is written once.
 */
export function reportUnread(call: Call, error: unknown): void {
  const worded = inWords(call, error);
  const detail = `stored results cannot be used: ${describeError(worded)}`;
  report(call, { kind: "notice", detail });
  if (!isToldAsFull(call, error)) warnOnce(worded instanceof CacheError ? worded.message : detail);
}

/** Reports that inputs changed while the function ran. */
export function reportRaced(call: Call, changed: readonly string[]): void {
  report(call, { kind: "raced", changed });
  const list = changed.slice(0, 5).join(", ") + (changed.length > 5 ? ` and ${changed.length - 5} more` : "");
  const detail = `${list} changed while it ran`;
  call.prepared.workspace.cache.unstored.note(call.wrapped, detail);
  warnOnce(`${call.wrapped.fname}: ${detail}; the result is returned and not stored`);
}

/** Reports that the result is returned and could not be stored. */
export function reportUnsaved(call: Call, detail: string, path: string | null): void {
  noteUnsaved(call, detail, path);
  warnOnce(`${call.wrapped.fname}: the result is returned and not stored: ${detail}`);
}

/** Reports that the store failed to take the result. A failure of the whole cache is told once, not for each function. */
export function reportUnkept(call: Call, thrown: unknown): void {
  const error = inWords(call, thrown);
  if (!(error instanceof CacheError) || error.code !== "ERR_CACHE_DIR") {
    return reportUnsaved(call, describeError(error), null);
  }
  noteUnsaved(call, error.message, null);
  if (!isToldAsFull(call, thrown)) warnOnce(`the result is returned and not stored: ${error.message}`);
}

function inWords(call: Call, error: unknown): unknown {
  return saysFull(error) ? fullDisk(call.prepared.workspace.cache.layout.root, error) : error;
}

/** True for an error of a full disk when the database was opened on that disk, which has told the user. */
function isToldAsFull(call: Call, error: unknown): boolean {
  return saysFull(error) && call.prepared.workspace.cache.records.garbage.handle.isOnFullDisk;
}

function noteUnsaved(call: Call, detail: string, path: string | null): void {
  report(call, { kind: "save-failed", detail, path });
  call.prepared.workspace.cache.unstored.note(call.wrapped, detail);
}

/** Reports that entries were removed to keep the cache under `maxBytes`. */
export function reportPruned(call: Call, { removed, freedBytes }: { removed: number; freedBytes: number }): void {
  report(call, { kind: "pruned", removed, freedBytes });
}

/** What users were told about single calls besides what is known of the code and the inputs. */
const told = new WeakMap<Call, Set<string>>();

/** Notices of a call: about code and inputs, and about what was noticed while the function ran and its result was encoded. */
export function allNoticesOf(call: Call): readonly string[] {
  const others = told.get(call);
  return others === undefined ? call.notices : [...new Set([...call.notices, ...others])];
}

/** Reports something that the user has to know about the function. */
export function reportNotice(call: Call, detail: string): void {
  const details = told.get(call) ?? new Set();
  told.set(call, details.add(detail));
  report(call, { kind: "notice", detail });
  warnOnce(`${call.wrapped.fname}: ${detail}`);
}

/** Tells how many calls of a function were not stored by any process, and why the last one; `null`: none. */
export async function noticeOfUnstored(
  { wrapped, prepared }: Pick<Call, "wrapped" | "prepared">,
): Promise<string | null> {
  const found = (await prepared.workspace.cache.unstored.read()).get(wrapped.functionId);
  if (found === undefined) return null;
  return `not stored: ${found.calls} ${found.calls === 1 ? "call" : "calls"}, ${found.detail}`;
}

/** Reports that a call runs uncached, since it has no key. */
export function reportUncached(wrapped: Wrapped, detail: string): void {
  const { fname, ready } = wrapped;
  const text = `it runs uncached: ${detail}`;
  warnOnce(`${fname}: ${text}`);
  if (ready === undefined) return;
  ready.workspace.cache.unstored.note(wrapped, text);
  if (isAudienceHeard(ready.audience)) announce({ kind: "notice", fname, key: null, detail: text }, ready.audience);
}
