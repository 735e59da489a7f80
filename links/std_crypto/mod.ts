/**
 * The part of `@std/crypto` that this project uses, for machines that reach npm but not JSR.
 *
 * The npm copy of the library lacks its wasm file, so the same call is answered by the platform.
 *
 * @module
 */
import { createHash } from "node:crypto";

type Chunks = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

async function digestChunks(chunks: Chunks): Promise<ArrayBuffer> {
  const hash = createHash("sha256");
  for await (const chunk of chunks) hash.update(chunk);
  return new Uint8Array(hash.digest()).buffer;
}

/** Web Crypto whose `digest` also takes an iterable of chunks. */
export const crypto: {
  readonly subtle: { digest(algorithm: "SHA-256", data: BufferSource | Chunks): Promise<ArrayBuffer> };
} = {
  subtle: {
    digest(algorithm, data) {
      if (ArrayBuffer.isView(data) || data instanceof ArrayBuffer) {
        return globalThis.crypto.subtle.digest(algorithm, data as BufferSource);
      }
      return digestChunks(data as Chunks);
    },
  },
};
