// Made by `npm run gen` from the operator table.
import type { Tensor } from "../base/tensor.ts";
import type { ValueType } from "../base/value-type.ts";
import type { GraphOperand } from "./operand.ts";

/** Every operator that takes a value, as a method. Optional inputs and attributes are options. */
export interface OperatorMethods<Self, Operand = GraphOperand> {
  /** Joins tensors along an axis; their other dimensions are equal. (ONNX Concat) */
  concat(inputs: Operand | readonly Operand[], options?: {
    /** Required from version 4; version 1 takes 1 where it is missing. */ axis?: number | boolean;
  }): Self;
  /** A tensor of a given shape whose elements are all the same value (default: float32 0). (ONNX ConstantOfShape) */
  constantOfShape(options?: {
    /** One element: the value and its type. */ value?: Tensor;
  }): Self;
  /** Slice with its bounds as inputs and steps of 1, as experimental operator of old exporters; Slice has taken its place. (ONNX DynamicSlice) */
  dynamicSlice(starts: Operand, ends: Operand, options?: {
    axes?: Operand;
  }): Self;
  /** Repeats a tensor along its axes of size 1, and along new leading axes, to reach a shape. A size of 1 in the shape keeps the tensor's own. (ONNX Expand) */
  expand(shape: Operand): Self;
  /** A matrix of the same elements: the axes before axis become rows, the others columns. (ONNX Flatten) */
  flatten(options?: {
    /** First axis that goes into the columns. Default 1. */ axis?: number | boolean;
  }): Self;
  /** Picks slices along an axis: output[…, i…, …] = data[…, indices[i…], …]. Rank of the output is rank(data) - 1 + rank(indices). (ONNX Gather) */
  gather(indices: Operand, options?: {
    /** Axis to pick from. Default 0. */ axis?: number | boolean;
  }): Self;
  /** Its input. Tensors, sequences (from version 14) and optionals (16). (ONNX Identity) */
  identity(): Self;
  /** Elementwise max(x, 0). (ONNX Relu) */
  relu(): Self;
  /** The same elements under another shape. In the new shape 0 keeps the input's dimension and one -1 takes what is left; with allowzero, 0 means 0. (ONNX Reshape) */
  reshape(shape: Operand, options?: {
    /** 1: a 0 in shape is a dimension of size 0. Default 0. */ allowzero?: number | boolean;
  }): Self;
  /** The shape of a tensor as a 1-D int64 tensor, or the part of it from axis start up to axis end. (ONNX Shape) */
  shapeOf(options?: {
    /** First axis; negative counts from the end. Default 0. */ start?: number | boolean;
    /** Axis to stop before (default: the rank). */ end?: number | boolean;
  }): Self;
  /** The number of elements of a tensor, as an int64 scalar. (ONNX Size) */
  sizeOf(): Self;
  /** A part of a tensor: along each axis from start up to end in steps, by the rules of Python's slices (negative positions count from the end, too large ones are clamped, a negative step runs backwards). (ONNX Slice) */
  slice(starts: Operand, ends: Operand, options?: {
    /** Axes the other inputs speak of (default: the first ones). */ axes?: Operand;
    /** Default 1. */ steps?: Operand;
  }): Self;
  /** Cuts a tensor into parts along an axis: of the given lengths, or equal ones (the last may be shorter with num_outputs). (ONNX Split) */
  split(options?: {
    /** 1-D: length of each part. */ split?: Operand;
    /** Axis to cut. Default 0. */ axis?: number | boolean;
    /** Number of parts where their lengths are not given. */ numOutputs?: number | boolean;
  }): Self[];
  /** Takes away axes of size 1: those given, or all of them. (ONNX Squeeze) */
  squeeze(options?: {
    /** Axes to take away; negative ones count from the end. */ axes?: Operand;
  }): Self;
  /** Repeats a tensor a number of times along each axis. (ONNX Tile) */
  tile(repeats: Operand): Self;
  /** Permutes the axes: axis i of the output is axis perm[i] of the input. Without perm the axes are reversed. (ONNX Transpose) */
  transpose(options?: {
    /** Where each axis of the output comes from. */ perm?: readonly number[];
  }): Self;
  /** Puts axes of size 1 at the given positions of the output. (ONNX Unsqueeze) */
  unsqueeze(axes: Operand): Self;
}

export type { Tensor, ValueType };
