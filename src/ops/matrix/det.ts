import { formatType, sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { fromNumbers, toNumbers } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

/** Determinant by elimination with row pivots; `m` is overwritten. */
function determinant(m: Float64Array, size: number): number {
  let product = 1;
  for (let k = 0; k < size; k++) {
    let pivot = k;
    for (let i = k + 1; i < size; i++) if (Math.abs(m[i * size + k]!) > Math.abs(m[pivot * size + k]!)) pivot = i;
    const value = m[pivot * size + k]!;
    if (value === 0) return 0;
    if (pivot !== k) {
      product = -product;
      for (let j = 0; j < size; j++) [m[k * size + j], m[pivot * size + j]] = [m[pivot * size + j]!, m[k * size + j]!];
    }
    product *= value;
    for (let i = k + 1; i < size; i++) {
      const factor = m[i * size + k]! / value;
      for (let j = k; j < size; j++) m[i * size + j]! -= factor * m[k * size + j]!;
    }
  }
  return product;
}

export const det = operator({
  name: "Det",
  since: [11, 22],
  doc: "Determinant of a square matrix, or of each of a stack of them.",
  inputs: [{ name: "X", type: "T", doc: "[…,M,M]." }],
  outputs: [{ name: "Y", type: "T", doc: "[…]." }],
  types: { T: floats },
  infer(c) {
    c.output(0, tensorType(c.dtype(0), c.shape(0)?.slice(0, -2)));
  },
  reference(c) {
    const x = c.tensor(0);
    const size = x.shape[x.rank - 1] ?? 0;
    if (x.rank < 2 || x.shape[x.rank - 2] !== size)
      c.fail("SHAPE", `input X is ${formatType(x.dtype, x.shape)}, expected square matrices: […,M,M]`);
    const shape = x.shape.slice(0, -2);
    const values = toNumbers(x);
    const out = Float64Array.from({ length: sizeOf(shape) }, (_, i) =>
      determinant(values.subarray(i * size * size, (i + 1) * size * size), size),
    );
    return [new Tensor(x.dtype, shape, fromNumbers(x.dtype, out))];
  },
});
