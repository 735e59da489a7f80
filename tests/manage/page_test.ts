import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import type { CallDetails } from "../../src/manage/draw/call_details.ts";
import { writePage } from "../../src/manage/draw/html.ts";
import { collectPage } from "../../src/manage/draw/page_data.ts";
import type { CacheNode } from "../../src/manage/graph/nodes.ts";
import type { ReportData } from "../../src/manage/report.ts";
import { Browser, findChromium, type OpenOptions } from "../support/chromium.ts";
import { graph } from "../support/graph.ts";
import { digestOf } from "../support/records.ts";
import { tempFolder } from "../support/seeded_cache.ts";

/**
 * The page in a real browser. Nothing here measures time: what the page takes is in docs/performance.md.
 *
 * @module
 */

/** What a page is made of. */
interface Made {
  readonly nodes: ReadonlyMap<string, CacheNode>;
  readonly details?: ReadonlyMap<string, Partial<CallDetails>>;
  readonly report?: ReportData;
}

const idOf = (name: string) => `${name}:${digestOf(name)}`;

/** A test of a page that was opened, and that must print nothing, load nothing and fail nowhere. */
function testPage(
  name: string,
  { nodes, details = new Map(), report }: Made,
  test: (browser: Browser, open: (options?: OpenOptions) => Promise<void>) => Promise<void>,
): void {
  Deno.test({ name, ignore: findChromium() === null }, async () => {
    using folder = tempFolder();
    const path = `${folder.path}/page.html`;
    const blank = { state: "fresh", reason: "", args: [], sizeBytes: null, computeMs: null, hits: 0, usedMs: null };
    const whole = new Map(
      [...nodes.values()].map(({ id, fname }) =>
        [id, { ...blank, functionId: fname, ...details.get(id) } as CallDetails] as const
      ),
    );
    const data = await collectPage({
      nodes,
      details: whole,
      cacheDir: ".cachepy",
      nameFile: (path) => path,
      report: report ?? null,
    });
    Deno.writeTextFileSync(path, await writePage(data));
    await using browser = await Browser.start();
    const open = (options?: OpenOptions) => browser.open(path, options);
    await open();
    await test(browser, open);
    assertEquals(browser.messages, []);
    assertEquals(browser.requests, [`file://${path}`]);
  });
}

/** A pipeline: `report` calls `plot` and `mean`, which read `load`; `load` has three calls, of which one is stale. */
function pipeline(): Made {
  const nodes = graph(
    { report: ["plot", "mean"], plot: ["load"], mean: ["load"], load: [], fib: [] },
    { load: ["/p/rain.csv"] },
  );
  const load = nodes.get(idOf("load"))!;
  for (const city of ["Oslo", "Rome"]) {
    nodes.set(idOf(city), { ...load, id: idOf(city), parents: [], files: ["/p/a.csv"] });
  }
  const caller = { state: "caller", reason: "load ← rain.csv changed" } as const;
  const args = (preview: string | undefined) => [
    { path: "args.city", digest: null, ...preview === undefined ? {} : { preview } },
  ];
  const known = { functionId: "load @ src/load.ts", sizeBytes: 2_048, computeMs: 1_500, hits: 4, usedMs: 1e12 };
  return {
    nodes,
    details: new Map<string, Partial<CallDetails>>([
      [idOf("load"), { ...known, args: args('"Berlin"'), state: "stale", reason: "rain.csv changed" }],
      [idOf("Oslo"), { ...known, args: args('"Oslo"') }],
      [idOf("Rome"), { ...known, args: args(undefined) }],
      [idOf("plot"), caller],
      [idOf("mean"), caller],
      [idOf("report"), caller],
    ]),
  };
}

const texts = (selector: string) =>
  `[...document.querySelectorAll(${JSON.stringify(selector)})].map((element) => element.textContent)`;
const boxNames = texts("#boxes .box .name");
const boxOf = (name: string) => `#boxes .box[aria-label^="${name},"]`;
const labelOfFocus = `document.activeElement.getAttribute("aria-label")`;

testPage(
  "the page has one box for each function, marks what is stale, and opens by a click",
  pipeline(),
  async (browser) => {
    assertEquals((await browser.evaluate(boxNames)).sort(), ["fib", "load", "mean", "plot", "report"]);
    assertEquals(await browser.evaluate(texts(`${boxOf("load")} .meta > *`)), ["×3", "1 stale"]);
    assertEquals(await browser.evaluate(texts(`${boxOf("report")} .meta > *`)), ["×1", "1 caller of stale"]);
    assertEquals(await browser.evaluate(`document.querySelectorAll("#boxes .tile").length`), 0);
    assertEquals(
      await browser.evaluate(`document.querySelector('${boxOf("load")}').getAttribute("aria-expanded")`),
      "false",
    );

    await browser.click(boxOf("load"));
    // What is stale comes first, then the newest.
    assertEquals(await browser.evaluate(texts("#boxes .tile")), ['"Berlin"', "•••", '"Oslo"']);
    assertEquals(
      await browser.evaluate(`document.querySelector('${boxOf("load")}').getAttribute("aria-expanded")`),
      "true",
    );
    assertEquals(await browser.evaluate(texts("#panel h2")), ["load"]);
    assertEquals(await browser.evaluate(texts("#panel .file .name")), ["/p/rain.csv", "/p/a.csv"]);

    await browser.click("#boxes .tile.is-stale");
    const panel: string = await browser.evaluate(`document.getElementById("panel").innerText`);
    for (
      const text of [
        'load("Berlin")',
        "an input changed",
        "rain.csv changed",
        "1.5 s",
        "2.0 KiB",
        "city",
        digestOf("load"),
      ]
    ) {
      assertStringIncludes(panel, text);
    }
    await browser.click("#boxes .tile:last-of-type");
    await browser.click(boxOf("load"));
    assertEquals(
      await browser.evaluate(`document.querySelectorAll("#boxes .tile").length`),
      0,
      "a second click closes it",
    );
  },
);

testPage("the panel leads on: to functions, calls and back, and hides a secret", pipeline(), async (browser) => {
  const press = async (text: string) => {
    await browser.evaluate(
      `[...document.querySelectorAll("#panel button")].find((one) => one.innerText.includes(${
        JSON.stringify(text)
      })).click()`,
    );
    await browser.frames();
  };
  await press("load");
  await press("•••");
  assertStringIncludes(
    await browser.evaluate(`document.getElementById("panel").innerText`),
    "only its digest is stored",
  );
  assertEquals(await browser.evaluate(texts("#boxes .tile.picked")), ["•••"], "the picture follows");
  assertEquals(
    await browser.evaluate(`document.activeElement.textContent`),
    "load(•••)",
    "the keys go on at the heading",
  );
  await press("All functions");
  await press("report");
  await press("plot");
  assertEquals(await browser.evaluate(texts("#panel h2")), ["plot"]);
  assertEquals(await browser.evaluate(texts("#panel section:first-of-type .name")), ["report"]);
});

testPage("the picture goes by keys alone", pipeline(), async (browser) => {
  await browser.press("/");
  assertEquals(await browser.evaluate(`document.activeElement.id`), "search");
  await browser.press("Escape", "Tab");
  for (let at = 0; at < 9 && await browser.evaluate(`document.activeElement.closest("#boxes") === null`); at++) {
    await browser.press("Tab");
  }
  assertMatch(await browser.evaluate(labelOfFocus), /^report, 1 call, 1 caller of stale$/);
  await browser.press("ArrowRight");
  assertMatch(await browser.evaluate(labelOfFocus), /^(plot|mean), /);
  await browser.press("ArrowRight", "Enter");
  assertMatch(await browser.evaluate(labelOfFocus), /^load, 3 calls, 1 stale$/);
  assertEquals(await browser.evaluate(`document.activeElement.getAttribute("aria-expanded")`), "true");
  assertEquals(await browser.evaluate(`document.getElementById("says").textContent`), "load, 3 calls, open");
  await browser.press("ArrowDown");
  assertEquals(await browser.evaluate(labelOfFocus), 'load("Berlin"), an input changed: rain.csv changed');
  await browser.press("Enter");
  assertEquals(await browser.evaluate(texts("#panel h2")), ['load("Berlin")']);
  assertEquals(
    await browser.evaluate(`getComputedStyle(document.activeElement).outlineStyle`),
    "solid",
    "the focus shows",
  );
  await browser.press("Escape");
  assertEquals(await browser.evaluate(`document.querySelectorAll("#boxes .tile").length`), 0);
  assertMatch(await browser.evaluate(labelOfFocus), /^load, /);
  const scale = `new DOMMatrix(getComputedStyle(document.getElementById("boxes")).transform).a`;
  const before = await browser.evaluate(scale);
  await browser.press("+");
  assert(await browser.evaluate(scale) > before);
  await browser.press("0");
  // One box takes part in the order of the tab key, so that the picture is not in the way.
  assertEquals(await browser.evaluate(`document.querySelectorAll('#boxes [tabindex="0"]').length`), 1);
});

testPage(
  "the search leads to a call, opens its function and makes the others pale meanwhile",
  pipeline(),
  async (browser) => {
    await browser.press("/");
    await browser.type("oslo");
    assertEquals(await browser.evaluate(texts("#results .dot + .name")), ['load("Oslo")']);
    assertEquals(await browser.evaluate(`document.getElementById("found").textContent`), "1 match");
    assertEquals(await browser.evaluate(`document.querySelectorAll("#boxes .faint").length`), 4);
    assertEquals(
      await browser.evaluate(`document.getElementById("search").getAttribute("aria-activedescendant")`),
      "result-0",
    );
    await browser.press("Enter");
    assertEquals(await browser.evaluate(texts("#boxes .picked")), ['"Oslo"']);
    assertEquals(await browser.evaluate(texts("#panel h2")), ['load("Oslo")']);
    assertEquals(await browser.evaluate(`document.querySelectorAll("#boxes .faint").length`), 0);
    const { x, y } = await browser.middleOf("#boxes .picked");
    assert(
      await browser.evaluate(`document.elementFromPoint(${x}, ${y}).classList.contains("picked")`),
      "it is in view",
    );
    await browser.press("/");
    await browser.type("nothing like that");
    assertEquals(await browser.evaluate(`document.getElementById("found").textContent`), "Nothing found");
  },
);

testPage("zoom, fit and drag move the picture, and a drag picks nothing", pipeline(), async (browser) => {
  const view = async () => {
    const text = await browser.evaluate(`getComputedStyle(document.getElementById("boxes")).transform`);
    return text.match(/-?[\d.]+/g).map(Number) as number[];
  };
  const first = await view();
  await browser.click("#zoom-in");
  const near = await view();
  assert(near[0]! > first[0]!);
  const { x, y } = await browser.middleOf(boxOf("load"));
  await browser.drag({ x, y }, { x: x - 100, y: y + 60 });
  const moved = await view();
  assertEquals([Math.round(moved[4]! - near[4]!), Math.round(moved[5]! - near[5]!)], [-100, 60]);
  assertEquals(await browser.evaluate(`document.querySelectorAll("#boxes .picked, #boxes .tile").length`), 0);
  await browser.send("Input.dispatchMouseEvent", { type: "mouseWheel", x, y, deltaX: 0, deltaY: 200 });
  await browser.frames(4);
  assert((await view())[0]! < moved[0]!, "the wheel zooms");
  await browser.click("#zoom-fit");
  assertEquals((await view()).map(Math.round), first.map(Math.round));
  // The buttons of all functions are in the window then.
  for (const name of ["report", "plot", "mean", "load", "fib"]) {
    const { x, y } = await browser.middleOf(boxOf(name));
    assert(await browser.evaluate(`document.elementFromPoint(${x}, ${y}).closest(".box") !== null`), name);
  }
});

testPage(
  "the page is dark for those who want it so, also from one moment to the next",
  pipeline(),
  async (browser, open) => {
    const light = async (selector: string) => {
      const text = await browser.evaluate(`getComputedStyle(document.querySelector("${selector}")).backgroundColor`);
      return text.match(/[\d.]+/g).slice(0, 3).map(Number).reduce((sum: number, part: number) => sum + part, 0) / 765;
    };
    const places = ["body", "#panel", "header", "#boxes .box"];
    for (const place of places) assert(await light(place) > 0.85, place);
    await browser.setDark(true);
    await browser.frames();
    for (const place of places) assert(await light(place) < 0.3, place);
    await open({ isDark: true, width: 400, height: 800 });
    for (const place of places) assert(await light(place) < 0.3, place);
    assertEquals(
      await browser.evaluate(`document.documentElement.scrollWidth`),
      400,
      "nothing sticks out of a narrow window",
    );
  },
);

/** Contrast of text on what is behind it (WCAG 2.2, 1.4.3), as a function of the page. */
const CONTRAST = `(() => {
  const parse = (text) => text.match(/[\\d.]+/g).map(Number);
  const light = (rgb) => {
    const [r, g, b] = rgb.map((part) => part / 255).map((part) => part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
      if (a === 1) return [r, g, b];
    }
  };
  const low = [];
  for (const element of document.querySelectorAll("body *")) {
    const hasText = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
    if (!hasText || element.closest("script, noscript") || element.getClientRects().length === 0) continue;
    const [one, other] = [light(parse(getComputedStyle(element).color).slice(0, 3)), light(behind(element))].sort((a, b) => a - b);
    const ratio = (other + 0.05) / (one + 0.05);
    if (ratio < 4.5) low.push(element.className + ": " + element.textContent.slice(0, 30) + " " + ratio.toFixed(2));
  }
  return low;
})()`;

const REPORT: ReportData = {
  entries: 7,
  sizeBytes: 5_000_000,
  hits: 12,
  savedMs: 65_000,
  oldest: "2026-01-01T00:00:00.000Z",
  newest: "2026-02-01T00:00:00.000Z",
  functions: [
    {
      fname: "load",
      entries: 3,
      sizeBytes: 6_144,
      hits: 12,
      computeMs: 4_500,
      savedMs: 65_000,
      typicalMs: 1_500,
      loadMs: 2,
      loses: false,
    },
    {
      fname: "fib",
      entries: 1,
      sizeBytes: 9,
      hits: 0,
      computeMs: 0.1,
      savedMs: 0,
      typicalMs: 0.1,
      loadMs: 0.4,
      loses: true,
    },
    {
      fname: "mean",
      entries: 1,
      sizeBytes: 9,
      hits: 0,
      computeMs: 3,
      savedMs: 0,
      typicalMs: 3,
      loadMs: null,
      loses: false,
    },
  ],
  unstored: [{
    fname: "connect",
    calls: 5,
    detail: "Cannot store result.client: got a socket",
    last: "2026-02-01T00:00:00.000Z",
  }],
};

testPage("a report begins with what was saved, what is stale and why, where caching loses, what is not stored", {
  ...pipeline(),
  report: REPORT,
}, async (browser, open) => {
  const overview: string = await browser.evaluate(`document.getElementById("overview").innerText`);
  for (
    const text of [
      "1 min 5 s",
      "by 12 hits",
      "Time saved counts, for each hit, the time that the function itself had taken.",
      "rain.csv changed\\s+1 call of load",
      "Caching loses here[^]*fib\\s+0.1 ms\\s+0.4 ms",
      "Not stored, and why[^]*connect\\s+5 calls\\s+Cannot store result.client: got a socket",
    ]
  ) assertMatch(overview, new RegExp(text));
  const rows = texts(".card:last-of-type tbody td:first-child");
  assertEquals(await browser.evaluate(rows), ["load", "fib", "mean"]);
  const sort = async (title: string) => {
    await browser.evaluate(
      `[...document.querySelectorAll(".card:last-of-type .sorts")].find((one) => one.textContent === "${title}").click()`,
    );
  };
  await sort("Compute");
  assertEquals(await browser.evaluate(rows), ["load", "mean", "fib"]);
  await sort("Compute");
  assertEquals(await browser.evaluate(rows), ["fib", "mean", "load"]);
  assertEquals(await browser.evaluate(texts("[aria-sort]")), ["Compute"]);

  for (const isDark of [false, true]) {
    await open({ isDark });
    assertEquals(await browser.evaluate(CONTRAST), []);
    await browser.click("#tab-graph");
    await browser.click(boxOf("load"));
    await browser.click("#boxes .tile.is-stale");
    assertEquals(await browser.evaluate(CONTRAST), []);
  }
  await open();
  await browser.evaluate(`document.querySelector(".rows .link").click()`);
  await browser.frames(4);
  assertEquals(await browser.evaluate(`document.getElementById("overview").hidden`), true);
  assertEquals(await browser.evaluate(texts("#boxes .picked")), ['"Berlin"'], "a reason leads to the call");
  // Tabs go by keys.
  await browser.evaluate(`document.getElementById("tab-graph").focus()`);
  await browser.press("ArrowLeft");
  assertEquals(await browser.evaluate(`document.getElementById("overview").hidden`), false);
  assertEquals(await browser.evaluate(`document.activeElement.id`), "tab-overview");
});

const HOSTILE = `</script><img src=x onerror="alert(1)"><script>alert(2)</script>\u202e\x1b[31m&lt;${"x".repeat(300)}`;

testPage("whatever a stranger named stays text, wherever it is shown", {
  nodes: graph({ [HOSTILE]: ["b"], b: [] }, { [HOSTILE]: [HOSTILE] }),
  details: new Map([[idOf(HOSTILE), {
    state: "stale",
    reason: HOSTILE,
    functionId: `${HOSTILE} @ ${HOSTILE}`,
    args: [{ path: `args.${HOSTILE}`, digest: null, preview: HOSTILE }],
  }]]),
  report: {
    ...REPORT,
    functions: [{ ...REPORT.functions[1]!, fname: HOSTILE }],
    unstored: [{ ...REPORT.unstored[0]!, fname: HOSTILE, detail: HOSTILE }],
  },
}, async (browser) => {
  await browser.click("#tab-graph");
  await browser.press("/");
  await browser.type("onerror");
  await browser.press("Enter");
  await browser.click("#boxes .box.is-stale");
  await browser.click("#chips .is-stale");
  assertStringIncludes(
    await browser.evaluate(`document.getElementById("panel").innerText`),
    `<img src=x onerror="alert(1)">`,
  );
  assertEquals(
    await browser.evaluate(`document.querySelectorAll("img, #stage script, #panel script, #overview script").length`),
    0,
  );
  assertEquals(await browser.evaluate(`/[\\u202e\\x1b]/.test(document.body.innerText)`), false);
  assertEquals(await browser.evaluate(`document.documentElement.scrollWidth <= innerWidth`), true);
  // Were it to bring a script into the page, the policy would refuse it.
  await browser.evaluate(`(() => {
    const script = document.createElement("script");
    script.textContent = "window.ran = true";
    document.body.append(script);
  })()`);
  assertEquals(await browser.evaluate(`window.ran`), undefined);
  assertMatch(browser.messages.splice(0).join("\n"), /^log: .*Content Security Policy/);
});

/** Many calls of ten functions, the very first of which is stale. */
function crowd(size: number): Made {
  const nodes = graph({ f0: [] });
  const template = nodes.get(idOf("f0"))!;
  for (let at = 1; at < size; at++) {
    nodes.set(idOf(`${at}`), { ...template, id: idOf(`${at}`), fname: `f${at % 10}`, created: new Date(at * 1_000) });
  }
  return { nodes, details: new Map([[idOf("f0"), { state: "stale", reason: "a.csv changed" }]]) };
}

testPage("10,000 calls are drawn, each of them, and the one that is stale is found", crowd(10_000), async (browser) => {
  assertEquals((await browser.evaluate(boxNames)).length, 10);
  assertStringIncludes(await browser.evaluate(`document.getElementById("chips").innerText`), "10,000 calls");
  await browser.click("#chips .is-stale");
  assertEquals(await browser.evaluate(texts("#boxes .picked")), [digestOf("f0").slice(0, 12)]);
  assertEquals(await browser.evaluate(texts("#panel .reason")), ["a.csv changed"]);

  await browser.click("#open-all");
  await browser.frames(4);
  // From afar the boxes are drawn, and no buttons: the colour of each call is on the canvas, also of the one that is stale.
  assert(await browser.evaluate(`document.querySelectorAll("#boxes button").length`) < 500);
  const colors: Record<string, number> = await browser.evaluate(`(() => {
    const canvas = document.getElementById("canvas");
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const wanted = ["--far-fresh", "--accent"].map((name) => [name,
      getComputedStyle(document.documentElement).getPropertyValue(name).trim().match(/[0-9a-f]{2}/g).map((part) => parseInt(part, 16))]);
    const counts = {};
    for (const [name, [r, g, b]] of wanted) {
      counts[name] = 0;
      for (let at = 0; at < data.length; at += 4) {
        if (Math.abs(data[at] - r) + Math.abs(data[at + 1] - g) + Math.abs(data[at + 2] - b) < 24) counts[name] += 1;
      }
    }
    return counts;
  })()`);
  assert(colors["--far-fresh"]! > 20_000, JSON.stringify(colors));
  // A click on what is drawn picks it like a click on a button: below the one that is stale is the newest.
  const { x, y } = await browser.middleOf("#boxes .picked");
  const height = await browser.evaluate(`document.querySelector("#boxes .picked").getBoundingClientRect().height`);
  await browser.clickAt(x, y + height * 34 / 28);
  assertEquals(await browser.evaluate(texts("#panel code")), [digestOf("9990")]);
});

testPage("an empty cache has a page, too", { nodes: new Map() }, async (browser) => {
  assertStringIncludes(
    await browser.evaluate(`document.getElementById("panel").innerText`),
    "Nothing is stored in this cache yet",
  );
  await browser.click("#zoom-fit");
  await browser.click("#open-all");
  await browser.press("/");
  await browser.type("x");
});

testPage("a function that calls itself says so", {
  nodes: (() => {
    const nodes = graph({ one: ["two"], two: ["three"], three: ["one"] });
    for (const [id, node] of nodes) nodes.set(id, { ...node, fname: "fib" });
    return nodes;
  })(),
}, async (browser) => {
  assertEquals(
    await browser.evaluate(`document.querySelector(".box").getAttribute("aria-label")`),
    "fib, 3 calls, calls itself",
  );
  await browser.click(".box");
  assertStringIncludes(await browser.evaluate(`document.getElementById("panel").innerText`), "itself, ×3");
});
