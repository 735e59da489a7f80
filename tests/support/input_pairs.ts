/**
 * Pairs of inputs of one function: two calls where the function tells them apart, else one.
 *
 * @module
 */
import { ALIKE_PAIRS } from "./inputs/alike.ts";
import { BUILT_IN_PAIRS } from "./inputs/builtins.ts";
import { CLASS_PAIRS } from "./inputs/classes.ts";
import type { InputPair } from "./inputs/family.ts";
import { FUNCTION_PAIRS } from "./inputs/functions.ts";
import { OBJECT_PAIRS } from "./inputs/objects.ts";
import { SHARING_PAIRS } from "./inputs/sharing.ts";

/** All pairs. */
export const INPUT_PAIRS: readonly InputPair[] = [
  ...CLASS_PAIRS,
  ...FUNCTION_PAIRS,
  ...OBJECT_PAIRS,
  ...SHARING_PAIRS,
  ...BUILT_IN_PAIRS,
  ...ALIKE_PAIRS,
];
