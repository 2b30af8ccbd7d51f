import { addDims } from "../../base/dims.ts";
import type { Dim } from "../../base/shapes.ts";
import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { freshShape, knownDims, knownIntegers, optionalIntegers, outputLike, resolveAxes } from "../common/axes.ts";
import { offsetsByAxis, take } from "../common/elements.ts";
import { fromNumbers, toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

/** Position in the input that an output position left or right of it repeats; -1 for a constant. */
const outside: Record<string, (at: number, size: number) => number> = {
  constant: () => -1,
  edge: (at, size) => Math.min(size - 1, Math.max(0, at)),
  reflect(at, size) {
    if (size === 1) return 0;
    const period = 2 * (size - 1);
    const folded = ((at % period) + period) % period;
    return folded < size ? folded : period - folded;
  },
  wrap: (at, size) => ((at % size) + size) % size,
};

export const pad = operator({
  name: "Pad",
  since: [1, 2, 11, 13, 18, 19, 21, 23, 24, 25],
  doc: "Puts elements before and after a tensor along its axes (or takes them away, where a pad is negative): a constant, the edge, a reflection, or the tensor again.",
  inputs: [
    { name: "data", type: "T" },
    { name: "pads", type: "int64", since: 11, doc: "1-D: all begins, then all ends." },
    {
      name: "constant_value",
      type: "T",
      optional: true,
      since: 11,
      doc: 'Scalar for mode constant; default 0, false or "".',
    },
    { name: "axes", type: "Tind", optional: true, since: 18, doc: "Axes that pads speaks of (default: all)." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    mode: { type: "string", default: "constant", doc: "constant, reflect, edge or wrap (19)." },
    pads: { type: "ints", since: 2, until: 2 },
    paddings: { type: "ints", until: 1 },
    value: { type: "float", default: 0, until: 2 },
  },
  types: { Tind: ["int32", "int64"] },
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    if (!shape) return outputLike(c, 0, undefined);
    const pads = c.version >= 11 ? knownDims(c, 1) : (c.attrs.pads ?? c.attrs.paddings);
    const given = c.version >= 18 ? knownIntegers(c, 3) : undefined;
    if (!pads || (c.version >= 18 && c.type(3) && !given)) return outputLike(c, 0, freshShape(c, shape.length));
    const axes = resolveAxes(c, given ?? shape.map((_, axis) => axis), shape.length);
    if (pads.length !== 2 * axes.length)
      c.fail("SHAPE", `pads has ${pads.length} elements, expected ${2 * axes.length}: begins, then ends`);
    const result: Dim[] = [...shape];
    axes.forEach((axis, i) => {
      result[axis] = addDims(shape[axis]!, addDims(pads[i]!, pads[axes.length + i]!));
    });
    outputLike(c, 0, result);
  },
  reference(c) {
    const data = c.tensor(0);
    const { rank } = data;
    const given = c.version >= 11 ? toIntegers(c.tensor(1)) : [...(c.attrs.pads ?? c.attrs.paddings ?? [])];
    const axes = resolveAxes(c, (c.version >= 18 && optionalIntegers(c, 3)) || data.shape.map((_, axis) => axis), rank);
    if (given.length !== 2 * axes.length)
      c.fail("SHAPE", `pads has ${given.length} elements, expected ${2 * axes.length}: begins, then ends`);
    const begin = new Array<number>(rank).fill(0);
    const shape = [...data.shape];
    axes.forEach((axis, i) => {
      begin[axis] = given[i]!;
      shape[axis] = data.shape[axis]! + given[i]! + given[axes.length + i]!;
    });
    if (shape.some((dim) => dim < 0))
      c.fail("VALUE", `pads [${given.join(",")}] leave [${shape.join(",")}] of data[${data.shape.join(",")}]`);
    const { mode } = c.attrs;
    const from =
      outside[mode] ??
      c.fail("ATTRIBUTE", `mode is ${JSON.stringify(mode)}, expected ${Object.keys(outside).join(", ")}`);
    if (mode !== "constant" && data.size === 0 && sizeOf(shape) > 0)
      c.fail("SHAPE", `data[${data.shape.join(",")}] has no elements to ${mode}`);
    const sources = offsetsByAxis(shape, stridesOf(data.shape), (axis, i) => {
      const at = i - begin[axis]!;
      const size = data.shape[axis]!;
      return at >= 0 && at < size ? at : from(at, size);
    });
    const value = c.version >= 11 ? c.optionalTensor(2) : undefined;
    const old = c.version < 11 ? c.attrs.value : 0;
    const fill =
      value && value.size > 0
        ? value
        : old
          ? new Tensor(data.dtype, [], fromNumbers(data.dtype, Float64Array.of(old)))
          : undefined;
    return [take(data, shape, sources, fill)];
  },
});
