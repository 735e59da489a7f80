/**
 * Instances of classes among the inputs of a call: what stands for their classes, and their private fields.
 *
 * Own fields are not looked at here, so that many instances, one in another, take no longer than as many plain objects.
 *
 * @module
 */
import { mayHavePrivateState } from "../cbor/kinds.ts";
import { leaseInspector } from "../inspector.ts";
import { type IdentifiedValue, identifyValue, isFollowed } from "./fingerprint.ts";
import type { FingerprintOptions } from "./types.ts";
import { arePureData, classOf, nameOfFunction, noticeOfHandle } from "./values.ts";

/** What stands for the class of an instance, and what only the inspector shows of it. */
export interface IdentifiedInstance extends IdentifiedValue {
  /** By name with the `#`, in the order of their declaration; `undefined`: there are none, or they do not count. */
  readonly privates: ReadonlyMap<string, unknown> | undefined;
}

/**
 * Identifies instances by their classes.
 *
 * @param instances Any objects with a prototype.
 * @param options How code is followed.
 * @returns One for each instance, in their order.
 */
export async function identifyInstances(
  instances: readonly object[],
  options: FingerprintOptions,
): Promise<IdentifiedInstance[]> {
  const classes = new Map<object, IdentifiedValue>();
  for (const instance of instances) {
    const prototype = Object.getPrototypeOf(instance) as object;
    if (!classes.has(prototype)) classes.set(prototype, await identifyValue(blankOf(prototype), options));
  }
  const privates = await privatesOf(instances.filter(mayHavePrivateState), options);
  return instances.map((instance) => {
    const identified = classes.get(Object.getPrototypeOf(instance)) as IdentifiedValue;
    const fields = privates.get(instance);
    // A package's object that holds functions or handles is one itself: a connection, a logger.
    if (fields === undefined || !identified.isOfPackage || arePureData(fields)) {
      return { ...identified, privates: fields };
    }
    const notice = noticeOfHandle(nameOfFunction(classOf(instance) ?? instance));
    return { ...identified, notices: [...identified.notices, notice], privates: undefined };
  });
}

const blanks = new WeakMap<object, object>();

/** An object that has the prototype and nothing of its own. */
function blankOf(prototype: object): object {
  let blank = blanks.get(prototype);
  if (blank === undefined) blanks.set(prototype, blank = Object.create(prototype) as object);
  return blank;
}

async function privatesOf(
  instances: readonly object[],
  options: FingerprintOptions,
): Promise<ReadonlyMap<object, ReadonlyMap<string, unknown>>> {
  const found = new Map<object, ReadonlyMap<string, unknown>>();
  if (instances.length === 0 || !isFollowed(options)) return found;
  using lease = await leaseInspector();
  for (const [index, fields] of (await lease.privateFields(instances)).entries()) {
    if (fields.size > 0) found.set(instances[index] as object, fields);
  }
  return found;
}
