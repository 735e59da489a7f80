/**
 * The npm package `flat-cache`: all entries in memory, saved as one file. It is no memoizer; this makes the simplest one
 * of it, saved at each miss so that a result outlives the process.
 *
 * @module
 */
import { create } from "flat-cache";
import type { Peer } from "./peer.ts";

/** A memoizer made of `getKey`, `setKey` and `save`. */
export const flatCachePeer: Peer = {
  name: "flat-cache",
  wrap<Argument, Result>(fn: (argument: Argument) => Result, dir: string) {
    const cache = create({ cacheDir: dir, cacheId: "bench", ttl: 0, lruSize: 0 });
    return Promise.resolve((argument: Argument): Promise<Result> => {
      const key = JSON.stringify(argument);
      const known = cache.getKey<Result>(key);
      if (known !== undefined) return Promise.resolve(known);
      const result = fn(argument);
      cache.setKey(key, result);
      cache.save();
      return Promise.resolve(result);
    });
  },
};
