/** Copies of arguments are made only where the function cannot tell them from the arguments themselves. */
import { assertEquals } from "@std/assert";
import { Rig } from "../support/rig.ts";

Deno.test("an argument that the receiver holds is the same object for the method", async () => {
  await using rig = await Rig.open();
  class Tree {
    nodes: { name: string; seen?: boolean }[] = [{ name: "r" }, { name: "k" }];
    byNode = new Map([[this.nodes[1], 7]]);
    look = rig.cached()(async function look(this: Tree, node: object) {
      return await Promise.resolve([this.nodes.indexOf(node as never), this.byNode.get(node as never)]);
    });
    mark = rig.cached()(function mark(this: Tree, node: { seen?: boolean }) {
      node.seen = true;
      return this.nodes[1]!.seen;
    });
  }
  const tree = new Tree();
  assertEquals(await tree.look(tree.nodes[1]!), [1, 7]);
  assertEquals(await tree.mark(tree.nodes[1]!), true);
});

Deno.test("an argument that the function keeps, or looks up in what it keeps, is the same object", async () => {
  await using rig = await Rig.open();
  let last: unknown;
  const isLast = rig.cached({ ignoreCode: ["last"] })(function isLast(o: object, _n: number) {
    const same = o === last;
    last = o;
    return same;
  });
  const one = {};
  assertEquals([await isLast(one, 1), await isLast(one, 2), await isLast({}, 3)], [false, true, false]);
});

Deno.test("a loop over one object gives each call what it held, also for a URL and beside a signal", async () => {
  await using rig = await Rig.open();
  const pathOf = rig.cached()(function pathOf(url: URL) {
    return url.pathname;
  });
  const url = new URL("http://a/");
  const paths: Promise<string>[] = [];
  for (let turn = 0; turn < 3; turn++) {
    url.pathname = `/${turn}`;
    paths.push(pathOf(url));
  }
  assertEquals(await Promise.all(paths), ["/0", "/1", "/2"]);
  const first = rig.cached()(function first(bytes: Uint8Array, _options: { signal: AbortSignal }) {
    return bytes[0];
  });
  const bytes = new Uint8Array(1);
  const firsts: Promise<number | undefined>[] = [];
  for (let turn = 0; turn < 3; turn++) {
    bytes[0] = turn;
    firsts.push(first(bytes, { signal: new AbortController().signal }));
  }
  assertEquals(await Promise.all(firsts), [0, 1, 2]);
});

Deno.test("a copy is what the argument is, also where a prototype hides it", async () => {
  await using rig = await Rig.open();
  const isArray = rig.cached()(function isArray(o: unknown) {
    return Array.isArray(o);
  });
  assertEquals(await isArray(Object.setPrototypeOf([1], Object.prototype)), true);
  const tag = rig.cached()(function tag(bytes: Uint8Array) {
    return (bytes.buffer as ArrayBuffer & { tag?: string }).tag;
  });
  const bytes = new Uint8Array(1);
  Object.assign(bytes.buffer, { tag: "t" });
  assertEquals(await tag(bytes), "t");
});

Deno.test("an argument that cannot be looked at costs no result", async () => {
  await using rig = await Rig.open();
  const use = rig.cached()(function use(_o: object) {
    return 1;
  });
  const fail = (): never => {
    throw new Error("not now");
  };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  class Bytes extends Uint8Array<ArrayBuffer> {
    override get buffer(): never {
      return fail();
    }
  }
  const values = [
    new Proxy({}, { ownKeys: fail, getOwnPropertyDescriptor: fail, getPrototypeOf: fail }),
    { a: revoked.proxy },
    new Bytes(new ArrayBuffer(2)),
    Object.setPrototypeOf(new Date(), null),
    Object.defineProperty(new Error("x"), "message", { get: fail }),
    Object.defineProperty(new Error("x"), "name", { get: fail }),
  ];
  for (const value of values) assertEquals(await use(value), 1);
});

Deno.test("a codec that cannot encode an argument or a captured value costs no result and no tracking", async () => {
  await using rig = await Rig.open();
  class Odd {
    constructor(readonly n: number) {}
  }
  const codec = {
    name: "Odd",
    is: (value: unknown) => value instanceof Odd,
    encode: ({ n }: Odd) => {
      if (n % 2 === 0) throw new TypeError("it is even");
      return n;
    },
    decode: (n: number) => new Odd(n),
  };
  const get = rig.cached({ codecs: [codec] })(function get(odd: Odd) {
    return odd.n;
  });
  assertEquals([await get(new Odd(1)), await get(new Odd(2))], [1, 2]);
  const [said] = rig.of("notice").map(({ detail }) => detail);
  assertEquals(
    said?.includes("Cannot use odd as an input: got a value that its codec cannot encode: it is even"),
    true,
  );

  const even = new Odd(2);
  const make = (rate: number) =>
    rig.cached({ codecs: [codec] })(function captures() {
      return even.n * rate;
    });
  assertEquals([await make(2)(), await make(3)()], [4, 6]);

  const again = { name: "Again", is: codec.is, encode: ({ n }: Odd) => new Odd(n), decode: (odd: Odd) => odd };
  const endless = rig.cached({ codecs: [again] })(function endless() {
    return new Odd(1);
  });
  assertEquals((await endless()).n, 1);
  const failed = rig.of("save-failed").at(-1);
  assertEquals(failed?.detail.includes("whose data is a value of a codec again"), true);
});
