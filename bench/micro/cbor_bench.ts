/**
 * The codec beside JSON, in one run: rows, strings, documents, small values, large binary data, keys.
 *
 * Each bench asserts what it made; the baseline of each group is JSON with its conversion to or from bytes.
 */
import { assertEquals } from "@std/assert";
import { decodeResult } from "../../src/values/result/decode_result.ts";
import { encodeKey } from "../../src/values/key/encode_key.ts";
import { type EncodedResult, encodeResult } from "../../src/values/result/encode_result.ts";
import { joinChunks } from "../../tests/support/join_chunks.ts";

const ROWS = Number(Deno.env.get("CACHEPY_BENCH_ROWS") ?? 100_000);
const encoder = new TextEncoder();
const decoder = new TextDecoder();

const rows = (make: (index: number) => unknown) => Array.from({ length: ROWS }, (_, index) => make(index));

const DATA: Readonly<Record<string, unknown>> = {
  rows: rows((id) => ({ id, name: `name ${id}`, value: id * 1.1, flag: id % 2 === 0, kind: `c${id % 10}` })),
  "rows with optional lists": rows((id) => ({
    id,
    name: `name ${id}`,
    value: id * 1.1,
    ...(id % 3 === 0 ? {} : { tags: ["a", `b${id % 5}`] }),
  })),
  "rows of strings": rows((id) => ({ a: `first ${id}`, b: `é word ${id}`, c: `some longer text with words ${id}` })),
  "rows of objects": rows((id) => ({ id, at: { x: id / 2, y: id / 3 }, who: { name: `n${id}`, age: id % 90 } })),
  "object of objects": Object.fromEntries(rows((id) => [`key ${id}`, { id, text: `s${id}` }]) as [string, unknown][]),
};

for (const [name, value] of Object.entries(DATA)) {
  const json = encoder.encode(JSON.stringify(value));
  const cbor = joinChunks(encodeResult(value) as EncodedResult);
  assertEquals(JSON.stringify(decodeResult(cbor)) === JSON.stringify(value), true);
  Deno.bench(`JSON.stringify + TextEncoder: ${name}`, { group: `encode ${name}`, baseline: true }, () => {
    assertEquals(encoder.encode(JSON.stringify(value)).length, json.length);
  });
  Deno.bench(`encodeResult: ${name}`, { group: `encode ${name}` }, () => {
    assertEquals((encodeResult(value) as EncodedResult).byteLength, cbor.length);
  });
  Deno.bench(`TextDecoder + JSON.parse: ${name}`, { group: `decode ${name}`, baseline: true }, () => {
    assertEquals(typeof JSON.parse(decoder.decode(json)), "object");
  });
  Deno.bench(`decodeResult: ${name}`, { group: `decode ${name}` }, () => {
    assertEquals(typeof decodeResult(cbor), "object");
  });
}

const small = { a: 1, b: "abc", c: [1, 2, 3] };
const smallJson = encoder.encode(JSON.stringify(small));
const smallCbor = joinChunks(encodeResult(small) as EncodedResult);
Deno.bench("JSON.stringify + TextEncoder: small", { group: "encode small", baseline: true }, () => {
  if (encoder.encode(JSON.stringify(small)).length !== smallJson.length) throw new Error("Other bytes");
});
Deno.bench("encodeResult: small", { group: "encode small" }, () => {
  if ((encodeResult(small) as EncodedResult).byteLength !== smallCbor.length) throw new Error("Other bytes");
});
Deno.bench("TextDecoder + JSON.parse: small", { group: "decode small", baseline: true }, () => {
  if (JSON.parse(decoder.decode(smallJson)).a !== 1) throw new Error("Another value");
});
Deno.bench("decodeResult: small", { group: "decode small" }, () => {
  if ((decodeResult(smallCbor) as typeof small).a !== 1) throw new Error("Another value");
});

const keys: readonly [string, unknown, number][] = [
  ["[3]", [3], 2],
  ['["abc", { a: 1, b: 2 }]', ["abc", { a: 1, b: 2 }], 12],
];
for (const [name, value, byteLength] of keys) {
  Deno.bench(`JSON.stringify + TextEncoder: ${name}`, { group: `key ${name}`, baseline: true }, () => {
    if (encoder.encode(JSON.stringify(value)).length === 0) throw new Error("No bytes");
  });
  Deno.bench(`encodeKey: ${name}`, { group: `key ${name}` }, () => {
    if (encodeKey(value).bytes.length !== byteLength) throw new Error("Other bytes");
  });
}

const floats = new Float64Array(1 << 22).map((_, index) => index);
const floatCbor = joinChunks(encodeResult(floats) as EncodedResult);
Deno.bench("copy of 32 MiB", { group: "32 MiB of floats", baseline: true }, () => {
  assertEquals(floats.slice().length, floats.length);
});
Deno.bench("encodeResult of 32 MiB", { group: "32 MiB of floats" }, () => {
  const { chunks } = encodeResult(floats) as EncodedResult;
  assertEquals(chunks[1]!.buffer === floats.buffer, true);
});
Deno.bench("decodeResult of 32 MiB", { group: "32 MiB of floats" }, () => {
  assertEquals((decodeResult(floatCbor) as Float64Array).buffer === floatCbor.buffer, true);
});
