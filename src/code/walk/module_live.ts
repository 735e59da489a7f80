/**
 * The part of a module that runs when code uses some of its exports: what runs when the module is loaded, and the
 * functions, classes and constants that this and the exports lead to.
 *
 * @module
 */
import { type AnyNode, childrenOf, isClassNode, isFunctionNode, type Program } from "../syntax/parse.ts";
import type { ScriptSyntax } from "../syntax/scopes.ts";
import { exportedName } from "./modules.ts";

/** Part of a module. */
export interface LivePart {
  /** The module without the declarations that nothing leads to. */
  readonly program: Program;
  /** True for a piece of code that is in this part. */
  has(node: AnyNode): boolean;
  /** True for a variable of the module that this part uses, or that is a used export. */
  uses(variable: string): boolean;
  /** True unless the export is a variable that this part does not use. */
  usesExport(name: string): boolean;
}

/**
 * Finds the part of a module that matters.
 *
 * @param used Names of the exports that code uses; `*` for all.
 */
export function livePart(script: ScriptSyntax, used: ReadonlySet<string>): LivePart {
  const { program, root } = script;
  const isDirectEval = [...script.bindings].some(([node, binding]) =>
    binding === null && node.type === "Identifier" && node.name === "eval"
  );
  if (used.has("*") || isDirectEval) return { program, has: () => true, uses: () => true, usesExport: () => true };
  const statements = program.body as AnyNode[];
  const live = new Set<AnyNode>(statements.filter((one) => !isDeclarationAlone(one)));
  const statementAt = (node: AnyNode) => statements.find(({ start, end }) => start <= node.start && node.end <= end);
  const declaredIn = new Map<AnyNode, string[]>();
  for (const { name, declaration } of root.bindings.values()) {
    const statement = declaration && statementAt(declaration);
    if (statement) declaredIn.set(statement, [...declaredIn.get(statement) ?? [], name]);
  }
  const isNeeded = (statement: AnyNode): boolean => {
    if (statement.type === "ExportDefaultDeclaration" && used.has("default")) return true;
    return (declaredIn.get(statement) ?? []).some((name) =>
      exportsOfVariable(statements, name).some((one) => used.has(one)) ||
      root.bindings.get(name)!.references.some((reference) => {
        const user = statementAt(reference);
        return user !== undefined && user !== statement && live.has(user) && !isExportList(user);
      })
    );
  };
  for (let size = -1; size !== live.size;) {
    size = live.size;
    for (const statement of statements) if (!live.has(statement) && isNeeded(statement)) live.add(statement);
  }
  const has = (node: AnyNode): boolean => {
    const statement = statementAt(node);
    return statement === undefined || live.has(statement);
  };
  const uses = (variable: string): boolean =>
    exportsOfVariable(statements, variable).some((one) => used.has(one)) ||
    (root.bindings.get(variable)?.references ?? []).some((reference) => {
      const user = statementAt(reference);
      return user !== undefined && live.has(user) && !isExportList(user);
    });
  return {
    program: { ...program, body: program.body.filter((one) => live.has(one)) },
    has,
    uses,
    usesExport: (name) => {
      const variables = [...root.bindings.keys()].filter((one) => exportsOfVariable(statements, one).includes(name));
      return variables.length === 0 || variables.some(uses);
    },
  };
}

/** True for a statement that only declares, so that it can be left out where nothing uses what it declares. */
function isDeclarationAlone(statement: AnyNode): boolean {
  switch (statement.type) {
    case "FunctionDeclaration":
    case "ClassDeclaration":
      return isValueAlone(statement);
    case "VariableDeclaration":
      return statement.declarations.every(({ id, init }) => id.type === "Identifier" && (!init || isValueAlone(init)));
    case "ExportNamedDeclaration":
      return !!statement.declaration && isDeclarationAlone(statement.declaration);
    case "ExportDefaultDeclaration":
      return isFunctionNode(statement.declaration) || isClassNode(statement.declaration) &&
          isValueAlone(statement.declaration);
    default:
      return false;
  }
}

/** True for an expression that does nothing but make a value. */
function isValueAlone(node: AnyNode): boolean {
  switch (node.type) {
    case "Literal":
      return true;
    case "UnaryExpression":
      return node.argument.type === "Literal";
    case "TemplateLiteral":
      return node.expressions.length === 0;
    case "ArrayExpression":
      return node.elements.every((one) => one !== null && isValueAlone(one));
    case "ObjectExpression":
      return node.properties.every((one) => one.type === "Property" && !one.computed && isValueAlone(one.value));
    case "ClassDeclaration":
    case "ClassExpression":
      return !node.superClass && node.body.body.every((member) =>
        member.type !== "StaticBlock" && !member.computed &&
        (member.type === "MethodDefinition" || !member.static || !member.value || isValueAlone(member.value))
      );
    default:
      return isFunctionNode(node);
  }
}

function isExportList(statement: AnyNode): boolean {
  return statement.type === "ExportNamedDeclaration" && !statement.declaration;
}

/** Names under which a module exports a variable. */
function exportsOfVariable(statements: readonly AnyNode[], name: string): string[] {
  return statements.flatMap((statement) => {
    if (statement.type === "ExportDefaultDeclaration") {
      const { declaration } = statement;
      const isNamed = "id" in declaration && declaration.id?.name === name;
      return isNamed || declaration.type === "Identifier" && declaration.name === name ? ["default"] : [];
    }
    if (statement.type !== "ExportNamedDeclaration" || statement.source) return [];
    const listed = statement.specifiers.filter(({ local }) => exportedName(local) === name)
      .map(({ exported }) => exportedName(exported));
    return statement.declaration && declares(statement.declaration, name) ? [...listed, name] : listed;
  });
}

function declares(declaration: AnyNode, name: string): boolean {
  if (declaration.type === "VariableDeclaration") {
    return declaration.declarations.some(({ id }) => bindsName(id, name));
  }
  return "id" in declaration && declaration.id?.type === "Identifier" && declaration.id.name === name;
}

function bindsName(pattern: AnyNode, name: string): boolean {
  return pattern.type === "Identifier"
    ? pattern.name === name
    : childrenOf(pattern).some((one) => bindsName(one, name));
}
