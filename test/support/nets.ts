/** The real nets among the shared fixtures: which there are, sizes for their symbols, seeded feeds in a fitting range. */
import { readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { fromNumbers } from "../../src/base/numbers.ts";
import { Tensor } from "../../src/base/tensor.ts";
import type { Graph } from "../../src/compiler/ir/graph.ts";
import { randomSource } from "./random.ts";
import { shared } from "./shared.ts";

/** Sizes by symbol, one entry a shape to try. A net that is not here has no symbols, or takes 1 for them. */
export const shapesOf: Readonly<Record<string, readonly Readonly<Record<string, number>>[]>> = {
  "basic-pitch-nmp": [{ unk__749: 1 }, { unk__749: 2 }, { unk__749: 3 }, { unk__749: 4 }, { unk__749: 5 }],
  byte_sb_bidi_lstm: [
    { batch: 1, length: 40 },
    { batch: 1, length: 7 },
    { batch: 3, length: 12 },
    { batch: 2, length: 1 },
    { batch: 4, length: 33 },
  ],
  fsmnvad_offline: [20, 5, 33, 1, 64].map((length) => ({ feats_length: length })),
  "magika-standard-v3_3": [1, 2, 3, 4, 5].map((batch) => ({ unk__214: batch })),
  yunet_n_dynamic: [
    { batch: 1, height: 96, width: 128 },
    { batch: 1, height: 64, width: 64 },
    { batch: 2, height: 64, width: 96 },
    { batch: 1, height: 160, width: 96 },
    { batch: 1, height: 32, width: 32 },
  ],
  "ch_PP-OCRv4_rec_infer": [
    { "p2o.DynamicDimension.0": 1, "p2o.DynamicDimension.1": 64 },
    { "p2o.DynamicDimension.0": 1, "p2o.DynamicDimension.1": 96 },
    { "p2o.DynamicDimension.0": 2, "p2o.DynamicDimension.1": 48 },
    { "p2o.DynamicDimension.0": 1, "p2o.DynamicDimension.1": 160 },
    { "p2o.DynamicDimension.0": 3, "p2o.DynamicDimension.1": 32 },
  ],
  mtcnn_pnet: [{ N: 1, M1: 24, M2: 30 }],
  silero_vad: [{ "?1": 1, "?2": 576, "?3": 1 }],
  silero_vad_16k_op15: [{ batch: 1, sequence: 576 }],
  silero_vad_op18_ifless: [{ batch: 1, sequence: 576 }],
  "esrgan-slim-x2": [{ N: 1, H: 24, W: 20 }],
  "esrgan-slim-x4": [{ N: 1, H: 16, W: 20 }],
  "waifu2x-noise2": [{ N: 1, H: 24, W: 32 }],
};

/** Smallest and largest input by net, first match; the others take 0 to 1. Far outside, nets are chaotic. */
const ranges: readonly (readonly [RegExp, number, number])[] = [
  [/yunet|yolox|mosaic|centernet|esrgan|movenet|mnist|byte_sb|magika/, 0, 255],
  [/sinet|nanodet/, -2, 2],
  [/squeezenet/, -120, 130],
];

export interface NetTolerance {
  readonly rtol: number;
  readonly atol: number;
}

/** How near our engines must come to onnxruntime, with the nets that are judged by another scale. */
export function toleranceOf(name: string): NetTolerance {
  // Its outputs are pixels of 0 to 255: 1e-4 of that range.
  if (name === "winml-mosaic") return { rtol: 1e-3, atol: 1e-4 * 255 };
  // float16 has a unit of 2^-11. Ours rounds after each operator, as the standard says; onnxruntime computes chains of
  // operators in float32 and rounds at their end.
  if (name === "squeezenet-fp16") return { rtol: 8 * 2 ** -11, atol: 2 ** -11 };
  return { rtol: 1e-3, atol: 1e-4 };
}

/** Paths of all nets, those of the OCR package included. */
export function netFiles(): string[] {
  const folders = [shared("models"), shared("models-converted")].filter((folder) => folder !== undefined);
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((file) => file.endsWith(".onnx"))
      .map((file) => join(folder, file)),
  );
}

export const netName = (file: string): string => basename(file, ".onnx");

/** The shape a graph input has under these sizes; an unknown symbol is 1. */
export function inputShape(graph: Graph, input: string, sizes: Readonly<Record<string, number>>): number[] {
  const type = graph.inputs.find((value) => value.name === input)?.type;
  if (type?.kind !== "tensor") throw new Error(`${input} is no tensor`);
  return (type.shape ?? []).map((dim) => (typeof dim === "number" ? dim : (sizes[dim.replaceAll("`", "")] ?? 1)));
}

export function seededFeeds(
  graph: Graph,
  name: string,
  sizes: Readonly<Record<string, number>>,
  seed = 1,
): Record<string, Tensor> {
  const random = randomSource(seed);
  const feeds: Record<string, Tensor> = {};
  for (const { name: input, type } of graph.inputs) {
    if (type?.kind !== "tensor") throw new Error(`${input} is no tensor`);
    const shape = inputShape(graph, input, sizes);
    const count = shape.reduce((size, dim) => size * dim, 1);
    const [, low, high] = ranges.find(([nets]) => nets.test(name)) ?? [undefined, 0, 1];
    const values = Float64Array.from({ length: count }, () => low + random() * (high - low));
    // The sample rate of Silero's nets decides which branch runs.
    if (input === "sr") values.fill(16000);
    else if (!type.dtype.startsWith("float")) for (let i = 0; i < count; i++) values[i] = Math.floor(values[i]!);
    feeds[input] = new Tensor(type.dtype, shape, fromNumbers(type.dtype, values));
  }
  return feeds;
}
