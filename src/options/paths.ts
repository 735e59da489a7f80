/**
 * Makes absolute paths from paths and `file:` URLs as users write them, from their text alone.
 *
 * A path is made portable on every call that has a file among its inputs. So nothing here reads the file system or
 * loads a package: loading `@std/path` takes longer than everything else that runs before the first hit.
 *
 * @module
 */
import { CacheTypeError } from "../words/errors.ts";

const isWindows = Deno.build.os === "windows";

/**
 * The path that a `file:` URL names.
 *
 * @throws {TypeError} When the URL has another scheme.
 */
export function pathOfFileUrl(url: string | URL): string {
  const { protocol, pathname, host } = new URL(url);
  if (protocol !== "file:") {
    throw new TypeError(`Cannot take a path from ${url}: want a file: URL; pass a path or a file: URL`);
  }
  const path = decode(pathname);
  if (!isWindows) return path;
  const local = path.replaceAll("/", "\\").replace(/^\\(?=[A-Za-z]:)/, "");
  return host === "" ? local : `\\\\${host}${local}`;
}

/** Decodes escapes. A `%` that begins none stays; a pathname with bytes that are no UTF-8 stays as it is written. */
function decode(pathname: string): string {
  try {
    return decodeURIComponent(pathname.replace(/%(?![0-9A-Fa-f]{2})/g, "%25"));
  } catch {
    return pathname;
  }
}

/** True for a path that begins at a root: `/` and, on Windows, `C:\` or `\\`. */
export function isAbsolutePath(path: string): boolean {
  return path.startsWith("/") || isWindows && /^(?:[A-Za-z]:)?[\\/]/.test(path);
}

/**
 * Returns `path` as an absolute path without `.`, `..`, doubled or trailing separators.
 *
 * @param path A path or a `file:` URL, as a `URL` or as text.
 * @param base Absolute path of the folder that a relative path is relative to.
 * @throws {CacheTypeError} `ERR_OPTION_TYPE` for a value that is neither a string nor a URL.
 * @throws {TypeError} For a URL of another scheme.
 */
export function resolvePath(path: string | URL, base: string): string {
  if (typeof path !== "string" && !((path as unknown) instanceof URL)) {
    const got = Deno.inspect(path, { depth: 1, breakLength: Infinity });
    throw new CacheTypeError("ERR_OPTION_TYPE", `Cannot use ${got} as a path: want a string or a file: URL`);
  }
  if (typeof path !== "string" || /^file:/i.test(path)) return normalizePath(pathOfFileUrl(path));
  return normalizePath(isAbsolutePath(path) ? path : `${base}/${path}`);
}

/** The folder that contains `path`; for a root, the root. */
export function parentOf(path: string): string {
  return normalizePath(`${path}/..`);
}

/** Returns the last part of a path. */
export function lastPartOf(path: string): string {
  return path.slice(Math.max(path.lastIndexOf("/"), path.lastIndexOf("\\")) + 1);
}

/** Removes `.`, `..`, doubled and trailing separators from an absolute path. */
function normalizePath(path: string): string {
  if (!isWindows && isNormal(path)) return path;
  const prefix = isWindows ? /^(?:[A-Za-z]:|[\\/]{2}[^\\/]+[\\/][^\\/]+)?/.exec(path)?.[0] ?? "" : "";
  const parts: string[] = [];
  for (const part of path.slice(prefix.length).split(isWindows ? /[\\/]/ : "/")) {
    if (part === "" || part === ".") continue;
    if (part === "..") parts.pop();
    else parts.push(part);
  }
  const separator = isWindows ? "\\" : "/";
  return prefix + separator + parts.join(separator);
}

function isNormal(path: string): boolean {
  return !/\/(?:\.{0,2}\/|\.{0,2}$)/.test(path) || path === "/";
}
