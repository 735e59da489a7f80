import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { filesBelow } from "../support/rig.ts";
import { type Outcome, Project } from "../support/project.ts";

const HELPER = `
export const FACTOR = 3;
export function scale(x: number): number {
  return x * FACTOR;
}`;

/** Calls one cached function twice and prints what came out, or the error as its users can tell it. */
const MAIN = `
import { cacheFile } from "@bimsb/cachepy";
import { scale } from "./helper.ts";

const OFFSET = 1;
const kinds: string[] = [];
const options = JSON.parse(Deno.args[0] ?? "{}");
const cached = cacheFile({ cacheDir: "cache", ...options, onEvent: ({ kind }) => kinds.push(kind) });
const step = cached(function step(x: number) {
  return scale(x) + OFFSET;
});
try {
  const values = [await step(3), await step(3)];
  console.log(JSON.stringify({ values, kinds }));
} catch (error) {
  const { name, code, path, message } = error as Error & { code: string; path: string };
  const isOfItsClass = error instanceof (await import("@bimsb/cachepy")).CacheError;
  console.log(JSON.stringify({ name, code, path, message, isOfItsClass }));
}`;

const FILES = { "main.ts": MAIN, "helper.ts": HELPER };

interface Said {
  readonly values?: unknown[];
  readonly kinds?: string[];
  readonly name?: string;
  readonly code?: string;
  readonly path?: string;
  readonly message?: string;
  readonly isOfItsClass?: boolean;
}

function warningsOf({ stderr }: Outcome): string[] {
  return stderr.split("\n").filter((line) => line.includes("cachepy: "));
}

/** Fails unless the process ended with the typed error. */
function assertRefused(outcome: Outcome, code: string, path: string, remedy: string): void {
  const said = outcome.json<Said>();
  const { name, isOfItsClass } = said;
  assertEquals({ name, isOfItsClass, code: said.code, path: said.path }, {
    name: "CacheError",
    isOfItsClass: true,
    code,
    path,
  });
  assertStringIncludes(said.message!, remedy);
  assertEquals(warningsOf(outcome), []);
}

const FLAGS = ["--allow-read", "--allow-write", "--allow-sys"];
const COMBINATIONS = Array.from({ length: 8 }, (_, bits) => FLAGS.filter((_, bit) => bits & (1 << bit)));

Deno.test("each combination of permissions gives the flags that are missing, a fallback with one warning, or all", async () => {
  await using project = await Project.create(FILES);
  const todo = [...COMBINATIONS.entries()];
  const runNext = async (): Promise<void> => {
    for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
      const [index, flags] = next;
      const folder = `cache-${index}`;
      const outcome = await project.run("main.ts", { flags, args: [JSON.stringify({ cacheDir: folder })] });
      assertEquals(outcome.code, 0, `${flags}: ${outcome.stderr}`);
      const missing = FLAGS.slice(0, 2).filter((flag) => !flags.includes(flag));
      if (missing.length > 0) {
        const path = project.path(folder);
        assertRefused(
          outcome,
          "ERR_PERMISSION",
          path,
          `run with ${missing.map((flag) => `${flag}=${path}`).join(" ")}`,
        );
        continue;
      }
      const isTracked = flags.includes("--allow-sys");
      const kinds = [...isTracked ? [] : ["notice"], "miss", "run", "stored", "hit"];
      assertEquals(outcome.json(), { values: [10, 10], kinds }, String(flags));
      const warning = "cachepy: warning: step: not tracked: scale, OFFSET; --allow-sys would track them";
      assertEquals(warningsOf(outcome), isTracked ? [] : [warning]);
    }
  };
  await Promise.all([runNext(), runNext()]);
});

Deno.test("permissions for the cache folder alone are enough, and --deny-sys is the same as none", async () => {
  await using project = await Project.create(FILES);
  const narrow = ["--allow-read=cache", "--allow-write=cache", "--allow-sys"];
  const tracked = await project.run("main.ts", { flags: narrow });
  assertEquals(tracked.json<Said>().kinds, ["miss", "run", "stored", "hit"]);
  assertEquals(warningsOf(tracked), []);
  const untracked = await project.run("main.ts", { flags: ["-A", "--deny-sys"] });
  assertEquals(untracked.json<Said>().kinds, ["notice", "miss", "run", "stored", "hit"]);
});

Deno.test("without --allow-sys, functions whose code cannot be seen are named and do not answer for each other", async () => {
  await using project = await Project.create({
    "main.ts": `
import { cacheFile } from "@bimsb/cachepy";

const OFFSET = 1;
const cached = cacheFile("cache");
const add = (x: number, y: number): number => x + y;
const scale = (x: number, y: number): number => x * y;
class Model {
  @cached
  async shift(x: number): Promise<number> {
    return await Promise.resolve(x + OFFSET);
  }
}
const apply = cached(function apply(f: (x: number) => number) {
  return f(3);
});
console.log(JSON.stringify([
  await cached(add.bind(null, 5))(3),
  await cached(scale.bind(null, 5))(3),
  await cached(add.bind(null, 6))(3),
  await cached(JSON.parse)("5"),
  await cached(Date.parse)("5") !== 5,
  await apply(add.bind(null, 5)),
  await apply(scale.bind(null, 5)),
  await new Model().shift(1),
]));`,
  });
  const outcome = await project.run("main.ts", { flags: ["--allow-read", "--allow-write"] });
  assertEquals(outcome.json(), [8, 15, 9, 5, true, 8, 15, 2], outcome.stderr);
  assertEquals(
    warningsOf(outcome).map((line) => line.slice("cachepy: warning: ".length)),
    [
      "bound add: not tracked: bound add; --allow-sys would track them",
      "bound scale: not tracked: bound scale; --allow-sys would track them",
      "apply: not tracked: bound add; --allow-sys would track them",
      "apply: not tracked: bound scale; --allow-sys would track them",
      "shift: not tracked: OFFSET; --allow-sys would track them",
    ],
  );
});

Deno.test('track: "closure" without --allow-sys, or with a narrower one, is ERR_TRACKING with the flag', async () => {
  await using project = await Project.create(FILES);
  for (const flags of [[], ["--allow-sys=hostname"]]) {
    const outcome = await project.run("main.ts", {
      flags: ["--allow-read", "--allow-write", ...flags],
      args: ['{"track":"closure"}'],
    });
    assertRefused(outcome, "ERR_TRACKING", "", 'run with --allow-sys (no filter), or set track: "source"');
  }
});

Deno.test("without --unstable-kv the error says the flag and the line of deno.json, and the flag mends it", async () => {
  await using project = await Project.create(FILES, { unstable: [] });
  const outcome = await project.run("main.ts");
  assertRefused(outcome, "ERR_UNSTABLE_KV", "", 'run with --unstable-kv or add "unstable": ["kv"] to deno.json');
  const mended = await project.run("main.ts", { flags: ["-A", "--unstable-kv"] });
  assertEquals(mended.json<Said>().values, [10, 10]);
});

Deno.test("without --allow-env, CACHEPY_DIR is not seen, and a variable in envVars is an error with its flag", async () => {
  await using project = await Project.create({
    "helper.ts": HELPER,
    "main.ts": MAIN.replace('cacheDir: "cache", ', ""),
  });
  const env = { CACHEPY_DIR: "elsewhere" };
  const flags = ["--allow-read", "--allow-write", "--allow-sys"];
  assertEquals((await project.run("main.ts", { flags, env })).json<Said>().values, [10, 10]);
  const listed = async (): Promise<string[]> =>
    (await filesBelow(project.folder)).filter((name) => /\.TAG$/.test(name));
  assertEquals(await listed(), [".cachepy/CACHEDIR.TAG"]);
  await project.run("main.ts", { flags: [...flags, "--allow-env=CACHEPY_DIR"], env });
  assertEquals(await listed(), [".cachepy/CACHEDIR.TAG", "elsewhere/CACHEDIR.TAG"]);
  const refused = await project.run("main.ts", { flags, args: ['{"envVars":["MODE"]}'] });
  assertRefused(refused, "ERR_PERMISSION", "", "run with --allow-env=MODE");
});

Deno.test("what manages a cache is refused with the same words, whether or not there is a cache", async () => {
  await using project = await Project.create({
    "main.ts": `
import * as cachepy from "@bimsb/cachepy";
const names = ["cacheStats", "cacheList", "cachePrune", "cacheClear", "cacheVerify", "cacheTreeNodes", "cacheTreeFiles"];
const codes = new Set();
for (const name of names) {
  try {
    await (cachepy as unknown as Record<string, (dir: string) => Promise<unknown>>)[name]!("cache");
    codes.add(name + " answered");
  } catch (error) {
    codes.add(error instanceof cachepy.CacheError ? error.code + " " + error.message.split("run with ")[1] : error);
  }
}
console.log(JSON.stringify([...codes]));`,
  });
  const [read, write] = ["read", "write"].map((name) => `--allow-${name}=${project.path("cache")}`);
  for (
    const [flags, wanted] of [[[], `${read} ${write}`], [["--allow-read"], write], [["--allow-write"], read]] as const
  ) {
    const outcome = await project.run("main.ts", { flags });
    assertEquals(outcome.json(), [`ERR_PERMISSION ${wanted}`], outcome.stderr);
  }
});

Deno.test({
  name: "on a terminal nothing is asked, whatever is missing",
  ignore: Deno.build.os !== "linux" || !isThere("/usr/bin/script"),
  fn: async () => {
    await using project = await Project.create(FILES);
    for (const flags of ["", "--allow-read", "--allow-write", "--allow-read --allow-write"]) {
      const command = `${Deno.execPath()} run --no-lock ${flags} ${project.path("main.ts")}`;
      // Not --no-prompt: `script` gives the program a terminal, on which Deno would ask.
      const { stdout } = await new Deno.Command("/usr/bin/script", {
        args: ["-qec", command, "/dev/null"],
        cwd: project.folder,
        env: { NO_COLOR: "1" },
        stdin: "null",
        signal: AbortSignal.timeout(20_000),
      }).output();
      const text = new TextDecoder().decode(stdout);
      assert(!/Allow\?|Deno requests/.test(text), text);
      assertStringIncludes(text, flags.includes("write") && flags.includes("read") ? "[10,10]" : "ERR_PERMISSION");
    }
  },
});

Deno.test("a cacheDir that is a file, or lies below one, is ERR_CACHE_DIR with the remedy, and the file stays", async () => {
  await using project = await Project.create({ ...FILES, "data.csv": "1,2" });
  const file = project.path("data.csv");
  const args = (cacheDir: string): string[] => [JSON.stringify({ cacheDir })];
  const outcome = await project.run("main.ts", { args: args("data.csv") });
  assertRefused(outcome, "ERR_CACHE_DIR", file, "it is a file; name a folder, or a path where one can be made");
  const below = await project.run("main.ts", { args: args("data.csv/cache") });
  assertRefused(below, "ERR_CACHE_DIR", `${file}/cache`, "name a folder that can be written to in cacheDir");
  assertEquals(await Deno.readTextFile(file), "1,2");
});

const isSuperuser = Deno.build.os === "linux" && Deno.uid() === 0 && isThere("/usr/bin/setpriv");

Deno.test({
  name:
    "functions run uncached where a cache folder cannot be made; one that is read-only answers, and keeps nothing new",
  // Only the superuser can become somebody else, and nothing stops the superuser from writing.
  ignore: !isSuperuser,
  fn: async () => {
    await using project = await Project.create({ ...FILES, "locked/readme": "" });
    await using home = await Project.create({});
    await Deno.chmod(home.folder, 0o777);
    await project.run("main.ts");
    await leaveLog(project.path("cache/v1/meta.kv"));
    await chmodAll(project.folder, 0o555, 0o444);
    const asSomebody = async (options: object): Promise<Outcome> => {
      const { code, stdout, stderr } = await new Deno.Command("/usr/bin/setpriv", {
        args: [
          "--reuid=65534",
          "--clear-groups",
          Deno.execPath(),
          ...["run", "--no-prompt", "--no-lock", "-A", project.path("main.ts"), JSON.stringify(options)],
        ],
        cwd: project.folder,
        env: { DENO_DIR: `${home.folder}/deno`, HOME: home.folder, NO_COLOR: "1" },
        stdin: "null",
        signal: AbortSignal.timeout(20_000),
      }).output();
      const [out, err] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)) as [string, string];
      assertEquals(code, 0, err);
      return { code, stdout: out, stderr: err, json: () => JSON.parse(out.trimEnd().split("\n").at(-1)!) };
    };
    const readOnly = `cachepy: warning: The cache directory ${project.path("cache")} cannot be written to: ` +
      "stored results are used, no new ones kept";
    const hit = await asSomebody({});
    assertEquals(hit.json<Said>(), { values: [10, 10], kinds: ["notice", "hit", "hit"] }, hit.stderr);
    assertEquals(warningsOf(hit), [readOnly]);
    const before = await filesBelow(project.path("cache"));
    const miss = await asSomebody({ version: "2" });
    assertEquals(miss.json<Said>(), { values: [10, 10], kinds: ["notice", "miss", "run", "miss", "run"] }, miss.stderr);
    assertEquals(warningsOf(miss), [readOnly]);
    assertEquals(await filesBelow(project.path("cache")), before);
    const unmade = await asSomebody({ cacheDir: "locked/cache" });
    const path = project.path("locked/cache");
    assertEquals(unmade.json<Said>().values, [10, 10], unmade.stderr);
    assertEquals(warningsOf(unmade).length, 1);
    assertStringIncludes(warningsOf(unmade)[0]!, `Cannot make the cache directory ${path}: Permission denied`);
    assertStringIncludes(
      warningsOf(unmade)[0]!,
      "that can be written to in cacheDir; functions run uncached until then",
    );
    await chmodAll(project.folder, 0o755, 0o644);
  },
});

/** Leaves the log of a database as a process does that ends without closing it. */
async function leaveLog(path: string): Promise<void> {
  const kv = await Deno.openKv(path);
  await kv.set(["x"], 1);
  await Deno.copyFile(`${path}-wal`, `${path}-log`);
  kv.close();
  while (isThere(`${path}-wal`)) await new Promise((resolve) => setTimeout(resolve, 5));
  await Deno.rename(`${path}-log`, `${path}-wal`);
}

async function chmodAll(folder: string, folderMode: number, fileMode: number): Promise<void> {
  await Deno.chmod(folder, 0o755);
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    if (isDirectory) await chmodAll(`${folder}/${name}`, folderMode, fileMode);
    else await Deno.chmod(`${folder}/${name}`, fileMode);
  }
  await Deno.chmod(folder, folderMode);
}

function isThere(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}
