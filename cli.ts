/**
 * The command line: looks into a cache and keeps it in order.
 *
 * ```sh
 * deno run -A --unstable-kv jsr:@bimsb/cachepy/cli --help
 * ```
 *
 * @module
 */
import { main } from "./src/cli/main.ts";

export { main };

if (import.meta.main) Deno.exit(await main(Deno.args));
