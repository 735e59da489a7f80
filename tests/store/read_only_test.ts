import { assert, assertEquals, assertMatch } from "@std/assert";
import { valueOf } from "../support/call_values.ts";
import { Crew, type Worker, type WorkerOptions } from "../support/call_worker.ts";

/** Everything below a folder: name, mode, size and time of the last change. */
function listing(folder: string): string[] {
  const rows: string[] = [];
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const path = `${folder}/${name}`;
    const { mode, size, mtime } = Deno.statSync(path);
    rows.push(`${path} ${mode} ${isDirectory ? "" : size} ${mtime?.getTime()}`);
    if (isDirectory) rows.push(...listing(path));
  }
  return rows.sort();
}

/** Calls what is stored and what is not, twice. */
async function useReadOnly(crew: Crew, reader: Worker): Promise<void> {
  const before = crew.runs("sized");
  for (const size of [10, 100_000]) {
    const { value, events } = await reader.call("sized", 1, size);
    assertEquals(value, valueOf(1, size));
    assertEquals(events.some(({ kind }) => kind === "hit"), true);
  }
  for (const _ of [1, 2]) assertEquals((await reader.call("sized", 9, 10)).value, valueOf(9, 10));
  assertEquals(crew.runs("sized"), before + 2, "what is not stored runs each time");
}

async function withStored(test: (crew: Crew) => Promise<void>): Promise<void> {
  await using crew = await Crew.open();
  const writer = await crew.start();
  for (const size of [10, 100_000]) await writer.call("sized", 1, size);
  await writer.end();
  await test(crew);
}

Deno.test("readOnly: hits work, misses compute, nothing is written", () =>
  withStored(async (crew) => {
    const before = listing(crew.cacheDir);
    const reader = await crew.start({ options: { readOnly: true } });
    await useReadOnly(crew, reader);
    assertEquals((await reader.end()).match(/warning/g), null);
    assertEquals(listing(crew.cacheDir), before);
  }));

Deno.test("readOnly: what another process stores later is a hit of the next call", () =>
  withStored(async (crew) => {
    const reader = await crew.start({ options: { readOnly: true } });
    await reader.call("sized", 1, 10);
    const writer = await crew.start();
    await writer.call("sized", 5, 10);
    const { events } = await reader.call("sized", 5, 10);
    assertEquals(events.filter(({ kind }) => kind === "run").length, 0);
  }));

Deno.test("readOnly on a folder that is not there: values, and no folder is made", async () => {
  await using crew = await Crew.open();
  const reader = await crew.start({ options: { readOnly: true } });
  assertEquals((await reader.call("sized", 1, 10)).value, valueOf(1, 10));
  await reader.end();
  assertEquals(Array.from(Deno.readDirSync(crew.folder), ({ name }) => name), ["side"]);
});

/** A user who owns nothing of it; nothing stops the superuser from writing. */
const STRANGER: WorkerOptions = { through: ["setpriv", "--reuid=65534", "--clear-groups"] };

function chmodAll(path: string, folderMode: number, fileMode: number): void {
  for (const { name, isDirectory } of Deno.readDirSync(path)) {
    if (isDirectory) chmodAll(`${path}/${name}`, folderMode, fileMode);
    else Deno.chmodSync(`${path}/${name}`, fileMode);
  }
  Deno.chmodSync(path, folderMode);
}

Deno.test("a folder of somebody else: hits work, misses compute, nothing is written, one notice", () =>
  withStored(async (crew) => {
    chmodAll(crew.folder, 0o755, 0o644);
    Deno.chmodSync(`${crew.folder}/side`, 0o777);
    Deno.mkdirSync(`${crew.folder}/deno`);
    Deno.chmodSync(`${crew.folder}/deno`, 0o777);
    const before = listing(crew.cacheDir);
    const isRoot = Deno.uid() === 0;
    if (!isRoot) chmodAll(crew.cacheDir, 0o555, 0o444);
    const env = { DENO_DIR: `${crew.folder}/deno`, HOME: `${crew.folder}/deno` };
    const reader = await crew.start({ ...(isRoot ? STRANGER : {}), env });
    await useReadOnly(crew, reader);
    const stderr = await reader.end();
    assertEquals(stderr.match(/cannot be written to: stored results are used, no new ones kept/g)?.length, 1, stderr);
    if (isRoot) assertEquals(listing(crew.cacheDir), before);
    else chmodAll(crew.cacheDir, 0o755, 0o644);
  }));

Deno.test("the folder is taken away from its user midway: right values, hits go on, and a line that says so", async () => {
  await using crew = await Crew.open();
  const isRoot = Deno.uid() === 0;
  chmodAll(crew.folder, 0o777, 0o666);
  Deno.mkdirSync(`${crew.folder}/deno`);
  Deno.chmodSync(`${crew.folder}/deno`, 0o777);
  const env = { DENO_DIR: `${crew.folder}/deno`, HOME: `${crew.folder}/deno` };
  const worker = await crew.start({ ...(isRoot ? STRANGER : {}), env });
  await worker.call("sized", 1, 10);
  chmodAll(crew.cacheDir, 0o555, 0o444);
  const missed = await worker.call("sized", 2, 100_000);
  assertEquals([missed.error, missed.value], [undefined, valueOf(2, 100_000)]);
  assert(missed.events.some(({ kind }) => kind === "save-failed"));
  assert((await worker.call("sized", 1, 10)).events.some(({ kind }) => kind === "hit"));
  chmodAll(crew.cacheDir, 0o700, 0o600);
  await worker.call("sized", 2, 100_000);
  assert((await worker.call("sized", 2, 100_000)).events.some(({ kind }) => kind === "hit"), "stored once it can be");
  assertMatch(await worker.end(), /returned and not stored: .*PermissionDenied/);
});
