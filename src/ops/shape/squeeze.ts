import { knownIntegers, optionalIntegers, outputLike, resolveAxes } from "../common/axes.ts";
import { free } from "../common/cost.ts";
import { reshaped } from "../common/elements.ts";
import { operator } from "../operator.ts";

export const squeeze = operator({
  name: "Squeeze",
  since: [1, 11, 13, 21, 23, 24, 25],
  doc: "Takes away axes of size 1: those given, or all of them.",
  inputs: [
    { name: "data", type: "T" },
    {
      name: "axes",
      type: "int64",
      optional: true,
      since: 13,
      doc: "Axes to take away; negative ones count from the end.",
    },
  ],
  outputs: [{ name: "squeezed", type: "T" }],
  attributes: { axes: { type: "ints", until: 11 } },
  typing: "squeeze",
  infer(c) {
    const shape = c.shape(0);
    const given = c.version >= 13 ? knownIntegers(c, 1) : c.attrs.axes;
    const unknownAxes = c.version >= 13 && c.type(1) !== undefined && !given;
    // Without axes every dimension of 1 goes, so a symbol's fate is open.
    if (!shape || unknownAxes || (!given && shape.some((dim) => typeof dim === "string")))
      return outputLike(c, 0, undefined);
    const axes = given ? resolveAxes(c, given, shape.length) : shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
    for (const axis of axes)
      if (typeof shape[axis] === "number" && shape[axis] !== 1)
        c.fail("SHAPE", `axis ${axis} of data[${shape.join(",")}] is squeezed, expected size 1`);
    const rest = shape.filter((_, axis) => !axes.includes(axis));
    outputLike(c, 0, rest, rest.length <= 1 ? c.dims(0) : undefined);
  },
  reference(c) {
    const data = c.tensor(0);
    const given = c.version >= 13 ? optionalIntegers(c, 1) : c.attrs.axes;
    const axes = given
      ? resolveAxes(c, given, data.rank)
      : data.shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
    for (const axis of axes)
      if (data.shape[axis] !== 1)
        c.fail("SHAPE", `axis ${axis} of data[${data.shape.join(",")}] is squeezed, expected size 1`);
    return [
      reshaped(
        data,
        data.shape.filter((_, axis) => !axes.includes(axis)),
      ),
    ];
  },
  cost: free,
});
