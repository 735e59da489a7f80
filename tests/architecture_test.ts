import { assert, assertEquals } from "@std/assert";

/**
 * The shape of the source, as docs/architecture.md promises it: who may import whom, and which file alone has which effect.
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
  const graphs = await Promise.all(["mod.ts", "cli.ts", "codecs.ts"].map(importsFrom));
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

/** A folder of the table in docs/architecture.md, with the files that others may import; `cache_file.ts` is one, too. */
interface Folder {
  readonly name: string;
  readonly rank: number;
  readonly doors: ReadonlySet<string>;
}

async function readTable(): Promise<ReadonlyMap<string, Folder>> {
  const text = await Deno.readTextFile(new URL("docs/architecture.md", ROOT));
  const folders = new Map<string, Folder>();
  for (const [, title, doors] of text.matchAll(/^\| `([a-z_]+(?:\/|\.ts))` +\| [^|]+\|([^|]*)\|$/gm)) {
    const name = title!.replace("/", "");
    const paths = [...doors!.matchAll(/`([^`]+)`/g)].map(([, door]) => `src/${name}/${door}.ts`);
    folders.set(name, { name, rank: folders.size, doors: new Set(name.endsWith(".ts") ? [`src/${name}`] : paths) });
  }
  return folders;
}

const table = await readTable();

/** The folder that a file is in, `undefined` for `mod.ts`, `cli.ts` and `codecs.ts`, which are above all. */
function folderOf(file: string): Folder | undefined {
  if (!file.startsWith("src/")) return undefined;
  const name = file.split("/")[1]!;
  const folder = table.get(name);
  assert(folder, `${file} is in no folder of docs/architecture.md`);
  return folder;
}

/** Imports between folders, with those that `mod.ts`, `cli.ts` and `codecs.ts` make. */
const crossing = graph.imports.flatMap(({ from, to }) => {
  const [within, into] = [folderOf(from), folderOf(to)];
  return into !== undefined && into !== within ? [{ from, to, within, into }] : [];
});

Deno.test("the table has all folders, and each door is a file that others import", async () => {
  assertEquals(table.size, 12);
  const files = new Set(await sourceFiles());
  for (const file of files) folderOf(file);
  const used = new Set(crossing.map(({ to }) => to));
  for (const { name, doors } of table.values()) {
    for (const door of doors) assert(files.has(door) && used.has(door), `${door} is no door of ${name}`);
  }
});

Deno.test("imports keep to the order of the folders and come in by the doors, types included", () => {
  const upwards = crossing.filter(({ within, into }) => within !== undefined && within.rank < into.rank);
  assertEquals(upwards.map(({ from, to }) => `${from} imports ${to}`), []);
  const pastDoors = crossing.filter(({ to, into }) => !into.doors.has(to));
  assertEquals(pastDoors.map(({ from, to }) => `${from} imports ${to}`), []);
});

Deno.test("no file leads back to itself, by what it loads or by the types that it uses", () => {
  const next = new Map<string, string[]>();
  for (const { from, to } of graph.imports) next.set(from, [...next.get(from) ?? [], to]);
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert(!path.includes(file), `a circle of imports: ${[...path.slice(path.indexOf(file)), file].join(" → ")}`);
    if (done.has(file)) return;
    for (const one of next.get(file) ?? []) visit(one, [...path, file]);
    done.add(file);
  };
  for (const file of next.keys()) visit(file, []);
  assert(done.size > 100);
});

Deno.test("the house stays one that can be overlooked: files, folders, names", async () => {
  const files = await sourceFiles();
  // Twelve of them are codecs and classes: ready ones by kind of library, so that nobody loads those of all. Eight are the
  // page, which runs in a browser.
  assert(files.length <= 330, `${files.length} files`);
  for (const { name } of table.values()) {
    if (name.endsWith(".ts")) continue;
    const count = files.filter((file) => file.startsWith(`src/${name}/`)).length;
    // `code` is eight rooms, the largest of which has 27 files; `store` is five.
    assert(
      count >= 3 && count <= (name === "code" ? 93 : name === "store" ? 60 : 40),
      `src/${name} has ${count} files`,
    );
  }
  for (const file of files) {
    const lines = (await Deno.readTextFile(new URL(file, ROOT))).split("\n").length - 1;
    assert(lines <= 500, `${file} has ${lines} lines`);
  }
});

Deno.test("no type or function has a name that another file gives to another thing", async () => {
  const homes = new Map<string, string[]>();
  for (const file of await sourceFiles()) {
    const code = await codeOf(file);
    const names = code.matchAll(/^(?:export )?(?:async )?(?:function\*?|class|interface|type) ([A-Za-z_$][\w$]*)/gm);
    for (const name of new Set(Array.from(names, ([, name]) => name!))) {
      homes.set(name, [...homes.get(name) ?? [], file]);
    }
  }
  const doubled = [...homes].filter(([, files]) => files.length > 1);
  // Each command of the command line has a `run`, and means the same by it.
  const others = doubled.filter(([name, files]) =>
    name !== "run" || files.some((file) => !file.startsWith("src/cli/commands/"))
  );
  assertEquals(others.map(([name, files]) => `${name}: ${files.join(", ")}`), []);
});

/** Each effect, what gives it away, and the files that may have it. */
const OWNERS: readonly [effect: string, sign: RegExp, owners: readonly string[]][] = [
  ["V8's inspector", /"node:inspector/, ["src/code/v8/inspector.ts"]],
  ["the parser", /from "acorn"/, ["src/code/syntax/parse.ts"]],
  [
    "Deno.Kv",
    /\bDeno\.openKv\(/,
    ["check_schema", "kv_open", "kv_read_only"].map((name) => `src/store/database/${name}.ts`),
  ],
  ["reading and writing Deno.Kv", /\(kv\b|\bkv\.(?:get|set|list|atomic|delete|close)|await openKv\b/, [
    "src/store/database/kv_handle.ts",
    "src/store/database/kv_open.ts",
    "src/store/database/kv_read_only.ts",
    "src/store/database/kv_rows.ts",
  ]],
  ["the console", /\bconsole\s*\./, ["src/words/announce.ts"]],
  ["the streams of a terminal", /\bDeno\.(stdout|stderr|stdin)\b/, ["src/cli/text/terminal.ts"]],
  ["ending the process", /\bDeno\.exit\(|\bprocess\.exit\(/, ["cli.ts"]],
  ["the context of a call", /"node:async_hooks"/, ["src/reads/context.ts"]],
  ["hashing", /\bsubtle\.digest\(|createHash\(/, ["src/words/sha256.ts"]],
  ["random names", /\brandom(?:UUID|FillSync|Bytes)\(|\bgetRandomValues\(/, ["src/words/random.ts"]],
  ["node:crypto", /"node:crypto"/, ["src/words/random.ts", "src/words/sha256.ts"]],
  ["SQLite past Deno.Kv", /\bDatabaseSync\(/, ["src/store/database/sqlite_files.ts"]],
  ["what Deno 2.7 lacks", /\bimport defer\b/, []],
  ["locks on files", /\.(tryLock|lock)(Sync)?\(true\)/, [
    "src/store/blobs/blob_store.ts",
    "src/store/layout.ts",
    "src/store/locks/file_lock.ts",
  ]],
  ["workers", /\bnew Worker\(/, ["src/words/helper_thread.ts"]],
  ["other processes", /\bnew Deno\.Command\(|"node:child_process"/, []],
  ["YAML", /"@std\/yaml"/, ["src/options/config.ts"]],
  ["the network", /(?:await|return|=) fetch\(|\bDeno\.(connect|listen|serve)\(/, []],
  ["eval", /\beval\(|\bnew Function\(/, []],
];

Deno.test("each effect has the owner that is written down, and no other", async () => {
  const files = [...await sourceFiles(), "mod.ts", "cli.ts", "codecs.ts"];
  const codes = await Promise.all(files.map(async (file) => [file, await codeOf(file)] as const));
  for (const [effect, sign, owners] of OWNERS) {
    const found = codes.filter(([, code]) => sign.test(code)).map(([file]) => file);
    assertEquals(found.sort(), [...owners].sort(), effect);
  }
});

Deno.test("every source file is reached from mod.ts, cli.ts or codecs.ts, so that tests load it", async () => {
  const reached = new Set(graph.files);
  for (const file of graph.files) {
    // A worker is named by its address.
    for (const [, name] of (await codeOf(file)).matchAll(/new URL\("(\.[^"]+\.ts)", import\.meta\.url\)/g)) {
      reached.add(new URL(name!, new URL(file, ROOT)).href.slice(ROOT.href.length));
    }
  }
  assertEquals((await sourceFiles()).filter((file) => !reached.has(file)), []);
});

Deno.test("a reason to be stale is made in one file", async () => {
  // Objects of a kind that only reasons have, and those with the further members that tell a reason from a dependency,
  // a part of a fingerprint or an event of the same kind.
  const sign =
    /\{ kind: "(?:(?:first|forced|unread|argument|variable|version|code|codec)"|(?:file|env|child)",[^{}]*\bchange\b|(?:package|damaged)"(?:,[^{}]*\b(?:before|after)\b))|\breasons(?:\.push\(|: \[)\{/;
  const makers: string[] = [];
  for (const file of await sourceFiles()) {
    if (file !== "src/words/events.ts" && sign.test(await codeOf(file))) makers.push(file);
  }
  assertEquals(makers, ["src/reasons/make_reason.ts"]);
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
  const names = Object.keys(imports).filter((name) => !name.startsWith("@bimsb/cachepy"));
  assertEquals(names.filter((name) => !given.has(name)), []);
});
