/**
 * The place of the project: code that can put its own absolute path, or the working directory, into a result.
 *
 * A path that code only opens makes no difference when the project is moved with its cache: what is read is recorded
 * relative to the project. So the place counts only where the code does something else with such a path.
 *
 * @module
 */
import { isPlainUrl } from "../../values/kinds.ts";
import { parentOf, pathOfFileUrl } from "../../options/paths.ts";
import { pathBelow, projectRoot, workingDirectory } from "../../options/project.ts";
import { type AnyNode, childrenOf } from "../syntax/parse.ts";
import { type Binding, functionOf, type ScriptSyntax } from "../syntax/scopes.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import { dottedName, staticKey } from "../syntax/uses.ts";
import { importOf } from "./modules.ts";
import type { AmbientFact } from "./platform.ts";

type Place = "url" | "filename" | "dirname" | "cwd" | "root";

const known = new WeakMap<AnyNode, ReadonlySet<Place>>();

/** Facts about the place of a function's module and of the program, as far as its code does not only open files there. */
export function placeFacts(unit: CodeUnit, url: string): AmbientFact[] {
  let places = known.get(unit.node);
  if (places === undefined) known.set(unit.node, places = findPlaces(unit));
  return [...places].flatMap((place) => factOfPlace(place, url));
}

/**
 * Path below the project that a variable holds, relative to the project, if code only opens it: `DATA` of
 * `const DATA = new URL("data.csv", import.meta.url)`.
 *
 * @param nodes The names in the code that stand for the variable.
 * @returns `null` for any other value, and where the code may do something else with it.
 */
export function openedPath(
  value: unknown,
  { script, node }: CodeUnit,
  nodes: readonly AnyNode[],
  root: string,
): string | null {
  const path = placeBelow(value, root);
  if (path === null || mayTellPath(script, node)) return null;
  return nodes.every((one) => isOnlyOpened(script, one, new Set())) ? path : null;
}

/** A path or a file's URL relative to a folder; `null` when it is none, or is not below the folder. */
export function placeBelow(value: unknown, root: string): string | null {
  const isUrl = isPlainUrl(value);
  const text = isUrl ? value.href : value;
  if (typeof text !== "string" || root === "") return null;
  const isOfUrl = text.startsWith("file:///");
  const path = pathBelow(isOfUrl ? pathOfFileUrl(text) : text, root);
  if (path === null) return null;
  const { search, hash } = isOfUrl ? new URL(text) : { search: "", hash: "" };
  return `${isUrl ? "URL" : isOfUrl ? "text of a URL" : "path"} ./${path}${search}${hash}`;
}

function factOfPlace(place: Place, url: string): AmbientFact[] {
  switch (place) {
    case "cwd":
      return [{ name: "Deno.cwd()", read: workingDirectory, changes: true }];
    case "root":
      return [{ name: "place of the project", read: () => projectRoot(), changes: false }];
    default: {
      if (!url.startsWith("file:")) return [];
      const path = pathOfFileUrl(url);
      const value = place === "url" ? url : place === "filename" ? path : parentOf(path);
      return [{ name: `import.meta.${place}`, read: () => value, changes: false }];
    }
  }
}

function findPlaces({ script, node }: CodeUnit): ReadonlySet<Place> {
  const found = new Set<Place>();
  // Code that changes the working directory itself would change the fact while it runs.
  const hasOwnDirectory = /\bchdir\b/.test(script.text.slice(node.start, node.end));
  const isTold = mayTellPath(script, node);
  const open: AnyNode[] = [node];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const [place, value] of placesIn(script, at)) {
      if (place === "cwd" && hasOwnDirectory || !isTold && isOnlyOpened(script, value, new Set())) continue;
      found.add(place);
    }
    open.push(...childrenOf(at));
  }
  return found;
}

/** What has the path of what was opened: a stream, an entry of a folder, an error, the list of arguments, a new folder. */
const TELLS_PATH =
  /\.(?:path|parentPath|message|stack)\b|\{[^{}]*\b(?:path|parentPath|message|stack)\b[^{}]*\}\s*(?:=(?!=)|of\b|[,)])|\barguments\b|\bmkdir\w*\([^;]*\brecursive\b/;

/** True for code that may learn a path again from what it opened. */
function mayTellPath({ text }: ScriptSyntax, { start, end }: AnyNode): boolean {
  return TELLS_PATH.test(text.slice(start, end));
}

/** Places that an expression stands for, each with the expression that has the path. */
function placesIn(script: ScriptSyntax, node: AnyNode): (readonly [Place, AnyNode])[] {
  if (node.type === "MetaProperty" && node.meta.name === "import") return placesOfMeta(script, node);
  if (node.type === "MemberExpression" && dottedName(node) === "Deno.mainModule") return [["root", node]];
  if (node.type !== "CallExpression") return [];
  const name = dottedName(node.callee) ?? "";
  const last = name.slice(name.lastIndexOf(".") + 1);
  if (last === "cwd" && isPlatform(script, node.callee, /^(?:Deno|process)$/, /process$/)) return [["cwd", node]];
  if (/^realpath(?:Sync)?$/i.test(last) && isPlatform(script, node.callee, /^Deno$/, /fs/)) return [["root", node]];
  // A relative path becomes an absolute one.
  if (last === "resolve" && isPlatform(script, node.callee, null, PATHS)) return [["cwd", node]];
  return [];
}

function placesOfMeta(script: ScriptSyntax, meta: AnyNode): (readonly [Place, AnyNode])[] {
  const parent = script.parents.get(meta);
  if (parent?.type === "MemberExpression" && parent.object === meta) {
    const key = staticKey(parent);
    const call = script.parents.get(parent);
    if (key === "resolve") return call?.type === "CallExpression" && call.callee === parent ? [["url", call]] : [];
    return key === null ? [["url", parent]] : isPlaceKey(key) ? [[key, parent]] : [];
  }
  if (parent?.type !== "VariableDeclarator" || parent.id.type !== "ObjectPattern") return [["url", meta]];
  return parent.id.properties.flatMap((property): (readonly [Place, AnyNode])[] => {
    if (property.type !== "Property" || property.computed || property.key.type !== "Identifier") return [["url", meta]];
    return isPlaceKey(property.key.name) ? [[property.key.name, property.value as AnyNode]] : [];
  });
}

function isPlaceKey(key: string): key is "url" | "filename" | "dirname" {
  return key === "url" || key === "filename" || key === "dirname";
}

/** True when a path goes to functions that open it, and nowhere else. */
function isOnlyOpened(script: ScriptSyntax, node: AnyNode, seen: Set<Binding>): boolean {
  const parent = script.parents.get(node);
  const above = () => isOnlyOpened(script, parent!, seen);
  switch (parent?.type) {
    case "ChainExpression":
    case "AwaitExpression":
    case "LogicalExpression":
      return above();
    case "TemplateLiteral":
      return script.parents.get(parent)?.type !== "TaggedTemplateExpression" && above();
    case "BinaryExpression":
      if (/^[!=]==?$/.test(parent.operator)) {
        return isPlace(parent.left === node ? parent.right : parent.left as AnyNode);
      }
      return parent.operator === "+" && above();
    case "ConditionalExpression":
      return parent.test === node || above();
    case "IfStatement":
    case "ExpressionStatement":
    case "ImportExpression":
      return true;
    case "UnaryExpression":
      return parent.operator === "!" || parent.operator === "typeof" || parent.operator === "void";
    case "MemberExpression": {
      if (parent.object !== node) return false;
      const key = staticKey(parent);
      if (key === "href" || key === "pathname") return above();
      const call = script.parents.get(parent);
      return key === "toString" && call?.type === "CallExpression" && call.callee === parent &&
        isOnlyOpened(script, call, seen);
    }
    case "NewExpression":
    case "CallExpression": {
      if (parent.callee === node) return false;
      return opens(script, parent.callee, parent.type === "NewExpression") ||
        isOpenedBy(script, parent.callee, parent.arguments.indexOf(node as typeof parent.arguments[number]), seen) ||
        makesPath(script, parent.callee, parent.type === "NewExpression") && above();
    }
    case "VariableDeclarator":
      return parent.init === node && parent.id.type === "Identifier" && isNameOnlyOpened(script, parent.id, seen);
    case "Property":
      // The name that a pattern gives to a member of `import.meta`.
      return script.parents.get(parent)?.type === "ObjectPattern" && node.type === "Identifier" &&
        isNameOnlyOpened(script, node, seen);
    default:
      return false;
  }
}

/** True for a place that another place may be compared with: both move together. */
function isPlace(node: AnyNode): boolean {
  return dottedName(node) === "Deno.mainModule" ||
    node.type === "MemberExpression" && node.object.type === "MetaProperty";
}

/** True when a function of the same script only opens the path that it is given. */
function isOpenedBy(script: ScriptSyntax, callee: AnyNode, index: number, seen: Set<Binding>): boolean {
  const binding = callee.type === "Identifier" ? script.bindings.get(callee) : undefined;
  const fn = binding ? functionOf(binding) : null;
  const parameter = fn?.params[index];
  return parameter?.type === "Identifier" && isNameOnlyOpened(script, parameter, seen) && !mayTellPath(script, fn!);
}

function isNameOnlyOpened(script: ScriptSyntax, name: AnyNode, seen: Set<Binding>): boolean {
  const binding = script.bindings.get(name);
  if (!binding || binding.writes.length > 0 || binding.scope.kind === "module") return false;
  if (seen.has(binding)) return true;
  seen.add(binding);
  return binding.references.every((reference) => reference === name || isOnlyOpened(script, reference, seen));
}

/** Functions that open, change or look at a path, without `Sync` and `l`; none of them returns the path. */
const OPENERS = new Set(
  ("readFile readTextFile writeFile writeTextFile appendFile open stat lstat readDir readdir readLink readlink mkdir " +
    "remove rm rmdir unlink copyFile cp rename create truncate chdir symlink link utime utimes chmod chown exists access " +
    "createReadStream createWriteStream openKv dlopen ensureDir ensureFile emptyDir copy fetch createRequire " +
    "loadEnvFile")
    .split(" "),
);

const CONSTRUCTORS = new Set(["Worker", "DatabaseSync"]);

const OPENING_GLOBALS = /^(?:Deno|process|fetch|Worker)$/;
const OPENING_MODULES = /(?:^|[:/@])(?:fs|process|module|sqlite|worker_threads)(?:$|[/@])/;
const PATHS = /(?:^|[:/@])path(?:$|[/@])/;
const PATH_MODULES = /(?:^|[:/@])(?:path|url)(?:$|[/@])|cachepy/;

function opens(script: ScriptSyntax, callee: AnyNode, isNew: boolean): boolean {
  const name = dottedName(callee) ?? "";
  const last = name.slice(name.lastIndexOf(".") + 1).replace(/Sync$/, "");
  const isOne = isNew ? CONSTRUCTORS.has(last) || last === "Database" : OPENERS.has(last);
  return isOne && isPlatform(script, callee, OPENING_GLOBALS, OPENING_MODULES);
}

const PATH_FUNCTIONS = new Set(
  "join resolve normalize dirname fromFileUrl toFileUrl fileURLToPath pathToFileURL String trackFile".split(" "),
);

/** True for a call that makes a path of a path. */
function makesPath(script: ScriptSyntax, callee: AnyNode, isNew: boolean): boolean {
  const name = dottedName(callee) ?? "";
  if (isNew) return name === "URL";
  return PATH_FUNCTIONS.has(name.slice(name.lastIndexOf(".") + 1)) &&
    isPlatform(script, callee, /^String$/, PATH_MODULES);
}

/** True for a function that a chain of names takes from one of the globals, or from an import of one of the modules. */
function isPlatform(script: ScriptSyntax, callee: AnyNode, globals: RegExp | null, modules: RegExp): boolean {
  let root = callee;
  while (root.type === "MemberExpression") root = root.object;
  if (root.type !== "Identifier") return false;
  const binding = script.bindings.get(root);
  if (!binding) return globals?.test(root.name) === true;
  const imported = importOf(script, binding);
  return imported !== null && modules.test(imported.specifier);
}
