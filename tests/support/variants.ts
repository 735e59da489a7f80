/**
 * Variants of small projects, each run as a program of its own, in a worker with its own modules, caches and root.
 *
 * @module
 */
import { fromFileUrl, join } from "@std/path";
import { Project } from "./project.ts";

/** What one program did. */
export interface VariantReport {
  /** Names of the steps whose functions ran, sorted. */
  readonly ran: readonly string[];
  /** Steps whose result from the cache is not what the function returns now. */
  readonly stale: readonly string[];
  /** The first reason given for each run. */
  readonly reasons: Readonly<Record<string, string>>;
  /** What was named as left out or not tracked. */
  readonly notices: readonly string[];
  /** Message of what failed. */
  readonly error?: string;
}

/** An edit of a project: a replacement in one file. */
export interface Edit {
  readonly file: string;
  readonly find: string | RegExp;
  readonly replace: string;
}

/**
 * Calls every cached function that `steps.ts` exports, with the arguments that its export `calls` has for it or with 2,
 * and then what it wraps.
 */
const MAIN = `import { cacheFile } from "@bimsb/cachepy";
const events = [];
globalThis.cached = (options) => cacheFile("./.cachepy", { cacheDir: new URL("./.cachepy", import.meta.url), ...options, onEvent: (event) => events.push(event) });
const report = { ran: [], stale: [], reasons: {}, notices: [] };
try {
  const steps = await import("./steps.ts");
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
for (const event of events) if (event.kind === "miss") report.reasons[event.fname] ??= event.summary;
report.notices = events.filter(({ kind }) => kind === "notice").map(({ fname, detail }) => fname + ": " + detail);
self.postMessage(report);
self.close();
`;

const CHILD = `for (const folder of JSON.parse(await new Response(Deno.stdin.readable).text())) {
  const worker = new Worker(new URL("main.ts", folder), { type: "module" });
  const report = await new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = (event) => { event.preventDefault(); resolve({ ran: [], stale: [], reasons: {}, notices: [], error: event.message }); };
  });
  worker.terminate();
  console.log(JSON.stringify(report));
}
`;

/** Folders with projects. */
export class Variants implements AsyncDisposable {
  private constructor(readonly project: Project) {}

  /** An empty set of projects. */
  static async open(manifest: object = {}): Promise<Variants> {
    return new Variants(await Project.create({ "child.js": CHILD }, manifest));
  }

  /** A project with these files. */
  async add(name: string, files: Readonly<Record<string, string>>): Promise<void> {
    for (const [file, text] of Object.entries({ "deno.json": "{}", ...files, "main.ts": MAIN })) {
      await this.project.write(join(name, file), text);
    }
  }

  /** A copy of a project with all that it has cached, elsewhere. */
  async copy(name: string, from: string, edits: readonly Edit[] = []): Promise<void> {
    await copyFolder(this.project.path(from), this.project.path(name));
    for (const { file, find, replace } of edits) {
      const path = join(name, file);
      const before = await Deno.readTextFile(this.project.path(path)).catch(() => "");
      const isFound = typeof find === "string" ? before.includes(find) : before.search(find) >= 0;
      if (!isFound) throw new Error(`${name}: ${find} is not in ${file}`);
      await this.project.write(path, before.replace(find, replace));
    }
  }

  /** Runs programs, one after the other in one process. */
  async run(names: readonly string[], env: Record<string, string> = {}): Promise<VariantReport[]> {
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
    return lines.map((line) => JSON.parse(line) as VariantReport);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.project[Symbol.asyncDispose]();
  }
}

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to, { recursive: true });
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(join(from, name), join(to, name));
    else await Deno.copyFile(join(from, name), join(to, name));
  }
}

/** Path of a file beside a module. */
export function pathBeside(module: string, name: string): string {
  return fromFileUrl(new URL(name, module));
}
