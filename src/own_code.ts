/**
 * This package's own modules, as seen from the code of a user: a boundary like that of any package.
 *
 * @module
 */
import { digestBytes } from "./digest.ts";
import { createPackageResolver, type PackageIdentity } from "./packages.ts";
import { FORMAT_VERSION } from "./records.ts";
import { isOwnModule } from "./words/own_modules.ts";

/** Another version of this package that stores results of the same meaning makes no result stale. */
function ownIdentity(): PackageIdentity {
  const version = `format ${FORMAT_VERSION}`;
  return { name: "@bimsb/cachepy", version, digest: digestBytes(version), source: "jsr", notices: [] };
}

const resolvers = new Map<string, (url: string) => PackageIdentity | null>();

/**
 * Which package a script belongs to, this one included.
 *
 * @param root The project's root.
 * @param denoVersion Whether Deno's version counts.
 */
export function ownCodeResolver(root: string, denoVersion: boolean): (url: string) => PackageIdentity | null {
  const id = `${denoVersion} ${root}`;
  let resolver = resolvers.get(id);
  if (resolver === undefined) {
    const { packageOf } = createPackageResolver({ root, denoVersion });
    const own = ownIdentity();
    resolver = (url) => isOwnModule(url) ? own : packageOf(url);
    resolvers.set(id, resolver);
  }
  return resolver;
}
