/**
 * Reads a value and the values in it, by an explicit stack, so that nesting cannot exhaust the engine's stack.
 *
 * @module
 */
import { ByteReader, decodeWtf8, INDEFINITE } from "../cbor/byte_reader.ts";
import { define } from "../kinds.ts";
import {
  buildRows,
  emptyArray,
  type OpenContainer,
  readChoices,
  readLengths,
  readNumbers,
  readStrings,
  Role,
  type RowColumns,
  SHORT_ARRAY,
  splitLists,
} from "./unpack.ts";
import * as tag from "../cbor/tags.ts";
import { typedArrayOfTag } from "../cbor/tags.ts";
import { readDate, readExtendedTime, readObject, readRegExp, readSymbol, readTypedArray } from "./object_reader.ts";
import { type Builder, capturedAt, openBuilder } from "./builders.ts";
import type { ResultOptions } from "../codec.ts";

/** Returned in place of a value when a container was opened, whose items come next. */
const OPENED: unique symbol = Symbol("opened");
/** Stands for a shared object that is not made yet. */
const UNFINISHED: unique symbol = Symbol("unfinished");

/** Tags that say how to show or use a value and do not change it; they are skipped. */
const TRANSPARENT: ReadonlySet<number> = new Set([21, 22, 23, 24, tag.TAG_URI, 33, 34, 35, 36, tag.TAG_SELF_DESCRIBED]);

/** Reads one value. Use {@linkcode ValueReader.read} once. */
export class ValueReader extends ByteReader {
  /** Number of resizable buffers made so far. */
  resizableBuffers = 0;
  /** Sum of {@linkcode patternCost} over the regular expressions made so far. */
  patternCost = 0;
  /** Codecs and classes that the value may refer to. */
  readonly options: ResultOptions;
  #prototypes: Map<string, object> | null = null;
  readonly #open: OpenContainer[] = [];
  #depth = 0;
  readonly #shared: unknown[] = [];
  #slot = -1;

  /**
   * @param bytes The bytes to read.
   * @param options Codecs and classes that the value may refer to.
   */
  constructor(bytes: Uint8Array, options: ResultOptions) {
    super(bytes);
    this.options = options;
  }

  /** Prototypes of classes by name, once they were looked for. */
  get prototypes(): Map<string, object> {
    return this.#prototypes ??= new Map();
  }

  /** Reads the value, which has to take up all bytes. */
  read(): unknown {
    let value = this.#item();
    while (this.#depth > 0) {
      const depth = this.#depth;
      const top = this.#open[depth - 1]!;
      if (value !== OPENED) this.#deliver(top, value);
      value = this.#fill(top, depth);
    }
    if (this.at !== this.bytes.length) this.fail("more bytes than the value takes up");
    return value;
  }

  /** Reads items of `top`. @returns `OPENED` when a container opened inside `top`; else the finished value of `top`. */
  #fill(top: OpenContainer, depth: number): unknown {
    while (top.remaining !== 0) {
      if (top.remaining === INDEFINITE) {
        if (this.bytes[this.at] === 0xff) {
          this.at++;
          if (top.hasKey) this.fail("a key without a value", this.at - 1);
          break;
        }
      } else top.remaining--;
      const value = top.role === Role.rows ? this.#openShape() : this.#item();
      if (value === OPENED) return OPENED;
      this.#deliver(top, value);
    }
    this.#depth = depth - 1;
    return this.#close(top);
  }

  #deliver(top: OpenContainer, value: unknown): void {
    switch (top.role) {
      case Role.array:
      case Role.choices:
        (top.target as unknown[]).push(value);
        return;
      case Role.shortArray: {
        const items = top.target as unknown[];
        items[items.length - 1 - top.remaining] = value;
        return;
      }
      case Role.object:
        if (!top.hasKey) {
          top.key = this.#name(value);
          top.hasKey = true;
        } else {
          define(top.target as Record<string, unknown>, top.key as string, value);
          top.hasKey = false;
        }
        return;
      case Role.map:
        if (!top.hasKey) {
          top.key = value;
          top.hasKey = true;
        } else {
          (top.target as Map<unknown, unknown>).set(top.key, value);
          top.hasKey = false;
        }
        return;
      case Role.set:
        (top.target as Set<unknown>).add(value);
        return;
      case Role.sparse:
        return this.#deliverSparse(top, value);
      case Role.cause:
        Object.defineProperty(top.target, "cause", { value, writable: true, configurable: true });
        return;
      case Role.built:
        return (top.target as Builder).take(value);
      case Role.concat:
        if (!Array.isArray(value)) this.fail("a part of a long array that is no array");
        for (const item of value) (top.target as unknown[]).push(item);
        return;
      case Role.lists:
        if (!Array.isArray(value)) this.fail("packed arrays without items");
        top.target = splitLists(this, value, top.key as ArrayLike<number>);
        return;
      case Role.rows:
        (top.target as RowColumns[]).push(value as RowColumns);
        return;
      default: {
        const { names, columns } = top.target as { names: string[]; columns: unknown[][] };
        if (!Array.isArray(value)) this.fail("a column that is no array");
        if (columns.length > 0 && value.length !== columns[0]!.length) this.fail("columns of different lengths");
        if (columns.length === names.length) this.fail("more columns than names");
        columns.push(value);
      }
    }
  }

  #deliverSparse(top: OpenContainer, value: unknown): void {
    const target = top.target as unknown[];
    if (!top.hasKey) {
      const isIndex = typeof value === "number" && value >= 0 && value < target.length;
      if (!isIndex && typeof value !== "string") this.fail("an array with a property that is neither index nor name");
      // A text such as "7" is an index too, and could make the array longer.
      if (typeof value === "string" && /^(?:0|[1-9]\d*)$/.test(value) && Number(value) < 0xffffffff) {
        this.fail("an array with an index given as a name");
      }
      top.key = value;
      top.hasKey = true;
      return;
    }
    if (top.key === "length") this.fail("an array whose length is a property");
    define(target as unknown as Record<string, unknown>, top.key as string, value);
    top.hasKey = false;
  }

  #close(top: OpenContainer): unknown {
    let value = top.target;
    if (top.role === Role.rows) {
      const { order, shapes } = top.key as { order: Uint8Array | null; shapes: RowColumns[] };
      value = buildRows(shapes, order) ?? this.fail("rows whose order does not fit their columns");
    } else if (top.role === Role.shape) {
      const { names, columns } = value as { names: string[]; columns: unknown[][] };
      if (names.length !== columns.length) this.fail("fewer columns than names");
    } else if (top.role === Role.built) {
      value = (value as Builder).finish();
    } else if (top.role === Role.choices) {
      value = readChoices(this, value as unknown[]);
    }
    if (top.slot >= 0) this.#shared[top.slot] = value;
    top.target = top.key = null;
    return value;
  }

  /** Reads a value that holds no other values; of one that does, reads the head and opens a container. */
  #item(): unknown {
    for (;;) {
      const first = this.byte();
      if (first < 0x18) return this.#unshared(first);
      const major = first & 0xe0;
      if (major === 0xe0) return this.#simple(first);
      const argument = this.argument(first);
      switch (major) {
        case 0x00:
        case 0x20:
          if (argument === INDEFINITE) this.fail("an integer of indefinite length", this.at - 1);
          return this.#unshared(this.integer(argument, major === 0x20));
        case 0x40:
          return this.remember(readTypedArray(this, this.string(argument, 0x40), undefined));
        case 0x60:
          return this.#unshared(this.text(argument));
        case 0x80:
          return this.#openArray(argument);
        case 0xa0:
          return this.#openMap(argument);
      }
      // After a tag that any value may follow, the loop goes on with that value; other tags read their content here.
      if (argument === tag.TAG_SHARED) {
        if (this.#slot >= 0) this.fail("a shared mark on a shared mark");
        this.#slot = this.#shared.push(UNFINISHED) - 1;
      } else if (!TRANSPARENT.has(argument)) return this.#tagged(argument);
    }
  }

  #simple(first: number): unknown {
    switch (first) {
      case 0xf4:
        return this.#unshared(false);
      case 0xf5:
        return this.#unshared(true);
      case 0xf6:
        return this.#unshared(null);
      case 0xf7:
        return this.#unshared(undefined);
      case 0xf9:
        return this.#unshared(this.float(2));
      case 0xfa:
        return this.#unshared(this.float(4));
      case 0xfb:
        return this.#unshared(this.float(8));
      case 0xff:
        return this.fail("a break without a beginning", this.at - 1);
      default:
        return this.fail("a simple value without a meaning", this.at - 1);
    }
  }

  #tagged(number: number): unknown {
    switch (number) {
      case tag.TAG_BIGNUM:
      case tag.TAG_NEGATIVE_BIGNUM:
        return this.#unshared(this.bignum(this.byteString(), number === tag.TAG_NEGATIVE_BIGNUM));
      case tag.TAG_WTF8:
        return this.#unshared(decodeWtf8(this.byteString()) ?? this.fail("a text that is not WTF-8"));
      case 0:
      case tag.TAG_EPOCH:
        return this.remember(readDate(this, this.primitive()));
      case tag.TAG_EXTENDED_TIME:
        return this.remember(readExtendedTime(this));
      case tag.TAG_REGEXP:
        return this.remember(readRegExp(this));
      case tag.TAG_REFERENCE:
        return this.reference();
      case tag.TAG_SET:
        return this.#push(Role.set, this.remember(new Set()), this.head(0x80));
      case tag.TAG_MAP:
        return this.#push(Role.map, this.remember(new Map()), this.head(0xa0), 2);
      case tag.TAG_OBJECT:
        return this.#object();
    }
    const kind = typedArrayOfTag(number);
    if (kind === undefined) this.fail(`tag ${number}, which has no meaning here`);
    return this.remember(readTypedArray(this, this.byteString(), kind));
  }

  #object(): unknown {
    const count = this.head(0x80) - 1;
    if (count < 0) this.fail("an object without a type name");
    const name = this.primitive();
    switch (name) {
      case "Array": {
        if (count !== 2) this.fail("an array that is not length and properties");
        const target = this.remember(emptyArray(this.primitive()) ?? this.fail("an array without a valid length"));
        return this.#push(Role.sparse, target, this.head(0xa0), 2);
      }
      case "Numbers":
        return this.remember(readNumbers(this));
      case "Strings":
        return this.remember(readStrings(this));
      case "Choices":
        return this.#pushUnfinished(Role.choices, [], this.head(0x80));
      case "Lists": {
        const lengths = readLengths(this);
        this.#pushUnfinished(Role.lists, null, 1);
        this.#open[this.#depth - 1]!.key = lengths;
        return OPENED;
      }
      case "Concat":
        return this.#pushUnfinished(Role.concat, [], count);
      case "Rows": {
        const order = this.packedBytes();
        const shapes: RowColumns[] = [];
        this.#pushUnfinished(Role.rows, shapes, count - 1);
        this.#open[this.#depth - 1]!.key = { order, shapes };
        return OPENED;
      }
    }
    if (name === "Symbol" || name === "WellKnownSymbol") return this.#unshared(readSymbol(this, name));
    if (name === "Captured") return this.remember(this.captured());
    if (name === "Codec") this.#refuseAsBase();
    const lateSlot = name === "Codec" || name === "View" ? this.takeSlot() : -1;
    const opened = openBuilder(this, name, count);
    if (opened !== null) {
      if (opened.count < 0) this.fail("an object with too few parts");
      this.#push(Role.built, opened.builder, opened.count);
      this.#open[this.#depth - 1]!.slot = lateSlot;
      return OPENED;
    }
    const slot = this.takeSlot();
    const { value, hasCause } = readObject(this, name, count);
    this.fillSlot(slot, value);
    if (!hasCause) return value;
    return this.#push(Role.cause, value, 1);
  }

  /** Reads the number and the digest of a captured object and returns that object. */
  captured(): object {
    const captured = capturedAt(this, this.primitive());
    this.primitive(); // the digest of its content, which is there for comparing results
    return captured;
  }

  #openArray(count: number): unknown {
    if (count < 0 || count > SHORT_ARRAY) return this.#push(Role.array, this.remember([]), count);
    return this.#push(Role.shortArray, this.remember(new Array(count)), count);
  }

  #openMap(count: number): unknown {
    // The codec writes objects with text keys only. A map of another program whose first key is no text becomes a Map.
    const first = this.bytes[this.at] ?? 0x60;
    const isObject = count === 0 || (first & 0xe0) === 0x60 || first === 0xff || isWtf8Head(this.bytes, this.at);
    if (isObject) return this.#push(Role.object, this.remember({}), count, 2);
    return this.#push(Role.map, this.remember(new Map()), count, 2);
  }

  #openShape(): unknown {
    const count = this.head(0x80);
    const names: string[] = [];
    for (let left = this.count(this.head(0x80), 1); left > 0; left--) names.push(this.#name(this.primitive()));
    if (names.length === 0) this.fail("rows without properties");
    return this.#push(Role.shape, { names, columns: [] }, count - 1);
  }

  #pushUnfinished(role: number, target: unknown, count: number): unknown {
    const slot = this.takeSlot();
    this.#push(role, target, count);
    this.#open[this.#depth - 1]!.slot = slot;
    return OPENED;
  }

  #push(role: number, target: unknown, count: number, parts = 1): unknown {
    if (this.#depth >= tag.MAX_DEPTH) this.fail(`nesting deeper than ${tag.MAX_DEPTH}`);
    const remaining = count === INDEFINITE ? INDEFINITE : this.count(count, parts) * parts;
    const frame = this.#open[this.#depth];
    if (frame === undefined) {
      this.#open.push({ role, target, remaining, key: null, hasKey: false, slot: -1 });
    } else {
      frame.role = role;
      frame.target = target;
      frame.remaining = remaining;
      frame.key = null;
      frame.hasKey = false;
      frame.slot = -1;
    }
    this.#depth++;
    return OPENED;
  }

  #name(value: unknown): string {
    if (typeof value === "string") return value;
    return this.fail("an object with a key that is no text");
  }

  /** Records an object if it is marked as shared, and returns it. */
  remember<T extends object>(value: T): T {
    if (this.#slot >= 0) {
      this.#shared[this.#slot] = value;
      this.#slot = -1;
    }
    return value;
  }

  #unshared<T>(value: T): T {
    if (this.#slot >= 0) this.fail("a shared mark on a value that is no object");
    return value;
  }

  /** The object that a reference means. Packed data may hold none: few bytes could then stand for very many values. */
  reference(): object {
    const index = this.primitive();
    const role = this.#depth === 0 ? Role.array : this.#open[this.#depth - 1]!.role;
    if (role >= Role.concat) this.fail("a reference in place of packed data");
    this.#refuseAsBase();
    const value = typeof index === "number" ? this.#shared[index] : undefined;
    if (value === undefined || value === UNFINISHED) this.fail("a reference to nothing");
    return this.#unshared(value as object);
  }

  /** Members are added to objects that are made for that alone, never to those of a codec or met before. */
  #refuseAsBase(): void {
    const top = this.#open[this.#depth - 1];
    if (this.#depth > 0 && top!.role === Role.built && (top!.target as Builder).awaitsNew) {
      this.fail("members of an object that is not new");
    }
  }

  /** True when `null` comes next, which is then skipped. */
  skipNull(): boolean {
    if (this.bytes[this.at] !== 0xf6) return false;
    this.at++;
    return true;
  }

  /** True when a tag other than padding comes next. */
  isTagged(): boolean {
    this.#skipPadding();
    return ((this.bytes[this.at] ?? 0) & 0xe0) === 0xc0;
  }

  /** Reads the next tag; where it marks a shared object, notes that and reads the tag after it. */
  sharedTag(): number {
    let number = this.head(0xc0);
    if (number === tag.TAG_SHARED) {
      this.#slot = this.#shared.push(UNFINISHED) - 1;
      number = this.head(0xc0);
    }
    return number;
  }

  /** Takes the index of the shared object being read, so that its parts do not take it; -1: it is not shared. */
  takeSlot(): number {
    const slot = this.#slot;
    this.#slot = -1;
    return slot;
  }

  /** Records a shared object under the index that `takeSlot` returned. */
  fillSlot(slot: number, value: object): void {
    if (slot >= 0) this.#shared[slot] = value;
  }

  /** Reads a head, which must be of this major type and of definite length. @returns Its argument. */
  head(major: number): number {
    this.#skipPadding();
    const first = this.byte();
    const argument = this.argument(first);
    if ((first & 0xe0) !== major || argument === INDEFINITE) this.fail("another kind of value than the tag needs");
    return argument;
  }

  /** Reads a byte string; one that is not in pieces is not copied. */
  byteString(): Uint8Array {
    this.#skipPadding();
    const first = this.byte();
    if ((first & 0xe0) !== 0x40) this.fail("another kind of value than a byte string", this.at - 1);
    return this.string(this.argument(first), 0x40);
  }

  /** Reads a value, which must be a primitive. */
  primitive(): unknown {
    this.#skipPadding();
    const first = this.bytes[this.at] ?? 0;
    const major = first & 0xe0;
    const isTagged = first === 0xc2 || first === 0xc3 || isWtf8Head(this.bytes, this.at);
    if (major === 0x40 || major === 0x80 || major === 0xa0 || (major === 0xc0 && !isTagged)) {
      this.fail("a value that is no primitive");
    }
    const slot = this.takeSlot();
    const value = this.#item();
    this.#slot = slot;
    return value;
  }

  /** Skips tags that mean nothing. The encoder writes them so that binary data begins at a multiple of eight bytes. */
  #skipPadding(): void {
    const { bytes } = this;
    while (bytes[this.at] === 0xd9 && bytes[this.at + 1] === 0xd9 && bytes[this.at + 2] === 0xf7) this.at += 3;
  }

  /** Reads a part of packed data, which must be a byte string or null. */
  packedBytes(): Uint8Array | null {
    if (this.bytes[this.at] === 0xf6) {
      this.at++;
      return null;
    }
    return this.byteString();
  }
}

function isWtf8Head(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xd9 && bytes[at + 1] === 0x01 && bytes[at + 2] === 0x11;
}
