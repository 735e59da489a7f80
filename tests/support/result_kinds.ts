/**
 * Kinds of results: those of which a hit gives back what no program can tell from the first, and those that are named.
 *
 * @module
 */
import { ATTRIBUTE_KINDS } from "./results/attributes.ts";
import { CLASS_KINDS } from "./results/classes.ts";
import type { ResultKind } from "./results/kind.ts";
import { PLATFORM_KINDS } from "./results/platform.ts";
import { REFUSED_KINDS } from "./results/refused.ts";
import { UNUSUAL_CLASS_KINDS } from "./results/unusual_classes.ts";

/** All kinds. */
export const RESULT_KINDS: readonly ResultKind[] = [
  ...PLATFORM_KINDS,
  ...ATTRIBUTE_KINDS,
  ...CLASS_KINDS,
  ...UNUSUAL_CLASS_KINDS,
  ...REFUSED_KINDS,
];
