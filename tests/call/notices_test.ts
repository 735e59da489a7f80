import { assertEquals } from "@std/assert";
import { cacheInfo } from "@bimsb/cachepy";
import { Rig } from "../support/rig.ts";

class Connection {
  #close = () => {};
  close(): void {
    this.#close();
  }
}

/** Functions of which users are warned, each with arguments. */
const WARNED: readonly (readonly [name: string, fn: (given: unknown) => unknown, given: unknown])[] = [
  ["a view of a larger buffer in the result", () => new Uint8Array(new ArrayBuffer(64), 8, 8), 1],
  ["an argument that is changed", (given) => (given as number[]).push(1), Object.freeze([1]).slice()],
  ["a handle in an argument", (given) => typeof given, { connection: new Proxy({}, {}) }],
  ["a function among the arguments whose code cannot be followed", (given) => typeof given, {
    run: () => eval("1"),
  }],
  ["a blind function among the arguments", (given) => typeof given, { run: () => new Deno.Command("true") }],
  ["state", () => ++calls, 1],
  ["a captured handle", () => typeof proxy, 1],
  ["an instance with private members", (given) => typeof given, new Connection()],
];

let calls = 0;
const proxy = new Proxy({}, {});

Deno.test("what a warning says is in why().notices and in the entry's notices, too", async (t) => {
  for (const [name, fn, given] of WARNED) {
    await t.step(name, async () => {
      await using rig = await Rig.open();
      const step = rig.cached({ name: "step" })(fn);
      await step(given);
      const told = rig.of("notice").map(({ detail }) => detail);
      const { notices, key } = await step.why(given);
      assertEquals(told.filter((detail) => !notices.includes(detail)), []);
      if (rig.of("stored").length === 0) return;
      const { meta } = await cacheInfo(rig.cacheDir, rig.of("stored")[0]!.key ?? key);
      assertEquals(told.filter((detail) => !meta.notices.includes(detail)), []);
    });
  }
});

Deno.test("an input that changes while a function runs is named by why(), since nothing was stored", async () => {
  await using rig = await Rig.open();
  const limits = { rate: 1 };
  const step = rig.cached({ name: "step" })(async function step(given: number) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return given * limits.rate;
  });
  const running = step(2);
  await new Promise((resolve) => setTimeout(resolve, 0));
  while (rig.of("miss").length === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  limits.rate = 2;
  await running;
  const { notices } = await step.why(2);
  assertEquals(rig.of("raced").length, 1);
  assertEquals(notices.some((notice) => notice.includes("changed while it ran")), true);
});
