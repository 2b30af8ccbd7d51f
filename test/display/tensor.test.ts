import { describe, expect, it } from "vitest";
import { display } from "../../src/base/display-hook.ts";
import type { DType } from "../../src/base/dtypes.ts";
import { fromNumbers } from "../../src/base/numbers.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { statisticsOf } from "../../src/display/statistics.ts";
import { tensorSummary } from "../../src/display/tensor.ts";
import "../../src/display/index.ts";
import { expectGolden, expectGoodOutput } from "./golden.ts";

function of(dtype: DType, shape: number[], value: (i: number) => number): Tensor {
  const size = shape.reduce((a, b) => a * b, 1);
  return new Tensor(
    dtype,
    shape,
    fromNumbers(
      dtype,
      Float64Array.from({ length: size }, (_, i) => value(i)),
    ),
  );
}

const wave = (i: number) => Math.sin(i / 7) * Math.cos(i / 131);

describe("display of a tensor", () => {
  const cases: Record<string, Tensor> = {
    scalar: of("float32", [], () => 3.25),
    "small-matrix": of("float32", [3, 4], (i) => i / 3 - 1),
    matrix: of("float32", [48, 64], wave),
    "feature-maps": of("float32", [1, 12, 20, 20], wave),
    "convolution-weights": of("float32", [16, 3, 3, 3], wave),
    signal: of("float32", [4000], wave),
    "stereo-signal": of("float32", [2, 4000], wave),
    integers: of("int64", [8, 12], (i) => (i * 7) % 101),
    mask: of("bool", [24, 24], (i) => Number(i % 24 <= i / 24)),
    int4: of("int4", [16, 24], (i) => (i % 16) - 8),
    half: of("float16", [24, 40], wave),
    float8: of("float8e4m3fn", [24, 40], wave),
    strings: new Tensor("string", [2], ["cat", "<script>alert(1)</script>"]),
    complex: new Tensor(
      "complex64",
      [24, 24],
      Float32Array.from({ length: 1152 }, (_, i) => wave(i)),
    ),
    "only-nan": of("float32", [20, 30], () => Number.NaN),
    "equal-elements": of("float32", [20, 30], () => 7),
    empty: of("float32", [0, 3, 5], () => 0),
    "not-finite": of(
      "float32",
      [24, 24],
      (i) => [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY][i] ?? wave(i),
    ),
  };
  for (const [name, tensor] of Object.entries(cases))
    it(`shows ${name}`, async () => {
      expectGoodOutput(await expectGolden(`tensor.${name}`, display("tensor", tensor)));
    });

  it("draws what looks like a picture as one", async () => {
    const shown = await expectGolden("tensor.picture", display("tensor", of("float32", [1, 3, 48, 64], wave)));
    expectGoodOutput(shown);
    expect(shown["image/jpeg"] ?? shown["image/png"]).toBeDefined();
  });

  it("says the real range of a quantised tensor", () => {
    const text = tensorSummary(
      of("uint8", [4, 4], (i) => i),
      { scale: 0.5, zeroPoint: 8 },
    );
    expect(text).toContain("real -4 … 3.5 (scale 0.5, zero point 8)");
  });

  it("shows a slice and refuses one outside", async () => {
    const t = of("float32", [4, 3, 5], (i) => i);
    const shown = await display("tensor", t, { slice: [-1, 2] });
    expect(shown?.["text/plain"]).toContain("[3, 2, :]\n55  56  57  58  59");
    expect(() => display("tensor", t, { slice: [4] })).toThrow("slice index 4 is outside axis 0 of float32[4,3,5]");
  });

  it("counts every element of up to 16 million, and says where it did not", () => {
    const exact = statisticsOf(of("float32", [1000], (i) => (i < 10 ? 0 : i < 13 ? Number.NaN : i)));
    expect(exact).toMatchObject({ exact: true, zeros: 10, nans: 3, max: 999, min: 0 });
    const large = new Tensor("float32", [4200, 4200], new Float32Array(4200 * 4200).fill(2));
    const sampled = statisticsOf(large);
    expect(sampled).toMatchObject({ exact: false, min: 2, max: 2, mean: 2, std: 0 });
    expect(tensorSummary(large, {}, sampled)).toContain("≈ from 2,097,152 elements");
  });

  it("agrees with a two-pass mean and deviation where the mean is large", () => {
    const values = Array.from({ length: 5000 }, (_, i) => 1e9 + (i % 7));
    const t = of("float64", [5000], (i) => values[i]!);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    const std = Math.sqrt(values.reduce((a, b) => a + (b - mean) ** 2, 0) / values.length);
    const s = statisticsOf(t);
    expect(s.mean).toBeCloseTo(mean, 5);
    expect(s.std).toBeCloseTo(std, 5);
  });

  it("shows every dtype and ranks 0 to 7 in at most 64 kB", async () => {
    const shapes = [
      [],
      [40],
      [30, 40],
      [3, 30, 40],
      [2, 3, 30, 40],
      [1, 2, 3, 30, 40],
      [1, 2, 1, 3, 30, 40],
      [2, 1, 2, 1, 3, 9, 9],
    ];
    for (const shape of shapes)
      for (const dtype of [
        "float32",
        "bfloat16",
        "float64",
        "uint8",
        "int32",
        "uint64",
        "float4e2m1",
        "uint2",
        "float8e8m0",
      ] as const) {
        const shown = await display(
          "tensor",
          of(dtype, shape, (i) => Math.abs(wave(i)) * 3),
        );
        expectGoodOutput(shown!);
      }
  });
});
