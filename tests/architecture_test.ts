import { assert, assertEquals } from "@std/assert";

/**
 * The shape of the source, as its README promises it: who may import whom, and which file alone has which effect.
 *
 * @module
 */

const ROOT = new URL("../", import.meta.url);

interface ModuleGraph {
  modules: {
    specifier: string;
    dependencies?: {
      code?: { specifier?: string };
      type?: { specifier?: string };
      isDynamic?: boolean;
    }[];
  }[];
}

/** One import of the package's own files. */
interface Import {
  readonly from: string;
  readonly to: string;
  /** Whether the module is loaded, as opposed to only its types being used. */
  readonly isLoaded: boolean;
}

async function importsFrom(entry: string): Promise<{ files: Set<string>; imports: Import[] }> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: ["info", "--json", entry],
    cwd: ROOT,
    stderr: "null",
  }).output();
  assert(success, `deno info ${entry} failed`);
  const { modules } = JSON.parse(new TextDecoder().decode(stdout)) as ModuleGraph;
  const own = (specifier: string | undefined): string | null =>
    specifier?.startsWith(ROOT.href) && specifier.endsWith(".ts") ? specifier.slice(ROOT.href.length) : null;
  const files = new Set<string>();
  const imports: Import[] = [];
  for (const { specifier, dependencies = [] } of modules) {
    const from = own(specifier);
    if (from === null || from.startsWith("links/")) continue;
    files.add(from);
    for (const { code, type } of dependencies) {
      for (const [target, isLoaded] of [[code, true], [type, false]] as const) {
        const to = own(target?.specifier);
        if (to !== null && !to.startsWith("links/")) imports.push({ from, to, isLoaded });
      }
    }
  }
  return { files, imports };
}

async function wholeGraph(): Promise<{ files: Set<string>; imports: Import[] }> {
  const graphs = await Promise.all(["mod.ts", "cli.ts"].map(importsFrom));
  return {
    files: new Set(graphs.flatMap(({ files }) => [...files])),
    imports: graphs.flatMap(({ imports }) => imports),
  };
}

const graph = await wholeGraph();

async function sourceFiles(folder = "src"): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(new URL(folder, ROOT))) {
    if (isDirectory) found.push(...await sourceFiles(`${folder}/${name}`));
    else found.push(`${folder}/${name}`);
  }
  return found.sort();
}

/** A file without its comments, well enough for finding uses of names. */
async function codeOf(file: string): Promise<string> {
  const text = await Deno.readTextFile(new URL(file, ROOT));
  return text.replace(/\/\*[\s\S]*?\*\//g, "").replace(/(^|\s)\/\/.*$/gm, "");
}

/** `store` of `src/store/layout.ts`, `lock` of both `src/lock.ts` and `src/lock/wait_graph.ts`, `mod` of `mod.ts`. */
function unitOf(file: string): string {
  return file.replace(/^src\//, "").replace(/\.ts$/, "").split("/")[0]!;
}

Deno.test("no module waits for itself: what modules load has no circle", () => {
  const loads = new Map<string, string[]>();
  for (const { from, to, isLoaded } of graph.imports) {
    if (isLoaded) loads.set(from, [...loads.get(from) ?? [], to]);
  }
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert(!path.includes(file), `a circle of imports: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
    if (done.has(file)) return;
    for (const next of loads.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of loads.keys()) visit(file, []);
  assert(done.size > 100);
});

Deno.test("imports keep to the ranks of the README: the same or a lower one, types included", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const ranks = new Map<string, number>([["mod", 6], ["cli", 6]]);
  for (const [, rank, names] of readme.matchAll(/^\| (\d) +\| (.*?) \|/gm)) {
    for (const [, name] of names!.matchAll(/`([a-z_]+)\/?`/g)) ranks.set(name!, Number(rank));
  }
  assert(ranks.size > 25, "the table of ranks is there");
  const units = new Set([...graph.files].map(unitOf));
  assertEquals(
    [...ranks.keys()].filter((unit) => !units.has(unit)),
    [],
    "each name in the table is a file or a folder",
  );

  const imports = new Map<string, Set<string>>();
  for (const { from, to } of graph.imports) {
    if (unitOf(from) === unitOf(to)) continue;
    imports.set(unitOf(from), (imports.get(unitOf(from)) ?? new Set()).add(unitOf(to)));
  }
  // What the table does not name has the rank of the highest that it imports.
  const rankOf = (unit: string, open: readonly string[] = []): number => {
    const known = ranks.get(unit);
    if (known !== undefined || open.includes(unit)) return known ?? 0;
    return Math.max(0, ...[...imports.get(unit) ?? []].map((next) => rankOf(next, [...open, unit])));
  };
  const upwards = graph.imports.filter(({ from, to }) => rankOf(unitOf(from)) < rankOf(unitOf(to)));
  assertEquals(upwards.map(({ from, to }) => `${from} imports ${to}`), []);
});

/** Each effect, what gives it away, and the files that may have it. */
const OWNERS: readonly [effect: string, sign: RegExp, owners: readonly string[]][] = [
  ["V8's inspector", /"node:inspector/, ["src/inspector.ts"]],
  ["the parser", /from "acorn"/, ["src/source/syntax.ts"]],
  ["Deno.Kv", /\bDeno\.openKv\(/, ["src/store/kv_open.ts", "src/store/kv_read_only.ts"]],
  ["the console", /\bconsole\s*\./, ["src/announce.ts"]],
  ["the streams of a terminal", /\bDeno\.(stdout|stderr|stdin)\b/, ["src/cli/terminal.ts"]],
  ["ending the process", /\bDeno\.exit\(|\bprocess\.exit\(/, ["cli.ts"]],
  ["the context of a call", /"node:async_hooks"/, ["src/tracker/context.ts"]],
  ["hashing", /"node:crypto"|\bsubtle\.digest\(|createHash\(/, ["src/digest.ts"]],
  ["locks on files", /\.(tryLock|lock)(Sync)?\(true\)/, ["src/store/blob_store.ts", "src/store/file_lock.ts"]],
  ["workers", /\bnew Worker\(/, ["src/files/parallel.ts"]],
  ["other processes", /\bnew Deno\.Command\(|"node:child_process"/, []],
  ["YAML", /"@std\/yaml"/, ["src/config/parse_config.ts"]],
  ["the network", /(?:await|return|=) fetch\(|\bDeno\.(connect|listen|serve)\(/, []],
  ["eval", /\beval\(|\bnew Function\(/, []],
];

Deno.test("each effect has the owner that is written down, and no other", async () => {
  const files = [...await sourceFiles(), "mod.ts", "cli.ts"];
  const codes = await Promise.all(files.map(async (file) => [file, await codeOf(file)] as const));
  for (const [effect, sign, owners] of OWNERS) {
    const found = codes.filter(([, code]) => sign.test(code)).map(([file]) => file);
    assertEquals(found.sort(), [...owners].sort(), effect);
  }
});

Deno.test("every source file is reached from mod.ts or cli.ts, so that tests load it", async () => {
  const reached = new Set(graph.files);
  for (const file of graph.files) {
    // A worker is named by its address.
    for (const [, name] of (await codeOf(file)).matchAll(/new URL\("(\.[^"]+\.ts)", import\.meta\.url\)/g)) {
      reached.add(new URL(name!, new URL(file, ROOT)).href.slice(ROOT.href.length));
    }
  }
  assertEquals((await sourceFiles()).filter((file) => !reached.has(file)), []);
});

Deno.test("what the package loads beyond itself is what the README gives reasons for", async () => {
  const readme = await Deno.readTextFile(new URL("README.md", ROOT));
  const given = new Set(
    [...readme.matchAll(/^\| (`[^|]+`) +\| [a-zA-Z]/gm)].flatMap(([, names]) =>
      [...names!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!)
    ),
  );
  const { imports } = JSON.parse(await Deno.readTextFile(new URL("deno.json", ROOT))) as {
    imports: Record<string, string>;
  };
  const names = Object.keys(imports).filter((name) => name !== "@bimsb/cachepy");
  assertEquals(names.filter((name) => !given.has(name)), []);
});
