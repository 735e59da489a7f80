/**
 * Symbols that mean the same in every process.
 *
 * @module
 */

/** A symbol's name, and what gives it its meaning. */
export interface SymbolName {
  readonly kind: "Symbol" | "WellKnownSymbol";
  readonly text: string;
}

const wellKnown = new Map<symbol, string>();
for (const name of Object.getOwnPropertyNames(Symbol)) {
  const value = (Symbol as unknown as Record<string, unknown>)[name];
  if (typeof value === "symbol") wellKnown.set(value, name);
}

/** The name of a symbol of the registry (`Symbol.for`) or of the language; `null`: it is equal to nothing elsewhere. */
export function symbolName(symbol: symbol): SymbolName | null {
  const key = Symbol.keyFor(symbol);
  if (key !== undefined) return { kind: "Symbol", text: key };
  const name = wellKnown.get(symbol);
  return name === undefined ? null : { kind: "WellKnownSymbol", text: name };
}
