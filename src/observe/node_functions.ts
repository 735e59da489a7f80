/**
 * Which functions of `node:fs`, `node:fs/promises` and `node:process` are observed, and as what.
 *
 * The members of the module objects are replaced: what `import fs from "node:fs"`, `require("fs")` and
 * `process.getBuiltinModule("fs")` give. Names imported from `node:fs` are bindings of their own that Deno does not
 * update.
 *
 * @module
 */
// Loaded by the first run of a cached function: a hit needs none of them.
import defer * as processModule from "node:process";
import type { CallFrame } from "../tracker/call_frame.ts";
import { enterFrame } from "../tracker/context.ts";
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
  readsBytes,
  readsFile,
  readsLink,
  resolvesPath,
  writes,
  writesOrAppends,
} from "./observers.ts";
import type { OpenMode } from "./observers.ts";
import { applyPatches, patchMember } from "./patches.ts";
import type { Patch } from "./patches.ts";
import { observeConstructor } from "./wrap_class.ts";
import type { Observer, Style } from "./wrap.ts";

/** The paths of open descriptors that were opened by calls, with the call, for questions about their metadata. */
const openDescriptors = new Map<number, { readonly path: unknown; readonly frame: CallFrame }>();
const openHandles = new WeakMap<object, unknown>();
const handlePrototypes = new WeakSet<object>();

/** The object itself, whose members are replaced; the namespace only has copies of them. */
function nodeProcess(): typeof processModule {
  return (processModule as unknown as { readonly default: typeof processModule }).default;
}

const O_ACCMODE = 3;

/** What flags of `open` mean, in words (`r+`) or as a number. */
function modeOf(flags: unknown): OpenMode {
  if (typeof flags === "number") {
    const { O_WRONLY, O_TRUNC, O_EXCL } = nodeProcess().getBuiltinModule("node:fs").constants;
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

const opens: Observer = (frame, args) => {
  const outcome = observeOpen(frame, args[0], modeOf(typeof args[1] === "function" ? undefined : args[1]));
  return {
    done(opened) {
      outcome?.done?.(opened);
      if (typeof opened === "number") openDescriptors.set(opened, { path: args[0], frame });
      else if (typeof opened === "object" && opened !== null) rememberHandle(opened, args[0]);
    },
    failed: (error) => outcome?.failed?.(error),
  };
};

/** The class of `FileHandle` is nowhere to be had but from one. */
function rememberHandle(handle: object, path: unknown): void {
  openHandles.set(handle, path);
  const prototype = Object.getPrototypeOf(handle);
  if (handlePrototypes.has(prototype)) return;
  handlePrototypes.add(prototype);
  const patch = patchMember(prototype, "stat", "node:fs/promises.FileHandle.stat", "promise", (frame, _args, self) => {
    const path = openHandles.get(self);
    return path === undefined ? undefined : asksNodeStat(true)(frame, [path], undefined);
  });
  if (patch === null) return;
  patches.push(patch);
  applyPatches([patch]);
}

const closes: Observer = (_frame, [descriptor]) => void openDescriptors.delete(descriptor);

const asksDescriptorStat: Observer = (frame, [descriptor]) => {
  const opened = openDescriptors.get(descriptor);
  return opened === undefined ? undefined : asksNodeStat(true)(frame, [opened.path], undefined);
};

/** Reads from a descriptor. What the call has opened itself is known; what someone else has, is not. */
const readsDescriptor: Observer = (frame, [descriptor]) => {
  if (typeof descriptor !== "number") return;
  const opened = openDescriptors.get(descriptor);
  if (opened === undefined) {
    frame.observeUnclear(`descriptor ${descriptor} (opened before the call)`);
  } else if (opened.frame !== frame) frame.observeFile(opened.path, false);
};

/** The content of a path, or what is left to read of a descriptor. */
const readsPathOrDescriptor: Observer = (frame, args, self) =>
  typeof args[0] === "number" ? readsDescriptor(frame, args, self) : readsBytes(frame, args, self);

const flagOf = (options: unknown): unknown =>
  typeof options === "object" && options !== null && ("flag" in options || "flags" in options)
    ? (options as { flag?: unknown; flags?: unknown }).flag ?? (options as { flags?: unknown }).flags
    : undefined;

const writesFile = writesOrAppends(([, , options]) => {
  const flag = flagOf(options);
  return flag !== undefined && flag !== null && !modeOf(flag).replaces;
});

const truncates: Observer = (frame, [path, length]) =>
  observeWrite(frame, path, typeof length === "number" && length > 0 ? "part" : "whole");

/** Walks directories by pattern: depends on the names of everything below where it starts. */
const globs: Observer = (frame, args) => {
  const [patterns, options] = args;
  observeCallback(frame, args, options, "exclude");
  frame.observeListing(options?.cwd ?? ".", true);
  for (const pattern of [patterns].flat()) {
    const root = /^([\\/].*?)[\\/][^\\/]*[*?[{(]/.exec(String(pattern))?.[1];
    if (root !== undefined) frame.observeListing(root, true);
  }
};

/** The same for an iterator that walks while it is asked: its walking is not observed again. */
const globsLazily: Observer = (frame, args, self) => {
  globs(frame, args, self);
  return { done: (found: AsyncIterator<unknown>) => void muteIterator(found) };
};

function muteIterator(iterator: AsyncIterator<unknown>): void {
  const next = iterator.next.bind(iterator);
  Object.defineProperty(iterator, "next", {
    value: () => enterFrame(undefined, next),
    configurable: true,
    writable: true,
    enumerable: false,
  });
}

const readsStream: Observer = (frame, [path, options], self) => {
  if (typeof options?.fd === "number") return readsDescriptor(frame, [options.fd], self);
  if (typeof options?.fd !== "object") observeOpen(frame, path, modeOf(flagOf(options)));
};

const writesStream: Observer = (frame, [path, options]) => {
  if (typeof options?.fd === "number" || typeof options?.fd === "object") return;
  observeOpen(frame, path, modeOf(flagOf(options) ?? "w"))?.done?.(undefined);
};

/** Functions that exist as `name` with a callback, `nameSync`, and `promises.name`. */
const ALL_FORMS: Readonly<Record<string, Observer>> = {
  readFile: readsPathOrDescriptor,
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

/** The patches of Node's modules, and of classes that turn up later. */
const patches: Patch[] = [];

/** The patches of Node's modules; loads these. More may join the array later. */
export function nodePatches(): Patch[] {
  if (patches.length > 0) return patches;
  const add = (target: object, key: string, name: string, style: Style, observe: Observer) => {
    const patch = patchMember(target, key, name, style, observe);
    if (patch !== null) patches.push(patch);
    return patch;
  };
  const fs = nodeProcess().getBuiltinModule("node:fs");
  const promises = nodeProcess().getBuiltinModule("node:fs/promises");
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
  add(fs, "close", "node:fs.close", "callback", closes);
  add(fs, "closeSync", "node:fs.closeSync", "sync", closes);
  add(fs, "createReadStream", "node:fs.createReadStream", "sync", readsStream);
  add(fs, "createWriteStream", "node:fs.createWriteStream", "sync", writesStream);
  for (const [name, observe] of [["ReadStream", readsStream], ["WriteStream", writesStream]] as const) {
    const patch = observeConstructor(fs, name, `node:fs.${name}`, observe);
    if (patch !== null) patches.push(patch);
  }
  add(nodeProcess(), "cwd", "node:process.cwd", "sync", asksCwd);
  add(nodeProcess(), "chdir", "node:process.chdir", "sync", changesCwd);
  return patches;
}

/** `realpath.native` is a member of `realpath`, and of what stands for it. */
function addNative(of: Patch, style: Style, observe: Observer): void {
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
