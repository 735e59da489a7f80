/** Setters: what they write is state where code assigns the member, and a value like any other where code only reads it. */
import { assertEquals } from "@std/assert";
import { faultsOf, type ProgramPair } from "../support/program_pairs.ts";

/** Objects with a setting of which code reads `rate`, and which the program sets. */
const SETTINGS: readonly (readonly [name: string, text: string])[] = [
  ["an object", "let rate = 1; const s = { get rate() { return rate; }, set rate(v) { rate = v; } };"],
  [
    "an object with a name in quotes",
    "let rate = 1; const s = { get 'rate'() { return rate; }, set 'rate'(v) { rate = v; } };",
  ],
  [
    "a member behind it",
    "const kept = { rate: 1 }; const s = { get rate() { return kept.rate; }, set rate(v) { kept.rate = v; } };",
  ],
  [
    "a Map behind it",
    "const kept = new Map([['rate', 1]]); const s = { get rate() { return kept.get('rate'); }, set rate(v) { kept.set('rate', v); } };",
  ],
  ["a class", "let rate = 1; class S { get rate() { return rate; } set rate(v) { rate = v; } }\nconst s = new S();"],
  [
    "a private field",
    "class S { #rate = 1; get rate() { return this.#rate; } set rate(v) { this.#rate = v; } }\nconst s = new S();",
  ],
  [
    "a static accessor",
    "class s { static #rate = 1; static get rate() { return s.#rate; } static set rate(v) { s.#rate = v; } }",
  ],
  [
    "a descriptor",
    "let rate = 1; const s = Object.defineProperty({}, 'rate', { get: () => rate, set(v) { rate = v; } });",
  ],
  [
    "descriptors",
    "let rate = 1; const s = Object.defineProperties({}, { rate: { get: () => rate, set: (v) => { rate = v; } } });",
  ],
  [
    "a created object",
    "let rate = 1; const s = Object.create(null, { rate: { get: () => rate, set(v) { rate = v; } } });",
  ],
];

const READ =
  "\nconst scale = cached(function scale(x) { return x * s.rate; });\ns.rate = 5;\nawait t(scale, 2);\ns.rate = 7;\nawait t(scale, 2);\n";

Deno.test("a setting that code only reads counts, also when it is set between two calls", async () => {
  const pairs = SETTINGS.map(([name, text]): ProgramPair => ({
    name,
    text: text + READ,
    edits: [["s.rate = 7", "s.rate = 9"]],
    runs: 1,
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("a setting that the function itself sets is state", async () => {
  const pairs = SETTINGS.map(([name, text]): ProgramPair => ({
    name,
    text: text +
      "\nconst note = cached(function note(x) { s.rate = x; return 2 * x; });\ns.rate = 5;\nawait t(note, 2);\ns.rate = 6;\nawait t(note, 2);\n",
    edits: [["s.rate = 5", "s.rate = 8"]],
    named: "left out",
    runs: 0,
  }));
  assertEquals(await faultsOf(pairs), {});
});

Deno.test("a setting counts where code assigns members of that name of objects that it makes itself", async () => {
  const uses = [
    "const out = {}; out.rate = s.rate; return x * out.rate;",
    "class Row { constructor(rate) { this.rate = rate; } }\nreturn x * new Row(s.rate).rate;",
    "const row = new Array(1); row.rate = s.rate; return x * row.rate;",
  ];
  const pairs = uses.flatMap((use) =>
    SETTINGS.map(([name, text]): ProgramPair => ({
      name: `${name}: ${use}`,
      text: text + READ.replace("return x * s.rate;", use),
      edits: [["s.rate = 7", "s.rate = 9"]],
      runs: 1,
    }))
  ).filter((_, at) => at % 2 === 0);
  assertEquals(await faultsOf(pairs), {});
});
