/**
 * What `npm run bench -- short` measures: for every family of kernels a node or two of a size that nets have, and the nets of
 * npm packages, so that a clone needs nothing else. Each takes about a millisecond: less is mostly the call, more is CI's time.
 */
import { join } from "node:path";
import { type GraphBuilder, type GraphValue, graph } from "../../src/api/graph.ts";
import { Model } from "../../src/api/model.ts";
import { packageRoot } from "../../src/base/package-root.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { randomInputs } from "../../src/compiler/tools/compare.ts";
import { feedsFor } from "./nets.ts";
import { seeded } from "./random.ts";

export interface ShortCase {
  readonly name: string;
  build(): Promise<{ readonly model: Model; readonly feeds: Record<string, Tensor> }>;
}

let random = seeded(1);
/** Numbers from -0.1 to 0.1: a product of many stays in range. */
function weights(...shape: number[]): Tensor<"float32"> {
  const length = shape.reduce((a, b) => a * b, 1);
  return new Tensor(
    "float32",
    shape,
    Float32Array.from({ length }, () => random() / 5 - 0.1),
  );
}
const integers = (...values: number[]): Tensor<"int64"> =>
  new Tensor("int64", [values.length], BigInt64Array.from(values, BigInt));

type X = GraphValue<"float32">;

/** One input of this shape, one output. */
function node(name: string, shape: readonly number[], body: (x: X, g: GraphBuilder) => unknown): ShortCase {
  return {
    name,
    build: async () => {
      random = seeded(1);
      const g = graph(name);
      const x = g.input("x", "float32", shape as number[]) as X;
      g.output("y", body(x, g) as GraphValue);
      return { model: g.toModel(), feeds: randomInputs(g.graph, { seed: 1 }) as Record<string, Tensor> };
    },
  };
}

function net(name: string, ...path: string[]): ShortCase {
  return {
    name,
    build: async () => {
      const file = join(packageRoot, "node_modules", ...path);
      const model = await Model.load(file);
      return { model, feeds: feedsFor({ name, path: file }, model) };
    },
  };
}

const same = (k: number): number[] => Array<number>(4).fill((k - 1) / 2);
const ocr = ["@gutenye", "ocr-models", "assets"] as const;

export const shortCases: readonly ShortCase[] = [
  node("gemm 256³", [256, 256], (x) => x.matmul(weights(256, 256))),
  node("gemm of batches, both fed", [8, 128, 128], (x) => x.matmul(x.transpose({ perm: [0, 2, 1] }))),
  node("gemv 1×2048×1024", [1, 2048], (x) => x.matmul(weights(2048, 1024))),
  node("attention 8×128×64", [1, 8, 128, 64], (x) =>
    x
      .matmul(x.transpose({ perm: [0, 1, 3, 2] }))
      .mul(0.125)
      .softmax()
      .matmul(x),
  ),
  node("conv 1×1", [1, 64, 40, 40], (x) => x.conv(weights(128, 64, 1, 1)).relu()),
  node("conv 3×3, winograd", [1, 64, 40, 40], (x) => x.conv(weights(64, 64, 3, 3), { pads: same(3) }).relu()),
  node("conv 3×3 of a picture", [1, 3, 160, 160], (x) =>
    x.conv(weights(16, 3, 3, 3), { pads: same(3), strides: [2, 2] }).relu(),
  ),
  node("conv 3×3, stride 2", [1, 32, 56, 56], (x) =>
    x.conv(weights(64, 32, 3, 3), { pads: same(3), strides: [2, 2] }).relu(),
  ),
  node("conv 5×5, groups", [1, 32, 40, 40], (x) => x.conv(weights(32, 8, 5, 5), { pads: same(5), group: 4 })),
  node("depthwise 3×3, pointwise", [1, 64, 56, 56], (x) =>
    x
      .conv(weights(64, 1, 3, 3), { pads: same(3), group: 64 })
      .relu()
      .conv(weights(64, 64, 1, 1))
      .relu(),
  ),
  node("depthwise 5×5, stride 2", [1, 96, 56, 56], (x) =>
    x.conv(weights(96, 1, 5, 5), { pads: same(5), strides: [2, 2], group: 96 }),
  ),
  node("deconv 4×4", [1, 32, 24, 24], (x) =>
    x.convTranspose(weights(32, 16, 4, 4), { strides: [2, 2], pads: [1, 1, 1, 1] }),
  ),
  node("pool 3×3", [1, 64, 80, 80], (x) => x.maxPool({ kernelShape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] })),
  node("pool of all", [1, 256, 40, 40], (x) => x.globalAveragePool()),
  node("mean of rows", [512, 768], (x) => x.reduceMean({ axes: integers(1) })),
  node("greatest of columns", [512, 768], (x) => x.reduceMax({ axes: integers(0) })),
  node("softmax", [128, 1000], (x) => x.softmax()),
  node("layer norm", [196, 768], (x) => x.layerNormalization(weights(768), { B: weights(768) })),
  node("instance norm", [1, 32, 64, 64], (x) => x.instanceNormalization(weights(32), weights(32))),
  node("elementwise chain", [1, 64, 56, 56], (x) =>
    x
      .mul(weights(64, 1, 1))
      .add(1)
      .mul(x.sigmoid())
      .tanh()
      .add(x),
  ),
  node(
    "LSTM",
    [40, 1, 64],
    (x, g) => x.lstm(g.constant(weights(1, 512, 64)), g.constant(weights(1, 512, 128)), { hiddenSize: 128 })[0],
  ),
  node(
    "GRU",
    [40, 1, 64],
    (x, g) => x.gru(g.constant(weights(1, 384, 64)), g.constant(weights(1, 384, 128)), { hiddenSize: 128 })[0],
  ),
  node("resize", [1, 32, 40, 40], (x) =>
    x.resize({ scales: new Tensor("float32", [4], Float32Array.of(1, 1, 2, 2)), mode: "linear" }),
  ),
  node("transpose", [1, 64, 64, 128], (x) => x.transpose({ perm: [0, 3, 1, 2] })),
  node("concat", [1, 128, 48, 48], (x) => x.concat([x.neg()], { axis: 1 })),
  node("slice", [1, 128, 64, 64], (x) => x.slice(integers(1, 1), integers(63, 63), { axes: integers(2, 3) })),
  node("gather", [4096, 96], (x) => x.gather(integers(...Array.from({ length: 2048 }, (_, i) => (i * 997) % 4096)))),
  node("top k", [1, 65536], (x) => x.topK(integers(100))[0]),
  net("ch_ppocr_mobile_v2.0_cls_infer", ...ocr, "ch_ppocr_mobile_v2.0_cls_infer.onnx"),
  net("ch_PP-OCRv4_rec_infer", ...ocr, "ch_PP-OCRv4_rec_infer.onnx"),
  net("ch_PP-OCRv4_det_infer", ...ocr, "ch_PP-OCRv4_det_infer.onnx"),
  net("selfie_segmentation", "@mediapipe", "selfie_segmentation", "selfie_segmentation.tflite"),
];
