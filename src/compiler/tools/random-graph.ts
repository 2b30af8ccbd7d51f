/** Random graphs for differential tests: each pass meets combinations that nobody wrote down. */
import { fromNumbers } from "../../base/numbers.ts";
import { randomSource } from "../../base/random.ts";
import { type Dim, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { requireOperator } from "../../ops/lookup.ts";
import { resolveVersion } from "../../ops/operator.ts";
import { Graph, Node, Value } from "../ir/graph.ts";
import { growingInference } from "../ir/infer.ts";

export interface RandomGraphOptions {
  readonly seed: number;
  /** Steps, of one to ten nodes each. Default 10. */
  readonly steps?: number;
  /** Leaves the first axis of the input open. Default false. */
  readonly dynamic?: boolean;
}

type Attributes = Record<string, number | number[] | string>;

/** Larger tensors would make slow tests. */
const maxElements = 3000;
const maxRank = 6;

class Builder {
  readonly graph = new Graph("random");
  readonly random: () => number;
  readonly opset: number;
  /** Float values that later steps may read. */
  readonly live: Value[] = [];
  private readonly infer = growingInference();
  private readonly named: boolean;
  private count = 0;

  constructor(seed: number, dynamic: boolean) {
    this.random = randomSource(seed);
    this.named = seed % 2 === 0;
    this.opset = this.pick([11, 13, 17, 20, 24]);
    this.graph.opsets.set("", this.opset);
    const shape = [dynamic ? "n" : 1 + this.int(2), 4, 3, 3];
    const input = new Value("x", { kind: "tensor", dtype: "float32", shape });
    this.graph.inputs.push(input);
    this.live.push(input);
  }

  int(below: number): number {
    return Math.floor(this.random() * below);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.int(list.length)]!;
  }

  /** A live value that fits, or undefined; mostly the last one, so that chains form. */
  some(fits: (value: Value) => boolean = () => true): Value | undefined {
    const list = this.live.filter(fits);
    return this.random() < 0.7 ? list.at(-1) : list[this.int(list.length)];
  }

  any(): Value {
    return this.some()!;
  }

  shape(value: Value): Dim[] {
    if (value.type?.kind !== "tensor" || !value.type.shape) throw new RangeError(`no shape for ${value.name}`);
    return [...value.type.shape];
  }

  floats(shape: number[], low = -1, high = 1): Value {
    const value = new Value(`c${this.count++}`);
    const data = Float64Array.from({ length: sizeOf(shape) }, () => low + this.random() * (high - low));
    value.setConstant(new Tensor("float32", shape, fromNumbers("float32", data)));
    return value;
  }

  scalar(number: number): Value {
    return this.floats([], number, number);
  }

  ints(list: readonly number[], scalar = false): Value {
    const value = new Value(`i${this.count++}`);
    value.setConstant(new Tensor("int64", scalar ? [] : [list.length], BigInt64Array.from(list, BigInt)));
    return value;
  }

  constant(tensor: Tensor): Value {
    const value = new Value(`k${this.count++}`);
    value.setConstant(tensor);
    return value;
  }

  has(op: string): boolean {
    return resolveVersion(requireOperator("", op), this.opset) !== undefined;
  }

  add(op: string, inputs: readonly Value[], attributes: Attributes = {}, outputs = 1): Value {
    return this.addAll(op, inputs, attributes, outputs)[0]!;
  }

  addAll(op: string, inputs: readonly Value[], attributes: Attributes = {}, outputs = 1): Value[] {
    const name = this.named ? `n${this.count}` : "";
    const node = new Node(name, requireOperator("", op), this.opset, Object.entries(attributes));
    const made = Array.from({ length: outputs }, () => new Value(`v${this.count++}`));
    this.graph.insert(node, inputs, made);
    this.infer(node);
    this.live.push(...made);
    return made;
  }

  /** Axes as an input from opset `since` on, as an attribute before. */
  withAxes(op: string, x: Value, axes: number[], since: number, more: Attributes = {}): Value {
    return this.opset >= since ? this.add(op, [x, this.ints(axes)], more) : this.add(op, [x], { axes, ...more });
  }

  /** A permutation of the axes of a value. */
  shuffled(value: Value): number[] {
    const perm = this.shape(value).map((_, axis) => axis);
    for (let i = perm.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [perm[i], perm[j]] = [perm[j]!, perm[i]!];
    }
    return perm;
  }

  /** Forgets what is large or not float32. */
  prune(): void {
    for (let j = this.live.length - 1; j >= 0; j--) {
      const { type } = this.live[j]!;
      const known = this.shape(this.live[j]!).map((dim) => (typeof dim === "number" ? dim : 4));
      if (known.length > maxRank || sizeOf(known) > maxElements || type?.kind !== "tensor" || type.dtype !== "float32")
        this.live.splice(j, 1);
    }
  }
}

const isStaticDim = (dim: Dim | undefined): dim is number => typeof dim === "number";

const unary = ["Relu", "Neg", "Sigmoid", "Tanh", "Identity", "Abs", "HardSigmoid", "LeakyRelu", "Relu", "Exp", "Sign"];

/** One step each. A step that finds no value it could work on adds nothing. */
const steps: readonly ((b: Builder) => void)[] = [
  (b) => void b.add(b.pick(unary), [b.any()]),
  (b) => void b.add(b.pick(unary), [b.add(b.pick(unary), [b.any()])]),
  (b) => void b.add(b.pick(["Add", "Mul", "Sub", "Div"]), [b.any(), b.floats([], 0.5, 1)]),
  (b) => void b.add("Add", [b.any(), b.floats([1], 0, 0)]),
  (b) => void b.add("Mul", [b.floats([1], 1, 1), b.any()]),
  // Clips, Relu6
  (b) => {
    let x = b.any();
    for (let i = 0; i < 2; i++)
      x = b.pick([
        () => b.add("Relu", [x]),
        () => b.add("Clip", [x, b.floats([], -1, 0), b.floats([], 0, 1)]),
        () => b.add("Min", [x, b.scalar(0.5)]),
        () => b.add("Max", [x, b.scalar(-0.5)]),
      ])();
  },
  // Constants in a row
  (b) => {
    const x = b.any();
    const last = b.shape(x).at(-1);
    const other = (): Value => b.floats(isStaticDim(last) && b.random() < 0.5 ? [last] : [], 0.5, 2);
    b.add(b.pick(["Add", "Sub", "Mul", "Div"]), [b.add(b.pick(["Add", "Sub", "Mul", "Div"]), [x, other()]), other()]);
  },
  (b) => {
    const x = b.any();
    b.add("Transpose", [x], { perm: b.shuffled(x) });
  },
  // Transposes around something elementwise
  (b) => {
    const x = b.any();
    const perm = b.shuffled(x);
    let y = b.add("Transpose", [x], { perm });
    if (b.random() < 0.5) y = b.add("Add", [y, b.add("Transpose", [b.add("Neg", [x])], { perm })]);
    if (b.random() < 0.4) y = b.add("Mul", [y, b.floats([], 0.5, 1)]);
    if (b.random() < 0.3 && b.shape(y).length > 0) y = b.add("Softmax", [y], { axis: b.int(b.shape(y).length) });
    y = b.add("Relu", [y]);
    b.add("Transpose", [y], { perm: b.shuffled(y) });
  },
  // Split one axis, join the last two, or flatten to -1
  (b) => {
    const x = b.any();
    const shape = b.shape(x);
    const axis = b.int(shape.length);
    const dim = shape[axis];
    const rest = shape.slice(1).every(isStaticDim);
    const choice = b.int(3);
    if (choice === 0 && isStaticDim(dim) && dim % 2 === 0 && axis > 0 && rest)
      b.add("Reshape", [x, b.ints([0, ...shape.slice(1, axis), 2, dim / 2, ...shape.slice(axis + 1)].map(Number))]);
    else if (choice === 1 && shape.length > 2 && rest)
      b.add("Reshape", [x, b.ints([0, ...(shape.slice(1, -2) as number[]), -1])]);
    else if (shape.length > 1) b.add("Flatten", [x], { axis: 1 });
  },
  (b) => {
    const x = b.any();
    b.withAxes("Unsqueeze", x, [b.int(b.shape(x).length + 1)], 13);
  },
  (b) => {
    const x = b.any();
    const ones = b.shape(x).flatMap((dim, axis) => (dim === 1 ? [axis] : []));
    if (ones.length > 0 && b.shape(x).length > 1) b.withAxes("Squeeze", x, [b.pick(ones)], 13);
  },
  // A reduction, and its axis back or away
  (b) => {
    const x = b.any();
    const rank = b.shape(x).length;
    if (rank < 2) return;
    const axis = b.int(rank);
    const op = b.pick(["ReduceMean", "ReduceMax", "ReduceSum"]);
    const keepdims = b.int(2);
    const y = b.withAxes(op, x, [axis], op === "ReduceSum" ? 13 : 18, { keepdims });
    if (b.random() < 0.7) b.withAxes(keepdims ? "Squeeze" : "Unsqueeze", y, [axis], 13);
  },
  (b) => {
    const x = b.any();
    const rank = b.shape(x).length;
    if (rank === 0) return;
    b.add("Concat", [x, b.pick([x, b.add("Neg", [x])])], { axis: b.int(rank) });
  },
  // Two parts, and perhaps together again
  (b) => {
    const x = b.any();
    const axis = b.int(b.shape(x).length);
    const dim = b.shape(x)[axis];
    if (!isStaticDim(dim) || dim < 2) return;
    const at = 1 + b.int(dim - 1);
    if (b.random() < 0.5) {
      b.add("Slice", [x, b.ints([0]), b.ints([at]), b.ints([axis]), b.ints([1])]);
      b.add("Slice", [x, b.ints([at]), b.ints([1000]), b.ints([axis]), b.ints([1])]);
      return;
    }
    const lengths = [at, dim - at];
    const parts =
      b.opset >= 13
        ? b.addAll("Split", [x, b.ints(lengths)], { axis }, 2)
        : b.addAll("Split", [x], { axis, split: lengths }, 2);
    if (b.random() < 0.6) b.add("Concat", b.random() < 0.5 ? parts : parts.toReversed(), { axis });
  },
  (b) => {
    const x = b.any();
    const axis = b.int(b.shape(x).length);
    const dim = b.shape(x)[axis];
    if (!isStaticDim(dim)) return;
    const scalar = b.random() < 0.3 && b.shape(x).length > 1;
    const list = Array.from({ length: scalar ? 1 : 1 + b.int(dim) }, () => b.int(dim));
    b.add("Gather", [x, b.ints(list, scalar)], { axis });
  },
  // A convolution with what follows it
  (b) => {
    const x = b.some((v) => b.shape(v).length === 4 && b.shape(v).slice(2).every(isStaticDim));
    const channels = x && b.shape(x)[1];
    if (!x || !isStaticDim(channels) || channels > 16) return;
    const filters = 2 + b.int(3);
    const c = b.add("Conv", [
      x,
      b.floats([filters, channels, 1, 1]),
      ...(b.random() < 0.5 ? [b.floats([filters])] : []),
    ]);
    if (b.random() < 0.6) {
      const statistics = [b.floats([filters]), b.floats([filters]), b.floats([filters]), b.floats([filters], 0.2, 2)];
      b.add("BatchNormalization", [c, ...statistics]);
    } else b.add(b.pick(["Mul", "Add", "Sub"]), [c, b.floats([filters, 1, 1])]);
  },
  (b) => {
    const x = b.some((v) => b.shape(v).length >= 4 && b.shape(v).length <= 5);
    if (!x) return;
    const rank = b.shape(x).length;
    b.add("Pad", [x, b.ints(Array.from({ length: 2 * rank }, (_, i) => (i % rank < 2 ? 0 : b.int(2))))]);
  },
  (b) => {
    const x = b.some((v) => b.shape(v).length >= 2);
    const columns = x && b.shape(x).at(-1);
    if (!x || !isStaticDim(columns) || columns > 64) return;
    const m = b.add("MatMul", [x, b.floats([columns, 3])]);
    b.add(b.pick(["Add", "Mul"]), [m, b.floats([3])]);
  },
  // A Gemm of transposed operands
  (b) => {
    const x = b.some((v) => b.shape(v).length === 2 && b.shape(v).every(isStaticDim));
    if (!x) return;
    const [rows] = b.shape(x) as number[];
    b.add("Gemm", [b.add("Transpose", [x], b.random() < 0.5 ? {} : { perm: [1, 0] }), b.floats([rows!, 3])], {
      alpha: 0.5,
    });
  },
  // Activations in pieces
  (b) => {
    const x = b.any();
    b.add("Mul", [x, b.add("Sigmoid", [x])]);
  },
  (b) => {
    const x = b.any();
    const t = b.add("Tanh", [b.add("Softplus", [x])]);
    b.add("Mul", [x, t]);
  },
  (b) => {
    const x = b.any();
    const cube = b.add("Pow", [x, b.scalar(3)]);
    const inner = b.add("Mul", [b.add("Add", [x, b.add("Mul", [cube, b.scalar(0.044715)])]), b.scalar(0.7978845608)]);
    b.add("Mul", [b.add("Mul", [x, b.add("Add", [b.add("Tanh", [inner]), b.scalar(1)])]), b.scalar(0.5)]);
  },
  (b) => {
    const x = b.any();
    b.pick([
      () => b.add("Max", [x, b.add("Mul", [x, b.scalar(0.1)])]),
      () => b.add("Log", [b.add("Add", [b.add("Exp", [x]), b.scalar(1)])]),
      () => b.add("Div", [b.add("Clip", [b.add("Add", [x, b.scalar(3)]), b.scalar(0), b.scalar(6)]), b.scalar(6)]),
      () => b.add("Sub", [b.add("Relu", [x]), b.add("Mul", [b.scalar(0.2), b.add("Relu", [b.add("Neg", [x])])])]),
    ])();
  },
  (b) => {
    const x = b.some((v) => b.shape(v).length > 0);
    if (x) b.add("Log", [b.add("Softmax", [x], { axis: b.int(b.shape(x).length) })]);
  },
  // Normalisations in pieces
  (b) => {
    const x = b.some((v) => isStaticDim(b.shape(v).at(-1)) && b.shape(v).length > 1);
    if (!x) return;
    const last = b.shape(x).at(-1) as number;
    const axes = b.pick([[-1], [b.shape(x).length - 1]]);
    const squares = b.pick([() => b.add("Pow", [x, b.scalar(2)]), () => b.add("Mul", [x, x])])();
    const root = b.add("Sqrt", [b.add("Add", [b.withAxes("ReduceMean", squares, axes, 18), b.scalar(1e-5)])]);
    const normal = b.random() < 0.5 ? b.add("Div", [x, root]) : b.add("Mul", [x, b.add("Reciprocal", [root])]);
    b.add("Mul", b.random() < 0.5 ? [normal, b.floats([last])] : [b.floats([last]), normal]);
  },
  (b) => {
    const x = b.some((v) => isStaticDim(b.shape(v).at(-1)) && b.shape(v).length > 1);
    if (!x) return;
    const last = b.shape(x).at(-1) as number;
    const centred = b.add("Sub", [x, b.withAxes("ReduceMean", x, [-1], 18)]);
    const variance = b.withAxes("ReduceMean", b.add("Pow", [centred, b.scalar(2)]), [-1], 18);
    const normal = b.add("Div", [centred, b.add("Sqrt", [b.add("Add", [variance, b.scalar(1e-5)])])]);
    b.add("Add", [b.add("Mul", [normal, b.floats([last])]), b.floats([last])]);
  },
  // Attention of a tensor with itself
  (b) => {
    const x = b.some((v) => b.shape(v).length === 4 && isStaticDim(b.shape(v)[2]));
    if (!x) return;
    const scores = b.add("MatMul", [x, b.add("Transpose", [b.add("Neg", [x])], { perm: [0, 1, 3, 2] })]);
    const scaled = b.random() < 0.6 ? b.add(b.pick(["Mul", "Div"]), [scores, b.scalar(0.5)]) : scores;
    const keys = b.shape(x)[2] as number;
    const masked = b.random() < 0.5 ? b.add("Add", [scaled, b.floats([keys, keys])]) : scaled;
    b.add("MatMul", [b.add("Softmax", [masked], { axis: 3 }), x]);
  },
  // Pixel shuffles
  (b) => {
    const x = b.some(
      (v) => b.shape(v).length === 4 && b.shape(v).every(isStaticDim) && (b.shape(v)[1] as number) % 4 === 0,
    );
    if (!x) return;
    const [n, c, h, w] = b.shape(x) as [number, number, number, number];
    const isColumnFirst = b.random() < 0.5;
    const parts = isColumnFirst ? [n, 2, 2, c / 4, h, w] : [n, c / 4, 2, 2, h, w];
    const perm = isColumnFirst ? [0, 3, 4, 1, 5, 2] : [0, 1, 4, 2, 5, 3];
    const t = b.add("Transpose", [b.add("Reshape", [x, b.ints(parts)])], { perm });
    b.add("Reshape", [t, b.ints([n, c / 4, 2 * h, 2 * w])]);
  },
  // Conditions, Casts, Expand
  (b) => {
    const x = b.any();
    const condition = b.add("Greater", [x, b.scalar(0)]);
    const turned = b.random() < 0.5 ? b.add("Not", [condition]) : condition;
    b.add("Where", [turned, x, b.random() < 0.3 ? x : b.add("Neg", [x])]);
  },
  (b) => void b.add("Cast", [b.add("Cast", [b.any()], { to: b.pick([1, 11]) })], { to: 1 }),
  (b) => {
    const x = b.some((v) => b.shape(v).every(isStaticDim) && b.shape(v).length > 0);
    if (!x) return;
    const shape = b.shape(x) as number[];
    const wide = b.add("Expand", [b.floats(shape.slice(1)), b.ints(shape)]);
    const narrow = b.add("Expand", [b.add("ReduceMean", [x]), b.ints(shape)]);
    b.add("Add", [x, b.pick([wide, narrow])]);
  },
  // Quantised and back, around something that moves elements
  (b) => {
    if (b.opset < 13) return;
    const x = b.any();
    const scale = b.scalar(0.1);
    const zero = b.constant(new Tensor("int8", [], Int8Array.of(3)));
    const q = b.add("QuantizeLinear", [x, scale, zero]);
    const d = b.add("DequantizeLinear", [q, scale, zero]);
    const moved = b.random() < 0.5 ? b.add("Transpose", [d], { perm: b.shuffled(d) }) : d;
    b.add("DequantizeLinear", [b.add("QuantizeLinear", [moved, scale, zero]), scale, zero]);
  },
  // Sums written as Einstein did
  (b) => {
    if (b.opset < 12) return;
    const x = b.some((v) => b.shape(v).length === 2 || b.shape(v).length === 3);
    if (!x) return;
    type Form = readonly [equation: string, operands: "one" | "weights" | "twice"];
    const matrices: readonly Form[] = [
      ["ij->ji", "one"],
      ["ij->i", "one"],
      ["ij,jk->ik", "weights"],
      ["ij,kj->ki", "weights"],
    ];
    const batches: readonly Form[] = [
      ["bij->bji", "one"],
      ["bij,bij->bij", "twice"],
      ["bij,bkj->bik", "twice"],
      ["bij,jk->bik", "weights"],
    ];
    const [equation, operands] = b.pick(b.shape(x).length === 2 ? matrices : batches);
    const last = b.shape(x).at(-1);
    if (operands === "weights" && !isStaticDim(last)) return;
    const weights = (): Value => b.floats(equation.includes(",k") ? [2, last as number] : [last as number, 2]);
    b.add("Einsum", operands === "one" ? [x] : operands === "weights" ? [x, weights()] : [x, x], { equation });
  },
  // A recurrent layer, one way or both ways
  (b) => {
    const x = b.some((v) => b.shape(v).length === 3 && b.shape(v).every(isStaticDim));
    if (!x || b.opset < 14) return;
    const [, , size] = b.shape(x) as number[];
    const weights = (): Value[] => [b.floats([1, 8, size!]), b.floats([1, 8, 2]), b.floats([1, 16])];
    const one = b.add("LSTM", [x, ...weights()], { hidden_size: 2 });
    if (b.random() < 0.6)
      b.add("Concat", [one, b.add("LSTM", [x, ...weights()], { hidden_size: 2, direction: "reverse" })], { axis: 1 });
  },
  // A Reshape to the shape it has
  (b) => {
    const x = b.any();
    b.add("Reshape", [x, b.add("Shape", [x])]);
  },
];

/**
 * A graph of random steps over one float input `x`; outputs are all values that nothing reads. The same for the same seed.
 *
 * @example
 * const graph = randomGraph({ seed: 7, steps: 12 });
 */
export function randomGraph(options: RandomGraphOptions): Graph {
  const b = new Builder(options.seed, options.dynamic ?? false);
  for (let i = 0; i < (options.steps ?? 10); i++) {
    b.pick(steps)(b);
    b.prune();
  }
  const { graph } = b;
  if (graph.nodes.length === 0) b.add("Relu", [b.any()]);
  const unused = b.live.filter((value) => value.users.size === 0 && value.producer);
  const outputs = unused.length > 0 ? unused : [graph.nodes.at(-1)!.outputs[0]!];
  graph.outputs.push(...outputs);
  for (const value of outputs) value.declared = true;
  return graph;
}
