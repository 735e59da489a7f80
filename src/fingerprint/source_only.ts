/**
 * The fallback without the inspector: a function's own code, and a list of what is not seen.
 *
 * @module
 */
import { digestBytes } from "../digest.ts";
import { normalizeCode, type NormalizedCode } from "../source/normalize.ts";
import { resolveNames } from "../source/scopes.ts";
import { parseCallable } from "../source/syntax.ts";
import { isInspectorAllowed } from "../inspector.ts";
import { blindGlobal } from "./blind.ts";
import { classOf, writeValue } from "./values.ts";
import type { BlindUse, Fingerprint, FingerprintOptions } from "./types.ts";

/** The fingerprint of a function's own text, or of an instance's fields with the text of its class. */
export function fingerprintSource(subject: object, options: FingerprintOptions): Fingerprint {
  const { text, notices, blind } = typeof subject === "function"
    ? readFunction(subject, options)
    : readInstance(subject, options);
  const digest = digestBytes<"fingerprint">(`source ${text}`);
  const name: unknown = typeof subject === "function" ? subject.name : classOf(subject)?.constructor.name;
  const result: Fingerprint = {
    digest,
    parts: [{ kind: "function", name: typeof name === "string" && name !== "" ? name : "(anonymous)", digest }],
    notices,
    blind,
    cached: [],
    receiverState: [],
    module: null,
    isFixed: typeof subject === "function",
    refresh: () => {
      if (typeof subject === "function") return result;
      const now = fingerprintSource(subject, options);
      return now.digest === digest ? result : now;
    },
  };
  return result;
}

interface OwnCode {
  readonly text: string;
  readonly notices: readonly string[];
  readonly blind: readonly BlindUse[];
}

function readFunction(fn: object, options: FingerprintOptions): OwnCode {
  const source = Function.prototype.toString.call(fn);
  const syntax = parseCallable(source);
  if (!syntax) return { text: source.replaceAll("\r\n", "\n"), notices: [], blind: [] };
  const code = normalizeCode(resolveNames(syntax.text, syntax.program), syntax.node);
  const unseen = [...new Set(code.slots.map((slot) => slot.name))].filter((name) => !(name in globalThis));
  // Free names that are no globals count by name here: nothing tells what they stand for.
  const text = `${code.text}\n${code.slots.map((slot) => slot.name).join(" ")}`;
  return { text, notices: noticeOf(unseen, options), blind: blindIn(code) };
}

function readInstance(instance: object, options: FingerprintOptions): OwnCode {
  const written = writeValue(instance, {
    isState: () => false,
    stateKeysOf: () => undefined,
    classKindOf: () => "user",
    privateFieldsOf: () => new Map(),
  });
  const codes = written.references.map((one) => readFunction(one, options));
  return {
    text: [written.text, ...codes.map((code) => code.text)].join("\n"),
    notices: codes.flatMap((code) => code.notices),
    blind: codes.flatMap((code) => code.blind),
  };
}

function noticeOf(names: readonly string[], options: FingerprintOptions): string[] {
  if (names.length === 0) return [];
  const remedy = isInspectorAllowed() || options.track === "source"
    ? 'track: "closure" (with --allow-sys) would track them'
    : "--allow-sys would track them";
  return [`not tracked: ${names.join(", ")}; ${remedy}`];
}

function blindIn(code: NormalizedCode): BlindUse[] {
  const found = new Map<string, BlindUse>();
  for (const slot of code.slots) {
    for (const use of slot.uses) {
      const blind = blindGlobal([slot.name, ...use.path]);
      if (blind) found.set(blind.name, blind);
    }
  }
  return [...found.values()];
}
