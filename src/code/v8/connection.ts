/**
 * Connection to V8 over the protocol of its inspector.
 *
 * @module
 */
import { randomId } from "../../words/random.ts";

/** Largest number of values that are brought by one request, each as an argument of a function. */
const MAX_BROUGHT = 10_000;

/** Number of objects that are asked about at once. With more of them, V8 takes longer for each. */
const BATCH = 128;

/** Asks about a batch of objects at a time, and returns the answers in the order of the objects. */
async function inBatches<Answer>(
  objects: readonly object[],
  ask: (batch: readonly object[]) => Promise<readonly Answer[]>,
): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let at = 0; at < objects.length; at += BATCH) answers.push(...await ask(objects.slice(at, at + BATCH)));
  return answers;
}

interface RemoteObject {
  readonly objectId?: string;
  readonly value?: unknown;
  readonly unserializableValue?: string;
  readonly type: string;
}

interface RemoteProperty {
  readonly name: string;
  readonly value?: RemoteObject;
}

interface RemoteProperties {
  readonly result: readonly RemoteProperty[];
  readonly internalProperties?: readonly RemoteProperty[];
  readonly privateProperties?: readonly RemoteProperty[];
}

/** What is asked of V8 to learn the origin of a function: nothing for native code. */
interface ShownFunction {
  readonly location?: Location;
  readonly remote: readonly RemoteObject[];
}

interface ParsedScript {
  readonly scriptId: string;
  readonly url: string;
  readonly isModule?: boolean;
}

/** The methods of a session of `node:inspector/promises` that are used here. */
export interface InspectorSession {
  disconnect(): void;
  on(event: "Debugger.scriptParsed", listener: (message: { params: ParsedScript }) => void): unknown;
  post(method: string, params: Record<string, unknown>): Promise<unknown>;
}

/** Connection over one session, which serves many requests at once. */
export class Connection {
  readonly #session: InspectorSession;
  readonly #exchange = new Exchange();
  readonly #urls = new Map<string, string>();
  readonly #ids = new Map<string, string>();
  readonly #modules = new Set<string>();
  #exchangeId = "";

  constructor(session: InspectorSession) {
    this.#session = session;
  }

  async start(): Promise<void> {
    this.#session.on("Debugger.scriptParsed", ({ params: { scriptId, url, isModule } }) => {
      if (isModule === true) this.#modules.add(scriptId);
      this.#urls.set(scriptId, url);
      this.#ids.set(url, scriptId);
    });
    const enabling = this.#post("Debugger.enable");
    const skipping = this.#post("Debugger.setSkipAllPauses", { skip: true });
    await enabling;
    await skipping;
    this.#exchangeId = await this.#idOf(this.#exchange);
  }

  close(): void {
    this.#session.disconnect();
  }

  locate(functions: readonly object[]): Promise<FunctionOrigin[]> {
    return inBatches(functions, (batch) => this.#locateBatch(batch));
  }

  privateFields(objects: readonly object[]): Promise<ReadonlyMap<string, unknown>[]> {
    return inBatches(objects, (batch) => this.#privateFieldsOf(batch));
  }

  async #locateBatch(functions: readonly object[]): Promise<FunctionOrigin[]> {
    const group = this.#newGroup();
    const ids = await this.#idsOf(functions, group);
    const shown = await Promise.all(ids.map((id) => this.#shownOf(id)));
    const values = await this.#bring(shown.flatMap(({ remote }) => remote));
    await this.#post("Runtime.releaseObjectGroup", { objectGroup: group });
    const origins: FunctionOrigin[] = [];
    let next = 0;
    for (const { remote, location } of shown) {
      const own = values.slice(next, next += remote.length);
      if (location) origins.push(await this.#placed(location, readScopes(own[0])));
      else if (own.length === 0) origins.push({ kind: "native" });
      else {
        const [target, receiver, args] = own;
        origins.push({ kind: "bound", target, receiver, args: Array.from(args as unknown[] ?? []) });
      }
    }
    return origins;
  }

  async #privateFieldsOf(objects: readonly object[]): Promise<ReadonlyMap<string, unknown>[]> {
    const group = this.#newGroup();
    const ids = await this.#idsOf(objects, group);
    const fields = await Promise.all(ids.map(async (objectId) => {
      const { privateProperties = [] } = await this.#properties(objectId);
      return privateProperties.filter((property) => property.value !== undefined);
    }));
    const values = await this.#bring(fields.flat().map((property) => property.value as RemoteObject));
    let next = 0;
    const found = fields.map((own) => {
      const names = distinctNames(own.map(({ name }) => name));
      return new Map(names.map((name) => [name, values[next++]]));
    });
    await this.#post("Runtime.releaseObjectGroup", { objectGroup: group });
    return found;
  }

  scriptUrls(): string[] {
    return [...this.#ids.keys()];
  }

  async scriptOf(url: string): Promise<Script | null> {
    const id = this.#ids.get(url);
    return id === undefined ? null : await this.#script(id);
  }

  /** What V8 shows of a function: its place and its list of scopes, or the parts of a bound function. */
  async #shownOf(objectId: string): Promise<ShownFunction> {
    const { internalProperties = [] } = await this.#properties(objectId);
    const internal = (name: string) => internalProperties.find((property) => property.name === name)?.value;
    const target = internal("[[TargetFunction]]");
    if (target) {
      const nothing = { type: "undefined" };
      return { remote: [target, internal("[[BoundThis]]") ?? nothing, internal("[[BoundArgs]]") ?? nothing] };
    }
    const location = internal("[[FunctionLocation]]")?.value as Location | undefined;
    const scopes = internal("[[Scopes]]");
    return location && scopes ? { location, remote: [scopes] } : { remote: [] };
  }

  async #placed(location: Location, scopes: readonly ShownScope[]): Promise<FunctionOrigin> {
    const script = await this.#script(location.scriptId);
    return {
      kind: "script",
      script,
      offset: offsetOf(script, location),
      scopes: scopes.map(({ object }) => object),
      scopeKinds: scopes.map(({ description }) => description),
    };
  }

  #properties(objectId: string): Promise<RemoteProperties> {
    return this.#post("Runtime.getProperties", { objectId, ownProperties: true });
  }

  async #script(id: string): Promise<Script> {
    const url = this.#urls.get(id) ?? "";
    const known = scripts.get(id);
    if (known && known.url === url) return known;
    const isModule = this.#modules.has(id);
    const script = { id, url, isModule, text: isPlatformScript(url) ? "" : await this.#source(id) };
    scripts.set(id, script);
    return script;
  }

  /** Text of a script, or the bytes of a WebAssembly module in base64; empty when V8 does not return them. */
  async #source(scriptId: string): Promise<string> {
    try {
      const { scriptSource, bytecode } = await this.#post<{ scriptSource: string; bytecode?: string }>(
        "Debugger.getScriptSource",
        { scriptId },
      );
      return bytecode ?? scriptSource;
    } catch {
      return "";
    }
  }

  /** Returns, for remote objects, the values of this realm that they stand for. */
  async #bring(objects: readonly RemoteObject[]): Promise<readonly unknown[]> {
    // Most primitives are in the answer already.
    const isHere = ({ objectId, unserializableValue }: RemoteObject) =>
      objectId === undefined && unserializableValue === undefined;
    const away = objects.filter((object) => !isHere(object));
    const brought: unknown[] = [];
    for (let at = 0; at < away.length; at += MAX_BROUGHT) {
      brought.push(...await this.#bringAway(away.slice(at, at + MAX_BROUGHT)));
    }
    let next = 0;
    return objects.map((object) => isHere(object) ? object.value : brought[next++]);
  }

  async #bringAway(objects: readonly RemoteObject[]): Promise<readonly unknown[]> {
    const ticket = this.#exchange.ticket();
    const args = objects.map(({ objectId, unserializableValue }) =>
      objectId === undefined ? { unserializableValue } : { objectId }
    );
    await this.#post("Runtime.callFunctionOn", {
      objectId: this.#exchangeId,
      functionDeclaration: "function (ticket, ...values) { this.receive(ticket, values); }",
      arguments: [{ value: ticket }, ...args],
    });
    return this.#exchange.received(ticket);
  }

  /** Name for a new group of remote handles. Handles keep their objects alive; a group is released as a whole. */
  #newGroup(): string {
    return `cachepy.${this.#exchange.ticket()}`;
  }

  async #idsOf(objects: readonly object[], objectGroup: string): Promise<string[]> {
    const ticket = this.#exchange.send(objects);
    const { result } = await this.#post<{ result: RemoteObject }>("Runtime.callFunctionOn", {
      objectId: this.#exchangeId,
      functionDeclaration: "function (ticket) { return this.take(ticket); }",
      arguments: [{ value: ticket }],
      objectGroup,
    });
    const { result: items } = await this.#properties(result.objectId ?? "");
    const byIndex = new Map(items.map((item) => [item.name, item.value?.objectId]));
    return objects.map((_, index) => byIndex.get(String(index)) ?? "");
  }

  /** Remote id of a local object, which is passed through a property of the global object that is deleted at once. */
  async #idOf(value: object): Promise<string> {
    const name = `cachepy.inspector.${randomId()}`;
    Object.defineProperty(globalThis, name, { value, configurable: true, enumerable: false });
    const evaluating = this.#post<{ result: RemoteObject }>("Runtime.evaluate", {
      expression: `globalThis[${JSON.stringify(name)}]`,
    });
    try {
      return (await evaluating).result.objectId ?? "";
    } finally {
      Reflect.deleteProperty(globalThis, name);
    }
  }

  #post<Result>(method: string, params: Record<string, unknown> = {}): Promise<Result> {
    return this.#session.post(method, params) as Promise<Result>;
  }
}

/**
 * Makes names distinct. A class and a class that extends it may each have a private field with the same name. Nothing
 * tells which class a field belongs to, so each of the two fields gets a number and neither keeps the bare name.
 */
function distinctNames(names: readonly string[]): string[] {
  return names.map((name, index) => {
    const isAlone = names.indexOf(name) === index && names.lastIndexOf(name) === index;
    return isAlone ? name : `${name} (${names.slice(0, index).filter((one) => one === name).length + 1})`;
  });
}

interface Location {
  readonly scriptId: string;
  readonly lineNumber: number;
  readonly columnNumber: number;
}

/** Scripts by id. They are kept after the session ends, since the source of a compiled script does not change. */
const scripts = new Map<string, Script>();
const lineStarts = new WeakMap<Script, readonly number[]>();

function offsetOf(script: Script, location: Location): number {
  let starts = lineStarts.get(script);
  if (!starts) {
    const found = [0];
    for (const { index, 0: end } of script.text.matchAll(/\r\n|[\n\r\u2028\u2029]/g)) found.push(index + end.length);
    lineStarts.set(script, starts = found);
  }
  return (starts[location.lineNumber] ?? 0) + location.columnNumber;
}

/** A scope as the debugger shows it: `Closure (name)`, `Block`, `Module` and the like, and its variables. */
interface ShownScope {
  readonly description: string;
  readonly object: ScopeValues;
}

/** Scopes from the debugger's array-like list of kinds and variables, without the global scope. */
function readScopes(list: unknown): ShownScope[] {
  return Array.from(list as ArrayLike<ShownScope>).filter((scope) => scope.description !== "Global");
}

/** Values on their way into the inspector and back. Both sides are in the same realm, so nothing is copied. */
class Exchange {
  readonly #outgoing = new Map<number, readonly object[]>();
  readonly #incoming = new Map<number, readonly unknown[]>();
  #tickets = 0;

  send(values: readonly object[]): number {
    this.#outgoing.set(++this.#tickets, values);
    return this.#tickets;
  }

  take(ticket: number): readonly object[] {
    const values = this.#outgoing.get(ticket) ?? [];
    this.#outgoing.delete(ticket);
    return values;
  }

  ticket(): number {
    return ++this.#tickets;
  }

  receive(ticket: number, values: readonly unknown[]): void {
    this.#incoming.set(ticket, values);
  }

  received(ticket: number): readonly unknown[] {
    const values = this.#incoming.get(ticket) ?? [];
    this.#incoming.delete(ticket);
    return values;
  }
}

/** A script that V8 has compiled. */
export interface Script {
  readonly id: string;
  /** `file:///…`, `https://…`, `node:fs`, `ext:…`; empty for `eval`. */
  readonly url: string;
  /** True for an ECMAScript module, false for CommonJS and other scripts. */
  readonly isModule: boolean;
  /**
   * The JavaScript that runs: types stripped, syntax transformed. Empty for the platform's own scripts; the bytes in
   * base64 for WebAssembly (`wasm://…`).
   */
  readonly text: string;
}

/** True for a script of the runtime. Its text does not count, and is not always available. */
export function isPlatformScript(url: string): boolean {
  return /^(?:ext|node|internal|cdp|checkin):/.test(url);
}

/** Origin of a function: a place in a script, the parts of a bound function, or native code. */
export type FunctionOrigin =
  | {
    readonly kind: "script";
    readonly script: Script;
    /**
     * Index into the script's text, in UTF-16 code units: at the parameters, at the start of an arrow function or of a
     * class, or at a class's constructor.
     */
    readonly offset: number;
    /** Variables by name, innermost scope first, without the global scope: copies of the current values. */
    readonly scopes: readonly ScopeValues[];
    /** Kinds of these scopes, with the names of functions: `Closure (promisify)`, `Block`, `Script`, `Module`. */
    readonly scopeKinds: readonly string[];
  }
  | { readonly kind: "bound"; readonly target: unknown; readonly receiver: unknown; readonly args: readonly unknown[] }
  | { readonly kind: "native" };

/** Variables of one scope. Reading a variable that is not initialized yet throws a `ReferenceError`. */
export type ScopeValues = Readonly<Record<string, unknown>>;

/** Stands for a variable that is not initialized yet. */
export const UNSET = Symbol("unset");

/** Value of a variable of a scope, or {@linkcode UNSET}. */
export function readScope(scope: ScopeValues, name: string): unknown {
  try {
    return scope[name];
  } catch {
    return UNSET;
  }
}

/** Value of the innermost variable of a name; `undefined` when there is none, and when it is not initialized yet. */
export function valueInScopes(scopes: readonly ScopeValues[], name: string): unknown {
  const scope = scopes.find((one) => Object.hasOwn(one, name));
  const value = scope && readScope(scope, name);
  return value === UNSET ? undefined : value;
}
