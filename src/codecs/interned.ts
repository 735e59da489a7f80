/**
 * Ready codecs for the Map and the Set of d3 whose keys are compared by value.
 *
 * @module
 */
import type { Codec } from "../values/codec.ts";
import { dataMember } from "../values/use_codecs.ts";
import { askedBy, classCodec, type ClassLike, requireClass, requireOnly } from "./of_class.ts";
import { markOwn } from "../words/program.ts";

/** InternMap or InternSet. */
// deno-lint-ignore no-explicit-any
export type InternClass = ClassLike<any> & (new (...args: any[]) => any);

/** The module `d3`, `d3-array` or `internmap`, as far as {@linkcode d3Intern} uses it. */
export interface InternModule {
  /** Class of maps. */
  readonly InternMap: InternClass;
  /** Class of sets. */
  readonly InternSet: InternClass;
}

/**
 * Codecs for InternMap and InternSet, such as the result of `d3.rollup` by dates. One with a key function of its own is
 * not kept, since that function could not be made again.
 *
 * @param d3 The module `d3`, `d3-array` or `internmap`.
 */
export function d3Intern(d3: InternModule): Codec[] {
  requireClass(d3?.InternMap, "d3Intern(…).InternMap");
  requireClass(d3?.InternSet, "d3Intern(…).InternSet");
  const { InternMap, InternSet } = d3;
  return [
    internCodec("d3.InternMap", InternMap, (map: Map<unknown, unknown>) => [...Map.prototype.entries.call(map)]),
    internCodec("d3.InternSet", InternSet, (set: Set<unknown>) => [...Set.prototype.values.call(set)]),
  ];
}

function internCodec(name: string, constructor: InternClass, read: (value: never) => unknown[]): Codec {
  const defaultKey = new constructor()._key;
  const codec = classCodec(name, constructor, {
    encode: (value) => {
      requireOnly(value, ["_intern", "_key"]);
      const items = read(value as never);
      if (value._intern.size !== items.length) throw new TypeError("two of its keys have become equal");
      return items;
    },
    decode: (items: unknown[]) => {
      const made = new constructor(items);
      if (made.size !== items.length) throw new TypeError("two of its keys are equal");
      return made;
    },
  });
  return askedBy(codec, (value) => codec.is(value) && dataMember(value as object, "_key") === defaultKey);
}

markOwn(d3Intern);
