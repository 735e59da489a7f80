/**
 * Revisions: functions whose stored results were replaced by other ones, or removed, although nothing that the calls rest
 * on had changed. A caller forced a run, put a result in, or wanted one forgotten.
 *
 * The flat list of a trace tells that inner calls are as they were, because what they rest on is. It does not hold for
 * these functions any more: a trace that was made before the revision is verified through its inner calls.
 *
 * ```text
 * usage/revised-<digest of the function's id, or of its code>-<random>
usage/graph-removed                                       the graph was removed, and not the results
 * ```
 *
 * @module
 */
import { digestBytes } from "../words/sha256.ts";
import { randomId } from "../words/random.ts";
import { type CacheLayout, type Generation, makeFolder, OWN_NAMES } from "./layout.ts";
import { CODE_LENGTH } from "./records/record_codec.ts";
import { listOwn, lookAtEntry, removeOwn, requireFolders, writeOnce } from "./own_files.ts";

/** Revisions of the functions of one cache directory. */
export class Revisions {
  readonly #layout: CacheLayout;
  readonly #generation: Generation;
  readonly #isReadOnly: boolean;
  #known = new Map<string, string>();
  #knownAt: string | null = null;

  /**
   * @param layout Paths of the cache.
   * @param generation Generation of the cache, which changes with each revision.
   * @param isReadOnly True when nothing may be written.
   */
  constructor(layout: CacheLayout, generation: Generation, isReadOnly: boolean) {
    this.#layout = layout;
    this.#generation = generation;
    this.#isReadOnly = isReadOnly;
  }

  /**
   * Returns the revision of a function: a text that differs from all earlier ones; `undefined` when it has none. Functions
   * of equal code share their results, so that a revision of one is a revision of all.
   *
   * @param functionId Name and module of the function.
   * @param fingerprint Its fingerprint, or the beginning of it in a summary.
   */
  of(functionId: string, fingerprint: string): string | undefined {
    const now = this.#generation.current();
    if (this.#knownAt !== now) this.#read(now);
    if (this.#known.size === 0) return undefined;
    const [own, shared] = [functionId, nameOfCode(fingerprint)].map((id) => this.#known.get(digestBytes(id)) ?? "");
    return own === "" && shared === "" ? undefined : `${own}/${shared}`;
  }

  /** True when no function of that name has got a revision since; those of its code cannot be told without the code. */
  isOfName(functionId: string, revision: string | undefined): boolean {
    const own = this.of(functionId, "")?.split("/")[0] ?? "";
    return own === (revision?.split("/")[0] ?? "");
  }

  /**
   * Gives functions a new revision. Call it before their results are replaced and once more afterwards: a call in between
   * may see the old ones.
   *
   * @throws {Error} When the revision cannot be kept, so that the results must not be replaced.
   */
  revise(revised: Iterable<readonly [functionId: string, fingerprint: string]>): void {
    if (this.#isReadOnly) return;
    const { usage } = this.#layout;
    this.#makeFolder();
    const ids = new Set<string>();
    for (const [functionId, fingerprint] of revised) ids.add(functionId).add(nameOfCode(fingerprint));
    for (const id of ids) {
      const begin = `revised-${digestBytes(id)}-`;
      const before = listOwn(usage, OWN_NAMES.revision).filter((name) => name.startsWith(begin));
      writeOnce(`${usage}/${begin}${randomId().slice(0, 8)}`, "");
      for (const name of before) removeOwn(`${usage}/${name}`);
    }
    this.#generation.bump();
  }

  /** Notes that the graph was removed and the results were not, so that hits put their calls into the graph again. */
  noteGraphRemoved(): void {
    if (this.#isReadOnly) return;
    this.#makeFolder();
    writeOnce(`${this.#layout.usage}/graph-removed`, "");
    this.#generation.bump(); // records in memory are read again, by which calls get back into the graph
  }

  /** True when the graph may lack calls whose results are stored. */
  lacksCalls(): boolean {
    try {
      return lookAtEntry(`${this.#layout.usage}/graph-removed`) !== null;
    } catch {
      return false; // the permission to read was revoked; the graph costs no result
    }
  }

  #makeFolder(): void {
    const { metadata, usage } = this.#layout;
    requireFolders(metadata);
    makeFolder(usage);
  }

  /** Removes all revisions: of a cache without entries. */
  clear(): void {
    for (const name of listOwn(this.#layout.usage, OWN_NAMES.revision)) removeOwn(`${this.#layout.usage}/${name}`);
  }

  #read(generation: string): void {
    this.#known = new Map();
    this.#knownAt = generation;
    // Two processes may have revised a function at the same time, so that it has two marks.
    for (const name of listOwn(this.#layout.usage, OWN_NAMES.revision).sort()) {
      const [kind, digest = "", mark = ""] = name.split("-");
      if (kind !== "revised") continue;
      const other = this.#known.get(digest);
      this.#known.set(digest, other === undefined ? mark : `${other} ${mark}`);
    }
  }
}

/** Name of the code of functions, by the beginning of their fingerprint, as summaries have it. */
function nameOfCode(fingerprint: string): string {
  return `code ${fingerprint.slice(0, CODE_LENGTH)}`;
}
