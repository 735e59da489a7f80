/**
 * What the picture has on its canvas: arrows, frames, and the boxes that are no buttons. Runs in the browser, see
 * `model.ts`.
 *
 * @module
 */
import type { NodeState } from "../dot.ts";
import type { Arrangement, PlacedFunction, PlacedItem } from "./arrange.ts";
import type { DomBox, DomElement, DomWindow } from "./dom.ts";
import type { PageItem, PageModel } from "./model.ts";

/** What {@linkcode createPainter} is given. */
export interface PainterParts {
  readonly model: PageModel;
  readonly canvas: DomElement;
  readonly states: readonly NodeState[];
}

/** A place in the picture. */
type PagePlace = Pick<PlacedItem, "x" | "y" | "width" | "height">;

/** What is to be painted. */
export interface PageScene {
  /** Factor and shift from the picture to the window. */
  readonly view: { readonly scale: number; readonly x: number; readonly y: number };
  /** Size of the window, and how far the canvas reaches beyond it, pixels. */
  readonly size: Pick<DomBox, "width" | "height">;
  readonly margin: number;
  readonly placed: Arrangement;
  readonly picked: PageItem | null;
  /** Functions that are not pale; `null`: all. */
  readonly bright: ReadonlySet<number> | null;
  /** Functions that are near. */
  readonly frames: readonly PlacedFunction[];
  /** Functions and calls that are near and have no button. */
  readonly heads: readonly PlacedItem[];
  readonly tiles: readonly PlacedItem[];
  isNear(place: PagePlace): boolean;
  placeOf(item: PageItem): PlacedItem;
}

/** Makes what paints. */
export function createPainter(
  window: DomWindow,
  { model, canvas, states }: PainterParts,
): { paint(scene: PageScene): void; readColors(): void } {
  const { functions, calls, files } = model.data;
  const pen = canvas.getContext("2d");
  const MOST_ARROWS = 2_000;
  let colors: Record<string, string> = {};
  const color = (name: string) => colors[name] ?? "";

  // Arrows by which staleness comes to a caller.
  const staleArrows = new Set<string>();
  for (const call of calls) {
    if (call.state !== "caller" && call.state !== "stale") continue;
    for (const inner of call.inner) {
      const { state, fn } = calls[inner]!;
      if (state !== "fresh" && state !== "replaced") staleArrows.add(`${call.fn}:${fn}`);
    }
  }

  function paint(scene: PageScene): void {
    const { view: { scale, x, y }, size, margin } = scene;
    const density = Math.min(2, window.devicePixelRatio);
    const [width, height] = [size.width + 2 * margin, size.height + 2 * margin];
    if (canvas.width !== Math.round(width * density) || canvas.height !== Math.round(height * density)) {
      [canvas.width, canvas.height] = [Math.round(width * density), Math.round(height * density)];
      [canvas.style["width"], canvas.style["height"]] = [`${width}px`, `${height}px`];
    }
    canvas.style["transform"] = `translate3d(${-margin}px, ${-margin}px, 0)`;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.clearRect(0, 0, canvas.width, canvas.height);
    const zoom = density * scale;
    pen.setTransform(zoom, 0, 0, zoom, density * (x + margin), density * (y + margin));
    // Lines get thinner from afar, yet not as much as boxes do.
    const thin = 1 / Math.sqrt(Math.min(1, scale));
    for (const { frame, tiles } of scene.frames) {
      if (tiles.length > 0) paintBox(frame, 14, "--frame", thin);
    }
    paintAllArrows(scene, thin);
    paintItems(scene.heads, 10, scene, thin);
    paintItems(scene.tiles, 6, scene, thin);
    paintTexts(scene);
  }

  function paintBox({ x, y, width, height }: PagePlace, radius: number, fill: string, thin: number): void {
    pen.beginPath();
    pen.roundRect(x, y, width, height, radius);
    pen.fillStyle = color(fill);
    pen.fill();
    pen.lineWidth = thin;
    pen.strokeStyle = color("--line");
    pen.stroke();
  }

  /** Paints boxes, all of a colour at once: thousands by themselves would take a tenth of a second. */
  function paintItems(
    items: readonly PlacedItem[],
    radius: number,
    { view: { scale }, picked, bright }: PageScene,
    thin: number,
  ): void {
    const isFar = scale < 0.4;
    const byFill = new Map<string, PlacedItem[]>();
    for (const one of items) {
      const state = one.call === null ? model.stateOf(one.fn) : calls[one.call]!.state;
      const isPicked = picked !== null && picked.fn === one.fn && picked.call === one.call;
      const isPale = bright !== null && !bright.has(one.fn);
      const fill = isPicked ? "--accent" : isPale ? "--line" : `${isFar ? "--far" : "--fill"}-${state}`;
      const list = byFill.get(fill);
      if (list === undefined) byFill.set(fill, [one]);
      else list.push(one);
    }
    for (const [fill, list] of byFill) {
      pen.fillStyle = color(fill);
      if (isFar) {
        for (const { x, y, width, height } of list) pen.fillRect(x, y, width, height);
        continue;
      }
      pen.beginPath();
      for (const { x, y, width, height } of list) pen.roundRect(x, y, width, height, radius);
      pen.fill();
      pen.lineWidth = thin;
      pen.strokeStyle = color("--line");
      pen.stroke();
    }
  }

  function paintAllArrows(scene: PageScene, thin: number): void {
    const { placed, picked, bright, placeOf } = scene;
    const plain: [PlacedItem, PlacedItem][] = [];
    const stale: [PlacedItem, PlacedItem][] = [];
    const strong: [PlacedItem, PlacedItem][] = [];
    for (const from of placed.functions) {
      for (const [to] of functions[from.fn]!.inner) {
        const target = placed.functions[to]!;
        if (to === from.fn || !isBetweenNear(from, target, scene)) continue;
        const isPale = bright !== null && !(bright.has(from.fn) && bright.has(to));
        const isStrong = picked !== null && picked.call === null && (picked.fn === from.fn || picked.fn === to);
        if (isStrong) strong.push([from, target]);
        else if (!isPale) (staleArrows.has(`${from.fn}:${to}`) ? stale : plain).push([from, target]);
      }
    }
    if (picked !== null && picked.call !== null) {
      const place = placeOf(picked);
      const other = (call: number) => placeOf({ fn: calls[call]!.fn, call });
      for (const inner of calls[picked.call]!.inner.slice(0, MOST_ARROWS)) strong.push([place, other(inner)]);
      for (const caller of model.callersOf[picked.call]!.slice(0, MOST_ARROWS)) strong.push([other(caller), place]);
    }
    // What leads to and from the picked box stands out.
    pen.globalAlpha = strong.length > 0 ? 0.35 : 1;
    paintArrows(plain, "--arrow", 1.3 * thin, scene);
    paintArrows(stale, "--stale", 1.7 * thin, scene);
    pen.globalAlpha = 1;
    paintArrows(strong, "--accent", 2 * thin, scene);
  }

  function isBetweenNear(a: PlacedItem, b: PlacedItem, { isNear }: PageScene): boolean {
    const [x, y] = [Math.min(a.x, b.x) - 90, Math.min(a.y, b.y)];
    const [right, bottom] = [Math.max(a.x + a.width, b.x + b.width) + 90, Math.max(a.y + a.height, b.y + b.height)];
    return isNear({ x, y, width: right - x, height: bottom - y });
  }

  function paintArrows(
    arrows: readonly (readonly [PlacedItem, PlacedItem])[],
    name: string,
    width: number,
    { view: { scale }, placed: { routes } }: PageScene,
  ): void {
    if (arrows.length === 0) return;
    const tips: [x: number, y: number][] = [];
    pen.beginPath();
    for (const [from, to] of arrows) {
      let [x, y] = [from.x + from.width, from.y + from.height / 2];
      const [endX, endY] = [to.x, to.y + to.height / 2];
      pen.moveTo(x, y);
      // From afar nobody sees a bend, and thousands of them would take too long.
      if (scale < 0.2) {
        pen.lineTo(endX, endY);
        continue;
      }
      const curveTo = (nextX: number, nextY: number) => {
        const bend = nextX > x ? Math.max(20, (nextX - x) / 2) : 90;
        pen.bezierCurveTo(x + bend, y, nextX - bend, nextY, nextX, nextY);
      };
      for (
        const { x1, x2, y: level } of from.call === null && to.call === null
          ? routes.get(`${from.fn}:${to.fn}`) ?? []
          : []
      ) {
        curveTo(x1, level);
        pen.lineTo(x2, level);
        [x, y] = [x2, level];
      }
      curveTo(endX - 6, endY);
      tips.push([endX, endY]);
    }
    pen.strokeStyle = color(name);
    pen.lineWidth = width;
    pen.stroke();
    pen.beginPath();
    for (const [x, y] of tips) {
      pen.moveTo(x - 1, y);
      pen.lineTo(x - 9, y - 4.5);
      pen.lineTo(x - 9, y + 4.5);
      pen.closePath();
    }
    pen.fillStyle = color(name);
    pen.fill();
  }

  function paintTexts({ view: { scale }, heads, tiles, frames }: PageScene): void {
    if (scale < 0.3) return;
    pen.textBaseline = "middle";
    pen.fillStyle = color("--text");
    pen.font = "600 14px system-ui, sans-serif";
    for (const { fn, x, y, width, height } of heads) {
      pen.fillText(functions[fn]!.name.slice(0, 24), x + 16, y + height / 2, width - 28);
    }
    pen.font = "12px system-ui, sans-serif";
    for (const { x, y, height, call } of scale < 0.45 ? [] : tiles) {
      pen.fillText(model.labelOf(call!).slice(0, 20), x + 14, y + height / 2);
    }
    pen.textBaseline = "top";
    pen.fillStyle = color("--soft");
    for (const { fn, foot } of frames) {
      if (foot === null) continue;
      const { files: read } = model.filesOf(fn);
      const room = Math.max(1, Math.floor(foot.width / 150));
      const names = read.slice(0, room).map((file) => files[file]!.split("/").at(-1)!.slice(0, 24));
      if (read.length > room) names.push(`+${read.length - room}`);
      pen.fillText(`reads ${names.join(", ")}`, foot.x, foot.y, foot.width);
    }
  }

  function readColors(): void {
    const style = window.getComputedStyle(window.document.documentElement);
    const names = ["--line", "--frame", "--arrow", "--stale", "--accent", "--text", "--soft"];
    for (const state of states) names.push(`--far-${state}`, `--fill-${state}`);
    colors = Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name).trim()]));
  }

  return { paint, readColors };
}
