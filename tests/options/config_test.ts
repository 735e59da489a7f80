import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { findConfig, loadConfig, loadDefaultConfig } from "../../src/options/config.ts";
import { CacheTypeError } from "../../src/words/errors.ts";

/** A temporary folder with the given files, removed afterwards. */
async function withFiles(files: Record<string, string>, body: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.mkdir(`${folder}/${name}`.replace(/[^/]*$/, ""), { recursive: true });
      if (!name.endsWith("/")) await Deno.writeTextFile(`${folder}/${name}`, text);
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** Options that a file with this text gives. */
async function load(text: string, existing?: Parameters<typeof loadConfig>[1]): Promise<Record<string, unknown>> {
  let options: unknown;
  await withFiles({ "cachepy.yml": text }, async (folder) => {
    options = await loadConfig(`${folder}/cachepy.yml`, existing);
  });
  return options as Record<string, unknown>;
}

/** What is said of a file with this text, without the folder. */
async function problemOf(text: string): Promise<string> {
  let message = "";
  await withFiles({ "cachepy.yml": text }, async (folder) => {
    const error = await assertRejects(() => loadConfig(`${folder}/cachepy.yml`), CacheTypeError);
    assertEquals(error.code, "ERR_CONFIG");
    assertEquals(error.path.startsWith(`${folder}/cachepy.yml`), true);
    message = error.message.replace(`${folder}/`, "");
  });
  return message;
}

Deno.test("loadConfig() takes every data option, in camelCase and in snake_case", async () => {
  const camel = `
cacheDir: /c
fileArgs: [path]
ignoreArgs:
  - log
filePattern: \\.csv$
envVars: [HOME]
version: "2"
dependsOnFiles: [/a.csv]
dependsOnVars: { rate: 0.5, names: [a, b] }
hashFilePaths: false
verbose: true
name: load
track: source
observe: false
backend: cbor
algo: SHA-256
ignoreCode: [logger]
readOnly: true
maxBytes: 1024
waitMs: 10
maxTraces: 4
denoVersion: false
groupShared: true
metadataDir: /scratch
durable: true
`;
  const expected = {
    cacheDir: "/c",
    fileArgs: ["path"],
    ignoreArgs: ["log"],
    filePattern: /\.csv$/,
    envVars: ["HOME"],
    version: "2",
    dependsOnFiles: ["/a.csv"],
    dependsOnVars: { rate: 0.5, names: ["a", "b"] },
    hashFilePaths: false,
    verbose: true,
    name: "load",
    track: "source",
    observe: false,
    backend: "cbor",
    algo: "SHA-256",
    ignoreCode: ["logger"],
    readOnly: true,
    maxBytes: 1024,
    waitMs: 10,
    maxTraces: 4,
    denoVersion: false,
    groupShared: true,
    metadataDir: "/scratch",
    durable: true,
  };
  const snake = camel.replace(/^\w+/gm, (key) => key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
  assertEquals(await load(camel), expected);
  assertEquals(await load(snake), expected);
});

Deno.test("loadConfig() reads what looks like a date as text, and yes and no as text too", async () => {
  assertEquals(await load("version: 2026-01-31"), { version: "2026-01-31" });
  assertEquals(await load("dependsOnVars: {day: 2026-01-31, said: no}"), {
    dependsOnVars: { day: "2026-01-31", said: "no" },
  });
});

Deno.test("loadConfig() reads sizes with units", async () => {
  assertEquals(await load("max_bytes: 2GiB"), { maxBytes: 2 * 1024 ** 3 });
});

Deno.test("loadConfig() gives nothing for an empty file, comments or null", async () => {
  for (const text of ["", "\n\n", "# nothing\n", "---\n", "null", "~", "{}"]) assertEquals(await load(text), {}, text);
});

Deno.test("loadConfig() takes paths as relative to the file's folder", async () => {
  await withFiles({
    "conf/cachepy.yml": "cacheDir: ../cache\ndependsOnFiles: [a.csv, ./b/../c.csv, /d.csv, 'file:///e.csv']\n",
  }, async (folder) => {
    const expected = {
      cacheDir: `${folder}/cache`,
      dependsOnFiles: [`${folder}/conf/a.csv`, `${folder}/conf/c.csv`, "/d.csv", "file:///e.csv"],
    };
    assertEquals(await loadConfig(`${folder}/conf/cachepy.yml`) as unknown, expected);
    assertEquals(await loadConfig(new URL(`file://${folder}/conf/cachepy.yml`)) as unknown, expected);
  });
});

Deno.test("loadConfig() lets the keys of existing win, and checks them", async () => {
  assertEquals(await load("verbose: true\nversion: a\nfileArgs: [a]", { version: "b", fileArgs: [] }), {
    verbose: true,
    version: "b",
    fileArgs: [],
  });
  const error = await assertRejects(() => load("", { verbos: true } as never), CacheTypeError);
  assertEquals([error.code, error.path], ["ERR_OPTION_UNKNOWN", "existing.verbos"]);
});

const PROBLEMS: [what: string, text: string, message: string | RegExp][] = [
  [
    "an unknown key, with the nearest",
    "verbose: true\n\ncachedir: x\n",
    'cachepy.yml:3: unknown key "cachedir"; did you mean cacheDir?',
  ],
  ["an unknown key in snake_case", "env_var: [A]", 'cachepy.yml:1: unknown key "env_var"; did you mean env_vars?'],
  [
    "an unknown key that is near to none",
    "ttl: 3",
    /^cachepy\.yml:1: unknown key "ttl"; the keys are: cacheDir, .*durable$/,
  ],
  ["a wrong type", "# c\nverbose: yes", 'cachepy.yml:2: verbose: got "yes", want true or false'],
  ["a wrong type in snake_case", "read_only: 1", "cachepy.yml:1: read_only: got 1, want true or false"],
  ["a wrong item", "fileArgs:\n  - a\n  - 3", "cachepy.yml:1: fileArgs[1]: got 3, want a parameter's name"],
  [
    "a number for a version",
    "version: 1.10",
    "cachepy.yml:1: version: got 1.1, want a string; put it in quotes",
  ],
  ["text for a list", "envVars: HOME", /; write envVars: \["HOME"\]$/],
  ["a key without a value", "cacheDir:", /^cachepy\.yml:1: cacheDir: got null, want /],
  ["a size that is none", "maxBytes: lots", /^cachepy\.yml:1: maxBytes: got "lots", want .* size such as "2GiB"$/],
  [
    "a broken pattern",
    "filePattern: '('",
    'cachepy.yml:1: filePattern: got "(", want a regular expression or the source of one',
  ],
  ["a function", "onEvent: log", "cachepy.yml:1: onEvent cannot be set here: it is a function; give it in code"],
  ["codecs", "codecs: [luxon]", "cachepy.yml:1: codecs cannot be set here: it is a list of functions; give it in code"],
  [
    "one option in two spellings",
    "cacheDir: a\ncache_dir: b",
    "cachepy.yml:2: cache_dir is given twice, as cacheDir and as cache_dir; remove one",
  ],
  ["a list instead of a mapping", "- verbose", /^cachepy\.yml:1: want a mapping of options/],
  ["text instead of a mapping", "verbose", /^cachepy\.yml:1: want a mapping of options/],
  [
    "a syntax error, with its line",
    "verbose: true\nfileArgs: [a\nversion: b",
    /^cachepy\.yml:3: not valid YAML: .*; mend the syntax$/,
  ],
  ["a repeated key", "verbose: true\nverbose: true", /^cachepy\.yml:2: not valid YAML: .*duplicated key/],
  ["two documents", "verbose: true\n---\nverbose: false", /^cachepy\.yml:2: not valid YAML/],
  ["a tag of another language", "version: !!js/function 'x'", /^cachepy\.yml:1: not valid YAML: .*unknown tag/],
  ["a quoted key", '"verbos": true', 'cachepy.yml:1: unknown key "verbos"; did you mean verbose?'],
  ["a key in braces", "{\n  verbose: true,\n  verbos: 1}", /^cachepy\.yml:3: unknown key "verbos"/],
  ["a key that also stands nested", "dependsOnVars:\n  track: 1\ntrack: all", /^cachepy\.yml:3: track: got "all"/],
  ["a prototype", "__proto__: {verbose: true}", /^cachepy\.yml:1: unknown key "__proto__"/],
  ["a merge key", "a: &a {verbose: true}\n<<: *a", /^cachepy\.yml:1: unknown key "a"/],
  ["a value that contains itself", "dependsOnVars: &a {b: *a}", /more than 10000 values or 64 levels/],
];
for (const [what, text, message] of PROBLEMS) {
  Deno.test(`loadConfig() names file, line and remedy of ${what}`, async () => {
    const problem = await problemOf(text);
    if (typeof message === "string") assertEquals(problem, message);
    else assertEquals(message.test(problem), true, problem);
  });
}

Deno.test("loadConfig() says what is wrong with a file that cannot be read", async () => {
  await withFiles({ "folder/": "", "big.yml": `version: "${"x".repeat(65 * 1024)}"` }, async (folder) => {
    const problem = async (name: string) => {
      const error = await assertRejects(() => loadConfig(`${folder}/${name}`), CacheTypeError);
      return [error.code, error.message.replace(`${folder}/`, "")];
    };
    const large = "it is no readable file of at most 64 KiB; pass the path of a YAML file";
    assertEquals(await problem("none.yml"), [
      "ERR_CONFIG",
      "Cannot load none.yml: there is no such file; pass the path of a YAML file",
    ]);
    assertEquals(await problem("folder"), ["ERR_CONFIG", `Cannot load folder: ${large}`]);
    assertEquals(await problem("big.yml"), ["ERR_CONFIG", `Cannot load big.yml: ${large}`]);
  });
});

Deno.test("loadConfig() keeps keys named like prototypes as plain keys of dependsOnVars", async () => {
  const { dependsOnVars } = await load(
    "dependsOnVars: {__proto__: {polluted: 1}, constructor: {prototype: {polluted: 1}}}",
  );
  assertEquals(Object.keys(dependsOnVars as object), ["__proto__", "constructor"]);
  assertEquals(Object.getPrototypeOf(dependsOnVars) === Object.prototype, true);
  assertEquals(({} as Record<string, unknown>).polluted, undefined);
});

Deno.test("loadConfig() does not expand ten lines that name a billion values", async () => {
  const lines = ["dependsOnVars:", "  a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"];
  for (let row = 1; row < 10; row++) lines.push(`  a${row}: &a${row} [${Array(10).fill(`*a${row - 1}`).join(", ")}]`);
  assertEquals(/more than 10000 values/.test(await problemOf(lines.join("\n"))), true);
});

Deno.test("findConfig() takes the nearest file upwards, by order of names within a folder", async () => {
  await withFiles({
    "cachepy.yml": "",
    "a/.cachepy.yml": "",
    "a/b/c/": "",
    "d/.cachepy.yaml": "",
    "d/cachepy.yaml": "",
    "d/.cachepy.yml": "",
    "e/cachepy.yml/": "",
  }, async (folder) => {
    assertEquals(findConfig(`${folder}/a/b/c`), `${folder}/a/.cachepy.yml`);
    assertEquals(findConfig(`${folder}/a`), `${folder}/a/.cachepy.yml`);
    assertEquals(findConfig(`${folder}/d`), `${folder}/d/.cachepy.yml`);
    assertEquals(findConfig(`${folder}/e`), `${folder}/cachepy.yml`);
    await Deno.remove(`${folder}/cachepy.yml`);
    assertEquals(findConfig(`${folder}/e`), findConfig("/"));
  });
});

Deno.test("loadDefaultConfig() gives the same object until the file changes, appears or vanishes", async () => {
  await withFiles({ "src/": "" }, async (folder) => {
    const file = `${folder}/cachepy.yml`;
    const none = await loadDefaultConfig(`${folder}/src`);
    assertEquals({ ...none }, {} as never);
    await Deno.writeTextFile(file, "verbose: true");
    const first = await loadDefaultConfig(`${folder}/src`);
    assertEquals({ ...first }, { verbose: true } as never);
    assertStrictEquals(await loadDefaultConfig(folder), first);
    await Deno.writeTextFile(file, "verbose: false");
    assertEquals({ ...await loadDefaultConfig(folder) }, { verbose: false } as never);
    await Deno.writeTextFile(file, "verbos: false");
    await assertRejects(() => loadDefaultConfig(folder), CacheTypeError, "verbos");
    await assertRejects(() => loadDefaultConfig(folder), CacheTypeError, "verbos");
    await Deno.remove(file);
    assertEquals({ ...await loadDefaultConfig(folder) }, {} as never);
  });
});

Deno.test("findConfig() finds nothing, and asks for nothing, without permission to read", async () => {
  const library = new URL("../../src/options/config.ts", import.meta.url).href;
  await withFiles({
    "cachepy.yml": "verbose: true",
    "main.ts": `import { findConfig, loadConfig } from ${JSON.stringify(library)};
      console.log(findConfig(${JSON.stringify("/")} + import.meta.dirname.slice(1)));
      await loadConfig(import.meta.dirname + "/cachepy.yml").catch((error) => console.log(error.code, error.message));`,
  }, async (folder) => {
    const config = new URL("../../deno.json", import.meta.url).pathname;
    const args = ["run", "--no-prompt", "--no-check", `--config=${config}`, `${folder}/main.ts`];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: folder }).output();
    assertEquals(
      new TextDecoder().decode(stdout),
      `null\nERR_CONFIG Cannot load ${folder}/cachepy.yml: reading it is not allowed; ` +
        `run with --allow-read=${folder}/cachepy.yml\n`,
    );
  });
});
