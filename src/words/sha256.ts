/**
 * SHA-256 of bytes and texts. A file of its own, since it is the only module that hashes.
 *
 * `node:crypto` answers synchronously in about 2 µs, whereas an asynchronous digest costs 60 µs before it begins.
 * Loading `node:crypto` costs about 10 ms, so the first digest loads it, not the import of this package.
 *
 * @module
 */
import { keepModule, nodeModule } from "./node_modules.ts";
import type { Digest } from "./digests.ts";

type NodeCrypto = typeof import("node:crypto");

let known: NodeCrypto | undefined;

function nodeCrypto(): NodeCrypto {
  return known ??= nodeModule<NodeCrypto>("node:crypto");
}

/** Loads what digests: the platform's own, also where a program has replaced members of `node:crypto`. */
export async function loadHashing(): Promise<void> {
  keepModule("node:crypto", known = await import("node:crypto"));
}

/**
 * Returns the SHA-256 of `data`; a text is digested as UTF-8.
 *
 * @param data Bytes or text.
 * @returns 64 lowercase hex characters.
 */
export function digestBytes<Kind extends string>(data: Uint8Array | string): Digest<Kind> {
  return nodeCrypto().createHash("sha256").update(data).digest("hex") as Digest<Kind>;
}

/**
 * Returns the SHA-256 of several pieces as if they were one, without joining them.
 *
 * @param chunks The pieces, in order.
 * @returns 64 lowercase hex characters.
 */
export function digestChunks<Kind extends string>(chunks: Iterable<Uint8Array>): Digest<Kind> {
  const hash = nodeCrypto().createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return hash.digest("hex") as Digest<Kind>;
}

/**
 * Returns the HMAC-SHA-256 of `data` (RFC 2104), which only those who have the key can make.
 *
 * @param key The secret key.
 * @param data Bytes or text.
 * @returns 64 lowercase hex characters.
 */
export function authenticate<Kind extends string>(key: Uint8Array, data: Uint8Array | string): Digest<Kind> {
  return nodeCrypto().createHmac("sha256", key).update(data).digest("hex") as Digest<Kind>;
}

/** SHA-256 that is computed piece by piece. */
export interface DigestStream {
  /** Adds one piece; a text is digested as UTF-8. */
  update(chunk: Uint8Array | string): void;
  /** Ends the digest and returns it: 64 lowercase hex characters. */
  end<Kind extends string>(): Digest<Kind>;
}

/** Begins a SHA-256 over pieces that arrive over time. */
export function beginDigest(): DigestStream {
  const hash = nodeCrypto().createHash("sha256");
  return {
    update: (chunk) => void hash.update(chunk),
    end: <Kind extends string>() => hash.digest("hex") as Digest<Kind>,
  };
}
