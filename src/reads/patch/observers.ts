/**
 * Observers for each kind of operation on files: they tell the running call what a platform function reads and writes.
 *
 * @module
 */
import { parentOf } from "../../options/paths.ts";
import { lookAt, lookOfFailure, STAT_FIELDS, type StatField } from "../dependency.ts";
import type { CallReads, WriteKind } from "../call_reads.ts";
import { observedCallback } from "../context.ts";
import { observedPath } from "../own_paths.ts";
import type { AfterCall, Observer } from "./wrap.ts";
import { registerLazy } from "../../values/result/losses.ts";

/** Observes functions that return the bytes of the file that the first argument names. */
const readsBytes: Observer = (reads, [path]) => {
  const file = reads.observeFile(path, true);
  if (file === null) return;
  return {
    done(bytes) {
      if (bytes instanceof Uint8Array) file.gotBytes(bytes);
      else if (file.isUrgent) file.takeDigest();
    },
    failed: () => file.isUrgent && file.takeDigest(),
  };
};

/** Observes functions that return the whole text of a file, which the first argument names, invalid UTF-8 replaced. */
const readsText: Observer = (reads, [path]) => {
  const file = reads.observeFile(path, true);
  if (file === null) return;
  return { done: (text) => file.gotText(text), failed: () => file.isUrgent && file.takeDigest() };
};

/** Observes functions that open the file that the first argument names, whose content is read afterwards. */
const readsFile: Observer = (reads, [path]) => void reads.observeFile(path, false);

/** Observes functions that list the directory that the first argument names. */
const listsDirectory: Observer = (reads, [path]) => reads.observeListing(path);

/** Observes functions that list the directory that the first argument names; with `recursive`, all below it as well. */
const listsDirectoryOrTree: Observer = (reads, [path, options]) => {
  reads.observeListing(path, options?.recursive === true);
};

/** Observes functions that return the target of the link that the first argument names. */
const readsLink: Observer = (reads, [path]) => reads.observeLink(path, "target");

/** Observes functions that return the path in the first argument with all links resolved. */
const resolvesPath: Observer = (reads, [path]) => reads.observeLink(path, "real");

/** Observes functions that return only whether something exists at the path in the first argument. */
const asksExistence: Observer = (reads, [path]) => void reads.observeStat(path, true);

/** Observes functions that test whether the file at a path exists, or may be read, written or executed. */
const asksAccess: Observer = (reads, [path, mode]) => {
  const stat = reads.observeStat(path, true);
  if (stat === null || typeof mode !== "number" || mode === 0) return;
  for (const field of ["mode", "uid", "gid"] as const) stat.sawField(field);
};

/** Makes an observer of functions that return `Deno.FileInfo`. @param followed True when the functions follow links. */
export function asksStat(followed: boolean): Observer {
  return (reads, [path]) => ({
    done(info) {
      const stat = reads.observeStat(path, followed, { ...info });
      if (stat !== null) reportFields(info, (field) => stat.sawField(field));
    },
    failed: (error) => void reads.observeStat(path, followed, lookOfFailure(error)),
  });
}

/** Makes an observer of functions that return `fs.Stats`. @param followed True when the functions follow links. */
export function asksNodeStat(followed: boolean): Observer {
  return (reads, [path]) => {
    const stat = reads.observeStat(path, followed);
    if (stat === null) return;
    return {
      done: (stats) =>
        typeof stats === "object" && stats !== null
          ? void reportFields(stats, (field) => stat.sawField(field))
          : undefined,
    };
  };
}

/** Makes an observer of functions that write to the path in the first argument. */
export function writes(kind: WriteKind): Observer {
  return (reads, [path]) => observeWrite(reads, path, kind);
}

/** Makes an observer of functions that write a file. @param appends True for arguments with which old bytes stay. */
export function writesOrAppends(appends: (args: unknown[]) => boolean): Observer {
  return (reads, args) => observeWrite(reads, args[0], appends(args) ? "part" : "whole");
}

/** Observes functions that make the directory that the first argument names, and missing folders above it. */
const makesDirectory: Observer = (reads, [path]) => {
  const observed = observedPath(path)?.path;
  if (observed === undefined) return;
  let topmost: string | null = null;
  for (let folder = observed; lookAt(folder, false) === null; folder = parentOf(folder)) topmost = folder;
  return {
    done: () => topmost === null ? undefined : void reads.wrote(topmost, "tree"),
    failed: () => reads.failedToWrite(path),
  };
};

/** Observes functions that make a temporary file or directory and return its path. */
const makesTemporary: Observer = (reads) => ({
  done: (made) => void reads.wrote(typeof made === "string" ? made : made?.path, "tree"),
});

/** Observes functions that copy a file from the path in the first argument to the path in the second. */
const copiesFile: Observer = (reads, [from, to]) => {
  reads.observeFile(from, false);
  return observeWrite(reads, to, "whole");
};

/** Observes functions that copy a file or directory from the path in the first argument to the path in the second. */
const copiesTree: Observer = (reads, args) => {
  const [from, to, options] = args;
  observeCallback(reads, args, options, "filter");
  if (!reads.isOwn(from)) reads.trackFile(from);
  return observeWrite(reads, to, "tree");
};

/** Wraps a callback in `options`, so that the callback's reads are observed. @param args Changed in place. */
export function observeCallback(reads: CallReads, args: unknown[], options: unknown, name: string): void {
  if (typeof options !== "object" || options === null) return;
  const callback: unknown = Reflect.get(options, name);
  if (typeof callback !== "function") return;
  args[args.indexOf(options)] = { ...options, [name]: observedCallback(reads, callback as () => unknown) };
}

/** Observes functions that move a file or directory from the path in the first argument to the path in the second. */
const moves: Observer = (reads, [from, to]) => {
  const isOwn = reads.isOwn(from);
  if (!isOwn) reads.observeFile(from, false);
  const source = observeWrite(reads, from, "removed");
  const target = observeWrite(reads, to, isOwn ? "tree" : "moved");
  return {
    done() {
      source?.done?.(undefined);
      target?.done?.(undefined);
    },
    failed(error) {
      source?.failed?.(error);
      target?.failed?.(error);
    },
  };
};

/** Observes functions that make a symbolic link at the path in the second argument; the first is the link's target. */
const links: Observer = (reads, [target, path]) => {
  reads.beforeWrite(path, "metadata");
  return { done: () => void reads.linked(path, target), failed: () => reads.failedToWrite(path) };
};

/**
 * Observes functions that make a hard link at the path in the second argument. The first argument names the file; it is
 * relative to the working directory, not to the folder of the link.
 */
const linksHard: Observer = (reads, [target, path]) => {
  reads.beforeWrite(path, "metadata");
  const existing = observedPath(target)?.path ?? target;
  return { done: () => void reads.linked(path, existing), failed: () => reads.failedToWrite(path) };
};

/** Observes functions that return the working directory. */
const asksCwd: Observer = (reads) => reads.observeCwd();

/** Observes functions that change the working directory. */
const changesCwd: Observer = (reads) => ({ done: () => void reads.wroteCwd() });

/** Mode in which a file is opened. */
export interface OpenMode {
  readonly reads: boolean;
  readonly writes: boolean;
  /** True when no byte of the old content can remain. */
  readonly replaces: boolean;
}

/** Tells the call that a file is opened. @returns Functions to call after the opening; `undefined` without a write. */
export function observeOpen(reads: CallReads, path: unknown, mode: OpenMode): AfterCall | undefined {
  const file = mode.reads && !mode.replaces ? reads.observeFile(path, false) : null;
  if (!mode.writes) return undefined;
  file?.takeDigest();
  return observeWrite(reads, path, mode.replaces ? "whole" : "part");
}

/** Tells the call that a path is about to be written. @returns Functions to call after the write. */
export function observeWrite(reads: CallReads, path: unknown, kind: WriteKind): AfterCall | undefined {
  const observed = observedPath(path)?.path;
  if (observed === undefined) return undefined;
  reads.beforeWrite(observed, kind);
  // Bytes that are added to a file that does not exist yet are its whole content.
  const kindNow = kind === "part" && !reads.isOwn(observed) && lookAt(observed, false) === null ? "whole" : kind;
  return {
    done: () => void reads.wrote(observed, kindNow),
    failed: () => reads.failedToWrite(path),
  };
}

export {
  asksAccess,
  asksCwd,
  asksExistence,
  changesCwd,
  copiesFile,
  copiesTree,
  links,
  linksHard,
  listsDirectory,
  listsDirectoryOrTree,
  makesDirectory,
  makesTemporary,
  moves,
  readsBytes,
  readsFile,
  readsLink,
  readsText,
  resolvesPath,
};

const INSPECT = Symbol.for("Deno.customInspect");
const FIELDS: ReadonlySet<string> = new Set(STAT_FIELDS);

/**
 * Changes the members of `info` so that `saw` is called when a member is first read.
 *
 * A function that asks whether a file exists must not depend on the file's size, and a function that asks for the size
 * must not depend on the times. So each member of `STAT_FIELDS` becomes an accessor that, when first read, calls `saw`
 * and turns back into a plain member. Copying, spreading, `JSON.stringify` and printing read all members.
 *
 * @param info Result of `Deno.stat` or `fs.stat`; changed in place.
 * @param saw Called with a member's name as in `Deno.FileInfo`.
 * @returns `info`.
 */
export function reportFields<T extends object>(info: T, saw: (field: StatField) => void): T {
  const names: string[] = [];
  for (const name of Object.keys(info)) {
    const field = fieldOf(name);
    if (field === null) continue;
    const value = (info as Record<string, unknown>)[name];
    names.push(name);
    Object.defineProperty(info, name, {
      get(): unknown {
        saw(field);
        makePlain(info, name, value);
        return value;
      },
      set(replacement: unknown): void {
        makePlain(info, name, replacement);
      },
      enumerable: true,
      configurable: true,
    });
  }
  const readAll = (): void => {
    for (const name of names) void (info as Record<string, unknown>)[name];
    delete (info as Record<symbol, unknown>)[INSPECT];
  };
  // The encoder calls `readAll` before it encodes a result that contains `info`.
  registerLazy(info, readAll);
  // Printing would show accessors instead of values, so `readAll` turns all members into plain ones first.
  Object.defineProperty(info, INSPECT, {
    value(inspect: (value: unknown, options: unknown) => string, options: unknown): string {
      readAll();
      return inspect(info, options);
    },
    enumerable: false,
    configurable: true,
  });
  return info;
}

/** Returns the field that a member belongs to: `mtime` for `mtime`, `mtimeMs` and `mtimeNs`; `null` for no field. */
function fieldOf(name: string): StatField | null {
  const field = name.endsWith("Ms") || name.endsWith("Ns") ? name.slice(0, -2) : name;
  return FIELDS.has(field) ? field as StatField : null;
}

function makePlain(info: object, name: string, value: unknown): void {
  Object.defineProperty(info, name, { value, writable: true, enumerable: true, configurable: true });
}
