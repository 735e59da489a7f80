/**
 * The platform: facts of the process and the machine, and globals.
 *
 * @module
 */
import process from "node:process";
import { projectRoot, toPortable } from "../../options/project.ts";
import { variableOf } from "../../options/manifest_files.ts";
import { isProxy } from "../../words/type_tests.ts";
import type { NormalizedCode } from "../syntax/normalize.ts";
import type { AnyNode } from "../syntax/parse.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import type { Use } from "../syntax/uses.ts";

/**
 * A fact of the process or the machine that code can read without calling anything that is observed: the command
 * line, the platform, the time zone, the locale.
 *
 * Facts count by value, and only where reached code uses them. A value that differs from moment to moment, such as
 * the clock, random numbers and the process id, is no input: a cached function keeps the value that it got.
 */
export interface AmbientFact {
  readonly name: string;
  /** Reads the value as it is now. */
  read(): unknown;
  /** True when the value can change while the process lives. */
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
  execPath: () => Deno.execPath(),
  uid: () => Deno.uid(),
  gid: () => Deno.gid(),
  umask: () => Deno.umask(),
  exitCode: () => Deno.exitCode,
  networkInterfaces: () => Deno.networkInterfaces(),
  consoleSize: () => Deno.consoleSize(),
};

const PROCESS: Readonly<Record<string, Reader>> = {
  // What is asked for while a function runs is observed, unless the program put another object there.
  env: () => isProxy(process.env) ? "observed" : { ...process.env },
  // The first two elements are paths, which differ between machines.
  argv: () => ["deno", portableMainModule(), ...process.argv.slice(2)],
  execArgv: () => [...process.execArgv],
  execPath: () => process.execPath,
  argv0: () => process.argv0,
  getuid: () => process.getuid?.(),
  getgid: () => process.getgid?.(),
  geteuid: () => process.geteuid?.(),
  getegid: () => process.getegid?.(),
  umask: () => Deno.umask(),
  platform: () => process.platform,
  arch: () => process.arch,
  version: () => process.version,
  versions: () => ({ ...process.versions }),
  title: () => process.title,
  exitCode: () => process.exitCode,
  getMaxListeners: () => process.getMaxListeners(),
  hasUncaughtExceptionCaptureCallback: () => process.hasUncaughtExceptionCaptureCallback(),
  noDeprecation: () => Reflect.get(process, "noDeprecation"),
  throwDeprecation: () => Reflect.get(process, "throwDeprecation"),
};

const NAVIGATOR: Readonly<Record<string, Reader>> = {
  language: () => navigator.language,
  languages: () => [...navigator.languages],
  hardwareConcurrency: () => navigator.hardwareConcurrency,
  userAgent: () => navigator.userAgent,
  platform: () => Reflect.get(navigator, "platform"),
};

/** Members of `node:os` whose values stay the same while the process lives. */
const OS = new Set([
  ..."arch platform type release version machine hostname homedir tmpdir endianness availableParallelism".split(" "),
  "EOL",
  "cpus",
  "userInfo",
  "totalmem",
]);

/** Facts that may be assigned, or may change, while the process lives. */
const CHANGING = new Set([
  ...["Deno.args", "process.argv", "process.execArgv", "Deno.mainModule"],
  ...["Deno.networkInterfaces", "Deno.consoleSize", "Deno.umask", "process.umask"],
  ...["process.env", "Deno.exitCode", "process.getMaxListeners", "process.hasUncaughtExceptionCaptureCallback"],
  ...["process.title", "process.exitCode", "process.noDeprecation", "process.throwDeprecation"],
]);

/** Fact that a chain of members of a global of the platform reads; `null` when the chain reads no fact. */
export function ambientGlobal(path: readonly string[]): AmbientFact | null {
  const [first = "", second = "", ...inner] = path[0] === "globalThis" || path[0] === "self" || path[0] === "window"
    ? path.slice(1)
    : path;
  switch (first) {
    case "Deno":
      return factOf(DENO, first, second, inner) ?? missing(second);
    case "location":
    case "Request":
      return { name: "location.href", read: () => attemptRead(() => globalThis.location?.href), changes: false };
    case "process":
      return factOf(PROCESS, first, second, inner);
    case "navigator":
    case "clientInformation":
      return factOf(NAVIGATOR, "navigator", second, inner);
    case "Buffer":
      return settingOf("buffer", [first, second, ...inner]);
    default:
      return null;
  }
}

/** Fact that `Deno` lacks a member, which a flag of the command may add; `null` for a member that is there. */
function missing(name: string): AmbientFact | null {
  return name === "" || name in Deno ? null : presenceIn(Deno, "Deno", name);
}

/** Fact that an import from a module of Node reads; `null` when the import reads no fact. */
export function ambientImport(specifier: string, imported: string, path: readonly string[]): AmbientFact | null {
  const members = imported === "*" || imported === "default" ? path[0] === "default" ? path.slice(1) : path : [
    imported,
    ...path,
  ];
  const module = specifier.replace(/^node:/, "");
  switch (module) {
    case "process":
      return ambientGlobal(["process", ...members]);
    case "os": {
      const [name = ""] = members;
      if (name === "getPriority") return { name: "getPriority from node:os", read: () => readOs(name), changes: true };
      return OS.has(name) ? { name: `${name} from node:os`, read: () => readOs(name), changes: false } : null;
    }
    case "util":
      // Without the option `args`, `parseArgs` reads the command line.
      if (members[0] === "parseArgs") return factOf(PROCESS, "process", "argv", []);
      return members.length === 1 && SHOWING.has(members[0]!) ? SHOWN_AS : null;
    case "stream":
    case "events":
      return settingOf(module, members) ?? DEFAULTS_OF_STREAMS;
    case "perf_hooks": // moments, such as `performance.timeOrigin`, are no inputs
      return null;
    default:
      return settingOf(module, members);
  }
}

/** What emitters and streams have that are given no options; programs may change it. */
const DEFAULTS_OF_STREAMS: AmbientFact = {
  name: "defaults of node:events and node:stream",
  read: () => {
    const { getDefaultHighWaterMark } = process.getBuiltinModule("node:stream");
    const { EventEmitter: { defaultMaxListeners } } = process.getBuiltinModule("node:events");
    return [getDefaultHighWaterMark(false), getDefaultHighWaterMark(true), defaultMaxListeners];
  },
  changes: true,
};

/** Functions of `node:util` that show values. */
const SHOWING = new Set(["inspect", "format", "formatWithOptions"]);

/** How values are shown where a call does not say; programs may change it. */
const SHOWN_AS: AmbientFact = {
  name: "inspect.defaultOptions from node:util",
  read: () => {
    const { inspect } = process.getBuiltinModule("node:util") as unknown as {
      inspect: Record<string, object>;
    };
    const { INSPECT_MAX_BYTES } = process.getBuiltinModule("node:buffer");
    return { ...inspect.defaultOptions, styles: { ...inspect.styles }, bytes: INSPECT_MAX_BYTES };
  },
  changes: true,
};

/**
 * A setting of a module of Node, which programs may assign: a number, a text or a truth value that members of the
 * module lead to. `null` when the members lead to something else.
 */
function settingOf(module: string, members: readonly string[]): AmbientFact | null {
  const exports: unknown = process.getBuiltinModule(`node:${module}`);
  const read = () => {
    let value = exports;
    for (const key of members) {
      if (typeof value !== "object" && typeof value !== "function" || value === null) break;
      value = Reflect.get(value, key);
    }
    return value;
  };
  const name = `${members.join(".")} from node:${module}`;
  const found = attemptRead(read);
  // `getDefaultHighWaterMark(isOfObjects)`, `getDefaultResultOrder()`
  if (typeof found === "function" && /^get(?:Default\w+|Fips|Servers)$/.test(members.at(-1) ?? "")) {
    return { name, read: () => [false, true].map((given) => attemptRead(() => found(given))), changes: true };
  }
  const isSetting = ["number", "string", "boolean"].includes(typeof found);
  return isSetting ? { name, read: () => attemptRead(read), changes: true } : null;
}

const OF_ZONE =
  /^Date(?:$|\.parse$|\.prototype(?:\.(?:[gs]et(?!UTC|Time$)|to(?!ISO|UTC|GMT|JSON|Temporal))|\[))|^(?:Intl|Temporal\.Now)\b/;
const OF_LOCALE = /^Intl\b|\.toLocale\w*$|\.localeCompare$/;

/**
 * The time zone and the locale, as far as a function of the language depends on them.
 *
 * @param place Path of the function: `Date.prototype.getHours`, `globalThis.Date`.
 */
export function factsOfIntrinsic(place: string): readonly AmbientFact[] {
  const path = place.replace(/^globalThis\./, "");
  const isLocale = OF_LOCALE.test(path);
  return [...isLocale || OF_ZONE.test(path) ? [TIME_ZONE] : [], ...isLocale ? [LOCALE] : []];
}

/** Fact that a captured function of the platform returns; `null` for a function that returns none. */
export function factOfFunction(fn: object, url: string): AmbientFact | null {
  const name = String(Object.getOwnPropertyDescriptor(fn, "name")?.value);
  if (Object.hasOwn(DENO, name) && Object.getOwnPropertyDescriptor(Deno, name)?.value === fn) {
    return factOf(DENO, "Deno", name, []);
  }
  const [module] = /(?<=^ext:deno_node\/)os(?=\.)|util(?=\/parse_args)/.exec(url.replace("/internal", "")) ?? [];
  if (module === undefined) return null;
  const exports: object = process.getBuiltinModule(`node:${module}`) ?? {};
  return Reflect.get(exports, name) === fn ? ambientImport(module, name, []) : null;
}

/** True for a call of `parseArgs` that is given the arguments to parse, so that it does not read the command line. */
export function isGivenArguments({ parents }: ScriptSyntax, { how, node }: Use): boolean {
  const call = how === "call" ? parents.get(node) : undefined;
  const config = call?.type === "CallExpression" ? call.arguments[0] : undefined;
  return config?.type === "ObjectExpression" &&
    config.properties.some((one) => one.type === "Property" && !one.computed && staticNameOf(one.key) === "args");
}

function staticNameOf(key: AnyNode): string {
  return key.type === "Identifier" ? key.name : key.type === "Literal" ? String(key.value) : "";
}

/**
 * Facts that code reads from `import.meta`: whether the module is the main module, and the modules that specifiers
 * resolve to by the import map. The paths in `import.meta` are no facts: they are the module's own.
 *
 * @param url The module's URL.
 * @param resolve Resolves a specifier in the module.
 */
function moduleFacts(
  { meta, text }: NormalizedCode,
  url: string,
  resolve: (specifier: string, referrer: string) => string | null,
): AmbientFact[] {
  const facts: AmbientFact[] = [];
  const uses = (name: string) => meta.includes(name) || meta.includes("*");
  if (uses("main")) {
    facts.push({ name: "import.meta.main", read: () => attemptRead(() => Deno.mainModule === url), changes: false });
  }
  const texts = uses("resolve") ? text.match(/"(?:[^"\\]|\\.)*"/g) ?? [] : [];
  for (const specifier of new Set(texts.map((one) => JSON.parse(one) as string))) {
    if (/^\.{0,2}\//.test(specifier) || URL.canParse(specifier)) continue;
    const resolved = attemptRead(() => resolve(specifier, url));
    if (typeof resolved !== "string") continue;
    const place = resolved.startsWith("file:") ? toPortable(new URL(resolved), projectRoot()) : resolved;
    facts.push({ name: `import.meta.resolve("${specifier}")`, read: () => place, changes: false });
  }
  return facts;
}

/** All facts that a function or class of the user depends on. @param resolve Resolves a specifier in a module. */
export function factsOfCode(
  { fn, code, url, facts = [], places = [] }: {
    readonly fn: object;
    readonly code: NormalizedCode | null;
    readonly url: string;
    readonly facts?: readonly AmbientFact[];
    readonly places?: readonly AmbientFact[];
  },
  resolve: (specifier: string, referrer: string) => string | null,
): AmbientFact[] {
  const isOfDates = Object.prototype.isPrototypeOf.call(Date, fn);
  return [
    ...code ? [...localFacts(code), ...moduleFacts(code, url, resolve)] : [],
    ...isOfDates ? [TIME_ZONE] : [],
    ...facts,
    ...places,
  ];
}

/** Whether globals are there that the code asks for by name: `"RATE" in globalThis`. */
function presences({ text, slots }: NormalizedCode): AmbientFact[] {
  if (!text.includes(' "in" @')) return [];
  const asked = new Map<string, AmbientFact>();
  for (const [slot, { name, binding }] of slots.entries()) {
    if (binding !== null || !isGlobalObject(name) && name !== "Deno") continue;
    for (const [, quoted] of text.matchAll(new RegExp(`("(?:[^"\\\\]|\\\\.)*") "in" @${slot}(?!\\d)`, "g"))) {
      const key = JSON.parse(quoted!) as string;
      const fact = name === "Deno" ? presenceIn(Deno, name, key) : presenceIn(globalThis, "globalThis", key);
      asked.set(fact.name, fact);
    }
  }
  return [...asked.values()];
}

function presenceIn(object: object, name: string, key: string): AmbientFact {
  return { name: `${key} in ${name}`, read: () => key in object, changes: true };
}

/** The time zone and the locale, and globals that are asked for, as far as the code depends on them. */
export function localFacts(code: NormalizedCode): readonly AmbientFact[] {
  let facts = known.get(code);
  if (!facts) {
    const makesText = mayMakeText(code);
    const isLocal = code.slots.some(({ name, binding }, index) =>
      !binding && (isLocalUse(code.text, name, index) || name === "Date" && makesText)
    );
    const isLocale = LOCALE_MEMBERS.test(code.text) ||
      code.slots.some(({ name, binding }) => !binding && name === "Intl");
    const usesZone = isLocale || isLocal || ZONE_MEMBERS.test(code.text);
    facts = [...usesZone ? [TIME_ZONE] : [], ...isLocale ? [LOCALE] : [], ...presences(code)];
    known.set(code, facts);
  }
  return facts;
}

const known = new WeakMap<NormalizedCode, readonly AmbientFact[]>();

/** True for code that may turn a value into text by itself, also for code that is not known. */
export function mayMakeText(code: NormalizedCode | null): boolean {
  return code === null || MAKES_TEXT.test(code.text) ||
    code.slots.some(({ name, binding }) => !binding && name === "String");
}

/** Members whose values depend on the time zone, as normalized code writes them. */
const ZONE_MEMBERS =
  /"(?:[gs]et(?:Hours|Minutes|Date|Day|Month|FullYear|Year)|getTimezoneOffset|to(?:Date|Time)String|timeZoneId)"/;
/** Operations that may turn a date into text, which is in local time; as normalized code writes them. */
const MAKES_TEXT = /\(template |"(?:\+|\+=|==|!=|toString|toLocaleString|toPrimitive|join|concat)"/;
const LOCALE_MEMBERS = /"(?:toLocale\w*|localeCompare)"/;

/**
 * True for a use of a global that depends on the time zone. `new Date(2024, 0, 1)` and `new Date("2024-01-01T00:00")`
 * are in local time; `new Date()` and `Date.now()` are not.
 */
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

/** The time zone of the process. */
export const TIME_ZONE: AmbientFact = {
  name: "time zone",
  // Asking for the time zone takes 0.1 ms, and only the variable `TZ` changes the answer.
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

const ZONE_IN_TEXT =
  /\b(?:[gs]et(?:Hours|Minutes|Date|Day|Month|FullYear|Year)|getTimezoneOffset|to(?:Date|Time)String|timeZoneId)\b|\bnew Date\([^()]*,/;
const LOCALE_IN_TEXT = /\btoLocale\w*String\b|\blocaleCompare\b|\bIntl\b|\bnavigator\b.{0,40}?\blanguages?\b/;
const ARGUMENTS_IN_TEXT = /\bprocess\b[^]*\bargv\b|\bargv\b[^]*\bprocess\b|\bDeno\s*\.\s*args\b|\bparseArgs\b/;

/**
 * The time zone, the locale and the command line, as far as the source text of a script mentions what depends on them.
 *
 * @param lookups Parts of the text that run when functions are called; the values that code has read before count.
 */
export function factsOfText(text: string, lookups: () => readonly string[]): readonly AmbientFact[] {
  const isLocale = LOCALE_IN_TEXT.test(text);
  const readsArguments = ARGUMENTS_IN_TEXT.test(text) &&
    lookups().some((part) => /\bargv\b|\bDeno\s*\.\s*args\b|\bparseArgs\b/.test(part));
  return [
    ...isLocale || ZONE_IN_TEXT.test(text) ? [TIME_ZONE] : [],
    ...isLocale ? [LOCALE] : [],
    ...readsArguments ? [factOf(PROCESS, "process", "argv", [])!] : [],
  ];
}

/** Facts that are objects: code that uses one member depends on that member alone. */
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

/** Reads a fact; `undefined` when reading throws, as without permission. Then the user's code throws as well. */
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

/** Names of globals that belong to the platform. */
const PLATFORM_OBJECTS: ReadonlySet<string> = new Set(
  ("Deno process globalThis window self global console Math JSON Reflect Atomics Intl WebAssembly Temporal crypto " +
    "performance navigator location caches localStorage sessionStorage Iterator Buffer clientInformation gpu " +
    "undefined NaN Infinity")
    .split(" "),
);

/** Names of the global object. */
const GLOBAL_OBJECTS: ReadonlySet<string> = new Set(["globalThis", "window", "self", "global"]);

/** Value of a global; `undefined` when the global is absent or behind a getter. */
export function valueOfGlobal(name: string): unknown {
  if (isGlobalObject(name)) return globalThis;
  // No getter is called: the getter of `localStorage` would open the storage.
  for (
    let at: object | null = globalThis;
    at !== null && !isProxy(at);
    at = Object.getPrototypeOf(at) as object | null
  ) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    if (property !== undefined) return property.value;
  }
  return undefined;
}

/** Getter and setter of the global that a chain of names leads through first; empty when the global is no accessor. */
export function accessorsOfGlobal(name: string, path: readonly string[]): readonly object[] {
  const [first] = pathInGlobal(name, path);
  const property = first === undefined ? undefined : Object.getOwnPropertyDescriptor(globalThis, first);
  return [property?.get, property?.set].filter((part) => part !== undefined);
}

/** Chain of names from the global object on: `RATE`, `globalThis.RATE` and `self.RATE` give one chain. */
export function pathInGlobal(name: string, path: readonly string[]): readonly string[] {
  return isGlobalObject(name) ? path : [name, ...path];
}

/**
 * True for a chain of names that leads into the platform.
 *
 * A name that does not exist is the program's, which may set it before the next call. A function needs a further
 * test, by its code: a program may have replaced one of the platform's.
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
