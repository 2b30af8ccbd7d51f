import { subDims } from "../../base/dims.ts";
import { stridesOf } from "../../base/shapes.ts";
import { outputLike } from "../common/axes.ts";
import { strided } from "../common/elements.ts";
import { type Attributes, operator } from "../operator.ts";

const attributes = {
  border: { type: "ints", required: true, doc: "Pixels to cut: left, top, right, bottom." },
  scale: { type: "ints", doc: "Height and width to keep instead of right and bottom." },
} as const;

function sidesOf(c: { readonly attrs: Attributes<typeof attributes>; fail(code: "ATTRIBUTE", text: string): never }) {
  const { border, scale } = c.attrs;
  if (border.length !== 4 || (scale && scale.length !== 2))
    c.fail("ATTRIBUTE", `border is [${border.join(",")}], expected left, top, right, bottom`);
  const [left, top, right, bottom] = border as [number, number, number, number];
  return { left, top, right, bottom, scale };
}

export const crop = operator({
  name: "Crop",
  since: [1],
  doc: "Cuts a border off an image N,C,H,W, as experimental operator of old exporters.",
  inputs: [{ name: "input", type: "T", doc: "[N,C,H,W]." }],
  outputs: [{ name: "output", type: "T" }],
  attributes,
  infer(c) {
    const shape = c.shape(0);
    const { left, top, right, bottom, scale } = sidesOf(c);
    if (!shape) return outputLike(c, 0, undefined);
    if (shape.length !== 4) c.fail("SHAPE", `input is [${shape.join(",")}], expected [N,C,H,W]`);
    const [n, channels, h, w] = shape;
    outputLike(c, 0, [n!, channels!, scale?.[0] ?? subDims(h!, top + bottom), scale?.[1] ?? subDims(w!, left + right)]);
  },
  reference(c) {
    const x = c.tensor(0);
    const { left, top, right, bottom, scale } = sidesOf(c);
    const [n = 0, channels = 0, h = 0, w = 0] = x.shape;
    const height = scale?.[0] ?? h - top - bottom;
    const width = scale?.[1] ?? w - left - right;
    const inside = left >= 0 && top >= 0 && height >= 0 && width >= 0 && top + height <= h && left + width <= w;
    if (x.rank !== 4 || !inside)
      c.fail(
        "SHAPE",
        `input is [${x.shape.join(",")}], expected [N,C,H,W] that holds ${height}x${width} at (${left}, ${top})`,
      );
    const strides = stridesOf(x.shape);
    return [strided(x, [n, channels, height, width], strides, top * strides[2]! + left)];
  },
});
