import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import type { Codec } from "../../src/values/codec.ts";
import { codecOfClass, encodeByCodec } from "../../src/values/use_codecs.ts";

const KEY = Symbol.for("cachepy.codec");

function fixed(name: string, is: (value: unknown) => boolean, encode: (value: unknown) => unknown = String): Codec {
  return { name, is, encode, decode: (data) => data };
}

Deno.test("encodeByCodec() asks in order and takes the first; what `is` throws means no", () => {
  const throws = fixed("throws", () => {
    throw new Error("own");
  });
  const codecs = [fixed("no", () => false), throws, fixed("yes", (value) => value === 1), fixed("late", () => true)];
  assertEquals(encodeByCodec(1, codecs), { name: "yes", data: "1" });
  assertEquals(encodeByCodec(2, codecs), { name: "late", data: "2" });
  assertEquals(encodeByCodec(2, [throws]), null);
  assertEquals(encodeByCodec(2, []), null);
});

Deno.test("encodeByCodec() passes on what encode throws, since the value cannot be kept then", () => {
  const codec = fixed("bad", () => true, () => {
    throw new RangeError("own");
  });
  assertThrows(() => encodeByCodec(1, [codec]), RangeError, "own");
});

Deno.test("codecOfClass() finds the codec that a class declares, with its own this", () => {
  class Amount {
    static [KEY] = {
      unit: 100,
      encode({ cents }: Amount): number {
        return cents / this.unit;
      },
      decode(data: number): Amount {
        return new Amount(data * this.unit);
      },
    };
    constructor(readonly cents: number) {}
  }
  class Cheap extends Amount {}
  const codec = codecOfClass(Amount)!;
  assertEquals(codec.name, "Amount");
  assertStrictEquals(codecOfClass(Amount), codec);
  assertEquals(encodeByCodec(new Amount(500), [codec]), { name: "Amount", data: 5 });
  assertEquals(codec.decode(5), new Amount(500));
  assertEquals(encodeByCodec(new Cheap(500), [codec]), null);
  assertEquals(codecOfClass(Cheap), null);
});

Deno.test("codecOfClass() takes another name, and a declaration that is replaced", () => {
  class Amount {
    static [KEY] = { name: "shop.Amount", encode: String, decode: Number };
  }
  const before = codecOfClass(Amount)!;
  assertEquals(before.name, "shop.Amount");
  Amount[KEY] = { name: "shop.Sum", encode: String, decode: Number };
  assertEquals(codecOfClass(Amount)!.name, "shop.Sum");
});

Deno.test("codecOfClass() calls no accessor and no trap, and returns null for what is no codec", () => {
  const trap = () => {
    throw new Error("called");
  };
  class Late {
    static get [KEY](): never {
      return trap();
    }
  }
  class Half {
    static [KEY] = { encode: String };
  }
  class Hidden {
    static [KEY] = Object.defineProperty({ encode: String }, "decode", { get: trap });
  }
  class Text {
    static [KEY] = "codec";
  }
  class Plain {}
  const Nameless = (() =>
    class {
      static [KEY] = { encode: String, decode: Number };
    })();
  const proxied = new Proxy(Half, new Proxy({}, { get: () => trap }));
  for (const one of [Late, Half, Hidden, Text, Plain, Nameless, proxied, {}, () => {}]) {
    assertEquals(codecOfClass(one), null);
  }
});
