/**
 * Observers for each kind of operation on files: they tell the running call what a platform function reads and writes.
 *
 * @module
 */
import { parentOf } from "../../options/paths.ts";
import { lookAt, lookOfFailure, STAT_FIELDS, type StatField } from "../dependency.ts";
import type { CallFrame, WriteKind } from "../call_reads.ts";
import { observedCallback } from "../context.ts";
import { observedPath } from "../own_paths.ts";
import type { AfterCall, Observer } from "./wrap.ts";
import { registerLazy } from "../../values/result/losses.ts";

/** Observes functions that return the bytes of the file at the first argument. */
const readsBytes: Observer = (frame, [path]) => {
  const file = frame.observeFile(path, true);
  if (file === null) return;
  return {
    done(bytes) {
      if (bytes instanceof Uint8Array) file.gotBytes(bytes);
      else if (file.isUrgent) file.takeDigest();
    },
    failed: () => file.isUrgent && file.takeDigest(),
  };
};

/** Observes functions that return the whole text of the file at the first argument, with invalid UTF-8 replaced. */
const readsText: Observer = (frame, [path]) => {
  const file = frame.observeFile(path, true);
  if (file === null) return;
  return { done: (text) => file.gotText(text), failed: () => file.isUrgent && file.takeDigest() };
};

/** Observes functions that open the file at the first argument, whose content is read afterwards. */
const readsFile: Observer = (frame, [path]) => void frame.observeFile(path, false);

/** Observes functions that list the directory at the first argument. */
const listsDirectory: Observer = (frame, [path]) => frame.observeListing(path);

/** Observes functions that list the directory at the first argument, with option `recursive` also all below it. */
const listsDirectoryOrTree: Observer = (frame, [path, options]) => {
  frame.observeListing(path, options?.recursive === true);
};

/** Observes functions that return the target of the link at the first argument. */
const readsLink: Observer = (frame, [path]) => frame.observeLink(path, "target");

/** Observes functions that return the path at the first argument with all links resolved. */
const resolvesPath: Observer = (frame, [path]) => frame.observeLink(path, "real");

/** Observes functions that return only whether something is at the path. */
const asksExistence: Observer = (frame, [path]) => void frame.observeStat(path, true);

/** Observes functions that test whether the path may be used in a mode. */
const asksAccess: Observer = (frame, [path, mode]) => {
  const stat = frame.observeStat(path, true);
  if (stat === null || typeof mode !== "number" || mode === 0) return;
  for (const field of ["mode", "uid", "gid"] as const) stat.sawField(field);
};

/** Makes an observer of functions that return `Deno.FileInfo`. @param followed True when the functions follow links. */
export function asksStat(followed: boolean): Observer {
  return (frame, [path]) => ({
    done(info) {
      const stat = frame.observeStat(path, followed, { ...info });
      if (stat !== null) reportFields(info, (field) => stat.sawField(field));
    },
    failed: (error) => void frame.observeStat(path, followed, lookOfFailure(error)),
  });
}

/** Makes an observer of functions that return `fs.Stats`. @param followed True when the functions follow links. */
export function asksNodeStat(followed: boolean): Observer {
  return (frame, [path]) => {
    const stat = frame.observeStat(path, followed);
    if (stat === null) return;
    return {
      done: (stats) =>
        typeof stats === "object" && stats !== null
          ? void reportFields(stats, (field) => stat.sawField(field))
          : undefined,
    };
  };
}

/** Makes an observer of functions that write to the path at the first argument. */
export function writes(kind: WriteKind): Observer {
  return (frame, [path]) => observeWrite(frame, path, kind);
}

/** Makes an observer of functions that write a file. @param appends Returns true for arguments that keep old bytes. */
export function writesOrAppends(appends: (args: unknown[]) => boolean): Observer {
  return (frame, args) => observeWrite(frame, args[0], appends(args) ? "part" : "whole");
}

/** Observes functions that make the directory at the first argument, with the folders above it that are missing. */
const makesDirectory: Observer = (frame, [path]) => {
  const observed = observedPath(path)?.path;
  if (observed === undefined) return;
  let topmost: string | null = null;
  for (let folder = observed; lookAt(folder, false) === null; folder = parentOf(folder)) topmost = folder;
  return {
    done: () => topmost === null ? undefined : void frame.wrote(topmost, "tree"),
    failed: () => frame.failedToWrite(path),
  };
};

/** Observes functions that make a temporary file or directory and return its path. */
const makesTemporary: Observer = (frame) => ({
  done: (made) => void frame.wrote(typeof made === "string" ? made : made?.path, "tree"),
});

/** Observes functions that copy the file at the first argument to the second. */
const copiesFile: Observer = (frame, [from, to]) => {
  frame.observeFile(from, false);
  return observeWrite(frame, to, "whole");
};

/** Observes functions that copy the file or directory at the first argument to the second. */
const copiesTree: Observer = (frame, args) => {
  const [from, to, options] = args;
  observeCallback(frame, args, options, "filter");
  if (!frame.isOwn(from)) frame.trackFile(from);
  return observeWrite(frame, to, "tree");
};

/** Replaces a callback in `options`, so that its reads are observed. @param args The arguments; changed in place. */
export function observeCallback(frame: CallFrame, args: unknown[], options: unknown, name: string): void {
  if (typeof options !== "object" || options === null) return;
  const callback: unknown = Reflect.get(options, name);
  if (typeof callback !== "function") return;
  args[args.indexOf(options)] = { ...options, [name]: observedCallback(frame, callback as () => unknown) };
}

/** Observes functions that move the file or directory at the first argument to the second. */
const moves: Observer = (frame, [from, to]) => {
  const isOwn = frame.isOwn(from);
  if (!isOwn) frame.observeFile(from, false);
  const source = observeWrite(frame, from, "removed");
  const target = observeWrite(frame, to, isOwn ? "tree" : "moved");
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

/** Observes functions that make a symbolic link at the second argument; its target is the first. */
const links: Observer = (frame, [target, path]) => {
  frame.beforeWrite(path, "metadata");
  return { done: () => void frame.linked(path, target), failed: () => frame.failedToWrite(path) };
};

/** Observes functions that make a hard link at the second argument to the first, relative to the working directory. */
const linksHard: Observer = (frame, [target, path]) => {
  frame.beforeWrite(path, "metadata");
  const existing = observedPath(target)?.path ?? target;
  return { done: () => void frame.linked(path, existing), failed: () => frame.failedToWrite(path) };
};

/** Observes functions that return the working directory. */
const asksCwd: Observer = (frame) => frame.observeCwd();

/** Observes functions that change the working directory. */
const changesCwd: Observer = (frame) => ({ done: () => void frame.wroteCwd() });

/** Mode in which a file is opened. */
export interface OpenMode {
  readonly reads: boolean;
  readonly writes: boolean;
  /** True when no byte of an old content can be left. */
  readonly replaces: boolean;
}

/** Tells the call that a file is opened. @returns Functions for the end of the opening; `undefined` without writing. */
export function observeOpen(frame: CallFrame, path: unknown, mode: OpenMode): AfterCall | undefined {
  const file = mode.reads && !mode.replaces ? frame.observeFile(path, false) : null;
  if (!mode.writes) return undefined;
  file?.takeDigest();
  return observeWrite(frame, path, mode.replaces ? "whole" : "part");
}

/** Tells the call that a path is about to be written. @returns Functions that tell the call of the end of the write. */
export function observeWrite(frame: CallFrame, path: unknown, kind: WriteKind): AfterCall | undefined {
  const observed = observedPath(path)?.path;
  if (observed === undefined) return undefined;
  frame.beforeWrite(observed, kind);
  // Bytes that are added where no file is are the whole content.
  const kindNow = kind === "part" && !frame.isOwn(observed) && lookAt(observed, false) === null ? "whole" : kind;
  return {
    done: () => void frame.wrote(observed, kindNow),
    failed: () => frame.failedToWrite(path),
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
  // Before a result that contains `info` is encoded, all members become plain.
  registerLazy(info, readAll);
  // Printing would show accessors instead of values, so `readAll` makes all members plain first.
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
