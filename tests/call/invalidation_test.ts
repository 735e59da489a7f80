import { assertEquals } from "@std/assert";
import type { InvalidationCase } from "../fixtures/invalidation/case.ts";
import { HIDDEN_CASES } from "../fixtures/invalidation/hidden_cases.ts";
import { LANGUAGE_CASES } from "../fixtures/invalidation/language_cases.ts";
import { PIPELINE_CASES } from "../fixtures/invalidation/pipeline_cases.ts";
import { PROGRAM_CASES } from "../fixtures/invalidation/program_cases.ts";
import { sampleOf } from "../support/sample.ts";
import { type ProgramReport, type VariantReport, Variants } from "../support/variants.ts";

/** Processes at a time. */
const PROCESSES = 2;

interface Job {
  readonly program: string;
  readonly folder: string;
  readonly name: string;
  readonly runs: readonly string[];
  readonly edit: { readonly file: string; readonly find: string | RegExp; readonly replace: string };
}

async function acornVersion(): Promise<string> {
  const lock = await Deno.readTextFile(new URL("../../deno.lock", import.meta.url));
  const [, version] = /"acorn@(\d+\.\d+\.\d+)"/.exec(lock) ?? [];
  if (version === undefined) throw new Error("deno.lock has no acorn");
  return version;
}

async function fillIn(files: InvalidationCase["files"], folder: string): Promise<Record<string, string>> {
  const version = await acornVersion();
  return Object.fromEntries(
    Object.entries(files).map((
      [name, text],
    ) => [name, text.replaceAll("VERSION", version).replaceAll("FOLDER", folder)]),
  );
}

/** Runs a table: all projects as one program, a copy of it elsewhere, and a copy per edit with the cache that it filled. */
async function checkTable(t: Deno.TestContext, cases: readonly InvalidationCase[]): Promise<void> {
  await using variants = await Variants.open({ compilerOptions: { strict: false } });
  const folders = cases.map((_, index) => `case-${index}`);
  const files = await Promise.all(cases.map((one, index) => fillIn(one.files, folders[index]!)));
  await variants.add("base", Object.fromEntries(folders.map((folder, index) => [folder, files[index]!])));
  const [base] = await variants.run(["base"]);
  await variants.copy("elsewhere", "base", null);
  const all: Job[] = [];
  for (const [at, one] of cases.entries()) {
    const folder = folders[at]!;
    for (const [number, [name, file, find, replace, runs]] of one.edits.entries()) {
      const program = `edit-${at}-${number}`;
      all.push({ program, folder, name: `${one.name}: ${name}`, runs, edit: { file, find, replace } });
    }
  }
  const jobs = sampleOf(all);
  for (const { program, folder, edit } of jobs) await variants.copy(program, "base", folder, [edit]);
  const [elsewhere, ...reports] = await runAll(variants, ["elsewhere", ...jobs.map(({ program }) => program)]);
  for (const [at, one] of cases.entries()) {
    await t.step(`${one.name}: nothing, in a copy of the folder`, () => {
      assertSound(base![folders[at]!]!);
      assertSound(elsewhere![folders[at]!]!);
      assertEquals(elsewhere![folders[at]!]!.ran, []);
    });
  }
  for (const [index, { folder, name, runs }] of jobs.entries()) {
    await t.step(`${name}: ${runs.join(", ") || "nothing"}`, () => {
      const report = reports[index]![folder]!;
      assertSound(report);
      assertEquals(report.ran, [...runs].sort());
    });
  }
}

function assertSound({ stale, error }: VariantReport): void {
  assertEquals({ stale, error }, { stale: [], error: undefined });
}

async function runAll(variants: Variants, names: readonly string[]): Promise<ProgramReport[]> {
  const batches = Array.from({ length: PROCESSES }, (_, at) => names.filter((_, index) => index % PROCESSES === at));
  const reports = await Promise.all(batches.map((batch) => variants.run(batch)));
  return names.map((_, index) => reports[index % PROCESSES]![Math.floor(index / PROCESSES)]!);
}

Deno.test("single edits of pipelines run again exactly the steps that they can change", (t) =>
  checkTable(t, PIPELINE_CASES));

Deno.test("single edits of all that the language has run again exactly the steps that they can change", (t) =>
  checkTable(t, LANGUAGE_CASES));

Deno.test("single edits of what programs do run again exactly the steps that they can change", (t) =>
  checkTable(t, PROGRAM_CASES));

Deno.test("single edits of what no name in the code leads to run again exactly the steps that they can change", (t) =>
  checkTable(t, HIDDEN_CASES));
