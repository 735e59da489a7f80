import { assert, assertEquals } from "@std/assert";
import { findSurprises } from "../examples/demo/check_scene.ts";
import { copyExample, replaceText } from "../examples/demo/project.ts";
import { runPipeline } from "../examples/demo/run_pipeline.ts";
import { SCENES } from "../examples/demo/scenes.ts";
import { bootstrap, interval } from "../examples/weather/bootstrap.ts";
import { parseRows, selectDays } from "../examples/weather/days.ts";
import { fitLinear, fitLogistic, type Sample } from "../examples/weather/regression.ts";
import { createDesign, createSeries, TERMS } from "../examples/weather/season.ts";

Deno.test("the pipeline of the example runs exactly the steps that a change reaches", async (t) => {
  await using project = await copyExample();
  await replaceText(project, { file: "settings.ts", before: "REPLICATES = 2_000", after: "REPLICATES = 50" });
  await runPipeline(project, "data");
  for (const scene of SCENES) {
    await t.step(scene.title, async () => {
      for (const edit of scene.edits) await replaceText(project, edit);
      const run = await runPipeline(project, "report");
      assertEquals(findSurprises(scene, run), []);
      assert(run.report.includes("Seattle, 1461 days from 2012-01-01 to 2015-12-31"), run.report);
    });
  }
});

Deno.test("a scene notices a step that ran in vain, one that did not run, one that ran twice and a missing reason", () => {
  const scene = { title: "", edits: [], runs: ["loadDays"], because: "data.csv" } as const;
  const outcome = (step: string, outcome: "ran" | "reused") => ({ step, outcome, ms: 1, why: "" });
  const run = {
    outcomes: [outcome("loadDays", "reused"), outcome("cleanDays", "ran")],
    repeated: ["cleanDays"],
    report: "",
    elapsedMs: 1,
  };
  assertEquals(findSurprises(scene, run), [
    "cleanDays ran more than once",
    "loadDays did not run",
    "cleanDays ran in vain",
    "the reason of loadDays does not name data.csv: ",
  ]);
});

Deno.test("selectDays() drops impossible rows, sorts by date and keeps the last of a date", () => {
  const rows = parseRows([
    "date,precipitation,temp_max,temp_min,wind,weather",
    "2012-01-03,1.5,8,4,1,rain",
    "2012-01-01,0,10,5,1,sun",
    "2012-01-02,0,3,5,1,sun",
    "2012-01-04,-1,9,5,1,sun",
    "2012-01-05,,9,5,1,sun",
    "2012-01-01,0,12,6,1,sun",
  ].join("\n"));
  assertEquals(selectDays(rows), [
    { date: "2012-01-01", celsius: 9, rainMm: 0 },
    { date: "2012-01-03", celsius: 6, rainMm: 1.5 },
  ]);
});

Deno.test("fitLinear() finds the coefficients that made the values", () => {
  const dates = Array.from(
    { length: 800 },
    (_, day) => new Date(Date.UTC(2012, 2, 1 + day)).toISOString().slice(0, 10),
  );
  const design = createDesign(createSeries(dates, dates.map(() => 0)));
  const truth = [10, 0.5, -7, 2, 0.25, -1];
  const response = Float64Array.from(dates, (_, row) => {
    return truth.reduce((sum, value, term) => sum + value * design[row * TERMS + term]!, 0);
  });
  const found = fitLinear({ design, response, terms: TERMS });
  truth.forEach((value, term) => assertClose(found[term]!, value, 1e-9));
});

Deno.test("fitLogistic() of a yes-or-no predictor gives the log odds of each group", () => {
  const groups = [[0, 10, 40], [1, 30, 20]] as const; // predictor, number of ones, number of zeros
  const rows = groups.flatMap(([x, ones, zeros]) => [
    ...Array.from({ length: ones }, () => [x, 1] as const),
    ...Array.from({ length: zeros }, () => [x, 0] as const),
  ]);
  const found = fitLogistic({
    design: Float64Array.from(rows.flatMap(([x]) => [1, x])),
    response: Float64Array.from(rows, ([, y]) => y),
    terms: 2,
  });
  assertClose(found[0]!, Math.log(10 / 40), 1e-9);
  assertClose(found[1]!, Math.log(30 / 20) - Math.log(10 / 40), 1e-9);
});

Deno.test("bootstrap() draws the same samples from the same seed, and their spread is that of the mean", () => {
  const response = Float64Array.from({ length: 400 }, (_, row) => row % 2);
  const sample: Sample = { design: new Float64Array(400).fill(1), response, terms: 1 };
  const mean = (drawn: Sample) => drawn.response.reduce((sum, value) => sum + value, 0) / 400;
  const draw = (seed: number) => bootstrap(sample, mean, { replicates: 2_000, blockDays: 1, seed });
  assertEquals(draw(1), draw(1));
  assert(draw(1).some((value, index) => value !== draw(2)[index]));
  const [low, high] = interval(draw(1), 0.95);
  assertClose(low, 0.5 - 1.96 * 0.5 / 20, 0.006);
  assertClose(high, 0.5 + 1.96 * 0.5 / 20, 0.006);
});

Deno.test("interval() holds the middle share of the values", () => {
  const [low, high] = interval(Float64Array.from({ length: 101 }, (_, index) => 100 - index), 0.9);
  assertClose(low, 5, 1e-9);
  assertClose(high, 95, 1e-9);
});

function assertClose(actual: number, expected: number, tolerance: number): void {
  assert(Math.abs(actual - expected) <= tolerance, `${actual} is not within ${tolerance} of ${expected}`);
}
