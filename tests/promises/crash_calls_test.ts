import { assert, assertEquals } from "@std/assert";
import { totalOf, valueOf } from "../support/call_values.ts";
import { Crew, type Worker } from "../support/call_worker.ts";

const KILLS = Number(Deno.env.get("CACHEPY_CRASH_KILLS") ?? 40);

Deno.test(`${KILLS} callers of nested functions killed at any moment: right values, nothing lost, nothing blocked`, async () => {
  await using crew = await Crew.open();
  const returned: number[] = [];
  let kills = 0;
  /** Starts one caller while another works, and kills each at a random moment. */
  async function killCallers(lane: number, count: number): Promise<void> {
    let following = crew.start();
    for (let i = 0; i < count; i++) {
      const worker: Worker = await following;
      if (i + 1 < count) following = crew.start();
      const begun = Promise.withResolvers<void>();
      worker.onSaid = (said) => {
        begun.resolve();
        const { n, value } = said as { n: number; value: unknown };
        assertEquals(value, totalOf(n));
        returned.push(n);
      };
      // Two lanes share inner calls, and a caller begins again where the one before it was killed.
      const from = Math.max(0, ...returned) + lane;
      const ended = worker.do({ do: "totals", from }).catch(() => {});
      // Some before they have anything, the others while they store one result after the other.
      if (i % 4 > 0) await Promise.race([begun.promise, ended]);
      await new Promise((resolve) => setTimeout(resolve, Math.random() ** 2 * 200));
      await worker.kill();
      await ended;
      kills++;
    }
  }
  await Promise.all([killCallers(0, KILLS >> 1), killCallers(1, KILLS - (KILLS >> 1))]);

  const checker = await crew.start();
  const each = [...new Set(returned)].map((n) => [n]);
  const before = crew.runs("total");
  const beganMs = performance.now();
  const { value } = await checker.do({ do: "calls", fn: "total", each });
  assertEquals((value as { values: unknown[] }).values, each.map(([n]) => totalOf(n!)));
  assertEquals(crew.runs("total"), before, "what a caller was given is a hit");
  // The call that the last ones were killed in is not blocked.
  const next = Math.max(...returned) + 1;
  for (let n = next; n < next + 5; n++) assertEquals((await checker.call("total", n)).value, totalOf(n));
  assert(performance.now() - beganMs < 20_000);
  const repair = await checker.do({ do: "verify", options: { repair: true } });
  const { problems } = repair.value as { problems: { kind: string; detail: string }[] };
  for (const { kind, detail } of problems) {
    assert(["orphan-blob", "leftover-file"].includes(kind), `${kind}: ${detail}`);
  }
  assertEquals(((await checker.do({ do: "verify" })).value as { problems: unknown[] }).problems, []);
  assertEquals((await checker.call("total", next)).value, totalOf(next));
  assertEquals((await checker.call("sized", 1, 100)).value, valueOf(1, 100));
  // deno-lint-ignore no-console -- the count is to be seen in the output of CI
  console.log(`${kills} callers killed, ${each.length} results checked, ${problems.length} leftovers`);
  assertEquals(kills, KILLS);
  assert(each.length > KILLS / 4);
});
