/** Configuration files of cachepy for Python and of cacheR: what is said about them. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { loadConfig } from "../../src/options/config.ts";
import { CacheTypeError } from "../../src/words/errors.ts";

/** Runs `body` with a configuration file of this text. */
async function withConfig<T>(text: string, body: (file: string) => Promise<T>): Promise<T> {
  const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "cachepy-test-" }));
  try {
    await Deno.writeTextFile(`${folder}/cachepy.yml`, text);
    return await body(`${folder}/cachepy.yml`);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** The message about a configuration file of this text, without the folder. */
async function messageAbout(text: string): Promise<string> {
  return await withConfig(text, async (file) => {
    const error = await assertRejects(() => loadConfig(file), CacheTypeError, undefined, text);
    assertEquals(error.code, "ERR_CONFIG", text);
    return error.message.replace(file, "cachepy.yml");
  });
}

/** What is printed when a configuration file of this text is read, twice, without the folder. */
async function warningsAbout(text: string): Promise<string[]> {
  const lines: string[] = [];
  // deno-lint-ignore no-console
  const before = console.error;
  // deno-lint-ignore no-console
  console.error = (line: string) => void lines.push(line);
  try {
    return await withConfig(text, async (file) => {
      await loadConfig(file);
      await loadConfig(file);
      return lines.map((line) => line.replace(file, "cachepy.yml"));
    });
  } finally {
    // deno-lint-ignore no-console
    console.error = before;
  }
}

const digested = "remove it: files of any size are digested whole";

const KEYS: readonly [key: string, remedy: string][] = [
  ["dir", "did you mean cache_dir?"],
  ["cacheR.dir", "did you mean cache_dir?"],
  ["cacheR.backend", "did you mean backend?"],
  ["cacheR.verbose", "did you mean verbose?"],
  ["cacheR.env_vars", "did you mean env_vars?"],
  [
    "cacheR.wait_timeout",
    "write wait_ms, in milliseconds; without it, a call waits for as long as another process computes it",
  ],
  ["cacheR.poll_interval", "remove it: a call that waits is woken when the result is there"],
  ["pollInterval", "remove it: a call that waits is woken when the result is there"],
  ["block_size", digested],
  ["n_blocks", digested],
  ["full_hash_limit", digested],
  ["_force", "it is of single calls: give it in code, step.with({ force: true })(…)"],
  [".load", "it is of single calls: give it in code, step.with({ load: false })(…)"],
  ["_skip_save", "it is of single calls: give it in code, step.with({ skipSave: true })(…)"],
  ["days_old", "give it to cachePrune() as daysOld; for results that expire, write max_age"],
  ["output", "give it to plotCacheGraph()"],
  ["highlight_stale", "give it to plotCacheGraph() as highlightStale"],
  ["cachedir", "did you mean cacheDir?"],
  ["depends_on_file", "did you mean depends_on_files?"],
];

Deno.test("a key of the sister tools that is no option here is refused with what stands for it", async () => {
  for (const [key, remedy] of KEYS) {
    assertEquals(await messageAbout(`verbose: true\n${key}: 1\n`), `cachepy.yml:2: unknown key "${key}"; ${remedy}`);
  }
  assertMatch(await messageAbout("toString: 1"), /unknown key "toString"; the keys are: /);
});

Deno.test("the options of the sister tools are options here, spelt as there", async () => {
  const text = `
cache_dir: /tmp/project
file_args: [path]
ignore_args: [log]
file_pattern: \\.csv$
env_vars:
  - HOME
  - GENOME_BUILD
version: "2"
depends_on_files: [/data/genes.gtf]
depends_on_vars: { schema: v3 }
verbose: true
hash_file_paths: false
`;
  const options = await withConfig(text, (file) => loadConfig(file));
  assertEquals(Object.keys(options).length, 10);
});

const VALUES: readonly [text: string, message: string][] = [
  ...[["pickle", "cachepy for Python"], ["rds", "cacheR"], ["qs", "cacheR"], ["qs2", "cacheR"]].map((
    [format, tool],
  ): [string, string] => [
    `backend: ${format}`,
    `backend: got "${format}", want "cbor"; remove the key, since there is no other format; what ${tool} stored is not ` +
    "read, and computed again",
  ]),
  ...["json", "constructor"].map((format): [string, string] => [
    `backend: ${format}`,
    `backend: got "${format}", want "cbor"; remove the key, since there is no other format`,
  ]),
  ...["xxhash64", "md5", "sha256"].map((algo): [string, string] => [
    `algo: ${algo}`,
    `algo: got "${algo}", want "SHA-256"; remove the key, since there is no other algorithm`,
  ]),
  [
    "depends_on_vars: [RATE]",
    "depends_on_vars: got Array(1), want an object of values by name or a function that returns one; write values by " +
    "name, depends_on_vars: { RATE: 0.5 }; variables that the code uses count without it",
  ],
  [
    "file_args: null",
    "file_args: got null, want an array, each item a parameter's name; remove the key for the default",
  ],
  [
    "filePattern: '*.csv'",
    'filePattern: got "*.csv", want a regular expression or the source of one; for a glob, write filePattern: ' +
    "'\\.csv$'",
  ],
  ["file_pattern: '('", 'file_pattern: got "(", want a regular expression or the source of one'],
  [
    "file_pattern: '**'",
    'file_pattern: got "**", want a regular expression or the source of one; remove the key: all files count without it',
  ],
];

Deno.test("a value of the sister tools that is none here is refused with what stands for it", async () => {
  for (const [text, message] of VALUES) {
    assertEquals(await messageAbout(`# of a project\n${text}\n`), `cachepy.yml:2: ${message}`);
  }
});

Deno.test("a glob that YAML takes as an alias is refused with the quotes that it lacks", async () => {
  assertMatch(
    await messageAbout("verbose: true\nfile_pattern: *.csv\n"),
    /^cachepy\.yml:2: not valid YAML: .*; put a text that begins with \* in quotes$/,
  );
});

/** Globs, with files that they mean and files that they do not mean. */
const GLOBS: readonly [glob: string, source: string, meant: string[], others: string[]][] = [
  ["*.csv", "\\.csv$", ["a.csv", "b/a.csv"], ["a.csv.gz", "acsv"]],
  ["**/*.csv", "\\.csv$", ["a.csv", "b/c/a.csv"], ["csv"]],
  ["*.{csv,tsv}", "\\.(?:csv|tsv)$", ["a.csv", "b/a.tsv"], ["a.txt"]],
  ["*_?.txt", "_[^/]\\.txt$", ["x/a_1.txt"], ["a_12.txt"]],
  ["raw/**/*.csv", "^raw/(?:.*/)?[^/]*\\.csv$", ["raw/a.csv", "raw/b/c/a.csv"], ["a.csv", "b/raw/a.csv"]],
  ["**/raw/*.gz", "(?:^|/)raw/[^/]*\\.gz$", ["raw/a.gz", "b/raw/a.gz"], ["draw/a.gz", "raw/b/a.gz"]],
];

Deno.test("the regular expression that is named for a glob matches the files that the glob means", async () => {
  for (const [glob, source, meant, others] of GLOBS) {
    const message = await messageAbout(`file_pattern: '${glob}'`);
    assertEquals(message.split("; ")[1], `for a glob, write file_pattern: '${source}'`);
    for (const path of [...meant, ...others]) {
      assertEquals(new RegExp(source).test(path), meant.includes(path), `${source} and ${path}`);
    }
  }
});

const MEANT_AS_GLOBS: readonly [text: string, source: string, meant: string[], others: string[]][] = [
  ["data*.csv", "(?:^|/)data[^/]*\\.csv$", ["data1.csv", "b/data.csv"], ["olddata1.csv", "data1_csv"]],
  ["sample_?.txt", "(?:^|/)sample_[^/]\\.txt$", ["sample_1.txt"], ["sample.txt", "sample_12.txt"]],
  ["raw/*.csv", "^raw/[^/]*\\.csv$", ["raw/a.csv"], ["b/raw/a.csv", "raw/b/a.csv"]],
];

Deno.test("a glob that is a regular expression, too, is taken as one, which is said once", async () => {
  for (const [text, source, meant, others] of MEANT_AS_GLOBS) {
    const remedy = `for a glob, write file_pattern: '${source}'`;
    assertEquals(await warningsAbout(`file_pattern: ${text}`), [
      `cachepy: warning: cachepy.yml:1: file_pattern: "${text}" is taken as a regular expression; ${remedy}`,
    ]);
    for (const path of [...meant, ...others]) {
      assertEquals(new RegExp(source).test(path), meant.includes(path), `${source} and ${path}`);
    }
  }
});

Deno.test("a regular expression is not mistaken for a glob", async () => {
  const patterns = [
    "\\.csv$",
    "^data.*\\.csv",
    ".*csv",
    "jpe?g",
    "tiff?",
    "[ab]*.csv",
    "a+b*",
    "\\d{4}",
    "x|y*",
    ".csv",
  ];
  for (const pattern of patterns) {
    assertEquals(await warningsAbout(`file_pattern: '${pattern}'`), [], pattern);
  }
});

Deno.test("a long text is refused at once, whatever it is", async () => {
  const start = performance.now();
  assertMatch(await messageAbout(`file_pattern: "${"*".repeat(60_000)}("`), /the source of one$/);
  assertEquals(performance.now() - start < 1_000, true);
});
