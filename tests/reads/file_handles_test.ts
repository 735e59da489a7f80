import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Project } from "../support/project.ts";

/** Ways to read a file through `node:fs/promises`, as bodies of an asynchronous function of `path`. */
const READERS: Readonly<Record<string, string>> = {
  "readFile imported by name": `return await readFile(path, "utf8");`,
  "readFile of the namespace": `return await fsp.readFile(path, "utf8");`,
  "readFile taken from the namespace": `return await taken(path, "utf8");`,
  "readFile of a module imported in the call":
    `const { readFile } = await import("node:fs/promises"); return await readFile(path, "utf8");`,
  "readFile of the default export": `return await promises.readFile(path, "utf8");`,
  "readFile of fs.promises": `return await fs.promises.readFile(path, "utf8");`,
  "open imported by name, and readFile of the handle":
    `const handle = await open(path); try { return await handle.readFile("utf8"); } finally { await handle.close(); }`,
  "open of the namespace, and readFile of the handle":
    `const handle = await fsp.open(path); try { return await handle.readFile("utf8"); } finally { await handle.close(); }`,
  "open of the default export, and readFile of the handle":
    `const handle = await promises.open(path); try { return await handle.readFile("utf8"); } finally { await handle.close(); }`,
  "readFile that is given a handle":
    `const handle = await promises.open(path); try { return await promises.readFile(handle, "utf8"); } finally { await handle.close(); }`,
  "read of a handle": `
    const handle = await open(path);
    try { return new TextDecoder().decode((await handle.read(new Uint8Array(3), 0, 3, 0)).buffer); } finally { await handle.close(); }`,
  "readv of a handle": `
    const handle = await open(path);
    const bytes = new Uint8Array(3);
    try { await handle.readv([bytes], 0); return new TextDecoder().decode(bytes); } finally { await handle.close(); }`,
  "readLines of a handle":
    `let text = ""; for await (const line of (await open(path)).readLines()) text += line + "\\n"; return text;`,
  "createReadStream of a handle":
    `let text = ""; for await (const chunk of (await open(path)).createReadStream()) text += chunk; return text;`,
  "readableWebStream of a handle": `
    const handle = await open(path);
    const text = await new Response(handle.readableWebStream()).text();
    await handle.close();
    return text;`,
  "a stream that is given a handle": `
    let text = "";
    for await (const chunk of fs.createReadStream("", { fd: await open(path) })) text += chunk;
    return text;`,
  "a descriptor of a handle": `
    const handle = await promises.open(path);
    const bytes = new Uint8Array(3);
    fs.readSync(handle.fd, bytes, 0, 3, 0);
    await handle.close();
    return new TextDecoder().decode(bytes);`,
  "a descriptor opened by a function imported by name": `
    const descriptor = openSync(path);
    try { return fs.readFileSync(descriptor, "utf8"); } finally { fs.closeSync(descriptor); }`,
  "stat of a handle": `
    const handle = await open(path);
    try { return "abc\\n".repeat((await handle.stat()).size).slice(0, 4); } finally { await handle.close(); }`,
};

/** A program that calls each reader once, and prints its values and whether they were hits. */
function program(path: string, isArgument: boolean): string {
  const functions = Object.entries(READERS).map(([name, body]) =>
    `  ${JSON.stringify(name)}: async (path: string) => { ${isArgument ? "" : "path = FILE;"} ${body} },`
  );
  return `
    import { cacheFile } from "@bimsb/cachepy";
    import { open, readFile } from "node:fs/promises";
    import * as fsp from "node:fs/promises";
    import promises from "node:fs/promises";
    import fs, { openSync } from "node:fs";
    const { readFile: taken } = fsp;
    const FILE = ${JSON.stringify(path)};
    const kinds = new Map<string, string[]>();
    const cached = cacheFile("./cache", { onEvent: ({ fname, kind }) => void kinds.get(fname)?.push(kind) });
    const readers: Record<string, (path: string) => Promise<string>> = {\n${functions.join("\n")}\n};
    const found: Record<string, unknown> = {};
    for (const [name, reader] of Object.entries(readers)) {
      kinds.set(name, []);
      const value = await cached({ name })(reader)(${isArgument ? "FILE" : '"none"'});
      found[name] = [value, kinds.get(name)!.filter((kind) => /hit|miss|stored|raced|unsaved/.test(kind)).join()];
    }
    console.log(JSON.stringify(found));`;
}

const allWith = (outcome: (name: string) => [string, string]) =>
  Object.fromEntries(Object.keys(READERS).map((name) => [name, outcome(name)]));
/** Those that read three bytes, and the one that only asks for the size. */
const textOf = (name: string, content: string) =>
  /^read of|readv|a descriptor of/.test(name) ? content.slice(0, 3) : name === "stat of a handle" ? "abc\n" : content;

Deno.test("what is read through a FileHandle is stored, hit, and seen to change, however the handle was opened", async () => {
  await using project = await Project.create({ "main.ts": program("a.txt", true), "a.txt": "abc\n" });
  const run = async () => (await project.run("main.ts")).json<Record<string, [string, string]>>();
  assertEquals(await run(), allWith((name) => [textOf(name, "abc\n"), "miss,stored"]));
  assertEquals(await run(), allWith((name) => [textOf(name, "abc\n"), "hit"]));
  await project.write("a.txt", "xyz\n");
  const changed = await run();
  assertEquals(
    Object.entries(changed).map(([name, [value]]) => [name, value]),
    Object.keys(READERS).map((name) => [name, textOf(name, "xyz\n")]),
  );
});

Deno.test({
  name: "a file that no argument names is seen to change too, where the system tells the path of a handle",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using project = await Project.create({ "main.ts": program("b.txt", false), "b.txt": "abc\n" });
    const run = async () => (await project.run("main.ts")).json<Record<string, [string, string]>>();
    await run();
    assertEquals(await run(), allWith((name) => [textOf(name, "abc\n"), "hit"]));
    await project.write("b.txt", "xyz\n");
    assertEquals((await run())["read of a handle"], ["xyz", "miss,stored"]);
    assertEquals(
      Object.entries(await run()).map(([name, [value]]) => [name, value]),
      Object.keys(READERS).map((name) => [name, textOf(name, "xyz\n")]),
    );
  },
});

Deno.test("without the permission to ask for a handle's path, a reader is named and its arguments are tracked", async () => {
  await using project = await Project.create({ "main.ts": program("a.txt", true), "a.txt": "abc\n" });
  const flags = ["--allow-read=.", "--allow-write=.", "--allow-env", "--allow-sys"];
  const run = async () => await project.run("main.ts", { flags });
  const first = await run();
  for (const name of ["readFile imported by name", "readFile of a module imported in the call", "read of a handle"]) {
    const warning = first.stderr.split("\n").find((line) =>
      line.startsWith(`cachepy: warning: ${name}: what it reads`)
    );
    assert(warning !== undefined, name);
    assertStringIncludes(warning, "from node:fs/promises");
  }
  const second = (await run()).json<Record<string, [string, string]>>();
  await project.write("a.txt", "xyz\n");
  const third = (await run()).json<Record<string, [string, string]>>();
  for (const name of Object.keys(READERS)) {
    if (name === "a descriptor opened by a function imported by name") continue;
    assertEquals(second[name], [textOf(name, "abc\n"), "hit"], name);
    assertEquals(third[name]![0], textOf(name, "xyz\n"), name);
  }
});

Deno.test("what is read through a handle that was opened before the call is not stored", async () => {
  await using project = await Project.create({
    "a.txt": "abc\n",
    "main.ts": `
      import { cacheFile } from "@bimsb/cachepy";
      import { open } from "node:fs/promises";
      const early = await open("a.txt");
      const kinds: string[] = [];
      const cached = cacheFile("./cache", { onEvent: ({ kind }) => void kinds.push(kind) });
      const warm = cached({ name: "warm" })(async () => { const handle = await open("a.txt"); await handle.close(); });
      await warm();
      kinds.length = 0;
      const late = cached({ name: "late" })(async () => (await early.read(new Uint8Array(3), 0, 3, 0)).bytesRead);
      console.log(JSON.stringify([await late(), kinds.filter((kind) => kind !== "notice")]));
      await early.close();`,
  });
  assertEquals((await project.run("main.ts")).json(), [3, ["miss", "run", "raced"]]);
});
