import { describe, expect, test } from "vitest";
import { type DType, dtypeNames, dtypes } from "../../src/base/dtypes.ts";
import { Tensor } from "../../src/base/tensor.ts";
import {
  decodeNumber,
  encodeNumber,
  floatRange,
  fromNumbers,
  intRange,
  isEncodedFloat,
  roundHalfEven,
  roundTo,
  saturateToInt,
  toNumbers,
} from "../../src/ops/common/numbers.ts";

/** A seeded generator of numbers over the whole exponent range (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  const word = () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return (t ^ (t >>> 14)) >>> 0;
  };
  return () => (word() / 2 ** 31 - 1) * 2 ** ((word() % 60) - 30);
}

const smallFloats = dtypeNames.filter((name) => isEncodedFloat(name) && name !== "float8e8m0");

describe("small floats", () => {
  test("decode to the values their formats define", () => {
    const cases: [DType, number, number][] = [
      ["float16", 0x3c00, 1],
      ["float16", 0x0001, 2 ** -24],
      ["float16", 0x03ff, 1023 * 2 ** -24],
      ["float16", 0x7bff, 65504],
      ["float16", 0xfc00, Number.NEGATIVE_INFINITY],
      ["bfloat16", 0x3f80, 1],
      ["bfloat16", 0x4049, 3.140625],
      ["float8e4m3fn", 0x7e, 448],
      ["float8e4m3fn", 0x01, 2 ** -9],
      ["float8e4m3fn", 0xff, Number.NaN],
      ["float8e4m3fnuz", 0x7f, 240],
      ["float8e4m3fnuz", 0x80, Number.NaN],
      ["float8e5m2", 0x7b, 57344],
      ["float8e5m2", 0x7c, Number.POSITIVE_INFINITY],
      ["float8e5m2fnuz", 0x7f, 57344],
      ["float8e5m2fnuz", 0x01, 2 ** -17],
      ["float4e2m1", 0x7, 6],
      ["float4e2m1", 0x9, -0.5],
      ["float8e8m0", 127, 1],
      ["float8e8m0", 0, 2 ** -127],
      ["float8e8m0", 255, Number.NaN],
    ];
    for (const [dtype, bits, value] of cases) expect(decodeNumber(dtype, bits), `${dtype} ${bits}`).toBe(value);
  });

  test.each(smallFloats)("%s: every code survives decode and encode", (dtype) => {
    const codes = dtypes[dtype].bits === 16 ? 65536 : 2 ** dtypes[dtype].bits;
    const wrong: number[] = [];
    for (let code = 0; code < codes; code++) {
      const value = decodeNumber(dtype, code);
      const again = encodeNumber(dtype, value, { saturate: false }) as number;
      const kept = Number.isNaN(value) ? Number.isNaN(decodeNumber(dtype, again)) : again === code;
      if (!kept) wrong.push(code);
    }
    expect(wrong).toEqual([]);
  });

  test.each(smallFloats)("%s: encode picks the nearest value, ties to the even code", (dtype) => {
    const codes = dtypes[dtype].bits === 16 ? 65536 : 2 ** dtypes[dtype].bits;
    const finite: [number, number][] = [];
    for (let code = 0; code < codes / 2; code++) {
      const value = decodeNumber(dtype, code);
      if (Number.isFinite(value)) finite.push([value, code]);
    }
    const wrong: number[] = [];
    for (let i = 0; i + 1 < finite.length; i++) {
      const [low, lowCode] = finite[i]!;
      const [high, highCode] = finite[i + 1]!;
      const middle = (low + high) / 2;
      if (encodeNumber(dtype, middle) !== (lowCode % 2 === 0 ? lowCode : highCode)) wrong.push(lowCode);
      if (encodeNumber(dtype, middle * (1 - 2 ** -50)) !== lowCode) wrong.push(lowCode);
      if (encodeNumber(dtype, middle * (1 + 2 ** -50)) !== highCode) wrong.push(lowCode);
    }
    expect(wrong).toEqual([]);
  });

  test("overflow saturates or not as asked", () => {
    expect(roundTo("float8e4m3fn", 1e6)).toBe(448);
    expect(roundTo("float8e4m3fn", 1e6, { saturate: false })).toBeNaN();
    expect(roundTo("float8e4m3fn", 464, { saturate: false })).toBe(448); // a tie: 448 has the even mantissa
    expect(roundTo("float8e5m2", Number.NEGATIVE_INFINITY)).toBe(-57344);
    expect(roundTo("float8e5m2", 61440, { saturate: false })).toBe(Number.POSITIVE_INFINITY);
    expect(roundTo("float8e4m3fnuz", -1e9, { saturate: false })).toBeNaN();
    expect(roundTo("float16", 65519.99)).toBe(65504);
    expect(roundTo("float16", 65520)).toBe(Number.POSITIVE_INFINITY);
    expect(roundTo("float4e2m1", -100)).toBe(-6);
    expect(encodeNumber("float8e4m3fnuz", -0)).toBe(0);
    expect(encodeNumber("float8e4m3fn", -0)).toBe(0x80);
  });

  test("bfloat16 agrees with the upper half of float32 where that is exact", () => {
    const next = numbers(7);
    const view = new Float32Array(1);
    const words = new Uint32Array(view.buffer);
    for (let i = 0; i < 2000; i++) {
      view[0] = next();
      words[0] = words[0]! & 0xffff0000;
      expect(encodeNumber("bfloat16", view[0]!)).toBe(words[0]! >>> 16);
    }
  });

  test("float8e8m0 rounds to a power of two up, down or nearest", () => {
    expect(roundTo("float8e8m0", 5)).toBe(8);
    expect(roundTo("float8e8m0", 5, { scaleRounding: "down" })).toBe(4);
    expect(roundTo("float8e8m0", 5, { scaleRounding: "nearest" })).toBe(4);
    expect(roundTo("float8e8m0", 6, { scaleRounding: "nearest" })).toBe(8);
    expect(roundTo("float8e8m0", -1)).toBeNaN();
  });

  test("rounding goes straight from the double, not over float32", () => {
    // 1 + 2^-11 is the tie between 1 and 1 + 2^-10; the last term is lost in float32 and decides here.
    expect(roundTo("float16", 1 + 2 ** -11 + 2 ** -40)).toBe(1 + 2 ** -10);
    expect(roundTo("float16", 1 + 2 ** -11)).toBe(1);
  });
});

test("float32 rounds as Math.fround does", () => {
  const next = numbers(3);
  const values = Float64Array.from({ length: 500 }, next);
  expect(fromNumbers("float32", values)).toEqual(Float32Array.from(values, Math.fround));
});

describe("integers", () => {
  test("truncate and wrap like the machine's types", () => {
    expect([...fromNumbers("int8", [127.9, 128, -129, Number.NaN])]).toEqual([127, -128, 127, 0]);
    expect([...fromNumbers("uint8", [255.9, 256, -1])]).toEqual([255, 0, 255]);
    expect([...fromNumbers("int4", [7, 8, -9, -8, 15])]).toEqual([7, -8, 7, -8, -1]);
    expect([...fromNumbers("uint4", [16, -1, 3.7])]).toEqual([0, 15, 3]);
    expect([...fromNumbers("int2", [1, 2, -3])]).toEqual([1, -2, 1]);
    expect([...fromNumbers("int64", [2 ** 53, -1.5, 2 ** 63, Number.POSITIVE_INFINITY])]).toEqual([
      2n ** 53n,
      -1n,
      -(2n ** 63n),
      0n,
    ]);
    expect([...fromNumbers("bool", [0, -0, 0.1, Number.NaN])]).toEqual([0, 0, 1, 1]);
    expect(encodeNumber("uint64", -1)).toBe(2n ** 64n - 1n);
  });

  test("intRange and saturateToInt clamp after rounding half to even", () => {
    expect(intRange("int4")).toEqual([-8, 7]);
    expect(intRange("uint2")).toEqual([0, 3]);
    expect([0.5, 1.5, 2.5, -0.5, -1.5].map((x) => saturateToInt("int8", x))).toEqual([0, 2, 2, -0, -2]);
    expect(saturateToInt("uint8", 255.5)).toBe(255);
    expect(saturateToInt("int4", -8.6)).toBe(-8);
  });
});

test("roundHalfEven keeps signs, huge numbers and NaN", () => {
  expect(roundHalfEven(-0.4)).toBe(-0);
  expect(roundHalfEven(2 ** 60 + 1)).toBe(2 ** 60 + 1);
  expect(roundHalfEven(Number.NaN)).toBeNaN();
  expect(roundHalfEven(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
  const next = numbers(11);
  for (let i = 0; i < 1000; i++) {
    const x = next() % 1000;
    const r = roundHalfEven(x);
    expect(Math.abs(r - x)).toBeLessThanOrEqual(0.5);
    if (Math.abs(r - x) === 0.5) expect(Math.abs(r % 2)).toBe(0);
  }
});

test.each(dtypeNames.filter((name) => !["string", "complex64", "complex128"].includes(name)))(
  "%s: small whole numbers survive fromNumbers and toNumbers",
  (dtype) => {
    const values = dtype === "float8e8m0" || dtype === "bool" ? [1, 1] : [0, 1];
    expect([...toNumbers(new Tensor(dtype, [2], fromNumbers(dtype, values)))]).toEqual(values);
  },
);

test("toNumbers refuses strings with the type's name", () => {
  expect(() => toNumbers(new Tensor("string", [1], ["a"]))).toThrow(/string/);
});

test("floatRange gives max, smallest normal and epsilon", () => {
  expect(floatRange("float16")).toEqual({ max: 65504, minNormal: 2 ** -14, epsilon: 2 ** -10 });
  expect(floatRange("float32").max).toBe(Math.fround(3.4028234663852886e38));
});
