/** Each kind that is kept comes back so that nothing tells it from the first, wherever it is. */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { decodeResult } from "../../src/values/result/decode_result.ts";
import { type EncodedResult, encodeResult } from "../../src/values/result/encode_result.ts";
import { CacheTypeError } from "../../src/words/errors.ts";
import { findDifference } from "../support/clone_equality.ts";
import { joinChunks } from "../support/join_chunks.ts";
import { BUILT_IN, KEPT } from "../support/kept.ts";

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

const KEYS = ["a", "b", "__proto__", "constructor", "length", "0", "7", "stack", "message", "lastIndex", "size", ""];
const SYMBOLS = [Symbol.iterator, Symbol.for("a"), Symbol.for("b"), Symbol.toStringTag];

/** A member to define: on which object, under which name, with which attributes; its value is an object or a number. */
const member = fc.record({
  on: fc.nat(),
  key: fc.constantFrom<PropertyKey>(...KEYS, ...SYMBOLS),
  bits: fc.nat(7),
  value: fc.oneof(fc.record({ of: fc.nat() }), fc.double(), fc.constantFrom("x", undefined, Symbol.match)),
});

const graph = fc.record({
  kinds: fc.array(fc.constantFrom(...Object.keys(BUILT_IN)), { minLength: 1, maxLength: 6 }),
  members: fc.array(member, { maxLength: 12 }),
  closed: fc.array(fc.record({ on: fc.nat(), how: fc.constantFrom("preventExtensions", "seal", "freeze") }), {
    maxLength: 3,
  }),
  prototypes: fc.array(fc.record({ on: fc.nat(), of: fc.nat() }), { maxLength: 2 }),
  deleted: fc.array(fc.record({ on: fc.nat(), key: fc.constantFrom(...KEYS) }), { maxLength: 3 }),
});

/** Makes the objects, as far as the engine allows it. */
function makeGraph(
  { kinds, members, closed, prototypes, deleted }: typeof graph extends fc.Arbitrary<infer T> ? T : never,
) {
  const objects = kinds.map((kind) => BUILT_IN[kind]!());
  const at = (index: number) => objects[index % objects.length]!;
  const isPlain = (object: object) => [Object.prototype, null].includes(Object.getPrototypeOf(object));
  for (const { on, key } of deleted) Reflect.deleteProperty(at(on), key);
  for (const { on, key, bits, value } of members) {
    // Elements and lengths are made numbers of, or the engine refuses.
    if (ArrayBuffer.isView(at(on)) && (key === "0" || key === "7")) continue;
    if (key === "length" && Array.isArray(at(on))) continue;
    Reflect.defineProperty(at(on), key, {
      value: typeof value === "object" ? at(value.of) : value,
      writable: (bits & 1) !== 0,
      enumerable: (bits & 2) !== 0,
      configurable: (bits & 4) !== 0,
    });
  }
  for (const { on, of } of prototypes) {
    if (
      kinds[on % kinds.length] === "an object" && isPlain(at(of)) && kinds[of % kinds.length]!.startsWith("an object")
    ) {
      Reflect.setPrototypeOf(at(on), at(of));
    }
  }
  for (const { on, how } of closed) {
    try {
      Object[how as "seal"](at(on));
    } catch {
      // Typed arrays cannot be sealed.
    }
  }
  return objects;
}

Deno.test("any graph of objects with any members comes back as it was, or is refused with its path", () => {
  let kept = 0;
  fc.assert(
    fc.property(graph, (form) => {
      const value = makeGraph(form);
      try {
        const difference = findDifference(copy(value), value);
        kept++;
        return difference === null;
      } catch (error) {
        if (!(error instanceof CacheTypeError)) throw error;
        return error.code === "ERR_RESULT" && error.path.startsWith("result[");
      }
    }),
    { numRuns: 5000 },
  );
  assert(kept > 3000, `${kept} kept`);
});
