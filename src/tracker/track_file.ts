/**
 * Telling the cache of a file by hand. Apart from the rest of the tracker, which is loaded by the first call only.
 *
 * @module
 */
import { currentFrame } from "./context.ts";
import { observedPath } from "./observed_path.ts";

/**
 * The absolute path of a file or directory; records it, by its content, as an input of the cached call that is running,
 * if one is. For what is read in a way that cannot be observed: by a subprocess, by native code.
 *
 * @param path A path or a `file:` URL.
 * @throws {TypeError} When it is no path.
 *
 * @example
 * ```ts
 * import { trackFile } from "@bimsb/cachepy";
 *
 * const path = trackFile("/data/reads.fastq");
 * console.log(path); // /data/reads.fastq
 * ```
 */
export function trackFile(path: string | URL): string {
  const frame = currentFrame();
  if (frame !== undefined) return frame.trackFile(path);
  const observed = observedPath(path);
  if (observed === null) throw new TypeError(`Cannot track ${path}: want a path or a file: URL`);
  return observed.path;
}
