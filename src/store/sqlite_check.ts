/**
 * A look at a database file before Deno.Kv opens it.
 *
 * Deno.Kv cleans up its queue in a thread of its own while it opens, and a failure there ends the whole process, so a
 * file that is cut off must not be handed to it.
 *
 * @module
 */
import defer * as sqlite from "node:sqlite";

const MAGIC = "SQLite format 3\0";
/** Length of the header that the size is told in (SQLite database file format, section 1.3). Bytes. */
const HEADER_BYTES = 100;

/**
 * What is wrong with a database file, as far as its header and length tell; a file that looks cut off is checked whole,
 * since the missing pages may be in its log.
 *
 * @param path The database.
 * @returns One sentence; `null` when nothing is, or when there is no file or an empty one.
 */
export function findBreak(path: string): string | null {
  const header = readHeader(path);
  if (header === null) return null;
  const { bytes, sizeBytes } = header;
  if (new TextDecoder().decode(bytes.subarray(0, MAGIC.length)) !== MAGIC) return "file is not a database";
  const view = new DataView(bytes.buffer);
  const pageBytes = view.getUint16(16) === 1 ? 65_536 : view.getUint16(16);
  return sizeBytes >= view.getUint32(28) * pageBytes ? null : checkWhole(path);
}

function readHeader(path: string): { bytes: Uint8Array<ArrayBuffer>; sizeBytes: number } | null {
  try {
    using file = Deno.openSync(path);
    const sizeBytes = file.statSync().size;
    const bytes = new Uint8Array(HEADER_BYTES);
    file.readSync(bytes);
    return sizeBytes === 0 ? null : { bytes, sizeBytes };
  } catch {
    return null; // what opens it says why it cannot be read
  }
}

function checkWhole(path: string): string | null {
  try {
    const database = new sqlite.DatabaseSync(path, { readOnly: true });
    try {
      const [finding] = Object.values(database.prepare("PRAGMA quick_check(1)").get() ?? {});
      return finding === "ok" ? null : "database disk image is malformed";
    } finally {
      database.close();
    }
  } catch (error) {
    // Another process may hold it for a moment: that is no damage.
    return /malformed|not a database/.test(String(error)) ? "database disk image is malformed" : null;
  }
}
