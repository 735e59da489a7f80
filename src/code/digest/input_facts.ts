/**
 * Facts that a walk through the code of one function gathers: levels of variables and of results, and what the code
 * sees of inputs.
 *
 * @module
 */
import type { AnyNode } from "../syntax/parse.ts";
import type { CodeUnit } from "../syntax/code_unit.ts";
import type { NormalizedCode } from "../syntax/normalize.ts";
import type { Binding } from "../syntax/scopes.ts";
import { staticKey } from "../syntax/uses.ts";
import type { FreeChain, SurroundingQuestion } from "./input_calls.ts";
import {
  ALL_PARTS,
  BARE,
  FRESH,
  HELD,
  INPUT,
  type InputLevel,
  isPrimitiveLevel,
  KNOWN,
  partsOfMember,
  type SeenParts,
} from "./input_levels.ts";

/** Results of a function in the code. */
export interface ResultsOfFunction {
  returns: InputLevel;
  /** True when code that is not analysed may call the function. */
  isEscaped: boolean;
}

/** Facts about one function or class. They only ever grow. */
export class InputFacts {
  readonly ask: (question: SurroundingQuestion) => string;
  readonly unit: CodeUnit;
  /** Numbers of the slots that free names belong to, by their nodes. */
  readonly slots = new Map<AnyNode, number>();
  /** Levels of the variables that the code declares. */
  readonly levels = new Map<Binding, InputLevel>();
  readonly #functions = new Map<AnyNode, ResultsOfFunction>();
  /** Names of methods and accessors that may return an input. */
  readonly givers = new Set<string>();
  /** Names of members that the code assigns values to which may be functions from elsewhere; `*` for any name. */
  readonly replaced = new Set<string>();
  /** Free names that the code uses as values. */
  readonly handedOut = new Map<string, FreeChain>();
  readonly seen = { order: false, names: false, texts: false, capturedTexts: false, stacks: false, kept: false };
  /** True once an input was stored in an object that the code made; then any of these objects may hold inputs. */
  #isStored = false;
  #isMixed = false;
  /** True once the code gives a member from elsewhere to an object that may be an input. */
  mixes = false;
  /** True once the function may return an input, or an instance of the class may hold one. */
  gives = false;
  /** True once a round found something new. */
  hasChanged = false;

  constructor(unit: CodeUnit, code: NormalizedCode, ask: (question: SurroundingQuestion) => string) {
    this.unit = unit;
    this.ask = ask;
    code.slots.forEach((slot, index) => slot.nodes.forEach((node) => this.slots.set(node, index)));
  }

  see({ order, names, texts, capturedTexts, stacks, kept }: SeenParts): void {
    this.seen.order ||= order === true;
    this.seen.names ||= names === true;
    this.seen.texts ||= texts === true;
    this.seen.capturedTexts ||= capturedTexts === true;
    this.seen.stacks ||= stacks === true;
    this.seen.kept ||= kept === true;
  }

  isInput(level: InputLevel): boolean {
    return (level & (INPUT | HELD)) !== 0 || this.#isStored && (level & FRESH) !== 0;
  }

  giveAway(level: InputLevel): void {
    if (this.isInput(level)) this.see(ALL_PARTS);
  }

  store(target: InputLevel, value: InputLevel): void {
    this.noteMixed(target, value);
    if (!this.isInput(value)) return;
    if ((target & KNOWN) !== 0) this.see({ kept: true });
    if ((target & (KNOWN | INPUT)) !== 0 || isPrimitiveLevel(target)) return this.giveAway(value);
    if ((target & FRESH) === 0 || this.#isStored) return;
    this.#isStored = true;
    this.hasChanged = true;
  }

  holdInThis(level: InputLevel): void {
    if (this.isInput(level)) this.gives = true;
  }

  /** Notes that an object gets a member from elsewhere, such as an object of a package. */
  noteMixed(target: InputLevel, value: InputLevel): void {
    if ((value & KNOWN) === 0) return;
    if ((target & (INPUT | KNOWN)) !== 0) this.mixes = true;
    if ((target & (FRESH | HELD)) === 0 || this.#isMixed) return;
    this.#isMixed = true;
    this.hasChanged = true;
  }

  memberLevel(level: InputLevel, key: string | null): InputLevel {
    if (key === "length") return BARE;
    const isMixed = this.#isMixed && (level & (FRESH | HELD)) !== 0 ||
      (level & INPUT) !== 0 && this.ask({ about: "mixed" }) !== "";
    const mixed = isMixed ? KNOWN : BARE;
    if (this.isInput(level)) return level | mixed | INPUT;
    if (isMixed) return level | mixed;
    return isPrimitiveLevel(level) && key !== null && !/^\d+$/.test(key) ? KNOWN : level;
  }

  freeChainOf(node: AnyNode): FreeChain | null {
    if (node.type === "MemberExpression") {
      const key = staticKey(node), owner = key === null ? null : this.freeChainOf(node.object);
      return owner && { slot: owner.slot, path: [...owner.path, key as string] };
    }
    const slot = node.type === "Identifier" ? this.slots.get(node) : undefined;
    return slot === undefined ? null : { slot, path: [] };
  }

  /** Returns the results of a function in the code, as far as they are known. */
  functionInfo(node: AnyNode): ResultsOfFunction {
    let info = this.#functions.get(node);
    // Items and results of a generator leave it by ways that are not followed.
    const isGenerator = "generator" in node && node.generator === true;
    if (!info) this.#functions.set(node, info = { returns: BARE, isEscaped: isGenerator });
    return info;
  }

  /** Notes that code which is not analysed may call a function. */
  escapeFunction(node: AnyNode): void {
    const info = this.functionInfo(node);
    info.isEscaped = true;
    this.giveAway(info.returns);
  }

  /** Notes a value that a function returns. */
  noteResult(info: ResultsOfFunction | null, level: InputLevel): void {
    if (!info) return;
    if ((info.returns | level) !== info.returns) {
      info.returns |= level;
      this.hasChanged = true;
    }
    if (info.isEscaped) this.giveAway(level);
  }

  /** Lists the members of a value. An object that the code made has the order in which the code made it. */
  list(level: InputLevel): void {
    if ((level & INPUT) !== 0) this.see({ order: true });
  }

  /** Notes the name of a method or accessor that may return an input. */
  noteGiver(name: string): void {
    if (this.givers.has(name)) return;
    this.givers.add(name);
    this.hasChanged = true;
  }

  /** Notes the name of a member that is assigned. */
  noteReplaced(name: string, level: InputLevel): void {
    // Elsewhere, a member of this name is taken for a number.
    if (name === "length" && this.isInput(level)) this.noteGiver(name);
    if ((level & (KNOWN | INPUT | HELD)) !== 0) this.replaced.add(name);
  }

  /** Notes that a value becomes text. The text of a function is its source, with its name. */
  useAsText(level: InputLevel): void {
    if (this.isInput(level)) this.see({ names: true });
  }

  /** Notes that the code asks for the text of a value on purpose, which tells functions apart by their comments too. */
  readText(level: InputLevel): void {
    if (this.isInput(level) || (level & KNOWN) !== 0) this.see({ names: true, texts: true, capturedTexts: true });
  }

  /** Notes that the code reads a member of a value. */
  seeMember(level: InputLevel, key: string): void {
    const parts = partsOfMember(key);
    if (parts.texts) this.readText(level);
    else if (this.isInput(level)) this.see(parts);
  }

  /** Assigns to a variable. */
  assignName(node: Extract<AnyNode, { type: "Identifier" }>, level: InputLevel): void {
    const binding = this.unit.script.bindings.get(node);
    if (!binding || this.slots.has(node) || !this.#isLocal(binding)) {
      if (this.isInput(level)) this.see({ kept: true });
      return this.giveAway(level);
    }
    const known = this.levels.get(binding) ?? BARE;
    if ((known | level) === known) return;
    this.levels.set(binding, known | level);
    this.hasChanged = true;
  }

  #isLocal({ scope }: Binding): boolean {
    return scope.start >= this.unit.node.start && scope.end <= this.unit.node.end;
  }
}
