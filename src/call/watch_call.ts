/**
 * Watch over all values that a call depends on beside its arguments: those that the code of the function and of its
 * codecs reaches.
 *
 * @module
 */
import { allMembersOf, type StateWatch } from "../code/types.ts";
import { readPlace } from "../code/state/state.ts";
import type { Call } from "./identify.ts";

/** Returns a function that takes note of the values; it returns `null` when something has changed already. */
export async function watchCall({ fingerprint, declared }: Call): Promise<() => StateWatch | null> {
  const watchers = await Promise.all(
    [fingerprint, ...declared.codecs.map(({ fingerprint }) => fingerprint)].map((one) => one.watcher()),
  );
  return () => {
    const watches = watchers.map((watch) => watch());
    return watches.includes(null) ? null : joinWatches(watches as StateWatch[]);
  };
}

function joinWatches(watches: readonly StateWatch[]): StateWatch {
  if (watches.length === 1) return watches[0]!;
  return {
    async changes() {
      const all = await Promise.all(watches.map((watch) => watch.changes()));
      return {
        places: [...new Set(all.flatMap(({ places }) => places))],
        others: [...new Set(all.flatMap(({ others }) => others))],
        byCode: new Set(all.flatMap(({ byCode }) => [...byCode])),
      };
    },
  };
}

/** True for a place that does not count in a call, since runs change it, or what it is a member of. */
export function isLeftOutOf({ fingerprint, declared }: Call, place: string): boolean {
  const names = readPlace(place) === null
    ? [place, ...wholesOf(place)].flatMap((one) => [one, allMembersOf(one)])
    : [place];
  return [fingerprint, ...declared.codecs.map(({ fingerprint }) => fingerprint)].some(({ leftOut }) =>
    names.some((name) => leftOut.has(name))
  );
}

/** Places in the state of packages that a place is a part of: of `p.js#kept.a.b`, `p.js#kept.a` and `p.js#kept`. */
function wholesOf(place: string): string[] {
  return Array.from(place.matchAll(/[.[]/g), ({ index }) => place.slice(0, index));
}
