/**
 * Modules from `https:` URLs, and the modules that they import.
 *
 * deno.lock lists remote modules without saying which module imports which. So the imports are read from the texts of
 * the modules in Deno's cache: every string in a module that resolves to a known module counts as an import. That
 * takes in too many modules rather than too few.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import { readManifest } from "../../options/manifest_files.ts";
import type { DenoLock } from "./deno_lock.ts";

/** A remote module and everything that it imports. */
export interface RemoteClosure {
  /** SHA-256 of each module by URL; empty where the digest is not known. */
  readonly modules: ReadonlyMap<string, string>;
  /** `npm:`, `jsr:` and bare specifiers among the strings of the modules. */
  readonly specifiers: ReadonlySet<string>;
  /** URLs of modules of which nothing but the URL is known. */
  readonly unknown: readonly string[];
  /** URLs of modules whose imports cannot be read. */
  readonly unread: readonly string[];
}

// Finds the text between each quote and the next quote of its kind. No attempt is made to tell which quotes begin a
// string (an apostrophe in a comment looks like one): a text that is no string resolves to nothing.
const STRINGS = /(["'`])(?=([^"'`\\\n]{1,2000})\1)/g;
const METADATA = /\n\/\/ denoCacheMetadata=[^\n]*$/;

/**
 * Finds a remote module and everything that it imports, directly or not.
 *
 * @param url URL of the module.
 * @param lock Content of deno.lock; `null` when there is none: then digests are made from the cached texts.
 * @param denoDir Deno's cache folder; `null` when it is not known.
 */
export function remoteClosure(url: string, lock: DenoLock | null, denoDir: string | null): RemoteClosure {
  const modules = new Map<string, string>();
  const specifiers = new Set<string>();
  const unknown: string[] = [];
  const unread: string[] = [];
  const queue = new Set([followRedirects(url, lock)]);
  for (const next of queue) {
    const text = readCached(next, denoDir);
    const digest = lock?.remote.get(next) ?? (text === null ? "" : digestBytes(text));
    modules.set(next, digest);
    if (digest === "") unknown.push(next);
    if (text === null) {
      unread.push(next);
      continue;
    }
    for (const string of stringsIn(text)) {
      const target = moduleNamed(string, next, lock, denoDir);
      if (target !== null) queue.add(target);
      else if (/^(?:npm:|jsr:|@?[a-z0-9])/i.test(string)) specifiers.add(string);
    }
  }
  return { modules, specifiers, unknown, unread };
}

function* stringsIn(text: string): Iterable<string> {
  for (const match of text.matchAll(STRINGS)) yield match[2] ?? "";
}

/** URL of the module that a string names; `null` when the lock or, without a lock, the cache does not have it. */
function moduleNamed(text: string, base: string, lock: DenoLock | null, denoDir: string | null): string | null {
  if (!/^(?:https?:|\.{0,2}\/)/.test(text) || !URL.canParse(text, base)) return null;
  const url = followRedirects(new URL(text, base).href, lock);
  const isKnown = lock === null ? readCached(url, denoDir) !== null : lock.remote.has(url);
  return isKnown ? url : null;
}

function followRedirects(url: string, lock: DenoLock | null): string {
  let target = url.replace(/#.*$/s, "");
  for (let hops = 0; hops < 10; hops++) target = lock?.redirects.get(target) ?? target;
  return target;
}

function readCached(url: string, denoDir: string | null): string | null {
  if (denoDir === null) return null;
  const { protocol, hostname, port, pathname, search } = new URL(url);
  const host = port === "" ? hostname : `${hostname}_PORT${port}`;
  const name = digestBytes(pathname + search);
  const { text } = readManifest(`${denoDir}/remote/${protocol.slice(0, -1)}/${host}/${name}`);
  return text === null ? null : text.replace(METADATA, "");
}
