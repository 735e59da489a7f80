/**
 * The overview of a report: what the cache saved, what is stale and why, where caching loses, and what is not stored. Runs in
 * the browser, see `model.ts`.
 *
 * @module
 */
import type { ReportedFunction } from "../../report.ts";
import type { DomElement, MakeElement } from "./dom.ts";
import type { PageItem, PageModel, PageWords } from "./model.ts";

/** What {@linkcode createOverview} is given. */
export interface OverviewParts {
  readonly place: DomElement;
  readonly model: PageModel;
  readonly words: PageWords;
  readonly make: MakeElement;
  /** Called when the user asks to see a function or call in the graph. */
  onPick(item: PageItem): void;
}

/** Fills the overview; a page without figures of the whole cache has none. */
export function createOverview({ place, model, words, make, onPick }: OverviewParts): void {
  const { report, counts, functions, calls } = model.data;
  if (report === null) return;
  const MOST_REASONS = 12;
  const byName = new Map<string, number>();
  functions.forEach(({ name }, fn) => byName.has(name) || byName.set(name, fn));

  const card = (title: string, note: string, ...inner: (DomElement | null)[]) =>
    make("section", { class: "card" }, make("h2", { text: title }), make("p", { class: "soft", text: note }), ...inner);
  const nameLink = (name: string): DomElement => {
    const fn = byName.get(name);
    if (fn === undefined) return make("span", { class: "name", text: name });
    const button = make("button", { type: "button", class: "link name", text: name });
    button.addEventListener("click", () => onPick({ fn, call: null }));
    return button;
  };

  const figures: readonly (readonly [name: string, value: string, note: string])[] = [
    ["Time saved", words.duration(report.savedMs), `by ${words.count(report.hits, "hit")}`],
    ["Stored calls", words.number(report.entries), `of ${words.count(report.functions.length, "function")}`],
    ["Size", words.size(report.sizeBytes), report.newest === null ? "" : `newest ${words.time(report.newest)}`],
    [
      "Stale",
      words.number(counts.stale),
      counts.caller > 0 ? `and ${words.count(counts.caller, "caller")} of stale calls` : "by files and variables",
    ],
  ];

  // Calls with the same reason are told once: one edited file may make thousands of calls stale.
  const byReason = new Map<string, number[]>();
  calls.forEach(({ state, reason }, call) => {
    if (state !== "stale" && state !== "missing") return;
    byReason.set(reason, [...byReason.get(reason) ?? [], call]);
  });
  const reasons = [...byReason].sort(([, a], [, b]) => b.length - a.length);
  const reasonRows = reasons.slice(0, MOST_REASONS).map(([reason, list]) => {
    const names = [...new Set(list.map((call) => functions[calls[call]!.fn]!.name))];
    const button = make(
      "button",
      { type: "button", class: "link" },
      make("span", { class: "grow name", text: reason }),
    );
    button.append(make("span", {
      class: "soft name",
      text: `${words.count(list.length, "call")} of ${names.slice(0, 2).join(", ")}${
        names.length > 2 ? ` and ${names.length - 2} more` : ""
      }`,
    }));
    button.addEventListener("click", () => onPick({ fn: calls[list[0]!]!.fn, call: list[0]! }));
    return make("li", {}, button);
  });
  if (reasons.length > MOST_REASONS) {
    const left = reasons.length - MOST_REASONS;
    reasonRows.push(make("li", { class: "soft", text: `and ${words.count(left, "further reason")}` }));
  }

  const most = report.functions.reduce((most, { savedMs }) => Math.max(most, savedMs), 1);
  const losing = report.functions.filter(({ loses }) => loses);
  place.replaceChildren(
    make(
      "ul",
      { class: "figures" },
      ...figures.map(([name, value, note]) =>
        make(
          "li",
          { class: name === "Stale" && counts.stale > 0 ? "figure warns" : "figure" },
          make("span", { class: "soft", text: name }),
          make("strong", { text: value }),
          make("span", { class: "soft", text: note }),
        )
      ),
    ),
    make("p", {
      class: "soft explains",
      text:
        "Time saved counts, for each hit, the time that the function itself had taken. What the cache does besides " +
        "(following code, checking files, storing, loading) is not in it.",
    }),
    reasons.length === 0 ? "" : card(
      "Stale, and why",
      "These calls run again the next time they are made. An edit of code is seen by the program itself only.",
      make("ul", { class: "rows" }, ...reasonRows),
    ),
    losing.length === 0 ? "" : card(
      "Caching loses here",
      "Loading a result takes as long as computing it, or longer. Do not cache these functions, or cache what calls them.",
      table(losing, [
        ["Function", ({ fname }) => nameLink(fname), ({ fname }) => fname],
        ["Compute", ({ typicalMs }) => words.duration(typicalMs), ({ typicalMs }) => typicalMs],
        ["Load", loadOf, ({ loadMs }) => loadMs ?? -1],
        ["Hits", ({ hits }) => words.number(hits), ({ hits }) => hits],
        ["Size", ({ sizeBytes }) => words.size(sizeBytes), ({ sizeBytes }) => sizeBytes],
      ]),
    ),
    report.unstored.length === 0 ? "" : card(
      "Not stored, and why",
      "These results are returned and not stored, so the function runs each time.",
      make(
        "ul",
        { class: "plain" },
        ...report.unstored.map(({ fname, calls, detail }) =>
          make(
            "li",
            {},
            make(
              "div",
              { class: "spread" },
              nameLink(fname),
              make("span", { class: "soft", text: words.count(calls, "call") }),
            ),
            make("p", { class: "reason", text: detail }),
          )
        ),
      ),
    ),
    report.functions.length === 0 ? card("Functions", "Nothing is stored in this cache yet.") : card(
      "Functions",
      "Compute and Load are medians of the newest calls. Load is measured now: reading and decoding a result.",
      table(report.functions, [
        ["Function", ({ fname }) => nameLink(fname), ({ fname }) => fname],
        ["Calls", ({ entries }) => words.number(entries), ({ entries }) => entries],
        ["Hits", ({ hits }) => words.number(hits), ({ hits }) => hits],
        ["Saved", savedOf, ({ savedMs }) => savedMs],
        ["Compute", ({ typicalMs }) => words.duration(typicalMs), ({ typicalMs }) => typicalMs],
        ["Load", loadOf, ({ loadMs }) => loadMs ?? -1],
        ["Size", ({ sizeBytes }) => words.size(sizeBytes), ({ sizeBytes }) => sizeBytes],
      ]),
    ),
  );

  function loadOf({ loadMs, loses }: ReportedFunction): DomElement {
    const text = loadMs === null ? "–" : words.duration(loadMs);
    return make("span", {
      class: loses ? "badge is-stale" : "",
      text,
      title: loadMs === null ? "not measured" : undefined,
    });
  }

  function savedOf({ savedMs }: ReportedFunction): DomElement {
    const bar = make("span", { class: "bar", "aria-hidden": "true" });
    bar.style["width"] = `${Math.round(56 * savedMs / most)}px`;
    return make("span", { class: "barred" }, bar, words.duration(savedMs));
  }

  /** A table that is sorted by the heading that was pressed. */
  function table(
    rows: readonly ReportedFunction[],
    columns: readonly (readonly [
      title: string,
      cell: (row: ReportedFunction) => DomElement | string,
      sortBy: (row: ReportedFunction) => number | string,
    ])[],
  ): DomElement {
    const MOST_ROWS = 200;
    const body = make("tbody");
    const heads = columns.map(([title], at) => {
      const button = make("button", { type: "button", class: "sorts", text: title });
      button.addEventListener("click", () => sort(at));
      return make("th", { scope: "col", class: at === 0 ? "" : "number" }, button);
    });
    let sorted: { at: number; sign: number } | null = null;
    const fill = (list: readonly ReportedFunction[]) =>
      body.replaceChildren(
        ...list.slice(0, MOST_ROWS).map((row) =>
          make("tr", {}, ...columns.map(([, cell], at) => make("td", { class: at === 0 ? "" : "number" }, cell(row))))
        ),
      );
    const sort = (at: number) => {
      // Amounts begin with the largest, names with the first.
      const first = at === 0 ? 1 : -1;
      sorted = { at, sign: sorted?.at === at ? -sorted.sign : first };
      const { sign } = sorted;
      const key = columns[at]![2];
      fill([...rows].sort((a, b) => sign * (key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0)));
      heads.forEach((head, other) => {
        if (other === at) head.setAttribute("aria-sort", sign > 0 ? "ascending" : "descending");
        else head.removeAttribute("aria-sort");
      });
    };
    fill(rows);
    return make("div", { class: "wide" }, make("table", {}, make("thead", {}, make("tr", {}, ...heads)), body));
  }
}
