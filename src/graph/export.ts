/**
 * The graph of a cache as text and as JSON.
 *
 * @module
 */
import { toPortable } from "../project.ts";
import { cacheDefaultDir } from "../project/default_dir.ts";
import { cacheTreeNodes } from "./nodes.ts";

/**
 * The graph as an indented text: each call below its caller, with the files that it depends on.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns Lines joined by line feeds; the first counts calls and files. Paths below the project are relative.
 */
export async function cacheTreeSummary(cacheDir: string | URL = cacheDefaultDir()): Promise<string> {
  const { formatTree } = await import("./tree_text.ts");
  return formatTree(await cacheTreeNodes(cacheDir), toPortable);
}

/**
 * The graph as JSON for other programs: `{ format, nodes, edges }`, see {@linkcode GraphJson}.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns JSON, two spaces to a level.
 *
 * @example
 * ```ts
 * import { cacheTreeToJson } from "./export.ts";
 *
 * const { nodes, edges } = JSON.parse(await cacheTreeToJson("./no-such-cache"));
 * console.log(nodes.length, edges.length); // 0 0
 * ```
 */
export async function cacheTreeToJson(cacheDir: string | URL = cacheDefaultDir()): Promise<string> {
  const { graphToJson } = await import("./graph_json.ts");
  const nodes = await cacheTreeNodes(cacheDir);
  return JSON.stringify(graphToJson(nodes.values()), null, 2);
}
