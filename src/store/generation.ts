/**
 * A counter that every process can read with one `stat`: it moves when entries are removed or replaced, so that copies
 * in memory can be dropped.
 *
 * The file grows by one byte each time. Appending is atomic between processes, so no move is ever lost, and a folder that
 * was deleted and made again has another inode.
 *
 * @module
 */
import { appendOwn, requireFolders, writeAnew } from "../own_files.ts";
import type { Layout } from "./layout.ts";

const ONE_BYTE = new Uint8Array([0x2e]);

/** The generation of one cache directory. */
export class Generation {
  readonly #path: string;
  readonly #version: string;
  readonly #tmp: string;

  /** @param layout Where the file is. */
  constructor({ generation, version, tmp }: Pick<Layout, "generation" | "version" | "tmp">) {
    this.#path = generation;
    this.#version = version;
    this.#tmp = tmp;
  }

  /**
   * A text that differs from every earlier one after a removal or replacement by any process.
   *
   * Read it *before* reading the store and keep it with what was read: a removal in between then shows as a difference.
   */
  current(): string {
    try {
      const info = Deno.lstatSync(this.#path);
      return `${info.ino}:${info.size}`;
    } catch {
      return "gone";
    }
  }

  /** Says that entries were removed or replaced. Call it *after* the store says so, never before. */
  bump(): void {
    requireFolders(this.#version);
    if (appendOwn(this.#path, ONE_BYTE)) return;
    // A file with another inode says so as well.
    requireFolders(this.#tmp);
    writeAnew(this.#path, ONE_BYTE, `${this.#tmp}/${Deno.pid}-${crypto.randomUUID()}`);
  }
}
