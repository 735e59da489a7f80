/** The command `prune`; a file of its own, so that the help and other commands need not load it. @module */
import { formatSize, parseSize } from "../../words/quantities.ts";
import { pruneAndTell } from "../../manage/tasks.ts";
import { type CommandContext, EXIT, printJson, UsageError, withProgress } from "../command.ts";
import { numberOption, textOption } from "../parse_options.ts";

/**
 * Removes entries that were not used for long, and those that are cheapest to lose until the cache is below a size.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code.
 */
export async function run({ cacheDir, options, terminal }: CommandContext): Promise<number> {
  const daysOld = numberOption(options, "days-old");
  const maxBytes = sizeOption(textOption(options, "max-size"));
  const fname = textOption(options, "fname");
  const dryRun = options["dry-run"] === true;
  let left = { files: 0, bytes: 0 };
  const { removed, freedBytes } = await withProgress(terminal, "Pruning", (onProgress) =>
    pruneAndTell(cacheDir, {
      dryRun,
      onProgress,
      // With a size alone, entries are removed for the size only, not for their age.
      ...(daysOld !== undefined ? { daysOld } : maxBytes !== undefined ? { daysOld: Infinity } : {}),
      ...(maxBytes === undefined ? {} : { maxBytes }),
      ...(fname === undefined ? {} : { fname }),
    }, (swept) => left = swept));
  if (options["json"]) await printJson(terminal, { removed, freedBytes, dryRun, left });
  else {
    const entries = `${removed} ${removed === 1 ? "entry" : "entries"}`;
    await terminal.out(
      dryRun
        ? `Would remove ${entries} and free ${formatSize(freedBytes)}\n`
        : `Removed ${entries}, freed ${formatSize(freedBytes)}\n`,
    );
    if (left.files > 0) {
      const files = `${left.files} ${left.files === 1 ? "file" : "files"}`;
      await terminal.out(`Deleted ${files} that killed processes left, ${formatSize(left.bytes)}\n`);
    }
  }
  return EXIT.ok;
}

function sizeOption(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const bytes = parseSize(text);
  if (bytes === null) {
    throw new UsageError(`Option --max-size needs a size such as 500MB or 2GiB, got ${JSON.stringify(text)}`);
  }
  return bytes;
}
