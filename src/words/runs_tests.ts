/**
 * Whether `deno test` or `deno bench` is running: their sanitizers take for a leak what a program keeps ready for its next
 * call.
 *
 * @module
 */
/**
 * Whether something that waits for the next call would be reported as a leak. `Deno.test` does something only under
 * `deno test` and `deno bench`. Where this cannot be told the answer is yes, which costs time and never leaks.
 */
export function runsTests(): boolean {
  return Deno.test?.name !== "noopTest";
}
