import { assert, assertEquals, assertThrows } from "@std/assert";
import { type FunctionOrigin, isInspectorAllowed, leaseInspector } from "../../src/code/v8/inspector.ts";

type ScriptOrigin = Extract<FunctionOrigin, { kind: "script" }>;

const secret = { value: 1 };
let changing = 1;
function capture(..._args: unknown[]): unknown {
  return [secret, changing, later];
}
const before = await locate(capture);
const later = 2;

async function locate(fn: object): Promise<FunctionOrigin> {
  using lease = await leaseInspector();
  const [origin] = await lease.locate([fn]);
  return origin as FunctionOrigin;
}

Deno.test("a function is located in the script that runs, with its variables by identity", async () => {
  const origin = await locate(capture) as ScriptOrigin;
  assertEquals(origin.script.url, import.meta.url);
  assert(origin.script.text.slice(0, origin.offset).endsWith("function capture"));
  assert(origin.scopes.some((scope) => scope.secret === secret && Object.hasOwn(scope, "changing")));
});

Deno.test("variables are read as they are at the time of the question", async () => {
  changing = 5;
  const origin = await locate(capture) as ScriptOrigin;
  assert(origin.scopes.some((scope) => scope.changing === 5));
});

Deno.test("reading a variable that is not initialized yet throws", () => {
  const scope = (before as ScriptOrigin).scopes.find((one) => Object.hasOwn(one, "later"));
  assertThrows(() => scope?.later, ReferenceError);
});

Deno.test("a bound function shows its target, receiver and arguments", async () => {
  const origin = await locate(capture.bind(secret, 7, "x", secret));
  assertEquals(origin, { kind: "bound", target: capture, receiver: secret, args: [7, "x", secret] });
});

Deno.test("native functions have no script", async () => {
  assertEquals((await locate(Math.max)).kind, "native");
});

Deno.test("private fields are read with their values", async () => {
  class Base {
    #first = secret;
    get first() {
      return this.#first;
    }
  }
  class Derived extends Base {
    #second = -0;
    get second() {
      return this.#second;
    }
  }
  using lease = await leaseInspector();
  const [fields, none] = await lease.privateFields([new Derived(), {}]);
  assertEquals([...fields?.keys() ?? []], ["#first", "#second"]);
  assert(fields?.get("#first") === secret);
  assert(Object.is(fields?.get("#second"), -0));
  assertEquals(none?.size, 0);
});

Deno.test("questions at the same time do not get in each other's way", async () => {
  const functions = Array.from({ length: 50 }, (_, index) => () => index);
  const origins = await Promise.all(functions.map(locate));
  origins.forEach((origin, index) => assert((origin as ScriptOrigin).scopes.some((scope) => scope.index === index)));
});

Deno.test("a debugger statement does not pause while the inspector is attached", async () => {
  using lease = await leaseInspector();
  // deno-lint-ignore no-debugger
  debugger;
  assertEquals((await lease.locate([])).length, 0);
});

Deno.test("nothing is left on the global object", async () => {
  await locate(capture);
  assertEquals(Object.getOwnPropertyNames(globalThis).filter((name) => name.includes("cachepy.inspector")), []);
});

Deno.test("permission is only asked about, never for", () => {
  assertEquals(isInspectorAllowed(), Deno.permissions.querySync({ name: "sys" }).state === "granted");
});
