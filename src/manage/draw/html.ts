/**
 * The graph of a cache as one HTML page that needs no network: the picture and a table that can be searched.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import { inTurns, type Work } from "../../words/waiting.ts";
import { type CacheNode, keyOfNode } from "../graph/nodes.ts";
import { type DrawOptions, type NodeState, STATE_WORDS } from "./dot.ts";
import { escapeXml } from "./svg.ts";

/** Script that runs in the browser. It is constant, so that the page's policy can allow its digest and nothing else. */
const SCRIPT = `
const rows = [...document.querySelectorAll("tbody tr")];
const boxes = new Map([...document.querySelectorAll("g[data-id]")].map((box) => [box.dataset.id, box]));
const search = document.getElementById("search");
const count = document.getElementById("count");
search.addEventListener("input", () => {
  const words = search.value.toLowerCase().split(/\\s+/).filter(Boolean);
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    const fits = words.every((word) => text.includes(word));
    row.hidden = !fits;
    if (fits) shown += 1;
    boxes.get(row.dataset.id)?.classList.toggle("faint", !fits);
  }
  count.textContent = shown + " of " + rows.length;
});
for (const row of rows) {
  row.addEventListener("click", () => {
    document.querySelector("g.picked")?.classList.remove("picked");
    const box = boxes.get(row.dataset.id);
    box?.classList.add("picked");
    box?.scrollIntoView({ block: "center", inline: "center" });
  });
}
`;

const CSS = `
body { margin: 0; font: 14px/1.4 system-ui, sans-serif; color: #22282e; background: #ffffff; }
header { padding: 12px 20px; border-bottom: 1px solid #dde2e7; }
h1 { font-size: 17px; margin: 0; }
.picture { overflow: auto; max-height: 60vh; border-bottom: 1px solid #dde2e7; }
.faint { opacity: 0.15; }
.picked rect { stroke: #d6336c; stroke-width: 3; }
.find { padding: 12px 20px; }
input { font: inherit; padding: 4px 8px; width: 24em; max-width: 70vw; }
table { border-collapse: collapse; margin: 0 20px 20px; }
th, td { text-align: left; padding: 4px 14px 4px 0; vertical-align: top; border-bottom: 1px solid #eef1f4; }
td.key { font-family: monospace; }
tr[hidden] { display: none; }
tbody tr { cursor: pointer; }
tbody tr:hover { background: #f4f7fa; }
.stale td:first-child::after { content: " ●"; color: #b98316; }
`;

/**
 * Writes one page with the picture and a table of the calls. The page loads nothing, and its policy allows inline
 * styles and its own script only.
 *
 * @param nodes The calls of the table.
 * @param svg The picture, from {@linkcode graphToSvg}.
 * @param options See {@linkcode DrawOptions}.
 * @returns An HTML document.
 */
export async function graphToHtml(
  nodes: readonly CacheNode[],
  svg: string,
  options: DrawOptions = {},
): Promise<string> {
  return await inTurns(writeHtml(nodes, svg, options));
}

function* writeHtml(nodes: readonly CacheNode[], svg: string, options: DrawOptions): Work<string> {
  const nameFile = options.nameFile ?? ((path: string) => path);
  const names = new Map<string, string>();
  for (const node of nodes) {
    names.set(node.id, node.fname);
    yield;
  }
  const list = (ids: readonly string[]) => [...new Set(ids.map((id) => names.get(id) ?? id))].join(", ");
  const rows: string[] = [];
  for (const node of nodes) {
    yield;
    const state: NodeState = options.states?.get(node.id) ?? "fresh";
    const cells = [
      `<td>${escapeXml(node.fname)}</td>`,
      `<td class="key">${escapeXml(keyOfNode(node).slice(0, 12))}</td>`,
      `<td>${STATE_WORDS[state]}</td>`,
      `<td>${node.created.toISOString().slice(0, 19).replace("T", " ")}</td>`,
      `<td>${escapeXml(list(node.parents))}</td>`,
      `<td>${escapeXml(list(node.children))}</td>`,
      `<td>${node.files.map((file) => escapeXml(nameFile(file))).join("<br>")}</td>`,
    ];
    rows.push(`<tr class="${state}" data-id="${escapeXml(node.id)}">${cells.join("")}</tr>`);
  }
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${digestOf(SCRIPT)}'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Calls and files of a cache</title>
<style>${CSS}</style>
</head>
<body>
<header><h1>Calls and files of a cache</h1></header>
<div class="picture">
${svg}</div>
<div class="find"><input id="search" type="search" placeholder="Search functions, keys, files" aria-label="Search">
<span id="count">${nodes.length} of ${nodes.length}</span></div>
<table>
<thead><tr><th>function</th><th>key</th><th>state</th><th>stored (UTC)</th><th>called by</th><th>calls</th><th>files</th></tr></thead>
<tbody>
${rows.join("\n")}
</tbody>
</table>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function digestOf(text: string): string {
  return Uint8Array.fromHex(digestBytes(text)).toBase64();
}
