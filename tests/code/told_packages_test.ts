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
