/**
 * Places of the functions that the language and the platform have: `Array.prototype.map`.
 *
 * @module
 */
import { isProxy } from "../../words/type_tests.ts";

let intrinsics: Map<object, string> | undefined;

/**
 * Path by which a native function of the platform is found from the global object through properties alone:
 * `JSON.parse`, `Array.prototype.map`. The function's own name is not enough, since `Date.parse` is also called
 * `parse`. Of several paths, the first one found is taken, which is equal in every process.
 *
 * @returns `null` for a function that came with an addon or was made at run time: a bound function, a Proxy.
 */
export function intrinsicPath(fn: object): string | null {
  if (isProxy(fn)) return null;
  const name = String(Object.getOwnPropertyDescriptor(fn, "name")?.value);
  for (const [ownerName, owner] of USUAL_OWNERS) {
    for (
      const [path, one] of [[ownerName, owner], [`${ownerName}.prototype`, Reflect.get(owner, "prototype")]] as const
    ) {
      const isOwner = typeof one === "object" && one !== null || typeof one === "function";
      if (isOwner && Object.getOwnPropertyDescriptor(one, name)?.value === fn) return `${path}.${name}`;
    }
  }
  // Collecting takes 16 ms, so it is done only for functions that none of `USUAL_OWNERS` has.
  intrinsics ??= collectIntrinsics();
  return intrinsics.get(fn) ?? null;
}

const USUAL_OWNERS: readonly (readonly [name: string, owner: object])[] = Object.entries({
  globalThis,
  Math,
  JSON,
  Object,
  Array,
  String,
  Number,
  Function,
  RegExp,
  Promise,
  Map,
  Set,
  Date,
  Reflect,
  Symbol,
  BigInt,
});

function collectIntrinsics(): Map<object, string> {
  const samples: [object, string][] = [
    [[][Symbol.iterator](), "array iterator"],
    [new Map().entries(), "map iterator"],
    [new Set().values(), "set iterator"],
    [""[Symbol.iterator](), "string iterator"],
    [async function* () {}, "async generator"],
  ];
  const found = new Map<object, string>([[globalThis, "globalThis"], ...samples]);
  const add = (value: unknown, path: string): void => {
    const isObject = typeof value === "function" || (typeof value === "object" && value !== null);
    if (isObject && !Array.isArray(value) && !ArrayBuffer.isView(value) && !found.has(value)) found.set(value, path);
  };
  // A Map is iterated in the order of insertion, and entries that are added meanwhile are visited too.
  for (const [object, path] of found) {
    if (found.size > MAX_INTRINSICS) break;
    const properties = Object.getOwnPropertyDescriptors(object) as Record<PropertyKey, PropertyDescriptor>;
    for (const name of Reflect.ownKeys(properties)) {
      const { value, get, set } = properties[name]!;
      add(value, `${path}.${String(name)}`);
      add(get, `get ${path}.${String(name)}`);
      add(set, `set ${path}.${String(name)}`);
    }
    add(Object.getPrototypeOf(object), `${path}.[[Prototype]]`);
  }
  return found;
}

/** Limit on the number of collected objects. The platform has about 4,000; a user's global may lead anywhere. */
const MAX_INTRINSICS = 20_000;
