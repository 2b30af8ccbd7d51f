import { floorDivDims, productOfDims } from "../../base/dims.ts";
import { sizeOf, stridesOf } from "../../base/shapes.ts";
import { Tensor } from "../../base/tensor.ts";
import { tensorType } from "../../base/value-type.ts";
import { knownDims } from "../common/axes.ts";
import { perOutputElement } from "../common/cost.ts";
import { fromNumbers, toIntegers, toNumbers } from "../common/numbers.ts";
import { operator } from "../operator.ts";

export const col2im = operator({
  name: "Col2Im",
  since: [18],
  doc: "Adds columns of blocks back up into an image, N,C·block,positions to N,C,spatial: the opposite of cutting an image into blocks.",
  inputs: [
    { name: "input", type: "T", doc: "N, C·(elements of a block), number of blocks." },
    { name: "image_shape", type: "int64", doc: "1-D: the spatial shape." },
    { name: "block_shape", type: "int64", doc: "1-D: the shape of a block." },
  ],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    dilations: { type: "ints", doc: "Default 1." },
    pads: { type: "ints", doc: "Begins, then ends. Default 0." },
    strides: { type: "ints", doc: "Default 1." },
  },
  infer(c) {
    const input = c.shape(0);
    const image = knownDims(c, 1);
    const block = knownDims(c, 2);
    if (input && input.length !== 3) c.fail("SHAPE", `input is [${input.join(",")}], expected [N,C·block,blocks]`);
    const rank = image?.length ?? c.shape(1)?.[0];
    if (typeof rank !== "number") return c.output(0, tensorType(c.dtype(0)));
    const channels = input && block ? floorDivDims(input[1]!, productOfDims(block)) : c.freshDim();
    const spatial = image ?? Array.from({ length: rank }, () => c.freshDim());
    c.output(0, tensorType(c.dtype(0), [input?.[0] ?? c.freshDim(), channels, ...spatial]));
  },
  reference(c) {
    const input = c.tensor(0);
    const image = toIntegers(c.tensor(1));
    const block = toIntegers(c.tensor(2));
    const k = image.length;
    const dilations = c.attrs.dilations ?? image.map(() => 1);
    const strides = c.attrs.strides ?? image.map(() => 1);
    const pads = c.attrs.pads ?? new Array<number>(2 * k).fill(0);
    const blockSize = sizeOf(block);
    const places = image.map((size, axis) => {
      const reach = dilations[axis]! * (block[axis]! - 1) + 1;
      return Math.floor((size + pads[axis]! + pads[k + axis]! - reach) / strides[axis]!) + 1;
    });
    const [batch = 0, rows = 0, count = 0] = input.shape;
    if (input.rank !== 3 || block.length !== k || rows % blockSize || count !== sizeOf(places))
      c.fail(
        "SHAPE",
        `input is [${input.shape.join(",")}], expected [N,C·${blockSize},${sizeOf(places)}] for image [${image.join(",")}] and block [${block.join(",")}]`,
      );
    const channels = rows / blockSize;
    const data = toNumbers(input);
    const out = new Float64Array(batch * channels * sizeOf(image));
    const imageStrides = stridesOf(image);
    const placeStrides = stridesOf(places);
    const blockStrides = stridesOf(block);
    for (let b = 0; b < blockSize; b++)
      for (let p = 0; p < count; p++) {
        let offset = 0;
        let inside = true;
        for (let axis = 0; axis < k; axis++) {
          const place = Math.floor(p / placeStrides[axis]!) % places[axis]!;
          const cell = Math.floor(b / blockStrides[axis]!) % block[axis]!;
          const at = place * strides[axis]! - pads[axis]! + cell * dilations[axis]!;
          inside &&= at >= 0 && at < image[axis]!;
          offset += at * imageStrides[axis]!;
        }
        if (!inside) continue;
        for (let plane = 0; plane < batch * channels; plane++)
          out[plane * sizeOf(image) + offset]! += data[(plane * blockSize + b) * count + p]!;
      }
    return [new Tensor(input.dtype, [batch, channels, ...image], fromNumbers(input.dtype, out))];
  },
  cost: perOutputElement(1),
});
