/**
 * What a method writes of the object that it is called on.
 *
 * @module
 */
import { MUTATORS } from "../source/uses.ts";
import { type Effect, Effects, functionAt } from "./effects.ts";
import type { Exploration } from "./explore.ts";

/** What a method does to its receiver. */
export interface ReceiverUse {
  /** What it writes, as paths, private members with their `#`: `calls`, `stats.count`, `#memo`. */
  readonly written: readonly string[];
  /** Its members that it writes or may change, by calling methods of theirs. */
  readonly touched: readonly string[];
}

/** What a method does to its receiver: `this.calls++`, `this.#memo.set(…)`, `this.stats.bump()`. */
export function findReceiverUse(found: Exploration, method: object): ReceiverUse {
  const place = functionAt(found, method);
  if (!place) return { written: [], touched: [] };
  const effects = new Effects(found).onReceiver(place);
  const written = effects.filter(({ how, path, method = "" }) =>
    how !== "method" || (path.length > 0 && MUTATORS.has(method))
  );
  const touched = effects.filter(({ how, method = "" }) =>
    how !== "method" || MUTATORS.has(method) || !isHarmless(method)
  );
  const textsOf = (list: readonly Effect[], length?: number) =>
    [...new Set(list.map(({ path }) => path.slice(0, length).join(".")))].sort();
  return { written: textsOf(written), touched: textsOf(touched, 1).filter((name) => name !== "") };
}

/** A method of the language's own collections that changes nothing, as far as its name tells. */
function isHarmless(method: string): boolean {
  return [Array, Map, Set, String, Number, Date, RegExp, Promise].some(({ prototype }) => method in prototype);
}
