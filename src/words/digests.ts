/**
 * Digests, one branded string type per kind, so that a blob's digest cannot be passed where a call key is meant.
 *
 * @module
 */
/** SHA-256 in lowercase hex, 64 characters; `Kind` says of what. */
export type Digest<Kind extends string = string> = string & { readonly __digestOf: Kind };

/** Identity of one call: format version, fingerprint, normalized arguments, declared dependencies. */
export type CallKey = Digest<"call">;

/** Identity of code: a function, what it calls and the values that it closes over. */
export type FingerprintDigest = Digest<"fingerprint">;

/** Identity of what a dependency held when it was read: a file's bytes, a listing, a variable's value. */
export type ContentDigest = Digest<"content">;

/** Identity of stored bytes: the name of a blob. */
export type BlobDigest = Digest<"blob">;

/** Identity of a value in canonical form. */
export type ValueDigest = Digest<"value">;

const HEX_64 = /^[0-9a-f]{64}$/;

/** Whether `text` has the form of a digest: 64 lowercase hex characters. */
export function isDigest(text: unknown): text is Digest {
  return typeof text === "string" && HEX_64.test(text);
}
