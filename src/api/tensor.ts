/** `tensor()` and the eager methods of Tensor: `tensor([[1, 2]]).matmul(w).relu()` computes at once. */
import { displaySymbol } from "../base/display-hook.ts";
import type { DType } from "../base/dtypes.ts";
import { InferlabError } from "../base/errors.ts";
import { formatType, type StaticShape } from "../base/shapes.ts";
import { type OptionalValue, type RuntimeValue, type SequenceValue, Tensor } from "../base/tensor.ts";
import { tensorType } from "../base/value-type.ts";
import { Graph, Node, Value } from "../compiler/ir/graph.ts";
import { evaluateNode } from "../compiler/ir/interpret.ts";
import { isFluent, methodName } from "../ops/fluent.ts";
import type { Operator } from "../ops/operator.ts";
import * as registry from "../ops/registry.gen.ts";
import { bindCall } from "./apply.ts";
import type { OperatorMethods } from "./methods.gen.ts";
import "./tensor-methods.ts";
import { fromNested, fromTypedArray, isTensorOperand, type NestedNumbers, toTensor } from "./operand.ts";
import type { DTypeOf, ShapeOf, Sizes, Static, TensorLike, TypedArray } from "./typing.ts";

/** Opset under which eager operators are meant, and that of a new graph. */
export const defaultOpset = 21;

/**
 * A tensor from a typed array (not copied; its type says the dtype) or from nested numbers (float32 unless said;
 * bigints int64, booleans bool, strings string).
 *
 * Errors: ARGUMENT where data and shape do not fit.
 *
 * @example
 * tensor(new Float32Array(6), [2, 3]).shape; // [2, 3]
 * tensor([[1, 2], [3, 4]]).matmul([[1], [1]]).data; // Float32Array [3, 7]
 */
export function tensor<
  T extends TypedArray | NestedNumbers,
  const S extends StaticShape = Static<ShapeOf<T>>,
  D extends DType = DTypeOf<T>,
>(data: T, shape?: S, dtype?: D): Tensor<D, Sizes<S>>;
export function tensor(data: TypedArray | NestedNumbers, shape?: readonly number[], dtype?: DType): Tensor {
  if (ArrayBuffer.isView(data)) return fromTypedArray(data, shape, dtype);
  if (data === null || data === undefined || (typeof data === "object" && !Array.isArray(data)))
    throw new InferlabError("ARGUMENT", "data is no typed array, number or nested array of numbers");
  const made = fromNested(data as NestedNumbers, dtype);
  return shape ? new Tensor(made.dtype, shape, made.data) : made;
}

/**
 * A list of values of one type, as a graph's input of type `seq(…)` takes it. `dtype` says what an empty one would hold.
 *
 * @example
 * await session.run({ parts: sequence([tensor([1, 2]), tensor([3])]) });
 */
export function sequence(items: readonly RuntimeValue[], dtype?: DType): SequenceValue {
  const of = (value: RuntimeValue): string => (value.kind === "tensor" ? value.dtype : value.kind);
  for (const [i, item] of items.entries())
    if (of(item) !== of(items[0]!) || (dtype && of(item) !== dtype))
      throw new InferlabError(
        "ARGUMENT",
        `item ${i} of the sequence is ${of(item)}, expected ${dtype ?? of(items[0]!)} as the others`,
      );
  return dtype ? { kind: "sequence", items, dtype } : { kind: "sequence", items };
}

/**
 * A value or nothing, as a graph's input of type `optional(…)` takes it. An input that is left out is empty, a bare value a
 * filled one: only a graph that is given both needs this.
 */
export function optional(value: RuntimeValue | null = null): OptionalValue {
  return { kind: "optional", value };
}

declare module "../base/tensor.ts" {
  interface Tensor<D extends DType = DType, S extends number[] = number[]>
    extends OperatorMethods<"tensor", D, S>,
      TensorLike<D, S> {}
}

function callEager(operator: Operator, receiver: Tensor, args: readonly unknown[]): unknown {
  const call = bindCall(operator, defaultOpset, receiver, args);
  const tensors = call.inputs.map((operand, index) => {
    if (operand === undefined) return undefined;
    if (isTensorOperand(operand)) return toTensor(operand, call.dtypes[index] ?? receiver.dtype);
    throw new InferlabError("ARGUMENT", `operand ${index} of ${methodName(operator)} is not a tensor or numbers`);
  });
  const graph = new Graph("eager");
  graph.opsets.set("", defaultOpset);
  const values = tensors.map((t, i) => t && new Value(`input${i}`, tensorType(t.dtype, t.shape)));
  const outputs = Array.from({ length: call.count }, (_, i) => new Value(`output${i}`));
  const node = graph.insert(new Node("eager", operator, defaultOpset, call.attributes), values, outputs);
  const results = evaluateNode(node, tensors);
  return call.result === "one" ? results[0] : results;
}

const own = new Set(Object.getOwnPropertyNames(Tensor.prototype));
for (const operator of Object.values(registry)) {
  const name = methodName(operator);
  if (!isFluent(operator) || own.has(name)) continue;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...args: unknown[]) {
      return callEager(operator, this, args);
    },
    writable: true,
    configurable: true,
  });
}

/** In a terminal and in console.log a tensor is its text form. */
Object.defineProperty(Tensor.prototype, Symbol.for("nodejs.util.inspect.custom"), {
  value(this: Tensor) {
    const bundle = this[displaySymbol]();
    const text = bundle instanceof Promise ? undefined : bundle["text/plain"];
    return text ?? formatType(this.dtype, this.shape);
  },
  configurable: true,
});
