import { assert, assertEquals } from "@std/assert";
import { parseConfig } from "../../src/options/config.ts";
import { CacheTypeError } from "../../src/words/errors.ts";

/** Inputs tried; set CACHEPY_FUZZ to a number for more. */
const INPUTS = Number(Deno.env.get("CACHEPY_FUZZ") ?? 20_000);

const SEEDS = [
  "cacheDir: ./x\nfileArgs: [a, b]\nverbose: true\nmaxBytes: 2GiB\n",
  "dependsOnVars:\n  rate: 0.5\n  nested: {a: [1, 2, {b: c}]}\nfilePattern: '\\.csv$'\n",
  "a: &a [1, 2]\nb: &b [*a, *a]\ndependsOnVars: {x: *b, y: *b}\n",
  "? [complex, key]\n: value\n!!binary aGVsbG8=: 1\n%YAML 1.2\n---\n...\n",
  "version: |\n  text\n   more\nname: >-\n  folded\n  text\n__proto__: {a: 1}\nconstructor: 1\n<<: {b: 1}\n",
  "{version: 'it''s', name: \"\\x41\\u00e9\\U0001F600\", env_vars: [HOME,], wait_ms: 0x10, max_traces: .inf}",
];
const PIECES = [
  ..."{}[]:,-?&*!|>'\"%@`#~<\\\n\t \0\uFEFF\u2028",
  ...["\n  ", "\r\n", ": ", "- ", "&a ", "*a", "!!map ", "!<tag>", "<<: ", "---\n", "...\n", "null", "true", "1e999"],
  ...["0x", "__proto__: ", "constructor: ", "cacheDir: ", "dependsOnVars: ", "2001-01-01", "\ud800", "é"],
];

/** Numbers from 0 to 2³², the same in every run (mulberry32). */
function randomNumbers(seed: number): (below: number) => number {
  return (below) => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

function mutate(text: string, random: (below: number) => number): string {
  for (let edits = random(6) + 1; edits > 0; edits--) {
    const at = random(text.length + 1);
    const length = random(8);
    const piece = PIECES[random(PIECES.length)] ?? "";
    switch (random(5)) {
      case 0:
        text = text.slice(0, at) + text.slice(at + length);
        break;
      case 1:
        text = text.slice(0, at) + piece.repeat(random(20) === 0 ? 500 : 1) + text.slice(at);
        break;
      case 2:
        text = text.slice(0, at) + String.fromCharCode(random(256)) + text.slice(at + 1);
        break;
      case 3:
        text += text.slice(at, at + 40);
        break;
      default:
        text = text.slice(0, at) + piece + text.slice(at + length);
    }
  }
  return text;
}

Deno.test(`${INPUTS} damaged configuration files give options or ERR_CONFIG, quickly, and pollute nothing`, async () => {
  const random = randomNumbers(20_260_101);
  const prototypes = [Object.prototype, Array.prototype, Function.prototype].map((one) => Reflect.ownKeys(one).length);
  let accepted = 0;
  let slowestMs = 0;
  for (let index = 0; index < INPUTS; index++) {
    const text = mutate(SEEDS[index % SEEDS.length] ?? "", random);
    const startMs = performance.now();
    try {
      const options = await parseConfig(text, "/project/cachepy.yml");
      assertEquals(Object.getPrototypeOf(options) === Object.prototype, true);
      accepted++;
    } catch (error) {
      assert(error instanceof CacheTypeError && error.code === "ERR_CONFIG", `${JSON.stringify(text)}: ${error}`);
      assert(/^\/project\/cachepy\.yml:\d+: ./.test(error.message), error.message);
      assert(error.message.length < 1000, error.message);
    }
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
  }
  const after = [Object.prototype, Array.prototype, Function.prototype].map((one) => Reflect.ownKeys(one).length);
  assertEquals(after, prototypes);
  assert(accepted > INPUTS / 100, `only ${accepted} were accepted: the seeds are not what options look like`);
  assert(slowestMs < 5000, `the slowest took ${slowestMs} ms`);
});

const HOSTILE: [what: string, text: string][] = [
  ...["[", "{", "? ", "- ", "a: ", "&a ", "!", "'", '"', "%", "#", "\n", " ", "*a ", "|\n", "\\", "[[],", "a: {b: "]
    .map(
      (piece): [string, string] => [`${JSON.stringify(piece)} without end`, piece.repeat(60_000 / piece.length)],
    ),
  ["a key of 60,000 characters", `${"x".repeat(60_000)}: 1`],
  ["blanks before an empty key", `${" ".repeat(60_000)}\n'': 1`],
  ["10,000 keys", Array.from({ length: 8000 }, (_, index) => `k${index}:`).join("\n")],
  ["a merge of many into many", `a: &a {${"b:,".repeat(9000)}}\n<<: [${"*a,".repeat(9000)}]`],
  [
    "nested aliases",
    Array.from({ length: 1000 }, (_, i) => `k${i}: &k${i} [*k${i - 1},*k${i - 1}]`).join("\n").replaceAll("*k-1", "1"),
  ],
  ["a long number", `maxBytes: ${"9".repeat(60_000)}`],
  ["a slow pattern for numbers", `version: ${"1_".repeat(30_000)}x`],
  ["escapes", `version: "${"\\x41".repeat(15_000)}"`],
];
for (const [what, text] of HOSTILE) {
  Deno.test(`a configuration of ${what} does not hang`, async () => {
    const startMs = performance.now();
    try {
      await parseConfig(text, "/project/cachepy.yml");
    } catch (error) {
      assert(error instanceof CacheTypeError && error.code === "ERR_CONFIG", String(error));
      assert(error.message.length < 1000, error.message.slice(0, 1200));
    }
    assert(performance.now() - startMs < 2000);
  });
}
