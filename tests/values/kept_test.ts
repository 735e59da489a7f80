/** Each kind that is kept comes back so that nothing tells it from the first, wherever it is. */
import { assert, assertEquals } from "@std/assert";
import { decodeResult } from "../../src/values/result/decode_result.ts";
import { type EncodedResult, encodeResult } from "../../src/values/result/encode_result.ts";
import { findDifference } from "../support/clone_equality.ts";
import { joinChunks } from "../support/join_chunks.ts";
import { KEPT } from "../support/kept.ts";

function copy(value: unknown): unknown {
  return decodeResult(joinChunks(encodeResult(value) as EncodedResult));
}

/** Rows and lists from this number on are packed. */
const MANY = 40;

/** Where a value can be. */
const PLACES: readonly ((value: unknown) => unknown)[] = [
  (value) => value,
  (value) => ({ deep: { value } }),
  (value) => [value, , value],
  (value) => new Map([["k", value], [value, value]] as [unknown, unknown][]),
  (value) => new Set([0, value]),
  (value) => Array.from({ length: MANY }, (_, id) => id === 17 ? { id, value } : { id, value: null }),
  (value) => Array.from({ length: MANY }, (_, id) => id === 5 ? value : [id]),
  (value) => Object.freeze([value, Object.create({ value })]),
  (value) => new Error("m", { cause: value }),
];

for (const [kind, make] of Object.entries(KEPT)) {
  Deno.test(`${kind} comes back as it was, wherever it is`, () => {
    for (const [at, put] of PLACES.entries()) {
      const value = put(make());
      assertEquals(findDifference(copy(value), value), null, `place ${at}`);
    }
  });
}

Deno.test("the table has very many kinds, and the comparison tells the forms of one object apart", () => {
  assert(Object.keys(KEPT).length > 600);
  for (const object of ["an object", "an array", "an Error"]) {
    const forms = Object.entries(KEPT).filter(([kind]) => kind === object || kind.startsWith(`${object}, `));
    assert(forms.length > 10);
    for (const [a, makeA] of forms) {
      for (const [b, makeB] of forms) {
        if (a !== b) assert(findDifference(makeA(), makeB()) !== null, `${a} | ${b}`);
      }
    }
  }
});
