/**
 * Functions of the platform whose effects are not observed where code holds the function itself, instead of looking it
 * up in an object whose members are replaced while a call runs.
 *
 * Such a function is recognized by identity: by comparison with the members of `Deno`, the globals and the exports of
 * Node's modules. The script that contains a function decides only for functions that no name leads to.
 *
 * @module
 */
import { NAMES_OF_DENO } from "../../words/program.ts";
import { nodeModule } from "../../words/node_modules.ts";
import type { BlindUse } from "../types.ts";
import { nameOfFunction } from "../walk/values.ts";

type BlindKind = BlindUse["kind"];

/** Members of `Deno` that are blind however they are called. */
const DENO_MEMBERS: Readonly<Record<string, BlindKind>> = {
  Command: "process",
  run: "process",
  spawn: "process",
  spawnAndWait: "process",
  spawnAndWaitSync: "process",
  stdin: "process",
  kill: "process",
  dlopen: "ffi",
  UnsafeCallback: "ffi",
  UnsafeFnPointer: "ffi",
  UnsafePointer: "ffi",
  UnsafePointerView: "ffi",
  connect: "network",
  connectTls: "network",
  connectQuic: "network",
  startTls: "network",
  listen: "network",
  listenTls: "network",
  listenDatagram: "network",
  resolveDns: "network",
  createHttpClient: "network",
  serve: "network",
  serveHttp: "network",
  openKv: "file",
  watchFs: "file",
};

/** Members of `process` that are blind however they are called. */
export const PROCESS_MEMBERS: Readonly<Record<string, BlindKind>> = {
  stdin: "process",
  openStdin: "process",
  kill: "process",
  binding: "file",
  loadEnvFile: "file",
  dlopen: "ffi",
};

/** Functions of `Deno` that read and change nothing but the process itself, and classes of values that they give. */
const HARMLESS_DENO = new Set(
  ("inspect exit test bench cpuUsage memoryUsage loadavg osUptime systemMemoryInfo Permissions PermissionStatus " +
    "addSignalListener removeSignalListener refTimer unrefTimer isatty consoleSize upgradeWebSocket umask FsFile " +
    "HttpClient ChildProcess Process AtomicOperation Kv KvU64 KvListIterator execPath hostname osRelease uid gid " +
    "networkInterfaces")
    .split(" "),
);

/** Functions of `Deno` that are observed where they are looked up at each call; most of them also end with `Sync`. */
const OBSERVED_DENO = new Set(
  ("readFile readTextFile open stat lstat realPath readLink create writeFile writeTextFile truncate copyFile rename " +
    "remove mkdir makeTempDir makeTempFile symlink link utime chmod chown readDir cwd chdir")
    .split(" "),
);

/** Kind of effect of a member of `Deno`; `null` when it is observed or has none. A function that is not known is blind. */
export function kindOfDeno(name: string): BlindKind | null {
  if (Object.hasOwn(DENO_MEMBERS, name)) return DENO_MEMBERS[name]!;
  if (HARMLESS_DENO.has(name) || OBSERVED_DENO.has(name.replace(/Sync$/, ""))) return null;
  const value: unknown = NAMES_OF_DENO.has(name) ? Object.getOwnPropertyDescriptor(Deno, name)?.value : undefined;
  return typeof value === "function" ? "file" : null;
}

/** Globals that are blind. */
export const GLOBALS: Readonly<Record<string, BlindKind>> = {
  fetch: "network",
  WebSocket: "network",
  WebSocketStream: "network",
  EventSource: "network",
  XMLHttpRequest: "network",
  WebTransport: "network",
  BroadcastChannel: "process",
  Worker: "code",
  SharedWorker: "code",
  importScripts: "code",
  localStorage: "file",
  sessionStorage: "file",
  caches: "file",
  indexedDB: "file",
  prompt: "process",
  confirm: "process",
};

/** Modules of Node that are blind, without `node:`. */
const NODE_MODULES: Readonly<Record<string, BlindKind>> = {
  child_process: "process",
  cluster: "process",
  worker_threads: "code",
  vm: "code",
  net: "network",
  tls: "network",
  http: "network",
  https: "network",
  http2: "network",
  dgram: "network",
  dns: "network",
  "dns/promises": "network",
  readline: "process",
  "readline/promises": "process",
  sqlite: "file",
  repl: "process",
  wasi: "process",
  inspector: "code",
  "inspector/promises": "code",
};

/** Modules of Node that read nothing, or whose reads are observed or facts. */
const HARMLESS_MODULES = new Set(
  ("assert async_hooks buffer console constants crypto diagnostics_channel domain events fs module os path perf_hooks " +
    "process punycode querystring stream string_decoder sys test timers trace_events tty url util v8 zlib")
    .split(" "),
);

/** Kind of effect of the functions of a module of Node; `null` when they have none. A module that is not known is blind. */
export function kindOfModule(module: string): BlindKind | null {
  if (Object.hasOwn(NODE_MODULES, module)) return NODE_MODULES[module]!;
  return HARMLESS_MODULES.has(module.split("/")[0]!) ? null : "file";
}

/** Names, without `node:`, of the modules of Node whose functions have effects that are not observed. */
export const BLIND_MODULES: ReadonlySet<string> = new Set(Object.keys(NODE_MODULES));

/** Modules of Node of which only functions that code holds are blind: their other uses are followed or observed. */
const HELD_MODULES: Readonly<Record<string, BlindKind>> = {
  ...NODE_MODULES,
  module: "code",
  process: "process",
};

/** Exports of Node's modules without effects of their own, by module. Names in capital letters are constants. */
const HARMLESS: Readonly<Record<string, ReadonlySet<string>>> = Object.fromEntries(
  Object.entries({
    fs: "constants Stats BigIntStats Dirent Dir default promises _toUnixTimestamp CFISBIS convertFileInfoToStats " +
      "convertFileInfoToBigIntStats",
    child_process: "ChildProcess",
    worker_threads: "MessageChannel MessagePort markAsUncloneable markAsUntransferable isMarkedAsUntransferable " +
      "moveMessagePortToContext setEnvironmentData resourceLimits",
    vm: "constants isContext createContext measureMemory",
    net: "BlockList SocketAddress isIP isIPv4 isIPv6 _normalizeArgs getDefaultAutoSelectFamily " +
      "setDefaultAutoSelectFamily getDefaultAutoSelectFamilyAttemptTimeout setDefaultAutoSelectFamilyAttemptTimeout",
    tls: "checkServerIdentity createSecureContext getCiphers convertALPNProtocols",
    http: "maxHeaderSize validateHeaderName validateHeaderValue setMaxIdleHTTPParsers Agent globalAgent " +
      "IncomingMessage OutgoingMessage ServerResponse",
    https: "Agent globalAgent",
    http2: "constants sensitiveHeaders getDefaultSettings getPackedSettings getUnpackedSettings addAbortListener " +
      "Http2ServerRequest Http2ServerResponse",
    dns: "getDefaultResultOrder setDefaultResultOrder getServers setServers",
    readline: "clearLine clearScreenDown cursorTo moveCursor Readline promises",
    sqlite: "constants StatementSync",
    repl: "writer Recoverable builtinModules",
    module: "isBuiltin builtinModules stripTypeScriptTypes SourceMap findSourceMap syncBuiltinESMExports constants " +
      "_nodeModulePaths _resolveLookupPaths _initPaths _preloadModules",
  }).map(([module, names]) => [module, new Set(names.split(" "))]),
);

/** Functions of the module `process` that are blind when held; most other members are facts, or change the process. */
const PROCESS_READERS = new Set(["getBuiltinModule", "cwd", ...Object.keys(PROCESS_MEMBERS)]);

/** Functions of `fs` that are not observed even where they are looked up at each call. */
const UNOBSERVED_FS = new Set(["statfs", "statfsSync", "watch", "watchFile"]);

/** True for a function of `fs` or `fs/promises` that is not observed even where it is looked up at each call. */
export function isUnobservedExport(name: string): boolean {
  return UNOBSERVED_FS.has(name);
}

/** True for an export of a module of Node that reads nothing. @param module Name of the module, without `node:`. */
export function isHarmlessExport(module: string, name: string): boolean {
  const [base = ""] = module.split("/");
  if (base === "process") return !PROCESS_READERS.has(name);
  const names = Object.hasOwn(HARMLESS, base) ? HARMLESS[base] : undefined;
  return names?.has(name) === true || /^[A-Z][A-Z0-9_]*$/.test(name);
}

/** Kind and name of a function of the platform that reads something, for the user. */
export type PlatformReader = Pick<BlindUse, "name" | "kind">;

// Read when this module loads: later, while a call runs, observing functions stand in the places of these.
const ofDeno = readersOfDeno();
const ofDenoHarmless = new Set<unknown>(
  [...HARMLESS_DENO].map((name) => Object.getOwnPropertyDescriptor(Deno, name)?.value),
);
const platformFetch = globalThis.fetch;

function readersOfDeno(): ReadonlyMap<unknown, PlatformReader> {
  const found = new Map<unknown, PlatformReader>();
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(Deno))) {
    if (typeof value !== "function" || HARMLESS_DENO.has(name)) continue;
    found.set(value, { name: `Deno.${name}`, kind: DENO_MEMBERS[name] ?? "file" });
  }
  return found;
}

/** Scripts of functions that no name leads to, such as methods of handles, as patterns of the URLs that V8 shows. */
const PLATFORM_SCRIPTS: readonly (readonly [pattern: RegExp, kind: BlindKind])[] = [
  [/^ext:deno_fs\/|^ext:runtime\/40_fs_events|^ext:deno_node\/(?:_fs\/|fs\.|internal\/fs\/|sqlite\.)|^node:fs/, "file"],
  [/^ext:deno_process\/|^ext:runtime\/40_process|child_process/, "process"],
  [/^ext:deno_ffi\//, "ffi"],
  [
    /^ext:(?:deno_(?:net|fetch|websocket|http|webtransport)\/|deno_node\/(?:net|tls|https?|http2|dgram|dns)\.)|^node:(?:net|https?|dgram|dns|tls)/,
    "network",
  ],
  [/^ext:deno_kv\/|^ext:deno_cache\/|^ext:deno_webstorage\//, "file"],
  [/^ext:runtime\/11_workers/, "code"],
];

/** Classes from {@linkcode PLATFORM_SCRIPTS} that only hold data, or that code does not construct. */
const DATA_CLASSES: ReadonlySet<string> = new Set(
  ("Headers FormData Request Response Stats StatsBase BigIntStats CFISBIS Dirent Dir FsFile HttpClient ChildProcess " +
    "Process Kv KvU64")
    .split(" "),
);

/**
 * Reader that a captured function of the platform is.
 *
 * @param fn The function or class.
 * @param url URL of the script that contains it; empty for native code.
 * @returns `null` for a function that reads nothing.
 */
export function readerOf(fn: object, url: string): PlatformReader | null {
  const known = ofDeno.get(fn);
  if (known !== undefined) return known;
  const name = nameOfFunction(fn);
  // Members behind getters are asked for only when a function of their name is found: the getters load scripts.
  if (Object.hasOwn(DENO_MEMBERS, name) && Reflect.get(Deno, name) === fn) {
    return { name: `Deno.${name}`, kind: DENO_MEMBERS[name]! };
  }
  if (Object.hasOwn(GLOBALS, name) && (fn === platformFetch || Reflect.get(globalThis, name) === fn)) {
    return { name, kind: GLOBALS[name]! };
  }
  if (isRequire(fn)) return { name: "require", kind: "code" };
  if (/^(?:ext:deno_node\/|node:)/.test(url)) {
    const file = fileReaders().get(fn);
    if (file !== undefined) return { name: file, kind: "file" };
    const ofNode = exportOfNode(fn, url);
    if (ofNode !== undefined) return ofNode;
  }
  if (url.startsWith("ext:deno_io/")) {
    return name.startsWith("read") ? { name: `stdin.${name}`, kind: "process" } : null;
  }
  const isHarmless = DATA_CLASSES.has(name) || /^[gs]et /.test(name) || ofDenoHarmless.has(fn);
  if (isHarmless) return null;
  const found = PLATFORM_SCRIPTS.find(([pattern]) => pattern.test(url));
  return found ? { name, kind: found[1] } : null;
}

/** True for the object that a reader is a member of, to which code may bind it: `fs.readFileSync.bind(fs)`. */
export function isHomeOfReader(object: unknown, fn: unknown, url: string): boolean {
  if (typeof object !== "object" || object === null || typeof fn !== "function") return false;
  const reader = readerOf(fn, url);
  if (reader === null) return false;
  if (object === Deno || object === globalThis) return true;
  const module = / from (node:\S+)$/.exec(reader.name)?.[1];
  return module !== undefined && object === globalThis.process.getBuiltinModule(module);
}

/** Name of the global that an object of the platform is, under whatever name code holds it; `null` for other values. */
export function globalOfPlatform(value: unknown): "Deno" | "process" | null {
  return value === Deno ? "Deno" : value !== undefined && value === globalThis.process ? "process" : null;
}

/** Specifier of the module of Node whose observed object a value is; `null` for other values. */
export function observedModule(value: unknown): string | null {
  if (typeof value !== "object" || value === null) return null;
  // The names tell whether the module is loaded already, so that it is not loaded for the comparison.
  if (!["readFile", "mkdtemp", "lchown"].every((name) => Object.hasOwn(value, name))) return null;
  const fs = globalThis.process.getBuiltinModule("node:fs");
  return value === fs ? "node:fs" : value === fs.promises ? "node:fs/promises" : null;
}

/** True for a function `require`, which loads modules: that of a CommonJS module, or one from `createRequire`. */
export function isRequire(value: unknown): value is NodeJS.Require {
  return typeof value === "function" && ["resolve", "cache", "extensions"].every((name) => Object.hasOwn(value, name));
}

/** Names of modules of Node that a script may belong to: those that its URL mentions. */
const MENTIONED =
  /child_process|cluster|worker|vm|net|tls|https?|dgram|dns|readline|sqlite|repl|wasi|module|process|inspector/g;

const exportsOfNode = new Map<string, ReadonlyMap<unknown, PlatformReader | null>>();

/** Reader that an export of a module is; `null` for an export that reads nothing, `undefined` for no export. */
function exportOfNode(fn: object, url: string): PlatformReader | null | undefined {
  // The function exists, so its module is loaded; the URL keeps the other modules from being loaded for the search.
  for (const mentioned of new Set(url.match(MENTIONED))) {
    for (const module of Object.keys(HELD_MODULES)) {
      if (!module.startsWith(mentioned)) continue;
      let found = exportsOfNode.get(module);
      if (found === undefined) exportsOfNode.set(module, found = readExports(module));
      const reader = found.get(fn);
      if (reader !== undefined) return reader;
    }
  }
  return undefined;
}

function readExports(module: string): ReadonlyMap<unknown, PlatformReader | null> {
  const found = new Map<unknown, PlatformReader | null>();
  const exports = globalThis.process.getBuiltinModule(`node:${module}`) as object | undefined;
  for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(exports ?? {}))) {
    if (typeof value !== "function") continue;
    const kind = HELD_MODULES[module]!;
    found.set(value, isHarmlessExport(module, name) ? null : { name: `${name} from node:${module}`, kind });
  }
  return found;
}

let knownFileReaders: ReadonlyMap<unknown, string> | undefined;

function fileReaders(): ReadonlyMap<unknown, string> {
  // The platform's own functions: during a call, observing functions take their places in the objects of the modules.
  return knownFileReaders ??= new Map([
    ...fileReadersOf(nodeModule("node:fs"), "fs"),
    ...fileReadersOf(nodeModule("node:fs/promises"), "fs/promises"),
  ]);
}

function fileReadersOf(module: object, name: string): [fn: unknown, name: string][] {
  return Object.entries(module).flatMap(([key, fn]) =>
    typeof fn === "function" && !isHarmlessExport(name, key) ? [[fn, `${key} from node:${name}`]] : []
  );
}

let observedObjects: ReadonlySet<unknown> | undefined;

/**
 * True for a member that is looked up at each call and that, while a call runs, is replaced by an observing function.
 */
export function isObserved(object: object, member: string): boolean {
  if (observedObjects === undefined) {
    const fs = globalThis.process.getBuiltinModule("node:fs");
    observedObjects = new Set([Deno, Deno.env, fs, fs.promises]);
  }
  if (object === globalThis.process) return member === "cwd";
  return observedObjects.has(object) && !UNOBSERVED_FS.has(member) &&
    !(object === Deno && Object.hasOwn(DENO_MEMBERS, member));
}

const ENVIRONMENT_READERS: ReadonlyMap<unknown, string> = new Map(
  (["get", "has", "toObject"] as const).map((name) => [Deno.env[name], `Deno.env.${name}`]),
);

/** Notice about a captured function of `Deno.env` that reads environment variables; `null` for other functions. */
export function noticeOfEnvironment(fn: unknown): string | null {
  const name = ENVIRONMENT_READERS.get(fn);
  return name === undefined
    ? null
    : `not tracked: variables that are read through a captured ${name}; use envVars, or call ${name}() itself`;
}

/** Names of the platform's readers: whole names, since many functions of packages are called `get` or `create…`. */
const READER_NAME = new RegExp(
  "^(?:\\w+Sync|(?:read|write|append|open|copy)\\w*File|read(?:dir|Dir|link|Link|Promise|linkPromise)|real[pP]ath|l?stat|" +
    "fstat|opendir|access|exists|glob|statfs|watch(?:File|Fs)?|create(?:Read|Write)Stream|(?:Read|Write)Stream|exec|" +
    "execFile|spawn|fork|fetch|request|connect\\w*|lookup|resolveDns|createConnection|createSocket|createInterface|" +
    "createRequire|getBuiltinModule|_load|require|Worker|WebSocket|EventSource|Command|openKv|dlopen|runIn\\w+Context)$",
);

/** Kind of the effects of a member of `Deno` that is taken out of it; `null` for one that reads nothing. */
export function kindOfReader(name: string): BlindUse["kind"] | null {
  if (Object.hasOwn(DENO_MEMBERS, name)) return DENO_MEMBERS[name]!;
  const isFunction = typeof Object.getOwnPropertyDescriptor(Deno, name)?.value === "function";
  return isFunction && !HARMLESS_DENO.has(name) ? "file" : null;
}

/** True for a function whose name may be that of a reader: only these of a package's exports are compared. */
export function mayBeReader(fn: object): boolean {
  return READER_NAME.test(nameOfFunction(fn));
}
