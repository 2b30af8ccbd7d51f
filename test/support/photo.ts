/** A photograph of the shared fixtures as the input of a net: [N,H,W,C], stretched to its size. */
import sharp from "sharp";
import type { DType } from "../../src/base/dtypes.ts";
import { fromNumbers } from "../../src/base/numbers.ts";
import { Tensor } from "../../src/base/tensor.ts";

export async function photoInput(
  path: string,
  dtype: DType,
  shape: readonly number[],
  [low, high]: readonly [number, number],
): Promise<Tensor> {
  const [n, height, width, channels] = shape as [number, number, number, number];
  const image = sharp(path).removeAlpha().resize(width, height, { fit: "fill" });
  const { data } = await (channels === 1 ? image.greyscale() : image.toColourspace("srgb"))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const one = Float64Array.from(data, (byte) => low + (byte / 255) * (high - low));
  const values = new Float64Array(n * one.length);
  for (let i = 0; i < n; i++) values.set(one, i * one.length);
  return new Tensor(dtype, shape, fromNumbers(dtype, values));
}
