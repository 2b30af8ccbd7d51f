// Made by `npm run gen` from the operator table.
import type { Tensor } from "../base/tensor.ts";
import type { ValueType } from "../base/value-type.ts";
import type { GraphOperand } from "./operand.ts";

/** Every operator that takes a value, as a method. Optional inputs and attributes are options. */
export interface OperatorMethods<Self, Operand = GraphOperand> {
  /** Elementwise max(x, 0). (ONNX Relu) */
  relu(): Self;
}

export type { Tensor, ValueType };
