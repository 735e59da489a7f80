/** Large captured data: each change counts, from one call to the next, and what is as before costs no run. */
import { assertEquals } from "@std/assert";
import { Rig } from "../support/rig.ts";

interface Row {
  id: number;
  name: string;
  tags?: string[];
}

const table = (): Row[] => Array.from({ length: 20_000 }, (_, id) => ({ id, name: `row ${id}` }));

Deno.test("each change of a large captured table is seen, and its return is seen as well", async () => {
  await using rig = await Rig.open();
  const rows = table();
  const lists = { a: Array.from({ length: 20_000 }, () => 1), b: [1, 1], c: [1] };
  const first = rig.cached()(function first(n: number) {
    return rows[n]!.id + lists.a.length + lists.b.length + lists.c.length;
  });
  const isStale = async () => {
    rig.forgetEvents();
    await first(0);
    return rig.runs() > 0;
  };
  assertEquals([await isStale(), await isStale()], [true, false]);
  const changes: Record<string, readonly [() => void, () => void]> = {
    "a cell": [() => rows[5]!.id = -1, () => rows[5]!.id = 5],
    "a cell in the middle": [() => rows[9_999]!.name = "x", () => rows[9_999]!.name = "row 9999"],
    "a further member": [() => rows[9_999]!.tags = [], () => delete rows[9_999]!.tags],
    "a row in place of an equal one": [
      () => void (rows[7] = { id: 8, name: "x" }),
      () => void (rows[7] = { id: 7, name: "row 7" }),
    ],
    "the length": [() => void rows.push({ id: -1, name: "" }), () => void rows.pop()],
    "a symbol on a row in the middle": [
      () => void Object.assign(rows[9_999]!, { [Symbol.for("flag")]: true }),
      () => Reflect.deleteProperty(rows[9_999]!, Symbol.for("flag")),
    ],
    "a hole": [() => delete rows[3], () => void (rows[3] = { id: 3, name: "row 3" })],
    "another prototype": [
      () => Object.setPrototypeOf(rows[1]!, null),
      () => Object.setPrototypeOf(rows[1]!, Object.prototype),
    ],
    "a hidden member": [
      () => void Object.defineProperty(rows[1]!, "tags", { value: [], configurable: true }),
      () => delete rows[1]!.tags,
    ],
    "an element that moves from one list to the next": [
      () => void lists.c.push(lists.b.pop()!),
      () => void lists.b.push(lists.c.pop()!),
    ],
  };
  for (const [what, [change, undo]] of Object.entries(changes)) {
    change();
    const changed = await isStale();
    undo();
    await first(0);
    assertEquals([changed, await isStale()], [true, false], what);
  }
  for (const at of [2, 9_999]) {
    Object.freeze(rows[at]);
    assertEquals([await isStale(), await isStale()], [true, false], "a frozen row");
  }
});

Deno.test("a row of a large captured table is told from its equal, and found again in another captured list", async () => {
  await using rig = await Rig.open();
  const rows = table();
  const chosen = [rows[11_000]!];
  const isOfTable = rig.cached()(function isOfTable(row: Row) {
    return [rows.includes(row), chosen.includes(row)];
  });
  assertEquals(await isOfTable(rows[11_000]!), [true, true]);
  assertEquals(await isOfTable({ ...rows[11_000]! }), [false, false]);
  assertEquals(await isOfTable(rows[11_001]!), [true, false]);

  const isShared = (list: readonly Row[]) =>
    rig.cached()(function shared() {
      return rows.includes(list[0]!);
    });
  assertEquals([await isShared([rows[1]!])(), await isShared([{ ...rows[1]! }])()], [true, false]);
});

Deno.test("cost is linear in captured instances that refer to each other", async () => {
  await using rig = await Rig.open();
  class Node {
    readonly children: Node[] = [];
    next: Node | null = null;
    constructor(public value: number, readonly parent: Node | null) {
      if (parent !== null) parent.children.push(this);
    }
  }
  const root = new Node(0, null);
  let last = root;
  for (let value = 1; value < 5000; value++) last = last.next = new Node(value, root);
  const read = rig.cached()(function read(at: number) {
    return [root.children[at]!.value, JSON.stringify(root.value)];
  });
  for (let round = 0; round < 20; round++) {
    root.children[0]!.value = -round;
    assertEquals((await read(0))[0], -round);
  }
  assertEquals(rig.runs(), 20);
  const list = rig.cached()(function list() {
    return root.children;
  });
  assertEquals((await list())[0] === root.children[0], true);
  assertEquals((await list())[0] === root.children[0], true);
});

Deno.test("captured bytes of more elements than can be listed count, and a run that changes them says so", async () => {
  await using rig = await Rig.open();
  const bytes = new Uint8Array(40 << 20);
  const first = rig.cached()(function first(n: number) {
    return bytes[30 << 20]! + n;
  });
  assertEquals([await first(1), await first(1)], [1, 1]);
  bytes[30 << 20] = 7;
  assertEquals([await first(1), await first(1)], [8, 8]);
  assertEquals(rig.runs(), 2);
  const counter = new Uint32Array(20 << 20);
  const counting = rig.cached()(function counting(n: number) {
    Reflect.set(counter, 0, counter[0]! + 1);
    return n;
  });
  assertEquals([await counting(1), await counting(1)], [1, 1]);
  const told = rig.events.filter(({ kind }) => kind === "notice").map((event) => JSON.stringify(event));
  assertEquals(told.some((text) => text.includes("counter")), true, told.join("\n"));
});
