/**
 * Identities of codecs: what they are and reach, as a fingerprint says it.
 *
 * A file of its own, since the types of `declared` refer to it and the walk through code does not belong there.
 *
 * @module
 */
import { type Fingerprint, fingerprint, type FingerprintOptions } from "../code/fingerprint.ts";
import type { FingerprintDigest } from "../words/digests.ts";
import type { Codec } from "../values/codec.ts";

/** Identity of a codec at one moment. */
export interface CodecIdentity {
  readonly name: string;
  /** Digest over the codec's functions and further members, and all that they reach. */
  readonly digest: FingerprintDigest;
  /** Notices for the user about code of the codec that is not tracked. */
  readonly notices: readonly string[];
}

/** Fingerprints by codec, for each kind of tracking; functions share codecs, and most share the options, too. */
const known = new WeakMap<Codec, WeakMap<FingerprintOptions["packageOf"], Map<string, Fingerprint>>>();

/**
 * Identifies codecs as they are now. A codec counts with all its members, its name included. What the code of a codec
 * reads is no input of the call: `encode` runs in the context of the call, and `decode` gives back what was encoded.
 *
 * @param codecs The codecs.
 * @param options Options that decide how far code is followed.
 * @returns One identity for each codec, in the order of `codecs`.
 */
export async function identifyCodecs(
  codecs: readonly Codec[],
  options: FingerprintOptions,
): Promise<readonly CodecIdentity[]> {
  const found: CodecIdentity[] = [];
  for (const codec of codecs) {
    const { digest, notices } = await presentFingerprint(codec, options);
    found.push({ name: codec.name, digest, notices });
  }
  return found;
}

async function presentFingerprint(codec: Codec, options: FingerprintOptions): Promise<Fingerprint> {
  const byPackages = known.get(codec) ?? new WeakMap<FingerprintOptions["packageOf"], Map<string, Fingerprint>>();
  known.set(codec, byPackages);
  const byTracking = byPackages.get(options.packageOf) ?? new Map<string, Fingerprint>();
  byPackages.set(options.packageOf, byTracking);
  const id = JSON.stringify([options.track, options.ignoreCode, options.projectRoot]);
  const before = byTracking.get(id);
  const now = before === undefined ? await fingerprint(codec, options) : await before.refresh();
  byTracking.set(id, now);
  return now;
}
