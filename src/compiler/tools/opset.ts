/**
 * Raises the opset of a model. Operators whose form changed are rewritten; those that only learnt more element types stay. An
 * operator that changed otherwise is refused by name: a wrong guess would be a wrong result nobody notices.
 */
import { InferlabError } from "../../base/errors.ts";
import { Tensor } from "../../base/tensor.ts";
import { type AttributeValue, resolveVersion } from "../../ops/operator.ts";
import { cloneGraph } from "../ir/clone.ts";
import { type Graph, Node, Value } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import { nodeLabel } from "../ir/interpret.ts";
import { verifyGraph } from "../ir/verify.ts";

/** What a node becomes: its inputs and attributes. */
interface Form {
  inputs: (Value | undefined)[];
  attributes: Map<string, AttributeValue>;
}

interface Maker {
  constant(tensor: Tensor, name: string): Value;
}

/** One change of an operator's form, at the since-version that brought it. */
type Step = (form: Form, node: Node, make: Maker) => void;

const int64s = (values: readonly number[]): Tensor =>
  new Tensor(
    "int64",
    [values.length],
    BigInt64Array.from(values, (v) => BigInt(v)),
  );

/** An attribute that became an input. */
const attributeToInput =
  (attribute: string, position: number, tensor: (value: AttributeValue, node: Node) => Tensor): Step =>
  (form, node, make) => {
    const value = form.attributes.get(attribute);
    form.attributes.delete(attribute);
    if (value === undefined) return;
    while (form.inputs.length < position) form.inputs.push(undefined);
    form.inputs[position] = make.constant(tensor(value, node), `${node.outputs[0]?.name ?? node.op}_${attribute}`);
  };

const ints = (value: AttributeValue): Tensor => int64s(value as readonly number[]);
/** A scalar of the type of the node's first input. */
const scalar = (value: AttributeValue, node: Node): Tensor => {
  const type = node.inputs[0]?.type;
  if (type?.kind !== "tensor" || (type.dtype !== "float32" && type.dtype !== "float64"))
    throw new InferlabError(
      "UNSUPPORTED",
      `${nodeLabel(node)}: its limits cannot be given as ${type?.kind === "tensor" ? type.dtype : "that"}`,
    );
  return type.dtype === "float32"
    ? new Tensor("float32", [], Float32Array.of(value as number))
    : new Tensor("float64", [], Float64Array.of(value as number));
};

const axesToInput = attributeToInput("axes", 1, ints);

/** Softmax and its kin were defined on a matrix; the same where the axis is the last. */
const coercedSoftmax: Step = (form, node) => {
  const type = node.inputs[0]?.type;
  const rank = type?.kind === "tensor" ? type.shape?.length : undefined;
  const axis = Number(form.attributes.get("axis") ?? 1);
  if (rank === undefined || (axis !== -1 && axis !== rank - 1))
    throw new InferlabError(
      "UNSUPPORTED",
      `${nodeLabel(node)}: over axis ${axis} of rank ${rank ?? "unknown"} it means something else since opset 13`,
    );
  form.attributes.set("axis", -1);
};

/** Operator → since-version → its step. */
const steps: Readonly<Record<string, Readonly<Record<number, Step>>>> = {
  Squeeze: { 13: axesToInput },
  Unsqueeze: { 13: axesToInput },
  ReduceSum: { 13: axesToInput },
  ...Object.fromEntries(
    [
      "ReduceMean",
      "ReduceMax",
      "ReduceMin",
      "ReduceProd",
      "ReduceL1",
      "ReduceL2",
      "ReduceLogSum",
      "ReduceLogSumExp",
      "ReduceSumSquare",
    ].map((op) => [op, { 18: axesToInput }]),
  ),
  Split: {
    13: attributeToInput("split", 1, ints),
    18: (form, node) => {
      if (!form.inputs[1]) form.attributes.set("num_outputs", node.outputs.length);
    },
  },
  Slice: {
    10(form, node, make) {
      for (const [index, name] of (["starts", "ends", "axes"] as const).entries())
        attributeToInput(name, index + 1, ints)(form, node, make);
    },
  },
  Pad: {
    11(form, node, make) {
      attributeToInput("pads", 1, ints)(form, node, make);
      attributeToInput("value", 2, scalar)(form, node, make);
    },
  },
  Clip: {
    11(form, node, make) {
      attributeToInput("min", 1, scalar)(form, node, make);
      attributeToInput("max", 2, scalar)(form, node, make);
    },
  },
  Dropout: {
    12: attributeToInput("ratio", 1, (value) => new Tensor("float32", [], Float32Array.of(value as number))),
  },
  Softmax: { 13: coercedSoftmax },
  LogSoftmax: { 13: coercedSoftmax },
  Hardmax: { 13: coercedSoftmax },
};

/** Operators whose changes from opset 7 on, besides the steps above, only added element types or optional things. */
const widened = new Set(
  (
    "Abs Acos Acosh Add And ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization Cast Ceil Clip Concat Constant " +
    "ConstantOfShape Conv ConvTranspose Cos Cosh DepthToSpace DequantizeLinear Div Dropout Einsum Elu Equal Erf Exp Expand Flatten Floor Gather " +
    "GatherElements GatherND Gemm GlobalAveragePool GlobalMaxPool Greater GreaterOrEqual HardSigmoid HardSwish Identity If " +
    "InstanceNormalization IsInf IsNaN LRN LeakyRelu Less LessOrEqual Log LogSoftmax Loop LSTM GRU RNN LpNormalization MatMul Max MaxPool Mean " +
    "Min Mod Mul Neg NonMaxSuppression NonZero Not OneHot Or PRelu Pad Pow QuantizeLinear Range Reciprocal ReduceMean ReduceMax ReduceMin " +
    "Resize ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare ReduceSum Relu Reshape Round ScatterElements ScatterND Selu " +
    "Shape Sigmoid Sign Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Tan Tanh Tile Transpose " +
    "Unsqueeze Where Xor LayerNormalization Gelu Mish ThresholdedRelu CumSum EyeLike TopK Hardmax"
  ).split(" "),
);
/** Operators whose form at opset 7 is not that of today without a step of its own. */
const lowest = 7;

/** Since-versions at which a widened operator changed its meaning after all. */
const breaking: Readonly<Record<string, readonly number[]>> = {
  TopK: [10, 11],
};

/**
 * A copy of a graph in a later opset. Errors: UNSUPPORTED for an operator that cannot be raised, ARGUMENT for an earlier opset.
 *
 * @example
 * convertOpset(graph, 17);
 */
export function convertOpset(original: Graph, opset: number): Graph {
  const graph = cloneGraph(original);
  inferShapes(graph);
  const from = graph.opsets.get("") ?? 1;
  if (opset < from)
    throw new InferlabError(
      "ARGUMENT",
      `the model is of opset ${from}, expected a target of at least that, got ${opset}`,
    );
  if (opset === from) return graph;
  const taken = new Set<string>();
  const all = [graph, ...graph.nested()];
  for (const g of all)
    for (const node of g.nodes) for (const value of [...node.inputs, ...node.outputs]) if (value) taken.add(value.name);
  const make: Maker = {
    constant(tensor, stem) {
      let name = stem;
      for (let i = 1; taken.has(name); i++) name = `${stem}_${i}`;
      taken.add(name);
      const value = new Value(name);
      value.setConstant(tensor);
      return value;
    },
  };
  for (const g of all) {
    for (const node of [...g.nodes]) if (node.operator.domain === "") raise(g, node, opset, make);
    g.opsets.set("", opset);
  }
  inferShapes(graph);
  verifyGraph(graph);
  return graph;
}

function raise(graph: Graph, node: Node, opset: number, make: Maker): void {
  const { operator } = node;
  const was = resolveVersion(operator, node.opset);
  const will = resolveVersion(operator, opset);
  const form: Form = { inputs: [...node.inputs], attributes: new Map(node.attributes) };
  if (was !== will) {
    for (const since of operator.since) {
      if (since <= (was ?? 0) || since > (will ?? 0)) continue;
      const step = steps[operator.name]?.[since];
      if (step) step(form, node, make);
      else if (node.opset < lowest || !widened.has(operator.name) || breaking[operator.name]?.includes(since))
        throw new InferlabError(
          "UNSUPPORTED",
          `${nodeLabel(node)} cannot be raised from opset ${node.opset} to ${opset}: it changed in ${since}`,
          {
            hint: "choose an earlier opset, or export the model anew",
            details: { node: node.name, op: node.op, since },
          },
        );
    }
  }
  const raised = new Node(node.name, operator, opset, form.attributes);
  raised.doc = node.doc;
  raised.metadata = node.metadata;
  raised.attributeKinds = node.attributeKinds;
  const outputs = [...node.outputs];
  graph.insert(raised, form.inputs, outputs, node);
  for (const value of node.inputs) value?.users.delete(node);
  graph.nodes.splice(graph.nodes.indexOf(node), 1);
  node.graph = undefined;
}
