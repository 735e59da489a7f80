/**
 * Prints how long the digests of remembered files take in a new process, and `stat` of the same files, milliseconds:
 * `unchanged_files.ts CACHE_DIR FOLDER`.
 *
 * @module
 */
import { fileDigestsFor } from "../../src/reads/files/open_digests.ts";
import { time } from "../support/measure.ts";

const [cacheDir, folder] = Deno.args;
// In the order in which they were remembered, as a program asks that is run again.
const paths = [...Deno.readDirSync(folder!)].map((entry) => `${folder}/${entry.name}`).sort();
const stat = () => time(() => paths.reduce((sum, path) => sum + Deno.statSync(path).size, 0));
await stat(); // the kernel's cache of names is warm for both
const floor = await stat();
const ours = await time(() => fileDigestsFor(cacheDir!).digestPaths(paths));
// deno-lint-ignore no-console
console.log(JSON.stringify({ ours, floor }));
