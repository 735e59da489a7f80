/**
 * Results that are gone or damaged: making one again is one run for all processes, with the true reason.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { valueOf } from "../support/call_values.ts";
import { type Answer, Crew } from "../support/call_worker.ts";

function changeBlobs(dir: string, change: (path: string) => void): void {
  for (const { name: folder } of Deno.readDirSync(`${dir}/v1/blobs`)) {
    for (const { name } of Deno.readDirSync(`${dir}/v1/blobs/${folder}`)) change(`${dir}/v1/blobs/${folder}/${name}`);
  }
}

const DAMAGES: Record<string, readonly [change: (path: string) => void, told: RegExp]> = {
  "removed": [(path) => Deno.removeSync(path), /missing/],
  "cut off": [(path) => Deno.truncateSync(path, Deno.statSync(path).size >> 1), /digest|damaged|bytes/],
  "flipped": [(path) => {
    const bytes = Deno.readFileSync(path);
    bytes[bytes.length >> 1]! ^= 1;
    Deno.writeFileSync(path, bytes);
  }, /digest|damaged|bytes/],
};

function reasonsOf({ events }: Answer): string[] {
  return events.flatMap((event) => event.kind === "miss" ? [event.summary] : []);
}

for (const [name, [change, told]] of Object.entries(DAMAGES)) {
  for (const sizeBytes of [10, 100_000]) {
    Deno.test(`a result of ${sizeBytes} bytes is ${name}: 8 processes that ask for it make it once, for that reason`, async () => {
      await using crew = await Crew.open();
      const workers = await crew.startAll(8);
      await workers[0]!.call("sized", 1, sizeBytes);
      await Promise.all(workers.map((worker, i) => worker.call("sized", 100 + i, 10)));
      assertEquals(crew.runs("sized-1"), 1);
      changeBlobs(crew.cacheDir, change);
      const answers = await Promise.all(workers.slice(1).map((worker) => worker.call("sized", 1, sizeBytes)));
      for (const { value, error } of answers) assertEquals([error, value], [undefined, valueOf(1, sizeBytes)]);
      assertEquals(crew.runs("sized-1"), 2);
      const reasons = answers.flatMap(reasonsOf);
      assertEquals(reasons.length, 1);
      assert(/damaged/.test(reasons[0]!) && told.test(reasons[0]!), reasons[0]);
      // All is well from then on.
      const after = await Promise.all(workers.slice(1).map((worker) => worker.call("sized", 1, sizeBytes)));
      assertEquals(after.flatMap(({ events }) => events.map(({ kind }) => kind)), after.map(() => "hit"));
    });
  }
}
