import type { Dim } from "../../base/shapes.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims, resolveAxis } from "../common/axes.ts";
import { take } from "../common/elements.ts";
import { toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const oneHot = operator({
  name: "OneHot",
  since: [9, 11],
  doc: "A new axis of size depth that holds on_value at each index and off_value elsewhere. Indices outside [-depth, depth-1] give no on_value.",
  inputs: [
    { name: "indices", type: "T1" },
    { name: "depth", type: "T2", doc: "Scalar." },
    { name: "values", type: "T3", doc: "[off_value, on_value]." },
  ],
  outputs: [{ name: "output", type: "T3" }],
  attributes: { axis: { type: "int", default: -1, doc: "Position of the new axis in the output." } },
  infer(c) {
    const indices = c.shape(0);
    const dtype = c.dtype(2);
    if (!indices) return c.output(0, tensorType(dtype));
    const constant = c.constant(1);
    const depth: Dim = knownDims(c, 1)?.[0] ?? (constant?.size === 1 ? Number(toNumbers(constant)[0]) : c.freshDim());
    const axis = resolveAxis(c, c.attrs.axis, indices.length + 1);
    c.output(0, tensorType(dtype, [...indices.slice(0, axis), depth, ...indices.slice(axis)]));
  },
  reference(c) {
    const indices = c.tensor(0);
    const values = c.tensor(2);
    const depth = Math.trunc(toNumbers(c.tensor(1))[0] ?? Number.NaN);
    if (!(depth >= 0) || values.size !== 2)
      c.fail("VALUE", `depth is ${depth} and values has ${values.size} elements, expected a size and 2 elements`);
    const axis = resolveAxis(c, c.attrs.axis, indices.rank + 1);
    const inner = indices.shape.slice(axis).reduce((size, dim) => size * dim, 1);
    const at = toNumbers(indices);
    const sources = new Uint8Array(at.length * depth);
    at.forEach((raw, i) => {
      const index = Math.trunc(raw) < 0 ? Math.trunc(raw) + depth : Math.trunc(raw);
      if (index < 0 || index >= depth) return;
      const outer = Math.floor(i / inner);
      sources[(outer * depth + index) * inner + (i % inner)] = 1;
    });
    return [take(values, indices.shape.toSpliced(axis, 0, depth), sources)];
  },
});
