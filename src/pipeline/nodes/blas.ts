/**
 * Linear algebra on tensors: vectors [n] and matrices [m,n], float32 or float64. Products of float32 matrices run on the engine's
 * kernel where there is an addon; everything else is summed in double precision and rounded once.
 */
import { InferlabError } from "../../base/errors.ts";
import { formatType } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { callNative } from "./native.ts";
import { node } from "./node.ts";

type Real = Tensor<"float32"> | Tensor<"float64">;

const tensorPort = (name: string) => ({ name, kind: "tensor" }) as const;

function expectReal(name: string, operands: Readonly<Record<string, Tensor>>, rank: number): void {
  const first = Object.values(operands)[0]!;
  for (const [operand, tensor] of Object.entries(operands)) {
    if (tensor.dtype !== "float32" && tensor.dtype !== "float64")
      throw new InferlabError(
        "ARGUMENT",
        `${name}: ${operand} is ${formatType(tensor.dtype, tensor.shape)}, expected float32 or float64`,
      );
    if (tensor.dtype !== first.dtype)
      throw new InferlabError(
        "ARGUMENT",
        `${name}: ${operand} is ${tensor.dtype} and the first operand ${first.dtype}, expected one type`,
      );
    if (rank > 0 && tensor.rank !== rank)
      throw new InferlabError(
        "ARGUMENT",
        `${name}: ${operand} is ${formatType(tensor.dtype, tensor.shape)}, expected rank ${rank}`,
      );
  }
}

const mismatch = (name: string, a: Tensor, b: Tensor): InferlabError =>
  new InferlabError(
    "ARGUMENT",
    `${name}: ${formatType(a.dtype, a.shape)} and ${formatType(b.dtype, b.shape)} do not fit`,
  );

const realLike = <T extends Real>(like: T, shape: readonly number[], data: Float64Array): T =>
  (like.dtype === "float32"
    ? new Tensor("float32", shape, Float32Array.from(data))
    : new Tensor("float64", shape, data)) as T;

export interface GemmOptions<T = Real> {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  readonly alpha?: number;
  /** Factor on `c`. Default 1 where c is given. */
  readonly beta?: number;
  /** Added: as large as the product. */
  readonly c?: T;
}

const gemmParameters = {
  transposeA: { type: "boolean", default: false, about: "A is given as its transpose" },
  transposeB: { type: "boolean", default: false, about: "B is given as its transpose" },
  alpha: { type: "number", default: 1, about: "factor on the product" },
  beta: { type: "number", default: 1, about: "factor on c" },
  c: { type: "any", optional: "nothing is added", about: "a tensor as large as the product, added" },
} as const;

/** Products of `batch` matrices one after the other. */
function product<T extends Real>(
  name: string,
  a: T,
  b: T,
  batch: number,
  shape: readonly number[],
  options: GemmOptions<T>,
): T {
  const { transposeA = false, transposeB = false, alpha = 1, c } = options;
  const beta = c ? (options.beta ?? 1) : 0;
  const [a0, a1] = a.shape.slice(-2) as [number, number];
  const [b0, b1] = b.shape.slice(-2) as [number, number];
  const [m, k] = transposeA ? [a1, a0] : [a0, a1];
  const [k2, n] = transposeB ? [b1, b0] : [b0, b1];
  if (k !== k2) throw mismatch(name, a, b);
  const out = [...shape, m, n];
  if (c && c.shape.join() !== out.join()) throw mismatch(name, a, c);
  const [ar, ac] = transposeA ? [1, a1] : [a1, 1];
  const [br, bc] = transposeB ? [1, b1] : [b1, 1];
  if (a.dtype === "float32" && k > 0 && m > 0 && n > 0) {
    const data = new Float32Array(batch * m * n);
    const params = [batch, m, n, k, ar, ac, br, bc, alpha, beta];
    const third = c ? (c.data as Float32Array) : new Float32Array(0);
    if (callNative("gemm", params, [a.data as Float32Array, b.data as Float32Array, third], [data]))
      return new Tensor("float32", out, data) as T;
  }
  const data = new Float64Array(batch * m * n);
  for (let s = 0, to = 0; s < batch; s++)
    for (let i = 0; i < m; i++)
      for (let j = 0; j < n; j++, to++) {
        let sum = 0;
        for (let t = 0; t < k; t++) sum += a.data[s * m * k + i * ar + t * ac]! * b.data[s * k * n + t * br + j * bc]!;
        data[to] = alpha * sum + (c ? beta * c.data[to]! : 0);
      }
  return realLike(a, out, data);
}

export const gemm = node(
  {
    name: "gemm",
    group: "linear algebra",
    about: "The matrix alpha · A · B + beta · c of two matrices, each optionally given as its transpose.",
    inputs: [tensorPort("a"), tensorPort("b")],
    output: "tensor",
    parameters: gemmParameters,
    example: "gemm(matrix, matrix, { transposeB: true })",
    source: "Dongarra et al., A set of level 3 basic linear algebra subprograms (1990)",
  },
  <T extends Real>(a: T, b: T, options: GemmOptions<T> = {}): T => {
    expectReal("gemm", { a, b, ...(options.c ? { c: options.c } : {}) }, 2);
    return product("gemm", a, b, 1, [], options);
  },
);

export const batchedGemm = node(
  {
    name: "batchedGemm",
    group: "linear algebra",
    about: "The products alpha · A[i] · B[i] + beta · c[i] of two stacks [batch,m,k] and [batch,k,n] of matrices.",
    inputs: [tensorPort("a"), tensorPort("b")],
    output: "tensor",
    parameters: gemmParameters,
    example: "batchedGemm(matrices, matrices)",
  },
  <T extends Real>(a: T, b: T, options: GemmOptions<T> = {}): T => {
    expectReal("batchedGemm", { a, b, ...(options.c ? { c: options.c } : {}) }, 3);
    if (a.shape[0] !== b.shape[0]) throw mismatch("batchedGemm", a, b);
    return product("batchedGemm", a, b, a.shape[0]!, [a.shape[0]!], options);
  },
);

export const int8Gemm = node(
  {
    name: "int8Gemm",
    group: "linear algebra",
    about:
      "The exact product int32[m,n] of int8 or uint8 matrices [m,k] and [k,n], zero points taken off first. Sums beyond 32 bits wrap around.",
    inputs: [tensorPort("a"), tensorPort("b")],
    output: "tensor",
    parameters: {
      zeroA: { type: "integer", default: 0, about: "what stands for 0 in A" },
      zeroB: { type: "integer", default: 0, about: "what stands for 0 in B" },
    },
    example: "int8Gemm(bytesMatrix, bytesMatrix, { zeroA: 128 })",
  },
  (
    a: Tensor,
    b: Tensor,
    { zeroA = 0, zeroB = 0 }: { readonly zeroA?: number; readonly zeroB?: number } = {},
  ): Tensor<"int32"> => {
    for (const t of [a, b])
      if ((t.dtype !== "int8" && t.dtype !== "uint8") || t.rank !== 2)
        throw new InferlabError(
          "ARGUMENT",
          `int8Gemm: a matrix is ${formatType(t.dtype, t.shape)}, expected int8 or uint8 [m,n]`,
        );
    const [m, k] = a.shape as [number, number];
    const [k2, n] = b.shape as [number, number];
    if (k !== k2) throw mismatch("int8Gemm", a, b);
    const [x, y] = [a.data as Int8Array, b.data as Int8Array];
    const out = new Int32Array(m * n);
    for (let i = 0; i < m; i++)
      for (let t = 0; t < k; t++) {
        const factor = x[i * k + t]! - zeroA;
        for (let j = 0; j < n; j++) out[i * n + j] = out[i * n + j]! + Math.imul(factor, y[t * n + j]! - zeroB);
      }
    return new Tensor("int32", [m, n], out);
  },
);

export const gemv = node(
  {
    name: "gemv",
    group: "linear algebra",
    about: "The vector alpha · A · x of a matrix [m,n] and a vector [n].",
    inputs: [tensorPort("a"), tensorPort("x")],
    output: "tensor",
    parameters: {
      transpose: { type: "boolean", default: false, about: "the transpose of A instead" },
      alpha: { type: "number", default: 1, about: "factor" },
    },
    example: "gemv(matrix, vector)",
    source: "Dongarra et al., An extended set of Fortran basic linear algebra subprograms (1988)",
  },
  <T extends Real>(
    a: T,
    x: T,
    { transpose = false, alpha = 1 }: { readonly transpose?: boolean; readonly alpha?: number } = {},
  ): T => {
    expectReal("gemv", { a }, 2);
    expectReal("gemv", { a, x }, 0);
    const [rows, columns] = a.shape as [number, number];
    const [m, n] = transpose ? [columns, rows] : [rows, columns];
    if (x.rank !== 1 || x.size !== n) throw mismatch("gemv", a, x);
    const [row, column] = transpose ? [1, columns] : [columns, 1];
    return realLike(
      a,
      [m],
      Float64Array.from({ length: m }, (_, i) => {
        let sum = 0;
        for (let j = 0; j < n; j++) sum += a.data[i * row + j * column]! * x.data[j]!;
        return alpha * sum;
      }),
    );
  },
);

export const axpy = node(
  {
    name: "axpy",
    group: "linear algebra",
    about: "The sum alpha · x + y of two tensors of one shape.",
    inputs: [tensorPort("x"), tensorPort("y")],
    output: "tensor",
    parameters: { alpha: { type: "number", default: 1, about: "factor on x" } },
    example: "axpy(vector, vector, { alpha: -0.5 })",
    source: "Lawson et al., Basic linear algebra subprograms for Fortran usage (1979)",
  },
  <T extends Real>(x: T, y: T, { alpha = 1 }: { readonly alpha?: number } = {}): T => {
    expectReal("axpy", { x, y }, 0);
    if (x.shape.join() !== y.shape.join()) throw mismatch("axpy", x, y);
    return realLike(
      x,
      x.shape,
      Float64Array.from({ length: x.size }, (_, i) => alpha * x.data[i]! + y.data[i]!),
    );
  },
);

export const dot = node(
  {
    name: "dot",
    group: "linear algebra",
    about: "The sum of the products of two tensors' elements.",
    inputs: [tensorPort("x"), tensorPort("y")],
    output: "number",
    parameters: {},
    example: "dot(vector, vector)",
  },
  <T extends Real>(x: T, y: T): number => {
    expectReal("dot", { x, y }, 0);
    if (x.size !== y.size) throw mismatch("dot", x, y);
    let sum = 0;
    for (let i = 0; i < x.size; i++) sum += x.data[i]! * y.data[i]!;
    return sum;
  },
);

export const nrm2 = node(
  {
    name: "nrm2",
    group: "linear algebra",
    about: "The Euclidean length of a tensor's elements; no overflow on the way.",
    inputs: [tensorPort("x")],
    output: "number",
    parameters: {},
    example: "nrm2(vector)",
    source: "Blue, A portable Fortran program to find the Euclidean norm of a vector (1978)",
  },
  (x: Real): number => {
    expectReal("nrm2", { x }, 0);
    let [scale, sum] = [0, 1];
    for (let i = 0; i < x.size; i++) {
      const v = Math.abs(x.data[i]!);
      if (Number.isNaN(v)) return Number.NaN;
      if (v === Number.POSITIVE_INFINITY) return v;
      if (v > scale) [scale, sum] = [v, 1 + sum * (scale / v) ** 2];
      else if (v > 0) sum += (v / scale) ** 2;
    }
    return scale * Math.sqrt(sum);
  },
);

export const scal = node(
  {
    name: "scal",
    group: "linear algebra",
    about: "The tensor alpha · x.",
    inputs: [tensorPort("x")],
    output: "tensor",
    parameters: { alpha: { type: "number", about: "factor" } },
    example: "scal(vector, { alpha: 2 })",
  },
  <T extends Real>(x: T, { alpha }: { readonly alpha: number }): T => {
    expectReal("scal", { x }, 0);
    return realLike(
      x,
      x.shape,
      Float64Array.from({ length: x.size }, (_, i) => alpha * x.data[i]!),
    );
  },
);

export const trsm = node(
  {
    name: "trsm",
    group: "linear algebra",
    about: "X of A · X = alpha · B for a triangular matrix A [n,n] and B [n,m]; the other triangle of A is not read.",
    inputs: [tensorPort("a"), tensorPort("b")],
    output: "tensor",
    parameters: {
      triangle: { type: "text", choices: ["lower", "upper"], default: "lower", about: "where A is not 0" },
      unit: { type: "boolean", default: false, about: "A's diagonal counts as 1 and is not read" },
      alpha: { type: "number", default: 1, about: "factor on B" },
    },
    example: "trsm(matrix, matrix, { unit: true })",
    source: "Dongarra et al., A set of level 3 basic linear algebra subprograms (1990)",
  },
  <T extends Real>(
    a: T,
    b: T,
    options: { readonly triangle?: "lower" | "upper"; readonly unit?: boolean; readonly alpha?: number } = {},
  ): T => {
    const { triangle = "lower", unit = false, alpha = 1 } = options;
    expectReal("trsm", { a, b }, 2);
    const [n, columns] = a.shape as [number, number];
    const [rows, m] = b.shape as [number, number];
    if (n !== columns || rows !== n) throw mismatch("trsm", a, b);
    const x = Float64Array.from({ length: n * m }, (_, i) => alpha * b.data[i]!);
    for (let step = 0; step < n; step++) {
      const i = triangle === "lower" ? step : n - 1 - step;
      const pivot = unit ? 1 : a.data[i * n + i]!;
      if (pivot === 0)
        throw new InferlabError("VALUE", `trsm: element [${i},${i}] of A's diagonal is 0, the system has no solution`);
      for (let j = 0; j < m; j++) {
        let sum = x[i * m + j]!;
        for (let t = 0; t < step; t++) {
          const k = triangle === "lower" ? t : n - 1 - t;
          sum -= a.data[i * n + k]! * x[k * m + j]!;
        }
        x[i * m + j] = sum / pivot;
      }
    }
    return realLike(a, [n, m], x);
  },
);
