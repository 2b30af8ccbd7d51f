/** Quantised operators on kernels: the reference's results to the bit where they are integers, and ONNX Runtime's. */
import { describe, expect, test } from "vitest";
import { graph, tensor } from "../../src/api/index.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { toNumbers } from "../../src/ops/common/numbers.ts";
import { compileGraph } from "../../src/runtime/compile.ts";
import { loadAddon } from "../../src/runtime/native/addon.ts";
import { f32, i32, type OneNode, oneNode, random } from "../ops/one-node.ts";
import { partFed } from "../support/part-fed.ts";

let seed = 0;
const u8 = (...shape: number[]): Tensor => random("uint8", shape, ++seed, 0, 256);
const i8 = (...shape: number[]): Tensor => random("int8", shape, ++seed, -128, 128);
/** Weights on which ONNX Runtime's kernels for AVX2 do not saturate. */
const i7 = (...shape: number[]): Tensor => random("int8", shape, ++seed, -60, 60);
const zero = (dtype: "int8" | "uint8", ...values: number[]): Tensor =>
  new Tensor(
    dtype,
    values.length === 1 ? [] : [values.length],
    (dtype === "int8" ? Int8Array : Uint8Array).from(values),
  );
const scale = (...values: number[]): Tensor => f32(values.length === 1 ? [] : [values.length], values);
const bias = (n: number): Tensor =>
  i32(
    [n],
    Array.from({ length: n }, (_, i) => 300 * i - 1000),
  );
const scales = (n: number): Tensor =>
  f32(
    [n],
    Array.from({ length: n }, (_, i) => 0.004 + 0.0007 * i),
  );

/**
 * A node with inputs from `numFed` on constant: the native engine's outputs must be the reference's, integers within
 * `ownSteps`, and not more than `steps` from ONNX Runtime's (-1: it has no such kernel).
 */
async function compare(spec: OneNode, { numFed = 1, steps = 0, ownSteps = 0 } = {}): Promise<string> {
  const { graph, feeds } = partFed(spec, numFed);
  const run = async (engine: string) => {
    using session = await compileGraph(graph, { engine, optimize: "none", threads: 2 });
    const outputs = await session.run(feeds);
    const lines = engine === "native" ? session.explain() : [];
    return { outputs: graph.outputs.map(({ name }) => outputs[name] as Tensor), lines };
  };
  const [native, reference] = [await run("native"), await run("reference")];
  expect(native.lines.filter(({ kernel }) => kernel === "reference").map(({ reason }) => reason)).toEqual([]);
  for (const [i, expected] of reference.outputs.entries()) {
    const got = native.outputs[i]!;
    expect(`${got.dtype}[${got.shape}]`).toBe(`${expected.dtype}[${expected.shape}]`);
    if (expected.dtype === "float32") expect(largest(got, expected)).toBeLessThan(1e-5);
    else expect(largest(got, expected)).toBeLessThanOrEqual(ownSteps);
  }
  if (steps >= 0) {
    const { outputs } = await run("ort");
    for (const [i, expected] of outputs.entries())
      expect(largest(native.outputs[i]!, expected)).toBeLessThanOrEqual(expected.dtype === "float32" ? 1e-4 : steps);
  }
  return native.lines.map(({ kernel }) => kernel).join(" ");
}

function largest(got: Tensor, expected: Tensor): number {
  const [a, b] = [toNumbers(got), toNumbers(expected)];
  return b.reduce((worst, v, i) => (Object.is(v, a[i]) ? worst : Math.max(worst, Math.abs(v - a[i]!))), 0);
}

describe.skipIf(!loadAddon().ok)("quantised operators on the native engine", () => {
  test("products of integers, of every sign, with and without zero points", async () => {
    for (const a of [u8(5, 33), i8(5, 33)])
      for (const b of [u8(33, 20), i7(33, 20)]) {
        const [az, bz] = [zero(a.dtype as "int8", 3), zero(b.dtype as "int8", 7)];
        for (const numFed of [1, 2, 4]) {
          await compare({ op: "MatMulInteger", opset: 10, inputs: [a, b] }, { numFed, steps: -1 });
          const steps = a.dtype === "uint8" ? 0 : -1;
          expect(await compare({ op: "MatMulInteger", opset: 10, inputs: [a, b, az, bz] }, { numFed, steps })).toMatch(
            /^qgemm_/,
          );
        }
      }
  });

  test("products of stacks, vectors and no elements", async () => {
    const op = "MatMulInteger";
    await compare({ op, opset: 10, inputs: [u8(2, 3, 4, 9), u8(3, 9, 5)] }, { numFed: 2 });
    await compare({ op, opset: 10, inputs: [u8(2, 3, 4, 9), i7(9, 5), zero("uint8", 128), zero("int8", 0)] });
    await compare(
      { op, opset: 10, inputs: [u8(4, 1, 4, 9), u8(3, 9, 5), zero("uint8", 9), zero("uint8", 8)] },
      { numFed: 4 },
    );
    await compare({ op, opset: 10, inputs: [u8(4, 9), i7(9, 3), undefined, zero("int8", 1, 2, 3)] });
    await compare({ op, opset: 10, inputs: [u8(2, 9), i7(9, 3), zero("uint8", 4, 5), zero("int8", 2)] }, { steps: -1 });
    await compare({ op, opset: 10, inputs: [u8(9), u8(9, 3)] }, { steps: -1 });
    await compare({ op, opset: 10, inputs: [u8(0, 9), u8(9, 3)] }, { steps: -1 });
    await compare({ op, opset: 10, inputs: [u8(4, 0), u8(0, 3)] }, { steps: -1 });
  });

  test("requantised products, with a scale for all and one a column", async () => {
    for (const [a, b, y] of [
      [u8(7, 40), u8(40, 21), zero("uint8", 120)],
      [u8(7, 40), i7(40, 21), zero("uint8", 131)],
      [i8(2, 7, 40), i8(40, 21), zero("int8", -4)],
    ] as const)
      for (const numFed of [1, 4, 8]) {
        const [az, bz] = [zero(a.dtype as "int8", 11), zero(b.dtype as "int8", 5)];
        const node = (bScale: Tensor, bZero: Tensor): OneNode => ({
          op: "QLinearMatMul",
          opset: 10,
          inputs: [a, scale(0.02), az, b, bScale, bZero, scale(0.31), y],
        });
        await compare(node(scale(0.011), bz), { numFed });
        const bZeros = zero(b.dtype as "int8", ...new Array<number>(21).fill(5));
        await compare(node(scales(21), bZeros), { numFed, steps: b.dtype === "int8" && numFed === 1 ? 0 : -1 });
      }
  });

  test("products of com.microsoft", async () => {
    const domain = "com.microsoft";
    const gemm = (inputs: OneNode["inputs"], attributes: OneNode["attributes"] = {}): OneNode => ({
      op: "QGemm",
      domain,
      inputs,
      attributes,
    });
    const [az, bz] = [zero("uint8", 100), zero("int8", 3)];
    await compare(
      gemm([u8(9, 12), scale(0.02), az, i7(12, 6), scale(0.01), bz, bias(6), scale(0.2), zero("uint8", 90)]),
    );
    await compare(
      gemm([u8(9, 12), scale(0.02), az, i7(6, 12), scale(0.01), bz, bias(6), scale(0.2), zero("uint8", 90)], {
        transB: 1,
        alpha: 0.7,
      }),
    );
    await compare(gemm([u8(12, 9), scale(0.02), az, i7(12, 6), scale(0.01), bz, bias(6)], { transA: 1 }));
    // A scale of the result and no zero point: float32, in steps of that scale.
    await compare(gemm([u8(9, 12), scale(0.02), az, i7(12, 6), scale(0.01), bz, bias(6), scale(0.2)]));
    await compare({
      op: "MatMulIntegerToFloat",
      domain,
      inputs: [
        u8(2, 5, 12),
        i7(12, 6),
        scale(0.02),
        scales(6),
        az,
        zero("int8", 1, 0, 2, 3, 4, 5),
        random("float32", [6], 5),
      ],
    });
  });

  test("convolutions of integers: strides, dilations, pads, groups, one and three axes", async () => {
    const pads = [1, 1, 1, 1];
    const conv = (inputs: OneNode["inputs"], attributes: OneNode["attributes"] = {}): OneNode => ({
      op: "ConvInteger",
      opset: 10,
      inputs,
      attributes,
    });
    const xz = zero("uint8", 117);
    for (const w of [u8(12, 3, 3, 3), i7(12, 3, 3, 3)]) {
      const wz = zero(w.dtype as "int8", 5);
      expect(await compare(conv([u8(2, 3, 17, 19), w, xz, wz], { pads, strides: [2, 2] }), { steps: -1 })).toMatch(
        /^qconv_/,
      );
      await compare(conv([u8(1, 3, 17, 19), w, xz, wz], { pads, dilations: [2, 1] }), { numFed: 4, steps: -1 });
    }
    await compare(conv([u8(1, 3, 17, 19), u8(12, 3, 3, 3), xz, zero("uint8", 128)], { pads, strides: [2, 2] }));
    await compare(conv([u8(1, 16, 6, 7), u8(9, 16, 1, 1), xz, zero("uint8", 130)]));
    await compare(conv([u8(1, 6, 9, 8), u8(6, 1, 3, 3), xz], { group: 6, pads }));
    await compare(conv([u8(1, 6, 9, 8), i7(4, 3, 3, 3)], { group: 2 }), { steps: -1 });
    await compare(conv([i8(1, 4, 9), i8(5, 4, 3)], { auto_pad: "SAME_UPPER" }), { steps: -1 });
    await compare(conv([u8(1, 2, 5, 6, 7), u8(3, 2, 2, 3, 2)]), { steps: -1 });
    await compare(conv([u8(0, 3, 9, 8), u8(4, 3, 3, 3)]), { steps: -1 });
  });

  test("requantised convolutions, with a scale for all and one a filter", async () => {
    const pads = [1, 1, 1, 1];
    for (const [x, w, y] of [
      [u8(1, 8, 13, 11), u8(10, 8, 3, 3), zero("uint8", 120)],
      [u8(2, 8, 13, 11), i7(10, 8, 3, 3), zero("uint8", 131)],
      [i8(1, 8, 13, 11), i8(10, 8, 3, 3), zero("int8", -4)],
    ] as const)
      for (const numFed of [1, 9]) {
        const wz = zero(w.dtype as "int8", w.dtype === "int8" ? 0 : 126);
        const node = (wScale: Tensor): OneNode => ({
          op: "QLinearConv",
          opset: 10,
          inputs: [x, scale(0.02), zero(x.dtype as "int8", 11), w, wScale, wz, scale(0.4), y, bias(10)],
          attributes: { pads },
        });
        await compare(node(scale(0.011)), { numFed });
        await compare(node(scales(10)), { numFed, steps: w.dtype === "int8" ? 0 : -1 });
      }
  });

  test("numbers quantised and back, by one scale and by one a position of an axis", async () => {
    const x = random("float32", [2, 5, 7, 9], 40, -4, 4);
    const per = (dtype: "int8" | "uint8", axis: number, n: number): OneNode["inputs"][] => [
      [x, scales(n), zero(dtype, ...Array.from({ length: n }, (_, i) => 3 * i))],
      [random(dtype, [2, 5, 7, 9], axis, 0, 100), scales(n), zero(dtype, ...Array.from({ length: n }, (_, i) => i))],
    ];
    for (const numFed of [1, 3]) {
      for (const dtype of ["uint8", "int8"] as const) {
        for (const value of [0, 100]) {
          const tail = [scale(0.02), zero(dtype, value)];
          expect(await compare({ op: "QuantizeLinear", opset: 13, inputs: [x, ...tail] }, { numFed })).toMatch(
            /quantize/,
          );
          const bytes = dtype === "uint8" ? u8(3, 700) : i8(3, 700);
          await compare({ op: "DequantizeLinear", opset: 13, inputs: [bytes, ...tail] }, { numFed });
        }
        for (const [axis, n] of [
          [1, 5],
          [-1, 9],
        ] as const)
          for (const [i, inputs] of per(dtype, axis, n).entries())
            await compare(
              { op: i === 0 ? "QuantizeLinear" : "DequantizeLinear", opset: 13, inputs, attributes: { axis } },
              { numFed },
            );
      }
    }
    await compare({ op: "DequantizeLinear", opset: 13, inputs: [i32([3], [-70_000, 0, 5]), scale(0.001)] });
    await compare({ op: "QuantizeLinear", opset: 13, inputs: [f32([0], []), scale(0.1)] });
    const edges = [0.5, 1.5, 2.5, -0.5, Number.NaN, Number.POSITIVE_INFINITY, -3e38, 254.5, 255.5];
    await compare(
      { op: "QuantizeLinear", opset: 13, inputs: [f32([9], edges), scale(1), zero("uint8", 4)] },
      { steps: -1 },
    );
  });

  test("numbers quantised by their own range", async () => {
    const op = "DynamicQuantizeLinear";
    for (const x of [
      random("float32", [3, 50], 50, -3, 5),
      random("float32", [64, 1024], 51, 2, 5),
      random("float32", [7], 52, -5, -2),
      f32([4], [0, 0, 0, 0]),
    ])
      await compare({ op, opset: 11, outputs: 3, inputs: [x] }, { steps: x.data.every((v) => v === 0) ? -1 : 0 });
    for (const outputs of [1, 2])
      await compare({ op, opset: 11, outputs, inputs: [random("float32", [9], 54)] }, { steps: -1 });
    await compare({ op, opset: 11, outputs: 3, inputs: [f32([0], [])] }, { steps: -1 });
    const inputs = [random("float32", [2, 5, 12], 53), i7(12, 6), scales(6), zero("int8", 1, 2, 3, 4, 5, 6)];
    for (const numFed of [1, 4])
      expect(
        await compare({ op: "DynamicQuantizeMatMul", domain: "com.microsoft", inputs }, { numFed, steps: -1 }),
      ).toMatch(/qgemm/);
  });

  test("pointwise operators on quantised numbers, within one step of the reference's doubles", async () => {
    const domain = "com.microsoft";
    const one = { steps: 1, ownSteps: 1 };
    for (const dtype of ["uint8", "int8"] as const) {
      const bytes = (...shape: number[]) => (dtype === "uint8" ? u8(...shape) : i8(...shape));
      const [a, b] = [zero(dtype, 100), zero(dtype, 3)];
      for (const op of ["QLinearAdd", "QLinearMul"])
        for (const shape of [[2, 5, 33], [33], [2, 1, 33]]) {
          const [x, y] = [bytes(2, 5, 33), bytes(...shape)];
          const inputs = [x, scale(0.02), a, y, scale(0.03), b, scale(0.05), zero(dtype, 9)];
          // The scales are known, or y and they are fed.
          expect(await compare({ op, domain, inputs }, one)).toMatch(op === "QLinearAdd" ? /_add_affine_/ : /_mul_/);
          await compare({ op, domain, inputs }, { ...one, numFed: 8 });
          // Too steep a scale for a sum in float32.
          await compare({ op, domain, inputs: inputs.with(6, scale(1e-6)) }, { ...one, steps: -1 });
        }
      await compare({ op: "QLinearSigmoid", domain, inputs: [bytes(300), scale(0.05), a, scale(1 / 256), b] }, one);
      await compare({ op: "QLinearLeakyRelu", domain, inputs: [bytes(300), scale(0.05), a, scale(0.04), b] }, one);
    }
  });

  test("a broadcast over more dimensions than kernels take is left to the reference", async () => {
    const [a, b] = [u8(2, 1, 2, 1, 2, 1, 2, 1, 2, 1), u8(1, 2, 1, 2, 1, 2, 1, 2, 1, 2)];
    const [s, z] = [scale(0.05), zero("uint8", 9)];
    const inputs = [a, s, z, b, s, z, s, z];
    const add = oneNode({ op: "QLinearAdd", domain: "com.microsoft", inputs });
    inferShapes(add);
    const feeds = Object.fromEntries(inputs.map((value, i) => [`in${i}`, value]));
    using session = await compileGraph(add, { engine: "native", optimize: "none" });
    const outputs = await session.run(feeds);
    expect(session.explain()).toMatchObject([{ kernel: "reference", reason: expect.stringMatching(/8 dimensions/) }]);
    expect((Object.values(outputs)[0] as Tensor).size).toBe(1024);
  });

  test("what lies between DequantizeLinear and QuantizeLinear is one pass over memory", async () => {
    const g = graph("chain");
    const of = (s: number) => [tensor(s), tensor(new Uint8Array([128]), [])] as const;
    const [s, z] = of(0.02);
    const real = g.input("x", "uint8", [4, 1000]).dequantizeLinear(s, { xZeroPoint: z });
    g.output("y", real.relu().quantizeLinear(s, { yZeroPoint: z }));
    using session = await g.toModel().compile({ engine: "native" });
    expect(session.explain().filter(({ kernel }) => kernel !== "")).toHaveLength(1);
    const x = u8(4, 1000);
    const { y } = await session.run({ x });
    expect(Array.from(y!.data as Uint8Array)).toEqual(Array.from(x.data as Uint8Array, (v) => Math.max(v, 128)));
  });
});
