import { assertEquals } from "@std/assert";
import type { FolderReport } from "../fixtures/fingerprint/digests.ts";
import { type Edit, EDITS } from "../fixtures/fingerprint/edits.ts";
import { PROJECT } from "../fixtures/fingerprint/project.ts";

/** Folders per child process. */
const BATCH = 48;

function applyEdit(edit: Edit): Record<string, string> {
  const files: Record<string, string> = { ...PROJECT };
  for (const { file, find, replace } of [edit, ...edit.also ?? []]) {
    const before = files[file] ?? "";
    const isFound = typeof find === "string" ? before.includes(find) : before.search(find) >= 0;
    if (!isFound) throw new Error(`${edit.name}: ${find} is not in ${file}`);
    files[file] = before.replace(find, replace);
  }
  return files;
}

async function writeProject(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [path, text] of Object.entries(files)) {
    const file = `${folder}/${path}`;
    await Deno.mkdir(file.slice(0, file.lastIndexOf("/")), { recursive: true });
    await Deno.writeTextFile(file, text);
  }
}

async function reportsOf(folders: readonly string[]): Promise<FolderReport[]> {
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--no-check",
      new URL("../fixtures/fingerprint/digests.ts", import.meta.url).pathname,
      ...folders,
    ],
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout).trim().split("\n").map((line) => JSON.parse(line) as FolderReport);
}

Deno.test("each edit of a project changes exactly the steps that it can change", async (t) => {
  const root = await Deno.makeTempDir();
  try {
    const folders = EDITS.map((_, index) => `${root}/edit ${index}`);
    await writeProject(`${root}/base`, PROJECT);
    for (const [index, edit] of EDITS.entries()) await writeProject(folders[index] as string, applyEdit(edit));
    const batches: Promise<FolderReport[]>[] = [];
    for (let start = 0; start < folders.length; start += BATCH) {
      batches.push(reportsOf([`${root}/base`, ...folders.slice(start, start + BATCH)]));
    }
    const reports = await Promise.all(batches);
    const [base] = reports[0] as [FolderReport];
    for (const batch of reports) assertEquals(batch[0], base, "another process sees the same");
    const edited = reports.flatMap((batch) => batch.slice(1));
    for (const [index, edit] of EDITS.entries()) {
      await t.step(`${edit.name}: ${edit.changes.join(", ") || "nothing"}`, () => {
        const { digests } = edited[index] as FolderReport;
        const changed = Object.keys(base.digests).filter((name) => digests[name] !== base.digests[name]);
        assertEquals(changed.sort(), [...edit.changes].sort());
      });
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
