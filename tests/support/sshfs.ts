/**
 * Mounts of one folder that share no memory, as two hosts have them: by sshfs, without a network, a server or privileges
 * beyond `/dev/fuse`.
 *
 * @module
 */

/** How to get what {@linkcode findSshfs} looks for. */
export const SSHFS_NEEDS = "sshfs, sftp-server (openssh-sftp-server) and a /dev/fuse that may be opened";

const SERVERS = [
  "/usr/lib/openssh/sftp-server",
  "/usr/libexec/openssh/sftp-server",
  "/usr/lib/ssh/sftp-server",
  "/usr/libexec/sftp-server",
];

/** Returns the path of the server that sshfs talks to; `null` when something is missing. */
export function findSshfs(): string | null {
  const works = (name: string) => {
    try {
      return new Deno.Command(name, { args: ["--version"], stdout: "null", stderr: "null" }).outputSync().success;
    } catch {
      return false;
    }
  };
  try {
    Deno.openSync("/dev/fuse", { read: true, write: true }).close();
  } catch {
    return null;
  }
  if (!works("sshfs") || unmounter(works) === null) return null;
  return SERVERS.find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  }) ?? null;
}

function unmounter(works: (name: string) => boolean): string | null {
  return ["fusermount3", "fusermount"].find(works) ?? null;
}

/** Folders at which one folder is mounted; unmounted by `await using`, also when the test fails. */
export class Mounts implements AsyncDisposable {
  readonly #points: string[] = [];

  private constructor(readonly folder: string, readonly server: string) {}

  /** Makes the folder that is to be mounted, and others, below a folder of the test. */
  static open(folder: string): Mounts {
    const server = findSshfs();
    if (server === null) throw new Error(`There is no sshfs; the tests need ${SSHFS_NEEDS}`);
    Deno.mkdirSync(`${folder}/disk`);
    Deno.writeTextFileSync(`${folder}/sftp`, `#!/bin/sh\nexec ${server}\n`, { mode: 0o755 });
    return new Mounts(folder, server);
  }

  /** The mounted folder as its host sees it. */
  get disk(): string {
    return `${this.folder}/disk`;
  }

  /** Mounts the folder once more. @param options Options of the mount, such as `direct_io`. */
  async add(...options: string[]): Promise<string> {
    const point = `${this.folder}/mount-${this.#points.length + 1}`;
    Deno.mkdirSync(point);
    const args = [`ssh_command=sh ${this.folder}/sftp`, ...options].flatMap((option) => ["-o", option]);
    const { success, stderr } = await new Deno.Command("sshfs", { args: [...args, `host:${this.disk}`, point] })
      .output();
    if (!success) throw new Error(`Cannot mount ${point}: ${new TextDecoder().decode(stderr)}`);
    this.#points.push(point);
    return point;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const point of this.#points) {
      for (const name of ["fusermount3", "fusermount"]) {
        try {
          if ((await new Deno.Command(name, { args: ["-u", "-z", point] }).output()).success) break;
        } catch {
          // It is not installed.
        }
      }
    }
  }
}
