import { assertEquals, assertMatch } from "@std/assert";
import { relative } from "@std/path";
import { Project, type RunOptions } from "../support/project.ts";

/** A kind of project: its files, how it is set up, and how its program is run. */
interface Kind {
  readonly name: string;
  readonly manifest?: object;
  readonly files?: Readonly<Record<string, string>>;
  /** Path of the helper that is edited. */
  readonly helper: string;
  /** Specifier by which the program imports the helper. */
  readonly specifier: string;
  readonly script?: string;
  readonly setUp?: (project: Project) => Promise<void>;
  readonly run?: RunOptions;
  /** A file of the packages that is edited, found below a folder by the end of its name, and the reason that follows. */
  readonly edited?: { readonly folder: string; readonly file: RegExp; readonly from: string; readonly to: string };
}

const PACKAGE = { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0" };
const BIG = "npm:big.js@7.0.1";

const KINDS: readonly Kind[] = [
  {
    name: "a lock file that must not change",
    manifest: { imports: { ...PACKAGE, "big.js": BIG } },
    helper: "helper.ts",
    specifier: "./helper.ts",
    setUp: async (project) => await install(project),
    run: { flags: ["-A", "--frozen"] },
  },
  {
    name: "vendored packages",
    manifest: { imports: { ...PACKAGE, "big.js": BIG }, vendor: true },
    helper: "helper.ts",
    specifier: "./helper.ts",
    async setUp(project) {
      const served = () => new Response("export const half = 0.5;", { headers: { "content-type": "text/javascript" } });
      await using server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, served);
      const remote = `http://127.0.0.1:${server.addr.port}/half.js`;
      await project.edit("helper.ts", "return 3", "return 3 + half - 0.5");
      await project.edit("helper.ts", "export", `import { half } from "${remote}";\nexport`);
      await install(project);
      assertEquals((await Deno.stat(project.path("vendor"))).isDirectory, true);
    },
    run: { flags: ["-A", "--cached-only"] },
    edited: { folder: "vendor", file: /half\.js$/, from: "half = 0.5", to: "half = 1.5" },
  },
  {
    name: "a node_modules folder that npm made",
    manifest: { nodeModulesDir: "manual" },
    files: {
      "package.json": JSON.stringify({ dependencies: { "big.js": "7.0.1", acorn: "^8.15.0", "deno-std": "1.4.0" } }),
    },
    helper: "helper.ts",
    specifier: "./helper.ts",
    async setUp(project) {
      const args = ["install", "--silent", "--no-audit", "--no-fund", "--prefer-offline"];
      const { success, stderr } = await new Deno.Command("npm", { args, cwd: project.folder }).output();
      assertEquals(success, true, new TextDecoder().decode(stderr));
    },
  },
  {
    name: "a workspace, with the helper in another member",
    manifest: { imports: { ...PACKAGE, "big.js": BIG }, workspace: ["./app", "./lib"] },
    files: {
      "app/deno.json": JSON.stringify({ name: "@demo/app", version: "1.0.0", exports: "./main.ts" }),
      "lib/deno.json": JSON.stringify({ name: "@demo/lib", version: "1.0.0", exports: { "./rate": "./src/rate.ts" } }),
    },
    helper: "lib/src/rate.ts",
    specifier: "@demo/lib/rate",
    script: "app/main.ts",
  },
  {
    name: "an import map in a file of its own",
    manifest: { imports: undefined, importMap: "./maps/imports.json" },
    files: { "maps/imports.json": JSON.stringify({ imports: { ...PACKAGE, "big.js": BIG, "~/": "../inner/" } }) },
    helper: "inner/helper.ts",
    specifier: "~/helper.ts",
  },
];

/** Downloads what the program imports, and writes `deno.lock`. */
async function install(project: Project): Promise<void> {
  const { code, stderr } = await project.run("main.ts", {
    command: "cache",
    flags: ["--allow-import"],
    isLocked: true,
  });
  assertEquals(code, 0, stderr);
}

async function findFile(project: Project, folder: string, file: RegExp): Promise<string> {
  for await (const { name, isDirectory } of Deno.readDir(project.path(folder))) {
    const path = `${folder}/${name}`;
    const found = isDirectory ? await findFile(project, path, file) : file.test(path) ? path : "";
    if (found !== "") return found;
  }
  return "";
}

function programOf(specifier: string): string {
  return `import Big from "big.js";
import { cacheFile } from "@bimsb/cachepy";
import { rate } from "${specifier}";
const told: string[] = [];
const cached = cacheFile(".cachepy", {
  onEvent(event) {
    if (event.kind === "hit" || event.kind === "miss") told.push(event.kind === "hit" ? "hit" : event.summary);
  },
});
const scale = cached(function scale(x: number) {
  console.log("ran");
  return Number(new Big(x).times(rate()));
});
const value = await scale(2);
console.log(JSON.stringify({ value, told, notices: (await scale.why(2)).notices }));
`;
}

for (const { name, manifest = {}, files = {}, helper, specifier, script = "main.ts", setUp, run, edited } of KINDS) {
  Deno.test(`in a project with ${name}, calls hit, also after a move, and an edit of a helper reruns them`, async () => {
    const source = { [script]: programOf(specifier), [helper]: "export function rate() {\n  return 3;\n}\n" };
    await using project = await Project.create({ ...source, ...files }, manifest);
    await setUp?.(project);
    const call = async (cwd = project.folder) => {
      const path = relative(project.folder, `${cwd}/${script}`);
      const { code, stdout, stderr, json } = await project.run(path, { ...run, isLocked: true, cwd });
      assertEquals(code, 0, stderr);
      return { ran: stdout.match(/^ran$/gm)?.length ?? 0, ...json<{ value: number; told: string[] }>() };
    };
    assertEquals(await call(), { ran: 1, value: 6, told: ["first call"], notices: [] } as unknown);
    await project.edit(helper, "export", "/** A comment. */\nexport");
    assertEquals(await call(), { ran: 0, value: 6, told: ["hit"], notices: [] } as unknown);
    await project.edit(helper, "return 3", "return 4");
    const reason = `code changed: rate @ ${helper}`;
    assertEquals(await call(), { ran: 1, value: 8, told: [reason], notices: [] } as unknown);
    const moved = `${project.folder}-moved`;
    await Deno.rename(project.folder, moved);
    assertEquals(await call(moved), { ran: 0, value: 8, told: ["hit"], notices: [] } as unknown);
    await Deno.rename(moved, project.folder);
    if (edited === undefined) return;
    await project.edit(await findFile(project, edited.folder, edited.file), edited.from, edited.to);
    const { told, value } = await call();
    assertEquals([value, told.length], [10, 1]);
    assertMatch(told[0]!, /^http:\/\/127\.0\.0\.1:\d+\/half\.js: its code or locked dependencies changed$/);
  });
}
