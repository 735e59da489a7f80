/**
 * The graph of a cache as a picture, a page, or a text for Graphviz.
 *
 * @module
 */
import { type CacheNode, cacheTreeNodes } from "../graph/nodes.ts";
import { inTurns } from "../../words/waiting.ts";
import { CHECKS, type OptionCheck, validateBy } from "../../options/check_options.ts";
import { cacheDirInForce } from "../../options/config.ts";
import { toPortable } from "../../options/project.ts";
import { writeGraphFile } from "../with_cache.ts";
import type { ReportData } from "../report.ts";
import type { DrawOptions, NodeState } from "./dot.ts";
import type { PageData } from "./page_data.ts";
import { markOwn } from "../../words/program.ts";

/** Largest number of calls in a picture; nobody would read a larger picture, and no program would open it. */
const MOST_DRAWN = 1_000;

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
   * `svg`: a picture; `html`: a page with a box for each function, which opens to its calls, and a search; `dot`: text for
   * Graphviz.
   *
   * @default {the format that the name of `path` ends with, else "svg"}
   */
  readonly format?: PlotFormat;
  /**
   * Mark the calls that are stale: a file, a variable or an inner call changed since they ran. Every file of the graph is
   * digested for that. No code is run, so an edit of code is not noticed.
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
  /** The cache of the graph, which remembers the digests of files. */
  readonly cacheDir: string | URL;
  /**
   * Look for stale calls.
   *
   * @default {true}
   */
  readonly checks?: boolean;
  /** Figures of the whole cache; with them a page is a dashboard. */
  readonly report?: ReportData | null;
}

/**
 * Draws the graph of a cache, without Graphviz, network or other programs. An arrow leads from a caller to the call
 * that it made, and from a call to a file that it depends on.
 *
 * A picture holds 1,000 calls at most, and says so when the graph has more: those that are stale, their callers, the calls
 * that no other call made, and the newest. A page draws all functions, and holds 20,000 calls at most, chosen likewise.
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
    cacheDir: dir,
    checks: highlightStale !== false,
  });
  if (path !== undefined) await writeGraphFile(path, text);
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
    return await drawGraph(nodes, { format: "dot", cacheDir: await cacheDirInForce(dir), checks: false });
  });
}

/**
 * Draws a graph as a document.
 *
 * @param nodes The calls of the graph, by id.
 * @param options See {@linkcode DrawGraphOptions}.
 * @returns The document.
 */
export async function drawGraph(nodes: ReadonlyMap<string, CacheNode>, options: DrawGraphOptions): Promise<string> {
  const { format, cacheDir, checks = true } = options;
  // The code of a format, and what looks at the calls, is loaded only when something is drawn.
  if (format === "html") return await (await import("./html.ts")).writePage(await graphData(nodes, options));
  const { chooseCalls, readCallDetails } = await import("./call_details.ts");
  const details = await readCallDetails(nodes, cacheDir, { checks, records: checks });
  const states = new Map<string, NodeState>();
  for (const [id, { state }] of details) states.set(id, state);
  const draw: DrawOptions = { states, nameFile: toPortable };
  if (format === "dot") return await (await import("./dot.ts")).graphToDot(nodes.values(), draw);
  const drawn = await inTurns(chooseCalls(nodes, (id) => states.get(id) ?? "fresh", MOST_DRAWN));
  const caption = drawn.length < nodes.size
    ? `${drawn.length} of ${nodes.size} calls are drawn: what is stale, its callers, what no other call made, the newest`
    : "";
  return await (await import("./svg.ts")).graphToSvg(drawn, draw, caption);
}

/**
 * Collects what a page shows: the data that its HTML document has within.
 *
 * @param nodes The calls of the graph, by id.
 * @param options See {@linkcode DrawGraphOptions}.
 * @returns The data.
 */
export async function graphData(
  nodes: ReadonlyMap<string, CacheNode>,
  { cacheDir, checks = true, report = null }: Omit<DrawGraphOptions, "format">,
): Promise<PageData> {
  const { readCallDetails } = await import("./call_details.ts");
  const { collectPage } = await import("./page_data.ts");
  const details = await readCallDetails(nodes, cacheDir, { checks });
  return await collectPage({ nodes, details, cacheDir: String(cacheDir), nameFile: toPortable, report });
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

markOwn(cacheTreeToDot, plotCacheGraph);
