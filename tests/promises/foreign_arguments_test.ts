/**
 * A cache folder that somebody else wrote: inner calls are never run with arguments that this user's own programs did not
 * store, and everything else of the folder is served.
 *
 * @module
 */
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Project } from "../support/project.ts";

const PROGRAM = `
import { cacheFile } from "@bimsb/cachepy";
const runs = [];
const options = { onEvent: ({ kind, fname }) => { if (kind === "run") runs.push(fname); }, readOnly: Deno.args.includes("--read-only") };
const cached = cacheFile(new URL("./cache", import.meta.url).pathname, options);
const sh = cached(async function sh(command: string) {
  const inputs = Deno.readTextFileSync(new URL("./inputs.txt", import.meta.url)).trim();
  const { stdout } = await new Deno.Command("sh", { args: ["-c", command], cwd: import.meta.dirname }).output();
  return new TextDecoder().decode(stdout) + inputs.slice(0, 1);
});
const report = cached(async function report(name: string) { return "<" + await sh("echo " + name) + ">"; });
const other = cached(async function other(name: string) { return "(" + await sh("echo " + name) + ")"; });
const step = Deno.args[0] === "other" ? other : report;
const value = await step("seven");
console.log(JSON.stringify({ value, runs }));
`;

interface Report {
  readonly value: string;
  readonly runs: readonly string[];
}

class Victim {
  constructor(readonly project: Project, readonly state: string) {}

  static async create(): Promise<Victim> {
    const project = await Project.create({ "main.ts": PROGRAM, "inputs.txt": "a1" });
    return new Victim(project, project.path("../", `state-${crypto.randomUUID()}`));
  }

  async run(options: { args?: string[]; flags?: string[]; state?: string } = {}): Promise<Report & { stderr: string }> {
    const outcome = await this.project.run("main.ts", {
      args: options.args ?? [],
      flags: options.flags ?? ["-A"],
      env: { XDG_STATE_HOME: options.state ?? this.state, TERM: "dumb" },
    });
    assertEquals(outcome.code, 0, outcome.stderr);
    return { ...outcome.json<Report>(), stderr: outcome.stderr };
  }

  /** Rewrites the records, as JSON texts, in the order of their rows. */
  async rewrite(change: (record: string, all: readonly string[]) => string): Promise<void> {
    const kv = await Deno.openKv(this.project.path("cache/v1/meta.kv"));
    const rows = await Array.fromAsync(kv.list<Uint8Array>({ prefix: ["r"] }));
    const texts = rows.map(({ value }) => new TextDecoder().decode(value.subarray(1)));
    for (const [index, { key }] of rows.entries()) {
      const text = new TextEncoder().encode(change(texts[index]!, texts));
      await kv.set(key, Uint8Array.from([0, ...text]));
    }
    kv.close();
  }

  get key(): string {
    return `${this.state}/cachepy/seal.key`;
  }

  exists(name: string): boolean {
    try {
      Deno.lstatSync(this.project.path(name));
      return true;
    } catch {
      return false;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.project[Symbol.asyncDispose]();
    await Deno.remove(this.state, { recursive: true }).catch(() => {});
  }
}

/** Replaces text in the encoded arguments of a record with a text of the same length. */
function inArguments(record: string, from: string, to: string): string {
  assertEquals(from.length, to.length);
  return record.replace(/\["([A-Za-z0-9+/=]{8,})"\]/g, (whole, base64) => {
    const bytes = atob(base64);
    return bytes.includes(from) ? JSON.stringify([btoa(bytes.replace(from, to))]) : whole;
  });
}

const COMMAND = "echo seven", EVIL = "touch evil";

for (const flag of ["", "--read-only"]) {
  Deno.test(`a stranger who edits stored arguments runs nothing of the user's ${flag}`.trim(), async () => {
    await using victim = await Victim.create();
    await victim.run();
    let edited = 0;
    await victim.rewrite((record) => {
      const after = inArguments(record, COMMAND, EVIL);
      edited += Number(after !== record);
      return after;
    });
    assertEquals(edited, 1);
    await victim.project.write("inputs.txt", "a2");
    const { value, runs } = await victim.run({ args: flag === "" ? [] : [flag] });
    assertEquals(value, "<seven\na>");
    assertEquals(runs.toSorted(), ["report", "sh"]);
    assert(!victim.exists("evil"), "the command of the stranger ran");
  });
}

Deno.test("arguments that the user's own program stored are used: the outer call stands", async () => {
  await using victim = await Victim.create();
  await victim.run();
  await victim.project.write("inputs.txt", "a2");
  assertEquals(await victim.run().then(({ runs, value }) => ({ runs, value })), { value: "<seven\na>", runs: ["sh"] });
});

Deno.test("a record of another user is served, and its inner calls are not run on their own", async () => {
  await using victim = await Victim.create();
  await victim.run({ state: `${victim.state}-of-another` });
  assertEquals((await victim.run()).runs, []);
  await victim.project.write("inputs.txt", "a2");
  assertEquals((await victim.run()).runs.toSorted(), ["report", "sh"]);
  await victim.project.write("inputs.txt", "a3");
  assertEquals((await victim.run()).runs, ["sh"]);
  await Deno.remove(`${victim.state}-of-another`, { recursive: true });
});

Deno.test("an own trace beside a stranger's in one entry does not make the stranger's an own one", async () => {
  await using victim = await Victim.create();
  await victim.run();
  await victim.rewrite((record) => inArguments(record, COMMAND, EVIL));
  await victim.project.write("inputs.txt", "b1");
  assertEquals((await victim.run()).value, "<seven\nb>");
  // Now the entry has two traces. Neither stands, so that each is looked at.
  await victim.project.write("inputs.txt", "c1");
  assertEquals((await victim.run()).value, "<seven\nc>");
  assert(!victim.exists("evil"), "the command of the stranger ran");
});

Deno.test("a seal is of one trace of one entry: elsewhere it is worth nothing", async () => {
  await using victim = await Victim.create();
  await victim.run();
  await victim.run({ args: ["other"] });
  // The trace of `report` is put into the entry of `other`, with its seal.
  await victim.rewrite((record, all) => {
    const [mine, others] = [JSON.parse(record), JSON.parse(all.find((one) => one.includes('"report"'))!)];
    if (mine[1] !== "other") return record;
    mine[8] = others[8];
    return JSON.stringify(mine);
  });
  await victim.project.write("inputs.txt", "a2");
  const { value, runs } = await victim.run({ args: ["other"] });
  assertEquals([value, runs.toSorted()], ["(seven\na)", ["other", "sh"]]);
});

Deno.test("a seal that is no seal, or of another key, is worth nothing", async () => {
  for (const seal of ["0".repeat(64), "", 7, null]) {
    await using victim = await Victim.create();
    await victim.run();
    await victim.rewrite((record) => record.replace(/"[0-9a-f]{64}"\]\]\]$/, `${JSON.stringify(seal)}]]]`));
    await victim.project.write("inputs.txt", "a2");
    const { value, runs } = await victim.run();
    assertEquals([value, runs.toSorted()], ["<seven\na>", ["report", "sh"]]);
  }
});

Deno.test("the key is the user's alone, outside of the cache, and made by the first call that needs it", async () => {
  await using victim = await Victim.create();
  await victim.run();
  const text = await Deno.readTextFile(victim.key);
  assertEquals(text.length, 65);
  const { mode } = await Deno.stat(victim.key);
  if (Deno.build.os !== "windows") assertEquals(mode! & 0o777, 0o600);
  for await (const { name } of Deno.readDir(`${victim.state}/cachepy`)) assertEquals(name, "seal.key");
  await victim.project.write("inputs.txt", "a2");
  await victim.run();
  assertEquals(await Deno.readTextFile(victim.key), text);
});

Deno.test("a key that others can use, a link and a damaged key are not used, and that is said", async () => {
  const spoil: [string, (path: string) => Promise<void>][] = [
    ["others can use", (path) => Deno.chmod(path, 0o644)],
    ["is a link", async (path) => {
      await Deno.rename(path, `${path}.moved`);
      await Deno.symlink(`${path}.moved`, path);
    }],
    ["damaged", (path) => Deno.writeTextFile(path, "7")],
    ["others can use", (path) => Deno.chmod(path.replace(/\/[^/]+$/, ""), 0o777)],
  ];
  for (const [said, act] of spoil) {
    await using victim = await Victim.create();
    await victim.run();
    await act(victim.key);
    await victim.project.write("inputs.txt", "a2");
    const { value, runs, stderr } = await victim.run();
    assertEquals([value, runs.toSorted()], ["<seven\na>", ["report", "sh"]], said);
    assertStringIncludes(stderr, said);
  }
});

Deno.test("a program that may not use the user's folder asks nothing, and gets its results", async () => {
  await using victim = await Victim.create();
  const folder = victim.project.folder;
  const flags = [`--allow-read=${folder}`, `--allow-write=${folder}`, "--allow-run"];
  assertEquals((await victim.run({ flags })).runs.toSorted(), ["report", "sh"]);
  assertEquals((await victim.run({ flags })).runs, []);
  await victim.project.write("inputs.txt", "a2");
  const { runs, stderr } = await victim.run({ flags });
  assertEquals(runs.toSorted(), ["report", "sh"]);
  assert(!stderr.includes("prompt") && !stderr.includes("NotCapable"), stderr);
  assertStringIncludes(stderr, "run with --allow-env=HOME,XDG_STATE_HOME");
});

Deno.test("eight processes that make the key at once make one", async () => {
  await using victim = await Victim.create();
  await Promise.all(Array.from({ length: 8 }, () => victim.run()));
  await victim.project.write("inputs.txt", "a2");
  assertEquals((await victim.run()).runs, ["sh"]);
});

Deno.test("a record of an inner call that names itself is stale, and the verification ends", async () => {
  await using victim = await Victim.create();
  await victim.run();
  await victim.rewrite((record, all) => {
    const [report] = all.map((one) => JSON.parse(one)).filter(([, fname]) => fname === "report");
    const trace = report[8][0];
    const child = trace[4].find(([kind]: string[]) => kind === "c");
    const itself = ["c", child[1], child[2], null, child[4], trace[5][0][0][1]];
    const row = JSON.parse(record);
    row[8][0][4] = [itself];
    row[8][0][5] = null;
    row[8][0].length = 7;
    return JSON.stringify(row);
  });
  assertEquals((await victim.run({ args: ["report", "--read-only"] })).value, "<seven\na>");
  const { value, runs } = await victim.run();
  assertEquals([value, runs.includes("report")], ["<seven\na>", true]);
});
