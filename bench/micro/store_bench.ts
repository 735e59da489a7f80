/**
 * What each step of the store costs, and how that grows with the number of entries.
 *
 * ```sh
 * deno run -A --unstable-kv bench/store_bench.ts [entries …]
 * ```
 *
 * Prints a line of JSON for each number of entries; times in microseconds (medians) and milliseconds. The raw commit is
 * the same number of rows written to Deno.Kv by hand: the floor of `commitUs` on this disk.
 *
 * @module
 */
import { digestBytes } from "../../src/words/sha256.ts";
import { acquireLock } from "../../src/store/locks/call_lock.ts";
import { prune } from "../../src/store/bound/prune.ts";
import { openCache } from "../../src/store/cache_dir.ts";
import { encodeRecord, summaryOf } from "../../src/store/records/record_codec.ts";
import type { Mutation } from "../../src/store/database/kv_rows.ts";
import { blobRow, pageRow, recordRow } from "../../src/store/records/rows.ts";
import { appendToPage, encodePageHead, encodePageRow } from "../../src/store/records/summary_index.ts";
import { keyOf, recordOf, store } from "../../tests/support/store_rig.ts";

const SAMPLES = 300;

/** Median time of a step, microseconds. */
async function median(step: (i: number) => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < SAMPLES; i++) {
    const beganMs = performance.now();
    await step(i);
    times.push((performance.now() - beganMs) * 1000);
  }
  return Math.round(times.sort((a, b) => a - b)[SAMPLES >> 1]!);
}

async function elapsed(step: () => Promise<unknown>): Promise<number> {
  const beganMs = performance.now();
  await step();
  return Math.round(performance.now() - beganMs);
}

/** Fills the database without results, which are not what grows. */
function* rowsOf(count: number): Generator<Mutation> {
  let page: Uint8Array = new Uint8Array();
  for (let i = 0; i < count; i++) {
    const record = recordOf(`fill ${i}`, { digest: digestBytes(`blob ${i}`), sizeBytes: 100 }, { createdMs: 1e12 + i });
    const key = record.key;
    yield { key: blobRow(record.traces[0]!.result, key), value: 1 };
    if (page.byteLength === 0) page = encodePageHead(record.fname, record.functionId);
    page = appendToPage(page, encodePageRow(summaryOf(record)));
    if (i % 32 === 31 || i === count - 1) {
      yield { key: pageRow(record.functionId, record.createdMs, crypto.randomUUID()), value: page };
      page = new Uint8Array();
    }
    yield { key: recordRow(key), value: new Uint8Array([0, ...encodeRecord(record)]) };
  }
}

for (const entries of Deno.args.length > 0 ? Deno.args.map(Number) : [0, 10_000, 100_000]) {
  const folder = Deno.makeTempDirSync();
  try {
    const dir = `${folder}/cache`;
    const filling = await openCache(dir);
    await filling.records.writeRows(rowsOf(entries));
    filling.close();
    const cache = await openCache(dir);
    const openMs = await elapsed(() => cache.records.get(keyOf("none")));
    const release = cache.use();
    const commitUs = await median((i) => store(cache, i));
    const getUs = await median((i) => cache.records.get(keyOf(i), { parts: false }));
    const missUs = await median((i) => cache.records.get(keyOf(`none ${i}`)));
    const digest = (await cache.records.get(keyOf(1)))!.traces[0]!.result;
    const readBlobUs = await median(() => cache.blobs.readSync(digest));
    const writeBlobUs = await median((i) => cache.blobs.write([new TextEncoder().encode(`value ${i}`)]));
    const lockUs = await median(async (i) =>
      (await acquireLock(cache.layout.locks, keyOf(i), { fname: "bench" }))!.release()
    );
    const generationUs = await median(() => cache.generation());
    const usageUs = await median((i) => cache.usage.record(keyOf(i)));
    const rawCommitUs = await median((i) =>
      cache.records.garbage.handle.run((kv) => {
        let atomic = kv.atomic();
        for (const row of ["a", "b", "c", "d"]) atomic = atomic.set([row, keyOf(`raw ${i}`)], new Uint8Array(200));
        return atomic.commit();
      })
    );
    let listed = 0;
    const summariesMs = await elapsed(async () => {
      for await (const _ of cache.records.summaries()) listed++;
    });
    if (listed !== entries + SAMPLES) throw new Error(`Listed ${listed} entries, want ${entries + SAMPLES}`);
    const pruneMs = await elapsed(() => prune(cache, { dryRun: true, now: 1e12 }));
    const figures = { openMs, commitUs, rawCommitUs, getUs, missUs, readBlobUs, writeBlobUs, lockUs, generationUs };
    const line = JSON.stringify({ entries, ...figures, usageUs, summariesMs, pruneMs });
    await Deno.stdout.write(new TextEncoder().encode(line + "\n"));
    release();
    cache.close();
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}
