/**
 * Text tables whose columns line up.
 *
 * @module
 */
import { printable } from "../../words/printable.ts";
import { displayWidth, truncate } from "../../manage/draw/display_width.ts";
import type { TextStyle } from "./terminal.ts";

/** A column of a table. */
export interface Column {
  /** Heading of the column. */
  readonly title: string;
  /**
   * Alignment of the heading and the cells; `right` for amounts.
   *
   * @default {"left"}
   */
  readonly align?: "left" | "right";
  /** Largest width of a cell, columns of the terminal; wider cells are cut. No limit when not given. */
  readonly most?: number;
}

/**
 * Formats a table with a heading, two spaces between columns and no space at the end of a line.
 *
 * Cells come from a cache, so control characters in them are written as escapes: the terminal must not obey them.
 *
 * @param columns The columns.
 * @param rows Cells of each row, one for each column.
 * @param style Style of the heading.
 * @returns Lines joined by line feeds, with a line feed at the end.
 */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  style: TextStyle,
): string {
  const cells = rows.map((row) =>
    columns.map((column, index) => {
      const text = printable(row[index] ?? "");
      return column.most === undefined ? text : truncate(text, column.most);
    })
  );
  const widths = columns.map((column, index) =>
    cells.reduce((widest, row) => Math.max(widest, displayWidth(row[index]!)), displayWidth(column.title))
  );
  const line = (row: readonly string[]) =>
    row.map((text, index) => {
      const padding = " ".repeat(widths[index]! - displayWidth(text));
      return columns[index]!.align === "right" ? padding + text : text + padding;
    }).join("  ").trimEnd();
  const heading = line(columns.map((column) => column.title));
  return [style.bold(heading), ...cells.map(line), ""].join("\n");
}

/**
 * Formats names and texts in two columns, the names padded to one width.
 *
 * @param pairs Names, each with its text.
 * @param style Style of the names.
 * @returns Lines joined by line feeds, with a line feed at the end; empty when there are no pairs.
 */
export function formatPairs(pairs: readonly (readonly [name: string, text: string])[], style: TextStyle): string {
  const widest = Math.max(0, ...pairs.map(([name]) => displayWidth(name)));
  return pairs.map(([name, text]) => {
    const padding = " ".repeat(widest - displayWidth(name) + 2);
    return `${style.dim(name)}${padding}${printable(text)}`.trimEnd() + "\n";
  }).join("");
}
