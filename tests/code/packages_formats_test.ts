import { assertEquals, assertThrows } from "@std/assert";
import { parseJsonc } from "../../src/options/manifests.ts";
import { parseNpmLock } from "../../src/code/packages/package_locks.ts";
import { originOfScript, parseRequest, readVendored, splitNameVersion } from "../../src/code/packages/script_origin.ts";

const PLACES = {
  root: "/home/ada/study",
  denoDir: "/home/ada/.cache/deno",
  vendorDir: null,
  jsrUrl: "https://jsr.io/",
};
const CACHE = "file:///home/ada/.cache/deno/npm/registry.example.org";

Deno.test("parseJsonc() leaves out comments and trailing commas, and nothing within strings", () => {
  const cases: [string, unknown][] = [
    ['{"a": 1}', { a: 1 }],
    ['\uFEFF{"a": 1}', { a: 1 }],
    ['// c\n{"a": 1, // d\n/* e\n */ "b": [1, 2, ], /* , } */ }', { a: 1, b: [1, 2] }],
    ['{"a": "// no /* comment */ ,]", "b": "\\"// \\\\", }', { a: "// no /* comment */ ,]", b: '"// \\' }],
    ['{"https://a/": "b", // x\r\n "c": 1 ,\n// end\n}', { "https://a/": "b", c: 1 }],
    ["[1, /**/ 2 /* , */ ,/* a */]", [1, 2]],
    ["/**/", undefined],
    ['{"a": 1,, }', undefined],
    ['{"a": "open', undefined],
  ];
  for (const [text, value] of cases) {
    if (value === undefined) assertThrows(() => parseJsonc(text), SyntaxError);
    else assertEquals(parseJsonc(text), value);
  }
});

Deno.test("parseJsonc() reads a hostile text in no time", () => {
  for (
    const text of [
      "/*".repeat(100_000),
      ",".repeat(100_000),
      '"'.repeat(100_001),
      ", /**/".repeat(20_000),
      `"${'\\"'.repeat(100_000)}`,
    ]
  ) {
    const startMs = performance.now();
    assertThrows(() => parseJsonc(text), SyntaxError);
    assertEquals(performance.now() - startMs < 5000, true, text.slice(0, 6));
  }
});

Deno.test("parseRequest() takes specifiers apart", () => {
  const cases: [string, string[] | null][] = [
    ["npm:lodash-es@^4.17.20", ["npm", "lodash-es", "^4.17.20"]],
    ["npm:/lodash-es@4/add.js", ["npm", "lodash-es", "4"]],
    ["npm:@scope/name", ["npm", "@scope/name", ""]],
    ["npm:@scope/name@1.0.0-rc.1/a/b.js", ["npm", "@scope/name", "1.0.0-rc.1"]],
    ["jsr:@std/path@1/join", ["jsr", "@std/path", "1"]],
    ["node:fs", null],
    ["lodash-es", null],
    ["npm:", null],
  ];
  for (const [specifier, parts] of cases) {
    const request = parseRequest(specifier);
    assertEquals(request && [request.registry, request.name, request.range], parts, specifier);
  }
});

Deno.test("splitNameVersion() leaves out peers", () => {
  assertEquals(splitNameVersion("a@1.0.0"), { name: "a", version: "1.0.0" });
  assertEquals(splitNameVersion("@s/a@1.0.0-rc.1+b_@t+c@2.0.0__d@3.0.0"), { name: "@s/a", version: "1.0.0-rc.1+b" });
  assertEquals(splitNameVersion("react-dom@18.2.0_1"), { name: "react-dom", version: "18.2.0" });
  assertEquals(splitNameVersion("@s/a"), null);
  assertEquals(splitNameVersion("a"), null);
});

Deno.test("parseNpmLock() knows an alias by its package's own name", () => {
  const lock = { packages: { "node_modules/alias": { name: "real", version: "1.0.0", integrity: "sha512-x" } } };
  assertEquals([...parseNpmLock(JSON.stringify(lock))], [["real@1.0.0", "sha512-x"]]);
});

Deno.test("originOfScript() tells npm packages in Deno's cache and in node_modules", () => {
  const cases: [url: string, name: string, version: string | null, layout: string][] = [
    [`${CACHE}/lodash-es/4.17.21/lodash.js`, "lodash-es", "4.17.21", "deno"],
    [`${CACHE}/@scope/name/1.0.0-rc.1/dist/a.js`, "@scope/name", "1.0.0-rc.1", "deno"],
    [`${CACHE}/react-dom/18.2.0_1/index.js`, "react-dom", "18.2.0", "deno"],
    [`${CACHE}/_jjju6tstorzgkyln/1.3.5/index.js`, "JSONStream", "1.3.5", "deno"],
    ["file:///p/node_modules/.deno/is-odd@3.0.1/node_modules/is-odd/index.js", "is-odd", "3.0.1", "deno"],
    ["file:///p/node_modules/.deno/@s+a@1.0.0+b/node_modules/@s/a/x/y.js", "@s/a", "1.0.0+b", "deno"],
    ["file:///p/node_modules/.deno/dom@18.2.0_react@18.3.1/node_modules/dom/i.js", "dom", "18.2.0", "deno"],
    ["file:///p/node_modules/is-odd/index.js", "is-odd", null, "installed"],
    ["file:///p/node_modules/@s/a/index.js", "@s/a", null, "installed"],
    ["file:///p/node_modules/a/node_modules/b/index.js", "b", null, "installed"],
    ["file:///p/node_modules/.pnpm/a@1.0.0/node_modules/a/index.js", "a", null, "installed"],
    ["file:///home/ada/study/node_modules/a/index.js", "a", null, "installed"],
    ["file:///p/node_modules/.deno/npm@10.0.0/node_modules/npm/node_modules/ini/ini.js", "ini", null, "installed"],
  ];
  for (const [url, name, version, layout] of cases) {
    const origin = originOfScript(url, PLACES);
    if (origin.kind !== "npm") throw new Error(`${url} is ${origin.kind}`);
    assertEquals([origin.name, origin.version, origin.layout], [name, version, layout], url);
    assertEquals(url.startsWith(`file://${origin.folder}/`), true, origin.folder);
  }
});

Deno.test("originOfScript() takes what only looks like Deno's cache for user code", () => {
  const url = "file:///home/ada/npm/example.org/tool/1.0.0/main.ts";
  assertEquals(originOfScript(url, PLACES).kind, "user");
  assertEquals(originOfScript(url, { ...PLACES, denoDir: null }).kind, "npm");
  assertEquals(originOfScript(url, { ...PLACES, denoDir: null, root: "/home/ada" }).kind, "user");
});

Deno.test("originOfScript() takes a project that lies in a node_modules folder for user code", () => {
  const places = { ...PLACES, root: "/p/node_modules/mine" };
  assertEquals(originOfScript("file:///p/node_modules/mine/src/main.ts", places).kind, "user");
  assertEquals(originOfScript("file:///p/node_modules/mine/node_modules/a/x.js", places).kind, "npm");
  assertEquals(originOfScript("file:///p/node_modules/other/x.js", places).kind, "npm");
});

Deno.test("originOfScript() knows JSR at another address", () => {
  const places = { ...PLACES, jsrUrl: "http://localhost:4545/" };
  assertEquals(originOfScript("http://localhost:4545/@std/path/1.0.8/mod.ts", places).kind, "jsr");
  assertEquals(originOfScript("http://localhost:4545/other.ts", places).kind, "remote");
  assertEquals(originOfScript("https://jsr.io/@std/path/1.0.8/mod.ts", places).kind, "remote");
});

Deno.test("readVendored() finds a module under each name that Deno gives it", async () => {
  const folder = await Deno.makeTempDir();
  try {
    const places = { ...PLACES, vendorDir: folder };
    // As `deno cache` with `"vendor": true` wrote them.
    const names: [url: string, file: string][] = [
      ["http://127.0.0.1:8123/half.js", "http_127.0.0.1_8123/half.js"],
      ["http://127.0.0.1:8123/x/v1.2.3/target.ts", "http_127.0.0.1_8123/x/v1.2.3/target.ts"],
      ["http://127.0.0.1:8123/x@1.2.3/Mod.ts", "http_127.0.0.1_8123/x@1.2.3/#mod_8fd58.ts"],
      ["http://127.0.0.1:8123/noext?a=b", "http_127.0.0.1_8123/#noext_2e8e9.js"],
      ["http://127.0.0.1:8123/UP/a%20b.ts", "http_127.0.0.1_8123/#up_42cb4/a%20b.ts"],
      ["http://127.0.0.1:8123/", "http_127.0.0.1_8123/#e3b0c44.js"],
      ["https://deno.land/mod.ts", "deno.land/mod.ts"],
    ];
    for (const [url, file] of names) {
      assertEquals(readVendored(url, places), null);
      await Deno.mkdir(`${folder}/${file}`.replace(/[^/]*$/, ""), { recursive: true });
      await Deno.writeTextFile(`${folder}/${file}`, url);
      assertEquals(readVendored(url, places), url);
    }
    assertEquals(readVendored("https://deno.land/mod.ts?raw", places), null);
    assertEquals(readVendored("https://deno.land/mod.ts", PLACES), null);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
