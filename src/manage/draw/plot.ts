/**
 * The graph of a cache as a picture, a page, or a text for Graphviz.
 *
 * @module
 */
import { type CacheNode, cacheTreeNodes, findChangedFiles } from "../graph/nodes.ts";
import { giveTurn, isTurnOver } from "../../words/waiting.ts";
import { CHECKS, type OptionCheck, validateBy } from "../../options/check_options.ts";
import { cacheDirInForce } from "../../options/config.ts";
import { toAbsolute, toPortable } from "../../options/project.ts";
import type { DrawOptions, NodeState } from "./dot.ts";

/** Largest number of calls in a picture; nobody would read a larger picture, and no program would open it. */
const MOST_DRAWN = 1_000;
/** Largest number of calls in the table of a page. */
const MOST_LISTED = 20_000;

/** Format of a drawn graph. */
export type PlotFormat = "svg" | "html" | "dot";

/** Options of {@linkcode plotCacheGraph}. */
export interface PlotOptions {
  /**
   * Directory of the cache.
   *
   * @default the one that wrapped functions use
   */
  readonly cacheDir?: string | URL;
  /** File to write the document to; no file is written when this is not given. */
  readonly path?: string | URL;
  /** The same as `path`. */
  readonly output?: string | URL;
  /**
   * `svg`: a picture; `html`: a page with the picture and a table that can be searched; `dot`: text for Graphviz.
   *
   * @default {the format that the name of `path` ends with, else "svg"}
   */
  readonly format?: PlotFormat;
  /**
   * Mark the calls whose files changed since the calls ran. Every file of the graph is digested for that.
   *
   * @default {true}
   */
  readonly highlightStale?: boolean;
}

const FILE_CHECK: OptionCheck = {
  wanted: "a path or a file: URL of a file whose name ends in .svg, .html or .dot; no bitmaps are made",
  accept: (value) => BITMAP.test(String(value)) ? { ok: false } : CHECKS.cacheDir.accept(value),
};

/** Names of files that must not hold a text. */
const BITMAP = /\.(?:png|jpe?g|gif|webp|avif|bmp|tiff?|pdf|e?ps)$/i;

const PLOT_CHECKS: Readonly<Record<keyof PlotOptions, OptionCheck>> = {
  cacheDir: CHECKS.cacheDir,
  path: FILE_CHECK,
  output: FILE_CHECK,
  format: {
    wanted: '"svg", "html" or "dot"',
    accept: (value) => ["svg", "html", "dot"].includes(value as string) ? { ok: true, value } : { ok: false },
  },
  highlightStale: CHECKS.verbose,
};

/** Options of {@linkcode drawGraph}. */
export interface DrawGraphOptions {
  readonly format: PlotFormat;
  readonly states: ReadonlyMap<string, NodeState>;
}

/**
 * Draws the graph of a cache, without Graphviz, network or other programs. An arrow leads from a caller to the call
 * that it made, and from a call to a file that it depends on.
 *
 * The picture holds the newest 1,000 calls at most, and says so when the graph has more.
 *
 * @param cacheDir The cache, or the options; the one that wrapped functions use when not given.
 * @param options See {@linkcode PlotOptions}.
 * @returns The document. With `path`, the file holds it too.
 *
 * @example
 * ```ts
 * import { plotCacheGraph } from "./plot.ts";
 *
 * const svg = await plotCacheGraph("./no-such-cache");
 * console.log(svg.startsWith("<svg")); // true
 * ```
 */
export async function plotCacheGraph(
  cacheDir: string | URL | PlotOptions = {},
  options: PlotOptions = {},
): Promise<string> {
  const isDir = typeof cacheDir === "string" || cacheDir instanceof URL;
  validateBy(PLOT_CHECKS, isDir ? options : cacheDir);
  const { output, path = output, format, highlightStale, ...given } = isDir
    ? { cacheDir, ...options }
    : { ...cacheDir, ...options };
  const dir = await cacheDirInForce(given.cacheDir);
  const nodes = await cacheTreeNodes(dir);
  const text = await drawGraph(nodes, {
    format: format ?? formatOfPath(path) ?? "svg",
    states: await nodeStates(nodes, highlightStale === false ? null : dir),
  });
  if (path !== undefined) await Deno.writeTextFile(toAbsolute(path), text);
  return text;
}

/**
 * Writes the graph of a cache for Graphviz. An arrow leads from a caller to the call that it made, and from a call to a
 * file that it depends on.
 *
 * @param pathOrDir A path that ends in `.dot` or `.gv`: the file to write; any other: the cache, and no file is written.
 * @param cacheDir The cache, beside a file; the one that wrapped functions use when not given.
 * @returns Text that `dot` reads. The files of the graph are not looked at, so no call is marked as stale. With a file, the
 * file holds it too.
 */
export async function cacheTreeToDot(pathOrDir?: string | URL, cacheDir?: string | URL): Promise<string> {
  const { exportGraph } = await import("../graph/export.ts");
  return await exportGraph({ pathOrDir, cacheDir, names: /\.(?:dot|gv)$/i }, async (dir) => {
    const nodes = await cacheTreeNodes(dir);
    return await drawGraph(nodes, { format: "dot", states: await nodeStates(nodes, null) });
  });
}

/**
 * Draws a graph as a document.
 *
 * @param nodes The calls of the graph, by id.
 * @param options Format of the document, and the state of each call.
 * @returns The document.
 */
export async function drawGraph(nodes: ReadonlyMap<string, CacheNode>, options: DrawGraphOptions): Promise<string> {
  const draw: DrawOptions = { states: options.states, nameFile: toPortable };
  // The code of a format is loaded only when that format is drawn.
  if (options.format === "dot") return await (await import("./dot.ts")).graphToDot(nodes.values(), draw);
  const newest = [...nodes.values()].slice(-MOST_DRAWN);
  const caption = newest.length < nodes.size ? `The newest ${newest.length} of ${nodes.size} calls are drawn` : "";
  const { graphToSvg } = await import("./svg.ts");
  const svg = await graphToSvg(newest, draw, caption);
  if (options.format === "svg") return svg;
  const { graphToHtml } = await import("./html.ts");
  return await graphToHtml([...nodes.values()].slice(-MOST_LISTED), svg, draw);
}

/**
 * Finds the state of each call of a graph.
 *
 * @param nodes The calls of the graph, by id.
 * @param cacheDir The cache of the graph, which remembers the digests of files; `null`: files are not looked at.
 * @returns States by the ids of the calls.
 */
export async function nodeStates(
  nodes: ReadonlyMap<string, CacheNode>,
  cacheDir: string | URL | null,
): Promise<Map<string, NodeState>> {
  const changed = cacheDir === null ? new Map<string, string[]>() : await findChangedFiles(nodes.values(), cacheDir);
  const states = new Map<string, NodeState>();
  for (const node of nodes.values()) {
    if (isTurnOver()) await giveTurn();
    states.set(node.id, !isStored(node.outfile) ? "missing" : changed.has(node.id) ? "stale" : "fresh");
  }
  return states;
}

/**
 * Finds the format that belongs to the extension of a file's name.
 *
 * @param path The file.
 * @returns The format; `null` when the extension belongs to none.
 */
export function formatOfPath(path: string | URL | undefined): PlotFormat | null {
  const extension = /\.(svg|html?|dot|gv)$/i.exec(String(path ?? ""))?.[1]?.toLowerCase();
  if (extension === undefined) return null;
  return extension === "svg" ? "svg" : extension.startsWith("htm") ? "html" : "dot";
}

function isStored(outfile: string): boolean {
  try {
    return Deno.statSync(outfile).isFile;
  } catch {
    return false;
  }
}
