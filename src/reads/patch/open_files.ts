/**
 * Files that are open, as descriptors and as `FileHandle`s: which call opened each, and at which path.
 *
 * A handle may come from an `open` or a `readFile` that is not observed, such as one imported by name from
 * `node:fs/promises`. Its making shows all the same, since a handle is an `EventEmitter`; its path is asked of the
 * operating system when something is read.
 *
 * @module
 */
// Loaded by the first read that needs it; its members stay those of the platform whatever stands for them elsewhere.
import defer * as nodeFs from "node:fs";
import type { CallFrame } from "../call_reads.ts";
import { asksNodeStat } from "./observers.ts";
import type { Observer } from "./wrap.ts";

// Taken when this module loads, before others stand for them.
const { readLinkSync, statSync } = Deno;

/** An open file. */
interface OpenFile {
  /** The call that opened it. */
  readonly frame: CallFrame;
  /** The path as it was passed; `undefined` where the opening was not observed. */
  readonly path: unknown;
  /** The path that the operating system tells of one whose opening was not observed; `null`: none. */
  found?: string | null;
}

/** What of a `FileHandle` is used. */
interface FileHandle {
  readonly fd: number;
}

/** Descriptors that calls have opened by number. */
const descriptors = new Map<number, OpenFile>();
const handles = new WeakMap<FileHandle, OpenFile>();
/** Handles that were made in calls, to find one by its number. */
const made = new Set<WeakRef<FileHandle>>();
/** When there are as many, those that are closed are dropped. */
const MAX_MADE = 256;

/** The methods of a `FileHandle` by which it is known; its class is nowhere to be had. */
const METHODS = ["read", "readFile", "readLines", "readableWebStream", "datasync"];
const prototypes = new WeakSet<object>();

/** Told of the prototype of `FileHandle` once it has turned up. */
export type HandleListener = (prototype: object) => void;

/** Whether an object is a `FileHandle`. @param onFirst Called with its prototype the first time. */
export function isFileHandle(value: unknown, onFirst: HandleListener): value is FileHandle {
  const prototype: unknown = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : null;
  if (typeof prototype !== "object" || prototype === null) return false;
  if (prototypes.has(prototype)) return true;
  if (prototype.constructor?.name !== "FileHandle") return false;
  if (!METHODS.every((name) => Object.hasOwn(prototype, name))) return false;
  prototypes.add(prototype);
  onFirst(prototype);
  return true;
}

/** A call has opened a descriptor. */
export function rememberDescriptor(descriptor: number, path: unknown, frame: CallFrame): void {
  descriptors.set(descriptor, { path, frame });
}

/** A call has got a handle. @param path As it was passed; `undefined` where the opening was not observed. */
export function rememberHandle(handle: FileHandle, path: unknown, frame: CallFrame): void {
  handles.set(handle, { path, frame });
  if (made.size >= MAX_MADE) {
    for (const each of made) if ((each.deref()?.fd ?? -1) === -1) made.delete(each);
  }
  made.add(new WeakRef(handle));
}

/** Closes a descriptor. */
const closes: Observer = (_frame, [descriptor]) => void descriptors.delete(descriptor);

/** Reads what is left of a descriptor. */
const readsDescriptor: Observer = (frame, [descriptor]) => {
  if (typeof descriptor !== "number") return;
  const file = descriptors.get(descriptor) ?? fileOfHandleWith(descriptor);
  if (file !== undefined) return read(frame, file, descriptor);
  // Opened before the call, it may stand anywhere in the file. Where the user has been told of a reader that is not
  // observed, that may have opened it.
  const path = frame.hasBlindReads ? pathOfDescriptor(descriptor) : null;
  if (path === null) frame.observeUnclear(`descriptor ${descriptor} (opened before the call)`);
  else frame.observeFile(path, false);
};

/** Reads what is left of a handle. */
const readsHandle: Observer = (frame, _args, handle: FileHandle) => {
  const file = handles.get(handle);
  if (file !== undefined) read(frame, file, handle.fd);
  else frame.observeUnclear(`FileHandle ${handle.fd} (opened before the call)`);
};

/** Asks for the metadata of a descriptor. */
const asksDescriptorStat: Observer = (frame, [descriptor]) => {
  const file = descriptors.get(descriptor) ?? fileOfHandleWith(descriptor);
  return file && askStat(frame, file, descriptor);
};

/** Asks for the metadata of a handle. */
const asksHandleStat: Observer = (frame, _args, handle: FileHandle) => {
  const file = handles.get(handle);
  return file && askStat(frame, file, handle.fd);
};

function read(frame: CallFrame, file: OpenFile, descriptor: number): void {
  if (file.path !== undefined) {
    // What the call itself has opened counts since then.
    if (file.frame !== frame) frame.observeFile(file.path, false);
    return;
  }
  const path = foundPath(file, descriptor);
  if (path !== null) frame.observeFile(path, false);
  else if (!frame.hasBlindReads) {
    frame.observeUnclear(`descriptor ${descriptor} (opened in a way that is not observed)`);
  }
}

function askStat(frame: CallFrame, file: OpenFile, descriptor: number): ReturnType<Observer> {
  const path = file.path ?? foundPath(file, descriptor);
  return path === null ? undefined : asksNodeStat(true)(frame, [path], undefined);
}

function fileOfHandleWith(descriptor: number): OpenFile | undefined {
  for (const each of made) {
    const handle = each.deref();
    if (handle?.fd === descriptor) return handles.get(handle);
  }
  return undefined;
}

function foundPath(file: OpenFile, descriptor: number): string | null {
  return file.found === undefined ? file.found = pathOfDescriptor(descriptor) : file.found;
}

/** The path of an open file while it still is there. Linux tells it, to programs with all permissions. */
function pathOfDescriptor(descriptor: number): string | null {
  try {
    const path = readLinkSync(`/proc/self/fd/${descriptor}`);
    const { dev, ino } = statSync(path);
    const open = nodeFs.fstatSync(descriptor);
    return open.dev === dev && open.ino === ino ? path : null;
  } catch {
    return null;
  }
}

export { asksDescriptorStat, asksHandleStat, closes, readsDescriptor, readsHandle };
