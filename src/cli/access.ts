/**
 * The permissions that all commands need: to read and to write, since Deno.Kv opens its file for writing even to read it.
 *
 * @module
 */
import type { Terminal } from "./text/terminal.ts";

/**
 * Asks for what was not granted by a flag, once for all paths, when a person sits at the terminal. Otherwise, and when the
 * answer is no, the command fails with the flag that it lacks.
 */
export async function askForAccess({ isInteractive, err }: Terminal): Promise<void> {
  if (!isInteractive) return;
  const wanted: Deno.PermissionDescriptor[] = [{ name: "read" }, { name: "write" }];
  const isLacking = wanted.some((one) => Deno.permissions.querySync(one).state === "prompt");
  if (!isLacking) return;
  err(
    "cachepy reads and writes the cache and reads the files that results depend on; the flags -P or -A spare the question.\n",
  );
  for (const one of wanted) if ((await Deno.permissions.request(one)).state !== "granted") return;
}
