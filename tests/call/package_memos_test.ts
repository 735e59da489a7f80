import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

const TOOL = `export const memoize = (fn) => {
  const memo = (x) => {
    if (memo.last !== x) memo.value = fn(x);
    memo.last = x;
    return memo.value;
  };
  memo.last = memo.value = null;
  return memo;
};`;

const MAIN = `import { cacheFile } from "@bimsb/cachepy";
import { memoize } from "tool";
const kinds: string[] = [];
const cached = cacheFile("./.cachepy", { codecs: [CODECS], onEvent: ({ kind }) => void kinds.push(kind) });
const rate = 2;
const times = memoize((x: number) => x * rate);
class Amount { constructor(readonly k: number) {} }
const amounts = {
  name: "amount",
  is: (value: unknown) => value instanceof Amount,
  encode: ({ k }: Amount) => times(k) / rate,
  decode: (k: number) => new Amount(k),
};
const step = cached(async function step(x: number) { await new Promise((done) => setTimeout(done, 5)); return BODY; });
console.log(JSON.stringify([await step(2), kinds.filter((kind) => /run|hit|stored/.test(kind))]));
`;

/** A run of the program. */
async function kindsOf(project: Project): Promise<string[]> {
  const { stdout, stderr, code } = await project.run("main.ts");
  assertEquals(code, 0, stderr);
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "")[1] as string[];
}

const CASES = [
  { name: "a function that waits and uses a memo of a package", codecs: "", body: "times(x)", rest: ["hit"] },
  { name: "a codec that uses a memo of a package", codecs: "amounts", body: "new Amount(x)", rest: ["hit"] },
];

Deno.test("what a package keeps of what it made is left out once two runs were seen to change it", async (t) => {
  for (const { name, codecs, body, rest } of CASES) {
    await t.step(name, async () => {
      const main = MAIN.replace("CODECS", codecs).replace("BODY", body);
      await using project = await Project.create({
        "node_modules/tool/package.json": JSON.stringify({ name: "tool", version: "1.0.0", type: "module" }),
        "node_modules/tool/index.js": TOOL,
        // Codecs are made before the functions that use them.
        "main.ts": codecs === "" ? main : main.replace(/(const cached = .*\n)([^]*)(const step)/, "$2$1$3"),
      }, { imports: { tool: "./node_modules/tool/index.js" } });
      const runs = [await kindsOf(project), await kindsOf(project), await kindsOf(project)];
      assertEquals(runs.at(-1), rest);
      assertEquals(runs.filter((kinds) => kinds.includes("run")).length <= 2, true, JSON.stringify(runs));
      await project.edit("main.ts", "rate = 2", "rate = 3");
      assertEquals((await kindsOf(project)).includes("run"), true, "an edit of what the memo holds");
    });
  }
});
