// What a process costs that imports the package and does nothing with it.
import { cacheFile } from "@bimsb/cachepy";

if (typeof cacheFile !== "function") Deno.exit(1);
