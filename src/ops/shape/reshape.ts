import { exactDivDims, floorDivDims, mulDims, productOfDims } from "../../base/dims.ts";
import { type Dim, isStatic, sizeOf } from "../../base/shapes.ts";
import { freshShape, knownDims, outputLike } from "../common/axes.ts";
import { free } from "../common/cost.ts";
import { reshaped } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const reshape = operator({
  name: "Reshape",
  since: [1, 5, 13, 14, 19, 21, 23, 24, 25],
  doc: "The same elements under another shape. In the new shape 0 keeps the input's dimension and one -1 takes what is left; with allowzero, 0 means 0.",
  inputs: [
    { name: "data", type: "T" },
    { name: "shape", type: "int64", since: 5, doc: "1-D: the new shape." },
  ],
  outputs: [{ name: "reshaped", type: "T" }],
  attributes: {
    allowzero: { type: "int", default: 0, since: 14, doc: "1: a 0 in shape is a dimension of size 0." },
    shape: { type: "ints", until: 1 },
    consumed_inputs: { type: "ints", until: 1 },
  },
  typing: "reshape",
  infer(c) {
    const from = c.shape(0);
    const target = c.version >= 5 ? knownDims(c, 1) : c.attrs.shape;
    if (!target) {
      const length = c.shape(1)?.[0];
      outputLike(c, 0, typeof length === "number" ? freshShape(c, length) : undefined, c.dims(0));
      return;
    }
    const shape: Dim[] = [];
    let rest = -1;
    target.forEach((dim, axis) => {
      if (dim === -1 && rest >= 0) c.fail("VALUE", `shape is [${target.join(",")}], expected at most one -1`);
      if (dim === -1) rest = axis;
      if (typeof dim === "number" && dim < -1)
        c.fail("VALUE", `shape is [${target.join(",")}], expected sizes of -1 or more`);
      const keeps = dim === 0 && !c.attrs.allowzero;
      if (keeps && from && axis >= from.length)
        c.fail("SHAPE", `shape keeps dimension ${axis} of data[${from.join(",")}], which has rank ${from.length}`);
      shape.push(keeps ? (from?.[axis] ?? c.freshDim()) : dim);
    });
    const total = from && productOfDims(from);
    if (rest >= 0) {
      const others = shape.reduce<Dim>((product, dim, axis) => (axis === rest ? product : mulDims(product, dim)), 1);
      if (total === undefined || others === 0) shape[rest] = c.freshDim();
      else {
        const exact = exactDivDims(total, others);
        if (exact === undefined && typeof total === "number" && typeof others === "number")
          c.fail(
            "SHAPE",
            `${total} elements of data[${from!.join(",")}] do not divide into shape [${target.join(",")}]`,
          );
        shape[rest] = exact ?? floorDivDims(total, others);
      }
    } else if (from && isStatic(shape) && typeof total === "number" && sizeOf(shape) !== total)
      c.fail(
        "SHAPE",
        `data[${from.join(",")}] has ${total} elements, shape [${target.join(",")}] has ${sizeOf(shape)}`,
      );
    outputLike(c, 0, shape, shape.length <= 1 ? c.dims(0) : undefined);
  },
  reference(c) {
    const data = c.tensor(0);
    const target = c.version >= 5 ? toIntegers(c.tensor(1)) : [...(c.attrs.shape ?? [])];
    const shape = target.map((dim, axis) => {
      if (dim < -1) c.fail("VALUE", `shape is [${target.join(",")}], expected sizes of -1 or more`);
      if (dim !== 0 || c.attrs.allowzero) return dim;
      return data.shape[axis] ?? c.fail("SHAPE", `shape keeps dimension ${axis} of data[${data.shape.join(",")}]`);
    });
    const rest = shape.indexOf(-1);
    if (rest >= 0) {
      const others = sizeOf(shape.filter((_, axis) => axis !== rest));
      if (shape.lastIndexOf(-1) !== rest || (others === 0 ? data.size !== 0 : data.size % others !== 0))
        c.fail("SHAPE", `data[${data.shape.join(",")}] does not fit shape [${target.join(",")}]`);
      shape[rest] = others === 0 ? 0 : data.size / others;
    }
    if (sizeOf(shape) !== data.size)
      c.fail(
        "SHAPE",
        `data[${data.shape.join(",")}] has ${data.size} elements, shape [${shape.join(",")}] has ${sizeOf(shape)}`,
      );
    return [reshaped(data, shape)];
  },
  cost: free,
});
