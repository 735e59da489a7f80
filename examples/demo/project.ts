/**
 * A copy of the example to play with, so that nothing of the original is touched.
 *
 * @module
 */
import { join } from "@std/path";

const EXAMPLE = new URL("../weather/", import.meta.url);

/** A project in a temporary folder, removed when it goes out of scope. */
export interface Project extends AsyncDisposable {
  readonly dir: string;
}

/**
 * Copies the example, without its data and cache, and lets the copy find what the original finds.
 *
 * @returns The copy, to be bound with `await using`.
 */
export async function copyExample(): Promise<Project> {
  const dir = await Deno.makeTempDir({ prefix: "seattle-" });
  for await (const entry of Deno.readDir(EXAMPLE)) {
    if (entry.isFile) await Deno.copyFile(new URL(entry.name, EXAMPLE), join(dir, entry.name));
  }
  const config = JSON.parse(await Deno.readTextFile(join(dir, "deno.json")));
  config.links = config.links.map((link: string) => new URL(link, EXAMPLE).href);
  await Deno.writeTextFile(join(dir, "deno.json"), JSON.stringify(config));
  return { dir, [Symbol.asyncDispose]: () => Deno.remove(dir, { recursive: true }) };
}

/**
 * Replaces a text in a file of the project.
 *
 * @param project Where.
 * @param edit The file, what it holds exactly once, and what to put there.
 * @throws {Error} When the file does not hold it exactly once.
 */
export async function replaceText(project: Project, { file, before, after }: Edit): Promise<void> {
  const path = join(project.dir, file);
  const parts = (await Deno.readTextFile(path)).split(before);
  if (parts.length !== 2) {
    throw new Error(`${file} holds ${JSON.stringify(before)} ${parts.length - 1} times, not once`);
  }
  await Deno.writeTextFile(path, parts.join(after));
}

/** A change of a file. */
export interface Edit {
  /** Relative to the project. */
  readonly file: string;
  readonly before: string;
  readonly after: string;
}
