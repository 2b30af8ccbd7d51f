import { isAtLeast } from "../../base/dims.ts";
import type { Dim } from "../../base/shapes.ts";
import { freshShape, knownDims, outputLike } from "../common/axes.ts";
import { repeatStrides } from "../common/broadcast.ts";
import { strided } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const expand = operator({
  name: "Expand",
  since: [8, 13],
  doc: "Repeats a tensor along its axes of size 1, and along new leading axes, to reach a shape. A size of 1 in the shape keeps the tensor's own.",
  inputs: [
    { name: "input", type: "T" },
    { name: "shape", type: "int64", doc: "1-D: the shape to broadcast with." },
  ],
  outputs: [{ name: "output", type: "T" }],
  typing: "expand",
  infer(c) {
    const from = c.shape(0);
    const target = knownDims(c, 1);
    if (!from || !target) {
      const length = c.shape(1)?.[0];
      const known = from && typeof length === "number" ? Math.max(from.length, length) : undefined;
      return outputLike(c, 0, known === undefined ? undefined : freshShape(c, known));
    }
    const rank = Math.max(from.length, target.length);
    const shape: Dim[] = [];
    for (let axis = 0; axis < rank; axis++) {
      const a = from[axis - rank + from.length] ?? 1;
      const b = target[axis - rank + target.length] ?? 1;
      if (a === 1) shape.push(b);
      else if (b === 1 || a === b) shape.push(a);
      else if (typeof a === "number" && typeof b === "number")
        c.fail("SHAPE", `input[${from.join(",")}] does not broadcast with shape [${target.join(",")}]`);
      else if (isAtLeast(a, 2)) shape.push(a);
      else shape.push(isAtLeast(b, 2) ? b : c.freshDim());
    }
    outputLike(c, 0, shape);
  },
  reference(c) {
    const input = c.tensor(0);
    const target = toIntegers(c.tensor(1));
    const rank = Math.max(input.rank, target.length);
    const shape = Array.from({ length: rank }, (_, axis) => {
      const a = input.shape[axis - rank + input.rank] ?? 1;
      const b = target[axis - rank + target.length] ?? 1;
      if (b < 0 || (a !== 1 && b !== 1 && a !== b))
        c.fail("SHAPE", `input[${input.shape.join(",")}] does not broadcast with shape [${target.join(",")}]`);
      return a === 1 ? b : a;
    });
    return [strided(input, shape, repeatStrides(input.shape, shape))];
  },
});
