/**
 * Runs the tests in the folders and files given, in two halves beside each other, and says at the end what was left out and
 * how to get it: nothing is left out silently. The exit code is that of the tests.
 *
 * Most tests wait for programs that they start, so two processes are faster than one, also on two cores.
 *
 * @module
 */
import { CHROMIUM_NEEDS, findChromium } from "./chromium.ts";
import { COMPILER_NEEDS, findCompiler } from "./compiler.ts";
import { findPython, NOTEBOOK_NEEDS } from "./notebook.ts";
import { SAMPLE, WHOLE } from "./sample.ts";
import { findSshfs, SSHFS_NEEDS } from "./sshfs.ts";

/** Folders and files of the tests that take half of the time. */
const FIRST_HALF = [
  "tests/code",
  "tests/values",
  "tests/manage",
  "tests/promises/damage_test.ts",
  "tests/promises/faults_test.ts",
  "tests/promises/random_programs_test.ts",
  "tests/promises/shared_disk_test.ts",
];

/** What else is in a folder of tests. `--ignore` has no effect where files are given beside folders. */
function besides(folder: string): string[] {
  return [...Deno.readDirSync(folder)]
    .filter(({ name, isFile }) => !isFile || name.endsWith("_test.ts"))
    .map(({ name }) => `${folder}/${name}`)
    .filter((path) => !FIRST_HALF.includes(path))
    .flatMap((path) => FIRST_HALF.some((one) => one.startsWith(`${path}/`)) ? besides(path) : [path])
    .sort();
}

interface Half {
  readonly code: number;
  readonly output: string;
}

async function runHalf(
  args: readonly string[],
  onOutput: (chunk: Uint8Array<ArrayBuffer>) => Promise<void>,
): Promise<Half> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["test", "--preload=tests/support/cover_less.ts", ...args],
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
  return { code: (await child.status).code, output };
}

async function show(chunk: Uint8Array<ArrayBuffer>): Promise<void> {
  for (let from = 0; from < chunk.length;) from += await Deno.stdout.write(chunk.subarray(from));
}

/** Number before a word in the last line that has both, such as `12 passed`. */
function countOf(word: string, { output }: Half): number {
  return Number([...output.matchAll(new RegExp(`(\\d+) ${word}`, "g"))].at(-1)?.[1] ?? 0);
}

async function* readCoverage(): AsyncIterable<Deno.DirEntry> {
  try {
    for await (const entry of Deno.readDir("coverage")) if (entry.name.endsWith(".json")) yield entry;
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/** Number of rows of large tables of which one is tried, unless all are. */
const SAMPLE_STEP = 4;

const isWhole = Deno.env.get(WHOLE) === "1";
/** What is covered, and where leaks come from, is wanted with all rows; types are checked by `deno task ok`. */
const flags = ["-A", "--doc", "--shuffle"].concat(
  isWhole ? ["--trace-leaks", "--coverage=coverage", "--coverage-raw-data-only"] : ["--no-check"],
);
const paths = Deno.args;
const later: Uint8Array<ArrayBuffer>[] = [];
let isFirstDone = false;
const first = runHalf([...flags, ...FIRST_HALF], show);
const others = paths.flatMap((path) => path === "tests" ? besides(path) : [path]);
const second = runHalf([...flags, ...others], async (chunk) => {
  if (isFirstDone) await show(chunk);
  else later.push(chunk);
});
await first;
for (const chunk of later) await show(chunk);
isFirstDone = true;
const halves = await Promise.all([first, second]);
// A child that is killed while it writes what it covered leaves half a file, which `deno coverage` cannot read.
for await (const { name } of readCoverage()) {
  try {
    JSON.parse(await Deno.readTextFile(`coverage/${name}`));
  } catch {
    await Deno.remove(`coverage/${name}`);
  }
}
const [passed, failed] = ["passed", "failed"].map((word) => halves.reduce((sum, half) => sum + countOf(word, half), 0));
await show(new TextEncoder().encode(`\nboth halves: ${passed} passed | ${failed} failed\n`));
const leftOut = [
  ...isWhole ? [] : [`all but one in ${SAMPLE_STEP} rows of large tables; to try all, set ${WHOLE}=1`],
  ...findPython() === null ? [`the notebook tests; they need ${NOTEBOOK_NEEDS}`] : [],
  ...findSshfs() === null ? [`the tests of shared disks; they need ${SSHFS_NEEDS}`] : [],
  ...findCompiler() === null ? [`the test of a file system without locks; it needs ${COMPILER_NEEDS}`] : [],
  ...findChromium() === null ? [`the tests of the page in a browser; they need ${CHROMIUM_NEEDS}`] : [],
  ...Deno.uid() === 0 ? [] : ["the tests with several users; they need the superuser: run them in a container"],
];
// deno-lint-ignore no-console
for (const what of leftOut) console.error(`left out: ${what}`);
Deno.exit(Math.max(...halves.map(({ code }) => code)));
