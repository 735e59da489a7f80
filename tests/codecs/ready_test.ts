import { assert, assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import * as Arrow from "apache-arrow";
import * as aq from "arquero";
import Big from "big.js";
import BigNumber from "bignumber.js";
import * as d3 from "d3-array";
import { Decimal } from "decimal.js";
import * as Luxon from "luxon";
import * as math from "mathjs";
import * as ml from "ml-matrix";
import { arquero, arrow, d3Intern, decimal, luxon, mathjs, mlMatrix } from "../../codecs.ts";
import type { Codec } from "../../src/values/codec.ts";
import { encodeByCodec } from "../../src/values/use_codecs.ts";
import { keepByCodecs } from "../support/keep.ts";

function assertNotTaken(value: unknown, codecs: readonly Codec[]): void {
  assertEquals(encodeByCodec(value, codecs), null);
}

/** Keeps a value, and asserts that the copy has the same class and the same members in the same order. */
function keep<Value extends object>(value: Value, codecs: readonly Codec[]): Value {
  const copy = keepByCodecs(value, codecs);
  assert(copy !== value);
  assertStrictEquals(Object.getPrototypeOf(copy), Object.getPrototypeOf(value));
  assertEquals(Reflect.ownKeys(copy), Reflect.ownKeys(value));
  assertEquals(Object.isExtensible(copy), Object.isExtensible(value));
  return copy;
}

Deno.test("arrow: a table comes back with its types, nulls, dictionaries, metadata and chunks", () => {
  const codecs = arrow(Arrow);
  const one = Arrow.tableFromArrays({
    id: Int32Array.of(1, 2, 3),
    name: ["a", null, "b"],
    at: [new Date(0), new Date(1), new Date(2)],
  });
  const table = keep(one.concat(one.slice(1)), codecs);
  assertEquals(table.numRows, 5);
  assertEquals(table.batches.length, 2);
  assertEquals(
    table.toArray().map((row) => row.toJSON()),
    one.concat(one.slice(1)).toArray().map((row) => row.toJSON()),
  );
  assertEquals(table.schema.toString(), one.schema.toString());
  const typesOf = ({ schema: { fields } }: Arrow.Table) =>
    fields.map(({ type }) => [type.constructor, (type as Arrow.Dictionary).indices?.constructor]);
  assertEquals(typesOf(table as Arrow.Table), typesOf(one as unknown as Arrow.Table), "the classes of the types");
  assertEquals(table.getChild("name")!.nullCount, 2);
  assertStrictEquals(table.get(0)!.id, 1);
  assertEquals(table.select(["id"]).getChild("id")!.toArray(), Int32Array.of(1, 2, 3, 2, 3));
  const named = new Arrow.Schema([new Arrow.Field("x", new Arrow.Float64())], new Map([["unit", "mm"]]));
  const empty = keep(new Arrow.Table(named), codecs);
  assertEquals([empty.numRows, empty.numCols, empty.schema.metadata.get("unit")], [0, 1, "mm"]);
  assertEquals(empty.batches.length, new Arrow.Table(named).batches.length);
  assertEquals(keep(new Arrow.Table(), codecs).numRows, 0);
});

Deno.test("arrow: a vector comes back, in one chunk and in several; a memoized one is not taken", () => {
  const codecs = arrow(Arrow);
  const vector = Arrow.vectorFromArray([1.5, null, 2]);
  const copy = keep(vector, codecs);
  assertEquals([...copy], [1.5, null, 2]);
  assertEquals([copy.type.toString(), copy.nullCount, copy.indexOf(2), copy.isValid(1)], ["Float64", 1, 2, false]);
  const chunks = keep(vector.concat(Arrow.vectorFromArray([4.5])), codecs);
  assertEquals([...chunks], [1.5, null, 2, 4.5]);
  assertEquals(chunks.data.length, 2);
  const big = Arrow.makeVector(BigInt64Array.of(1n, 2n));
  assertEquals(keep(big, codecs).toArray(), BigInt64Array.of(1n, 2n));
  const texts = keep(Arrow.vectorFromArray(["x", "y", "x"]), codecs);
  assertEquals([...texts], ["x", "y", "x"]);
  assertEquals(texts.type.toString(), Arrow.vectorFromArray(["x"]).type.toString());
  assertNotTaken(vector.memoize(), codecs);
  assertNotTaken(new Proxy(vector, {}), codecs);
});

Deno.test("arquero: a table comes back with filter, groups, parameters and any kind of column", () => {
  const codecs = [...arquero(aq), ...arrow(Arrow)];
  const table = aq.table({
    day: [new Date(0), new Date(1), new Date(2)],
    kind: ["x", "y", "x"],
    rain: Float64Array.of(1, 2, 3),
    code: Arrow.vectorFromArray([7, 8, 9]),
  }, ["rain", "kind", "day", "code"]).params({ least: 2 });
  const copy = keep(table, codecs);
  assertEquals(copy.columnNames(), ["rain", "kind", "day", "code"]);
  assertEquals(copy.objects(), table.objects());
  assert(copy.column("rain") instanceof Float64Array);
  assertEquals(copy.params(), { least: 2 });
  const wet = table.filter((row: { rain: number }) => row.rain >= 2);
  assertEquals(keep(wet, codecs).numRows(), 2);
  assertEquals(keep(wet, codecs).totalRows(), 3);
  assertEquals(keep(wet, codecs).objects(), wet.objects());
  assertEquals(keep(wet, codecs).reify().column("kind"), wet.reify().column("kind"));
  for (const grouped of [table.groupby("kind"), wet.groupby("kind"), table.groupby("kind").filter("d => d.rain > 1")]) {
    const again = keep(grouped, codecs);
    assert(again.isGrouped());
    assertEquals(again.groups().keys, grouped.groups().keys);
    const sum = { total: (row: { rain: number }) => aq.op.sum(row.rain) };
    assertEquals(again.rollup(sum).objects(), grouped.rollup(sum).objects());
    const shifted = { kind: (row: { kind: string }) => row.kind + "!" };
    assertEquals(again.derive(shifted).count().objects(), grouped.derive(shifted).count().objects());
  }
});

Deno.test("arquero: a table that holds functions is refused with the remedy", () => {
  const codecs = arquero(aq);
  const table = aq.table({ a: [2, 1] });
  assertThrows(() => keepByCodecs(table.orderby("a"), codecs), TypeError, ".reify()");
  assertEquals(keep(table.orderby("a").reify(), codecs).array("a"), [1, 2]);
  assertThrows(() => keepByCodecs(table.groupby({ b: "d => d.a * 2" }), codecs), TypeError, ".ungroup()");
  assertThrows(() => keepByCodecs(table.groupby({ a: "d => d.a * 2" }), codecs), TypeError, ".ungroup()");
});

Deno.test("luxon: a DateTime comes back with zone, locale and offset", () => {
  const codecs = luxon(Luxon);
  const { DateTime } = Luxon;
  const berlin = DateTime.fromISO("2024-10-27T02:30:00.123", { zone: "Europe/Berlin", locale: "de-CH" });
  for (
    const value of [
      berlin,
      berlin.plus({ hours: 1 }),
      berlin.toUTC(),
      berlin.setZone("UTC+5:30"),
      berlin.setLocale("ar").reconfigure({ numberingSystem: "arab", outputCalendar: "islamic" }),
      DateTime.local(2024, 2, 3),
      DateTime.fromObject({ year: 5, month: 1 }, { zone: "America/New_York" }),
    ]
  ) {
    const copy = keep(value, codecs);
    assertEquals(+copy, +value);
    assert(copy.equals(value) && copy.hasSame(value, "day"));
    assertEquals(copy.toISO(), value.toISO());
    assertEquals(copy.zoneName, value.zoneName);
    assertEquals(copy.toLocaleString(DateTime.DATETIME_HUGE), value.toLocaleString(DateTime.DATETIME_HUGE));
    assertEquals(copy.toFormat("cccc LLLL d ZZZZ"), value.toFormat("cccc LLLL d ZZZZ"));
    assertEquals(copy.plus({ months: 5 }).toISO(), value.plus({ months: 5 }).toISO());
    assertEquals(copy.resolvedLocaleOptions(), value.resolvedLocaleOptions());
    assertEquals(copy.setLocale("fr").toLocaleString(), value.setLocale("fr").toLocaleString());
    assertEquals(
      copy.startOf("week", { useLocaleWeeks: true }).toISO(),
      value.startOf("week", { useLocaleWeeks: true }).toISO(),
    );
    assertEquals(copy.diff(value).toObject(), { milliseconds: 0 });
    assert(DateTime.isDateTime(copy) && copy instanceof DateTime);
  }
  const invalid = keep(DateTime.fromISO("nonsense"), codecs);
  assertEquals([invalid.isValid, invalid.invalidReason], [false, "unparsable"]);
  assertEquals(invalid.invalidExplanation, DateTime.fromISO("nonsense").invalidExplanation);
  const nowhere = keep(DateTime.fromISO("2024-01-01", { zone: "Nowhere/City" }), codecs);
  assertEquals(nowhere.invalidReason, "unsupported zone");
});

Deno.test("luxon: a DateTime is not made again where the system's zone is another one, nor with a further member", () => {
  const codecs = luxon(Luxon);
  const zone = codecs.find(({ name }) => name === "luxon.SystemZone")!;
  assertThrows(() => zone.decode("Mars/Base"), Error, "the system's time zone was Mars/Base and is ");
  const marked = Object.assign(Luxon.DateTime.utc(), { mark: 1 });
  assertThrows(() => keepByCodecs(marked, codecs), TypeError, "it has a further member, mark");
});

Deno.test("luxon: durations, intervals and zones come back", () => {
  const codecs = luxon(Luxon);
  const { DateTime, Duration, Interval, IANAZone, FixedOffsetZone, SystemZone } = Luxon;
  for (
    const value of [
      Duration.fromObject({ hours: 1.5, minutes: 90 }, { locale: "de" }),
      Duration.fromObject({ months: 1 }, { conversionAccuracy: "longterm" }),
      Duration.fromISO("P1Y2M"),
    ]
  ) {
    const copy = keep(value, codecs);
    assertEquals(copy.toISO(), value.toISO());
    assertEquals(copy.as("minutes"), value.as("minutes"));
    assertEquals(copy.toHuman(), value.toHuman());
    assert(copy.equals(value));
  }
  assertEquals(keep(Duration.invalid("why", "so"), codecs).invalidExplanation, "so");
  const start = DateTime.fromISO("2024-01-01", { zone: "Asia/Tokyo" });
  const interval = Interval.after(start, { days: 3 });
  const copy = keep(interval, codecs);
  assertEquals([copy.toISO(), copy.length("hours"), copy.contains(start)], [interval.toISO(), 72, true]);
  assertEquals(keep(Interval.invalid("why"), codecs).invalidReason, "why");
  assertStrictEquals(keepByCodecs(SystemZone.instance, codecs), SystemZone.instance);
  assert(keepByCodecs(IANAZone.create("Asia/Tokyo"), codecs).equals(IANAZone.create("Asia/Tokyo")));
  assertEquals(keepByCodecs(FixedOffsetZone.instance(90), codecs).name, "UTC+1:30");
});

Deno.test("decimal: numbers of decimal.js, big.js and bignumber.js come back digit by digit", () => {
  const texts = ["0", "-0", "1.5", "-1234567890123456789012345678901234567890.5", "1e-300", "9.99e+300"];
  for (const Class of [Decimal, BigNumber, Big] as (typeof Decimal)[]) {
    const codecs = decimal(Class);
    for (const text of Class === Big as unknown ? texts : [...texts, "NaN", "Infinity", "-Infinity"]) {
      const value = new Class(text);
      const copy = keep(value, codecs);
      assertEquals(copy.valueOf(), value.valueOf());
      assertEquals(copy.toFixed(3), value.toFixed(3));
      assertEquals(copy.plus("0.1").times(3).toString(), value.plus("0.1").times(3).toString());
      assertEquals(copy.eq(value), text !== "NaN");
    }
  }
});

Deno.test("decimal: a clone of the class is another class", () => {
  const Precise = Decimal.clone({ precision: 50 });
  assertNotTaken(new Precise(1), decimal(Decimal));
  assertNotTaken(new Decimal(1), decimal(Precise));
  const copy = keep(new Precise(1), decimal(Precise));
  assertEquals(copy.div(3).toString(), `0.${"3".repeat(50)}`);
  const OtherBig = (Big as unknown as () => typeof Big)();
  assertNotTaken(new OtherBig(1), decimal(Big));
  assertNotTaken(new (BigNumber.clone())(1), decimal(BigNumber));
});

Deno.test("mathjs: numbers, matrices, units, ranges and result sets come back", () => {
  const codecs = mathjs(math);
  const values = [
    math.complex(1.5, -2),
    math.complex(NaN, 0),
    math.fraction(-1, 3),
    math.bignumber("1.2345678901234567890123456789"),
    math.matrix([[1, 2], [3, 4]]),
    math.matrix([[math.complex(1, 2), math.fraction(1, 2)], [math.bignumber(3), 4]]),
    math.sparse([[1, 0], [0, 4]]),
    math.unit("5.1 cm"),
    math.unit(0.07, "m"),
    math.unit("9.81 m/s^2"),
    math.unit("20 degC"),
    math.unit("kg"),
    math.unit(math.bignumber("1.5") as unknown as number, "kilogram"),
    math.unit(math.complex(1, 2) as unknown as number, "V"),
    math.multiply(math.unit("2 m"), math.unit("3 s")) as math.Unit,
    math.unit("5 inch").to("cm"),
    math.evaluate("1:3"),
    math.evaluate("a = 3 cm\nb = a + 1 cm"),
  ].filter((value) => typeof value === "object") as object[];
  for (const value of values) {
    const copy = keep(value, codecs);
    assertEquals(copy, value);
    assertEquals(math.format(copy), math.format(value));
    assertEquals(math.typeOf(copy), math.typeOf(value));
    assertEquals(JSON.stringify(copy), JSON.stringify(value));
  }
  const matrix = keep(math.matrix([[1, 2], [3, 4]]), codecs);
  assertEquals(math.det(matrix), -2);
  assertEquals(math.multiply(keep(math.sparse([[2, 0], [0, 2]]), codecs), matrix).toArray(), [[2, 4], [6, 8]]);
  const inch = math.unit("1 inch");
  assertEquals(
    math.add(keep(math.unit("5 cm"), codecs), inch).toString(),
    math.add(math.unit("5 cm"), inch).toString(),
  );
  assertEquals(math.add(keep(math.fraction(1, 3), codecs), math.fraction(1, 6)).toString(), "0.5");
  assertEquals(keep(math.unit("5.1 cm"), codecs).to("mm").toNumber("mm"), math.unit("5.1 cm").toNumber("mm"));
});

Deno.test("mathjs: a unit of the user is kept while it is defined as it was", () => {
  const one = math.create(math.all!);
  one.createUnit("furlong", "220 yards");
  const codecs = mathjs(one);
  const value = keep(one.unit("2 furlong"), codecs);
  assertEquals(value.toNumber("m"), 402.336);
  const unit = codecs.find(({ name }) => name === "mathjs.Unit")!;
  const data = unit.encode(one.unit("2 furlong"));
  one.createUnit("furlong", "200 m", { override: true });
  assertThrows(() => unit.decode(data), Error, "the unit furlong is not what it was");
  assertNotTaken(math.unit("2 m"), codecs);
});

Deno.test("mlMatrix: matrices, symmetric ones, views and decompositions come back", () => {
  const codecs = mlMatrix(ml);
  const matrix = new ml.Matrix([[4, 1, NaN], [1, 3, -0]]);
  const copy = keep(matrix, codecs);
  assertEquals(copy.to2DArray(), matrix.to2DArray());
  assertEquals(keep(new ml.Matrix(0, 3), codecs).columns, 3);
  assertEquals(keep(new ml.Matrix([[1, 2]]), codecs).addRow([3, 4]).to2DArray(), [[1, 2], [3, 4]]);
  const square = new ml.Matrix([[4, 1], [1, 3]]);
  assertEquals(keep(square, codecs).mmul(square).to2DArray(), square.mmul(square).to2DArray());
  const symmetric = keep(new ml.SymmetricMatrix([[1, 2], [2, 5]]), codecs);
  assertEquals(symmetric.set(0, 1, 9).to2DArray(), [[1, 9], [9, 5]]);
  assertEquals(keep(new ml.DistanceMatrix([[0, 2], [2, 0]]), codecs).to2DArray(), [[0, 2], [2, 0]]);
  const target = ml.Matrix.columnVector([1, 2]);
  assertEquals(keep(new ml.LU(square), codecs).solve(target), new ml.LU(square).solve(target));
  assertEquals(keep(new ml.QR(square), codecs).solve(target), new ml.QR(square).solve(target));
  assertEquals(keep(new ml.EVD(square), codecs).realEigenvalues, new ml.EVD(square).realEigenvalues);
  assertEquals(keep(new ml.SVD(square), codecs).condition, new ml.SVD(square).condition);
  assertEquals(keep(new ml.CHO(square), codecs).lowerTriangularMatrix, new ml.CHO(square).lowerTriangularMatrix);
  assertEquals(keep(new ml.MatrixTransposeView(matrix), codecs).to2DArray(), matrix.transpose().to2DArray());
});

Deno.test("d3Intern: maps and sets are asked by value again; with a key function they are not taken", () => {
  const codecs = d3Intern(d3);
  const map = d3.rollup([1, 1, 2], (group: number[]) => group.length, (x: number) => new Date(x));
  const copy = keep(map, codecs);
  assertEquals(copy.get(new Date(1)), 2);
  copy.set(new Date(2), 7);
  assertEquals([...copy], [[new Date(1), 2], [new Date(2), 7]]);
  const nested = keep(d3.group([1, 2], (x: number) => new Date(x), (x: number) => new Date(-x)), codecs);
  assertEquals(nested.get(new Date(2))!.get(new Date(-2)), [2]);
  const set = keep(new d3.InternSet([new Date(1), new Date(1), 5]), codecs);
  assertEquals([set.size, set.has(new Date(1)), set.has(new Date(2))], [2, true, false]);
  assertNotTaken(new d3.InternMap([], (key: unknown) => String(key)), codecs);
  assertNotTaken(new d3.InternSet([], (key: unknown) => String(key)), codecs);
  assertNotTaken(new Map(), codecs);
});

Deno.test("a ready codec names what is missing in the module that it gets", () => {
  assertThrows(() => luxon({} as typeof Luxon), TypeError, "luxon(…).DateTime");
  assertThrows(() => arrow({} as typeof Arrow), TypeError, "arrow(…).Table");
  assertThrows(() => decimal(undefined as unknown as typeof Decimal), TypeError, "decimal(…)");
});
