/**
 * The panel of the page: all functions, one function, or one call, with what leads on from there. It has everything that the
 * picture has, for those who cannot see it. Runs in the browser, see `model.ts`.
 *
 * @module
 */
import type { NodeState } from "../dot.ts";
import type { DomElement, MakeElement } from "./dom.ts";
import type { PageItem, PageModel, PageWords } from "./model.ts";

/** What {@linkcode createPanel} is given. */
export interface PanelParts {
  readonly panel: DomElement;
  readonly model: PageModel;
  readonly words: PageWords;
  readonly states: Readonly<Record<NodeState, string>>;
  readonly make: MakeElement;
  /** Called when the user goes on to another function or call, or back to all functions. */
  onPick(item: PageItem | null): void;
}

/** Makes the panel. */
export function createPanel({ panel, model, words, states, make, onPick }: PanelParts): {
  /** @param focuses True when the user came from the panel itself, whose buttons are replaced. */
  show(item: PageItem | null, focuses?: boolean): void;
} {
  const { functions, calls, files } = model.data;
  const MOST_LISTED = 60;

  const link = (item: PageItem | null, ...inner: (DomElement | string | null)[]): DomElement => {
    const button = make("button", { type: "button", class: "link" }, ...inner);
    button.addEventListener("click", () => onPick(item));
    return button;
  };
  const badge = (state: NodeState, text: string) => make("span", { class: `badge is-${state}`, text });
  const dot = (state: NodeState) => make("span", { class: `dot is-${state}`, "aria-hidden": "true" });

  const facts = (rows: readonly (readonly [name: string, value: string | DomElement | null])[]) =>
    make(
      "dl",
      { class: "facts" },
      ...rows.flatMap(([name, value]) => value === null ? [] : [make("dt", { text: name }), make("dd", {}, value)]),
    );

  /** A heading and a list that grows on demand. */
  const list = <Item>(title: string, items: readonly Item[], row: (item: Item) => DomElement): DomElement | null => {
    if (items.length === 0) return null;
    const rows = make("ul", { class: "rows" });
    const more = make("button", { type: "button", class: "more" });
    let shown = 0;
    const grow = (): DomElement | undefined => {
      const added = items.slice(shown, shown + MOST_LISTED).map(row);
      rows.append(...added.map((element) => make("li", {}, element)));
      shown += added.length;
      const left = items.length - shown;
      more.hidden = left === 0;
      more.textContent = `Show ${words.number(Math.min(MOST_LISTED, left))} more of ${words.number(left)}`;
      return added[0];
    };
    // Whoever goes on by keys goes on with the first of the new rows.
    more.addEventListener("click", () => grow()?.focus());
    grow();
    const tally = make("span", { class: "tally", text: words.number(items.length) });
    return make("section", {}, make("h3", {}, title, tally), rows, more);
  };

  const functionRow = (fn: number, note: string) =>
    link(
      { fn, call: null },
      dot(model.stateOf(fn)),
      make("span", { class: "grow name", text: functions[fn]!.name }),
      make("span", { class: "soft", text: note }),
    );
  const callRow = (call: number, hasName: boolean) => {
    const { fn, state, computeMs } = calls[call]!;
    return link(
      { fn, call },
      dot(state),
      make("span", { class: "grow name", text: hasName ? model.titleOf(call) : model.labelOf(call) }),
      make("span", {
        class: "soft",
        text: state !== "fresh" ? states[state] : computeMs === null ? "" : words.duration(computeMs),
      }),
    );
  };
  const fileRow = (file: number, isChanged: boolean) =>
    make(
      "div",
      { class: "file" },
      make("span", { class: "grow name", text: files[file] }),
      isChanged ? make("span", { class: "soft", text: "of a stale call" }) : null,
    );

  const showAll = (): (DomElement | null)[] => {
    const rank: Record<NodeState, number> = { stale: 0, caller: 1, missing: 2, fresh: 3, replaced: 4 };
    const order = functions.map((_, fn) => fn).sort((a, b) => rank[model.stateOf(a)] - rank[model.stateOf(b)] || a - b);
    const used = (Object.keys(states) as NodeState[]).filter((state) => model.data.counts[state] > 0);
    return [
      make("h2", { tabindex: -1, text: "Functions" }),
      functions.length === 0 ? make("p", { class: "soft", text: "Nothing is stored in this cache yet." }) : null,
      used.length === 0 ? null : make(
        "ul",
        { class: "legend", "aria-label": "Colours" },
        ...used.map((state) => make("li", {}, dot(state), states[state])),
      ),
      list("All", order, (fn) => functionRow(fn, `×${words.number(model.sizeOf(fn))}`)),
      make(
        "p",
        { class: "hint" },
        "Click a box, or press Enter on it, to open its calls. Arrow keys go from box to box, / searches, + − 0 zoom.",
      ),
    ];
  };

  const showFunction = (fn: number): (DomElement | null)[] => {
    const { name, module, counts, inner, sizeBytes, computeMs, hits, savedMs } = functions[fn]!;
    const isShort = model.callsOf[fn]!.length < model.sizeOf(fn);
    const odd = (Object.keys(states) as NodeState[]).filter((state) => state !== "fresh" && counts[state] > 0);
    const { files: read, changed } = model.filesOf(fn);
    return [
      make("nav", { class: "path", "aria-label": "Path" }, link(null, "All functions")),
      make("h2", { tabindex: -1, class: "name", text: name }),
      module === "" ? null : make("p", { class: "soft name", text: module }),
      odd.length === 0 ? null : make(
        "p",
        { class: "badges" },
        ...odd.map((state) => badge(state, words.tally(state, counts[state]))),
      ),
      facts([
        ["Calls", words.number(model.sizeOf(fn))],
        ["Hits", words.number(hits)],
        ["Time saved", words.duration(savedMs)],
        ["Time to compute", words.duration(computeMs)],
        ["Size", words.size(sizeBytes)],
      ]),
      list("Called by", model.fnCallersOf[fn]!, ([from, times]) => functionRow(from, `×${times}`)),
      list("Calls", inner, ([to, times]) => functionRow(to, to === fn ? `itself, ×${times}` : `×${times}`)),
      list("Stored calls", model.callsOf[fn]!, (call) => callRow(call, false)),
      isShort ? make("p", { class: "soft", text: "Further calls are not on this page." }) : null,
      list("Files", read, (file) => fileRow(file, changed.has(file))),
    ];
  };

  const showCall = (call: number): (DomElement | null)[] => {
    const { fn, key, state, reason, created, used, hits, sizeBytes, computeMs, args, inner, gone, files: read } =
      calls[call]!;
    const { name } = functions[fn]!;
    return [
      make(
        "nav",
        { class: "path", "aria-label": "Path" },
        link(null, "All functions"),
        "›",
        link({ fn, call: null }, name),
      ),
      make("h2", { tabindex: -1, class: "name", text: model.titleOf(call) }),
      make("p", { class: "badges" }, badge(state, states[state])),
      reason === "" ? null : make("p", { class: "reason", text: reason }),
      facts([
        ["Time to compute", computeMs === null ? null : words.duration(computeMs)],
        ["Size", sizeBytes === null ? null : words.size(sizeBytes)],
        ["Hits", words.number(hits)],
        ["Stored", words.time(created)],
        ["Last used", used === null ? "never" : words.time(used)],
        ["Key", make("code", { text: key })],
      ]),
      args.length === 0 ? null : make(
        "section",
        {},
        make("h3", { text: "Arguments" }),
        facts(args.map(([path, preview]) => [
          path.replace(/^args\./, ""),
          preview === null
            ? make("span", { class: "soft", text: "a secret: only its digest is stored" })
            : make("code", { text: preview }),
        ])),
      ),
      list("Called by", model.callersOf[call]!, (caller) => callRow(caller, true)),
      list("Calls", inner, (one) => callRow(one, true)),
      gone > 0
        ? make("p", {
          class: "soft",
          text: `${words.count(gone, "inner call")} not stored any more, or not on this page.`,
        })
        : null,
      list("Files", read, (file) => fileRow(file, false)),
    ];
  };

  return {
    show(item, focuses = false) {
      const shown = item === null ? showAll() : item.call === null ? showFunction(item.fn) : showCall(item.call);
      panel.replaceChildren(...shown.filter((element) => element !== null));
      panel.scrollTop = 0;
      if (focuses) panel.querySelector("h2")?.focus();
    },
  };
}
