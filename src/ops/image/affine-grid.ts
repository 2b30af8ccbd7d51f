import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { fromNumbers, toIntegers, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const affineGrid = operator({
  name: "AffineGrid",
  since: [20],
  doc: "The sampling grid of an affine transformation, as GridSample takes it: N,H,W,2 or N,D,H,W,3.",
  inputs: [
    { name: "theta", type: "T1", doc: "N,2,3 or N,3,4: the matrices." },
    { name: "size", type: "int64", doc: "N,C,H,W or N,C,D,H,W of the image to make." },
  ],
  outputs: [{ name: "grid", type: "T1" }],
  attributes: { align_corners: { type: "int", default: 0, doc: "1: -1 and 1 are the centres of the corner pixels." } },
  infer(c) {
    const size = knownDims(c, 1);
    const theta = c.shape(0);
    const known = size ? [size[0]!, ...size.slice(2), size.length - 2] : undefined;
    const rank = theta?.[1];
    const fallback =
      typeof rank === "number" ? [theta![0]!, ...Array.from({ length: rank }, () => c.freshDim()), rank] : undefined;
    c.output(0, tensorType(c.dtype(0), known ?? fallback));
  },
  reference(c) {
    const theta = c.tensor(0);
    const size = toIntegers(c.tensor(1));
    const dims = size.slice(2);
    const k = dims.length;
    const [batch = 0] = size;
    if (
      (k !== 2 && k !== 3) ||
      theta.rank !== 3 ||
      theta.shape[0] !== batch ||
      theta.shape[1] !== k ||
      theta.shape[2] !== k + 1
    )
      c.fail(
        "SHAPE",
        `theta is [${theta.shape.join(",")}], expected [${batch},${k},${k + 1}] for size [${size.join(",")}]`,
      );
    const matrix = toNumbers(theta);
    const points = sizeOf(dims);
    const out = new Float64Array(batch * points * k);
    const place = (i: number, length: number) =>
      c.attrs.align_corners ? (length === 1 ? -1 : (2 * i) / (length - 1) - 1) : (2 * i + 1) / length - 1;
    for (let n = 0; n < batch; n++)
      for (let p = 0; p < points; p++) {
        // Coordinates x, y(, z): the last axis first.
        const at: number[] = [];
        let rest = p;
        for (let axis = k - 1; axis >= 0; axis--) {
          at.push(place(rest % dims[axis]!, dims[axis]!));
          rest = Math.floor(rest / dims[axis]!);
        }
        for (let row = 0; row < k; row++) {
          const base = (n * k + row) * (k + 1);
          let sum = matrix[base + k]!;
          for (let i = 0; i < k; i++) sum += matrix[base + i]! * at[i]!;
          out[(n * points + p) * k + row] = sum;
        }
      }
    return [new Tensor(theta.dtype, [batch, ...dims, k], fromNumbers(theta.dtype, out))];
  },
  cost: perOutputElement(6),
});
