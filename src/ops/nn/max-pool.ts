import { isFloat } from "../../base/dtypes.ts";
import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { fromNumbers, intRange, numbersOf } from "../common/numbers.ts";
import { forEachMeeting, inferPool, planPool, poolAttributes, poolCost } from "../common/pooling.ts";
import { floats } from "../common/types.ts";
import { operator } from "../operator.ts";

/** Position of each plane element when axes are counted with the first one fastest. */
function columnMajor(shape: readonly number[]): Int32Array {
  const strides = stridesOf(shape);
  const out = new Int32Array(sizeOf(shape));
  for (let i = 0; i < out.length; i++) {
    let position = 0;
    let step = 1;
    for (let axis = 0; axis < shape.length; axis++) {
      position += (Math.floor(i / strides[axis]!) % shape[axis]!) * step;
      step *= shape[axis]!;
    }
    out[i] = position;
  }
  return out;
}

const attributes = {
  ...poolAttributes,
  storage_order: { type: "int", default: 0, since: 8, doc: "1: Indices count spatial axes column-major." },
} as const;

export const maxPool = operator({
  name: "MaxPool",
  since: [1, 8, 10, 11, 12, 22],
  doc: "Largest element of each window; the optional second output says where in the flattened input it was.",
  inputs: [{ name: "X", type: "T", doc: "[N,C,D1,…]." }],
  outputs: [
    { name: "Y", type: "T" },
    { name: "Indices", type: "int64", optional: true, since: 8, doc: "Position in the flattened input." },
  ],
  attributes,
  types: { T: [...floats, "int8", "uint8"] },
  typing: "pool",
  infer: (c) => inferPool(c, c.attrs),
  reference(c) {
    const x = c.tensor(0);
    const plan = planPool(c, x, c.attrs);
    const { inputSize, outputSize } = plan.walk;
    const from = numbersOf(x);
    const lowest = isFloat(x.dtype) ? Number.NEGATIVE_INFINITY : intRange(x.dtype)[0];
    const best = new Float64Array(plan.planes * outputSize).fill(lowest);
    const where = new Int32Array(best.length);
    for (let p = 0; p < plan.planes; p++) {
      const [inBase, outBase] = [p * inputSize, p * outputSize];
      forEachMeeting(plan.walk, (out, at) => {
        const value = from[inBase + at]!;
        if (value > best[outBase + out]!) {
          best[outBase + out] = value;
          where[outBase + out] = at;
        }
      });
    }
    const y = new Tensor(x.dtype, plan.shape, fromNumbers(x.dtype, best));
    if (!c.isOutputUsed(1)) return [y];
    const order = c.attrs.storage_order === 1 ? columnMajor(plan.input) : undefined;
    const indices = BigInt64Array.from(where, (at, i) =>
      BigInt(Math.floor(i / outputSize) * inputSize + (order ? order[at]! : at)),
    );
    return [y, new Tensor("int64", plan.shape, indices)];
  },
  cost: (c) => poolCost(c, c.attrs.kernel_shape),
});
