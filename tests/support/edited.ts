/**
 * Tables of small programs with edits of them, each of which has to make the cached functions run again, or must not.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { type Edit, Variants } from "./variants.ts";

/** A program, and what may happen to it. */
export interface EditedProgram {
  readonly name: string;
  /** Text of `steps.ts`, and of further files by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Edits after which the functions run again. */
  readonly fires: readonly Edit[];
  /** Edits after which the stored results are returned. */
  readonly quiet?: readonly Edit[];
  /** Beginnings of the notices of the first run. @default [] */
  readonly notices?: readonly string[];
}

/** Runs every program twice unedited, and once with each edit, each time in a process state of its own. */
export async function checkEdits(t: Deno.TestContext, programs: readonly EditedProgram[]): Promise<void> {
  await using variants = await Variants.open();
  const folderOf = (index: number) => `case-${index}`;
  await variants.add("base", Object.fromEntries(programs.map(({ files }, index) => [folderOf(index), files])));
  const [first] = await variants.run(["base"]);
  await variants.copy("again", "base", null);
  const edits = programs.flatMap(({ fires, quiet = [] }, index) => [
    ...fires.map((edit) => ({ edit, index, isQuiet: false })),
    ...quiet.map((edit) => ({ edit, index, isQuiet: true })),
  ]);
  for (const [at, { edit, index }] of edits.entries()) {
    await variants.copy(`edit-${at}`, "base", folderOf(index), [edit]);
  }
  const [again, ...edited] = await variants.run(["again", ...edits.map((_, at) => `edit-${at}`)]);
  for (const [index, { name, notices = [] }] of programs.entries()) {
    await t.step(name, () => {
      const report = first![folderOf(index)]!;
      assertEquals([report.error, report.stale], [undefined, []]);
      assertEquals(report.notices.map((one, at) => notices[at] !== undefined && one.includes(notices[at]) ? "" : one), [
        ...notices.map(() => ""),
      ]);
      assertEquals(again![folderOf(index)]?.ran, [], "an unedited program is not run again");
      for (const [at, { edit, index: other, isQuiet }] of edits.entries()) {
        if (other !== index) continue;
        const { ran, stale, error } = edited[at]![folderOf(index)]!;
        assertEquals(
          { error, stale, runs: ran.length > 0 },
          { error: undefined, stale: [], runs: !isQuiet },
          `${edit.find} → ${edit.replace}`,
        );
      }
    });
  }
}
