/**
 * One of many processes that use a cache directory at the same time; what it does is its first argument.
 *
 * @module
 */
import { openCache } from "../../src/store/cache_dir.ts";
import { keyOf, load, store, valueOf } from "./store_rig.ts";

const [task = "", dir = "", ...rest] = Deno.args;
const cache = await openCache(dir);

function say(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}

/** Writes and reads entries at random; says how many reads gave a wrong value. */
async function mix(count: number, from: number): Promise<void> {
  let wrong = 0;
  for (let i = 0; i < count; i++) {
    const name = Math.floor(Math.random() * 1000);
    const found = await load(cache, name);
    if (found === null) await store(cache, name, { createdMs: 1_700_000_000_000 + name });
    else if (found !== valueOf(name)) wrong++;
    // Each entry has one process that is sure to write it.
    await store(cache, from + i % 5, { createdMs: 1_700_000_000_000 + from + i % 5 });
  }
  say(JSON.stringify({ wrong }));
}

/** Writes for ever, saying the name of each entry after it was committed. */
async function writeForEver(prefix: string): Promise<void> {
  say("ready");
  for (let i = 0;; i++) {
    const name = `${prefix}-${i}`;
    const size = [10, 3000, 80_000][i % 3]!;
    await store(cache, name, { value: valueOf(name).padEnd(size, "x") });
    say(name);
  }
}

/** Computes under the lock of a call, unless somebody else has. */
async function computeOnce(name: string, workMs: number): Promise<void> {
  say("asking");
  const lease = await cache.lock(keyOf(name), { fname: "slow", holding: [] });
  let computed = false;
  if (await load(cache, name) === null) {
    computed = true;
    say("computing");
    await new Promise((resolve) => setTimeout(resolve, workMs));
    await store(cache, name);
  }
  const value = await load(cache, name);
  lease?.release();
  say(JSON.stringify({ computed, value, doneMs: Date.now() }));
}

switch (task) {
  case "mix":
    await mix(Number(rest[0]), Number(rest[1]));
    break;
  case "write":
    await writeForEver(rest[0]!);
    break;
  case "compute":
    await computeOnce(rest[0]!, Number(rest[1]));
    break;
  case "nest": {
    // Holds one lock and asks for another, as a nested call does.
    const [outer, inner] = [keyOf(rest[0]!), keyOf(rest[1]!)];
    const first = await cache.lock(outer, { fname: rest[0]!, holding: [] });
    say("holding");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const second = await cache.lock(inner, { fname: rest[1]!, holding: [outer] });
    say(second === null ? "circle" : "got");
    await new Promise((resolve) => setTimeout(resolve, 100));
    second?.release();
    first?.release();
    break;
  }
  case "hit":
    cache.usage.record(keyOf(rest[0]!));
    if (rest[1] === "exit") Deno.exit(0);
    break;
  case "load":
    say(JSON.stringify({ value: await load(cache, rest[0]!), readOnly: cache.readOnly }));
    break;
  default:
    throw new Error(`Unknown task ${task}`);
}
