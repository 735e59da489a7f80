import { assertEquals } from "@std/assert";
import { faultsOf } from "../support/program_pairs.ts";

Deno.test('with track: "source", globals of the program and changes of built-in objects are named in one notice', async () => {
  assertEquals(
    await faultsOf([
      {
        name: "global data",
        text: `globalThis.RATE = 2; await t(source(function f(x) { return x * RATE; }), 3);`,
        edits: [["RATE = 2", "RATE = 3"]],
        named: "RATE",
        runs: 0,
      },
      {
        name: "global member",
        text: `globalThis.RATE = 2; await t(source(function f(x) { return x * globalThis.RATE; }), 3);`,
        edits: [["RATE = 2", "RATE = 3"]],
        named: "globalThis.RATE",
        runs: 0,
      },
      {
        name: "math",
        text: `Math.TAU = 2; await t(source(function f(x) { return x * Math.TAU; }), 3);`,
        edits: [["TAU = 2", "TAU = 3"]],
        named: "Math.TAU",
        runs: 0,
      },
      {
        name: "proto",
        text: `Array.prototype.rate = 2; await t(source(function f(x) { return x.rate; }), []);`,
        edits: [["rate = 2", "rate = 3"]],
        named: "Array.prototype.rate",
        runs: 0,
      },
      {
        name: "folded",
        text: `const a = 1; globalThis.RATE = 2; await t(source(function f(x) { return x * RATE * a; }), 3);`,
        edits: [["RATE = 2", "RATE = 3"]],
        named: "RATE, a",
        runs: 0,
      },
      {
        name: "quiet",
        text: `
await t(source(function f(x) { return [Math.max(x, 1), JSON.stringify(x), new URL('http://a').href, globalThis.Math.min(x, 2), undefined, structuredClone(x)]; }), 3);
`,
        runs: 0,
      },
      {
        name: "super",
        text: `class A { m() { return super.toString(); } } await t(source(A.prototype.m));`,
        named: "super",
        runs: 0,
      },
    ]),
    {},
  );
});
