/**
 * Normalized code: a text in which only the parts of the code that can change its outcome remain.
 *
 * Comments, layout and the names of variables are gone: a local variable is written as the number of its first
 * appearance, a free one as the number of a slot, whose meaning the caller adds. Names of properties stay. Forms that
 * mean the same in every context are written alike: quotes, `a["b"]` and `a.b`, `(x) => x` and
 * `(x) => { return x; }`, braces around one statement, several declarations in one, `void 0`, `!0`. So a formatter
 * costs nothing, and a minifier little. The idea of hashing code without its names is that of Unison's
 * content-addressed code.
 *
 * @module
 */
import type { ScriptSyntax } from "./scopes.ts";
import {
  type AnyNode,
  type ClassNode,
  type FunctionNode,
  isClassNode,
  isFunctionNode,
  isKeyOfClass,
  isModule,
  isNode,
} from "./parse.ts";
import { isOfSurroundings } from "./method_home.ts";
import { staticKey, staticText } from "./uses.ts";
import { PrivateNames, type Slot, VariableNames } from "./variable_names.ts";

/** Parts of the code that are left out. */
export interface NormalizeOptions {
  /** True for a member of a class whose code does not count, such as a method that a decorator has replaced. */
  isLeftOut?(member: AnyNode): boolean;
  /** True for a class whose base class and computed names the caller adds from the live class: they are evaluated once. */
  readonly isLiveClass?: boolean;
}

/** Normalizes a function, a class, an expression or a whole script. */
export function normalizeCode(script: ScriptSyntax, node: AnyNode, options: NormalizeOptions = {}): NormalizedCode {
  return new Normalizer(script, node, options).run();
}

/** Fields of nodes that are left out: positions, spellings, derived values, and names that no code can see. */
const SKIPPED = new Set(["type", "start", "end", "loc", "range", "raw", "shorthand", "expression", "directive", "id"]);

const LOOPS = new Set(["ForStatement", "WhileStatement", "DoWhileStatement", "ForInStatement", "ForOfStatement"]);

class Normalizer {
  readonly #script: ScriptSyntax;
  readonly #unit: AnyNode;
  readonly #options: NormalizeOptions;
  readonly #out: string[] = [];
  readonly #names: VariableNames;
  readonly #labels: string[] = [];
  readonly #privates: PrivateNames;
  readonly #imports: DynamicImport[] = [];
  readonly #meta = new Set<string>();
  /** Number of functions and classes around the current node that have a receiver of their own. */
  #receivers = 0;
  #isStatic = false;
  #readsName = false;
  #readsConstructor = false;

  constructor(script: ScriptSyntax, unit: AnyNode, options: NormalizeOptions) {
    this.#script = script;
    this.#unit = unit;
    this.#options = options;
    this.#names = new VariableNames(script, unit);
    this.#privates = new PrivateNames(script.parents);
  }

  run(): NormalizedCode {
    const unit = this.#unit;
    if (isSloppy(this.#script, unit)) this.#out.push("sloppy");
    if (unit.type === "Program") this.#statements(unit.body as AnyNode[]);
    else this.#emit(unit);
    return {
      text: this.#out.join(" "),
      slots: this.#names.slots,
      imports: this.#imports,
      meta: [...this.#meta].sort(),
      readsName: this.#readsName,
      readsConstructor: this.#readsConstructor,
    };
  }

  #emitAll(nodes: readonly (AnyNode | null)[]): void {
    this.#out.push("[");
    for (const node of nodes) this.#emit(node);
    this.#out.push("]");
  }

  #emit(node: AnyNode | null | undefined): void {
    if (!node) return void this.#out.push("_");
    switch (node.type) {
      case "Identifier":
        return void this.#out.push(this.#names.textOf(node, this.#receivers > 0));
      case "Literal":
        return this.#literal(node);
      case "TemplateLiteral":
        return this.#template(node);
      case "TaggedTemplateExpression":
        this.#out.push("(tagged");
        this.#emit(node.tag);
        this.#out.push(...node.quasi.quasis.map((quasi) => JSON.stringify([quasi.value.cooked, quasi.value.raw])));
        this.#emitAll(node.quasi.expressions);
        return void this.#out.push(")");
      case "ThisExpression":
        return void this.#out.push(this.#receivers > 0 ? "this" : this.#slot("this", node));
      case "MemberExpression":
        return this.#member(node);
      case "PrivateIdentifier":
        return this.#privateName(node.name);
      case "Super":
        return void this.#out.push(
          isOfSurroundings(this.#script, this.#unit, node) ? this.#slot("super", node) : "super",
        );
      case "UnaryExpression":
        return this.#unary(node);
      case "BlockStatement":
      case "StaticBlock":
        this.#out.push(node.type === "StaticBlock" ? "(static{" : "({");
        this.#statements(node.body);
        return void this.#out.push("})");
      case "IfStatement":
        this.#out.push("(if");
        this.#emit(node.test);
        this.#branch(node.consequent);
        if (node.alternate) this.#branch(node.alternate);
        return void this.#out.push(")");
      case "LabeledStatement":
        this.#labels.push(node.label.name);
        this.#out.push("(label");
        this.#branch(node.body);
        this.#out.push(")");
        return void this.#labels.pop();
      case "BreakStatement":
      case "ContinueStatement":
        this.#out.push(node.type === "BreakStatement" ? "break" : "continue");
        return void this.#out.push(node.label ? String(this.#labels.lastIndexOf(node.label.name)) : "_");
      case "VariableDeclaration":
        return this.#declaration(node);
      case "Property":
        return this.#property(node);
      case "MetaProperty":
        return this.#metaProperty(node);
      case "ImportExpression":
        return this.#importExpression(node);
      case "ImportDeclaration":
      case "ExportAllDeclaration":
        return;
      case "ExportNamedDeclaration":
        return node.declaration ? this.#emit(node.declaration) : undefined;
      case "ExportDefaultDeclaration":
        this.#out.push("default");
        return this.#emit(node.declaration);
      default:
        if (isFunctionNode(node)) return this.#function(node);
        if (isClassNode(node)) return this.#class(node);
        return this.#generic(node);
    }
  }

  #generic(node: AnyNode): void {
    this.#out.push(`(${node.type}`);
    for (const [key, value] of Object.entries(node)) {
      if (SKIPPED.has(key) && !(key === "expression" && isNode(value))) continue;
      if (Array.isArray(value)) this.#emitAll(value);
      else if (key === "body" && LOOPS.has(node.type)) this.#branch(value);
      else if (isNode(value)) this.#emit(value);
      else this.#out.push(JSON.stringify(value) ?? "_");
    }
    this.#out.push(")");
  }

  #statements(nodes: readonly AnyNode[]): void {
    for (const node of nodes) {
      if (node.type === "EmptyStatement" || node.type === "DebuggerStatement") continue;
      if (node.type === "ExpressionStatement" && node.expression.type === "SequenceExpression") {
        for (const expression of node.expression.expressions) this.#expressionStatement(expression);
      } else if (node.type === "ExpressionStatement") this.#expressionStatement(node.expression);
      else this.#emit(node);
    }
  }

  #expressionStatement(expression: AnyNode): void {
    this.#out.push("(do");
    this.#emit(expression);
    this.#out.push(")");
  }

  /** Emits a statement where a block may stand: braces around one statement that declares nothing have no meaning. */
  #branch(node: AnyNode): void {
    this.#out.push("({");
    this.#statements(node.type === "BlockStatement" ? node.body : [node]);
    this.#out.push("})");
  }

  #declaration(node: Extract<AnyNode, { type: "VariableDeclaration" }>): void {
    for (const declarator of node.declarations) {
      // Without an assignment, `const` and `let` mean the same.
      const kind = node.kind === "const" && !this.#isAssigned(declarator.id) ? "let" : node.kind;
      this.#out.push(`(${kind}`);
      this.#emit(declarator.id);
      this.#emit(declarator.init);
      this.#out.push(")");
    }
    if (this.#script.parents.get(node)?.type.startsWith("For")) this.#out.push("in-head");
  }

  #isAssigned(pattern: AnyNode): boolean {
    return pattern.type === "Identifier" && (this.#script.bindings.get(pattern)?.writes.length ?? 0) > 0;
  }

  #literal(node: Extract<AnyNode, { type: "Literal" }>): void {
    if (node.regex) return void this.#out.push(`/${node.regex.pattern}/${[...node.regex.flags].sort().join("")}`);
    if (typeof node.bigint === "string") return void this.#out.push(`${BigInt(node.bigint.replaceAll("_", ""))}n`);
    if (node.value === "name") this.#readsName = true;
    this.#out.push(typeof node.value === "string" ? JSON.stringify(node.value) : String(node.value));
  }

  #template(node: Extract<AnyNode, { type: "TemplateLiteral" }>): void {
    const texts = node.quasis.map((quasi) => JSON.stringify(quasi.value.cooked));
    if (texts.length === 1) return void this.#out.push(texts[0] ?? "");
    this.#out.push("(template", ...texts);
    this.#emitAll(node.expressions);
    this.#out.push(")");
  }

  #unary(node: Extract<AnyNode, { type: "UnaryExpression" }>): void {
    const { argument } = node;
    if (argument.type === "Literal" && typeof argument.value === "number") {
      if (node.operator === "void") return void this.#out.push("undefined");
      if (node.operator === "!") return void this.#out.push(String(!argument.value));
    }
    this.#out.push(`(${node.operator}`);
    this.#emit(argument);
    this.#out.push(")");
  }

  #member(node: Extract<AnyNode, { type: "MemberExpression" }>): void {
    const key = staticKey(node);
    this.#out.push(node.optional ? "(?." : "(.");
    this.#emit(node.object);
    if (node.property.type === "PrivateIdentifier") this.#privateName(node.property.name);
    else if (key !== null) {
      this.#noteKey(key, node);
      this.#out.push(JSON.stringify(key));
    } else this.#emit(node.property);
    this.#out.push(")");
  }

  /** Notes reads of `.constructor` and `.name`. The `name` of a free variable is resolved by its value instead. */
  #noteKey(key: string, node: Extract<AnyNode, { type: "MemberExpression" }>): void {
    if (key === "constructor") this.#readsConstructor = true;
    if (key !== "name" || this.#names.isOutside(node.object)) return;
    this.#readsName = true;
    if (node.object.type === "ThisExpression" && this.#isStatic) this.#readsConstructor = true;
  }

  #key(key: AnyNode, isComputed: boolean): void {
    if (isComputed && key.type !== "Literal") {
      this.#out.push("[computed");
      this.#emit(key);
      return void this.#out.push("]");
    }
    if (key.type === "PrivateIdentifier") return this.#privateName(key.name);
    if (key.type === "Identifier") return void this.#out.push(JSON.stringify(key.name));
    this.#out.push(key.type === "Literal" ? JSON.stringify(String(key.value)) : "?");
  }

  #property(node: Extract<AnyNode, { type: "Property" }>): void {
    this.#out.push(node.kind === "init" ? (node.method ? "(method" : "(:") : `(${node.kind}`);
    // `__proto__: x` sets the prototype; a shorthand, computed key or method of that name makes an ordinary member.
    const isProto = keyText(node.key) === "__proto__" && (node.shorthand || node.computed || node.method);
    if (isProto) this.#out.push("own");
    const isPattern = this.#script.parents.get(node)?.type === "ObjectPattern";
    if (isPattern && node.key.type === "Identifier" && !node.computed) {
      if (node.key.name === "name") this.#readsName = true;
      if (node.key.name === "constructor") this.#readsConstructor = true;
    }
    this.#key(node.key, node.computed);
    this.#emit(node.value);
    this.#out.push(")");
  }

  #metaProperty(node: Extract<AnyNode, { type: "MetaProperty" }>): void {
    if (node.meta.name === "new") {
      this.#readsConstructor = true;
      const isOutside = isOfSurroundings(this.#script, this.#unit, node);
      return void this.#out.push(isOutside ? this.#slot("new.target", node) : "new.target");
    }
    const parent = this.#script.parents.get(node);
    this.#meta.add(parent?.type === "MemberExpression" && parent.object === node ? staticKey(parent) ?? "*" : "*");
    this.#out.push("import.meta");
  }

  #importExpression(node: Extract<AnyNode, { type: "ImportExpression" }>): void {
    const { source } = node;
    const specifier = staticText(source);
    this.#imports.push({ specifier, node });
    this.#out.push(`(import#${this.#imports.length - 1}`);
    if (specifier === null) this.#emit(source);
    if (node.options) this.#emit(node.options);
    this.#out.push(")");
  }

  #function(node: FunctionNode): void {
    const isArrow = node.type === "ArrowFunctionExpression";
    this.#out.push(`(${isArrow ? "=>" : "function"}${node.async ? " async" : ""}${node.generator ? " *" : ""}`);
    if (node.type === "FunctionDeclaration" && node.id && node !== this.#unit) this.#emit(node.id);
    if (!isArrow) this.#receivers++;
    const wasStatic = this.#isStatic;
    if (!isArrow && this.#script.parents.get(node)?.type !== "MethodDefinition") this.#isStatic = false;
    this.#emitAll(node.params);
    this.#out.push("{");
    if (node.body.type === "BlockStatement") this.#statements(node.body.body);
    else {
      this.#out.push("(ReturnStatement");
      this.#emit(node.body);
      this.#out.push(")");
    }
    this.#out.push("})");
    this.#isStatic = wasStatic;
    if (!isArrow) this.#receivers--;
  }

  #class(node: ClassNode): void {
    this.#out.push("(class");
    if (node.type === "ClassDeclaration" && node.id && node !== this.#unit) this.#emit(node.id);
    const isLive = this.#options.isLiveClass === true && node === this.#unit;
    if (isLive) this.#out.push(node.superClass ? "extends" : "_");
    else this.#emit(node.superClass);
    this.#privates.enter(node);
    this.#receivers++;
    for (const member of node.body.body) {
      if (this.#options.isLeftOut?.(member)) continue;
      const wasStatic = this.#isStatic;
      this.#isStatic = member.type === "StaticBlock" || member.static;
      if (member.type === "StaticBlock") this.#emit(member);
      else {
        this.#out.push(
          `(${member.type === "MethodDefinition" ? member.kind : "field"}${member.static ? " static" : ""}`,
        );
        if (isLive && isKeyOfClass(member)) this.#out.push("[live]");
        else this.#key(member.key, member.computed);
        this.#emit(member.value);
        this.#out.push(")");
      }
      this.#isStatic = wasStatic;
    }
    this.#receivers--;
    this.#privates.leave();
    this.#out.push(")");
  }

  #privateName(name: string): void {
    this.#out.push(this.#privates.textOf(name) ?? this.#privates.textAround(this.#unit, name));
  }

  /** Text of a name that is no variable: `this`, `super` or `new.target` of a function around the code. */
  #slot(name: string, node: AnyNode): string {
    return this.#names.slotOf(name, null, node);
  }
}

/** True for code of a module of CommonJS outside of all that is strict: `this`, `arguments` and assignments differ there. */
function isSloppy(script: ScriptSyntax, unit: AnyNode): boolean {
  if (!isCommonJs(script)) return false;
  for (let at = script.parents.get(unit) ?? script.program;; at = script.parents.get(at) ?? script.program) {
    if (isClassNode(at)) return false;
    const body = at === script.program ? script.program.body : isFunctionNode(at) ? statementsOf(at) : [];
    if (body.some((one) => one.type === "ExpressionStatement" && one.directive === "use strict")) return false;
    if (at === script.program) return true;
  }
}

function statementsOf({ body }: FunctionNode): AnyNode[] {
  return body.type === "BlockStatement" ? body.body : [];
}

const kinds = new WeakMap<ScriptSyntax, boolean>();

function isCommonJs(script: ScriptSyntax): boolean {
  let is = kinds.get(script);
  if (is === undefined) {
    is = /\b(?:exports|module|require)\b/.test(script.text) &&
      !isModule(script.program) &&
      script.bindings.entries().some(([node, binding]) =>
        binding === null && node.type === "Identifier" && /^(?:exports|module|require)$/.test(node.name)
      );
    kinds.set(script, is);
  }
  return is;
}

function keyText(key: AnyNode): string | null {
  return key.type === "Identifier" ? key.name : key.type === "Literal" ? String(key.value) : null;
}

/** An `import("…")` in the code. Its `specifier` is `null` when computed. */
export interface DynamicImport {
  readonly specifier: string | null;
  readonly node: AnyNode;
}

/** Code in which numbers stand for the names of variables, with its free names and imports in order of appearance. */
export interface NormalizedCode {
  readonly text: string;
  readonly slots: readonly Slot[];
  readonly imports: readonly DynamicImport[];
  /** Members of `import.meta` that the code uses; `*` when that cannot be told. */
  readonly meta: readonly string[];
  /** True for code that reads `.name` of a value that may be a function. */
  readonly readsName: boolean;
  /** True for code that reads `.constructor` or `new.target`, through which the name of a class can be read. */
  readonly readsConstructor: boolean;
}
