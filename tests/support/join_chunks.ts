/**
 * An encoded result in one piece.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import type { EncodedResult } from "../../src/values/result/encode_result.ts";

/** Joins the pieces; together they are as long as they say. */
export function joinChunks({ chunks, byteLength }: EncodedResult): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(byteLength);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  assertEquals(at, byteLength);
  return bytes;
}
