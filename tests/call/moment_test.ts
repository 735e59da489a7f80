/** Inputs count as they are when the call is made, whatever happens to them later; what cannot be an input costs nothing. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Rig } from "../support/rig.ts";

const later = (ms = 5) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("a buffer that the caller fills again for each call is each time another argument", async () => {
  await using rig = await Rig.open();
  const first = rig.cached()(function first(bytes: Uint8Array) {
    return bytes[0];
  });
  const buffer = new Uint8Array(4);
  for (let round = 0; round < 2; round++) {
    const calls: Promise<number | undefined>[] = [];
    for (let at = 0; at < 3; at++) {
      buffer[0] = at;
      calls.push(first(buffer));
    }
    assertEquals(await Promise.all(calls), [0, 1, 2]);
  }
  assertEquals(rig.runs(), 3);
});

/** Kinds of arguments, each with a change that the function would see. */
const CHANGED: Readonly<Record<string, () => { value: unknown; change: () => void }>> = {
  "a member": () => {
    const value = { n: 1 };
    return { value, change: () => void (value.n = 2) };
  },
  "a member far inside": () => {
    const value = { a: [{ n: 1 }] };
    return { value, change: () => void (value.a[0]!.n = 2) };
  },
  "an element": () => {
    const value = [1];
    return { value, change: () => void value.push(2) };
  },
  "a Map": () => {
    const value = new Map([[1, 1]]);
    return { value, change: () => void value.set(1, 2) };
  },
  "a Set": () => {
    const value = new Set([1]);
    return { value, change: () => void value.add(2) };
  },
  "a Date": () => {
    const value = new Date(1);
    return { value, change: () => void value.setTime(2) };
  },
  "floats": () => {
    const value = new Float64Array([1]);
    return { value, change: () => void (value[0] = 2) };
  },
};

for (const [kind, make] of Object.entries(CHANGED)) {
  Deno.test(`a caller that changes ${kind} at any moment after the call changes no answer`, async () => {
    const text = (value: unknown) => Deno.inspect(value, { depth: 9 });
    for (const when of ["at once", "in a microtask", "in 1 ms", "while it runs"]) {
      await using rig = await Rig.open();
      let start = Promise.withResolvers<void>(), go = Promise.withResolvers<void>();
      const gate = { wait: () => (start.resolve(), go.promise) };
      const slow = rig.cached({ ignoreCode: ["wait"], dependsOnVars: {} })(async function slow(value: unknown) {
        await gate.wait();
        return Deno.inspect(value, { depth: 9 });
      });
      const { value, change } = make();
      const before = text(value);
      const call = slow(value);
      if (when === "at once") change();
      if (when === "in a microtask") queueMicrotask(change);
      if (when === "in 1 ms") setTimeout(change, 1);
      await start.promise;
      if (when === "while it runs") change();
      await later();
      go.resolve();
      assertEquals(await call, before, when);

      start = Promise.withResolvers();
      go = Promise.withResolvers();
      go.resolve();
      assertEquals(await slow(make().value), before, `${when}: the value as it was`);
      assertEquals(await slow(value), text(value), `${when}: the changed value`);
    }
  });
}

Deno.test("an instance that the caller changes while the function runs is returned and not stored", async () => {
  await using rig = await Rig.open();
  class Sensor {
    constructor(public reading: number) {}
  }
  const gate = { wait: () => Promise.resolve() };
  const read = rig.cached()(async function read(sensor: Sensor) {
    await gate.wait();
    await new Promise((resolve) => setTimeout(resolve, 20));
    return sensor.reading;
  });
  const sensor = new Sensor(1);
  const call = read(sensor);
  setTimeout(() => sensor.reading = 2, 5);
  await call;
  assertEquals(await read(new Sensor(1)), 1);
  assertEquals(await read(new Sensor(2)), 2);
});

Deno.test("a function that changes its argument leaves the caller's as it is, on a miss as on a hit, and is told", async () => {
  await using rig = await Rig.open();
  const sorted = rig.cached()(function sorted(numbers: number[]) {
    return numbers.sort((a, b) => a - b).join();
  });
  for (let round = 0; round < 2; round++) {
    const numbers = [3, 1, 2];
    assertEquals(await sorted(numbers), "1,2,3");
    assertEquals(numbers, [3, 1, 2]);
  }
  assertEquals(rig.runs(), 1);
  const notices = rig.of("notice").map(({ detail }) => detail);
  assertEquals(notices.length, 1);
  assert(notices[0]?.includes("it changes an argument, of which it has a copy; its caller sees no change"), notices[0]);
});

Deno.test("a function that changes what it made of its argument is told nothing", async () => {
  await using rig = await Rig.open();
  const sorted = rig.cached({ ignoreArgs: ["log"] })(function sorted(rows: { at: Date; xs: number[] }, log: string[]) {
    log.push("sorted");
    return rows.xs.toSorted((a, b) => a - b).concat([...rows.xs].reverse(), new Date(rows.at).setHours(0)).length;
  });
  assertEquals(await sorted({ at: new Date(0), xs: [3, 1, 2] }, []), 7);
  assertEquals(rig.runs(), 1);
  assertEquals(rig.of("notice"), []);
});

Deno.test("a method that changes its receiver is told that a hit does not", async () => {
  await using rig = await Rig.open();
  class Cart {
    items: string[] = [];
    total = 0;
  }
  const add = rig.cached()(function add(cart: Cart, item: string) {
    cart.items.push(item);
    return cart.items.length;
  });
  assertEquals(await add(new Cart(), "pen"), 1);
  assertEquals(await add(new Cart(), "pen"), 1);
  assertEquals(rig.runs(), 1);
  const [notice] = rig.of("notice").map(({ detail }) => detail);
  assert(notice?.includes("it changes an argument or its receiver; a hit does not"), notice);
});

Deno.test("an argument that cannot be an input: the function runs uncached, which is said once", async () => {
  for (const make of [() => Promise.resolve(1), () => new WeakMap(), () => new ReadableStream()]) {
    await using rig = await Rig.open();
    const step = rig.cached()(function step(options: { user: { value: unknown } }, n: number) {
      return [typeof options.user.value, n];
    });
    for (let round = 0; round < 2; round++) assertEquals(await step({ user: { value: make() } }, 2), ["object", 2]);
    assertEquals(rig.kinds().filter((kind) => kind === "hit" || kind === "miss"), []);
    const said = rig.of("notice").map(({ detail }) => detail);
    assertEquals(said.length, 2);
    assert(
      said.every((text) => /^it runs uncached: Cannot use options\.user\.value as .*ignoreArgs/s.test(text)),
      said[0],
    );
  }
});

Deno.test("a call around one that runs uncached is not stored; what the uncached one reads is no concern of others", async () => {
  await using rig = await Rig.open();
  const inner = rig.cached()(async function inner(wait: Promise<number>) {
    return await wait;
  });
  let n = 1;
  const give = () => n;
  const outer = rig.cached({ ignoreCode: ["give"] })(async function outer() {
    return await inner(Promise.resolve(give()));
  });
  assertEquals(await outer(), 1);
  n = 2;
  assertEquals(await outer(), 2);
  assertEquals(rig.runs("outer"), 2);
});

Deno.test("an error of a function that runs uncached reaches the caller, also from a receiver that counts no calls", async () => {
  await using rig = await Rig.open();
  const fail = rig.cached()(function fail(_wait: Promise<void>) {
    throw new RangeError("too far");
  });
  await assertRejects(() => fail(Promise.resolve()), RangeError, "too far");
});

Deno.test("ignoreArgs takes paths into an argument, and the receiver", async () => {
  await using rig = await Rig.open();
  const load = rig.cached({ ignoreArgs: ["options.wait"] })(function load(options: { n: number; wait: unknown }) {
    return options.n;
  });
  assertEquals(await load({ n: 1, wait: Promise.resolve() }), 1);
  assertEquals(await load({ n: 1, wait: new WeakMap() }), 1);
  assertEquals(rig.runs("load"), 1);
  assertEquals(await load({ n: 2, wait: null }), 2);
  assertEquals(rig.runs("load"), 2);

  const method = rig.cached({ ignoreArgs: ["this"] })(function method(this: { n: number }, m: number) {
    return m + (this.n > 0 ? 0 : 1);
  });
  assertEquals(await method.call({ n: 1 }, 5), 5);
  assertEquals(await method.call({ n: 2 }, 5), 5);
  assertEquals(rig.runs("method"), 1);
  assertEquals(await method.call({ n: 2 }, 6), 6);
  assertEquals(rig.runs("method"), 2);
});

Deno.test("an AbortSignal is no input: any signal is the same call", async () => {
  await using rig = await Rig.open();
  const get = rig.cached()(function get(n: number, { signal }: { signal: AbortSignal }) {
    signal.throwIfAborted();
    return n;
  });
  assertEquals(await get(1, { signal: new AbortController().signal }), 1);
  assertEquals(await get(1, { signal: AbortSignal.timeout(10_000) }), 1);
  assertEquals(rig.runs(), 1);
});

Deno.test("a signal that is aborted ends the call with its reason, and nothing is stored", async () => {
  await using rig = await Rig.open();
  const begun = { tell: () => {} };
  const get = rig.cached({ ignoreCode: ["begun"] })(async function get(n: number, { signal }: { signal: AbortSignal }) {
    begun.tell();
    await new Promise((resolve) => setTimeout(resolve, 30));
    return signal.aborted ? "half" : `whole ${n}`;
  });
  const early = new AbortController();
  early.abort(new Error("no need"));
  await assertRejects(() => get(1, { signal: early.signal }), Error, "no need");
  assertEquals(rig.runs(), 0);

  const late = new AbortController();
  begun.tell = () => void setTimeout(() => late.abort(new Error("stopped")), 10);
  const call = get(1, { signal: late.signal });
  assertEquals(await call, "half"); // the function decides what it does with its signal
  begun.tell = () => {};
  assertEquals(await get(1, { signal: new AbortController().signal }), "whole 1");
  assertEquals(rig.runs(), 2);
});

Deno.test("a signal ends the wait of one caller for another's run; the run goes on for the other", async () => {
  await using rig = await Rig.open();
  const started = Promise.withResolvers<void>(), end = Promise.withResolvers<void>();
  const gate = { enter: () => (started.resolve(), end.promise) };
  const get = rig.cached({ ignoreCode: ["enter"] })(async function get(n: number, _signal: AbortSignal) {
    await gate.enter();
    return n;
  });
  const stays = get(1, new AbortController().signal);
  await started.promise;
  const leaver = new AbortController();
  const leaves = get(1, leaver.signal);
  setTimeout(() => leaver.abort(new Error("left")), 10);
  await assertRejects(() => leaves, Error, "left");
  end.resolve();
  assertEquals(await stays, 1);
  assertEquals(rig.runs(), 1);
});

Deno.test("a signal that aborts before the function begins ends the call", async () => {
  await using rig = await Rig.open();
  const wait = rig.cached()(async function wait(_n: number, signal: AbortSignal) {
    await new Promise<void>((done, fail) => {
      const timer = setTimeout(done, 2000);
      signal.addEventListener("abort", () => {
        clearTimeout(timer);
        fail(signal.reason);
      });
    });
    return "done";
  });
  for (let turns = 0; turns < 24; turns++) {
    const control = new AbortController();
    const call = wait(turns, control.signal).catch((error) => error.message);
    for (let turn = 0; turn < turns; turn++) await null;
    control.abort(new Error("stop"));
    assertEquals(await call, "stop", `${turns} turns`);
  }
  assertEquals(rig.of("stored").length, 0);
});
