/**
 * What TypeScript knows of tensors and graph values: dtype and shape, as far as they can be said without running.
 *
 * A shape is a tuple of sizes (`784`), symbols (`"n"`) and `number` for a size that TypeScript does not know. `Shape` itself,
 * without a length, stands for an unknown rank, `DType` for an unknown dtype: what a file gave. They fit everywhere; a call is
 * refused only where both sides are known and cannot meet. The rules are shallow on purpose: exact sizes are inferred when the
 * line runs, and errors about them are of that time.
 */
import type { DType } from "../base/dtypes.ts";
import type { Dim, Shape, StaticShape } from "../base/shapes.ts";
import type { Tensor } from "../base/tensor.ts";
import type { GraphValue } from "./graph.ts";

/** Groups of dtypes that operators take, as src/ops/common/types.ts has them. */
export type Float = "float32" | "float64" | "float16" | "bfloat16";
export type SignedInt = "int8" | "int16" | "int32" | "int64";
export type Int = SignedInt | "uint8" | "uint16" | "uint32" | "uint64";
export type Signed = Float | SignedInt;
export type Numeric = Float | Int;
/** What products and running sums take. */
export type Wide = Float | "int32" | "int64" | "uint32" | "uint64";

/** Shapes of at least one axis, of a matrix, and of what convolutions and poolings take: [N,C,W], [N,C,H,W], [N,C,D,H,W]. */
export type Ranked = [Dim, ...Dim[]];
export type Matrix = [Dim, Dim];
export type Images = [Dim, Dim, Dim] | [Dim, Dim, Dim, Dim] | [Dim, Dim, Dim, Dim, Dim];

declare const typed: unique symbol;

/**
 * A tensor of such a dtype and shape. A method, because TypeScript compares its parameters both ways: `Tensor<DType>` goes where
 * `Tensor<"float32">` is asked for, `Tensor<"string">` does not. Nothing has the member when the program runs.
 */
export interface TensorLike<D extends DType, S extends Shape = Shape> {
  [typed](tensor: true, dtype: D, shape: S): void;
}

/** A graph value of such a dtype and shape. */
export interface ValueLike<D extends DType, S extends Shape = Shape> {
  [typed](tensor: false, dtype: D, shape: S): void;
}

/** Eager tensors and graph values have the same methods; which of both is the first parameter of these. */
export type Kind = "tensor" | "value";
interface Made<D extends DType, S extends Shape> {
  tensor: Tensor<D, Static<S>>;
  value: GraphValue<D, S>;
}
interface Like<D extends DType, S extends Shape> {
  tensor: TensorLike<D, S>;
  value: ValueLike<D, S>;
}
interface Given<D extends DType, S extends Shape> {
  tensor: TensorLike<D, S> | Literals<D>;
  value: ValueLike<D, S> | TensorLike<D, S> | Literals<D>;
}

/** What a method gives. */
export type Result<K extends Kind, D extends DType = DType, S extends Shape = Shape> = Made<D, S>[K];

/** What a method can be called on. */
export type On<K extends Kind, D extends DType, S extends Shape = Shape> = Like<D, S>[K];

/** What a method takes in place of a value: a value, a tensor, or numbers. */
export type Operand<K extends Kind, D extends DType = DType, S extends Shape = Shape> = Given<D, S>[K];

export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array
  | BigInt64Array
  | BigUint64Array;

export type Nested<E> = E | readonly Nested<E>[];

/** Numbers that become a constant of dtype D; strings for `string`. */
type Literals<D extends DType> = D extends "string" ? Nested<string> : Nested<number | bigint | boolean> | TypedArray;

/** Arrays in arrays: the innermost elements. Four levels are looked through; recursion would have no end TypeScript can see. */
type Leaf<T> = T extends readonly (infer A)[]
  ? A extends readonly (infer B)[]
    ? B extends readonly (infer C)[]
      ? C extends readonly (infer E)[]
        ? E
        : C
      : B
    : A
  : T;

type NestedShape<T> = T extends readonly (infer A)[]
  ? A extends readonly (infer B)[]
    ? B extends readonly (infer C)[]
      ? C extends readonly (infer E)[]
        ? E extends readonly unknown[]
          ? Shape
          : [number, number, number, number]
        : [number, number, number]
      : [number, number]
    : [number]
  : Shape;

/** The dtype of an operand: numbers are float32, bigints int64. */
export type DTypeOf<T> = T extends { [typed](tensor: never, dtype: infer D extends DType, shape: never): void }
  ? D
  : T extends TypedArray
    ? DTypeOfArray<T>
    : DTypeOfLeaf<Leaf<T>>;

type DTypeOfLeaf<E> = [E] extends [number]
  ? "float32"
  : [E] extends [bigint]
    ? "int64"
    : [E] extends [boolean]
      ? "bool"
      : [E] extends [string]
        ? "string"
        : DType;

type DTypeOfArray<T> = T extends Float32Array
  ? "float32"
  : T extends Float64Array
    ? "float64"
    : T extends BigInt64Array
      ? "int64"
      : T extends BigUint64Array
        ? "uint64"
        : T extends Int32Array
          ? "int32"
          : T extends Uint8Array | Uint8ClampedArray
            ? "uint8"
            : DType;

/** The shape of an operand: numbers have rank 0, `number[][]` rank 2. */
export type ShapeOf<T> = T extends { [typed](tensor: never, dtype: never, shape: infer S extends Shape): void }
  ? S
  : T extends number | bigint | boolean | string
    ? []
    : T extends TypedArray
      ? [number]
      : NestedShape<T>;

/** The same shape, and the same sizes, without `readonly`. */
export type Plain<S extends Shape> = { -readonly [K in keyof S]: S[K] };

export type Sizes<S extends StaticShape> = { -readonly [K in keyof S]: S[K] };

/** The shape of a tensor: sizes only. */
export type Static<S extends Shape> = S extends number[] ? S : number[];

/** As many axes, sizes unknown. */
export type SameRank<S extends Shape> = { -readonly [K in keyof S]: number };

/** The size of an axis where two shapes meet. */
type Meet<A extends Dim, B extends Dim> = A extends 1 ? B : B extends 1 ? A : [A, B] extends [B, A] ? A : number;

/** Shapes laid against each other from the last axis, as elementwise operators do. */
export type Broadcast<A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? A extends readonly []
    ? B
    : B extends readonly []
      ? A
      : Shape
  : A extends readonly [...infer AInit extends Shape, infer ALast extends Dim]
    ? B extends readonly [...infer BInit extends Shape, infer BLast extends Dim]
      ? [...Broadcast<AInit, BInit>, Meet<ALast, BLast>]
      : A
    : B;

/** Of several operands at once only a single one is looked at. */
export type BroadcastAll<A extends Shape, T> = T extends readonly unknown[] ? Shape : Broadcast<A, ShapeOf<T>>;

export type MatMul<A extends Shape, B extends Shape> = number extends A["length"] | B["length"]
  ? Shape
  : A extends readonly [...infer ALead extends Shape, infer M extends Dim, Dim]
    ? B extends readonly [...infer BLead extends Shape, Dim, infer N extends Dim]
      ? [...Broadcast<ALead, BLead>, M, N]
      : [...ALead, M]
    : B extends readonly [...infer BLead extends Shape, Dim, infer N extends Dim]
      ? [...BLead, N]
      : [];

type Yes = 1 | true;
type No = 0 | false;

/** The first axis of a matrix, the second one where it is transposed. */
type RowsOf<A extends Shape, Trans> = A extends readonly [infer First extends Dim, infer Second extends Dim]
  ? Trans extends Yes
    ? Second
    : Trans extends No
      ? First
      : number
  : number;

export type Gemm<A extends Shape, B extends Shape, TransA, TransB> = A extends Shape
  ? [RowsOf<A, TransA>, RowsOf<B, TransB extends Yes ? 0 : TransB extends No ? 1 : unknown>]
  : never;

/** Batch and channels stay, the other axes change. */
export type Pooled<S extends Shape> = S extends readonly [
  infer N extends Dim,
  infer C extends Dim,
  ...infer Space extends Shape,
]
  ? [N, C, ...SameRank<Space>]
  : Shape;

export type GlobalPooled<S extends Shape> = S extends readonly [
  infer N extends Dim,
  infer C extends Dim,
  ...infer Space extends Shape,
]
  ? [N, C, ...{ -readonly [K in keyof Space]: 1 }]
  : Shape;

/** Channels are those of the filters [M,C,…]. */
export type Conv<S extends Shape, W extends Shape> = S extends readonly [
  infer N extends Dim,
  Dim,
  ...infer Space extends Shape,
]
  ? [N, W extends readonly [infer M extends Dim, ...Shape] ? M : number, ...SameRank<Space>]
  : Shape;

/** Axes gone without saying which: `By` has one element for each. */
type Shorter<S extends Shape, By extends readonly unknown[]> = By extends readonly [unknown, ...infer Others]
  ? S extends readonly [Dim, ...infer Rest extends Shape]
    ? Shorter<Rest, Others>
    : Shape
  : SameRank<S>;

export type Reduced<S extends Shape, Keep, Axes> = [Keep] extends [Yes]
  ? SameRank<S>
  : [Keep] extends [No]
    ? [Axes] extends [undefined]
      ? []
      : number extends S["length"]
        ? Shape
        : Axes extends readonly [unknown, ...unknown[]]
          ? Shorter<S, Axes>
          : Shape
    : Shape;

/** Reduction along one axis. */
export type ArgReduced<S extends Shape, Keep> = Reduced<S, Keep, readonly [number]>;

type Reversed<S extends Shape> = S extends readonly [infer First extends Dim, ...infer Rest extends Shape]
  ? [...Reversed<Rest>, First]
  : [];

type Permuted<S extends Shape, Perm extends readonly number[]> = {
  -readonly [K in keyof Perm]: `${Perm[K]}` extends keyof S ? Extract<S[`${Perm[K]}`], Dim> : number;
};

export type Transposed<S extends Shape, Perm extends readonly number[] | undefined> = number extends S["length"]
  ? Shape
  : Perm extends readonly number[]
    ? number extends Perm["length"]
      ? SameRank<S>
      : Permuted<S, Perm>
    : Reversed<S>;

/** A shape given by numbers; -1 and 0 are sizes to be found. */
export type Target<T> = T extends readonly (number | bigint)[]
  ? { -readonly [K in keyof T]: T[K] extends 0 | -1 | bigint ? number : T[K] extends number ? T[K] : number }
  : Shape;

export type Flattened<S extends Shape, Axis> = Axis extends 1
  ? [S extends readonly [infer N extends Dim, ...Shape] ? N : number, number]
  : [number, number];

export type Gathered<S extends Shape, I extends Shape, Axis> = number extends S["length"] | I["length"]
  ? Shape
  : S extends readonly [Dim, ...infer Rest extends Shape]
    ? Axis extends 0
      ? [...I, ...Rest]
      : SameRank<[...I, ...Rest]>
    : Shape;

export type Unsqueezed<S extends Shape, Axes> = number extends S["length"]
  ? Shape
  : Axes extends readonly unknown[]
    ? number extends Axes["length"]
      ? Shape
      : SameRank<[...S, ...{ [K in keyof Axes]: 1 }]>
    : Shape;

export type Squeezed<S extends Shape, Axes> = Axes extends readonly [unknown, ...unknown[]]
  ? number extends S["length"] | Axes["length"]
    ? Shape
    : Shorter<S, Axes>
  : Shape;
