/**
 * Files that are open, as descriptors and as `FileHandle`s: the call that opened each, and its path.
 *
 * A handle may come from an `open` or a `readFile` that is not observed, such as one imported by name from
 * `node:fs/promises`. The making of the handle is observed all the same, since a handle is an `EventEmitter`; the path
 * is asked of the operating system when the handle is read.
 *
 * @module
 */
// The namespace has the platform's own functions, not the wrappers.
import * as nodeFs from "node:fs";
import type { CallReads } from "../call_reads.ts";
import { asksNodeStat } from "./observers.ts";
import type { Observer } from "./wrap.ts";

// Taken when this module loads: while a cached function runs, wrappers that observe its reads replace these functions.
const { readLinkSync, statSync } = Deno;

/** An open file. */
interface OpenFile {
  /** The call that opened it. */
  readonly reads: CallReads;
  /** The path as it was passed; `undefined` when the opening was not observed. */
  readonly path: unknown;
  /** Path by the operating system, for a file whose opening was not observed; `null`: none; absent: not yet asked. */
  found?: string | null;
}

/** The members of a `FileHandle` that are used. */
interface FileHandle {
  readonly fd: number;
}

/** Descriptors that calls have opened by number. */
const descriptors = new Map<number, OpenFile>();
const handles = new WeakMap<FileHandle, OpenFile>();
/** Handles that were made in calls, for finding a handle by its descriptor. */
const made = new Set<WeakRef<FileHandle>>();
/** Number of handles in `made` at which the closed ones are dropped. */
const MAX_MADE = 256;

/** Methods by which a `FileHandle` is recognized; Node does not export the class. */
const METHODS = ["read", "readFile", "readLines", "readableWebStream", "datasync"];
const prototypes = new WeakSet<object>();

/** Called with the prototype of `FileHandle` when the first handle is seen. */
export type HandleListener = (prototype: object) => void;

/** Returns true when `value` is a `FileHandle`. @param onFirst Called with the prototype of the first handle. */
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

/** Remembers a descriptor that a call has opened. */
export function rememberDescriptor(descriptor: number, path: unknown, reads: CallReads): void {
  descriptors.set(descriptor, { path, reads });
}

/** Remembers a handle that a call has opened. @param path As passed; `undefined` when the opening was not observed. */
export function rememberHandle(handle: FileHandle, path: unknown, reads: CallReads): void {
  handles.set(handle, { path, reads });
  if (made.size >= MAX_MADE) {
    for (const each of made) if ((each.deref()?.fd ?? -1) === -1) made.delete(each);
  }
  made.add(new WeakRef(handle));
}

/** Observes functions that close a descriptor. */
const closes: Observer = (_frame, [descriptor]) => void descriptors.delete(descriptor);

/** Observes functions that read from a descriptor. */
const readsDescriptor: Observer = (reads, [descriptor]) => {
  if (typeof descriptor !== "number") return;
  const file = descriptors.get(descriptor) ?? fileOfHandleWith(descriptor);
  if (file !== undefined) return read(reads, file, descriptor);
  // A descriptor that was opened before the call may be at any position of its file: nothing is stored. If the call has
  // a blind reader, of which the user was told, that reader may have opened the descriptor: the file is recorded.
  const path = reads.hasBlindReads ? pathOfDescriptor(descriptor) : null;
  if (path === null) reads.observeUnclear(`descriptor ${descriptor} (opened before the call)`);
  else reads.observeFile(path, false);
};

/** Observes methods that read from a handle. */
const readsHandle: Observer = (reads, _args, handle: FileHandle) => {
  const file = handles.get(handle);
  if (file !== undefined) read(reads, file, handle.fd);
  else reads.observeUnclear(`FileHandle ${handle.fd} (opened before the call)`);
};

/** Observes functions that return the metadata of a descriptor. */
const asksDescriptorStat: Observer = (reads, [descriptor]) => {
  const file = descriptors.get(descriptor) ?? fileOfHandleWith(descriptor);
  return file && askStat(reads, file, descriptor);
};

/** Observes the method that returns the metadata of a handle. */
const asksHandleStat: Observer = (reads, _args, handle: FileHandle) => {
  const file = handles.get(handle);
  return file && askStat(reads, file, handle.fd);
};

function read(reads: CallReads, file: OpenFile, descriptor: number): void {
  if (file.path !== undefined) {
    // The file was recorded at the opening when this call itself opened it.
    if (file.reads !== reads) reads.observeFile(file.path, false);
    return;
  }
  const path = foundPath(file, descriptor);
  if (path !== null) reads.observeFile(path, false);
  else if (!reads.hasBlindReads) {
    reads.observeUnclear(`descriptor ${descriptor} (opened in a way that is not observed)`);
  }
}

function askStat(reads: CallReads, file: OpenFile, descriptor: number): ReturnType<Observer> {
  const path = file.path ?? foundPath(file, descriptor);
  return path === null ? undefined : asksNodeStat(true)(reads, [path], undefined);
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

/** Returns the path of an open file, on Linux with all permissions; `null` elsewhere or when the file is not there. */
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
