/**
 * Loaded before the tests: programs that they start write no coverage of their own, but for the command line and a few of the others.
 *
 * There are thousands of such programs, of which each would write a file for each module, and take twice as long.
 *
 * @module
 */
const FOLDER = "DENO_COVERAGE_DIR";
const KEPT = "CACHEPY_COVERAGE_DIR";

const folder = Deno.env.get(FOLDER);
if (folder !== undefined && folder !== "") {
  Deno.env.set(KEPT, folder);
  Deno.env.delete(FOLDER);
}

/** Environment of a program whose coverage counts; empty when none is taken. */
export function coverageOfProgram(): Record<string, string> {
  const kept = Deno.env.get(KEPT);
  return kept === undefined ? {} : { [FOLDER]: kept };
}

let groups = 0;

/** Environment of the programs of one project, or of one worker, of which there are thousands: the coverage of a few counts. */
export function coverageOfFew(): Record<string, string> {
  return groups++ % 24 === 0 ? coverageOfProgram() : {};
}
