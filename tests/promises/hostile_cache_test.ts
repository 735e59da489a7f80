import { assert, assertEquals } from "@std/assert";
import { filesBelow } from "../support/rig.ts";
import { totalOf, valueOf } from "../support/call_values.ts";
import { Crew } from "../support/call_worker.ts";

const ROUNDS = Number(Deno.env.get("CACHEPY_HOSTILE_ROUNDS") ?? 2);

function flip(bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  for (let i = 0; i < 1 + Math.random() * 4; i++) copy[Math.floor(Math.random() * copy.length)] = Math.random() * 256;
  return Math.random() < 0.2 ? copy.slice(0, Math.random() * copy.length) : copy;
}

Deno.test("a cache whose every record was changed at random gives right values, and nothing is written outside it", async () => {
  await using crew = await Crew.open();
  let changed = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const writer = await crew.start();
    for (let n = 0; n < 10; n++) await writer.call("total", n);
    await writer.call("sized", 1, 100_000);
    await writer.end();
    const kv = await Deno.openKv(`${crew.cacheDir}/v1/meta.kv`);
    for await (const { key, value } of kv.list({ prefix: [] })) {
      const dice = Math.random();
      if (value instanceof Uint8Array) {
        await kv.set(key, dice < 0.9 ? flip(value as Uint8Array<ArrayBuffer>) : { a: 1 });
      } else await kv.set(key, dice < 0.5 ? "text" : new Uint8Array([1, 2, 3]));
      changed++;
    }
    kv.close();
    const before = (await filesBelow(crew.folder)).filter((name) => !/^(cache|side)\//.test(name));
    const reader = await crew.start();
    for (let n = 0; n < 10; n++) {
      const { value, error } = await reader.call("total", n);
      assertEquals([error, value], [undefined, totalOf(n)]);
    }
    assertEquals((await reader.call("sized", 1, 100_000)).value, valueOf(1, 100_000));
    for (const command of [{ do: "prune" }, { do: "verify", options: { repair: true } }] as const) {
      assertEquals((await reader.do(command)).error, undefined);
    }
    assertEquals(((await reader.do({ do: "verify" })).value as { problems: unknown[] }).problems, []);
    assertEquals((await filesBelow(crew.folder)).filter((name) => !/^(cache|side)\//.test(name)), before);
    await reader.end();
  }
  // deno-lint-ignore no-console -- the count is to be seen in the output of CI
  console.log(`${changed} rows changed at random`);
});

Deno.test("rows whose keys and names lead out of the folder lead nowhere", async () => {
  await using crew = await Crew.open();
  const writer = await crew.start();
  await writer.call("total", 1);
  await writer.end();
  Deno.writeTextFileSync(`${crew.folder}/precious.cbor`, "precious");
  const kv = await Deno.openKv(`${crew.cacheDir}/v1/meta.kv`);
  const rows = [];
  for await (const { key, value } of kv.list({ prefix: [] })) rows.push({ key, value });
  const names = ["../../../precious", "..", "/etc/passwd", "__proto__", "constructor", "a\0b", "x".repeat(500)];
  for (const { key, value } of rows) {
    for (const name of names) {
      for (let at = 1; at < key.length; at++) {
        await kv.set(key.map((part, i) => i === at && typeof part === "string" ? name : part), value);
      }
    }
  }
  kv.close();
  const reader = await crew.start();
  assertEquals((await reader.call("total", 1)).value, totalOf(1));
  for (const command of [{ do: "prune" }, { do: "verify", options: { repair: true } }, { do: "clear" }] as const) {
    assertEquals((await reader.do(command)).error, undefined);
  }
  assertEquals((await reader.call("total", 1)).value, totalOf(1));
  assertEquals(Deno.readTextFileSync(`${crew.folder}/precious.cbor`), "precious");
});

/** SHA-256 as the store names blobs. */
async function nameOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

const BOMBS: Record<string, Uint8Array<ArrayBuffer>> = {
  "an array of 2^60 items": new Uint8Array([0x9b, 0x10, 0, 0, 0, 0, 0, 0, 0]),
  "a byte string of 2^60 bytes": new Uint8Array([0x5b, 0x10, 0, 0, 0, 0, 0, 0, 0]),
  "a depth of a million": new Uint8Array(1_000_000).fill(0x81),
  "a map that sets __proto__": Uint8Array.from([
    0xa1,
    0x69,
    ...new TextEncoder().encode("__proto__"),
    0xa1,
    0x61,
    0x61,
    1,
  ]),
  "a big integer of a megabyte": Uint8Array.from([0xc2, 0x5a, 0, 0x10, 0, 0, ...new Uint8Array(1 << 20).fill(255)]),
};

for (const [bomb, bytes] of Object.entries(BOMBS)) {
  Deno.test(`a result that is ${bomb}, under its right digest: a value or a miss at once, and no pollution`, async () => {
    await using crew = await Crew.open();
    const writer = await crew.start();
    await writer.call("sized", 1, 50);
    await writer.end();
    // A stranger can give a bomb its right digest: the record is made to refer to it.
    const digest = await nameOf(bytes);
    const [folder] = Array.from(Deno.readDirSync(`${crew.cacheDir}/v1/blobs`), ({ name }) => name);
    const [file] = Array.from(Deno.readDirSync(`${crew.cacheDir}/v1/blobs/${folder}`), ({ name }) => name);
    const old = folder! + file!.replace(".cbor", "");
    Deno.mkdirSync(`${crew.cacheDir}/v1/blobs/${digest.slice(0, 2)}`, { recursive: true });
    Deno.writeFileSync(`${crew.cacheDir}/v1/blobs/${digest.slice(0, 2)}/${digest.slice(2)}.cbor`, bytes);
    const kv = await Deno.openKv(`${crew.cacheDir}/v1/meta.kv`);
    let isPlaced = false;
    for await (const { key, value } of kv.list<Uint8Array>({ prefix: ["r"] })) {
      const text = new TextDecoder().decode(value.subarray(1));
      const bombed = text.replaceAll(old, digest);
      isPlaced ||= bombed !== text;
      await kv.set(key, Uint8Array.from([value[0]!, ...new TextEncoder().encode(bombed)]));
    }
    kv.close();
    assert(isPlaced);
    const reader = await crew.start();
    await reader.call("sized", 2, 50);
    const beganMs = performance.now();
    const { value, error } = await reader.call("sized", 1, 50);
    assert(performance.now() - beganMs < 10_000);
    assertEquals(error, undefined);
    // Who can give bytes their digest can also give a value; it is still only a value.
    if (!/__proto__|integer/.test(bomb)) assertEquals(value, valueOf(1, 50));
    const { value: clean } = await reader.do({ do: "polluted" });
    assertEquals(clean, false);
  });
}
