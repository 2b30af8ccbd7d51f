import { addDims, mulDims, subDims } from "../../base/dims.ts";
import { allocate } from "../../base/dtypes.ts";
import type { Dim } from "../../base/shapes.ts";
import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims, optionalIntegers } from "../common/axes.ts";
import { elementsOf } from "../common/elements.ts";
import { toIntegers } from "../common/numbers.ts";
import { floats } from "../common/types.ts";
import { resolveWindow, windowAttributes } from "../common/windows.ts";
import { operator } from "../operator.ts";

const { strides, pads } = windowAttributes;
const attributes = {
  kernel_shape: { type: "ints", required: true, doc: "Size of the window along each spatial axis." },
  strides,
  pads,
} as const;

interface Failing {
  fail(code: "SHAPE" | "ATTRIBUTE", message: string, hint?: string): never;
}

/** The shape that MaxPool with the same attributes made smaller. */
function unpooled(
  c: Failing,
  x: readonly Dim[],
  attrs: { kernel_shape: readonly number[]; strides?: readonly number[]; pads?: readonly number[] },
): Dim[] {
  if (x.length !== attrs.kernel_shape.length + 2)
    c.fail("SHAPE", `kernel_shape has ${attrs.kernel_shape.length} entries, input X has rank ${x.length}`);
  const w = resolveWindow(c, attrs, attrs.kernel_shape);
  return x.map((dim, axis) => {
    if (axis < 2) return dim;
    const i = axis - 2;
    return addDims(mulDims(subDims(dim, 1), w.strides[i]!), w.kernel[i]! - w.padsBegin[i]! - w.padsEnd[i]!);
  });
}

export const maxUnpool = operator({
  name: "MaxUnpool",
  since: [9, 11, 22],
  doc: "Puts the elements of a MaxPool back to where its indices say they were; everything else is 0.",
  inputs: [
    { name: "X", type: "T1", doc: "[N,C,D1,…]." },
    { name: "I", type: "T2", doc: "Positions in the flattened tensor that was pooled." },
    { name: "output_shape", type: "T2", optional: true, doc: "Shape wanted; zeros are added behind the spatial axes." },
  ],
  outputs: [{ name: "output", type: "T1" }],
  attributes,
  types: { T1: floats, T2: ["int64"] },
  typing: "pool",
  infer(c) {
    const x = c.shape(0);
    const wanted = c.type(2) ? knownDims(c, 2) : undefined;
    const shape = c.type(2) ? (wanted ?? x?.map(() => c.freshDim())) : x && unpooled(c, x, c.attrs);
    c.output(0, tensorType(c.dtype(0), shape));
  },
  reference(c) {
    const [x, indices] = [c.tensor(0), c.tensor(1)];
    const pooled = unpooled(c, x.shape, c.attrs) as number[];
    const shape = optionalIntegers(c, 2) ?? pooled;
    if (indices.shape.join() !== x.shape.join()) c.fail("SHAPE", `I is [${indices.shape}], expected [${x.shape}] as X`);
    if (shape.length !== x.rank) c.fail("SHAPE", `output_shape is [${shape}], expected ${x.rank} entries`);
    const out = allocate(x.dtype, sizeOf(shape));
    const [to, from] = [elementsOf(out), elementsOf(x.data)];
    const [pooledStrides, strides] = [stridesOf(pooled), stridesOf(shape)];
    const total = sizeOf(pooled);
    toIntegers(indices).forEach((index, i) => {
      if (index < 0 || index >= total)
        c.fail("VALUE", `I is ${index} at element ${i}, expected 0 to ${total - 1} for [${pooled}]`);
      // Indices count in the tensor that was pooled; output_shape may be larger.
      let at = 0;
      for (let axis = 0; axis < shape.length; axis++) {
        const position = Math.floor(index / pooledStrides[axis]!) % pooled[axis]!;
        if (position >= shape[axis]!)
          c.fail("VALUE", `I is ${index} at element ${i}, outside of output_shape [${shape}]`);
        at += position * strides[axis]!;
      }
      to[at] = from[i];
    });
    return [new Tensor(x.dtype, shape, out)];
  },
});
