/**
 * Checks of records, of the blobs that they refer to, and of the index of these references.
 *
 * @module
 */
import { wallMs } from "../../words/clock.ts";
import { type BlobDigest, type CallKey, isDigest } from "../../words/digests.ts";
import type { EntryRecord, Trace } from "../../words/records.ts";
import { giveTurn, isTurnOver, STEPS } from "../../words/waiting.ts";
import type { Cache } from "../../store/cache_dir.ts";
import {
  blobOfValue,
  blobRow,
  blobsOf,
  decodeRecord,
  listRows,
  MalformedRow,
  recordRow,
  type StoredSummary,
  summaryOf,
  unpackValue,
} from "../../store/inspect.ts";
import { letOthersFinish, type Row, Suspicions, type VerifyState } from "./state.ts";

/** Contents that the indexes should have for a record. */
export interface Expected {
  readonly summary: StoredSummary;
  readonly blobs: ReadonlySet<BlobDigest>;
}

/**
 * Reads every record, and digests every blob that a record refers to.
 *
 * @returns Contents that the indexes should have for each record that is sound, by call key.
 */
export async function checkEntries(cache: Cache, state: VerifyState): Promise<Map<CallKey, Expected>> {
  const whole = new Map<CallKey, Expected>();
  const good = new Set<BlobDigest>();
  const suspects: CallKey[] = [];
  for await (const { key: row, value } of listRows(cache.records.garbage.handle, { prefix: ["r"] })) {
    const key = row[1] as CallKey;
    state.step();
    if (!isDigest(key)) {
      await state.found(
        { key: String(key), kind: "damaged-row", detail: "The row of a record has no call key" },
        async () => {
          await cache.records.writeRows([{ key: row }]);
          return "the row was deleted";
        },
      );
      continue;
    }
    const isDigested = key <= state.resumeAfter;
    const found = await checkEntry(cache, key, value, good, isDigested);
    if (found.problem === null) whole.set(key, found.expected);
    // A blob that exists was written completely, so damage in it is final. Other problems may be writes in progress.
    else if (found.problem === "damaged-blob") await checkAgain(cache, key, state, whole);
    else suspects.push(key);
    state.notePlace(key);
  }
  if (suspects.length > 0) await letOthersFinish();
  for (const key of suspects) await checkAgain(cache, key, state, whole);
  return whole;
}

type FoundEntries =
  | { readonly problem: null; readonly expected: Expected }
  | {
    readonly problem: "damaged-record" | "missing-blob" | "damaged-blob";
    readonly detail: string;
    /** Time at which the newest execution was stored, milliseconds since the epoch; absent when it cannot be read. */
    readonly createdMs?: number;
  };

async function checkEntry(
  cache: Cache,
  key: CallKey,
  value: unknown,
  good: Set<BlobDigest>,
  isDigested: boolean,
): Promise<FoundEntries> {
  let record: EntryRecord;
  try {
    record = decodeRecord(await unpackValue(value, cache.blobs), key);
  } catch (error) {
    if (!(error instanceof MalformedRow)) throw error;
    return { problem: "damaged-record", detail: `The record cannot be read: ${error.message}` };
  }
  const own = blobOfValue(value);
  const blobs = new Set(blobsOf(record));
  for (const digest of blobs) {
    if (good.has(digest)) continue;
    if (isDigested ? cache.blobs.has(digest) : (await cache.blobs.read(digest)).status === "ok") {
      good.add(digest);
      continue;
    }
    const read = await cache.blobs.read(digest);
    if (read.status === "ok") good.add(digest);
    else if (read.status !== "missing") return { problem: "damaged-blob", detail: read.detail };
    else {
      const { createdMs } = record.traces[0]!;
      return { problem: "missing-blob", detail: `Blob ${digest} is not there`, createdMs };
    }
  }
  if (own !== null) blobs.add(own);
  return { problem: null, expected: { summary: summaryOf(record), blobs } };
}

/** Looks again at an entry that seemed wrong, since it may have been replaced or removed meanwhile. */
async function checkAgain(
  cache: Cache,
  key: CallKey,
  state: VerifyState,
  whole: Map<CallKey, Expected>,
): Promise<void> {
  const found = await settled(cache, key, state);
  if (found === null) return;
  if (found.problem === null) {
    whole.set(key, found.expected);
    return;
  }
  const { problem, detail } = found;
  await state.found({ key, kind: problem, detail }, async () => {
    if (problem === "damaged-record") {
      await cache.records.remove([key]);
      return "the entry was removed";
    }
    return await mendTraces(cache, key);
  });
  if (!state.repair) return;
  const mended = await cache.records.garbage.handle.get(recordRow(key));
  const after = mended.value === null ? null : await checkEntry(cache, key, mended.value, new Set(), false);
  if (after !== null && after.problem === null) whole.set(key, after.expected);
}

/**
 * Checks an entry again until it does not change during a check. An entry without its blob is also checked again while
 * it is younger than `settleMs`: its writer may be about to see that a prune removed the blob, and to write it again.
 *
 * @returns The finding; `null` when the entry is gone.
 */
async function settled(cache: Cache, key: CallKey, { settleMs }: VerifyState): Promise<FoundEntries | null> {
  const read = () => cache.records.garbage.handle.get(recordRow(key));
  for (let entry = await read();;) {
    if (entry.value === null) return null;
    const found = await checkEntry(cache, key, entry.value, new Set(), false);
    if (found.problem === null) return found;
    const again = await read();
    if (again.versionstamp === entry.versionstamp) {
      const isYoung = Math.abs(wallMs() - (found.createdMs ?? 0)) < settleMs;
      if (found.problem !== "missing-blob" || !isYoung) return found;
      await letOthersFinish();
    }
    entry = again;
  }
}

async function mendTraces(cache: Cache, key: CallKey): Promise<string> {
  const record = await cache.records.get(key);
  if (record === null) return "the entry is gone meanwhile";
  const traces: Trace[] = [];
  for (const trace of record.traces) {
    if (await isWhole(cache, { ...record, traces: [trace] })) traces.push(trace);
  }
  if (traces.length === record.traces.length) return "it was mended meanwhile";
  if (traces.length > 0) {
    await cache.records.commit({ ...record, traces }, { overwrite: true });
    return `${record.traces.length - traces.length} of its executions were removed`;
  }
  await cache.records.remove([key]);
  return "the entry was removed";
}

async function isWhole(cache: Cache, record: EntryRecord): Promise<boolean> {
  let whole = true;
  for (const digest of blobsOf(record)) {
    const { status } = await cache.blobs.read(digest);
    if (status === "ok") continue;
    whole = false;
    if (status === "corrupt") cache.blobs.remove(digest);
  }
  return whole;
}

/** Looks for references in the index that do not exist, and for references of records that are not in the index. */
export async function checkReferences(
  cache: Cache,
  state: VerifyState,
  records: ReadonlyMap<CallKey, Expected>,
): Promise<void> {
  const suspicions = new Suspicions();
  const missing = new Map<string, [BlobDigest, CallKey]>();
  let steps = 0;
  for (const [key, { blobs }] of records) {
    if (++steps % STEPS === 0 && isTurnOver()) await giveTurn();
    for (const blob of blobs) missing.set(`${blob} ${key}`, [blob, key]);
  }
  for await (const { key: row } of listRows(cache.records.garbage.handle, { prefix: ["b"] })) {
    state.step();
    const [, blob, key] = row as [string, BlobDigest, CallKey];
    if (missing.delete(`${String(blob)} ${String(key)}`)) continue;
    const detail = `The index says that ${String(key)} refers to blob ${String(blob)}, and it does not`;
    suspicions.add({
      problem: { key: String(key), kind: "dangling-reference", detail },
      rows: [row, ...holdersOf(key)],
      isWrong: async (listed, ...holders) => listed.value !== null && !await refers(cache, blob, holders),
      mend: () => [[{ key: row }], "the row was deleted"],
    });
  }
  for (const [blob, key] of missing.values()) {
    const row = blobRow(blob, key);
    suspicions.add({
      problem: { key, kind: "missing-reference", detail: `Its reference to blob ${blob} is not in the index` },
      rows: [row, ...holdersOf(key)],
      isWrong: async (listed, ...holders) => listed.value === null && await refers(cache, blob, holders),
      mend: () => [[{ key: row, value: 1 }], "it was added"],
    });
  }
  await suspicions.settle(cache, state);
}

/** Returns the keys of the rows that may refer to a blob under `key`: a record, a node, the parts of a fingerprint. */
function holdersOf(key: CallKey): Deno.KvKey[] {
  return [["r", key], ["n", key], ["p", key]];
}

async function refers(cache: Cache, blob: BlobDigest, holders: readonly Row[]): Promise<boolean> {
  if (holders.some(({ value }) => blobOfValue(value) === blob)) return true;
  const { key: [, key], value } = holders[0]!;
  if (value === null) return false;
  try {
    return [...blobsOf(decodeRecord(await unpackValue(value, cache.blobs), key as CallKey))].includes(blob);
  } catch (error) {
    if (error instanceof MalformedRow) return false;
    throw error;
  }
}
