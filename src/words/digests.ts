/**
 * Digests, one branded string type per kind, so that a blob's digest cannot be passed where a call key is meant.
 *
 * A file of its own beside `sha256`, so that a module that only names or checks digests does not depend on hashing.
 *
 * @module
 */
/** SHA-256 in lowercase hex, 64 characters. `Kind` names the data that was digested. */
export type Digest<Kind extends string = string> = string & { readonly __digestOf: Kind };

/** Identity of one call: digest over format version, fingerprint, normalized arguments and declared dependencies. */
export type CallKey = Digest<"call">;

/** Identity of code: a function, what it calls and the values that it closes over. */
export type FingerprintDigest = Digest<"fingerprint">;

/** Digest of the content of a dependency when it was read: a file's bytes, a listing, a variable's value. */
export type ContentDigest = Digest<"content">;

/** Digest of stored bytes, which is the name of their blob. */
export type BlobDigest = Digest<"blob">;

/** Digest of a value in canonical form. */
export type ValueDigest = Digest<"value">;

const HEX_64 = /^[0-9a-f]{64}$/;

/** True for a text that has the form of a digest: 64 lowercase hex characters. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && HEX_64.test(text);
}
