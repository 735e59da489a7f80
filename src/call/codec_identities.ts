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
  /** The fingerprint that the digest is from. */
  readonly fingerprint: Pick<Fingerprint, "leftOut" | "watcher">;
}

/** Fingerprints by codec, for each kind of tracking; functions share codecs, and most share the options, too. */
const known = new WeakMap<FingerprintOptions["packageOf"], WeakMap<Codec, Map<string, Fingerprint>>>();

/** The last identities of each list of codecs, with the fingerprints that they are from. */
const lastIdentities = new WeakMap<readonly Codec[], {
  readonly fingerprints: readonly Fingerprint[];
  readonly identities: readonly CodecIdentity[];
}>();

/**
 * Identifies codecs as they are now. A codec counts with all its members, its name included. What the code of a codec
 * reads is no input of the call: `encode` runs in the context of the call, and `decode` gives back what was encoded.
 *
 * @param codecs The codecs of a function.
 * @param options Options that decide how far code is followed.
 * @returns One identity for each codec, in the order of `codecs`: the same list for as long as nothing changes.
 */
export async function identifyCodecs(
  codecs: readonly Codec[],
  options: FingerprintOptions,
): Promise<readonly CodecIdentity[]> {
  const fingerprints: Fingerprint[] = [];
  for (const codec of codecs) {
    const present = presentFingerprint(codec, options);
    // Waiting for what is there already would cost a hit more than looking at it.
    fingerprints.push(present instanceof Promise ? await present : present);
  }
  const last = lastIdentities.get(codecs);
  if (last?.fingerprints.every((one, index) => one === fingerprints[index])) return last.identities;
  const identities = fingerprints.map((fingerprint, index) => {
    const { digest, notices } = fingerprint;
    return { name: codecs[index]!.name, digest, notices, fingerprint };
  });
  lastIdentities.set(codecs, { fingerprints, identities });
  return identities;
}

function presentFingerprint(codec: Codec, options: FingerprintOptions): Fingerprint | Promise<Fingerprint> {
  const byCodec = known.get(options.packageOf) ?? new WeakMap<Codec, Map<string, Fingerprint>>();
  known.set(options.packageOf, byCodec);
  const byTracking = byCodec.get(codec) ?? new Map<string, Fingerprint>();
  byCodec.set(codec, byTracking);
  const leftOut = [...options.leftOut ?? []].sort().join("\0");
  const id = `${options.track} ${options.ignoreCode?.join("\0")} ${options.projectRoot} ${leftOut}`;
  const before = byTracking.get(id);
  const now = before === undefined ? fingerprint(codec, options) : before.refresh();
  if (now instanceof Promise) return now.then((found) => keepFingerprint(byTracking, id, found));
  return keepFingerprint(byTracking, id, now);
}

function keepFingerprint(byTracking: Map<string, Fingerprint>, id: string, found: Fingerprint): Fingerprint {
  byTracking.set(id, found);
  return found;
}
