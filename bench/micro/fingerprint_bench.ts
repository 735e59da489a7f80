/**
 * What fingerprints cost: the first in a process, each later one, a function that reaches 300 symbols in 40 modules, and
 * the look at the time of a call. Run with `deno run -A bench/fingerprint_bench.ts`, or `--json` for machines.
 *
 * @module
 */
import { type Fingerprint, fingerprint, type FingerprintOptions } from "../../src/code/fingerprint.ts";

const OPTIONS: FingerprintOptions = { projectRoot: Deno.cwd(), packageOf: () => null, cachedIdentity: () => undefined };
const MODULES = 40, SYMBOLS = 300, RUNS = 20, LOOKS = 2_000;

const RATE = 0.5;
const settings = { text: "x".repeat(900), numbers: [1, 2, 3], inner: { a: 1 } };
let level = 1;

function helper(x: number): number {
  return x * RATE;
}

/** Makes a function like any other, a new one each time. */
function makeSmall(n: number): (x: number) => number {
  return (x) => helper(x) + n;
}

async function timed<Result>(run: () => Result | Promise<Result>): Promise<{ ms: number; result: Result }> {
  const start = performance.now();
  const result = await run();
  return { ms: performance.now() - start, result };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? NaN;
}

/** Modules with 300 functions that call each other; the returned one reaches them all. */
async function loadWide(folder: string): Promise<(x: number) => number> {
  const perModule = SYMBOLS / MODULES;
  const nameOf = (index: number) => `f${index}`;
  const moduleOf = (index: number) => Math.floor(index / perModule);
  for (let module = 0; module < MODULES; module++) {
    const own = Array.from({ length: SYMBOLS }, (_, index) => index).filter((index) => moduleOf(index) === module);
    const callees = new Set(own.flatMap((index) => calleesOf(index)).filter((index) => moduleOf(index) !== module));
    const imports = [...callees].map((index) => `import { ${nameOf(index)} } from "./m${moduleOf(index)}.ts";`);
    const bodies = own.map((index) => {
      const calls = calleesOf(index).map((callee) => `${nameOf(callee)}(x + C${module})`).join(" + ") || "x";
      return `export function ${
        nameOf(index)
      }(x: number): number {\n  const y = x * ${index};\n  return y + ${calls};\n}`;
    });
    const text = [...imports, `const C${module} = ${module};`, ...bodies].join("\n");
    await Deno.writeTextFile(`${folder}/m${module}.ts`, text);
  }
  return (await import(`file://${folder}/m0.ts`)).f0;
}

function calleesOf(index: number): number[] {
  return [2 * index + 1, 2 * index + 2].filter((callee) => callee < SYMBOLS);
}

function assertReached({ parts }: Fingerprint, count: number): void {
  const found = parts.filter((part) => part.kind === "function").length;
  if (found !== count) throw new Error(`expected ${count} functions, found ${found}`);
}

async function lookCost(found: Fingerprint): Promise<number> {
  for (let run = 0; run < LOOKS; run++) await found.refresh();
  const { ms } = await timed(async () => {
    for (let run = 0; run < LOOKS; run++) {
      const now = found.refresh();
      if (now !== found && await now !== found) throw new Error("nothing changed, yet the fingerprint did");
    }
  });
  return ms / LOOKS;
}

if (import.meta.main) {
  const first = await timed(() => fingerprint(makeSmall(1), OPTIONS));
  const later: number[] = [];
  for (let run = 0; run < RUNS; run++) later.push((await timed(() => fingerprint(makeSmall(run), OPTIONS))).ms);

  const folder = await Deno.makeTempDir();
  const wide = await loadWide(folder);
  const wideFirst = await timed(() => fingerprint(wide, OPTIONS));
  assertReached(wideFirst.result, SYMBOLS);
  const wideAgain = await timed(() => fingerprint(wide, OPTIONS));
  await Deno.remove(folder, { recursive: true });

  const fixed = await fingerprint(makeSmall(3), OPTIONS);
  if (!fixed.isFixed) throw new Error("a function without mutable captures is not fixed");
  const changing = await fingerprint(() => JSON.stringify(settings), OPTIONS);
  const reassigned = await fingerprint(() => level++ < 0 ? 0 : RATE, OPTIONS);
  const variable = await fingerprint(() => level, OPTIONS);

  const rows: [string, number][] = [
    ["first fingerprint in a process (starts the inspector and the parser), ms", first.ms],
    ["each later function, ms", median(later)],
    [`a function that reaches ${SYMBOLS} symbols in ${MODULES} modules, ms`, wideFirst.ms],
    ["the same again, ms", wideAgain.ms],
    ["look at call time: no mutable captures, µs", await lookCost(fixed) * 1000],
    ["look at call time: a captured object of 1 kB, µs", await lookCost(changing) * 1000],
    ["look at call time: state that is left out, µs", await lookCost(reassigned) * 1000],
    ["look at call time: a variable that is reassigned, µs", await lookCost(variable) * 1000],
  ];
  const isJson = Deno.args.includes("--json");
  const text = isJson
    ? JSON.stringify(Object.fromEntries(rows), null, 2)
    : rows.map(([name, value]) => `${name.padEnd(76)} ${value.toFixed(2).padStart(9)}`).join("\n");
  await Deno.stdout.write(new TextEncoder().encode(`${text}\n`));
}
