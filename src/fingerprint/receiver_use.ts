/**
 * What a method writes of the object that it is called on.
 *
 * @module
 */
import { MUTATORS } from "../source/uses.ts";
import { type Effect, Effects, type FunctionAt, functionAt, RECEIVER, type Target } from "./effects.ts";
import type { Exploration } from "./explore.ts";
import { siblingMethod } from "./methods.ts";

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
  const effects = effectsOnReceiver(new Effects(found), place);
  const written = effects.filter((effect) =>
    effect.how !== "method" || (effect.path.length > 0 && MUTATORS.has(effect.method))
  );
  const touched = effects.filter((effect) =>
    effect.how !== "method" || MUTATORS.has(effect.method) || !isHarmless(effect.method)
  );
  const textsOf = (list: readonly LastEffect[], length?: number) =>
    [...new Set(list.map(({ path }) => path.slice(0, length).join(".")))].sort();
  return { written: textsOf(written), touched: textsOf(touched, 1).filter((name) => name !== "") };
}

/** An effect that is not handed on to another function. */
type LastEffect = Exclude<Effect, { how: "passed" }>;

/** Calls within calls of one method that are looked into. What is beyond counts as not written: an input. */
const MAX_CALLS = 2_000;

/** Effects on the receiver, through further methods of its class and through the functions that it is handed to. */
function effectsOnReceiver(effects: Effects, place: FunctionAt): LastEffect[] {
  const found: LastEffect[] = [];
  const queue: { target: Target; at: readonly string[] }[] = [];
  const visited = new Map<string, (readonly string[])[]>();
  const visit = (target: Target, at: readonly string[]): void => {
    const id = effects.idOf(target);
    const paths = visited.get(id) ?? [];
    // Below a path that was looked at, the function is calling itself on what lies further in.
    if (queue.length >= MAX_CALLS || paths.some((path) => path.every((key, index) => at[index] === key))) return;
    visited.set(id, [...paths, at]);
    queue.push({ target, at });
  };
  visit({ place, index: RECEIVER }, []);
  for (const { target, at } of queue) {
    for (const effect of effects.of(target)) {
      const path = [...at, ...effect.path];
      if (effect.how === "passed") visit(effect.to, path);
      else if (effect.how !== "method" || path.length > 0) found.push({ ...effect, path });
      else {
        const inner = siblingMethod(place.user, place.node, effect.method);
        if (inner) visit({ place: { user: place.user, node: inner }, index: RECEIVER }, []);
      }
    }
  }
  return found;
}

/** A method of the language's own collections that changes nothing, as far as its name tells. */
function isHarmless(method: string): boolean {
  return [Array, Map, Set, String, Number, Date, RegExp, Promise].some(({ prototype }) => method in prototype);
}
