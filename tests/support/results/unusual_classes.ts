/**
 * Results that are instances of classes which are found in unusual ways, and those that codecs keep.
 *
 * @module
 */
import type { ResultKind } from "./kind.ts";

const EITHER: readonly Omit<ResultKind, "kept">[] = [
  {
    name: "a class of a factory",
    setup:
      "const makeClass = (k) => class Made { constructor(v) { this.v = v; } scaled() { return this.v * k; } };\nconst Three = makeClass(3), Five = makeClass(5);",
    make: "[new Three(2), new Five(2)]",
    known: "Three, Five",
    use: "value.map((one) => one.scaled())",
  },
  {
    name: "a class that the function finds in a Map",
    setup: "class Found { v = 1; w() { return 2; } }\nconst KINDS = new Map([['found', Found]]);",
    make: "new (KINDS.get('found'))()",
    known: "Found",
    use: "value.w()",
  },
  {
    name: "a class that the function does not reach",
    setup: "class Unseen { v = 1; w() { return 2; } }\nglobalThis.unseen = () => new Unseen();",
    make: "globalThis['un' + 'seen']()",
    known: "Unseen",
    use: "value.w()",
  },
  {
    name: "a class that is found by its name",
    setup: "class Plain { v = 1; }\nconst KINDS = { Plain };",
    make: "new KINDS[['Pl', 'ain'].join('')]()",
    known: "Plain",
    use: "value instanceof Plain",
  },
  {
    name: "a mixin",
    setup:
      "const Loud = (Base) => class extends Base { say() { return super.say() + '!'; } };\nclass Dog { n = 1; say() { return 'wow'; } }\nconst LoudDog = Loud(Dog);",
    make: "new LoudDog()",
    known: "Dog, LoudDog",
    use: "value.say()",
  },
  {
    name: "a class whose prototype was changed",
    setup: "class Grown { v = 1; }\nGrown.prototype.more = function () { return this.v + 1; };",
    make: "new Grown()",
    known: "Grown",
    use: "value.more()",
  },
  {
    name: "an instance whose prototype was changed",
    setup: "class A { v = 1; n() { return 'a'; } }\nclass B { n() { return 'b'; } }",
    make: "Object.setPrototypeOf(new A(), B.prototype)",
    known: "A, B",
    use: "value.n()",
  },
  {
    name: "a prototype that is an object of the module",
    setup: "const PROTO = { twice() { return this.v * 2; } };",
    make: "Object.assign(Object.create(PROTO), { v: 2 })",
    known: "PROTO",
    use: "value.twice()",
  },
  {
    name: "a class without a prototype above it",
    setup:
      "class Bare extends null { static make() { return Object.assign(Object.create(Bare.prototype), { v: 1 }); } w() { return this.v; } }",
    make: "Bare.make()",
    known: "Bare",
    use: "value.w()",
  },
  {
    name: "a subclass of ArrayBuffer",
    setup: "class Memory extends ArrayBuffer {}",
    make: "new Memory(2)",
    known: "Memory",
    use: "value instanceof Memory",
  },
  {
    name: "a subclass of DataView",
    setup: "class Reader extends DataView { first() { return this.getInt8(0); } }",
    make: "new Reader(new ArrayBuffer(2))",
    known: "Reader",
    use: "value.first()",
  },
  {
    name: "a subclass of Number",
    setup: "class Metres extends Number { km() { return this / 1000; } }",
    make: "new Metres(1500)",
    known: "Metres",
    use: "value.km()",
  },
  {
    name: "a subclass of URL",
    setup: "class Link extends URL { get bare() { return this.origin; } }",
    make: "new Link('https://a.b/c')",
    known: "Link",
    use: "value.bare",
  },
  {
    name: "a subclass of Blob",
    setup: "class Doc extends Blob {}",
    make: "new Doc(['a'])",
    known: "Doc",
    use: "value.text()",
  },
  {
    name: "a subclass of Buffer's class",
    setup: "class Bytes extends Uint8Array { static get [Symbol.species]() { return Uint8Array; } }",
    make: "new Bytes(2)",
    known: "Bytes",
    use: "value.slice() instanceof Bytes",
  },
  {
    name: "a subclass of Temporal.Duration",
    setup: "class Span extends Temporal.Duration {}",
    make: "Span.from('P1D')",
    known: "Span",
    use: "value.days",
  },
  {
    name: "a thenable instance",
    setup: "class Later { v = 1; then = undefined; }",
    make: "new Later()",
    known: "Later",
    use: "value.v",
  },
].map((row) => ({ ...row, name: `class: ${row.name}` }));

const VAULT = "class Vault { #v; constructor(v) { this.#v = v; } get v() { return this.#v; } }";
const CODEC = `${VAULT}
const vault = { name: "vault", is: (value) => value instanceof Vault, encode: ({ v }) => ({ v }), decode: ({ v }) => new Vault(v) };`;

const CODECS: readonly Omit<ResultKind, "kept">[] = [
  {
    name: "a codec for a class with private fields",
    setup: CODEC,
    make: "new Vault(5)",
    known: "Vault",
    use: "value.v",
    options: "{ codecs: [vault] }",
  },
  {
    name: "a codec within",
    setup: CODEC,
    make: "({ list: [new Vault(1), new Vault(2)], map: new Map([['k', new Vault(3)]]) })",
    known: "Vault",
    use: "[value.list[1].v, value.map.get('k').v]",
    options: "{ codecs: [vault] }",
  },
  {
    name: "a codec whose data needs a codec",
    setup: CODEC,
    make: "new Vault([new Vault(1), new Map()])",
    known: "Vault",
    use: "[value.v[0].v, value.v[1] instanceof Map]",
    options: "{ codecs: [vault] }",
  },
  {
    name: "a value of a codec twice",
    setup: CODEC,
    make: "((one) => ({ p: one, q: one }))(new Vault(1))",
    known: "Vault",
    use: "value.p === value.q",
    options: "{ codecs: [vault] }",
  },
  {
    name: "a class that names its codec",
    setup:
      `class Own { #v; constructor(v) { this.#v = v; } get v() { return this.#v; } static [Symbol.for("cachepy.codec")] = { name: "own", encode: ({ v }) => v, decode: (v) => new Own(v) }; }`,
    make: "new Own(4)",
    known: "Own",
    use: "value.v",
  },
  {
    name: "two codecs",
    setup:
      `${CODEC}\nclass Tick { #n = 3; get n() { return this.#n; } }\nconst tick = { name: "tick", is: (value) => value instanceof Tick, encode: () => null, decode: () => new Tick() };`,
    make: "[new Tick(), new Vault(1)]",
    known: "Vault, Tick",
    use: "[value[0].n, value[1].v]",
    options: "{ codecs: [tick, vault] }",
  },
].map((row) => ({ ...row, name: `codec: ${row.name}` }));

/** Classes whose constructors write state that no method uses. */
const COUNTED: readonly Omit<ResultKind, "kept">[] = [
  [
    "in a variable",
    "let next = 0; class T { constructor(v) { this.id = next++ >= 0; this.v = v; } twice() { return this.v * 2; } }",
  ],
  [
    "in a static member",
    "class T { static next = 0; constructor(v) { this.id = T.next++ >= 0; this.v = v; } twice() { return this.v * 2; } }",
  ],
  [
    "in a list",
    "const made = []; class T { constructor(v) { this.v = v; made.push(v); } twice() { return this.v * 2; } }",
  ],
].map(([where, setup]) => ({
  name: `class: counted ${where}`,
  setup: setup!,
  make: "new T(4)",
  known: "T",
  use: "value.twice()",
}));

/** Classes whose instances are no more than their members only together with state that the program writes. */
const OF_STATE: readonly Omit<ResultKind, "kept">[] = [
  [
    "in an object by number",
    "const all = {}; class T { constructor(v) { this.at = Object.keys(all).length; all[this.at] = v; } get v() { return all[this.at]; } }",
  ],
  [
    "in a list",
    "const all = []; class T { constructor(v) { this.at = all.push(v) - 1; } get v() { return all[this.at]; } }",
  ],
  [
    "in a list of a class that it extends",
    "const all = []; class Base { constructor(v) { this.at = all.push(v) - 1; } get v() { return all[this.at]; } } class T extends Base {}",
  ],
  ["in a variable", "let last; class T { constructor(v) { last = v; } get v() { return last; } }"],
  ["in a static member", "class T { static last; constructor(v) { T.last = v; } get v() { return T.last; } }"],
  [
    "inside a static member",
    "class T { static of = { all: [] }; constructor(v) { this.at = T.of.all.push(v) - 1; } get v() { return T.of.all[this.at]; } }",
  ],
  [
    "behind another name of this",
    "const all = new Map(); class T { constructor(v) { const self = this; all.set(self, v); } get v() { return all.get(this); } }",
  ],
  [
    "behind a list with this",
    "const all = new Map(); class T { constructor(v) { Reflect.apply(all.set, all, [this, v]); } get v() { return all.get(this); } }",
  ],
  [
    "of a method that was put on afterwards",
    "const all = []; function T(v) { this.at = all.push(v) - 1; } Object.defineProperty(T.prototype, 'v', { get() { return all[this.at]; } });",
  ],
  [
    "of a function that a method calls",
    "const all = []; const at = (i) => all[i]; const twice = (i) => at(i); class T { constructor(v) { this.at = all.push(v) - 1; } get v() { return twice(this.at); } }",
  ],
  [
    "of a function on the prototype",
    "const all = []; function T(v) { this.at = all.push(v) - 1; } T.prototype.get = function () { return all[this.at]; }; Object.defineProperty(T.prototype, 'v', { get() { return this.get(); } });",
  ],
].map(([where, setup]) => ({ name: `class: state ${where}`, setup: setup!, make: "new T(4)", use: "value.v" }));

/** Kinds whose class is kept or named, and kinds of codecs. */
export const UNUSUAL_CLASS_KINDS: readonly ResultKind[] = [
  ...EITHER.map((row): ResultKind => ({ ...row, kept: "either" })),
  ...CODECS.map((row): ResultKind => ({ ...row, kept: true })),
  ...COUNTED.map((row): ResultKind => ({ ...row, kept: true })),
  ...OF_STATE.map((row): ResultKind => ({ ...row, kept: "named" })),
];
