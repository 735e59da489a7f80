/**
 * The place of a call in the trace of the call around it.
 *
 * @module
 */
import type { Call } from "./call.ts";
import type { Flight } from "./flights.ts";
import type { Landing } from "./landing.ts";
import { keepArguments, packArguments } from "./packed_arguments.ts";
import { currentCall } from "./run.ts";

/** Packed arguments of an inner call. */
type Packed = ReturnType<typeof packArguments>;

/** Where a call will stand in the trace of the call around it. Left unfilled, it does not count. */
export interface Place {
  /** The running call around it. */
  readonly flight: Flight<Landing> | undefined;
  /** Takes a copy of its arguments, before the function can change them. */
  pack(call: Call): Packed;
  /** Enters what it came to. */
  fill(call: Call, packed: Packed, landing: Landing): Promise<void>;
}

const NO_PLACE: Place = {
  flight: undefined,
  pack: () => null,
  fill: () => Promise.resolve(),
};

/** Keeps a place for a call that begins now, so that the order in the trace is the order of the calls. */
export function reservePlace(): Place {
  const outer = currentCall();
  if (outer === undefined) return NO_PLACE;
  const slot = outer.frame.reserveChild();
  const { blobs, readOnly } = outer.call.prepared.workspace.cache;
  return {
    flight: outer.flight,
    pack: (call) => readOnly ? null : packArguments(call),
    fill: async (call, packed, landing) => {
      outer.support.add(call, "trace" in landing ? landing.trace : null);
      const args = await keepArguments(packed, blobs).catch(() => null);
      slot.fill({ kind: "child", functionId: call.step.functionId, key: call.key, args, outcome: landing.outcome });
    },
  };
}
