/**
 * A checksum that finds damage and needs nothing to be loaded; no protection against a forger.
 *
 * @module
 */

/**
 * 64 bits over 32-bit words, as two numbers below 2³².
 *
 * Each of the two is mixed by steps that lose nothing, so a change within one word is always found, and any other damage
 * but for one case in 2⁶⁴. A SHA-256 would find no more of it, and loading `node:crypto` takes longer than reading all
 * that is checked.
 */
export function checksum(words: Uint32Array): readonly [number, number] {
  let one = words.length | 0;
  let other = 0x85ebca6b | 0;
  for (let at = 0; at < words.length; at++) {
    const word = words[at]!;
    one = Math.imul(one ^ word, 0x01000193);
    one = one << 13 | one >>> 19;
    other = Math.imul(other + word, 0x9e3779b1);
    other = other << 17 | other >>> 15;
  }
  return [one >>> 0, other >>> 0];
}
