/**
 * Variables and private fields that have to be read again through the inspector.
 *
 * @module
 */
import { type FunctionOrigin, leaseInspector } from "../v8/inspector.ts";
import type { StatePlace } from "../state/state.ts";

/** A variable that may be reassigned, as a function sees it. */
export interface ChangingVariable {
  readonly fn: object;
  readonly name: string;
  readonly value: unknown;
  readonly isUnset: boolean;
  /** Name of the variable that is equal in every process. */
  readonly place: StatePlace;
  /** True for a private field of `fn`, which is then any object. */
  readonly isPrivate?: boolean;
  /** Type of the value, where only another type counts as a change. */
  readonly typeAlone?: string;
}

/** Variables and fields that hold other values than they did. */
export interface ChangedVariables {
  readonly variables: readonly ChangingVariable[];
  /** Names of the private fields, by object. */
  readonly privates: ReadonlyMap<object, readonly string[]>;
}

/** Finds the variables and private fields that have changed. */
export async function findChangedVariables(
  variables: readonly ChangingVariable[],
  privates: ReadonlyMap<object, ReadonlyMap<string, unknown>>,
): Promise<ChangedVariables> {
  if (variables.length + privates.size === 0) return { variables: [], privates: new Map() };
  using lease = await leaseInspector();
  const functions = [...new Set(variables.filter(({ isPrivate }) => !isPrivate).map(({ fn }) => fn))];
  const owners = [...new Set(variables.filter(({ isPrivate }) => isPrivate).map(({ fn }) => fn))];
  const holders = [...privates];
  const [origins, fields, owned] = await Promise.all([
    lease.locate(functions),
    lease.privateFields(holders.map(([holder]) => holder)),
    lease.privateFields(owners),
  ]);
  const numbers = new Map(functions.map((fn, index) => [fn, index]));
  const numbersOfOwners = new Map(owners.map((owner, index) => [owner, index]));
  return {
    variables: variables.filter((one) =>
      one.isPrivate
        ? !isValueUnchanged(one, owned[numbersOfOwners.get(one.fn) as number]?.get(one.name))
        : !isVariableUnchanged(one, origins[numbers.get(one.fn) as number])
    ),
    privates: new Map(holders.flatMap(([holder, before], index) => {
      const names = [...before].filter(([name, value]) => !Object.is(fields[index]?.get(name), value));
      return names.length === 0 ? [] : [[holder, names.map(([name]) => name)]];
    })),
  };
}

function isValueUnchanged({ value, typeAlone }: ChangingVariable, now: unknown): boolean {
  const type: string = typeof now;
  return typeAlone === undefined ? Object.is(now, value) : type === typeAlone;
}

function isVariableUnchanged(variable: ChangingVariable, origin: FunctionOrigin | undefined): boolean {
  const { name, isUnset } = variable;
  const scope = origin?.kind === "script" ? origin.scopes.find((one) => Object.hasOwn(one, name)) : undefined;
  try {
    return scope !== undefined && !isUnset && isValueUnchanged(variable, scope[name]);
  } catch {
    return isUnset;
  }
}
