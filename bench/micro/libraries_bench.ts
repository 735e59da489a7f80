/**
 * What fingerprints of functions cost that use real libraries: CPU time of the first function of a process, of a second
 * one that uses the same library in another way, and of later ones that use it as the second does (the median of
 * seven). Run with `deno run -A bench/micro/libraries_bench.ts`, or `--json` for machines.
 *
 * Each library is measured in a process of its own. Before, a function without a library was looked at, so that the start
 * of the inspector and of the parser is not in the figures.
 *
 * @module
 */
import process from "node:process";
import { fingerprint, type FingerprintOptions } from "../../src/code/fingerprint.ts";
import { createPackageResolver } from "../../src/code/packages/packages.ts";

/** Two functions that use a library, as text: what they call is looked at, and not run. */
const USES: Readonly<Record<string, readonly [first: string, second: string]>> = {
  "acorn": ["(x) => lib.parse(x, { ecmaVersion: 2022 })", "(x) => [...lib.tokenizer(x, { ecmaVersion: 2022 })]"],
  "apache-arrow": ["(x) => lib.tableFromArrays({ x })", "(x) => lib.tableToIPC(x)"],
  "arquero": ["(x) => lib.table({ x })", "(x) => lib.fromCSV(x)"],
  "big.js": ["(x) => new lib.default(x).div(3)", "(x) => new lib.default(x).sqrt()"],
  "bignumber.js": ["(x) => new lib.BigNumber(x).div(3)", "(x) => lib.BigNumber.sum(x, 1)"],
  "cborg": ["(x) => lib.encode(x)", "(x) => lib.decode(x)"],
  "d3-array": ["(x) => lib.mean(x)", "(x) => lib.bin()(x)"],
  "decimal.js": ["(x) => new lib.Decimal(x).div(3)", "(x) => lib.Decimal.sqrt(x)"],
  "luxon": ["(x) => lib.DateTime.fromISO(x).toISO()", "(x) => lib.Interval.fromISO(x)"],
  "mathjs": ["(x) => lib.evaluate(x)", "(x) => lib.det(x)"],
  "ml-matrix": ["(x) => new lib.Matrix(x)", "(x) => lib.inverse(x)"],
};

interface Cost {
  readonly library: string;
  /** CPU milliseconds. */
  readonly firstMs: number;
  readonly secondMs: number;
  readonly laterMs: number;
}

/** Number of later functions. */
const LATER = 7;

const OPTIONS: FingerprintOptions = {
  projectRoot: Deno.cwd(),
  packageOf: createPackageResolver({ root: Deno.cwd() }).packageOf,
  cachedIdentity: () => undefined,
};

async function cpuOf(run: () => Promise<unknown>): Promise<number> {
  const before = process.cpuUsage();
  await run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1_000;
}

/** Measures one library in this process. The functions are those of a module that imports it. */
async function measure(library: string): Promise<Cost> {
  const [first, second] = USES[library]!;
  const later = Array.from({ length: LATER }, (_, index) => `(x) => [${index}, (${second})(x)]`);
  const text = `import * as lib from "${library}"; export const functions = [${[first, second, ...later].join(", ")}];`;
  const file = await Deno.makeTempFile({ dir: new URL("./", import.meta.url).pathname, suffix: ".mjs" });
  try {
    await Deno.writeTextFile(file, text);
    const { functions } = await import(`file://${file}`);
    await fingerprint((x: number) => x + 1, OPTIONS);
    const costs: number[] = [];
    for (const fn of functions) costs.push(await cpuOf(() => fingerprint(fn, OPTIONS)));
    const [firstMs, secondMs, ...others] = costs;
    return { library, firstMs: firstMs!, secondMs: secondMs!, laterMs: others.sort((a, b) => a - b)[LATER >> 1]! };
  } finally {
    await Deno.remove(file);
  }
}

async function measureApart(library: string): Promise<Cost> {
  const args = ["run", "-A", "--no-check", import.meta.url, "--of", library];
  const { stdout, stderr, success } = await new Deno.Command(Deno.execPath(), { args }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return JSON.parse(new TextDecoder().decode(stdout).trim().split("\n").at(-1) ?? "") as Cost;
}

async function print(line: string): Promise<void> {
  await Deno.stdout.write(new TextEncoder().encode(`${line}\n`));
}

if (import.meta.main) {
  const [flag, library] = Deno.args;
  if (flag === "--of" && library !== undefined) {
    await print(JSON.stringify(await measure(library)));
    Deno.exit();
  }
  const costs: Cost[] = [];
  for (const name of Object.keys(USES)) costs.push(await measureApart(name));
  if (flag === "--json") await print(JSON.stringify(costs));
  else {
    await print("| library      | first function, ms of CPU | second function | later functions |");
    await print("| ------------ | ------------------------- | --------------- | --------------- |");
    for (const { library, firstMs, secondMs, laterMs } of costs) {
      const [first, second, later] = [firstMs, secondMs, laterMs].map((ms) => ms.toFixed(1));
      await print(
        `| ${library.padEnd(12)} | ${first!.padStart(25)} | ${second!.padStart(15)} | ${later!.padStart(15)} |`,
      );
    }
  }
}
