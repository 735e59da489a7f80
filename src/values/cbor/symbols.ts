/**
 * Names of symbols that every process has: those of the registry and those of the language.
 *
 * A file of its own, since keys and results name symbols alike.
 *
 * @module
 */
/** A symbol that is equal in every process: one of the registry (`Symbol`) or of the language (`WellKnownSymbol`). */
interface SymbolName {
  readonly kind: "Symbol" | "WellKnownSymbol";
  readonly text: string;
}

const wellKnown = new Map<symbol, string>();
const byName = new Map<string, symbol>();
for (const name of Object.getOwnPropertyNames(Symbol)) {
  const value = Object.getOwnPropertyDescriptor(Symbol, name)!.value;
  if (typeof value !== "symbol") continue;
  wellKnown.set(value, name);
  byName.set(name, value);
}

/** The name of a symbol of the registry (`Symbol.for`) or of the language; `null`: no other process has its equal. */
export function symbolName(symbol: symbol): SymbolName | null {
  const key = Symbol.keyFor(symbol);
  if (key !== undefined) return { kind: "Symbol", text: key };
  const text = wellKnown.get(symbol);
  return text === undefined ? null : { kind: "WellKnownSymbol", text };
}

/** The symbol of this name; `undefined` when this version of the language has none. */
export function symbolNamed(kind: SymbolName["kind"], text: string): symbol | undefined {
  return kind === "Symbol" ? Symbol.for(text) : byName.get(text);
}
