/**
 * What a running call is told about each kind of operation on files.
 *
 * @module
 */
import { lookAt, lookOfFailure, STAT_FIELDS, type StatField } from "../dependency.ts";
import type { CallFrame, WriteKind } from "../call_reads.ts";
import { observedCallback } from "../context.ts";
import { folderOf, observedPath } from "../own_paths.ts";
import type { AfterCall, Observer } from "./wrap.ts";
import { registerLazy } from "../../values/result/losses.ts";

/** Bytes of the file at the first argument are the result. */
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

/** The text of the file at the first argument, with invalid UTF-8 replaced and nothing left out, is the result. */
const readsText: Observer = (frame, [path]) => {
  const file = frame.observeFile(path, true);
  if (file === null) return;
  return { done: (text) => file.gotText(text), failed: () => file.isUrgent && file.takeDigest() };
};

/** The content of the file at the first argument will be read. */
const readsFile: Observer = (frame, [path]) => void frame.observeFile(path, false);

/** The directory at the first argument is listed. */
const listsDirectory: Observer = (frame, [path]) => frame.observeListing(path);

/** The directory at the first argument is listed, with all below it when the options say so. */
const listsDirectoryOrTree: Observer = (frame, [path, options]) => {
  frame.observeListing(path, options?.recursive === true);
};

/** Asks where a link leads. */
const readsLink: Observer = (frame, [path]) => frame.observeLink(path, "target");

/** Asks for the path without links. */
const resolvesPath: Observer = (frame, [path]) => frame.observeLink(path, "real");

/** Asks whether something is at the path, and nothing more. */
const asksExistence: Observer = (frame, [path]) => void frame.observeStat(path, true);

/** Asks whether the path may be used. */
const asksAccess: Observer = (frame, [path, mode]) => {
  const stat = frame.observeStat(path, true);
  if (stat === null || typeof mode !== "number" || mode === 0) return;
  for (const field of ["mode", "uid", "gid"] as const) stat.sawField(field);
};

/** Asks for metadata, in the form of `Deno.FileInfo`. @param followed Whether links are followed. */
export function asksStat(followed: boolean): Observer {
  return (frame, [path]) => ({
    done(info) {
      const stat = frame.observeStat(path, followed, { ...info });
      if (stat !== null) reportFields(info, (field) => stat.sawField(field));
    },
    failed: (error) => void frame.observeStat(path, followed, lookOfFailure(error)),
  });
}

/** Asks for metadata, in the form of `fs.Stats`. @param followed Whether links are followed. */
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

/** Writes to the first argument. */
export function writes(kind: WriteKind): Observer {
  return (frame, [path]) => observeWrite(frame, path, kind);
}

/** Writes the whole of the first argument, or adds to it. @param appends Whether the call adds, by its arguments. */
export function writesOrAppends(appends: (args: unknown[]) => boolean): Observer {
  return (frame, args) => observeWrite(frame, args[0], appends(args) ? "part" : "whole");
}

/** Makes a directory. */
const makesDirectory: Observer = (frame, [path]) => {
  const observed = observedPath(path)?.path;
  if (observed === undefined) return;
  let topmost: string | null = null;
  for (let folder = observed; lookAt(folder, false) === null; folder = folderOf(folder)) topmost = folder;
  return {
    done: () => topmost === null ? undefined : void frame.wrote(topmost, "tree"),
    failed: () => frame.failedToWrite(path),
  };
};

/** Makes a temporary file or directory, whose path is the result. */
const makesTemporary: Observer = (frame) => ({
  done: (made) => void frame.wrote(typeof made === "string" ? made : made?.path, "tree"),
});

/** Copies the first argument to the second. */
const copiesFile: Observer = (frame, [from, to]) => {
  frame.observeFile(from, false);
  return observeWrite(frame, to, "whole");
};

/** Copies a file or a directory to the second argument. */
const copiesTree: Observer = (frame, args) => {
  const [from, to, options] = args;
  observeCallback(frame, args, options, "filter");
  if (!frame.isOwn(from)) frame.trackFile(from);
  return observeWrite(frame, to, "tree");
};

/** What a function among the options reads is the call's. @param args The arguments, the options among them. */
export function observeCallback(frame: CallFrame, args: unknown[], options: unknown, name: string): void {
  if (typeof options !== "object" || options === null) return;
  const callback: unknown = Reflect.get(options, name);
  if (typeof callback !== "function") return;
  args[args.indexOf(options)] = { ...options, [name]: observedCallback(frame, callback as () => unknown) };
}

/** Moves the first argument to the second. */
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

/** Makes a link at the second argument that leads to the first. */
const links: Observer = (frame, [target, path]) => {
  frame.beforeWrite(path, "metadata");
  return { done: () => void frame.linked(path, target), failed: () => frame.failedToWrite(path) };
};

/** Makes a hard link at the second argument to the file at the first, which is relative to the working directory. */
const linksHard: Observer = (frame, [target, path]) => {
  frame.beforeWrite(path, "metadata");
  const existing = observedPath(target)?.path ?? target;
  return { done: () => void frame.linked(path, existing), failed: () => frame.failedToWrite(path) };
};

/** Asks for the working directory. */
const asksCwd: Observer = (frame) => frame.observeCwd();

/** Changes the working directory. */
const changesCwd: Observer = (frame) => ({ done: () => void frame.wroteCwd() });

/** How a file is opened. */
export interface OpenMode {
  readonly reads: boolean;
  readonly writes: boolean;
  /** Nothing of an old content can be left. */
  readonly replaces: boolean;
}

/** Opens the first argument. */
export function observeOpen(frame: CallFrame, path: unknown, mode: OpenMode): AfterCall | undefined {
  const file = mode.reads && !mode.replaces ? frame.observeFile(path, false) : null;
  if (!mode.writes) return undefined;
  file?.takeDigest();
  return observeWrite(frame, path, mode.replaces ? "whole" : "part");
}

/** Tells of a write, before and after. */
export function observeWrite(frame: CallFrame, path: unknown, kind: WriteKind): AfterCall | undefined {
  const observed = observedPath(path)?.path;
  if (observed === undefined) return undefined;
  frame.beforeWrite(observed, kind);
  // What is added to nothing is all there is.
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
 * Makes the members of `info` report themselves.
 *
 * A function that asks whether a file exists must not depend on its size, nor one that asks for the size on the times.
 * So each member but the type becomes an accessor that, when first read, reports itself and turns into the plain member
 * that it was. Copying, spreading, `JSON.stringify` and printing read all of them.
 *
 * @param info What `Deno.stat` or `fs.stat` returned; changed in place.
 * @param saw Called with a member's name, in the form that `Deno.FileInfo` has.
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
  // A result that holds it is stored as the plain object that it is.
  registerLazy(info, readAll);
  // Printing shows an accessor as such; not after this.
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

/** `mtimeMs`, `mtimeNs` and `mtime` are one. */
function fieldOf(name: string): StatField | null {
  const field = name.endsWith("Ms") || name.endsWith("Ns") ? name.slice(0, -2) : name;
  return FIELDS.has(field) ? field as StatField : null;
}

function makePlain(info: object, name: string, value: unknown): void {
  Object.defineProperty(info, name, { value, writable: true, enumerable: true, configurable: true });
}
