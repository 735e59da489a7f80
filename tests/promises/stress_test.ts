import { assert, assertEquals } from "@std/assert";
import { totalOf, valueOf } from "../support/call_values.ts";
import { Crew, type Worker } from "../support/call_worker.ts";

/** Calls of each process, and how long at most. */
const CALLS = Number(Deno.env.get("CACHEPY_STRESS_CALLS") ?? 2000);
const SECONDS = Number(Deno.env.get("CACHEPY_STRESS_SECONDS") ?? 5);
const PROCESSES = 16;
const SIZES = [10, 3000, 70_000];

Deno.test(`${PROCESSES} processes hit, miss, force, prune, clear and verify one cache for ${SECONDS} s: no wrong value, no error, no loss`, async () => {
  await using crew = await Crew.open();
  const workers = await crew.startAll(PROCESSES);
  const counts: Record<string, number> = {};
  const endMs = performance.now() + SECONDS * 1000;

  async function oneStep(worker: Worker): Promise<number> {
    const dice = Math.random();
    const kind = dice < 0.9
      ? "call"
      : dice < 0.97
      ? "force"
      : dice < 0.985
      ? "prune"
      : dice < 0.99
      ? "clear"
      : "verify";
    counts[kind] = (counts[kind] ?? 0) + 1;
    if (kind === "prune" || kind === "clear" || kind === "verify") {
      const { value, error } = await worker.do(
        kind === "prune" ? { do: kind, options: { maxBytes: 500_000 } } : { do: kind },
      );
      assertEquals(error, undefined, kind);
      if (kind === "verify") {
        assertEquals((value as { problems: unknown[] }).problems, []);
      }
      return 1;
    }
    if (Math.random() < 0.2) {
      const n = Math.floor(Math.random() * 60);
      const { value, error } = await worker.call("total", n);
      assertEquals([error, value], [undefined, totalOf(n)]);
      return 1;
    }
    const n = Math.floor(Math.random() * 120);
    const size = SIZES[n % 3]!;
    const options = kind === "force" ? { force: true } : undefined;
    const { value, error } = await worker.do({
      do: "call",
      fn: "sized",
      args: [n, size],
      ...(options === undefined ? {} : { options }),
    });
    assertEquals([error, value], [undefined, valueOf(n, size)]);
    return 1;
  }

  const made = await Promise.all(workers.map(async (worker) => {
    let calls = 0;
    while (calls < CALLS && performance.now() < endMs) calls += await oneStep(worker);
    return calls;
  }));

  // What is stored now, while nobody removes, is there for everybody.
  for (let n = 0; n < 20; n++) await workers[n % PROCESSES]!.call("sized", n, SIZES[n % 3]);
  for (let n = 0; n < 20; n++) {
    const { value, events } = await workers[(n + 7) % PROCESSES]!.call("sized", n, SIZES[n % 3]);
    assertEquals(value, valueOf(n, SIZES[n % 3]!));
    assertEquals(events.filter(({ kind }) => kind === "run").length, 0, `entry ${n} is lost`);
  }
  const { value } = await workers[0]!.do({ do: "verify" });
  assertEquals((value as { problems: unknown[] }).problems, []);
  const total = made.reduce((sum, calls) => sum + calls, 0);
  // deno-lint-ignore no-console -- the count is to be seen in the output of CI
  console.log(`${total} calls of ${PROCESSES} processes: ${JSON.stringify(counts)}; verify found nothing wrong`);
  assert(total >= PROCESSES);
});
