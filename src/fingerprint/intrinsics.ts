/**
 * Which native functions belong to the platform, under which name, and which came with an addon.
 *
 * @module
 */

let intrinsics: Map<object, string> | undefined;

/**
 * Where a native function of the platform is found from the global object by properties alone: `JSON.parse`,
 * `Array.prototype.map`. Its own name is not enough, since `Date.parse` has the same; the first way there is taken,
 * which is the same one in every process.
 *
 * @returns `null` for what came with an addon, or was made at run time: a bound function, a Proxy.
 */
export function intrinsicPath(fn: object): string | null {
  const name = String(Object.getOwnPropertyDescriptor(fn, "name")?.value);
  for (const [ownerName, owner] of USUAL_OWNERS) {
    for (
      const [path, one] of [[ownerName, owner], [`${ownerName}.prototype`, Reflect.get(owner, "prototype")]] as const
    ) {
      const isOwner = typeof one === "object" && one !== null || typeof one === "function";
      if (isOwner && Object.getOwnPropertyDescriptor(one, name)?.value === fn) return `${path}.${name}`;
    }
  }
  // 16 ms, so only for the unusual ones.
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
  // A Map is walked in the order of insertion, what is added on the way included.
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

/** The platform has about 4,000 objects; a user's global object may lead anywhere. */
const MAX_INTRINSICS = 20_000;
