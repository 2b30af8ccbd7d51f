/**
 * What random graphs are made of: things that real nets do. Each takes a float32 image [n, C, H, W] (C, H, W numbers) or
 * tokens [n, T, D] and gives a tensor of the same rank. Values stay in a range where no engine loses digits.
 */
import type { Value } from "../../src/compiler/ir/graph.ts";
import { GraphBuilder, sizeAt } from "./build.ts";

export interface Idiom {
  readonly name: string;
  readonly rank: 3 | 4;
  /** Whether it can be put after this value. */
  fits?(x: Value): boolean;
  apply(b: GraphBuilder, x: Value): Value;
}

const activations = ["Relu", "Sigmoid", "Tanh", "LeakyRelu", "HardSigmoid", "HardSwish", "Softplus", "Elu"];

function activate(b: GraphBuilder, x: Value): Value {
  const choice = b.int(0, activations.length + 1);
  // SiLU as exporters write it, and a clip.
  if (choice === activations.length) return b.node("Mul", [x, b.node("Sigmoid", [x])]);
  if (choice > activations.length) return b.node("Clip", [x, b.numbers("float32", [0]), b.numbers("float32", [6])]);
  return b.node(activations[choice]!, [x]);
}

function conv(
  b: GraphBuilder,
  x: Value,
  channels: number,
  kernel: number,
  options: { stride?: number; group?: number } = {},
): Value {
  const from = sizeAt(x, 1);
  const group = options.group ?? 1;
  const perGroup = from / group;
  const weight = b.weight([channels, perGroup, kernel, kernel], 1 / Math.sqrt(perGroup * kernel * kernel));
  const bias = b.chance(0.6) ? b.weight([channels], 0.5) : undefined;
  const half = (kernel - 1) / 2;
  return b.node("Conv", bias ? [x, weight, bias] : [x, weight], {
    kernel_shape: [kernel, kernel],
    pads: [half, half, half, half],
    strides: [options.stride ?? 1, options.stride ?? 1],
    group,
  });
}

const big = (x: Value): boolean => sizeAt(x, 2) >= 4 && sizeAt(x, 3) >= 4;
const evenChannels = (x: Value): boolean => sizeAt(x, 1) % 2 === 0;

export const idioms: readonly Idiom[] = [
  {
    name: "convolution block",
    rank: 4,
    apply(b, x) {
      let y = conv(b, x, b.pick([2, 4, 6, 8]), b.pick([1, 3]), { stride: big(x) && b.chance(0.3) ? 2 : 1 });
      if (b.chance(0.6)) {
        const c = sizeAt(y, 1);
        y = b.node("BatchNormalization", [
          y,
          b.weight([c], 0.5, 1),
          b.weight([c]),
          b.weight([c], 0.3),
          b.weight([c], 0.4, 1),
        ]);
      }
      return activate(b, y);
    },
  },
  {
    name: "depthwise separable",
    rank: 4,
    apply(b, x) {
      const c = sizeAt(x, 1);
      return conv(b, activate(b, conv(b, x, c, 3, { group: c })), b.pick([2, 4, 8]), 1);
    },
  },
  {
    name: "residual",
    rank: 4,
    apply(b, x) {
      const c = sizeAt(x, 1);
      return activate(b, b.node("Add", [x, conv(b, activate(b, conv(b, x, c, 3)), c, 1)]));
    },
  },
  {
    name: "squeeze-excite",
    rank: 4,
    apply(b, x) {
      const c = sizeAt(x, 1);
      const squeezed = b.chance(0.5)
        ? b.node("GlobalAveragePool", [x])
        : b.node("ReduceMean", [x, b.ints([2, 3])], { keepdims: 1 });
      const gate = b.node(b.pick(["Sigmoid", "HardSigmoid"]), [
        conv(b, b.node("Relu", [conv(b, squeezed, 2, 1)]), c, 1),
      ]);
      return b.node("Mul", b.chance(0.5) ? [x, gate] : [gate, x]);
    },
  },
  {
    name: "channel shuffle",
    rank: 4,
    fits: evenChannels,
    apply(b, x) {
      const [c, h, w] = [sizeAt(x, 1), sizeAt(x, 2), sizeAt(x, 3)];
      const split = b.node("Reshape", [x, b.ints([0, 2, c / 2, h, w])]);
      return b.node("Reshape", [b.node("Transpose", [split], { perm: [0, 2, 1, 3, 4] }), b.ints([0, c, h, w])]);
    },
  },
  {
    name: "split and join",
    rank: 4,
    fits: evenChannels,
    apply(b, x) {
      const half = sizeAt(x, 1) / 2;
      const parts = b.nodes("Split", [x, b.ints([half, half])], { axis: 1 }, 2);
      return b.node("Concat", [activate(b, parts[0]!), b.chance(0.5) ? parts[1]! : conv(b, parts[1]!, half, 1)], {
        axis: 1,
      });
    },
  },
  {
    name: "pool",
    rank: 4,
    fits: big,
    apply(b, x) {
      const kernel = b.pick([2, 3]);
      const pads = kernel === 3 ? [1, 1, 1, 1] : [0, 0, 0, 0];
      const shared = { kernel_shape: [kernel, kernel], strides: [2, 2], pads };
      return b.chance(0.5)
        ? b.node("MaxPool", [x], { ...shared, ceil_mode: b.int(0, 1) })
        : b.node("AveragePool", [x], { ...shared, count_include_pad: b.int(0, 1) });
    },
  },
  {
    name: "upsample and skip",
    rank: 4,
    fits: (x) => sizeAt(x, 2) <= 12 && sizeAt(x, 3) <= 12,
    apply(b, x) {
      const nearest = b.chance(0.5);
      const small = b.node("Resize", [x, undefined, b.numbers("float32", [1, 1, 2, 2], [4])], {
        mode: nearest ? "nearest" : "linear",
        coordinate_transformation_mode: nearest ? "asymmetric" : b.pick(["half_pixel", "align_corners", "asymmetric"]),
        nearest_mode: "floor",
      });
      return conv(b, small, sizeAt(x, 1), 3);
    },
  },
  {
    name: "pad and crop",
    rank: 4,
    fits: big,
    apply(b, x) {
      const pads = [0, 0, b.int(0, 2), b.int(0, 2), 0, 0, b.int(0, 2), b.int(0, 2)];
      const padded = b.node("Pad", [x, b.ints(pads)], { mode: b.pick(["constant", "reflect", "edge"]) });
      const [h, w] = [sizeAt(padded, 2), sizeAt(padded, 3)];
      return b.node("Slice", [
        padded,
        b.ints([b.int(0, 1), 0]),
        b.ints([h, b.pick([-1, w])]),
        b.ints([2, 3]),
        b.ints([b.pick([1, 2]), 1]),
      ]);
    },
  },
  {
    name: "depth to space",
    rank: 4,
    fits: (x) => sizeAt(x, 1) % 4 === 0 && sizeAt(x, 2) <= 12,
    apply: (b, x) => b.node("DepthToSpace", [x], { blocksize: 2, mode: b.pick(["DCR", "CRD"]) }),
  },
  {
    name: "shape arithmetic",
    rank: 4,
    apply(b, x) {
      const shape = b.node("Shape", [x]);
      const batch = b.node("Gather", [shape, b.ints([0], [])], { axis: 0 });
      const channels = b.node("Slice", [shape, b.ints([1]), b.ints([2])]);
      const flat = b.node("Concat", [b.node("Unsqueeze", [batch, b.ints([0])]), channels, b.ints([-1])], { axis: 0 });
      const rows = b.node("Reshape", [x, flat]);
      const normal = b.node("Softmax", [rows], { axis: b.pick([1, 2, -1]) });
      return b.node("Reshape", [
        b.node("Add", [normal, rows]),
        b.chance(0.5) ? shape : b.node("Cast", [b.node("Cast", [shape], { to: 6 })], { to: 7 }),
      ]);
    },
  },
  {
    name: "image elementwise",
    rank: 4,
    apply(b, x) {
      const c = sizeAt(x, 1);
      const scaled = b.node("Mul", [x, b.weight([c, 1, 1], 0.5, 1)]);
      const moved = b.node(b.pick(["Add", "Sub", "Max", "Min"]), [scaled, b.weight(b.pick([[1], [], [1, c, 1, 1]]))]);
      return b.node("Div", [moved, b.node("Add", [b.node("Abs", [x]), b.numbers("float32", [1])])]);
    },
  },
  {
    name: "branch",
    rank: 4,
    apply(b, x) {
      const sum = b.node("ReduceSum", [x], { keepdims: 0 });
      const condition = b.node("Greater", [sum, b.numbers("float32", [b.random() - 0.5])]);
      const branch = (name: string): GraphBuilder => {
        const inner = new GraphBuilder(b.random, name, b);
        inner.graph.outputs.push(activate(inner, inner.node("Mul", [x, inner.weight([1], 1, 0.5)])));
        return inner;
      };
      const [yes, no] = [branch("then"), branch("else")];
      return b.node("If", [condition], { then_branch: yes.graph, else_branch: no.graph });
    },
  },
  {
    name: "attention",
    rank: 3,
    apply(b, x) {
      const [tokens, width] = [sizeAt(x, 1), sizeAt(x, 2)];
      const heads = width % 2 === 0 ? 2 : 1;
      const project = (): Value => {
        const y = b.node("Add", [
          b.node("MatMul", [x, b.weight([width, width], 1 / Math.sqrt(width))]),
          b.weight([width], 0.3),
        ]);
        return b.node("Transpose", [b.node("Reshape", [y, b.ints([0, tokens, heads, width / heads])])], {
          perm: [0, 2, 1, 3],
        });
      };
      const [q, k, v] = [project(), project(), project()];
      const scores = b.node("MatMul", [q, b.node("Transpose", [k], { perm: [0, 1, 3, 2] })]);
      const scaled = b.node("Div", [scores, b.numbers("float32", [Math.sqrt(width / heads)])]);
      const mixed = b.node("MatMul", [b.node("Softmax", [scaled], { axis: -1 }), v]);
      const joined = b.node("Reshape", [
        b.node("Transpose", [mixed], { perm: [0, 2, 1, 3] }),
        b.ints([0, tokens, width]),
      ]);
      return b.node("Add", [x, joined]);
    },
  },
  {
    name: "layer norm",
    rank: 3,
    apply(b, x) {
      const width = sizeAt(x, 2);
      if (b.chance(0.4))
        return b.node("LayerNormalization", [x, b.weight([width], 0.5, 1), b.weight([width])], { axis: -1 });
      const centred = b.node("Sub", [x, b.node("ReduceMean", [x, b.ints([-1])], { keepdims: 1 })]);
      const variance = b.node("ReduceMean", [b.node("Pow", [centred, b.numbers("float32", [2])]), b.ints([-1])], {
        keepdims: 1,
      });
      const deviation = b.node("Sqrt", [b.node("Add", [variance, b.numbers("float32", [1e-5])])]);
      return b.node("Mul", [b.node("Div", [centred, deviation]), b.weight([width], 0.5, 1)]);
    },
  },
  {
    name: "feed-forward",
    rank: 3,
    apply(b, x) {
      const width = sizeAt(x, 2);
      const hidden = b.node("MatMul", [x, b.weight([width, 2 * width], 1 / Math.sqrt(width))]);
      const half = b.node("Mul", [hidden, b.numbers("float32", [0.5])]);
      const erf = b.node("Erf", [b.node("Div", [hidden, b.numbers("float32", [Math.SQRT2])])]);
      const gelu = b.node("Mul", [half, b.node("Add", [erf, b.numbers("float32", [1])])]);
      return b.node("MatMul", [gelu, b.weight([2 * width, width], 1 / Math.sqrt(2 * width))]);
    },
  },
  {
    name: "recurrent",
    rank: 3,
    apply(b, x) {
      const width = sizeAt(x, 2);
      const hidden = b.int(2, 4);
      const op = b.pick(["LSTM", "GRU"]);
      const gates = op === "LSTM" ? 4 : 3;
      const turned = b.node("Transpose", [x], { perm: [1, 0, 2] });
      const weights = [
        b.weight([1, gates * hidden, width], 0.5),
        b.weight([1, gates * hidden, hidden], 0.5),
        b.weight([1, 2 * gates * hidden], 0.3),
      ];
      const y = b.node(op, [turned, ...weights], { hidden_size: hidden });
      return b.node("Transpose", [b.node("Squeeze", [y, b.ints([1])])], { perm: [1, 0, 2] });
    },
  },
  {
    name: "gather and scatter",
    rank: 3,
    apply(b, x) {
      const tokens = sizeAt(x, 1);
      const picked = b.node("Gather", [x, b.ints(Array.from({ length: tokens }, () => b.int(-tokens, tokens - 1)))], {
        axis: 1,
      });
      const [values] = b.nodes("TopK", [picked, b.ints([Math.min(2, tokens)])], { axis: 1 }, 2);
      return b.node("Concat", [picked, values!], { axis: 1 });
    },
  },
  {
    name: "loop",
    rank: 3,
    apply(b, x) {
      const body = new GraphBuilder(b.random, "body", b);
      const [iteration, condition] = [body.input(`${x.name}_i`, "int64", []), body.input(`${x.name}_c`, "bool", [])];
      const state = body.input(`${x.name}_s`, "float32", x.type?.kind === "tensor" ? x.type.shape! : []);
      const step = body.node("Cast", [iteration], { to: 1 });
      const next = body.node("Tanh", [
        body.node("Add", [state, body.node("Mul", [step, body.numbers("float32", [0.1])])]),
      ]);
      body.graph.outputs.push(body.node("Identity", [condition]), next);
      return b.node("Loop", [b.ints([b.int(0, 4)], []), b.numbers("bool", [1]), x], { body: body.graph });
    },
  },
];

/**
 * The quantised start of a net. Only at the input: further in, a last digit that engines round differently would decide
 * which quantum a value falls to, and that is no fault.
 */
export function quantisedStart(b: GraphBuilder, x: Value): Value {
  const scale = b.numbers("float32", [1 / 32]);
  const zero = b.numbers("uint8", [128]);
  const quantised = b.node("QuantizeLinear", [x, scale, zero]);
  if (b.chance(0.5)) return b.node("DequantizeLinear", [quantised, scale, zero]);
  const [from, to] = [sizeAt(x, 1), b.pick([2, 4])];
  const weights = Array.from({ length: to * from * 9 }, () => b.int(0, 255));
  const sums = b.node("ConvInteger", [quantised, b.numbers("uint8", weights, [to, from, 3, 3]), zero, zero], {
    pads: [1, 1, 1, 1],
  });
  return b.node("Mul", [b.node("Cast", [sums], { to: 1 }), b.numbers("float32", [2 ** -12 / from])]);
}

/** An image as tokens: [n, C, H, W] to [n, H·W, C]. */
export function toTokens(b: GraphBuilder, x: Value): Value {
  const flat = b.node("Reshape", [x, b.ints([0, sizeAt(x, 1), sizeAt(x, 2) * sizeAt(x, 3)])]);
  return b.node("Transpose", [flat], { perm: [0, 2, 1] });
}
