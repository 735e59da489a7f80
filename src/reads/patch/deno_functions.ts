/**
 * The functions of the `Deno` namespace that are observed, and `fetch`, each with its observer.
 *
 * @module
 */
import type { StatObservation } from "../observations.ts";
import {
  asksCwd,
  asksStat,
  changesCwd,
  copiesFile,
  links,
  linksHard,
  listsDirectory,
  makesDirectory,
  makesTemporary,
  moves,
  observeOpen,
  observeWrite,
  type OpenMode,
  readsBytes,
  readsLink,
  readsText,
  reportFields,
  resolvesPath,
  writes,
  writesOrAppends,
} from "./observers.ts";
import { type Patch, patchMember } from "./patches.ts";
import type { Observer } from "./wrap.ts";

/** Paths of open files, by `Deno.FsFile`: the methods `stat` and `truncate` of a file are not passed its path. */
const openFiles = new WeakMap<object, string>();

const opens: Observer = (reads, [path, options]) => {
  const outcome = observeOpen(reads, path, modeOfOptions(options));
  return rememberFile(path, outcome);
};

const creates: Observer = (reads, [path]) => rememberFile(path, observeWrite(reads, path, "whole"));

function rememberFile(path: unknown, outcome: ReturnType<Observer>): ReturnType<Observer> {
  return {
    done(file) {
      outcome?.done?.(file);
      if (typeof path === "string") openFiles.set(file, path);
      else if (path instanceof URL) openFiles.set(file, path.href);
    },
    failed: (error) => outcome?.failed?.(error),
  };
}

function modeOfOptions(options: Deno.OpenOptions | undefined): OpenMode {
  if (options === undefined) return { reads: true, writes: false, replaces: false };
  const { read = false, write = false, append = false, truncate = false, create = false, createNew = false } = options;
  return { reads: read, writes: write || append || truncate || create || createNew, replaces: truncate || createNew };
}

const appends = (args: unknown[]) => {
  const options = args[2] as Deno.WriteFileOptions | undefined;
  return options?.append === true || options?.create === false;
};

const truncates: Observer = (reads, [path, length]) => observeWrite(reads, path, length > 0 ? "part" : "whole");

/** Observers of functions that come in two forms: `name`, which returns a promise, and `nameSync`. */
const BOTH_FORMS: Readonly<Record<string, Observer>> = {
  readFile: readsBytes,
  readTextFile: readsText,
  open: opens,
  stat: asksStat(true),
  lstat: asksStat(false),
  realPath: resolvesPath,
  readLink: readsLink,
  create: creates,
  writeFile: writesOrAppends(appends),
  writeTextFile: writesOrAppends(appends),
  truncate: truncates,
  copyFile: copiesFile,
  rename: moves,
  remove: writes("removed"),
  mkdir: makesDirectory,
  makeTempDir: makesTemporary,
  makeTempFile: makesTemporary,
  symlink: links,
  link: linksHard,
  utime: writes("metadata"),
  chmod: writes("metadata"),
  chown: writes("metadata"),
};

const asksFileStat: Observer = (reads, _args, file) => {
  const path = openFiles.get(file);
  if (path === undefined) return;
  const stat: StatObservation | null = reads.observeStat(path.startsWith("file:") ? new URL(path) : path, true);
  return stat === null ? undefined : { done: (info) => void reportFields(info, (field) => stat.sawField(field)) };
};

const truncatesFile: Observer = (reads, _args, file) => {
  const path = openFiles.get(file);
  return path === undefined ? undefined : observeWrite(reads, path.startsWith("file:") ? new URL(path) : path, "part");
};

const asksVariable: Observer = (reads, [name]) => {
  if (typeof name === "string") reads.observeVariable(name);
};

const writesVariable: Observer = (reads, [name]) => {
  if (typeof name === "string") reads.wroteVariable(name);
};

const fetches: Observer = (reads, [input]) => {
  const url = input instanceof Request ? input.url : input instanceof URL ? input.href : input;
  if (typeof url === "string" && /^file:/i.test(url)) reads.observeFile(new URL(url), false);
};

/** Returns the patches of members of Deno and of the web platform. */
export function denoPatches(): Patch[] {
  const patches: Patch[] = [];
  const add = (target: object, name: string, style: "sync" | "promise", observe: Observer, owner = "Deno") => {
    const patch = patchMember(target, name, `${owner}.${name}`, style, observe);
    if (patch !== null) patches.push(patch);
  };
  for (const [name, observe] of Object.entries(BOTH_FORMS)) {
    add(Deno, name, "promise", observe);
    add(Deno, `${name}Sync`, "sync", observe);
  }
  // Both forms return an iterator at once, so the directory is listed for the trace at the call.
  add(Deno, "readDir", "sync", listsDirectory);
  add(Deno, "readDirSync", "sync", listsDirectory);
  add(Deno, "cwd", "sync", asksCwd);
  add(Deno, "chdir", "sync", changesCwd);
  const { prototype } = Deno.FsFile;
  add(prototype, "stat", "promise", asksFileStat, "Deno.FsFile.prototype");
  add(prototype, "statSync", "sync", asksFileStat, "Deno.FsFile.prototype");
  add(prototype, "truncate", "promise", truncatesFile, "Deno.FsFile.prototype");
  add(prototype, "truncateSync", "sync", truncatesFile, "Deno.FsFile.prototype");
  // `process.env` calls `get` and `has`, also through a reference that a module took earlier.
  add(Deno.env, "get", "sync", asksVariable, "Deno.env");
  add(Deno.env, "has", "sync", asksVariable, "Deno.env");
  add(Deno.env, "toObject", "sync", (reads) => reads.observeVariable("*"), "Deno.env");
  add(Deno.env, "set", "sync", writesVariable, "Deno.env");
  add(Deno.env, "delete", "sync", writesVariable, "Deno.env");
  add(globalThis, "fetch", "promise", fetches, "globalThis");
  return patches;
}
