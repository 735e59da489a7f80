/**
 * Loaded before each file of tests: programs that the tests start write no coverage of their own, but for few.
 *
 * There are thousands of such programs, of which each would write a file for each module, and take twice as long.
 *
 * @module
 */
Deno.env.delete("DENO_COVERAGE_DIR");
