/**
 * What users see of the graph of calls and files.
 *
 * @module
 */

/** One stored call in the graph of calls and files. */
export interface CacheNode {
  /** `fname:callkey`. */
  readonly id: string;
  /** Name of the function as shown to users. */
  readonly fname: string;
  /** Digest of the function's code with everything that it reaches, 64 hex characters. */
  readonly hash: string;
  /** Ids of the calls that made this call, sorted. */
  readonly parents: readonly string[];
  /** Ids of the calls that this call made, in the order of the calls. */
  readonly children: readonly string[];
  /** Absolute paths of the files that the call depends on, declared or observed, sorted. */
  readonly files: readonly string[];
  /** SHA-256 of each of those files when the call ran, by absolute path; `null`: there was no such file. */
  readonly fileHashes: Readonly<Record<string, string | null>>;
  /** Absolute path of the file that holds the result. */
  readonly outfile: string;
  /** When the call was stored. */
  readonly created: Date;
}

/**
 * The call key in a node's id.
 *
 * @param node The call.
 * @returns 64 hex characters.
 */
export function keyOfNode(node: Pick<CacheNode, "id">): string {
  return node.id.slice(-64);
}
