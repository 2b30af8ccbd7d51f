// Made by `npm run gen` from the operator table.
import type { Tensor } from "../base/tensor.ts";
import type { ValueType } from "../base/value-type.ts";
import type { GraphOperand } from "./operand.ts";

/** Every operator that takes a value, as a method. Optional inputs and attributes are options. */
export interface OperatorMethods<Self, Operand = GraphOperand> {
  /** Elementwise |x|. (ONNX Abs) */
  abs(): Self;
  /** Elementwise arccosine, in radians. (ONNX Acos) */
  acos(): Self;
  /** Elementwise inverse hyperbolic cosine. (ONNX Acosh) */
  acosh(): Self;
  /** Elementwise A + B with broadcasting. (ONNX Add) */
  add(B: Operand): Self;
  /** Elementwise alpha · x + beta. Experimental in old opsets. (ONNX Affine) */
  affine(options?: {
    /** Default 1. */ alpha?: number;
    /** Default 0. */ beta?: number;
  }): Self;
  /** The sampling grid of an affine transformation, as GridSample takes it: N,H,W,2 or N,D,H,W,3. (ONNX AffineGrid) */
  affineGrid(size: Operand, options?: {
    /** 1: -1 and 1 are the centres of the corner pixels. Default 0. */ alignCorners?: number | boolean;
  }): Self;
  /** Elementwise A and B with broadcasting. (ONNX And) */
  and(B: Operand): Self;
  /** Position of the largest element along an axis. (ONNX ArgMax) */
  argMax(options?: {
    /** Axis to search along. Default 0. */ axis?: number | boolean;
    /** 1: the axis stays, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: the last of equals instead of the first. Default 0. */ selectLastIndex?: number | boolean;
  }): Self;
  /** Position of the smallest element along an axis. (ONNX ArgMin) */
  argMin(options?: {
    /** Axis to search along. Default 0. */ axis?: number | boolean;
    /** 1: the axis stays, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: the last of equals instead of the first. Default 0. */ selectLastIndex?: number | boolean;
  }): Self;
  /** Elementwise arcsine, in radians. (ONNX Asin) */
  asin(): Self;
  /** Elementwise inverse hyperbolic sine. (ONNX Asinh) */
  asinh(): Self;
  /** Elementwise arctangent, in radians. (ONNX Atan) */
  atan(): Self;
  /** Elementwise inverse hyperbolic tangent. (ONNX Atanh) */
  atanh(): Self;
  /** softmax(scale · Q·Kᵀ + mask) · V for each head, with grouped heads, a cache of past keys and values, and causal masking. (ONNX Attention) */
  attention(K: Operand, V: Operand, options?: {
    /** Bool (true: look) or added floats; broadcasts to [B,H,L,P+T]. */ attnMask?: Operand;
    /** [B,Hkv,P,D]. */ pastKey?: Operand;
    /** [B,Hkv,P,Dv]. */ pastValue?: Operand;
    /** Valid keys of each batch, [B]. */ nonpadKvSeqlen?: Operand;
    /** 1: a query sees no later key. Default 0. */ isCausal?: number | boolean;
    /** Heads of Q where it is 3-D. */ qNumHeads?: number | boolean;
    /** Heads of K and V where they are 3-D. */ kvNumHeads?: number | boolean;
    /** Factor of Q·Kᵀ. Default 1/√D. */ scale?: number;
    /** Above 0: scores become softcap · tanh(score / softcap). Default 0. */ softcap?: number;
    /** ONNX code of the type of the softmax; computed in doubles here. */ softmaxPrecision?: number | boolean;
    /** 0: scaled product, 1: after softcap, 2: after the mask, 3: after softmax. Default 0. */ qkMatmulOutputMode?: number | boolean;
  }): Self;
  /** Mean of each window. Padding counts as zeros with count_include_pad=1, else not at all. (ONNX AveragePool) */
  averagePool(options: {
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** 1: a last window may reach past the padded input. Default 0. */ ceilMode?: number | boolean;
    /** 1: padding counts as zeros. Default 0. */ countIncludePad?: number | boolean;
  }): Self;
  /** (X - mean) / sqrt(variance + epsilon) · scale + B for each channel. (ONNX BatchNormalization) */
  batchNormalization(scale: Operand, B: Operand, inputMean: Operand, inputVar: Operand, options?: {
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
    /** Share of the old running statistics that stays; training only. Default 0.9. */ momentum?: number;
    /** 1: normalise with the batch's own statistics. Default 0. */ trainingMode?: number | boolean;
  }): Self;
  /** 1 with the probability that the input gives, else 0. (ONNX Bernoulli) */
  bernoulli(options?: {
    /** ONNX code of the element type. Default: that of the input. */ dtype?: number | boolean;
    /** Same seed, same numbers. */ seed?: number;
  }): Self;
  /** The bits of each element read as another type of the same width. (ONNX BitCast) */
  bitCast(options: {
    /** ONNX code of the wanted type. */ to: number | boolean;
  }): Self;
  /** Elementwise X shifted by Y bits; a shift by the type's width or more gives 0. (ONNX BitShift) */
  bitShift(Y: Operand, options: {
    /** LEFT or RIGHT. */ direction: string;
  }): Self;
  /** Elementwise A & B with broadcasting. (ONNX BitwiseAnd) */
  bitwiseAnd(B: Operand): Self;
  /** Elementwise ~X. (ONNX BitwiseNot) */
  bitwiseNot(): Self;
  /** Elementwise A | B with broadcasting. (ONNX BitwiseOr) */
  bitwiseOr(B: Operand): Self;
  /** Elementwise A ^ B with broadcasting. (ONNX BitwiseXor) */
  bitwiseXor(B: Operand): Self;
  /** A Blackman window of a given length. (ONNX BlackmanWindow) */
  blackmanWindow(options?: {
    /** ONNX code of the output's type (default float32). Default 1. */ outputDatatype?: number | boolean;
    /** 0: symmetric. Default 1. */ periodic?: number | boolean;
  }): Self;
  /** The same elements as another type: floats round to nearest even, integers truncate and wrap, strings are decimal texts. (ONNX Cast) */
  cast(options: {
    /** ONNX code of the wanted type. */ to: number | boolean;
    /** 8-bit floats only: 1 keeps numbers beyond the range at the largest, 0 makes them infinite or NaN. Default 1. */ saturate?: number | boolean;
    /** float8e8m0 only: up, down or nearest. Default "up". */ roundMode?: string;
  }): Self;
  /** The elements of input as the type of target_type. (ONNX CastLike) */
  castLike(targetType: Operand, options?: {
    /** 8-bit floats only: 1 keeps numbers beyond the range at the largest, 0 makes them infinite or NaN. Default 1. */ saturate?: number | boolean;
    /** float8e8m0 only: up, down or nearest. Default "up". */ roundMode?: string;
  }): Self;
  /** Depthwise convolution along the last axis that sees present and past only; the last k-1 inputs are the state of the next call. (ONNX CausalConvWithState) */
  causalConvWithState(weight: Operand, options?: {
    /** [C]. */ bias?: Operand;
    /** [B,C,k-1]. Default zeros. */ pastState?: Operand;
    /** none, silu or swish. Default "none". */ activation?: string;
  }): [Self, Self];
  /** Elementwise smallest whole number that is not below x. (ONNX Ceil) */
  ceil(): Self;
  /** Elementwise max(0, x) + min(0, alpha · (e^(x/alpha) - 1)). (ONNX Celu) */
  celu(options?: {
    /** Default 1. */ alpha?: number;
  }): Self;
  /** Crops or pads with zeros around the centre, to reach a size along each of the axes. An odd element goes to the end. (ONNX CenterCropPad) */
  centerCropPad(shape: Operand, options?: {
    /** Axes that shape speaks of (default: all). */ axes?: readonly number[];
  }): Self;
  /** Elementwise x moved into [min, max]; where min exceeds max the result is max. (ONNX Clip) */
  clip(options?: {
    /** Scalar. Default: no bound. */ min?: Operand;
    /** Scalar. Default: no bound. */ max?: Operand;
  }): Self;
  /** Adds columns of blocks back up into an image, N,C·block,positions to N,C,spatial: the opposite of cutting an image into blocks. (ONNX Col2Im) */
  col2Im(imageShape: Operand, blockShape: Operand, options?: {
    /** Default 1. */ dilations?: readonly number[];
    /** Begins, then ends. Default 0. */ pads?: readonly number[];
    /** Default 1. */ strides?: readonly number[];
  }): Self;
  /** The slices along an axis where the condition holds; without an axis, the elements of the flattened input. (ONNX Compress) */
  compress(condition: Operand, options?: {
    /** Default: flatten first. */ axis?: number | boolean;
  }): Self;
  /** Joins tensors along an axis; their other dimensions are equal. (ONNX Concat) */
  concat(inputs: Operand | readonly Operand[], options?: {
    /** Required from version 4; version 1 takes 1 where it is missing. */ axis?: number | boolean;
  }): Self;
  /** Joins the tensors of a sequence along an axis, or stacks them along a new one. (ONNX ConcatFromSequence) */
  concatFromSequence(options: {
    axis: number | boolean;
    /** 1: stack along a new axis. Default 0. */ newAxis?: number | boolean;
  }): Self;
  /** A tensor of a given shape whose elements are all the same value (default: float32 0). (ONNX ConstantOfShape) */
  constantOfShape(options?: {
    /** One element: the value and its type. */ value?: Tensor;
  }): Self;
  /** Convolution (cross-correlation) of X[N,C,…] with filters W[M,C/group,…], plus bias B[M], over any number of spatial axes. (ONNX Conv) */
  conv(W: Operand, options?: {
    /** [M]. */ B?: Operand;
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups; C for depthwise. Default 1. */ group?: number | boolean;
  }): Self;
  /** Convolution of 8-bit tensors less their zero points, as int32. Padding counts as the zero point. (ONNX ConvInteger) */
  convInteger(w: Operand, options?: {
    /** Scalar. Default 0. */ xZeroPoint?: Operand;
    /** One, or one a filter. Default 0. */ wZeroPoint?: Operand;
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups. Default 1. */ group?: number | boolean;
  }): Self;
  /** Transposed convolution of X[N,C,…] with W[C,M/group,…], plus bias B[M]: every input element adds a scaled copy of its filter. (ONNX ConvTranspose) */
  convTranspose(W: Operand, options?: {
    /** [M]. */ B?: Operand;
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups. Default 1. */ group?: number | boolean;
    /** Elements added to one side of the output. Default 0. */ outputPadding?: readonly number[];
    /** Spatial size wanted; the padding follows from it. */ outputShape?: readonly number[];
  }): Self;
  /** Elementwise cosine of x in radians. (ONNX Cos) */
  cos(): Self;
  /** Elementwise hyperbolic cosine. (ONNX Cosh) */
  cosh(): Self;
  /** Cuts a border off an image N,C,H,W, as experimental operator of old exporters. (ONNX Crop) */
  crop(options: {
    /** Pixels to cut: left, top, right, bottom. */ border: readonly number[];
    /** Height and width to keep instead of right and bottom. */ scale?: readonly number[];
  }): Self;
  /** Running product along an axis. (ONNX CumProd) */
  cumProd(axis: Operand, options?: {
    /** 1: an element does not count for its own position. Default 0. */ exclusive?: number | boolean;
    /** 1: from the end. Default 0. */ reverse?: number | boolean;
  }): Self;
  /** Running sum along an axis. (ONNX CumSum) */
  cumSum(axis: Operand, options?: {
    /** 1: an element does not count for its own position. Default 0. */ exclusive?: number | boolean;
    /** 1: from the end. Default 0. */ reverse?: number | boolean;
  }): Self;
  /** The discrete Fourier transform along an axis. The last axis of size 2 holds real and imaginary part; size 1 is a real signal. Onesided keeps the half that is not redundant; with inverse it takes that half back to a real signal (version 20). (ONNX DFT) */
  dft(options?: {
    /** Scalar: the signal is cut or padded with zeros to it. */ dftLength?: Operand;
    /** Scalar, default -2. */ axis?: Operand;
    /** Default 0. */ inverse?: number | boolean;
    /** Default 0. */ onesided?: number | boolean;
  }): Self;
  /** Convolution whose taps are moved by given offsets and weighted by a mask; between elements the input is interpolated. (ONNX DeformConv) */
  deformConv(W: Operand, offset: Operand, options?: {
    /** [M]. */ B?: Operand;
    /** [N,offset_group·taps,o1,…]. Default 1. */ mask?: Operand;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups. Default 1. */ group?: number | boolean;
    /** Groups of channels that share offsets. Default 1. */ offsetGroup?: number | boolean;
  }): Self;
  /** Moves blocks of channels into space: N,C,H,W becomes N,C/b²,H·b,W·b. DCR takes the block from the outer part of the channels, CRD from the inner. (ONNX DepthToSpace) */
  depthToSpace(options: {
    blocksize: number | boolean;
    /** DCR or CRD. Default "DCR". */ mode?: string;
  }): Self;
  /** (x - x_zero_point) · x_scale. (ONNX DequantizeLinear) */
  dequantizeLinear(xScale: Operand, options?: {
    /** Like the scale. Default 0. */ xZeroPoint?: Operand;
    /** Axis the scales belong to, where they are several. Default 1. */ axis?: number | boolean;
    /** Elements along the axis that share a scale. Default 0. */ blockSize?: number | boolean;
    /** ONNX code of the result's type; 0: the scale's. Default 0. */ outputDtype?: number | boolean;
  }): Self;
  /** Determinant of a square matrix, or of each of a stack of them. (ONNX Det) */
  det(): Self;
  /** Elementwise A / B with broadcasting; integers truncate towards zero. (ONNX Div) */
  div(B: Operand): Self;
  /** In training, zeroes a share `ratio` of the elements at random and scales the rest by 1/(1-ratio); else the input. (ONNX Dropout) */
  dropout(options?: {
    /** Share that is dropped, in [0,1). Default 0.5. */ ratio?: Operand;
    /** Whether to drop at all. Default false. */ trainingMode?: Operand;
    /** Seed of the random numbers. */ seed?: number | boolean;
  }): Self;
  /** x as uint8 with the scale and zero point that its own range asks for. (ONNX DynamicQuantizeLinear) */
  dynamicQuantizeLinear(): [Self, Self, Self];
  /** Slice with its bounds as inputs and steps of 1, as experimental operator of old exporters; Slice has taken its place. (ONNX DynamicSlice) */
  dynamicSlice(starts: Operand, ends: Operand, options?: {
    axes?: Operand;
  }): Self;
  /** Sum of products in Einstein's notation: axes with one letter are walked together, those missing in the result are summed. (ONNX Einsum) */
  einsum(Inputs: Operand | readonly Operand[], options: {
    /** Such as "bij,bjk->bik"; "..." stands for any axes. */ equation: string;
  }): Self;
  /** Elementwise x where x ≥ 0, else alpha · (eˣ - 1). (ONNX Elu) */
  elu(options?: {
    /** Default 1. */ alpha?: number;
  }): Self;
  /** Elementwise A = B with broadcasting; NaN equals nothing. (ONNX Equal) */
  equal(B: Operand): Self;
  /** Elementwise error function. (ONNX Erf) */
  erf(): Self;
  /** Elementwise eˣ. (ONNX Exp) */
  exp(): Self;
  /** Repeats a tensor along its axes of size 1, and along new leading axes, to reach a shape. A size of 1 in the shape keeps the tensor's own. (ONNX Expand) */
  expand(shape: Operand): Self;
  /** A matrix of the input's shape with ones on a diagonal and zeros elsewhere. (ONNX EyeLike) */
  eyeLike(options?: {
    /** ONNX code of the output's type (default: the input's). */ dtype?: number | boolean;
    /** Which diagonal: positive above the main one, negative below. Default 0. */ k?: number | boolean;
  }): Self;
  /** A matrix of the same elements: the axes before axis become rows, the others columns. (ONNX Flatten) */
  flatten(options?: {
    /** First axis that goes into the columns. Default 1. */ axis?: number | boolean;
  }): Self;
  /** Elementwise largest whole number that is not above x. (ONNX Floor) */
  floor(): Self;
  /** One-layer GRU over a sequence, in one or both directions. (ONNX GRU) */
  gru(W: Operand, R: Operand, options?: {
    /** [directions,6·hidden]. */ B?: Operand;
    /** Steps of each batch element, [batch]. */ sequenceLens?: Operand;
    initialH?: Operand;
    /** First parameters of the activations, in their order. */ activationAlpha?: readonly number[];
    /** Second parameters of the activations, in their order. */ activationBeta?: readonly number[];
    /** Activation of each gate, for each direction. */ activations?: readonly string[];
    /** Inputs of activations are kept within ±clip. */ clip?: number;
    /** forward, reverse or bidirectional. Default "forward". */ direction?: string;
    /** Elements of the state. */ hiddenSize?: number | boolean;
    /** 1: batch before time in X, Y and the states. Default 0. */ layout?: number | boolean;
    /** 1: the reset gate is applied after the product with R. Default 0. */ linearBeforeReset?: number | boolean;
  }): [Self, Self];
  /** Picks slices along an axis: output[…, i…, …] = data[…, indices[i…], …]. Rank of the output is rank(data) - 1 + rank(indices). (ONNX Gather) */
  gather(indices: Operand, options?: {
    /** Axis to pick from. Default 0. */ axis?: number | boolean;
  }): Self;
  /** For each element of indices, the element of data at the same position, but for one axis, where the index says which. (ONNX GatherElements) */
  gatherElements(indices: Operand, options?: {
    /** The axis that the indices replace. Default 0. */ axis?: number | boolean;
  }): Self;
  /** Picks elements or slices by coordinates: the last axis of indices holds coordinates into the leading axes of data, after batch_dims axes that both share. (ONNX GatherND) */
  gatherND(indices: Operand, options?: {
    /** Leading axes that data and indices share. Default 0. */ batchDims?: number | boolean;
  }): Self;
  /** Elementwise x · Φ(x), Φ the normal distribution; approximate=tanh uses the tanh approximation. (ONNX Gelu) */
  gelu(options?: {
    /** none or tanh. Default "none". */ approximate?: string;
  }): Self;
  /** alpha · A' · B' + beta · C of matrices, A' and B' optionally transposed; C broadcasts. (ONNX Gemm) */
  gemm(B: Operand, options?: {
    /** Broadcasts to [M,N]. */ C?: Operand;
    /** Factor of A'·B'. Default 1. */ alpha?: number;
    /** Factor of C. Default 1. */ beta?: number;
    /** 1: A' is A transposed. Default 0. */ transA?: number | boolean;
    /** 1: B' is B transposed. Default 0. */ transB?: number | boolean;
  }): Self;
  /** Mean over all spatial axes of each channel. (ONNX GlobalAveragePool) */
  globalAveragePool(): Self;
  /** Lp norm over all spatial axes of each channel: (Σ |x|^p)^(1/p). (ONNX GlobalLpPool) */
  globalLpPool(options?: {
    /** Which norm. Default 2. */ p?: number | boolean;
  }): Self;
  /** Largest element over all spatial axes of each channel. (ONNX GlobalMaxPool) */
  globalMaxPool(): Self;
  /** Elementwise A > B with broadcasting. (ONNX Greater) */
  greater(B: Operand): Self;
  /** Elementwise A ≥ B with broadcasting. (ONNX GreaterOrEqual) */
  greaterOrEqual(B: Operand): Self;
  /** Samples an input N,C,D1…Dk at the positions of a grid N,E1…Ek,k, whose coordinates run from -1 to 1 and name the last axis first. (ONNX GridSample) */
  gridSample(grid: Operand, options?: {
    /** linear (bilinear), nearest or cubic (bicubic). Default "linear". */ mode?: string;
    /** Outside the input: zeros, border or reflection. Default "zeros". */ paddingMode?: string;
    /** 1: -1 and 1 are the centres of the corner pixels, not their edges. Default 0. */ alignCorners?: number | boolean;
  }): Self;
  /** (X - mean) / sqrt(variance + epsilon) · scale + bias, with the statistics of groups of channels of each image. (ONNX GroupNormalization) */
  groupNormalization(scale: Operand, bias: Operand, options: {
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
    /** Channels are cut into so many groups. */ numGroups: number | boolean;
    /** ONNX code of the type of the statistics. Default 1. */ stashType?: number | boolean;
  }): Self;
  /** A Hamming window of a given length. (ONNX HammingWindow) */
  hammingWindow(options?: {
    /** ONNX code of the output's type (default float32). Default 1. */ outputDatatype?: number | boolean;
    /** 0: symmetric. Default 1. */ periodic?: number | boolean;
  }): Self;
  /** A Hann window of a given length. (ONNX HannWindow) */
  hannWindow(options?: {
    /** ONNX code of the output's type (default float32). Default 1. */ outputDatatype?: number | boolean;
    /** 0: symmetric. Default 1. */ periodic?: number | boolean;
  }): Self;
  /** Elementwise max(0, min(1, alpha · x + beta)). (ONNX HardSigmoid) */
  hardSigmoid(options?: {
    /** Default 0.2. */ alpha?: number;
    /** Default 0.5. */ beta?: number;
  }): Self;
  /** Elementwise x · max(0, min(1, x/6 + 1/2)). (ONNX HardSwish) */
  hardSwish(): Self;
  /** 1 at the first largest element along an axis, else 0. (ONNX Hardmax) */
  hardmax(options?: {
    /** Axis to work along (default -1); before version 13 the first axis of the row (default 1). */ axis?: number | boolean;
  }): Self;
  /** Its input. Tensors, sequences (from version 14) and optionals (16). (ONNX Identity) */
  identity(): Self;
  /** The pixels of an encoded image file: [height, width, channels]. JPEG, PNG, WebP, TIFF and what else sharp reads. (ONNX ImageDecoder) */
  imageDecoder(options?: {
    /** RGB, BGR or Grayscale. Default "RGB". */ pixelFormat?: string;
  }): Self;
  /** input·scale + bias[channel] for an image N,C,H,W, as experimental operator of old exporters. (ONNX ImageScaler) */
  imageScaler(options?: {
    /** One a channel (default 0). */ bias?: readonly number[];
    /** Default 1. */ scale?: number;
  }): Self;
  /** (x - mean) / sqrt(variance + epsilon) · scale + B, with the statistics of each channel of each image. (ONNX InstanceNormalization) */
  instanceNormalization(scale: Operand, B: Operand, options?: {
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
  }): Self;
  /** Whether each element is infinite; one sign may be left out. (ONNX IsInf) */
  isInf(options?: {
    /** 0: minus infinity does not count. Default 1. */ detectNegative?: number | boolean;
    /** 0: plus infinity does not count. Default 1. */ detectPositive?: number | boolean;
  }): Self;
  /** Whether each element is NaN. (ONNX IsNaN) */
  isNaN(): Self;
  /** x / (bias + alpha/size · Σ x²)^beta, the sum over `size` neighbouring channels. (ONNX LRN) */
  lrn(options: {
    /** Factor of the mean square. Default 0.0001. */ alpha?: number;
    /** The exponent. Default 0.75. */ beta?: number;
    /** Added to the mean square. Default 1. */ bias?: number;
    /** Channels to sum over. */ size: number | boolean;
  }): Self;
  /** One-layer LSTM over a sequence, in one or both directions, with optional peepholes. (ONNX LSTM) */
  lstm(W: Operand, R: Operand, options?: {
    /** [directions,8·hidden]. */ B?: Operand;
    /** Steps of each batch element, [batch]. */ sequenceLens?: Operand;
    initialH?: Operand;
    initialC?: Operand;
    /** Peepholes i o f, [directions,3·hidden]. */ P?: Operand;
    /** First parameters of the activations, in their order. */ activationAlpha?: readonly number[];
    /** Second parameters of the activations, in their order. */ activationBeta?: readonly number[];
    /** Activation of each gate, for each direction. */ activations?: readonly string[];
    /** Inputs of activations are kept within ±clip. */ clip?: number;
    /** forward, reverse or bidirectional. Default "forward". */ direction?: string;
    /** Elements of the state. */ hiddenSize?: number | boolean;
    /** 1: batch before time in X, Y and the states. Default 0. */ layout?: number | boolean;
    /** 1: the forget gate is one less the input gate. Default 0. */ inputForget?: number | boolean;
  }): [Self, Self, Self];
  /** (X - mean) / sqrt(variance + epsilon) · Scale + B over the axes from `axis` on. (ONNX LayerNormalization) */
  layerNormalization(Scale: Operand, options?: {
    /** Broadcasts to X. */ B?: Operand;
    /** First of the axes to normalise over. Default -1. */ axis?: number | boolean;
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
    /** ONNX code of the type of the statistics. Default 1. */ stashType?: number | boolean;
  }): Self;
  /** Elementwise x where x ≥ 0, else alpha · x. (ONNX LeakyRelu) */
  leakyRelu(options?: {
    /** Default 0.01. */ alpha?: number;
  }): Self;
  /** Elementwise A < B with broadcasting. (ONNX Less) */
  less(B: Operand): Self;
  /** Elementwise A ≤ B with broadcasting. (ONNX LessOrEqual) */
  lessOrEqual(B: Operand): Self;
  /** Attention as a recurrence: a state matrix for each head takes k⊗v at every step (decayed, corrected as update_rule says) and is read by q. (ONNX LinearAttention) */
  linearAttention(key: Operand, value: Operand, options: {
    /** [B,Hkv,Dk,Dv]. Default zeros. */ pastState?: Operand;
    /** Logarithm of what is kept, [B,L,Hkv] or [B,L,Hkv·Dk]. */ decay?: Operand;
    /** Rate of the correction, [B,L,Hkv] or [B,L,1]. */ beta?: Operand;
    /** Query heads. */ qNumHeads: number | boolean;
    /** Key and value heads; divides q_num_heads. */ kvNumHeads: number | boolean;
    /** linear, gated, delta or gated_delta. Default "gated_delta". */ updateRule?: string;
    /** Factor of what is read; 0: 1/√Dk. Default 0. */ scale?: number;
    /** A hint for parallel engines; changes no value. Default 64. */ chunkSize?: number | boolean;
  }): [Self, Self];
  /** Elementwise natural logarithm. (ONNX Log) */
  log(): Self;
  /** x - log Σ eˣ along an axis. (ONNX LogSoftmax) */
  logSoftmax(options?: {
    /** Axis to work along (default -1); before version 13 the first axis of the row (default 1). */ axis?: number | boolean;
  }): Self;
  /** Each element divided by the L1 or L2 norm along an axis; 0 where the norm is 0. (ONNX LpNormalization) */
  lpNormalization(options?: {
    /** Axis to normalise along. Default -1. */ axis?: number | boolean;
    /** 1 or 2. Default 2. */ p?: number | boolean;
  }): Self;
  /** Lp norm of each window: (Σ |x|^p)^(1/p). (ONNX LpPool) */
  lpPool(options?: {
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis; required. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** 1: a last window may reach past the padded input. Default 0. */ ceilMode?: number | boolean;
    /** Which norm. Default 2. */ p?: number | boolean;
  }): Self;
  /** Matrix product A·B; leading axes are batches and broadcast, vectors are a row on the left and a column on the right. (ONNX MatMul) */
  matmul(B: Operand): Self;
  /** (A - a_zero_point) · (B - b_zero_point) of 8-bit matrices as int32. (ONNX MatMulInteger) */
  matmulInteger(B: Operand, options?: {
    /** One, or one a row. */ aZeroPoint?: Operand;
    /** One, or one a column. */ bZeroPoint?: Operand;
  }): Self;
  /** Elementwise largest of all inputs with broadcasting; NaN where one is NaN. (ONNX Max) */
  max(data0: Operand | readonly Operand[]): Self;
  /** Largest element of each window; the optional second output says where in the flattened input it was. (ONNX MaxPool) */
  maxPool(options: {
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** 1: a last window may reach past the padded input. Default 0. */ ceilMode?: number | boolean;
    /** 1: Indices count spatial axes column-major. Default 0. */ storageOrder?: number | boolean;
  }): Self;
  /** Cuts boxes out of feature maps and takes the largest element of each of a fixed number of cells; edges are rounded. (ONNX MaxRoiPool) */
  maxRoiPool(rois: Operand, options: {
    /** Rows and columns of a cut. */ pooledShape: readonly number[];
    /** Feature map pixels per image pixel. Default 1. */ spatialScale?: number;
  }): Self;
  /** Puts the elements of a MaxPool back to where its indices say they were; everything else is 0. (ONNX MaxUnpool) */
  maxUnpool(I: Operand, options: {
    /** Shape wanted; zeros are added behind the spatial axes. */ outputShape?: Operand;
    /** Size of the window along each spatial axis. */ kernelShape: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
  }): Self;
  /** Elementwise mean of all inputs with broadcasting. (ONNX Mean) */
  mean(data0: Operand | readonly Operand[]): Self;
  /** (X - mean) / standard deviation over axes. (ONNX MeanVarianceNormalization) */
  meanVarianceNormalization(options?: {
    /** Axes to take the statistics over. Default [0,2,3]. */ axes?: readonly number[];
  }): Self;
  /** The matrix that takes a linear spectrogram to the mel scale: triangles with evenly spaced centres on that scale. [bins, mel bins]. (ONNX MelWeightMatrix) */
  melWeightMatrix(dftLength: Operand, sampleRate: Operand, lowerEdgeHertz: Operand, upperEdgeHertz: Operand, options?: {
    /** ONNX code of the output's type (default float32). Default 1. */ outputDatatype?: number | boolean;
  }): Self;
  /** Elementwise smallest of all inputs with broadcasting; NaN where one is NaN. (ONNX Min) */
  min(data0: Operand | readonly Operand[]): Self;
  /** Elementwise x · tanh(log(1 + eˣ)). (ONNX Mish) */
  mish(): Self;
  /** Elementwise remainder with broadcasting: sign of the divisor (fmod=0, integers only) or of the dividend (fmod=1). (ONNX Mod) */
  mod(B: Operand, options?: {
    /** 1: as C's fmod; needed for floats. Default 0. */ fmod?: number | boolean;
  }): Self;
  /** Elementwise A · B with broadcasting. (ONNX Mul) */
  mul(B: Operand): Self;
  /** Draws classes by their logarithmic, unnormalised probabilities. (ONNX Multinomial) */
  multinomial(options?: {
    /** ONNX code of int32 or int64. Default 6. */ dtype?: number | boolean;
    /** Draws for each batch element. Default 1. */ sampleSize?: number | boolean;
    /** Same seed, same numbers. */ seed?: number;
  }): Self;
  /** Elementwise -x. (ONNX Neg) */
  neg(): Self;
  /** -weight[target] · input[n,target,…] of log-probabilities [N,C,…], as is, summed or averaged. (ONNX NegativeLogLikelihoodLoss) */
  negativeLogLikelihoodLoss(target: Operand, options?: {
    /** Weight of each class, [C]. */ weight?: Operand;
    /** none, sum, or mean: weighted by class. Default "mean". */ reduction?: string;
    /** Targets with this value count nothing; it need not be a class. */ ignoreIndex?: number | boolean;
  }): Self;
  /** For each batch and class keeps the boxes with the highest scores and drops those that overlap a kept one by more than iou_threshold. Rows [batch, class, box], best first within a class. (ONNX NonMaxSuppression) */
  nonMaxSuppression(scores: Operand, options?: {
    /** Default 0: no boxes. */ maxOutputBoxesPerClass?: Operand;
    /** In 0..1; default 0. */ iouThreshold?: Operand;
    /** Only boxes that score more. */ scoreThreshold?: Operand;
    /** 0: y1,x1,y2,x2 of any two opposite corners; 1: x, y of the centre, width, height. Default 0. */ centerPointBox?: number | boolean;
  }): Self;
  /** Coordinates of the elements that are not 0, in row-major order: [rank, count]. (ONNX NonZero) */
  nonZero(): Self;
  /** Elementwise negation of a bool. (ONNX Not) */
  not(): Self;
  /** A new axis of size depth that holds on_value at each index and off_value elsewhere. Indices outside [-depth, depth-1] give no on_value. (ONNX OneHot) */
  oneHot(depth: Operand, values: Operand, options?: {
    /** Position of the new axis in the output. Default -1. */ axis?: number | boolean;
  }): Self;
  /** An optional that holds the input, or nothing where the input is left out. (ONNX Optional) */
  optional(options?: {
    /** Type of the element, where the input is left out. */ type?: ValueType;
  }): Self;
  /** What an optional holds; fails where it is empty. A tensor or a sequence is given back as it is (version 18). (ONNX OptionalGetElement) */
  optionalGetElement(): Self;
  /** Whether an optional holds something. No input counts as empty, a tensor or a sequence as filled (version 18). (ONNX OptionalHasElement) */
  optionalHasElement(): Self;
  /** Elementwise A or B with broadcasting. (ONNX Or) */
  or(B: Operand): Self;
  /** Elementwise x where x ≥ 0, else slope · x; the slope broadcasts to X. (ONNX PRelu) */
  prelu(slope: Operand): Self;
  /** Puts elements before and after a tensor along its axes (or takes them away, where a pad is negative): a constant, the edge, a reflection, or the tensor again. (ONNX Pad) */
  pad(pads: Operand, options?: {
    /** Scalar for mode constant; default 0, false or "". */ constantValue?: Operand;
    /** Axes that pads speaks of (default: all). */ axes?: Operand;
    /** constant, reflect, edge or wrap (19). Default "constant". */ mode?: string;
  }): Self;
  /** Elementwise alpha · log(1 + e^(beta · x)). Experimental in old opsets. (ONNX ParametricSoftplus) */
  parametricSoftplus(options?: {
    /** Default 1. */ alpha?: number;
    /** Default 1. */ beta?: number;
  }): Self;
  /** Elementwise X to the power Y with broadcasting; the result has the type of X. (ONNX Pow) */
  pow(Y: Operand): Self;
  /** Convolution of quantised tensors, quantised again with y_scale and y_zero_point. (ONNX QLinearConv) */
  qLinearConv(xScale: Operand, xZeroPoint: Operand, w: Operand, wScale: Operand, wZeroPoint: Operand, yScale: Operand, yZeroPoint: Operand, options?: {
    /** [M], with scale x_scale · w_scale. */ B?: Operand;
    /** NOTSET, SAME_UPPER, SAME_LOWER or VALID. Default "NOTSET". */ autoPad?: string;
    /** Size of the window along each spatial axis. */ kernelShape?: readonly number[];
    /** Step along each spatial axis. Default 1. */ strides?: readonly number[];
    /** Elements added before each spatial axis, then after each. Default 0. */ pads?: readonly number[];
    /** Distance of neighbouring window elements. Default 1. */ dilations?: readonly number[];
    /** Channels are cut into so many groups. Default 1. */ group?: number | boolean;
  }): Self;
  /** Matrix product of quantised matrices, quantised again with y_scale and y_zero_point. (ONNX QLinearMatMul) */
  qLinearMatMul(aScale: Operand, aZeroPoint: Operand, b: Operand, bScale: Operand, bZeroPoint: Operand, yScale: Operand, yZeroPoint: Operand): Self;
  /** round(x / y_scale) + y_zero_point, clamped to the quantised type. (ONNX QuantizeLinear) */
  quantizeLinear(yScale: Operand, options?: {
    /** Like the scale; its type is the result's. Default 0. */ yZeroPoint?: Operand;
    /** Axis the scales belong to, where they are several. Default 1. */ axis?: number | boolean;
    /** 8-bit floats only: 0 makes numbers beyond the range infinite or NaN. Default 1. */ saturate?: number | boolean;
    /** Elements along the axis that share a scale. Default 0. */ blockSize?: number | boolean;
    /** ONNX code of the result's type where no zero point says it. Default 0. */ outputDtype?: number | boolean;
    /** ONNX code of the type in which x / y_scale is computed. Default 0. */ precision?: number | boolean;
  }): Self;
  /** X / sqrt(mean(X²) + epsilon) · scale over the axes from `axis` on. (ONNX RMSNormalization) */
  rmsNormalization(scale: Operand, options?: {
    /** First of the axes to normalise over. Default -1. */ axis?: number | boolean;
    /** Added to the variance. Default 0.00001. */ epsilon?: number;
    /** ONNX code of the type of the statistics. Default 1. */ stashType?: number | boolean;
  }): Self;
  /** One-layer plain recurrent net over a sequence, in one or both directions. (ONNX RNN) */
  rnn(W: Operand, R: Operand, options?: {
    /** [directions,2·hidden]. */ B?: Operand;
    /** Steps of each batch element, [batch]. */ sequenceLens?: Operand;
    initialH?: Operand;
    /** First parameters of the activations, in their order. */ activationAlpha?: readonly number[];
    /** Second parameters of the activations, in their order. */ activationBeta?: readonly number[];
    /** Activation of each gate, for each direction. */ activations?: readonly string[];
    /** Inputs of activations are kept within ±clip. */ clip?: number;
    /** forward, reverse or bidirectional. Default "forward". */ direction?: string;
    /** Elements of the state. */ hiddenSize?: number | boolean;
    /** 1: batch before time in X, Y and the states. Default 0. */ layout?: number | boolean;
  }): [Self, Self];
  /** Normal random numbers in an input's shape. (ONNX RandomNormalLike) */
  randomNormalLike(options?: {
    /** Mean. Default 0. */ mean?: number;
    /** Standard deviation. Default 1. */ scale?: number;
    /** ONNX code of the element type. Default: that of the input. */ dtype?: number | boolean;
    /** Same seed, same numbers. */ seed?: number;
  }): Self;
  /** Random numbers, evenly distributed, in an input's shape. (ONNX RandomUniformLike) */
  randomUniformLike(options?: {
    /** Lower bound, included. Default 0. */ low?: number;
    /** Upper bound, excluded. Default 1. */ high?: number;
    /** ONNX code of the element type. Default: that of the input. */ dtype?: number | boolean;
    /** Same seed, same numbers. */ seed?: number;
  }): Self;
  /** The numbers from start in steps of delta, up to limit and without it. (ONNX Range) */
  range(limit: Operand, delta: Operand): Self;
  /** Elementwise 1/x. (ONNX Reciprocal) */
  reciprocal(): Self;
  /** Sum of absolute values over axes. (ONNX ReduceL1) */
  reduceL1(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Root of the sum of squares over axes. (ONNX ReduceL2) */
  reduceL2(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Logarithm of the sum over axes. (ONNX ReduceLogSum) */
  reduceLogSum(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Logarithm of the sum of eˣ over axes, without overflow. (ONNX ReduceLogSumExp) */
  reduceLogSumExp(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Largest element over axes; NaN where one is NaN. (ONNX ReduceMax) */
  reduceMax(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Mean over axes. (ONNX ReduceMean) */
  reduceMean(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Smallest element over axes; NaN where one is NaN. (ONNX ReduceMin) */
  reduceMin(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Product over axes. (ONNX ReduceProd) */
  reduceProd(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Sum over axes. (ONNX ReduceSum) */
  reduceSum(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Sum of squares over axes. (ONNX ReduceSumSquare) */
  reduceSumSquare(options?: {
    /** Axes to reduce; none: all. */ axes?: Operand;
    /** 1: reduced axes stay, with size 1. Default 1. */ keepdims?: number | boolean;
    /** 1: no axes means none, not all. Default 0. */ noopWithEmptyAxes?: number | boolean;
  }): Self;
  /** Whether each string matches a regular expression (RE2's syntax) as a whole. (ONNX RegexFullMatch) */
  regexFullMatch(options: {
    pattern: string;
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
  /** Reverses the first sequence_lens[b] steps of each batch along the time axis; the rest stays. (ONNX ReverseSequence) */
  reverseSequence(sequenceLens: Operand, options?: {
    /** 0 or 1. Default 1. */ batchAxis?: number | boolean;
    /** 1 or 0. Default 0. */ timeAxis?: number | boolean;
  }): Self;
  /** Cuts boxes out of feature maps and samples each to a fixed size, bilinearly, without rounding box edges. (ONNX RoiAlign) */
  roiAlign(rois: Operand, batchIndices: Operand, options?: {
    /** half_pixel shifts boxes by half a pixel; output_half_pixel (version 10's rule) does not. Default "half_pixel". */ coordinateTransformationMode?: string;
    /** avg or max over the samples of a cell. Default "avg". */ mode?: string;
    /** Rows of a cut. Default 1. */ outputHeight?: number | boolean;
    /** Columns of a cut. Default 1. */ outputWidth?: number | boolean;
    /** Samples a cell along each axis; 0: as many as it has pixels. Default 0. */ samplingRatio?: number | boolean;
    /** Feature map pixels per image pixel. Default 1. */ spatialScale?: number;
  }): Self;
  /** Rotates pairs of a head's elements by angles of the token's position: (a, b) → (a·cos - b·sin, a·sin + b·cos). (ONNX RotaryEmbedding) */
  rotaryEmbedding(cosCache: Operand, sinCache: Operand, options?: {
    /** [B,L]. */ positionIds?: Operand;
    /** 1: pairs are neighbours; 0: first half with second half. Default 0. */ interleaved?: number | boolean;
    /** Heads where X is 3-D. Default 0. */ numHeads?: number | boolean;
    /** Elements of each head that rotate; 0: all. Default 0. */ rotaryEmbeddingDim?: number | boolean;
  }): Self;
  /** Elementwise nearest whole number, halves to the even one. (ONNX Round) */
  round(): Self;
  /** The short-time Fourier transform: overlapping frames of a signal, each under a window, transformed. [batch, frames, bins, 2]. (ONNX STFT) */
  stft(frameStep: Operand, options?: {
    /** [frame length]. */ window?: Operand;
    /** Scalar; default: the window's length. */ frameLength?: Operand;
    /** 1: the half of the bins that is not redundant. Default 1. */ onesided?: number | boolean;
  }): Self;
  /** Elementwise alpha · tanh(beta · x). Experimental in old opsets. (ONNX ScaledTanh) */
  scaledTanh(options?: {
    /** Default 1. */ alpha?: number;
    /** Default 1. */ beta?: number;
  }): Self;
  /** ScatterElements under its name before opset 11, without reduction. (ONNX Scatter) */
  scatter(indices: Operand, updates: Operand, options?: {
    /** The axis that the indices replace. Default 0. */ axis?: number | boolean;
  }): Self;
  /** A copy of data with elements replaced: each update goes to its own position, but for one axis, where its index says. (ONNX ScatterElements) */
  scatterElements(indices: Operand, updates: Operand, options?: {
    /** The axis that the indices replace. Default 0. */ axis?: number | boolean;
    /** none (replace), add, mul, max or min (18). Default "none". */ reduction?: string;
  }): Self;
  /** A copy of data with slices replaced: the last axis of indices holds coordinates into its leading axes. (ONNX ScatterND) */
  scatterND(indices: Operand, updates: Operand, options?: {
    /** none (replace), add, mul, max or min (18). Default "none". */ reduction?: string;
  }): Self;
  /** Elementwise gamma · x where x > 0, else gamma · alpha · (eˣ - 1). (ONNX Selu) */
  selu(options?: {
    alpha?: number;
    gamma?: number;
  }): Self;
  /** The tensor at a position of a sequence; negative positions count from the end. (ONNX SequenceAt) */
  sequenceAt(position: Operand): Self;
  /** A sequence of the given tensors. (ONNX SequenceConstruct) */
  sequenceConstruct(inputs: Operand | readonly Operand[]): Self;
  /** A sequence without the tensor at a position (default: the last). (ONNX SequenceErase) */
  sequenceErase(options?: {
    /** Scalar; negative counts from the end. */ position?: Operand;
  }): Self;
  /** A sequence with a tensor put before a position (default: at the end). (ONNX SequenceInsert) */
  sequenceInsert(tensor: Operand, options?: {
    /** Scalar; negative counts from the end. */ position?: Operand;
  }): Self;
  /** The number of tensors in a sequence, as an int64 scalar. (ONNX SequenceLength) */
  sequenceLength(): Self;
  /** The shape of a tensor as a 1-D int64 tensor, or the part of it from axis start up to axis end. (ONNX Shape) */
  shapeOf(options?: {
    /** First axis; negative counts from the end. Default 0. */ start?: number | boolean;
    /** Axis to stop before (default: the rank). */ end?: number | boolean;
  }): Self;
  /** Elementwise x + bias where x < -lambd, x - bias where x > lambd, else 0. (ONNX Shrink) */
  shrink(options?: {
    /** Default 0.5. */ lambd?: number;
    /** Default 0. */ bias?: number;
  }): Self;
  /** Elementwise 1 / (1 + e⁻ˣ). (ONNX Sigmoid) */
  sigmoid(): Self;
  /** Elementwise -1, 0 or 1 by the sign of x. (ONNX Sign) */
  sign(): Self;
  /** RMS normalisation over the last axis; ONNX Runtime writes it into the standard domain. (ONNX SimplifiedLayerNormalization) */
  simplifiedLayerNormalization(scale: Operand, options?: {
    /** The last axis. Default -1. */ axis?: number | boolean;
    /** Added to the mean square. Default 0.00001. */ epsilon?: number;
    /** ONNX code of the type of the statistics. Default 1. */ stashType?: number | boolean;
  }): Self;
  /** Elementwise sine of x in radians. (ONNX Sin) */
  sin(): Self;
  /** Elementwise hyperbolic sine. (ONNX Sinh) */
  sinh(): Self;
  /** The number of elements of a tensor, as an int64 scalar. (ONNX Size) */
  sizeOf(): Self;
  /** A part of a tensor: along each axis from start up to end in steps, by the rules of Python's slices (negative positions count from the end, too large ones are clamped, a negative step runs backwards). (ONNX Slice) */
  slice(starts: Operand, ends: Operand, options?: {
    /** Axes the other inputs speak of (default: the first ones). */ axes?: Operand;
    /** Default 1. */ steps?: Operand;
  }): Self;
  /** eˣ / Σ eˣ along an axis. (ONNX Softmax) */
  softmax(options?: {
    /** Axis to work along (default -1); before version 13 the first axis of the row (default 1). */ axis?: number | boolean;
  }): Self;
  /** Cross entropy of softmax(scores) over axis 1 against labels; optionally the log-probabilities as well. (ONNX SoftmaxCrossEntropyLoss) */
  softmaxCrossEntropyLoss(labels: Operand, options?: {
    /** Weight of each class, [C]. */ weights?: Operand;
    /** none, sum, or mean: weighted by class. Default "mean". */ reduction?: string;
    /** Targets with this value count nothing; it need not be a class. */ ignoreIndex?: number | boolean;
  }): Self;
  /** Elementwise log(1 + eˣ). (ONNX Softplus) */
  softplus(): Self;
  /** Elementwise x / (1 + |x|). (ONNX Softsign) */
  softsign(): Self;
  /** Moves blocks of space into channels: N,C,H,W becomes N,C·b²,H/b,W/b. (ONNX SpaceToDepth) */
  spaceToDepth(options: {
    blocksize: number | boolean;
  }): Self;
  /** Cuts a tensor into parts along an axis: of the given lengths, or equal ones (the last may be shorter with num_outputs). (ONNX Split) */
  split(options?: {
    /** 1-D: length of each part. */ split?: Operand;
    /** Axis to cut. Default 0. */ axis?: number | boolean;
    /** Number of parts where their lengths are not given. */ numOutputs?: number | boolean;
  }): Self[];
  /** Cuts a tensor along an axis into a sequence: parts of the given lengths, of one given length (the last may be shorter), or single slices. (ONNX SplitToSequence) */
  splitToSequence(options?: {
    /** Scalar: length of the parts; 1-D: length of each. */ split?: Operand;
    /** Axis to cut. Default 0. */ axis?: number | boolean;
    /** 0: single slices lose the axis (only without split). Default 1. */ keepdims?: number | boolean;
  }): Self;
  /** Elementwise square root; NaN for negative x. (ONNX Sqrt) */
  sqrt(): Self;
  /** Takes away axes of size 1: those given, or all of them. (ONNX Squeeze) */
  squeeze(options?: {
    /** Axes to take away; negative ones count from the end. */ axes?: Operand;
  }): Self;
  /** Joins strings elementwise, with broadcasting. (ONNX StringConcat) */
  stringConcat(Y: Operand): Self;
  /** Takes stop words out of a list of strings and changes the case of the rest. A list that ends up empty becomes one empty string. (ONNX StringNormalizer) */
  stringNormalizer(options?: {
    /** LOWER, UPPER or NONE. Default "NONE". */ caseChangeAction?: string;
    /** Whether stop words are compared with their case. Default 0. */ isCaseSensitive?: number | boolean;
    /** Whose rules of case apply. Default "en_US". */ locale?: string;
    stopwords?: readonly string[];
  }): Self;
  /** Cuts each string at a delimiter (default: white space) into a new last axis, filled up with empty strings; and says how many parts each has. (ONNX StringSplit) */
  stringSplit(options?: {
    /** Empty or left out: runs of white space. */ delimiter?: string;
    /** Most cuts, from the left (default: no limit). */ maxsplit?: number | boolean;
  }): [Self, Self];
  /** Elementwise A - B with broadcasting. (ONNX Sub) */
  sub(B: Operand): Self;
  /** Elementwise sum of all inputs with broadcasting. (ONNX Sum) */
  sum(data0: Operand | readonly Operand[]): Self;
  /** Elementwise x / (1 + e^(-alpha · x)). (ONNX Swish) */
  swish(options?: {
    /** Default 1. */ alpha?: number;
  }): Self;
  /** Elementwise tangent of x in radians. (ONNX Tan) */
  tan(): Self;
  /** Elementwise hyperbolic tangent. (ONNX Tanh) */
  tanh(): Self;
  /** A key or value cache with new entries written into it along the sequence axis, for each batch from its own position on. (ONNX TensorScatter) */
  tensorScatter(update: Operand, options?: {
    /** [batch]: first position to write (default 0). */ writeIndices?: Operand;
    /** The sequence axis. Default -2. */ axis?: number | boolean;
    /** linear, or circular: positions wrap around at the end. Default "linear". */ mode?: string;
  }): Self;
  /** Counts the n-grams of a pool in rows of strings or integers, also with gaps between their items, and weights the counts: TF the count, IDF the weight where it occurs, TFIDF both. (ONNX TfIdfVectorizer) */
  tfIdfVectorizer(options: {
    maxGramLength: number | boolean;
    /** Most items skipped between two items of an n-gram. */ maxSkipCount: number | boolean;
    minGramLength: number | boolean;
    /** TF, IDF or TFIDF. */ mode: string;
    /** Where in the pool the 1-grams, 2-grams, … begin. */ ngramCounts: readonly number[];
    /** Output position of each n-gram of the pool. */ ngramIndexes: readonly number[];
    poolInt64s?: readonly number[];
    poolStrings?: readonly string[];
    weights?: readonly number[];
  }): Self;
  /** Elementwise x where x > alpha, else 0. (ONNX ThresholdedRelu) */
  thresholdedRelu(options?: {
    /** Default 1. */ alpha?: number;
  }): Self;
  /** Repeats a tensor a number of times along each axis. (ONNX Tile) */
  tile(repeats: Operand): Self;
  /** The k largest (or smallest) elements along an axis and their positions; of equal elements the one with the lower position comes first. (ONNX TopK) */
  topK(K: Operand, options?: {
    /** Default -1. */ axis?: number | boolean;
    /** 0: the smallest. Default 1. */ largest?: number | boolean;
    /** 0: any order. Default 1. */ sorted?: number | boolean;
  }): [Self, Self];
  /** Permutes the axes: axis i of the output is axis perm[i] of the input. Without perm the axes are reversed. (ONNX Transpose) */
  transpose(options?: {
    /** Where each axis of the output comes from. */ perm?: readonly number[];
  }): Self;
  /** The upper or lower triangle of the matrices in the last two axes; the rest is 0. (ONNX Trilu) */
  trilu(options?: {
    /** Scalar: the diagonal that bounds the triangle (default 0, the main one). */ k?: Operand;
    /** 1: upper triangle, 0: lower. Default 1. */ upper?: number | boolean;
  }): Self;
  /** The distinct elements of a tensor, or its distinct slices along an axis, sorted or in order of appearance; where each first stands, which one each position has, and how often each is there. (ONNX Unique) */
  unique(options?: {
    /** Default: flatten first. */ axis?: number | boolean;
    /** 0: in order of first appearance. Default 1. */ sorted?: number | boolean;
  }): Self;
  /** Puts axes of size 1 at the given positions of the output. (ONNX Unsqueeze) */
  unsqueeze(axes: Operand): Self;
  /** Resize by scales as it was before opset 10: nearest takes the pixel to the left, linear starts at the corner. (ONNX Upsample) */
  upsample(scales: Operand, options?: {
    /** Default "nearest". */ mode?: string;
  }): Self;
  /** Elementwise X where the condition holds, else Y, with broadcasting. (ONNX Where) */
  where(X: Operand, Y: Operand): Self;
  /** Elementwise either A or B, not both, with broadcasting. (ONNX Xor) */
  xor(B: Operand): Self;
}

export type { Tensor, ValueType };
