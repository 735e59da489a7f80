/**
 * Control characters and marks that change the direction of text, in each text of a cache: none of them reaches a terminal.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { Project } from "../support/project.ts";
import { appendToPage, decodePage, encodePageHead, encodePageRow } from "../../src/store/records/summary_index.ts";
import { runCli } from "../support/run_cli.ts";
import { SAMPLE_STEP } from "../support/sample.ts";

const PROGRAM = `
import { cacheFile } from "@bimsb/cachepy";
const rate = 3;
const cached = cacheFile("./cache", { verbose: true });
const load = cached(async function load(path: string) { return (await Deno.readTextFile(path)).length * rate; });
const report = cached(async function report(path: string, label = "plain") { return [label, await load(path), eval("1")]; });
const step = Deno.args[0] === "later" ? "third" : "second";
await report("input.txt", "first");
await report("input.txt", step);
console.log(JSON.stringify((await report.why("input.txt", "fourth")).outcome));
`;

const EVIL = "\x1b]0;owned\x07\x1b[2J\r\ncachepy: all is well\x9b31m\u202e\u2028\x7f\x00";
// Newlines end lines; everything else may be an order to a terminal.
// deno-lint-ignore no-control-regex
const ORDERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

/** Puts the text into one text of a row, at `index`. @returns False when the row has fewer texts. */
function poison(row: unknown, index: number): boolean {
  let left = index;
  const visit = (list: unknown[]): boolean =>
    list.some((cell, at) => {
      if (Array.isArray(cell)) return visit(cell);
      if (typeof cell !== "string" || /^[0-9a-f]{64}$/.test(cell)) return false;
      if (left-- > 0) return false;
      list[at] = cell.slice(0, 3) + EVIL + cell.slice(3);
      return true;
    });
  return visit(row as unknown[]);
}

interface Found {
  readonly isPoisoned: boolean;
}

/** Changes the text at `index` in each row of a kind. */
async function poisonRows(path: string, kind: string, index: number): Promise<Found> {
  const kv = await Deno.openKv(path);
  let isPoisoned = false;
  for (const { key, value } of await Array.fromAsync(kv.list<Uint8Array>({ prefix: [kind] }))) {
    const head = kind === "p" ? 9 : 1;
    if (kind === "s") {
      if (index > 1) continue;
      isPoisoned = true;
      const rows = decodePage(value);
      const [name, id] = [rows[0]!.fname, rows[0]!.functionId].map((text, at) => at === index ? text + EVIL : text);
      let page = encodePageHead(name!, id!);
      for (const row of rows) page = appendToPage(page, encodePageRow(row));
      await kv.set(key, page);
      continue;
    }
    try {
      const row: unknown = JSON.parse(new TextDecoder().decode(value.subarray(head)));
      if (!poison(row, index)) continue;
      isPoisoned = true;
      await kv.set(
        key,
        Uint8Array.from([...value.subarray(0, head), ...new TextEncoder().encode(JSON.stringify(row))]),
      );
    } catch {
      // A row of another form.
    }
  }
  kv.close();
  return { isPoisoned };
}

async function copy(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copy(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}

/** Says what is wrong with texts that were printed; nothing where all is well. */
function faultsIn(said: Readonly<Record<string, string>>): string[] {
  return Object.entries(said).flatMap(([what, text]) => {
    const at = text.search(ORDERS);
    const order = at < 0 ? [] : [`${what}: ${JSON.stringify(text.slice(Math.max(0, at - 60), at + 20))}`];
    return /^cachepy: all is well/m.test(text) ? [...order, `${what}: a line of the stranger's`] : order;
  });
}

for (const kind of ["r", "n", "p", "s"]) {
  Deno.test(`a control character in any text of a row ${kind} never reaches a terminal`, async () => {
    await using project = await Project.create({ "main.ts": PROGRAM, "input.txt": "data" });
    await project.run("main.ts");
    await copy(project.path("cache"), project.path("original"));
    let count = 0;
    for (let index = 0;; index += SAMPLE_STEP) {
      await Deno.remove(project.path("cache"), { recursive: true });
      await copy(project.path("original"), project.path("cache"));
      if (!(await poisonRows(project.path("cache/v1/meta.kv"), kind, index)).isPoisoned) break;
      count++;
      const said: Record<string, string> = {};
      const cwd = project.folder;
      const list = await runCli(["list", "--json", "--cache-dir", "cache"], { cwd });
      const key = (/"key": ?"([0-9a-f]{64})"/.exec(list.out)?.[1]) ?? "0".repeat(64);
      const commands = [["list"], ["stats"], ["files"], ["tree"], ["changed"], ["info", key], ["why", "report"], [
        "verify",
      ], ["report"]];
      for (const command of [0, 3, 5].map((step) => commands[(index + step) % commands.length]!)) {
        for (const json of index % 2 === 0 ? [[]] : [["--json"]]) {
          const { out, err } = await runCli([...command, ...json, "--cache-dir", "cache"], { cwd });
          said[[...command, ...json].join(" ")] = out + err;
        }
      }
      const { stdout, stderr } = await project.run("main.ts", { args: ["later"], flags: ["-A", "--no-check"] });
      said.program = stdout + stderr;
      assertEquals(faultsIn(said), [], `text ${index}`);
    }
    assertEquals(count * SAMPLE_STEP >= 2, true, `${count} texts`);
  });
}

Deno.test("a control character in a file of counts, of state or of a lock never reaches a terminal", async () => {
  await using project = await Project.create({ "main.ts": PROGRAM, "input.txt": "data" });
  await project.run("main.ts");
  const usage = project.path("cache/v1/usage");
  const id = "00000000-0000-4000-8000-000000000000";
  const counts = [{ fname: `load${EVIL}`, functionId: `load${EVIL}`, calls: 1, detail: EVIL, lastMs: 1 }];
  await Deno.writeTextFile(`${usage}/unstored-${id}.json`, JSON.stringify(counts));
  for await (const { name } of Deno.readDir(usage)) {
    if (name.startsWith("state-")) await Deno.writeTextFile(`${usage}/${name}`, JSON.stringify({ places: [EVIL] }));
  }
  await Deno.writeTextFile(project.path(`cache/v1/tmp/${EVIL.replaceAll("\0", "")}`), "mine");
  await Deno.writeTextFile(project.path("cache/v1/verify.json"), JSON.stringify([EVIL]));
  const said: Record<string, string> = {};
  for (const command of [["stats"], ["list"], ["verify"], ["verify", "--repair"], ["prune"], ["clear", "--yes"]]) {
    for (const json of [[], ["--json"]]) {
      const { out, err } = await runCli([...command, ...json, "--cache-dir", "cache"], { cwd: project.folder });
      said[[...command, ...json].join(" ")] = out + err;
    }
  }
  const { stdout, stderr } = await project.run("main.ts", { args: ["later"], flags: ["-A", "--no-check"] });
  said.program = stdout + stderr;
  assertEquals(faultsIn(said), []);
});
