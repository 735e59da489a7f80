import { assert, assertEquals } from "@std/assert";
import type { BlobDigest, ContentDigest } from "../../src/words/digests.ts";
import { Memory } from "../../src/call/workspace.ts";
import { keyOf, recordOf } from "../support/store_rig.ts";

const BLOB = { digest: keyOf("blob") as unknown as BlobDigest, sizeBytes: 1 };

/** How many of the names are remembered. */
function count(names: readonly number[], isKept: (name: number) => boolean): number {
  return names.filter(isKept).length;
}

Deno.test("tiny results without end are forgotten, the oldest first", () => {
  const memory = new Memory();
  const digests = Array.from({ length: 100_000 }, (_, n) => n.toString(16).padStart(64, "0") as BlobDigest);
  for (const digest of digests) memory.keepResult(digest, new Uint8Array(1));
  const kept = digests.filter((digest) => memory.result(digest) !== undefined);
  assert(kept.length > 10_000 && kept.length < 50_000, `${kept.length} are kept`);
  assertEquals(kept, digests.slice(-kept.length));
});

Deno.test("records are forgotten by what they rest on: thousands of small ones, few of large ones", () => {
  const memory = new Memory();
  const names = Array.from({ length: 6_000 }, (_, n) => n);
  for (const name of names) memory.keepRecord(recordOf(name, BLOB));
  const small = count(names, (name) => memory.record(keyOf(name)) !== undefined);
  assert(small > 3_000 && small < 5_000, `${small} are kept`);
  const file = { kind: "file", path: "a.csv", digest: keyOf("a") as unknown as ContentDigest } as const;
  const dependencies = Array.from({ length: 10_000 }, () => file);
  for (const name of names.slice(0, 100)) memory.keepRecord(recordOf(name, BLOB, { dependencies }));
  const large = count(names, (name) => memory.record(keyOf(name)) !== undefined);
  assert(large > 10 && large < 25, `${large} are kept`);
});

Deno.test("everything is forgotten when the generation moves", () => {
  const memory = new Memory();
  memory.synchronize("1");
  memory.keepRecord(recordOf(1, BLOB));
  memory.keepResult(BLOB.digest, new Uint8Array(1));
  memory.synchronize("1");
  assert(memory.record(keyOf(1)) !== undefined && memory.result(BLOB.digest) !== undefined);
  memory.synchronize("2");
  assertEquals([memory.record(keyOf(1)), memory.result(BLOB.digest)], [undefined, undefined]);
});
