/**
 * Takes objects of the platform that are data apart, and makes them: URL, URLSearchParams, Headers, Temporal.
 *
 * @module
 */
import { ownPlatformName } from "../kinds.ts";
import { ownValue } from "../brands.ts";
import { type Loss, takeBeside } from "./losses.ts";

/** A kind of objects of the platform. */
interface PlatformKind {
  /** The primitives that tell an object; `null` when it is none of this kind or has more to it. */
  take(subject: object): readonly unknown[] | null;
  /** Makes an object of its primitives. @throws {unknown} When they are not those of an object of this kind. */
  make(parts: readonly unknown[]): object;
  /** Descriptions of the symbols under which the platform keeps what `take` returns. */
  readonly internal?: readonly string[];
}

/** Largest number of names and values of headers: to append one takes as long as there are headers. */
const MAX_HEADERS = 1 << 13;
/** Description of the symbol under which headers keep what they were iterated as. */
const ITERATED = "iterable headers cache";
const ALWAYS = { calendarName: "always" } as const;
const ZONED = ["epochNanoseconds", "timeZoneId", "calendarId"] as const;
const DURATION = [
  "years",
  "months",
  "weeks",
  "days",
  "hours",
  "minutes",
  "seconds",
  "milliseconds",
  "microseconds",
  "nanoseconds",
] as const;

const KINDS: Readonly<Record<string, PlatformKind>> = {
  __proto__: null as never,
  URL: {
    take: (subject) => [getterOfUrl().call(subject)],
    make: ([href]) => new URL(text(href)),
  },
  URLSearchParams: {
    take(subject) {
      const parts: string[] = [];
      URLSearchParams.prototype.forEach.call(subject as URLSearchParams, (value, name) => void parts.push(name, value));
      return parts;
    },
    make(parts) {
      const made = new URLSearchParams();
      for (let at = 0; at < parts.length; at += 2) made.append(text(parts[at]), text(parts[at + 1]));
      return made;
    },
    internal: ["list"],
  },
  Headers: {
    take: takeHeaders,
    make(parts) {
      if (parts.length > MAX_HEADERS + 1) throw new RangeError("Too many headers");
      const made = new Headers();
      for (let at = 1; at < parts.length; at += 2) made.append(text(parts[at]), text(parts[at + 1]));
      if (parts[0] === true) { for (const _each of made); }
      return made;
    },
    internal: ["header list", "lowercase header names", ITERATED],
  },
  "Temporal.Instant": {
    take: (subject) => [readAccessor("Instant", "epochNanoseconds", subject)],
    make: ([ns]) => new Temporal.Instant(bigint(ns)),
  },
  "Temporal.ZonedDateTime": {
    take: (subject) => ZONED.map((name) => readAccessor("ZonedDateTime", name, subject)),
    make: ([ns, zone, calendar]) => new Temporal.ZonedDateTime(bigint(ns), text(zone), text(calendar)),
  },
  "Temporal.Duration": {
    take: (subject) => DURATION.map((name) => readAccessor("Duration", name, subject)),
    make: (parts) => {
      if (parts.length !== DURATION.length) throw new RangeError("Not the parts of a duration");
      return new Temporal.Duration(...parts.map(number) as [number]);
    },
  },
  "Temporal.PlainTime": {
    take: (subject) => [Temporal.PlainTime.prototype.toString.call(subject as Temporal.PlainTime)],
    make: ([time]) => Temporal.PlainTime.from(text(time)),
  },
  "Temporal.PlainDateTime": {
    take: (subject) => [Temporal.PlainDateTime.prototype.toString.call(subject as Temporal.PlainDateTime, ALWAYS)],
    make: ([date]) => Temporal.PlainDateTime.from(text(date)),
  },
  "Temporal.PlainDate": {
    take: (subject) => [Temporal.PlainDate.prototype.toString.call(subject as Temporal.PlainDate, ALWAYS)],
    make: ([date]) => Temporal.PlainDate.from(text(date)),
  },
  "Temporal.PlainYearMonth": {
    take: (subject) => [Temporal.PlainYearMonth.prototype.toString.call(subject as Temporal.PlainYearMonth, ALWAYS)],
    make: ([date]) => {
      const { year, month, day, calendar } = dateOf(text(date));
      return new Temporal.PlainYearMonth(year, month, calendar, day);
    },
  },
  "Temporal.PlainMonthDay": {
    take: (subject) => [Temporal.PlainMonthDay.prototype.toString.call(subject as Temporal.PlainMonthDay, ALWAYS)],
    make: ([date]) => {
      const { year, month, day, calendar } = dateOf(text(date));
      return new Temporal.PlainMonthDay(month, day, calendar, year);
    },
  },
};

/** Name of the kind of an object of the platform that is data; `null` for every other object. */
export function platformDataName(subject: object): string | null {
  const name = ownPlatformName(subject);
  if (name === null) return null;
  if (!name.startsWith("Temporal.") && KINDS[name] !== undefined) return name;
  const temporal = ownValue(globalThis, "Temporal");
  const constructor = typeof temporal === "object" && temporal !== null ? ownValue(temporal, name) : undefined;
  const isTemporal = typeof constructor === "function" && constructor.prototype === Object.getPrototypeOf(subject);
  return isTemporal && KINDS[`Temporal.${name}`] !== undefined ? `Temporal.${name}` : null;
}

/**
 * The primitives that tell an object of the platform.
 *
 * @param further List to which members are added that the user gave to the object.
 * @returns `null` when the object made of them would be another one.
 */
export function takePlatformData(subject: object, name: string, further: unknown[]): readonly unknown[] | Loss | null {
  const { take, make, internal = [] } = KINDS[name]!;
  try {
    const parts = take(subject);
    if (parts === null) return null;
    const fresh = make(parts);
    const again = take(fresh);
    if (again === null || again.length !== parts.length || !again.every((part, at) => part === parts[at])) return null;
    const isInternal = (key: PropertyKey) => typeof key === "symbol" && internal.includes(key.description ?? "");
    return takeBeside(subject, fresh, further, isInternal) ?? parts;
  } catch {
    return null; // `subject` has the prototype alone and none of the internal state.
  }
}

/** Makes an object of the platform; `undefined` when there is no kind of that name. @throws {unknown} When it cannot. */
export function makePlatformData(name: string, parts: readonly unknown[]): object | undefined {
  return KINDS[name]?.make(parts);
}

/** True for the name of a kind of this file. */
export function isPlatformDataName(name: string): boolean {
  return KINDS[name] !== undefined;
}

/** Takes headers apart: whether they were iterated, which adds a member to them, and their names and values in turn. */
function takeHeaders(subject: object): readonly unknown[] | null {
  const symbols = Object.getOwnPropertySymbols(subject);
  const symbol = symbols.find(({ description }) => description === "header list");
  const list: unknown = symbol === undefined ? undefined : ownValue(subject, symbol);
  if (!Array.isArray(list)) return null;
  // The list tells more than the iteration of headers does: the case of their names, and their order.
  const parts: unknown[] = list.flat();
  if (parts.length > MAX_HEADERS || !parts.every((part) => typeof part === "string")) return null;
  return [symbols.some(({ description }) => description === ITERATED), ...parts];
}

function getterOfUrl(): (this: unknown) => string {
  return Object.getOwnPropertyDescriptor(URL.prototype, "href")!.get!;
}

/** Reads a member of a Temporal object by the accessor of its class. */
function readAccessor(name: "Instant" | "ZonedDateTime" | "Duration", member: string, subject: object): unknown {
  return Object.getOwnPropertyDescriptor(Temporal[name].prototype, member)!.get!.call(subject);
}

function dateOf(date: string): { year: number; month: number; day: number; calendar: string } {
  const match = /^([+-]?\d{4,6})-(\d\d)-(\d\d)\[u-ca=([^\]]+)\]$/.exec(date);
  if (match === null) throw new RangeError("Not a date with a calendar");
  return { year: Number(match[1]), month: Number(match[2]), day: Number(match[3]), calendar: match[4]! };
}

function text(part: unknown): string {
  if (typeof part !== "string") throw new TypeError("Not a text");
  return part;
}

function bigint(part: unknown): bigint {
  if (typeof part !== "bigint") throw new TypeError("Not a bigint");
  return part;
}

function number(part: unknown): number {
  if (typeof part !== "number") throw new TypeError("Not a number");
  return part;
}
