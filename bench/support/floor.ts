/**
 * The least that a hit takes: digest the arguments, read a small file.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** One work of the floor; see {@linkcode createFloor}. */
export type Floor = () => number;

/**
 * SHA-256 of 200 bytes and a synchronous read of a file of 200 bytes.
 *
 * @param dir Where to put the file.
 * @returns The work; it returns the bytes it saw, so that nothing is optimized away.
 */
export function createFloor(dir: string): Floor {
  const bytes = new Uint8Array(200).fill(7);
  const path = `${dir}/floor`;
  Deno.writeFileSync(path, bytes);
  return () => createHash("sha256").update(bytes).digest("hex").length + Deno.readFileSync(path).length;
}
