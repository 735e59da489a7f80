/**
 * Runs random programs, many in a process, in three processes after one another: as they are, after an edit that costs
 * nothing, and after one that counts.
 *
 * @module
 */
import { applyChange, editQuietly, type Program } from "../fixtures/random_programs/plan.ts";
import { Project } from "./project.ts";

/** What one program did in one process. */
interface Turn {
  /** Results of the cached function and of the function itself, before and after what the program does later. */
  readonly results: readonly string[];
  /** Runs until the first result. */
  readonly runs: number;
  readonly notices: readonly string[];
  /** Notices of `why()`. */
  readonly shown: readonly string[];
  /** Notices that `why()` does not have. */
  readonly unknown: readonly string[];
  /** What changed while the function ran, so that the result was not stored. */
  readonly raced: readonly string[];
  readonly isStored: boolean;
  /** Why it was run, in a line each. */
  readonly misses: readonly string[];
  readonly ms: number;
  readonly error?: string;
}

/** What is wrong with a program. */
export interface Fault {
  readonly kind: "silent" | "needless" | "alarm" | "unknown" | "broken";
  readonly program: Program;
  readonly detail: string;
}

/** What was found of some programs. */
export interface Findings {
  readonly faults: readonly Fault[];
  /** Programs that returned what is old, and said so. */
  readonly namedOnly: readonly Program[];
  /** How long each program took in its slowest process, in ms. */
  readonly costs: readonly number[];
}

const RUNNER = `import { cacheFile } from "@bimsb/cachepy";
const print = console.log.bind(console), write = JSON.stringify;
const shared = [globalThis, Math, JSON, console, process, Array, Number, String, Date, RegExp, BigInt]
  .flatMap((one) => one.prototype === undefined ? [one] : [one, one.prototype]);
const before = shared.map((one) => [one, Object.getOwnPropertyDescriptors(one)]);
const restore = () => {
  for (const [object, own] of before) {
    for (const key of Reflect.ownKeys(object)) if (!Object.hasOwn(own, key)) delete object[key];
    for (const key of Reflect.ownKeys(own)) {
      const now = Object.getOwnPropertyDescriptor(object, key);
      if (now === undefined || "value" in now && now.value !== own[key].value) Object.defineProperty(object, key, own[key]);
    }
  }
};
const attempt = async (fn) => {
  try { return await fn(2); } catch (error) { return "throws " + error?.message; }
};
let events = [];
const onEvent = (event) => events.push(event), cacheDir = new URL("./cache", import.meta.url).pathname;
for (let at = 0; at < COUNT; at++) {
  const began = performance.now(), values = [];
  let runs = 0, isStored = false, error, notices = [], shown = [], unknown = [], raced = [], misses = [];
  events = [];
  globalThis.cached = cacheFile(cacheDir, { onEvent, name: "step of program " + at });
  try {
    const { step, later } = await import("./p" + at + "/main.ts");
    values.push(await attempt(step), await attempt(step.original));
    runs = events.filter(({ kind }) => kind === "run").length;
    isStored = await step.has(2);
    misses = events.filter(({ kind }) => kind === "miss").map(({ summary }) => summary);
    raced = events.flatMap(({ kind, changed }) => kind === "raced" ? changed : []);
    const noticesNow = () => events.filter(({ kind }) => kind === "notice").map(({ detail }) => detail);
    shown = (await step.why(2)).notices;
    unknown = noticesNow().filter((one) => !shown.includes(one));
    if (later !== undefined) {
      later();
      values.push(await attempt(step), await attempt(step.original));
    }
    notices = noticesNow();
  } catch (thrown) {
    error = String(thrown?.stack);
  }
  restore();
  const results = values.map((value) => write(value) ?? "undefined"), ms = Math.round(performance.now() - began);
  print("\\n@" + write({ results, runs, notices, shown, unknown, raced, isStored, misses, error, ms }));
}
`;

async function runTurn(project: Project, programs: readonly Program[], edited: boolean): Promise<Turn[]> {
  const env = Object.assign({ CACHEPY_DIR: "" }, ...programs.map(({ env }) => env));
  if (edited) { for (const { change } of programs) if (change.kind === "env") env[change.name] = change.to; }
  const { stdout, stderr, code } = await project.run("runner.ts", { flags: ["--no-check", "-A"], env });
  const lines = stdout.split("\n").filter((line) => line.startsWith("@"));
  if (lines.length !== programs.length) {
    throw new Error(`Exit ${code} after ${lines.length} programs: ${stderr.slice(-2000)}`);
  }
  return lines.map((line) => JSON.parse(line.slice(1)) as Turn);
}

async function writeFiles(project: Project, at: number, files: Readonly<Record<string, string>>): Promise<void> {
  for (const [name, text] of Object.entries(files)) await project.write(`p${at}/${name}`, text);
}

async function writePackages(
  project: Project,
  program: Program,
  edit: (files: Readonly<Record<string, string>>) => Readonly<Record<string, string>>,
): Promise<void> {
  for (const [name, { files, entry }] of Object.entries(program.packages)) {
    const manifest = { name, version: "1.0.0", main: entry, type: entry.endsWith(".js") ? "module" : "commonjs" };
    await project.write(`node_modules/${name}/package.json`, JSON.stringify(manifest));
    for (const [file, text] of Object.entries(edit(files))) await project.write(`node_modules/${name}/${file}`, text);
  }
}

/**
 * What is said of the programs that are never reused: a module that is loaded by `import()` changes a global, or a member of
 * a built-in object, that its functions read, so that the key before the load is another one than after it.
 */
const NEVER_REUSED =
  /not reused in other processes|what is read of globalThis as a whole|left out: (?:Math|Number|String|Date|RegExp|BigInt|Array|console|process)\b/;

/** What is said of a run that changes a member of a built-in object, as a module does that it loads. */
const CHANGED_BY_RUN = /captures \((?:Math|Number|String|Date|RegExp|BigInt|Array|JSON|console|process|globalThis)\./;

/** What is said of a run that changes the state of a package. */
const OF_PACKAGE = /captures \((?:tool|made)-p\d+/;

/** Whether a notice says something that is expected of a program. */
function isNamed(notices: readonly string[], named: readonly RegExp[]): boolean {
  return notices.some((notice) => named.some((one) => one.test(notice)));
}

function judge(program: Program, [first, quiet, edited]: readonly [Turn, Turn, Turn]): [Fault | null, boolean] {
  const fault = (kind: Fault["kind"], detail: unknown): [Fault, boolean] => [
    { kind, program, detail: typeof detail === "string" ? detail : JSON.stringify(detail, null, 2) },
    false,
  ];
  const broken = [first, quiet, edited].find(({ error }) => error !== undefined);
  if (broken !== undefined) return fault("broken", broken.error!);
  if (first.results[1] === edited.results[1]) return fault("broken", { edit: program.change, results: first.results });
  const notices = [...new Set([first, quiet, edited].flatMap((turn) => turn.notices))];
  for (const turn of [first, quiet, edited]) {
    const isStale = turn.results[0] !== turn.results[1] || turn.results[2] !== turn.results[3];
    if (!isStale) continue;
    const named = turn === edited ? program.named : program.namedOfAny;
    if (isNamed([...notices, ...first.shown, ...turn.shown], named)) return [null, true];
    return fault("silent", { first, edited: turn });
  }
  if (quiet.runs > 0) {
    // Other code may have changed the state of a package while the function waited, so two runs have to be seen.
    if (!first.isStored && first.raced.some((one) => OF_PACKAGE.test(one))) return [null, false];
    // A module that was still loading when the function was called has changed what is global while it ran.
    const isLoading = program.plan.terms.flat().includes("module: promise of a module");
    if (!first.isStored && first.raced.length > 0 && isLoading) return [null, false];
    const isForever = isNamed([...notices, ...quiet.raced], [NEVER_REUSED, CHANGED_BY_RUN]);
    return isForever ? [null, false] : fault("needless", { first, quiet });
  }
  const alarms = notices.filter((notice) => !isNamed([notice], program.namedOfAny));
  if (alarms.length > 0) return fault("alarm", alarms);
  const unknown = [first, quiet, edited].flatMap((turn) => turn.unknown);
  return unknown.length > 0 ? fault("unknown", unknown) : [null, false];
}

/** Runs programs, and says what is wrong with any. */
export async function runBatch(programs: readonly Program[]): Promise<Findings> {
  const imports: Record<string, string> = { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0" };
  for (const [at, { packages, aliases }] of programs.entries()) {
    for (const [name, { entry }] of Object.entries(packages)) imports[name] = `./node_modules/${name}/${entry}`;
    for (const [name, file] of Object.entries(aliases)) imports[name] = `./p${at}/${file}`;
  }
  await using project = await Project.create({ "runner.ts": RUNNER.replace("COUNT", String(programs.length)) }, {
    imports,
  });
  for (const [at, program] of programs.entries()) {
    await writeFiles(project, at, program.files);
    await writePackages(project, program, (files) => files);
  }
  const first = await runTurn(project, programs, false);
  for (const [at, program] of programs.entries()) await writeFiles(project, at, editQuietly(program));
  const quiet = await runTurn(project, programs, false);
  for (const [at, program] of programs.entries()) {
    await writeFiles(project, at, applyChange(program.change, editQuietly(program)));
    await writePackages(project, program, (files) => applyChange(program.change, files));
  }
  const edited = await runTurn(project, programs, true);
  const judged = programs.map((program, at) => judge(program, [first[at]!, quiet[at]!, edited[at]!]));
  return {
    faults: judged.flatMap(([fault]) => fault ?? []),
    namedOnly: programs.filter((_, at) => judged[at]![1]),
    costs: programs.map((_, at) => Math.max(first[at]!.ms, quiet[at]!.ms, edited[at]!.ms)),
  };
}
