/** Pointwise operators with broadcasting: one instruction, a chain of steps (native/kernels/elementwise). */
import type { DType } from "../../../base/dtypes.ts";
import { dtypes } from "../../../base/dtypes.ts";
import { stridesOf } from "../../../base/shapes.ts";
import type { Tensor } from "../../../base/tensor.ts";
import { type LowerContext, lowering, type TensorRef } from "../lowering.ts";
import { codes, instruction } from "../schema.ts";
import { blockChannels, blockedBytes, blockedInput, blockedLayout } from "./blocked.ts";

export const elementwiseFunctions = codes("ElementwiseFunction", "Pointwise functions of native/kernels/elementwise.", [
  "identity",
  "cast",
  "where",
  "abs",
  "neg",
  "sign",
  "square",
  "relu",
  "clip",
  "affine",
  "leakyRelu",
  "thresholdedRelu",
  "hardSigmoid",
  "hardSwish",
  "sigmoid",
  "tanh",
  "exp",
  "log",
  "sqrt",
  "reciprocal",
  "floor",
  "ceil",
  "round",
  "erf",
  "gelu",
  "geluTanh",
  "elu",
  "selu",
  "celu",
  "softplus",
  "softsign",
  "swish",
  "mish",
  "sin",
  "cos",
  "tan",
  "asin",
  "acos",
  "atan",
  "sinh",
  "cosh",
  "asinh",
  "acosh",
  "atanh",
  "isNaN",
  "isInf",
  "not",
  "add",
  "sub",
  "mul",
  "div",
  "mod",
  "fmod",
  "min",
  "max",
  "pow",
  "pRelu",
  "quantize",
  "and",
  "or",
  "xor",
  "equal",
  "less",
  "lessOrEqual",
  "greater",
  "greaterOrEqual",
]);

type FunctionName = (typeof elementwiseFunctions.names)[number];

export const elementwiseInstruction = instruction({
  name: "Elementwise",
  doc: "A chain of pointwise steps in one pass (kernels/elementwise). inputs: per operand its type, then a stride in elements for each of dims. steps: function, argument type, result type and three slots each (-1: none); constants: alpha and beta of each step. outputs: the slot each output operand gets.",
  parameters: { dims: "ints", inputs: "ints", steps: "ints", constants: "floats", outputs: "ints" },
});

/** One step in terms of the chain's slots. */
export interface ChainStep {
  readonly function: FunctionName;
  readonly type: DType;
  readonly result: DType;
  readonly arguments: readonly number[];
  readonly alpha?: number;
  readonly beta?: number;
}

/** Strides of an operand over an output's dims: 0 where it broadcasts. */
export function broadcastStrides(shape: readonly number[], dims: readonly number[]): number[] {
  const strides = new Array<number>(dims.length).fill(0);
  let stride = 1;
  for (let i = shape.length - 1; i >= 0; i--) {
    const axis = dims.length - shape.length + i;
    strides[axis] = shape[i] === 1 ? 0 : stride;
    stride *= shape[i]!;
  }
  return strides;
}

/** Merges neighbouring dims that every operand walks alike and drops those of size 1. */
export function collapse(dims: readonly number[], operands: readonly (readonly number[])[]) {
  const outDims: number[] = [];
  const outStrides: number[][] = operands.map(() => []);
  for (const [axis, dim] of dims.entries()) {
    if (dim === 1) continue;
    const last = outDims.length - 1;
    const merges = last >= 0 && operands.every((strides, i) => outStrides[i]![last] === (strides[axis] ?? 0) * dim);
    if (merges) {
      outDims[last]! *= dim;
      for (const [i, strides] of operands.entries()) outStrides[i]![last] = strides[axis]!;
    } else {
      outDims.push(dim);
      for (const [i, strides] of operands.entries()) outStrides[i]!.push(strides[axis]!);
    }
  }
  return { dims: outDims, strides: outStrides };
}

const integers: ReadonlySet<DType> = new Set<DType>(["int32", "int64", "uint8", "int8"]);
const onIntegers: ReadonlySet<FunctionName> = new Set<FunctionName>(
  "abs neg sign square relu clip add sub mul div mod fmod min max pRelu equal less lessOrEqual greater greaterOrEqual".split(
    " ",
  ) as FunctionName[],
);
const onBools: ReadonlySet<FunctionName> = new Set<FunctionName>(["not", "and", "or", "xor", "equal"]);
const castable: ReadonlySet<DType> = new Set<DType>(["float32", "float64", "int32", "int64", "uint8", "int8", "bool"]);

/** Whether the kernels have the step (tests ask the addon the same for every combination). */
export function hasKernel({ function: name, type, result }: Pick<ChainStep, "function" | "type" | "result">): boolean {
  if (name === "cast") {
    if (type === "float16" || result === "float16") return type === "float32" || result === "float32";
    return castable.has(type) && castable.has(result);
  }
  // Bytes as numbers, and numbers as bytes: alpha · x + beta, and alpha · a + beta · b of "add".
  const isByte = (dtype: DType): boolean => dtype === "uint8" || dtype === "int8";
  if ((name === "affine" || name === "add") && result === "float32" && isByte(type)) return true;
  if (name === "affine" && type === "float32" && isByte(result)) return true;
  if (name === "quantize") return type === "float32" && (result === "uint8" || result === "int8");
  if (name === "where" || name === "identity") return type !== "string" && dtypes[type].kind !== "complex";
  if (type === "bool") return onBools.has(name);
  if (integers.has(type)) return onIntegers.has(name);
  return type === "float32" && name !== "not" && name !== "and" && name !== "or" && name !== "xor";
}

/** An operand of a chain as the chain walks it. */
export interface Operand {
  readonly ref: TensorRef;
  /** By dimension of the chain, before neighbours are merged. */
  readonly strides: readonly number[];
}

/** A chain that was emitted, as a later one may take it over. */
interface Chain {
  readonly dims: readonly number[];
  readonly operands: readonly Operand[];
  readonly steps: readonly ChainStep[];
}

/** Inputs and steps a chain may have together (kMaxSlots of the kernel). */
const maxSlots = 64;

/**
 * Emits a chain over the node's inputs `indexes`, slot i being input `indexes[i]`; returns why it cannot. Where an operand
 * is the result of a chain that nobody else reads, that chain becomes a part of this one.
 */
export function emitChain(
  c: LowerContext,
  indexes: readonly number[],
  steps: readonly ChainStep[],
): string | undefined {
  for (const step of steps) if (!hasKernel(step)) return `no ${step.function} kernel for ${step.type}`;
  const blocked = blockedOperands(c, indexes, steps);
  const shape = c.outShape(0);
  const dims = blocked ? blocked.dims : shape;
  const operands =
    blocked?.operands ?? indexes.map((i) => ({ ref: c.in(i), strides: broadcastStrides(c.shape(i), shape) }));
  const own: Chain = { dims, operands, steps };
  const refusal = refusalOf(own);
  if (refusal) return refusal;
  const dense = stridesOf(dims);
  // An operand that is walked like the output and not needed later gives its memory to it.
  const sizeBytes = blocked ? blocked.sizeBytes : c.outBytes(0);
  const inPlace = operands.find(
    ({ ref, strides }) =>
      ref.sizeBytes === sizeBytes && strides.every((s, axis) => s === dense[axis] || dims[axis] === 1),
  )?.ref;
  emitOwn(c, own, c.out(0, { inPlace, ...(blocked ? { layout: blocked.layout, sizeBytes } : {}) }));
  return undefined;
}

/** The kernels' code of a type. Elements of types they do not know are only moved: as integers of the same width. */
function elementCode(dtype: DType): number {
  const { bits, kind, onnx } = dtypes[dtype];
  if (dtype === "bfloat16") return dtypes.uint16.onnx;
  return bits < 8 || (kind === "float" && bits === 8) ? dtypes.uint8.onnx : onnx;
}

/** Why kernels cannot take a chain. */
export function refusalOf({ dims, operands }: Chain): string | undefined {
  const merged = collapse(dims, [...operands.map(({ strides }) => strides), stridesOf(dims)]);
  return merged.dims.length > 8 ? "more than 8 dimensions after merging, kernels take 8" : undefined;
}

/** Emits a chain that writes `output` and that kernels can take (`refusalOf`), with the chains in front of it that nobody else needs. */
export function emitOwn(c: LowerContext, own: Chain, output: TensorRef): void {
  const chain = takeOver(c, own);
  const merged = collapse(chain.dims, [...chain.operands.map(({ strides }) => strides), stridesOf(chain.dims)]);
  const last = chain.steps.at(-1)!;
  c.emit(elementwiseInstruction, {
    inputs: chain.operands.map(({ ref }) => ref),
    outputs: [output],
    parameters: {
      dims: merged.dims,
      inputs: chain.operands.flatMap(({ ref }, i) => [elementCode(ref.dtype), ...merged.strides[i]!]),
      steps: chain.steps.flatMap((step) => [
        elementwiseFunctions.of(step.function),
        elementCode(step.type),
        elementCode(step.result),
        ...[0, 1, 2].map((i) => step.arguments[i] ?? -1),
      ]),
      constants: chain.steps.flatMap((step) => [step.alpha ?? 0, step.beta ?? 0]),
      outputs: [chain.operands.length + chain.steps.length - 1],
    },
    kernel: `elementwise_${chain.steps.map((step) => step.function).join("_")}_${last.type}`,
    reason: merged.dims.length <= 1 ? "one dense run" : `broadcast over ${merged.dims.length} dimensions`,
    fusion: chain,
  });
}

/** The chain with each operand once. */
function withoutRepeats({ dims, operands, steps }: Chain): Chain {
  const isSame = (a: Operand, b: Operand) =>
    a.ref.storage === b.ref.storage && a.ref.offsetBytes === b.ref.offsetBytes && a.strides.join() === b.strides.join();
  const kept = operands.filter((operand, i) => operands.findIndex((other) => isSame(operand, other)) === i);
  const slotOf = (slot: number) =>
    slot < operands.length
      ? kept.findIndex((other) => isSame(operands[slot]!, other))
      : slot - operands.length + kept.length;
  return { dims, operands: kept, steps: steps.map((step) => ({ ...step, arguments: step.arguments.map(slotOf) })) };
}

/** The chain with those of its operands' chains that nobody else needs in front. */
function takeOver(c: LowerContext, given: Chain): Chain {
  const chain = withoutRepeats(given);
  for (const [at, { ref, strides }] of chain.operands.entries()) {
    const dense = stridesOf(chain.dims);
    if (!strides.every((stride, axis) => stride === dense[axis] || chain.dims[axis] === 1)) continue;
    const fits = (candidate: unknown): boolean => {
      const before = candidate as Chain;
      const operands = before.operands.length + chain.operands.length - 1;
      if (before.dims.join() !== chain.dims.join() || operands + before.steps.length + chain.steps.length > maxSlots)
        return false;
      const all = [...before.operands, ...chain.operands].map((operand) => operand.strides);
      return collapse(chain.dims, [...all, dense]).dims.length <= 8;
    };
    const before = c.absorb(ref, fits) as Chain | undefined;
    if (!before) continue;
    // Slots: the earlier chain's operands, this one's others, the earlier results, this one's results.
    const others = chain.operands.filter((_, i) => i !== at);
    const numOperands = before.operands.length + others.length;
    const result = numOperands + before.steps.length - 1;
    const earlier = (slot: number) =>
      slot < before.operands.length ? slot : slot - before.operands.length + numOperands;
    const later = (slot: number) => {
      if (slot === at) return result;
      if (slot < chain.operands.length) return before.operands.length + slot - (slot > at ? 1 : 0);
      return slot - chain.operands.length + result + 1;
    };
    const remap = (step: ChainStep, slotOf: (slot: number) => number): ChainStep => ({
      ...step,
      arguments: step.arguments.map(slotOf),
    });
    return takeOver(c, {
      dims: chain.dims,
      operands: [...before.operands, ...others],
      steps: [...before.steps.map((step) => remap(step, earlier)), ...chain.steps.map((step) => remap(step, later))],
    });
  }
  return chain;
}

/**
 * The operands in channel blocks, where one of them lies so already and the others can be read alike: [N, C, …] as
 * [N, C / B, …, B].
 */
function blockedOperands(c: LowerContext, indexes: readonly number[], steps: readonly ChainStep[]) {
  const layout = blockedLayout(c.isa);
  const block = blockChannels(c.isa);
  const shape = c.outShape(0);
  const channels = shape[1];
  if (!indexes.some((i) => c.layout(i) === layout)) return undefined;
  if (shape.length < 3 || channels === undefined || channels % block !== 0 || channels === 0) return undefined;
  if (indexes.some((i) => c.dtype(i) !== "float32") || steps.some((step) => step.result !== "float32"))
    return undefined;
  const toBlocks = (dims: readonly number[], inner: number) => [dims[0]!, dims[1]! / inner, ...dims.slice(2), inner];
  const dims = toBlocks(shape, block);
  const alignedOf = (i: number) => [...new Array<number>(shape.length - c.shape(i).length).fill(1), ...c.shape(i)];
  // Whether an operand's memory already reads as blocks: it is blocked, has one channel, or one pixel.
  const readsAsBlocks = (i: number) => {
    const aligned = alignedOf(i);
    if (c.layout(i) === layout) return aligned[1] === channels;
    return (
      c.layout(i) === "" && (aligned[1] === 1 || (aligned[1] === channels && aligned.slice(2).every((d) => d === 1)))
    );
  };
  for (const i of indexes) {
    if (readsAsBlocks(i)) continue;
    // A planar image is brought into blocks; anything else makes the whole chain planar.
    if (c.layout(i) !== "" || c.shape(i).length !== shape.length || c.shape(i)[1] !== channels) return undefined;
  }
  const operands = indexes.map((i): Operand => {
    const own = readsAsBlocks(i) ? c.in(i, [layout, ""]) : blockedInput(c, i);
    const aligned = alignedOf(i);
    return { ref: own, strides: broadcastStrides(toBlocks(aligned, aligned[1] === 1 ? 1 : block), dims) };
  });
  return { layout, dims, operands, sizeBytes: blockedBytes(c.isa, shape) };
}

const number = (value: unknown, otherwise: number): number => (typeof value === "number" ? value : otherwise);

/** ONNX operator → function with its alpha and beta. */
const unary: Record<string, (c: LowerContext) => [FunctionName, number?, number?]> = {
  Identity: () => ["identity"],
  Dropout: () => ["identity"],
  Abs: () => ["abs"],
  Neg: () => ["neg"],
  Sign: () => ["sign"],
  Relu: () => ["relu"],
  LeakyRelu: (c) => ["leakyRelu", number(c.attrs.alpha, 0.01)],
  ThresholdedRelu: (c) => ["thresholdedRelu", number(c.attrs.alpha, 1)],
  HardSigmoid: (c) => ["hardSigmoid", number(c.attrs.alpha, 0.2), number(c.attrs.beta, 0.5)],
  HardSwish: () => ["hardSwish"],
  Sigmoid: () => ["sigmoid"],
  Tanh: () => ["tanh"],
  Exp: () => ["exp"],
  Log: () => ["log"],
  Sqrt: () => ["sqrt"],
  Reciprocal: () => ["reciprocal"],
  Floor: () => ["floor"],
  Ceil: () => ["ceil"],
  Round: () => ["round"],
  Erf: () => ["erf"],
  Gelu: (c) => [c.attrs.approximate === "tanh" ? "geluTanh" : "gelu"],
  Elu: (c) => ["elu", number(c.attrs.alpha, 1)],
  Selu: (c) => ["selu", number(c.attrs.alpha, 1.6732632), number(c.attrs.gamma, 1.050701)],
  Celu: (c) => ["celu", number(c.attrs.alpha, 1)],
  Softplus: () => ["softplus"],
  Softsign: () => ["softsign"],
  Swish: (c) => ["swish", number(c.attrs.alpha, 1)],
  Mish: () => ["mish"],
  Sin: () => ["sin"],
  Cos: () => ["cos"],
  Tan: () => ["tan"],
  Asin: () => ["asin"],
  Acos: () => ["acos"],
  Atan: () => ["atan"],
  Sinh: () => ["sinh"],
  Cosh: () => ["cosh"],
  Asinh: () => ["asinh"],
  Acosh: () => ["acosh"],
  Atanh: () => ["atanh"],
  IsNaN: () => ["isNaN"],
  IsInf: (c) => ["isInf", number(c.attrs.detect_negative, 1), number(c.attrs.detect_positive, 1)],
  Not: () => ["not"],
  Affine: (c) => ["affine", number(c.attrs.alpha, 1), number(c.attrs.beta, 0)],
};

const toBool: ReadonlySet<FunctionName> = new Set<FunctionName>([
  "isNaN",
  "isInf",
  "not",
  "and",
  "or",
  "xor",
  "equal",
  "less",
  "lessOrEqual",
  "greater",
  "greaterOrEqual",
]);

export const unaryLowering = lowering({
  operators: Object.keys(unary),
  lower(c) {
    const [name, alpha, beta] = unary[c.node.op]!(c);
    if (c.node.op === "Dropout" && (c.isOutputUsed(1) || c.constant(2)?.data[0] === 1 || (c.has(2) && !c.constant(2))))
      return "a Dropout that drops or gives its mask";
    const type = c.dtype(0);
    if (name === "identity") {
      c.view(0, c.in(0));
      return undefined;
    }
    return emitChain(
      c,
      [0],
      [{ function: name, type, result: toBool.has(name) ? "bool" : type, arguments: [0], alpha, beta }],
    );
  },
});

const binary: Record<string, FunctionName> = {
  Add: "add",
  Sub: "sub",
  Mul: "mul",
  Div: "div",
  Pow: "pow",
  PRelu: "pRelu",
  And: "and",
  Or: "or",
  Xor: "xor",
  Equal: "equal",
  Less: "less",
  LessOrEqual: "lessOrEqual",
  Greater: "greater",
  GreaterOrEqual: "greaterOrEqual",
};

/** The one number a small constant holds, or undefined. */
function scalarOf(tensor: Tensor | undefined): number | undefined {
  return tensor?.size === 1 && tensor.dtype !== "string" ? Number(tensor.data[0]) : undefined;
}

export const binaryLowering = lowering({
  operators: [...Object.keys(binary), "Mod"],
  lower(c) {
    const type = c.dtype(0);
    const name = c.node.op === "Mod" ? (c.attrs.fmod === 1 ? "fmod" : "mod") : binary[c.node.op]!;
    // Before opset 7 operands met by an axis; a slope of PRelu is one a channel unless it fits as a whole.
    const slopes = c.node.op === "PRelu" && (c.shape(1).length !== 1 || c.shape(1)[0] === 1);
    if (c.node.op !== "Mod" && c.version < 7 && !slopes) return "broadcasting of before opset 7";
    if (name === "pow") {
      const exponent = scalarOf(c.constant(1));
      const easy = ({ 2: "square", 0.5: "sqrt", 1: "identity", "-1": "reciprocal" } as const)[String(exponent)];
      const sameShape = c.shape(1).length <= c.outShape(0).length && c.shape(0).join() === c.outShape(0).join();
      if (easy && sameShape && type === "float32")
        return emitChain(c, [0], [{ function: easy, type, result: type, arguments: [0] }]);
      if (c.dtype(1) !== type) return `an exponent of ${c.dtype(1)} for a base of ${type}`;
    }
    if (name === "mod" && type === "float32") return "Mod of floats without fmod";
    return emitChain(
      c,
      [0, 1],
      [{ function: name, type, result: toBool.has(name) ? "bool" : type, arguments: [0, 1] }],
    );
  },
});

export const imageScalerLowering = lowering({
  operators: ["ImageScaler"],
  lower(c) {
    const channels = c.shape(0)[1];
    const bias = (c.attrs.bias as readonly number[] | undefined) ?? new Array<number>(channels ?? 0).fill(0);
    if (c.dtype(0) !== "float32" || c.shape(0).length !== 4 || bias.length !== channels)
      return "an image that is not float32 [N,C,H,W] with one bias a channel";
    const x = c.in(0);
    const own: Chain = {
      dims: c.shape(0),
      operands: [
        { ref: x, strides: stridesOf(c.shape(0)) },
        { ref: c.data(Float32Array.from(bias), "float32", [channels, 1, 1]), strides: [0, 1, 0, 0] },
      ],
      steps: [
        {
          function: "affine",
          type: "float32",
          result: "float32",
          arguments: [0],
          alpha: number(c.attrs.scale, 1),
          beta: 0,
        },
        { function: "add", type: "float32", result: "float32", arguments: [2, 1] },
      ],
    };
    emitOwn(c, own, c.out(0, { inPlace: x }));
    return undefined;
  },
});

/** Max, Min, Sum, Mean of any number of inputs. */
export const variadicLowering = lowering({
  operators: ["Max", "Min", "Sum", "Mean"],
  lower(c) {
    const type = c.dtype(0);
    if (c.version < 8) {
      for (let i = 1; i < c.numInputs; i++)
        if (c.shape(i).join() !== c.shape(0).join()) return "broadcasting of before opset 8";
    }
    const name = ({ Max: "max", Min: "min", Sum: "add", Mean: "add" } as const)[c.node.op as "Max"];
    const refs = Array.from({ length: c.numInputs }, (_, i) => i);
    const steps: ChainStep[] = [];
    for (let i = 1; i < refs.length; i++)
      steps.push({ function: name, type, result: type, arguments: [i === 1 ? 0 : refs.length + i - 2, i] });
    if (c.node.op === "Mean") {
      if (type !== "float32") return `Mean of ${type}`;
      const previous = steps.length ? refs.length + steps.length - 1 : 0;
      steps.push({ function: "affine", type, result: type, arguments: [previous], alpha: 1 / refs.length, beta: 0 });
    }
    if (steps.length === 0) {
      c.view(0, c.in(0));
      return undefined;
    }
    if (refs.length + steps.length > 64) return `${refs.length} inputs, a chain takes 32`;
    return emitChain(c, refs, steps);
  },
});

export const clipLowering = lowering({
  operators: ["Clip"],
  lower(c) {
    const type = c.dtype(0);
    const bound = (index: number, attribute: unknown, otherwise: number): number | undefined => {
      if (c.version < 11) return number(attribute, otherwise);
      return c.has(index) ? scalarOf(c.constant(index)) : otherwise;
    };
    const low = bound(1, c.attrs.min, -Infinity);
    const high = bound(2, c.attrs.max, Infinity);
    if (type === "float32" && low !== undefined && high !== undefined)
      return emitChain(c, [0], [{ function: "clip", type, result: type, arguments: [0], alpha: low, beta: high }]);
    // Bounds that are tensors, or integers (whose limits a double does not hold): max and min in turn.
    const refs = [0];
    const steps: ChainStep[] = [];
    const bounds = (c.has(1) ? 1 : 0) + (c.has(2) ? 1 : 0);
    for (const [index, name] of [
      [1, "max"],
      [2, "min"],
    ] as const) {
      if (!c.has(index)) continue;
      refs.push(index);
      const previous = steps.length ? bounds + steps.length : 0;
      steps.push({ function: name, type, result: type, arguments: [previous, refs.length - 1] });
    }
    if (c.version < 11) return `Clip of ${type}`;
    if (steps.length === 0) {
      c.view(0, c.in(0));
      return undefined;
    }
    return emitChain(c, refs, steps);
  },
});

export const whereLowering = lowering({
  operators: ["Where"],
  lower(c) {
    const type = c.dtype(1);
    return emitChain(c, [0, 1, 2], [{ function: "where", type, result: type, arguments: [0, 1, 2] }]);
  },
});

export const castLowering = lowering({
  operators: ["Cast", "CastLike"],
  lower(c) {
    const type = c.dtype(0);
    const result = c.outDtype(0);
    if (type === result) {
      c.view(0, c.in(0));
      return undefined;
    }
    return emitChain(c, [0], [{ function: "cast", type, result, arguments: [0] }]);
  },
});
