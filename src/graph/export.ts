/**
 * The graph of a cache as text and as JSON.
 *
 * @module
 */
import { toPortable } from "../project.ts";
import { cacheDefaultDir } from "../report/default_dir.ts";
import { graphToJson } from "./graph_json.ts";
import { cacheTreeNodes } from "./nodes.ts";
import { formatTree } from "./tree_text.ts";

/**
 * The graph as an indented text: each call below its caller, with the files that it depends on.
 *
 * @param cacheDir The cache; {@linkcode cacheDefaultDir} when not given.
 * @returns Lines joined by line feeds; the first counts calls and files. Paths below the project are relative.
 */
export async function cacheTreeSummary(cacheDir: string | URL = cacheDefaultDir()): Promise<string> {
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
  const nodes = await cacheTreeNodes(cacheDir);
  return JSON.stringify(graphToJson(nodes.values()), null, 2);
}
