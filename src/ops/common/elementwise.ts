/**
 * What elementwise operators share: inference, and reference loops that take a formula. A formula works on doubles and is
 * rounded once; integer formulas that doubles would get wrong (64 bits, products) are given beside it.
 */
import { allocate, type DataArray, type DType } from "../../base/dtypes.ts";
import { type Dim, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import {
  type AttributeSpecs,
  type InferContext,
  type Operator,
  operator,
  type ReferenceContext,
  type SharedInferContext,
} from "../operator.ts";
import { broadcastDims, broadcastShapes, forEachRow, legacyShape } from "./broadcast.ts";
import { perOutputElement } from "./cost.ts";
import { fromNumbers, isBig, isEncodedFloat, numbersOf } from "./numbers.ts";

/** Output 0 has the type of input 0. */
export function sameAsInput(c: Pick<InferContext, "type" | "output">): void {
  const type = c.type(0);
  if (type) c.output(0, type);
}

/** Collects doubles for a tensor of `dtype` without a second copy where the dtype's own array rounds them. */
export function collector(dtype: DType, count: number): { values: { [index: number]: number }; done(): DataArray } {
  const direct = !isBig(dtype) && !isEncodedFloat(dtype) && !["bool", "int4", "uint4", "int2", "uint2"].includes(dtype);
  const values = direct ? (allocate(dtype, count) as Float32Array) : new Float64Array(count);
  return { values, done: () => (direct ? (values as DataArray) : fromNumbers(dtype, values as Float64Array)) };
}

/** f of every element, as a tensor of `dtype` (default: the input's). */
export function mapElements(x: Tensor, f: (value: number) => number, dtype: DType = x.dtype): Tensor {
  const from = numbersOf(x);
  const { values, done } = collector(dtype, from.length);
  for (let i = 0; i < from.length; i++) values[i] = f(from[i]!);
  return new Tensor(dtype, x.shape, done());
}

/** A reference for a unary formula over numbers; the result is rounded to the tensor's dtype. */
export function elementwise(f: (x: number) => number) {
  return (c: Pick<ReferenceContext, "tensor">): [Tensor] => [mapElements(c.tensor(0), f)];
}

interface UnarySpec {
  readonly name: string;
  readonly since: readonly number[];
  readonly doc: string;
  readonly types: readonly DType[];
  readonly f: (x: number) => number;
  /** For 64-bit integers, where a double would lose bits. Absent: whole numbers are returned as they are. */
  readonly big?: (x: bigint) => bigint;
  /** Arithmetic an element costs. Default 1. */
  readonly flops?: number;
  readonly domain?: string;
}

/** An operator of one input and one formula without parameters. */
export function unaryOperator(spec: UnarySpec): Operator {
  const { name, since, doc, types, f, big, flops = 1, domain = "" } = spec;
  const legacy = since[0] === 1 && since.includes(6);
  return operator({
    name,
    domain,
    since,
    doc,
    inputs: [{ name: "X", type: "T" }],
    outputs: [{ name: "Y", type: "T" }],
    attributes: (legacy ? { consumed_inputs: { type: "ints", until: 5 } } : {}) as AttributeSpecs,
    types: { T: types },
    infer: sameAsInput,
    reference(c) {
      const x = c.tensor(0);
      if (!isBig(x.dtype)) return [mapElements(x, f)];
      const data = x.data as BigInt64Array;
      return [new Tensor(x.dtype, x.shape, (big ? data.map(big) : data.slice()) as BigInt64Array)];
    },
    cost: perOutputElement(flops),
  });
}

/** Formulas of a binary operator by the arithmetic they need. */
export interface BinaryFormula {
  readonly number: (a: number, b: number) => number;
  /** For integers of at most 32 bits; default `number`. */
  readonly int?: (a: number, b: number) => number;
  /** For int64 and uint64; the result wraps. Default: `number` over doubles. */
  readonly big?: (a: bigint, b: bigint) => bigint;
  /** For strings and other elements compared as they are. */
  readonly raw?: (a: unknown, b: unknown) => number;
}

/** Inputs a and b, b laid against a as the node's version says, combined element by element. */
export function combine(
  c: Pick<ReferenceContext, "fail">,
  a: Tensor,
  b: Tensor,
  formula: BinaryFormula,
  dtype: DType = a.dtype,
  bShape: readonly number[] = b.shape,
): Tensor {
  const shape = broadcastShapes(c, [a.shape, bShape]);
  const count = sizeOf(shape);
  const run = <E, R>(x: { [i: number]: E }, y: { [i: number]: E }, out: { [i: number]: R }, f: (p: E, q: E) => R) =>
    forEachRow(shape, [a.shape, bShape], (at, [ia, ib], length, [sa, sb]) => {
      let p = ia!;
      let q = ib!;
      for (let i = at; i < at + length; i++) {
        out[i] = f(x[p]!, y[q]!);
        p += sa!;
        q += sb!;
      }
    });
  if (formula.raw && (a.dtype === "string" || isBig(a.dtype))) {
    const out = allocate(dtype, count);
    run(a.data as never, b.data as never, out as never, formula.raw as never);
    return new Tensor(dtype, shape, out);
  }
  if (isBig(a.dtype) && isBig(b.dtype) && formula.big) {
    const out = allocate(dtype, count);
    run(a.data as BigInt64Array, b.data as BigInt64Array, out as BigInt64Array, formula.big);
    return new Tensor(dtype, shape, out);
  }
  const integral = !isEncodedFloat(a.dtype) && a.dtype !== "float32" && a.dtype !== "float64";
  const { values, done } = collector(dtype, count);
  run(numbersOf(a), numbersOf(b), values, (integral && formula.int) || formula.number);
  return new Tensor(dtype, shape, done());
}

/** Attributes of the arithmetic operators before opset 7. */
export const legacyBroadcast = {
  broadcast: { type: "int", default: 0, until: 6, doc: "1: B may be repeated to the shape of A." },
  axis: { type: "int", until: 6, doc: "Where the first dimension of B lies in A." },
  consumed_inputs: { type: "ints", until: 5, doc: "Legacy in-place hint; ignored." },
} as const;

interface BinarySpec extends BinaryFormula {
  readonly name: string;
  readonly since: readonly number[];
  readonly doc: string;
  readonly types: readonly DType[];
  /** The result's dtype where it is not that of the inputs. */
  readonly result?: DType;
  readonly flops?: number;
  /** The same on sizes and symbols, for shape arithmetic. */
  readonly dims?: (a: Dim, b: Dim) => Dim | undefined;
  /** A check of the operands before the loop. */
  readonly check?: (c: ReferenceContext, a: Tensor, b: Tensor) => void;
}

/** Type of a two-input operator with broadcasting, old rule included. */
export function inferBroadcast(
  c: SharedInferContext,
  result?: DType,
  legacy?: { readonly broadcast?: number; readonly axis?: number },
  dims?: (a: Dim, b: Dim) => Dim | undefined,
): void {
  const [a, b] = [c.shape(0), c.shape(1)];
  const old = legacy && c.version < 7;
  if (c.type(0)?.kind === "tensor" && c.type(1)?.kind === "tensor" && c.dtype(0) !== c.dtype(1))
    c.fail("DTYPE", `inputs are ${c.dtype(0)} and ${c.dtype(1)}, expected one type`, "insert a Cast");
  const dtype = result ?? (c.type(0)?.kind === "tensor" ? c.dtype(0) : c.dtype(1));
  if (old) {
    if (a && b) legacyShape(c, a, b, legacy);
    c.output(0, tensorType(dtype, a));
  } else c.output(0, tensorType(dtype, broadcastDims(c, [a, b])), dims && combineDims(c, dims));
}

/** Shape arithmetic: the elements of both inputs as sizes or symbols, combined; undefined where something is unknown. */
export function combineDims(
  c: Pick<InferContext, "dims" | "shape">,
  f: (a: Dim, b: Dim) => Dim | undefined,
): Dim[] | undefined {
  const [a, b] = [c.dims(0), c.dims(1)];
  if (!a || !b || (a.length !== b.length && a.length !== 1 && b.length !== 1)) return undefined;
  const out: Dim[] = [];
  for (let i = 0; i < (a.length === 1 ? b.length : a.length); i++) {
    const dim = f(a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!);
    if (dim === undefined) return undefined;
    out.push(dim);
  }
  return out;
}

/** An operator of two inputs of one dtype with broadcasting. */
export function binaryOperator(spec: BinarySpec): Operator {
  const { name, since, doc, types, result, flops = 1, check, dims } = spec;
  const legacy = since[0] === 1;
  return operator({
    name,
    since,
    doc,
    inputs: [
      { name: "A", type: "T" },
      { name: "B", type: "T" },
    ],
    outputs: [{ name: "C", type: result ?? "T" }],
    attributes: (legacy ? legacyBroadcast : {}) as AttributeSpecs,
    types: { T: types },
    typing: "broadcast",
    infer: (c) => inferBroadcast(c, result, legacy ? c.attrs : undefined, dims),
    reference(c) {
      const [a, b] = [c.tensor(0), c.tensor(1)];
      if (a.dtype !== b.dtype)
        c.fail("DTYPE", `inputs are ${a.dtype} and ${b.dtype}, expected one type`, "insert a Cast");
      check?.(c, a, b);
      const shape = legacy && c.version < 7 ? legacyShape(c, a.shape, b.shape, c.attrs as never) : b.shape;
      return [combine(c, a, b, spec, result ?? a.dtype, shape)];
    },
    cost: perOutputElement(flops),
  });
}
