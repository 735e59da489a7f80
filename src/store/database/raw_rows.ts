/**
 * Keys and values of rows as the table of Deno.Kv holds them, decoded here, since Deno.Kv refuses to read a row that it
 * cannot decode together with all that are read with it.
 *
 * @module
 */
import { nodeModule } from "../../words/node_modules.ts";
import type { RawRow } from "./carve_rows.ts";

/** Marks of the kinds of parts of a key, and the byte that ends a text (https://docs.rs/denokv_codec). */
const TEXT = 0x02;
const NUMBER = 0x21;
const END = 0x00;
const ESCAPED = 0xff;

/**
 * Decodes a key.
 *
 * @returns `null` for bytes that are no key, and for a key with parts of a kind that the cache does not use.
 */
export function decodeKey(bytes: Uint8Array): Deno.KvKey | null {
  const parts: (string | number)[] = [];
  for (let at = 0; at < bytes.byteLength;) {
    const kind = bytes[at++];
    if (kind === NUMBER && at + 8 <= bytes.byteLength) {
      parts.push(numberAt(bytes, at));
      at += 8;
    } else if (kind === TEXT) {
      const end = endOfText(bytes, at);
      const text = end === null ? null : decodeText(bytes.subarray(at, end));
      if (text === null) return null;
      parts.push(text);
      at = end! + 1;
    } else return null;
  }
  return parts.length === 0 ? null : parts;
}

/** Encodes a key of texts and numbers. */
export function encodeRowKey(key: Deno.KvKey): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  for (const part of key) {
    if (typeof part === "number") bytes.push(NUMBER, ...bytesOfNumber(part));
    else {
      bytes.push(TEXT);
      for (const byte of new TextEncoder().encode(String(part))) {
        bytes.push(byte);
        if (byte === END) bytes.push(ESCAPED);
      }
      bytes.push(END);
    }
  }
  return new Uint8Array(bytes);
}

/** Returns the value of a row, `{ value }`; `null` for bytes that are no value. */
export function decodeValue({ encoding, v }: Pick<RawRow, "encoding" | "v">): { readonly value: unknown } | null {
  if (encoding === 3) return { value: v };
  if (encoding !== 1) return null;
  try {
    return { value: nodeModule<typeof import("node:v8")>("node:v8").deserialize(v) };
  } catch {
    return null;
  }
}

/** Returns the version of a row as Deno.Kv gives it. */
export function versionstampOf(version: bigint): string {
  return BigInt.asUintN(64, version).toString(16).padStart(16, "0") + "0000";
}

function endOfText(bytes: Uint8Array, start: number): number | null {
  for (let at = start; at < bytes.byteLength; at++) {
    if (bytes[at] !== END) continue;
    if (bytes[at + 1] !== ESCAPED) return at;
    at++;
  }
  return null;
}

function decodeText(bytes: Uint8Array): string | null {
  try {
    const plain = bytes.includes(END) ? bytes.filter((byte, at) => byte !== ESCAPED || bytes[at - 1] !== END) : bytes;
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(plain);
  } catch {
    return null;
  }
}

/** Numbers are stored so that their bytes sort as they do: all bits of negative ones and the sign are inverted. */
function numberAt(bytes: Uint8Array, at: number): number {
  const stored = new DataView(bytes.buffer, bytes.byteOffset + at, 8).getBigUint64(0);
  const isNegative = stored >> 63n === 0n;
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, isNegative ? BigInt.asUintN(64, ~stored) : stored ^ (1n << 63n));
  return view.getFloat64(0);
}

function bytesOfNumber(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setFloat64(0, value);
  const bits = view.getBigUint64(0);
  view.setBigUint64(0, bits >> 63n === 1n ? BigInt.asUintN(64, ~bits) : bits | (1n << 63n));
  return new Uint8Array(view.buffer);
}
