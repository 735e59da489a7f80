/**
 * What a process pays before it does anything: importing the package, asking the command line for help; and how much of
 * the package a first hit loads.
 *
 * @module
 */
import { runScript } from "../support/children.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { measure } from "../support/measure.ts";
import { expect } from "../support/outcome.ts";
import { createWorkspace } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  using workspace = createWorkspace();
  const dir = workspace.folder("ours");
  const times = await measure({
    empty: () => runScript("bench/children/empty.ts"),
    module: () => runScript("bench/children/import_mod.ts"),
    wrap: () => runScript("bench/children/wrap_only.ts", [dir]),
    help: async () => expect((await runScript("cli.ts", ["--help"])).includes("prune"), "there was no help"),
  }, { rounds: scale.quick ? 5 : 15, warmUp: 1 });
  expect([...Deno.readDirSync(dir)].length === 0, "wrapping a function touched the disk");

  const over = (path: string, ours: number, most: number): Figure => ({
    path,
    unit: "ms",
    ours: ours - times.empty,
    floor: null,
    peers: {},
    limits: [{ text: `${most} ms`, most }],
    note: `over an empty script, ${times.empty.toFixed(0)} ms`,
  });
  return [
    over("import mod.ts", times.module, 40),
    over("import and wrap, never called", times.wrap, 40),
    over("cli.ts --help", times.help, 100),
    await modulesOfFirstHit(workspace.folder("modules")),
  ];
}

/** Counts the modules of the package that a process has loaded after one hit, whose entry another process stored. */
async function modulesOfFirstHit(dir: string): Promise<Figure> {
  const count = () => runScript("bench/children/first_hit_modules.ts", [dir]);
  await count();
  return {
    path: "modules loaded by a first hit",
    unit: "modules",
    ours: Number(await count()),
    floor: null,
    peers: {},
    limits: [{ text: "120", most: 120 }],
    note: "",
  };
}
