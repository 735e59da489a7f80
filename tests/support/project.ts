/**
 * A small user project in a temporary folder that runs as a real process against this package.
 *
 * @module
 */
import { coverageOfFew } from "./cover_less.ts";
import { fromFileUrl, join, relative } from "@std/path";

const PACKAGE = fromFileUrl(new URL("../../", import.meta.url));
const LINKS = ["", "links/std_crypto", "links/std_fs", "links/std_path", "links/std_yaml", "links/std_cli"];

/** What a process printed and how it ended. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** The last line of stdout as JSON. */
  json<T>(): T;
}

/** How a process is run. */
export interface RunOptions {
  /** Path of the program. @default the Deno that runs the test */
  readonly deno?: string;
  /** `run` or another command of Deno that runs a script. @default "run" */
  readonly command?: string;
  /** Permissions and other flags of the command. @default ["-A"] */
  readonly flags?: readonly string[];
  /** Whether `deno.lock` is read and written. @default false */
  readonly isLocked?: boolean;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

/** A project folder, removed by `await using`. */
export class Project implements AsyncDisposable {
  /** The same for all programs of the project, of which one may count its environment. */
  readonly #coverage = coverageOfFew();

  private constructor(readonly folder: string) {}

  /** A project with these files, by name. `deno.json` is added unless given. */
  static async create(files: Readonly<Record<string, string>>, manifest: object = {}): Promise<Project> {
    const project = new Project(await Deno.realPath(await Deno.makeTempDir({ prefix: "cachepy-project-" })));
    const config = {
      unstable: ["kv"],
      imports: { "@bimsb/cachepy": "jsr:@bimsb/cachepy@^0" },
      links: LINKS.map((link) => join(PACKAGE, link)),
      ...manifest,
    };
    await project.write("deno.json", JSON.stringify(config, null, 2));
    for (const [name, content] of Object.entries(files)) await project.write(name, content);
    return project;
  }

  /** Has `deno.json` name this package by relative paths: before 2.9, Deno takes no absolute ones. */
  async linkRelatively(): Promise<void> {
    const manifest = JSON.parse(await Deno.readTextFile(this.path("deno.json"))) as { links: string[] };
    const links = manifest.links.map((link) => relative(this.folder, link));
    await this.write("deno.json", JSON.stringify({ ...manifest, links }));
  }

  /** A path in the project. */
  path(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Writes a file, making folders. */
  async write(name: string, content: string): Promise<void> {
    const path = this.path(name);
    await Deno.mkdir(join(path, ".."), { recursive: true });
    await Deno.writeTextFile(path, content);
  }

  /** Replaces text in a file; fails when it is not there. */
  async edit(name: string, from: string | RegExp, to: string): Promise<void> {
    const before = await Deno.readTextFile(this.path(name));
    const after = before.replace(from, to);
    if (after === before) throw new Error(`Nothing to edit in ${name}: ${from}`);
    await this.write(name, after);
  }

  /** Runs a script of the project to its end. */
  async run(script: string, options: RunOptions = {}): Promise<Outcome> {
    const { code, stdout, stderr } = await this.command(script, options).output();
    const text = new TextDecoder().decode(stdout);
    return {
      code,
      stdout: text,
      stderr: new TextDecoder().decode(stderr),
      json: () => JSON.parse(text.trimEnd().split("\n").at(-1)!),
    };
  }

  /** The command that runs a script of the project. */
  command(
    script: string,
    { deno = Deno.execPath(), command = "run", flags = ["-A"], isLocked = false, args = [], env = {}, cwd }:
      RunOptions = {},
  ): Deno.Command {
    const noPrompt = command === "run" || command === "test" ? ["--no-prompt"] : [];
    return new Deno.Command(deno, {
      args: [command, ...noPrompt, ...isLocked ? [] : ["--no-lock"], ...flags, this.path(script), ...args],
      cwd: cwd ?? this.folder,
      env: { NO_COLOR: "1", ...this.#coverage, ...env },
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.folder, { recursive: true });
  }
}
