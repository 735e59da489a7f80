import { assertEquals } from "@std/assert";
import {
  findProjectRoot,
  fromPortable,
  projectRoot,
  setProjectRoot,
  toAbsolute,
  toPortable,
} from "../../src/options/project.ts";

/** A temporary folder with the given files and folders (names that end in `/`), resolved, removed afterwards. */
async function withFolder(entries: string[], body: (folder: string) => void | Promise<void>): Promise<void> {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  try {
    for (const entry of entries) {
      await Deno.mkdir(`${folder}/${entry}`.replace(/[^/]*$/, ""), { recursive: true });
      if (!entry.endsWith("/")) await Deno.writeTextFile(`${folder}/${entry}`, "{}");
    }
    await body(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function urlOf(path: string): string {
  return new URL(`file://${path}`).href;
}

for (const marker of ["deno.json", "deno.jsonc", "package.json", ".git/"]) {
  Deno.test(`findProjectRoot() is the nearest folder above the main module with ${marker}`, async () => {
    await withFolder([marker, "src/deep/", "elsewhere/deno.json"], (folder) => {
      const origin = { mainModule: urlOf(`${folder}/src/deep/main.ts`), cwd: `${folder}/elsewhere` };
      assertEquals(findProjectRoot(origin), folder);
    });
  });
}

Deno.test("findProjectRoot() takes the inner project of two", async () => {
  await withFolder(["deno.json", "inner/package.json", "inner/src/"], (folder) => {
    assertEquals(findProjectRoot({ mainModule: urlOf(`${folder}/inner/src/main.ts`) }), `${folder}/inner`);
  });
});

Deno.test("findProjectRoot() is the workspace for a member of one, and the folder itself for one that is not listed", async () => {
  await withFolder(["deno.json", "app/deno.json", "app/src/", "other/deno.json"], async (folder) => {
    await Deno.writeTextFile(`${folder}/deno.json`, `{ "workspace": ["./app"] } // JSONC`);
    assertEquals(findProjectRoot({ mainModule: urlOf(`${folder}/app/src/main.ts`) }), folder);
    assertEquals(findProjectRoot({ mainModule: urlOf(`${folder}/other/main.ts`) }), `${folder}/other`);
  });
});

Deno.test("findProjectRoot() goes by the working directory when the main module is no file or a package's", async () => {
  const packaged = [
    "node_modules/tool/package.json",
    "cache/npm/registry.example/tool/1.0.0/package.json",
    "project/deno.json",
    "project/data/",
  ];
  await withFolder(packaged, (folder) => {
    const cwd = `${folder}/project/data`;
    const mains = [
      "https://example.com/main.ts",
      "data:text/javascript,1",
      "",
      urlOf(`${folder}/node_modules/tool/cli.js`),
      urlOf(`${folder}/cache/npm/registry.example/tool/1.0.0/cli.js`),
    ];
    for (const mainModule of mains) assertEquals(findProjectRoot({ mainModule, cwd }), `${folder}/project`, mainModule);
  });
});

Deno.test("findProjectRoot() is the working directory where nothing marks a project", () => {
  const cwd = "/no/such/place";
  assertEquals(findProjectRoot({ mainModule: urlOf("/no/such/place/src/main.ts"), cwd }), cwd);
  assertEquals(findProjectRoot({ mainModule: urlOf("/no/such/place/src/main.ts"), cwd: null }), "/no/such/place/src");
  assertEquals(findProjectRoot({}), "/");
});

Deno.test("projectRoot() is this checkout when its tests run, and follows setProjectRoot()", () => {
  assertEquals(projectRoot(), new URL("../..", import.meta.url).pathname.slice(0, -1));
  setProjectRoot("/some/where/../else/");
  try {
    assertEquals(projectRoot(), "/some/else");
    assertEquals(toPortable("/some/else/a.csv"), "a.csv");
  } finally {
    setProjectRoot(null);
  }
  assertEquals(projectRoot(), new URL("../..", import.meta.url).pathname.slice(0, -1));
});

Deno.test("toPortable() is relative below the root, absolute elsewhere, and fromPortable() undoes it", () => {
  const root = "/home/ada/study";
  const cases: [absolute: string, portable: string][] = [
    ["/home/ada/study/data/a.csv", "data/a.csv"],
    ["/home/ada/study/..hidden", "..hidden"],
    ["/home/ada/study/a b/%41#?.csv", "a b/%41#?.csv"],
    ["/home/ada/study", "."],
    ["/home/ada/study2/a.csv", "/home/ada/study2/a.csv"],
    ["/home/ada", "/home/ada"],
    ["/etc/hosts", "/etc/hosts"],
    ["/", "/"],
  ];
  for (const [absolute, portable] of cases) {
    assertEquals(toPortable(absolute, root), portable);
    assertEquals(fromPortable(portable, root), absolute);
  }
});

Deno.test("toPortable() works for a root that is the root of the filesystem", () => {
  assertEquals(toPortable("/etc/hosts", "/"), "etc/hosts");
  assertEquals(fromPortable("etc/hosts", "/"), "/etc/hosts");
});

Deno.test("toPortable() takes file: URLs, as URL and as text, and text relative to the working directory", () => {
  assertEquals(toPortable(new URL("file:///p/a%20b/%C3%A9.csv"), "/p"), "a b/é.csv");
  assertEquals(toPortable("file:///p/x.csv", "/p"), "x.csv");
  assertEquals(toPortable("x/./y/../z.csv", Deno.cwd()), "x/z.csv");
  assertEquals(toAbsolute("file:///p/100%"), "/p/100%");
  assertEquals(toAbsolute("file:///p/%FF"), "/p/%FF");
});

Deno.test("toAbsolute() leaves out what says nothing: dots, doubled and trailing slashes", () => {
  const cases: [string, string][] = [
    ["/a//b/./c/../d/", "/a/b/d"],
    ["/..", "/"],
    ["/a/..b/c./...", "/a/..b/c./..."],
    ["/", "/"],
    [".", Deno.cwd()],
  ];
  for (const [path, absolute] of cases) assertEquals(toAbsolute(path), absolute);
});

Deno.test("toPortable() sees that a path lies below a root that was named through a symbolic link", async () => {
  await withFolder(["real/data/"], async (folder) => {
    await Deno.symlink(`${folder}/real`, `${folder}/link`);
    assertEquals(toPortable(`${folder}/link/data/a.csv`, `${folder}/link`), "data/a.csv");
    assertEquals(toPortable(`${folder}/real/data/a.csv`, `${folder}/link`), "data/a.csv");
  });
});

Deno.test("a copied project gives the same portable paths", async () => {
  await withFolder(["one/deno.json", "two/deno.json"], (folder) => {
    const portable = ["one", "two"].map((name) => {
      const root = findProjectRoot({ mainModule: urlOf(`${folder}/${name}/src/main.ts`) });
      return toPortable(`${folder}/${name}/data/a.csv`, root);
    });
    assertEquals(portable, ["data/a.csv", "data/a.csv"]);
  });
});

Deno.test("projectRoot() and toPortable() work without any permission, and ask for none", async () => {
  await withFolder(["deno.json", "src/"], async (folder) => {
    const library = new URL("../../src/options/project.ts", import.meta.url).href;
    await Deno.writeTextFile(
      `${folder}/src/main.ts`,
      `import { projectRoot, toPortable } from ${JSON.stringify(library)};
      console.log(JSON.stringify([projectRoot(), toPortable("data/a.csv")]));`,
    );
    const run = async (permissions: string[]) => {
      const args = ["run", "--no-lock", "--no-config", "--no-check", ...permissions, "src/main.ts"];
      const { stdout, stderr } = await new Deno.Command(Deno.execPath(), { args, cwd: folder, stdin: "null" }).output();
      assertEquals(new TextDecoder().decode(stderr), "");
      return JSON.parse(new TextDecoder().decode(stdout));
    };
    assertEquals(await run([]), [folder, "data/a.csv"]);
    assertEquals(await run([`--allow-read=${folder}`]), [folder, "data/a.csv"]);
  });
});

Deno.test("a worker finds the same root as the program that started it, whatever the working directory", async () => {
  await withFolder(["deno.json", "src/"], async (folder) => {
    const library = JSON.stringify(new URL("../../src/options/project.ts", import.meta.url).href);
    await Deno.writeTextFile(
      `${folder}/src/worker.ts`,
      `import { projectRoot } from ${library}; postMessage(projectRoot());`,
    );
    await Deno.writeTextFile(
      `${folder}/src/main.ts`,
      `import { projectRoot } from ${library};
      const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
      worker.onmessage = ({ data }) => {
        console.log(JSON.stringify([projectRoot(), data]));
        worker.terminate();
      };`,
    );
    const args = ["run", "-A", "--no-check", `${folder}/src/main.ts`];
    const { stdout } = await new Deno.Command(Deno.execPath(), { args, cwd: "/" }).output();
    assertEquals(JSON.parse(new TextDecoder().decode(stdout)), [folder, folder]);
  });
});
