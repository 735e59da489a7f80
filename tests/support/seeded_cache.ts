/** A cache with records made by hand. */
import { setProjectRoot } from "../../src/options/project.ts";
import { encodeResult } from "../../src/values/result/encode_result.ts";
import type { EntryRecord } from "../../src/words/records.ts";
import type { Cache } from "../../src/store/cache_dir.ts";
import { openCache } from "../../src/store/cache_dir.ts";

/** A temporary folder that goes away with the scope. */
export interface TempFolder extends Disposable {
  readonly path: string;
}

/** Makes a temporary folder, outside of any project unless it is told to be one. */
export function tempFolder(isProject = false): TempFolder {
  const path = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "cachepy-test-" }));
  if (isProject) Deno.writeTextFileSync(`${path}/deno.json`, '{ "unstable": ["kv"] }');
  return { path, [Symbol.dispose]: () => Deno.removeSync(path, { recursive: true }) };
}

/** A test in a project folder that holds a cache. */
export function testIn(name: string, test: (root: string, cacheDir: string) => Promise<void>): void {
  Deno.test(name, async () => {
    using folder = tempFolder(true);
    setProjectRoot(folder.path);
    try {
      await test(folder.path, `${folder.path}/.cachepy`);
    } finally {
      setProjectRoot(null);
    }
  });
}

/** Stores records with the given values as their newest results; without a value, the key is the result. */
export async function seed(dir: string, ...entries: (EntryRecord | [EntryRecord, value: unknown])[]): Promise<Cache> {
  const cache = await openCache(dir);
  const release = cache.use();
  for (const entry of entries) {
    const [record, value] = Array.isArray(entry) ? entry : [entry, entry.key];
    await cache.records.commit(await withResult(cache, record, value));
  }
  release();
  return cache;
}

/** The record with its newest result stored. */
export async function withResult(cache: Cache, record: EntryRecord, value: unknown): Promise<EntryRecord> {
  const { chunks } = await encodeResult(value);
  const { digest, sizeBytes } = await cache.blobs.write(chunks);
  const [newest, ...others] = record.traces;
  return { ...record, traces: [{ ...newest!, result: digest, sizeBytes }, ...others] };
}
