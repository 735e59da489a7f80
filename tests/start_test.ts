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
