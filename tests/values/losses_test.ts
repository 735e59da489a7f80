/** What a copy would not be taken for is refused with its path, wherever it is, and none of the user's code runs. */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { encodeResult } from "../../src/values/result/encode_result.ts";
import { CacheTypeError } from "../../src/words/errors.ts";
import { UNSTORABLE } from "../support/unstorable.ts";

/** Rows and lists from this number on are packed. */
const MANY = 40;

const rows = (value: unknown, at: number) =>
  Array.from({ length: MANY }, (_, id) => id === at ? { id, value } : { id, value: null });

/** Where a value can be, and its path there. */
const PLACES: readonly [path: string, put: (value: unknown) => unknown][] = [
  ["result", (value) => value],
  ["result.deep.value", (value) => ({ deep: { value } })],
  ["result[1]", (value) => [0, value]],
  ["result[2]", (value) => [0, , value]],
  ["result.extra", (value) => Object.assign([1], { extra: value })],
  ['result.get("k")', (value) => new Map([["k", value]])],
  ["result.keys()[0]", (value) => new Map([[value, "k"]])],
  ["result.values()[1]", (value) => new Set([0, value])],
  ["result.cause", (value) => new Error("m", { cause: value })],
  ["result[0].value", (value) => rows(value, 0)],
  ["result[17].value", (value) => rows(value, 17)],
  ["result.rows[39].value", (value) => ({ rows: rows(value, MANY - 1) })],
  ["result[5]", (value) => rows(0, 0).map((row, at) => at === 5 ? value : row)],
  ["result[5]", (value) => Array.from({ length: MANY }, (_, at) => at === 5 ? value : [at])],
  ["result[5][0]", (value) => Array.from({ length: MANY }, (_, at) => at === 5 ? [value] : [at])],
];

for (const [kind, { make, got, at = "" }] of Object.entries(UNSTORABLE)) {
  Deno.test(`${kind} is refused wherever it is, with its path and a remedy`, async () => {
    for (const [path, put] of PLACES) {
      const value = put(await make());
      const error = assertThrows(() => encodeResult(value), CacheTypeError);
      assertEquals([error.code, error.path], ["ERR_RESULT", path + at]);
      assertMatch(error.message, got);
      assertMatch(error.message, /^Cannot store result\S*( \S+)?: got .*; .+$/);
    }
  });
}

Deno.test("rows that are all of a kind that is refused are not packed", () => {
  const makers: Record<string, () => object> = {
    symbol: () => ({ a: 1, [Symbol("s")]: 1 }),
    getter: () => ({
      get a() {
        return 1;
      },
    }),
    instance: () => new (class Row {})(),
  };
  for (const make of Object.values(makers)) {
    assertThrows(() => encodeResult(Array.from({ length: 5000 }, make)), CacheTypeError, "Cannot store result[0]");
  }
});

Deno.test("a long array with one odd element is refused", () => {
  const numbers = Array.from({ length: 20_000 }, (_, index) => index);
  Object.defineProperty(numbers, 19_999, {
    get: () => {
      throw new Error("A getter was called");
    },
    enumerable: true,
  });
  assertEquals(assertThrows(() => encodeResult(numbers), CacheTypeError).path, "result[19999]");
  const marked = Object.assign(Array.from({ length: 20_000 }, () => 1), { [Symbol("s")]: 1 });
  assertEquals(assertThrows(() => encodeResult(marked), CacheTypeError).path, "result");
});
