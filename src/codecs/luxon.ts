/**
 * Ready codecs for luxon.
 *
 * @module
 */
import type { Codec } from "../values/codec.ts";
import { classCodec, type ClassLike, requireClass, requireOnly } from "./of_class.ts";
import { markOwn } from "../words/program.ts";

// deno-lint-ignore no-explicit-any
type Constructor = new (...args: any[]) => any;

/** The module `luxon`, as far as {@linkcode luxon} uses it. */
export interface LuxonModule {
  /** Class of points in time. */
  // deno-lint-ignore no-explicit-any
  readonly DateTime: ClassLike<any> & { fromMillis(milliseconds: number): any };
  /** Class of durations. */
  // deno-lint-ignore no-explicit-any
  readonly Duration: ClassLike<any>;
  /** Class of intervals. */
  // deno-lint-ignore no-explicit-any
  readonly Interval: ClassLike<any>;
  /** Class of time zones by name. */
  // deno-lint-ignore no-explicit-any
  readonly IANAZone: ClassLike<any> & { create(name: string): any };
  /** Class of time zones with one offset. */
  // deno-lint-ignore no-explicit-any
  readonly FixedOffsetZone: ClassLike<any> & { instance(minutes: number): any };
  /** Class of the system's time zone. */
  // deno-lint-ignore no-explicit-any
  readonly SystemZone: ClassLike<any> & { readonly instance: any };
  /** Class of names that are no time zone. */
  // deno-lint-ignore no-explicit-any
  readonly InvalidZone: ClassLike<any>;
}

/**
 * Codecs for luxon's DateTime, Duration, Interval and zones, with their locales and, where they are invalid, the reason.
 *
 * A locale is kept as it was resolved, also where the system gave it. A value in the system's time zone is kept with the
 * name of that zone; where the system has another one, the value cannot be made again, and the function runs.
 *
 * @param luxon The module `luxon`.
 *
 * @example
 * ```ts
 * import * as Luxon from "luxon";
 * import { cacheFile } from "@bimsb/cachepy";
 * import { luxon } from "@bimsb/cachepy/codecs";
 *
 * const cached = cacheFile(await Deno.makeTempDir(), { codecs: luxon(Luxon) });
 * const nextDay = cached(function nextDay(date: string) {
 *   return Luxon.DateTime.fromISO(date, { zone: "Europe/Berlin" }).plus({ days: 1 });
 * });
 * await nextDay("2024-03-30T12:00");
 * console.log((await nextDay("2024-03-30T12:00")).toISO()); // 2024-03-31T12:00:00.000+02:00, from the cache
 * ```
 */
export function luxon(luxon: LuxonModule): Codec[] {
  for (const name of ["DateTime", "Duration", "Interval", "IANAZone", "FixedOffsetZone", "SystemZone"] as const) {
    requireClass(luxon?.[name], `luxon(…).${name}`);
  }
  const { DateTime } = luxon;
  const invalid = DateTime.fromMillis(NaN);
  return [
    classCodec("luxon.DateTime", DateTime, {
      encode: (value) => {
        requireOnly(value, Reflect.ownKeys(invalid) as string[]);
        return [value.ts, value._zone, value.loc, value.invalid, value.o] as const;
      },
      decode: ([ts, zone, loc, invalid, o]) => make(DateTime, { ts, zone, loc, invalid, o }),
    }),
    ...spans(luxon),
    ...zones(luxon),
    ...innerParts(invalid),
  ];
}

function make(constructor: object, ...args: unknown[]): object {
  return Reflect.construct(constructor as Constructor, args);
}

/** Codecs for durations and intervals. */
function spans({ Duration, Interval }: LuxonModule): Codec[] {
  const matrixOf = (conversionAccuracy: string) => Reflect.get(make(Duration, { conversionAccuracy }), "matrix");
  const members = Reflect.ownKeys(make(Duration, {})) as string[];
  return [
    classCodec("luxon.Duration", Duration, {
      encode: (value) => {
        requireOnly(value, members);
        const { values, loc, conversionAccuracy, invalid, matrix } = value;
        return [values, loc, conversionAccuracy, invalid, matrix === matrixOf(conversionAccuracy) ? null : matrix];
      },
      decode: ([values, loc, conversionAccuracy, invalid, matrix]: readonly unknown[]) =>
        make(Duration, { values, loc, conversionAccuracy, invalid, matrix }),
    }),
    classCodec("luxon.Interval", Interval, {
      encode: (value) => {
        requireOnly(value, Reflect.ownKeys(make(Interval, {})) as string[]);
        return [value.s, value.e, value.invalid] as const;
      },
      decode: ([start, end, invalid]) => make(Interval, { start, end, invalid }),
    }),
  ];
}

/** Codecs for time zones. */
function zones({ IANAZone, FixedOffsetZone, SystemZone, InvalidZone }: LuxonModule): Codec[] {
  return [
    classCodec("luxon.IANAZone", IANAZone, {
      encode: (zone) => zone.zoneName as string,
      decode: (name) => IANAZone.create(name),
    }),
    classCodec("luxon.FixedOffsetZone", FixedOffsetZone, {
      encode: (zone) => zone.fixed as number,
      decode: (minutes) => FixedOffsetZone.instance(minutes),
    }),
    classCodec("luxon.SystemZone", SystemZone, {
      encode: (zone) => zone.name as string,
      decode: (name) => {
        const now = SystemZone.instance;
        if (now.name !== name) throw new Error(`the system's time zone was ${name} and is ${now.name}`);
        return now;
      },
    }),
    classCodec("luxon.InvalidZone", InvalidZone, {
      encode: (zone) => zone.zoneName as unknown,
      decode: (name) => make(InvalidZone, name),
    }),
  ];
}

/** Codecs for the classes that luxon does not export: locales, and reasons to be invalid. */
function innerParts(invalid: { readonly loc: object; readonly invalid: object }): Codec[] {
  // deno-lint-ignore no-explicit-any
  const classOfPart = (part: object): ClassLike<any> => Object.getPrototypeOf(part).constructor;
  const Locale = classOfPart(invalid.loc);
  const Invalid = classOfPart(invalid.invalid);
  return [
    classCodec("luxon.Locale", Locale, {
      encode: (locale) => {
        requireOnly(locale, Reflect.ownKeys(invalid.loc) as string[]);
        const { numberingSystem, outputCalendar, weekSettings, specifiedLocale } = locale;
        return [locale.locale, numberingSystem, outputCalendar, weekSettings, specifiedLocale] as const;
      },
      decode: (parts) => make(Locale, ...parts),
    }),
    classCodec("luxon.Invalid", Invalid, {
      encode: ({ reason, explanation }) => [reason, explanation] as const,
      decode: (parts) => make(Invalid, ...parts),
    }),
  ];
}

markOwn(luxon);
