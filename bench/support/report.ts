/**
 * The table of the figures.
 *
 * @module
 */
import type { TextStyle } from "../../src/cli/text/terminal.ts";
import { formatTable } from "../../src/cli/text/table.ts";
import { type Figure, keepsLimits, type Limit, PEER_NAMES } from "./figures.ts";
import type { Machine } from "./machine.ts";

/**
 * One row a figure: ours, the floor and the peers, each with its ratio to ours, and the limits with what became of them.
 *
 * @param figures What was measured.
 * @param style Marks for a terminal.
 * @returns Lines, with notes and a count below.
 */
export function formatFigures(figures: readonly Figure[], style: TextStyle): string {
  const peers = PEER_NAMES.filter((name) => figures.some((figure) => name in figure.peers));
  const columns = [
    { title: "path" },
    ...["ours", "floor", ...peers].map((title) => ({ title, align: "right" as const })),
    { title: "target" },
    { title: "" },
  ];
  const rows = figures.map((figure) => [
    figure.path,
    formatAmount(figure.ours, figure.unit),
    formatFloor(figure),
    ...peers.map((name) => formatPeer(figure, figure.peers[name])),
    figure.limits.map((limit) => formatLimit(limit, figure.unit)).join(", "),
    formatVerdict(figure),
  ]);
  const table = formatTable(columns, rows, style)
    .replace(/pass$/gm, style.good("pass"))
    .replace(/miss, [\d.]+ × the target$/gm, (verdict) => style.warn(verdict));
  const notes = figures.filter((figure) => figure.note !== "").map(({ path, note }) => `${path}: ${note}\n`);
  const verdicts = figures.map(keepsLimits).filter((verdict) => verdict !== null);
  const kept = verdicts.filter((verdict) => verdict).length;
  return [
    table,
    "\nIn brackets: ours by the floor, and a peer by ours. Medians, taken in turn in one run.\n",
    ...notes,
    `${kept} of ${verdicts.length} targets met\n`,
  ].join("");
}

/** Machine, versions and the length of the run. */
export function formatMachine(machine: Machine, seconds: number, style: TextStyle): string {
  const { cpu, cores, memoryGiB, system, load, deno, v8, commit, peers } = machine;
  const versions = Object.entries(peers).map(([name, version]) => `${name} ${version}`);
  return style.dim([
    `${cpu}, ${cores} cores, ${memoryGiB} GiB, ${system}, load ${load.toFixed(1)} at the start`,
    [`Deno ${deno}`, `V8 ${v8}`, ...versions].join(", "),
    `commit ${commit ?? "unknown"}, measured in ${seconds.toFixed(0)} s`,
  ].join("\n")) + "\n";
}

function formatFloor({ ours, floor, unit }: Figure): string {
  return floor === null ? "" : `${formatAmount(floor, unit)} (${formatRatio(ours / floor)})`;
}

function formatPeer({ ours, unit }: Figure, peer: number | undefined): string {
  return peer === undefined ? "" : `${formatAmount(peer, unit)} (${formatRatio(peer / ours)})`;
}

function formatLimit({ text, most }: Limit, unit: Figure["unit"]): string {
  const amount = formatAmount(most, unit);
  return text === amount ? `≤ ${amount}` : `≤ ${text} = ${amount}`;
}

function formatVerdict(figure: Figure): string {
  const isKept = keepsLimits(figure);
  if (isKept === null) return "";
  if (isKept) return "pass";
  const worst = Math.max(...figure.limits.map((limit) => figure.ours / limit.most));
  return `miss, ${worst.toFixed(2)} × the target`;
}

function formatRatio(ratio: number): string {
  return `${ratio < 9.95 ? ratio.toFixed(ratio < 0.1 ? 3 : 1) : ratio.toFixed(0)}×`;
}

function formatAmount(amount: number, unit: Figure["unit"]): string {
  if (unit === "modules") return amount.toFixed(0);
  if (unit === "bytes") return `${(amount / 2 ** 20).toFixed(0)} MiB`;
  if (amount < 0.0995) return `${(1_000 * amount).toFixed(1)} µs`;
  if (amount < 9.95) return `${amount.toFixed(2)} ms`;
  if (amount < 999.5) return `${amount.toFixed(0)} ms`;
  return `${(amount / 1_000).toFixed(2)} s`;
}
