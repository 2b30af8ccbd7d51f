// Made by `npm run gen` from the operator table.
import type { DType } from "../base/dtypes.ts";
import type { Shape } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import type { ValueType } from "../base/value-type.ts";
import type {
  ArgReduced,
  Broadcast,
  BroadcastAll,
  Conv,
  DTypeOf,
  Flattened,
  Float,
  Gathered,
  Gemm,
  GlobalPooled,
  Images,
  Int,
  Kind,
  MatMul,
  Matrix,
  Numeric,
  On,
  Operand,
  Pooled,
  Ranked,
  Reduced,
  Result,
  SameRank,
  ShapeOf,
  Signed,
  Squeezed,
  Target,
  Transposed,
  Unsqueezed,
  Wide,
} from "./typing.ts";

/**
 * Every operator that takes a value, as a method of tensors and graph values of dtype D and shape S. Optional inputs and
 * attributes are options.
 */
export interface OperatorMethods<K extends Kind, D extends DType, S extends Shape> {
  /** Elementwise |x|. (ONNX Abs) */
  abs(this: On<K, Numeric>): Result<K, D, S>;
  /** Elementwise arccosine, in radians. (ONNX Acos) */
  acos(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise inverse hyperbolic cosine. (ONNX Acosh) */
  acosh(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise A + B with broadcasting. (ONNX Add) */
  add<B extends Operand<K, D>>(this: On<K, Numeric>, B: B): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** Elementwise alpha · x + beta. Experimental in old opsets. (ONNX Affine) */
  affine(this: On<K, Float>, options?: {
    /** Default 1. */ alpha?: number;
    /** Default 0. */ beta?: number;
  }): Result<K, D, S>;
  /** The sampling grid of an affine transformation, as GridSample takes it: N,H,W,2 or N,D,H,W,3. (ONNX AffineGrid) */
  affineGrid(size: Operand<K, "int64">, options?: {
    /** 1: -1 and 1 are the centres of the corner pixels. Default 0. */ alignCorners?: number | boolean;
  }): Result<K, D>;
  /** Elementwise A and B with broadcasting. (ONNX And) */
  and<B extends Operand<K, D>>(this: On<K, "bool">, B: B): Result<K, "bool", Broadcast<S, ShapeOf<B>>>;
  /** Position of the largest element along an axis. (ONNX ArgMax) */
  argMax<const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axis to search along. Default 0. */ axis?: number | boolean;
    /** 1: the axis stays, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: the last of equals instead of the first. Default 0. */ selectLastIndex?: number | boolean;
  }): Result<K, "int64", ArgReduced<S, Keep>>;
  /** Position of the smallest element along an axis. (ONNX ArgMin) */
  argMin<const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axis to search along. Default 0. */ axis?: number | boolean;
    /** 1: the axis stays, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: the last of equals instead of the first. Default 0. */ selectLastIndex?: number | boolean;
  }): Result<K, "int64", ArgReduced<S, Keep>>;
  /** Elementwise arcsine, in radians. (ONNX Asin) */
  asin(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise inverse hyperbolic sine. (ONNX Asinh) */
  asinh(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise arctangent, in radians. (ONNX Atan) */
  atan(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise inverse hyperbolic tangent. (ONNX Atanh) */
  atanh(this: On<K, Float>): Result<K, D, S>;
  /** softmax(scale · Q·Kᵀ + mask) · V for each head, with grouped heads, a cache of past keys and values, and causal masking. (ONNX Attention) */
  attention(this: On<K, Float>, K: Operand<K, D>, V: Operand<K, Float>, options?: {
    /** Bool (true: look) or added floats; broadcasts to [B,H,L,P+T]. */ attnMask?: Operand<K, "float32" | "float64" | "float16" | "bfloat16" | "bool">;
    /** [B,Hkv,P,D]. */ pastKey?: Operand<K, D>;
    /** [B,Hkv,P,Dv]. */ pastValue?: Operand<K, Float>;
    /** Valid keys of each batch, [B]. */ nonpadKvSeqlen?: Operand<K, "int64">;
    /** 1: a query sees no later key. Default 0. */ isCausal?: number | boolean;
    /** Heads of Q where it is 3-D. */ qNumHeads?: number | boolean;
    /** Heads of K and V where they are 3-D. */ kvNumHeads?: number | boolean;
    /** Factor of Q·Kᵀ. Default 1/√D. */ scale?: number;
    /** Above 0: scores become softcap · tanh(score / softcap). Default 0. */ softcap?: number;
    /** ONNX code of the type of the softmax; computed in doubles here. */ softmaxPrecision?: number | boolean;
    /** 0: scaled product, 1: after softcap, 2: after the mask, 3: after softmax. Default 0. */ qkMatmulOutputMode?: number | boolean;
  }): Result<K, D>;
  /** Mean of each window. Padding counts as zeros with count_include_pad=1, else not at all. (ONNX AveragePool) */
  averagePool(this: On<K, Float, Images>, options: {
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** 1: a last window may reach past the padded input. Default 0. */ ceilMode?: number | boolean;
    /** 1: padding counts as zeros. Default 0. */ countIncludePad?: number | boolean;
  }): Result<K, D, Pooled<S>>;
  /** (X - mean) / sqrt(variance + epsilon) · scale + B for each channel. (ONNX BatchNormalization) */
  batchNormalization(this: On<K, Float>, scale: Operand<K, Float>, B: Operand<K, Float>, inputMean: Operand<K, Float>, inputVar: Operand<K, Float>, options?: {
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
    /** Share of the old running statistics that stays; training only. Default 0.9. */ momentum?: number;
    /** 1: normalise with the batch's own statistics. Default 0. */ trainingMode?: number | boolean;
  }): Result<K, D, S>;
  /** 1 with the probability that the input gives, else 0. (ONNX Bernoulli) */
  bernoulli(this: On<K, Float>, options?: {
    /** ONNX code of the element type. Default: that of the input. */ dtype?: number | boolean;
    /** Same seed, same numbers. */ seed?: number;
  }): Result<K>;
  /** The bits of each element read as another type of the same width. (ONNX BitCast) */
  bitCast(options: {
    /** ONNX code of the wanted type. */ to: number | boolean;
  }): Result<K>;
  /** Elementwise X shifted by Y bits; a shift by the type's width or more gives 0. (ONNX BitShift) */
  bitShift<B extends Operand<K, D>>(this: On<K, "uint8" | "uint16" | "uint32" | "uint64">, Y: B, options: {
    /** LEFT or RIGHT. */ direction: string;
  }): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** Elementwise A & B with broadcasting. (ONNX BitwiseAnd) */
  bitwiseAnd<B extends Operand<K, D>>(this: On<K, Int>, B: B): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** Elementwise ~X. (ONNX BitwiseNot) */
  bitwiseNot(this: On<K, Int>): Result<K, D, S>;
  /** Elementwise A | B with broadcasting. (ONNX BitwiseOr) */
  bitwiseOr<B extends Operand<K, D>>(this: On<K, Int>, B: B): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** Elementwise A ^ B with broadcasting. (ONNX BitwiseXor) */
  bitwiseXor<B extends Operand<K, D>>(this: On<K, Int>, B: B): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** A Blackman window of a given length. (ONNX BlackmanWindow) */
  blackmanWindow(this: On<K, "int32" | "int64">, options?: {
    /** ONNX code of the output's type (default float32). Default 1. */ outputDatatype?: number | boolean;
    /** 0: symmetric. Default 1. */ periodic?: number | boolean;
  }): Result<K>;
  /** The same elements as another type: floats round to nearest even, integers truncate and wrap, strings are decimal texts. (ONNX Cast) */
  cast(options: {
    /** ONNX code of the wanted type. */ to: number | boolean;
    /** 8-bit floats only: 1 keeps numbers beyond the range at the largest, 0 makes them infinite or NaN. Default 1. */ saturate?: number | boolean;
    /** float8e8m0 only: up, down or nearest. Default "up". */ roundMode?: string;
  }): Result<K, DType, S>;
  /** The elements of input as the type of target_type. (ONNX CastLike) */
  castLike<B extends Operand<K>>(targetType: B, options?: {
    /** 8-bit floats only: 1 keeps numbers beyond the range at the largest, 0 makes them infinite or NaN. Default 1. */ saturate?: number | boolean;
    /** float8e8m0 only: up, down or nearest. Default "up". */ roundMode?: string;
  }): Result<K, DTypeOf<B>, S>;
  /** Depthwise convolution along the last axis that sees present and past only; the last k-1 inputs are the state of the next call. (ONNX CausalConvWithState) */
  causalConvWithState(this: On<K, Float>, weight: Operand<K, D>, options?: {
    /** [C]. */ bias?: Operand<K, D>;
    /** [B,C,k-1]. Default zeros. */ pastState?: Operand<K, D>;
    /** none, silu or swish. Default "none". */ activation?: string;
  }): [Result<K, D>, Result<K, D>];
  /** Elementwise smallest whole number that is not below x. (ONNX Ceil) */
  ceil(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise max(0, x) + min(0, alpha · (e^(x/alpha) - 1)). (ONNX Celu) */
  celu(this: On<K, Float>, options?: {
    /** Default 1. */ alpha?: number;
  }): Result<K, D, S>;
  /** Crops or pads with zeros around the centre, to reach a size along each of the axes. An odd element goes to the end. (ONNX CenterCropPad) */
  centerCropPad(shape: Operand<K, "int32" | "int64">, options?: {
    /** Axes that shape speaks of (default: all). */ axes?: readonly number[];
  }): Result<K, D, SameRank<S>>;
  /** Elementwise x moved into [min, max]; where min exceeds max the result is max. (ONNX Clip) */
  clip(this: On<K, Numeric>, options?: {
    /** Scalar. Default: no bound. */ min?: Operand<K, D>;
    /** Scalar. Default: no bound. */ max?: Operand<K, D>;
  }): Result<K, D, S>;
  /** Adds columns of blocks back up into an image, N,C·block,positions to N,C,spatial: the opposite of cutting an image into blocks. (ONNX Col2Im) */
  col2Im(imageShape: Operand<K, "int64">, blockShape: Operand<K, "int64">, options?: {
    /** Default 1. */ dilations?: readonly number[];
    /** Begins, then ends. Default 0. */ pads?: readonly number[];
    /** Default 1. */ strides?: readonly number[];
  }): Result<K, D>;
  /** The slices along an axis where the condition holds; without an axis, the elements of the flattened input. (ONNX Compress) */
  compress(condition: Operand<K, "bool">, options?: {
    /** Default: flatten first. */ axis?: number | boolean;
  }): Result<K, D>;
  /** Joins tensors along an axis; their other dimensions are equal. (ONNX Concat) */
  concat(inputs: Operand<K, D> | readonly Operand<K, D>[], options?: {
    /** Required from version 4; version 1 takes 1 where it is missing. */ axis?: number | boolean;
  }): Result<K, D, SameRank<S>>;
  /** Joins the tensors of a sequence along an axis, or stacks them along a new one. (ONNX ConcatFromSequence) */
  concatFromSequence(options: {
    axis: number | boolean;
    /** 1: stack along a new axis. Default 0. */ newAxis?: number | boolean;
  }): Result<K>;
  /** A tensor of a given shape whose elements are all the same value (default: float32 0). (ONNX ConstantOfShape) */
  constantOfShape(this: On<K, "int64">, options?: {
    /** One element: the value and its type. */ value?: Tensor;
  }): Result<K>;
  /** Convolution (cross-correlation) of X[N,C,…] with filters W[M,C/group,…], plus bias B[M], over any number of spatial axes. (ONNX Conv) */
  conv<B extends Operand<K, D>>(this: On<K, Float, Images>, W: B, options?: {
    /** [M]. */ B?: Operand<K, D>;
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups; C for depthwise. Default 1. */ group?: number | boolean;
  }): Result<K, D, Conv<S, ShapeOf<B>>>;
  /** Convolution of 8-bit tensors less their zero points, as int32. Padding counts as the zero point. (ONNX ConvInteger) */
  convInteger<B extends Operand<K, "int8" | "uint8">>(this: On<K, "int8" | "uint8", Images>, w: B, options?: {
    /** Scalar. Default 0. */ xZeroPoint?: Operand<K, D>;
    /** One, or one a filter. Default 0. */ wZeroPoint?: Operand<K, "int8" | "uint8">;
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups. Default 1. */ group?: number | boolean;
  }): Result<K, "int32", Conv<S, ShapeOf<B>>>;
  /** Transposed convolution of X[N,C,…] with W[C,M/group,…], plus bias B[M]: every input element adds a scaled copy of its filter. (ONNX ConvTranspose) */
  convTranspose(this: On<K, Float, Images>, W: Operand<K, D>, options?: {
    /** [M]. */ B?: Operand<K, D>;
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups. Default 1. */ group?: number | boolean;
    /** Elements added to one side of the output. Default 0. */ outputPadding?: readonly number[];
    /** Spatial size wanted; the padding follows from it. */ outputShape?: readonly number[];
  }): Result<K, D, SameRank<S>>;
  /** Elementwise cosine of x in radians. (ONNX Cos) */
  cos(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise hyperbolic cosine. (ONNX Cosh) */
  cosh(this: On<K, Float>): Result<K, D, S>;
  /** Cuts a border off an image N,C,H,W, as experimental operator of old exporters. (ONNX Crop) */
  crop(options: {
    /** Pixels to cut: left, top, right, bottom. */ border: readonly number[];
    /** Height and width to keep instead of right and bottom. */ scale?: readonly number[];
  }): Result<K, D>;
  /** Running product along an axis. (ONNX CumProd) */
  cumProd(this: On<K, Wide>, axis: Operand<K, "int32" | "int64">, options?: {
    /** 1: an element does not count for its own position. Default 0. */ exclusive?: number | boolean;
    /** 1: from the end. Default 0. */ reverse?: number | boolean;
  }): Result<K, D, S>;
  /** Running sum along an axis. (ONNX CumSum) */
  cumSum(this: On<K, Wide>, axis: Operand<K, "int32" | "int64">, options?: {
    /** 1: an element does not count for its own position. Default 0. */ exclusive?: number | boolean;
    /** 1: from the end. Default 0. */ reverse?: number | boolean;
  }): Result<K, D, S>;
  /** The discrete Fourier transform along an axis. The last axis of size 2 holds real and imaginary part; size 1 is a real signal. Onesided keeps the half that is not redundant; with inverse it takes that half back to a real signal (version 20). (ONNX DFT) */
  dft(options?: {
    /** Scalar: the signal is cut or padded with zeros to it. */ dftLength?: Operand<K>;
    /** Scalar, default -2. */ axis?: Operand<K, "int64">;
    /** Default 0. */ inverse?: number | boolean;
    /** Default 0. */ onesided?: number | boolean;
  }): Result<K, D>;
  /** Convolution whose taps are moved by given offsets and weighted by a mask; between elements the input is interpolated. (ONNX DeformConv) */
  deformConv<B extends Operand<K, D>>(this: On<K, Float, Images>, W: B, offset: Operand<K, D>, options?: {
    /** [M]. */ B?: Operand<K, D>;
    /** [N,offset_group·taps,o1,…]. Default 1. */ mask?: Operand<K, D>;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups. Default 1. */ group?: number | boolean;
    /** Groups of channels that share offsets. Default 1. */ offsetGroup?: number | boolean;
  }): Result<K, D, Conv<S, ShapeOf<B>>>;
  /** Moves blocks of channels into space: N,C,H,W becomes N,C/b²,H·b,W·b. DCR takes the block from the outer part of the channels, CRD from the inner. (ONNX DepthToSpace) */
  depthToSpace(options: {
    blocksize: number | boolean;
    /** DCR or CRD. Default "DCR". */ mode?: string;
  }): Result<K, D, SameRank<S>>;
  /** (x - x_zero_point) · x_scale. (ONNX DequantizeLinear) */
  dequantizeLinear(xScale: Operand<K, "float32" | "float64" | "float16" | "bfloat16" | "float8e8m0">, options?: {
    /** Like the scale. Default 0. */ xZeroPoint?: Operand<K, D>;
    /** Axis the scales belong to, where they are several. Default 1. */ axis?: number | boolean;
    /** Elements along the axis that share a scale. Default 0. */ blockSize?: number | boolean;
    /** ONNX code of the result's type; 0: the scale's. Default 0. */ outputDtype?: number | boolean;
  }): Result<K, Float, S>;
  /** Determinant of a square matrix, or of each of a stack of them. (ONNX Det) */
  det(this: On<K, Float>): Result<K, D>;
  /** Elementwise A / B with broadcasting; integers truncate towards zero. (ONNX Div) */
  div<B extends Operand<K, D>>(this: On<K, Numeric>, B: B): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** In training, zeroes a share `ratio` of the elements at random and scales the rest by 1/(1-ratio); else the input. (ONNX Dropout) */
  dropout(this: On<K, "float32" | "float64" | "float16" | "bfloat16" | "float8e4m3fn" | "float8e4m3fnuz" | "float8e5m2" | "float8e5m2fnuz">, options?: {
    /** Share that is dropped, in [0,1). Default 0.5. */ ratio?: Operand<K, Float>;
    /** Whether to drop at all. Default false. */ trainingMode?: Operand<K, "bool">;
    /** Seed of the random numbers. */ seed?: number | boolean;
  }): Result<K, D, S>;
  /** x as uint8 with the scale and zero point that its own range asks for. (ONNX DynamicQuantizeLinear) */
  dynamicQuantizeLinear(this: On<K, "float32">): [Result<K, "uint8">, Result<K, "float32">, Result<K, "uint8">];
  /** Slice with its bounds as inputs and steps of 1, as experimental operator of old exporters; Slice has taken its place. (ONNX DynamicSlice) */
  dynamicSlice(starts: Operand<K, "int32" | "int64">, ends: Operand<K, "int32" | "int64">, options?: {
    axes?: Operand<K, "int32" | "int64">;
  }): Result<K, D, SameRank<S>>;
  /** Sum of products in Einstein's notation: axes with one letter are walked together, those missing in the result are summed. (ONNX Einsum) */
  einsum(this: On<K, Numeric>, Inputs: Operand<K, D> | readonly Operand<K, D>[], options: {
    /** Such as "bij,bjk->bik"; "..." stands for any axes. */ equation: string;
  }): Result<K, D>;
  /** Elementwise x where x ≥ 0, else alpha · (eˣ - 1). (ONNX Elu) */
  elu(this: On<K, Float>, options?: {
    /** Default 1. */ alpha?: number;
  }): Result<K, D, S>;
  /** Elementwise A = B with broadcasting; NaN equals nothing. (ONNX Equal) */
  equal<B extends Operand<K, D>>(B: B): Result<K, "bool", Broadcast<S, ShapeOf<B>>>;
  /** Elementwise error function. (ONNX Erf) */
  erf(this: On<K, Numeric>): Result<K, D, S>;
  /** Elementwise eˣ. (ONNX Exp) */
  exp(this: On<K, Float>): Result<K, D, S>;
  /** Repeats a tensor along its axes of size 1, and along new leading axes, to reach a shape. A size of 1 in the shape keeps the tensor's own. (ONNX Expand) */
  expand<const B extends Operand<K, "int64">>(shape: B): Result<K, D, Broadcast<S, Target<B>>>;
  /** A matrix of the input's shape with ones on a diagonal and zeros elsewhere. (ONNX EyeLike) */
  eyeLike(options?: {
    /** ONNX code of the output's type (default: the input's). */ dtype?: number | boolean;
    /** Which diagonal: positive above the main one, negative below. Default 0. */ k?: number | boolean;
  }): Result<K>;
  /** A matrix of the same elements: the axes before axis become rows, the others columns. (ONNX Flatten) */
  flatten<const Axis extends number | boolean = 1>(options?: {
    /** First axis that goes into the columns. Default 1. */ axis?: Axis;
  }): Result<K, D, Flattened<S, Axis>>;
  /** Elementwise largest whole number that is not above x. (ONNX Floor) */
  floor(this: On<K, Float>): Result<K, D, S>;
  /** One-layer GRU over a sequence, in one or both directions. (ONNX GRU) */
  gru(this: On<K, Float>, W: Operand<K, D>, R: Operand<K, D>, options?: {
    /** [directions,6·hidden]. */ B?: Operand<K, D>;
    /** Steps of each batch element, [batch]. */ sequenceLens?: Operand<K, "int32">;
    initialH?: Operand<K, D>;
    /** First parameters of the activations, in their order. */ activationAlpha?: readonly number[];
    /** Second parameters of the activations, in their order. */ activationBeta?: readonly number[];
    /** Activation of each gate, for each direction. */ activations?: readonly string[];
    /** Inputs of activations are kept within ±clip. */ clip?: number;
    /** forward, reverse or bidirectional. Default "forward". */ direction?: string;
    /** Elements of the state. */ hiddenSize?: number | boolean;
    /** 1: batch before time in X, Y and the states. Default 0. */ layout?: number | boolean;
    /** 1: the reset gate is applied after the product with R. Default 0. */ linearBeforeReset?: number | boolean;
  }): [Result<K, D>, Result<K, D>];
  /** Picks slices along an axis: output[…, i…, …] = data[…, indices[i…], …]. Rank of the output is rank(data) - 1 + rank(indices). (ONNX Gather) */
  gather<B extends Operand<K, "int32" | "int64">, const Axis extends number | boolean = 0>(indices: B, options?: {
    /** Axis to pick from. Default 0. */ axis?: Axis;
  }): Result<K, D, Gathered<S, ShapeOf<B>, Axis>>;
  /** For each element of indices, the element of data at the same position, but for one axis, where the index says which. (ONNX GatherElements) */
  gatherElements(indices: Operand<K, "int32" | "int64">, options?: {
    /** The axis that the indices replace. Default 0. */ axis?: number | boolean;
  }): Result<K, D, SameRank<S>>;
  /** Picks elements or slices by coordinates: the last axis of indices holds coordinates into the leading axes of data, after batch_dims axes that both share. (ONNX GatherND) */
  gatherND(indices: Operand<K, "int64">, options?: {
    /** Leading axes that data and indices share. Default 0. */ batchDims?: number | boolean;
  }): Result<K, D>;
  /** Elementwise x · Φ(x), Φ the normal distribution; approximate=tanh uses the tanh approximation. (ONNX Gelu) */
  gelu(this: On<K, Float>, options?: {
    /** none or tanh. Default "none". */ approximate?: string;
  }): Result<K, D, S>;
  /** alpha · A' · B' + beta · C of matrices, A' and B' optionally transposed; C broadcasts. (ONNX Gemm) */
  gemm<B extends Operand<K, D>, const TransA extends number | boolean = 0, const TransB extends number | boolean = 0>(this: On<K, Wide, Matrix>, B: B, options?: {
    /** Broadcasts to [M,N]. */ C?: Operand<K, D>;
    /** Factor of A'·B'. Default 1. */ alpha?: number;
    /** Factor of C. Default 1. */ beta?: number;
    /** 1: A' is A transposed. Default 0. */ transA?: TransA;
    /** 1: B' is B transposed. Default 0. */ transB?: TransB;
  }): Result<K, D, Gemm<S, ShapeOf<B>, TransA, TransB>>;
  /** Mean over all spatial axes of each channel. (ONNX GlobalAveragePool) */
  globalAveragePool(this: On<K, Float, Images>): Result<K, D, GlobalPooled<S>>;
  /** Lp norm over all spatial axes of each channel: (Σ |x|^p)^(1/p). (ONNX GlobalLpPool) */
  globalLpPool(this: On<K, Float, Images>, options?: {
    /** Which norm. Default 2. */ p?: number | boolean;
  }): Result<K, D, GlobalPooled<S>>;
  /** Largest element over all spatial axes of each channel. (ONNX GlobalMaxPool) */
  globalMaxPool(this: On<K, Float, Images>): Result<K, D, GlobalPooled<S>>;
  /** Elementwise A > B with broadcasting. (ONNX Greater) */
  greater<B extends Operand<K, D>>(this: On<K, Numeric>, B: B): Result<K, "bool", Broadcast<S, ShapeOf<B>>>;
  /** Elementwise A ≥ B with broadcasting. (ONNX GreaterOrEqual) */
  greaterOrEqual<B extends Operand<K, D>>(this: On<K, Numeric>, B: B): Result<K, "bool", Broadcast<S, ShapeOf<B>>>;
  /** Samples an input N,C,D1…Dk at the positions of a grid N,E1…Ek,k, whose coordinates run from -1 to 1 and name the last axis first. (ONNX GridSample) */
  gridSample(grid: Operand<K>, options?: {
    /** linear (bilinear), nearest or cubic (bicubic). Default "linear". */ mode?: string;
    /** Outside the input: zeros, border or reflection. Default "zeros". */ paddingMode?: string;
    /** 1: -1 and 1 are the centres of the corner pixels, not their edges. Default 0. */ alignCorners?: number | boolean;
  }): Result<K, D>;
  /** (X - mean) / sqrt(variance + epsilon) · scale + bias, with the statistics of groups of channels of each image. (ONNX GroupNormalization) */
  groupNormalization(this: On<K, Float>, scale: Operand<K, D>, bias: Operand<K, D>, options: {
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
    /** Channels are cut into so many groups. */ numGroups: number | boolean;
    /** ONNX code of the type of the statistics. Default 1. */ stashType?: number | boolean;
  }): Result<K, D, S>;
  /** A Hamming window of a given length. (ONNX HammingWindow) */
  hammingWindow(this: On<K, "int32" | "int64">, options?: {
    /** ONNX code of the output's type (default float32). Default 1. */ outputDatatype?: number | boolean;
    /** 0: symmetric. Default 1. */ periodic?: number | boolean;
  }): Result<K>;
  /** A Hann window of a given length. (ONNX HannWindow) */
  hannWindow(this: On<K, "int32" | "int64">, options?: {
    /** ONNX code of the output's type (default float32). Default 1. */ outputDatatype?: number | boolean;
    /** 0: symmetric. Default 1. */ periodic?: number | boolean;
  }): Result<K>;
  /** Elementwise max(0, min(1, alpha · x + beta)). (ONNX HardSigmoid) */
  hardSigmoid(this: On<K, Float>, options?: {
    /** Default 0.2. */ alpha?: number;
    /** Default 0.5. */ beta?: number;
  }): Result<K, D, S>;
  /** Elementwise x · max(0, min(1, x/6 + 1/2)). (ONNX HardSwish) */
  hardSwish(this: On<K, Float>): Result<K, D, S>;
  /** 1 at the first largest element along an axis, else 0. (ONNX Hardmax) */
  hardmax(this: On<K, Float>, options?: {
    /** Axis to work along (default -1); before version 13 the first axis of the row (default 1). */ axis?: number | boolean;
  }): Result<K, D, S>;
  /** Its input. Tensors, sequences (from version 14) and optionals (16). (ONNX Identity) */
  identity(): Result<K, D, S>;
  /** The pixels of an encoded image file: [height, width, channels]. JPEG, PNG, WebP, TIFF and what else sharp reads. (ONNX ImageDecoder) */
  imageDecoder(this: On<K, "uint8">, options?: {
    /** RGB, BGR or Grayscale. Default "RGB". */ pixelFormat?: string;
  }): Result<K, "uint8">;
  /** input·scale + bias[channel] for an image N,C,H,W, as experimental operator of old exporters. (ONNX ImageScaler) */
  imageScaler(options?: {
    /** One a channel (default 0). */ bias?: readonly number[];
    /** Default 1. */ scale?: number;
  }): Result<K, D, S>;
  /** (x - mean) / sqrt(variance + epsilon) · scale + B, with the statistics of each channel of each image. (ONNX InstanceNormalization) */
  instanceNormalization(this: On<K, Float>, scale: Operand<K, D>, B: Operand<K, D>, options?: {
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
  }): Result<K, D, S>;
  /** Whether each element is infinite; one sign may be left out. (ONNX IsInf) */
  isInf(this: On<K, "float32" | "float64" | "float16" | "bfloat16" | "float8e4m3fn" | "float8e4m3fnuz" | "float8e5m2" | "float8e5m2fnuz">, options?: {
    /** 0: minus infinity does not count. Default 1. */ detectNegative?: number | boolean;
    /** 0: plus infinity does not count. Default 1. */ detectPositive?: number | boolean;
  }): Result<K, "bool", S>;
  /** Whether each element is NaN. (ONNX IsNaN) */
  isNaN(this: On<K, "float32" | "float64" | "float16" | "bfloat16" | "float8e4m3fn" | "float8e4m3fnuz" | "float8e5m2" | "float8e5m2fnuz">): Result<K, "bool", S>;
  /** x / (bias + alpha/size · Σ x²)^beta, the sum over `size` neighbouring channels. (ONNX LRN) */
  lrn(this: On<K, Float>, options: {
    /** Factor of the mean square. Default 0.0001. */ alpha?: number;
    /** The exponent. Default 0.75. */ beta?: number;
    /** Added to the mean square. Default 1. */ bias?: number;
    /** Channels to sum over. */ size: number | boolean;
  }): Result<K, D, S>;
  /** One-layer LSTM over a sequence, in one or both directions, with optional peepholes. (ONNX LSTM) */
  lstm(this: On<K, Float>, W: Operand<K, D>, R: Operand<K, D>, options?: {
    /** [directions,8·hidden]. */ B?: Operand<K, D>;
    /** Steps of each batch element, [batch]. */ sequenceLens?: Operand<K, "int32">;
    initialH?: Operand<K, D>;
    initialC?: Operand<K, D>;
    /** Peepholes i o f, [directions,3·hidden]. */ P?: Operand<K, D>;
    /** First parameters of the activations, in their order. */ activationAlpha?: readonly number[];
    /** Second parameters of the activations, in their order. */ activationBeta?: readonly number[];
    /** Activation of each gate, for each direction. */ activations?: readonly string[];
    /** Inputs of activations are kept within ±clip. */ clip?: number;
    /** forward, reverse or bidirectional. Default "forward". */ direction?: string;
    /** Elements of the state. */ hiddenSize?: number | boolean;
    /** 1: batch before time in X, Y and the states. Default 0. */ layout?: number | boolean;
    /** 1: the forget gate is one less the input gate. Default 0. */ inputForget?: number | boolean;
  }): [Result<K, D>, Result<K, D>, Result<K, D>];
  /** (X - mean) / sqrt(variance + epsilon) · Scale + B over the axes from `axis` on. (ONNX LayerNormalization) */
  layerNormalization(this: On<K, Float>, Scale: Operand<K, D>, options?: {
    /** Broadcasts to X. */ B?: Operand<K, D>;
    /** First of the axes to normalise over. Default -1. */ axis?: number | boolean;
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
    /** ONNX code of the type of the statistics. Default 1. */ stashType?: number | boolean;
  }): Result<K, D, S>;
  /** Elementwise x where x ≥ 0, else alpha · x. (ONNX LeakyRelu) */
  leakyRelu(this: On<K, Float>, options?: {
    /** Default 0.01. */ alpha?: number;
  }): Result<K, D, S>;
  /** Elementwise A < B with broadcasting. (ONNX Less) */
  less<B extends Operand<K, D>>(this: On<K, Numeric>, B: B): Result<K, "bool", Broadcast<S, ShapeOf<B>>>;
  /** Elementwise A ≤ B with broadcasting. (ONNX LessOrEqual) */
  lessOrEqual<B extends Operand<K, D>>(this: On<K, Numeric>, B: B): Result<K, "bool", Broadcast<S, ShapeOf<B>>>;
  /** Attention as a recurrence: a state matrix for each head takes k⊗v at every step (decayed, corrected as update_rule says) and is read by q. (ONNX LinearAttention) */
  linearAttention(this: On<K, Float>, key: Operand<K, D>, value: Operand<K, D>, options: {
    /** [B,Hkv,Dk,Dv]. Default zeros. */ pastState?: Operand<K, Float>;
    /** Logarithm of what is kept, [B,L,Hkv] or [B,L,Hkv·Dk]. */ decay?: Operand<K, D>;
    /** Rate of the correction, [B,L,Hkv] or [B,L,1]. */ beta?: Operand<K, D>;
    /** Query heads. */ qNumHeads: number | boolean;
    /** Key and value heads; divides q_num_heads. */ kvNumHeads: number | boolean;
    /** linear, gated, delta or gated_delta. Default "gated_delta". */ updateRule?: string;
    /** Factor of what is read; 0: 1/√Dk. Default 0. */ scale?: number;
    /** A hint for parallel engines; changes no value. Default 64. */ chunkSize?: number | boolean;
  }): [Result<K, D>, Result<K, Float>];
  /** Elementwise natural logarithm. (ONNX Log) */
  log(this: On<K, Float>): Result<K, D, S>;
  /** x - log Σ eˣ along an axis. (ONNX LogSoftmax) */
  logSoftmax(this: On<K, Float>, options?: {
    /** Axis to work along (default -1); before version 13 the first axis of the row (default 1). */ axis?: number | boolean;
  }): Result<K, D, S>;
  /** Each element divided by the L1 or L2 norm along an axis; 0 where the norm is 0. (ONNX LpNormalization) */
  lpNormalization(this: On<K, Float>, options?: {
    /** Axis to normalise along. Default -1. */ axis?: number | boolean;
    /** 1 or 2. Default 2. */ p?: number | boolean;
  }): Result<K, D, S>;
  /** Lp norm of each window: (Σ |x|^p)^(1/p). (ONNX LpPool) */
  lpPool(this: On<K, Float, Images>, options?: {
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis; required. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** 1: a last window may reach past the padded input. Default 0. */ ceilMode?: number | boolean;
    /** Which norm. Default 2. */ p?: number | boolean;
  }): Result<K, D, Pooled<S>>;
  /** Matrix product A·B; leading axes are batches and broadcast, vectors are a row on the left and a column on the right. (ONNX MatMul) */
  matmul<B extends Operand<K, D>>(this: On<K, Wide, Ranked>, B: B): Result<K, D, MatMul<S, ShapeOf<B>>>;
  /** (A - a_zero_point) · (B - b_zero_point) of 8-bit matrices as int32. (ONNX MatMulInteger) */
  matmulInteger<B extends Operand<K, "int8" | "uint8">>(this: On<K, "int8" | "uint8", Ranked>, B: B, options?: {
    /** One, or one a row. */ aZeroPoint?: Operand<K, D>;
    /** One, or one a column. */ bZeroPoint?: Operand<K, "int8" | "uint8">;
  }): Result<K, "int32", MatMul<S, ShapeOf<B>>>;
  /** Elementwise largest of all inputs with broadcasting; NaN where one is NaN. (ONNX Max) */
  max<B extends Operand<K, D> | readonly Operand<K, D>[]>(this: On<K, Numeric>, data0: B): Result<K, D, BroadcastAll<S, B>>;
  /** Largest element of each window; the optional second output says where in the flattened input it was. (ONNX MaxPool) */
  maxPool(this: On<K, "float32" | "float64" | "float16" | "bfloat16" | "int8" | "uint8", Images>, options: {
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** 1: a last window may reach past the padded input. Default 0. */ ceilMode?: number | boolean;
    /** 1: Indices count spatial axes column-major. Default 0. */ storageOrder?: number | boolean;
  }): Result<K, D, Pooled<S>>;
  /** Cuts boxes out of feature maps and takes the largest element of each of a fixed number of cells; edges are rounded. (ONNX MaxRoiPool) */
  maxRoiPool(this: On<K, Float>, rois: Operand<K, D>, options: {
    /** Rows and columns of a cut. */ pooledShape: readonly number[];
    /** Feature map pixels per image pixel. Default 1. */ spatialScale?: number;
  }): Result<K, D>;
  /** Puts the elements of a MaxPool back to where its indices say they were; everything else is 0. (ONNX MaxUnpool) */
  maxUnpool(this: On<K, Float, Images>, I: Operand<K, "int64">, options: {
    /** Shape wanted; zeros are added behind the spatial axes. */ outputShape?: Operand<K, "int64">;
    /** Size of the window along each spatial axis. */ kernelShape: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
  }): Result<K, D, Pooled<S>>;
  /** Elementwise mean of all inputs with broadcasting. (ONNX Mean) */
  mean<B extends Operand<K, D> | readonly Operand<K, D>[]>(this: On<K, Float>, data0: B): Result<K, D, BroadcastAll<S, B>>;
  /** (X - mean) / standard deviation over axes. (ONNX MeanVarianceNormalization) */
  meanVarianceNormalization(this: On<K, Float>, options?: {
    /** Axes to take the statistics over. Default [0,2,3]. */ axes?: readonly number[];
  }): Result<K, D, S>;
  /** The matrix that takes a linear spectrogram to the mel scale: triangles with evenly spaced centres on that scale. [bins, mel bins]. (ONNX MelWeightMatrix) */
  melWeightMatrix(dftLength: Operand<K, D>, sampleRate: Operand<K, D>, lowerEdgeHertz: Operand<K>, upperEdgeHertz: Operand<K>, options?: {
    /** ONNX code of the output's type (default float32). Default 1. */ outputDatatype?: number | boolean;
  }): Result<K>;
  /** Elementwise smallest of all inputs with broadcasting; NaN where one is NaN. (ONNX Min) */
  min<B extends Operand<K, D> | readonly Operand<K, D>[]>(this: On<K, Numeric>, data0: B): Result<K, D, BroadcastAll<S, B>>;
  /** Elementwise x · tanh(log(1 + eˣ)). (ONNX Mish) */
  mish(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise remainder with broadcasting: sign of the divisor (fmod=0, integers only) or of the dividend (fmod=1). (ONNX Mod) */
  mod<B extends Operand<K, D>>(this: On<K, Numeric>, B: B, options?: {
    /** 1: as C's fmod; needed for floats. Default 0. */ fmod?: number | boolean;
  }): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** Elementwise A · B with broadcasting. (ONNX Mul) */
  mul<B extends Operand<K, D>>(this: On<K, Numeric>, B: B): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** Draws classes by their logarithmic, unnormalised probabilities. (ONNX Multinomial) */
  multinomial(this: On<K, Float>, options?: {
    /** ONNX code of int32 or int64. Default 6. */ dtype?: number | boolean;
    /** Draws for each batch element. Default 1. */ sampleSize?: number | boolean;
    /** Same seed, same numbers. */ seed?: number;
  }): Result<K, "int32" | "int64">;
  /** Elementwise -x. (ONNX Neg) */
  neg(this: On<K, Signed>): Result<K, D, S>;
  /** -weight[target] · input[n,target,…] of log-probabilities [N,C,…], as is, summed or averaged. (ONNX NegativeLogLikelihoodLoss) */
  negativeLogLikelihoodLoss(this: On<K, Float>, target: Operand<K, "int32" | "int64">, options?: {
    /** Weight of each class, [C]. */ weight?: Operand<K, D>;
    /** none, sum, or mean: weighted by class. Default "mean". */ reduction?: string;
    /** Targets with this value count nothing; it need not be a class. */ ignoreIndex?: number | boolean;
  }): Result<K, D>;
  /** For each batch and class keeps the boxes with the highest scores and drops those that overlap a kept one by more than iou_threshold. Rows [batch, class, box], best first within a class. (ONNX NonMaxSuppression) */
  nonMaxSuppression(this: On<K, "float32">, scores: Operand<K, "float32">, options?: {
    /** Default 0: no boxes. */ maxOutputBoxesPerClass?: Operand<K, "int64">;
    /** In 0..1; default 0. */ iouThreshold?: Operand<K, "float32">;
    /** Only boxes that score more. */ scoreThreshold?: Operand<K, "float32">;
    /** 0: y1,x1,y2,x2 of any two opposite corners; 1: x, y of the centre, width, height. Default 0. */ centerPointBox?: number | boolean;
  }): Result<K, "int64">;
  /** Coordinates of the elements that are not 0, in row-major order: [rank, count]. (ONNX NonZero) */
  nonZero(): Result<K, "int64">;
  /** Elementwise negation of a bool. (ONNX Not) */
  not(this: On<K, "bool">): Result<K, D, S>;
  /** A new axis of size depth that holds on_value at each index and off_value elsewhere. Indices outside [-depth, depth-1] give no on_value. (ONNX OneHot) */
  oneHot(depth: Operand<K>, values: Operand<K>, options?: {
    /** Position of the new axis in the output. Default -1. */ axis?: number | boolean;
  }): Result<K>;
  /** An optional that holds the input, or nothing where the input is left out. (ONNX Optional) */
  optional(options?: {
    /** Type of the element, where the input is left out. */ type?: ValueType;
  }): Result<K>;
  /** What an optional holds; fails where it is empty. A tensor or a sequence is given back as it is (version 18). (ONNX OptionalGetElement) */
  optionalGetElement(): Result<K>;
  /** Whether an optional holds something. No input counts as empty, a tensor or a sequence as filled (version 18). (ONNX OptionalHasElement) */
  optionalHasElement(): Result<K, "bool">;
  /** Elementwise A or B with broadcasting. (ONNX Or) */
  or<B extends Operand<K, D>>(this: On<K, "bool">, B: B): Result<K, "bool", Broadcast<S, ShapeOf<B>>>;
  /** Elementwise x where x ≥ 0, else slope · x; the slope broadcasts to X. (ONNX PRelu) */
  prelu(this: On<K, Wide>, slope: Operand<K, D>): Result<K, D, S>;
  /** Puts elements before and after a tensor along its axes (or takes them away, where a pad is negative): a constant, the edge, a reflection, or the tensor again. (ONNX Pad) */
  pad(pads: Operand<K, "int64">, options?: {
    /** Scalar for mode constant; default 0, false or "". */ constantValue?: Operand<K, D>;
    /** Axes that pads speaks of (default: all). */ axes?: Operand<K, "int32" | "int64">;
    /** constant, reflect, edge or wrap (19). Default "constant". */ mode?: string;
  }): Result<K, D, SameRank<S>>;
  /** Elementwise alpha · log(1 + e^(beta · x)). Experimental in old opsets. (ONNX ParametricSoftplus) */
  parametricSoftplus(this: On<K, Float>, options?: {
    /** Default 1. */ alpha?: number;
    /** Default 1. */ beta?: number;
  }): Result<K, D, S>;
  /** Elementwise X to the power Y with broadcasting; the result has the type of X. (ONNX Pow) */
  pow<B extends Operand<K, Numeric>>(this: On<K, Numeric>, Y: B): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** Convolution of quantised tensors, quantised again with y_scale and y_zero_point. (ONNX QLinearConv) */
  qLinearConv(this: On<K, "int8" | "uint8">, xScale: Operand<K, "float32">, xZeroPoint: Operand<K, D>, w: Operand<K, "int8" | "uint8">, wScale: Operand<K, "float32">, wZeroPoint: Operand<K, "int8" | "uint8">, yScale: Operand<K, "float32">, yZeroPoint: Operand<K, "int8" | "uint8">, options?: {
    /** [M], with scale x_scale · w_scale. */ B?: Operand<K, "int32">;
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups. Default 1. */ group?: number | boolean;
  }): Result<K, "int8" | "uint8">;
  /** Matrix product of quantised matrices, quantised again with y_scale and y_zero_point. (ONNX QLinearMatMul) */
  qLinearMatMul(this: On<K, "int8" | "uint8" | "float8e4m3fn" | "float8e4m3fnuz" | "float8e5m2" | "float8e5m2fnuz">, aScale: Operand<K, Float>, aZeroPoint: Operand<K, D>, b: Operand<K, "int8" | "uint8" | "float8e4m3fn" | "float8e4m3fnuz" | "float8e5m2" | "float8e5m2fnuz">, bScale: Operand<K, Float>, bZeroPoint: Operand<K, "int8" | "uint8" | "float8e4m3fn" | "float8e4m3fnuz" | "float8e5m2" | "float8e5m2fnuz">, yScale: Operand<K, Float>, yZeroPoint: Operand<K, "int8" | "uint8" | "float8e4m3fn" | "float8e4m3fnuz" | "float8e5m2" | "float8e5m2fnuz">): Result<K, "int8" | "uint8" | "float8e4m3fn" | "float8e4m3fnuz" | "float8e5m2" | "float8e5m2fnuz">;
  /** round(x / y_scale) + y_zero_point, clamped to the quantised type. (ONNX QuantizeLinear) */
  quantizeLinear(this: On<K, "float32" | "float64" | "float16" | "bfloat16" | "int32">, yScale: Operand<K, "float32" | "float64" | "float16" | "bfloat16" | "int32" | "float8e8m0">, options?: {
    /** Like the scale; its type is the result's. Default 0. */ yZeroPoint?: Operand<K>;
    /** Axis the scales belong to, where they are several. Default 1. */ axis?: number | boolean;
    /** 8-bit floats only: 0 makes numbers beyond the range infinite or NaN. Default 1. */ saturate?: number | boolean;
    /** Elements along the axis that share a scale. Default 0. */ blockSize?: number | boolean;
    /** ONNX code of the result's type where no zero point says it. Default 0. */ outputDtype?: number | boolean;
    /** ONNX code of the type in which x / y_scale is computed. Default 0. */ precision?: number | boolean;
  }): Result<K, DType, S>;
  /** X / sqrt(mean(X²) + epsilon) · scale over the axes from `axis` on. (ONNX RMSNormalization) */
  rmsNormalization(this: On<K, Float>, scale: Operand<K, Float>, options?: {
    /** First of the axes to normalise over. Default -1. */ axis?: number | boolean;
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
    /** ONNX code of the type of the statistics. Default 1. */ stashType?: number | boolean;
  }): Result<K, Float, S>;
  /** One-layer plain recurrent net over a sequence, in one or both directions. (ONNX RNN) */
  rnn(this: On<K, Float>, W: Operand<K, D>, R: Operand<K, D>, options?: {
    /** [directions,2·hidden]. */ B?: Operand<K, D>;
    /** Steps of each batch element, [batch]. */ sequenceLens?: Operand<K, "int32">;
    initialH?: Operand<K, D>;
    /** First parameters of the activations, in their order. */ activationAlpha?: readonly number[];
    /** Second parameters of the activations, in their order. */ activationBeta?: readonly number[];
    /** Activation of each gate, for each direction. */ activations?: readonly string[];
    /** Inputs of activations are kept within ±clip. */ clip?: number;
    /** forward, reverse or bidirectional. Default "forward". */ direction?: string;
    /** Elements of the state. */ hiddenSize?: number | boolean;
    /** 1: batch before time in X, Y and the states. Default 0. */ layout?: number | boolean;
  }): [Result<K, D>, Result<K, D>];
  /** Normal random numbers in an input's shape. (ONNX RandomNormalLike) */
  randomNormalLike(options?: {
    /** Mean. Default 0. */ mean?: number;
    /** Standard deviation. Default 1. */ scale?: number;
    /** ONNX code of the element type. Default: that of the input. */ dtype?: number | boolean;
    /** Same seed, same numbers. */ seed?: number;
  }): Result<K, Float>;
  /** Random numbers, evenly distributed, in an input's shape. (ONNX RandomUniformLike) */
  randomUniformLike(options?: {
    /** Lower bound, included. Default 0. */ low?: number;
    /** Upper bound, excluded. Default 1. */ high?: number;
    /** ONNX code of the element type. Default: that of the input. */ dtype?: number | boolean;
    /** Same seed, same numbers. */ seed?: number;
  }): Result<K, Float>;
  /** The numbers from start in steps of delta, up to limit and without it. (ONNX Range) */
  range(limit: Operand<K, D>, delta: Operand<K, D>): Result<K, D>;
  /** Elementwise 1/x. (ONNX Reciprocal) */
  reciprocal(this: On<K, Float>): Result<K, D, S>;
  /** Sum of absolute values over axes. (ONNX ReduceL1) */
  reduceL1<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Root of the sum of squares over axes. (ONNX ReduceL2) */
  reduceL2<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Logarithm of the sum over axes. (ONNX ReduceLogSum) */
  reduceLogSum<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Logarithm of the sum of eˣ over axes, without overflow. (ONNX ReduceLogSumExp) */
  reduceLogSumExp<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Largest element over axes; NaN where one is NaN. (ONNX ReduceMax) */
  reduceMax<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Mean over axes. (ONNX ReduceMean) */
  reduceMean<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Smallest element over axes; NaN where one is NaN. (ONNX ReduceMin) */
  reduceMin<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Product over axes. (ONNX ReduceProd) */
  reduceProd<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Sum over axes. (ONNX ReduceSum) */
  reduceSum<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Sum of squares over axes. (ONNX ReduceSumSquare) */
  reduceSumSquare<const Axes extends Operand<K, "int64"> | undefined = undefined, const Keep extends number | boolean = 1>(this: On<K, Numeric>, options?: {
    /** Axes to reduce; none: all. */ axes?: Axes;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: Keep;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Result<K, D, Reduced<S, Keep, Axes>>;
  /** Whether each string matches a regular expression (RE2's syntax) as a whole. (ONNX RegexFullMatch) */
  regexFullMatch(this: On<K, "string">, options: {
    pattern: string;
  }): Result<K, "bool">;
  /** Elementwise max(x, 0). (ONNX Relu) */
  relu(this: On<K, Signed>): Result<K, D, S>;
  /** The same elements under another shape. In the new shape 0 keeps the input's dimension and one -1 takes what is left; with allowzero, 0 means 0. (ONNX Reshape) */
  reshape<const B extends Operand<K, "int64">>(shape: B, options?: {
    /** 1: a 0 in shape is a dimension of size 0. Default 0. */ allowzero?: number | boolean;
  }): Result<K, D, Target<B>>;
  /** Resamples a tensor to sizes, or by scales, along some axes: nearest, linear or cubic. (ONNX Resize) */
  resize(options?: {
    /** For tf_crop_and_resize: starts, then ends, in 0..1. */ roi?: Operand<K>;
    /** Factor an axis (this or sizes). */ scales?: Operand<K, "float32">;
    /** Size an axis (this or scales). */ sizes?: Operand<K, "int64">;
    /** nearest, linear or cubic. Default "nearest". */ mode?: string;
    /** half_pixel, half_pixel_symmetric, pytorch_half_pixel, align_corners, asymmetric or tf_crop_and_resize. Default "half_pixel". */ coordinateTransformationMode?: string;
    /** round_prefer_floor, round_prefer_ceil, floor or ceil. Default "round_prefer_floor". */ nearestMode?: string;
    /** Default -0.75. */ cubicCoeffA?: number;
    /** 1: weights outside the input are left out. Default 0. */ excludeOutside?: number | boolean;
    /** Default 0. */ extrapolationValue?: number;
    /** 1: widen the kernel when shrinking. Default 0. */ antialias?: number | boolean;
    /** Axes that scales, sizes and roi speak of (default: all). */ axes?: readonly number[];
    /** stretch, or not_larger or not_smaller than sizes. Default "stretch". */ keepAspectRatioPolicy?: string;
  }): Result<K, D, SameRank<S>>;
  /** Reverses the first sequence_lens[b] steps of each batch along the time axis; the rest stays. (ONNX ReverseSequence) */
  reverseSequence(sequenceLens: Operand<K, "int64">, options?: {
    /** 0 or 1. Default 1. */ batchAxis?: number | boolean;
    /** 1 or 0. Default 0. */ timeAxis?: number | boolean;
  }): Result<K, D, S>;
  /** Cuts boxes out of feature maps and samples each to a fixed size, bilinearly, without rounding box edges. (ONNX RoiAlign) */
  roiAlign(this: On<K, Float>, rois: Operand<K, D>, batchIndices: Operand<K, "int64">, options?: {
    /** half_pixel shifts boxes by half a pixel; output_half_pixel (version 10's rule) does not. Default "half_pixel". */ coordinateTransformationMode?: string;
    /** avg or max over the samples of a cell. Default "avg". */ mode?: string;
    /** Rows of a cut. Default 1. */ outputHeight?: number | boolean;
    /** Columns of a cut. Default 1. */ outputWidth?: number | boolean;
    /** Samples a cell along each axis; 0: as many as it has pixels. Default 0. */ samplingRatio?: number | boolean;
    /** Feature map pixels per image pixel. Default 1. */ spatialScale?: number;
  }): Result<K, D>;
  /** Rotates pairs of a head's elements by angles of the token's position: (a, b) → (a·cos - b·sin, a·sin + b·cos). (ONNX RotaryEmbedding) */
  rotaryEmbedding(this: On<K, Float>, cosCache: Operand<K, D>, sinCache: Operand<K, D>, options?: {
    /** [B,L]. */ positionIds?: Operand<K, "int64">;
    /** 1: pairs are neighbours; 0: first half with second half. Default 0. */ interleaved?: number | boolean;
    /** Heads where X is 3-D. Default 0. */ numHeads?: number | boolean;
    /** Elements of each head that rotate; 0: all. Default 0. */ rotaryEmbeddingDim?: number | boolean;
  }): Result<K, D, S>;
  /** Elementwise nearest whole number, halves to the even one. (ONNX Round) */
  round(this: On<K, Float>): Result<K, D, S>;
  /** The short-time Fourier transform: overlapping frames of a signal, each under a window, transformed. [batch, frames, bins, 2]. (ONNX STFT) */
  stft(frameStep: Operand<K>, options?: {
    /** [frame length]. */ window?: Operand<K, D>;
    /** Scalar; default: the window's length. */ frameLength?: Operand<K>;
    /** 1: the half of the bins that is not redundant. Default 1. */ onesided?: number | boolean;
  }): Result<K, D>;
  /** Elementwise alpha · tanh(beta · x). Experimental in old opsets. (ONNX ScaledTanh) */
  scaledTanh(this: On<K, Float>, options?: {
    /** Default 1. */ alpha?: number;
    /** Default 1. */ beta?: number;
  }): Result<K, D, S>;
  /** ScatterElements under its name before opset 11, without reduction. (ONNX Scatter) */
  scatter(indices: Operand<K, "int32" | "int64">, updates: Operand<K, D>, options?: {
    /** The axis that the indices replace. Default 0. */ axis?: number | boolean;
  }): Result<K, D, S>;
  /** A copy of data with elements replaced: each update goes to its own position, but for one axis, where its index says. (ONNX ScatterElements) */
  scatterElements(indices: Operand<K, "int32" | "int64">, updates: Operand<K, D>, options?: {
    /** The axis that the indices replace. Default 0. */ axis?: number | boolean;
    /** none (replace), add, mul, max or min (18). Default "none". */ reduction?: string;
  }): Result<K, D, S>;
  /** A copy of data with slices replaced: the last axis of indices holds coordinates into its leading axes. (ONNX ScatterND) */
  scatterND(indices: Operand<K, "int64">, updates: Operand<K, D>, options?: {
    /** none (replace), add, mul, max or min (18). Default "none". */ reduction?: string;
  }): Result<K, D, S>;
  /** Elementwise gamma · x where x > 0, else gamma · alpha · (eˣ - 1). (ONNX Selu) */
  selu(this: On<K, Float>, options?: {
    alpha?: number;
    gamma?: number;
  }): Result<K, D, S>;
  /** The tensor at a position of a sequence; negative positions count from the end. (ONNX SequenceAt) */
  sequenceAt(position: Operand<K>): Result<K>;
  /** A sequence of the given tensors. (ONNX SequenceConstruct) */
  sequenceConstruct(inputs: Operand<K, D> | readonly Operand<K, D>[]): Result<K>;
  /** A sequence without the tensor at a position (default: the last). (ONNX SequenceErase) */
  sequenceErase(options?: {
    /** Scalar; negative counts from the end. */ position?: Operand<K>;
  }): Result<K, D>;
  /** A sequence with a tensor put before a position (default: at the end). (ONNX SequenceInsert) */
  sequenceInsert(tensor: Operand<K>, options?: {
    /** Scalar; negative counts from the end. */ position?: Operand<K>;
  }): Result<K, D>;
  /** The number of tensors in a sequence, as an int64 scalar. (ONNX SequenceLength) */
  sequenceLength(): Result<K, "int64">;
  /** The shape of a tensor as a 1-D int64 tensor, or the part of it from axis start up to axis end. (ONNX Shape) */
  shapeOf(options?: {
    /** First axis; negative counts from the end. Default 0. */ start?: number | boolean;
    /** Axis to stop before (default: the rank). */ end?: number | boolean;
  }): Result<K, "int64", [number]>;
  /** Elementwise x + bias where x < -lambd, x - bias where x > lambd, else 0. (ONNX Shrink) */
  shrink(this: On<K, Numeric>, options?: {
    /** Default 0.5. */ lambd?: number;
    /** Default 0. */ bias?: number;
  }): Result<K, D, S>;
  /** Elementwise 1 / (1 + e⁻ˣ). (ONNX Sigmoid) */
  sigmoid(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise -1, 0 or 1 by the sign of x. (ONNX Sign) */
  sign(this: On<K, Numeric>): Result<K, D, S>;
  /** RMS normalisation over the last axis; ONNX Runtime writes it into the standard domain. (ONNX SimplifiedLayerNormalization) */
  simplifiedLayerNormalization(this: On<K, Float>, scale: Operand<K, D>, options?: {
    /** The last axis. Default -1. */ axis?: number | boolean;
    /** Added to the mean square. Default 0.00001. */ epsilon?: number;
    /** ONNX code of the type of the statistics. Default 1. */ stashType?: number | boolean;
  }): Result<K, D>;
  /** Elementwise sine of x in radians. (ONNX Sin) */
  sin(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise hyperbolic sine. (ONNX Sinh) */
  sinh(this: On<K, Float>): Result<K, D, S>;
  /** The number of elements of a tensor, as an int64 scalar. (ONNX Size) */
  sizeOf(): Result<K, "int64", []>;
  /** A part of a tensor: along each axis from start up to end in steps, by the rules of Python's slices (negative positions count from the end, too large ones are clamped, a negative step runs backwards). (ONNX Slice) */
  slice(starts: Operand<K, "int32" | "int64">, ends: Operand<K, "int32" | "int64">, options?: {
    /** Axes the other inputs speak of (default: the first ones). */ axes?: Operand<K, "int32" | "int64">;
    /** Default 1. */ steps?: Operand<K, "int32" | "int64">;
  }): Result<K, D, SameRank<S>>;
  /** eˣ / Σ eˣ along an axis. (ONNX Softmax) */
  softmax(this: On<K, Float>, options?: {
    /** Axis to work along (default -1); before version 13 the first axis of the row (default 1). */ axis?: number | boolean;
  }): Result<K, D, S>;
  /** Cross entropy of softmax(scores) over axis 1 against labels; optionally the log-probabilities as well. (ONNX SoftmaxCrossEntropyLoss) */
  softmaxCrossEntropyLoss(this: On<K, Float>, labels: Operand<K, "int32" | "int64">, options?: {
    /** Weight of each class, [C]. */ weights?: Operand<K, D>;
    /** none, sum, or mean: weighted by class. Default "mean". */ reduction?: string;
    /** Targets with this value count nothing; it need not be a class. */ ignoreIndex?: number | boolean;
  }): Result<K, D>;
  /** Elementwise log(1 + eˣ). (ONNX Softplus) */
  softplus(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise x / (1 + |x|). (ONNX Softsign) */
  softsign(this: On<K, Float>): Result<K, D, S>;
  /** Moves blocks of space into channels: N,C,H,W becomes N,C·b²,H/b,W/b. (ONNX SpaceToDepth) */
  spaceToDepth(options: {
    blocksize: number | boolean;
  }): Result<K, D, SameRank<S>>;
  /** Cuts a tensor into parts along an axis: of the given lengths, or equal ones (the last may be shorter with num_outputs). (ONNX Split) */
  split(options?: {
    /** 1-D: length of each part. */ split?: Operand<K, "int64">;
    /** Axis to cut. Default 0. */ axis?: number | boolean;
    /** Number of parts where their lengths are not given. */ numOutputs?: number | boolean;
  }): Result<K, D, SameRank<S>>[];
  /** Cuts a tensor along an axis into a sequence: parts of the given lengths, of one given length (the last may be shorter), or single slices. (ONNX SplitToSequence) */
  splitToSequence(options?: {
    /** Scalar: length of the parts; 1-D: length of each. */ split?: Operand<K>;
    /** Axis to cut. Default 0. */ axis?: number | boolean;
    /** 0: single slices lose the axis (only without split). Default 1. */ keepdims?: number | boolean;
  }): Result<K>;
  /** Elementwise square root; NaN for negative x. (ONNX Sqrt) */
  sqrt(this: On<K, Float>): Result<K, D, S>;
  /** Takes away axes of size 1: those given, or all of them. (ONNX Squeeze) */
  squeeze<const Axes extends Operand<K, "int64"> | undefined = undefined>(options?: {
    /** Axes to take away; negative ones count from the end. */ axes?: Axes;
  }): Result<K, D, Squeezed<S, Axes>>;
  /** Joins strings elementwise, with broadcasting. (ONNX StringConcat) */
  stringConcat(this: On<K, "string">, Y: Operand<K, "string">): Result<K, "string">;
  /** Takes stop words out of a list of strings and changes the case of the rest. A list that ends up empty becomes one empty string. (ONNX StringNormalizer) */
  stringNormalizer(this: On<K, "string">, options?: {
    /** LOWER, UPPER or NONE. Default "NONE". */ caseChangeAction?: string;
    /** Whether stop words are compared with their case. Default 0. */ isCaseSensitive?: number | boolean;
    /** Whose rules of case apply. Default "en_US". */ locale?: string;
    stopwords?: readonly string[];
  }): Result<K, "string">;
  /** Cuts each string at a delimiter (default: white space) into a new last axis, filled up with empty strings; and says how many parts each has. (ONNX StringSplit) */
  stringSplit(this: On<K, "string">, options?: {
    /** Empty or left out: runs of white space. */ delimiter?: string;
    /** Most cuts, from the left (default: no limit). */ maxsplit?: number | boolean;
  }): [Result<K, "string">, Result<K, "int64">];
  /** Elementwise A - B with broadcasting. (ONNX Sub) */
  sub<B extends Operand<K, D>>(this: On<K, Numeric>, B: B): Result<K, D, Broadcast<S, ShapeOf<B>>>;
  /** Elementwise sum of all inputs with broadcasting. (ONNX Sum) */
  sum<B extends Operand<K, D> | readonly Operand<K, D>[]>(this: On<K, Float>, data0: B): Result<K, D, BroadcastAll<S, B>>;
  /** Elementwise x / (1 + e^(-alpha · x)). (ONNX Swish) */
  swish(this: On<K, Float>, options?: {
    /** Default 1. */ alpha?: number;
  }): Result<K, D, S>;
  /** Elementwise tangent of x in radians. (ONNX Tan) */
  tan(this: On<K, Float>): Result<K, D, S>;
  /** Elementwise hyperbolic tangent. (ONNX Tanh) */
  tanh(this: On<K, Float>): Result<K, D, S>;
  /** A key or value cache with new entries written into it along the sequence axis, for each batch from its own position on. (ONNX TensorScatter) */
  tensorScatter(update: Operand<K, D>, options?: {
    /** [batch]: first position to write (default 0). */ writeIndices?: Operand<K, "int64">;
    /** The sequence axis. Default -2. */ axis?: number | boolean;
    /** linear, or circular: positions wrap around at the end. Default "linear". */ mode?: string;
  }): Result<K, D, S>;
  /** Counts the n-grams of a pool in rows of strings or integers, also with gaps between their items, and weights the counts: TF the count, IDF the weight where it occurs, TFIDF both. (ONNX TfIdfVectorizer) */
  tfIdfVectorizer(this: On<K, "string" | "int32" | "int64">, options: {
    maxGramLength: number | boolean;
    /** Most items skipped between two items of an n-gram. */ maxSkipCount: number | boolean;
    minGramLength: number | boolean;
    /** TF, IDF or TFIDF. */ mode: string;
    /** Where in the pool the 1-grams, 2-grams, … begin. */ ngramCounts: readonly number[];
    /** Output position of each n-gram of the pool. */ ngramIndexes: readonly number[];
    poolInt64s?: readonly number[];
    poolStrings?: readonly string[];
    weights?: readonly number[];
  }): Result<K, "float32">;
  /** Elementwise x where x > alpha, else 0. (ONNX ThresholdedRelu) */
  thresholdedRelu(this: On<K, Float>, options?: {
    /** Default 1. */ alpha?: number;
  }): Result<K, D, S>;
  /** Repeats a tensor a number of times along each axis. (ONNX Tile) */
  tile(repeats: Operand<K>): Result<K, D, SameRank<S>>;
  /** The k largest (or smallest) elements along an axis and their positions; of equal elements the one with the lower position comes first. (ONNX TopK) */
  topK(K: Operand<K, "int64">, options?: {
    /** Default -1. */ axis?: number | boolean;
    /** 0: the smallest. Default 1. */ largest?: number | boolean;
    /** 0: any order. Default 1. */ sorted?: number | boolean;
  }): [Result<K, D, SameRank<S>>, Result<K, "int64", SameRank<S>>];
  /** Permutes the axes: axis i of the output is axis perm[i] of the input. Without perm the axes are reversed. (ONNX Transpose) */
  transpose<const Perm extends readonly number[] | undefined = undefined>(options?: {
    /** Where each axis of the output comes from. */ perm?: Perm;
  }): Result<K, D, Transposed<S, Perm>>;
  /** The upper or lower triangle of the matrices in the last two axes; the rest is 0. (ONNX Trilu) */
  trilu(options?: {
    /** Scalar: the diagonal that bounds the triangle (default 0, the main one). */ k?: Operand<K, "int64">;
    /** 1: upper triangle, 0: lower. Default 1. */ upper?: number | boolean;
  }): Result<K, D, S>;
  /** The distinct elements of a tensor, or its distinct slices along an axis, sorted or in order of appearance; where each first stands, which one each position has, and how often each is there. (ONNX Unique) */
  unique(options?: {
    /** Default: flatten first. */ axis?: number | boolean;
    /** 0: in order of first appearance. Default 1. */ sorted?: number | boolean;
  }): Result<K, D>;
  /** Puts axes of size 1 at the given positions of the output. (ONNX Unsqueeze) */
  unsqueeze<const B extends Operand<K, "int64">>(axes: B): Result<K, D, Unsqueezed<S, B>>;
  /** Resize by scales as it was before opset 10: nearest takes the pixel to the left, linear starts at the corner. (ONNX Upsample) */
  upsample(scales: Operand<K, "float32">, options?: {
    /** Default "nearest". */ mode?: string;
  }): Result<K, D, SameRank<S>>;
  /** Elementwise X where the condition holds, else Y, with broadcasting. (ONNX Where) */
  where<B extends Operand<K>, C extends Operand<K>>(this: On<K, "bool">, X: B, Y: C): Result<K, DTypeOf<B>, Broadcast<S, Broadcast<ShapeOf<B>, ShapeOf<C>>>>;
  /** Elementwise either A or B, not both, with broadcasting. (ONNX Xor) */
  xor<B extends Operand<K, D>>(this: On<K, "bool">, B: B): Result<K, "bool", Broadcast<S, ShapeOf<B>>>;
}

export type { Tensor, ValueType };
