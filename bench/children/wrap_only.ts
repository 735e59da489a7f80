// What a process costs that wraps a function and never calls it.
import { cacheFile } from "@bimsb/cachepy";

cacheFile(Deno.args[0]!)(function never() {
  return 1;
});
