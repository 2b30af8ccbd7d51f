/** Numbers quantised and back, and pointwise operators between: chains of native/kernels/elementwise. */
import { byteLength, type DType, dtypes } from "../../../base/dtypes.ts";
import { sizeOf, stridesOf } from "../../../base/shapes.ts";
import { type LowerContext, lowering, type TensorRef } from "../lowering.ts";
import {
  broadcastStrides,
  type ChainStep,
  elementwiseFunctions,
  elementwiseInstruction,
  emitOwn,
  type Operand,
  refusalOf,
} from "./elementwise.ts";
import { emitQuantizedProduct, isByte, type QuantizedInput } from "./qgemm.ts";
import { reduceFunctions, reduceInstruction } from "./reduce.ts";

/** A chain under construction: steps over operands, each named by a handle until the number of operands is known. */
class ChainBuilder {
  private readonly operands: Operand[] = [];
  private readonly steps: ChainStep[] = [];

  /** Handles of operands are their slots, those of results count down from -2. */
  operand(ref: TensorRef, strides: readonly number[]): number {
    this.operands.push({ ref, strides });
    return this.operands.length - 1;
  }

  step(name: ChainStep["function"], type: DType, result: DType, args: readonly number[], alpha = 0, beta = 0): number {
    this.steps.push({ function: name, type, result, arguments: args, alpha, beta });
    return -1 - this.steps.length;
  }

  float(name: ChainStep["function"], args: readonly number[], alpha = 0, beta = 0): number {
    return this.step(name, "float32", "float32", args, alpha, beta);
  }

  /** Emits the chain; returns why kernels cannot take it. */
  emit(c: LowerContext, dims: readonly number[], output: TensorRef): string | undefined {
    const slotOf = (handle: number): number => (handle >= 0 ? handle : this.operands.length - 2 - handle);
    const steps = this.steps.map((step) => ({ ...step, arguments: step.arguments.map(slotOf) }));
    const chain = { dims, operands: this.operands, steps };
    const refusal = refusalOf(chain);
    if (!refusal) emitOwn(c, chain, output);
    return refusal;
  }
}

const none = (dims: readonly number[]): number[] => dims.map(() => 0);

/** Strides of a scale or zero point over `dims`: one number, or one a position of the axis. */
function strides(c: LowerContext, index: number, dims: readonly number[]): number[] | undefined {
  const shape = c.shape(index);
  if (sizeOf(shape) === 1) return none(dims);
  const given = (c.attrs.axis as number | undefined) ?? 1;
  const axis = given < 0 ? given + dims.length : given;
  if (shape.length !== 1 || shape[0] !== dims[axis] || c.attrs.block_size) return undefined;
  return dims.map((_, i) => Number(i === axis));
}

/** The one number that a zero point is everywhere, where it is known before the run. */
function knownZero(c: LowerContext, index: number): number | undefined {
  if (!c.has(index)) return 0;
  const known = c.constant(index);
  if (!known) return undefined;
  const values = Array.from(known.data as ArrayLike<number | bigint>, Number);
  return values.every((value) => value === values[0]) ? (values[0] ?? 0) : undefined;
}

/** The numbers that a zero point stands for as float32. */
function zeros(c: LowerContext, chain: ChainBuilder, index: number, dims: readonly number[]): number {
  const known = knownZero(c, index);
  if (known !== undefined) return chain.operand(c.data(Float32Array.of(known), "float32", []), none(dims));
  const of = chain.operand(c.in(index), strides(c, index, dims)!);
  return chain.step("cast", c.dtype(index), "float32", [of]);
}

/** (x - zero) · scale of three inputs from `index` on, over `dims`. */
function dequantized(
  c: LowerContext,
  chain: ChainBuilder,
  [x, scale, zero]: readonly [number, number, number],
  dims: readonly number[],
): number {
  const from = chain.operand(c.in(x), broadcastStrides(c.shape(x), dims));
  const known = knownZero(c, zero);
  const cast = (): number => chain.step("cast", c.dtype(x), "float32", [from]);
  const shifted = (): number => {
    if (known === 0) return cast();
    if (known !== undefined && isByte(c.dtype(x)))
      return chain.step("affine", c.dtype(x), "float32", [from], 1, -known);
    return chain.float("sub", [cast(), zeros(c, chain, zero, dims)]);
  };
  return chain.float("mul", [shifted(), chain.operand(c.in(scale), strides(c, scale, dims)!)]);
}

/** round(value / scale) + zero, held within the result's type. */
function quantized(
  c: LowerContext,
  chain: ChainBuilder,
  value: number,
  [scale, zero]: readonly [number, number],
  dims: readonly number[],
): void {
  const steps = chain.float("div", [value, chain.operand(c.in(scale), strides(c, scale, dims)!)]);
  chain.step("quantize", "float32", c.outDtype(0), [steps, zeros(c, chain, zero, dims)]);
}

const quantizable: ReadonlySet<DType> = new Set<DType>(["int8", "uint8", "int32"]);

export const dequantizeLinearLowering = lowering({
  operators: ["DequantizeLinear", "com.microsoft.DequantizeLinear"],
  lower(c) {
    if (!quantizable.has(c.dtype(0))) return `no dequantising kernel for ${c.dtype(0)}`;
    if (c.dtype(1) !== "float32" || c.outDtype(0) !== "float32") return `scales of ${c.dtype(1)}`;
    const dims = c.shape(0);
    if (!strides(c, 1, dims) || (c.has(2) && !strides(c, 2, dims))) return "a scale a block";
    const chain = new ChainBuilder();
    dequantized(c, chain, [0, 1, 2], dims);
    return chain.emit(c, dims, c.out(0));
  },
});

export const quantizeLinearLowering = lowering({
  operators: ["QuantizeLinear", "com.microsoft.QuantizeLinear"],
  lower(c) {
    const precision = (c.attrs.precision as number | undefined) ?? 0;
    if (c.dtype(0) !== "float32" || c.dtype(1) !== "float32" || (precision !== 0 && precision !== dtypes.float32.onnx))
      return `no quantising kernel for ${c.dtype(0)} by ${c.dtype(1)}`;
    if (!isByte(c.outDtype(0))) return `no quantising kernel to ${c.outDtype(0)}`;
    const dims = c.shape(0);
    if (!strides(c, 1, dims) || (c.has(2) && !strides(c, 2, dims))) return "a scale a block";
    const chain = new ChainBuilder();
    quantized(c, chain, chain.operand(c.in(0), stridesOf(dims)), [1, 2], dims);
    return chain.emit(c, dims, c.out(0));
  },
});

/** Where scales and zero points are one number each. */
const areScalars = (c: LowerContext, indexes: readonly number[]): boolean =>
  indexes.every((index) => !c.has(index) || sizeOf(c.shape(index)) === 1);

/**
 * QLinearAdd as round(weights[0] · a + weights[1] · b + offset) of the bytes, where scales and zero points are known and the
 * weights so small that float32 holds the sum to a small part of a step.
 */
function knownSum(c: LowerContext): { weights: [number, number]; offset: number } | undefined {
  const value = (index: number): number => Number(c.constant(index)?.data[0]);
  const [aZero, bZero, zero] = [knownZero(c, 2), knownZero(c, 5), knownZero(c, 7)];
  if (aZero === undefined || bZero === undefined || zero === undefined) return undefined;
  const weights: [number, number] = [value(1) / value(6), value(4) / value(6)];
  if (!weights.every((weight) => Math.abs(weight) <= 1024)) return undefined;
  return { weights, offset: zero - weights[0] * aZero - weights[1] * bZero };
}

export const qLinearBinaryLowering = lowering({
  operators: ["com.microsoft.QLinearAdd", "com.microsoft.QLinearMul"],
  lower(c) {
    if (!areScalars(c, [1, 2, 4, 5, 6, 7])) return "several scales of a tensor";
    const dims = c.outShape(0);
    const chain = new ChainBuilder();
    const known = c.node.op === "QLinearAdd" ? knownSum(c) : undefined;
    if (known) {
      const [a, b] = [0, 3].map((index) => chain.operand(c.in(index), broadcastStrides(c.shape(index), dims)));
      const sum = chain.step("add", c.dtype(0), "float32", [a!, b!], ...known.weights);
      chain.step("affine", "float32", c.outDtype(0), [sum], 1, known.offset);
      return chain.emit(c, dims, c.out(0));
    }
    const [a, b] = [dequantized(c, chain, [0, 1, 2], dims), dequantized(c, chain, [3, 4, 5], dims)];
    quantized(c, chain, chain.float(c.node.op === "QLinearAdd" ? "add" : "mul", [a, b]), [6, 7], dims);
    return chain.emit(c, dims, c.out(0));
  },
});

export const qLinearUnaryLowering = lowering({
  operators: ["com.microsoft.QLinearSigmoid", "com.microsoft.QLinearLeakyRelu"],
  lower(c) {
    if (!areScalars(c, [1, 2, 3, 4])) return "several scales of a tensor";
    const dims = c.outShape(0);
    const chain = new ChainBuilder();
    const x = dequantized(c, chain, [0, 1, 2], dims);
    const alpha = (c.attrs.alpha as number | undefined) ?? 0.01;
    const y = c.node.op === "QLinearSigmoid" ? chain.float("sigmoid", [x]) : chain.float("leakyRelu", [x], alpha);
    quantized(c, chain, y, [3, 4], dims);
    return chain.emit(c, dims, c.out(0));
  },
});

/** Memory for a tensor of this node only. */
function scratchOf(c: LowerContext, dtype: DType, shape: readonly number[]): TensorRef {
  return { ...c.scratch(byteLength(dtype, sizeOf(shape))), dtype, shape };
}

/** Numbers a part of a reduction should have at least; parts run on threads of their own. */
const partElements = 16384;

/** The smallest and largest of x, as two float32 scalars. */
function extremes(c: LowerContext, x: TensorRef): readonly [TensorRef, TensorRef] {
  const size = sizeOf(x.shape);
  const fold = (from: TensorRef, name: "min" | "max", parts: number, to: TensorRef): void =>
    c.emit(reduceInstruction, {
      inputs: [from],
      outputs: [to],
      parameters: {
        function: reduceFunctions.of(name),
        keptDims: parts > 1 ? [parts] : [],
        keptStrides: parts > 1 ? [sizeOf(from.shape) / parts] : [],
        reducedDims: [sizeOf(from.shape) / parts],
        reducedStrides: [1],
      },
      kernel: `reduce_${name}_f32_rows`,
      reason: "the range of the numbers",
      flops: 0,
    });
  const parts = [16, 8, 4, 2].find((n) => size % n === 0 && size / n >= partElements) ?? 1;
  const of = (name: "min" | "max"): TensorRef => {
    const all = scratchOf(c, "float32", [1]);
    const some = parts > 1 ? scratchOf(c, "float32", [parts]) : x;
    if (parts > 1) fold(x, name, parts, some);
    fold(some, name, 1, all);
    return all;
  };
  return [of("min"), of("max")];
}

/** x as uint8 by its own range (`dynamicScale` of the references): writes the bytes, their scale and zero point. */
function emitDynamicQuantization(c: LowerContext, x: TensorRef, to: QuantizedInput): void {
  const dims = x.shape;
  const [low, high] = extremes(c, x);
  const number = (value: number): TensorRef => c.data(Float32Array.of(value), "float32", []);
  const [float, uint8] = [dtypes.float32.onnx, dtypes.uint8.onnx];
  const step = (name: ChainStep["function"], [a, b = -1]: readonly number[], result = float, constants = [0, 0]) => ({
    words: [elementwiseFunctions.of(name), float, result, a!, b, -1],
    constants,
  });
  // Slots: low, high, 0, 255, then min(low, 0), max(high, 0), their distance, / 255, its sign, 1 - sign, scale, 0 - min,
  // / scale, zero point. The scale is 1 where the distance is 0.
  const steps = [
    step("min", [0, 2]),
    step("max", [1, 2]),
    step("sub", [5, 4]),
    step("div", [6, 3]),
    step("sign", [7]),
    step("affine", [8], float, [-1, 1]),
    step("add", [7, 9]),
    step("sub", [2, 4]),
    step("div", [11, 10]),
    step("quantize", [12, 2], uint8),
  ];
  c.emit(elementwiseInstruction, {
    inputs: [low, high, number(0), number(255)],
    outputs: [to.scale, to.zero],
    parameters: {
      dims: [],
      inputs: [float, float, float, float],
      steps: steps.flatMap(({ words }) => words),
      constants: steps.flatMap(({ constants }) => constants),
      outputs: [10, 13],
    },
    kernel: "elementwise_scale_of_range_float32",
    reason: "scale and zero point of the range",
    flops: 0,
  });
  const chain = new ChainBuilder();
  const quotient = chain.float("div", [chain.operand(x, stridesOf(dims)), chain.operand(to.scale, none(dims))]);
  const zero = chain.step("cast", "uint8", "float32", [chain.operand(to.zero, none(dims))]);
  chain.step("quantize", "float32", "uint8", [quotient, zero]);
  chain.emit(c, dims, to.a);
}

export const dynamicQuantizeLinearLowering = lowering({
  operators: ["DynamicQuantizeLinear"],
  lower(c) {
    // Any of them may be left out.
    const out = (index: number, dtype: DType, shape: readonly number[]) =>
      c.isOutputUsed(index) ? c.out(index) : scratchOf(c, dtype, shape);
    const x = c.in(0);
    emitDynamicQuantization(c, x, {
      a: out(0, "uint8", x.shape),
      scale: out(1, "float32", []),
      zero: out(2, "uint8", []),
    });
    return undefined;
  },
});

export const dynamicQuantizeMatMulLowering = lowering({
  operators: ["com.microsoft.DynamicQuantizeMatMul"],
  lower(c) {
    const x = c.in(0);
    const given = {
      a: scratchOf(c, "uint8", x.shape),
      scale: scratchOf(c, "float32", []),
      zero: scratchOf(c, "uint8", []),
    };
    emitDynamicQuantization(c, x, given);
    return emitQuantizedProduct(c, { a: 0, b: 1, bScale: 2, bZero: 3, bias: 4 }, {}, given);
  },
});
