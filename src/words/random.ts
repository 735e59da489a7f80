/**
 * Random names and keys. A file of its own, since programs replace `globalThis.crypto`, as tests do with a stub: `randomUUID`
 * and `randomBytes` of `node:crypto` ask it, whereas `randomFillSync` asks the system.
 *
 * @module
 */
import { nodeModule } from "./node_modules.ts";

/** Returns a text that no other call returns: a random UUID (RFC 9562, version 4). */
export function randomId(): string {
  const bytes = randomKey(16);
  bytes[6] = bytes[6]! & 0x0f | 0x40;
  bytes[8] = bytes[8]! & 0x3f | 0x80;
  return bytes.toHex().replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** Returns bytes that nobody can guess. */
export function randomKey(length: number): Uint8Array<ArrayBuffer> {
  return nodeModule<typeof import("node:crypto")>("node:crypto").randomFillSync(new Uint8Array(length));
}
