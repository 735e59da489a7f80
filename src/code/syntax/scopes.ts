/**
 * Resolution of names: finds the declaration that each name of a script refers to, by the scoping rules of
 * ECMAScript.
 *
 * @module
 */
import {
  type AnyNode,
  childrenOf,
  type ClassNode,
  type FunctionNode,
  isClassNode,
  isFunctionNode,
  type Program,
} from "./parse.ts";

/** A declared name. */
export interface Binding {
  readonly name: string;
  readonly kind: "var" | "let" | "const" | "function" | "class" | "import" | "parameter" | "catch" | "own-name";
  readonly scope: Scope;
  /** Declarator, function, class, import specifier or parameter that declares the name; `null` for several. */
  declaration: AnyNode | null;
  /** All uses of the name. */
  readonly references: NameNode[];
  /** Uses that assign to the name after its declaration. */
  readonly writes: NameNode[];
}

/** A region of the source in which names are declared. */
export interface Scope {
  readonly parent: Scope | null;
  readonly kind: "module" | "function" | "body" | "block" | "class" | "own-name";
  readonly start: number;
  readonly end: number;
  readonly bindings: Map<string, Binding>;
}

/** Identifier that stands for a variable. */
export type NameNode = Extract<AnyNode, { type: "Identifier" }>;

/** A script with its names resolved. */
export interface ScriptSyntax {
  readonly text: string;
  readonly program: Program;
  readonly root: Scope;
  /** Parent of each node. */
  readonly parents: Map<AnyNode, AnyNode>;
  /** Binding of each variable name, `null` for one that the script does not declare; property names are left out. */
  readonly bindings: Map<AnyNode, Binding | null>;
  /** All functions and classes, outer before inner. */
  readonly callables: (FunctionNode | ClassNode)[];
}

/** Function that a binding always stands for; `null` when the binding is assigned, a parameter, or no function. */
export function functionOf(binding: Binding): FunctionNode | null {
  const { declaration } = binding;
  if (!declaration || binding.writes.length > 0 || binding.kind === "parameter") return null;
  if (isFunctionNode(declaration)) return declaration;
  if (declaration.type !== "VariableDeclarator" || declaration.id.type !== "Identifier") return null;
  return declaration.init && isFunctionNode(declaration.init as AnyNode) ? declaration.init as FunctionNode : null;
}

/** Resolves all names of a script. */
export function resolveNames(text: string, program: Program): ScriptSyntax {
  return new Resolver(text, program).run();
}

/** Names and other targets that a pattern binds or assigns, and the expressions in it (defaults, computed keys). */
function readPattern(pattern: AnyNode): { names: NameNode[]; expressions: AnyNode[]; targets: AnyNode[] } {
  const names: NameNode[] = [], expressions: AnyNode[] = [], targets: AnyNode[] = [];
  const visit = (node: AnyNode | null): void => {
    switch (node?.type) {
      case "Identifier":
        return void names.push(node);
      case "ObjectPattern":
        for (const property of node.properties) {
          if (property.type === "RestElement") visit(property.argument);
          else {
            if (property.computed) expressions.push(property.key);
            visit(property.value);
          }
        }
        return;
      case "ArrayPattern":
        return node.elements.forEach(visit);
      case "AssignmentPattern":
        expressions.push(node.right);
        return visit(node.left);
      case "RestElement":
        return visit(node.argument);
      case undefined:
        return;
      default:
        targets.push(node as AnyNode);
    }
  };
  visit(pattern);
  return { names, expressions, targets };
}

interface NameUse {
  readonly node: NameNode;
  readonly scope: Scope;
  readonly isWrite: boolean;
}

class Resolver {
  readonly #text: string;
  readonly #program: Program;
  readonly #parents = new Map<AnyNode, AnyNode>();
  readonly #bindings = new Map<AnyNode, Binding | null>();
  readonly #callables: (FunctionNode | ClassNode)[] = [];
  readonly #uses: NameUse[] = [];

  constructor(text: string, program: Program) {
    this.#text = text;
    this.#program = program;
  }

  run(): ScriptSyntax {
    const root = this.#open(null, "module", this.#program);
    for (const statement of this.#program.body) {
      this.#parents.set(statement, this.#program);
      this.#visit(statement, root);
    }
    for (const { node, scope, isWrite } of this.#uses) {
      let found: Binding | undefined;
      for (let at: Scope | null = scope; at && !found; at = at.parent) found = at.bindings.get(node.name);
      this.#bindings.set(node, found ?? null);
      found?.references.push(node);
      if (isWrite) found?.writes.push(node);
    }
    return {
      text: this.#text,
      program: this.#program,
      root,
      parents: this.#parents,
      bindings: this.#bindings,
      callables: this.#callables,
    };
  }

  #open(parent: Scope | null, kind: Scope["kind"], node: { start: number; end: number }): Scope {
    return { parent, kind, start: node.start, end: node.end, bindings: new Map() };
  }

  #declare(node: NameNode, kind: Binding["kind"], scope: Scope, declaration: AnyNode): void {
    let at = scope;
    if (kind === "var") { while (at.kind === "block" && at.parent) at = at.parent; }
    const known = at.bindings.get(node.name);
    if (known) {
      known.declaration = null;
      if (kind !== "parameter") known.writes.push(node);
    }
    const binding = known ??
      { name: node.name, kind, scope: at, declaration, references: [], writes: [] } satisfies Binding;
    at.bindings.set(node.name, binding);
    this.#bindings.set(node, binding);
  }

  #declarePattern(pattern: AnyNode, kind: Binding["kind"], scope: Scope, declaration: AnyNode): void {
    this.#adopt(pattern);
    const { names, expressions } = readPattern(pattern);
    for (const name of names) this.#declare(name, kind, scope, declaration);
    for (const expression of expressions) this.#visit(expression, scope);
  }

  #assignPattern(pattern: AnyNode, scope: Scope): void {
    this.#adopt(pattern);
    const { names, expressions, targets } = readPattern(pattern);
    for (const node of names) this.#uses.push({ node, scope, isWrite: true });
    for (const expression of [...expressions, ...targets]) this.#visit(expression, scope);
  }

  /** Records the parents of all nodes below `node`, expressions of patterns included. */
  #adopt(node: AnyNode): void {
    for (const child of childrenOf(node)) {
      this.#parents.set(child, node);
      this.#adopt(child);
    }
  }

  #visitAll(node: AnyNode, scope: Scope): void {
    for (const child of childrenOf(node)) this.#visit(child, scope, node);
  }

  #visit(node: AnyNode | null | undefined, scope: Scope, parent?: AnyNode): void {
    if (!node) return;
    if (parent) this.#parents.set(node, parent);
    switch (node.type) {
      case "Identifier":
        return void this.#uses.push({ node, scope, isWrite: false });
      case "MemberExpression":
        this.#visit(node.object, scope, node);
        this.#parents.set(node.property, node);
        if (node.computed) this.#visit(node.property, scope, node);
        return;
      case "Property":
        this.#parents.set(node.key, node);
        if (node.computed) this.#visit(node.key, scope, node);
        return this.#visit(node.value, scope, node);
      case "MethodDefinition":
      case "PropertyDefinition":
        this.#parents.set(node.key, node);
        if (node.computed) this.#visit(node.key, scope, node);
        return this.#visit(node.value, scope, node);
      case "VariableDeclaration":
        for (const declarator of node.declarations) {
          this.#parents.set(declarator, node);
          this.#parents.set(declarator.id, declarator);
          const kind = node.kind === "var" || node.kind === "let" ? node.kind : "const";
          this.#declarePattern(declarator.id, kind, scope, declarator);
          this.#visit(declarator.init, scope, declarator);
        }
        return;
      case "AssignmentExpression":
        this.#parents.set(node.left, node);
        if (node.left.type === "MemberExpression") this.#visit(node.left, scope, node);
        else this.#assignPattern(node.left, scope);
        return this.#visit(node.right, scope, node);
      case "UpdateExpression":
        this.#parents.set(node.argument, node);
        if (node.argument.type === "Identifier") this.#assignPattern(node.argument, scope);
        else this.#visit(node.argument, scope, node);
        return;
      case "ForInStatement":
      case "ForOfStatement": {
        const inner = this.#open(scope, "block", node);
        if (node.left.type === "VariableDeclaration") this.#visit(node.left, inner, node);
        else {
          this.#parents.set(node.left, node);
          if (node.left.type === "MemberExpression") this.#visit(node.left, inner, node);
          else this.#assignPattern(node.left, inner);
        }
        this.#visit(node.right, inner, node);
        return this.#visit(node.body, inner, node);
      }
      case "ForStatement":
      case "BlockStatement":
      case "StaticBlock":
      case "SwitchStatement": {
        const kind = node.type === "StaticBlock" ? "body" : "block";
        return this.#visitAll(node, this.#open(scope, kind, node));
      }
      case "CatchClause": {
        const inner = this.#open(scope, "block", node);
        if (node.param) {
          this.#parents.set(node.param, node);
          this.#declarePattern(node.param, "catch", inner, node);
        }
        return this.#visit(node.body, inner, node);
      }
      case "LabeledStatement":
        this.#parents.set(node.label, node);
        return this.#visit(node.body, scope, node);
      case "BreakStatement":
      case "ContinueStatement":
      case "MetaProperty":
      case "ExportAllDeclaration":
        return;
      case "ImportDeclaration":
        for (const specifier of node.specifiers) {
          this.#parents.set(specifier, node);
          this.#parents.set(specifier.local, specifier);
          this.#declare(specifier.local, "import", scope, specifier);
        }
        return;
      case "ExportNamedDeclaration":
        if (node.declaration) return this.#visit(node.declaration, scope, node);
        if (node.source) return;
        for (const specifier of node.specifiers) {
          this.#parents.set(specifier, node);
          if (specifier.local.type === "Identifier") this.#visit(specifier.local, scope, specifier);
        }
        return;
      default:
        if (isFunctionNode(node)) return this.#visitFunction(node, scope);
        if (isClassNode(node)) return this.#visitClass(node, scope);
        return this.#visitAll(node, scope);
    }
  }

  #visitFunction(node: FunctionNode, scope: Scope): void {
    this.#callables.push(node);
    let outer = scope;
    if (node.type !== "ArrowFunctionExpression" && node.id) {
      this.#parents.set(node.id, node);
      if (node.type === "FunctionExpression") outer = this.#open(scope, "own-name", node);
      this.#declare(node.id, node.type === "FunctionExpression" ? "own-name" : "function", outer, node);
    }
    const parameters = this.#open(outer, "function", node);
    for (const parameter of node.params) {
      this.#parents.set(parameter, node);
      this.#declarePattern(parameter, "parameter", parameters, node);
    }
    this.#parents.set(node.body, node);
    if (node.body.type !== "BlockStatement") return this.#visit(node.body, parameters, node);
    const isSimple = node.params.every((parameter) => parameter.type === "Identifier");
    // Expressions among the parameters do not see the variables of the body. Without such expressions, one scope
    // serves both.
    const body = isSimple ? parameters : this.#open(parameters, "body", node.body);
    this.#visitAll(node.body, body);
  }

  #visitClass(node: ClassNode, scope: Scope): void {
    this.#callables.push(node);
    if (node.id) {
      this.#parents.set(node.id, node);
      if (node.type === "ClassDeclaration") this.#declare(node.id, "class", scope, node);
    }
    const inner = this.#open(scope, "class", node);
    if (node.id) {
      const own: Binding = {
        name: node.id.name,
        kind: "own-name",
        scope: inner,
        declaration: node,
        references: [],
        writes: [],
      };
      inner.bindings.set(own.name, own);
      if (node.type === "ClassExpression") this.#bindings.set(node.id, own);
    }
    if (node.superClass) this.#visit(node.superClass, inner, node);
    this.#parents.set(node.body, node);
    for (const member of node.body.body) this.#visit(member, inner, node.body);
  }
}
