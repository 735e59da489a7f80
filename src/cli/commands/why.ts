/** The command `why`; loaded when it runs. @module */
import type { CallReport, StaleReason } from "../../words/events.ts";
import { formatAge } from "../text/durations.ts";
import type { EntryRecord } from "../../words/records.ts";
import { describeReason, describeReasons } from "../../reasons/describe_reasons.ts";
import { printable } from "../../words/printable.ts";
import { closestEntry, compareTraces, diffEntries } from "../../reasons/compare.ts";
import { findEntry } from "../../manage/info.ts";
import { StaleCheck } from "../../manage/stale_now.ts";
import { withCache } from "../../manage/with_cache.ts";
import type { Cache } from "../../store/cache_dir.ts";
import { describeUnknown } from "../unknown_name.ts";
import { checkKey, type CommandContext, EXIT, isKeyLike, printJson } from "../command.ts";
import type { Terminal } from "../text/terminal.ts";
import { firstReason } from "../../reasons/make_reason.ts";

/** Largest number of entries of a function that one entry is compared with. */
const MOST_CANDIDATES = 64;
/** Largest number of reasons that are printed, each on a line. */
const MOST_LINES = 20;

/** Reasons for which an entry was computed, and the answer to whether it is fresh now. */
interface EntryReport extends Pick<CallReport, "reasons" | "closest" | "summary" | "notices"> {
  readonly record: EntryRecord;
  /** What differs between its newest execution and the one before; none when there was one alone. */
  readonly again: readonly StaleReason[];
  readonly now: { readonly fresh: boolean; readonly reasons: readonly StaleReason[]; readonly summary: string };
}

/**
 * Prints why entries were computed, and whether they are fresh now.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code: `EXIT.problem` when there is no such entry, or an entry is stale.
 */
export async function run(context: CommandContext): Promise<number> {
  const { cacheDir, options, terminal, nowMs } = context;
  const wanted = context.arguments[0]!;
  const found = await withCache(cacheDir, "read", async (cache) => {
    const check = new StaleCheck(cache);
    const reports: EntryReport[] = [];
    for (const record of await entriesNamed(cache, wanted)) reports.push(await reportOn(cache, record, check));
    return { reports, lost: await lostCallsOf(cache, wanted, reports) };
  }, null);
  if (found === null) {
    terminal.err(`There is no cache at ${cacheDir}\n`);
    return EXIT.problem;
  }
  const { reports, lost } = found;
  if (reports.length === 0 && lost === null) {
    terminal.err(await describeUnknown(cacheDir, wanted));
    return EXIT.problem;
  }
  if (options["json"]) {
    await printJson(
      terminal,
      reports.map((
        { record: { key, fname, functionId, createdMs }, closest, reasons, summary, again, now, notices },
      ) => ({
        key,
        fname,
        functionId,
        created: new Date(createdMs),
        closest,
        reasons,
        summary,
        again: { reasons: again, summary: describeReasons(again) },
        now,
        notices,
      })),
    );
  } else {
    for (const [index, report] of reports.entries()) await printReport(terminal, report, nowMs, index > 0);
    if (lost !== null) await terminal.out(`${reports.length > 0 ? "\n" : ""}${printable(lost)}\n`);
  }
  return reports.length > 0 && reports.every(({ now }) => now.fresh) ? EXIT.ok : EXIT.problem;
}

/**
 * Tells how many calls of a function were not stored, and why the last one; `null`: none since its newest entry, or the
 * name is a key.
 */
async function lostCallsOf(cache: Cache, fname: string, reports: readonly EntryReport[]): Promise<string | null> {
  let newestMs = -Infinity;
  for (const { record } of reports) if (record.fname === fname) newestMs = Math.max(newestMs, record.createdMs);
  const [lost] = [...(await cache.unstored.read()).values()]
    .filter((one) => one.fname === fname && one.lastMs >= newestMs)
    .sort((one, other) => other.calls - one.calls);
  if (lost === undefined) return null;
  return `not stored: ${lost.calls} ${lost.calls === 1 ? "call" : "calls"} of ${fname}: ${lost.detail}`;
}

/** Returns the entry that a key names, or all entries of the function that a name names, newest first. */
async function entriesNamed(cache: Cache, wanted: string): Promise<EntryRecord[]> {
  const found: { key: EntryRecord["key"]; createdMs: number }[] = [];
  for await (const { key, fname, functionId, createdMs } of cache.records.summaries()) {
    if (fname === wanted || functionId === wanted) found.push({ key, createdMs });
  }
  if (found.length === 0) return isKeyLike(wanted.toLowerCase()) ? [await findEntry(cache, checkKey(wanted))] : [];
  found.sort((a, b) => b.createdMs - a.createdMs);
  const records = [];
  for (const { key } of found) records.push(await cache.records.get(key));
  return records.filter((record) => record !== null);
}

async function reportOn(cache: Cache, record: EntryRecord, check: StaleCheck): Promise<EntryReport> {
  const earlier: EntryRecord[] = [];
  for (const { key, createdMs } of await cache.records.recent(record.functionId, MOST_CANDIDATES)) {
    if (key === record.key || createdMs > record.createdMs) continue;
    const other = await cache.records.get(key);
    if (other !== null) earlier.push(other);
  }
  const closest = closestEntry(earlier, record);
  const reasons: StaleReason[] = closest === null ? [firstReason()] : diffEntries(closest, record);
  const stale = await check.reasonsOf(record);
  return {
    record,
    again: whatRanAgain(record),
    closest: closest?.key ?? null,
    reasons,
    summary: describeReasons(reasons),
    notices: record.notices,
    now: { fresh: stale.length === 0, reasons: stale, summary: describeReasons(stale) },
  };
}

/** Reasons for which an entry was computed the last time, if it was computed more than once. */
function whatRanAgain({ traces: [newest, before] }: EntryRecord): StaleReason[] {
  return newest === undefined || before === undefined ? [] : compareTraces(before, newest);
}

async function printReport(terminal: Terminal, report: EntryReport, nowMs: number, isLater: boolean): Promise<void> {
  const { style } = terminal;
  const { record, reasons, closest, again, now } = report;
  const age = formatAge(record.createdMs, nowMs);
  const lines = [
    `${style.bold(printable(record.functionId))}  ${record.key.slice(0, 12)}  ${style.dim(age)}`,
    closest === null
      ? "computed because: no earlier entry of this function is stored"
      : `computed because, compared with ${closest.slice(0, 12)}:`,
    ...(closest === null ? [] : reasonLines(reasons)),
    ...(again.length === 0 ? [] : ["computed again because:", ...reasonLines(again)]),
    now.fresh ? `now: ${style.good("fresh")}` : `now: ${style.warn("stale")}, because:`,
    ...reasonLines(now.reasons),
    ...report.notices.map((notice) => `note: ${printable(notice)}`),
  ];
  await terminal.out((isLater ? "\n" : "") + lines.join("\n") + "\n");
}

function reasonLines(reasons: readonly StaleReason[]): string[] {
  const lines = reasons.slice(0, MOST_LINES).map((reason) => `  ${describeReason(reason)}`);
  if (reasons.length > MOST_LINES) lines.push(`  and ${reasons.length - MOST_LINES} more`);
  return lines;
}
