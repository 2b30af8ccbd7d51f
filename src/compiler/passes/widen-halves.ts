/** Kernels compute in float32: a row of float16 operators is widened once before it and narrowed once behind it. */
import { dtypes } from "../../base/dtypes.ts";
import { toSingles } from "../../base/numbers.ts";
import { Tensor } from "../../base/tensor.ts";
import { Value } from "../ir/graph.ts";
import { dtypeOf, type Edit, intAttribute, isOp } from "./edit.ts";
import { nodePass } from "./pass.ts";

/** Operators of one float type in and out, which compute. */
const arithmetic = (
  "Abs Acos Add Asin Atan AveragePool BatchNormalization Ceil Celu Clip Conv ConvTranspose Cos Div Einsum Elu Erf Exp Floor " +
  "GRU Gelu Gemm GlobalAveragePool GlobalMaxPool GroupNormalization HardSigmoid HardSwish InstanceNormalization LRN LSTM " +
  "LayerNormalization LeakyRelu Log LogSoftmax LpNormalization MatMul Max MaxPool Mean Min Mish Mul Neg PRelu Pow RNN " +
  "RMSNormalization Reciprocal ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd " +
  "ReduceSum ReduceSumSquare Relu Resize Round Selu Sigmoid Sign Sin Softmax Softplus Softsign Sqrt Sub Sum Swish Tan Tanh " +
  "ThresholdedRelu"
).split(" ");

/** Operators that only move elements: they go along with those before them. */
const movements = (
  "Concat DepthToSpace Expand Flatten Gather Identity Pad Reshape Slice SpaceToDepth Split Squeeze Tile Transpose " +
  "Unsqueeze"
).split(" ");

const isHalf = (value: Value | undefined): value is Value => dtypeOf(value) === "float16";

/** What a float16 value was narrowed from. */
function wideSource(value: Value, edit: Edit): Value | undefined {
  const cast = edit.producer(value, "Cast");
  const source = cast?.inputs[0];
  return cast && intAttribute(cast, "to", 0) === dtypes.float16.onnx && dtypeOf(source) === "float32"
    ? source
    : undefined;
}

function widenedConstant(value: Value, edit: Edit): Value {
  const half = value.constant!;
  const wide = Tensor.deferred("float32", half.shape, () => ({ data: toSingles(Tensor.peek(half)), isOwn: true }));
  return edit.constant(wide, value.name);
}

export const widenHalves = nodePass({
  name: "widen-halves",
  class: "rounding",
  about: "computes float16 operators in float32, converting where a row of them begins and ends",
  fused: true,
  ops: [...arithmetic, ...movements],
  visit(node, edit) {
    const halves = node.inputs.filter(isHalf);
    if (halves.length === 0) return false;
    if (isOp(node, ...movements) && !halves.some((value) => wideSource(value, edit))) return false;
    // Of the same type as its inputs: what is float16 for another reason stays.
    if (!isHalf(node.outputs[0])) return false;
    const constants = new Set(halves.filter((value) => value.isConstant));
    const freed = [...constants].filter((value) => value.users.size === 1);
    const bytes = (values: Iterable<Value>): number => [...values].reduce((sum, value) => sum + value.constantBytes, 0);
    if (!edit.grow(2 * bytes(constants) - bytes(freed))) return false;
    return edit.rewrite([node], () => {
      const wide = new Map<Value, Value>();
      for (const value of new Set(halves))
        wide.set(
          value,
          constants.has(value)
            ? widenedConstant(value, edit)
            : (wideSource(value, edit) ??
                edit.value("Cast", [value], { to: dtypes.float32.onnx }, { name: value.name })),
        );
      const outputs = node.outputs.map((value) => (isHalf(value) ? new Value(edit.freshName(value.name)) : value));
      const narrowed = [...node.outputs];
      edit.add(
        node.op,
        node.inputs.map((value) => value && (wide.get(value) ?? value)),
        Object.fromEntries(node.attributes),
        { name: node.name, like: node, outputs },
      );
      for (const [index, value] of narrowed.entries())
        if (isHalf(value))
          edit.add("Cast", [outputs[index]], { to: dtypes.float16.onnx }, { name: value.name, outputs: [value] });
    });
  },
});
