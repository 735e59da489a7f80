/**
 * The picture of the page: boxes that can be reached by mouse, touch and keys, arrows between them, panning and zooming.
 * Runs in the browser, see `model.ts`.
 *
 * What is near enough to be read are buttons; arrows, and boxes that are too many or too small, are drawn on a canvas. Both
 * reach beyond the edges of the window, so that panning moves them and seldom draws anew.
 *
 * @module
 */
import type { NodeState } from "../dot.ts";
import type { Arrangement, PlacedItem } from "./arrange.ts";
import type { DomElement, DomEvent, DomWindow, MakeElement } from "./dom.ts";
import type { PageItem, PageModel, PageWords } from "./model.ts";
import type { createPainter } from "./paint.ts";

/** What {@linkcode createPicture} is given. */
export interface PictureParts {
  readonly model: PageModel;
  readonly words: PageWords;
  readonly states: Readonly<Record<NodeState, string>>;
  readonly make: MakeElement;
  readonly arrange: (model: PageModel, open: ReadonlySet<number>) => Arrangement;
  readonly createPainter: typeof createPainter;
  /** Called when the user picks a box, or nothing. */
  onPick(item: PageItem | null): void;
}

/** The picture. */
export interface Picture {
  /** Marks an item, opens its function when it is a call, and brings it into view. */
  show(item: PageItem | null, options?: { readonly focuses?: boolean }): void;
  /** Opens or closes functions. */
  setOpen(fns: readonly number[], isOpen: boolean): void;
  isOpen(fn: number): boolean;
  /** Shows the whole picture. */
  fit(): void;
  zoom(factor: number): void;
  /** Makes all functions pale but these; `null`: none. */
  dimOthers(fns: ReadonlySet<number> | null): void;
}

/** Makes the picture in the elements `stage`, `canvas` and `boxes`. */
export function createPicture(window: DomWindow, parts: PictureParts): Picture {
  const { model, words, states, make, onPick } = parts;
  const { functions, calls } = model.data;
  const [stage, canvas, layer] = ["stage", "canvas", "boxes"].map((id) => window.document.getElementById(id)) as [
    DomElement,
    DomElement,
    DomElement,
  ];
  const painter = parts.createPainter(window, { model, canvas, states: Object.keys(states) as NodeState[] });
  const [MARGIN, MOST_BUTTONS, LEAST_SCALE, MOST_SCALE, CLICK_PX] = [256, 420, 0.01, 3, 4];
  const open = new Set<number>();
  const buttons = new Map<string, DomElement>();
  let placed = parts.arrange(model, open);
  let size = { width: 1, height: 1 };
  let view = { scale: 1, x: 0, y: 0 };
  let drawn = { scale: 0, x: 0, y: 0 };
  let isDirty = true;
  let isScheduled = false;
  let moveId = 0;
  let picked: PageItem | null = null;
  let current: PageItem | null = functions.length > 0 ? { fn: 0, call: null } : null;
  let bright: ReadonlySet<number> | null = null;
  const prefersStill = window.matchMedia("(prefers-reduced-motion: reduce)");

  const idOf = ({ fn, call }: PageItem) => call === null ? `f${fn}` : `c${call}`;
  const isSame = (a: PageItem | null, b: PageItem | null) => a !== null && b !== null && idOf(a) === idOf(b);
  const placeOf = ({ fn, call }: PageItem): PlacedItem => {
    const head = placed.functions[fn]!;
    return call === null ? head : head.tiles[model.callsOf[fn]!.indexOf(call)] ?? head;
  };

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    window.requestAnimationFrame(() => {
      isScheduled = false;
      render();
    });
  }

  function render(): void {
    layer.style["transform"] = `translate3d(${view.x}px, ${view.y}px, 0) scale(${view.scale})`;
    const [dx, dy] = [view.x - drawn.x, view.y - drawn.y];
    if (isDirty || view.scale !== drawn.scale || Math.abs(dx) > MARGIN * 0.9 || Math.abs(dy) > MARGIN * 0.9) redraw();
    else canvas.style["transform"] = `translate3d(${dx - MARGIN}px, ${dy - MARGIN}px, 0)`;
  }

  /** Makes the buttons that are near, and draws all else. */
  function redraw(): void {
    isDirty = false;
    drawn = { ...view };
    const { scale } = view;
    const region = {
      left: (-MARGIN - view.x) / scale,
      top: (-MARGIN - view.y) / scale,
      right: (size.width + MARGIN - view.x) / scale,
      bottom: (size.height + MARGIN - view.y) / scale,
    };
    const isNear = ({ x, y, width, height }: { x: number; y: number; width: number; height: number }) =>
      x < region.right && y < region.bottom && x + width > region.left && y + height > region.top;
    const frames = placed.functions.filter(({ frame }) => isNear(frame));
    const heads = frames.filter(isNear);
    const tiles = frames.flatMap((one) => one.tiles.length === 0 ? [] : one.tiles.filter(isNear));
    const hasHeads = heads.length <= MOST_BUTTONS;
    const hasTiles = hasHeads && scale >= 0.5 && heads.length + tiles.length <= MOST_BUTTONS;
    const wanted = new Map<string, PlacedItem>();
    for (const one of hasHeads ? heads : []) wanted.set(idOf(one), one);
    for (const one of hasTiles ? tiles : []) wanted.set(idOf(one), one);
    // The button that the keys are on stays, wherever it is.
    if (current !== null) wanted.set(idOf(current), placeOf(current));
    placeButtons(wanted);
    painter.paint({
      view,
      size,
      margin: MARGIN,
      placed,
      picked,
      bright,
      frames,
      heads: hasHeads ? [] : heads,
      tiles: hasTiles ? [] : tiles,
      isNear,
      placeOf,
    });
  }

  function placeButtons(wanted: ReadonlyMap<string, PlacedItem>): void {
    for (const [id, button] of buttons) {
      if (wanted.has(id)) continue;
      button.remove();
      buttons.delete(id);
    }
    for (const [id, place] of wanted) {
      let button = buttons.get(id);
      if (button === undefined) {
        button = place.call === null ? makeHead(place.fn) : makeTile(place.call);
        buttons.set(id, button);
        layer.append(button);
      }
      const { style, classList } = button;
      [style["left"], style["top"]] = [`${place.x}px`, `${place.y}px`];
      [style["width"], style["height"]] = [`${place.width}px`, `${place.height}px`];
      button.tabIndex = isSame(current, place) ? 0 : -1;
      classList.toggle("picked", isSame(picked, place));
      classList.toggle("faint", bright !== null && !bright.has(place.fn));
      if (place.call === null) button.setAttribute("aria-expanded", String(open.has(place.fn)));
    }
  }

  function makeHead(fn: number): DomElement {
    const { name, module, counts } = functions[fn]!;
    const state = model.stateOf(fn);
    const notes = (["stale", "caller", "missing"] as const).filter((state) => counts[state] > 0)
      .map((state) => words.tally(state, counts[state]));
    const calls = words.count(model.sizeOf(fn), "call");
    const itself = functions[fn]!.inner.some(([to]) => to === fn) ? "calls itself" : "";
    return make(
      "button",
      {
        type: "button",
        class: `box is-${state}`,
        "data-fn": fn,
        title: module === "" ? name : `${name}\n${module}`,
        "aria-label": [name, calls, ...notes, itself].filter((text) => text !== "").join(", "),
      },
      make("span", { class: "name", text: name }),
      make(
        "span",
        { class: "meta" },
        make("span", { class: "times", text: `×${calls.split(" ")[0]}` }),
        itself === "" ? null : make("span", { class: "itself", text: "↻" }),
        notes.length === 0 ? null : make("span", { class: "note", text: notes[0] }),
        notes.length > 0 || module === "" ? null : make("span", { class: "module", text: module }),
      ),
    );
  }

  function makeTile(call: number): DomElement {
    const { state, reason } = calls[call]!;
    const label = model.labelOf(call);
    return make("button", {
      type: "button",
      class: `tile is-${state}`,
      "data-call": call,
      title: reason === "" ? label : `${label}\n${reason}`,
      "aria-label": `${model.titleOf(call)}, ${states[state]}${reason && `: ${reason}`}`,
      text: label,
    });
  }

  // Views.

  /** Moves the view, in a fifth of a second where the user has nothing against motion. */
  function moveTo(target: { scale: number; x: number; y: number }): void {
    const id = ++moveId;
    const from = { ...view };
    let frame = 0;
    const FRAMES = 12;
    const step = () => {
      if (id !== moveId) return;
      frame = prefersStill.matches ? FRAMES : frame + 1;
      const done = 1 - (1 - frame / FRAMES) ** 3;
      view = {
        scale: from.scale + (target.scale - from.scale) * done,
        x: from.x + (target.x - from.x) * done,
        y: from.y + (target.y - from.y) * done,
      };
      render();
      if (frame < FRAMES) window.requestAnimationFrame(step);
    };
    step();
  }

  function fitted(place: { x: number; y: number; width: number; height: number }, most: number) {
    const PAD = 36;
    const scale = Math.min(
      most,
      (size.width - 2 * PAD) / Math.max(1, place.width),
      (size.height - 2 * PAD) / Math.max(1, place.height),
    );
    const clamped = Math.max(LEAST_SCALE, scale);
    return {
      scale: clamped,
      x: size.width / 2 - (place.x + place.width / 2) * clamped,
      y: size.height / 2 - (place.y + place.height / 2) * clamped,
    };
  }

  function fit(): void {
    moveTo(fitted({ x: 0, y: 0, width: placed.width, height: placed.height }, 1));
  }

  /** Pans as little as brings a place into view; zooms in when it could not be read otherwise. */
  function reveal(place: { x: number; y: number; width: number; height: number }, leastScale: number): void {
    const PAD = 32;
    const scale = Math.max(view.scale, leastScale);
    let { x, y } = view;
    if (scale !== view.scale) {
      x = size.width / 2 - (place.x + place.width / 2) * scale;
      y = size.height / 2 - (place.y + place.height / 2) * scale;
    }
    const nudge = (offset: number, start: number, length: number, room: number) => {
      const [low, high] = [offset + start * scale, offset + (start + length) * scale];
      if (low < PAD || high - low > room - 2 * PAD) return offset + PAD - low;
      return high > room - PAD ? offset + room - PAD - high : offset;
    };
    x = nudge(x, place.x, place.width, size.width);
    y = nudge(y, place.y, place.height, size.height);
    if (x !== view.x || y !== view.y || scale !== view.scale) moveTo({ scale, x, y });
  }

  function zoomAt(factor: number, x: number, y: number): void {
    moveId++;
    const scale = Math.min(MOST_SCALE, Math.max(LEAST_SCALE, view.scale * factor));
    const ratio = scale / view.scale;
    view = { scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio };
    schedule();
  }

  function setOpen(fns: readonly number[], isOpen: boolean): void {
    const anchor = fns.length === 1 ? placed.functions[fns[0]!]! : null;
    for (const fn of fns) {
      if (isOpen) open.add(fn);
      else open.delete(fn);
    }
    placed = parts.arrange(model, open);
    if (current !== null && !open.has(current.fn)) current = { fn: current.fn, call: null };
    if (anchor !== null) {
      // The box that was clicked stays where it was on the screen.
      const now = placed.functions[anchor.fn]!;
      view = { ...view, x: view.x + (anchor.x - now.x) * view.scale, y: view.y + (anchor.y - now.y) * view.scale };
      moveId++;
    }
    isDirty = true;
    render();
  }

  function setCurrent(item: PageItem, focuses: boolean): void {
    current = item;
    isDirty = true;
    render();
    if (focuses) buttons.get(idOf(item))?.focus({ preventScroll: true });
  }

  function show(item: PageItem | null, { focuses = false }: { readonly focuses?: boolean } = {}): void {
    picked = item;
    isDirty = true;
    if (item === null) return schedule();
    if (item.call !== null && !open.has(item.fn)) setOpen([item.fn], true);
    reveal(placeOf(item), 0.7);
    setCurrent(item, focuses);
  }

  function toggle(fn: number): void {
    const isOpening = !open.has(fn);
    picked = { fn, call: null };
    setOpen([fn], isOpening);
    setCurrent({ fn, call: null }, true);
    const { frame } = placed.functions[fn]!;
    if (isOpening) reveal(frame, Math.min(0.7, fitted(frame, 1).scale));
    onPick(picked);
  }

  // Keys.

  function move(key: string): void {
    if (current === null) return;
    const here = placeOf(current);
    const isAcross = key === "ArrowLeft" || key === "ArrowRight";
    const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
    const linked = current.call !== null || !isAcross
      ? []
      : sign > 0
      ? functions[current.fn]!.inner.map(([fn]) => fn).filter((fn) => fn !== current!.fn)
      : model.fnCallersOf[current.fn]!.map(([fn]) => fn);
    let best: PlacedItem | null = null;
    let least = Infinity;
    const weigh = (place: PlacedItem, isLinked: boolean) => {
      const dx = place.x + place.width / 2 - (here.x + here.width / 2);
      const dy = place.y + place.height / 2 - (here.y + here.height / 2);
      const [along, aside] = isAcross ? [dx * sign, Math.abs(dy)] : [dy * sign, Math.abs(dx)];
      if (place === here || along <= 4) return;
      const distance = along + aside * 3 - (isLinked ? 1e6 : 0);
      if (distance < least) [best, least] = [place, distance];
    };
    for (const one of placed.functions) {
      weigh(one, linked.includes(one.fn));
      for (const tile of one.tiles) weigh(tile, false);
    }
    if (best === null) return;
    const { fn, call } = best as PlacedItem;
    reveal(best, 0.6);
    setCurrent({ fn, call }, true);
  }

  stage.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const { key } = event;
    if (/^Arrow/.test(key) && event.shiftKey) {
      const by = key === "ArrowRight" || key === "ArrowDown" ? -80 : 80;
      const isAcross = key === "ArrowLeft" || key === "ArrowRight";
      moveTo({ ...view, x: view.x + (isAcross ? by : 0), y: view.y + (isAcross ? 0 : by) });
    } else if (/^Arrow/.test(key)) move(key);
    else if (key === "Home") {
      const first = functions.length > 0 ? { fn: 0, call: null } : null;
      if (first !== null) {
        reveal(placeOf(first), 0.6);
        setCurrent(first, true);
      }
    } else if (key === "+" || key === "=") zoomAt(1.25, size.width / 2, size.height / 2);
    else if (key === "-") zoomAt(0.8, size.width / 2, size.height / 2);
    else if (key === "0") fit();
    else if (key === "Escape" && current !== null) {
      if (open.has(current.fn)) toggle(current.fn);
      else {
        show(null);
        onPick(null);
      }
    } else return;
    event.preventDefault();
  });
  stage.addEventListener("focusin", ({ target }) => {
    // The browser scrolls to what has the focus; the picture has a view of its own.
    [stage.scrollTop, stage.scrollLeft] = [0, 0];
    const item = itemOfButton(target);
    if (item !== null && !isSame(item, current)) setCurrent(item, false);
    else if (item !== null) reveal(placeOf(item), 0);
  });

  // Mouse and touch.

  function itemOfButton(target: DomElement | null): PageItem | null {
    const button = target?.closest("button") ?? null;
    if (button === null || !layer.contains(button)) return null;
    const { fn, call } = button.dataset;
    return call === undefined ? { fn: Number(fn), call: null } : { fn: calls[Number(call)]!.fn, call: Number(call) };
  }

  function itemAt(event: DomEvent): PageItem | null {
    const { left, top } = stage.getBoundingClientRect();
    const [x, y] = [(event.clientX - left - view.x) / view.scale, (event.clientY - top - view.y) / view.scale];
    const holds = (place: PlacedItem) =>
      x >= place.x && x <= place.x + place.width && y >= place.y && y <= place.y + place.height;
    for (const one of placed.functions) {
      const found = holds(one) ? one : one.tiles.find(holds);
      if (found !== undefined) return { fn: found.fn, call: found.call };
    }
    return null;
  }

  function choose(item: PageItem | null): void {
    if (item?.call === null) return toggle(item.fn);
    show(item, { focuses: true });
    onPick(item);
  }

  const pointers = new Map<number, { x: number; y: number }>();
  let wentPx = 0;
  stage.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    moveId++;
    if (pointers.size === 0) wentPx = 0;
    pointers.set(event.pointerId, { x: event.clientX, y: event.clientY });
  });
  stage.addEventListener("pointermove", (event) => {
    const before = pointers.get(event.pointerId);
    if (before === undefined) return;
    const now = { x: event.clientX, y: event.clientY };
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    wentPx += Math.hypot(now.x - before.x, now.y - before.y);
    pointers.set(event.pointerId, now);
    if (wentPx <= CLICK_PX) return;
    stage.setPointerCapture(event.pointerId);
    stage.classList.toggle("moving", true);
    if (other !== undefined) {
      const { left, top } = stage.getBoundingClientRect();
      const spread = (point: { x: number; y: number }) => Math.hypot(point.x - other.x, point.y - other.y);
      zoomAt(spread(now) / Math.max(1, spread(before)), (now.x + other.x) / 2 - left, (now.y + other.y) / 2 - top);
    }
    const share = other === undefined ? 1 : 0.5;
    view = { ...view, x: view.x + (now.x - before.x) * share, y: view.y + (now.y - before.y) * share };
    schedule();
  });
  for (const type of ["pointerup", "pointercancel"]) {
    stage.addEventListener(type, (event) => {
      if (!pointers.delete(event.pointerId)) return;
      stage.classList.toggle("moving", false);
      const isClick = type === "pointerup" && wentPx <= CLICK_PX && pointers.size === 0;
      // A click on a button comes as an event of its own, as it does from keys.
      if (isClick && itemOfButton(event.target) === null) choose(itemAt(event));
    });
  }
  stage.addEventListener("click", (event) => {
    const item = itemOfButton(event.target);
    if (item !== null && wentPx <= CLICK_PX) choose(item);
    wentPx = 0;
  });
  stage.addEventListener("wheel", (event) => {
    event.preventDefault();
    const { left, top } = stage.getBoundingClientRect();
    const lines = event.deltaMode === 1 ? 16 : 1;
    if (event.shiftKey) {
      view = { ...view, x: view.x - (event.deltaX + event.deltaY) * lines, y: view.y };
      return schedule();
    }
    const factor = Math.exp(-Math.max(-120, Math.min(120, event.deltaY * lines)) * (event.ctrlKey ? 0.01 : 0.002));
    zoomAt(factor, event.clientX - left, event.clientY - top);
  }, { passive: false });

  // Size and colours.

  const repaint = () => {
    painter.readColors();
    isDirty = true;
    schedule();
  };
  let isFirst = true;
  new window.ResizeObserver(() => {
    const { width, height } = stage.getBoundingClientRect();
    if (width === 0 || height === 0) return; // the picture is behind another view
    size = { width, height };
    isDirty = true;
    if (isFirst) {
      isFirst = false;
      view = fitted({ x: 0, y: 0, width: placed.width, height: placed.height }, 1);
      render();
    } else schedule();
  }).observe(stage);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  repaint();

  return {
    show,
    setOpen,
    isOpen: (fn) => open.has(fn),
    fit,
    zoom: (factor) => zoomAt(factor, size.width / 2, size.height / 2),
    dimOthers(fns) {
      bright = fns;
      isDirty = true;
      schedule();
    },
  };
}
