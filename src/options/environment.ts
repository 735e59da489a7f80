/**
 * What the environment says about all caches of a program: `CACHEPY=off`, `CACHEPY_READ_ONLY=1`, and a variable of the
 * sister tools that is not used.
 *
 * @module
 */
import { warnOnce } from "../words/announce.ts";
import { previewOf } from "../values/preview.ts";
import { variableOf } from "./manifest_files.ts";

const OFF = /^(?:off|0|false|no|disabled?)$/i;
const ON = /^(?:|on|1|true|yes|enabled?)$/i;
const READ_ONLY = /^read-?_?only$/i;

/**
 * True when the environment switches the cache off, by `CACHEPY=off`. A variable that may not be read counts as not set;
 * no permission is prompted for.
 */
export function isOffByEnvironment(): boolean {
  const mode = modeOf("CACHEPY");
  if (OFF.test(mode)) return true;
  if (!ON.test(mode) && !READ_ONLY.test(mode)) {
    warnOnce(`CACHEPY=${previewOf(mode)} is not known and counts as not set; want off, on or readonly`);
  }
  return false;
}

/** True when the environment lets nothing be written, by `CACHEPY_READ_ONLY=1` or `CACHEPY=readonly`. */
export function isReadOnlyByEnvironment(): boolean {
  if (READ_ONLY.test(modeOf("CACHEPY"))) return true;
  const flag = modeOf("CACHEPY_READ_ONLY");
  const isKnown = ON.test(flag) || OFF.test(flag);
  if (!isKnown) warnOnce(`CACHEPY_READ_ONLY=${previewOf(flag)} is not known and counts as 1; want 1 or 0`);
  return flag !== "" && !OFF.test(flag);
}

/**
 * Warns once if the environment names the folder of the cache by `CACHER_DIR` alone, the variable of cachepy for Python and
 * cacheR. To be called where neither code nor a configuration file names the folder. No permission is prompted for.
 */
export function warnOfOldVariable(): void {
  const dir = modeOf("CACHER_DIR");
  if (dir === "" || modeOf("CACHEPY_DIR") !== "") return;
  warnOnce(
    `CACHER_DIR=${previewOf(dir)} is not used: it is of cachepy for Python and cacheR; the cache is ./.cachepy, ` +
      "unless you set CACHEPY_DIR, or cache_dir in cachepy.yml",
  );
}

function modeOf(name: string): string {
  return variableOf(name)?.trim() ?? "";
}
