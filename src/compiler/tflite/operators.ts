/**
 * TFLite's operators in ONNX's: one entry an operator, by its code. Field numbers of the options are those of schema.fbs.
 * Images are [N,H,W,C], weights of a convolution [out,H,W,in], of a depthwise one [1,H,W,in·multiplier].
 */
import type { DType } from "../../base/dtypes.ts";
import { fromNumbers, toNumbers } from "../../base/numbers.ts";
import { Tensor } from "../../base/tensor.ts";
import * as arithmetic from "../tensorflow/arithmetic.ts";
import * as convolution from "../tensorflow/convolution.ts";
import { type Emitter, Operand } from "../tensorflow/emitter.ts";
import * as movement from "../tensorflow/movement.ts";
import * as reduction from "../tensorflow/reduction.ts";
import { call, conditional, whileLoop } from "./control.ts";
import { sequenceLstm, sequenceRnn } from "./recurrent.ts";
import { dtypeOf, type TensorInfo } from "./schema.ts";
import type { Table } from "./table.ts";

export interface Call {
  readonly e: Emitter;
  readonly options: Table | undefined;
  readonly customOptions: Uint8Array | undefined;
  readonly numInputs: number;
  /** An operand that must be there. */
  in(index: number): Operand;
  /** One that may be left out. */
  optional(index: number): Operand | undefined;
  readonly outputs: readonly TensorInfo[];
  /** Another graph of the file. Errors: MODEL_INVALID where there is none, or where it would run itself. */
  subgraph(index: number): Callee;
}

/** A graph of the file that an operator runs. */
export interface Callee {
  readonly inputs: readonly TensorInfo[];
  readonly outputs: readonly TensorInfo[];
  /** Its operators, emitted where the emitter stands. */
  run(inputs: readonly Operand[]): Operand[];
}

export interface Entry {
  readonly name: string;
  readonly apply?: (c: Call) => Operand | readonly Operand[];
}

const activations = ["linear", "relu", "relu_n1_to_1", "relu6", "tanh", "sign_bit"];

const activated = (c: Call, x: Operand, field: number): Operand =>
  arithmetic.activation(c.e, x, activations[c.options?.int8(field) ?? 0] ?? "unknown");

const padding = (options: Table | undefined, field = 0): convolution.Padding =>
  (options?.int8(field) ?? 0) === 0 ? "SAME" : "VALID";

const pair = (options: Table | undefined, heightField: number, widthField: number): [number, number] => [
  options?.int32(heightField, 1) ?? 1,
  options?.int32(widthField, 1) ?? 1,
];

const unary =
  (op: string) =>
  (c: Call): Operand =>
    arithmetic.unary(c.e, op, c.in(0));

/** Two operands, then the activation that the options name where they can. */
const binary =
  (op: string, activation?: number) =>
  (c: Call): Operand => {
    const result = arithmetic.elementwise(c.e, op, [c.in(0), c.in(1)]);
    return activation === undefined ? result : activated(c, result, activation);
  };

const negated =
  (op: string) =>
  (c: Call): Operand =>
    arithmetic.unary(c.e, "Not", arithmetic.elementwise(c.e, op, [c.in(0), c.in(1)]));

const reducer =
  (op: string) =>
  (c: Call): Operand => {
    const axes = c.e.numbers(c.in(1), "axes");
    return reduction.reduce(c.e, op, c.in(0), axes, c.options?.bool(0) ?? false);
  };

const pool =
  (apply: typeof convolution.maxPool) =>
  (c: Call): Operand => {
    const window = { padding: padding(c.options), strides: pair(c.options, 2, 1), kernel: pair(c.options, 4, 3) };
    return activated(c, apply(c.e, c.in(0), window), 5);
  };

function conv2d(c: Call): Operand {
  const { e, options } = c;
  const window = { padding: padding(options), strides: pair(options, 2, 1), dilations: pair(options, 5, 4) };
  const weights = e.rearranged(c.in(1), [0, 3, 1, 2]);
  const channels = e.shape(c.in(0))[3];
  const depth = e.shape(c.in(1))[3];
  const groups = typeof channels === "number" && typeof depth === "number" && depth > 0 ? channels / depth : 1;
  if (!Number.isInteger(groups) || groups < 1) e.invalid(`an input of ${channels} channels, weights for ${depth}`);
  return activated(c, convolution.convolution(e, c.in(0), weights, c.optional(2), window, groups), 3);
}

function depthwiseConv2d(c: Call): Operand {
  const { e, options } = c;
  const window = { padding: padding(options), strides: pair(options, 2, 1), dilations: pair(options, 6, 5) };
  const weights = e.rearranged(c.in(1), [3, 0, 1, 2]);
  const channels = e.shape(c.in(0))[3];
  if (typeof channels !== "number") return e.unsupported("a number of channels that is not known");
  return activated(c, convolution.convolution(e, c.in(0), weights, c.optional(2), window, channels), 4);
}

/** The size of the output is an input; the sum over weights [out,H,W,in]. */
function transposeConv(c: Call): Operand {
  const { e, options } = c;
  const size = e.known(c.in(0));
  const weights = e.rearranged(c.in(1), [3, 0, 1, 2]);
  const window = { padding: padding(options), strides: pair(options, 2, 1) };
  const result = convolution.transposedConvolution(e, c.in(2), weights, c.optional(3), window, size?.slice(1, 3));
  return activated(c, result, 3);
}

/** MediaPipe's: padding (1 same, 2 valid), stride of columns, stride of rows as three int32. */
function transposeConvBias(c: Call): Operand {
  const { e } = c;
  const bytes = c.customOptions;
  if (!bytes || bytes.length < 12) return e.invalid(`its options are ${bytes?.length ?? 0} bytes, expected 12`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const window = {
    padding: view.getInt32(0, true) === 1 ? ("SAME" as const) : ("VALID" as const),
    strides: [view.getInt32(8, true), view.getInt32(4, true)] as const,
  };
  const weights = e.rearranged(c.in(1), [3, 0, 1, 2]);
  return convolution.transposedConvolution(e, c.in(0), weights, c.optional(2), window, c.outputs[0]?.shape.slice(1, 3));
}

/** Half-precision weights are kept as such and widened where they are used: here, once, when first read. */
function dequantize(c: Call): Operand {
  const { e } = c;
  const x = c.in(0);
  if (e.dtype(x) !== "float16") return arithmetic.castTo(e, x, c.outputs[0]?.dtype ?? "float32");
  const source = x.rows?.constantSource;
  if (!source) return arithmetic.castTo(e, x, "float32");
  const widen = (t: Tensor): Tensor => new Tensor("float32", t.shape, fromNumbers("float32", toNumbers(t)));
  return e.derived(c.outputs[0]?.name ?? "weights", source, "float32", widen);
}

/** Integers to integers: as they are stored. To or from real numbers: the real numbers. */
function cast(c: Call): Operand {
  const from = c.in(0);
  const to = c.outputs[0]!;
  return arithmetic.castTo(c.e, to.quantization ? from : (from.stored ?? from), to.dtype);
}

function reshape(c: Call): Operand {
  const { e } = c;
  const shape = c.optional(1);
  const known = shape && e.known(shape);
  // Some converters leave the input out, or write it as a matrix of one row.
  if (known) return movement.reshape(e, c.in(0), known);
  if (shape) return movement.reshape(e, c.in(0), shape);
  const option = c.options?.int32s(0);
  return movement.reshape(e, c.in(0), option?.length ? option : (c.outputs[0]?.shape ?? []));
}

function stridedSlice(c: Call): Operand {
  const { e, options } = c;
  if (options?.bool(5)) return e.unsupported("ends counted from the beginnings");
  return movement.stridedSlice(e, c.in(0), {
    begin: e.numbers(c.in(1), "begin"),
    end: e.numbers(c.in(2), "end"),
    strides: e.numbers(c.in(3), "strides"),
    beginMask: options?.int32(0) ?? 0,
    endMask: options?.int32(1) ?? 0,
    ellipsisMask: options?.int32(2) ?? 0,
    newAxisMask: options?.int32(3) ?? 0,
    shrinkAxisMask: options?.int32(4) ?? 0,
  });
}

const inputs = (c: Call): Operand[] => Array.from({ length: c.numInputs }, (_, i) => c.in(i));

const single = (c: Call, x: Operand | undefined, what: string): number =>
  c.e.numbers(x, what)[0] ?? c.e.invalid(`${what} is empty`);

const argExtreme =
  (op: "ArgMax" | "ArgMin") =>
  (c: Call): Operand => {
    const dtype: DType = c.options?.has(0) ? dtypeOf(c.options.int8(0), c.e.scope) : (c.outputs[0]?.dtype ?? "int64");
    return reduction.argExtreme(c.e, op, c.in(0), single(c, c.in(1), "the axis"), dtype);
  };

/** By BuiltinOperator. An entry without `apply` is known by name only. */
export const builtins: Readonly<Record<number, Entry>> = {
  0: { name: "ADD", apply: binary("Add", 0) },
  1: { name: "AVERAGE_POOL_2D", apply: pool(convolution.averagePool) },
  2: {
    name: "CONCATENATION",
    apply: (c) => activated(c, movement.concat(c.e, inputs(c), c.options?.int32(0) ?? 0), 1),
  },
  3: { name: "CONV_2D", apply: conv2d },
  4: { name: "DEPTHWISE_CONV_2D", apply: depthwiseConv2d },
  5: { name: "DEPTH_TO_SPACE", apply: (c) => movement.depthToSpace(c.e, c.in(0), c.options?.int32(0) ?? 0) },
  6: { name: "DEQUANTIZE", apply: dequantize },
  7: { name: "EMBEDDING_LOOKUP", apply: (c) => movement.gather(c.e, c.in(1), c.in(0), 0) },
  8: { name: "FLOOR", apply: unary("Floor") },
  9: {
    name: "FULLY_CONNECTED",
    apply(c) {
      if (c.options?.int8(1)) return c.e.unsupported("weights in a shuffled order");
      const keep = c.options?.bool(2) ?? false;
      return activated(c, reduction.fullyConnected(c.e, c.in(0), c.in(1), c.optional(2), keep), 0);
    },
  },
  10: { name: "HASHTABLE_LOOKUP" },
  11: { name: "L2_NORMALIZATION", apply: (c) => activated(c, reduction.l2Normalize(c.e, c.in(0)), 0) },
  12: { name: "L2_POOL_2D", apply: pool(convolution.l2Pool) },
  13: {
    name: "LOCAL_RESPONSE_NORMALIZATION",
    apply(c) {
      const { e, options } = c;
      const size = 2 * (options?.int32(0) ?? 0) + 1;
      // ONNX divides alpha by the size of the window, TensorFlow does not.
      const alpha = (options?.float32(2) ?? 0) * size;
      const attributes = { size, bias: options?.float32(1) ?? 0, alpha, beta: options?.float32(3) ?? 0 };
      return new Operand({ planes: e.node("LRN", [e.planes(c.in(0))], attributes) });
    },
  },
  14: { name: "LOGISTIC", apply: unary("Sigmoid") },
  15: { name: "LSH_PROJECTION" },
  16: { name: "LSTM" },
  17: { name: "MAX_POOL_2D", apply: pool(convolution.maxPool) },
  18: { name: "MUL", apply: binary("Mul", 0) },
  19: { name: "RELU", apply: unary("Relu") },
  20: { name: "RELU_N1_TO_1", apply: (c) => arithmetic.clip(c.e, c.in(0), -1, 1) },
  21: { name: "RELU6", apply: (c) => arithmetic.clip(c.e, c.in(0), 0, 6) },
  22: { name: "RESHAPE", apply: reshape },
  23: {
    name: "RESIZE_BILINEAR",
    apply: (c) =>
      convolution.resize(c.e, c.in(0), c.in(1), {
        method: "bilinear",
        alignCorners: c.options?.bool(2) ?? false,
        halfPixelCenters: c.options?.bool(3) ?? false,
      }),
  },
  24: { name: "RNN" },
  25: {
    name: "SOFTMAX",
    apply(c) {
      const beta = c.options?.float32(0) ?? 1;
      const scaled =
        beta === 1 ? c.in(0) : arithmetic.elementwise(c.e, "Mul", [c.in(0), arithmetic.scalarLike(c.e, c.in(0), beta)]);
      return reduction.softmax(c.e, "Softmax", scaled);
    },
  },
  26: { name: "SPACE_TO_DEPTH", apply: (c) => movement.spaceToDepth(c.e, c.in(0), c.options?.int32(0) ?? 0) },
  27: { name: "SVDF" },
  28: { name: "TANH", apply: unary("Tanh") },
  29: { name: "CONCAT_EMBEDDINGS" },
  30: { name: "SKIP_GRAM" },
  31: { name: "CALL", apply: call },
  33: { name: "EMBEDDING_LOOKUP_SPARSE" },
  34: { name: "PAD", apply: (c) => movement.pad(c.e, c.in(0), c.e.numbers(c.in(1), "paddings")) },
  35: { name: "UNIDIRECTIONAL_SEQUENCE_RNN", apply: sequenceRnn },
  36: {
    name: "GATHER",
    apply: (c) => movement.gather(c.e, c.in(0), c.in(1), c.options?.int32(0) ?? 0, c.options?.int32(1) ?? 0),
  },
  37: {
    name: "BATCH_TO_SPACE_ND",
    apply: (c) =>
      movement.batchToSpace(c.e, c.in(0), c.e.numbers(c.in(1), "block shape"), c.e.numbers(c.in(2), "crops")),
  },
  38: {
    name: "SPACE_TO_BATCH_ND",
    apply: (c) =>
      movement.spaceToBatch(c.e, c.in(0), c.e.numbers(c.in(1), "block shape"), c.e.numbers(c.in(2), "paddings")),
  },
  39: { name: "TRANSPOSE", apply: (c) => movement.transpose(c.e, c.in(0), c.e.numbers(c.in(1), "permutation")) },
  40: { name: "MEAN", apply: reducer("ReduceMean") },
  41: { name: "SUB", apply: binary("Sub", 0) },
  42: { name: "DIV", apply: binary("Div", 0) },
  43: { name: "SQUEEZE", apply: (c) => movement.squeeze(c.e, c.in(0), c.options?.int32s(0) ?? []) },
  44: { name: "UNIDIRECTIONAL_SEQUENCE_LSTM", apply: sequenceLstm },
  45: { name: "STRIDED_SLICE", apply: stridedSlice },
  46: { name: "BIDIRECTIONAL_SEQUENCE_RNN" },
  47: { name: "EXP", apply: unary("Exp") },
  48: { name: "TOPK_V2", apply: (c) => reduction.topK(c.e, c.in(0), c.in(1)) },
  49: {
    name: "SPLIT",
    apply: (c) => movement.splitEqually(c.e, c.in(1), single(c, c.in(0), "the axis"), c.options?.int32(0) ?? 1),
  },
  50: { name: "LOG_SOFTMAX", apply: (c) => reduction.softmax(c.e, "LogSoftmax", c.in(0)) },
  51: { name: "DELEGATE" },
  52: { name: "BIDIRECTIONAL_SEQUENCE_LSTM" },
  53: { name: "CAST", apply: cast },
  54: { name: "PRELU", apply: (c) => arithmetic.prelu(c.e, c.in(0), c.in(1)) },
  55: { name: "MAXIMUM", apply: binary("Max") },
  56: { name: "ARG_MAX", apply: argExtreme("ArgMax") },
  57: { name: "MINIMUM", apply: binary("Min") },
  58: { name: "LESS", apply: binary("Less") },
  59: { name: "NEG", apply: unary("Neg") },
  60: {
    name: "PADV2",
    apply: (c) => movement.pad(c.e, c.in(0), c.e.numbers(c.in(1), "paddings"), "constant", c.in(2)),
  },
  61: { name: "GREATER", apply: binary("Greater") },
  62: { name: "GREATER_EQUAL", apply: binary("GreaterOrEqual") },
  63: { name: "LESS_EQUAL", apply: binary("LessOrEqual") },
  64: { name: "SELECT", apply: (c) => arithmetic.select(c.e, c.in(0), c.in(1), c.in(2)) },
  65: {
    name: "SLICE",
    apply: (c) => movement.slice(c.e, c.in(0), c.e.numbers(c.in(1), "begin"), c.e.numbers(c.in(2), "size")),
  },
  66: { name: "SIN", apply: unary("Sin") },
  67: { name: "TRANSPOSE_CONV", apply: transposeConv },
  68: { name: "SPARSE_TO_DENSE" },
  69: { name: "TILE", apply: (c) => movement.tile(c.e, c.in(0), c.in(1)) },
  70: { name: "EXPAND_DIMS", apply: (c) => movement.expandDims(c.e, c.in(0), single(c, c.in(1), "the axis")) },
  71: { name: "EQUAL", apply: binary("Equal") },
  72: { name: "NOT_EQUAL", apply: negated("Equal") },
  73: { name: "LOG", apply: unary("Log") },
  74: { name: "SUM", apply: reducer("ReduceSum") },
  75: { name: "SQRT", apply: unary("Sqrt") },
  76: { name: "RSQRT", apply: (c) => arithmetic.rsqrt(c.e, c.in(0)) },
  77: {
    name: "SHAPE",
    apply: (c) => movement.shapeOf(c.e, c.in(0), c.outputs[0]?.dtype === "int64" ? "int64" : "int32"),
  },
  78: { name: "POW", apply: binary("Pow") },
  79: { name: "ARG_MIN", apply: argExtreme("ArgMin") },
  80: { name: "FAKE_QUANT", apply: fakeQuant },
  81: { name: "REDUCE_PROD", apply: reducer("ReduceProd") },
  82: { name: "REDUCE_MAX", apply: reducer("ReduceMax") },
  83: { name: "PACK", apply: (c) => movement.pack(c.e, inputs(c), c.options?.int32(1) ?? 0) },
  84: { name: "LOGICAL_OR", apply: binary("Or") },
  85: {
    name: "ONE_HOT",
    apply: (c) => movement.oneHot(c.e, c.in(0), c.in(1), c.in(2), c.in(3), c.options?.int32(0) ?? -1),
  },
  86: { name: "LOGICAL_AND", apply: binary("And") },
  87: { name: "LOGICAL_NOT", apply: unary("Not") },
  88: {
    name: "UNPACK",
    apply: (c) => movement.unpack(c.e, c.in(0), c.options?.int32(1) ?? 0, c.options?.int32(0) ?? 1),
  },
  89: { name: "REDUCE_MIN", apply: reducer("ReduceMin") },
  90: { name: "FLOOR_DIV", apply: (c) => arithmetic.floorDiv(c.e, c.in(0), c.in(1)) },
  91: {
    name: "REDUCE_ANY",
    apply: (c) => reduction.reduceBool(c.e, false, c.in(0), c.e.numbers(c.in(1), "axes"), c.options?.bool(0) ?? false),
  },
  92: { name: "SQUARE", apply: (c) => arithmetic.elementwise(c.e, "Mul", [c.in(0), c.in(0)]) },
  93: { name: "ZEROS_LIKE", apply: (c) => movement.filledLike(c.e, c.in(0), 0) },
  94: { name: "FILL", apply: (c) => movement.fill(c.e, c.in(0), c.in(1)) },
  95: { name: "FLOOR_MOD", apply: (c) => arithmetic.floorMod(c.e, c.in(0), c.in(1)) },
  96: { name: "RANGE", apply: (c) => movement.range(c.e, c.in(0), c.in(1), c.in(2)) },
  97: {
    name: "RESIZE_NEAREST_NEIGHBOR",
    apply: (c) =>
      convolution.resize(c.e, c.in(0), c.in(1), {
        method: "nearest",
        alignCorners: c.options?.bool(0) ?? false,
        halfPixelCenters: c.options?.bool(1) ?? false,
      }),
  },
  98: { name: "LEAKY_RELU", apply: (c) => arithmetic.leakyRelu(c.e, c.in(0), c.options?.float32(0) ?? 0) },
  99: { name: "SQUARED_DIFFERENCE", apply: (c) => arithmetic.squaredDifference(c.e, c.in(0), c.in(1)) },
  100: {
    name: "MIRROR_PAD",
    apply: (c) =>
      movement.pad(c.e, c.in(0), c.e.numbers(c.in(1), "paddings"), c.options?.int8(0) === 1 ? "symmetric" : "reflect"),
  },
  101: { name: "ABS", apply: unary("Abs") },
  102: {
    name: "SPLIT_V",
    apply(c) {
      const axis = c.e.axis(c.in(0), single(c, c.in(2), "the axis"));
      return movement.split(c.e, c.in(0), axis, wholeSizes(c, axis));
    },
  },
  103: { name: "UNIQUE" },
  104: { name: "CEIL", apply: unary("Ceil") },
  105: { name: "REVERSE_V2", apply: (c) => movement.reverse(c.e, c.in(0), c.e.numbers(c.in(1), "axes")) },
  106: { name: "ADD_N", apply: (c) => arithmetic.addAll(c.e, inputs(c)) },
  107: { name: "GATHER_ND", apply: (c) => movement.gatherNd(c.e, c.in(0), c.in(1)) },
  108: { name: "COS", apply: unary("Cos") },
  109: { name: "WHERE" },
  110: { name: "RANK" },
  111: { name: "ELU", apply: unary("Elu") },
  112: { name: "REVERSE_SEQUENCE" },
  113: { name: "MATRIX_DIAG" },
  // What it does is done to every quantised output.
  114: { name: "QUANTIZE", apply: (c) => c.in(0) },
  115: { name: "MATRIX_SET_DIAG" },
  116: { name: "ROUND", apply: unary("Round") },
  117: { name: "HARD_SWISH", apply: unary("HardSwish") },
  118: { name: "IF", apply: conditional },
  119: { name: "WHILE", apply: whileLoop },
  120: { name: "NON_MAX_SUPPRESSION_V4" },
  121: { name: "NON_MAX_SUPPRESSION_V5" },
  122: { name: "SCATTER_ND" },
  123: { name: "SELECT_V2", apply: (c) => arithmetic.elementwise(c.e, "Where", [c.in(0), c.in(1), c.in(2)]) },
  // Sparse constants are given their zeros when they are read.
  124: { name: "DENSIFY", apply: (c) => c.in(0) },
  125: { name: "SEGMENT_SUM" },
  126: {
    name: "BATCH_MATMUL",
    apply: (c) => reduction.matmul(c.e, c.in(0), c.in(1), c.options?.bool(0) ?? false, c.options?.bool(1) ?? false),
  },
  127: { name: "PLACEHOLDER_FOR_GREATER_OP_CODES" },
  128: {
    name: "CUMSUM",
    apply: (c) =>
      reduction.cumsum(
        c.e,
        c.in(0),
        single(c, c.in(1), "the axis"),
        c.options?.bool(0) ?? false,
        c.options?.bool(1) ?? false,
      ),
  },
  129: { name: "CALL_ONCE" },
  130: { name: "BROADCAST_TO", apply: (c) => movement.broadcastTo(c.e, c.in(0), c.in(1)) },
  131: { name: "RFFT2D" },
  132: { name: "CONV_3D" },
  133: { name: "IMAG" },
  134: { name: "REAL" },
  135: { name: "COMPLEX_ABS" },
  136: { name: "HASHTABLE" },
  140: {
    name: "REDUCE_ALL",
    apply: (c) => reduction.reduceBool(c.e, true, c.in(0), c.e.numbers(c.in(1), "axes"), c.options?.bool(0) ?? false),
  },
  142: { name: "VAR_HANDLE" },
  143: { name: "READ_VARIABLE" },
  144: { name: "ASSIGN_VARIABLE" },
  150: {
    name: "GELU",
    apply: (c) => arithmetic.unary(c.e, "Gelu", c.in(0), { approximate: c.options?.bool(0) ? "tanh" : "none" }),
  },
  152: { name: "RELU_0_TO_1", apply: (c) => arithmetic.clip(c.e, c.in(0), 0, 1) },
  158: { name: "SIGN", apply: unary("Sign") },
};

/** Operators that TensorFlow does not have, by name. */
export const customs: Readonly<Record<string, Entry>> = {
  Convolution2DTransposeBias: { name: "Convolution2DTransposeBias", apply: transposeConvBias },
};

/** Sizes of a split, of which one may be -1: the rest. */
function wholeSizes(c: Call, axis: number): number[] {
  const sizes = c.e.numbers(c.in(1), "sizes");
  const dim = c.e.shape(c.in(0))[axis];
  if (!sizes.includes(-1)) return sizes;
  if (typeof dim !== "number") return c.e.unsupported(`splitting an axis whose size (${dim}) is not known`);
  const rest = dim - sizes.reduce((sum, size) => sum + Math.max(0, size), 0);
  return sizes.map((size) => (size === -1 ? rest : size));
}

/** Rounding to 2^bits steps between two numbers, zero among them. Source: TensorFlow, FakeQuantWithMinMaxArgs. */
function fakeQuant(c: Call): Operand {
  const { e, options } = c;
  const [low, high] = [options?.float32(0) ?? 0, options?.float32(1) ?? 0];
  const first = options?.bool(3) ? 1 : 0;
  const last = 2 ** (options?.int32(2) ?? 8) - 1;
  const scale = (high - low) / (last - first);
  if (!(scale > 0) || last > 255) return e.unsupported(`rounding to ${last + 1} steps from ${low} to ${high}`);
  const zeroPoint = Math.min(last, Math.max(first, Math.round(first - low / scale)));
  const real = e.quantized(c.in(0), { scale: [scale], zeroPoint: [zeroPoint], axis: 0 }, "uint8");
  real.stored = undefined;
  return real;
}
