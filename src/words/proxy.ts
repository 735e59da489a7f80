/**
 * The test for a Proxy, of which no other property may be looked at without running the user's traps.
 *
 * A file of its own, since copies of arguments, results and captured values all begin with this test.
 *
 * @module
 */
// Loaded only where the runtime has no test at hand.
import defer * as nodeUtil from "node:util";

let proxyTest: ((value: object) => boolean) | undefined;

/** True for a Proxy. The runtime has the test at hand; the module of Node that has it takes 20 ms to load. */
export function isProxy(value: object): boolean {
  return (proxyTest ??= findProxyTest())(value);
}

function findProxyTest(): (value: object) => boolean {
  const internal = Reflect.get(Deno, Reflect.get(Deno, "internal") as symbol) as Internals | undefined;
  const test = internal?.core?.isProxy;
  return typeof test === "function" && test(new Proxy({}, {})) && !test({}) ? test : nodeUtil.types.isProxy;
}

interface Internals {
  readonly core?: { readonly isProxy?: (value: object) => boolean };
}
