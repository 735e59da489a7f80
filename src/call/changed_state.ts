/**
 * State that is recognized by what happens: a run changed values that its function captures.
 *
 * Such values are no input. They are left out, and named, from the run on that changed them; the result of that run is
 * stored under the key that the call then has.
 *
 * @module
 */
import { describePlace } from "../code/state/state.ts";
import { type Call, CAPTURED, identifyCall } from "./identify.ts";
import type { Execution } from "./run.ts";

/** A call with the execution that belongs to it. */
export interface Settled {
  readonly call: Call;
  readonly execution: Extract<Execution, { threw: false }>;
}

/** Largest number of places that are named in one message. */
const MAX_SHOWN = 5;

/**
 * Leaves out what a run changed of the values that the function captures, if the function itself changed them.
 *
 * @returns The call as it is then, with an execution in which nothing was changed; or else the call that was given, with
 * an execution that names the changed values.
 */
export async function leaveOutState(call: Call, execution: Settled["execution"]): Promise<Settled> {
  if (!execution.raced.includes(CAPTURED)) return { call, execution };
  if (execution.watch === null) return { call, execution };
  const { places, isComplete, byCode } = await execution.watch.changes();
  const { changedState } = call.prepared;
  const isOfRun = (place: string) => execution.isAlone || byCode.has(place);
  if (!isComplete || places.length === 0 || execution.raced.length > 1 || !places.every(isOfRun)) {
    return { call, execution: withNames(execution, places) };
  }
  // State that was left out already: the call has the key of what it began with.
  if (places.every((place) => call.fingerprint.leftOut.has(place))) {
    return { call, execution: { ...execution, raced: [] } };
  }
  const before = [...changedState.places];
  changedState.set([...before, ...places]);
  const again = await identifyCall(call.wrapped, call.receiver, call.args, null);
  // A place that could not be left out still counts, so that its value after the run would be in the key.
  if (!places.every((place) => again.fingerprint.leftOut.has(place))) {
    changedState.set(before);
    return { call, execution: withNames(execution, places) };
  }
  changedState.keep();
  return { call: again, execution: { ...execution, raced: [] } };
}

function withNames(execution: Settled["execution"], places: readonly string[]): Settled["execution"] {
  return { ...execution, raced: execution.raced.map((one) => one === CAPTURED ? named(places) : one) };
}

function named(places: readonly string[]): string {
  if (places.length === 0) return CAPTURED;
  const more = places.length > MAX_SHOWN ? ` and ${places.length - MAX_SHOWN} more` : "";
  return `${CAPTURED} (${places.slice(0, MAX_SHOWN).map(describePlace).join(", ")}${more})`;
}
