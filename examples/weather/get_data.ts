/**
 * Puts the data file in its place, unless it is there: daily weather of Seattle, 2012 to 2015, from the package
 * `vega-datasets` (source: NOAA, Global Historical Climatology Network).
 *
 * @module
 */
import { findPackageJSON } from "node:module";
import { dirname, join } from "@std/path";
import "vega-datasets";
import { DATA_FILE } from "./settings.ts";

try {
  await Deno.lstat(DATA_FILE);
} catch (error) {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
  const manifest = findPackageJSON("vega-datasets", import.meta.url)!;
  await Deno.mkdir(dirname(DATA_FILE), { recursive: true });
  await Deno.copyFile(join(dirname(manifest), "data", "seattle-weather.csv"), DATA_FILE);
}
