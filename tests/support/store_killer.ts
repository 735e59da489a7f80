/**
 * Starts writers one after the other and kills each at a random moment; says which entries they had said to be
 * committed.
 *
 * @module
 */
import { child, linesOf } from "./store_rig.ts";

const [dir = "", prefix = "", count = "0"] = Deno.args;
const names: string[] = [];
let killed = 0;

/** One is being started while the other writes: starting takes longer than what is being tested. */
function start(i: number): ReturnType<typeof linesOf> {
  return linesOf(child("store_child.ts", ["write", dir, `${prefix}n${i}`]).spawn());
}

let following = start(0);
for (let i = 0; i < Number(count); i++) {
  const writer = following;
  await writer.next();
  if (i + 1 < Number(count)) following = start(i + 1);
  setTimeout(() => {
    killed++;
    writer.kill();
  }, Math.random() ** 2 * 200);
  for (let name = await writer.next(); name !== null; name = await writer.next()) names.push(name);
}
Deno.stdout.writeSync(new TextEncoder().encode(JSON.stringify({ killed, names })));
