/**
 * The same model in float64, on the reference operators: the truth that rounding is measured against. The references compute
 * in doubles and round to the tensor's type once, so with float64 tensors nothing is rounded in between.
 */
import { type DType, dtypeFromOnnx, dtypes } from "../../base/dtypes.ts";
import { fromNumbers, toNumbers } from "../../base/numbers.ts";
import { type RuntimeValue, Tensor } from "../../base/tensor.ts";
import type { ValueType } from "../../base/value-type.ts";
import { findOperator } from "../../ops/lookup.ts";
import { cloneGraph } from "../ir/clone.ts";
import { type Graph, Node, Value } from "../ir/graph.ts";
import { inferShapes } from "../ir/infer.ts";
import { type NamedValues, type Runner, referenceRunner } from "./compare.ts";

const narrowFloats: readonly DType[] = ["float32", "float16", "bfloat16"];

const isNarrow = (type: ValueType | undefined): boolean => type?.kind === "tensor" && narrowFloats.includes(type.dtype);

const widened = (tensor: Tensor): Tensor =>
  narrowFloats.includes(tensor.dtype)
    ? new Tensor("float64", tensor.shape, fromNumbers("float64", toNumbers(tensor)))
    : tensor;

function widenedType(type: ValueType | undefined): ValueType | undefined {
  // Operators that make or take maps have float32 in them and no other.
  if (!type || type.kind === "map") return type;
  if (type.kind !== "tensor") return { kind: type.kind, element: widenedType(type.element)! };
  return isNarrow(type) ? { ...type, dtype: "float64" } : type;
}

/** Attributes that name an element type. */
const typeAttributes = ["to", "dtype", "output_dtype", "stash_type", "softmax_precision"];

function widenAttributes(node: Node): void {
  for (const [name, value] of node.attributes)
    if (value instanceof Tensor) node.attributes.set(name, widened(value));
    else if (typeAttributes.includes(name) && typeof value === "number") {
      const dtype = dtypeFromOnnx(value);
      if (dtype && narrowFloats.includes(dtype)) node.attributes.set(name, dtypes.float64.onnx);
    }
  // Their defaults name float32.
  for (const name of ["stash_type", "dtype"]) {
    const spec = node.operator.attributes[name];
    if (spec?.default === dtypes.float32.onnx && !node.attributes.has(name))
      node.attributes.set(name, dtypes.float64.onnx);
  }
  // ConstantOfShape without a value makes float32 zeros.
  if (node.op === "ConstantOfShape" && !node.attributes.has("value"))
    node.attributes.set("value", new Tensor("float64", [1], Float64Array.of(0)));
}

const portOf = (node: Node, index: number) => node.operator.inputs[index] ?? node.operator.inputs.at(-1);

/** The port takes float32 and nothing else: scales of a Resize. */
const isFixed = (node: Node, index: number): boolean => portOf(node, index)?.type === "float32";

/** Whether the inputs that are narrow floats may be float64, those of fixed type aside. */
const takesDoubles = (node: Node, narrow: ReadonlySet<Value>): boolean =>
  node.inputs.every((value, index) => {
    if (!value || !narrow.has(value) || isFixed(node, index)) return true;
    const allowed = node.operator.types[portOf(node, index)?.type ?? ""];
    return !allowed || allowed.includes("float64");
  });

/**
 * A copy of a graph with float64 in place of narrower floats, inputs and outputs included. Operators without float64 get
 * casts around them. Errors: those of inference for a graph that cannot run.
 */
export function toFloat64(original: Graph): Graph {
  const graph = cloneGraph(original);
  inferShapes(graph);
  const cast = findOperator("", "Cast")!;
  const widenedConstants = new Map<Value, Value>();
  // As the graph was: types change below, in inputs first.
  const narrow = new Set<Value>();
  for (const g of [graph, ...graph.nested()])
    for (const values of [g.inputs, g.outputs, ...g.nodes.flatMap((node) => [node.inputs, node.outputs])])
      for (const value of values) if (value && isNarrow(value.type)) narrow.add(value);
  for (const g of [graph, ...graph.nested()]) {
    const wrapped = new Set(g.nodes.filter((node) => !takesDoubles(node, narrow)));
    for (const value of g.inputs) value.type = widenedType(value.type);
    for (const node of [...g.nodes]) {
      const isWrapped = wrapped.has(node);
      node.inputs.forEach((value, index) => {
        if (!value || !narrow.has(value)) return;
        const staysNarrow = isWrapped || isFixed(node, index);
        if (value.isConstant && !staysNarrow) {
          let wide = widenedConstants.get(value);
          if (!wide) {
            wide = new Value(value.name);
            wide.setConstant(widened(value.constant!));
            widenedConstants.set(value, wide);
          }
          g.setInput(node, index, wide);
        } else if (!value.isConstant && staysNarrow) {
          const rounded = new Value(`${value.name}_float32`);
          const to: [string, number] = ["to", dtypes.float32.onnx];
          g.insert(new Node("", cast, cast.since.at(-1)!, [to]), [value], [rounded], node);
          g.setInput(node, index, rounded);
        }
      });
      if (!isWrapped) {
        widenAttributes(node);
        continue;
      }
      const next = g.nodes[g.nodes.indexOf(node) + 1];
      node.outputs.forEach((value, index) => {
        if (!value || !narrow.has(value)) return;
        const rounded = new Value(`${value.name}_float32`);
        node.outputs[index] = rounded;
        rounded.producer = node;
        const to: [string, number] = ["to", dtypes.float64.onnx];
        g.insert(new Node("", cast, cast.since.at(-1)!, [to]), [rounded], [value], next);
      });
    }
    for (const [i, value] of g.outputs.entries())
      if (value.isConstant && narrow.has(value)) {
        const wide = new Value(value.name);
        wide.setConstant(widened(value.constant!));
        g.outputs[i] = wide;
      }
  }
  for (const g of [graph, ...graph.nested()])
    for (const node of g.nodes)
      for (const value of node.outputs) {
        if (!value) continue;
        value.declared = false;
        value.type = undefined;
      }
  inferShapes(graph);
  return graph;
}

/** Values for a graph that `toFloat64` made, of those for the graph it was made from. */
export const widenedValues = (values: NamedValues): NamedValues =>
  Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value instanceof Tensor ? widened(value) : value]),
  );

/** Runs graphs in float64 on the reference operators; feeds may be of the graph's own types. Slow. */
export function float64Runner(): Runner {
  const wide = new WeakMap<Graph, Graph>();
  return (graph, feeds) => {
    let copy = wide.get(graph);
    if (!copy) wide.set(graph, (copy = toFloat64(graph)));
    return referenceRunner(copy, widenedValues(feeds));
  };
}

/** Outputs smaller than this throughout are noise: a sigmoid that underflows in float32 is no error of 100 %. */
const leastScale = 1e-6;

/**
 * Largest difference of `value` from the truth in float64, relative to the truth's largest magnitude (at least 1e-6). Elements that are not
 * finite in both are left out; Infinity where one of them only is. Undefined where the two are no tensors of numbers.
 */
export function errorAgainst(truth: RuntimeValue | undefined, value: RuntimeValue | undefined): number | undefined {
  if (!(truth instanceof Tensor) || !(value instanceof Tensor)) return undefined;
  if (truth.dtype === "string" || truth.shape.join() !== value.shape.join()) return undefined;
  const [x, y] = [toNumbers(truth), toNumbers(value)];
  let scale = leastScale;
  let worst = 0;
  for (let i = 0; i < x.length; i++) {
    const [p, q] = [x[i]!, y[i]!];
    if (Number.isFinite(p)) scale = Math.max(scale, Math.abs(p));
    if (p === q || (!Number.isFinite(p) && !Number.isFinite(q))) continue;
    worst = Math.max(worst, Number.isFinite(p) && Number.isFinite(q) ? Math.abs(p - q) : Number.POSITIVE_INFINITY);
  }
  return worst / scale;
}
