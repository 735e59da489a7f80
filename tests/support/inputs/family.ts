/**
 * Pairs of inputs, and families of them: two values with several functions that tell them apart and several that do not.
 *
 * @module
 */
/** Place of an input. `returned` and `thrown`: what an inner call came to. */
export type InputMode = "argument" | "receiver" | "captured" | "returned" | "thrown";

/** Places of values that are compared with objects which the module holds: a result of an inner call is a copy. */
export const BY_IDENTITY: readonly InputMode[] = ["argument", "receiver", "captured"];

/** Two inputs of one function, in the words of a module of their own. */
export interface InputPair {
  readonly name: string;
  /** Imports and declarations of the module. */
  readonly setup?: string;
  /** The function. */
  readonly fn: string;
  /** Arguments of the one call, each time made anew. */
  readonly a: string;
  /** Arguments of the other call. */
  readonly b: string;
  /** True when the function gives different answers; false when none of the code that it reaches can tell them apart. */
  readonly apart: boolean;
  /** True when no code at all can tell them apart, so that they are one outcome of an inner call, too. @default false */
  readonly same?: boolean;
  /** Places that make sense for the pair. @default all */
  readonly modes?: readonly InputMode[];
  /** Options of the cached function. */
  readonly options?: string;
  /** False when one of them may be no input, so that its calls may run each time. @default true */
  readonly hits?: boolean;
}

/** Two values, and expressions in `x`, by what they do. */
export interface Family extends Pick<InputPair, "setup" | "a" | "b" | "modes" | "options" | "hits"> {
  readonly name: string;
  /** Expressions that differ. */
  readonly seen: Readonly<Record<string, string>>;
  /** Expressions that differ and change the value. */
  readonly changing?: Readonly<Record<string, string>>;
  /** Expressions that do not differ and reach no code that could tell the values apart. */
  readonly unseen?: Readonly<Record<string, string>>;
}

/** Places in which all ways of a family are tried; in the others, the first way stands for all. */
const MAIN_MODES: readonly InputMode[] = ["argument", "captured"];

/** The pairs of a family. */
export function pairsOf({ name, seen, changing = {}, unseen = {}, ...shared }: Family): InputPair[] {
  const pairs = (
    ways: Readonly<Record<string, string>>,
    apart: boolean,
    others: readonly InputMode[] = MAIN_MODES,
  ): InputPair[] =>
    Object.entries(ways).map(([way, text], at) => ({
      ...shared,
      name: `${name}, ${apart ? "seen" : "not seen"} by ${way}`,
      fn: `function f(x) { return ${text}; }`,
      apart,
      ...at === 0 && others === MAIN_MODES
        ? {}
        : { modes: others.filter((mode) => shared.modes?.includes(mode) ?? true) },
    }));
  return [...pairs(seen, true), ...pairs(changing, true, ["argument"]), ...pairs(unseen, false)];
}
