/**
 * A folder for one bench.
 *
 * @module
 */
/** A folder that is removed when it goes out of scope. */
export interface Workspace extends Disposable {
  readonly dir: string;
  /** An empty folder in it, made now. */
  folder(name: string): string;
}

/** Makes a folder, to be bound with `using`. */
export function createWorkspace(): Workspace {
  const dir = Deno.makeTempDirSync({ prefix: "cachepy-bench-" });
  return {
    dir,
    folder(name) {
      const path = `${dir}/${name}`;
      Deno.mkdirSync(path, { recursive: true });
      return path;
    },
    [Symbol.dispose]() {
      Deno.removeSync(dir, { recursive: true });
    },
  };
}

/**
 * Writes files of random bytes.
 *
 * @param dir Where.
 * @param count How many.
 * @param sizeBytes How large each is.
 * @returns Their paths.
 */
export function writeFiles(dir: string, count: number, sizeBytes: number): string[] {
  const bytes = new Uint8Array(sizeBytes);
  return Array.from({ length: count }, (_, index) => {
    for (let from = 0; from < sizeBytes; from += 65_536) crypto.getRandomValues(bytes.subarray(from, from + 65_536));
    const path = `${dir}/${String(index).padStart(5, "0")}.bin`;
    Deno.writeFileSync(path, bytes);
    return path;
  });
}

/** Waits until files that were just written are old enough for their stamps to be trusted. */
export function settleFiles(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 2_500));
}
