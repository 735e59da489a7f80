/**
 * Pipes, devices, sockets, folders and closed files in the place of each file and folder of a cache.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { SAMPLE_STEP } from "../support/sample.ts";

const CHILD = fromFileUrl(new URL("../support/odd_files_child.ts", import.meta.url));
/** Time after which a child counts as one that will never end, milliseconds. Each ends within half a minute. */
const FOREVER_MS = 240_000;

/** Kinds that are as a pipe is to almost all code; they are tried where time is no matter. */
const RARE = ["device", "link to a device", "socket"];
const isSample = SAMPLE_STEP > 1;
const isLong = Number(Deno.env.get("CACHEPY_HOSTILE_ROUNDS") ?? 0) >= 10;

const isRoot = Deno.build.os !== "windows" && Deno.uid() === 0;

for (const kind of ["pipe", "device", "link to a device", "socket", "folder", "file that may not be read"]) {
  Deno.test({
    name:
      `a ${kind} in each place of a cache: nothing waits for ever, calls give their values, and what is in it stays`,
    ignore: Deno.build.os === "windows" || RARE.includes(kind) && !isLong || isSample && kind !== "pipe" ||
      kind === "device" && !isRoot,
    async fn() {
      const folder = await Deno.makeTempDir();
      await Deno.chmod(folder, 0o777);
      try {
        const child = new Deno.Command(Deno.execPath(), {
          args: ["run", "-A", "--no-check", CHILD, folder, kind],
          env: { XDG_STATE_HOME: folder, NO_COLOR: "1" },
          stderr: "null",
          signal: AbortSignal.timeout(FOREVER_MS),
        });
        const lines = new TextDecoder().decode((await child.output()).stdout).trim().split("\n");
        assertEquals(lines.filter((line) => line.startsWith("WRONG")), []);
        assertEquals(lines.at(-1), "done");
      } finally {
        await Deno.remove(folder, { recursive: true });
      }
    },
  });
}
