/**
 * The page that shows a cache: one HTML document that needs no network and no other file.
 *
 * @module
 */
import { printable } from "../../words/printable.ts";
import { digestBytes } from "../../words/sha256.ts";
import { inTurns, type Work } from "../../words/waiting.ts";
import { STATE_WORDS } from "./dot.ts";
import { arrange } from "./page/arrange.ts";
import { createModel, createWords } from "./page/model.ts";
import { createOverview } from "./page/overview.ts";
import { createPainter } from "./page/paint.ts";
import { createPanel } from "./page/panel.ts";
import { createPicture } from "./page/picture.ts";
import { type PageParts, startPage } from "./page/start.ts";
import type { PageData } from "./page_data.ts";
import { escapeXml } from "./svg.ts";

/**
 * Writes the page. It loads nothing, and its policy allows its own script and style only, by their digests. What comes from
 * the cache is data in it: JSON that ends no element, which the script shows as text.
 *
 * @param data Data of the page.
 * @returns An HTML document.
 */
export async function writePage(data: PageData): Promise<string> {
  return await inTurns(writeDocument(data));
}

function* writeDocument(data: PageData): Work<string> {
  const script = pageScript();
  const json = yield* writeData(data);
  const policy = `default-src 'none'; script-src 'sha256-${digestOf(script)}'; style-src 'sha256-${digestOf(CSS)}'; ` +
    "base-uri 'none'; form-action 'none'";
  const title = data.report === null ? "Calls of a cache" : "Report on a cache";
  const made = `${data.made.slice(0, 16).replace("T", " ")} UTC`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}: ${escapeXml(data.cacheDir)}</title>
<style>${CSS}</style>
</head>
<body>
<header>
<div class="title"><h1>${title}</h1><p class="soft name">${escapeXml(data.cacheDir)} · ${made}</p></div>
<div id="tabs" role="tablist" aria-label="Views" hidden>
<button type="button" role="tab" id="tab-overview" aria-controls="overview">Overview</button>
<button type="button" role="tab" id="tab-graph" aria-controls="graph">Graph</button>
</div>
<div class="find" role="search">
<input id="search" type="search" role="combobox" placeholder="Search functions, arguments, files, keys" autocomplete="off"
 spellcheck="false" aria-label="Search functions, arguments, files and keys" aria-expanded="false" aria-controls="results"
 aria-autocomplete="list" aria-keyshortcuts="/">
<span id="found" class="soft" role="status"></span>
<ul id="results" role="listbox" aria-label="Matches" hidden></ul>
</div>
<div id="chips"></div>
</header>
<p id="bound" class="soft" hidden></p>
<noscript><p id="needs-script">This page needs JavaScript, which it brings along. The same as text: cachepy tree.</p></noscript>
<main>
<section id="overview" role="tabpanel" aria-labelledby="tab-overview" tabindex="-1" hidden></section>
<section id="graph" role="tabpanel" aria-labelledby="tab-graph">
<div class="picture">
<div id="stage" role="application" aria-label="Picture of functions and calls" aria-describedby="keys">
<canvas id="canvas" aria-hidden="true"></canvas><div id="boxes"></div>
</div>
<p id="keys" class="unseen">Arrow keys go from box to box, Enter opens a function or shows a call, Escape closes it, plus and minus
zoom, 0 shows all. The details beside the picture have the same functions and calls as lists.</p>
<div class="tools" role="toolbar" aria-label="Picture">
<button type="button" id="open-all" aria-pressed="false">Open all</button>
<button type="button" id="zoom-out" aria-label="Zoom out">−</button>
<button type="button" id="zoom-in" aria-label="Zoom in">+</button>
<button type="button" id="zoom-fit">Fit</button>
</div>
</div>
<aside id="panel" aria-label="Details" tabindex="-1"></aside>
</section>
</main>
<p id="says" role="status" class="unseen"></p>
<script type="application/json" id="data">${json}</script>
<script>${script}</script>
</body>
</html>
`;
}

/**
 * Returns the script of the page: the source of the functions of `page/` as this process has it, and their start. So they are
 * checked like all code, and need no file beside the package. The script is the same for each page.
 */
function pageScript(): string {
  const parts: PageParts = {
    states: STATE_WORDS,
    arrange,
    createModel,
    createOverview,
    createPainter,
    createPanel,
    createPicture,
    createWords,
  };
  const members = Object.entries(parts).map(([name, part]) =>
    `${name}: ${typeof part === "function" ? String(part) : JSON.stringify(part)}`
  );
  return `"use strict";\n(${startPage})(globalThis, {\n${members.join(",\n")}\n});\n`;
}

/** Returns the data as JSON without the character that begins an end tag, and without marks that change the order of text. */
function* writeData(data: PageData): Work<string> {
  const members: string[] = [];
  for (const [name, value] of Object.entries(data)) {
    if (!Array.isArray(value)) {
      members.push(`${JSON.stringify(name)}:${writeJson(value)}`);
      continue;
    }
    const items: string[] = [];
    for (const item of value) {
      items.push(writeJson(item));
      yield;
    }
    members.push(`${JSON.stringify(name)}:[${items.join(",\n")}]`);
  }
  return `{${members.join(",\n")}}`;
}

function writeJson(value: unknown): string {
  const json = JSON.stringify(value, (_, inner) => typeof inner === "string" ? printable(inner) : inner);
  return json.replaceAll("<", "\\u003c");
}

function digestOf(text: string): string {
  return Uint8Array.fromHex(digestBytes(text)).toBase64();
}

const CSS = `
:root {
  --page: #f5f7f9; --surface: #ffffff; --frame: #f0f3f6; --text: #1c242d; --soft: #5a6672; --line: #dce2e8;
  --arrow: #b7c1cc; --accent: #1f6fd6; --hover: #f0f4f9; --stale: #c9820d;
  --dot-fresh: #4a8cc2; --dot-stale: #e09a1a; --dot-caller: #ecc77c; --dot-replaced: #c6cdd5; --dot-missing: #8792a0;
  --fill-fresh: #ffffff; --fill-stale: #fff2d6; --fill-caller: #fff9ec; --fill-replaced: #f5f6f8; --fill-missing: #eceff2;
  --far-fresh: #c4d8e8; --far-stale: #dd9314; --far-caller: #f0d59c; --far-replaced: #dfe4e9; --far-missing: #aab4bf;
  --ink-stale: #74480a; --shadow: 0 1px 2px rgb(20 30 40 / 6%), 0 2px 8px rgb(20 30 40 / 5%);
  color-scheme: light dark;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #12161b; --surface: #1a1f26; --frame: #161b21; --text: #e4e9ee; --soft: #98a4b1; --line: #2c343e;
    --arrow: #47525f; --accent: #78aeff; --hover: #222a33; --stale: #d99a35;
    --dot-fresh: #5b9ed6; --dot-stale: #f0b048; --dot-caller: #a98240; --dot-replaced: #4a545f; --dot-missing: #77828e;
    --fill-fresh: #1f262e; --fill-stale: #3b2e14; --fill-caller: #2b2618; --fill-replaced: #1a1f25; --fill-missing: #262d35;
    --far-fresh: #2c4254; --far-stale: #e8a63c; --far-caller: #6b5429; --far-replaced: #272e36; --far-missing: #4c5763;
    --ink-stale: #ffd58a; --shadow: 0 1px 2px rgb(0 0 0 / 30%), 0 2px 8px rgb(0 0 0 / 25%);
  }
}
* { box-sizing: border-box; }
[hidden] { display: none !important; }
html, body { height: 100%; margin: 0; }
body { display: flex; flex-direction: column; font: 14px/1.45 system-ui, sans-serif; color: var(--text); background: var(--page); }
button, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
h1, h2, h3, p, ul, dl, dd { margin: 0; padding: 0; }
ul { list-style: none; }
code { font: 12.5px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
.soft { color: var(--soft); }
.name { unicode-bidi: isolate; overflow-wrap: anywhere; }
.unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

header { display: flex; flex-wrap: wrap; align-items: center; gap: 10px 24px; padding: 12px 20px; background: var(--surface);
  border-bottom: 1px solid var(--line); z-index: 2; }
h1 { font-size: 15px; font-weight: 600; }
.title p { font-size: 12.5px; }
#tabs { display: flex; gap: 2px; padding: 3px; border-radius: 9px; background: var(--frame); }
#tabs button { border: 0; padding: 4px 14px; border-radius: 7px; background: none; color: var(--soft); cursor: pointer; }
#tabs button[aria-selected="true"] { background: var(--surface); color: var(--text); box-shadow: var(--shadow); }
.find { position: relative; flex: 1 1 280px; max-width: 460px; display: flex; align-items: center; }
#search { width: 100%; padding: 7px 12px; border: 1px solid var(--line); border-radius: 9px; background: var(--page); }
#search::placeholder { color: var(--soft); opacity: 1; }
#found { position: absolute; right: 34px; font-size: 12.5px; pointer-events: none; }
#results { position: absolute; top: calc(100% + 6px); left: 0; right: 0; max-height: 380px; overflow: auto; padding: 6px;
  background: var(--surface); border: 1px solid var(--line); border-radius: 11px; box-shadow: 0 8px 30px rgb(10 20 30 / 18%); }
#results li { display: flex; align-items: baseline; gap: 10px; padding: 6px 10px; border-radius: 7px; cursor: pointer; }
#results li[aria-selected="true"], #results li:hover { background: var(--hover); }
#results .name { white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
#results .name { flex: 0 1 auto; max-width: 72%; }
#results .soft { flex: 1 1 0; min-width: 0; max-width: none; text-align: right; font-size: 12.5px; }
#chips { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 16px; color: var(--soft); font-size: 13px; margin-left: auto; }
#bound, #needs-script { padding: 6px 20px; background: var(--surface); border-bottom: 1px solid var(--line); font-size: 13px; }

.badge { display: inline-block; padding: 2px 9px; border: 0; border-radius: 99px; font-size: 12.5px; background: var(--frame);
  color: var(--text); }
button.badge { cursor: pointer; }
.badge.is-stale, .badge.is-caller { background: var(--fill-stale); color: var(--ink-stale); }
.dot { flex: none; width: 9px; height: 9px; border-radius: 50%; align-self: center; background: var(--dot-fresh); }
.dot.is-stale { background: var(--dot-stale); }
.dot.is-caller { background: none; border: 2px solid var(--dot-stale); }
.dot.is-missing { background: none; border: 2px solid var(--dot-missing); }
.dot.is-replaced { background: var(--dot-replaced); }

main { flex: 1; min-height: 0; display: flex; }
#graph { flex: 1; min-width: 0; display: flex; }
.picture { position: relative; flex: 1; min-width: 0; }
#stage { position: absolute; inset: 0; overflow: hidden; touch-action: none; cursor: grab; user-select: none; }
#stage.moving { cursor: grabbing; }
#canvas { position: absolute; top: 0; left: 0; pointer-events: none; }
#boxes { position: absolute; top: 0; left: 0; width: 0; height: 0; transform-origin: 0 0; }
#boxes button { position: absolute; text-align: left; cursor: pointer; border: 1px solid var(--line); background: var(--fill-fresh);
  contain: strict; }
#boxes button.faint { opacity: 0.22; }
#boxes button.picked { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent); }
.box { display: flex; flex-direction: column; justify-content: center; gap: 1px; padding: 0 8px 0 16px; border-radius: 10px; }
#boxes .box { box-shadow: var(--shadow); }
.box::before { content: ""; position: absolute; inset: 0 auto 0 0; width: 4px; background: var(--dot-fresh); }
.box .name { font-weight: 600; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; }
.meta { display: flex; align-items: center; gap: 8px; font-size: 12.5px; color: var(--soft); white-space: nowrap; }
.meta .module { overflow: hidden; text-overflow: ellipsis; opacity: 0.9; }
.meta .note { color: var(--ink-stale); font-weight: 500; overflow: hidden; text-overflow: ellipsis; }
.box.is-stale::before { background: var(--dot-stale); }
.box.is-caller::before { background: var(--dot-caller); }
.box.is-missing::before { background: var(--dot-missing); }
.box.is-replaced::before { background: var(--dot-replaced); }
#boxes .is-stale { background: var(--fill-stale); }
#boxes .is-caller { background: var(--fill-caller); }
#boxes .is-missing { background: var(--fill-missing); border-style: dashed; }
#boxes .is-replaced { background: var(--fill-replaced); color: var(--soft); }
.tile { padding: 0 10px 0 14px; border-radius: 6px; font-size: 12px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis;
  unicode-bidi: isolate; }
.tile.is-stale, .tile.is-caller { color: var(--ink-stale); }
.tools { position: absolute; right: 16px; bottom: 16px; display: flex; gap: 2px; padding: 4px; border-radius: 11px;
  background: var(--surface); border: 1px solid var(--line); box-shadow: var(--shadow); }
.tools button { border: 0; min-width: 32px; height: 30px; padding: 0 10px; border-radius: 7px; background: none; cursor: pointer; }
.tools button:hover, .link:hover, .more:hover { background: var(--hover); }
.tools button[aria-pressed="true"] { background: var(--hover); color: var(--accent); }

#panel { flex: 0 0 360px; overflow: auto; padding: 18px 20px 28px; background: var(--surface); border-left: 1px solid var(--line); }
#panel h2 { font-size: 17px; font-weight: 600; line-height: 1.3; outline-offset: 4px; }
#panel h3 { display: flex; align-items: baseline; gap: 8px; margin: 22px 0 6px; font-size: 12.5px; font-weight: 600; color: var(--soft); }
.tally { font-weight: 400; }
.path { display: flex; flex-wrap: wrap; align-items: center; gap: 4px; margin: 0 0 8px -8px; color: var(--soft); font-size: 13px; }
.path .link { width: auto; padding: 2px 8px; color: var(--accent); }
.badges { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 10px; }
.reason { margin-top: 8px; overflow-wrap: anywhere; }
.hint { margin-top: 24px; color: var(--soft); font-size: 13px; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 16px; margin-top: 10px; font-size: 13px; color: var(--soft); }
.legend li { display: flex; gap: 7px; }
.facts { display: grid; grid-template-columns: max-content 1fr; gap: 5px 18px; margin-top: 14px; }
.facts dt { color: var(--soft); }
.facts dd { text-align: right; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; min-width: 0; }
#panel > section .facts { margin-top: 0; }
.rows { margin: 0 -8px; }
.link { display: flex; align-items: baseline; gap: 10px; width: 100%; padding: 5px 8px; border: 0; border-radius: 7px; background: none;
  text-align: left; cursor: pointer; }
.grow { flex: 1; min-width: 0; }
.link .soft { flex: none; max-width: 50%; font-size: 12.5px; font-variant-numeric: tabular-nums; }
.file { display: flex; gap: 10px; padding: 3px 8px; }
.file .soft { flex: none; font-size: 12.5px; }
.file .name { font: 12.5px/1.5 ui-monospace, monospace; }
.more { margin: 6px 0 0; padding: 5px 8px; border: 0; border-radius: 7px; background: none; color: var(--accent); cursor: pointer; }

#overview { flex: 1; overflow: auto; padding: 28px 20px 48px; }
#overview > * { max-width: 1040px; margin-left: auto; margin-right: auto; }
.figures { display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 14px; }
.figure { display: flex; flex-direction: column; gap: 2px; padding: 16px 18px; border-radius: 13px; background: var(--surface);
  border: 1px solid var(--line); }
.figure strong { font-size: 26px; font-weight: 600; line-height: 1.25; letter-spacing: -0.01em; }
.figure .soft { font-size: 13px; }
.figure.warns { background: var(--fill-stale); border-color: var(--dot-caller); }
.figure.warns .soft { color: var(--ink-stale); }
.explains { margin-top: 12px; font-size: 13px; }
.card { margin-top: 22px; padding: 18px 20px; border-radius: 13px; background: var(--surface); border: 1px solid var(--line); }
.card h2 { font-size: 15px; font-weight: 600; }
.card > .soft { margin: 2px 0 12px; font-size: 13px; }
.plain li + li { margin-top: 14px; padding-top: 14px; border-top: 1px solid var(--line); }
.spread { display: flex; align-items: baseline; justify-content: space-between; gap: 16px; }
.spread .link, td .link { display: inline; width: auto; margin: 0 -8px; padding: 2px 8px; color: var(--accent); font-weight: 500; }
.wide { overflow-x: auto; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums; }
th { padding: 0; font-weight: 500; text-align: left; border-bottom: 1px solid var(--line); white-space: nowrap; }
.sorts { border: 0; padding: 6px 0; background: none; color: var(--soft); font-size: 13px; cursor: pointer; }
.sorts:hover { color: var(--text); }
th[aria-sort="ascending"] .sorts::after { content: " ↑"; }
th[aria-sort="descending"] .sorts::after { content: " ↓"; }
td { padding: 7px 0; border-bottom: 1px solid var(--line); vertical-align: baseline; }
tr:last-child td { border-bottom: 0; }
.number { text-align: right; padding-left: 22px; white-space: nowrap; }
.barred { display: inline-flex; align-items: baseline; gap: 10px; }
.bar { align-self: center; height: 6px; border-radius: 3px; background: var(--dot-fresh); }

@media (max-width: 860px) {
  body { height: auto; min-height: 100%; }
  header { padding: 12px 16px; gap: 10px 16px; }
  .find { order: 3; flex-basis: 100%; max-width: none; }
  #chips { margin-left: 0; order: 4; }
  #graph { flex-direction: column; }
  .picture { flex: none; height: 56vh; min-height: 300px; }
  #panel { flex: none; border-left: 0; border-top: 1px solid var(--line); padding: 16px; }
  #overview { padding: 16px; }
}
@media print { .tools, .find, #tabs { display: none; } #overview { display: block !important; } }
@media (forced-colors: active) { #boxes button.picked { outline: 3px solid Highlight; } .dot { forced-color-adjust: none; } }
`;
