import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { CacheTypeError } from "../../src/words/errors.ts";
import {
  mergeOptions,
  OPTION_NAMES,
  requireParameterNames,
  resolveOptions,
  validateOptions,
  withoutForeignParameters,
} from "../../src/options/check_options.ts";

function errorOf(body: () => unknown): CacheTypeError {
  return assertThrows(body, CacheTypeError);
}

const CODEC = { name: "a", is: () => false, encode: () => 1, decode: () => 2 };

const GOOD: Record<string, unknown[]> = {
  cacheDir: [".cache", "/abs", "file:///x", new URL("file:///x"), "C:\\cache"],
  fileArgs: [[], ["path"]],
  ignoreArgs: [[], ["log", "workers"]],
  secretArgs: [[], ["pin", "options.pin", "this.pin"]],
  filePattern: [/\.csv$/i, "\\.csv$"],
  envVars: [["HOME", "MY VAR"]],
  version: ["", "2"],
  dependsOnFiles: [["a.csv", new URL("file:///b"), "file:///c"]],
  dependsOnVars: [{ rate: 1 }, () => ({ rate: 1 }), Object.create(null)],
  codecs: [[], [CODEC, { ...CODEC, name: "b" }]],
  hashFilePaths: [true, false],
  verbose: [true, false],
  name: ["load"],
  track: ["closure", "source"],
  observe: [true, false],
  onEvent: [() => {}],
  backend: ["cbor"],
  algo: ["SHA-256"],
  ignoreCode: [["logger", "src/plot.ts"]],
  readOnly: [true, false],
  maxBytes: [1, 2 ** 40, Infinity],
  maxEntryBytes: [1, 2 ** 40, Infinity],
  maxAge: [0, 1.5, 3_600_000, Infinity],
  staleWhileRevalidate: [true, false, 0, 60_000],
  validate: [() => true],
  enabled: [true, false],
  waitMs: [0, 0.5, Infinity],
  maxTraces: [1, 8],
  denoVersion: [true, false],
  durable: [true, false],
  groupShared: [true, false],
  metadataDir: ["meta", "/scratch", new URL("file:///scratch")],
};

const BAD: Record<string, unknown[]> = {
  cacheDir: ["", 1, null, new URL("https://example.com/x"), "https://example.com/x", "a\0b", ["a"]],
  fileArgs: ["path", [1], [""], [null], { 0: "path" }],
  ignoreArgs: ["log", [undefined], new Set(["log"])],
  secretArgs: ["pin", [undefined], [""]],
  filePattern: ["(", 1, ["x"], { source: "x" }],
  envVars: ["HOME", ["A=B"], [""]],
  version: [2, null, true],
  dependsOnFiles: ["a.csv", [1], [new URL("https://example.com/a")], ["http://example.com/a"]],
  dependsOnVars: [1, null, [1], new Map([["rate", 1]])],
  codecs: [CODEC, null, [null], [[CODEC]], [() => {}], "Point"],
  hashFilePaths: ["yes", 1, null],
  verbose: ["true", 0],
  name: ["", 1],
  track: ["all", true],
  observe: ["no"],
  onEvent: ["log", {}],
  backend: ["json", "CBOR"],
  algo: ["md5", "sha-256"],
  ignoreCode: ["logger", [/x/]],
  readOnly: [1],
  maxBytes: [0, -1, 1.5, NaN, "much", "0B", 2 ** 60, 10n],
  maxEntryBytes: [0, -1, "2 GiBs", null],
  maxAge: [-1, NaN, "12", "soon", true, null],
  staleWhileRevalidate: [-1, "yes", null],
  validate: [true, "function", {}],
  enabled: ["off", 0],
  waitMs: [-1, NaN, "1s"],
  maxTraces: [0, 1.5, Infinity, "8"],
  denoVersion: ["2"],
  durable: [null],
  groupShared: ["lab", 1, null],
  metadataDir: ["", 1, null, new URL("https://example.com/x")],
};

Deno.test("the tables of these tests speak of every option", () => {
  assertEquals(Object.keys(GOOD).sort(), [...OPTION_NAMES].sort());
  assertEquals(Object.keys(BAD).sort(), [...OPTION_NAMES].sort());
});

for (const [name, values] of Object.entries(GOOD)) {
  Deno.test(`validateOptions() takes ${name} as documented`, () => {
    for (const value of values) {
      const result = validateOptions({ [name]: value }) as unknown as Record<string, unknown>;
      assertEquals(result[name], name === "filePattern" ? new RegExp(value as string) : value);
      assertEquals(Object.keys(result), [name]);
    }
  });
}

for (const [name, values] of Object.entries(BAD)) {
  Deno.test(`validateOptions() refuses a wrong ${name}, naming it, the value and what is wanted`, () => {
    for (const value of values) {
      const error = errorOf(() => validateOptions({ [name]: value }));
      assertEquals(error.code, "ERR_OPTION_TYPE");
      assertEquals(error.path.replace(/\[\d+\]$/, ""), `options.${name}`);
      const [, path, got, wanted] = /^Cannot use (\S+): got ([\s\S]+), want (.+)$/.exec(error.message) ?? [];
      assertEquals([path, Boolean(got), Boolean(wanted)], [error.path, true, true], error.message);
    }
  });
}

Deno.test("validateOptions() points at the item of a list that is wrong", () => {
  const error = errorOf(() => validateOptions({ fileArgs: ["a", 3] }, "cacheFile(options)"));
  assertEquals(error.path, "cacheFile(options).fileArgs[1]");
  assertEquals(error.message, "Cannot use cacheFile(options).fileArgs[1]: got 3, want a parameter's name");
});

Deno.test("validateOptions() keeps the cause of a pattern that is no regular expression", () => {
  assertEquals(errorOf(() => validateOptions({ filePattern: "(" })).cause instanceof SyntaxError, true);
});

Deno.test("validateOptions() names the option that was probably meant", () => {
  const near: [string, string][] = [
    ["fileArg", "fileArgs"],
    ["cachedir", "cacheDir"],
    ["cache_dir", "cacheDir"],
    ["ingoreArgs", "ignoreArgs"],
    ["dependOnFile", "dependsOnFiles"],
    ["maxbyte", "maxBytes"],
  ];
  for (const [wrong, right] of near) {
    const error = errorOf(() => validateOptions({ [wrong]: 1 }));
    assertEquals([error.code, error.path], ["ERR_OPTION_UNKNOWN", `options.${wrong}`]);
    assertEquals(error.message, `Unknown option options.${wrong}; did you mean ${right}?`);
  }
});

Deno.test("validateOptions() lists the options when none is near", () => {
  for (const wrong of ["ttl", "colour", "__proto__", "constructor", "toString"]) {
    const error = errorOf(() => validateOptions(JSON.parse(`{"${wrong}": 1}`)));
    assertEquals(error.code, "ERR_OPTION_UNKNOWN");
    assertEquals(error.message, `Unknown option options.${wrong}; the options are: ${OPTION_NAMES.join(", ")}`);
  }
});

Deno.test("validateOptions() refuses what is no object of options", () => {
  for (const value of [null, undefined, "x", 3, [], () => {}, new Map(), new URL("file:///x"), new Date()]) {
    assertEquals(errorOf(() => validateOptions(value)).code, "ERR_OPTION_TYPE");
  }
});

Deno.test("validateOptions() takes undefined as not given", () => {
  assertEquals(Object.keys(validateOptions({ version: undefined, verbose: true })), ["verbose"]);
});

Deno.test("validateOptions() takes copies: changing a list afterwards changes nothing", () => {
  const fileArgs = ["path"];
  const cacheDir = new URL("file:///a");
  const options = validateOptions({ fileArgs, cacheDir });
  fileArgs.push("other");
  cacheDir.pathname = "/b";
  assertEquals([options.fileArgs, String(options.cacheDir)], [["path"], "file:///a"]);
});

Deno.test("validateOptions() keeps dependsOnVars itself, so that its values count as they are at a call", () => {
  const dependsOnVars = { rate: 1 };
  assertStrictEquals(validateOptions({ dependsOnVars }).dependsOnVars, dependsOnVars);
});

Deno.test("validateOptions() takes g and y off a pattern, so that each test begins at the start", () => {
  const pattern = validateOptions({ filePattern: /a/giy }).filePattern as RegExp;
  assertEquals([pattern.flags, pattern.test("a"), pattern.test("a")], ["i", true, true]);
});

Deno.test("mergeOptions() replaces option by option, and lists as a whole", () => {
  const base = validateOptions({ verbose: true, fileArgs: ["a", "b"], version: "1" });
  const over = validateOptions({ fileArgs: ["c"], version: undefined });
  assertEquals({ ...mergeOptions(base, over) }, { verbose: true, fileArgs: ["c"], version: "1" } as never);
  assertEquals(base.fileArgs, ["a", "b"]);
});

Deno.test("resolveOptions() fills in the documented defaults", () => {
  const resolved = resolveOptions(validateOptions({ verbose: true }));
  assertEquals(Object.keys(resolved).sort(), [...OPTION_NAMES].sort());
  const { verbose, observe, hashFilePaths, denoVersion, durable, maxTraces, maxBytes, waitMs, track } = resolved;
  assertEquals([verbose, observe, hashFilePaths, denoVersion, durable], [true, true, true, true, false]);
  assertEquals([maxTraces, maxBytes, waitMs, track], [8, Infinity, Infinity, null]);
});

Deno.test("requireParameterNames() names the path, the parameters and the one that was probably meant", () => {
  const error = errorOf(() => requireParameterNames({ fileArgs: ["path", "ouptut"] }, ["path", "output"]));
  assertEquals([error.code, error.path], ["ERR_OPTION_PARAMETER", "options.fileArgs[1]"]);
  assertEquals(
    error.message,
    'Cannot use options.fileArgs[1]: "ouptut" is no parameter of the function, whose parameters are: path, output; ' +
      "did you mean output?",
  );
  for (const name of ["path.", "path..a", "path.*", ".path"]) {
    const { code } = errorOf(() => requireParameterNames({ ignoreArgs: [name] }, ["path"]));
    assertEquals(code, "ERR_OPTION_PARAMETER", name);
  }
  const alone = errorOf(() => requireParameterNames({ ignoreArgs: ["log"] }, [], "o"));
  assertEquals([alone.path, alone.message.includes("are: none")], ["o.ignoreArgs[0]", true]);
});

Deno.test("requireParameterNames() is content with names that are parameters, and with none", () => {
  requireParameterNames({ fileArgs: ["path"], ignoreArgs: ["log", "this", "path.a.b", "log.x-y"] }, ["path", "log"]);
  requireParameterNames({}, []);
});

Deno.test("withoutForeignParameters() keeps the names that are parameters, and all other options", () => {
  const options = validateOptions({ fileArgs: ["path", "other"], ignoreArgs: ["log"], verbose: true });
  assertEquals({ ...withoutForeignParameters(options, ["path"]) }, {
    fileArgs: ["path"],
    ignoreArgs: [],
    verbose: true,
  } as never);
});

Deno.test("validateOptions() points at the member of a codec that is wrong", () => {
  const cases: [codecs: unknown[], message: string][] = [
    [[{ ...CODEC, name: "" }], 'options.codecs[0].name: got "", want a string that is not empty'],
    [[{ ...CODEC, name: undefined }], "options.codecs[0].name: got undefined, want a string that is not empty"],
    [[CODEC, CODEC], 'options.codecs[1].name: got "a", want a name that no codec before it has'],
    [[{ ...CODEC, is: true }], "options.codecs[0].is: got true, want a function"],
    [[CODEC, { ...CODEC, name: "b", encode: undefined }], "options.codecs[1].encode: got undefined, want a function"],
    [[{ ...CODEC, decode: "x" }], 'options.codecs[0].decode: got "x", want a function'],
    [
      [[CODEC]],
      "options.codecs[0]: got Array(1), want a codec { name, is, encode, decode }; spread a list of codecs with ...",
    ],
  ];
  for (const [codecs, message] of cases) {
    const error = errorOf(() => validateOptions({ codecs }));
    assertEquals([error.code, error.message], ["ERR_OPTION_TYPE", `Cannot use ${message}`]);
    assertEquals(error.path, /^\S+(?=: got)/.exec(message)![0]);
  }
});

Deno.test("codecs may be instances of a class; the list is copied, and taken as a whole from the first that gives it", () => {
  class OwnCodec {
    readonly name = "own";
    is = () => false;
    encode(): number {
      return 1;
    }
    decode(): number {
      return 2;
    }
  }
  const codecs = [new OwnCodec()];
  const options = validateOptions({ codecs });
  codecs.push(new OwnCodec());
  assertEquals(options.codecs?.length, 1);
  assertStrictEquals(options.codecs![0], codecs[0]);
  assertStrictEquals(mergeOptions(options, validateOptions({ codecs: [CODEC] })).codecs![0], CODEC as unknown);
  assertEquals(resolveOptions(validateOptions({})).codecs, []);
});
