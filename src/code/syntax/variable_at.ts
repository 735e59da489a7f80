/**
 * Finds the variable, member or field that gets the value of a call, in the text of a TypeScript module. The text is not
 * parsed: a wrong guess gives a function another name to be shown by, and nothing more.
 *
 * @module
 */
import type { CodeUnit } from "./code_unit.ts";

/** The variable that gets the value of a call. */
export interface FoundVariable {
  readonly name: string;
  /** True when a function is written among the arguments of the call. */
  readonly isInline: boolean;
}

/** Number of characters before the call that are looked at. */
const REACH = 2000;

/** Number of characters before a name that are looked at. */
const REACH_BEFORE = 40;

/** A variable, member or field with `=` or `:` behind it. A type may stand between a name and `=`. */
const TARGET =
  /(#?[\p{ID_Start}$_][\p{ID_Continue}$]*|"[^"\n]{1,80}"|'[^'\n]{1,80}')\s*(?:(?:!?\s*:(?!:)([^=;]*(?:=>[^=;]*)*))?=(?![=>])|:)/gu;

/** What may stand right before the name of a variable that is declared or assigned. */
const BEFORE_VARIABLE =
  /(?:^|[;{}(,[\n.]|\b(?:const|let|var|using|static|readonly|accessor|public|private|protected|override|declare))\s*$/;
/** What may stand right before the name of a member of an object. */
const BEFORE_MEMBER = /[{,\n]\s*$/;

/** What may stand between `=` and the arguments of the function that is called. */
const CALLEE =
  /^\s*(?:await\s+|new\s+|\(\s*)*[\p{ID_Start}$_#][\p{ID_Continue}$_]*(?:\s*[?!]?\.\s*[\p{ID_Continue}$_#]*)*/u;

/** What may stand behind the callee: arguments, written as `()` here, and members of what the call returns. */
const BEHIND_CALLEE = /^(?:\s*(?:\(\)|!?\??\.\s*[\w$#]*))*\s*$/;

/** A function that begins an argument. */
const INLINE =
  /[(,]\s*(?:async\b|function\b|\([^()]*\)\s*(?::[^=]{0,80})?=>|[\p{ID_Start}$_][\p{ID_Continue}$_]*\s*=>)/u;

/**
 * Returns the variable that gets the value of the call at a place: `load` for `const load = cached(…)`, `{ load: cached(…) }`
 * and `load = cached(…)` in a class, `default` for `export default cached(…)`; `null` when there is none.
 *
 * @param text Source text of the module.
 * @param line Line of the call, from 1.
 * @param column Column of the call, from 1: of the function that is called, or of the end of that function's own call.
 */
export function variableAt(text: string, line: number, column: number): FoundVariable | null {
  const at = indexOfPlace(text, line, column);
  return at === null ? null : variableAround(text, at);
}

/**
 * Returns the name of the variable or member that a function is written for, directly or among the arguments of a call;
 * `null` when there is none, or when its surroundings are unknown.
 */
export function variableOfUnit(unit: CodeUnit | null): string | null {
  return unit?.isWhole === true ? variableAround(unit.script.text, unit.node.start)?.name ?? null : null;
}

/** Does what {@linkcode variableAt} does for an index in the text, which may be within the arguments of the call. */
function variableAround(text: string, at: number): FoundVariable | null {
  const begin = Math.max(0, at - REACH);
  const before = text.slice(begin, at);
  const after = text.slice(at, at + REACH);
  const isInline = INLINE.test(after.slice(0, lengthOfCall(after)));
  const destinations = destinationsIn(before);
  for (const destination of destinations.reverse()) {
    if (leadsTo(text.slice(begin + destination.end, at + 1))) return { name: destination.name, isInline };
  }
  return /\bexport\s+default\s+(?:await\s+)?[\w$.]*$/.test(before) ? { name: "default", isInline } : null;
}

function indexOfPlace(text: string, line: number, column: number): number | null {
  let begin = 0;
  for (let row = 1; row < line; row++) {
    begin = text.indexOf("\n", begin) + 1;
    if (begin === 0) return null;
  }
  return begin + column - 1 <= text.length ? begin + column - 1 : null;
}

/** A place that a value can go to, with the end of the `=` or `:` behind it. */
interface Destination {
  readonly name: string;
  readonly end: number;
}

/** Lists the places in a text that a value can go to, in their order. */
function destinationsIn(text: string): Destination[] {
  const destinations: Destination[] = [];
  TARGET.lastIndex = 0;
  for (let found = TARGET.exec(text); found !== null; found = TARGET.exec(text)) {
    const [whole, name = "", type] = found;
    const isAssigned = whole.endsWith("=");
    const before = text.slice(Math.max(0, found.index - REACH_BEFORE), found.index);
    const isFit = isAssigned
      ? BEFORE_VARIABLE.test(before) && (type === undefined || isBalanced(type))
      : BEFORE_MEMBER.test(before);
    if (isFit) destinations.push({ name: name.replace(/^["'](.*)["']$/s, "$1"), end: found.index + whole.length });
    // A name within this match, such as that of a member within a type, may be the place.
    TARGET.lastIndex = found.index + name.length;
  }
  return destinations;
}

function isBalanced(type: string): boolean {
  let depth = 0;
  for (const [token] of type.matchAll(/=>|[<>()[\]{}]/g)) {
    if (token !== "=>") depth += "<([{".includes(token) ? 1 : -1;
    if (depth < 0) return false;
  }
  return depth === 0;
}

/** True when a text, from behind a `=` to the call, is the beginning of one call, or of a call of its result. */
function leadsTo(text: string): boolean {
  const callee = CALLEE.exec(text)?.[0];
  if (callee === undefined) return false;
  let outside = "";
  let depth = 0;
  for (const [token] of text.slice(callee.length).matchAll(TOKEN)) {
    if ("([{<".includes(token) && depth++ === 0) outside += "()";
    else if (")]}>".includes(token)) depth--;
    else if (depth === 0) outside += token;
    if (depth < 0) return false;
  }
  return BEHIND_CALLEE.test(outside);
}

/** A comment, a string, `=>`, or any other character. */
const TOKEN = /\/\/[^\n]*|\/\*[^]*?\*\/|"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|`(?:[^`\\]|\\[^])*`|=>|[^]/g;

/** Number of characters from the beginning of a call to its end; of the whole text when it does not end there. */
function lengthOfCall(text: string): number {
  let depth = 0;
  for (const { 0: token, index } of text.matchAll(TOKEN)) {
    if ("([{".includes(token)) depth++;
    else if (")]}".includes(token) && --depth === 0 && !/^\s*\(/.test(text.slice(index + 1))) return index + 1;
  }
  return text.length;
}
