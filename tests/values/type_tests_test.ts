/** The tests of objects give the same answers where the runtime keeps its own to itself. */
import { assertEquals } from "@std/assert";

const root = new URL("../../", import.meta.url).href;

const PROGRAM = `
const [from] = Deno.args;
if (from === "node:util") Object.defineProperty(Deno, Deno.internal, { value: undefined });
const { bufferClass, isProxy, typeTests } = await import("${root}src/words/type_tests.ts");
const { Buffer } = await import("node:buffer");
const util = await import("node:util");
console.log(JSON.stringify([
  typeTests() === util.types,
  isProxy(new Proxy([], {})),
  isProxy([]),
  typeTests().isModuleNamespaceObject(util),
  typeTests().isMap(Object.setPrototypeOf(new Map(), null)),
  bufferClass() === Buffer,
]));`;

for (const from of ["the runtime", "node:util"]) {
  Deno.test(`internal state is told by the tests of ${from}`, async () => {
    const file = await Deno.makeTempFile({ suffix: ".mjs" });
    try {
      await Deno.writeTextFile(file, PROGRAM);
      const args = ["run", "-A", "--no-config", file, from];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args }).output();
      const words = new TextDecoder().decode(stdout) || new TextDecoder().decode(stderr);
      assertEquals(JSON.parse(words), [from === "node:util", true, false, true, true, true]);
    } finally {
      await Deno.remove(file);
    }
  });
}
