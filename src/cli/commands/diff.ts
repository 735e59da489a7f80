/** The command `diff`; loaded when it runs. @module */
import type { Dependency, EntryRecord } from "../../words/records.ts";
import { describeReason, describeReasons } from "../../reasons/describe_reasons.ts";
import { printable } from "../../words/printable.ts";
import { diffEntries } from "../../reasons/compare.ts";
import { findEntry } from "../../manage/info.ts";
import { withCache } from "../../manage/with_cache.ts";
import { checkKey, type CommandContext, EXIT, printJson } from "../command.ts";

/**
 * Prints the differences between two entries.
 *
 * @param context See {@linkcode CommandContext}.
 * @returns The exit code: `EXIT.problem` when there is no cache.
 */
export async function run(context: CommandContext): Promise<number> {
  const { cacheDir, options, terminal } = context;
  const keys = context.arguments.map(checkKey);
  const pair = await withCache(cacheDir, "read", async (cache) => {
    return [await findEntry(cache, keys[0]!), await findEntry(cache, keys[1]!)] as const;
  }, null);
  if (pair === null) {
    terminal.err(`There is no cache at ${cacheDir}\n`);
    return EXIT.problem;
  }
  const [before, after] = pair;
  const reasons = diffEntries(before, after);
  const [earlier, later] = [observationsOf(before), observationsOf(after)];
  const onlyBefore = [...earlier.difference(later)];
  const onlyAfter = [...later.difference(earlier)];
  const sameResult = before.traces[0]?.result === after.traces[0]?.result;
  if (options["json"]) {
    const summary = describeReasons(reasons);
    await printJson(terminal, {
      before: before.key,
      after: after.key,
      reasons,
      summary,
      onlyBefore,
      onlyAfter,
      sameResult,
    });
    return EXIT.ok;
  }
  const { style } = terminal;
  const name = ({ key, functionId }: EntryRecord) => `${key.slice(0, 12)}  ${printable(functionId)}`;
  const lines = [`${style.bad("-")} ${name(before)}`, `${style.good("+")} ${name(after)}`, ""];
  if (before.functionId !== after.functionId) lines.push("two functions");
  lines.push(...reasons.map((reason) => describeReason(reason)));
  lines.push(...onlyBefore.map((what) => `${style.bad("-")} ${printable(what)}`));
  lines.push(...onlyAfter.map((what) => `${style.good("+")} ${printable(what)}`));
  lines.push(sameResult ? "the results are the same" : "the results differ");
  await terminal.out(lines.join("\n") + "\n");
  return EXIT.ok;
}

/** Returns words for each dependency of the newest execution of an entry. */
function observationsOf(record: EntryRecord): Set<string> {
  return new Set((record.traces[0]?.dependencies ?? []).map(nameDependency));
}

function nameDependency(dependency: Dependency): string {
  switch (dependency.kind) {
    case "file":
      return `read ${dependency.path}`;
    case "directory":
      return `listed ${dependency.path}`;
    case "stat":
      return `looked at ${dependency.path}`;
    case "link":
      return dependency.aspect === "place" ? "names the project's folder in its result" : `resolved ${dependency.path}`;
    case "env":
      return `read environment variable ${dependency.name}`;
    case "cwd":
      return "asked for the working directory";
    case "child":
      return `called ${dependency.functionId}`;
    default: {
      const unknown: never = dependency;
      return unknown;
    }
  }
}
