/**
 * The graph of a cache as an SVG picture, drawn without other programs.
 *
 * @module
 */
import { type CacheNode, keyOfNode } from "../graph/nodes.ts";
import { printable } from "../../words/printable.ts";
import { inTurns, mergeSort, type Work } from "../../words/waiting.ts";
import { displayWidth, truncate } from "./display_width.ts";
import { type BoxColors, type DrawOptions, FILE_COLORS, NODE_COLORS, type NodeState, STATE_WORDS } from "./dot.ts";

const CHARACTER_PX = 7.3;
const WIDEST_LABEL = 34;
const MARGIN_PX = 24;
const LEGEND_PX = 34;
/** Width of a character of the legend, which is smaller; a wide one of the fonts that systems have. */
const LEGEND_CHARACTER_PX = 6.4;

/**
 * Draws the graph as an SVG document: each caller left of the calls that it made and of its files; files are dashed.
 *
 * @param nodes The calls of the graph.
 * @param options See {@linkcode DrawOptions}.
 * @param caption A line below the legend, for example that only a part of the graph is drawn.
 * @returns A complete document, which loads and runs nothing.
 */
export async function graphToSvg(
  nodes: readonly CacheNode[],
  options: DrawOptions = {},
  caption = "",
): Promise<string> {
  return await inTurns(writeSvg(nodes, options, caption));
}

function* writeSvg(nodes: readonly CacheNode[], options: DrawOptions, caption: string): Work<string> {
  const nameFile = options.nameFile ?? ((path: string) => path);
  const boxes: Box[] = [];
  const arrows: Arrow[] = [];
  const draw = new Map<string, (placed: Placed) => string>();
  const files = new Set<string>();
  const states = new Set<NodeState>();
  for (const node of nodes) {
    yield;
    const label = truncate(printable(node.fname), WIDEST_LABEL);
    const state: NodeState = options.states?.get(node.id) ?? "fresh";
    states.add(state);
    const small = printable(keyOfNode(node).slice(0, 12));
    boxes.push({ id: node.id, width: widthOf(label, small), height: 40 });
    const title = `${node.fname}\n${keyOfNode(node)}\n${STATE_WORDS[state]}\n${node.created.toISOString()}`;
    draw.set(node.id, (placed) => drawBox(placed, [label, small], title, NODE_COLORS[state], `call ${state}`));
    for (const child of new Set(node.children)) arrows.push({ from: node.id, to: child });
    for (const file of node.files) {
      yield;
      files.add(file);
      arrows.push({ from: node.id, to: `file:${file}` });
    }
  }
  for (const file of files) {
    yield;
    const label = truncateStart(printable(nameFile(file)), WIDEST_LABEL);
    boxes.push({ id: `file:${file}`, width: widthOf(label), height: 26 });
    draw.set(`file:${file}`, (placed) => drawBox(placed, [label], file, FILE_COLORS, "file"));
  }

  const layout = yield* placeBoxes(boxes, arrows);
  const legend = drawLegend(states, files.size > 0, caption);
  const width = Math.ceil(Math.max(layout.width, legend.width, 420)) + 2 * MARGIN_PX;
  const height = Math.ceil(layout.height) + 2 * MARGIN_PX + LEGEND_PX;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, sans-serif" font-size="12" role="img">`,
    `<title>${escapeXml(`Calls and files of a cache: ${nodes.length} calls, ${files.size} files`)}</title>`,
    `<defs><marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="7" markerHeight="7" orient="auto">` +
    `<path d="M0 0L8 4L0 8z" fill="#8a94a0"/></marker></defs>`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    legend.text,
    `<g transform="translate(${MARGIN_PX} ${MARGIN_PX + LEGEND_PX})">`,
  ];
  for (const arrow of arrows) {
    yield;
    const [from, to] = [layout.boxes.get(arrow.from), layout.boxes.get(arrow.to)];
    if (from && to) parts.push(drawArrow(from, to, arrow.to.startsWith("file:")));
  }
  for (const [id, placed] of layout.boxes) {
    yield;
    parts.push(draw.get(id)!(placed));
  }
  parts.push("</g>", "</svg>", "");
  return parts.join("\n");
}

/**
 * Escapes `text` for a text or a quoted attribute of XML or HTML. Control characters become escapes such as `\x1b`;
 * lone surrogates, U+FFFE and U+FFFF, which XML cannot hold, become U+FFFD.
 *
 * @param text Any text.
 * @returns Text without `<`, `>` or quotes, and with `&` only at the beginning of an entity.
 */
export function escapeXml(text: string): string {
  return text.split("\n").map(printable).join("\n").toWellFormed().replace(/[\ufffe\uffff]/g, "\ufffd")
    .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

function drawBox(
  { id, x, y, width, height }: Placed,
  lines: readonly string[],
  title: string,
  colors: BoxColors,
  kind: string,
): string {
  const dash = kind === "file" ? ` stroke-dasharray="4 2"` : "";
  const texts = lines.map((line, index) => {
    const baseline = lines.length === 1 ? height / 2 + 4 : 17 + index * 15;
    const look = index === 0 ? "" : ` font-size="10" opacity="0.85" font-family="monospace"`;
    return `<text x="10" y="${baseline}" fill="${colors.text}"${look}>${escapeXml(line)}</text>`;
  });
  return `<g class="${kind}" data-id="${escapeXml(id)}" transform="translate(${round(x)} ${round(y)})">` +
    `<title>${escapeXml(title)}</title>` +
    `<rect width="${round(width)}" height="${height}" rx="6" fill="${colors.fill}" stroke="${colors.line}"${dash}/>` +
    `${texts.join("")}</g>`;
}

function drawArrow(from: Placed, to: Placed, isFile: boolean): string {
  const [x1, y1] = [round(from.x + from.width), round(from.y + from.height / 2)];
  const [x2, y2] = [round(to.x), round(to.y + to.height / 2)];
  const bend = round(Math.max(20, Math.abs(x2 - x1) / 2));
  const dash = isFile ? ` stroke-dasharray="4 3"` : "";
  return `<path d="M${x1} ${y1}C${round(x1 + bend)} ${y1} ${round(x2 - bend)} ${y2} ${x2} ${y2}" fill="none" ` +
    `stroke="#8a94a0"${dash} marker-end="url(#tip)"/>`;
}

/** The legend of the states that occur, with its width without margins. */
function drawLegend(
  states: ReadonlySet<NodeState>,
  hasFiles: boolean,
  caption: string,
): { readonly text: string; readonly width: number } {
  let x = MARGIN_PX;
  const parts: string[] = [];
  const shown = (Object.keys(NODE_COLORS) as NodeState[]).filter((state) => states.has(state));
  const entries: [string, BoxColors][] = [
    ...shown.map((state): [string, BoxColors] => [STATE_WORDS[state], NODE_COLORS[state]]),
    ...hasFiles ? [["file", FILE_COLORS] satisfies [string, BoxColors]] : [],
  ];
  for (const [word, colors] of entries) {
    parts.push(
      `<rect x="${round(x)}" y="10" width="12" height="12" rx="3" fill="${colors.fill}" stroke="${colors.line}"/>` +
        `<text x="${round(x + 17)}" y="20" fill="#3a4149" font-size="11">${word}</text>`,
    );
    x += 34 + word.length * LEGEND_CHARACTER_PX;
  }
  if (caption !== "") {
    parts.push(`<text x="${MARGIN_PX}" y="40" fill="#3a4149" font-size="11">${escapeXml(caption)}</text>`);
  }
  const captionWidth = displayWidth(caption) * LEGEND_CHARACTER_PX;
  return { text: parts.join("\n"), width: Math.max(x - MARGIN_PX - 17, captionWidth) };
}

function widthOf(...lines: string[]): number {
  return Math.max(70, ...lines.map((line) => displayWidth(line) * CHARACTER_PX + 20));
}

/** Cuts a path to `width` columns. The beginning is cut, since the end of a path says more. */
function truncateStart(text: string, width: number): string {
  return displayWidth(text) <= width ? text : `…${text.slice(-(width - 1)).toWellFormed()}`;
}

function round(amount: number): number {
  return Math.round(amount * 10) / 10;
}

/** A box to place. */
interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** An arrow between two boxes, by id. */
interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** A box with its place; `x` and `y` are those of its upper left corner. */
interface Placed extends Box {
  readonly x: number;
  readonly y: number;
}

/** Boxes in their places, by id, and the size of the drawing. */
interface DrawnLayout {
  readonly boxes: ReadonlyMap<string, Placed>;
  readonly width: number;
  readonly height: number;
}

const GAP_X = 70;
const GAP_Y = 14;
const SWEEPS = 6;

/**
 * Places boxes so that each stands left of the boxes that its arrows lead to. Arrows that close a cycle are ignored.
 *
 * The method is the usual one for layered drawings (Sugiyama, Tagawa, Toda 1981): longest-path layers, then sweeps that
 * order each layer by the mean place of its neighbours.
 *
 * Takes time in proportion to boxes and arrows, times the logarithm of the largest layer.
 *
 * @param boxes The boxes; of two that the method ranks equally, the earlier one is placed first.
 * @param arrows The arrows; those to or from an unknown box are ignored.
 * @returns The boxes with their places, and the size of the drawing.
 */
export async function layOutBoxes(boxes: readonly Box[], arrows: readonly Arrow[]): Promise<DrawnLayout> {
  return await inTurns(placeBoxes(boxes, arrows));
}

function* placeBoxes(boxes: readonly Box[], arrows: readonly Arrow[]): Work<DrawnLayout> {
  const index = new Map(boxes.map((box, place) => [box.id, place]));
  const next: number[][] = boxes.map(() => []);
  const previous: number[][] = boxes.map(() => []);
  for (const { from, to } of arrows) {
    yield;
    const [a, b] = [index.get(from), index.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    next[a]!.push(b);
    previous[b]!.push(a);
  }
  const layers = yield* orderLayers(yield* assignLayers(next, previous), next, previous);

  const placed = new Map<string, Placed>();
  let x = 0;
  let height = 0;
  const heights = layers.map((layer) => layer.reduce((sum, box) => sum + boxes[box]!.height + GAP_Y, -GAP_Y));
  const tallest = Math.max(0, ...heights);
  for (const [place, layer] of layers.entries()) {
    let y = (tallest - heights[place]!) / 2;
    let widest = 0;
    for (const box of layer) {
      yield;
      placed.set(boxes[box]!.id, { ...boxes[box]!, x, y });
      y += boxes[box]!.height + GAP_Y;
      widest = Math.max(widest, boxes[box]!.width);
    }
    height = Math.max(height, y - GAP_Y);
    x += widest + GAP_X;
  }
  return { boxes: placed, width: Math.max(0, x - GAP_X), height };
}

/**
 * Puts boxes into layers, so that arrows lead to later ones; arrows that close a cycle do not count.
 *
 * @param next Boxes that the arrows of each box lead to, by index.
 * @param previous Boxes whose arrows lead to each box.
 * @returns The layer of each box: one more than the largest layer of the boxes with an arrow to it, else 0.
 */
export function* assignLayers(
  next: readonly (readonly number[])[],
  previous: readonly (readonly number[])[],
): Work<number[]> {
  const layer = new Array<number>(next.length).fill(0);
  const waiting = previous.map((list) => list.length);
  const isDone = new Array<boolean>(next.length).fill(false);
  const ready: number[] = [];
  for (const [box, count] of waiting.entries()) if (count === 0) ready.push(box);
  let cursor = 0;
  let candidate = 0;
  for (;;) {
    if (cursor === ready.length) {
      // Each box that is left lies on a cycle or behind one: go on with the first of them, which breaks a cycle.
      while (candidate < next.length && isDone[candidate]) candidate += 1;
      if (candidate === next.length) return layer;
      ready.push(candidate);
    }
    yield;
    const box = ready[cursor++]!;
    if (isDone[box]) continue;
    isDone[box] = true;
    for (const target of next[box]!) {
      if (isDone[target]) continue;
      layer[target] = Math.max(layer[target]!, layer[box]! + 1);
      if (--waiting[target]! === 0) ready.push(target);
    }
  }
}

/**
 * Orders the boxes of each layer by the mean place of their neighbours before and after them, by turns.
 *
 * @param layerOf Layer of each box.
 * @param next Boxes that the arrows of each box lead to, by index.
 * @param previous Boxes whose arrows lead to each box.
 * @returns The boxes of each layer.
 */
export function* orderLayers(
  layerOf: readonly number[],
  next: readonly (readonly number[])[],
  previous: readonly (readonly number[])[],
): Work<number[][]> {
  const layers: number[][] = [];
  for (const [box, layer] of layerOf.entries()) (layers[layer] ??= []).push(box);
  const place = new Array<number>(layerOf.length).fill(0);
  for (const layer of layers) recordPlaces(layer);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    const neighbours = isForward ? previous : next;
    const last = layers.length - 1;
    for (let step = 0; step <= last; step++) {
      const at = isForward ? step : last - step;
      const means = new Map<number, number>();
      for (const box of layers[at]!) {
        yield;
        means.set(box, meanPlace(neighbours[box]!) ?? place[box]!);
      }
      layers[at] = yield* mergeSort(layers[at]!, (a, b) => means.get(a)! - means.get(b)! || place[a]! - place[b]!);
      recordPlaces(layers[at]);
    }
  }
  return layers;

  function recordPlaces(layer: readonly number[]): void {
    // A place is a fraction of its layer, so that places in layers of different lengths can be compared.
    for (const [position, box] of layer.entries()) place[box] = (position + 0.5) / layer.length;
  }
  function meanPlace(boxes: readonly number[]): number | null {
    if (boxes.length === 0) return null;
    return boxes.reduce((sum, box) => sum + place[box]!, 0) / boxes.length;
  }
}
