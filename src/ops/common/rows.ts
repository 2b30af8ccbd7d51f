/** Products of rows of features with rows of coefficients, as the linear operators and the machines of ai.onnx.ml take them. */
import type { Tensor } from "../../base/tensor.ts";

type Failing = { fail(code: "SHAPE" | "VALUE" | "ATTRIBUTE", message: string): never };

/** Number of rows and features of X[N,features] or X[features]. */
export function rowsOf(c: Failing, x: Tensor): { rows: number; features: number } {
  if (x.rank !== 1 && x.rank !== 2) c.fail("SHAPE", `X is [${x.shape}], expected [N,features] or [features]`);
  return { rows: x.rank === 1 ? 1 : x.shape[0]!, features: x.shape[x.rank - 1]! };
}

/** Σ a[aRow·width + k] · b[bRow·width + k] over k. */
export function dot(a: ArrayLike<number>, aRow: number, b: ArrayLike<number>, bRow: number, width: number): number {
  let sum = 0;
  for (let k = 0; k < width; k++) sum += a[aRow * width + k]! * b[bRow * width + k]!;
  return sum;
}
