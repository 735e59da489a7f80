import { assertEquals, assertStringIncludes } from "@std/assert";
import { Rig } from "../support/rig.ts";

Deno.test("version invalidates when it changes, and only then", async () => {
  await using rig = await Rig.open();
  const step = (version: string) => rig.cached({ version })((x: number) => x);
  await step("1")(1);
  await step("1")(1);
  assertEquals(rig.runs(), 1);
  await step("2")(1);
  assertEquals(rig.runs(), 2);
  await step("1")(1);
  assertEquals(rig.runs(), 2);
});

Deno.test("envVars: unset, empty and different values differ; other variables do not count", async () => {
  await using rig = await Rig.open();
  const name = "CACHEPY_TEST_DECLARED";
  const step = rig.cached({ envVars: [name], observe: false })(function step() {
    return 1;
  });
  Deno.env.delete(name);
  await step();
  Deno.env.set("CACHEPY_TEST_OTHER", String(Math.random()));
  await step();
  assertEquals(rig.runs(), 1);
  Deno.env.set(name, "");
  await step();
  assertEquals(rig.runs(), 2);
  assertStringIncludes(rig.missed, name);
  Deno.env.set(name, "a");
  await step();
  assertEquals(rig.runs(), 3);
  Deno.env.delete(name);
  await step();
  assertEquals(rig.runs(), 3);
  Deno.env.delete("CACHEPY_TEST_OTHER");
});

Deno.test("dependsOnFiles: content of files and folders, absent ones too", async () => {
  await using rig = await Rig.open();
  const model = await rig.write("model.bin", "1");
  await rig.write("params/a.json", "{}");
  const step = rig.cached({ dependsOnFiles: [model, rig.path("params"), rig.path("absent")] })(function step() {
    return 1;
  });
  await step();
  await Deno.utime(model, new Date(), new Date());
  await rig.write("unrelated.txt", "");
  await step();
  assertEquals(rig.runs(), 1);
  await rig.write("model.bin", "2");
  await step();
  assertStringIncludes(rig.missed, "model.bin");
  await rig.write("params/a.json", "[]");
  await step();
  await rig.write("absent", "");
  await step();
  assertEquals(rig.runs(), 4);
});

Deno.test("dependsOnVars takes values, or a function that is asked at every call", async () => {
  await using rig = await Rig.open();
  const byValue = (rate: number) => rig.cached({ name: "byValue", dependsOnVars: { rate } })(() => 1);
  await byValue(1)();
  await byValue(1)();
  await byValue(2)();
  assertEquals(rig.runs("byValue"), 2);
  assertStringIncludes(rig.missed, "rate");
  const settings = { rate: 1 };
  const byFunction = rig.cached({ dependsOnVars: () => ({ rate: settings.rate }) })(function byFunction() {
    return 1;
  });
  await byFunction();
  await byFunction();
  assertEquals(rig.runs("byFunction"), 1);
  settings.rate = 2;
  await byFunction();
  assertEquals(rig.runs("byFunction"), 2);
});

Deno.test("functions held in dependsOnVars count by their code", async () => {
  await using rig = await Rig.open();
  const step = (transform: (x: number) => number) => rig.cached({ dependsOnVars: { transform } })(() => 1);
  await step((x) => x + 1)();
  await step((x) => x + 1)();
  assertEquals(rig.runs(), 1);
  await step((x) => x + 2)();
  assertEquals(rig.runs(), 2);
});
