/**
 * Runs the tests in the folders and files given, in groups of which a few run beside each other, and says at the end what
 * was left out and how to get it: nothing is left out silently. The exit code is that of the tests.
 *
 * Most tests wait for programs that they start, so two processes are faster than one, also on two cores. Each takes the
 * next group when it has done one, so that both end at about the same time.
 *
 * @module
 */
import { CHROMIUM_NEEDS, findChromium } from "./chromium.ts";
import { COMPILER_NEEDS, findCompiler } from "./compiler.ts";
import { findDeno, LOWEST_DENO, LOWEST_DENO_NEEDS, TOO_OLD_DENO } from "./lowest_deno.ts";
import { findPython, NOTEBOOK_NEEDS } from "./notebook.ts";
import { SAMPLE, WHOLE } from "./sample.ts";
import { findSshfs, SSHFS_NEEDS } from "./sshfs.ts";

/**
 * Tests that take longest. Each of these files is a group of its own, and they begin first, so that none is left for the
 * end, when the other groups are done.
 */
const LONGEST = ["tests/promises/random_programs_test.ts"];

/** Number of other files that one process runs. */
const GROUP_SIZE = 5;

/** Number of processes beside each other. */
const PROCESSES = Math.max(2, Math.floor(navigator.hardwareConcurrency / 2));

/** All files of tests in a folder. */
function testsIn(folder: string): string[] {
  return [...Deno.readDirSync(folder)].flatMap(({ name, isDirectory }) =>
    isDirectory ? testsIn(`${folder}/${name}`) : name.endsWith("_test.ts") ? [`${folder}/${name}`] : []
  ).sort();
}

/** Groups of files that are tested by one process each. */
function groupsOf(paths: readonly string[]): string[][] {
  const files = paths.filter(isFolderOfTests).flatMap(testsIn);
  const others = paths.filter((path) => !isFolderOfTests(path));
  const rest = files.filter((file) => !LONGEST.includes(file));
  const chunks = Array.from(
    { length: Math.ceil(rest.length / GROUP_SIZE) },
    (_, at) => rest.slice(at * GROUP_SIZE, (at + 1) * GROUP_SIZE),
  );
  const longest = LONGEST.filter((file) => files.includes(file)).map((file) => [file]);
  return [...longest, ...others.length === 0 ? [] : [[...others]], ...chunks];
}

function isFolderOfTests(path: string): boolean {
  return path === "tests" || path.startsWith("tests/") && !path.endsWith(".ts");
}

/** What the process of one group came to. */
interface GroupResult {
  readonly group: readonly string[];
  readonly code: number;
  readonly output: string;
  readonly seconds: number;
}

async function runGroup(
  group: readonly string[],
  onOutput: (chunk: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<GroupResult> {
  const begun = performance.now();
  const isOfTests = group.every((path) => path.startsWith("tests/"));
  const child = new Deno.Command(Deno.execPath(), {
    // The types of tests are checked by `deno task ok`, those of examples in texts where all is tried.
    args: [
      "test",
      "--preload=tests/support/cover_less.ts",
      ...flags,
      ...isWhole && !isOfTests ? [] : ["--no-check"],
      ...isOfTests ? [] : ["--doc"],
      ...group,
    ],
    env: isWhole ? {} : { [SAMPLE]: `${SAMPLE_STEP}` },
    stdout: "piped",
    stderr: "piped",
  })
    .spawn();
  let output = "";
  const read = async (stream: ReadableStream<Uint8Array<ArrayBuffer>>) => {
    const decoder = new TextDecoder();
    for await (const chunk of stream) {
      output += decoder.decode(chunk, { stream: true });
      await onOutput(chunk);
    }
  };
  await Promise.all([read(child.stdout), read(child.stderr)]);
  const { code } = await child.status;
  return { group, code, output, seconds: (performance.now() - begun) / 1000 };
}

/** Runs all groups, a few beside each other, and shows what they print one after the other. */
async function runGroups(groups: readonly (readonly string[])[]): Promise<GroupResult[]> {
  const results: Promise<GroupResult>[] = [];
  const waiting = groups.map((): Uint8Array<ArrayBuffer>[] => []);
  let shown = 0;
  let next = 0;
  const work = async () => {
    for (let at = next++; at < groups.length; at = next++) {
      const result = runGroup(groups[at]!, async (chunk) => {
        if (at === shown) await show(chunk);
        else waiting[at]!.push(chunk);
      });
      results[at] = result;
      await result;
    }
  };
  const workers = Array.from({ length: PROCESSES }, work);
  for (; shown < groups.length; shown++) {
    for (const chunk of waiting[shown]!.splice(0)) await show(chunk);
    await results[shown];
    for (const chunk of waiting[shown]!.splice(0)) await show(chunk);
  }
  await Promise.all(workers);
  return await Promise.all(results);
}

async function show(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let from = 0; from < chunk.length;) from += await Deno.stdout.write(chunk.subarray(from));
}

/** Number before a word in the last line that has both, such as `12 passed`. */
function countOf(word: string, { output }: GroupResult): number {
  return Number([...output.matchAll(new RegExp(`(\\d+) ${word}`, "g"))].at(-1)?.[1] ?? 0);
}

async function* readCoverage(): AsyncIterable<Deno.DirEntry> {
  try {
    for await (const entry of Deno.readDir("coverage")) if (entry.name.endsWith(".json")) yield entry;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Number of groups whose time is shown. */
const MAX_SHOWN = 12;

/** Number of rows of large tables of which one is tried, unless all are. */
const SAMPLE_STEP = 4;

const isWhole = Deno.env.get(WHOLE) === "1";
/** What is covered, and where leaks come from, is wanted with all rows. */
const flags = ["-A", "--shuffle"].concat(
  isWhole ? ["--trace-leaks", "--coverage=coverage", "--coverage-raw-data-only"] : [],
);
const results = await runGroups(groupsOf(Deno.args));
// A child that is killed while it writes what it covered leaves half a file, which `deno coverage` cannot read.
for await (const { name } of readCoverage()) {
  try {
    JSON.parse(await Deno.readTextFile(`coverage/${name}`));
  } catch {
    await Deno.remove(`coverage/${name}`);
  }
}
const [passed, failed] = ["passed", "failed"].map((word) => results.reduce((sum, one) => sum + countOf(word, one), 0));
const lines = results.toSorted((a, b) => b.seconds - a.seconds).slice(0, MAX_SHOWN)
  .map(({ group, seconds }) => `${seconds.toFixed().padStart(5)} s  ${group.join(" ")}`);
const bad = results.filter(({ code }) => code !== 0).map(({ group }) => `failed: ${group.join(" ")}\n`);
await show(
  new TextEncoder().encode(
    `\nwhat took longest:\n${lines.join("\n")}\n\n${bad.join("")}all groups: ${passed} passed | ${failed} failed\n`,
  ),
);
const leftOut = [
  ...isWhole ? [] : [`all but one in ${SAMPLE_STEP} rows of large tables; to try all, set ${WHOLE}=1`],
  ...findPython() === null ? [`the notebook tests; they need ${NOTEBOOK_NEEDS}`] : [],
  ...findSshfs() === null ? [`the tests of shared disks; they need ${SSHFS_NEEDS}`] : [],
  ...findCompiler() === null ? [`the test of a file system without locks; it needs ${COMPILER_NEEDS}`] : [],
  ...findChromium() === null ? [`the tests of the page in a browser; they need ${CHROMIUM_NEEDS}`] : [],
  ...[LOWEST_DENO, TOO_OLD_DENO].some((version) => findDeno(version) === null)
    ? [`the tests of the lowest Deno; they need ${LOWEST_DENO_NEEDS}`]
    : [],
  ...Deno.uid() === 0 ? [] : ["the tests with several users; they need the superuser: run them in a container"],
];
// deno-lint-ignore no-console
for (const what of leftOut) console.error(`left out: ${what}`);
Deno.exit(Math.max(...results.map(({ code }) => code)));
