/** Mutated model files of every format, the same in every run, and what is asked of each: a graph or a typed error. */

import { graph } from "../../src/api/graph.ts";
import { tensor } from "../../src/api/tensor.ts";
import { InferlabError } from "../../src/base/errors.ts";
import { type ReadModelOptions, readModelContent } from "../../src/compiler/formats/read.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { verifyGraph } from "../../src/compiler/ir/verify.ts";
import { tfliteFile } from "./tflite-writer.ts";

export interface Seed {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly options?: ReadModelOptions;
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

/** Small files of the formats that are ours to write: TFLite, TensorFlow.js, .nnl. */
export function smallSeeds(): Seed[] {
  const g = graph("seed");
  const x = g.input("x", "float32", ["n", 8]);
  const w = tensor(
    Float32Array.from({ length: 64 }, (_, i) => Math.cos(i)),
    [8, 8],
  );
  g.output("y", x.matmul(w).add([1, 2, 3, 4, 5, 6, 7, 8]).relu());
  const nnl = g.toModel().toBytes({ format: "nnl", plans: [{ engine: "reference" }] });
  const tflite = tfliteFile({
    tensors: [
      { name: "x", shape: [1, 4, 4, 2], type: 9, scale: [0.05], zeroPoint: [3] },
      { shape: [3, 3, 3, 2], type: 9, data: new Int8Array(54).fill(3), scale: [0.01, 0.02, 0.005], axis: 0 },
      { shape: [3], type: 2, data: Int32Array.of(1, 2, 3), scale: [0.0005, 0.001, 0.00025] },
      { name: "c", shape: [1, 4, 4, 3], type: 9, scale: [0.04], zeroPoint: [-128] },
      { name: "p", shape: [1, 2, 2, 3], type: 9, scale: [0.04], zeroPoint: [-128] },
      { shape: [2], type: 2, data: Int32Array.of(1, 12) },
      { name: "y", shape: [1, 12], type: 9, scale: [0.04], zeroPoint: [-128] },
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
      { code: 22, inputs: [4, 5], outputs: [6] },
    ],
    inputs: [0],
    outputs: [6],
  });
  const dim = (size: number) => ({ size: String(size) });
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const weight = (name: string, shape: number[]) => ({ name, shape, dtype: "float32" });
  const shards = new Map([["w.bin", new Uint8Array(4 * 100)]]);
  const graphModel = json({
    format: "graph-model",
    signature: { inputs: { x: { name: "x:0" } }, outputs: { y: { name: "y:0" } } },
    modelTopology: {
      node: [
        {
          name: "x",
          op: "Placeholder",
          attr: { dtype: { type: "DT_FLOAT" }, shape: { shape: { dim: [dim(-1), dim(8), dim(8), dim(1)] } } },
        },
        { name: "k", op: "Const", attr: { dtype: { type: "DT_FLOAT" } } },
        { name: "b", op: "Const", attr: { dtype: { type: "DT_FLOAT" } } },
        {
          name: "c",
          op: "_FusedConv2D",
          input: ["x", "k", "b"],
          attr: {
            strides: { list: { i: ["1", "2", "2", "1"] } },
            padding: { s: base64("SAME") },
            fused_ops: { list: { s: [base64("BiasAdd"), base64("Relu6")] } },
          },
        },
        { name: "a", op: "Const", attr: { dtype: { type: "DT_INT32" } } },
        { name: "y", op: "Mean", input: ["c", "a"], attr: { keep_dims: { b: false } } },
      ],
    },
    weightsManifest: [
      {
        paths: ["w.bin"],
        weights: [weight("k", [3, 3, 1, 2]), weight("b", [2]), { name: "a", shape: [2], dtype: "int32" }],
      },
    ],
  });
  const layer = (class_name: string, name: string, config: object, from?: string) => ({
    class_name,
    name,
    config: { name, ...config },
    inbound_nodes: from ? [[[from, 0, 0, {}]]] : [],
  });
  const layersModel = json({
    format: "layers-model",
    modelTopology: {
      model_config: {
        class_name: "Functional",
        config: {
          name: "net",
          layers: [
            layer("InputLayer", "in", { batch_input_shape: [null, 8, 8, 1] }),
            layer(
              "Conv2D",
              "conv",
              { kernel_size: [3, 3], strides: [2, 2], padding: "same", activation: "relu" },
              "in",
            ),
            layer("UpSampling2D", "up", { size: [2, 2] }, "conv"),
            layer("GlobalAveragePooling2D", "mean", {}, "up"),
          ],
          input_layers: [["in", 0, 0]],
          output_layers: [["mean", 0, 0]],
        },
      },
    },
    weightsManifest: [{ paths: ["w.bin"], weights: [weight("conv/kernel", [3, 3, 1, 2]), weight("conv/bias", [2])] }],
  });
  return [
    { name: "nnl", bytes: nnl },
    { name: "tflite", bytes: tflite },
    { name: "tfjs graph", bytes: graphModel, options: { shards } },
    { name: "tfjs layers", bytes: layersModel, options: { shards } },
  ];
}

/** One mutation of bytes: flips, a cut, a huge number, a repetition, a gap, noise, a piece over another. */
export function mutate(original: Uint8Array, random: () => number): Uint8Array {
  // A Buffer's slice is a view: the seed must stay as it is.
  const bytes = Uint8Array.from(original);
  // A text that is none any more is refused at once; most of its mutants stay texts.
  if (bytes[0] === 0x7b && random() < 0.75) return mutateText(bytes, random);
  const at = (): number => Math.floor(random() * bytes.length);
  switch (Math.floor(random() * 9)) {
    case 0: {
      for (let i = 0; i < 1 + random() * 4; i++) bytes[at()]! ^= 1 << Math.floor(random() * 8);
      return bytes;
    }
    case 1:
      return bytes.slice(0, at());
    case 2: {
      // A varint, an offset or a count beyond everything.
      bytes.fill(0xff, at(), at() + 4);
      const where = at();
      bytes.set([0xff, 0xff, 0xff, 0x7f].slice(0, bytes.length - where), where);
      return bytes;
    }
    case 3: {
      const [from, to] = [at(), at()].sort((a, b) => a - b) as [number, number];
      return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from, to), bytes.subarray(to)]);
    }
    case 4: {
      const [from, to] = [at(), at()].sort((a, b) => a - b) as [number, number];
      return Buffer.concat([bytes.subarray(0, from), bytes.subarray(Math.min(to, from + 40))]);
    }
    case 5: {
      for (let i = 0; i < 8; i++) bytes[at()] = Math.floor(random() * 256);
      return bytes;
    }
    case 6:
      return mutateText(bytes, random);
    case 7: {
      // The longest varint, as a length, a size or a count.
      const where = at();
      return Buffer.concat([
        bytes.subarray(0, where),
        Buffer.from("ffffffffffffffff7f", "hex"),
        bytes.subarray(where + 1),
      ]);
    }
    default: {
      // Another piece of the file over this one: names and types of attributes change places.
      const [from, to] = [at(), at()];
      bytes.copyWithin(to, from, from + 1 + Math.floor(random() * 24));
      return bytes;
    }
  }
}

const words = ["-1", "0", "1e308", "9007199254740993", "null", "[]", "{}", '"x"', "true", '"../x"', "[[[[]]]]"];

/** In a text a number, name or list becomes something else; the text stays one where it was one. */
function mutateText(bytes: Uint8Array, random: () => number): Uint8Array {
  const text = Buffer.from(bytes).toString("latin1");
  if (!text.startsWith("{")) return bytes.map((byte) => (random() < 0.01 ? 255 - byte : byte));
  // Values only: a key is a string with a colon behind it.
  const tokens = [...text.matchAll(/"(?:[^"\\]|\\.)*"(:)?|-?\d+(?:\.\d+)?|null|true|false/g)].filter(
    (match) => !match[1],
  );
  const token = tokens[Math.floor(random() * tokens.length)]!;
  // Another value of the same file, so that names refer to each other in new ways.
  const other =
    random() < 0.5 ? tokens[Math.floor(random() * tokens.length)]![0] : words[Math.floor(random() * words.length)]!;
  return Buffer.from(text.slice(0, token.index) + other + text.slice(token.index + token[0].length), "latin1");
}

/** `read`, or the code of the typed error; throws for any other error. Weights are read too. */
export function outcomeOf({ bytes, options }: Seed): string {
  try {
    const { graph: found, plans } = readModelContent(bytes, options);
    verifyGraph(found);
    inferShapes(found);
    for (const plan of plans) verifyGraph(plan.read());
    for (const node of found.nodes)
      for (const value of node.inputs) if (value && value.constantBytes < 2 ** 24) void value.constant;
    return "read";
  } catch (error) {
    if (!(error instanceof InferlabError)) throw error;
    if (error.message.length < 10) throw new Error(`too short a message: ${error.message}`);
    return error.code;
  }
}
