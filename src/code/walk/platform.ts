/**
 * Which native functions belong to the platform, under which name, and which came with an addon.
 *
 * @module
 */
import process from "node:process";
import { projectRoot, toPortable } from "../../options/project.ts";
import { variableOf } from "../../options/manifest_files.ts";
import type { NormalizedCode } from "../syntax/normalize.ts";

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

/**
 * A fact, by the name under which it is shown.
 *
 * Facts of the process and the machine that code can read without calling anything that is observed: the command line,
 * the platform, the time zone, the locale. They count by value, and only where reached code uses them. What differs
 * from moment to moment, such as the clock, random numbers and the process id, is no input: a cached function keeps
 * what it got.
 */
export interface AmbientFact {
  readonly name: string;
  /** What it is now. */
  read(): unknown;
  /** Whether it can become another while the process lives. */
  readonly changes: boolean;
}

type Reader = () => unknown;

const DENO: Readonly<Record<string, Reader>> = {
  args: () => [...Deno.args],
  mainModule: portableMainModule,
  build: () => Deno.build,
  version: () => Deno.version,
  noColor: () => Deno.noColor,
  hostname: () => Deno.hostname(),
  osRelease: () => Deno.osRelease(),
};

const PROCESS: Readonly<Record<string, Reader>> = {
  // The first two are paths, which differ between machines.
  argv: () => ["deno", portableMainModule(), ...process.argv.slice(2)],
  execArgv: () => [...process.execArgv],
  platform: () => process.platform,
  arch: () => process.arch,
  version: () => process.version,
  versions: () => ({ ...process.versions }),
};

const NAVIGATOR: Readonly<Record<string, Reader>> = {
  language: () => navigator.language,
  languages: () => [...navigator.languages],
  hardwareConcurrency: () => navigator.hardwareConcurrency,
  userAgent: () => navigator.userAgent,
  platform: () => Reflect.get(navigator, "platform"),
};

/** Functions of `node:os` whose answers stay the same. */
const OS = new Set([
  ..."arch platform type release version machine hostname homedir tmpdir endianness availableParallelism".split(" "),
  "EOL",
  "cpus",
  "userInfo",
]);

/** Facts that may be assigned while the process lives. */
const CHANGING = new Set(["Deno.args", "process.argv", "process.execArgv", "Deno.mainModule"]);

/** The fact that a member of a global of the platform is; `null` for what is none. */
export function ambientGlobal(path: readonly string[]): AmbientFact | null {
  const [first = "", second = "", ...inner] = path[0] === "globalThis" || path[0] === "self" || path[0] === "window"
    ? path.slice(1)
    : path;
  switch (first) {
    case "Deno":
      return factOf(DENO, first, second, inner);
    case "process":
      return factOf(PROCESS, first, second, inner);
    case "navigator":
    case "clientInformation":
      return factOf(NAVIGATOR, "navigator", second, inner);
    default:
      return null;
  }
}

/** The fact that something imported from a module of Node is; `null` for what is none. */
export function ambientImport(specifier: string, imported: string, path: readonly string[]): AmbientFact | null {
  const members = imported === "*" || imported === "default" ? path[0] === "default" ? path.slice(1) : path : [
    imported,
    ...path,
  ];
  switch (specifier.replace(/^node:/, "")) {
    case "process":
      return ambientGlobal(["process", ...members]);
    case "os": {
      const [name = ""] = members;
      return OS.has(name) ? { name: `${name} from node:os`, read: () => readOs(name), changes: false } : null;
    }
    default:
      return null;
  }
}

/**
 * What `import.meta` answers by how the program was started, and by the import map; its paths are the module's own.
 *
 * @param url The module's URL.
 */
export function moduleFacts({ meta, text }: NormalizedCode, url: string): AmbientFact[] {
  const facts: AmbientFact[] = [];
  const uses = (name: string) => meta.includes(name) || meta.includes("*");
  if (uses("main")) {
    facts.push({ name: "import.meta.main", read: () => attemptRead(() => Deno.mainModule === url), changes: false });
  }
  const texts = uses("resolve") ? text.match(/"(?:[^"\\]|\\.)*"/g) ?? [] : [];
  for (const specifier of new Set(texts.map((one) => JSON.parse(one) as string))) {
    if (/^\.{0,2}\//.test(specifier) || URL.canParse(specifier)) continue;
    const resolved = attemptRead(() => import.meta.resolve(specifier)); // one import map serves all modules
    if (typeof resolved !== "string") continue;
    const place = resolved.startsWith("file:") ? toPortable(new URL(resolved), projectRoot()) : resolved;
    facts.push({ name: `import.meta.resolve("${specifier}")`, read: () => place, changes: false });
  }
  return facts;
}

/** The time zone and the locale, where code uses what depends on them. */
export function localFacts(code: NormalizedCode): readonly AmbientFact[] {
  let facts = known.get(code);
  if (!facts) {
    const makesText = MAKES_TEXT.test(code.text) ||
      code.slots.some(({ name, binding }) => !binding && name === "String");
    const isLocal = code.slots.some(({ name, binding }, index) =>
      !binding && (isLocalUse(code.text, name, index) || name === "Date" && makesText)
    );
    const isLocale = LOCALE_MEMBERS.test(code.text) ||
      code.slots.some(({ name, binding }) => !binding && name === "Intl");
    const usesZone = isLocale || isLocal || ZONE_MEMBERS.test(code.text);
    facts = [...usesZone ? [TIME_ZONE] : [], ...isLocale ? [LOCALE] : []];
    known.set(code, facts);
  }
  return facts;
}

const known = new WeakMap<NormalizedCode, readonly AmbientFact[]>();

/** Members that answer by the time zone, as normalized code writes them. */
const ZONE_MEMBERS =
  /"(?:[gs]et(?:Hours|Minutes|Date|Day|Month|FullYear|Year)|getTimezoneOffset|to(?:Date|Time)String|timeZoneId)"/;
/** What may turn a date into text, which is in local time. */
const MAKES_TEXT = /\(template |"(?:\+|\+=|toString|join|concat)"/;
const LOCALE_MEMBERS = /"(?:toLocale\w*|localeCompare)"/;

/** `new Date(2024, 0, 1)` and `new Date("2024-01-01T00:00")` are in local time, `new Date()` and `Date.now()` are not. */
function isLocalUse(text: string, name: string, slot: number): boolean {
  if (name === "Temporal") return text.includes(`(. @${slot} "Now"`);
  if (name !== "Date") return false;
  const otherUses = text
    .replaceAll(new RegExp(`\\(NewExpression @${slot} \\[ (?:[\\d.e+]+ )?\\]`, "g"), "")
    .replaceAll(`"instanceof" @${slot} `, "")
    .replaceAll(`(. @${slot} "now"`, "")
    .replaceAll(`(. @${slot} "UTC"`, "");
  return new RegExp(`@${slot}(?!\\d)`).test(otherUses);
}

const zone = () => new Intl.DateTimeFormat().resolvedOptions().timeZone;
let lastZone: { readonly variable: string | undefined; readonly name: string } | undefined;

const TIME_ZONE: AmbientFact = {
  name: "time zone",
  // Asking takes 0.1 ms; nothing but this variable changes the answer.
  read: () => {
    const variable = variableOf("TZ") ?? undefined;
    if (!lastZone || lastZone.variable !== variable) lastZone = { variable, name: zone() };
    return lastZone.name;
  },
  changes: true,
};

const LOCALE: AmbientFact = {
  name: "locale",
  read: () => new Intl.NumberFormat().resolvedOptions().locale,
  changes: false,
};

/** Facts of which a single member may be used. */
const NARROWED = new Set(["build", "version", "versions"]);

function factOf(readers: typeof DENO, owner: string, name: string, inner: readonly string[]): AmbientFact | null {
  const reader = Object.hasOwn(readers, name) ? readers[name] as Reader : null;
  if (!reader) return null;
  const fact = `${owner}.${name}`;
  const isNarrow = NARROWED.has(name) || /^\d+$/.test(inner[0] ?? "");
  const members = isNarrow ? inner.slice(0, 1) : [];
  return {
    name: [fact, ...members].join("."),
    read: () => members.reduce<unknown>((value, key) => (value as Record<string, unknown>)?.[key], attemptRead(reader)),
    changes: CHANGING.has(fact),
  };
}

/** What may not be read throws for the user's code as well. */
function attemptRead(reader: Reader): unknown {
  try {
    return reader();
  } catch {
    return undefined;
  }
}

function portableMainModule(): string {
  const { mainModule } = Deno;
  return mainModule.startsWith("file:") ? toPortable(new URL(mainModule), projectRoot()) : mainModule;
}

function readOs(name: string): unknown {
  const member: unknown = Reflect.get(process.getBuiltinModule("node:os"), name);
  if (name === "cpus") return attemptRead(() => (member as () => unknown[])().length);
  return typeof member === "function" ? attemptRead(member as Reader) : member;
}

/** Objects of the global scope that belong to the platform. */
const PLATFORM_OBJECTS: ReadonlySet<string> = new Set(
  ("Deno process globalThis window self global console Math JSON Reflect Atomics Intl WebAssembly Temporal crypto " +
    "performance navigator location caches localStorage sessionStorage Iterator Buffer clientInformation gpu " +
    "undefined NaN Infinity")
    .split(" "),
);

/** Names of the global object. */
const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(["globalThis", "window", "self", "global"]);

/** What a global holds; `undefined` for what is not there or is behind a getter. */
export function valueOfGlobal(name: string): unknown {
  if (isGlobalObject(name)) return globalThis;
  // Not through a getter: asking for `localStorage` would open it.
  return Object.getOwnPropertyDescriptor(globalThis, name)?.value;
}

/** A chain of names from the global object on: `RATE`, `globalThis.RATE` and `self.RATE` are one. */
export function pathInGlobal(name: string, path: readonly string[]): readonly string[] {
  return isGlobalObject(name) ? path : [name, ...path];
}

/**
 * Whether a chain of names leads into the platform.
 *
 * A name that is not there is the program's: it may be set before the next call. Functions have to be told apart by
 * their code.
 */
export function isOfPlatform(name: string, path: readonly string[]): boolean {
  const [first] = pathInGlobal(name, path);
  if (first === undefined || PLATFORM_OBJECTS.has(first)) return true;
  const property = Object.getOwnPropertyDescriptor(globalThis, first);
  return property ? property.get !== undefined : first in globalThis;
}

function isGlobalObject(name: string): boolean {
  return GLOBAL_OBJECTS.has(name) && name in globalThis;
}
