import { assertEquals } from "@std/assert";
import { Rig } from "../support/rig.ts";

Deno.test("waitMs bounds the wait for another caller in the same process, which is said", async () => {
  await using rig = await Rig.open();
  const gate = Promise.withResolvers<void>();
  const begun: number[] = [];
  const wait = () => gate.promise;
  const slow = rig.cached({ waitMs: 20, ignoreCode: ["wait", "begun"] })(async function slow(x: number) {
    begun.push(x);
    if (begun.length === 1) await wait();
    return x + 1;
  });
  const first = slow(1);
  while (begun.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([await slow(1), begun.length], [2, 2]);
  assertEquals(rig.of("lock-wait").map(({ gaveUp, holder }) => [gaveUp, holder]), [
    [true, "another caller in this process"],
  ]);
  gate.resolve();
  assertEquals(await first, 2);
  assertEquals(await slow(1), 2);
  assertEquals(begun.length, 2);
});

Deno.test("without waitMs, callers in one process share the run for as long as it takes", async () => {
  await using rig = await Rig.open();
  const slow = rig.cached()(async function slow(x: number) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    return x + 1;
  });
  assertEquals(await Promise.all([slow(1), slow(1), slow(1)]), [2, 2, 2]);
  assertEquals([rig.runs(), rig.of("lock-wait")], [1, []]);
});
