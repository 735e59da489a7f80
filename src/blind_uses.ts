/**
 * What a function's code does where nobody can watch, in words, with the remedy.
 *
 * @module
 */
import type { BlindUse } from "./fingerprint/types.ts";

/**
 * Warnings about uses that cannot be observed: at most one about what may read files, and one about the network.
 *
 * @param uses From the fingerprint.
 */
export function describeBlindUses(uses: readonly BlindUse[]): string[] {
  const network = uses.filter(({ kind }) => kind === "network");
  const others = uses.filter(({ kind }) => kind !== "network");
  const warnings: string[] = [];
  if (others.length > 0) {
    warnings.push(
      `what it reads through ${listUses(others)} cannot be observed; arguments that are paths of existing files are ` +
        "tracked by content, for other files use fileArgs, dependsOnFiles or trackFile()",
    );
  }
  if (network.length > 0) {
    warnings.push(
      `what it gets through ${listUses(network)} is no input, so a result stays as it was first fetched; ` +
        "pass the data as an argument or change version when it is to be fetched again",
    );
  }
  return warnings;
}

function listUses(uses: readonly BlindUse[]): string {
  const names = uses.map(({ name, module }) => module === undefined ? name : `${name} (${module})`);
  return [...new Set(names)].sort().join(", ");
}
