/**
 * Keras layers in ONNX operators: one entry a class. Weights are looked up by the layer's name: `conv/kernel`. Layers that only
 * act in training pass their input along.
 */
import * as arithmetic from "../tensorflow/arithmetic.ts";
import * as convolution from "../tensorflow/convolution.ts";
import { type Emitter, Operand } from "../tensorflow/emitter.ts";
import * as movement from "../tensorflow/movement.ts";
import * as reduction from "../tensorflow/reduction.ts";
import { asArray, asNumber, asText, type Json, type JsonObject } from "./json.ts";
import { depthwiseWeights } from "./operators.ts";

export interface LayerCall {
  readonly e: Emitter;
  readonly config: JsonObject;
  readonly inputs: readonly Operand[];
  /** First input. Errors: MODEL_INVALID where the layer has none. */
  readonly x: Operand;
  /** A weight of the layer. Errors: MODEL_INVALID where the file has none of that name. */
  weight(name: string): Operand;
  optionalWeight(name: string): Operand | undefined;
}

export type Layer = (c: LayerCall) => Operand;

const text = (c: LayerCall, key: string, otherwise: string): string => {
  const value = c.config[key];
  return value === undefined || value === null ? otherwise : asText(value, `${key} of ${c.e.scope}`).toLowerCase();
};

const number = (c: LayerCall, key: string, otherwise: number): number => {
  const value = c.config[key];
  return value === undefined || value === null ? otherwise : asNumber(value, `${key} of ${c.e.scope}`);
};

const flag = (c: LayerCall, key: string, otherwise: boolean): boolean => {
  const value = c.config[key];
  return typeof value === "boolean" ? value : otherwise;
};

function numbers(c: LayerCall, value: Json | undefined, what: string): number[] {
  const list = typeof value === "number" ? [value] : asArray(value, `${what} of ${c.e.scope}`);
  return list.map((item) => asNumber(item, `${what} of ${c.e.scope}`));
}

/** One number for both axes of an image, or one each. */
function pair(c: LayerCall, key: string, otherwise?: readonly [number, number]): [number, number] {
  const value = c.config[key];
  if ((value === undefined || value === null) && otherwise) return [...otherwise];
  const list = numbers(c, value, key);
  if (list.length === 1) return [list[0]!, list[0]!];
  return list.length === 2 ? [list[0]!, list[1]!] : c.e.invalid(`${key} is [${list.join(",")}], expected two numbers`);
}

function checkFormat(c: LayerCall): void {
  const format = text(c, "data_format", "channels_last");
  if (format !== "channels_last") c.e.unsupported(`data_format is ${format}, expected channels_last`);
}

function padding(c: LayerCall): convolution.Padding {
  const value = text(c, "padding", "valid");
  if (value === "same") return "SAME";
  return value === "valid" ? "VALID" : c.e.unsupported(`padding is ${JSON.stringify(value)}`);
}

/** The name of an activation, also where it is an object with a class name. */
function activationName(c: LayerCall): string {
  const value = c.config["activation"];
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return asText((value as JsonObject)["class_name"] ?? "linear", "activation");
  return text(c, "activation", "linear");
}

const activated = (c: LayerCall, x: Operand): Operand => {
  const name = activationName(c);
  if (name === "relu" || name === "ReLU") return arithmetic.activation(c.e, x, "relu");
  return arithmetic.activation(c.e, x, name);
};

const bias = (c: LayerCall): Operand | undefined => (flag(c, "use_bias", true) ? c.weight("bias") : undefined);

/** Runs a layer for images on a sequence [N,L,C], as an image one row high. */
function asImage(c: LayerCall, run: (x: Operand) => Operand): Operand {
  const image = movement.expandDims(c.e, c.x, 1);
  return movement.squeeze(c.e, run(image), [1]);
}

const conv2d: Layer = (c) => {
  checkFormat(c);
  const window = {
    padding: padding(c),
    strides: pair(c, "strides", [1, 1]),
    dilations: pair(c, "dilation_rate", [1, 1]),
  };
  const weights = c.e.rearranged(c.weight("kernel"), [3, 2, 0, 1]);
  return activated(c, convolution.convolution(c.e, c.x, weights, bias(c), window, number(c, "groups", 1)));
};

const conv1d: Layer = (c) => {
  checkFormat(c);
  const { e } = c;
  const kernel = c.weight("kernel");
  const shape = e.shape(kernel) as number[];
  const [length, depth, filters] = shape as [number, number, number];
  const weights = e.rearranged(kernel, [2, 1, 0], [filters, depth, 1, length]);
  const first = (key: string): number => (c.config[key] === undefined ? 1 : (numbers(c, c.config[key], key)[0] ?? 1));
  const causal = text(c, "padding", "valid") === "causal";
  const dilation = first("dilation_rate");
  const before = (length - 1) * dilation;
  const window = {
    padding: causal ? { before: [0, before] as const, after: [0, 0] as const } : padding(c),
    strides: [1, first("strides")] as const,
    dilations: [1, dilation] as const,
  };
  const run = (x: Operand): Operand => convolution.convolution(e, x, weights, bias(c), window, number(c, "groups", 1));
  return activated(c, asImage(c, run));
};

const depthwiseConv2d: Layer = (c) => {
  checkFormat(c);
  const { weights, channels } = depthwiseWeights(c.e, c.optionalWeight("depthwise_kernel") ?? c.weight("kernel"));
  const window = {
    padding: padding(c),
    strides: pair(c, "strides", [1, 1]),
    dilations: pair(c, "dilation_rate", [1, 1]),
  };
  return activated(c, convolution.convolution(c.e, c.x, weights, bias(c), window, channels));
};

const separableConv2d: Layer = (c) => {
  checkFormat(c);
  const { e } = c;
  const { weights, channels } = depthwiseWeights(e, c.weight("depthwise_kernel"));
  const window = {
    padding: padding(c),
    strides: pair(c, "strides", [1, 1]),
    dilations: pair(c, "dilation_rate", [1, 1]),
  };
  const deep = convolution.convolution(e, c.x, weights, undefined, window, channels);
  const pointwise = e.rearranged(c.weight("pointwise_kernel"), [3, 2, 0, 1]);
  return activated(c, convolution.convolution(e, deep, pointwise, bias(c), { padding: "VALID", strides: [1, 1] }));
};

const conv2dTranspose: Layer = (c) => {
  checkFormat(c);
  const { e } = c;
  if (c.config["output_padding"] !== undefined && c.config["output_padding"] !== null)
    return e.unsupported("output_padding");
  const strides = pair(c, "strides", [1, 1]);
  const same = padding(c) === "SAME";
  const kernel = c.weight("kernel");
  const reach = (e.shape(kernel) as number[]).slice(0, 2);
  const from = e.shape(c.x).slice(1, 3);
  const size = from.map((dim, i) =>
    typeof dim === "number" ? dim * strides[i]! + (same ? 0 : Math.max(0, reach[i]! - strides[i]!)) : undefined,
  );
  const weights = e.rearranged(kernel, [3, 2, 0, 1]);
  return activated(
    c,
    convolution.transposedConvolution(e, c.x, weights, bias(c), { padding: padding(c), strides }, size),
  );
};

const dense: Layer = (c) => {
  const { e } = c;
  const kernel = c.weight("kernel");
  const added = bias(c);
  if (e.rank(c.x) === 2 && added)
    return activated(c, new Operand({ rows: e.node("Gemm", [e.rows(c.x), e.rows(kernel), e.rows(added)]) }));
  const product = reduction.matmul(e, c.x, kernel, false, false);
  return activated(c, added ? arithmetic.elementwise(e, "Add", [product, added]) : product);
};

const pool2d =
  (apply: typeof convolution.maxPool): Layer =>
  (c) => {
    checkFormat(c);
    const kernel = pair(c, "pool_size", [2, 2]);
    return apply(c.e, c.x, { kernel, strides: pair(c, "strides", kernel), padding: padding(c) });
  };

const pool1d =
  (apply: typeof convolution.maxPool): Layer =>
  (c) => {
    checkFormat(c);
    const size = numbers(c, c.config["pool_size"] ?? 2, "pool_size")[0]!;
    const stride = c.config["strides"] == null ? size : numbers(c, c.config["strides"], "strides")[0]!;
    return asImage(c, (x) => apply(c.e, x, { kernel: [1, size], strides: [1, stride], padding: padding(c) }));
  };

const globalPool =
  (op: string): Layer =>
  (c) => {
    checkFormat(c);
    const axes = Array.from({ length: c.e.rank(c.x) - 2 }, (_, i) => i + 1);
    return reduction.reduce(c.e, op, c.x, axes, flag(c, "keepdims", false));
  };

const merge =
  (op: string): Layer =>
  (c) => {
    if (c.inputs.length < 2) return c.e.invalid(`${c.inputs.length} inputs, expected two or more`);
    return c.inputs.slice(1).reduce((sum, x) => arithmetic.elementwise(c.e, op, [sum, x]), c.inputs[0]!);
  };

const same: Layer = (c) => c.x;

const batchNormalization: Layer = (c) => {
  const { e } = c;
  const rank = e.rank(c.x);
  const axisList = numbers(c, c.config["axis"] ?? -1, "axis");
  if (axisList.length !== 1 || e.axis(c.x, axisList[0]!) !== rank - 1)
    return e.unsupported(`normalisation along axis ${axisList}`);
  const mean = c.weight("moving_mean");
  const size = e.shape(mean) as number[];
  const filled = (name: string, value: number): Operand =>
    c.optionalWeight(name) ?? e.constant(`${e.scope}/${name}`, filledTensor(size, value));
  const parameters = {
    scale: filled("gamma", 1),
    offset: filled("beta", 0),
    mean,
    variance: c.weight("moving_variance"),
  };
  return reduction.batchNorm(e, c.x, parameters, number(c, "epsilon", 1e-3));
};

const layerNormalization: Layer = (c) => {
  const { e } = c;
  const axes = numbers(c, c.config["axis"] ?? -1, "axis").map((axis) => e.axis(c.x, axis));
  if (axes.length !== 1 || axes[0] !== e.rank(c.x) - 1) return e.unsupported(`normalisation along axes ${axes}`);
  const beta = c.optionalWeight("beta");
  const last = e.shape(c.x).at(-1);
  const gamma =
    c.optionalWeight("gamma") ?? e.constant(`${e.scope}/gamma`, filledTensor([typeof last === "number" ? last : 1], 1));
  const values = [e.rows(c.x), e.rows(gamma), ...(beta ? [e.rows(beta)] : [])];
  return new Operand({ rows: e.node("LayerNormalization", values, { axis: -1, epsilon: number(c, "epsilon", 1e-3) }) });
};

const relu: Layer = (c) => {
  const high = c.config["max_value"] == null ? undefined : number(c, "max_value", 0);
  const slope = number(c, "negative_slope", 0);
  if (number(c, "threshold", 0) !== 0) return c.e.unsupported("a ReLU with a threshold");
  if (slope !== 0) {
    const leaky = arithmetic.leakyRelu(c.e, c.x, slope);
    return high === undefined ? leaky : arithmetic.clip(c.e, leaky, undefined, high);
  }
  return high === undefined ? arithmetic.activation(c.e, c.x, "relu") : arithmetic.clip(c.e, c.x, 0, high);
};

const zeroPadding: Layer = (c) => {
  checkFormat(c);
  return movement.pad(c.e, c.x, borders(c, "padding"));
};

/** One number, one an axis, or [[before, after], …], for the axes between batch and channels. */
function borders(c: LayerCall, key: string): number[] {
  const value = c.config[key];
  const axes = c.e.rank(c.x) - 2;
  const list = typeof value === "number" ? new Array<Json>(axes).fill(value) : [...asArray(value, key)];
  // One axis has [before, after] without a list around it.
  const perAxis = axes === 1 && list.length === 2 ? [list] : list;
  if (perAxis.length !== axes) return c.e.invalid(`${key} has ${perAxis.length} entries, expected ${axes}`);
  const pairs = perAxis.map((entry) => {
    const both = numbers(c, entry as Json, key);
    return both.length === 1 ? [both[0]!, both[0]!] : both;
  });
  return [0, 0, ...pairs.flat(), 0, 0];
}

const cropping: Layer = (c) => {
  checkFormat(c);
  const { e } = c;
  const crops = borders(c, "cropping");
  const held = e.held(c.x);
  const rank = e.rank(c.x);
  const starts = Array.from({ length: rank }, (_, i) => crops[2 * i]!);
  const ends = Array.from({ length: rank }, (_, i) =>
    crops[2 * i + 1] ? -crops[2 * i + 1]! : Number.MAX_SAFE_INTEGER,
  );
  return held.operand(e.node("Slice", [held.value, e.ints(held.perAxis(starts)), e.ints(held.perAxis(ends))]));
};

const upSampling: Layer = (c) => {
  checkFormat(c);
  const method = text(c, "interpolation", "nearest");
  if (method !== "nearest" && method !== "bilinear") return c.e.unsupported(`interpolation is ${method}`);
  return convolution.upsample(c.e, c.x, pair(c, "size", [2, 2]), method);
};

/** Classes by name. */
export const layers: Readonly<Record<string, Layer>> = {
  Conv1D: conv1d,
  Conv2D: conv2d,
  Conv2DTranspose: conv2dTranspose,
  DepthwiseConv2D: depthwiseConv2d,
  SeparableConv2D: separableConv2d,
  Dense: dense,
  Activation: (c) => activated(c, c.x),
  ReLU: relu,
  LeakyReLU: (c) => arithmetic.leakyRelu(c.e, c.x, number(c, "alpha", number(c, "negative_slope", 0.3))),
  ELU: (c) => arithmetic.unary(c.e, "Elu", c.x, { alpha: number(c, "alpha", 1) }),
  PReLU: (c) => arithmetic.prelu(c.e, c.x, c.weight("alpha")),
  Softmax: (c) => reduction.softmax(c.e, "Softmax", c.x, number(c, "axis", -1)),
  BatchNormalization: batchNormalization,
  BatchNormalizationV1: batchNormalization,
  LayerNormalization: layerNormalization,
  Rescaling: (c) => {
    const scaled = arithmetic.elementwise(c.e, "Mul", [c.x, arithmetic.scalarLike(c.e, c.x, number(c, "scale", 1))]);
    const offset = number(c, "offset", 0);
    return offset === 0
      ? scaled
      : arithmetic.elementwise(c.e, "Add", [scaled, arithmetic.scalarLike(c.e, c.x, offset)]);
  },
  Add: merge("Add"),
  Subtract: merge("Sub"),
  Multiply: merge("Mul"),
  Maximum: merge("Max"),
  Minimum: merge("Min"),
  Average: (c) => {
    const sum = merge("Add")(c);
    return arithmetic.elementwise(c.e, "Div", [sum, arithmetic.scalarLike(c.e, sum, c.inputs.length)]);
  },
  Concatenate: (c) => movement.concat(c.e, c.inputs, number(c, "axis", -1)),
  Flatten: (c) => {
    checkFormat(c);
    return new Operand({ rows: c.e.node("Flatten", [c.e.rows(c.x)], { axis: 1 }) });
  },
  Reshape: (c) => {
    const target = numbers(c, c.config["target_shape"], "target_shape");
    if (!target.includes(-1)) return movement.reshape(c.e, c.x, [-1, ...target]);
    const batch = c.e.shape(c.x)[0];
    // ONNX keeps an axis that is 0.
    const shape = typeof batch === "number" ? [batch, ...target] : [0, ...target];
    return new Operand({ rows: c.e.node("Reshape", [c.e.rows(c.x), c.e.ints(shape, "shape")]) });
  },
  Permute: (c) => movement.transpose(c.e, c.x, [0, ...numbers(c, c.config["dims"], "dims")]),
  RepeatVector: (c) => {
    const column = movement.expandDims(c.e, c.x, 1);
    const times = c.e.constant(`${c.e.scope}/times`, c.e.ints([1, number(c, "n", 1), 1]).constant!);
    return movement.tile(c.e, column, times);
  },
  ZeroPadding1D: zeroPadding,
  ZeroPadding2D: zeroPadding,
  Cropping1D: cropping,
  Cropping2D: cropping,
  UpSampling2D: upSampling,
  MaxPooling2D: pool2d(convolution.maxPool),
  AveragePooling2D: pool2d(convolution.averagePool),
  MaxPooling1D: pool1d(convolution.maxPool),
  AveragePooling1D: pool1d(convolution.averagePool),
  GlobalAveragePooling1D: globalPool("ReduceMean"),
  GlobalAveragePooling2D: globalPool("ReduceMean"),
  GlobalMaxPooling1D: globalPool("ReduceMax"),
  GlobalMaxPooling2D: globalPool("ReduceMax"),
  Embedding: (c) => {
    const indices = arithmetic.castTo(c.e, c.x, "int32");
    return movement.gather(c.e, c.weight("embeddings"), indices, 0);
  },
  Dropout: same,
  SpatialDropout1D: same,
  SpatialDropout2D: same,
  AlphaDropout: same,
  GaussianDropout: same,
  GaussianNoise: same,
  ActivityRegularization: same,
};

import { Tensor } from "../../base/tensor.ts";

const filledTensor = (shape: readonly number[], value: number): Tensor => {
  const tensor = Tensor.zeros("float32", shape);
  tensor.data.fill(value);
  return tensor;
};
