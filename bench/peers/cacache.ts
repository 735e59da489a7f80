/**
 * The npm package `cacache`, npm's own store: content by digest, checked on read. It is no memoizer; this makes the
 * simplest one of it, with the arguments as the key and the result as JSON.
 *
 * @module
 */
import cacache from "cacache";
import type { Peer } from "./peer.ts";

/** A memoizer made of `get` and `put`. */
export const cacachePeer: Peer = {
  name: "cacache",
  wrap<Argument, Result>(fn: (argument: Argument) => Result, dir: string) {
    return Promise.resolve(async (argument: Argument): Promise<Result> => {
      const key = JSON.stringify(argument);
      try {
        return JSON.parse((await cacache.get(dir, key, { memoize: false })).data.toString());
      } catch (error) {
        if ((error as { code?: string }).code !== "ENOENT") throw error;
      }
      const result = fn(argument);
      await cacache.put(dir, key, JSON.stringify(result));
      return result;
    });
  },
};
