/**
 * What the figures were measured on and with.
 *
 * @module
 */
/** Machine and versions. */
export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly system: string;
  /** Processes that ran or waited for a core in the last minute, on average, when the measurement began. */
  readonly load: number;
  readonly deno: string;
  readonly v8: string;
  /** Abbreviated commit of the measured code, with `+` when files differ from it; `null` without git. */
  readonly commit: string | null;
  /** Versions of the peers that deno.lock names. */
  readonly peers: Readonly<Record<string, string>>;
}

/** Looks at this machine. */
export function describeMachine(): Machine {
  return {
    cpu: readOr("/proc/cpuinfo", "").match(/^model name\s*: (.*)$/m)?.[1] ?? Deno.build.arch,
    cores: navigator.hardwareConcurrency,
    memoryGiB: Math.round(Deno.systemMemoryInfo().total / 2 ** 30 * 10) / 10,
    system: `${Deno.build.os} ${Deno.osRelease()}`,
    load: Deno.loadavg()[0]!,
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    commit: describeCommit(),
    peers: lockedVersions(["memoize-fs", "cacache", "cacheable", "flat-cache"]),
  };
}

function lockedVersions(names: readonly string[]): Record<string, string> {
  const lock = readOr(new URL("../../deno.lock", import.meta.url), "{}");
  const packages: Record<string, unknown> = JSON.parse(lock).npm ?? {};
  const found = names.map((name) => [name, Object.keys(packages).find((id) => id.startsWith(`${name}@`))] as const);
  return Object.fromEntries(found.flatMap(([name, id]) => id === undefined ? [] : [[name, id.split("@").at(-1)!]]));
}

function describeCommit(): string | null {
  try {
    const git = (...args: string[]) =>
      new TextDecoder().decode(
        new Deno.Command("git", { args, cwd: new URL("../../", import.meta.url), stderr: "null" }).outputSync().stdout,
      ).trim();
    const commit = git("rev-parse", "--short", "HEAD");
    return commit === "" ? null : commit + (git("status", "--porcelain", "--", "src", "mod.ts", "cli.ts") && "+");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

function readOr(path: string | URL, otherwise: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return otherwise;
    throw error;
  }
}
