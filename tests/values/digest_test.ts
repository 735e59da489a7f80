import { assertEquals } from "@std/assert";
import { crypto } from "@std/crypto";
import { beginDigest, digestBytes, digestChunks } from "../../src/words/sha256.ts";
import { isDigest } from "../../src/words/digests.ts";

const text = "The order of a Map or Set is observable";
const bytes = new TextEncoder().encode(text);
const chunks = [bytes.subarray(0, 7), new Uint8Array(0), bytes.subarray(7)];

/** The same by another implementation. */
async function reference(data: Uint8Array<ArrayBuffer> | Iterable<Uint8Array<ArrayBuffer>>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
}

Deno.test("digestBytes() is SHA-256 in lowercase hex, of text by its UTF-8 bytes", async () => {
  assertEquals<string>(digestBytes(bytes), await reference(bytes));
  assertEquals(digestBytes(text), digestBytes(bytes));
  assertEquals<string>(
    digestBytes("abc"),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
});

Deno.test("digestChunks() and beginDigest() do not see where pieces meet", async () => {
  assertEquals<string>(digestChunks(chunks), await reference(chunks));
  assertEquals(digestChunks(chunks), digestBytes(bytes));
  const stream = beginDigest();
  for (const chunk of chunks) stream.update(chunk);
  assertEquals(stream.end(), digestBytes(bytes));
});

Deno.test("isDigest() takes 64 lowercase hex characters and nothing else", () => {
  assertEquals(isDigest(digestBytes("")), true);
  for (const other of ["", "ab", "A".repeat(64), `${"a".repeat(63)}/`, "a".repeat(65), 1, null, undefined]) {
    assertEquals(isDigest(other), false);
  }
});
