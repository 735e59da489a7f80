/**
 * Files that are there and that Deno cannot read, in folders that are inputs: other programs can read them, so what a call
 * made of them is never taken for fresh in silence.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Project } from "../support/project.ts";

const PROGRAM = `
import { cacheFile, trackFile } from "@bimsb/cachepy";
let runs = 0;
const cached = (options = {}) => cacheFile("./cache", { ...options, onEvent: ({ kind }) => { if (kind === "run") runs++; } });
async function cat(folder) {
  const { stdout } = await new Deno.Command("sh", { args: ["-c", "cat " + folder + "/*"] }).output();
  return new TextDecoder().decode(stdout);
}
const steps = {
  declared: cached({ dependsOnFiles: ["data"] })(async function declared() { return await cat("data"); }),
  argument: cached({ fileArgs: ["folder"] })(async function argument(folder) { return await cat(folder); }),
  guessed: cached()(async function guessed(folder) { return await cat(folder); }),
  tracked: cached()(async function tracked() { trackFile("data"); return await cat("data"); }),
  chosen: cached({ fileArgs: ["folder"], filePattern: "plain" })(async function chosen(folder) { return await cat(folder); }),
};
const step = steps[Deno.args[0]];
const value = await step("./data");
const { notices } = await step.why("./data");
console.log(JSON.stringify({ value, runs, notices }));
`;

interface Report {
  readonly value: string;
  readonly runs: number;
  readonly notices: readonly string[];
}

/** Runs a command of the shell in the project: Deno can make no file of a name that is no UTF-8. */
function shell(project: Project, command: string): void {
  const { success, stderr } = new Deno.Command("sh", { args: ["-c", command], cwd: project.folder }).outputSync();
  assert(success, new TextDecoder().decode(stderr));
}

const ODD = String.raw`"data/$(printf 'gr\374n.txt')"`;

for (const step of ["declared", "argument", "guessed", "tracked"]) {
  Deno.test({
    name: `a file whose name is no UTF-8 in a folder that is an input (${step}): not stale in silence`,
    ignore: Deno.build.os !== "linux",
    async fn() {
      await using project = await Project.create({ "main.js": PROGRAM, "data/plain.txt": "plain\n" });
      const run = async () => {
        const outcome = await project.run("main.js", { args: [step] });
        return { ...outcome.json<Report>(), stderr: outcome.stderr };
      };
      assertEquals([(await run()).value, (await run()).runs], ["plain\n", 0]);
      shell(project, `echo one > ${ODD}`);
      assertEquals((await run()).value, "one\nplain\n");
      shell(project, `echo two, and longer > ${ODD}`);
      const { value, notices, stderr } = await run();
      const isNamed = stderr.includes("no UTF-8") && notices.some((one) => one.includes("no UTF-8"));
      assert(value === "two, and longer\nplain\n" || isNamed, stderr);
      assertStringIncludes(stderr, "data");
      shell(project, `rm ${ODD}`);
      assertEquals((await run()).value, "plain\n");
    },
  });
}

Deno.test("a file whose name is no UTF-8 and that a pattern leaves out costs nothing", async () => {
  await using project = await Project.create({ "main.js": PROGRAM, "data/plain.txt": "plain\n" });
  if (Deno.build.os === "linux") shell(project, `echo one > ${ODD}`);
  await project.run("main.js", { args: ["chosen"] });
  assertEquals((await project.run("main.js", { args: ["chosen"] })).json<Report>().runs, 0);
});

Deno.test("a name with U+FFFD is a name like any other: the file counts with its content", async () => {
  await using project = await Project.create({ "main.js": PROGRAM, "data/gr\ufffdn.txt": "one\n" });
  const run = async () => (await project.run("main.js", { args: ["argument"] })).json<Report>();
  assertEquals([(await run()).runs, (await run()).runs], [1, 0]);
  await project.write("data/gr\ufffdn.txt", "two\n");
  assertEquals([(await run()).value, (await run()).runs], ["two\n", 0]);
});

Deno.test("a folder with a file that cannot be read: an edit of another file in it is seen", async () => {
  await using project = await Project.create({ "main.js": PROGRAM, "data/plain.txt": "plain\n" });
  // A link that leads to a file with a name that is too long can be looked at by nobody, the superuser included.
  shell(project, `ln -s /${"x".repeat(300)} data/link`);
  for (const step of ["declared", "argument", "guessed", "tracked"]) {
    await project.write("data/plain.txt", "plain\n");
    const run = async () => (await project.run("main.js", { args: [step] })).json<Report>();
    assertEquals((await run()).value, "plain\n");
    await project.write("data/plain.txt", "edited\n");
    const { value, notices } = await run();
    assert(value === "edited\n" || notices.some((one) => one.includes("not tracked: what is in data")), step + value);
  }
});
