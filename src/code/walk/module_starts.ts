/**
 * What a module takes in while it is loaded: files, variables of the environment and globals that the code at its top
 * level reads, itself and through the functions that it calls. A module keeps these for as long as the process lives.
 *
 * @module
 */
import { type AnyNode, childrenOf, isClassNode, isFunctionNode, type Program } from "../syntax/parse.ts";
import type { Binding, ScriptSyntax } from "../syntax/scopes.ts";
import { dottedName, staticKey } from "../syntax/uses.ts";
import { exportedName, importOf } from "./modules.ts";
import { isOfPlatform } from "./platform.ts";
import { type StartInput, staticPath } from "./start_inputs.ts";

/** What the code of a module takes in when it is loaded. */
export interface Starts {
  readonly inputs: readonly StartInput[];
  /** Names of functions through which something is read that the code does not name. */
  readonly unknown: ReadonlySet<string>;
  /** Functions of other modules of the user that are called. */
  readonly calls: readonly ImportedCall[];
  /** Specifiers of the packages whose functions are called. */
  readonly packages: ReadonlySet<string>;
  /** Functions that run. */
  readonly ran: ReadonlySet<AnyNode>;
}

/** A function of another module, which code calls while it is loaded. */
export interface ImportedCall {
  readonly specifier: string;
  /** Name of the export; `*` for all of the module's. */
  readonly name: string;
}

/** Names of functions that read the content of the file that their first argument names. */
const FILE_READERS = /^(?:readTextFile|readFile|open)(?:Sync)?$/;
/** Names of functions that read something else of the file system. */
const OTHER_READERS =
  /^(?:read(?:Dir|Link|dir|link|v)?|opendir|readTextFileLines|l?stat|realPath|realpath|exists|access|statfs|glob|createReadStream|openAsBlob)(?:Sync)?$/;

/**
 * Finds what a module takes in when it is loaded.
 *
 * @param isOfPackage True for the specifier of a package, whose functions call no function of the user at once.
 * @param called Names of the exports that other modules call when they are loaded; `*` for all.
 */
export function findStarts(
  { script, url, program }: ModuleAt,
  isOfPackage: (specifier: string) => boolean,
  called: Iterable<string>,
): Starts {
  const walk = new StartWalk({ script, url }, isOfPackage);
  for (const statement of program.body) walk.visit(statement);
  for (const name of called) walk.runExport(name);
  const { inputs, unknown, calls, packages, ran } = walk;
  return { inputs: [...inputs.values()], unknown, calls: [...calls.values()], packages, ran };
}

/** A module's syntax and its URL. */
interface ModuleAt {
  readonly script: ScriptSyntax;
  readonly url: string;
  /** The part of the module that matters. */
  readonly program: Program;
}

class StartWalk {
  readonly inputs = new Map<string, StartInput>();
  readonly unknown = new Set<string>();
  readonly calls = new Map<string, ImportedCall>();
  readonly packages = new Set<string>();
  /** Code that runs with all functions in it. */
  readonly ran = new Set<AnyNode>();
  readonly #script: ScriptSyntax;
  readonly #url: string;
  readonly #isOfPackage: (specifier: string) => boolean;
  readonly #run = new Set<Binding>();

  constructor({ script, url }: Pick<ModuleAt, "script" | "url">, isOfPackage: (specifier: string) => boolean) {
    this.#script = script;
    this.#url = url;
    this.#isOfPackage = isOfPackage;
  }

  /** Visits code that runs when the module is loaded. A function in it runs only if it is called. */
  visit(node: AnyNode): void {
    if (isFunctionNode(node)) return;
    if (isClassNode(node)) return this.#visitClass(node);
    switch (node.type) {
      case "Identifier":
      case "MemberExpression":
        this.#readName(node);
        break;
      case "CallExpression":
      case "NewExpression":
        this.#call(node, node.callee as AnyNode, node.arguments as AnyNode[]);
        break;
      case "TaggedTemplateExpression":
        this.#call(node, node.tag, node.quasi.expressions);
        break;
      case "VariableDeclarator":
        if (node.id.type === "ObjectPattern" && node.init) this.#takeOut(node.id, dottedName(node.init));
    }
    for (const child of childrenOf(node)) this.visit(child);
  }

  /** Follows the call of an export. */
  runExport(name: string): void {
    for (const [local, exported] of exportsOfStart(this.#script)) {
      const binding = this.#script.root.bindings.get(local);
      if (binding && (name === "*" || exported === name)) this.#runBinding(binding, "*");
    }
    for (const statement of this.#script.program.body) {
      if (statement.type === "ExportDefaultDeclaration" && (name === "default" || name === "*")) {
        this.#runAll(statement.declaration);
      }
      const isFrom = statement.type === "ExportAllDeclaration" || statement.type === "ExportNamedDeclaration";
      if (isFrom && statement.source) this.#addCall(String(statement.source.value), "*");
    }
  }

  #visitClass(node: Extract<AnyNode, { type: "ClassDeclaration" | "ClassExpression" }>): void {
    if (node.superClass) this.visit(node.superClass);
    for (const member of node.body.body) {
      if (member.type === "StaticBlock") member.body.forEach((statement) => this.visit(statement));
      else {
        if (member.computed) this.visit(member.key);
        if (member.type === "PropertyDefinition" && member.static && member.value) this.visit(member.value);
      }
    }
  }

  #call(call: AnyNode, callee: AnyNode, args: readonly AnyNode[]): void {
    const name = dottedName(callee) ?? "";
    this.#readThrough(call, name, args[0]);
    const inner = withoutWrapping(callee);
    if (isFunctionNode(inner) || isClassNode(inner)) this.#runAll(inner);
    const root = rootOf(inner);
    const binding = root && this.#script.bindings.get(root);
    const imported = binding && importOf(this.#script, binding);
    if (imported && this.#isOfPackage(imported.specifier)) return void this.packages.add(imported.specifier);
    if (binding) this.#runBinding(binding, name.split(".")[1] ?? "*");
    for (const argument of args) this.#runArgument(argument);
  }

  #runArgument(argument: AnyNode): void {
    if (isFunctionNode(argument) || isClassNode(argument)) return this.#runAll(argument);
    const binding = argument.type === "Identifier" ? this.#script.bindings.get(argument) : null;
    if (binding && isCode(binding.declaration)) this.#runBinding(binding, "*");
  }

  #runBinding(binding: Binding, member: string): void {
    const imported = importOf(this.#script, binding);
    if (imported) {
      if (!this.#isOfPackage(imported.specifier)) {
        this.#addCall(imported.specifier, imported.imported === "*" ? member : imported.imported);
      }
      return;
    }
    if (this.#run.has(binding)) return;
    this.#run.add(binding);
    const { declaration } = binding;
    if (declaration?.type === "VariableDeclarator") {
      if (declaration.init) this.#runAll(declaration.init);
    } else if (declaration && isCode(declaration)) this.#runAll(declaration);
    for (const write of binding.writes) {
      const assignment = this.#script.parents.get(write);
      if (assignment?.type === "AssignmentExpression") this.#runAll(assignment.right);
    }
  }

  #addCall(specifier: string, name: string): void {
    if (!this.#isOfPackage(specifier)) this.calls.set(`${specifier} ${name}`, { specifier, name });
  }

  /** Visits code with all functions in it. */
  #runAll(node: AnyNode): void {
    if (this.ran.has(node)) return;
    this.ran.add(node);
    if (isFunctionNode(node)) { for (const child of childrenOf(node)) this.#runAll(child); }
    else {
      this.visit(node);
      this.#runFunctionsIn(node);
    }
  }

  #runFunctionsIn(node: AnyNode): void {
    for (const child of childrenOf(node)) {
      if (isFunctionNode(child)) this.#runAll(child);
      else this.#runFunctionsIn(child);
    }
  }

  /** Notes what a call of a function of the platform reads. */
  #readThrough(call: AnyNode, name: string, argument: AnyNode | undefined): void {
    const path = argument && staticPath(this.#script, argument, this.#url);
    const method = name.split(".").at(-1) ?? "";
    if (this.#isReader(name, FILE_READERS)) {
      if (path === null || path === undefined) this.unknown.add(name);
      else this.#addInput({ kind: "file", name: String(path), path });
    } else if (this.#isReader(name, OTHER_READERS)) this.unknown.add(name);
    else if (name === "Deno.env.get" || name === "Deno.env.has") {
      if (typeof path === "string") this.#addInput({ kind: "environment", name: path });
      else this.unknown.add(name);
    } else if (name === "Deno.env.toObject") this.unknown.add(name);
    else if (name === "Deno.cwd" || name === "process.cwd") this.#addInput({ kind: "cwd", name });
    else if (method === "fetch" && call.type === "CallExpression" && path instanceof URL && path.protocol === "file:") {
      this.#addInput({ kind: "file", name: String(path), path });
    }
  }

  /** True for a function of `Deno`, or of the default export of `node:fs`, whose name fits. */
  #isReader(name: string, pattern: RegExp): boolean {
    const [owner = "", ...members] = name.replace(/^globalThis\./, "").split(".");
    const method = members.at(-1) ?? "";
    if (!pattern.test(method)) return false;
    if (owner === "Deno" && !this.#script.root.bindings.has("Deno")) return members.length === 1;
    const binding = this.#script.root.bindings.get(owner);
    const imported = binding && importOf(this.#script, binding);
    return !!imported && /^(?:node:)?fs(?:\/promises)?$/.test(imported.specifier) &&
      (imported.imported === "default" || imported.imported === "promises" || imported.imported === "*");
  }

  /** Notes readers that a pattern takes out of an object: `const { readTextFile } = Deno`. */
  #takeOut(pattern: Extract<AnyNode, { type: "ObjectPattern" }>, object: string | null): void {
    if (object === null) return;
    for (const property of pattern.properties) {
      const key = property.type === "Property" && property.key.type === "Identifier" ? property.key.name : "";
      const name = `${object}.${key}`;
      if (this.#isReader(name, FILE_READERS) || this.#isReader(name, OTHER_READERS)) this.unknown.add(name);
      const global = this.#globalName(name) ?? "";
      if (global === "process.env") this.unknown.add(global);
      else if (/^process\.env\./.test(global)) this.#addInput({ kind: "environment", name: key });
    }
  }

  /** Notes a global, a variable of the environment, or a reader that is used as a value. */
  #readName(node: AnyNode): void {
    const parent = this.#script.parents.get(node);
    const isInner = parent?.type === "MemberExpression" && parent.object === node && staticKey(parent) !== null;
    const name = dottedName(node);
    const root = rootOf(node);
    const binding = root && this.#script.bindings.get(root);
    if (isInner || name === null || binding === undefined) return;
    if (binding !== null && binding !== this.#script.root.bindings.get(binding.name)) return; // a local variable
    if (parent?.type === "VariableDeclarator" && parent.init === node && isTakenApart(parent.id as AnyNode)) return;
    const isCalled = (parent?.type === "CallExpression" || parent?.type === "NewExpression") && parent.callee === node;
    if (!isCalled && (this.#isReader(name, FILE_READERS) || this.#isReader(name, OTHER_READERS))) {
      this.unknown.add(name);
    }
    const global = this.#globalName(name);
    if (global === null) return;
    const [first = "", ...path] = global.split(".");
    const variable = /^(?:globalThis\.)?process\.env(?:\.(.*))?$/.exec(global);
    if (variable) {
      const [, key] = variable;
      if (key === undefined) this.unknown.add("process.env");
      else this.#addInput({ kind: "environment", name: key.split(".")[0]! });
    } else if (!isOfPlatform(first, path)) this.#addInput({ kind: "global", name, path: [first, ...path] });
  }

  /** Chain of names from a global on, also where a module imports it; `null` for a chain from a variable. */
  #globalName(name: string): string | null {
    const [first = "", ...path] = name.split(".");
    const binding = this.#script.root.bindings.get(first);
    if (!binding) return name;
    const imported = importOf(this.#script, binding);
    if (!imported || !/^(?:node:)?process$/.test(imported.specifier)) return null;
    const member = /^(?:default|\*)$/.test(imported.imported) ? [] : [imported.imported];
    return ["process", ...member, ...path].join(".");
  }

  #addInput(input: StartInput): void {
    this.inputs.set(`${input.kind} ${input.name}`, input);
  }
}

/** Expression without `await`, parentheses and optional chaining around it. */
function withoutWrapping(node: AnyNode): AnyNode {
  if (node.type === "AwaitExpression") return withoutWrapping(node.argument);
  return node.type === "ChainExpression" ? withoutWrapping(node.expression) : node;
}

/** Name at the beginning of a chain of members and calls; `null` for any other expression. */
function rootOf(node: AnyNode): AnyNode | null {
  switch (node.type) {
    case "Identifier":
      return node;
    case "MemberExpression":
      return rootOf(node.object);
    case "CallExpression":
    case "NewExpression":
      return rootOf(node.callee as AnyNode);
    case "ChainExpression":
      return rootOf(node.expression);
    case "AwaitExpression":
      return rootOf(node.argument);
    default:
      return null;
  }
}

function isCode(declaration: AnyNode | null): boolean {
  if (!declaration) return false;
  if (declaration.type === "VariableDeclarator") return declaration.init ? isCode(declaration.init) : false;
  return isFunctionNode(declaration) || isClassNode(declaration);
}

/** Names of variables with the names under which a module exports them. */
function* exportsOfStart({ program }: ScriptSyntax): Iterable<readonly [local: string, exported: string]> {
  for (const statement of program.body) {
    if (statement.type === "ExportDefaultDeclaration" && statement.declaration.type === "Identifier") {
      yield [statement.declaration.name, "default"];
    }
    if (statement.type !== "ExportNamedDeclaration" || statement.source) continue;
    for (const { local, exported } of statement.specifiers) {
      if (local.type !== "Identifier") continue;
      yield [local.name, exportedName(exported)];
    }
    const { declaration } = statement;
    if (!declaration) continue;
    const names = declaration.type === "VariableDeclaration"
      ? declaration.declarations.flatMap(({ id }) => id.type === "Identifier" ? [id.name] : [])
      : [declaration.id.name];
    for (const name of names) yield [name, name];
  }
}

/** True for a pattern that names each member that it takes out: `const { HOME } = process.env`. */
function isTakenApart(pattern: AnyNode): boolean {
  return pattern.type === "ObjectPattern" &&
    pattern.properties.every((one) => one.type === "Property" && !one.computed && one.key.type === "Identifier");
}
