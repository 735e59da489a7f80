/**
 * Places of the boxes in the picture. Runs in the browser, see `model.ts`: boxes move when a function is opened.
 *
 * @module
 */
import type { PageModel } from "./model.ts";

/** A place in the picture; `x` and `y` are those of the upper left corner. */
export interface PlacedItem {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly fn: number;
  /** The call; `null`: the box of the function. */
  readonly call: number | null;
}

/** A function with the frame around it and its calls. */
export interface PlacedFunction extends PlacedItem {
  readonly call: null;
  /** The frame of an open function; the box itself when it is closed. */
  readonly frame: { readonly x: number; readonly y: number; readonly width: number; readonly height: number };
  /** Place below the calls at which the files are named; `null` for a closed function, and for one without files. */
  readonly foot: { readonly x: number; readonly y: number; readonly width: number } | null;
  readonly tiles: readonly PlacedItem[];
}

/** Places of all boxes, and the size of the picture. */
export interface Arrangement {
  /** By the index of the function. */
  readonly functions: readonly PlacedFunction[];
  /** By `from:to`, the level stretches of an arrow that passes by other layers. */
  readonly routes: ReadonlyMap<string, readonly { readonly x1: number; readonly x2: number; readonly y: number }[]>;
  readonly width: number;
  readonly height: number;
}

/**
 * Places the functions: in columns by layer, each as near as it can be to what calls it. A layer that is much higher than
 * the picture is broken into several columns, and a long row of layers into several bands.
 *
 * @param model The data.
 * @param open Functions that are open.
 * @returns See {@linkcode Arrangement}.
 */
export function arrange(model: PageModel, open: ReadonlySet<number>): Arrangement {
  const BOX = { width: 200, height: 54 };
  const TILE = { width: 200, height: 28, gap: 6 };
  const [GAP_X, GAP_Y, GAP_BAND, PAD, FOOT, BEND] = [56, 18, 64, 12, 24, 14];
  const { data: { functions, layout }, callsOf, filesOf } = model;

  /** A function, or a bend of an arrow, in its column. */
  interface Slot {
    at: number;
    rows: number;
    columns: number;
    width: number;
    height: number;
    hasFoot: boolean;
    /** Distance from the upper edge to where arrows lead. */
    middle: number;
    x: number;
    y: number;
  }
  const toSlot = (at: number): Slot => {
    const none = { at, rows: 0, columns: 0, hasFoot: false, x: 0, y: 0 };
    if (at >= functions.length) return { ...none, width: 0, height: BEND, middle: BEND / 2 };
    const count = callsOf[at]!.length;
    if (!open.has(at) || count === 0) return { ...none, ...BOX, middle: BOX.height / 2 };
    // As many rows as make the frame a little wider than high.
    const wanted = Math.ceil(Math.sqrt(count * (TILE.width + TILE.gap) / (TILE.height + TILE.gap) / 1.5));
    const rows = Math.min(count, Math.max(6, wanted));
    const columns = Math.ceil(count / rows);
    const hasFoot = filesOf(at).files.length > 0;
    return {
      ...none,
      rows,
      columns,
      hasFoot,
      width: columns * (TILE.width + TILE.gap) - TILE.gap + 2 * PAD,
      height: BOX.height + rows * (TILE.height + TILE.gap) - TILE.gap + 3 * PAD + (hasFoot ? FOOT : 0),
      middle: PAD + BOX.height / 2,
    };
  };

  return place(true) ?? place(false)!;

  /** Places all; `null` when arrows were to have bends and the picture had to be broken, where bends would mislead. */
  function place(hasBends: boolean): Arrangement | null {
    const layers: Slot[][] = [];
    layout.places.forEach(([layer, place], at) => {
      if (at < functions.length || hasBends) (layers[layer] ??= [])[place] = toSlot(at);
    });
    const before: number[][] = layout.places.map(() => []);
    const routed = new Set<string>();
    for (const [from, to, ...bends] of hasBends ? layout.bends : []) {
      routed.add(`${from}:${to}`);
      const way = [from, ...bends, to];
      for (let at = 1; at < way.length; at++) before[way[at]!]!.push(way[at - 1]!);
    }
    functions.forEach(({ inner }, from) => {
      for (const [to] of inner) if (to !== from && !routed.has(`${from}:${to}`)) before[to]!.push(from);
    });

    const slots = new Map<number, Slot>();
    let area = 0;
    for (const layer of layers) {
      for (const { width, height } of layer.flat()) area += (width + GAP_X) * (height + GAP_Y);
    }
    const columns = breakLayers(layers, Math.max(1000, Math.sqrt(area / 1.7)));
    const widest = Math.max(2400, Math.sqrt(area * 2.4));
    const band = new Set<Slot>();
    let [x, top, bottom, width, bands] = [0, 0, 0, 0, 1];
    const endBand = () => {
      // Columns begin at different heights, above and below the first one: the band is moved down as a whole.
      let highest = Infinity;
      for (const { y } of band) highest = Math.min(highest, y);
      for (const slot of band) {
        slot.y += top - highest;
        bottom = Math.max(bottom, slot.y + slot.height);
      }
      band.clear();
    };
    const ends: number[] = [];
    for (const column of columns) {
      const columnWidth = column.reduce((most, slot) => Math.max(most, slot.width), 0);
      if (x > 0 && x + columnWidth > widest) {
        endBand();
        bands++;
        [x, top] = [0, bottom + GAP_BAND];
      }
      placeColumn(column, x, (at) => before[at]!.map((one) => slots.get(one)).filter((one) => one && band.has(one)));
      for (const slot of column) {
        band.add(slot);
        slots.set(slot.at, slot);
        ends[slot.at] = x + columnWidth;
      }
      x += columnWidth + GAP_X;
      width = Math.max(width, x - GAP_X);
    }
    if (band.size > 0) endBand();
    if (hasBends && layout.bends.length > 0 && (bands > 1 || columns.length > layers.length)) return null;

    const routes = new Map<string, { x1: number; x2: number; y: number }[]>();
    for (const [from, to, ...bends] of hasBends ? layout.bends : []) {
      const stretches = bends.map((at) => {
        const { x, y, middle } = slots.get(at)!;
        return { x1: x, x2: ends[at]!, y: y + middle };
      });
      routes.set(`${from}:${to}`, stretches);
    }
    return { functions: functions.map((_, fn) => toPlaced(slots.get(fn)!)), routes, width, height: bottom };
  }

  /** Returns the layers as columns, of which a layer that is too high makes several. */
  function breakLayers(layers: readonly Slot[][], highest: number): Slot[][] {
    const columns: Slot[][] = [];
    for (const layer of layers) {
      let column: Slot[] = [];
      let height = 0;
      for (const slot of layer.flat()) {
        if (column.length > 0 && height + slot.height > highest) {
          columns.push(column);
          [column, height] = [[], 0];
        }
        column.push(slot);
        height += slot.height + GAP_Y;
      }
      columns.push(column);
    }
    return columns;
  }

  /** Places a column beside what calls its functions: each where the middle of its callers is, then none over another. */
  function placeColumn(column: readonly Slot[], x: number, callersOf: (at: number) => (Slot | undefined)[]): void {
    let next = -Infinity;
    let [sum, weight] = [0, 0];
    for (const slot of column) {
      slot.x = x;
      const callers = callersOf(slot.at);
      const middles = callers.reduce((sum, caller) => sum + caller!.y + caller!.middle, 0);
      const wanted = callers.length === 0 ? null : middles / callers.length - slot.middle;
      slot.y = Math.max(next, wanted ?? (next === -Infinity ? 0 : next));
      next = slot.y + slot.height + GAP_Y;
      if (wanted === null) continue;
      sum += wanted - slot.y;
      weight += 1;
    }
    // What was pushed down is moved up again as a whole, so that the column stands around where it is wanted.
    const shift = weight === 0 ? -(next - GAP_Y) / 2 : sum / weight;
    for (const slot of column) slot.y += shift;
  }

  function toPlaced({ at: fn, x, y, width, height, rows, columns, hasFoot }: Slot): PlacedFunction {
    const frame = { x, y, width, height };
    const isOpen = columns > 0;
    const head = { x: isOpen ? x + PAD : x, y: isOpen ? y + PAD : y };
    const tiles = isOpen
      ? callsOf[fn]!.map((call, at) => ({
        x: head.x + Math.floor(at / rows) * (TILE.width + TILE.gap),
        y: head.y + BOX.height + PAD + at % rows * (TILE.height + TILE.gap),
        width: TILE.width,
        height: TILE.height,
        fn,
        call,
      }))
      : [];
    const foot = hasFoot ? { x: head.x, y: y + height - FOOT - 2, width: width - 2 * PAD } : null;
    return { fn, call: null, ...head, ...BOX, frame, foot, tiles };
  }
}
