/**
 * What a run tells of its function: that it changes values that the function captures, or hands out instances.
 *
 * Values that it changes are no input. They are left out, and named, from the run on that changed them. Where it hands out
 * instances, all methods of their classes count from then on. The result of that run is stored under the key that the call
 * then has.
 *
 * @module
 */
import { EVERY_MEMBER, foldPlaces } from "../code/types.ts";
import { describePlace, placeOf, readPlace } from "../code/state/state.ts";
import { type Call, CAPTURED, CAPTURED_BY_CODEC, countEveryMember } from "./identify.ts";
import { encode, type Execution } from "./run.ts";
import { secretTextsOf } from "./secret_arguments.ts";
import { isLeftOutOf } from "./watch_call.ts";

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
  if (execution.watch === null || !execution.raced.some(isCaptured)) return { call, execution };
  const { places: seen, others: labels, byCode } = await execution.watch.changes();
  const { changedState } = call.prepared;
  if (seen.length + labels.length === 0 && countsMoreNow(call)) {
    return { call, execution: { ...execution, raced: execution.raced.filter((one) => !isCaptured(one)) } };
  }
  // Nothing is kept or told of a member that a secret names, as where a package keeps results by a token.
  const secrets = seen.length + labels.length === 0 ? [] : [...secretTextsOf(call)].filter((text) => text !== "");
  const hide = (place: string) => withoutSecrets(place, secrets);
  const places = [...new Set(seen.map(hide))];
  if (places.some((place) => holdsOne(place, secrets))) return { call, execution };
  const isOfRun = (place: string) => execution.isAlone || byCode.has(place) || changedState.suspects.has(hide(place));
  if (labels.length > 0 || places.length === 0 || !execution.raced.every(isCaptured) || !seen.every(isOfRun)) {
    changedState.suspect(seen.filter(isOfPackage).map(hide));
    const others = labels.filter((label) => !secrets.some((secret) => label.includes(secret)));
    return { call, execution: withNames(execution, [...others, ...places]) };
  }
  // State that was left out already: the call has the key of what it began with.
  if (places.every((place) => isLeftOutOf(call, place))) {
    return { call, execution: { ...execution, raced: [] } };
  }
  const before = [...changedState.places];
  changedState.set(foldPlaces([...before, ...places]));
  // With the inputs as they were: the run may have changed them.
  const again = await call.anew();
  // A place that could not be left out still counts, so that its value after the run would be in the key.
  if (again !== null && !places.every((place) => isLeftOutOf(again, place))) {
    changedState.set(before);
    return { call, execution: withNames(execution, places) };
  }
  changedState.keep();
  if (again === null) return { call, execution: withNames(execution, places) };
  return { call: again, execution: { ...execution, raced: [] } };
}

/**
 * Lets all methods of classes count when the result holds instances, since other cached functions may get them from this
 * one and call methods that no code of this one names.
 *
 * @returns The call with the key that it has then, with the result encoded for that.
 */
export async function countHandedOut({ call, execution }: Settled): Promise<Settled> {
  const { fingerprint, prepared } = call;
  const isHandedOut = fingerprint.leavesOutMembers && fingerprint.handsOut();
  if (!isHandedOut && !countsMoreNow(call)) return { call, execution };
  countEveryMember(prepared);
  const again = await call.anew();
  if (again === null) return { call, execution: { ...execution, encoded: null, refusal: new Error(ONCE) } };
  return { call: again, execution: { ...execution, ...await encode(execution.value, again.resultOptions) } };
}

/** Cause for which a result with instances is not stored, once. */
const ONCE = "it holds instances of classes, and an argument was changed; the next result is stored";

/** True when another call has let methods of classes count that do not count in this one. */
function countsMoreNow({ fingerprint, prepared }: Call): boolean {
  return fingerprint.leavesOutMembers && prepared.changedState.places.has(EVERY_MEMBER);
}

/** True for what a watch over captured values tells of. */
function isCaptured(raced: string): boolean {
  return raced === CAPTURED || raced === CAPTURED_BY_CODEC;
}

/**
 * True for a place in the state of a package, which its own code changes. Other code may have run while the function
 * waited, and have told the package something. So the place counts as one that runs change when two runs were seen to.
 */
function isOfPackage(place: string): boolean {
  return readPlace(place) === null;
}

function withNames(execution: Settled["execution"], places: readonly string[]): Settled["execution"] {
  return { ...execution, raced: execution.raced.map((one) => isCaptured(one) ? named(one, places) : one) };
}

function named(raced: string, places: readonly string[]): string {
  if (places.length === 0) return raced;
  const more = places.length > MAX_SHOWN ? ` and ${places.length - MAX_SHOWN} more` : "";
  return `${raced} (${places.slice(0, MAX_SHOWN).map(describePlace).join(", ")}${more})`;
}

/** Length of the shortest secret that is looked for within names; a shorter one is a whole name or none. */
const SHORTEST_PART = 4;

/** Names of the members that lead to a place. */
function membersOf(place: string): readonly string[] {
  const at = readPlace(place);
  if (at !== null) return [at.name, ...at.path];
  // A name that is no identifier is written as JSON in brackets, with its dots escaped.
  return place.split(".").map((name) => /^\[".*"\]$/.test(name) ? JSON.parse(name)[0] : name);
}

/** True for the name of a place in which a secret stands. */
function holdsOne(place: string, secrets: readonly string[]): boolean {
  return secrets.length > 0 && membersOf(place).some((name) => isNamedBySecret(name, secrets));
}

function isNamedBySecret(name: string, secrets: readonly string[]): boolean {
  return secrets.some((secret) => secret.length < SHORTEST_PART ? name === secret : name.includes(secret));
}

/** The place itself; of a member that a secret names, the place of all members beside it. */
function withoutSecrets(place: string, secrets: readonly string[]): string {
  if (!holdsOne(place, secrets)) return place;
  const first = membersOf(place).findIndex((name) => isNamedBySecret(name, secrets));
  if (first < 1) return place;
  const at = readPlace(place);
  if (at !== null) return placeOf(at.module, at.name, at.path.slice(0, first - 1));
  return `${place.split(".").slice(0, first).join(".")}.*`;
}
