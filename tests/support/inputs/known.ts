/**
 * What the tables of inputs show of the present limits. Each list is asserted exactly: a pair that comes right is taken
 * off, a pair that goes wrong is a failure.
 *
 * @module
 */
import type { InputMode } from "./family.ts";

/**
 * Pairs that are two calls though the function cannot tell them apart. Which of two objects are one, attributes,
 * prototypes, places of views, and names of classes are in every key where any reached code could look at them; the
 * price is a run too many in a program that has both forms.
 */
export const TOLD_APART_ANYWAY: ReadonlySet<string> = new Set([
  "DataViews at two offsets, not seen by reading",
  "Dates that are one, not seen by reading",
  "a Map keyed by dates, not seen by its time",
  "a Map keyed by objects, not seen by its size",
  "a Map that has the key or an equal one, not seen by a member of the key",
  "a Set that has the element or an equal one, not seen by its size",
  "a fixed length, not seen by reading",
  "a fixed member, not seen by reading",
  "a frozen Map, not seen by get()",
  "a frozen array, not seen by its element",
  "a frozen function, not seen by calling it",
  "a further member of an Error",
  "a list of commands, not seen by its members",
  "a message that is listed, not seen by its message",
  "a method, an arrow and a function, not seen by calling it",
  "a read-only member, not seen by reading",
  "a registered symbol and one alike, not seen by its description",
  "a stack that was assigned, not seen by its message",
  "a subclass of an Error, seen by its class",
  "a symbol member of an Error",
  "a template and a list, not seen by its text",
  "a view that follows its buffer, not seen by its elements",
  "a well-known symbol and one alike, not seen by its description",
  "aggregates, seen by errors",
  "alike: headers in any order and case",
  "arrays that are one, not seen by reading",
  "bytes beside a view, not seen by its elements",
  "causes of two classes, not seen by its message",
  "causes, seen by cause",
  "classes as values of a Map, not seen by members",
  "classes that differ by name, not seen by its members",
  "classes that differ by name, not seen by its method",
  "classes themselves, not seen by a member of what it makes",
  "codes, seen by code",
  "elements that are one object, not seen by a sum",
  "errors of Deno, seen by name",
  "errors of the language, seen by name",
  "errors of two classes, not seen by its message",
  "errors of two classes, not seen by its name",
  "errors of two classes, seen by a Map of statuses",
  "fatal TextDecoders, not seen by encoding",
  "frozen inside, not seen by reading",
  "frozen, not seen by reading",
  "functions in an object, not seen by calling both",
  "functions that differ by name, not seen by calling it",
  "functions that say another length, not seen by calling it",
  "instances that are one, not seen by reading",
  "locales, not seen by its language",
  "messages, seen by message",
  "names that were assigned, seen by name",
  "no prototype, not seen by Object.hasOwn",
  "no prototype, not seen by its member",
  "not extensible, not seen by reading",
  "one object twice where it cannot be told",
  "order of fields of an instance, not seen by a method",
  "order of members in a Map, not seen by naming members",
  "order of members, not seen by a class that names them",
  "order of members, not seen by a constant name",
  "order of members, not seen by optional chaining",
  "raw texts of a template, not seen by its text",
  "sealed, not seen by reading",
  "stacks, not seen by its message",
  "stacks, seen by destructuring it",
  "stacks, seen by stack",
  "two members that are one object, not seen by JSON.stringify",
  "two members that are one object, not seen by reading",
  "views of a buffer at two offsets, not seen by its elements",
  "views of a buffer at two offsets, not seen by its length",
  "views of buffers of two lengths, not seen by its elements",
  "views of one buffer, not seen by reading",
  "which of three are one, not seen by the length",
  "which symbols are one, not seen by the length",
]);

/**
 * Pairs that are one call though the function can tell them apart. The user is told of each of these but the last ones:
 * the inside of a captured Proxy or weak collection counts by its kind alone, and what the code calls
 * `resize()` on is taken for state. Stacks are left out of what an outer call depends on, and so are the texts of thrown
 * functions.
 */
export const NOT_TOLD_APART: Readonly<Record<InputMode, readonly string[]>> = {
  argument: [
    "a captured object and its equal, seen by a captured WeakMap",
  ],
  receiver: [],
  captured: [
    "Proxies of two handlers, seen by reading",
    "Proxies that list differently, seen by ownKeys",
    "a captured object and its equal, seen by a captured WeakMap",
    "resizable and not, seen by resize()",
  ],
  returned: [
    "a stack that was assigned, seen by stack",
  ],
  thrown: [
    "a stack that was assigned, seen by stack",
    "functions with names of locals that differ, seen by its text",
  ],
};
