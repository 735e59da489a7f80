/** The command `verify`; a file of its own, so that the help and other commands need not load it. @module */
import { formatTable } from "../text/table.ts";
import { cacheVerify } from "../../manage/tasks.ts";
import { type CommandContext, EXIT, printJson, withProgress } from "../command.ts";

/**
 * Checks the whole cache, and mends it with `--repair`.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code: `EXIT.problem` when a problem is not repaired.
 */
export async function run({ cacheDir, options, terminal }: CommandContext): Promise<number> {
  const repair = options["repair"] === true;
  const report = await withProgress(
    terminal,
    "Checking",
    (onProgress) => cacheVerify(cacheDir, { repair, onProgress }),
  );
  const { checked, problems, repaired } = report;
  const isWell = problems.length === 0 || (repair && repaired >= problems.length);
  if (options["json"]) await printJson(terminal, { checked, problems, repaired });
  else {
    if (problems.length > 0) {
      const rows = problems.map(({ key, kind, detail }) => [key.slice(0, 12) || "-", kind, detail]);
      await terminal.out(formatTable(COLUMNS, rows, terminal.style) + "\n");
    }
    const found = `${problems.length} ${problems.length === 1 ? "problem" : "problems"}`;
    const mended = repair && problems.length > 0 ? `, ${repaired} repaired` : "";
    const mark = isWell ? terminal.style.good : terminal.style.bad;
    await terminal.out(`${checked} checked, ${mark(found)}${mended}\n`);
    if (!repair && problems.length > 0) terminal.err("verify --repair mends what can be mended\n");
  }
  return isWell ? EXIT.ok : EXIT.problem;
}

const COLUMNS = [{ title: "KEY" }, { title: "KIND" }, { title: "DETAIL" }] as const;
