// Made by `npm run gen` from the operator table.
import type { Tensor } from "../base/tensor.ts";
import type { ValueType } from "../base/value-type.ts";
import type { GraphOperand } from "./operand.ts";

/** Every operator that takes a value, as a method. Optional inputs and attributes are options. */
export interface OperatorMethods<Self, Operand = GraphOperand> {
  /** The sampling grid of an affine transformation, as GridSample takes it: N,H,W,2 or N,D,H,W,3. (ONNX AffineGrid) */
  affineGrid(size: Operand, options?: {
    /** 1: -1 and 1 are the centres of the corner pixels. Default 0. */ alignCorners?: number | boolean;
  }): Self;
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
  /** Samples an input N,C,D1…Dk at the positions of a grid N,E1…Ek,k, whose coordinates run from -1 to 1 and name the last axis first. (ONNX GridSample) */
  gridSample(grid: Operand, options?: {
    /** linear (bilinear), nearest or cubic (bicubic). Default "linear". */ mode?: string;
    /** Outside the input: zeros, border or reflection. Default "zeros". */ paddingMode?: string;
    /** 1: -1 and 1 are the centres of the corner pixels, not their edges. Default 0. */ alignCorners?: number | boolean;
  }): Self;
  /** Its input. Tensors, sequences (from version 14) and optionals (16). (ONNX Identity) */
  identity(): Self;
  /** For each batch and class keeps the boxes with the highest scores and drops those that overlap a kept one by more than iou_threshold. Rows [batch, class, box], best first within a class. (ONNX NonMaxSuppression) */
  nonMaxSuppression(scores: Operand, options?: {
    /** Default 0: no boxes. */ maxOutputBoxesPerClass?: Operand;
    /** In 0..1; default 0. */ iouThreshold?: Operand;
    /** Only boxes that score more. */ scoreThreshold?: Operand;
    /** 0: y1,x1,y2,x2 of any two opposite corners; 1: x, y of the centre, width, height. Default 0. */ centerPointBox?: number | boolean;
  }): Self;
  /** Elementwise max(x, 0). (ONNX Relu) */
  relu(): Self;
  /** The same elements under another shape. In the new shape 0 keeps the input's dimension and one -1 takes what is left; with allowzero, 0 means 0. (ONNX Reshape) */
  reshape(shape: Operand, options?: {
    /** 1: a 0 in shape is a dimension of size 0. Default 0. */ allowzero?: number | boolean;
  }): Self;
  /** Resamples a tensor to sizes, or by scales, along some axes: nearest, linear or cubic. (ONNX Resize) */
  resize(options?: {
    /** For tf_crop_and_resize: starts, then ends, in 0..1. */ roi?: Operand;
    /** Factor an axis (this or sizes). */ scales?: Operand;
    /** Size an axis (this or scales). */ sizes?: Operand;
    /** nearest, linear or cubic. Default "nearest". */ mode?: string;
    /** half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric or tf_crop_and_resize. Default "half_pixel". */ coordinateTransformationMode?: string;
    /** round_prefer_floor, round_prefer_ceil, floor or ceil. Default "round_prefer_floor". */ nearestMode?: string;
    /** Default -0.75. */ cubicCoeffA?: number;
    /** 1: weights outside the input are left out. Default 0. */ excludeOutside?: number | boolean;
    /** Default 0. */ extrapolationValue?: number;
    /** 1: widen the kernel when shrinking. Default 0. */ antialias?: number | boolean;
    /** Axes that scales, sizes and roi speak of (default: all). */ axes?: readonly number[];
    /** stretch, or not_larger or not_smaller than sizes. Default "stretch". */ keepAspectRatioPolicy?: string;
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
  /** Resize by scales as it was before opset 10: nearest takes the pixel to the left, linear starts at the corner. (ONNX Upsample) */
  upsample(scales: Operand, options?: {
    /** Default "nearest". */ mode?: string;
  }): Self;
}

export type { Tensor, ValueType };
