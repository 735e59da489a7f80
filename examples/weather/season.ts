/**
 * The seasonal model: a trend over the years and a smooth curve through each year.
 *
 * @module
 */
const DAYS_PER_YEAR = 365.25;
const MS_PER_DAY = 86_400_000;

/** Values on days: what a model is fitted to. */
export interface Series {
  /** Days since the first one. */
  readonly time: Float64Array;
  /** A value each day. */
  readonly values: Float64Array;
  /** Where in the year the first day is, from 0 to 1. */
  readonly phase: number;
}

/**
 * Puts values on a time axis.
 *
 * @param dates ISO dates, ascending.
 * @param values One a date.
 * @returns The series.
 */
export function createSeries(dates: readonly string[], values: readonly number[]): Series {
  const start = Date.parse(dates[0]!);
  const newYear = Date.parse(`${dates[0]!.slice(0, 4)}-01-01`);
  return {
    time: Float64Array.from(dates, (date) => (Date.parse(date) - start) / MS_PER_DAY),
    values: Float64Array.from(values),
    phase: (start - newYear) / MS_PER_DAY / DAYS_PER_YEAR,
  };
}

/** Columns of the seasonal model: constant, trend, and two waves a year. */
export const TERMS = 6;

/** Which column holds the trend, per year. */
export const TREND = 1;

/**
 * The predictors of the seasonal model.
 *
 * @param series What will be fitted.
 * @returns {@linkcode TERMS} numbers a day, day after day.
 */
export function createDesign(series: Series): Float64Array {
  const design = new Float64Array(series.time.length * TERMS);
  const middle = series.time.at(-1)! / 2;
  series.time.forEach((day, index) => {
    const angle = 2 * Math.PI * (day / DAYS_PER_YEAR + series.phase);
    design.set([
      1,
      (day - middle) / DAYS_PER_YEAR,
      Math.cos(angle),
      Math.sin(angle),
      Math.cos(2 * angle),
      Math.sin(2 * angle),
    ], index * TERMS);
  });
  return design;
}
