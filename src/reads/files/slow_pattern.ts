/**
 * Patterns that may take for ever: where repetitions are nested or many, the engine tries each way to divide a name among
 * them. Nothing can stop it, neither in this thread nor by ending a worker, for whose thread the end of the program waits.
 *
 * A file of its own, since it knows the syntax of patterns and nothing else.
 *
 * @module
 */

/** Largest number of repetitions without a bound; with four, a name of 255 characters may take half a second. */
const MAX_REPETITIONS = 3;

/** Group that is open at some place of a pattern. */
interface OpenGroup {
  /** True when something in it is repeated, or chosen in a way that may match one text twice. */
  isAmbiguous: boolean;
  /** First character of each alternative so far; `null` for one that begins with more than a character. */
  readonly beginnings: (string | null)[];
}

/**
 * True for a pattern that may take time out of all proportion to the length of a name: one that repeats a group in which
 * something is repeated or ambiguously chosen, has more than three repetitions without a bound, or refers back to a group.
 */
export function mayBeSlow({ source }: RegExp): boolean {
  const groups: OpenGroup[] = [openGroup(source, 0)];
  let repetitions = 0;
  for (let at = 0; at < source.length;) {
    const character = source[at]!;
    let end = at + 1;
    let isAmbiguous = false;
    if (character === "(") {
      const begin = /^\((?:\?(?:<?[=!]|<[^>]*>|[a-z-]*:))?/.exec(source.slice(at))![0].length;
      groups.push(openGroup(source, at + begin));
      at += begin;
      continue;
    }
    if (character === "|") {
      groups.at(-1)!.beginnings.push(beginningAt(source, end));
      at = end;
      continue;
    }
    if (character === "\\") {
      if (/[1-9k]/.test(source[end] ?? "")) return true;
      end++;
    } else if (character === "[") {
      while (end < source.length && source[end] !== "]") end += source[end] === "\\" ? 2 : 1;
      end++;
    } else if (character === ")" && groups.length > 1) {
      isAmbiguous = isAmbiguousGroup(groups.pop()!);
    }
    const around = groups.at(-1)!;
    if (isRepeated(source, end)) {
      if (isAmbiguous || ++repetitions > MAX_REPETITIONS) return true;
      around.isAmbiguous = true;
    } else around.isAmbiguous ||= isAmbiguous;
    at = end;
  }
  return false;
}

function openGroup(source: string, at: number): OpenGroup {
  return { isAmbiguous: false, beginnings: [beginningAt(source, at)] };
}

function isAmbiguousGroup({ isAmbiguous, beginnings }: OpenGroup): boolean {
  const isPlain = beginnings.length === 1 || !beginnings.includes(null);
  return isAmbiguous || !isPlain || new Set(beginnings).size < beginnings.length;
}

/** Returns the character with which an alternative begins; `null` when it can begin with several, or be empty. */
function beginningAt(source: string, at: number): string | null {
  const character = source[at] ?? "";
  return /^[\w %&,;:@#~=!<>"'/-]$/.test(character) && !/[?*{]/.test(source[at + 1] ?? "") ? character : null;
}

/** True when the part of a pattern that ends before `at` may be repeated without a bound, or often. */
function isRepeated(source: string, at: number): boolean {
  const count = /^(?:[*+]|\{(\d+)(,?)(\d*)\})/.exec(source.slice(at, at + 24));
  if (count === null) return false;
  const [, least, comma, most] = count;
  return least === undefined || comma !== "" && most === "" || Number(most || least) > 8;
}
