/**
 * The npm package `cacheable` as it comes: in memory, nothing on the disk.
 *
 * @module
 */
import { Cacheable } from "cacheable";
import type { Peer } from "./peer.ts";

/** Its `wrap`, without an end of life. */
export const cacheablePeer: Peer = {
  name: "cacheable",
  wrap<Argument, Result>(fn: (argument: Argument) => Result) {
    const asynchronous = (argument: Argument) => Promise.resolve(fn(argument));
    const wrapped = new Cacheable().wrap(asynchronous as (...args: unknown[]) => Promise<Result>, {
      keyPrefix: "bench",
    });
    return Promise.resolve(wrapped as (argument: Argument) => Promise<Result>);
  },
};
