/**
 * Names of members that the language and the platform look up on objects that they are given, without code that names
 * them: by the protocols of ECMAScript (ECMA-262), the options of its internationalization (ECMA-402) and of Temporal, and
 * the options of functions that read and write files.
 *
 * @module
 */
const PROTOCOLS = `
  then next return throw done value length constructor toString valueOf toLocaleString toJSON toISOString join name message
  cause errors error suppressed stack description raw index input groups indices lastIndex exec flags source global
  ignoreCase multiline dotAll unicode unicodeSets sticky hasIndices get set has keys values entries size add resolve reject
  enumerable configurable writable apply construct defineProperty deleteProperty getOwnPropertyDescriptor getPrototypeOf
  isExtensible ownKeys preventExtensions setPrototypeOf maxByteLength alphabet omitPadding lastChunkHandling firstDayOfWeek mode padding concat callee with undefined NaN Infinity
  -Infinity null true false default`;

const LOCALES = `
  localeMatcher usage sensitivity ignorePunctuation numeric caseFirst collation calendar numberingSystem hour12 hourCycle
  timeZone weekday era year month day dayPeriod hour minute second fractionalSecondDigits timeZoneName formatMatcher
  dateStyle timeStyle style currency currencyDisplay currencySign unit unitDisplay notation compactDisplay useGrouping
  signDisplay minimumIntegerDigits minimumFractionDigits maximumFractionDigits minimumSignificantDigits
  maximumSignificantDigits roundingIncrement roundingMode roundingPriority trailingZeroDisplay type fallback
  languageDisplay granularity language script region variants years yearsDisplay months monthsDisplay weeks weeksDisplay
  days daysDisplay hours hoursDisplay minutes minutesDisplay seconds secondsDisplay milliseconds millisecondsDisplay
  microseconds microsecondsDisplay nanoseconds nanosecondsDisplay fractionalDigits`;

const TEMPORAL = `
  monthCode eraYear millisecond microsecond nanosecond offset overflow disambiguation relativeTo smallestUnit largestUnit
  calendarName direction plainTime plainDate`;

const PLATFORM = `
  signal append create createNew truncate read write recursive encoding flag flush bigint throwIfNoEntry withFileTypes
  handleEvent once passive capture transfer detail start end duration fatal ignoreBOM stream root dir base ext prefix suffix
  href protocol host hostname port pathname search hash username password preventClose preventAbort preventCancel
  highWaterMark dev ino nlink uid gid rdev blksize blocks atime mtime ctime birthtime`;

/** Names of members that are looked up on objects whether or not code names them. */
export const PROTOCOL_NAMES: ReadonlySet<string> = new Set(
  [PROTOCOLS, LOCALES, TEMPORAL, PLATFORM].flatMap((names) => names.trim().split(/\s+/)),
);

/** Globals of the language. Their functions look up nothing beyond {@linkcode PROTOCOL_NAMES}. */
export const LANGUAGE_GLOBALS: ReadonlySet<string> = new Set(
  (`AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error EvalError
  Float16Array Float32Array Float64Array Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map Math NaN Number
  Object Promise RangeError ReferenceError RegExp Set SharedArrayBuffer String Symbol SyntaxError Temporal TypeError
  URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet decodeURI decodeURIComponent
  encodeURI encodeURIComponent isFinite isNaN parseFloat parseInt undefined escape unescape arguments`).split(/\s+/),
);

/** Globals of the platform that look up nothing beyond {@linkcode PROTOCOL_NAMES} on what they are given. */
export const PLAIN_GLOBALS: ReadonlySet<string> = new Set(
  (`console setTimeout clearTimeout setInterval clearInterval queueMicrotask performance structuredClone atob btoa
  TextEncoder TextDecoder URL URLSearchParams`).split(/\s+/),
);

/** Functions of Deno and of Node.js that do the same: they read and write files, or take paths apart. */
const PLAIN_FUNCTIONS =
  /^(read|write)(Text)?File(Sync)?$|^l?stat(Sync)?$|^readDir(Sync)?$|^readdir(Sync)?$|^mkdir(Sync)?$|^exists(Sync)?$/;

/** True for a member of `Deno`, `node:fs` or `node:path` whose options have no names beyond {@linkcode PROTOCOL_NAMES}. */
export function isPlainMember(module: string, name: string): boolean {
  if (/^(node:)?path(\/posix|\/win32)?$/.test(module)) return true;
  if (module === "process") return ["argv", "env", "cwd", "platform", "arch", "version"].includes(name);
  const isOfDeno = module === "Deno" && ["args", "cwd", "errors", "build", "version", "env"].includes(name);
  return isOfDeno || /^(Deno|(node:)?fs(\/promises)?)$/.test(module) && PLAIN_FUNCTIONS.test(name);
}
