/** Inputs that are replaced by others of the same size and time of modification, as by `cp -p` or `rsync -t`. */
import { assertEquals } from "@std/assert";
import { type FileStamp, hasChangeTime, isStampSettled, RACY_MS } from "../../src/reads/files/stamp.ts";
import { Project } from "../support/project.ts";
import { findSshfs, Mounts } from "../support/sshfs.ts";

/** Time of modification of the inputs: a whole second, in which all of them were changed as well. */
const TIME = new Date(Date.now() - 3_600_000);
TIME.setMilliseconds(0);

const PROGRAM = `
import { cacheFile, trackFile } from "@bimsb/cachepy";
const events = [], [folder] = Deno.args, input = folder + "/input.txt";
const cached = cacheFile("./cache", { onEvent: ({ kind, fname }) => void (kind === "run" && events.push(fname)) });
const read = cached(async function read(path) { return (await Deno.readTextFile(path)).slice(0, 3); });
const readSync = cached(function readSync(path) { return Deno.readTextFileSync(path).slice(0, 3); });
const handed = cached({ fileArgs: ["path"] })(function handed(path) { return path.length; });
const tracked = cached(async function tracked(path) { return (await Array.fromAsync(Deno.readDir(trackFile(path)))).length; });
const values = [await read(input), await readSync(input), await handed(input), await tracked(folder)];
console.log(JSON.stringify([values, events]));
`;

/** Program that reads without any permission beyond those files. */
const FLAGS: readonly (readonly [how: string, flags: readonly string[]])[] = [
  ["with all permissions", ["-A"]],
  ["with the permissions it needs", ["--allow-read", "--allow-write", "--allow-env", "--allow-sys"]],
];

/** Size of an input whose digest is remembered, so that it is not read again. */
const SIZE_BYTES = 8 * 1024 * 1024;

function replace(path: string, text: string): void {
  // The inode stays, as it does when a program writes into a file. No time of change can stay, where there is one.
  Deno.writeTextFileSync(path, text.padEnd(SIZE_BYTES));
  Deno.utimeSync(path, TIME, TIME);
}

const ALL = ["read", "readSync", "handed", "tracked"];

for (const [how, flags] of FLAGS) {
  Deno.test({
    name: `a disk without a time of change, a program ${how}: what was replaced is never taken for what it was`,
    ignore: findSshfs() === null,
  }, async () => {
    await using project = await Project.create({ "main.js": PROGRAM });
    await using mounts = Mounts.open(project.folder);
    const data = await mounts.add();
    const input = `${data}/input.txt`;
    replace(input, "old");
    const run = async () => {
      const { stdout, stderr, code } = await project.run("main.js", { args: [data], flags });
      assertEquals([code, stderr.replace(/^Warning .*\n.*deno.json\n/, "")], [0, ""]);
      return JSON.parse(stdout);
    };
    assertEquals(await run(), [["old", "old", input.length, 1], ALL]);
    assertEquals((await run())[1], []);
    replace(input, "new");
    assertEquals(await run(), [["new", "new", input.length, 1], ALL]);
    assertEquals((await run())[1], []);
  });
}

Deno.test("on a disk with a time of change, an input that was replaced counts, and one that was not is not read", async () => {
  await using project = await Project.create({ "main.js": PROGRAM, "data/input.txt": "old" });
  const input = project.path("data/input.txt");
  replace(input, "old");
  const run = async () => (await project.run("main.js", { args: [project.path("data")] })).json<unknown[]>();
  await run();
  assertEquals((await run())[1], []);
  replace(input, "new");
  assertEquals((await run())[1], ALL);
});

Deno.test("a stamp stands for a content where its disk may have a time of change of its own", () => {
  const { dev } = Deno.statSync(import.meta.dirname!);
  const stamp = (dev: number, mtimeMs: number, ctimeMs: number): FileStamp => ({
    dev,
    ino: 1,
    size: 1,
    mtimeMs,
    ctimeMs,
  });
  const nowMs = 5000 + RACY_MS;
  assertEquals(hasChangeTime(stamp(dev, 1000, 5000)), true, "two times");
  assertEquals(hasChangeTime(stamp(dev, 5123, 5000)), true, "the time of change is told in seconds");
  assertEquals(hasChangeTime(stamp(dev, 5000, 5000)), true, "a disk of a kind that has one");
  assertEquals(isStampSettled(stamp(dev, 5000, 5000), nowMs), true);
  assertEquals(isStampSettled(stamp(dev, 5000, 5000), nowMs - 1), false, "too young");
});
