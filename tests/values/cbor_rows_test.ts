/** Rows and lists that are packed, and each way in which one of them can be something else than it looks. */
import { assertEquals } from "@std/assert";
import { decodeResult } from "../../src/values/result/decode_result.ts";
import { type EncodedResult, encodeResult } from "../../src/values/result/encode_result.ts";
import { findDifference } from "../support/clone_equality.ts";
import { joinChunks } from "../support/join_chunks.ts";

/** A few rows, and more than a block of packed rows holds. */
const FEW = 40;
const MANY = 4200;

interface Row {
  id: number;
  name: string;
  at: object;
  tags: unknown[];
}

function makeRow(id: number): Row {
  return { id, name: `row ${id}`, at: { x: id / 3, who: { age: id % 90 } }, tags: ["a", `t${id % 7}`] };
}

// deno-lint-ignore no-explicit-any -- The tests look into values of every shape.
function copy(value: unknown): any {
  return decodeResult(joinChunks(encodeResult(value) as EncodedResult));
}

/** Changes one of the rows, or more, given those that were made and the place of one. */
type Change = (rows: unknown[], made: Row[], at: number) => void;

/** Changes rows and compares their copy with them. */
function assertKept(change: Change, label: string, length: number, places: readonly number[]): void {
  for (const at of places) {
    const made = Array.from({ length }, (_, id) => makeRow(id));
    const rows: unknown[] = [...made];
    change(rows, made, at);
    const value = { first: makeRow(0), rows, last: [makeRow(1)] };
    assertEquals(findDifference(copy(value), value), null, `${label}, at ${at} of ${length}`);
    assertEquals(findDifference(copy(rows), rows), null, `${label}, at ${at} of ${length}, alone`);
  }
}

const PLACES = [0, 1, FEW >> 1, FEW - 1];

Deno.test("a row that is not like the others comes back as it was", () => {
  const odd: Readonly<Record<string, (row: Row) => unknown>> = {
    "nothing odd": (row) => row,
    "another order": ({ id, name, at, tags }) => ({ name, id, at, tags }),
    "a name less": ({ id, name }) => ({ id, name }),
    "no name": () => ({}),
    "a name more": (row) => ({ ...row, more: 1 }),
    "an index for a name": (row) => ({ ...row, 0: "zero" }),
    "a name with __proto__": (row) => JSON.parse(JSON.stringify(row).replace('"name"', '"__proto__"')),
    "an array": () => [1, 2],
    "a Date": () => new Date(5),
    "a Map": () => new Map([[1, {}]]),
    null: () => null,
    undefined: () => undefined,
    text: () => "row",
    "a value of another kind": (row) => ({ ...row, id: "text" }),
    "an undefined value": (row) => ({ ...row, name: undefined }),
    "a negative zero": (row) => ({ ...row, id: -0 }),
    "NaN": (row) => ({ ...row, id: NaN }),
    "300 names": () => Object.fromEntries(Array.from({ length: 300 }, (_, name) => [`n${name}`, name])),
  };
  for (const [label, make] of Object.entries(odd)) {
    assertKept((rows, made, at) => void (rows[at] = make(made[at]!)), label, FEW, PLACES);
  }
  assertKept((rows) => void delete rows[30], "a hole", FEW, [0]);
  assertKept((rows) => void Object.assign(rows, { extra: 1 }), "a property of the array", FEW, [0]);
});

Deno.test("what rows share is shared again, wherever it is met", () => {
  const links: Readonly<Record<string, Change>> = {
    "a row twice": (rows, made, at) => void (rows[(at + 1) % rows.length] = made[at]),
    "a row twice, far apart": (rows, made, at) => void (rows[(at + rows.length - 2) % rows.length] = made[at]),
    "all rows twice": (rows, made) => void rows.push(...made),
    "a cell": (_, made, at) => void (made[(at + 20) % made.length]!.at = made[at]!.at),
    "a list": (_, made, at) => void (made[(at + 20) % made.length]!.tags = made[at]!.tags),
    "an empty list": (_, made, at) => void (made[(at + 20) % made.length]!.tags = made[at]!.tags = []),
    "a row in a cell": (_, made, at) => void (made[(at + 20) % made.length]!.at = made[at]!),
    "its own row in a cell": (_, made, at) => void (made[at]!.at = made[at]!),
    "the array in a list": (rows, made, at) => void (made[at]!.tags = [rows]),
    "a row in a list": (_, made, at) => void (made[(at + 20) % made.length]!.tags = [made[at]!]),
    "one cell of all rows": (_, made) => void made.forEach((row) => row.at = made[0]!.at),
    "one list of all rows": (_, made) => void made.forEach((row) => row.tags = made[0]!.tags),
    "a list in a list": (_, made, at) => void (made[at]!.tags = [made[(at + 20) % made.length]!.tags]),
  };
  for (const [label, link] of Object.entries(links)) {
    assertKept(link, label, FEW, PLACES);
    assertKept(link, label, MANY, [MANY - 1]);
  }
});

Deno.test("a row, a cell or a list that is met before or after the rows is the same object again", () => {
  for (const length of [FEW, MANY]) {
    const rows = Array.from({ length }, (_, id) => makeRow(id));
    for (const row of [rows[0]!, rows[length - 1]!]) {
      for (const part of [row, row.at, row.tags]) {
        for (const value of [[part, rows], [rows, part], [rows, { deep: [part] }], [new Map([[part, 1]]), rows]]) {
          assertEquals(findDifference(copy(value), value), null);
        }
      }
    }
  }
});

Deno.test("a list that is not just its elements comes back as it was", () => {
  const long = Array.from({ length: 20 }, (_, item) => item);
  const odd: Readonly<Record<string, () => unknown[]>> = {
    "a hole": () => [1, , 2],
    "a hole at the end": () => Object.assign([1, 2], { length: 3 }),
    "a name": () => Object.assign([1, 2], { extra: 3 }),
    "a name for each hole": () => Object.assign([1, , 2], { extra: 3 }),
    "a name for each hole, long": () => Object.assign([...long, , 2], { extra: 3 }),
    undefined: () => [undefined, undefined],
    empty: () => [],
    long: () => [...long],
    "a name, long": () => Object.assign([...long], { extra: 3 }),
  };
  for (const [label, make] of Object.entries(odd)) {
    assertKept((_, made, at) => void (made[at]!.tags = make()), label, FEW, PLACES);
    assertKept(
      (rows, _, at) => void (rows.forEach((_, row) => rows[row] = [row]), rows[at] = make()),
      label,
      FEW,
      PLACES,
    );
  }
});

Deno.test("a buffer that is met after packed rows is shared with its views", () => {
  const rows = Array.from({ length: FEW }, (_, id) => makeRow(id));
  const bytes = new Uint8Array(8);
  const value = [rows, bytes, bytes.buffer, new Float64Array(bytes.buffer)];
  assertEquals(findDifference(copy(value), value), null);
});

Deno.test("rows of several shapes keep their order and values, however many there are of each", () => {
  for (const length of [100, 3000, MANY]) {
    for (const period of [2, 3, 7, 8, 9, 300]) {
      const make = (id: number) =>
        Object.fromEntries([["id", id], ...id % period === 0 ? [] : [[`k${id % period}`, id]]]);
      const value = Array.from({ length }, (_, id) => make(id));
      assertEquals(findDifference(copy(value), value), null, `${length} rows, ${period} shapes`);
      const late = Array.from({ length }, (_, id) => id < 50 ? { id } : make(id));
      assertEquals(findDifference(copy(late), late), null, `${length} rows, ${period} shapes, late`);
    }
  }
});
