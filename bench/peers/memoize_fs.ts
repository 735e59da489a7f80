/**
 * The npm package `memoize-fs`: a file of JSON for each call.
 *
 * @module
 */
import memoizeFs from "memoize-fs";
import type { Peer } from "./peer.ts";

/** A memoizer as it comes. */
export const memoizeFsPeer: Peer = {
  name: "memoize-fs",
  async wrap<Argument, Result>(fn: (argument: Argument) => Result, dir: string) {
    const memoized = await memoizeFs({ cachePath: dir }).fn(fn as (...args: never) => unknown);
    return memoized as unknown as (argument: Argument) => Promise<Result>;
  },
};
