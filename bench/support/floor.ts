/**
 * The least that a hit and a miss take, of the platform alone.
 *
 * @module
 */
import { createHash } from "node:crypto";

/** One work of the floor; see {@linkcode createFloor}. */
export type Floor = () => number;

/**
 * SHA-256 of 200 bytes and a synchronous read of a file of 200 bytes.
 *
 * @param dir Where to put the file.
 * @returns The work; it returns the bytes it saw, so that nothing is optimized away.
 */
export function createFloor(dir: string): Floor {
  const bytes = new Uint8Array(200).fill(7);
  const path = `${dir}/floor`;
  Deno.writeFileSync(path, bytes);
  return () => createHash("sha256").update(bytes).digest("hex").length + Deno.readFileSync(path).length;
}

/** The floor of a miss, and the end of what it needs. */
export interface MissFloor extends Disposable {
  /** Does everything that the disk sees of one miss, and nothing else. */
  readonly work: () => Promise<unknown>;
}

/**
 * What a miss asks of the platform: a look whether the entry is there, a lock file, a blob under a temporary name that is
 * then its own, and one commit of a record, a reference to the blob, a node and a page of the list.
 *
 * @param dir Where to put the files.
 */
export async function createMissFloor(dir: string): Promise<MissFloor> {
  for (const folder of ["blobs", "locks"]) Deno.mkdirSync(`${dir}/${folder}`, { recursive: true });
  const kv = await Deno.openKv(`${dir}/meta.kv`);
  const [record, node, page] = [450, 200, 1_100].map((size) => new Uint8Array(size).fill(7));
  const work = async () => {
    const key = createHash("sha256").update(crypto.randomUUID()).digest("hex");
    await kv.get(["r", key]);
    using lock = Deno.openSync(`${dir}/locks/${key}`, { write: true, createNew: true });
    lock.tryLockSync(true);
    Deno.writeFileSync(`${dir}/blobs/new`, node!);
    Deno.renameSync(`${dir}/blobs/new`, `${dir}/blobs/${key}`);
    await kv.atomic().set(["b", key, key], 1).set(["n", key], node).set(["r", key], record).set(["s"], page).commit();
    Deno.removeSync(`${dir}/locks/${key}`);
  };
  return { work, [Symbol.dispose]: () => kv.close() };
}
