/**
 * The cached functions of this process, by the identity that traces record, so that a recorded inner call can be
 * looked up and run again.
 *
 * @module
 */

/** Cached functions, held weakly: a factory may wrap thousands. */
export class Registry<Step extends object> {
  readonly #byId = new Map<string, Set<WeakRef<Step>>>();

  /** Adds a function under its identity. */
  add(functionId: string, step: Step): void {
    const refs = this.#byId.get(functionId);
    if (refs === undefined) this.#byId.set(functionId, new Set([new WeakRef(step)]));
    else refs.add(new WeakRef(step));
  }

  /** The functions with this identity; more than one when a factory wraps closures of one text. */
  find(functionId: string): Step[] {
    const refs = this.#byId.get(functionId);
    if (refs === undefined) return [];
    const found: Step[] = [];
    for (const ref of refs) {
      const step = ref.deref();
      if (step === undefined) refs.delete(ref);
      else found.push(step);
    }
    return found;
  }
}
