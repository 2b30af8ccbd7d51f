/**
 * Operators of TensorFlow.js graph models in ONNX's: one entry an operator, by TensorFlow's name. Weights of a convolution
 * are [H,W,in,out], of a depthwise one [H,W,in,multiplier], of a transposed one [H,W,out,in].
 */
import * as arithmetic from "../tensorflow/arithmetic.ts";
import * as convolution from "../tensorflow/convolution.ts";
import { type Emitter, Operand } from "../tensorflow/emitter.ts";
import * as movement from "../tensorflow/movement.ts";
import * as reduction from "../tensorflow/reduction.ts";
import type { Attributes } from "./attributes.ts";

export interface Call {
  readonly e: Emitter;
  readonly attributes: Attributes;
  readonly numInputs: number;
  /** Operand by position. Errors: MODEL_INVALID where the node has no such input. */
  in(index: number): Operand;
}

export type Apply = (c: Call) => Operand | readonly Operand[];

const unary =
  (op: string): Apply =>
  (c) =>
    arithmetic.unary(c.e, op, c.in(0));

const binary =
  (op: string): Apply =>
  (c) =>
    arithmetic.elementwise(c.e, op, [c.in(0), c.in(1)]);

const inputs = (c: Call, from = 0, to = c.numInputs): Operand[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, i) => c.in(from + i));

function numbers(c: Call, index: number, what: string): number[] {
  return c.e.numbers(c.in(index), what);
}

const one = (c: Call, index: number, what: string): number =>
  numbers(c, index, what)[0] ?? c.e.invalid(`${what} is empty`);

function checkFormat(c: Call): void {
  const format = c.attributes.string("data_format", "NHWC");
  if (format !== "NHWC") c.e.unsupported(`data_format is ${JSON.stringify(format)}, expected NHWC`);
}

/** The two entries of the image's axes in a list of four. */
function pair(c: Call, name: string): [number, number] {
  const list = c.attributes.ints(name);
  if (list.length === 0) return [1, 1];
  if (list.length !== 4) return c.e.invalid(`${name} is [${list.join(",")}], expected four numbers`);
  return [list[1]!, list[2]!];
}

function padding(c: Call): convolution.Padding {
  const text = c.attributes.string("padding", "VALID");
  if (text === "SAME" || text === "VALID") return text;
  const explicit = c.attributes.ints("explicit_paddings");
  if (text !== "EXPLICIT" || explicit.length !== 8) return c.e.invalid(`padding is ${JSON.stringify(text)}`);
  return { before: [explicit[2]!, explicit[4]!], after: [explicit[3]!, explicit[5]!] };
}

/** Bias and activation that a fused operator names, in its order; operands behind the first two are theirs. */
function fused(c: Call): { bias: Operand | undefined; finish: (x: Operand) => Operand } {
  const names = c.attributes.strings("fused_ops");
  let next = 2;
  const bias = names.includes("BiasAdd") ? c.in(next++) : undefined;
  const finish = (x: Operand): Operand => {
    let result = x;
    for (const name of names) {
      if (name === "BiasAdd" || name === "") continue;
      if (name === "Prelu") result = arithmetic.prelu(c.e, result, c.in(next));
      else if (name === "LeakyRelu")
        result = arithmetic.leakyRelu(c.e, result, c.attributes.number("leakyrelu_alpha", 0.2));
      else if (name === "FusedBatchNorm") return c.e.unsupported("a batch normalisation inside a fused operator");
      else result = arithmetic.activation(c.e, result, name);
    }
    return result;
  };
  return { bias, finish };
}

const conv2d: Apply = (c) => {
  checkFormat(c);
  const { e } = c;
  const { bias, finish } = fused(c);
  const window = { padding: padding(c), strides: pair(c, "strides"), dilations: pair(c, "dilations") };
  const weights = e.rearranged(c.in(1), [3, 2, 0, 1]);
  const channels = e.shape(c.in(0))[3];
  const depth = e.shape(c.in(1))[2];
  const groups = typeof channels === "number" && typeof depth === "number" && depth > 0 ? channels / depth : 1;
  if (!Number.isInteger(groups) || groups < 1) e.invalid(`an input of ${channels} channels, weights for ${depth}`);
  return finish(convolution.convolution(e, c.in(0), weights, bias, window, groups));
};

/** [H,W,in,multiplier] → [in·multiplier,1,H,W]. */
export function depthwiseWeights(
  e: Emitter,
  weights: Operand,
): { weights: ReturnType<Emitter["rearranged"]>; channels: number } {
  const shape = e.shape(weights);
  const [h, w, channels, multiplier] = shape;
  if (shape.length !== 4 || ![h, w, channels, multiplier].every((dim) => typeof dim === "number"))
    return e.invalid(`the weights have the shape [${shape.join(",")}]`);
  const [rows, columns, c, m] = shape as [number, number, number, number];
  return { weights: e.rearranged(weights, [2, 3, 0, 1], [c * m, 1, rows, columns]), channels: c };
}

const depthwise: Apply = (c) => {
  checkFormat(c);
  const { e } = c;
  const { bias, finish } = fused(c);
  const { weights, channels } = depthwiseWeights(e, c.in(1));
  const window = { padding: padding(c), strides: pair(c, "strides"), dilations: pair(c, "dilations") };
  return finish(convolution.convolution(e, c.in(0), weights, bias, window, channels));
};

const transposedConv: Apply = (c) => {
  checkFormat(c);
  const size = c.e.known(c.in(0));
  const weights = c.e.rearranged(c.in(1), [3, 2, 0, 1]);
  const window = { padding: padding(c), strides: pair(c, "strides"), dilations: pair(c, "dilations") };
  return convolution.transposedConvolution(c.e, c.in(2), weights, undefined, window, size?.slice(1, 3));
};

const pool =
  (apply: typeof convolution.maxPool): Apply =>
  (c) => {
    checkFormat(c);
    return apply(c.e, c.in(0), { padding: padding(c), strides: pair(c, "strides"), kernel: pair(c, "ksize") });
  };

const fusedMatmul: Apply = (c) => {
  const { bias, finish } = fused(c);
  const product = reduction.matmul(
    c.e,
    c.in(0),
    c.in(1),
    c.attributes.bool("transpose_a"),
    c.attributes.bool("transpose_b"),
  );
  return finish(bias ? arithmetic.elementwise(c.e, "Add", [product, bias]) : product);
};

const batchMatmul: Apply = (c) =>
  reduction.matmul(c.e, c.in(0), c.in(1), c.attributes.bool("adj_x"), c.attributes.bool("adj_y"));

const reducer =
  (op: string): Apply =>
  (c) =>
    reduction.reduce(c.e, op, c.in(0), numbers(c, 1, "axes"), c.attributes.bool("keep_dims"));

const boolReducer =
  (all: boolean): Apply =>
  (c) =>
    reduction.reduceBool(c.e, all, c.in(0), numbers(c, 1, "axes"), c.attributes.bool("keep_dims"));

const resize =
  (method: convolution.ResizeOptions["method"]): Apply =>
  (c) =>
    convolution.resize(c.e, c.in(0), c.in(1), {
      method,
      alignCorners: c.attributes.bool("align_corners"),
      halfPixelCenters: c.attributes.bool("half_pixel_centers"),
    });

const batchNorm: Apply = (c) => {
  checkFormat(c);
  if (c.attributes.bool("is_training")) return c.e.unsupported("normalisation with the batch's own statistics");
  const parameters = { scale: c.in(1), offset: c.in(2), mean: c.in(3), variance: c.in(4) };
  return reduction.batchNorm(c.e, c.in(0), parameters, c.attributes.number("epsilon", 1e-4));
};

const argExtreme =
  (op: "ArgMax" | "ArgMin"): Apply =>
  (c) =>
    reduction.argExtreme(c.e, op, c.in(0), one(c, 1, "the axis"), "int32");

const same: Apply = (c) => c.in(0);

const stridedSlice: Apply = (c) =>
  movement.stridedSlice(c.e, c.in(0), {
    begin: numbers(c, 1, "begin"),
    end: numbers(c, 2, "end"),
    strides: numbers(c, 3, "strides"),
    beginMask: c.attributes.number("begin_mask", 0),
    endMask: c.attributes.number("end_mask", 0),
    ellipsisMask: c.attributes.number("ellipsis_mask", 0),
    newAxisMask: c.attributes.number("new_axis_mask", 0),
    shrinkAxisMask: c.attributes.number("shrink_axis_mask", 0),
  });

const splitV: Apply = (c) => {
  const { e } = c;
  const axis = e.axis(c.in(0), one(c, 2, "the axis"));
  const sizes = numbers(c, 1, "sizes");
  const dim = e.shape(c.in(0))[axis];
  if (!sizes.includes(-1)) return movement.split(e, c.in(0), axis, sizes);
  if (typeof dim !== "number") return e.unsupported(`splitting an axis whose size (${dim}) is not known`);
  const rest = dim - sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
  return movement.split(
    e,
    c.in(0),
    axis,
    sizes.map((size) => (size === -1 ? rest : size)),
  );
};

const einsum: Apply = (c) => {
  const values = inputs(c).map((x) => c.e.rows(x));
  return new Operand({ rows: c.e.node("Einsum", values, { equation: c.attributes.string("equation") }) });
};

/** By name. */
export const operators: Readonly<Record<string, Apply>> = {
  // Passing along.
  Identity: same,
  StopGradient: same,
  PreventGradient: same,
  CheckNumerics: same,
  Snapshot: same,
  PlaceholderWithDefault: same,
  EnsureShape: same,
  IdentityN: (c) => inputs(c),
  // Arithmetic.
  Add: binary("Add"),
  AddV2: binary("Add"),
  BiasAdd: (c) => {
    checkFormat(c);
    return arithmetic.elementwise(c.e, "Add", [c.in(0), c.in(1)]);
  },
  AddN: (c) => arithmetic.addAll(c.e, inputs(c)),
  Sub: binary("Sub"),
  Mul: binary("Mul"),
  RealDiv: binary("Div"),
  Div: binary("Div"),
  DivNoNan: (c) => {
    const { e } = c;
    const zero = arithmetic.scalarLike(e, c.in(1), 0);
    const isZero = arithmetic.elementwise(e, "Equal", [c.in(1), zero]);
    return arithmetic.elementwise(e, "Where", [isZero, zero, arithmetic.elementwise(e, "Div", [c.in(0), c.in(1)])]);
  },
  FloorDiv: (c) => arithmetic.floorDiv(c.e, c.in(0), c.in(1)),
  FloorMod: (c) => arithmetic.floorMod(c.e, c.in(0), c.in(1)),
  Mod: (c) => arithmetic.elementwise(c.e, "Mod", [c.in(0), c.in(1)], { fmod: 1 }),
  Maximum: binary("Max"),
  Minimum: binary("Min"),
  Pow: binary("Pow"),
  SquaredDifference: (c) => arithmetic.squaredDifference(c.e, c.in(0), c.in(1)),
  Abs: unary("Abs"),
  Neg: unary("Neg"),
  Sign: unary("Sign"),
  Square: (c) => arithmetic.elementwise(c.e, "Mul", [c.in(0), c.in(0)]),
  Sqrt: unary("Sqrt"),
  Rsqrt: (c) => arithmetic.rsqrt(c.e, c.in(0)),
  Reciprocal: unary("Reciprocal"),
  Inv: unary("Reciprocal"),
  Exp: unary("Exp"),
  Expm1: (c) => {
    const exp = arithmetic.unary(c.e, "Exp", c.in(0));
    return arithmetic.elementwise(c.e, "Sub", [exp, arithmetic.scalarLike(c.e, exp, 1)]);
  },
  Log: unary("Log"),
  Log1p: (c) => {
    const sum = arithmetic.elementwise(c.e, "Add", [c.in(0), arithmetic.scalarLike(c.e, c.in(0), 1)]);
    return arithmetic.unary(c.e, "Log", sum);
  },
  Floor: unary("Floor"),
  Ceil: unary("Ceil"),
  Round: (c) => arithmetic.round(c.e, c.in(0)),
  Rint: (c) => arithmetic.round(c.e, c.in(0)),
  Sin: unary("Sin"),
  Cos: unary("Cos"),
  Tan: unary("Tan"),
  Asin: unary("Asin"),
  Acos: unary("Acos"),
  Atan: unary("Atan"),
  Sinh: unary("Sinh"),
  Cosh: unary("Cosh"),
  Tanh: unary("Tanh"),
  Asinh: unary("Asinh"),
  Acosh: unary("Acosh"),
  Atanh: unary("Atanh"),
  Erf: unary("Erf"),
  IsNan: unary("IsNaN"),
  IsInf: unary("IsInf"),
  ClipByValue: (c) => {
    const low = arithmetic.elementwise(c.e, "Max", [c.in(0), c.in(1)]);
    return arithmetic.elementwise(c.e, "Min", [low, c.in(2)]);
  },
  // Activations.
  Relu: unary("Relu"),
  Relu6: (c) => arithmetic.clip(c.e, c.in(0), 0, 6),
  Elu: unary("Elu"),
  Selu: unary("Selu"),
  Sigmoid: unary("Sigmoid"),
  Softplus: unary("Softplus"),
  Softsign: unary("Softsign"),
  LeakyRelu: (c) => arithmetic.leakyRelu(c.e, c.in(0), c.attributes.number("alpha", 0.2)),
  Prelu: (c) => arithmetic.prelu(c.e, c.in(0), c.in(1)),
  Softmax: (c) => reduction.softmax(c.e, "Softmax", c.in(0)),
  LogSoftmax: (c) => reduction.softmax(c.e, "LogSoftmax", c.in(0)),
  // Comparisons and logic.
  Equal: binary("Equal"),
  NotEqual: (c) => arithmetic.unary(c.e, "Not", arithmetic.elementwise(c.e, "Equal", [c.in(0), c.in(1)])),
  Less: binary("Less"),
  LessEqual: binary("LessOrEqual"),
  Greater: binary("Greater"),
  GreaterEqual: binary("GreaterOrEqual"),
  LogicalAnd: binary("And"),
  LogicalOr: binary("Or"),
  LogicalNot: unary("Not"),
  Select: (c) => arithmetic.select(c.e, c.in(0), c.in(1), c.in(2)),
  SelectV2: (c) => arithmetic.elementwise(c.e, "Where", inputs(c)),
  // Images.
  Conv2D: conv2d,
  _FusedConv2D: conv2d,
  FusedConv2D: conv2d,
  DepthwiseConv2dNative: depthwise,
  DepthwiseConv2d: depthwise,
  FusedDepthwiseConv2dNative: depthwise,
  Conv2DBackpropInput: transposedConv,
  MaxPool: pool(convolution.maxPool),
  AvgPool: pool(convolution.averagePool),
  ResizeBilinear: resize("bilinear"),
  ResizeNearestNeighbor: resize("nearest"),
  DepthToSpace: (c) => {
    checkFormat(c);
    return movement.depthToSpace(c.e, c.in(0), c.attributes.number("block_size", 0));
  },
  SpaceToDepth: (c) => {
    checkFormat(c);
    return movement.spaceToDepth(c.e, c.in(0), c.attributes.number("block_size", 0));
  },
  SpaceToBatchND: (c) => movement.spaceToBatch(c.e, c.in(0), numbers(c, 1, "block shape"), numbers(c, 2, "paddings")),
  BatchToSpaceND: (c) => movement.batchToSpace(c.e, c.in(0), numbers(c, 1, "block shape"), numbers(c, 2, "crops")),
  LRN: (c) => {
    const size = 2 * c.attributes.number("depth_radius", 5) + 1;
    // ONNX divides alpha by the size of the window, TensorFlow does not.
    const alpha = c.attributes.number("alpha", 1) * size;
    const attributes = { size, alpha, bias: c.attributes.number("bias", 1), beta: c.attributes.number("beta", 0.5) };
    return new Operand({ planes: c.e.node("LRN", [c.e.planes(c.in(0))], attributes) });
  },
  FusedBatchNorm: batchNorm,
  FusedBatchNormV2: batchNorm,
  FusedBatchNormV3: batchNorm,
  // Matrices.
  MatMul: fusedMatmul,
  _FusedMatMul: fusedMatmul,
  BatchMatMul: batchMatmul,
  BatchMatMulV2: batchMatmul,
  Einsum: einsum,
  // Reductions.
  Mean: reducer("ReduceMean"),
  Sum: reducer("ReduceSum"),
  Max: reducer("ReduceMax"),
  Min: reducer("ReduceMin"),
  Prod: reducer("ReduceProd"),
  All: boolReducer(true),
  Any: boolReducer(false),
  ArgMax: argExtreme("ArgMax"),
  ArgMin: argExtreme("ArgMin"),
  TopKV2: (c) => reduction.topK(c.e, c.in(0), c.in(1)),
  TopK: (c) => {
    const k = c.e.constant(`${c.e.scope}/k`, c.e.ints([c.attributes.number("k", 1)]).constant!);
    return reduction.topK(c.e, c.in(0), k);
  },
  Cumsum: (c) =>
    reduction.cumsum(c.e, c.in(0), one(c, 1, "the axis"), c.attributes.bool("exclusive"), c.attributes.bool("reverse")),
  // Shapes.
  Reshape: (c) => movement.reshape(c.e, c.in(0), c.in(1)),
  Squeeze: (c) => {
    const axes = c.attributes.ints("squeeze_dims");
    return movement.squeeze(c.e, c.in(0), axes.length > 0 ? axes : c.attributes.ints("axis"));
  },
  ExpandDims: (c) => movement.expandDims(c.e, c.in(0), one(c, 1, "the axis")),
  Transpose: (c) => movement.transpose(c.e, c.in(0), numbers(c, 1, "permutation")),
  Shape: (c) => movement.shapeOf(c.e, c.in(0), "int32"),
  ShapeN: (c) => inputs(c).map((x) => movement.shapeOf(c.e, x, "int32")),
  Size: (c) => new Operand({ rows: c.e.cast(c.e.node("Size", [c.e.rows(c.in(0))]), "int32") }),
  Rank: (c) => new Operand({ rows: c.e.scalar(c.e.rank(c.in(0)), "int32", "rank") }),
  Cast: (c) => arithmetic.castTo(c.e, c.in(0), c.attributes.dtype("DstT")),
  Fill: (c) => movement.fill(c.e, c.in(0), c.in(1)),
  ZerosLike: (c) => movement.filledLike(c.e, c.in(0), 0),
  OnesLike: (c) => movement.filledLike(c.e, c.in(0), 1),
  Range: (c) => movement.range(c.e, c.in(0), c.in(1), c.in(2)),
  BroadcastTo: (c) => movement.broadcastTo(c.e, c.in(0), c.in(1)),
  Tile: (c) => movement.tile(c.e, c.in(0), c.in(1)),
  // Parts and joins.
  ConcatV2: (c) => movement.concat(c.e, inputs(c, 0, c.numInputs - 1), one(c, c.numInputs - 1, "the axis")),
  Concat: (c) => movement.concat(c.e, inputs(c, 1), one(c, 0, "the axis")),
  Pack: (c) => movement.pack(c.e, inputs(c), c.attributes.number("axis", 0)),
  Unpack: (c) => movement.unpack(c.e, c.in(0), c.attributes.number("axis", 0), c.attributes.number("num", 1)),
  Split: (c) => movement.splitEqually(c.e, c.in(1), one(c, 0, "the axis"), c.attributes.number("num_split", 1)),
  SplitV: splitV,
  Slice: (c) => movement.slice(c.e, c.in(0), numbers(c, 1, "begin"), numbers(c, 2, "size")),
  StridedSlice: stridedSlice,
  Gather: (c) => movement.gather(c.e, c.in(0), c.in(1), 0),
  GatherV2: (c) => movement.gather(c.e, c.in(0), c.in(1), one(c, 2, "the axis"), c.attributes.number("batch_dims", 0)),
  GatherNd: (c) => movement.gatherNd(c.e, c.in(0), c.in(1)),
  ReverseV2: (c) => movement.reverse(c.e, c.in(0), numbers(c, 1, "axes")),
  OneHot: (c) => movement.oneHot(c.e, c.in(0), c.in(1), c.in(2), c.in(3), c.attributes.number("axis", -1)),
  Pad: (c) => movement.pad(c.e, c.in(0), numbers(c, 1, "paddings")),
  PadV2: (c) => movement.pad(c.e, c.in(0), numbers(c, 1, "paddings"), "constant", c.in(2)),
  MirrorPad: (c) =>
    movement.pad(
      c.e,
      c.in(0),
      numbers(c, 1, "paddings"),
      c.attributes.string("mode") === "SYMMETRIC" ? "symmetric" : "reflect",
    ),
};
