/**
 * Names, versions and requirements of packages, taken apart.
 *
 * @module
 */

/** `npm:lodash-es@^4/add.js` in parts. */
export interface PackageRequest {
  readonly registry: "npm" | "jsr";
  readonly name: string;
  /** The requirement as written, `^4`; empty for none. */
  readonly range: string;
}

const REQUEST = /^(npm|jsr):\/?((?:@[^/@]+\/)?[^/@]+)(?:@([^/]*))?(?:\/|$)/;

/** The parts of an `npm:` or `jsr:` specifier; `null` when it is none. */
export function parseRequest(specifier: string): PackageRequest | null {
  const match = REQUEST.exec(specifier);
  if (match === null) return null;
  return { registry: match[1] as "npm" | "jsr", name: match[2] ?? "", range: match[3] ?? "" };
}

/** A package's name and exact version. */
export interface NameAndVersion {
  readonly name: string;
  readonly version: string;
}

/**
 * The name and version of `@scope/name@1.2.3_peer@4.5.6`, the form of lock files and of `node_modules/.deno`; what
 * follows `_` tells apart copies for different peers and is left out. `null` when there is no version.
 */
export function splitNameVersion(text: string): NameAndVersion | null {
  const at = text.indexOf("@", 1);
  if (at < 0) return null;
  const version = text.slice(at + 1).split("_", 1)[0] ?? "";
  return version === "" ? null : { name: text.slice(0, at), version };
}

const BASE32 = "abcdefghijklmnopqrstuvwxyz234567";

/**
 * The name of a package from that of its folder in Deno's cache, where a name with capitals is written in base 32 after
 * `_`, for filesystems that do not tell capitals apart: `_jjju6tstorzgkyln` → `JSONStream`.
 */
export function decodeCachedName(folder: string): string {
  if (!/^_[a-z2-7]+$/.test(folder)) return folder;
  const bytes: number[] = [];
  let bits = 0;
  let value = 0;
  for (const letter of folder.slice(1)) {
    value = (value << 5 | BASE32.indexOf(letter)) & 0xfff;
    bits += 5;
    if (bits >= 8) bytes.push(value >> (bits -= 8) & 0xff);
  }
  return new TextDecoder().decode(Uint8Array.from(bytes));
}
