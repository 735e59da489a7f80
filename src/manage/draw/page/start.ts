/**
 * Starts the page in the browser, see `model.ts`: reads its data, and connects picture, panel, search and overview.
 *
 * @module
 */
import type { NodeState } from "../dot.ts";
import type { PageData } from "../page_data.ts";
import type { arrange } from "./arrange.ts";
import type { DomElement, DomWindow, MakeElement } from "./dom.ts";
import type { createModel, createWords, PageItem } from "./model.ts";
import type { createOverview } from "./overview.ts";
import type { createPainter } from "./paint.ts";
import type { createPanel } from "./panel.ts";
import type { createPicture } from "./picture.ts";

/** The functions that the page is made of, each in a file of its own. */
export interface PageParts {
  readonly states: Readonly<Record<NodeState, string>>;
  readonly arrange: typeof arrange;
  readonly createModel: typeof createModel;
  readonly createOverview: typeof createOverview;
  readonly createPainter: typeof createPainter;
  readonly createPanel: typeof createPanel;
  readonly createPicture: typeof createPicture;
  readonly createWords: typeof createWords;
}

/** Starts the page. */
export function startPage(window: DomWindow, parts: PageParts): void {
  const { document } = window;
  const byId = (id: string) => document.getElementById(id);
  const make: MakeElement = (tag, attributes = {}, ...inner) => {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined) continue;
      if (name === "text") element.textContent = String(value);
      else if (name === "class") element.className = String(value);
      else element.setAttribute(name, String(value));
    }
    element.append(...inner.filter((one) => one !== null));
    return element;
  };
  const model = parts.createModel(JSON.parse(byId("data").textContent) as PageData);
  const words = parts.createWords();
  const { states } = parts;
  const { data } = model;

  const say = (text: string) => {
    byId("says").textContent = text;
  };
  const tell = (item: PageItem | null) => {
    if (item === null) return say("All functions");
    const { name } = data.functions[item.fn]!;
    if (item.call !== null) return say(`${model.titleOf(item.call)}, ${states[data.calls[item.call]!.state]}`);
    say(`${name}, ${words.count(model.sizeOf(item.fn), "call")}, ${picture.isOpen(item.fn) ? "open" : "closed"}`);
  };
  const panel = parts.createPanel({
    panel: byId("panel"),
    model,
    words,
    states,
    make,
    onPick(item) {
      picture.show(item);
      panel.show(item, true);
      tell(item);
    },
  });
  const picture = parts.createPicture(window, {
    ...parts,
    model,
    words,
    make,
    onPick(item) {
      panel.show(item);
      tell(item);
    },
  });
  panel.show(null);

  // Views.
  const tabs = ["overview", "graph"].map((name) => ({ name, tab: byId(`tab-${name}`), view: byId(name) }));
  const switchTo = (name: string) => {
    for (const { name: other, tab, view } of tabs) {
      tab.setAttribute("aria-selected", String(other === name));
      tab.tabIndex = other === name ? 0 : -1;
      view.hidden = other !== name;
    }
  };
  for (const [at, { name, tab }] of tabs.entries()) {
    tab.addEventListener("click", () => switchTo(name));
    tab.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowLeft" && event.key !== "ArrowRight") return;
      const other = tabs[(at + 1) % tabs.length]!;
      switchTo(other.name);
      other.tab.focus();
    });
  }
  const lead = (item: PageItem) => {
    switchTo("graph");
    picture.show(item, { focuses: true });
    panel.show(item);
    tell(item);
  };
  parts.createOverview({
    place: byId("overview"),
    model,
    words,
    make,
    // The picture has its size with the next frame, once it is shown.
    onPick: (item) => {
      switchTo("graph");
      window.requestAnimationFrame(() => window.requestAnimationFrame(() => lead(item)));
    },
  });
  byId("tabs").hidden = data.report === null;
  switchTo(data.report === null ? "graph" : "overview");

  // Counts, each of which leads to the calls that it counts, one after the other.
  const total = Object.values(data.counts).reduce((sum, count) => sum + count, 0);
  const chips = byId("chips");
  chips.append(
    make("span", { text: words.count(total, "call") }),
    make("span", { text: words.count(data.functions.length, "function") }),
    make("span", { text: words.count(data.files.length, "file") }),
  );
  for (const state of ["stale", "caller", "missing"] as const) {
    if (data.counts[state] === 0) continue;
    const button = make("button", {
      type: "button",
      class: `badge is-${state}`,
      title: "Go to the next one",
      text: words.tally(state, data.counts[state]),
    });
    const list = data.calls.flatMap((call, at) => call.state === state ? [{ fn: call.fn, call: at }] : []);
    let next = 0;
    button.addEventListener("click", () => {
      if (list.length > 0) lead(list[next++ % list.length]!);
    });
    chips.append(button);
  }
  if (data.calls.length < total) {
    byId("bound").textContent =
      `${words.number(data.calls.length)} of ${words.count(total, "call")} are on this page: ` +
      "what is stale, its callers, what no other call made, and the newest. All are counted.";
    byId("bound").hidden = false;
  }

  // The tools of the picture.
  byId("zoom-in").addEventListener("click", () => picture.zoom(1.4));
  byId("zoom-out").addEventListener("click", () => picture.zoom(1 / 1.4));
  byId("zoom-fit").addEventListener("click", () => picture.fit());
  const toggleAll = byId("open-all");
  toggleAll.addEventListener("click", () => {
    const isOpening = toggleAll.getAttribute("aria-pressed") !== "true";
    toggleAll.setAttribute("aria-pressed", String(isOpening));
    picture.setOpen(data.functions.map((_, fn) => fn), isOpening);
    picture.fit();
    say(isOpening ? "All functions are open" : "All functions are closed");
  });

  // Search.
  const [search, results, found] = [byId("search"), byId("results"), byId("found")];
  const MOST_RESULTS = 50;
  let options: { readonly item: PageItem; readonly element: DomElement }[] = [];
  let active = -1;
  const activate = (at: number) => {
    active = at;
    options.forEach(({ element }, other) => element.setAttribute("aria-selected", String(other === at)));
    const element = options[at]?.element;
    if (element === undefined) search.removeAttribute("aria-activedescendant");
    else {
      search.setAttribute("aria-activedescendant", element.id);
      element.scrollIntoView({ block: "nearest" });
    }
  };
  const setShown = (isShown: boolean) => {
    results.hidden = !isShown;
    search.setAttribute("aria-expanded", String(isShown));
  };
  const leave = (item: PageItem) => {
    setShown(false);
    picture.dimOthers(null);
    lead(item);
  };
  const look = () => {
    const items = model.find(search.value);
    const isEmpty = search.value.trim() === "";
    options = items.slice(0, MOST_RESULTS).map((item, at) => {
      const { name, module } = data.functions[item.fn]!;
      const state = item.call === null ? model.stateOf(item.fn) : data.calls[item.call]!.state;
      const note = item.call === null
        ? module
        : data.calls[item.call]!.reason || data.calls[item.call]!.key.slice(0, 12);
      const element = make(
        "li",
        { role: "option", id: `result-${at}`, "aria-selected": "false" },
        make("span", { class: `dot is-${state}`, "aria-hidden": "true" }),
        make("span", { class: "name", text: item.call === null ? name : model.titleOf(item.call) }),
        make("span", { class: "soft name", text: note }),
      );
      element.addEventListener("pointerdown", (event) => event.preventDefault()); // the field keeps the focus until then
      element.addEventListener("click", () => leave(item));
      return { item, element };
    });
    results.replaceChildren(...options.map(({ element }) => element));
    found.textContent = isEmpty
      ? ""
      : items.length === 0
      ? "Nothing found"
      : words.count(items.length, "match", "matches");
    setShown(options.length > 0);
    activate(options.length > 0 ? 0 : -1);
    picture.dimOthers(isEmpty ? null : new Set(items.map(({ fn }) => fn)));
  };
  search.addEventListener("input", look);
  search.addEventListener("focus", () => setShown(options.length > 0));
  search.addEventListener("blur", () => setShown(false));
  search.addEventListener("keydown", (event) => {
    const { key } = event;
    if (key === "ArrowDown" && options.length > 0) activate((active + 1) % options.length);
    else if (key === "ArrowUp" && options.length > 0) activate((active - 1 + options.length) % options.length);
    else if (key === "Enter" && active >= 0) leave(options[active]!.item);
    else if (key === "Escape") {
      search.value = "";
      look();
    } else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    const isTyping = event.target?.closest("input") !== null;
    if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    switchTo("graph");
    search.focus();
    search.select();
  });

  // Tests and those who measure wait for this mark.
  document.documentElement.dataset["drawn"] = "yes";
}
