/**
 * Variants of small projects, each run as a program of its own, in a worker with its own modules, caches and root.
 *
 * @module
 */
import { join } from "@std/path";
import { Project } from "./project.ts";

/** What one program did. */
export interface VariantReport {
  /** Names of the steps whose functions ran, sorted. */
  readonly ran: readonly string[];
  /** Steps whose result from the cache is not what the function returns now. */
  readonly stale: readonly string[];
  /** What was named as left out or not tracked. */
  readonly notices: readonly string[];
  /** Message of what failed. */
  readonly error?: string;
}

/** What a program did, by its folders. */
export type ProgramReport = Readonly<Record<string, VariantReport>>;

/** An edit of a project: a replacement in one file. */
export interface Edit {
  readonly file: string;
  readonly find: string | RegExp;
  readonly replace: string;
}

/**
 * Calls every cached function that the `steps.ts` of each folder beside it exports, with the arguments that its export
 * `calls` has for it or with 2, and then what it wraps.
 */
const MAIN = `import { cacheFile } from "@bimsb/cachepy";
const cacheDir = new URL("./.cachepy", import.meta.url);
const reports = {};
for (const { name: folder } of [...Deno.readDirSync(new URL(".", import.meta.url))].filter((one) => one.name.startsWith("case"))) {
  const events = [];
  globalThis.cached = (options) => cacheFile(cacheDir, { ...options, onEvent: (event) => events.push(event) });
  const report = reports[folder] = { ran: [], stale: [], notices: [] };
  try {
    const steps = await import("./" + folder + "/steps.ts");
    for (const [name, step] of Object.entries(steps)) {
      if (typeof step?.original !== "function") continue;
      const args = steps.calls?.[name] ?? [2];
      const got = JSON.stringify(await step(...args) ?? null);
      await steps.between?.(name);
      const wanted = JSON.stringify(await step.original(...args) ?? null);
      if (got !== wanted) report.stale.push(name + ": " + got + " instead of " + wanted);
    }
  } catch (error) {
    report.error = error.stack;
  }
  report.ran = [...new Set(events.filter(({ kind }) => kind === "run").map(({ fname }) => fname))].sort();
  report.notices = events.filter(({ kind }) => kind === "notice").map(({ fname, detail }) => fname + ": " + detail);
}
self.postMessage(reports);
self.close();
`;

const CHILD = `for (const folder of JSON.parse(await new Response(Deno.stdin.readable).text())) {
  const worker = new Worker(new URL("main.ts", folder), { type: "module" });
  const reports = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => { event.preventDefault(); resolve({ error: event.message }); };
  });
  worker.terminate();
  console.log(JSON.stringify(reports));
}
`;

/** Folders with projects. */
export class Variants implements AsyncDisposable {
  private constructor(readonly project: Project) {}

  /** An empty set of projects. */
  static async open(manifest: object = {}): Promise<Variants> {
    return new Variants(await Project.create({ "child.js": CHILD }, manifest));
  }

  /** A program with a folder `case-…` for each of several sets of files. */
  async add(name: string, cases: Readonly<Record<string, Readonly<Record<string, string>>>>): Promise<void> {
    await this.project.write(join(name, "deno.json"), "{}");
    await this.project.write(join(name, "main.ts"), MAIN);
    for (const [folder, files] of Object.entries(cases)) {
      for (const [file, text] of Object.entries(files)) {
        // A lock file is the whole program's.
        await this.project.write(file === "deno.lock" ? join(name, file) : join(name, folder, file), text);
      }
    }
  }

  /** A copy of a program elsewhere, with what it has cached: all of its folders, or one. */
  async copy(name: string, from: string, only: string | null, edits: readonly Edit[] = []): Promise<void> {
    const isCopied = (entry: string) => only === null || !entry.startsWith("case") || entry === only;
    await copyFolder(this.project.path(from), this.project.path(name), isCopied);
    for (const { file, find, replace } of edits) {
      const path = file === "deno.lock" ? join(name, file) : join(name, only ?? "", file);
      const before = await Deno.readTextFile(this.project.path(path)).catch(() => "");
      const isFound = typeof find === "string" ? before.includes(find) : before.search(find) >= 0;
      if (!isFound) throw new Error(`${name}: ${find} is not in ${file}`);
      await this.project.write(path, before.replace(find, replace));
    }
  }

  /** Runs programs, one after the other in one process. */
  async run(names: readonly string[], env: Record<string, string> = {}): Promise<ProgramReport[]> {
    const process = new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-prompt", "--no-lock", "--no-check", "-A", this.project.path("child.js")],
      cwd: this.project.folder,
      env: { NO_COLOR: "1", ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const writer = process.stdin.getWriter();
    const folders = names.map((name) => new URL(`file://${this.project.path(name)}/`).href);
    await writer.write(new TextEncoder().encode(JSON.stringify(folders)));
    await writer.close();
    const { stdout, stderr, success } = await process.output();
    const lines = new TextDecoder().decode(stdout).trim().split("\n");
    if (!success || lines.length !== names.length) throw new Error(new TextDecoder().decode(stderr));
    return lines.map((line) => JSON.parse(line) as ProgramReport);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.project[Symbol.asyncDispose]();
  }
}

async function copyFolder(from: string, to: string, isCopied: (name: string) => boolean = () => true): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (!isCopied(name)) continue;
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}
