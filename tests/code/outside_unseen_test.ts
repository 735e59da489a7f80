import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

/** Packages that keep something where nobody can look, each with what `why` says of it. */
const KEEPERS: readonly (readonly [name: string, text: string, notice: string])[] = [
  [
    "a Proxy",
    "const kept = new Proxy({ k: 1 }, {}); export const run = (x) => x * kept.k;",
    "a Proxy, tool/index.js#kept",
  ],
  [
    "a suspended generator",
    "const kept = (function* () { for (let k = 1;;) k = yield k; })(); export const run = (x) => x * kept.next().value;",
    "a generator or iterator, tool/index.js#kept",
  ],
  [
    "the store of an asynchronous context",
    'import { AsyncLocalStorage } from "node:async_hooks"; const kept = new AsyncLocalStorage(); export const run = (x) => x * (kept.getStore() ?? 1);',
    "stores of AsyncLocalStorage, tool/index.js",
  ],
  [
    "a Promise",
    "const kept = Promise.resolve(1); export const run = async (x) => x * await kept;",
    "a Promise, tool/index.js#kept",
  ],
  [
    "a Proxy within an object",
    "const kept = { inner: new Proxy({ k: 1 }, {}) }; export const run = (x) => x * kept.inner.k;",
    "a Proxy, tool/index.js#kept.inner",
  ],
  [
    "a variable that eval writes",
    'let k = 1; export const set = (n) => { eval("k = n"); }; export const run = (x) => x * k;',
    "variables that eval writes, tool/index.js",
  ],
  [
    "marks of the platform",
    'export const run = (x) => x + performance.getEntriesByName("tool").length;',
    "marks of performance, tool/index.js",
  ],
  [
    "objects far within one another",
    "const kept = {}; let at = kept; for (let i = 0; i < 50; i++) at = at.a = { k: i }; export const run = (x) => x * kept.a.a.k;",
    "objects more than 40 steps away, tool/index.js#kept",
  ],
  [
    "the receiver of an arrow function",
    "class Client { constructor() { this.k = 1; this.run = (x) => x * this.k; } } export const { run } = new Client();",
    "`this` of arrow functions, tool/index.js:54",
  ],
];

Deno.test("what packages keep where nobody can look is named by why() and in the metadata, and not printed", async (t) => {
  for (const [name, text, notice] of KEEPERS) {
    await t.step(name, async () => {
      await using project = await Project.create({
        "node_modules/tool/package.json": JSON.stringify({ name: "tool", version: "1.0.0", type: "module" }),
        "node_modules/tool/index.js": text,
        "main.ts": `import { cacheFile } from "@bimsb/cachepy";
import { run } from "tool";
const cached = cacheFile("./.cachepy");
const step = cached(async function step(x: number) { return await run(x); });
await step(2);
console.log(JSON.stringify((await step.why(2)).notices));
`,
      }, { imports: { tool: "./node_modules/tool/index.js" } });
      const { stdout, stderr, code } = await project.run("main.ts");
      assertEquals(code, 0, stderr);
      const notices = JSON.parse(stdout.trim().split("\n").at(-1) ?? "") as string[];
      assertEquals(notices.filter((one) => one.startsWith("not tracked:")), [
        `not tracked: what packages keep in ${notice}`,
      ]);
      assertEquals(stderr.includes("not tracked"), false, stderr);
    });
  }
});
