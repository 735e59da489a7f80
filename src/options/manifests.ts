/**
 * Manifests: the files that describe a project and its workspace, which are deno.json, deno.jsonc and package.json.
 *
 * @module
 */
import { exists, listFolders, mayRead, readManifest } from "./manifest_files.ts";
import { parentOf, resolvePath } from "./paths.ts";

type Json = Readonly<Record<string, unknown>>;

/** Content of the manifest files in one folder. */
export interface Manifest {
  /** Absolute path of the folder. */
  readonly folder: string;
  /** Content of deno.json or deno.jsonc; empty when there is none. */
  readonly deno: Json;
  /** Content of package.json; empty when there is none. */
  readonly npm: Json;
}

/** Manifest of a project, with the manifest of the workspace that the project is a member of. */
export interface ProjectManifests {
  /** Manifest of the nearest folder, from the project's root upwards, that has one. */
  readonly own: Manifest;
  /** Manifest of the workspace's root; `own` when there is no workspace. */
  readonly workspace: Manifest;
  /** Absolute path at which deno.lock is or would be; `null` when the project cannot have one. */
  readonly lockPath: string | null;
  /** Reason, in words, for a {@linkcode ProjectManifests.lockPath} of `null`; otherwise empty. */
  readonly noLock: string;
  /** Notices, in words, about manifest files that could not be parsed. */
  readonly notices: readonly string[];
}

/**
 * Reads the manifest of the project at `root`, found as Deno finds it: in the nearest folder upwards that has a
 * deno.json, deno.jsonc or package.json; then that of the workspace further upwards that lists this folder as a
 * member.
 *
 * @param root Absolute path of the project's root.
 */
export function readProjectManifests(root: string): ProjectManifests {
  const notices: string[] = [];
  let own: Manifest | null = null;
  for (let folder = root;; folder = parentOf(folder)) {
    const manifest = readManifestOf(folder, notices);
    if (own === null) own = manifest;
    const isWorkspace = manifest !== null && own !== null && manifest !== own && isMember(own.folder, manifest);
    if (isWorkspace) return projectManifestsOf(own ?? manifest, manifest, notices);
    if (parentOf(folder) === folder) break;
  }
  if (own !== null) return projectManifestsOf(own, own, notices);
  const none: Manifest = { folder: root, deno: {}, npm: {} };
  const noLock = mayRead(root)
    ? "there is no deno.json, so no deno.lock; add one"
    : `deno.lock may not be read; run with --allow-read=${root}`;
  return { own: none, workspace: none, lockPath: null, noLock, notices };
}

/**
 * Reads the manifest in `folder`; `null` when there is none.
 *
 * @param notices Gets a line for each file that is no JSON.
 */
export function readManifestOf(folder: string, notices: string[]): Manifest | null {
  const deno = readJson(resolvePath("deno.json", folder), notices) ??
    readJson(resolvePath("deno.jsonc", folder), notices);
  const npm = readJson(resolvePath("package.json", folder), notices);
  return deno === null && npm === null ? null : { folder, deno: deno ?? {}, npm: npm ?? {} };
}

/** Absolute path of the workspace that lists a folder as a member; `null` when there is none. */
export function workspaceOf(member: string): string | null {
  for (let folder = parentOf(member);; folder = parentOf(folder)) {
    const manifest = readManifestOf(folder, []);
    if (manifest !== null && isMember(member, manifest)) return folder;
    if (parentOf(folder) === folder) return null;
  }
}

/** Absolute paths of the folders of a workspace's members. Folders that do not exist are left out. */
export function memberFolders(workspace: Manifest): string[] {
  return memberPatterns(workspace).filter((pattern) => !pattern.startsWith("!")).flatMap((pattern) => {
    let folders = [workspace.folder];
    for (const part of pattern.split("/").filter((part) => part !== "" && part !== ".")) {
      folders = part.includes("*")
        ? folders.flatMap((folder) =>
          listFolders(folder).filter((name) => matches(name, part)).map((name) => `${folder}/${name}`)
        )
        : folders.map((folder) => resolvePath(part, folder));
    }
    return folders.filter((folder) => exists(folder));
  });
}

/** Absolute paths of the folders of linked packages. */
export function linkFolders(workspace: Manifest): string[] {
  return [...asTexts(workspace.deno.links), ...asTexts(workspace.deno.patch)]
    .map((path) => resolvePath(path, workspace.folder));
}

function projectManifestsOf(own: Manifest, workspace: Manifest, notices: string[]): ProjectManifests {
  const { lock } = workspace.deno;
  if (lock === false) {
    const noLock = 'deno.json says "lock": false; remove that';
    return { own, workspace, lockPath: null, noLock, notices };
  }
  const given = typeof lock === "string" ? lock : asObject(lock).path;
  const path = typeof given === "string" ? given : "deno.lock";
  return { own, workspace, lockPath: resolvePath(path, workspace.folder), noLock: "", notices };
}

function isMember(folder: string, workspace: Manifest): boolean {
  const parts = folder.slice(workspace.folder.length).split("/").filter((part) => part !== "");
  const isListed = (pattern: string): boolean => {
    const wanted = pattern.split("/").filter((part) => part !== "" && part !== ".");
    if (wanted.includes("**")) return matches(parts.join("/"), wanted.join("/"));
    return wanted.length === parts.length && wanted.every((part, index) => matches(parts[index] ?? "", part));
  };
  const patterns = memberPatterns(workspace);
  return patterns.some((pattern) => !pattern.startsWith("!") && isListed(pattern)) &&
    !patterns.some((pattern) => pattern.startsWith("!") && isListed(pattern.slice(1)));
}

function memberPatterns(workspace: Manifest): string[] {
  const deno = workspace.deno.workspace;
  const npm = workspace.npm.workspaces;
  return [
    ...asTexts(deno),
    ...asTexts(asObject(deno).members),
    ...asTexts(npm),
    ...asTexts(asObject(npm).packages),
  ];
}

/** True for a `text` that fits a pattern in which `*` stands for anything but `/`, and `**` for anything. */
function matches(text: string, pattern: string): boolean {
  const source = pattern.split(/(\*\*\/?|\*)/)
    .map((part) => part === "*" ? "[^/]*" : part.startsWith("**") ? ".*" : RegExp.escape(part)).join("");
  return new RegExp(`^${source}$`).test(text);
}

function readJson(path: string, notices: string[]): Json | null {
  const { text } = readManifest(path);
  if (text === null) return null;
  try {
    return asObject(parseJsonc(text));
  } catch {
    notices.push(`${path} is no JSON: nothing in it counts; mend its syntax`);
    return {};
  }
}

// Each pattern also matches a string or a comment that nothing closes, up to the end of the text, so that no text
// takes quadratic time.
const STRING = String.raw`"(?:[^"\\]|\\.)*(?:"|$)`;
const COMMENTS = new RegExp(String.raw`${STRING}|//[^\n\r]*|/\*.*?(?:\*/|$)`, "gs");
const TRAILING_COMMAS = new RegExp(String.raw`${STRING}|,(?=\s*[\]}])`, "gs");

/**
 * Parses a JSONC text.
 *
 * @throws {SyntaxError} When the text is no JSON even without comments and trailing commas.
 */
export function parseJsonc(text: string): unknown {
  const plain = text.replace(/^\uFEFF/, "");
  try {
    return JSON.parse(plain);
  } catch {
    const keepStrings = (token: string) => token.startsWith('"') ? token : " ";
    return JSON.parse(plain.replace(COMMENTS, keepStrings).replace(TRAILING_COMMAS, keepStrings));
  }
}

/** Returns `value` as an object to read properties from; an empty object when `value` is none. */
export function asObject(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? value as Record<string, unknown> : {};
}

/** Returns the texts in the list `value`; an empty list when `value` is no list. */
export function asTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
}
