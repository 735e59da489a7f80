/**
 * Placement of a cache whose directory is on a disk that several hosts may share.
 *
 * Results stay in the directory; the database, locks and counts go to a folder on a local disk. So the directory serves
 * one host, the first that uses it, and says so to the others. No program on another host, and none on this host that
 * looks for the metadata elsewhere, makes a second database for the same results.
 *
 * @module
 */
import { CacheError } from "../../words/errors.ts";
import { randomId } from "../../words/random.ts";
import { variableOf } from "../../options/manifest_files.ts";
import { currentHost, currentUser } from "../../options/owner.ts";
import { toAbsolute } from "../../options/project.ts";
import { pause } from "../../words/waiting.ts";
import {
  type CacheLayout,
  describeFolderError,
  isPermissionError,
  isReadOnlyError,
  layoutOf,
  makeFolder,
  withMetadata,
} from "../layout.ts";
import { lookAtEntry, openFolderToGroup, removeOwn, writeOnce } from "../own_files.ts";
import {
  claimHostFile,
  dropClaim,
  dropHostFile,
  type HostFile,
  isBeingClaimed,
  readHostFile,
  replaceHostFile,
} from "./host_file.ts";
import {
  cacheOfPlace,
  makePlace,
  moveCacheOfPlace,
  type Party,
  type PlaceState,
  stateOfPlace,
} from "./metadata_place.ts";

/** Options of {@linkcode placeCache}. */
export interface PlaceOptions {
  /** True to write nothing. */
  readonly readOnly: boolean;
  /** Folder for metadata; `null` for `CACHEPY_METADATA_DIR`, else a place that is found. */
  readonly metadataDir: string | null;
  /** Id of the group that shares the cache; `null` for a cache of one user. */
  readonly group: number | null;
  /** True when the directory is on a disk of this host alone, and only its file of the host says otherwise. */
  readonly isLocal: boolean;
}

/** Place of a cache. */
export interface Placement {
  readonly layout: CacheLayout;
  /** Reason for which the cache cannot be used here, with the remedy; `null` when it can. */
  readonly refused: CacheError | null;
  /** Sentence for the user when the directory has just become this host's; `null` otherwise. */
  readonly notice: string | null;
  /** True when nothing may be written: there are no metadata yet, and none may be made. */
  readonly isFixed: boolean;
}

/**
 * Finds, or makes, the place of a cache on a shared disk. No permission is prompted for.
 *
 * @param layout Paths of the cache when everything is in the directory.
 * @param options See {@linkcode PlaceOptions}.
 */
export async function placeCache(layout: CacheLayout, options: PlaceOptions): Promise<Placement> {
  try {
    return await findPlace(layout, options);
  } catch (error) {
    if (isReadOnlyError(error) && !isPermissionError(error)) return fixed(layout);
    return { ...fixed(layout), refused: describeFolderError(error, layout.root) };
  }
}

async function findPlace(layout: CacheLayout, options: PlaceOptions): Promise<Placement> {
  for (let attempt = 0;; attempt++) {
    const file = readHostFile(layout);
    if (file === "damaged" && options.isLocal) return dropDamaged(layout, options);
    if (file === "damaged") throw damagedFile(layout);
    if (file !== null) {
      const placement = followHost(layout, file, options);
      if (placement !== null) return placement;
      dropHostFile(layout, file.id);
    }
    const placement = options.readOnly || !isBeingClaimed(layout) ? claim(layout, options) : null;
    if (placement !== null) return placement;
    if (attempt === ATTEMPTS) dropClaim(layout);
    if (attempt > 2 * ATTEMPTS) throw damagedFile(layout);
    await pause(50);
  }
}

/** Number of times that a process looks, 50 ms apart, for the file that another one is about to make. */
const ATTEMPTS = 40;

/**
 * True when the directory is a copy of one that is still there, and whose metadata the file names. Each needs metadata
 * of its own: a result that was stored in one is not in the other, and clearing one must not clear the other.
 */
function isCopied(layout: CacheLayout, { id, metadata }: HostFile): boolean {
  const home = cacheOfPlace(metadata, layout);
  if (home === null || home.root === layout.root) return false;
  const original = layoutOf(home.root);
  if (lookAtEntry(original.version) === null) {
    // The original may be on a disk that is not mounted now: only the same folder at another place was moved.
    if (!home.isIt) return true;
    moveCacheOfPlace(metadata, layout);
    return false;
  }
  const found = readHostFile(original);
  return found !== null && found !== "damaged" && found.id === id && !isSameFolder(layout.tmp, original.tmp);
}

/** True when a file that is made in one folder is in the other: by two mounts, devices and inodes tell nothing. */
function isSameFolder(one: string, other: string): boolean {
  makeFolder(one);
  const name = `probe-${randomId()}`;
  writeOnce(`${one}/${name}`, "");
  try {
    return lookAtEntry(`${other}/${name}`) !== null;
  } finally {
    removeOwn(`${one}/${name}`);
  }
}

/** Uses a directory on a local disk without its file of the host, which says nothing: no other host is to be expected. */
function dropDamaged(layout: CacheLayout, { readOnly }: PlaceOptions): Placement {
  if (!readOnly) removeOwn(layout.host);
  const notice = `${layout.host} was damaged; the cache directory is on a disk of this host, so the file was deleted`;
  return { layout, refused: null, notice: readOnly ? null : notice, isFixed: false };
}

/** Makes the directory this host's; `null` when another process was faster. */
function claim(layout: CacheLayout, options: PlaceOptions): Placement | null {
  if (options.readOnly) return fixed(layout);
  makeFolder(layout.version);
  makeFolder(layout.tmp);
  const id = randomId();
  const metadata = makePlace(id, layout, partyOf(layout, options), namedPlace(options));
  let isClaimed = false;
  try {
    isClaimed = claimHostFile(layout, { id, host: currentHost(), metadata });
  } finally {
    if (!isClaimed) Deno.removeSync(metadata, { recursive: true }); // just made, and named at random
  }
  return isClaimed ? placed(layout, metadata, describeClaim(layout, metadata)) : null;
}

/** Uses the metadata that the file names, which are made again on their host when they are gone; `null` for a copy. */
function followHost(layout: CacheLayout, file: HostFile, options: PlaceOptions): Placement | null {
  const party = partyOf(layout, options);
  const state = stateOfMetadata(file, party, options.readOnly);
  if (state === "usable") {
    if (!options.readOnly && isCopied(layout, file)) return null;
    if (party.group !== null) openFolderToGroup(file.metadata);
    return placed(layout, file.metadata, null);
  }
  const host = currentHost();
  if (host !== null && file.host !== null && host !== file.host) throw otherHost(layout, file, host);
  if (state !== "absent") throw unusableMetadata(layout, file, state);
  if (host === null || file.host === null) throw unknownHost(layout, file);
  if (options.readOnly) return fixed(layout);
  const metadata = makePlace(file.id, layout, party, namedPlace(options));
  if (metadata !== file.metadata) replaceHostFile(layout, { ...file, metadata });
  return placed(layout, metadata, describeClaim(layout, metadata));
}

/** State of the metadata. Those that one user kept before the cache was opened to a group are of no use any more. */
function stateOfMetadata({ metadata }: HostFile, party: Party, readOnly: boolean): PlaceState {
  const state = stateOfPlace(metadata, party, readOnly);
  const wasOwn = state === "foreign" && party.group !== null &&
    stateOfPlace(metadata, { ...party, group: null }, readOnly) === "usable";
  return wasOwn ? "absent" : state;
}

function placed(layout: CacheLayout, metadata: string, notice: string | null): Placement {
  return { layout: withMetadata(layout, metadata), refused: null, notice, isFixed: false };
}

function fixed(layout: CacheLayout): Placement {
  return { layout, refused: null, notice: null, isFixed: true };
}

function partyOf({ version }: CacheLayout, { group }: PlaceOptions): Party {
  const user = currentUser() ?? lookAtEntry(version)?.uid ?? null;
  return { group, user };
}

function namedPlace({ metadataDir }: PlaceOptions): string | null {
  const named = metadataDir ?? variableOf("CACHEPY_METADATA_DIR");
  return named === undefined || named === "" ? null : toAbsolute(named);
}

function describeClaim({ root }: CacheLayout, metadata: string): string {
  return `The cache directory ${root} is on a disk that several hosts may share: it serves this host alone, with its ` +
    `metadata in ${metadata}`;
}

function otherHost(layout: CacheLayout, file: HostFile, host: string): CacheError {
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot use the cache directory ${layout.root} on the host ${host}: it belongs to the host ${file.host}; name ` +
      `another folder in cacheDir on each host, or delete ${layout.host} if the host was renamed or is no more`,
    { path: layout.root },
  );
}

function unknownHost(layout: CacheLayout, file: HostFile): CacheError {
  const remedy = file.host === null ? "" : "run with --allow-sys=hostname, or ";
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot use the cache directory ${layout.root}: its metadata, ${file.metadata}, are not here, and it cannot be ` +
      `told whether it belongs to this host; ${remedy}delete ${layout.host} if no other host uses it`,
    { path: layout.root },
  );
}

function unusableMetadata(
  layout: CacheLayout,
  { metadata }: HostFile,
  state: Exclude<PlaceState, "usable" | "absent">,
): CacheError {
  const [why, remedy] = {
    foreign: ["belong to others", "name another folder in cacheDir, or use groupShared for a cache of a group"],
    remote: ["are on a disk that several hosts may share", `delete ${layout.host} if no other host uses it`],
    untold: ["may be on a disk that several hosts share", "run with --allow-sys=statfs"],
    denied: ["may not be used", `run with --allow-read=${metadata} --allow-write=${metadata}`],
  }[state] as [why: string, remedy: string];
  return new CacheError(
    state === "denied" || state === "untold" ? "ERR_PERMISSION" : "ERR_CACHE_DIR",
    `Cannot use the cache directory ${layout.root}: its metadata, ${metadata}, ${why}; ${remedy}`,
    { path: metadata },
  );
}

function damagedFile(layout: CacheLayout): CacheError {
  const path = layout.host;
  return new CacheError(
    "ERR_CACHE_DIR",
    `Cannot use the cache directory ${layout.root}: ${path} does not say to which host it belongs; delete it if no ` +
      "program on another host uses the directory",
    { path },
  );
}
