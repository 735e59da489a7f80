/**
 * Programs that are run twice, the second time edited, in processes of their own: what their cached functions return is
 * compared with what the functions themselves return.
 *
 * @module
 */
import { Project } from "./project.ts";
import { sampleOf } from "./sample.ts";
import { twoAtATime } from "./two_at_a_time.ts";

/** A program in two versions. */
export interface ProgramPair {
  readonly name: string;
  /** Text of the program. It calls `await t(cached(function …), …)`, or `source(…)` for `track: "source"`. */
  readonly text: string;
  /** Edit of the second version: texts to find, each with the text to put in its place. @default none */
  readonly edits?: readonly (readonly [find: string, replace: string])[];
  /** Further modules by name; they are not edited. */
  readonly files?: Readonly<Record<string, string>>;
  /** Text that a notice has to have, in `why().notices` as in the warnings. @default no notice may be given */
  readonly named?: string;
  /** Number of runs of cached functions in the second process. @default at least one */
  readonly runs?: number;
  /** Flags of the command. @default ["-A"] */
  readonly flags?: readonly string[];
  /** Variables of the environment of the second process. @default none */
  readonly env?: Readonly<Record<string, string>>;
  /** Name of the program: the comments of one in JavaScript are there at run time. @default {"main.ts"} */
  readonly file?: "main.ts" | "main.js";
  /** Edit of a further module: its name, and the texts. @default none */
  readonly editOf?: readonly [file: string, find: string, replace: string];
}

/** What one process did. */
interface Report {
  readonly wrong: readonly string[];
  readonly runs: number;
  readonly notices: readonly string[];
  readonly unknown: readonly string[];
}

const HEAD = `
import { cacheFile } from "@bimsb/cachepy";
const wrong = [], notices = new Set(), shown = new Set();
let runs = 0;
const onEvent = (event) => {
  if (event.kind === "run") runs++;
  if (event.kind === "notice") notices.add(event.detail);
};
const show = (value) => typeof value === "string" ? value : Deno.inspect(value, { depth: 10 });
const attempt = async (step, args) => {
  try { return show(await step(...args)); } catch (error) { return "throws " + error; }
};
const cached = cacheFile(new URL("./cache", import.meta.url).pathname, { onEvent });
const source = cacheFile(new URL("./source", import.meta.url).pathname, { onEvent, track: "source" });
const t = async (step, ...args) => {
  const [one, other] = [await attempt(step, args), await attempt(step.original, args)];
  if (one !== other) wrong.push(step.name + ": " + one + ", not " + other);
  for (const notice of (await step.why(...args)).notices) shown.add(notice);
};
`;
const TAIL = `
console.log("\\n" + JSON.stringify({
  wrong, runs, notices: [...notices], unknown: [...notices].filter((one) => !shown.has(one)),
}));
`;

/** Text of a whole program of which the calls are given; it prints a report. */
export function programOf(text: string): string {
  return HEAD + text + TAIL;
}

async function runPair(pair: ProgramPair): Promise<[Report, Report] | string> {
  const file = pair.file ?? "main.ts";
  await using project = await Project.create({ [file]: programOf(pair.text), ...pair.files });
  const flags = ["--no-check", ...pair.flags ?? ["-A"]];
  const first = await project.run(file, { flags, env: { TZ: "UTC" } });
  for (const [find, replace] of pair.edits ?? []) await project.edit(file, find, replace);
  if (pair.editOf !== undefined) await project.edit(...pair.editOf);
  const second = await project.run(file, { flags, env: { TZ: "UTC", ...pair.env } });
  if (first.code + second.code > 0) return first.stderr + second.stderr;
  return [first.json<Report>(), second.json<Report>()];
}

/** Runs pairs of programs, or a sample, and says in words what is wrong with each; nothing for those that are right. */
export async function faultsOf(pairs: readonly ProgramPair[]): Promise<Record<string, unknown>> {
  const faults: Record<string, unknown> = {};
  await twoAtATime(sampleOf(pairs), async (pair) => {
    const reports = await runPair(pair);
    if (typeof reports === "string") {
      faults[pair.name] = reports;
      return;
    }
    const [first, second] = reports;
    const { named, runs } = pair;
    const wrong = [...first.wrong, ...second.wrong];
    const notices = [...new Set([...first.notices, ...second.notices])];
    const isNamed = named === undefined ? notices.length === 0 : notices.some((one) => one.includes(named));
    const isRun = runs === undefined ? second.runs > 0 : second.runs === runs;
    const unknown = [...first.unknown, ...second.unknown];
    if (wrong.length > 0 && named === undefined || !isNamed || !isRun || unknown.length > 0) {
      faults[pair.name] = { wrong, notices, runs: second.runs, unknown };
    }
  });
  return faults;
}
