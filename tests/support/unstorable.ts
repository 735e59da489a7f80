/**
 * One value of each kind that no copy can be made of which a program takes for the first.
 *
 * @module
 */
import { statSync } from "node:fs";
import vm from "node:vm";

class Point {
  constructor(public x = 1) {}
}
class Secret {
  #key = 1;
  get key(): number {
    return this.#key;
  }
}
class MyMap extends Map {}
class MySet extends Set {}
class MyArray extends Array {}
class MyError extends Error {}
class MyBytes extends Uint8Array<ArrayBuffer> {}
class MyBuffer extends ArrayBuffer {}
class MyDate extends Date {}
class MyRegExp extends RegExp {}
class MyPromise<T> extends Promise<T> {}
class MyBlob extends Blob {}
class MyUrl extends URL {}
class MyNotFound extends Deno.errors.NotFound {}

const symbol = Symbol("mark");

/** Gives an object a getter that nobody may call. */
function trap(target: object, name: PropertyKey): object {
  return Object.defineProperty(target, name, {
    get: () => {
      throw new Error("A getter was called");
    },
    configurable: true,
  });
}

/** A Proxy none of whose traps may be called. */
const TRAPS: ProxyHandler<object> = new Proxy({}, {
  get: (_, trap) => {
    if (trap !== "get") throw new Error(`The trap ${String(trap)} was called`);
    return (_: object, name: PropertyKey) => {
      if (name !== "then") throw new Error(`The member ${String(name)} was read`);
    };
  },
});
const TRAPPED = new Proxy({}, TRAPS);
const TRAPPED_CLASS = new Proxy(class {}, TRAPS);

class Nameless {
  static get [Symbol.hasInstance](): never {
    throw new Error("A getter was called");
  }
}
trap(Nameless, "name");

class Tagged {
  get [Symbol.toStringTag](): string {
    throw new Error("A getter was called");
  }
}

function detachedBuffer(): ArrayBuffer {
  const buffer = new ArrayBuffer(2);
  buffer.transfer();
  return buffer;
}

/** A kind, by what it is. */
export interface Unstorable {
  readonly make: () => unknown;
  /** What is said of it. */
  readonly got: RegExp;
  /** Which part of it is named, if not the whole. */
  readonly at?: string;
}

/** All kinds. */
export const UNSTORABLE: Readonly<Record<string, Unstorable>> = {
  "an instance": { make: () => new Point(), got: /an instance of Point; return plain data/ },
  "an instance with private fields": { make: () => new Secret(), got: /an instance of Secret;/ },
  "an instance of an unnamed class": { make: () => new (class {})(), got: /an instance of an unnamed class;/ },
  "an object whose prototype has a method": {
    make: () => Object.create({ method: () => 1 }),
    got: /a function;/,
    at: ".__proto__.method",
  },
  "an object whose prototype is an array": {
    make: () => Object.create([1]),
    got: /an object of the platform \(Array\)/,
  },
  "an object whose prototype is an instance": {
    make: () => Object.create(new Point()),
    got: /an instance of Point;/,
    at: ".__proto__",
  },
  "an object whose prototype is a built-in's": { make: () => Object.create(Map.prototype), got: /platform \(Map\)/ },
  "a frozen instance": { make: () => Object.freeze(new Point()), got: /an instance of Point;/ },
  "what fs says of a file": { make: () => statSync("."), got: /an instance of Stats;/ },
  "a subclass of Map": { make: () => new MyMap(), got: /an instance of MyMap;/ },
  "a subclass of Set": { make: () => new MySet(), got: /an instance of MySet;/ },
  "a subclass of Array": { make: () => MyArray.from([1, 2]), got: /an instance of MyArray;/ },
  "a subclass of Error": { make: () => new MyError("m"), got: /an instance of MyError;/ },
  "a subclass of an error of Deno": { make: () => new MyNotFound("m"), got: /an instance of MyNotFound;/ },
  "a subclass of Uint8Array": { make: () => new MyBytes(new ArrayBuffer(2)), got: /an instance of MyBytes;/ },
  "a subclass of ArrayBuffer": { make: () => new MyBuffer(2), got: /an instance of MyBuffer;/ },
  "a view of a subclass of ArrayBuffer": {
    make: () => new Uint8Array(new MyBuffer(2)),
    got: /an instance of MyBuffer;/,
    at: ".buffer",
  },
  "a subclass of Date": { make: () => new MyDate(0), got: /an instance of MyDate;/ },
  "a subclass of RegExp": { make: () => new MyRegExp("a"), got: /an instance of MyRegExp;/ },
  "a subclass of Promise": { make: () => ({ p: MyPromise.resolve(1) }), got: /a Promise;/, at: ".p" },
  "a subclass of Blob": { make: () => new MyBlob(["a"]), got: /an instance of MyBlob;/ },
  "a subclass of URL": { make: () => new MyUrl("a:b"), got: /an object of the platform \(MyUrl\)/ },

  "a member under a symbol": {
    make: () => ({ a: 1, [symbol]: 2 }),
    got: /symbol that no other process has, Symbol\(mark\);/,
  },
  "a hidden member under a symbol": {
    make: () => Object.defineProperty({ a: 1 }, symbol, { value: "Map" }),
    got: /symbol that no other process has/,
  },
  "a symbol member of an array": { make: () => Object.assign([1], { [symbol]: 2 }), got: /named by a symbol/ },
  "a symbol member of a Map": { make: () => Object.assign(new Map(), { [symbol]: 2 }), got: /named by a symbol/ },
  "a symbol member of a typed array": {
    make: () => Object.assign(new Uint8Array(2), { [symbol]: 2 }),
    got: /named by a symbol/,
  },
  "a symbol member of an Error": {
    make: () => Object.assign(new Error("m"), { [symbol]: 2 }),
    got: /named by a symbol/,
  },
  "a symbol": {
    make: () => ({ s: symbol }),
    got: /a symbol that no other process has, Symbol\(mark\); use Symbol.for/,
    at: ".s",
  },
  "a boxed symbol": { make: () => Object(symbol), got: /an object of a symbol that no other process has/ },
  "a function under a symbol": {
    make: () => ({ [Symbol.iterator]: () => 1 }),
    got: /a function;/,
    at: "[Symbol(Symbol.iterator)]",
  },

  "a getter": {
    make: () => ({
      get total(): number {
        throw new Error("A getter was called");
      },
    }),
    got: /an accessor/,
    at: ".total",
  },
  "a setter": {
    make: () => ({
      a: 1,
      set total(_: number) {
        throw new Error("A setter was called");
      },
    }),
    got: /an accessor/,
    at: ".total",
  },
  "a hidden getter": {
    make: () => Object.defineProperty({ a: 1 }, "b", { get: () => 1 }),
    got: /an accessor/,
    at: ".b",
  },
  "a getter of a tag": {
    make: () => trap({}, Symbol.toStringTag),
    got: /an accessor/,
    at: "[Symbol(Symbol.toStringTag)]",
  },
  "a getter of an array": {
    make: () => Object.defineProperty([1, 2], 1, { get: () => 1, enumerable: true, configurable: true }),
    got: /an accessor/,
    at: "[1]",
  },
  "a getter with a name of an array": {
    make: () => Object.defineProperty([1, 2], "b", { get: () => 1, enumerable: true }),
    got: /an accessor/,
    at: ".b",
  },
  "a getter of a Map": { make: () => trap(new Map(), "size"), got: /an accessor/, at: ".size" },
  "a getter of a Date": {
    make: () => trap(new Date(0), Symbol.toPrimitive),
    got: /an accessor/,
    at: "[Symbol(Symbol.toPrimitive)]",
  },
  "a getter of bytes": { make: () => trap(new Uint8Array(2), "buffer"), got: /an accessor/, at: ".buffer" },
  "a getter of many bytes": {
    make: () => trap(new Float64Array(100_000), "length"),
    got: /an accessor/,
    at: ".length",
  },
  "a getter of a DataView": {
    make: () => trap(new DataView(new ArrayBuffer(2)), "byteLength"),
    got: /an accessor/,
    at: ".byteLength",
  },
  "a getter of a buffer": { make: () => trap(new ArrayBuffer(2), "detached"), got: /an accessor/, at: ".detached" },
  "a getter of the buffer of a view": {
    make: () => new Uint8Array(trap(new ArrayBuffer(2), "resizable") as ArrayBuffer),
    got: /an accessor/,
    at: ".buffer.resizable",
  },
  "a getter of an Error": { make: () => trap(new Error("m"), "code"), got: /an accessor/, at: ".code" },
  "a stack that is a getter": { make: () => trap(new Error("m"), "stack"), got: /an accessor/, at: ".stack" },
  "a message that is a getter": { make: () => trap(new Error("m"), "message"), got: /an accessor/, at: ".message" },
  "a cause that is a getter": { make: () => trap(new Error("m"), "cause"), got: /an accessor/, at: ".cause" },
  "a getter of a Blob": { make: () => trap(new Blob(["a"]), "bytes"), got: /an accessor/, at: ".bytes" },
  "a getter of a URL": { make: () => trap(new URL("a:b"), "href"), got: /an accessor/, at: ".href" },
  "a getter of a DOMException": { make: () => trap(new DOMException("m"), "name"), got: /an accessor/, at: ".name" },

  "an array without prototype": { make: () => Object.setPrototypeOf([1], null), got: /another prototype/ },
  "a Map without prototype": {
    make: () => Object.setPrototypeOf(new Map(), null),
    got: /another prototype than its own/,
  },
  "raw JSON": {
    make: () => (JSON as unknown as { rawJSON(text: string): object }).rawJSON("12345678901234567890"),
    got: /an object of the platform/,
  },
  "an Error with a function": {
    make: () => Object.assign(new Error("m"), { toJSON: () => 1 }),
    got: /a function;/,
    at: ".toJSON",
  },

  "a Proxy": {
    make: () =>
      new Proxy({ a: 1 }, {
        get: (_, name) => {
          if (name === "then") return undefined; // asked by whoever awaits it
          throw new Error("A trap was called");
        },
        getPrototypeOf: () => {
          throw new Error("A trap was called");
        },
      }),
    got: /a Proxy;/,
  },
  "a Proxy of an array": { make: () => new Proxy([1], {}), got: /a Proxy;/ },
  "an object whose prototype is a Proxy": {
    make: () => Object.create(TRAPPED),
    got: /one of whose prototypes is a Proxy/,
  },
  "an object above whose prototype there is a Proxy": {
    make: () => Object.create(Object.create(TRAPPED)),
    got: /one of whose prototypes is a Proxy/,
  },
  "an array whose prototype is a Proxy": {
    make: () => Object.setPrototypeOf([1], TRAPPED),
    got: /one of whose prototypes is a Proxy/,
  },
  "a Map whose prototype is a Proxy": {
    make: () => Object.setPrototypeOf(new Map(), TRAPPED),
    got: /one of whose prototypes is a Proxy/,
  },
  "an instance of a Proxy of a class": {
    make: () => Object.create({ constructor: TRAPPED_CLASS }),
    got: /an instance of an unnamed class;/,
  },
  "an instance whose class has a getter for its name": {
    make: () => new Nameless(),
    got: /an instance of an unnamed class;/,
  },
  "an instance with a getter for its tag": { make: () => new Tagged(), got: /an instance of Tagged;/ },
  "an instance with a getter for its constructor": {
    make: () => Object.create(trap({}, "constructor")),
    got: /an accessor/,
    at: ".__proto__.constructor",
  },
  "bytes with a getter for their constructor": {
    make: () => Object.setPrototypeOf(new Uint8Array(2), trap(Object.create(Uint8Array.prototype), "constructor")),
    got: /another prototype/,
  },
  "an arguments object of a function that is not strict": {
    make: () => vm.runInThisContext("(function () { return arguments; })(1)"),
    got: /an arguments object/,
  },
  "an object of another realm": { make: () => vm.runInNewContext("({ a: 1 })"), got: /another realm/ },
  "an array of another realm": { make: () => vm.runInNewContext("[1]"), got: /another realm/ },
  "a Map of another realm": { make: () => vm.runInNewContext("new Map()"), got: /another realm/ },
  "an Error of another realm": { make: () => vm.runInNewContext("new TypeError('m')"), got: /another realm/ },
  "bytes of another realm": { make: () => vm.runInNewContext("new Uint8Array(2)"), got: /another realm/ },
  "a Map in disguise": {
    make: () => Object.setPrototypeOf(new Map([[1, 2]]), Object.prototype),
    got: /another prototype than its own/,
  },
  "a Map in the disguise of an instance": {
    make: () => Object.setPrototypeOf(new Map([[1, 2]]), { a: 1 }),
    got: /another prototype than its own/,
  },
  "a Date in disguise": {
    make: () => Object.setPrototypeOf(new Date(0), Object.prototype),
    got: /another prototype/,
  },
  "a Blob in the disguise of a File": {
    make: () => Object.setPrototypeOf(new Blob(["a"]), File.prototype),
    got: /without this member/,
    at: "[Symbol([[Name]])]",
  },
  "bytes in disguise": {
    make: () => Object.setPrototypeOf(new Uint8Array(2), Int8Array.prototype),
    got: /another prototype/,
  },
  "shared memory": { make: () => new Uint8Array(new SharedArrayBuffer(2)), got: /a SharedArrayBuffer/ },
  "a detached buffer": { make: detachedBuffer, got: /a detached ArrayBuffer/ },
  "a view of a detached buffer": {
    make: () => {
      const view = new Uint8Array(2);
      view.buffer.transfer();
      return view;
    },
    got: /a view of a detached ArrayBuffer/,
  },

  "a function": { make: () => ({ f: () => 1 }), got: /a function;/, at: ".f" },
  "a class": { make: () => ({ c: Point }), got: /a function;/, at: ".c" },
  "the parameters of a URL": {
    make: () => new URL("https://example.org/?a=1").searchParams,
    got: /not as the platform makes it/,
    at: "[Symbol(url object)]",
  },
  "headers of a response": {
    make: () => new Response("").headers,
    got: /not as the platform makes it/,
    at: "[Symbol(guard)]",
  },
  "a response": { make: () => new Response(""), got: /\(Response\)/ },
  "a form": { make: () => new FormData(), got: /\(FormData\)/ },
  "an event": { make: () => new Event("x"), got: /\(Event\)/ },
  "a signal": { make: () => AbortSignal.abort(), got: /\(AbortSignal\)/ },
  "a format": { make: () => new Intl.NumberFormat(), got: /\(NumberFormat\)/ },
  "a WebAssembly memory": { make: () => new WebAssembly.Memory({ initial: 1 }), got: /\(Memory\)/ },
  "the prototype of URLs alone": { make: () => Object.create(URL.prototype), got: /\(URL\)/ },
  "the prototype of exceptions alone": { make: () => Object.create(DOMException.prototype), got: /\(DOMException\)/ },
  "Math": { make: () => Math, got: /a function;/, at: ".abs" },
  "a weak reference": { make: () => new WeakRef({}), got: /a weak reference/ },
  "a weak Map": { make: () => new WeakMap(), got: /a weak reference/ },
  "a registry": { make: () => new FinalizationRegistry(() => {}), got: /a weak reference/ },
  "a generator": { make: () => (function* () {})(), got: /an iterator or generator/ },
  "an asynchronous generator": { make: () => (async function* () {})(), got: /an iterator or generator/ },
  "an iterator of a Map": { make: () => new Map().keys(), got: /an iterator or generator/ },
  "a stream": { make: () => ({ s: new ReadableStream() }), got: /a stream;/, at: ".s" },
  "a module": {
    make: () => import("./unstorable.ts").then((module) => ({ module })),
    got: /a module namespace/,
    at: ".module",
  },
};
