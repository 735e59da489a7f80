/**
 * Code of the packages in a `node_modules` or `vendor` folder, by content: people edit it there, with a patch or a line to debug
 * with, at an unchanged version. Deno's own cache is not edited by people, so its packages count by version alone.
 *
 * @module
 */
import { digestBytes } from "../../words/sha256.ts";
import { listFolder } from "../../options/manifest_files.ts";

/** Files that code can be: scripts, data that scripts import, compiled code. */
const CODE = /\.(?:[cm]?js|json|node|wasm)$/;
const TYPED_CODE = /\.(?:[cm]?[jt]s|[jt]sx|json|wasm)$/;

/** Number of files of one package, with all that it depends on, from which on packages count by version alone. */
const MAX_FILES = 30_000;

/** A package in a `node_modules` folder. */
export interface PackageFolder {
  readonly name: string;
  readonly version: string;
  /** Absolute path, without symbolic links. */
  readonly folder: string;
  /** True where scripts are loaded as TypeScript, as those of vendored JSR packages are. @default false */
  readonly isTypeScript?: boolean;
}

/** Code of some packages. */
export interface PackageCode {
  /** Digest of all files; empty when there is none. */
  readonly digest: string;
  readonly notices: readonly string[];
}

/** Reader of the code of packages, which reads each folder once. */
export class PackageCodeReader {
  readonly #digestFile: (path: string) => string | null;
  readonly #folders = new Map<string, { readonly digest: string; readonly count: number }>();
  readonly #stores = new Map<string, ReadonlyMap<string, readonly PackageFolder[]>>();

  /** @param digestFile Digest of the content of a file; `null` when there is none. May throw. */
  constructor(digestFile: (path: string) => string | null) {
    this.#digestFile = digestFile;
  }

  /** Reads the code in the folders of packages. */
  read(packages: readonly PackageFolder[]): PackageCode {
    const lines = new Set<string>();
    let count = 0;
    for (const { name, version, folder, isTypeScript } of packages.toSorted((a, b) => a.folder < b.folder ? -1 : 1)) {
      const code = this.#readFolder(folder, isTypeScript ? TYPED_CODE : CODE);
      count += code.count;
      if (count > MAX_FILES) {
        const notice =
          `not tracked: edits of the code in node_modules of ${name} and other packages, which have more ` +
          `than ${MAX_FILES} files; they count by their versions`;
        return { digest: digestBytes([...lines].sort().join("\n")), notices: [notice] };
      }
      if (code.count > 0) lines.add(`${name}@${version} ${code.digest}`);
    }
    return { digest: lines.size === 0 ? "" : digestBytes([...lines].sort().join("\n")), notices: [] };
  }

  /**
   * Folders of a package in the folder `node_modules/.deno`, where each version is a folder of its own, and each set of
   * peers of a version, too.
   */
  inStore(
    store: string,
    { name, version }: { readonly name: string; readonly version: string },
  ): readonly PackageFolder[] {
    let found = this.#stores.get(store);
    if (!found) this.#stores.set(store, found = readStore(store));
    return found.get(`${name}@${version}`) ?? [];
  }

  #readFolder(folder: string, pattern: RegExp): { readonly digest: string; readonly count: number } {
    let known = this.#folders.get(folder);
    if (!known) {
      const lines = [...codeFilesIn(folder, "", pattern)].map((path) =>
        `${path} ${this.#digestOr(`${folder}/${path}`)}`
      );
      this.#folders.set(folder, known = { digest: digestBytes(lines.sort().join("\n")), count: lines.length });
    }
    return known;
  }

  #digestOr(path: string): string {
    try {
      return this.#digestFile(path) ?? "absent";
    } catch {
      return "unread";
    }
  }
}

/** Paths of the files with code below a folder, relative to it; those of packages within are left out. */
function* codeFilesIn(folder: string, inner: string, pattern: RegExp): Iterable<string> {
  for (const { name, isDirectory, isFile, isSymlink } of listFolder(`${folder}/${inner}`)) {
    if (name.startsWith(".")) continue;
    if (isDirectory && name !== "node_modules") yield* codeFilesIn(folder, `${inner}${name}/`, pattern);
    else if ((isFile || isSymlink) && pattern.test(name)) yield `${inner}${name}`;
  }
}

function readStore(store: string): ReadonlyMap<string, readonly PackageFolder[]> {
  const found = new Map<string, PackageFolder[]>();
  for (const { name: entry } of listFolder(store)) {
    const [, scoped = "", version = ""] = /^(@?[^@]+)@([^_]+)/.exec(entry) ?? [];
    if (version === "") continue;
    const name = scoped.replace(/^(@[^+]+)\+/, "$1/");
    const id = `${name}@${version}`;
    found.set(id, [...found.get(id) ?? [], { name, version, folder: `${store}/${entry}/node_modules/${name}` }]);
  }
  return found;
}
