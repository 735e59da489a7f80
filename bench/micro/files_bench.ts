/**
 * What digests of files cost, against the bare `stat` calls and against SHA-256 of bytes in memory:
 * `deno run -A bench/files_bench.ts`.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { digestBytes, digestChunks } from "../../src/words/sha256.ts";
import { FileDigests } from "../../src/reads/files/file_digests.ts";
import { fileDigestsFor, saveFileDigests } from "../../src/reads/files/open_digests.ts";
import { RACY_MS } from "../../src/reads/files/stamp.ts";

const FILES = 10_000;
const MEBIBYTE = 1024 * 1024;

/** What a process of its own measures. */
interface ChildAnswer {
  readonly ms: number;
  readonly check: string;
}

if (Deno.args[0] === "child") {
  printLine(JSON.stringify(measureInChild(Deno.args[1]!, Deno.args[2]!)));
} else {
  const folder = Deno.makeTempDirSync({ prefix: "cachepy-bench-" });
  try {
    await measure(folder);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

async function measure(folder: string): Promise<void> {
  const data = `${folder}/data`;
  const cacheDir = `${folder}/cache`;
  Deno.mkdirSync(data);
  Deno.mkdirSync(`${cacheDir}/v1`, { recursive: true });
  const paths = pathsIn(data);
  for (const [index, path] of paths.entries()) Deno.writeTextFileSync(path, `content of file ${index}`);
  for (let index = 0; index < 4; index++) writeLarge(`${folder}/large${index}`, 128);
  // Stamps as young as these are not trusted, for good reason; the files measured here are at rest.
  await new Promise((resolve) => setTimeout(resolve, RACY_MS + 1000));

  const files = fileDigestsFor(cacheDir);
  const check = digestChunks([new TextEncoder().encode(paths.map((path) => files.digestPath(path)).join())]);
  saveFileDigests();
  const stats: number[] = [];
  const digests: number[] = [];
  for (let round = 0; round < 9; round++) {
    stats.push(timeOf(() => paths.forEach((path) => Deno.statSync(path))));
    digests.push(timeOf(() => paths.forEach((path) => files.digestPath(path))));
  }
  report(`${FILES} unchanged files, same process`, best(digests), "stat", best(stats));

  const bare: number[] = [];
  const fresh: number[] = [];
  for (let round = 0; round < 7; round++) {
    bare.push((await runChild("stat", folder)).ms);
    const answer = await runChild("digest", folder);
    assertEquals(answer.check, check);
    fresh.push(answer.ms);
  }
  report(`${FILES} unchanged files, new process`, best(fresh), "stat", best(bare));

  const bytes = Deno.readFileSync(`${folder}/large0`);
  const limit: number[] = [];
  const large: number[] = [];
  for (let round = 0; round < 5; round++) {
    limit.push(timeOf(() => digestBytes(bytes)));
    const startedMs = performance.now();
    const digest = await new FileDigests().digestPath(`${folder}/large0`);
    large.push(performance.now() - startedMs);
    assertEquals<string | null>(digest, digestBytes(bytes));
  }
  report("one file of 128 MiB", best(large), "SHA-256 in memory", best(limit));

  const four = [0, 1, 2, 3].map((index) => `${folder}/large${index}`);
  const together: number[] = [];
  for (let round = 0; round < 5; round++) {
    const startedMs = performance.now();
    assertEquals((await new FileDigests().digestPaths(four)).length, 4);
    together.push(performance.now() - startedMs);
  }
  report("four files of 128 MiB", best(together), "4 × SHA-256 in memory", 4 * best(limit));
}

/** One loop over all files in a process that has done nothing else. */
function measureInChild(mode: string, folder: string): ChildAnswer {
  const paths = pathsIn(`${folder}/data`);
  if (mode === "stat") {
    let sizeBytes = 0;
    const ms = timeOf(() => {
      for (const path of paths) sizeBytes += Deno.statSync(path).size;
    });
    return { ms, check: String(sizeBytes) };
  }
  // As in a call, whose key is digested before its files are checked.
  digestBytes("");
  const found: unknown[] = [];
  const ms = timeOf(() => {
    const files = fileDigestsFor(`${folder}/cache`);
    for (const path of paths) found.push(files.digestPath(path));
  });
  return { ms, check: digestBytes(found.join()) };
}

async function runChild(mode: string, folder: string): Promise<ChildAnswer> {
  const args = ["run", "-A", "--no-check", import.meta.filename!, "child", mode, folder];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  return JSON.parse(new TextDecoder().decode(stdout));
}

function pathsIn(folder: string): string[] {
  return Array.from({ length: FILES }, (_, index) => `${folder}/${index}.txt`);
}

function writeLarge(path: string, mebibytes: number): void {
  using file = Deno.openSync(path, { write: true, create: true });
  const chunk = new Uint8Array(MEBIBYTE);
  for (let at = 0; at < MEBIBYTE; at += 65536) crypto.getRandomValues(chunk.subarray(at, at + 65536));
  for (let index = 0; index < mebibytes; index++) file.writeSync(chunk);
}

function timeOf(action: () => unknown): number {
  const startedMs = performance.now();
  action();
  return performance.now() - startedMs;
}

/** The shortest time: on a shared machine, the one that others disturbed least. */
function best(times: readonly number[]): number {
  return Math.min(...times);
}

function report(what: string, ms: number, against: string, againstMs: number): void {
  printLine(`${what}: ${ms.toFixed(1)} ms, ${(ms / againstMs).toFixed(2)} × ${against} (${againstMs.toFixed(1)} ms)`);
}

function printLine(line: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(line + "\n"));
}
