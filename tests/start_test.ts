import { assertEquals } from "@std/assert";

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
    /^src\/(cli|code\/(?!syntax)|values\/(?!preview)|reads\/patch|manage\/verify|manage\/draw\/(?!plot))\/|^src\/store\/(?!layout|own_files)|^src\/call\/(?!wrapped)|^src\/reads\/run_observed|yaml|^npm:deno-std/;
  assertEquals([...loaded].filter((module) => heavy.test(module)), []);
});

Deno.test("the command line loads no more than its help before it knows the command", async () => {
  const loaded = await loadedBy("cli.ts");
  assertEquals(
    [...loaded].filter((module) =>
      !/^(cli|src\/cli\/|src\/words\/errors|src\/reasons\/describe_reasons|src\/values\/preview)/.test(module)
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

Deno.test("a process that only hits loads nothing that runs functions, and 120 modules at most", async () => {
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
    assertEquals([hit.length >= 80, hit.length <= 120], [true, true], `${hit.length} modules`);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
