/**
 * What happens to the project, and which steps must run then.
 *
 * @module
 */
import type { Edit } from "./project.ts";

/** The steps of the example, in order. */
export const STEPS = [
  "loadDays",
  "cleanDays",
  "temperatureSeries",
  "temperatureTrend",
  "rainSeries",
  "rainTrend",
  "summary",
] as const;

/** A run of the pipeline after some edits. */
export interface Scene {
  readonly title: string;
  /** What to change before. */
  readonly edits: readonly Edit[];
  /** The steps that must run, each once; no other may. */
  readonly runs: readonly typeof STEPS[number][];
  /** A text that the reason of the first of them must hold. */
  readonly because?: string;
}

const data = "data/seattle-weather.csv";
const [wind, rain] = ["2014-07-23,19.3,18.9,13.3,9.9,rain", "2014-07-23,0.0,18.9,13.3,3.3,rain"];
const original = "2014-07-23,19.3,18.9,13.3,3.3,rain";

/** The scenes of the demonstration, in order. */
export const SCENES: readonly Scene[] = [
  { title: "Cold: nothing is stored yet", edits: [], runs: STEPS },
  { title: "Warm: nothing changed", edits: [], runs: [] },
  {
    title: "One cell of the data changed: the wind of a day, which no model uses",
    edits: [{ file: data, before: original, after: wind }],
    runs: ["loadDays", "cleanDays"],
    because: data,
  },
  {
    title: "Another cell: the rain of that day; the temperatures come out as before",
    edits: [{ file: data, before: wind, after: rain }],
    runs: ["loadDays", "cleanDays", "temperatureSeries", "rainSeries", "rainTrend", "summary"],
    because: data,
  },
  {
    title: "Both cells put back: all of it is known",
    edits: [{ file: data, before: rain, after: original }],
    runs: [],
  },
  {
    title: "A comment, a new line and another local name in the code",
    edits: [
      {
        file: "regression.ts",
        before: "let logOdds = 0;",
        after: "// on the scale of the fit\n      let logOdds = 0;",
      },
      {
        file: "bootstrap.ts",
        before: "const tail = (1 - level) / 2;\n  return [quantile(sorted, tail), quantile(sorted, 1 - tail)];",
        after:
          "const end = (1 - level) / 2;\n  return [\n    quantile(sorted, end),\n    quantile(sorted, 1 - end),\n  ];",
      },
    ],
    runs: [],
  },
  {
    title: "The cleaning written another way: the same days come out",
    edits: [{
      file: "days.ts",
      before: "row.temp_max >= row.temp_min && row.precipitation >= 0",
      after: "!(row.temp_max < row.temp_min || row.precipitation < 0)",
    }],
    runs: ["cleanDays"],
    because: "days.ts",
  },
  {
    title: "A step changed: a day is wet from more than 1 mm on, no longer from 1 mm",
    edits: [{ file: "steps.ts", before: "day.rainMm >= WET_DAY_MM", after: "day.rainMm > WET_DAY_MM" }],
    runs: ["rainSeries", "rainTrend", "summary"],
    because: "rainSeries",
  },
];
