/**
 * How an operator becomes instructions. A file in lower/ exports lowerings; each takes some operators and emits, for a node
 * whose shapes are all known, one or more instructions — or says in a few words why it cannot, and the node runs on its
 * reference instead.
 *
 * **ref**: where a value's elements lie: a part of a storage, with dtype, shape and layout. **storage**: a buffer in the
 * arena, a constant, an input or an output of the program. **layout**: "" is row-major; any other name belongs to the
 * family that makes it and says how to turn it back (`layoutConversions`).
 */
import type { DType } from "../../base/dtypes.ts";
import type { StaticShape } from "../../base/shapes.ts";
import type { Tensor } from "../../base/tensor.ts";
import type { AttributeValue } from "../../ops/operator.ts";
import type { Node } from "../ir/graph.ts";
import type { Instruction, ParameterSpecs, Parameters } from "./schema.ts";
import type { MeasuredKernel, Measurements } from "./trial.ts";

export interface Storage {
  kind: "arena" | "constant" | "input" | "output";
  /** 0 for a constant prepared natively: its kernel knows. */
  sizeBytes: number;
  /** Position among the program's inputs or outputs; id of a constant. */
  index: number;
  /** First and last instruction that touches it (arena); set when the program is finished. */
  first: number;
  last: number;
  /** Offset in the arena, set by the plan. */
  offset: number;
  /** The storage it is a part of, set when the program is finished. */
  within?: { readonly storage: Storage; readonly offsetBytes: number };
}

export interface TensorRef {
  readonly storage: Storage;
  readonly offsetBytes: number;
  /** Bytes the elements take, padding of the layout included. */
  readonly sizeBytes: number;
  readonly dtype: DType;
  /** Logical shape, whatever the layout. */
  readonly shape: StaticShape;
  readonly layout: string;
}

/** An instruction of a program with its operands. */
export interface EmittedInstruction {
  readonly instruction: Instruction;
  readonly inputs: readonly (TensorRef | undefined)[];
  readonly outputs: readonly (TensorRef | undefined)[];
  readonly parameters: Readonly<Record<string, number | readonly number[]>>;
}

export interface Emission<P extends ParameterSpecs> {
  readonly inputs: readonly (TensorRef | undefined)[];
  readonly outputs: readonly (TensorRef | undefined)[];
  readonly parameters: Parameters<P>;
  /** Kernel as a person reads it: `conv_f32_winograd_4x4`. */
  readonly kernel: string;
  /** Why this kernel, a few words. */
  readonly reason: string;
  /** What was measured to choose it. */
  readonly measured?: readonly MeasuredKernel[] | undefined;
  /** Default: the operator's cost for the node's last instruction, 0 for the others. */
  readonly flops?: number;
  /** Default: bytes of all operands. */
  readonly bytes?: number;
  /** What a later instruction needs to know to do this one's work in its place (`absorb`). */
  readonly fusion?: unknown;
}

export type NumberArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

/** What a lowering sees of its node. Indexes are positions among the node's inputs and outputs. */
export interface LowerContext {
  readonly node: Node;
  /** The since-version in force. */
  readonly version: number;
  readonly attrs: Readonly<Record<string, AttributeValue | undefined>>;
  /** Instruction set of the kernels: "avx2", "avx512", "neon", "plain". */
  readonly isa: string;
  /** The kernel somebody asked for in place of the one that would be chosen; operators with one kernel ignore it. */
  readonly asked: string | undefined;
  /** Where kernels are to be measured; undefined where models choose them. */
  readonly measurements: Measurements | undefined;
  readonly numInputs: number;
  readonly numOutputs: number;
  /** Whether an input is given. */
  has(index: number): boolean;
  dtype(index: number): DType;
  shape(index: number): StaticShape;
  /** Elements of an input known before the run. */
  constant(index: number): Tensor | undefined;
  isOutputUsed(index: number): boolean;
  outDtype(index: number): DType;
  outShape(index: number): StaticShape;
  /** Bytes of an output in row-major layout. */
  outBytes(index: number): number;

  /** Where an input lies. A value in another layout than those accepted (default: row-major only) is converted first. */
  in(index: number, layouts?: readonly string[]): TensorRef;
  /** An input's copy in a layout, which all its readers share: `make` emits it where there is none yet. */
  convertOnce(index: number, layout: string, make: () => TensorRef): TensorRef;
  /** Layout an input has at the moment. */
  layout(index: number): string;
  /** The nodes that read an output (for decisions on its layout). */
  users(outputIndex: number): readonly Node[];
  /** Whether nothing needs an input's elements after this node, so that its memory may be written. */
  isLastUse(index: number): boolean;
  /**
   * Memory for an output. `inPlace`: take over this input's memory where it is not needed any more and fits. The output may
   * be that memory or another: look at what comes back.
   */
  out(index: number, options?: { layout?: string; sizeBytes?: number; inPlace?: TensorRef | undefined }): TensorRef;
  /**
   * Makes an output a part of something that lies somewhere already: no instruction. `sizeBytes`: by default those of the
   * output where it is row-major, else all of `of`.
   */
  view(index: number, of: TensorRef, offsetBytes?: number, sizeBytes?: number): void;
  /** Memory for this node only. */
  scratch(sizeBytes: number): TensorRef;
  /** A constant made by the lowering: index tables, weights it computed. */
  data(array: NumberArray, dtype: DType, shape?: StaticShape): TensorRef;
  /**
   * A constant that native code makes once from other constants (packed weights): the instruction runs while the program is
   * loaded, its one output is what comes back. The same instruction, inputs and parameters give the same constant, whatever
   * the shape the program is for.
   */
  prepare<P extends ParameterSpecs>(
    instruction: Instruction<P>,
    inputs: readonly TensorRef[],
    parameters: Parameters<P>,
  ): TensorRef;
  emit<P extends ParameterSpecs>(instruction: Instruction<P>, emission: Emission<P>): void;
  /**
   * Takes back the instruction that made all of `ref`, so that its work is done by what is emitted next: only where it gave
   * a `fusion` that `fits`, nothing else reads its result, and its operands still hold what they held. Returns the fusion.
   * To be called when nothing can fail any more.
   */
  absorb(ref: TensorRef, fits: (fusion: unknown) => boolean): unknown;
}

export interface Lowering {
  readonly kind: "lowering";
  /** Names in the domain "", or `domain.Name`: `inferlab.FusedConv`. */
  readonly operators: readonly string[];
  /** Emits instructions, or returns why it cannot (what it emitted until then is forgotten). */
  lower(c: LowerContext): string | undefined;
}

/** Declares a lowering. Every file of lower/ exports one or more; `npm run gen` collects them. */
export function lowering(spec: Omit<Lowering, "kind">): Lowering {
  return { kind: "lowering", ...spec };
}

/** How a layout other than row-major is turned into row-major. A file of lower/ exports it beside its lowerings. */
export interface LayoutConversion {
  readonly kind: "layout";
  readonly layout: string;
  /** Whether a ref's elements lie as row-major ones would: no instruction is needed. */
  isRowMajor(ref: TensorRef): boolean;
  /** Emits the instruction that writes `to` (row-major) from `from`. */
  toRowMajor(c: Pick<LowerContext, "emit" | "isa">, from: TensorRef, to: TensorRef): void;
}

export function layoutConversion(spec: Omit<LayoutConversion, "kind">): LayoutConversion {
  return { kind: "layout", ...spec };
}
