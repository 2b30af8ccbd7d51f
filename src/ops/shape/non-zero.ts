import { stridesOf } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import { int64Tensor } from "../common/elements.ts";
import { isBig, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const nonZero = operator({
  name: "NonZero",
  since: [9, 13],
  doc: "Coordinates of the elements that are not 0, in row-major order: [rank, count].",
  inputs: [{ name: "X", type: "T" }],
  outputs: [{ name: "Y", type: "int64" }],
  dataDependent: () => true,
  infer(c) {
    c.output(0, tensorType("int64", [c.shape(0)?.length ?? c.freshDim(), c.freshDim()]));
  },
  reference(c) {
    const x = c.tensor(0);
    const values = isBig(x.dtype) ? (x.data as BigInt64Array) : toNumbers(x);
    const found: number[] = [];
    for (let i = 0; i < values.length; i++) if (values[i] !== 0 && values[i] !== 0n) found.push(i);
    const strides = stridesOf(x.shape);
    const rows = strides.map((stride, axis) => found.map((i) => Math.floor(i / stride) % x.shape[axis]!));
    return [int64Tensor(rows.flat(), [x.rank, found.length])];
  },
});
