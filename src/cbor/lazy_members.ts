/**
 * Objects of ours whose members are accessors until they are read.
 *
 * A file of its own, since who makes such objects ({@link ../observe/lazy_stat.ts}) and who stores them share nothing
 * else.
 *
 * @module
 */
const settlers = new WeakMap<object, () => void>();

/** Registers how all members of `subject` are read and become plain, so that it can be stored. */
export function registerLazy(subject: object, settle: () => void): void {
  settlers.set(subject, settle);
}

/** Makes the members of `subject` plain. @returns Whether it was registered and had not been settled before. */
export function settleLazy(subject: object): boolean {
  const settle = settlers.get(subject);
  if (settle === undefined) return false;
  settlers.delete(subject);
  settle();
  return true;
}
