import { assertEquals, assertMatch } from "@std/assert";
import { Project } from "../support/project.ts";
import { Rig } from "../support/rig.ts";

/** Replaces a global after the cache was imported and before the first call, as a stub of a test does. */
function programOf(replace: string): string {
  return `import { cacheFile } from "@bimsb/cachepy";
const { stringify } = JSON, { log } = console;
const step = cacheFile("./.cachepy", { verbose: true })(function step(x: number) { return x + 1; });
${replace}
const results = [await step(1), await step(2), await step(1)];
log(stringify(results));
`;
}

async function run(replace: string) {
  await using project = await Project.create({ "main.ts": programOf(replace) });
  const outcome = await project.run("main.ts");
  assertEquals(outcome.code, 0, outcome.stderr);
  assertEquals(outcome.stdout.trim(), "[2,3,2]");
  return outcome.stderr;
}

const replaced = (name: string) =>
  `Object.defineProperty(globalThis, "${name}", { value: {}, configurable: true, writable: true });`;

for (const name of ["Intl", "URL", "TextEncoder", "Reflect", "Map"]) {
  Deno.test(`where a program replaced ${name}, which the cache needs, calls run uncached and that is said`, async () => {
    assertMatch(await run(replaced(name)), /^cachepy: warning: step: it runs uncached: /m);
  });
}

for (const name of ["crypto", "Temporal", "Atomics", "WeakRef", "navigator", "structuredClone"]) {
  Deno.test(`where a program replaced ${name}, calls are cached`, async () => {
    assertMatch(await run(replaced(name)), /^cachepy: step: hit in /m);
  });
}

Deno.test("where writing a line fails, calls are cached without it", async () => {
  const lines = await run("console.error = (text) => { throw new Error(String(text)); };");
  assertEquals(lines.includes("cachepy:"), false);
});

Deno.test("where nothing was replaced, nothing is said of it", async () => {
  assertEquals((await run("")).includes("uncached"), false);
});

Deno.test("a Proxy in the place of what the platform has is another function, and is named", async () => {
  await using rig = await Rig.open();
  const parse = rig.cached()((text: string) => parseFloat(text));
  const host = rig.cached()((text: string) => new URL(text).host);
  const most = rig.cached()((x: number) => Math.max(x, 2));
  const calls = async () => [await parse("1.5"), await host("http://h/"), await most(3)];
  assertEquals(await calls(), [1.5, "h", 3]);
  const { parseFloat: ownParse, URL: OwnUrl } = globalThis, { max } = Math;
  try {
    globalThis.parseFloat = new Proxy(ownParse, { apply: () => 9 });
    globalThis.URL = new Proxy(OwnUrl, {
      construct: (target, [text, base]) =>
        text === "http://h/" ? { host: "9" } : Reflect.construct(target, [text, base]),
    });
    Math.max = new Proxy(max, {
      apply: (target, self, args) => args[0] === 3 ? 9 : Reflect.apply(target, self, args),
    });
    assertEquals(await calls(), [9, "9", 9]);
    assertEquals((await parse.why("1.5")).notices.includes("not tracked: parseFloat, which is a Proxy"), true);
  } finally {
    Object.assign(globalThis, { parseFloat: ownParse, URL: OwnUrl });
    Math.max = max;
  }
  const before = rig.runs();
  assertEquals(await calls(), [1.5, "h", 3]);
  assertEquals(rig.runs(), before, "with the platform's own back in place, all hit");
});
