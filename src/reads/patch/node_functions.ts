/**
 * The functions of `node:fs`, `node:fs/promises` and `node:process` that are observed, each with its observer.
 *
 * The members of the module objects are replaced: of the objects that `import fs from "node:fs"`, `require("fs")` and
 * `process.getBuiltinModule("fs")` give. Functions imported by name from `node:fs` are not observed, since Deno does
 * not update such a binding when the member of the object is replaced.
 *
 * @module
 */
// Node's modules are loaded by the first run of a cached function: a hit needs none of them.
import * as nodeFs from "node:fs";
import * as nodeFsPromises from "node:fs/promises";
import process from "node:process";
import { keepModule } from "../../words/node_modules.ts";
import { enterReads } from "../context.ts";
import {
  asksAccess,
  asksCwd,
  asksExistence,
  asksNodeStat,
  changesCwd,
  copiesFile,
  copiesTree,
  links,
  linksHard,
  listsDirectoryOrTree,
  makesDirectory,
  makesTemporary,
  moves,
  observeCallback,
  observeOpen,
  observeWrite,
  type OpenMode,
  readsBytes,
  readsFile,
  readsLink,
  resolvesPath,
  writes,
  writesOrAppends,
} from "./observers.ts";
import {
  asksDescriptorStat,
  asksHandleStat,
  closes,
  isFileHandle,
  readsDescriptor,
  readsHandle,
  rememberDescriptor,
  rememberHandle,
} from "./open_files.ts";
import { applyPatches, observeConstructor, type Patch, patchMember } from "./patches.ts";
import type { AnswerStyle, Observer } from "./wrap.ts";

// The cache itself, which looks for functions of this module in code, takes no wrapper for one.
keepModule("node:fs", nodeFs);
keepModule("node:fs/promises", nodeFsPromises);

const O_ACCMODE = 3;

/** Returns the mode that flags of `open` stand for, given as a text (`r+`) or as a number. */
function modeOfFlags(flags: unknown): OpenMode {
  if (typeof flags === "number") {
    const { O_WRONLY, O_TRUNC, O_EXCL } = process.getBuiltinModule("node:fs").constants;
    const access = flags & O_ACCMODE;
    return {
      reads: access !== O_WRONLY,
      writes: access !== 0,
      replaces: access !== 0 && (flags & (O_TRUNC | O_EXCL)) !== 0,
    };
  }
  const text = typeof flags === "string" ? flags : "r";
  return {
    reads: text.startsWith("r") || text.includes("+"),
    writes: !text.startsWith("r") || text.includes("+"),
    replaces: text.startsWith("w") || text.includes("x"),
  };
}

const opens: Observer = (reads, args) => {
  const outcome = observeOpen(reads, args[0], modeOfFlags(typeof args[1] === "function" ? undefined : args[1]));
  return {
    done(opened) {
      outcome?.done?.(opened);
      if (typeof opened === "number") rememberDescriptor(opened, args[0], reads);
      else if (isFileHandle(opened, patchHandles)) rememberHandle(opened, args[0], reads);
    },
    failed: (error) => outcome?.failed?.(error),
  };
};

/** Observes the making of an `EventEmitter`: a `FileHandle` is one, even from an `open` that is not observed. */
const makesEmitter: Observer = (reads, _args, emitter) => {
  if (isFileHandle(emitter, patchHandles)) rememberHandle(emitter, undefined, reads);
};

function patchHandles(prototype: object): void {
  const found: Patch[] = [];
  const add = (key: string, style: AnswerStyle, observe: Observer) => {
    const patch = patchMember(prototype, key, `node:fs/promises.FileHandle.${key}`, style, observe);
    if (patch !== null) found.push(patch);
  };
  for (const key of ["read", "readv", "readFile"]) add(key, "promise", readsHandle);
  for (const key of ["createReadStream", "readLines", "readableWebStream"]) add(key, "sync", readsHandle);
  add("stat", "promise", asksHandleStat);
  patches.push(...found);
  applyPatches(found);
}

/** Observes functions that read the whole content of a path, or the rest of a descriptor or a handle. */
const readsPathOrOpenFile: Observer = (reads, args, self) => {
  const [file] = args;
  if (isFileHandle(file, patchHandles)) return readsHandle(reads, args, file);
  return typeof file === "number" ? readsDescriptor(reads, args, self) : readsBytes(reads, args, self);
};

const flagOf = (options: unknown): unknown =>
  typeof options === "object" && options !== null && ("flag" in options || "flags" in options)
    ? (options as { flag?: unknown; flags?: unknown }).flag ?? (options as { flags?: unknown }).flags
    : undefined;

const writesFile = writesOrAppends(([, , options]) => {
  const flag = flagOf(options);
  return flag !== undefined && flag !== null && !modeOfFlags(flag).replaces;
});

const truncates: Observer = (reads, [path, length]) =>
  observeWrite(reads, path, typeof length === "number" && length > 0 ? "part" : "whole");

/** Observes functions that walk directories by pattern: they depend on all names below the folder where they start. */
const globs: Observer = (reads, args) => {
  const [patterns, options] = args;
  observeCallback(reads, args, options, "exclude");
  reads.observeListing(options?.cwd ?? ".", true);
  for (const pattern of [patterns].flat()) {
    const root = /^([\\/].*?)[\\/][^\\/]*[*?[{(]/.exec(String(pattern))?.[1];
    if (root !== undefined) reads.observeListing(root, true);
  }
};

/** Observes `glob` with a lazy iterator. Names are recorded at the call, so reads by the iterator are not observed. */
const globsLazily: Observer = (reads, args, self) => {
  globs(reads, args, self);
  return { done: (found: AsyncIterator<unknown>) => void muteIterator(found) };
};

function muteIterator(iterator: AsyncIterator<unknown>): void {
  const next = iterator.next.bind(iterator);
  Object.defineProperty(iterator, "next", {
    value: () => enterReads(undefined, next),
    configurable: true,
    writable: true,
    enumerable: false,
  });
}

const readsStream: Observer = (reads, [path, options], self) => {
  const opened = options?.fd;
  if (typeof opened === "number") return readsDescriptor(reads, [opened], self);
  if (isFileHandle(opened, patchHandles)) return readsHandle(reads, [], opened);
  if (typeof opened !== "object") observeOpen(reads, path, modeOfFlags(flagOf(options)));
};

const writesStream: Observer = (reads, [path, options]) => {
  if (typeof options?.fd === "number" || typeof options?.fd === "object") return;
  observeOpen(reads, path, modeOfFlags(flagOf(options) ?? "w"))?.done?.(undefined);
};

/** Observers of functions that exist as `name` with a callback, as `nameSync`, and as `promises.name`. */
const ALL_FORMS: Readonly<Record<string, Observer>> = {
  readFile: readsPathOrOpenFile,
  readdir: listsDirectoryOrTree,
  opendir: listsDirectoryOrTree,
  stat: asksNodeStat(true),
  lstat: asksNodeStat(false),
  access: asksAccess,
  readlink: readsLink,
  realpath: resolvesPath,
  open: opens,
  writeFile: writesFile,
  appendFile: writes("part"),
  truncate: truncates,
  copyFile: copiesFile,
  cp: copiesTree,
  rename: moves,
  rm: writes("removed"),
  rmdir: writes("removed"),
  unlink: writes("removed"),
  mkdir: makesDirectory,
  mkdtemp: makesTemporary,
  mkdtempDisposable: makesTemporary,
  symlink: links,
  link: linksHard,
  utimes: writes("metadata"),
  lutimes: writes("metadata"),
  chmod: writes("metadata"),
  lchmod: writes("metadata"),
  chown: writes("metadata"),
  lchown: writes("metadata"),
};

/** The patches of Node's modules, and of the class `FileHandle`, once its first object was seen. */
const patches: Patch[] = [];

/** Loads Node's modules and returns their patches. The patches of `FileHandle` are added to the same array later. */
export function nodePatches(): Patch[] {
  if (patches.length > 0) return patches;
  const add = (target: object, key: string, name: string, style: AnswerStyle, observe: Observer) => {
    const patch = patchMember(target, key, name, style, observe);
    if (patch !== null) patches.push(patch);
    return patch;
  };
  const fs = process.getBuiltinModule("node:fs");
  const promises = process.getBuiltinModule("node:fs/promises");
  const { EventEmitter } = process.getBuiltinModule("node:events");
  for (const [name, observe] of Object.entries(ALL_FORMS)) {
    const callback = add(fs, name, `node:fs.${name}`, "callback", observe);
    const sync = add(fs, `${name}Sync`, `node:fs.${name}Sync`, "sync", observe);
    add(promises, name, `node:fs/promises.${name}`, "promise", observe);
    if (name !== "realpath") continue;
    if (callback !== null) addNative(callback, "callback", observe);
    if (sync !== null) addNative(sync, "sync", observe);
  }
  add(fs, "exists", "node:fs.exists", "callback", asksExistence);
  add(fs, "existsSync", "node:fs.existsSync", "sync", asksExistence);
  add(fs, "openAsBlob", "node:fs.openAsBlob", "promise", readsFile);
  add(fs, "glob", "node:fs.glob", "callback", globs);
  add(fs, "globSync", "node:fs.globSync", "sync", globs);
  add(promises, "glob", "node:fs/promises.glob", "sync", globsLazily);
  add(fs, "fstat", "node:fs.fstat", "callback", asksDescriptorStat);
  add(fs, "fstatSync", "node:fs.fstatSync", "sync", asksDescriptorStat);
  for (const name of ["read", "readv"]) {
    add(fs, name, `node:fs.${name}`, "callback", readsDescriptor);
    add(fs, `${name}Sync`, `node:fs.${name}Sync`, "sync", readsDescriptor);
  }
  add(EventEmitter, "init", "node:events.EventEmitter.init", "sync", makesEmitter);
  add(fs, "close", "node:fs.close", "callback", closes);
  add(fs, "closeSync", "node:fs.closeSync", "sync", closes);
  add(fs, "createReadStream", "node:fs.createReadStream", "sync", readsStream);
  add(fs, "createWriteStream", "node:fs.createWriteStream", "sync", writesStream);
  for (const [name, observe] of [["ReadStream", readsStream], ["WriteStream", writesStream]] as const) {
    const patch = observeConstructor(fs, name, `node:fs.${name}`, observe);
    if (patch !== null) patches.push(patch);
  }
  add(process, "cwd", "node:process.cwd", "sync", asksCwd);
  add(process, "chdir", "node:process.chdir", "sync", changesCwd);
  return patches;
}

/** Adds the patch of `realpath.native`, a member of `realpath`. The wrapper of `realpath` gets the member as well. */
function addNative(of: Patch, style: AnswerStyle, observe: Observer): void {
  const native = patchMember(of.original, "native", `${of.name}.native`, style, observe);
  if (native === null) return;
  Object.defineProperty(of.wrapper, "native", {
    value: native.wrapper,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  patches.push(native);
}
