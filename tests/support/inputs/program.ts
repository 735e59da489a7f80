/**
 * Programs that make the calls of a table of pairs and report each call that came out wrong.
 *
 * A program runs in two processes: the module variable that each function closes over holds the one value in the first
 * process and the other value in the second one.
 *
 * @module
 */
import { Project } from "../project.ts";
import type { InputMode, InputPair } from "./family.ts";

/** A call, or a pair of calls, that came out wrong. `plain`: the table itself is wrong. */
export interface Finding {
  readonly row: string;
  readonly mode: InputMode | "plain";
  /** `wrong`: another value than the plain function's. `needless`: it ran again. `failed`: it could not be made. */
  readonly kind: "wrong" | "needless" | "failed";
  readonly detail: string;
}

/** Each place of an input, as the wrapped function that reaches it. */
const WRAPPED: Readonly<Record<InputMode, string>> = {
  argument: "f",
  receiver: "function receiver() { return f(this); }",
  captured: "function captured() { return f(heldValue); }",
  returned: "async function outer() { return f(await returns()); }",
  thrown: "async function outer() { try { await throws(); } catch (error) { return f(error); } }",
};

const KIT = `
import { cacheFile } from "@bimsb/cachepy";
export const heldSide = Deno.args[0];
export const runs = new Map();
export const cached = cacheFile(new URL("cache", import.meta.url), {
  onEvent: ({ kind, fname }) => void (kind === "run" && runs.set(fname, (runs.get(fname) ?? 0) + 1)),
});
`;

/** The module of a pair. Each has a version of its own, since functions of one text would share their entries. */
function moduleOf({ setup = "", fn, a, b, modes, options = "{}" }: InputPair, id: string): string {
  const all = modes ?? Object.keys(WRAPPED) as InputMode[];
  const wrap = (mode: string, text: string) =>
    `cached({ ...${options}, name: "${mode} ${id}", version: "${id}" })(${text})`;
  const inner = (verb: string) =>
    `async function inner() {
  const value = (await Deno.readTextFile(CHOICE) === "a" ? a : b)()[0];
  ${verb} value;
}`;
  return `import { cached, heldSide } from "./kit.js";
${setup}
const CHOICE = new URL("choice.txt", import.meta.url);
const f = ${fn};
const a = () => [${a}];
const b = () => [${b}];
const heldValue = (heldSide === "a" ? a : b)()[0];
${all.includes("returned") ? `const returns = ${wrap("inner returned", inner("return"))};` : ""}
${all.includes("thrown") ? `const throws = ${wrap("inner thrown", inner("throw"))};` : ""}
export const row = { f, a, b, calls: {
${all.map((mode) => `  ${mode}: ${wrap(mode, WRAPPED[mode])},`).join("\n")}
} };
`;
}

const MAIN = `
import { heldSide as side, runs } from "./kit.js";
const rows = JSON.parse(Deno.readTextFileSync(new URL("rows.json", import.meta.url)));
const findings = [];
const show = (value) => typeof value === "string" ? JSON.stringify(value)
  : Deno.inspect(value, { depth: 20, iterableLimit: 100, compact: true, breakLength: Infinity });
async function outcome(call) {
  try { return show(await call()); } catch (error) { return "throws " + error?.name + ": " + error?.message; }
}
const short = (text) => text.length > 160 ? text.slice(0, 160) + "…" : text;
const loaded = [];
for (const row of rows) {
  // The first call that is wrong stands for those that follow from it.
  const note = (mode, kind, detail) => {
    if (findings.some((one) => one.row === row.name && one.mode === mode && one.kind === kind)) return;
    findings.push({ row: row.name, mode, kind, detail: short(detail) });
  };
  try {
    const module = await import("./row_" + row.id + ".js");
    loaded.push({ ...row, ...module.row, note, runsOf: (mode) => runs.get(mode + " " + row.id) ?? 0 });
  } catch (error) {
    note("plain", "failed", String(error?.stack ?? error));
  }
}
for (const row of loaded) {
  row.wanted = { a: await outcome(() => row.f(...row.a())), b: await outcome(() => row.f(...row.b())) };
  if (side === "a" && (row.wanted.a !== row.wanted.b) !== row.apart) {
    row.note("plain", "wrong", row.wanted.a + (row.apart ? " both times" : " and " + row.wanted.b));
  }
  if (/^throws/.test(row.wanted.a + row.wanted.b)) row.note("plain", "failed", row.wanted.a + " | " + row.wanted.b);
}
/** Makes one call and compares it with the plain one. */
async function check(row, mode, which, call, when = "") {
  const got = await outcome(call);
  if (got !== row.wanted[which]) row.note(mode, "wrong", which + when + " gave " + got + " instead of " + row.wanted[which]);
}
/** Compares the number of runs with the number of different inputs. */
function checkRuns(row, mode, most, when) {
  if (row.hits !== false && row.runsOf(mode) > most) row.note(mode, "needless", row.runsOf(mode) + " runs instead of " + most + when);
}
for (const row of loaded) {
  const least = side === "b" ? 0 : row.apart ? 2 : 1;
  const when = side === "b" ? " in another process" : "";
  for (const mode of ["argument", "receiver"]) {
    if (row.calls[mode] === undefined) continue;
    const call = (which) => () => mode === "argument" ? row.calls[mode](...row[which]()) : row.calls[mode].call(row[which]()[0]);
    for (const which of ["a", "b"]) await check(row, mode, which, call(which), when);
    const before = row.runsOf(mode);
    checkRuns(row, mode, least, when);
    if (side === "b") continue;
    for (const which of ["a", "b"]) await check(row, mode, which, call(which), when + " the second time");
    if (before <= least) checkRuns(row, mode, least, when + " when both were made again");
  }
  if (row.calls.captured !== undefined) {
    await check(row, "captured", side, () => row.calls.captured(), when);
    checkRuns(row, "captured", side === "a" || row.apart ? 1 : 0, when);
    if (side === "b") continue;
    await check(row, "captured", side, () => row.calls.captured(), when + " the second time");
    checkRuns(row, "captured", 1, when + " when it was made again");
  }
}
if (side === "a") {
  for (const [round, which] of ["a", "b", "a"].entries()) {
    Deno.writeTextFileSync(new URL("choice.txt", import.meta.url), which);
    for (const row of loaded) {
      for (const mode of ["returned", "thrown"]) {
        if (row.calls[mode] === undefined) continue;
        await check(row, mode, which, () => row.calls[mode](), round === 2 ? " once more" : "");
        if (row.same) checkRuns(row, mode, 1, " of the outer function");
      }
    }
  }
}
console.log(JSON.stringify(findings));
`;

/** Makes all calls, each in two processes, one after the other; one half beside the other half. */
export async function findWrongCalls(pairs: readonly InputPair[]): Promise<Finding[]> {
  const middle = Math.ceil(pairs.length / 2);
  return (await Promise.all([pairs.slice(0, middle), pairs.slice(middle)].map(findingsOfHalf))).flat();
}

async function findingsOfHalf(pairs: readonly InputPair[]): Promise<Finding[]> {
  const rows = pairs.map(({ name, apart, same, hits }, at) => ({
    id: `${at}`.padStart(3, "0"),
    name,
    apart,
    same,
    hits,
  }));
  await using project = await Project.create({
    "kit.js": KIT,
    "main.js": MAIN,
    "rows.json": JSON.stringify(rows),
    ...Object.fromEntries(pairs.map((pair, at) => [`row_${rows[at]!.id}.js`, moduleOf(pair, rows[at]!.id)])),
  });
  const findings: Finding[] = [];
  for (const side of ["a", "b"]) {
    const { code, stderr, ...outcome } = await project.run("main.js", { args: [side] });
    if (code !== 0) throw new Error(`The process with ${side} ended with ${code}: ${stderr.slice(-2000)}`);
    const isNew = (one: Finding) =>
      !findings.some(({ row, mode, kind }) => one.row === row && one.mode === mode && one.kind === kind);
    findings.push(...outcome.json<Finding[]>().filter(isNew));
  }
  return findings;
}
