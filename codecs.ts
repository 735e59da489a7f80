/**
 * Ready codecs, which keep the values of some libraries. Each takes the module that the program itself uses.
 *
 * @example
 * ```ts
 * import * as d3 from "d3-array";
 * import { cacheFile } from "@bimsb/cachepy";
 * import { d3Intern } from "@bimsb/cachepy/codecs";
 *
 * const cached = cacheFile(await Deno.makeTempDir(), { codecs: [...d3Intern(d3)] });
 * const countByDay = cached(function countByDay(days: Date[]) {
 *   return d3.rollup(days, (group: Date[]) => group.length, (day: Date) => day);
 * });
 * await countByDay([new Date(0), new Date(0)]);
 * console.log((await countByDay([new Date(0), new Date(0)])).get(new Date(0))); // 2, from the cache
 * ```
 *
 * @module
 */
export type { Codec } from "./src/values/codec.ts";
export type { ClassLike } from "./src/codecs/of_class.ts";
export { arquero, type ArqueroModule, arrow, type ArrowModule } from "./src/codecs/tables.ts";
export { d3Intern, type InternClass, type InternModule } from "./src/codecs/interned.ts";
export { luxon, type LuxonModule } from "./src/codecs/luxon.ts";
export {
  type AnyConstructor,
  decimal,
  mathjs,
  type MathModule,
  type MatrixModule,
  mlMatrix,
} from "./src/codecs/numbers.ts";
