/**
 * Integrities from package-lock.json, npm-shrinkwrap.json and node_modules/.package-lock.json.
 *
 * @module
 */
import { asObject } from "./jsonc.ts";

/**
 * Integrity by `name@version`, from the text of a lock file of npm (lockfileVersion 1, 2 or 3).
 *
 * Where the packages are is of no interest here: what is installed is read from the packages themselves.
 *
 * @throws {SyntaxError} When it is no JSON.
 */
export function parseNpmLock(text: string): Map<string, string> {
  const lock = asObject(JSON.parse(text));
  const integrities = new Map<string, string>();
  for (const [path, value] of Object.entries(asObject(lock.packages))) {
    const name = path.split("node_modules/").pop() ?? "";
    if (path.includes("node_modules/")) addIntegrity(integrities, name, value);
  }
  addTree(integrities, lock.dependencies);
  return integrities;
}

function addTree(integrities: Map<string, string>, tree: unknown): void {
  for (const [name, value] of Object.entries(asObject(tree))) {
    addIntegrity(integrities, name, value);
    addTree(integrities, asObject(value).dependencies);
  }
}

/** An alias has its package's own name beside it. */
function addIntegrity(integrities: Map<string, string>, key: string, value: unknown): void {
  const { name, version, integrity } = asObject(value);
  if (typeof integrity !== "string") return;
  integrities.set(`${typeof name === "string" ? name : key}@${version}`, integrity);
}
