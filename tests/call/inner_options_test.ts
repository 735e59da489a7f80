/** Options of single calls that are made within other calls, and options that meet. */
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { cacheClear } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

Deno.test("an inner call with an age of its own expires by it, whatever other call of the same kind was made", async () => {
  await using rig = await Rig.open();
  const clock = rig.cached()(async function clock() {
    return await Promise.resolve(performance.now());
  });
  const aged = async () => await clock.with({ maxAge: 150 })();
  const orders = {
    after: async () => [await clock(), await aged()].at(-1),
    before: async () => [await aged(), await clock()].at(0),
    between: async () => (await Promise.all([clock.with({ maxAge: 1e6 })(), aged(), clock()]))[1],
  };
  for (const [name, fn] of Object.entries(orders)) {
    const outer = rig.cached({ name, version: name })(fn);
    await clock.with({ force: true })();
    const first = await outer();
    await pause(200);
    assertNotEquals(await outer(), first, name);
    assertEquals(rig.of("miss").at(-1)?.fname, name);
  }
});

Deno.test("an inner call without an age limit uses the old result of a function that has one", async () => {
  await using rig = await Rig.open();
  const clock = rig.cached({ maxAge: 80 })(async function clock() {
    return await Promise.resolve(performance.now());
  });
  const outer = rig.cached()(async function outer() {
    return await clock.with({ maxAge: Infinity })();
  });
  await outer();
  await pause(120);
  await outer();
  assertEquals(rig.ran(), ["clock", "outer"]);
});

Deno.test("an inner call that asks not to be stored is not stored either when its outer call is verified", async () => {
  await using rig = await Rig.open();
  const inner = rig.cached()(async function inner(x: number) {
    return await Promise.resolve(x + performance.now());
  });
  const outer = rig.cached()(async function outer(x: number) {
    return await inner.with({ skipSave: true })(x);
  });
  for (let round = 0; round < 3; round++) {
    await outer(1);
    assertEquals(await inner.has(1), false);
  }
});

const WAYS = ["put", "forget", "force", "clear", "cacheClear", "expired", "refused"] as const;

for (const way of WAYS) {
  Deno.test(`a result that is replaced through another wrapping of equal code reaches outer functions: ${way}`, async () => {
    await using rig = await Rig.open();
    async function rate(day: string) {
      return await Promise.resolve(`${day} ${performance.now()}`);
    }
    const forReport = rig.cached({ name: "forReport" })(rate);
    const options = way === "expired" ? { maxAge: 0 } : way === "refused" ? { validate: () => false } : {};
    const forAdmin = rig.cached({ name: "forAdmin", ...options })(rate);
    const report = rig.cached()(async function report(day: string) {
      return `report of ${await forReport(day)}`;
    });
    const other = rig.cached()(async function other(x: number) {
      return await Promise.resolve(x);
    });
    await other(1);
    const before = [await forAdmin("mon"), await report("mon")];
    if (way === "put") await forAdmin.put(["mon"], "corrected");
    else if (way === "force") await forAdmin.with({ force: true })("mon");
    else if (way === "cacheClear") await cacheClear(rig.cacheDir, { fname: "forAdmin" });
    else if (way === "expired" || way === "refused") await forAdmin("mon");
    else if (way === "forget") await forAdmin.forget("mon");
    else await forAdmin.clear();
    const after = [await forReport("mon"), await report("mon")];
    assertEquals(after[1], `report of ${after[0]}`);
    assertNotEquals(after, before);
    rig.forgetEvents();
    assertEquals([await report("mon"), await other(1)], [after[1], 1]);
    assertEquals(rig.kinds(), ["hit", "hit"], "and then all is as before");
  });
}

Deno.test("an expired result that validate refuses is not used, also where expired ones may be", async () => {
  await using rig = await Rig.open();
  let isGood = true;
  const options = { maxAge: 60, staleWhileRevalidate: true, validate: () => isGood };
  const clock = rig.cached(options)(async function clock() {
    return await Promise.resolve(performance.now());
  });
  const first = await clock();
  await pause(80);
  assertEquals(await clock(), first, "one that is not refused is used");
  await pause(80);
  isGood = false;
  const [event, value] = [rig.events.length, await clock()];
  assertNotEquals(value, first);
  assertEquals(rig.events.slice(event).some(({ kind }) => kind === "hit"), false);
});

Deno.test("a call that asks for an age gets no older result, also where expired ones may be used", async () => {
  await using rig = await Rig.open();
  for (const staleWhileRevalidate of [true, "1h"] as const) {
    const name = `clock ${staleWhileRevalidate}`;
    const clock = rig.cached({ maxAge: "1h", staleWhileRevalidate, name, version: name })(async function clock() {
      return await Promise.resolve(performance.now());
    });
    const first = await clock();
    await pause(30);
    assertNotEquals(await clock.with({ maxAge: 10 })(), first);
  }
});

Deno.test("an expired result that cannot be renewed is computed in front, where its run is of use", async () => {
  await using rig = await Rig.open();
  const fn = async function clock() {
    return await Promise.resolve(performance.now());
  };
  const first = await rig.cached()(fn)();
  const reader = rig.cached({ maxAge: 0, staleWhileRevalidate: true, readOnly: true })(fn);
  const second = await reader();
  assert(second > first);
  assertEquals(rig.ran(), ["clock", "clock"]);
});

Deno.test("what a listener throws costs no call and no process, whatever it is", async () => {
  const thrown = [
    Object.create(null),
    Proxy.revocable({}, {}),
    Object.defineProperty(new Error(), "message", {
      get: () => {
        throw new Error("no message");
      },
    }),
    {
      toString: () => {
        throw new Error("no text");
      },
    },
  ].map((one) => "revoke" in one ? (one.revoke(), one.proxy) : one);
  for (const error of thrown) {
    for (
      const onEvent of [() => {
        throw error;
      }, () => Promise.reject(error)]
    ) {
      await using rig = await Rig.open({ onEvent });
      const step = rig.cached()(function step(x: number) {
        return x;
      });
      assertEquals([await step(1), await step(1)], [1, 1]);
    }
    await using rig = await Rig.open();
    const step = rig.cached({
      validate: () => {
        throw error;
      },
    })(function step(x: number) {
      return x;
    });
    assertEquals([await step(1), await step(1)], [1, 1]);
  }
});
