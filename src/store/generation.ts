/**
 * A counter that every process can read with one `stat`: it moves when entries are removed or replaced, so that copies
 * in memory can be dropped.
 *
 * The file grows by one byte each time. Appending is atomic between processes, so no move is ever lost, and a folder that
 * was deleted and made again has another inode.
 *
 * @module
 */
import { FILE_MODE } from "./layout.ts";

const ONE_BYTE = new Uint8Array([0x2e]);

/** The generation of one cache directory. */
export class Generation {
  readonly #path: string;

  /** @param path The file. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * A text that differs from every earlier one after a removal or replacement by any process.
   *
   * Read it *before* reading the store and keep it with what was read: a removal in between then shows as a difference.
   */
  current(): string {
    try {
      const info = Deno.statSync(this.#path);
      return `${info.ino}:${info.size}`;
    } catch {
      return "gone";
    }
  }

  /** Says that entries were removed or replaced. Call it *after* the store says so, never before. */
  bump(): void {
    Deno.writeFileSync(this.#path, ONE_BYTE, { append: true, create: true, mode: FILE_MODE });
  }
}
