/**
 * The part of the browser's interface that the page uses. Deno's types for it would count in every program that imports
 * this package, which would let a slip such as `document` pass the check there.
 *
 * @module
 */

/** An event, with the members of all kinds that the page listens to. */
export interface DomEvent {
  readonly type: string;
  readonly target: DomElement | null;
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
  readonly shiftKey: boolean;
  readonly button: number;
  readonly clientX: number;
  readonly clientY: number;
  readonly deltaX: number;
  readonly deltaY: number;
  readonly deltaMode: number;
  readonly pointerId: number;
  preventDefault(): void;
  stopPropagation(): void;
}

/** What events come from. */
export interface DomTarget {
  addEventListener(type: string, listener: (event: DomEvent) => void, options?: { readonly passive?: boolean }): void;
}

/** Place of an element in the window, pixels. */
export interface DomBox {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** An element of the page. */
export interface DomElement extends DomTarget {
  textContent: string;
  className: string;
  hidden: boolean;
  disabled: boolean;
  value: string;
  title: string;
  tabIndex: number;
  width: number;
  height: number;
  scrollTop: number;
  scrollLeft: number;
  readonly id: string;
  readonly dataset: Record<string, string>;
  readonly style: Record<string, string>;
  readonly classList: { toggle(name: string, isOn: boolean): void };
  append(...inner: (DomElement | string)[]): void;
  prepend(...inner: (DomElement | string)[]): void;
  replaceChildren(...inner: (DomElement | string)[]): void;
  remove(): void;
  getAttribute(name: string): string | null;
  setAttribute(name: string, value: string): void;
  removeAttribute(name: string): void;
  querySelector(selector: string): DomElement | null;
  closest(selector: string): DomElement | null;
  contains(other: DomElement | null): boolean;
  focus(options?: { readonly preventScroll?: boolean }): void;
  select(): void;
  scrollIntoView(options?: { readonly block?: string }): void;
  getBoundingClientRect(): DomBox;
  setPointerCapture(pointer: number): void;
  getContext(kind: "2d"): DomPen;
}

/** What draws on a canvas. */
export interface DomPen {
  fillStyle: string;
  strokeStyle: string;
  lineWidth: number;
  globalAlpha: number;
  font: string;
  textBaseline: string;
  setTransform(a: number, b: number, c: number, d: number, e: number, f: number): void;
  clearRect(x: number, y: number, width: number, height: number): void;
  fillRect(x: number, y: number, width: number, height: number): void;
  fillText(text: string, x: number, y: number, widest?: number): void;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  bezierCurveTo(x1: number, y1: number, x2: number, y2: number, x: number, y: number): void;
  roundRect(x: number, y: number, width: number, height: number, radius: number): void;
  closePath(): void;
  fill(): void;
  stroke(): void;
}

/** The window of the page. */
export interface DomWindow extends DomTarget {
  readonly document: DomTarget & {
    readonly documentElement: DomElement;
    readonly activeElement: DomElement | null;
    readonly body: DomElement;
    createElement(tag: string): DomElement;
    getElementById(id: string): DomElement;
  };
  readonly devicePixelRatio: number;
  readonly ResizeObserver: new (listener: () => void) => { observe(element: DomElement): void };
  requestAnimationFrame(draw: () => void): number;
  matchMedia(query: string): DomTarget & { readonly matches: boolean };
  getComputedStyle(element: DomElement): { getPropertyValue(name: string): string };
}

/** Makes elements; texts are set as texts, never as markup. */
export type MakeElement = (
  tag: string,
  /** Attributes; `text` is the content, `class` the class. An attribute that is `undefined` is left out. */
  attributes?: Readonly<Record<string, string | number | undefined>>,
  ...inner: readonly (DomElement | string | null)[]
) => DomElement;
