/**
 * Programs that make each kind of result on a miss and on a hit in another process, alone, nested, and through an outer
 * cached function, and report what came out wrong.
 *
 * @module
 */
import { Project } from "../project.ts";
import type { ResultKind } from "./kind.ts";

/** A result that came out wrong. */
export interface Flaw {
  readonly row: string;
  /** Where it was met: `alone`, `nested` or `outer`. */
  readonly where: "alone" | "nested" | "outer";
  /**
   * `different`: a hit gives another value. `not kept`: it ran again. `stored`: it should not have been. `not named`:
   * nothing says where it is and that it is not stored. `failed`: the call could not be made.
   */
  readonly kind: "different" | "not kept" | "stored" | "not named" | "failed";
  readonly detail: string;
}

const KIT = `
import { cacheFile } from "@bimsb/cachepy";
export const events = new Map();
export const cached = cacheFile(new URL("cache", import.meta.url), {
  // It keeps the last value of a function for this test alone.
  ignoreCode: ["kit.js"],
  onEvent: (event) => events.set(event.fname, [...events.get(event.fname) ?? [], event]),
});
export const made = { last: undefined };
export function note(value) {
  made.last = value;
  return value;
}
`;

/** The module of a kind. Each has a version of its own, since functions of one text would share their entries. */
function moduleOf({ setup = "", make, known = "", use = "null", options = "{}" }: ResultKind, id: string): string {
  const wrap = (name: string, text: string) =>
    `cached({ ...${options}, name: "${name} ${id}", version: "${id}" })(${text})`;
  return `import { cached, note } from "./kit.js";
import { printValue } from "./print_value.ts";
${setup}
const KNOWN = { ${known} };
const use = async (value) => ${use};
async function describe(value) {
  return printValue(value, KNOWN) + "\\n---\\n" + printValue(await use(value), KNOWN);
}
const alone = ${wrap("alone", `async function alone() { return note(${make}); }`)};
const nested = ${wrap("nested", `async function nested() { return note({ rows: [{ value: ${make} }] }); }`)};
const outer = ${wrap("outer", `async function outer(round) { return await describe(await alone()); }`)};
export const row = { alone, nested, outer, describe };
`;
}

const MAIN = `
import { events, made } from "./kit.js";
const isFirst = Deno.args[0] === "first";
const rows = JSON.parse(Deno.readTextFileSync(new URL("rows.json", import.meta.url)));
const textFile = new URL("texts.json", import.meta.url);
const texts = isFirst ? {} : JSON.parse(Deno.readTextFileSync(textFile));
const flaws = [];
/** The part of a description that each run of the function gives: without stacks, and of what is not kept, its use alone. */
const repeatable = (text, kept) => text.slice(kept === true ? 0 : text.lastIndexOf("\\n---\\n")).replace(/^.*\\\\n    at .*$/gm, "");
/** The first line in which two texts differ. */
function difference(got, wanted) {
  const [left, right] = [got.split("\\n"), wanted.split("\\n")];
  const at = left.findIndex((line, index) => line !== right[index]);
  return (left[at] ?? "nothing") + " instead of " + (right[at] ?? "nothing");
}
for (const { id, name, kept, at } of rows) {
  const flaw = (where, kind, detail) => {
    if (flaws.some((one) => one.row === name && one.where === where && one.kind === kind)) return;
    flaws.push({ row: name, where, kind, detail: detail.length > 240 ? detail.slice(0, 240) + "…" : detail });
  };
  let row;
  try {
    ({ row } = await import("./row_" + id + ".js"));
  } catch (error) {
    flaw("alone", "failed", String(error?.stack ?? error));
    continue;
  }
  for (const where of ["alone", "nested"]) {
    const path = where === "alone" ? "result" + at : "result.rows[0].value" + at;
    const fname = where + " " + id;
    const count = (kind) => (events.get(fname) ?? []).filter((event) => event.kind === kind).length;
    const describe = where === "alone" ? row.describe : ({ rows: [{ value }] }) => row.describe(value);
    for (const round of [1, 2]) {
      const when = (isFirst ? "" : "in another process ") + "call " + round + ": ";
      const before = count("run");
      try {
        const value = await row[where]();
        const didRun = count("run") > before;
        const failed = (events.get(fname) ?? []).filter((event) => event.kind === "save-failed");
        if (didRun && !Object.is(value, made.last)) flaw(where, "different", when + "not the very value");
        const text = await describe(value);
        const wanted = texts[fname] ??= text;
        if (!didRun && text !== wanted) flaw(where, "different", when + difference(text, wanted));
        if (!didRun && kept === "named") flaw(where, "stored", when + "it was a hit");
        if (didRun && kept === true && !(isFirst && round === 1)) flaw(where, "not kept", when + (failed.at(-1)?.detail ?? "it ran again"));
        if (didRun && kept === true && failed.length > 0) flaw(where, "not kept", when + failed.at(-1).detail);
        const isNamed = failed.some((event) => event.path === path);
        if (kept === "named" && didRun && !isNamed) {
          flaw(where, "not named", when + (failed.length === 0 ? "no path" : failed.at(-1).path + " instead of " + path));
        }
        if (kept === "either" && didRun && failed.length === 0 && !(isFirst && round === 1)) flaw(where, "not named", when + "no path");
      } catch (error) {
        flaw(where, "failed", when + String(error?.stack ?? error));
      }
    }
  }
  for (const round of isFirst ? [1] : [1, 2]) {
    const fname = "outer " + id;
    const runs = () => (events.get(fname) ?? []).filter((event) => event.kind === "run").length;
    const before = runs();
    try {
      const text = await row.outer(round);
      const wanted = texts["alone " + id] ?? "";
      const [said, plain] = [repeatable(text, kept), repeatable(wanted, kept)];
      if (said !== plain) flaw("outer", "different", "round " + round + ": " + difference(said, plain));
      if (kept === true && !isFirst && round === 1 && runs() > before) flaw("outer", "not kept", "it ran again in another process");
    } catch (error) {
      flaw("outer", "failed", String(error?.stack ?? error));
    }
  }
}
Deno.writeTextFileSync(textFile, JSON.stringify(texts));
console.log(JSON.stringify(flaws));
Deno.exit(0);
`;

/** Makes all results, each in two processes, one after the other; one half beside the other half. */
export async function findFlaws(kinds: readonly ResultKind[]): Promise<Flaw[]> {
  const middle = Math.ceil(kinds.length / 2);
  const halves = [kinds.slice(0, middle), kinds.slice(middle)];
  return (await Promise.all(halves.map(flawsOfHalf))).flat();
}

async function flawsOfHalf(kinds: readonly ResultKind[]): Promise<Flaw[]> {
  const rows = kinds.map(({ name, kept, at = "" }, index) => ({ id: `${index}`.padStart(3, "0"), name, kept, at }));
  await using project = await Project.create({
    "kit.js": KIT,
    "main.js": MAIN,
    "print_value.ts": await Deno.readTextFile(new URL("./print_value.ts", import.meta.url)),
    "rows.json": JSON.stringify(rows),
    "data.txt": "text",
    "far.js": "export class Far { constructor(v) { this.v = v; } twice() { return this.v * 2; } }",
    ...Object.fromEntries(kinds.map((kind, index) => [`row_${rows[index]!.id}.js`, moduleOf(kind, rows[index]!.id)])),
  });
  const flaws: Flaw[] = [];
  for (const process of ["first", "second"]) {
    const { code, stderr, ...outcome } = await project.run("main.js", { args: [process] });
    if (code !== 0) throw new Error(`The ${process} process ended with ${code}: ${stderr.slice(-2000)}`);
    const found = outcome.json<Flaw[]>();
    for (const { id, name, kept, at } of rows) {
      if (kept !== "named" || found.some(({ row, kind }) => row === name && kind === "failed")) continue;
      const warned = stderr.split("\n").some((line) => line.includes(`alone ${id}: `) && line.includes(`result${at}`));
      const detail = `no warning of the ${process} process has its path`;
      if (!warned) found.push({ row: name, where: "alone", kind: "not named", detail });
    }
    const isNew = (one: Flaw) =>
      !flaws.some(({ row, where, kind }) => one.row === row && one.where === where && one.kind === kind);
    flaws.push(...found.filter(isNew));
  }
  return flaws;
}
