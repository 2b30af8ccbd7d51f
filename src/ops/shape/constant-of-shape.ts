import { sizeOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { freshShape, knownDims } from "../common/axes.ts";
import { strided } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

const zero = new Tensor("float32", [1], new Float32Array(1));

export const constantOfShape = operator({
  name: "ConstantOfShape",
  since: [9, 20, 21, 23, 24, 25],
  doc: "A tensor of a given shape whose elements are all the same value (default: float32 0).",
  inputs: [{ name: "input", type: "int64", doc: "1-D: the shape; empty for a scalar." }],
  outputs: [{ name: "output", type: "T" }],
  attributes: { value: { type: "tensor", doc: "One element: the value and its type." } },
  infer(c) {
    const value = c.attrs.value ?? zero;
    const dims = knownDims(c, 0);
    const rank = c.shape(0)?.[0];
    const shape = dims ?? (typeof rank === "number" ? freshShape(c, rank) : undefined);
    const length = shape?.length === 1 ? shape[0] : undefined;
    // A short list of integers may be a shape in the making.
    const list = value.dtype === "int64" && typeof length === "number" && length >= 0 && length <= 64;
    c.output(0, tensorType(value.dtype, shape), list ? new Array(length).fill(toIntegers(value)[0]!) : undefined);
  },
  reference(c) {
    const value = c.attrs.value ?? zero;
    const shape = toIntegers(c.tensor(0));
    if (shape.some((dim) => dim < 0)) c.fail("VALUE", `input is [${shape.join(",")}], expected sizes of 0 or more`);
    if (value.size !== 1) c.fail("ATTRIBUTE", `value has ${value.size} elements, expected 1`);
    if (sizeOf(shape) > 2 ** 31) c.fail("VALUE", `input is [${shape.join(",")}], more than 2^31 elements`);
    return [
      strided(
        value,
        shape,
        shape.map(() => 0),
      ),
    ];
  },
});
