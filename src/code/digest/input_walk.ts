/**
 * Walk through the code of one function or class, after its inputs: follows the values that may be, or hold, an
 * input, and notes where the code sees the order of members, the name of a function or the stack of an error.
 *
 * A variable has one level for the whole function: all that is assigned to it. So the walk is repeated until no level
 * rises.
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
} from "../syntax/parse.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { NormalizedCode } from "../syntax/normalize.ts";
import { dottedName, nameOfKey, staticKey } from "../syntax/uses.ts";
import { functionOf } from "../syntax/scopes.ts";
import { writtenNames } from "./written_names.ts";
import { type CallScene, type FreeChain, levelOfCall, levelOfNew, type SurroundingQuestion } from "./input_calls.ts";
import { InputFacts, type ResultsOfFunction } from "./input_facts.ts";
import {
  BARE,
  FRESH,
  HELD,
  INPUT,
  type InputLevel,
  isPrimitiveLevel,
  isTrustedMethod,
  joinLevels,
  KNOWN,
  type SeenParts,
  TEXTUAL,
} from "./input_levels.ts";

/** Findings about one function or class: sights of its inputs, and ways by which inputs leave it. */
export interface UnitFindings {
  readonly seen: Required<SeenParts>;
  /** True when a call of the function may return an input, or an instance of the class may hold one. */
  readonly gives: boolean;
  /** Names of methods and accessors that may return an input. */
  readonly givers: ReadonlySet<string>;
  /** True when an object that may be an input gets a member from elsewhere. */
  readonly mixes: boolean;
  /** Names of members that may get functions from elsewhere; `*` for any name. */
  readonly replaced: ReadonlySet<string>;
  /** Free names, with members, that the code uses as values, so that other code may call them. */
  readonly handedOut: readonly FreeChain[];
}

/** Rounds after which a walk that still finds something is given up. */
const MAX_ROUNDS = 12;

/** Walks through a function or a class. */
export function walkInputs(
  unit: CodeUnit,
  code: NormalizedCode,
  ask: (question: SurroundingQuestion) => string,
): UnitFindings {
  return new InputWalk(unit, code, ask).run();
}

class InputWalk extends InputFacts implements CallScene {
  #current: ResultsOfFunction | null = null;
  /** True in a constructor of the class that is walked, arrow functions within included. */
  #isConstructing = false;

  run(): UnitFindings {
    const { node } = this.unit;
    let rounds = 0;
    do {
      this.hasChanged = false;
      if (isClassNode(node)) this.#class(node);
      else if (isFunctionNode(node) && this.isInput(this.runFunction(node, []))) this.gives = true;
    } while (this.hasChanged && ++rounds < MAX_ROUNDS);
    if (this.hasChanged) this.giveAway(INPUT);
    return {
      seen: this.seen,
      gives: this.gives,
      givers: this.givers,
      replaced: this.replaced,
      mixes: this.mixes,
      handedOut: [...this.handedOut.values()],
    };
  }

  resultOfLocal(node: AnyNode): InputLevel | null {
    const fn = this.#localFunctionOf(node);
    if (!fn) return null;
    return "generator" in fn && fn.generator ? FRESH : this.functionInfo(fn).returns;
  }

  isOwnMethod(callee: AnyNode): boolean {
    if (callee.type !== "MemberExpression" || callee.computed || callee.object.type !== "ThisExpression") return false;
    const { type, name } = callee.property as { type: string; name: string };
    for (let at: AnyNode | undefined = callee; at; at = this.unit.script.parents.get(at)) {
      if (!isClassNode(at)) continue;
      return this.ask({ about: "home", node: at, method: name }) !== "" &&
        at.body.body.some((one) =>
          one.type === "MethodDefinition" && !one.computed && one.kind === "method" && one.key.type === type &&
          (one.key as { name: string }).name === name
        );
    }
    return false;
  }

  classMadeBy(node: AnyNode): FreeChain | null {
    if (node.type === "NewExpression") return this.freeChainOf(node.callee);
    const binding = node.type === "Identifier" ? this.unit.script.bindings.get(node) : undefined;
    const declaration = binding && binding.writes.length === 0 ? binding.declaration : null;
    if (declaration?.type !== "VariableDeclarator" || declaration.id.type !== "Identifier") return null;
    return declaration.init?.type === "NewExpression" ? this.freeChainOf(declaration.init.callee) : null;
  }

  parentAt(node: AnyNode): string {
    for (let at: AnyNode | undefined = node; at; at = this.unit.script.parents.get(at)) {
      // A method of an object, whose parent is the object's prototype.
      if (at.type === "Property" && at.method) return "other";
      if (isClassNode(at)) return at === this.unit.node ? this.ask({ about: "parent" }) : "other";
    }
    return "other";
  }

  runFunction(node: FunctionNode, parameters: readonly InputLevel[]): InputLevel {
    const info = this.functionInfo(node);
    const [outer, isConstructing] = [this.#current, this.#isConstructing];
    this.#current = info;
    if (node.type !== "ArrowFunctionExpression") this.#isConstructing = this.#isConstructor(node);
    for (const [index, parameter] of node.params.entries()) {
      this.declare(parameter, parameter.type === "RestElement" ? INPUT : parameters[index] ?? INPUT);
    }
    if (node.body.type === "BlockStatement") this.#statement(node.body);
    else this.noteResult(info, this.evaluate(node.body));
    [this.#current, this.#isConstructing] = [outer, isConstructing];
    return node.generator ? FRESH : info.returns;
  }

  declare(pattern: AnyNode, level: InputLevel): void {
    switch (pattern.type) {
      case "Identifier":
        return this.assignName(pattern, level);
      case "AssignmentPattern":
        return this.declare(pattern.left, joinLevels([level, this.evaluate(pattern.right)]));
      case "RestElement":
        return this.declare(pattern.argument, level);
      case "ArrayPattern":
        for (const element of pattern.elements) if (element) this.declare(element, this.memberLevel(level, null));
        return;
      case "ObjectPattern":
        for (const property of pattern.properties) {
          if (property.type === "RestElement") {
            this.list(level);
            this.declare(property.argument, this.isInput(level) ? HELD : level);
          } else this.declare(property.value, this.#member(level, property));
        }
        return;
      case "MemberExpression":
        return this.#assignMember(pattern, level);
      default:
        this.evaluate(pattern);
        return this.giveAway(level);
    }
  }

  evaluate(node: AnyNode): InputLevel {
    switch (node.type) {
      case "Literal":
        return typeof node.value === "string" ? TEXTUAL : "regex" in node && node.regex ? FRESH : BARE;
      case "TemplateLiteral":
        for (const part of node.expressions) this.#writeAsText(part, this.evaluate(part));
        return TEXTUAL;
      case "Identifier":
        return this.#name(node);
      case "ThisExpression":
      case "Super":
      case "MetaProperty":
        return node.type === "MetaProperty" && node.meta.name === "import" ? KNOWN : INPUT;
      case "MemberExpression":
        return this.#read(node);
      case "ChainExpression":
      case "ParenthesizedExpression":
        return this.evaluate(node.expression);
      case "ArrayExpression":
      case "ObjectExpression":
        return this.#literal(node);
      case "FunctionExpression":
      case "ArrowFunctionExpression":
        this.escapeFunction(node);
        this.runFunction(node, []);
        return FRESH;
      case "ClassExpression":
        this.#class(node);
        return FRESH;
      case "CallExpression":
      case "TaggedTemplateExpression":
        return levelOfCall(this, node);
      case "NewExpression":
        return levelOfNew(this, node);
      case "UnaryExpression":
        this.evaluate(node.argument);
        return node.operator === "typeof" ? TEXTUAL : BARE;
      case "UpdateExpression":
        this.evaluate(node.argument);
        if (node.argument.type === "Identifier") this.declare(node.argument, BARE);
        return BARE;
      case "BinaryExpression":
        return this.#binary(node);
      case "LogicalExpression": {
        const left = this.evaluate(node.left);
        // A falsy value is a primitive.
        return (node.operator === "&&" ? left & TEXTUAL || !isPrimitiveLevel(left) ? TEXTUAL : BARE : left) |
          this.evaluate(node.right);
      }
      case "ConditionalExpression":
        this.evaluate(node.test);
        return this.evaluate(node.consequent) | this.evaluate(node.alternate);
      case "SequenceExpression":
        return node.expressions.map((one) => this.evaluate(one)).at(-1) ?? BARE;
      case "AssignmentExpression":
        return this.#assignment(node);
      case "AwaitExpression":
        return this.memberLevel(this.evaluate(node.argument), null);
      case "YieldExpression":
        if (node.argument) this.giveAway(this.evaluate(node.argument));
        return INPUT;
      case "ImportExpression":
        this.useAsText(this.evaluate(node.source));
        return KNOWN;
      case "SpreadElement":
        return this.memberLevel(this.evaluate(node.argument), null);
      case "PrivateIdentifier":
        return BARE;
      default:
        this.giveAway(INPUT);
        return INPUT;
    }
  }

  /** Notes that a value becomes a part of a text: of a variable, which may hold a function, on purpose. */
  #writeAsText(node: AnyNode, level: InputLevel): void {
    this.useAsText(level);
    for (const name of writtenNames(this.unit.script, node)) this.readText(this.evaluate(name));
  }

  #localFunctionOf(node: AnyNode): FunctionNode | null {
    const binding = node.type === "Identifier" && !this.slots.has(node) && this.unit.script.bindings.get(node);
    return binding ? functionOf(binding) : null;
  }

  #isConstructor(node: FunctionNode): boolean {
    const member = this.unit.script.parents.get(node);
    return member?.type === "MethodDefinition" && member.kind === "constructor" && isClassNode(this.unit.node) &&
      this.unit.node.body.body.includes(member);
  }

  #name(node: Extract<AnyNode, { type: "Identifier" }>): InputLevel {
    const chain = this.freeChainOf(node);
    if (chain) return this.#free(chain);
    if (node.name === "undefined") return BARE;
    const binding = this.unit.script.bindings.get(node);
    if (!binding) return INPUT;
    const fn = functionOf(binding);
    if (fn) this.escapeFunction(fn);
    if (fn || binding.kind === "class" || binding.kind === "own-name") return FRESH | KNOWN;
    return this.levels.get(binding) ?? BARE;
  }

  #free(chain: FreeChain): InputLevel {
    const meaning = this.ask({ about: "meaning", chain });
    switch (meaning) {
      case "bare":
        return BARE;
      case "text":
        return TEXTUAL;
      case "input":
        return INPUT;
      default:
        this.handedOut.set(`${chain.slot} ${chain.path.join(".")}`, chain);
        return KNOWN;
    }
  }

  #read(node: Extract<AnyNode, { type: "MemberExpression" }>): InputLevel {
    const chain = this.freeChainOf(node);
    const key = staticKey(node);
    const isGiver = key !== null && this.ask({ about: "gives", name: key }) !== "";
    if (chain) return isGiver ? INPUT : this.#free(chain);
    const level = this.evaluate(node.object);
    if (key === null) this.#readUnknown(level, this.evaluate(node.property));
    else this.seeMember(level, key);
    return isGiver && !isPrimitiveLevel(level) ? INPUT : this.memberLevel(level, key);
  }

  /** Reads a member by a key that is computed. */
  #readUnknown(level: InputLevel, key: InputLevel): void {
    this.useAsText(key);
    if (this.isInput(level) && key !== BARE) this.see({ names: true, stacks: true });
  }

  /** Level of a member that a pattern takes from a value. */
  #member(level: InputLevel, property: Extract<AnyNode, { type: "Property" | "AssignmentProperty" }>): InputLevel {
    if (property.computed) {
      this.#readUnknown(level, this.evaluate(property.key));
      return this.memberLevel(level, null);
    }
    const key = nameOfKey(property.key);
    this.seeMember(level, key);
    return this.ask({ about: "gives", name: key }) !== "" ? INPUT : this.memberLevel(level, key);
  }

  #literal(node: Extract<AnyNode, { type: "ArrayExpression" | "ObjectExpression" }>): InputLevel {
    let level: InputLevel = BARE;
    for (const part of node.type === "ArrayExpression" ? node.elements : node.properties) {
      if (part === null) continue;
      if (part.type === "Property") {
        if (part.computed) this.#writeAsText(part.key, this.evaluate(part.key));
        const value = this.evaluate(part.value);
        // The object inherits from the input, whose members a loop over the object lists.
        if (!part.computed && nameOfKey(part.key) === "__proto__" && !part.shorthand) this.giveAway(value);
        if (!part.computed && nameOfKey(part.key) === "length" && !this.#isForArray(node)) {
          this.noteReplaced("length", value);
        }
        level |= value;
      } else {
        const value = this.evaluate(part.type === "SpreadElement" ? part.argument : part);
        if (node.type === "ObjectExpression") this.list(value);
        level |= part.type === "SpreadElement" ? this.memberLevel(value, null) : value;
      }
    }
    return (this.isInput(level) ? HELD : FRESH) | (level & KNOWN);
  }

  /** True for `{ length: n }` in `Array.from({ length: n })`. */
  #isForArray(node: AnyNode): boolean {
    const call = this.unit.script.parents.get(node);
    return call?.type === "CallExpression" && call.arguments[0] === node && dottedName(call.callee) === "Array.from";
  }

  #binary(node: Extract<AnyNode, { type: "BinaryExpression" }>): InputLevel {
    const left = this.evaluate(node.left), right = this.evaluate(node.right);
    switch (node.operator) {
      case "+":
        this.useAsText(left | right);
        // `"" + fn`
        if (isText(node.left)) this.#writeAsText(node.right, right);
        if (isText(node.right)) this.#writeAsText(node.left, left);
        return left === BARE && right === BARE ? BARE : TEXTUAL;
      case "==":
      case "!=":
      case "<":
      case ">":
      case "<=":
      case ">=":
        // Beside a number, a text that is no number compares like any other one.
        if (left !== BARE && right !== BARE) this.useAsText(left | right);
        return BARE;
      case "in":
        this.useAsText(left);
        return BARE;
      default:
        return BARE;
    }
  }

  #assignment(node: Extract<AnyNode, { type: "AssignmentExpression" }>): InputLevel {
    const right = this.evaluate(node.right);
    if (node.operator === "=") {
      this.declare(node.left, right);
      return right;
    }
    const old = this.evaluate(node.left);
    const isChoice = node.operator === "&&=" || node.operator === "||=" || node.operator === "??=";
    if (node.operator === "+=") this.useAsText(old | right);
    const value = isChoice ? old | right : node.operator === "+=" && (old | right) !== BARE ? TEXTUAL : BARE;
    // A primitive changes nothing in the object that gets it.
    if (isChoice || node.left.type === "Identifier") this.declare(node.left, value);
    return value;
  }

  #assignMember(node: Extract<AnyNode, { type: "MemberExpression" }>, level: InputLevel): void {
    const key = node.computed ? this.evaluate(node.property) : BARE;
    this.useAsText(key);
    const name = staticKey(node);
    if (name !== null || key !== BARE) this.noteReplaced(name ?? "*", level);
    const isOwn = node.object.type === "ThisExpression" && this.#isConstructing;
    if (isOwn) {
      this.noteMixed(INPUT, level);
      this.holdInThis(level);
    } else this.store(this.evaluate(node.object), level);
  }

  /** Walks a class. Instances of a class within the code count as inputs wherever they are made. */
  #class(node: ClassNode): void {
    if (node.superClass && node !== this.unit.node) this.evaluate(node.superClass);
    for (const member of node.body.body) {
      if (member.type === "StaticBlock") member.body.forEach((one) => this.#statement(one));
      else if (member.type === "PropertyDefinition") this.#field(member);
      else this.#method(member);
    }
    if (node === this.unit.node && node.superClass && this.ask({ about: "parent" }) === "class gives") {
      this.gives = true;
    }
  }

  #field(member: Extract<AnyNode, { type: "PropertyDefinition" }>): void {
    if (member.computed) this.evaluate(member.key);
    if (!member.value) return;
    const level = this.evaluate(member.value);
    this.noteReplaced(member.computed ? "*" : nameOfKey(member.key), level);
    this.noteMixed(INPUT, level);
    if (member.static) this.giveAway(level);
    else this.holdInThis(level);
  }

  #method(member: Extract<AnyNode, { type: "MethodDefinition" }>): void {
    if (member.computed) this.evaluate(member.key);
    const isInner = this.unit.script.parents.get(this.unit.script.parents.get(member) as AnyNode) !== this.unit.node;
    if (isInner) this.escapeFunction(member.value);
    const level = this.runFunction(member.value, []);
    if (member.kind === "constructor") return this.holdInThis(level);
    if (!this.isInput(level)) return;
    const { key } = member;
    const name = member.computed ? "" : nameOfKey(key);
    if (name === "" || isTrustedMethod(name)) return this.giveAway(level);
    this.noteGiver(name);
  }

  #statement(node: AnyNode): void {
    switch (node.type) {
      case "VariableDeclaration":
        for (const { id, init } of node.declarations) {
          const isFunction = init && id.type === "Identifier" && this.#localFunctionOf(id) === init;
          if (isFunction) this.runFunction(init as FunctionNode, []);
          else this.declare(id, init ? this.evaluate(init) : BARE);
        }
        return;
      case "FunctionDeclaration":
        if (!node.id || !this.#localFunctionOf(node.id)) this.escapeFunction(node);
        return void this.runFunction(node, []);
      case "ClassDeclaration":
        return this.#class(node);
      case "ReturnStatement":
        return this.noteResult(this.#current, node.argument ? this.evaluate(node.argument) : BARE);
      case "ThrowStatement":
        return this.giveAway(this.evaluate(node.argument));
      case "ForOfStatement":
        this.#loop(node.left, this.memberLevel(this.evaluate(node.right), null));
        return this.#statement(node.body);
      case "ForInStatement":
        this.list(this.evaluate(node.right));
        this.#loop(node.left, TEXTUAL);
        return this.#statement(node.body);
      case "CatchClause":
        if (node.param) this.declare(node.param, INPUT);
        return this.#statement(node.body);
      case "WithStatement":
        this.giveAway(INPUT);
        break;
      case "LabeledStatement":
        return this.#statement(node.body);
      case "BreakStatement":
      case "ContinueStatement":
        return;
    }
    for (const child of childrenOf(node)) {
      if (isStatement(child)) this.#statement(child);
      else this.evaluate(child);
    }
  }

  #loop(left: AnyNode, level: InputLevel): void {
    if (left.type !== "VariableDeclaration") return this.declare(left, level);
    for (const { id } of left.declarations) this.declare(id, level);
  }
}

function isText(node: AnyNode): boolean {
  return node.type === "TemplateLiteral" || node.type === "Literal" && typeof node.value === "string";
}

function isStatement({ type }: AnyNode): boolean {
  return type.endsWith("Statement") || type.endsWith("Declaration") || type === "SwitchCase" || type === "CatchClause";
}
