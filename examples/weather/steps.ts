/**
 * Did Seattle get warmer and drier from 2012 to 2015? The analysis as cached steps.
 *
 * Each step calls those before it, and nothing declares what depends on what: the cache sees the file that is read, the
 * code and the settings that are reached, and the steps that are called. A step runs when one of these changed and the
 * change reaches it.
 *
 * ```
 * loadDays ─ cleanDays ─┬─ temperatureSeries ─ temperatureTrend ─┐
 *                       └─ rainSeries ──────── rainTrend ────────┴─ summary
 * ```
 *
 * @module
 */
import { cacheFile } from "@bimsb/cachepy";
import { bootstrap, interval } from "./bootstrap.ts";
import { type Day, parseRows, type Row, selectDays } from "./days.ts";
import { logStep } from "./log.ts";
import { fitLinear, fitLogistic, type Sample } from "./regression.ts";
import { createDesign, createSeries, type Series, TERMS, TREND } from "./season.ts";
import { BLOCK_DAYS, DATA_FILE, LEVEL, REPLICATES, SEED, WET_DAY_MM } from "./settings.ts";

const cached = cacheFile(".cachepy", { onEvent: logStep });

/** A change per year, with the range of values that the data allow. */
export interface Trend {
  readonly estimate: number;
  readonly low: number;
  readonly high: number;
}

/** The rows of the data file. */
export const loadDays = cached(async function loadDays(): Promise<Row[]> {
  return parseRows(await Deno.readTextFile(DATA_FILE));
});

/** The days that can be used. */
export const cleanDays = cached(async function cleanDays(): Promise<Day[]> {
  return selectDays(await loadDays());
});

/** How warm each day was, degrees Celsius. */
export const temperatureSeries = cached(async function temperatureSeries(): Promise<Series> {
  const days = await cleanDays();
  return createSeries(days.map((day) => day.date), days.map((day) => day.celsius));
});

/** How much warmer each year was, degrees Celsius. */
export const temperatureTrend = cached(async function temperatureTrend(): Promise<Trend> {
  return estimateTrend(await temperatureSeries(), fitLinear);
});

/** Whether each day was wet: 1 or 0. */
export const rainSeries = cached(async function rainSeries(): Promise<Series> {
  const days = await cleanDays();
  return createSeries(days.map((day) => day.date), days.map((day) => day.rainMm >= WET_DAY_MM ? 1 : 0));
});

/** By which factor the odds of a wet day changed each year. */
export const rainTrend = cached(async function rainTrend(): Promise<Trend> {
  const { estimate, low, high } = estimateTrend(await rainSeries(), fitLogistic);
  return { estimate: Math.exp(estimate), low: Math.exp(low), high: Math.exp(high) };
});

/** The answer in words. */
export const summary = cached(async function summary(): Promise<string> {
  const days = await cleanDays();
  const [warmer, wetter] = [await temperatureTrend(), await rainTrend()];
  const range = ({ low, high }: Trend) => `${100 * LEVEL} % interval ${low.toFixed(2)} to ${high.toFixed(2)}`;
  return [
    `Seattle, ${days.length} days from ${days[0]!.date} to ${days.at(-1)!.date}`,
    `  temperature         ${warmer.estimate.toFixed(2)} °C more each year   ${range(warmer)}`,
    `  odds of a wet day   times ${wetter.estimate.toFixed(2)} each year   ${range(wetter)}`,
  ].join("\n");
});

/** The trend of the seasonal model, and how sure it is. */
function estimateTrend(series: Series, fit: (sample: Sample) => Float64Array): Trend {
  const sample: Sample = { design: createDesign(series), response: series.values, terms: TERMS };
  const trendOf = (drawn: Sample) => fit(drawn)[TREND]!;
  const resampling = { replicates: REPLICATES, blockDays: BLOCK_DAYS, seed: SEED };
  const [low, high] = interval(bootstrap(sample, trendOf, resampling), LEVEL);
  return { estimate: trendOf(sample), low, high };
}
