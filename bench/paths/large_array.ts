/**
 * A large typed array as a result: against reading or writing the same bytes and digesting them; and the memory it takes.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { cacheFile } from "@bimsb/cachepy";
import { runScript } from "../support/children.ts";
import type { Figure, Scale } from "../support/figures.ts";
import { createNumbers } from "../support/large.ts";
import { measure } from "../support/measure.ts";
import { countRun, expect, takeRuns } from "../support/outcome.ts";
import { createWorkspace } from "../support/workspace.ts";

/** Measures it. */
export async function run(scale: Scale): Promise<Figure[]> {
  const mebibytes = scale.large ? 1_024 : scale.quick ? 64 : 256;
  const length = mebibytes * 2 ** 17;
  const rounds = 3;
  using workspace = createWorkspace();
  const dir = workspace.folder("ours");
  const supply = createNumbers(length, 0);
  const cached = cacheFile(dir, { ignoreCode: ["countRun", "supply"] })(function numbers(turn: number) {
    countRun();
    supply[0] = turn;
    return supply;
  });
  const path = `${workspace.dir}/plain`;

  const miss = await measure({
    ours: (turn) => cached(turn),
    floor: (turn) => {
      supply[0] = turn;
      const bytes = new Uint8Array(supply.buffer);
      createHash("sha256").update(bytes).digest("hex");
      Deno.writeFileSync(path, bytes);
    },
  }, {
    rounds,
    between: async (round) => {
      if (round === rounds) return; // the last one is asked for below
      await cached.forget(round);
      Deno.removeSync(path);
    },
  });
  expect(takeRuns() === rounds + 1, "a miss did not run the function");
  const hit = await measure({
    ours: async () => expect((await cached(rounds))[0] === rounds, "the bytes are wrong"),
    floor: () => createHash("sha256").update(readWhole(path)).digest("hex"),
  }, { rounds });
  expect(takeRuns() === 0, "a hit ran the function");

  const [missBytes, hitBytes] = [await peakBytes(dir, length), await peakBytes(dir, length)];
  const sizeBytes = 8 * length;
  const figure = { peers: {}, note: "" } as const;
  const name = `${mebibytes} MiB Float64Array`;
  const memory = [{ text: "2.2 × the value", most: 2.2 * sizeBytes }];
  return [
    {
      ...figure,
      path: `hit, ${name}`,
      unit: "ms",
      ours: hit.ours,
      floor: hit.floor,
      limits: [{ text: "(read + digest) ÷ 0.7", most: hit.floor / 0.7 }],
    },
    {
      ...figure,
      path: `miss, ${name}`,
      unit: "ms",
      ours: miss.ours,
      floor: miss.floor,
      limits: [{ text: "(write + digest) ÷ 0.5", most: miss.floor / 0.5 }],
    },
    { ...figure, path: `peak memory, miss, ${name}`, unit: "bytes", ours: missBytes, floor: sizeBytes, limits: memory },
    { ...figure, path: `peak memory, hit, ${name}`, unit: "bytes", ours: hitBytes, floor: sizeBytes, limits: memory },
  ];
}

/** Into one buffer of the right size, which is faster than `Deno.readFileSync`. */
function readWhole(path: string): Uint8Array {
  using file = Deno.openSync(path);
  const bytes = new Uint8Array(file.statSync().size);
  for (let filled = 0; filled < bytes.length;) filled += file.readSync(bytes.subarray(filled))!;
  return bytes;
}

async function peakBytes(dir: string, length: number): Promise<number> {
  return Number(await runScript("bench/children/peak_memory.ts", [dir, String(length)]));
}
