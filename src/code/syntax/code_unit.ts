/**
 * Code units: the piece of a script in which a function or class is written.
 *
 * @module
 */
import { normalizeCode, type NormalizedCode, type NormalizeOptions } from "./normalize.ts";
import { resolveNames, type ScriptSyntax } from "./scopes.ts";
import {
  type AnyNode,
  type ClassNode,
  type FunctionNode,
  isClassNode,
  isFunctionNode,
  parseCallable,
  parseScript,
  type Program,
} from "./parse.ts";

/** A function or class within its script, or a module as a whole. */
export interface CodeUnit {
  readonly script: ScriptSyntax;
  readonly node: FunctionNode | ClassNode | Program;
  /** True when the whole script was parsed; false when only the callable's own text was, without its surroundings. */
  readonly isWhole: boolean;
}

const parsedScripts = new Map<string, ScriptSyntax | null>();

/** Reads a script and resolves its names, once for each text; `null` when its syntax is newer than the parser. */
export function readScript(text: string): ScriptSyntax | null {
  let script = parsedScripts.get(text);
  if (script === undefined) {
    const program = parseScript(text);
    parsedScripts.set(text, script = program && resolveNames(text, program));
  }
  return script;
}

/**
 * Finds the function or class that V8 places at `offset`.
 *
 * @param scriptText Text of the whole script.
 * @param offset Index at the parameters, at the start of an arrow function or of a class, or at a class's
 * constructor.
 * @param ownText The callable's own text. It confirms the place, and is parsed alone where the place is not found.
 * @returns `null` when not even the text on its own can be parsed.
 */
export function findUnit(scriptText: string, offset: number, ownText: string): CodeUnit | null {
  const script = readScript(scriptText);
  const node = script && findCallable(script, offset, ownText);
  if (script && node) return { script, node, isWhole: true };
  const own = parseCallable(ownText);
  return own && { script: resolveNames(own.text, own.program), node: own.node, isWhole: false };
}

/** Normalizes a whole script, for modules imported as a whole; `null` when its syntax is newer than the parser. */
export function normalizeScript(text: string): NormalizedCode | null {
  const script = readScript(text);
  return script && normalizeCode(script, script.program);
}

const normalized = new WeakMap<AnyNode, NormalizedCode>();

/** Normalizes a unit with {@linkcode NormalizeOptions.isLiveClass}; keeps the result when no options are given. */
export function normalizeUnit(unit: CodeUnit, options?: NormalizeOptions): NormalizedCode {
  if (options) return normalizeCode(unit.script, unit.node, { ...options, isLiveClass: true });
  let code = normalized.get(unit.node);
  if (!code) normalized.set(unit.node, code = normalizeCode(unit.script, unit.node, { isLiveClass: true }));
  return code;
}

function findCallable(script: ScriptSyntax, offset: number, ownText: string): FunctionNode | ClassNode | null {
  let found: FunctionNode | ClassNode | null = null;
  for (const node of script.callables) {
    if (node.start > offset) break;
    if (node.end <= offset) continue;
    // Outer callables come before inner ones, so the last one that fits is the innermost.
    if (
      isClassNode(node)
        ? node.start === offset || ownText === script.text.slice(node.start, node.end)
        : offset <= node.body.start
    ) {
      found = node;
    }
  }
  if (found && isFunctionNode(found)) found = classOfConstructor(script, found) ?? found;
  if (!found || !ownText.endsWith(script.text.slice(found.start, found.end))) return null;
  return found;
}

/** Class whose constructor `node` is, since V8 places a class at its constructor; `null` for any other function. */
function classOfConstructor(script: ScriptSyntax, node: FunctionNode): ClassNode | null {
  const member = script.parents.get(node);
  if (member?.type !== "MethodDefinition" || member.kind !== "constructor") return null;
  const owner = script.parents.get(script.parents.get(member) as AnyNode);
  return owner && isClassNode(owner) ? owner : null;
}
