import { assertEquals, assertMatch } from "@std/assert";
import { Project } from "../support/project.ts";

const MAIN = `import { cacheFile } from "@bimsb/cachepy";
const events: any[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => events.push(event) });
const read = (name: string) => { try { return Deno.statSync(name).isFile ? Deno.readTextFileSync(name) : "folder"; } catch { return null; } };
const command = cached(async function command(names: unknown) {
  return (await new Deno.Command("true").output()).code;
});
const unobserved = cached({ observe: false })(function unobserved(names: unknown) { return read(JSON.stringify(names)); });
const seen = cached(function seen(names: unknown) { return 1; });
const ran: string[] = [];
for (const names of JSON.parse(Deno.args[0]!)) {
  for (const step of [command, unobserved, seen]) {
    events.length = 0;
    await step(names);
    if (events.some(({ kind }) => kind === "run")) ran.push(step.name + " " + JSON.stringify(names));
  }
}
const { notices } = await command.why(JSON.parse(Deno.args[0]!)[0]);
console.log(JSON.stringify({ ran, notices }));
`;

const NAMES = ["x", "README", "a b", "x.txt~", "dätä", "100", "two\nlines"];
const ARGUMENTS = [...NAMES, "folder", ["x"], { path: "x" }, { x: 1 }, "absent", "https://example.org/x"];
/** What must run when the content of all files is another one; no text in `{ x: 1 }` is a value. */
const DEPENDING = ARGUMENTS.filter((names) =>
  !(typeof names === "object" && "x" in names) && names !== "absent" && names !== "https://example.org/x"
);

Deno.test("any text among the arguments of a blind function that names a file or folder counts by its content", async () => {
  const files = Object.fromEntries([...NAMES, "folder/inner/1"].map((name) => [name, "before"]));
  await using project = await Project.create({ "main.ts": MAIN, ...files });
  const run = async (args: readonly unknown[] = ARGUMENTS) => {
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"], args: [JSON.stringify(args)] });
    assertEquals(outcome.code, 0, outcome.stderr);
    return outcome.json<{ readonly ran: readonly string[]; readonly notices: readonly string[] }>();
  };
  const blind = (args: readonly unknown[]) =>
    args.flatMap((names) => ["command", "unobserved"].map((step) => `${step} ${JSON.stringify(names)}`));
  assertEquals((await run()).ran.length, 3 * ARGUMENTS.length);
  assertEquals((await run()).ran, []);
  for (const name of Object.keys(files)) await project.write(name, "after!");
  assertEquals((await run()).ran, blind(DEPENDING));
  assertEquals((await run()).ran, []);
  await project.write("absent", "there now");
  assertEquals((await run()).ran, blind(["absent"]));

  const words = (count: number) => Array.from({ length: count }, (_, index) => `word ${index}`);
  assertEquals((await run([words(100)])).notices.filter((notice) => notice.includes("files that the arg")), []);
  const { notices } = await run([words(101)]);
  assertMatch(
    notices.join("\n"),
    /not tracked: files that the arguments name, beyond the first 1000 .*name the parameter in/,
  );
});
