/**
 * Places boxes in layers, so that arrows lead from left to right and cross little.
 *
 * The method is the usual one for layered drawings (Sugiyama, Tagawa, Toda 1981): longest-path layers, then sweeps that
 * order each layer by the mean place of its neighbours.
 *
 * @module
 */

/** A box to place. */
export interface Box {
  readonly id: string;
  readonly width: number;
  readonly height: number;
}

/** An arrow between two boxes, by id. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
}

/** Where a box is; `x`, `y` is its upper left corner. */
export interface Placed extends Box {
  readonly x: number;
  readonly y: number;
}

/** Boxes in their places, and the size of the whole. */
export interface Layout {
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
 * Takes time in proportion to boxes and arrows, times the logarithm of the largest layer.
 *
 * @param boxes The boxes, in the order in which equals are placed.
 * @param arrows The arrows; those to or from an unknown box are ignored.
 * @returns The places.
 */
export function layOut(boxes: readonly Box[], arrows: readonly Arrow[]): Layout {
  const index = new Map(boxes.map((box, place) => [box.id, place]));
  const next: number[][] = boxes.map(() => []);
  const previous: number[][] = boxes.map(() => []);
  for (const { from, to } of arrows) {
    const [a, b] = [index.get(from), index.get(to)];
    if (a === undefined || b === undefined || a === b) continue;
    next[a]!.push(b);
    previous[b]!.push(a);
  }
  const layers = orderLayers(assignLayers(next, previous), next, previous);

  const placed = new Map<string, Placed>();
  let x = 0;
  let height = 0;
  const heights = layers.map((layer) => layer.reduce((sum, box) => sum + boxes[box]!.height + GAP_Y, -GAP_Y));
  const tallest = Math.max(0, ...heights);
  for (const [place, layer] of layers.entries()) {
    let y = (tallest - heights[place]!) / 2;
    let widest = 0;
    for (const box of layer) {
      placed.set(boxes[box]!.id, { ...boxes[box]!, x, y });
      y += boxes[box]!.height + GAP_Y;
      widest = Math.max(widest, boxes[box]!.width);
    }
    height = Math.max(height, y - GAP_Y);
    x += widest + GAP_X;
  }
  return { boxes: placed, width: Math.max(0, x - GAP_X), height };
}

/** Layer of each box: one more than the largest among the boxes that lead to it. */
function assignLayers(next: readonly (readonly number[])[], previous: readonly (readonly number[])[]): number[] {
  const layer = new Array<number>(next.length).fill(0);
  const waiting = previous.map((list) => list.length);
  const isDone = new Array<boolean>(next.length).fill(false);
  const ready: number[] = [];
  for (const [box, count] of waiting.entries()) if (count === 0) ready.push(box);
  let cursor = 0;
  let candidate = 0;
  for (;;) {
    if (cursor === ready.length) {
      // What is left lies on cycles: break them at the first box that is not placed.
      while (candidate < next.length && isDone[candidate]) candidate += 1;
      if (candidate === next.length) return layer;
      ready.push(candidate);
    }
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

/** Boxes of each layer, ordered by the mean place of their neighbours in the layers before and after, by turns. */
function orderLayers(
  layerOf: readonly number[],
  next: readonly (readonly number[])[],
  previous: readonly (readonly number[])[],
): number[][] {
  const layers: number[][] = [];
  for (const [box, layer] of layerOf.entries()) (layers[layer] ??= []).push(box);
  const place = new Array<number>(layerOf.length).fill(0);
  for (const layer of layers) recordPlaces(layer);
  for (let sweep = 0; sweep < SWEEPS; sweep++) {
    const isForward = sweep % 2 === 0;
    const neighbours = isForward ? previous : next;
    for (const layer of isForward ? layers : layers.toReversed()) {
      const means = new Map(layer.map((box) => [box, meanPlace(neighbours[box]!) ?? place[box]!]));
      layer.sort((a, b) => means.get(a)! - means.get(b)! || place[a]! - place[b]!);
      recordPlaces(layer);
    }
  }
  return layers;

  function recordPlaces(layer: readonly number[]): void {
    // Relative, so that layers of different lengths compare.
    for (const [position, box] of layer.entries()) place[box] = (position + 0.5) / layer.length;
  }
  function meanPlace(boxes: readonly number[]): number | null {
    if (boxes.length === 0) return null;
    return boxes.reduce((sum, box) => sum + place[box]!, 0) / boxes.length;
  }
}
