/**
 * Which native functions belong to the platform, and which came with an addon.
 *
 * @module
 */

let intrinsics: Set<object> | undefined;

/** Whether a native function is one of the platform: reachable from the global object by properties alone. */
export function isIntrinsic(fn: object): boolean {
  const name = String(Object.getOwnPropertyDescriptor(fn, "name")?.value);
  const isUsual = USUAL_OWNERS.some((owner) =>
    [owner, Reflect.get(owner, "prototype")].some((one: unknown) => {
      const property = typeof one === "object" && one !== null || typeof one === "function"
        ? Object.getOwnPropertyDescriptor(one, name)
        : undefined;
      return property?.value === fn;
    })
  );
  if (isUsual) return true;
  // 16 ms, so only for the unusual ones.
  intrinsics ??= collectIntrinsics();
  return intrinsics.has(fn);
}

const USUAL_OWNERS: readonly object[] = [
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
];

function collectIntrinsics(): Set<object> {
  const samples = [
    [][Symbol.iterator](),
    new Map().entries(),
    new Set().values(),
    ""[Symbol.iterator](),
    async function* () {},
  ];
  const found = new Set<object>([globalThis, ...samples]);
  // A set is walked in the order of insertion, what is added on the way included.
  for (const object of found) {
    if (found.size > MAX_INTRINSICS) break;
    const properties = Object.values(Object.getOwnPropertyDescriptors(object));
    const values: unknown[] = properties.flatMap((property) => [property.value, property.get, property.set]);
    for (const value of [...values, Object.getPrototypeOf(object)]) {
      const isNative = typeof value === "function" || (typeof value === "object" && value !== null);
      if (isNative && !Array.isArray(value) && !ArrayBuffer.isView(value)) found.add(value);
    }
  }
  return found;
}

/** The platform has about 4,000 objects; a user's global object may lead anywhere. */
const MAX_INTRINSICS = 20_000;
