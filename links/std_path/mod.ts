/**
 * The part of `@std/path` that this project uses, for machines that reach npm but not JSR.
 *
 * @module
 */
import { basename as basenameJs } from "npm:deno-std@1.4.0/path/basename.js";
import { dirname as dirnameJs } from "npm:deno-std@1.4.0/path/dirname.js";
import { extname as extnameJs } from "npm:deno-std@1.4.0/path/extname.js";
import { fromFileUrl as fromFileUrlJs } from "npm:deno-std@1.4.0/path/from_file_url.js";
import { isAbsolute as isAbsoluteJs } from "npm:deno-std@1.4.0/path/is_absolute.js";
import { join as joinJs } from "npm:deno-std@1.4.0/path/join.js";
import { relative as relativeJs } from "npm:deno-std@1.4.0/path/relative.js";
import { resolve as resolveJs } from "npm:deno-std@1.4.0/path/resolve.js";
import { toFileUrl as toFileUrlJs } from "npm:deno-std@1.4.0/path/to_file_url.js";

/** Last part of a path, without `suffix`. */
export const basename: (path: string | URL, suffix?: string) => string = basenameJs;
/** The path of the folder that holds `path`. */
export const dirname: (path: string | URL) => string = dirnameJs;
/** Extension of a path, with its leading dot. */
export const extname: (path: string | URL) => string = extnameJs;
/** The path that a `file:` URL names. */
export const fromFileUrl: (url: string | URL) => string = fromFileUrlJs;
/** Whether a path begins at a root. */
export const isAbsolute: (path: string) => boolean = isAbsoluteJs;
/** Joins and normalizes path segments. */
export const join: (path: string | URL, ...paths: string[]) => string = joinJs;
/** The relative path that leads from `from` to `to`. */
export const relative: (from: string, to: string) => string = relativeJs;
/** Resolves path segments, from right to left, to an absolute path. */
export const resolve: (...paths: string[]) => string = resolveJs;
/** The `file:` URL of an absolute path. */
export const toFileUrl: (path: string) => URL = toFileUrlJs;
