/** Ways in which the code of a package assigns what it was told: each of them counts. */
import { assertEquals } from "@std/assert";
import { faultsOf, type ProgramPair } from "../support/program_pairs.ts";

/** Declaration of a variable, and the function that changes it. */
const WAYS: readonly (readonly [name: string, declaration: string, tell: string, read?: string])[] = [
  ["an assignment", "let kept = 1;", "kept = k;"],
  ["a list", "let kept = 1;", "[kept] = [k];"],
  ["a nested list", "let kept = 1;", "[[, [kept]]] = [[0, [k]]];"],
  ["an object", "let kept = 1;", "({ kept } = { kept: k });"],
  ["an object by another name", "let kept = 1;", "({ a: kept } = { a: k });"],
  ["an object with a default", "let kept = 1;", "({ a: kept = 3 } = { a: k });"],
  ["what is left over", "let kept = [1];", "[, ...kept] = [0, k];", "kept[0]"],
  ["a loop over values", "let kept = 1;", "for (kept of [k]);"],
  ["a loop over keys", "let kept = '1';", "for (kept in { [k]: 1 });"],
  ["a loop over lists", "let kept = 1;", "for ([kept] of [[k]]);"],
  ["parentheses", "let kept = 1;", "(kept) = k;"],
  ["a comment between", "let kept = 1;", "kept /* that */ = k;"],
  ["a line between", "let kept = 1;", "kept\n  = k;"],
  ["a comment in the list", "let kept = 1;", "[/* the ] first */ kept] = [k];"],
  ["a logical assignment", "let kept = 1;", "kept &&= k;"],
  ["a sum", "let kept = 1;", "kept -= k;"],
  ["a member of a list", "const kept = { k: 1 };", "[kept.k] = [k];", "kept.k"],
  ["a member of an object", "const kept = { k: 1 };", "({ a: kept.k } = { a: k });", "kept.k"],
  ["a member in a loop", "const kept = { k: 1 };", "for (kept.k of [k]);", "kept.k"],
  ["an alias", "const kept = { k: 1 };", "const other = kept; other.k = k;", "kept.k"],
  ["a call that is given it", "const kept = { k: 1 }; const put = (o, k) => { o.k = k; };", "put(kept, k);", "kept.k"],
  ["a method of the language", "const kept = [1];", "kept.fill(k);", "kept[0]"],
  ["Reflect", "const kept = { k: 1 };", 'Reflect.set(kept, "k", k);', "kept.k"],
  ["defineProperty", "const kept = { k: 1 };", 'Object.defineProperty(kept, "k", { value: k });', "kept.k"],
  ["a deletion", "const kept = { k: 1, l: 2, m: 3 };", "delete kept[k > 4 ? 'l' : 'm'];", "Object.keys(kept).join()"],
];

/** Places of the variable in the package: of its module, of a call, of a function that is called at once. */
const PLACES: readonly (readonly [name: string, text: (declaration: string, tell: string, read: string) => string])[] =
  [
    ["a module", (d, t, r) => `${d}\nexport const kit = { tell: (k) => { ${t} }, ask: () => ${r} };\n`],
    [
      "a call",
      (d, t, r) =>
        `const make = () => { ${d}\n return { tell: (k) => { ${t} }, ask: () => ${r} }; };\nexport const kit = make();\n`,
    ],
    [
      "a call that others share",
      (d, t, r) =>
        `const make = () => { ${d}\n return { tell: (k) => { ${t} }, ask: () => ${r}, sees: () => () => ${r} }; };
const one = make();
export const kit = { tell: one.tell, ask: (one.sees)() };\n`,
    ],
  ];

for (const [place, textOf] of PLACES) {
  Deno.test(`what a package was told counts, in whatever way its code assigns it: a variable of ${place}`, async () => {
    const pairs = WAYS.map(([name, declaration, tell, read = "kept"]): ProgramPair => ({
      name,
      text: `import { kit } from "./node_modules/kit-of-tests/index.js";
kit.tell(5);
await t(cached(function f() { return kit.ask(); }));\n`,
      files: {
        "node_modules/kit-of-tests/package.json":
          '{ "name": "kit-of-tests", "version": "1.0.0", "type": "module", "main": "index.js" }',
        "node_modules/kit-of-tests/index.js": textOf(declaration, tell, read),
      },
      edits: [["tell(5)", name === "a deletion" ? "tell(3)" : "tell(6)"]],
    }));
    assertEquals(await faultsOf(pairs), {});
  });
}

/** Places in which a package keeps what it is told, and its first use makes something else of it. */
const PLACES_OF_GIVEN: readonly (readonly [name: string, text: string])[] = [
  [
    "a variable",
    "let kept = null;\nexport const kit = { tell: (k) => { kept = k; }, ask: () => isNew(kept) ? (kept = use(kept)).made : kept.made };",
  ],
  [
    "a member",
    "const o = {};\nexport const kit = { tell: (k) => { o.k = k; }, ask: () => isNew(o.k) ? (o.k = use(o.k)).made : o.k.made };",
  ],
  [
    "a private field",
    "class Kit { #k; tell(k) { this.#k = k; } ask() { if (isNew(this.#k)) this.#k = use(this.#k); return this.#k.made; } }\n" +
    "export const kit = new Kit();",
  ],
  [
    "a static private field",
    "export class kit { static #k; static tell(k) { this.#k = k; }\n" +
    "  static ask() { if (isNew(this.#k)) this.#k = use(this.#k); return this.#k.made; } }",
  ],
  [
    "a WeakMap",
    "const w = new WeakMap(), o = {};\nexport const kit = { tell: (k) => { w.set(o, k); },\n" +
    "  ask: () => { if (isNew(w.get(o))) w.set(o, use(w.get(o))); return w.get(o).made; } };",
  ],
  [
    "a Map",
    "const w = new Map();\nexport const kit = { tell: (k) => { w.set(1, k); },\n" +
    "  ask: () => { if (isNew(w.get(1))) w.set(1, use(w.get(1))); return w.get(1).made; } };",
  ],
];

/** What a program tells, first and later, with how the package knows it and what it makes of it. */
const GIVEN: readonly (readonly [name: string, one: string, two: string, isNew: string, use: string])[] = [
  ["a text", '"one"', '"two"', 'typeof k === "string"', "k + 1"],
  ["a function", "() => 1", "() => 2", 'typeof k === "function"', "k()"],
  ["a number", "1", "2", 'typeof k === "number"', "k * 2"],
];

/** In variables and fields, where every function sees the same place, these count too. */
const GIVEN_IN_VARIABLES: typeof GIVEN = [
  ["an option", "true", "false", 'typeof k === "boolean"', "!k"],
  ["options", "{ rate: 1 }", "{ rate: 2 }", '"rate" in k', "k.rate"],
  ["a list", "[1, 0]", "[2, 0]", "Array.isArray(k)", "k[0]"],
];

const REGISTRIES = [
  ...PLACES_OF_GIVEN.flatMap((place) => GIVEN.map((given) => [place, given] as const)),
  ...PLACES_OF_GIVEN.filter(([name]) => /variable|private/.test(name)).flatMap((place) =>
    GIVEN_IN_VARIABLES.map((given) => [place, given] as const)
  ),
].map(([[place, text], [given, one, two, isNew, use]]) => ({
  name: `${given} in ${place}`,
  one,
  two,
  text: `const isNew = (k) => ${isNew};\nconst use = (k) => ({ made: ${use} });\n${text}\n`,
}));

const KITS = Object.fromEntries(REGISTRIES.flatMap(({ text }, index) => [
  [
    `node_modules/kit-${index}/package.json`,
    `{ "name": "kit-${index}", "version": "1.0.0", "type": "module", "main": "index.js" }`,
  ],
  [`node_modules/kit-${index}/index.js`, text],
]));

/** A program that tells each package what `tell` has, and asks it. */
function askAll(calls: (tell: string, ask: string, index: number) => string): string {
  return REGISTRIES.map(({ one, two }, index) =>
    `import { kit as kit${index} } from "./node_modules/kit-${index}/index.js";
${
      calls(
        `kit${index}.tell([() => (${one}), () => (${two})][N]())`,
        `cached(function ask${index}() { return kit${index}.ask(); })`,
        index,
      )
    }\n`
  ).join("");
}

Deno.test("what a package was told counts where runs make something else of it", async () => {
  const text = `const N = 0;\n${askAll((tell, ask) => `${tell};\nawait t(${ask});`)}`;
  assertEquals(
    await faultsOf([
      { name: "told otherwise", text, files: KITS, edits: [["const N = 0", "const N = 1"]], runs: REGISTRIES.length },
      { name: "told the same", text, files: KITS, runs: 0 },
    ]),
    {},
  );
});

Deno.test("what a package is told anew counts where runs make something else of it", async () => {
  // A collection that runs change is asked for what it held at first alone.
  const text = askAll((tell, ask, index) =>
    /in a (?:WeakMap|Map)$|^(?:options|a list) in /.test(REGISTRIES[index]!.name)
      ? ""
      : `const step${index} = ${ask};\nfor (const N of [0, 1, 0]) { ${tell}; await t(step${index}); await t(step${index}); }`
  );
  assertEquals(await faultsOf([{ name: "told anew", text, files: KITS, runs: 0 }]), {});
});

/** Packages whose first use fills or replaces what they keep, in ways that make many changes, or changes within others. */
const FILLED: readonly (readonly [name: string, text: string])[] = [
  [
    "tables",
    "const codes = new Array(600).fill(0), names = {};\nlet isReady = false;\n" +
    "function init() { for (let i = 0; i < 600; i++) { codes[i] = i * 3; names['n' + i] = i; } isReady = true; }\n" +
    "export const kit = { ask: () => { if (!isReady) init(); return codes[5] + names.n7; } };\n",
  ],
  [
    "an object in the place of another one, and a member of that",
    "const kept = { raw: { b: { opt: null } } };\n" +
    "export const kit = { ask: () => { const { raw } = kept; raw.b.opt ??= 2; kept.raw = { b: raw.b }; return kept.raw.b.opt; } };\n",
  ],
  [
    "a variable that is emptied elsewhere",
    "let cache = null;\nexport const reset = () => { cache = null; };\n" +
    "export const kit = { ask: () => { if (cache) { return cache; } else { cache = 'made'; return cache; } } };\n",
  ],
];

Deno.test("what a package fills in when it is first used costs the next process nothing", async () => {
  const text = FILLED.map((_, index) =>
    `import { kit as kit${index} } from "./node_modules/filled-${index}/index.js";
await t(cached(function ask${index}() { return kit${index}.ask(); }));\n`
  ).join("");
  const files = Object.fromEntries(FILLED.flatMap(([, source], index) => [
    [
      `node_modules/filled-${index}/package.json`,
      `{ "name": "filled-${index}", "version": "1.0.0", "type": "module", "main": "index.js" }`,
    ],
    [`node_modules/filled-${index}/index.js`, source],
  ]));
  assertEquals(await faultsOf([{ name: "the next process", text, files, runs: 0 }]), {});
});

Deno.test("an instance of a package counts with a list of its own class", async () => {
  const text = `import { Schema } from "./node_modules/schemas/index.js";
const schema = new Schema(["a", 5]);
await t(cached(function ask(x) { return schema.check(x); }), 6);\n`;
  const files = {
    "node_modules/schemas/package.json":
      '{ "name": "schemas", "version": "1.0.0", "type": "module", "main": "index.js" }',
    "node_modules/schemas/index.js": `class Keys extends Array { largest() { return Number(this[1]); } }
export class Schema { terms = { keys: null }; constructor([name, most]) { this.terms.keys = Keys.of(name, most); }
  check(x) { return x <= this.terms.keys.largest(); } }\n`,
  };
  assertEquals(
    await faultsOf([
      { name: "another setting", text, files, edits: [['["a", 5]', '["a", 7]']] },
      { name: "the same", text, files, runs: 0 },
    ]),
    {},
  );
});
