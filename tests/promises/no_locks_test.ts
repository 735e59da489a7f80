/**
 * A file system that has no locks of any kind, as NFS without its lock service (ENOLCK): a library that is loaded before
 * the C library refuses them all.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { findCompiler } from "../support/compiler.ts";
import { Project } from "../support/project.ts";

const NO_LOCKS = `
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/file.h>
/* True for a file of the project: Deno keeps databases of its own elsewhere. */
static int is_ours(int fd) {
  char name[64], path[4096];
  snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(name, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  const char *folder = getenv("NO_LOCKS_BELOW");
  return folder != 0 && strncmp(path, folder, strlen(folder)) == 0;
}
int flock(int fd, int how) {
  if (is_ours(fd)) { errno = ENOLCK; return -1; }
  int (*real)(int, int) = dlsym(RTLD_NEXT, "flock");
  return real(fd, how);
}
static int forward(const char *name, int fd, int what, void *with) {
  int (*real)(int, int, ...) = dlsym(RTLD_NEXT, name);
  int is_lock = what == F_SETLK || what == F_SETLKW || what == F_GETLK || what == F_OFD_SETLK || what == F_OFD_SETLKW;
  if (is_lock && is_ours(fd)) { errno = ENOLCK; return -1; }
  return real(fd, what, with);
}
#define FORWARD(name) int name(int fd, int what, ...) { \\
  va_list rest; va_start(rest, what); void *with = va_arg(rest, void *); va_end(rest); return forward(#name, fd, what, with); }
FORWARD(fcntl)
FORWARD(fcntl64)
`;

const PROGRAM = `
import { cacheFile, cacheStats } from "@bimsb/cachepy";
const said = new Set();
const f = cacheFile("./cache", { onEvent: (event) => said.add(event.kind) })(function f(x) { return x * 2; });
const beganMs = performance.now();
const values = [];
for (const x of [1, 2, 1, 2, 3]) values.push(await f(x));
const elapsedMs = performance.now() - beganMs;
const entries = await cacheStats("./cache").then((stats) => stats.entries, (error) => error.code);
console.log(JSON.stringify({ values, said: [...said], elapsedMs, entries }));
`;

const compiler = findCompiler();

Deno.test({
  name:
    "a file system without any locks: right values at once, one line with the remedy, no alarm, and no file is left",
  ignore: compiler === null,
  async fn() {
    await using project = await Project.create({ "main.js": PROGRAM, "no_locks.c": NO_LOCKS });
    const library = project.path("no_locks.so");
    const { success, stderr } = await new Deno.Command(compiler!, {
      args: ["-shared", "-fPIC", "-o", library, project.path("no_locks.c"), "-ldl"],
    }).output();
    assert(success, new TextDecoder().decode(stderr));
    const outcome = await project.run("main.js", { env: { LD_PRELOAD: library, NO_LOCKS_BELOW: project.folder } });
    assertEquals(outcome.code, 0, outcome.stderr);
    const { values, said, elapsedMs, entries } = outcome.json<
      { values: number[]; said: string[]; elapsedMs: number; entries: string }
    >();
    assertEquals([values, said.toSorted(), entries], [[2, 4, 2, 4, 6], ["miss", "notice", "run"], "ERR_CACHE_DIR"]);
    // Waiting for a lock takes five seconds or more for each call.
    assert(elapsedMs < 5000, `${elapsedMs} ms`);
    const lines = outcome.stderr.split("\n").filter((line) => line.startsWith("cachepy:"));
    assertEquals(lines.length, 1, outcome.stderr);
    assert(/has no locks.*name a folder on a local disk in cacheDir/.test(lines[0]!), lines[0]);
    for (const folder of ["locks", "tmp"]) assertEquals([...Deno.readDirSync(project.path("cache/v1", folder))], []);
    // The folder is as good as new where there are locks.
    const later = await project.run("main.js");
    assertEquals([later.json<{ entries: number }>().entries, later.stderr.includes("cachepy:")], [3, false]);
  },
});

Deno.test("where processes cannot lock files, no lock file is left behind", async () => {
  await using project = await Project.create({
    "main.js": PROGRAM,
    "preload.js": `for (const name of ["lock", "lockSync", "tryLock", "tryLockSync"]) {
      Deno.FsFile.prototype[name] = () => { throw new Error("No locks available (os error 37)"); };
    }`,
  });
  const outcome = await project.run("main.js", { flags: ["-A", `--preload=${project.path("preload.js")}`] });
  assertEquals(outcome.json<{ entries: number }>().entries, 3);
  assertEquals([...Deno.readDirSync(project.path("cache/v1/locks"))], []);
});
