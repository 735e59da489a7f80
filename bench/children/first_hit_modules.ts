// The number of modules of the package that a process has loaded after one hit: `first_hit_modules.ts DIR`.
import { Session } from "node:inspector";
import { cacheFile } from "@bimsb/cachepy";

const answer = await cacheFile(Deno.args[0]!)(function answer(x: number) {
  return x + 1;
})(41);
if (answer !== 42) throw new Error("the result is another one");

const source = new URL("../../src/", import.meta.url).href;
const loaded = new Set<string>();
const session = new Session();
session.on("Debugger.scriptParsed", ({ params: { url } }) => {
  if (url.startsWith(source)) loaded.add(url);
});
session.connect();
await new Promise((resolve) => session.post("Debugger.enable", resolve));
session.disconnect();
Deno.stdout.writeSync(new TextEncoder().encode(`${loaded.size}\n`));
