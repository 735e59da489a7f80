/**
 * Calls in the code of one function, after its inputs: to whom an input is given, and whether the result may hold one.
 *
 * @module
 */
import { type AnyNode, type FunctionNode, isFunctionNode } from "../syntax/parse.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import { staticKey } from "../syntax/uses.ts";
import { writtenNames } from "./written_names.ts";
import {
  ALL_PARTS,
  BARE,
  type CallbackRule,
  callbackRuleOf,
  FRESH,
  HELD,
  holdsListed,
  INPUT,
  type InputLevel,
  isErrorClass,
  isPrimitiveLevel,
  joinLevels,
  KNOWN,
  makesTexts,
  type PlatformRule,
  readsText,
  ruleOfClass,
  ruleOfFunction,
  ruleOfMethod,
  ruleOfOwnMethod,
  type SeenParts,
  TEXTUAL,
} from "./input_levels.ts";

/** A free name with a chain of members: `lib.scale`. */
export interface FreeChain {
  /** Index among the slots of the code. */
  readonly slot: number;
  readonly path: readonly string[];
}

/**
 * Answers about code and values around a function, as texts, so that the answers of two moments can be compared.
 *
 * `meaning`: `bare`, `text`, `user`, `class` (with ` gives` when the result may hold an input), `class passes` or
 * `class hands` for a class without a constructor of its own (the parent's, of the platform or unknown, gets the
 * arguments), `platform` with a name, `package`, `input`, `native` for another native function, `other`. `receiver`:
 * `collection`, `platform`, `instance` (of a reached class that has the method), `other`. `gives`: `yes` when a method or
 * accessor of that name may return an input. `parent`: the class that the class at hand extends, by its meaning. `replaced`: `yes` when
 * code may put a function from elsewhere in the place of a method of that name. `mixed`: `yes` when a member of an input
 * may be an object of a package. `home`: `yes` for a class that was
 * reached as a whole, unless some code puts another function in place of the method. `method`: `yes` for a class whose instances have the named method, in code that was reached.
 */
export type SurroundingQuestion =
  | { readonly about: "meaning"; readonly chain: FreeChain }
  | { readonly about: "receiver"; readonly chain: FreeChain; readonly method: string }
  | { readonly about: "gives" | "replaced"; readonly name: string }
  | { readonly about: "method"; readonly chain: FreeChain; readonly method: string }
  | { readonly about: "home"; readonly node: AnyNode; readonly method: string }
  | { readonly about: "parent" | "mixed" };

/** The walk through a function, as far as calls need it. */
export interface CallScene {
  readonly unit: CodeUnit;
  evaluate(node: AnyNode): InputLevel;
  /** Walks an inline function; its parameters have the given levels, further ones {@linkcode INPUT}. Returns the level of its results. */
  runFunction(node: FunctionNode, parameters: readonly InputLevel[]): InputLevel;
  /** Level of the results of a function that a name of this code always stands for; `null` for any other node. */
  resultOfLocal(node: AnyNode): InputLevel | null;
  /** True for `this.name` and `this.#name` where the class around it has such a method. */
  isOwnMethod(callee: AnyNode): boolean;
  /** Class that an expression makes an instance of: `new Point(…)`, or a constant that holds it. */
  classMadeBy(node: AnyNode): FreeChain | null;
  /** Meaning of the class that `super` at a node stands for. */
  parentAt(node: AnyNode): string;
  freeChainOf(node: AnyNode): FreeChain | null;
  ask(question: SurroundingQuestion): string;
  isInput(level: InputLevel): boolean;
  /** Gives a level to the names of a pattern. */
  declare(pattern: AnyNode, level: InputLevel): void;
  memberLevel(level: InputLevel, key: string | null): InputLevel;
  see(parts: SeenParts): void;
  /** Notes that the code asks for the text of a value on purpose. */
  readText(level: InputLevel): void;
  /** Notes that a value leaves the code that is analysed; nothing happens unless it may hold an input. */
  giveAway(level: InputLevel): void;
  store(target: InputLevel, value: InputLevel): void;
  /** Notes that the instance that the code constructs may hold inputs. */
  holdInThis(level: InputLevel): void;
}

type CallNode = Extract<AnyNode, { type: "CallExpression" }>;
type NewNode = Extract<AnyNode, { type: "NewExpression" }>;
type TagNode = Extract<AnyNode, { type: "TaggedTemplateExpression" }>;

/** A call of a method, with what is known about the receiver. */
interface MethodSite {
  readonly name: string;
  readonly args: readonly AnyNode[];
  readonly receiver: InputLevel;
  /** Answer about the receiver; empty for a receiver that is no captured value. */
  readonly kind: string;
}

/** Level of the result of a call or a tagged template. */
export function levelOfCall(scene: CallScene, node: CallNode | TagNode): InputLevel {
  const args: readonly AnyNode[] = node.type === "CallExpression" ? node.arguments : node.quasi.expressions;
  const called: AnyNode = node.type === "CallExpression" ? node.callee : node.tag;
  const callee = called.type === "ChainExpression" ? called.expression : called;
  if (callee.type === "Super") return callOfParent(scene, scene.parentAt(callee), args);
  if (isFunctionNode(callee)) {
    const levels = evaluateAll(scene, args);
    const isSpread = args.some((one) => one.type === "SpreadElement");
    return scene.runFunction(callee, isSpread ? [] : levels);
  }
  if (callee.type === "Identifier" && callee.name === "eval") {
    scene.see({ ...ALL_PARTS, texts: true, capturedTexts: true });
  }
  const local = scene.resultOfLocal(callee);
  if (local !== null) {
    evaluateAll(scene, args);
    return local;
  }
  const chain = scene.freeChainOf(callee);
  if (chain) {
    const meaning = scene.ask({ about: "meaning", chain });
    const known = callOfMeaning(scene, meaning, args);
    if (known !== null) return known;
    if (meaning === "native") writeOut(scene, args);
  }
  if (callee.type !== "MemberExpression") {
    if (!chain) scene.evaluate(callee);
    return giveAll(scene, args, INPUT);
  }
  if (callee.object.type === "Super") {
    const isUser = scene.parentAt(callee).startsWith("class");
    if (isUser) evaluateAll(scene, args);
    else giveAll(scene, args, INPUT);
    return INPUT;
  }
  const name = staticKey(callee);
  if (name === null) {
    // `g["to" + "String"]()`; a variable is the name of a method of the program's far more often.
    if (/^(?:Binary|Template)/.test(callee.property.type)) writeOut(scene, [callee.object]);
    scene.evaluate(callee);
    return giveAll(scene, args, INPUT);
  }
  if (scene.isOwnMethod(callee)) {
    // A class that extends this one may have another method of that name, unless the name is private.
    evaluateAll(scene, args);
    return name.startsWith("#") && scene.ask({ about: "gives", name }) === "" ? KNOWN : INPUT;
  }
  const receiver = scene.evaluate(callee.object);
  const made = scene.classMadeBy(callee.object);
  if (made && scene.ask({ about: "method", chain: made, method: name }) !== "") {
    evaluateAll(scene, args);
    return scene.ask({ about: "gives", name }) === "" ? KNOWN : INPUT;
  }
  const owner = scene.freeChainOf(callee.object);
  const kind = owner ? scene.ask({ about: "receiver", chain: owner, method: name }) : "";
  if (owner && /^(?:call|apply|bind)$/.test(name) && mayWriteOut(scene.ask({ about: "meaning", chain: owner }))) {
    writeOut(scene, args);
  }
  if (kind !== "instance") writeOutInMethod(scene, callee.object, { name, args, receiver, kind });
  const result = callOfMethod(scene, { name, args, receiver, kind });
  return isPrimitiveLevel(receiver) || scene.ask({ about: "gives", name }) === "" ? result : INPUT;
}

/** Level of what `new` makes. */
export function levelOfNew(scene: CallScene, { callee, arguments: args }: NewNode): InputLevel {
  const chain = scene.freeChainOf(callee);
  const meaning = chain ? scene.ask({ about: "meaning", chain }) : "";
  if (!chain) scene.evaluate(callee);
  if (meaning === "platform Promise") {
    if (args[0]) callBack(scene, args[0], [INPUT, INPUT]);
    return FRESH;
  }
  if (meaning.startsWith("platform ")) return newOfPlatform(scene, meaning.slice("platform ".length), args);
  switch (meaning) {
    case "class":
    case "user":
      evaluateAll(scene, args);
      return KNOWN;
    case "class gives":
    case "user gives":
      evaluateAll(scene, args);
      return INPUT;
    case "class passes Error":
      return newOfPlatform(scene, "Error", args) | KNOWN;
    case "class passes":
      return scene.isInput(joinLevels(evaluateAll(scene, args))) ? INPUT : KNOWN;
    default:
      return giveAll(scene, args, meaning === "package" || meaning === "class hands" ? KNOWN : INPUT);
  }
}

function newOfPlatform(scene: CallScene, path: string, args: readonly AnyNode[]): InputLevel {
  const rule = ruleOfClass(path);
  if (rule ? path !== "Date" && rule.use === "text" : makesTexts(path)) writeOut(scene, args);
  if (!rule) return giveAll(scene, args, FRESH);
  const levels = evaluateAll(scene, args);
  if (!isErrorClass(path)) return resultOf(scene, rule, levels, BARE);
  // The error holds its cause, which is among the options.
  return resultOf(scene, rule, levels.slice(0, 1), BARE) | holding(scene, levels.slice(1));
}

/** Level of the result of a function with a known meaning; `null` when the meaning tells nothing. */
function callOfMeaning(scene: CallScene, meaning: string, args: readonly AnyNode[]): InputLevel | null {
  switch (meaning) {
    case "user":
    case "user gives":
      evaluateAll(scene, args);
      return meaning === "user" ? KNOWN : INPUT;
    case "package":
      return giveAll(scene, args, KNOWN);
    default:
      return meaning.startsWith("platform ") ? callOfPlatform(scene, meaning.slice("platform ".length), args) : null;
  }
}

function callOfPlatform(scene: CallScene, path: string, args: readonly AnyNode[]): InputLevel {
  const [first, second] = args;
  if (path === "Array.from" && first && second) {
    const item = scene.memberLevel(scene.evaluate(first), null);
    const level = callBack(scene, second, [item, BARE]);
    args.slice(2).forEach((one) => scene.giveAway(scene.evaluate(one)));
    return holding(scene, [level]);
  }
  if ((path === "Object.groupBy" || path === "Map.groupBy") && first && second) {
    const items = scene.evaluate(first);
    const key = callBack(scene, second, [scene.memberLevel(items, null), BARE]);
    if (path === "Map.groupBy") return holding(scene, [items, key]);
    if (scene.isInput(key)) scene.see({ names: true });
    return holding(scene, [items]);
  }
  const rule = ruleOfFunction(path);
  if (rule ? rule.isText : makesTexts(path)) writeOut(scene, args);
  if (!rule) return giveAll(scene, args, KNOWN);
  const levels = evaluateAll(scene, args);
  if (readsText(path)) scene.readText(joinLevels(levels));
  return resultOf(scene, rule, levels, BARE) | (holdsListed(path) ? holding(scene, levels) : BARE);
}

function callOfMethod(scene: CallScene, { name, args, receiver: level, kind: answer }: MethodSite): InputLevel {
  const isReplaced = !isPrimitiveLevel(level) && scene.ask({ about: "replaced", name }) !== "";
  const [receiver, kind] = isReplaced ? [level | KNOWN, ""] : [level, answer];
  const site = { name, args, receiver, kind };
  if (kind === "instance") {
    evaluateAll(scene, args);
    return KNOWN;
  }
  if (readsText(name) && args.length === 0) scene.readText(receiver);
  const callback = callbackRuleOf(name);
  if (callback) return callOfIteration(scene, callback, site);
  if (isOpenReceiver(receiver, kind)) return giveAll(scene, args, receiver);
  const rule = ruleOfMethod(name) ?? (isPlatformReceiver(site) ? ruleOfOwnMethod(name) : undefined);
  if (!rule) return giveAll(scene, args, scene.isInput(receiver) ? INPUT : KNOWN);
  const isCompared = kind === "collection" && rule.use === "text" && !rule.isText;
  const levels = evaluateAll(scene, args);
  if (isCompared && scene.isInput(joinLevels(levels))) scene.see({ kept: true });
  return resultOf(scene, isCompared ? { ...rule, use: "numeric" } : rule, levels, receiver);
}

/** A method that calls back, such as `map`. */
function callOfIteration(scene: CallScene, rule: CallbackRule, { name, args, receiver, kind }: MethodSite): InputLevel {
  const isOpen = isOpenReceiver(receiver, kind);
  const item = scene.memberLevel(receiver, null);
  const place = rule.result === "text" ? 1 : 0;
  const callback = args[place];
  const rest = evaluateAll(scene, args.filter((_, index) => index !== place && !(name === "then" && index === 1)));
  if (isOpen) rest.forEach((level) => scene.giveAway(level));
  const first = rule.result === "sum" ? joinLevels(rest) | (rest.length === 0 ? item : BARE) : BARE;
  const given = rule.parameters.map((parameter) => {
    switch (parameter) {
      case "item":
        return item;
      case "index":
        return (receiver & (KNOWN | INPUT)) === 0 || kind === "collection" ? BARE : TEXTUAL;
      case "key":
        return item | TEXTUAL;
      case "sum":
        return first;
      case "text":
        return TEXTUAL;
      case "error":
        return INPUT;
    }
  });
  let results = callback ? callBack(scene, callback, given) : BARE;
  if (name === "then" && args[1]) results |= callBack(scene, args[1], [INPUT]);
  if (isOpen) scene.giveAway(results);
  // Without a function that compares, items are sorted by their texts.
  if (!callback && scene.isInput(item) && (name === "sort" || name === "toSorted")) scene.see({ names: true });
  switch (rule.result) {
    case "bare":
      return BARE;
    case "text":
      if (scene.isInput(joinLevels([results, receiver, ...rest]))) scene.see({ names: true });
      return TEXTUAL;
    case "results":
      return holding(scene, [results]) | (receiver & KNOWN);
    case "sum": {
      // The sum so far is what the last call returned.
      const pattern = callback && isFunctionNode(callback) ? callback.params[0] : undefined;
      if (pattern) scene.declare(pattern, results);
      return first | results;
    }
    default:
      return partOfReceiver(scene, rule.result, receiver);
  }
}

/** True for a receiver that the code made with the platform, or a captured object of it. */
function isPlatformReceiver({ receiver, kind }: Pick<MethodSite, "receiver" | "kind">): boolean {
  return (receiver & ~FRESH) === 0 || kind === "platform";
}

/** True for a receiver that may be an object of a package. */
function isOpenReceiver(receiver: InputLevel, kind: string): boolean {
  return (receiver & KNOWN) !== 0 && kind !== "collection" && kind !== "platform";
}

function partOfReceiver(scene: CallScene, part: "receiver" | "copy" | "item", receiver: InputLevel): InputLevel {
  if (isPrimitiveLevel(receiver) || part === "receiver") return receiver;
  if (part === "item") return scene.memberLevel(receiver, null);
  // The user's own method of that name may return the receiver, or any part of it.
  return holding(scene, [receiver]) | (receiver & INPUT);
}

/** Level of the results of a function that is handed over to be called with values of the given levels. */
function callBack(scene: CallScene, callback: AnyNode, given: readonly InputLevel[]): InputLevel {
  if (isFunctionNode(callback)) return scene.runFunction(callback, given);
  const local = scene.resultOfLocal(callback);
  if (local !== null) return local;
  const chain = scene.freeChainOf(callback);
  const meaning = chain ? scene.ask({ about: "meaning", chain }) : "";
  if (meaning === "user") return KNOWN;
  if (meaning === "user gives") return INPUT;
  const path = meaning.startsWith("platform ") ? meaning.slice("platform ".length) : "";
  const rule = ruleOfFunction(path);
  if (rule && readsText(path)) scene.readText(joinLevels(given));
  if (rule) return resultOf(scene, rule, given, BARE);
  // Not a function, as the text in `replace(pattern, text)`, or one that is not known.
  const level = scene.evaluate(callback);
  if (isPrimitiveLevel(level)) return level;
  given.forEach((one) => scene.giveAway(one));
  return INPUT;
}

function callOfParent(scene: CallScene, parent: string, args: readonly AnyNode[]): InputLevel {
  const path = parent.startsWith("platform ") ? parent.slice("platform ".length) : "";
  if (isErrorClass(path)) scene.holdInThis(newOfPlatform(scene, path, args));
  else if (parent === "class passes Error") scene.holdInThis(newOfPlatform(scene, "Error", args));
  else {
    const level = joinLevels(evaluateAll(scene, args));
    if (parent === "class gives") scene.holdInThis(INPUT);
    else if (path !== "" || parent === "class passes") scene.holdInThis(level);
    else if (parent !== "class") scene.giveAway(level);
  }
  return INPUT;
}

function resultOf(
  scene: CallScene,
  rule: PlatformRule,
  levels: readonly InputLevel[],
  receiver: InputLevel,
): InputLevel {
  const all = joinLevels(levels);
  const hasInput = scene.isInput(all);
  if (rule.isText && (hasInput || scene.isInput(receiver))) scene.see({ names: true });
  const result = typeof rule.result === "number" ? rule.result : partOfReceiver(scene, rule.result, receiver);
  switch (rule.use) {
    case "numeric":
    case "drop":
      return result;
    case "text":
      if (hasInput) scene.see({ names: true });
      return result;
    case "list":
      // An object that the code made has the order in which the code made it.
      if ((all & INPUT) !== 0) scene.see({ order: true });
      return result;
    case "write":
      if (hasInput) scene.see({ order: true });
      return result;
    case "same":
      return all;
    case "store":
      scene.store(receiver, all);
      return result;
    case "timer":
      levels.slice(2).forEach((level) => scene.giveAway(level));
      return result;
    case "hold":
      // Texts are joined to a text.
      if (rule.result === "copy" && isPrimitiveLevel(receiver)) return TEXTUAL;
      return result | holding(scene, levels);
  }
}

/** Level of an object of the platform that holds values of the given levels. */
function holding(scene: CallScene, levels: readonly InputLevel[]): InputLevel {
  const all = joinLevels(levels);
  return (scene.isInput(all) ? HELD : FRESH) | (all & KNOWN);
}

function evaluateAll(scene: CallScene, args: readonly AnyNode[]): InputLevel[] {
  return args.map((one) => scene.evaluate(one.type === "SpreadElement" ? one.argument : one));
}

/** Notes that values may become text, as the variables that they are made of show: the text of a function, if it is one. */
function writeOut(scene: CallScene, nodes: readonly AnyNode[], except?: AnyNode): void {
  for (const name of nodes.flatMap((node) => writtenNames(scene.unit.script, node))) {
    if (name === except) continue;
    if ((scene.evaluate(name) & INPUT) !== 0) scene.see({ names: true, texts: true });
    if (isCapturedCode(scene, name)) scene.see({ names: true, capturedTexts: true });
  }
}

/** True for a function of the platform that may make a text of what it is given: `Function.prototype.toString`. */
function mayWriteOut(meaning: string): boolean {
  const rule = ruleOfFunction(meaning.replace(/^platform /, ""));
  return meaning === "native" ||
    meaning.startsWith("platform ") && (rule ? rule.isText === true : makesTexts(meaning.slice("platform ".length)));
}

/** True for a captured function or class. */
function isCapturedCode(scene: CallScene, name: AnyNode): boolean {
  const chain = scene.freeChainOf(name);
  return chain !== null && /^(?:user|class)/.test(scene.ask({ about: "meaning", chain }));
}

/** Notes that a method of the platform may make a text of its receiver and its arguments. */
function writeOutInMethod(scene: CallScene, object: AnyNode, site: MethodSite): void {
  const { name, args } = site;
  const rule = ruleOfMethod(name);
  const callback = callbackRuleOf(name);
  if (rule?.isText) {
    const made = scene.classMadeBy(object);
    if (made && /^platform (?:Weak)?Map$/.test(scene.ask({ about: "meaning", chain: made }))) return;
    // A variable by itself is a list of texts and numbers far more often than one of functions.
    writeOut(scene, [object, ...args], object);
  } else if (callback) {
    if (callback.result === "text") writeOut(scene, args.slice(1));
  } else if (!rule && !ruleOfOwnMethod(name) && isPlatformReceiver(site)) writeOut(scene, args);
}

/** Hands all arguments to code that is not analysed, and returns the level of the result. */
function giveAll(scene: CallScene, args: readonly AnyNode[], result: InputLevel): InputLevel {
  for (const level of evaluateAll(scene, args)) scene.giveAway(level);
  return result;
}
