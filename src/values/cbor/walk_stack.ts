/**
 * The explicit stack of a walk through a value. With it, nesting is bounded by memory and not by the engine's stack,
 * and the path to a value is computed only when it is asked for.
 *
 * @module
 */
import { looksSecret, maskSecrets } from "../preview.ts";

/** The meaning of a frame's items, which also decides the form of a path to one of them. */
export const Step = {
  /** `items` are an array's elements. */
  elements: 0,
  /** `items` are property names; values are read from `subject`. */
  fields: 1,
  /** `items` are keys and values of a Map in turn. */
  entries: 2,
  /** `items` are a Set's members. */
  members: 3,
  /** `items` are names and values in turn. */
  named: 4,
  /** `items` are names of columns; the row is not known. */
  column: 5,
  /** `items` are functions, each of which writes a part of the encoding. */
  parts: 6,
  /** `items` are the values of private fields; `subject` is the list of their names. */
  privates: 7,
  /** `items` are keys, flags and values of members in turn. */
  attributes: 8,
  /** Like `attributes`, of members of an instance that are not enumerable: its inside, as private fields are. */
  hidden: 9,
  /** `items` are the state of `subject` and then name, attributes and value of each of its members. */
  tail: 10,
  /** `items` is the data of a codec alone; `subject` is the value of which they are. */
  coded: 11,
  /** `items` is the buffer of the view `subject` alone. */
  buffer: 12,
} as const;

/** A container that is being walked. A frame is used again for another container after it was taken off. */
export interface Frame {
  step: number;
  /** The object whose properties are read for `fields`; the list of names for `privates`. */
  subject: object | null;
  /** The object that is complete when the frame is; `null`: the frame is only a part of an object. */
  owner: object | null;
  items: readonly unknown[];
  /** Index of the next item. */
  index: number;
  /** Offset at which the container's encoding begins. */
  start: number;
  /** The encoded property names, where they were encoded to be sorted; `none`: they are written already. */
  encodedNames: readonly Uint8Array[] | "none" | null;
}

/** Largest number of codecs that take each other's data one right after the other. */
const MAX_CODED = 32;

const EMPTY: readonly unknown[] = [];

/** A stack of frames. */
export class WalkStack {
  readonly frames: Frame[] = [];
  depth = 0;
  /** Beginning of each path: `result`, `args[0]`. */
  root: string;

  /** @param root Beginning of each path. */
  constructor(root: string) {
    this.root = root;
  }

  /** Puts a frame on top and returns it. */
  push(step: number, subject: object | null, items: readonly unknown[], start: number): Frame {
    let frame = this.frames[this.depth];
    if (frame === undefined) {
      frame = { step, subject, owner: subject, items, index: 0, start, encodedNames: null };
      this.frames.push(frame);
    } else {
      frame.step = step;
      frame.subject = frame.owner = subject;
      frame.items = items;
      frame.index = 0;
      frame.start = start;
      frame.encodedNames = null;
    }
    this.depth++;
    return frame;
  }

  /** True when the walk is in a private field or a hidden member of an instance, at any depth. */
  get isInPrivate(): boolean {
    for (let at = 0; at < this.depth; at++) {
      const { step } = this.frames[at]!;
      if (step === Step.privates || step === Step.hidden) return true;
    }
    return false;
  }

  /**
   * True when a frame that began at `start` is among the lowest `depth` frames. Each frame has to begin where the one
   * below it does, or after that.
   */
  isOpen(start: number, depth: number): boolean {
    let [low, high] = [0, depth];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.frames[middle]!.start < start) low = middle + 1;
      else high = middle;
    }
    return low < depth && this.frames[low]!.start === start;
  }

  /** True when the data of a codec is a value of a codec again, and so on: nobody does that on purpose. */
  isCodedAgain(): boolean {
    let count = 0;
    while (count < MAX_CODED && this.frames[this.depth - 1 - count]?.step === Step.coded && count < this.depth) count++;
    return count === MAX_CODED;
  }

  /** Takes the top frame off. */
  pop(): void {
    const frame = this.frames[--this.depth]!;
    frame.subject = frame.owner = null;
    frame.items = EMPTY;
  }

  /**
   * The path to the item that was taken last: `result.user.fn`, `result[3].get("k")`. The path to an input ends at a name
   * that looks like a secret, since names behind it may be secrets: `args[0].credentials…`.
   */
  path(): string {
    let text = this.root;
    for (let at = 0; at < this.depth; at++) {
      const part = partOf(this.frames[at]!);
      if (this.root !== "result" && at < this.depth - 1 && looksSecret(part)) return `${text}${part}…`;
      // The middle of a path of more than 128 steps is left out, since nobody reads it.
      if (at === 64 && this.depth > 128) {
        text += "…";
        at = this.depth - 64;
      } else text += part;
    }
    return text;
  }
}

function partOf(frame: Frame): string {
  const at = frame.index - 1;
  if (at < 0) return "";
  const item = frame.items[at];
  switch (frame.step) {
    case Step.elements:
      return `[${at}]`;
    case Step.fields:
      return property(item);
    case Step.column:
      return `[]${property(item)}`;
    case Step.entries:
      return at % 2 === 0 ? `.keys()[${at / 2}]` : `.get(${previewOfKey(frame.items[at - 1])})`;
    case Step.members:
      return `.values()[${at}]`;
    case Step.named:
      return at % 2 === 0 ? "" : property(frame.items[at - 1]);
    case Step.attributes:
    case Step.hidden:
      return at % 3 === 0 ? "" : property(frame.items[at - at % 3]);
    case Step.tail:
      return at % 3 === 0 && at > 0 ? property(frame.items[at - 2]) : "";
    case Step.coded:
      return ".encode()";
    case Step.buffer:
      return ".buffer";
    case Step.privates:
      return `.${(frame.subject as readonly string[])[at]}`;
    default:
      return "";
  }
}

/** A property's part of a path: `.user`, `["a b"]`, `[3]`, `[Symbol(x)]`. */
export function property(name: unknown): string {
  if (typeof name === "string") {
    return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name) ? `.${name}` : `[${previewOfKey(name)}]`;
  }
  return `[${String(name)}]`;
}

function previewOfKey(value: unknown): string {
  if (typeof value === "string") {
    const text = maskSecrets(value);
    return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
  }
  if (typeof value === "bigint") return `${value}n`;
  if (typeof value === "object" && value !== null || typeof value === "function") return "…";
  return String(value);
}
