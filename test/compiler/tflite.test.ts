import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { Model } from "../../src/api/model.ts";
import { tensor } from "../../src/api/tensor.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { readTflite } from "../../src/compiler/tflite/read.ts";
import { engines } from "../../src/runtime/engines.ts";
import { difference } from "../support/compare.ts";
import { npmNets, packageFile } from "../support/npm-nets.ts";
import { photoInput } from "../support/photo.ts";
import { missing, shared } from "../support/shared.ts";
import { type TestOperator, type TestTensor, tfliteFile } from "../support/tflite-writer.ts";

const floats = (...values: number[]) => Float32Array.from(values);
const ints = (...values: number[]) => Int32Array.from(values);

/** One operator on float32 inputs: the numbers it gives on the reference engine. */
async function runOne(
  op: Omit<TestOperator, "inputs" | "outputs">,
  inputs: readonly TestTensor[],
  output: TestTensor,
): Promise<Tensor> {
  const bytes = tfliteFile({
    tensors: [...inputs.map((t) => ({ ...t, data: undefined, ...(t.type === 2 ? { data: t.data } : {}) })), output],
    operators: [{ ...op, inputs: inputs.map((_, i) => i), outputs: [inputs.length] }],
    inputs: inputs.flatMap((t, i) => (t.type === 2 ? [] : [i])),
    outputs: [inputs.length],
  } as Parameters<typeof tfliteFile>[0]);
  const model = await Model.load(bytes);
  using session = await model.compile({ engine: "reference" });
  const feeds: Record<string, Tensor> = {};
  for (const [i, t] of inputs.entries()) if (t.type !== 2) feeds[`t${i}`] = tensor(t.data as Float32Array, t.shape);
  return (await session.run(feeds))[`t${inputs.length}`]!;
}

describe("operators of TFLite", () => {
  const image = { shape: [1, 2, 2, 1], data: floats(1, 2, 3, 4) };

  test("a convolution has weights [out,H,W,in], SAME padding with the odd element behind, and an activation", async () => {
    const y = await runOne(
      { code: 3, options: { 0: { int8: 0 }, 1: { int32: 1 }, 2: { int32: 1 }, 3: { int8: 1 } } },
      [image, { shape: [2, 2, 2, 1], data: floats(1, 1, 1, 1, -1, 0, 0, 0) }, { shape: [2], data: floats(0.5, 2) }],
      { shape: [1, 2, 2, 2] },
    );
    // Windows 1+2+3+4, 2+4, 3+4, 4 with a bias of 0.5; −x + 2 above zero.
    expect([...(y.data as Float32Array)]).toEqual([10.5, 1, 6.5, 0, 7.5, 0, 4.5, 0]);
  });

  test("a transposed convolution spreads each element", async () => {
    const y = await runOne(
      { code: 67, options: { 0: { int8: 1 }, 1: { int32: 2 }, 2: { int32: 2 } } },
      [{ shape: [4], type: 2, data: ints(1, 4, 4, 1) }, { shape: [1, 2, 2, 1], data: floats(1, 10, 100, 1000) }, image],
      { shape: [1, 4, 4, 1] },
    );
    expect([...(y.data as Float32Array)]).toEqual([
      1, 10, 2, 20, 100, 1000, 200, 2000, 3, 30, 4, 40, 300, 3000, 400, 4000,
    ]);
  });

  test("MediaPipe's Convolution2DTransposeBias has its options in three numbers", async () => {
    const y = await runOne(
      { code: "Convolution2DTransposeBias", customOptions: new Uint8Array(ints(1, 2, 2).buffer) },
      [image, { shape: [1, 2, 2, 1], data: floats(1, 0, 0, 0) }, { shape: [1], data: floats(7) }],
      { shape: [1, 4, 4, 1] },
    );
    expect([...(y.data as Float32Array)]).toEqual([8, 7, 9, 7, 7, 7, 7, 7, 10, 7, 11, 7, 7, 7, 7, 7]);
  });

  test.each([
    ["corner to corner", { 2: { bool: true }, 3: { bool: false } }, [1, 1.5, 2]],
    ["from pixel centres", { 2: { bool: false }, 3: { bool: true } }, [1, 1.5, 2]],
    ["from the left edge", {}, [1, 1.6666666, 2]],
  ])("RESIZE_BILINEAR %s", async (_, options, expected) => {
    const y = await runOne(
      { code: 23, options },
      [
        { shape: [1, 1, 2, 1], data: floats(1, 2) },
        { shape: [2], type: 2, data: ints(1, 3) },
      ],
      { shape: [1, 1, 3, 1] },
    );
    expect(y.shape).toEqual([1, 1, 3, 1]);
    for (const [i, value] of expected.entries()) expect((y.data as Float32Array)[i]).toBeCloseTo(value, 5);
  });

  test("STRIDED_SLICE reads its masks", async () => {
    const y = await runOne(
      { code: 45, options: { 0: { int32: 1 }, 1: { int32: 1 }, 4: { int32: 2 } } },
      [
        { shape: [2, 3], data: floats(1, 2, 3, 4, 5, 6) },
        { shape: [2], type: 2, data: ints(0, -1) },
        { shape: [2], type: 2, data: ints(0, 0) },
        { shape: [2], type: 2, data: ints(1, 1) },
      ],
      { shape: [2] },
    );
    expect(y.shape).toEqual([2]);
    expect([...(y.data as Float32Array)]).toEqual([3, 6]);
  });

  test("FULLY_CONNECTED multiplies by [out,in]", async () => {
    const y = await runOne(
      { code: 9, options: { 0: { int8: 0 } } },
      [
        { shape: [1, 2], data: floats(1, 2) },
        { shape: [3, 2], data: floats(1, 0, 0, 1, 1, 1) },
        { shape: [3], data: floats(0, 10, 20) },
      ],
      { shape: [1, 3] },
    );
    expect([...(y.data as Float32Array)]).toEqual([1, 12, 23]);
  });

  test("space to batch and back is the identity", async () => {
    const x = { shape: [1, 4, 4, 1], data: Float32Array.from({ length: 16 }, (_, i) => i) };
    const block = { shape: [2], type: 2, data: ints(2, 2) };
    const none = { shape: [2, 2], type: 2, data: ints(0, 0, 0, 0) };
    const batch = await runOne({ code: 38 }, [x, block, none], { shape: [4, 2, 2, 1] });
    expect([...(batch.data as Float32Array)].slice(0, 4)).toEqual([0, 2, 8, 10]);
    const back = await runOne({ code: 37 }, [{ shape: batch.shape, data: batch.data as Float32Array }, block, none], {
      shape: [1, 4, 4, 1],
    });
    expect(back.data).toEqual(x.data);
  });
});

/** A quantised convolution and fully connected layer: integers in, integers out. */
function quantisedNet(): Uint8Array {
  return tfliteFile({
    tensors: [
      { name: "x", shape: [1, 4, 4, 2], type: 9, scale: [0.05], zeroPoint: [3] },
      {
        shape: [3, 3, 3, 2],
        type: 9,
        data: Int8Array.from({ length: 54 }, (_, i) => ((i * 37) % 200) - 100),
        scale: [0.01, 0.02, 0.005],
        zeroPoint: [0, 0, 0],
        axis: 0,
      },
      { shape: [3], type: 2, data: ints(100, -200, 300), scale: [0.0005, 0.001, 0.00025] },
      { name: "c", shape: [1, 4, 4, 3], type: 9, scale: [0.04], zeroPoint: [-128] },
      { name: "p", shape: [1, 2, 2, 3], type: 9, scale: [0.04], zeroPoint: [-128] },
      { shape: [2, 12], type: 9, data: Int8Array.from({ length: 24 }, (_, i) => i * 9 - 100), scale: [0.02] },
      { shape: [2], type: 2, data: ints(5, -5), scale: [0.0008] },
      { name: "y", shape: [1, 2], type: 9, scale: [0.1], zeroPoint: [10] },
    ],
    operators: [
      {
        code: 3,
        inputs: [0, 1, 2],
        outputs: [3],
        options: { 0: { int8: 0 }, 1: { int32: 1 }, 2: { int32: 1 }, 3: { int8: 1 } },
      },
      {
        code: 17,
        inputs: [3],
        outputs: [4],
        options: { 0: { int8: 1 }, 1: { int32: 2 }, 2: { int32: 2 }, 3: { int32: 2 }, 4: { int32: 2 } },
      },
      { code: 9, inputs: [4, 5, 6], outputs: [7], options: { 0: { int8: 0 } } },
    ],
    inputs: [0],
    outputs: [7],
  });
}

/** The same net in integer arithmetic, by the formulas of the TFLite quantisation specification. */
function quantisedTruth(x: Int8Array): number[] {
  const clamp = (v: number) => Math.max(-128, Math.min(127, v));
  const weight = (o: number, r: number, s: number, c: number) => ((((o * 3 + r) * 3 + s) * 2 + c) * 37) % 200;
  const scales = [0.01, 0.02, 0.005];
  const bias = [100, -200, 300];
  const conv = new Map<string, number>();
  for (let i = 0; i < 4; i++)
    for (let j = 0; j < 4; j++)
      for (let o = 0; o < 3; o++) {
        let sum = bias[o]!;
        for (let r = 0; r < 3; r++)
          for (let s = 0; s < 3; s++)
            for (let c = 0; c < 2; c++) {
              const [row, column] = [i + r - 1, j + s - 1];
              if (row < 0 || row > 3 || column < 0 || column > 3) continue;
              sum += (x[(row * 4 + column) * 2 + c]! - 3) * (weight(o, r, s, c) - 100);
            }
        conv.set(`${i},${j},${o}`, Math.max(-128, clamp(Math.round((sum * 0.05 * scales[o]!) / 0.04) - 128)));
      }
  const pooled: number[] = [];
  for (let i = 0; i < 2; i++)
    for (let j = 0; j < 2; j++)
      for (let o = 0; o < 3; o++)
        pooled.push(Math.max(...[0, 1, 2, 3].map((k) => conv.get(`${2 * i + (k >> 1)},${2 * j + (k & 1)},${o}`)!)));
  return [0, 1].map((o) => {
    let sum = o === 0 ? 5 : -5;
    for (let k = 0; k < 12; k++) sum += (pooled[k]! + 128) * ((o * 12 + k) * 9 - 100);
    return clamp(Math.round((sum * 0.04 * 0.02) / 0.1) + 10);
  });
}

describe("a quantised net", () => {
  const model = () => Model.load(quantisedNet());
  const inputs = [1, 2, 3].map((seed) => Int8Array.from({ length: 32 }, (_, i) => ((i * 53 * seed) % 251) - 125));

  for (const engine of engines.filter((candidate) => candidate.available().ok))
    test(`is within one step of integer arithmetic on ${engine.name}`, async () => {
      using session = await (await model()).compile({ engine: engine.name });
      for (const x of inputs) {
        const { y } = (await session.run({ x: new Tensor("int8", [1, 4, 4, 2], x) })) as { y: Tensor };
        expect(y.dtype).toBe("int8");
        quantisedTruth(x).forEach((value, i) => {
          expect(Math.abs((y.data as Int8Array)[i]! - value)).toBeLessThanOrEqual(1);
        });
      }
    });

  test("keeps its weights in integers", async () => {
    const { graph } = await model();
    const weights = graph.nodes.filter(({ op }) => op === "DequantizeLinear").map((node) => node.inputs[0]!);
    expect(
      weights
        .filter((value) => value.isConstant)
        .map((value) => value.constant!.dtype)
        .sort(),
    ).toEqual(["int32", "int32", "int8", "int8"]);
  });
});

const fast = npmNets.filter(({ truth }) => truth === "selfie_segmentation" || truth === "face_detection_short_range");

describe.each(fast)("$path", (net) => {
  const file = packageFile(net.package, net.path);

  test.skipIf(!file)("has two Transposes a chain of convolutions, and verifies", () => {
    const graph = readTflite(readFileSync(file!));
    verifyGraph(graph);
    expect(graph.nodes.filter(({ op }) => op === "Transpose").length).toBeLessThanOrEqual(5);
    expect(graph.nodes.some(({ op }) => op === "Cast" || op === "DequantizeLinear")).toBe(false);
  });

  test.skipIf(!file || missing("models-converted", `${net.truth}.onnx`) || missing("media", "people", "astronaut.png"))(
    "agrees with its independent rendering on every engine",
    async () => {
      const model = await Model.load(file!);
      const truth = await Model.load(shared("models-converted", `${net.truth}.onnx`)!);
      const { name, type } = model.inputs[0]!;
      if (type?.kind !== "tensor") throw new Error("no tensor");
      const photo = shared("media", "people", "astronaut.png")!;
      const x = await photoInput(photo, type.dtype, type.shape as number[], [0, 1]);
      using ort = await truth.compile({ engine: "ort", threads: 1 });
      const expected = await ort.run({ [truth.inputs[0]!.name]: x });
      // The reference is slow: the exhaustive tests run it on every net.
      for (const engine of net.truth === "selfie_segmentation" ? ["ort", "native"] : ["ort", "native", "reference"]) {
        if (!engines.find(({ name: known }) => known === engine)!.available().ok) continue;
        using session = await model.compile({ engine, threads: 2 });
        const got = await session.run({ [name]: x });
        for (const [output, value] of Object.entries(expected)) {
          const { worst, maxAbs } = difference(got[output.replace(/#\d+$/, "")]!, value, 1e-3, 1e-3);
          expect(worst, `${output} on ${engine} differs by ${maxAbs}`).toBeLessThanOrEqual(1);
        }
      }
    },
  );
});

describe("broken TFLite files", () => {
  const good = () =>
    ({
      tensors: [{ shape: [2] }, { shape: [2] }] as TestTensor[],
      operators: [{ code: 101, inputs: [0], outputs: [1] }] as TestOperator[],
      inputs: [0],
      outputs: [1],
    }) as const;

  test.each([
    ["a missing tensor", { ...good(), outputs: [7] }, "MODEL_INVALID", /tensor 7 is used, the model has 2/],
    [
      "a value read before it is made",
      { ...good(), operators: [{ code: 101, inputs: [1], outputs: [1] }] },
      "MODEL_INVALID",
      /read before/,
    ],
    [
      "a value made twice",
      { ...good(), operators: [...good().operators, ...good().operators] },
      "MODEL_INVALID",
      /computes tensor 1/,
    ],
    [
      "weights of another size",
      { ...good(), tensors: [{ shape: [3], data: floats(1) }, { shape: [3] }], inputs: [] },
      "MODEL_INVALID",
      /4 bytes, expected 12/,
    ],
    ["a shape that is not one", { ...good(), tensors: [{ shape: [-5] }, { shape: [2] }] }, "MODEL_INVALID", /\[-5\]/],
    [
      "an operator without its input",
      { ...good(), operators: [{ code: 0, inputs: [0], outputs: [1] }] },
      "MODEL_INVALID",
      /ADD has no input 1/,
    ],
  ])("%s", (_, model, code, message) => {
    expect(() => readTflite(tfliteFile(model as never))).toThrowError(
      expect.objectContaining({ code, message: expect.stringMatching(message) }),
    );
  });

  test("an operator that nobody knows can be shown and saved, and says its name when it is run", async () => {
    const model = await Model.load(
      tfliteFile({ ...good(), operators: [{ code: "Magic", inputs: [0], outputs: [1] }] }),
    );
    expect(model.toString()).toContain("t1: float32[2]");
    expect((await Model.load(model.toBytes())).graph.nodes[0]!.op).toBe("Magic");
    const run = async () => {
      using session = await model.compile({ engine: "reference" });
      await session.run({ t0: tensor([1, 2]) });
    };
    await expect(run()).rejects.toMatchObject({ code: "UNKNOWN_OPERATOR" });
  });
});
