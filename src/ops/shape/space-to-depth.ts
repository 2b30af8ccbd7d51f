import { floorDivDims, mulDims } from "../../base/dims.ts";
import { stridesOf } from "../../base/shapes.ts";
import { outputLike } from "../common/axes.ts";
import { reshaped, strided } from "../common/elements.ts";
import { operator } from "../operator.ts";

export const spaceToDepth = operator({
  name: "SpaceToDepth",
  since: [1, 13],
  doc: "Moves blocks of space into channels: N,C,H,W becomes N,C·b²,H/b,W/b.",
  inputs: [{ name: "input", type: "T" }],
  outputs: [{ name: "output", type: "T" }],
  attributes: { blocksize: { type: "int", required: true } },
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    if (!shape) return outputLike(c, 0, undefined);
    const b = c.attrs.blocksize;
    const [n, channels, h, w] = shape;
    if (shape.length !== 4 || [h, w].some((dim) => typeof dim === "number" && dim % b))
      c.fail("SHAPE", `input is [${shape.join(",")}], expected [N,C,H,W] with H and W multiples of ${b}`);
    outputLike(c, 0, [n!, mulDims(channels!, b * b), floorDivDims(h!, b), floorDivDims(w!, b)]);
  },
  reference(c) {
    const input = c.tensor(0);
    const b = c.attrs.blocksize;
    const [n = 0, channels = 0, h = 0, w = 0] = input.shape;
    if (input.rank !== 4 || b < 1 || h % b || w % b)
      c.fail("SHAPE", `input is [${input.shape.join(",")}], expected [N,C,H,W] with H and W multiples of ${b}`);
    const strides = stridesOf([n, channels, h / b, b, w / b, b]);
    const moved = strided(
      input,
      [n, b, b, channels, h / b, w / b],
      [0, 3, 5, 1, 2, 4].map((axis) => strides[axis]!),
    );
    return [reshaped(moved, [n, channels * b * b, h / b, w / b])];
  },
});
