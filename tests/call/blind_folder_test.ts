import { assert, assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";

const MAIN = `import { cacheFile } from "@bimsb/cachepy";
const events: any[] = [];
const cached = cacheFile("./.cachepy", { onEvent: (event) => events.push(event) });
const blind = cached(async function blind(path: string) {
  return path + (await new Deno.Command("true").output()).code;
});
const seen = cached(function seen(path: string) { return path.length; });
const [folder] = Deno.args;
await blind(folder);
await blind(folder);
await seen(folder);
const ran = events.filter(({ kind }) => kind === "run").map(({ fname }) => fname);
const notices = events.filter(({ kind }) => kind === "notice").map(({ fname, detail }) => fname + ": " + detail);
const { notices: why } = await blind.why(folder);
console.log(JSON.stringify({ ran, notices, why, missed: events.filter(({ kind }) => kind === "miss").length }));
`;

interface Printed {
  readonly ran: readonly string[];
  readonly notices: readonly string[];
  readonly why: readonly string[];
}

Deno.test("a folder that a blind function is given counts by its files while it is small, else it is named", async () => {
  await using project = await Project.create({ "main.ts": MAIN, "small/a.txt": "1", "small/b/c.txt": "2" });
  const fill = async (folder: string, count: number) => {
    await Deno.mkdir(project.path(folder, "inner"), { recursive: true });
    for (let index = 0; index < count; index++) {
      Deno.writeTextFileSync(project.path(folder, "inner", `${index}.txt`), "");
    }
  };
  await fill("many", 5001);
  await Deno.mkdir(project.path("huge"));
  const huge = await Deno.open(project.path("huge/x.bin"), { create: true, write: true });
  await huge.truncate(2 ** 31); // no disk is used
  huge.close();
  const run = async (folder: string) => {
    const outcome = await project.run("main.ts", { flags: ["-A", "--no-check"], args: [folder] });
    assertEquals(outcome.code, 0, outcome.stderr);
    const { ran, notices, why } = outcome.json<Printed>();
    const named = (all: readonly string[]) => all.filter((notice) => notice.includes("not tracked"));
    assertEquals(named(why).length, named(notices).length, "why() says what the warning said");
    return { ran, named: named(notices) };
  };
  assertEquals(await run("./small"), { ran: ["blind", "seen"], named: [] });
  assertEquals(await run("./small"), { ran: [], named: [] });
  await project.write("small/b/c.txt", "3");
  assertEquals(await run("./small"), { ran: ["blind"], named: [] });
  for (const folder of ["many", "huge"]) {
    const first = await run(`./${folder}`);
    assertEquals(first.ran, ["blind", "seen"]);
    assertEquals(first.named.length, 1);
    assert(first.named[0]!.includes(`the files in the folder ${folder}, which has more than 5000 entries or 1 GiB`));
    assertEquals((await run(`./${folder}`)).ran, [], "the key stays");
    await project.write(`${folder}/new.txt`, "");
    assertEquals((await run(`./${folder}`)).ran, ["blind"], "the names in the folder itself count");
  }
});
