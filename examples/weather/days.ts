/**
 * The days of a weather station: from text to checked values.
 *
 * @module
 */
/** A row of the file as it stands there. */
export interface Row {
  readonly date: string;
  readonly precipitation: number;
  readonly temp_max: number;
  readonly temp_min: number;
  readonly wind: number;
  readonly weather: string;
}

/** A day that the models may use. */
export interface Day {
  /** ISO date. */
  readonly date: string;
  /** Midpoint of the day's extremes, degrees Celsius. */
  readonly celsius: number;
  /** Rain and molten snow, millimetres. */
  readonly rainMm: number;
}

/**
 * Reads the rows of the file.
 *
 * @param text Comma-separated values, unquoted, with a heading.
 * @returns The rows in the order of the file; a cell that is no number is `NaN`.
 */
export function parseRows(text: string): Row[] {
  const [heading, ...lines] = text.trim().split(/\r?\n/);
  const names = heading!.split(",");
  return lines.map((line) => {
    const cells = line.split(",");
    const cell = (name: string) => cells[names.indexOf(name)] ?? "";
    return {
      date: cell("date"),
      precipitation: parseFloat(cell("precipitation")),
      temp_max: parseFloat(cell("temp_max")),
      temp_min: parseFloat(cell("temp_min")),
      wind: parseFloat(cell("wind")),
      weather: cell("weather"),
    };
  });
}

/**
 * Drops rows that cannot be true and keeps what the models use.
 *
 * @param rows The rows, in any order.
 * @returns One day a date, by date; of rows with the same date, the last.
 */
export function selectDays(rows: readonly Row[]): Day[] {
  const days = new Map<string, Day>();
  for (const row of rows) {
    const isTrue = row.temp_max >= row.temp_min && row.precipitation >= 0;
    if (!isTrue) continue;
    days.set(row.date, {
      date: row.date,
      celsius: (row.temp_max + row.temp_min) / 2,
      rainMm: row.precipitation,
    });
  }
  return [...days.values()].sort((a, b) => a.date < b.date ? -1 : 1);
}
