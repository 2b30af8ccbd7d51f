/** Quantised matrices less their zero points. */
import type { Tensor } from "../../base/tensor.ts";
import type { ReferenceContext } from "../operator.ts";
import { numbersOf } from "./numbers.ts";

/**
 * The values of a matrix (or stack of them) less their zero points: one for all, one a row (`along` = -2) or one a column
 * (-1). Errors: SHAPE.
 */
export function withoutZero(
  c: Pick<ReferenceContext, "fail">,
  x: Tensor,
  zeroPoint: Tensor | undefined,
  along: -1 | -2,
  name: string,
): Float64Array {
  const out = Float64Array.from(numbersOf(x));
  if (!zeroPoint) return out;
  const zeros = numbersOf(zeroPoint);
  if (zeros.length === 1) {
    for (let i = 0; i < out.length; i++) out[i]! -= zeros[0]!;
    return out;
  }
  const columns = x.shape[x.rank - 1] ?? 1;
  const rows = x.rank > 1 ? x.shape[x.rank - 2]! : 1;
  const expected = along === -1 ? columns : rows;
  // Besides [K] a zero point may be a stack of rows or columns, one for each matrix.
  const perMatrix = zeros.length === out.length / (along === -1 ? rows : columns);
  if (zeros.length !== expected && !perMatrix)
    c.fail("SHAPE", `${name} is [${zeroPoint.shape}], expected one element or ${expected} for [${x.shape}]`);
  for (let i = 0; i < out.length; i++) {
    const matrix = perMatrix ? Math.floor(i / (rows * columns)) : 0;
    const at = along === -1 ? i % columns : Math.floor(i / columns) % rows;
    out[i]! -= zeros[matrix * expected + at]!;
  }
  return out;
}
