import { assertEquals, assertMatch } from "@std/assert";

interface Info {
  readonly roots: readonly string[];
  readonly redirects: Readonly<Record<string, string>>;
  readonly modules: readonly {
    readonly specifier: string;
    readonly dependencies?: readonly {
      readonly code?: { readonly specifier?: string };
      readonly isDynamic?: boolean;
    }[];
  }[];
}

const root = new URL("../", import.meta.url);

/** The modules of this package that are loaded by importing one, relative to the package. */
async function loadedBy(module: string): Promise<Set<string>> {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json", module], cwd: root }).output();
  const info: Info = JSON.parse(new TextDecoder().decode(stdout));
  const modules = new Map(info.modules.map((each) => [each.specifier, each]));
  const loaded = new Set<string>();
  const waiting = [...info.roots];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (loaded.has(next)) continue;
    loaded.add(next);
    for (const { code, isDynamic } of modules.get(info.redirects[next] ?? next)?.dependencies ?? []) {
      if (code?.specifier !== undefined && isDynamic !== true) waiting.push(code.specifier);
    }
  }
  return new Set([...loaded].map((specifier) => specifier.replace(root.href, "")));
}

Deno.test("importing the package loads nothing that only calls, looks into a cache and pictures need", async () => {
  const loaded = await loadedBy("mod.ts");
  assertEquals(loaded.has("src/cache_file.ts"), true);
  const heavy =
    /^src\/(cli|code\/(?!syntax)|values\/(?!preview)|reads\/patch|manage\/verify|manage\/draw\/(?!plot))\/|^src\/store\/(?!layout|own_files)|^src\/call\/(?!wrapped|wrap_site|snapshot)|^src\/(?:reads\/run_observed|options\/old_names)|yaml|^npm:deno-std/;
  assertEquals([...loaded].filter((module) => heavy.test(module)), []);
});

Deno.test("the command line loads no more than its help before it knows the command", async () => {
  const loaded = await loadedBy("cli.ts");
  assertEquals(
    [...loaded].filter((module) =>
      !/^(cli|src\/cli\/|src\/words\/(clock|errors|printable|quantities)|src\/reasons\/describe_reasons|src\/values\/preview|node:timers$)/
        .test(
          module,
        )
    ),
    [],
  );
});

/** A program that makes one call and then asks the engine which modules of the package it has loaded. */
const ONE_CALL = `
import { Session } from "node:inspector";
import { cacheFile } from "${root.href}mod.ts";
console.log(await cacheFile(Deno.args[0])(function answer(x) { return x + 1; })(41));
const session = new Session();
const loaded = new Set();
session.on("Debugger.scriptParsed", ({ params: { url } }) => url.startsWith("${root.href}src/") && loaded.add(url));
session.connect();
await new Promise((resolve) => session.post("Debugger.enable", resolve));
session.disconnect();
for (const url of loaded) console.log(url.slice("${root.href}".length));
`;

Deno.test("a process that only hits loads nothing that runs functions, and 168 modules at most", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "cachepy-test-" });
  try {
    Deno.writeTextFileSync(`${folder}/one_call.js`, ONE_CALL);
    const call = async () => {
      const config = new URL("deno.json", root).pathname;
      const args = ["run", "-A", "--config", config, `${folder}/one_call.js`, `${folder}/cache`];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder }).output();
      const [value, ...modules] = new TextDecoder().decode(stdout).trim().split("\n");
      assertEquals(value, "42", new TextDecoder().decode(stderr));
      return modules;
    };
    const runs =
      /^src\/(call\/(compute|run|keep|wait|explain)|reads\/patch\/|store\/locks\/call_lock|values\/result\/(encode|pack))/;
    const miss = await call();
    assertEquals(miss.some((module) => runs.test(module)), true, "the miss is not seen to run the function");
    const hit = await call();
    assertEquals(hit.filter((module) => runs.test(module)), []);
    assertEquals([hit.length >= 80, hit.length <= 168], [true, true], `${hit.length} modules`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

/** Copies a file, or a folder with all below it. */
function copyAll(from: string, to: string): void {
  if (Deno.statSync(from).isFile) return Deno.copyFileSync(from, to);
  Deno.mkdirSync(to);
  for (const { name } of Deno.readDirSync(from)) copyAll(`${from}/${name}`, `${to}/${name}`);
}

/** Makes a call, damages a module of the package that only a miss needs, and makes another call. */
const MISS_AFTER_EDIT = `
import { cacheFile } from "./mod.ts";
const triple = cacheFile("./cache")(function triple(x) { return x * 3; });
console.log(await triple(1));
if (Deno.args[0] === "edit") Deno.writeTextFileSync("src/call/compute.ts", "export const broken = ;");
console.log(await triple(2), await triple(3));
`;

Deno.test("a part of the package that cannot be loaded any more costs no result", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "cachepy-test-" });
  try {
    for (const name of ["src", "links", "mod.ts", "cli.ts", "deno.json", "deno.lock"]) {
      copyAll(new URL(name, root).pathname, `${folder}/${name}`);
    }
    Deno.writeTextFileSync(`${folder}/main.js`, MISS_AFTER_EDIT);
    const run = async (...args: string[]) => {
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), {
        args: ["run", "-A", "main.js", ...args],
        cwd: folder,
        env: { NO_COLOR: "1" },
      }).output();
      return [new TextDecoder().decode(stdout), new TextDecoder().decode(stderr)] as const;
    };
    assertEquals((await run())[0], "3\n6 9\n");
    Deno.writeTextFileSync(`${folder}/main.js`, MISS_AFTER_EDIT.replace("triple(2)", "triple(5)"));
    const [values, said] = await run("edit");
    assertEquals(values, "3\n15 9\n", said);
    assertMatch(said, /triple: it runs uncached, since a part of the cache cannot be loaded: [^]*compute\.ts/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
