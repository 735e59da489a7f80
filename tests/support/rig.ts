/**
 * What tests of cached functions need: a cache in a fresh folder, and a log of what happened to each call.
 *
 * @module
 */
import { type CacheDecorator, type CacheEvent, cacheFile, type CacheOptions } from "@bimsb/cachepy";
import { walk } from "@std/fs";
import { join, relative } from "@std/path";

/** A cache in a temporary folder, removed by `await using`. */
export class Rig implements AsyncDisposable {
  readonly events: CacheEvent[] = [];

  private constructor(readonly folder: string, readonly options: CacheOptions) {}

  /** A rig in a new folder. */
  static async open(options: CacheOptions = {}): Promise<Rig> {
    return new Rig(await Deno.realPath(await Deno.makeTempDir({ prefix: "cachepy-" })), options);
  }

  /** The cache's folder. */
  get cacheDir(): string {
    return join(this.folder, "cache");
  }

  /** A decorator on this rig's cache whose events are logged. */
  cached(options: CacheOptions = {}): CacheDecorator {
    return cacheFile(this.cacheDir, { onEvent: (event) => this.events.push(event), ...this.options, ...options });
  }

  /** How often functions ran, all or those of one name, since the last {@linkcode Rig.forgetEvents}. */
  runs(fname?: string): number {
    return this.of("run").filter((event) => fname === undefined || event.fname === fname).length;
  }

  /** Names of the functions that ran, in the order in which they ended. */
  ran(): string[] {
    return this.of("run").map((event) => event.fname);
  }

  /** The kinds of the events so far, in order. */
  kinds(): string[] {
    return this.events.map((event) => event.kind);
  }

  /** The events of one kind. */
  of<Kind extends CacheEvent["kind"]>(kind: Kind): Extract<CacheEvent, { kind: Kind }>[] {
    return this.events.filter((event) => event.kind === kind) as Extract<CacheEvent, { kind: Kind }>[];
  }

  /** The summary of the newest miss. */
  get missed(): string {
    return this.of("miss").at(-1)?.summary ?? "";
  }

  forgetEvents(): void {
    this.events.length = 0;
  }

  /** A path in the rig's folder. */
  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Writes a file in the rig's folder, making folders; returns its path. */
  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = this.path(name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    if (typeof content === "string") await Deno.writeTextFile(path, content);
    else await Deno.writeFile(path, content);
    return path;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}

/** Names of all files below a folder, relative, sorted; empty when there is no folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { path } of walk(folder, { includeDirs: false })) names.push(relative(folder, path));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.sort();
}
