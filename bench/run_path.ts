/**
 * Measures one path in a process of its own and prints its figures as JSON: `run_path.ts NAME [--quick] [--large]`.
 *
 * @module
 */
import type { Figure, Scale } from "./support/figures.ts";

/** Where each path is; the order is that of the table. */
export const PATHS: Readonly<Record<string, () => Promise<{ run(scale: Scale): Promise<Figure[]> }>>> = {
  hot_hit: () => import("./paths/hot_hit.ts"),
  tracked_files: () => import("./paths/tracked_files.ts"),
  first_hit: () => import("./paths/first_hit.ts"),
  miss: () => import("./paths/miss.ts"),
  growth: () => import("./paths/growth.ts"),
  large_array: () => import("./paths/large_array.ts"),
  large_rows: () => import("./paths/large_rows.ts"),
  digests: () => import("./paths/digests.ts"),
  in_flight: () => import("./paths/in_flight.ts"),
  recursion: () => import("./paths/recursion.ts"),
  start: () => import("./paths/start.ts"),
  instances: () => import("./paths/instances.ts"),
  outside: () => import("./paths/outside.ts"),
  event_loop: () => import("./paths/event_loop.ts"),
};

if (import.meta.main) {
  const [name, ...flags] = Deno.args;
  const { run } = await PATHS[name!]!();
  const figures = await run({ quick: flags.includes("--quick"), large: flags.includes("--large") });
  // deno-lint-ignore no-console
  console.log(JSON.stringify(figures));
}
