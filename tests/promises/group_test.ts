import { assertEquals, assertMatch } from "@std/assert";
import { cacheClear, cachePrune, cacheStats, cacheVerify } from "@bimsb/cachepy";
import { valueOf } from "../support/call_values.ts";
import { Crew, Worker, type WorkerOptions } from "../support/call_worker.ts";
import { findSshfs, Mounts } from "../support/sshfs.ts";

const GROUP = 65_500;

const SLOW_CHMOD = import.meta.resolve("../fixtures/slow_chmod.ts");
const SLOW_LINK = import.meta.resolve("../fixtures/slow_link.ts");

/** A user of the group, or of another one. Only the superuser can start a process as somebody else. */
function asUser(user: number, group = GROUP): WorkerOptions["through"] {
  return [
    "setpriv",
    `--reuid=${user}`,
    `--regid=${user}`,
    `--groups=${group}`,
    "--inh-caps=-all",
    "sh",
    "-c",
    SH,
    "sh",
  ];
}

/** The umask that would keep the group out of everything. */
const SH = 'umask 077; exec "$@"';

const [ADA, BOB, EVE] = [65_501, 65_502, 65_503];

/** Without the superuser these tests are left out, which `run_tests` says. */
const ignore = Deno.build.os === "windows" || Deno.uid() !== 0;

let copied: Promise<string> | undefined;

/** A copy of the packages that Deno keeps for this user, which others may read: they need not be downloaded again. */
function packages(): Promise<string> {
  return copied ??= (async () => {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
    const { npmCache } = JSON.parse(new TextDecoder().decode(stdout)) as { npmCache: string };
    const folder = await Deno.makeTempDir({ prefix: "cachepy-packages-" });
    globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
    await Deno.chmod(folder, 0o755);
    for (const flags of ["-al", "-r"]) {
      const { success } = await new Deno.Command("cp", { args: [flags, npmCache, `${folder}/npm`] }).output();
      if (success) break;
      await Deno.remove(`${folder}/npm`, { recursive: true }).catch(() => {}); // on another disk
    }
    return `${folder}/npm`;
  })();
}

/** A folder of a group, as the administrator of a cluster makes it, and processes of its users. */
class Lab implements AsyncDisposable {
  readonly #workers: Worker[] = [];
  readonly #home: string;

  private constructor(readonly crew: Crew) {
    this.#home = `${crew.folder}/home`;
  }

  static async open(): Promise<Lab> {
    const crew = await Crew.open();
    Deno.chmodSync(crew.folder, 0o755);
    Deno.chmodSync(`${crew.folder}/side`, 0o777);
    for (const name of ["home", "project"]) Deno.mkdirSync(`${crew.folder}/${name}`);
    for (const user of [ADA, BOB, EVE]) {
      Deno.mkdirSync(`${crew.folder}/home/${user}`);
      Deno.chownSync(`${crew.folder}/home/${user}`, user, user);
      Deno.symlinkSync(await packages(), `${crew.folder}/home/${user}/npm`);
    }
    Deno.chownSync(`${crew.folder}/project`, 0, GROUP);
    Deno.chmodSync(`${crew.folder}/project`, 0o2770);
    return new Lab(crew);
  }

  get cacheDir(): string {
    return `${this.crew.folder}/project/deep/cache`;
  }

  async start(user: number, options: WorkerOptions = {}, cacheDir = this.cacheDir): Promise<Worker> {
    const home = `${this.#home}/${user}`;
    // What is covered is written for the user who runs the tests alone.
    const coverage = Deno.env.has("DENO_COVERAGE_DIR") ? { DENO_COVERAGE_DIR: `${home}/coverage` } : {};
    const own = { DENO_DIR: home, HOME: home, XDG_CACHE_HOME: "", CACHEPY_METADATA_DIR: "", ...coverage };
    const env = { ...own, ...options.env };
    const through = asUser(user, user === EVE ? EVE : GROUP)!;
    const side = `${this.crew.folder}/side`;
    const worker = new Worker([cacheDir, side], { flags: ["-A", "--quiet"], ...options, through, env });
    this.#workers.push(worker);
    await worker.ready;
    return worker;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.kill()));
    await this.crew[Symbol.asyncDispose]();
  }
}

/** Modes and groups of everything below a folder, each combination once. */
function modesOf(folder: string): string[] {
  const found = new Set<string>();
  const look = (at: string): void => {
    for (const { name, isDirectory } of Deno.readDirSync(at)) {
      const { mode, gid } = Deno.lstatSync(`${at}/${name}`);
      found.add(`${isDirectory ? "folder" : "file"} ${(mode! & 0o7777).toString(8)} of ${gid}`);
      if (isDirectory) look(`${at}/${name}`);
    }
  };
  look(folder);
  return [...found].sort();
}

const OPEN = [`file 660 of ${GROUP}`, `folder 2770 of ${GROUP}`];

async function callAll(worker: Worker, from: number, to: number): Promise<void> {
  for (let n = from; n < to; n++) {
    const sizeBytes = [10, 3000, 80_000][n % 3]!;
    const { value, error } = await worker.call("sized", n, sizeBytes);
    assertEquals([value, error], [valueOf(n, sizeBytes), undefined]);
  }
}

Deno.test(
  { name: "groupShared: two users hit, miss, wait, prune, verify and clear; a stranger stays out", ignore },
  async () => {
    await using lab = await Lab.open();
    const ada = await lab.start(ADA, { options: { groupShared: true } });
    await callAll(ada, 0, 6);
    // The folder says by its mode that the group shares it: nobody else needs the option.
    const bob = await lab.start(BOB);
    await callAll(bob, 0, 12);
    await callAll(ada, 0, 12);
    assertEquals(lab.crew.runs("sized"), 12);
    await Promise.all([ada.call("slow", 1, 800), bob.call("slow", 1, 800)]);
    assertEquals(lab.crew.runs("slow"), 1, "one waits for the lock of the other");
    for (const worker of [bob, ada]) {
      const { value, error } = await worker.do({ do: "verify", options: { repair: true } });
      assertEquals([(value as { problems: unknown[] } | undefined)?.problems, error], [[], undefined]);
    }
    const pruned = await bob.do({ do: "prune", options: { maxBytes: 1 } });
    assertEquals([(pruned.value as { removed: number }).removed, pruned.error], [13, undefined]);
    await callAll(ada, 0, 3);
    const cleared = await ada.do({ do: "clear" });
    assertEquals([(cleared.value as { removed: number }).removed, cleared.error], [3, undefined]);
    await callAll(bob, 0, 3);
    assertEquals(modesOf(`${lab.crew.folder}/project`), OPEN);
    assertEquals([await ada.end(), await bob.end()], ["", ""]);
    assertEquals(modesOf(`${lab.crew.folder}/project`), OPEN, "what is written at the end of a process, too");
    const eve = await lab.start(EVE);
    const runs = lab.crew.runs("sized");
    const { value, error } = await eve.call("sized", 1, 3000);
    assertEquals([value, error, lab.crew.runs("sized")], [valueOf(1, 3000), undefined, runs + 1]);
    assertMatch(
      await eve.end(),
      /Permission denied.*; name a folder that can be written to in cacheDir; functions run unc/,
    );
    assertEquals(modesOf(`${lab.crew.folder}/project`), OPEN);
  },
);

const HOW = [
  ["", []],
  [", slow to set modes", [`--preload=${SLOW_CHMOD}`]],
  [", slow to take a file's first name away", [`--preload=${SLOW_LINK}`]],
] as const;
for (const [how, flags] of HOW) {
  Deno.test({
    name: `groupShared: 4 processes of two users at once${how}, one run for each call, no file that keeps one out`,
    ignore,
  }, async () => {
    await using lab = await Lab.open();
    const options: WorkerOptions = { options: { groupShared: true }, flags: ["-A", "--quiet", ...flags] };
    const workers = await Promise.all([ADA, BOB, ADA, BOB].map((user) => lab.start(user, options)));
    await Promise.all(workers.map((worker, index) => callAll(worker, 0, 60).then(() => callAll(worker, index, 60))));
    assertEquals(lab.crew.runs("sized"), 60);
    assertEquals(await Promise.all(workers.map((worker) => worker.end())), ["", "", "", ""]);
    assertEquals(modesOf(`${lab.crew.folder}/project`), OPEN);
  });
}

Deno.test({
  name: "groupShared: a file that has two names, since its maker was killed, is used by the one that counts",
  ignore,
}, async () => {
  await using lab = await Lab.open();
  const ada = await lab.start(ADA, { options: { groupShared: true } });
  await callAll(ada, 0, 6);
  await ada.end();
  const second = `${lab.cacheDir}/v1/tmp/123-${crypto.randomUUID()}`;
  Deno.linkSync(`${lab.cacheDir}/v1/meta.kv`, second);
  const bob = await lab.start(BOB);
  await callAll(bob, 0, 6);
  assertEquals(lab.crew.runs("sized"), 6);
  assertEquals(await bob.end(), "");
  assertEquals(modesOf(`${lab.crew.folder}/project`), OPEN);
});

Deno.test({
  name: "groupShared on a cache that was private: it is opened with all that is in it, other files are not",
  ignore,
}, async () => {
  await using lab = await Lab.open();
  await callAll(await lab.start(ADA), 0, 6);
  const mine = `${lab.cacheDir}/v1/mine.txt`;
  Deno.writeTextFileSync(mine, "mine", { mode: 0o600 });
  assertEquals(modesOf(lab.cacheDir).some((one) => one.startsWith("file 660")), false);
  Deno.chmodSync(`${lab.crew.folder}/project/deep`, 0o2770); // the folder above is the user's own
  await callAll(await lab.start(ADA, { options: { groupShared: true } }), 0, 1);
  const bob = await lab.start(BOB);
  await callAll(bob, 0, 6);
  assertEquals(lab.crew.runs("sized"), 6);
  assertEquals(await bob.end(), "");
  assertEquals(Deno.statSync(mine).mode! & 0o777, 0o600);
});

Deno.test("without groupShared, folders and files stay private, in a folder of a group as well", async () => {
  await using crew = await Crew.open();
  Deno.chmodSync(crew.folder, 0o2770);
  const worker = await crew.start();
  await worker.call("sized", 1, 3000);
  await worker.end();
  const modes = modesOf(`${crew.folder}/cache`).map((one) => one.replace(/ of \d+/, "").replace(" 2700", " 700"));
  assertEquals([...new Set(modes)], ["file 600", "folder 700"]);
});

Deno.test({
  name: "groupShared on a shared disk: the metadata are the group's too, and a stranger's are not used",
  ignore: ignore || findSshfs() === null,
}, async () => {
  await using lab = await Lab.open();
  await using mounts = Mounts.open(lab.crew.folder);
  Deno.chownSync(mounts.disk, 0, GROUP);
  Deno.chmodSync(mounts.disk, 0o2770);
  const dir = `${await mounts.add("allow_other")}/cache`;
  const tmp = `${lab.crew.folder}/tmp`;
  Deno.mkdirSync(tmp);
  Deno.chmodSync(tmp, 0o1777);
  const call = async (user: number, n: number, options: WorkerOptions["options"] = {}) => {
    const worker = await lab.start(user, { options, env: { TMPDIR: tmp } }, dir);
    const { value, error } = await worker.call("sized", n, 10);
    assertEquals([value, error], [valueOf(n, 10), undefined]);
    return await worker.end();
  };
  // Somebody who is not of the group has made a folder of that name: the next place is taken.
  const place = `${tmp}/cachepy-group-${GROUP}`;
  const next = `/tmp/cachepy-group-${GROUP}`;
  Deno.mkdirSync(place);
  Deno.chownSync(place, EVE, EVE);
  Deno.chmodSync(place, 0o777);
  try {
    assertMatch(await call(ADA, 1, { groupShared: true }), new RegExp(`metadata in ${next}/`));
  } finally {
    Deno.removeSync(next, { recursive: true });
  }
  assertEquals([...Deno.readDirSync(place)].length, 0);
  Deno.removeSync(dir, { recursive: true });
  Deno.removeSync(place);
  assertMatch(await call(ADA, 1, { groupShared: true }), new RegExp(`metadata in ${place}/`));
  for (const n of [1, 2]) assertEquals(await call(BOB, n), "");
  assertEquals(await call(ADA, 2, { groupShared: true }), "");
  assertEquals(lab.crew.runs("sized"), 3);
  assertEquals(modesOf(place).filter((one) => one.startsWith("folder")), [`folder 2770 of ${GROUP}`]);
  assertEquals(modesOf(place).filter((one) => one.startsWith("file")), [`file 660 of ${GROUP}`]);
});

Deno.test(
  { name: "a program of one user tends a cache of a group without being told that it is one", ignore },
  async () => {
    await using lab = await Lab.open();
    await callAll(await lab.start(ADA, { options: { groupShared: true } }), 0, 3);
    // This process, the superuser's, with the umask that it has.
    assertEquals((await cacheStats(lab.cacheDir)).entries, 3);
    assertEquals((await cacheVerify(lab.cacheDir, { repair: true })).problems, []);
    await cachePrune(lab.cacheDir, { maxBytes: 100_000 });
    await cacheClear(lab.cacheDir);
    const modes = modesOf(lab.cacheDir);
    assertEquals(modes, OPEN);
    assertMatch(modes.join(), /2770/);
  },
);
