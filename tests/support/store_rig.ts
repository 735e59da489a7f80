/**
 * A cache directory to write to, and entries to write.
 *
 * @module
 */
import type { BlobDigest, CallKey } from "../../src/words/digests.ts";
import { digestBytes } from "../../src/words/sha256.ts";
import type { Dependency, EntryRecord, Trace } from "../../src/words/records.ts";
import { type Cache, openCache, type OpenOptions } from "../../src/store/cache_dir.ts";

/** What a test's entry differs in from the others. */
export interface EntryOptions {
  readonly fname?: string;
  readonly functionId?: string;
  readonly createdMs?: number;
  readonly computeMs?: number;
  readonly dependencies?: readonly Dependency[];
  readonly value?: string | Uint8Array;
  readonly code?: string;
}

const encoder = new TextEncoder();

/** The call key that stands for `name`. */
export function keyOf(name: string | number): CallKey {
  return digestBytes<"call">(`call ${name}`);
}

/** The value that an entry holds unless told otherwise. */
export function valueOf(name: string | number): string {
  return `value of ${name}`;
}

/** A record of an entry whose result is that blob. */
export function recordOf(
  name: string | number,
  blob: { readonly digest: BlobDigest; readonly sizeBytes: number },
  options: EntryOptions = {},
): EntryRecord {
  const createdMs = options.createdMs ?? Date.now();
  const fname = options.fname ?? "load";
  const trace: Trace = {
    dependencies: options.dependencies ?? [],
    support: null,
    result: blob.digest,
    sizeBytes: blob.sizeBytes,
    createdMs,
    computeMs: options.computeMs ?? 12.5,
  };
  const code = options.code ?? fname;
  return {
    format: 1,
    key: keyOf(name),
    fname,
    functionId: options.functionId ?? `${fname} @ src/${fname}.ts`,
    createdMs,
    fingerprint: digestBytes<"fingerprint">(`code of ${code}`),
    parts: [{ kind: "function", name: code, module: `src/${code}.ts`, digest: digestBytes(`part of ${code}`) }],
    notices: [],
    values: [{ path: "args.x", digest: digestBytes<"value">(String(name)), preview: String(name) }],
    files: [],
    traces: [trace],
  };
}

/** Stores an entry as a call does: blob first, then the record. */
export async function store(cache: Cache, name: string | number, options: EntryOptions = {}): Promise<EntryRecord> {
  const value = options.value ?? valueOf(name);
  const chunks = [typeof value === "string" ? encoder.encode(value) : value];
  const blob = await cache.blobs.write(chunks);
  const record = recordOf(name, blob, options);
  await cache.records.commit(record, { blobs: new Map([[blob.digest, chunks]]) });
  return record;
}

/** The value of an entry as a call reads it: the record, then its blob; `null` when there is none. */
export async function load(cache: Cache, name: string | number): Promise<string | null> {
  const record = await cache.records.get(keyOf(name), { parts: false });
  if (record === null) return null;
  const read = await cache.blobs.read(record.traces[0]!.result, record.traces[0]!.sizeBytes);
  return read.status === "ok" ? new TextDecoder().decode(read.bytes) : null;
}

/** Runs `test` on a new cache directory, which is removed afterwards. */
export async function withStore(
  test: (cache: Cache, dir: string) => Promise<void> | void,
  options: OpenOptions = {},
): Promise<void> {
  await withFolder(async (folder) => {
    const cache = await openCache(`${folder}/cache`, options);
    try {
      await test(cache, cache.dir);
    } finally {
      cache.close();
    }
  });
}

/** Runs `test` on a new folder, which is removed afterwards. */
export async function withFolder(test: (folder: string) => Promise<void> | void): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "cachepy-test-" });
  try {
    await test(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** A child process that runs a script of `tests/support` with the project's configuration. */
export function child(script: string, args: readonly string[], flags: readonly string[] = ["-A"]): Deno.Command {
  const root = new URL("../../", import.meta.url).pathname;
  return new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-check", "--unstable-kv", ...flags, `${root}tests/support/${script}`, ...args],
    cwd: root,
    stdout: "piped",
    stderr: "piped",
    stdin: "null",
    env: { NO_COLOR: "1" },
  });
}

/** The lines that a child process writes, one at a time; `null` at its end. */
export function linesOf(process: Deno.ChildProcess): { next(): Promise<string | null>; kill(): void } {
  const reader = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const errors = process.stderr.cancel();
  const lines: string[] = [];
  let rest = "";
  return {
    async next() {
      while (lines.length === 0) {
        const { value, done } = await reader.read();
        if (done) {
          await Promise.all([process.status, errors]);
          return null;
        }
        const parts = (rest + value).split("\n");
        rest = parts.pop()!;
        lines.push(...parts);
      }
      return lines.shift()!;
    },
    kill: () => process.kill("SIGKILL"),
  };
}
