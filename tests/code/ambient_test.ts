import { assertEquals, assertStringIncludes } from "@std/assert";
import { Project } from "../support/project.ts";

const MAIN = `import { cacheFile } from "@bimsb/cachepy";
import process from "node:process";
import { argv } from "node:process";
const events: { kind: string; fname: string; summary?: string }[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => events.push(event as typeof events[number]) });
const steps = [
  cached(function element() { return Deno.args[0]; }),
  cached(function ofNode() { return process.argv[2]; }),
  cached(function whole() { return argv.slice(2).length; }),
  cached({ track: "source" })(function ownText() { return Deno.args[0]; }),
  cached(function hours() { return new Date(0).getHours(); }),
  cached(function text() { return (1234.5).toLocaleString(); }),
  cached(function written() { return \`\${new Date(0)}\`.slice(16, 18); }),
  cached(function none() { return new Date(0).toISOString().length; }),
];
const results: unknown[] = [];
for (const step of steps) results.push(await step());
const ran = events.filter(({ kind }) => kind === "run").map(({ fname }) => fname);
const reasons = events.filter(({ kind }) => kind === "miss").map(({ fname, summary }) => fname + ": " + summary);
console.log(JSON.stringify({ results, ran, reasons }));
`;

interface Printed {
  readonly results: readonly unknown[];
  readonly ran: readonly string[];
  readonly reasons: readonly string[];
}

Deno.test("what code reads of the command line, the time zone and the locale counts, where it reads it", async () => {
  await using project = await Project.create({ "main.ts": MAIN });
  const run = async (args: readonly string[], env: Record<string, string>): Promise<Printed> =>
    (await project.run("main.ts", { flags: ["-A", "--no-check"], args, env: { TZ: "UTC", LANG: "en_US", ...env } }))
      .json<Printed>();
  assertEquals((await run(["x"], {})).ran.length, 8);
  assertEquals((await run(["x"], {})).ran, []);
  const other = await run(["y"], {});
  assertEquals(other.ran, ["element", "ofNode", "whole", "ownText"]);
  assertEquals(other.results.slice(0, 4), ["y", "y", 1, "y"]);
  assertStringIncludes(other.reasons[0]!, '"x" → "y"');
  assertEquals((await run(["y", "z"], {})).ran, ["whole"], "an element alone counts where only it is read");
  const zone = await run(["y", "z"], { TZ: "Asia/Tokyo" });
  assertEquals(zone.ran, ["hours", "text", "written"]);
  assertEquals([zone.results[4], zone.results[6]], [9, "09"]);
  assertEquals((await run(["y", "z"], { LANG: "de_DE" })).ran, ["text"]);
});

Deno.test("what import.meta says of the start and of the import map counts, where code asks for it", async () => {
  const imports = { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0", kit: "./one.ts" };
  await using project = await Project.create({
    "main.ts": 'import { go } from "./lib.ts"; await go();',
    "one.ts": "",
    "two.ts": "",
    "lib.ts": `import { cacheFile } from "@bimsb/cachepy";
const ran: string[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => event.kind === "run" && ran.push(event.fname) });
const isMain = cached(function isMain() { return import.meta.main; });
const place = cached(function place() { return import.meta.resolve("kit").split("/").at(-1); });
const folder = cached(function folder() { return import.meta.dirname?.length; });
export async function go() {
  console.log(JSON.stringify({ results: [await isMain(), await place()], none: await folder() > 0, ran }));
}
if (import.meta.main) await go();
`,
  }, { imports });
  const run = async (script: string) => {
    const { results, ran } = (await project.run(script, { flags: ["-A", "--no-check"] })).json<Printed>();
    return [results, ran];
  };
  assertEquals(await run("main.ts"), [[false, "one.ts"], ["isMain", "place", "folder"]]);
  assertEquals(await run("main.ts"), [[false, "one.ts"], []]);
  assertEquals(await run("lib.ts"), [[true, "one.ts"], ["isMain"]]);
  await project.edit("deno.json", "./one.ts", "./two.ts");
  assertEquals(await run("main.ts"), [[false, "two.ts"], ["place"]]);
});
