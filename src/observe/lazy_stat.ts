/**
 * `stat` results that tell which of their members are looked at.
 *
 * A function that asks whether a file exists must not depend on its size, nor one that asks for the size on the times.
 * So each member but the type becomes an accessor that, when first read, reports itself and turns into the plain member
 * that it was. Copying, spreading, `JSON.stringify` and printing read all of them.
 *
 * @module
 */
import { registerLazy } from "../cbor/lazy_members.ts";
import { STAT_FIELDS } from "../dependencies.ts";
import type { StatField } from "../dependencies.ts";

const INSPECT = Symbol.for("Deno.customInspect");
const FIELDS: ReadonlySet<string> = new Set(STAT_FIELDS);

/**
 * Makes the members of `info` report themselves.
 *
 * @param info What `Deno.stat` or `fs.stat` returned; changed in place.
 * @param saw Called with a member's name, in the form that `Deno.FileInfo` has.
 * @returns `info`.
 */
export function reportFields<T extends object>(info: T, saw: (field: StatField) => void): T {
  const names: string[] = [];
  for (const name of Object.keys(info)) {
    const field = fieldOf(name);
    if (field === null) continue;
    const value = (info as Record<string, unknown>)[name];
    names.push(name);
    Object.defineProperty(info, name, {
      get(): unknown {
        saw(field);
        makePlain(info, name, value);
        return value;
      },
      set(replacement: unknown): void {
        makePlain(info, name, replacement);
      },
      enumerable: true,
      configurable: true,
    });
  }
  const readAll = (): void => {
    for (const name of names) void (info as Record<string, unknown>)[name];
    delete (info as Record<symbol, unknown>)[INSPECT];
  };
  // A result that holds it is stored as the plain object that it is.
  registerLazy(info, readAll);
  // Printing shows an accessor as such; not after this.
  Object.defineProperty(info, INSPECT, {
    value(inspect: (value: unknown, options: unknown) => string, options: unknown): string {
      readAll();
      return inspect(info, options);
    },
    enumerable: false,
    configurable: true,
  });
  return info;
}

/** `mtimeMs`, `mtimeNs` and `mtime` are one. */
function fieldOf(name: string): StatField | null {
  const field = name.endsWith("Ms") || name.endsWith("Ns") ? name.slice(0, -2) : name;
  return FIELDS.has(field) ? field as StatField : null;
}

function makePlain(info: object, name: string, value: unknown): void {
  Object.defineProperty(info, name, { value, writable: true, enumerable: true, configurable: true });
}
