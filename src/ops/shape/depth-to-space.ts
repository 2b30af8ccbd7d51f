import { floorDivDims, mulDims } from "../../base/dims.ts";
import { stridesOf } from "../../base/shapes.ts";
import { outputLike } from "../common/axes.ts";
import { reshaped, strided } from "../common/elements.ts";
import { operator } from "../operator.ts";

export const depthToSpace = operator({
  name: "DepthToSpace",
  since: [1, 11, 13],
  doc: "Moves blocks of channels into space: N,C,H,W becomes N,C/b²,H·b,W·b. DCR takes the block from the outer part of the channels, CRD from the inner.",
  inputs: [{ name: "input", type: "T" }],
  outputs: [{ name: "output", type: "T" }],
  attributes: {
    blocksize: { type: "int", required: true },
    mode: { type: "string", default: "DCR", since: 11, doc: "DCR or CRD." },
  },
  typing: "rank",
  infer(c) {
    const shape = c.shape(0);
    if (!shape) return outputLike(c, 0, undefined);
    const b = c.attrs.blocksize;
    const [n, channels, h, w] = shape;
    if (shape.length !== 4 || (typeof channels === "number" && channels % (b * b)))
      c.fail("SHAPE", `input is [${shape.join(",")}], expected [N,C,H,W] with C a multiple of ${b * b}`);
    outputLike(c, 0, [n!, floorDivDims(channels!, b * b), mulDims(h!, b), mulDims(w!, b)]);
  },
  reference(c) {
    const input = c.tensor(0);
    const b = c.attrs.blocksize;
    const [n = 0, channels = 0, h = 0, w = 0] = input.shape;
    if (input.rank !== 4 || b < 1 || channels % (b * b))
      c.fail("SHAPE", `input is [${input.shape.join(",")}], expected [N,C,H,W] with C a multiple of ${b * b}`);
    const depth = channels / (b * b);
    const crd = c.attrs.mode === "CRD";
    const strides = stridesOf(crd ? [n, depth, b, b, h, w] : [n, b, b, depth, h, w]);
    // To n, depth, h, block row, w, block column.
    const order = crd ? [0, 1, 4, 2, 5, 3] : [0, 3, 4, 1, 5, 2];
    const moved = strided(
      input,
      [n, depth, h, b, w, b],
      order.map((axis) => strides[axis]!),
    );
    return [reshaped(moved, [n, depth, h * b, w * b])];
  },
});
