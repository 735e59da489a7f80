import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { toFileUrl } from "@std/path";
import { trackFile } from "../../src/reads/run_observed.ts";
import { Rig } from "../support/rig.ts";

/** Reads through an import that cannot be observed, so that only the declared arguments track the file. */
function sizeOf(path: string | URL): number {
  return String(path).length;
}

Deno.test("fileArgs counts content, not only the path", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.csv", "1,2");
  const load = rig.cached({ fileArgs: ["path"] })(function load(path: string) {
    return sizeOf(path);
  });
  await load(path);
  await load(path);
  assertEquals(rig.runs(), 1);
  await rig.write("a.csv", "1,3");
  await load(path);
  assertEquals(rig.runs(), 2);
  assertStringIncludes(rig.missed, "a.csv");
});

Deno.test("touch does not invalidate; a same-size edit does, even with the old mtime put back", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.csv", "1,2");
  const load = rig.cached({ fileArgs: ["path"] })(function load(path: string) {
    return sizeOf(path);
  });
  await load(path);
  const { mtime } = await Deno.stat(path);
  await Deno.utime(path, new Date(), new Date());
  await load(path);
  assertEquals(rig.runs(), 1);
  await Deno.writeTextFile(path, "1,3");
  await Deno.utime(path, mtime!, mtime!);
  await load(path);
  assertEquals(rig.runs(), 2);
});

Deno.test("URLs, arrays and nested objects of paths are file arguments", async () => {
  await using rig = await Rig.open();
  const a = await rig.write("a.txt", "a");
  const b = await rig.write("b.txt", "b");
  const load = rig.cached({ fileArgs: ["inputs"] })(function load(inputs: unknown) {
    return JSON.stringify(inputs).length;
  });
  const forms = () => [toFileUrl(a), [a, b], { first: a, more: { second: [toFileUrl(b)] } }, new Map([["x", b]])];
  for (const form of forms()) await load(form);
  for (const form of forms()) await load(form);
  assertEquals(rig.runs(), 4);
  await rig.write("b.txt", "c");
  for (const form of forms()) await load(form);
  assertEquals(rig.runs(), 7, "only the form without b.txt stands");
});

Deno.test("a destructured parameter can be a file argument", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("a.txt", "a");
  const load = rig.cached({ fileArgs: ["path"] })(function load({ path, scale = 1 }: { path: string; scale?: number }) {
    return sizeOf(path) * scale;
  });
  await load({ path });
  await load({ scale: 1, path });
  assertEquals(rig.runs(), 1);
  await load({ path, scale: 2 });
  await rig.write("a.txt", "b");
  await load({ path });
  assertEquals(rig.runs(), 3);
});

Deno.test("a folder counts by its files, filtered by filePattern", async () => {
  await using rig = await Rig.open();
  await rig.write("data/a.csv", "1");
  await rig.write("data/sub/b.csv", "2");
  await rig.write("data/notes.md", "x");
  const load = rig.cached({ fileArgs: ["folder"], filePattern: /\.csv$/g })(function load(folder: string) {
    return sizeOf(folder);
  });
  const folder = rig.path("data");
  await load(folder);
  await rig.write("data/notes.md", "y");
  await load(folder);
  await load(folder);
  assertEquals(rig.runs(), 1);
  await rig.write("data/sub/b.csv", "3");
  await load(folder);
  assertEquals(rig.runs(), 2);
  await rig.write("data/sub/c.csv", "");
  await load(folder);
  assertEquals(rig.runs(), 3);
  await Deno.remove(rig.path("data/a.csv"));
  await load(folder);
  assertEquals(rig.runs(), 4);
});

Deno.test("a symbolic link counts by what it leads to", async () => {
  await using rig = await Rig.open();
  await rig.write("one.txt", "1");
  await rig.write("two.txt", "2");
  const link = rig.path("link.txt");
  await Deno.symlink(rig.path("one.txt"), link);
  const load = rig.cached({ fileArgs: ["path"] })(function load(path: string) {
    return sizeOf(path);
  });
  await load(link);
  await load(link);
  assertEquals(rig.runs(), 1);
  await rig.write("one.txt", "one");
  await load(link);
  assertEquals(rig.runs(), 2);
  await Deno.remove(link);
  await Deno.symlink(rig.path("two.txt"), link);
  await load(link);
  assertEquals(rig.runs(), 3);
});

Deno.test("hashFilePaths: false leaves the path out, so a renamed file is the same", async () => {
  await using rig = await Rig.open();
  const a = await rig.write("a.txt", "same");
  const b = await rig.write("b.txt", "same");
  const byPath = rig.cached({ fileArgs: ["path"], name: "byPath" })((path: string) => sizeOf(path));
  const byContent = rig.cached({ fileArgs: ["path"], hashFilePaths: false, name: "byContent" })((path: string) =>
    sizeOf(path)
  );
  for (const path of [a, b]) {
    await byPath(path);
    await byContent(path);
  }
  assertEquals([rig.runs("byPath"), rig.runs("byContent")], [2, 1]);
});

Deno.test("hashFilePaths: false leaves the path out where the file is read, looked at or listed too", async () => {
  await using rig = await Rig.open();
  const cached = rig.cached({ fileArgs: ["path"], hashFilePaths: false });
  const load = cached(async function load(path: string) {
    return (await Deno.stat(path)).isFile ? await Deno.readTextFile(path) : "";
  });
  const all = cached(function all(path: string) {
    return Array.from(Deno.readDirSync(path), ({ name }) => Deno.readTextFileSync(`${path}/${name}`)).join();
  });
  const dated = cached(function dated(path: string) {
    return Deno.statSync(path).mtime?.getTime();
  });
  const folder = rig.path("old");
  const file = await rig.write("old/a.csv", "1,2");
  assertEquals([await load(file), await all(folder), typeof await dated(file)], ["1,2", "1,2", "number"]);
  await Deno.rename(folder, rig.path("new"));
  assertEquals([await load(rig.path("new/a.csv")), await all(rig.path("new"))], ["1,2", "1,2"]);
  assertEquals(rig.ran(), ["load", "all", "dated"]);
  await dated(rig.path("new/a.csv"));
  assertEquals(rig.ran().at(-1), "dated", "what is no content is looked at where it was");
  await rig.write("new/a.csv", "1,3");
  assertEquals([await load(rig.path("new/a.csv")), await all(rig.path("new"))], ["1,3", "1,3"]);
});

Deno.test("an absent file is an input that can appear and vanish", async () => {
  await using rig = await Rig.open();
  const path = rig.path("later.txt");
  const load = rig.cached({ fileArgs: ["path"] })(function load(path: string) {
    return sizeOf(path);
  });
  await load(path);
  await load(path);
  assertEquals(rig.runs(), 1);
  await rig.write("later.txt", "");
  await load(path);
  assertEquals(rig.runs(), 2);
  await Deno.remove(path);
  await load(path);
  assertEquals(rig.runs(), 2, "the state before is known");
});

Deno.test("a file that an inner call changes while a call is verified is looked at again", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("data.txt", "b");
  const seed = await rig.write("seed.txt", "b");
  const inner = rig.cached({})(async function inner() {
    await Deno.writeTextFile(path, await Deno.readTextFile(seed));
  });
  const outer = rig.cached({ fileArgs: ["input"] })(async function outer(input: string) {
    await inner();
    return await Deno.readTextFile(input);
  });
  assertEquals(await outer(path), "b");
  assertEquals(await outer(path), "b");
  assertEquals(rig.runs("outer"), 1);
  await rig.write("seed.txt", "c");
  assertEquals(await outer(path), "c", "what the path held when the call was identified is no longer there");
});

Deno.test("files in another order, place or container are other arguments; properties in another order are not", async () => {
  await using rig = await Rig.open();
  const a = await rig.write("a.txt", "same");
  const b = await rig.write("b.txt", "same");
  const load = rig.cached({ fileArgs: ["inputs"] })(function load(inputs: unknown) {
    return typeof inputs;
  });
  const forms = [[a, b], [b, a], [[a], b], [a, [b]], [[a, b]], new Set([a, b]), { a, b }, { a: b, b: a }, [a, null, b]];
  for (const form of forms) await load(form);
  assertEquals(rig.runs(), forms.length);
  await load({ b, a });
  assertEquals(rig.runs(), forms.length);
});

Deno.test("a text that names another scheme is no path, and no path is such a text", async () => {
  await using rig = await Rig.open();
  const path = await rig.write("file", "1");
  const load = rig.cached({ fileArgs: ["inputs"], hashFilePaths: false })(function load(inputs: unknown) {
    return typeof inputs;
  });
  await load(["https://example.org/a"]);
  await load(["https://example.org/b"]);
  await load([path]);
  await load([[path, path]]);
  await load([new Set([path])]);
  assertEquals(rig.runs(), 5);
});

Deno.test("a file argument that cannot be digested costs no result: the call runs uncached, and the file is named", async () => {
  await using rig = await Rig.open();
  const large = rig.path("large.bin");
  await Deno.writeFile(large, new Uint8Array(1 << 20));
  const load = rig.cached({ fileArgs: ["inputs"] })(function load(inputs: string[]) {
    return inputs.length;
  });
  assertEquals(await load([large, "/dev/null"]), 2);
  assertEquals(await load([large, `${large}\0`]), 2);
  const said = rig.of("notice").map(({ detail }) => detail);
  assertEquals(said.length, 2);
  assert(said[0]!.startsWith("it runs uncached: Cannot digest /dev/null: it is a pipe or a device"), said[0]);
  assert(said[1]!.includes("NUL byte"), said[1]);
  assertEquals(await load([large]), 1);
  assertEquals(rig.of("stored").length, 1);
});

Deno.test("a folder that is also tracked as a whole counts as a whole, whatever filePattern leaves out", async () => {
  await using rig = await Rig.open();
  await rig.write("data/a.csv", "1");
  const load = rig.cached({ fileArgs: ["folder"], filePattern: /\.csv$/ })(function load(folder: string) {
    trackFile(folder);
    return sizeOf(folder);
  });
  await load(rig.path("data"));
  await load(rig.path("data"));
  assertEquals(rig.runs(), 1);
  await rig.write("data/notes.md", "x");
  await load(rig.path("data"));
  assertEquals(rig.runs(), 2);
});
