/** Quantised operators on the shapes of MobileNet, ResNet and BERT: none of the nets found is quantised. */
import type { DType } from "../../src/base/dtypes.ts";
import { sizeOf } from "../../src/base/shapes.ts";
import { Tensor } from "../../src/base/tensor.ts";
import { Graph, Node, Value } from "../../src/compiler/ir/graph.ts";
import { inferShapes } from "../../src/compiler/ir/infer.ts";
import { requireOperator } from "../../src/ops/lookup.ts";
import type { AttributeValue } from "../../src/ops/operator.ts";
import { seeded } from "./random.ts";

/** A tensor as a constant, or a type that is fed. */
type Input = Tensor | { readonly dtype: DType; readonly shape: readonly number[] };

const random = seeded(1);
/** Weights of 7 bits: the kernels of ONNX Runtime for AVX2 saturate on sums of larger ones. */
const weights = (shape: readonly number[]): Tensor =>
  new Tensor(
    "int8",
    shape,
    Int8Array.from({ length: sizeOf(shape) }, () => Math.floor(random() * 127) - 63),
  );
const scale = (value: number): Tensor => new Tensor("float32", [], Float32Array.of(value));
const byte = (value: number): Tensor => new Tensor("uint8", [], Uint8Array.of(value));
const zero = new Tensor("int8", [], Int8Array.of(0));
const bias = (n: number): Tensor => new Tensor("int32", [n], new Int32Array(n).fill(100));
const uint8 = (...shape: number[]): Input => ({ dtype: "uint8", shape });
const float32 = (...shape: number[]): Input => ({ dtype: "float32", shape });

function graphOf(
  op: string,
  inputs: readonly Input[],
  attributes: Readonly<Record<string, AttributeValue>>,
  numOutputs: number,
  domain: string,
): Graph {
  const graph = new Graph(op);
  const version = domain === "" ? 13 : 1;
  graph.opsets.set("", 13);
  graph.opsets.set(domain, version);
  const values = inputs.map((input, i) => {
    const value = new Value(`in${i}`, { kind: "tensor", dtype: input.dtype, shape: input.shape });
    if (input instanceof Tensor) value.setConstant(input);
    else graph.inputs.push(value);
    return value;
  });
  const outputs = Array.from({ length: numOutputs }, (_, i) => new Value(`out${i}`));
  const node = new Node(op, requireOperator(domain, op), version, Object.entries(attributes));
  graph.insert(node, values, outputs);
  graph.outputs.push(...outputs);
  inferShapes(graph);
  return graph;
}

const pads = [1, 1, 1, 1];

function conv(channels: number, size: number, filters: number, kernel: number, group = 1): Graph {
  const w = weights([filters, channels / group, kernel, kernel]);
  const attributes = { group, ...(kernel === 3 ? { pads } : {}) };
  const x = uint8(1, channels, size, size);
  const depth = sizeOf(w.shape.slice(1));
  const ends = [scale(0.01 * Math.sqrt(depth)), byte(128), bias(filters)];
  return graphOf("QLinearConv", [x, scale(0.02), byte(120), w, scale(0.01), zero, ...ends], attributes, 1, "");
}

function product(m: number, k: number, n: number): readonly Graph[] {
  const [a, b] = [uint8(m, k), weights([k, n])];
  return [
    graphOf("MatMulInteger", [a, b, byte(120), zero], {}, 1, ""),
    graphOf("QLinearMatMul", [a, scale(0.02), byte(120), b, scale(0.01), zero, scale(0.1), byte(128)], {}, 1, ""),
    graphOf("DynamicQuantizeMatMul", [float32(m, k), b, scale(0.01), zero], {}, 1, "com.microsoft"),
  ];
}

/** The graphs of one node, made when they are asked for. */
export function quantizedGraphs(): readonly Graph[] {
  const image = [1, 64, 112, 112] as const;
  return [
    conv(64, 56, 64, 3),
    conv(256, 14, 256, 3),
    conv(96, 56, 24, 1),
    conv(384, 14, 64, 1),
    conv(144, 56, 144, 3, 144),
    graphOf("ConvInteger", [uint8(1, 64, 56, 56), weights([64, 64, 3, 3]), byte(120)], { pads }, 1, ""),
    ...product(128, 768, 768),
    ...product(1, 768, 3072),
    graphOf("QuantizeLinear", [float32(...image), scale(0.02), byte(128)], {}, 1, ""),
    graphOf("DequantizeLinear", [uint8(...image), scale(0.02), byte(128)], {}, 1, ""),
    graphOf("DynamicQuantizeLinear", [float32(...image)], {}, 3, ""),
    graphOf(
      "QLinearAdd",
      [uint8(...image), scale(0.02), byte(128), uint8(...image), scale(0.03), byte(120), scale(0.04), byte(128)],
      {},
      1,
      "com.microsoft",
    ),
  ];
}
