/**
 * Processes that call cached functions on one cache: starting them, telling them what to do, and killing them.
 *
 * @module
 */
import type { CacheEvent, CacheOptions } from "@bimsb/cachepy";
import { fromFileUrl } from "@std/path";
import { coverageOfFew } from "./cover_less.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

/** What a process can be told to do. */
export type Command =
  & { readonly id: number }
  & (
    | { readonly do: "call"; readonly fn: string; readonly args: readonly unknown[]; readonly options?: object }
    | { readonly do: "calls"; readonly fn: string; readonly each: readonly (readonly unknown[])[] }
    | { readonly do: "key" | "why"; readonly fn: string; readonly args: readonly unknown[] }
    | { readonly do: "totals"; readonly from: number }
    | { readonly do: "prune"; readonly options?: { readonly maxBytes?: number; readonly daysOld?: number } }
    | { readonly do: "verify"; readonly options?: { readonly repair?: boolean } }
    | { readonly do: "clear" }
    | { readonly do: "polluted" }
    | { readonly do: "events" }
    | { readonly do: "revoke"; readonly permission: string }
    | { readonly do: "shiftClock"; readonly ms: number }
  );

/** What it did. */
export interface Answer {
  readonly id: number;
  value?: unknown;
  error?: string;
  /** What happened to calls since the last answer. */
  events: readonly CacheEvent[];
  /** When it was done, milliseconds since the epoch. */
  doneMs: number;
}

type WithoutId<T> = T extends unknown ? Omit<T, "id"> : never;

/** How a process is started. */
export interface WorkerOptions {
  readonly options?: CacheOptions;
  /** Permissions and other flags of `deno run`. @default ["-A"] */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A command and its arguments that run the process: `["setpriv", "--reuid=65534"]`. */
  readonly through?: readonly string[];
}

/** A folder with a cache and a side folder in which executions leave a file each; removed by `await using`. */
export class Crew implements AsyncDisposable {
  readonly #workers: Worker[] = [];

  private constructor(readonly folder: string) {}

  static async open(): Promise<Crew> {
    const folder = await Deno.realPath(await Deno.makeTempDir({ prefix: "cachepy-crew-" }));
    await Deno.mkdir(`${folder}/side`);
    return new Crew(folder);
  }

  get cacheDir(): string {
    return `${this.folder}/cache`;
  }

  /** Starts a process and waits until it listens. */
  async start(options: WorkerOptions = {}): Promise<Worker> {
    const worker = new Worker([this.cacheDir, `${this.folder}/side`], options);
    this.#workers.push(worker);
    await worker.ready;
    return worker;
  }

  /** Starts `count` processes. */
  startAll(count: number, options: WorkerOptions = {}): Promise<Worker[]> {
    return Promise.all(Array.from({ length: count }, () => this.start(options)));
  }

  /** One call in a process of its own, and what that process printed to stderr. */
  async callOnce(
    fn: string,
    args: readonly unknown[],
    options: WorkerOptions = {},
  ): Promise<Answer & { readonly stderr: string }> {
    const worker = await this.start(options);
    const answer = await worker.call(fn, ...args);
    return { ...answer, stderr: await worker.end() };
  }

  /** Number of executions of what begins with `name`: `slow`, or `slow-7`. */
  runs(name: string): number {
    let count = 0;
    for (const { name: file } of Deno.readDirSync(`${this.folder}/side`)) {
      if (file.split(" ")[0] === name || file.startsWith(`${name}-`)) count++;
    }
    return count;
  }

  /** Kills all processes that are still there. */
  async endAll(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.endAll();
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** One process. */
export class Worker {
  /** Resolves when the process listens. */
  readonly ready: Promise<void>;
  /** Called with what a command says before it ends. */
  onSaid: (said: unknown) => void = () => {};
  readonly #process: Deno.ChildProcess;
  readonly #stdin: WritableStreamDefaultWriter<Uint8Array>;
  readonly #reading: Promise<void>;
  readonly #stderr: Promise<string>;
  readonly #pending = new Map<number, { resolve(answer: Answer): void; reject(error: Error): void }>();
  #next = 1;
  #becomesReady!: () => void;
  #neverReady!: (error: Error) => void;

  constructor(args: readonly string[], { options = {}, flags = ["-A"], env = {}, through = [] }: WorkerOptions) {
    const command = [
      ...through,
      Deno.execPath(),
      ...["run", "--no-check", "--no-prompt", "--unstable-kv", `--config=${ROOT}deno.json`, ...flags],
      `${ROOT}tests/support/call_child.ts`,
      ...args,
      JSON.stringify(options),
    ];
    this.#process = new Deno.Command(command[0]!, {
      args: command.slice(1),
      cwd: ROOT,
      // A process of another user could not write what it covers.
      env: { NO_COLOR: "1", ...through.length === 0 ? coverageOfFew() : {}, ...env },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.ready = new Promise((resolve, reject) => [this.#becomesReady, this.#neverReady] = [resolve, reject]);
    this.#stdin = this.#process.stdin.getWriter();
    this.#stderr = new Response(this.#process.stderr).text();
    this.#reading = this.#read();
  }

  get pid(): number {
    return this.#process.pid;
  }

  /** Calls a cached function. */
  call(fn: string, ...args: unknown[]): Promise<Answer> {
    return this.do({ do: "call", fn, args });
  }

  /** Gives a command; rejects when the process ends before it has answered. */
  do(command: WithoutId<Command>): Promise<Answer> {
    const id = this.#next++;
    const answered = new Promise<Answer>((resolve, reject) => this.#pending.set(id, { resolve, reject }));
    this.#stdin.write(new TextEncoder().encode(JSON.stringify({ ...command, id }) + "\n")).catch(() => {});
    return answered;
  }

  /** Kills the process with SIGKILL and waits for its end. */
  async kill(): Promise<void> {
    try {
      this.#process.kill("SIGKILL");
    } catch {
      // It has ended already.
    }
    await this.#over();
  }

  /** Stops and continues the process: `SIGSTOP`, `SIGCONT`. */
  signal(signal: Deno.Signal): void {
    this.#process.kill(signal);
  }

  /** Lets the process end by itself; returns what it printed to stderr. */
  async end(): Promise<string> {
    await this.#stdin.close().catch(() => {});
    await this.#over();
    return await this.#stderr;
  }

  async #over(): Promise<void> {
    await this.#stdin.abort().catch(() => {});
    await Promise.all([this.#process.status, this.#reading, this.#stderr]);
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const text of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (rest + text).split("\n");
      rest = lines.pop()!;
      for (const line of lines) this.#hear(JSON.parse(line));
    }
    const error = new Error(`The process ended: ${await this.#stderr}`);
    this.#neverReady(error);
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  #hear(message: Answer & { readonly ready?: true; readonly said?: unknown }): void {
    if (message.ready === true) return this.#becomesReady();
    if ("said" in message) return this.onSaid(message.said);
    this.#pending.get(message.id)?.resolve(message);
    this.#pending.delete(message.id);
  }
}
