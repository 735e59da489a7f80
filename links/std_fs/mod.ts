/**
 * The part of `@std/fs` that this project uses, for machines that reach npm but not JSR.
 *
 * @module
 */
import { walk as walkJs, walkSync as walkSyncJs } from "npm:deno-std@1.3.0/fs/walk.js";

/** Options of {@linkcode walk}. */
export interface WalkOptions {
  /** How many levels deep to go. */
  maxDepth?: number;
  /** Whether files are yielded. */
  includeFiles?: boolean;
  /** Whether folders are yielded. */
  includeDirs?: boolean;
  /** Whether symbolic links are yielded. */
  includeSymlinks?: boolean;
  /** Whether symbolic links are followed. */
  followSymlinks?: boolean;
  /** Endings to keep. */
  exts?: string[];
  /** Patterns of which one must match. */
  match?: RegExp[];
  /** Patterns of which none may match. */
  skip?: RegExp[];
}

/** One entry met on a walk. */
export interface WalkEntry {
  /** Full path. */
  path: string;
  /** Last part of the path. */
  name: string;
  /** Whether it is a file. */
  isFile: boolean;
  /** Whether it is a folder. */
  isDirectory: boolean;
  /** Whether it is a symbolic link. */
  isSymlink: boolean;
}

/** Walks a folder and what is below it. */
export const walk: (root: string | URL, options?: WalkOptions) => AsyncIterableIterator<WalkEntry> = walkJs;
/** Walks a folder and what is below it, synchronously. */
export const walkSync: (root: string | URL, options?: WalkOptions) => IterableIterator<WalkEntry> = walkSyncJs;
